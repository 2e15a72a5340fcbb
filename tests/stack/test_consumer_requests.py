"""The requests that unmodified libraries send for resolved integrations; `make consumers` runs these tests.

Each test runs with the oldest and the newest supported release of each library.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.builders import ROOT
from tests.stack.consumers.cases import (
    BETA,
    CREDENTIAL_CASES,
    FORM_CASES,
    KEY,
    OWN_HOSTS,
    RENEWED_TOKEN,
    TOKEN,
    TOKEN_CASES,
    Case,
)
from tests.stack.consumers.hostile_environment import ALWAYS, CANARY, PROXIES, hostile_environment, relevant
from tests.stack.consumers.processes import RELEASES, Program, running_program
from tests.stack.consumers.recorder import GOOGLE_TOKEN, TEXT, TOKEN_PATH, RecordedRequest, Recorder, running_recorder

pytestmark = [pytest.mark.consumers, pytest.mark.parametrize("release", RELEASES)]

OWN = {KEY, f"Bearer {KEY}", f"Bearer {GOOGLE_TOKEN}", "fake-token"}  # the credentials of the integrations
REFUSED = {*re.findall(r"`([A-Z][A-Z_]+)`", (ROOT / "docs/consuming.md").read_text()), *PROXIES}
# Variables that hold an address.
ADDRESSES = (
    "ANTHROPIC_API_BASE",
    "ANTHROPIC_BASE_URL",
    "AWS_BEDROCK_RUNTIME_ENDPOINT",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_BEDROCK_RUNTIME",
    "GEMINI_API_BASE",
    "OPENAI_API_BASE",
    "OPENAI_BASE_URL",
    "VERTEXAI_API_BASE",
    "VERTEX_API_BASE",
)


@pytest.fixture
def provider() -> Iterator[Recorder]:
    with running_recorder() as recorder:
        yield recorder


@pytest.fixture
def hostile() -> Iterator[Recorder]:
    with running_recorder() as recorder:
        yield recorder


def test_requests_have_address_and_credentials_of_integration_in_hostile_environment(
    release: str, tmp_path: Path, provider: Recorder, hostile: Recorder
) -> None:
    names, read = set[str](), ALWAYS
    while not read <= names:
        names |= read
        environment = hostile_environment(names, hostile.address, tmp_path)
        with running_program(tmp_path, environment, release) as program:
            for case in CREDENTIAL_CASES:
                check_request(case, program, provider, environment)
            for case in TOKEN_CASES:
                check_token(case, program, provider, environment, release)
            read = relevant(program.variables())
        assert not hostile.requests
    assert {"OPENAI_ORG_ID", "AZURE_OPENAI_API_KEY", "AWS_BEARER_TOKEN_BEDROCK", "GOOGLE_API_KEY"} <= names


def test_requests_have_only_the_access_token_which_long_lived_clients_renew(
    release: str, tmp_path: Path, provider: Recorder
) -> None:
    with running_program(tmp_path, {}, release) as program:
        for case in TOKEN_CASES:
            check_token(case, program, provider, {}, release)


def test_requests_are_the_same_for_every_form_of_base_url(release: str, tmp_path: Path, provider: Recorder) -> None:
    with running_program(tmp_path, {}, release) as program:
        for case in FORM_CASES:
            check_request(case, program, provider, {})


def test_requests_without_base_url_go_to_address_of_provider(release: str, tmp_path: Path, hostile: Recorder) -> None:
    environment = dict.fromkeys(ADDRESSES, f"{hostile.address}/canary")
    with running_program(tmp_path, {**environment, "AWS_REGION": "eu-west-1"}, release) as program:
        for library, provider, host in OWN_HOSTS:
            response = complete(Case(library=library, provider=provider), None, program, environment)
            assert {*response["hosts"]} == {host}, (library, provider, response)
    assert not hostile.requests


def check_request(case: Case, program: Program, provider: Recorder, environment: dict[str, str]) -> None:
    response = complete(case, provider.address, program, environment)
    assert response.get("completion") == TEXT, (case, response)
    assert not response["hosts"], (case, response)
    requests = [each for each in provider.take() if each.path != TOKEN_PATH]
    assert requests or "admin" in case.library, case
    for request in requests:
        assert request.path.partition("?")[0] == case.path, case
        assert case.sent.items() <= credentials(request).items(), (case, request)
        assert OWN & {*request.headers.values()}, (case, request)
        assert CANARY not in str(request), case


def check_token(case: Case, program: Program, provider: Recorder, environment: dict[str, str], release: str) -> None:
    library = case.library.partition(" ")[0]
    if (library, case.provider, release) == ("litellm", "ANTHROPIC", "oldest"):
        response = program.complete_resolved(case.library, case.resolution(provider.address), model=case.model)
        assert "1.82.0 or newer" in response["refused"], response
        return
    response = complete(case, provider.address, program, environment)
    assert response.get("completion") == TEXT, (case, response)
    assert not response["hosts"], (case, response)
    keeps_first_token = release == "oldest" and library in {"openai", "anthropic"}
    tokens = [TOKEN] if not case.is_renewed else [TOKEN, TOKEN if keeps_first_token else RENEWED_TOKEN]
    requests = provider.take()
    assert [each.headers["authorization"] for each in requests] == [f"Bearer {token}" for token in tokens], case
    for request in requests:
        assert request.path.partition("?")[0] == case.path, case
        assert not {"api-key", "x-api-key", "x-goog-api-key"} & request.headers.keys(), (case, request)
        if (case.library, release) != ("anthropic beta", "oldest"):
            assert BETA in request.headers["anthropic-beta"].split(","), (case, request)
        assert CANARY not in str(request), case


def complete(case: Case, address: str | None, program: Program, environment: dict[str, str]) -> dict[str, Any]:
    """Request a completion, without the variables because of which the adapter refuses to do so."""
    unset: list[str] = []
    while True:
        response = program.complete_resolved(
            case.library, case.resolution(address), model=case.model, unset=unset, renewed=case.renewal(address)
        )
        if "refused" not in response:
            return response
        refused = {name for name in environment if re.search(rf"\b{name}\b", response["refused"])}
        assert refused, response
        assert refused <= REFUSED, response
        unset += refused


def credentials(request: RecordedRequest) -> dict[str, str]:
    """Return the headers of a request, a signature without its date."""
    authorization = request.headers.get("authorization", "")
    if not authorization.startswith("AWS4"):
        return request.headers
    return {**request.headers, "authorization": authorization.partition("/")[0]}
