"""Token requests equal those of the official packages of the providers, which tests/stack/consumers records."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
from pydantic import SecretStr

from ai_integrations.domain.federations import TokenRequestFormat
from ai_integrations.domain.model import Federation
from ai_integrations.domain.providers import PROVIDERS
from ai_integrations.key_access.outbound.http_messages import OutboundRequest
from ai_integrations.key_access.token_exchange.requests import impersonation_request, token_request
from tests.builders import FEDERATIONS, ROOT
from tests.stack.consumers.token_request_cases import CLOUDS, IDENTITY_TOKEN, UUID, WORKLOAD_IDENTITY_PROVIDER

FOLDER = ROOT / "tests" / "stack" / "consumers"
RECORDED: dict[str, Any] = json.loads((FOLDER / "token_requests.json").read_text())
ANTHROPIC = {"federation_rule_id": "fdrl_fake", "organization_id": UUID, "service_account_id": "svac_fake"}
ENTRA = {"tenant_id": UUID, "client_id": UUID}
GOOGLE = {"workload_identity_provider": WORKLOAD_IDENTITY_PROVIDER}
FIELDS: dict[str, dict[str, str]] = {
    "OPEN_AI": {"identity_provider_id": "idp_fake", "service_account_id": "sa_fake"},
    "ANTHROPIC": ANTHROPIC,
    "ANTHROPIC workspace": ANTHROPIC | {"workspace_id": "wrkspc_fake"},
    "AZURE_OPEN_AI": ENTRA,
    "AZURE_OPEN_AI usgov": ENTRA | {"cloud": "usgov"},
    "AZURE_OPEN_AI china": ENTRA | {"cloud": "china"},
    "VERTEX_AI": GOOGLE,
    "VERTEX_AI service account": GOOGLE | {"service_account_email": "models@project-1.iam.gserviceaccount.com"},
}
TOKEN = SecretStr(IDENTITY_TOKEN)
EXCHANGED = SecretStr("fake-access-token")


def format_of(provider: str) -> TokenRequestFormat:
    kind = PROVIDERS[provider].federation
    assert kind is not None
    return kind.request_format


def own_requests(provider: str, federation: Federation) -> Iterator[OutboundRequest]:
    yield token_request(format_of(provider), federation, TOKEN)
    impersonation = impersonation_request(format_of(provider), federation, EXCHANGED)
    if impersonation is not None:
        yield impersonation


def form(request: OutboundRequest) -> dict[str, str]:
    assert request.content_type == "application/x-www-form-urlencoded"
    return dict(parse_qsl((request.body or b"").decode(), strict_parsing=True))


def as_recorded(request: OutboundRequest) -> dict[str, Any]:
    is_json = request.content_type == "application/json"
    headers = {name.lower(): value for name, value in request.headers.items()}
    assert headers.pop("accept") == "application/json"
    return {
        "method": request.method,
        "url": request.url,
        "content_type": request.content_type,
        "fields": json.loads(request.body or b"") if is_json else form(request),
        "headers": headers,
    }


def without_nulls(recorded: dict[str, Any]) -> dict[str, Any]:
    """Remove the fields that are null: for Google's API, they are absent."""
    return recorded | {"fields": {name: value for name, value in recorded["fields"].items() if value is not None}}


@pytest.mark.parametrize("case", FIELDS)
def test_token_requests_equal_those_of_the_official_package(case: str) -> None:
    sent = [as_recorded(each) for each in own_requests(case.partition(" ")[0], Federation(FIELDS[case]))]
    assert sent == [without_nulls(each) for each in RECORDED[case]["requests"]]


def test_every_official_package_and_every_cloud_is_compared() -> None:
    compared = {format_of(case.partition(" ")[0]) for case in FIELDS}
    assert compared == set(TokenRequestFormat) - {TokenRequestFormat.CUSTOM}
    assert set(FIELDS) == set(RECORDED)
    assert {fields.get("cloud", "public") for fields in FIELDS.values()} == set(CLOUDS)


@pytest.mark.consumers
def test_recorded_requests_are_those_of_the_installed_packages(tmp_path: Path) -> None:
    """If this fails after an update of the packages, write the output of the program into token_requests.json."""
    program = [ROOT / ".venv-consumers/federation/bin/python", FOLDER / "record_token_requests.py", tmp_path]
    recording = subprocess.run(program, env={}, capture_output=True, check=True, timeout=120)  # noqa: S603
    assert json.loads(recording.stdout) == RECORDED


def test_only_a_token_of_google_is_sent_to_google() -> None:
    federation = Federation({"service_account_email": "models@project-1.iam.gserviceaccount.com"})
    formats = [each for each in TokenRequestFormat if impersonation_request(each, federation, EXCHANGED)]
    assert formats == [TokenRequestFormat.GOOGLE]


def a_custom_federation(grant: str, **parameters: str) -> Federation:
    fields = {"token_endpoint": "https://llm.example.com/oauth?tenant=1", "grant": grant, "audience": "https://llm"}
    return Federation(fields, parameters)


def test_custom_token_exchange_has_the_fields_of_rfc_8693() -> None:
    """https://www.rfc-editor.org/rfc/rfc8693#section-2.1."""
    request = token_request(TokenRequestFormat.CUSTOM, a_custom_federation("token-exchange", scope="a b&c"), TOKEN)
    assert (request.method, request.url) == ("POST", "https://llm.example.com/oauth?tenant=1")
    assert form(request) == {
        "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
        "subject_token": IDENTITY_TOKEN,
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "scope": "a b&c",
    }


def test_custom_jwt_bearer_grant_has_the_fields_of_rfc_7523() -> None:
    """https://www.rfc-editor.org/rfc/rfc7523#section-2.1."""
    request = token_request(TokenRequestFormat.CUSTOM, a_custom_federation("jwt-bearer"), TOKEN)
    assert form(request) == {
        "grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer",
        "assertion": IDENTITY_TOKEN,
    }


@pytest.mark.parametrize(
    ("grant", "name"),
    [
        ("token-exchange", "grant_type"),
        ("token-exchange", "subject_token"),
        ("token-exchange", "subject_token_type"),
        ("jwt-bearer", "grant_type"),
        ("jwt-bearer", "assertion"),
    ],
)
def test_parameter_replaces_no_field_of_the_grant(grant: str, name: str) -> None:
    plain = token_request(TokenRequestFormat.CUSTOM, a_custom_federation(grant), TOKEN)
    replaced = token_request(TokenRequestFormat.CUSTOM, a_custom_federation(grant, **{name: "other"}), TOKEN)
    assert form(replaced) == form(plain)


def test_repr_of_a_token_request_hides_the_tokens() -> None:
    for provider, federation in FEDERATIONS.items():
        for request in own_requests(provider, federation):
            assert not {IDENTITY_TOKEN, "fake-access-token"} & set(repr(request).split("'"))
            assert "fake-" not in repr(request)
