"""Which federations a write accepts: the fields of the provider, audiences, token endpoints and parameters."""

from typing import Any

import pytest
from pydantic import SecretStr

from ai_integrations.domain import rules
from ai_integrations.domain.errors import FieldError, RuleViolationError
from ai_integrations.domain.federation_rules import is_reserved_audience
from ai_integrations.domain.federations import FEDERATION_KINDS
from ai_integrations.domain.model import CredentialChange, Federation, Integration, Policy, Removal
from ai_integrations.domain.providers import PROVIDERS
from tests.builders import API_KEY, FEDERATIONS, ULID, a_policy, an_integration

ISSUER = "https://fake.tokens.sts.global.api.aws"
OFF = a_policy()
ON = OFF._replace(federation_issuer=ISSUER)
FIELDS = FEDERATIONS["CUSTOM"].fields
FEDERATION = FEDERATIONS["OPEN_AI"]


def pointers(
    federation: Federation, provider: str = "CUSTOM", previous: Integration | None = None, policy: Policy = ON
) -> list[str]:
    errors: tuple[FieldError, ...] = ()
    try:
        rules.check_credentials(provider, federation, previous=previous, policy=policy)
    except RuleViolationError as error:
        errors = error.errors
    assert not any(value in str(errors) for value in ("sk-fake", "10.0.0.5", "api.openai.com"))
    return [each.pointer for each in errors if each.detail]


def custom(parameters: dict[str, str] | None = None, **changes: str) -> Federation:
    return Federation({**FIELDS, **changes}, parameters or {})


@pytest.mark.parametrize(
    ("stored", "change", "expected"),
    [
        (None, FEDERATION, True),
        (None, SecretStr(API_KEY), False),
        (an_integration(), SecretStr(API_KEY), False),
        (an_integration(), Removal.FEDERATION, False),
        (an_integration(federation=FEDERATION), SecretStr(API_KEY), True),
        (an_integration(federation=FEDERATION), Removal.FEDERATION, True),
        (an_integration(federation=FEDERATION), Removal.NOTHING, False),
    ],
)
def test_write_changes_a_federation_if_it_sets_or_removes_one(
    stored: Integration | None, change: CredentialChange, expected: bool
) -> None:
    assert rules.changes_federation(stored, change) is expected


@pytest.mark.parametrize("provider", FEDERATIONS)
def test_federation_of_each_provider_is_accepted(provider: str) -> None:
    assert pointers(FEDERATIONS[provider], provider) == []


@pytest.mark.parametrize(
    ("provider", "field", "form"),
    [
        ("OPEN_AI", "identity_provider_id", "letters, digits"),
        ("OPEN_AI", "service_account_id", "letters, digits"),
        ("ANTHROPIC", "federation_rule_id", "fdrl_"),
        ("ANTHROPIC", "organization_id", "a UUID"),
        ("ANTHROPIC", "service_account_id", "svac_"),
        ("ANTHROPIC", "workspace_id", "wrkspc_"),
        ("AZURE_OPEN_AI", "tenant_id", "a UUID"),
        ("AZURE_OPEN_AI", "client_id", "a UUID"),
        ("AZURE_OPEN_AI", "cloud", "public (the default), usgov or china"),
        ("VERTEX_AI", "workload_identity_provider", "projects/<number>/locations/global/workloadIdentityPools/"),
        ("VERTEX_AI", "service_account_email", "email address"),
        ("CUSTOM", "token_endpoint", "URL"),
        ("CUSTOM", "grant", "token-exchange (RFC 8693) or jwt-bearer (RFC 7523)"),
        ("CUSTOM", "audience", "without commas"),
    ],
)
def test_value_of_another_form_is_rejected_with_the_accepted_one(provider: str, field: str, form: str) -> None:
    federation = Federation({**FEDERATIONS[provider].fields, field: "copied, with a blank"})
    with pytest.raises(RuleViolationError) as raised:
        rules.check_credentials(provider, federation, previous=None, policy=ON)
    [error] = raised.value.errors
    assert f" {form}" in error.detail


@pytest.mark.parametrize("provider", [name for name, each in PROVIDERS.items() if each.federation is None])
def test_provider_without_federation_rejects_it(provider: str) -> None:
    assert pointers(FEDERATIONS["OPEN_AI"], provider) == ["/federation"]


@pytest.mark.parametrize("provider", FEDERATIONS)
def test_each_required_field_is_required(provider: str) -> None:
    kind = PROVIDERS[provider].federation
    assert kind is not None
    required = [f"/federation/{name}" for name, field in kind.fields.items() if field.required]
    assert pointers(Federation({}), provider) == required


@pytest.mark.parametrize("provider", FEDERATIONS)
def test_field_of_another_provider_is_rejected(provider: str) -> None:
    other = {"tenant_id": "x"} if provider != "AZURE_OPEN_AI" else {"grant": "x"}
    federation = Federation({**FEDERATIONS[provider].fields, **other})
    assert pointers(federation, provider) == [f"/federation/{name}" for name in other]


@pytest.mark.parametrize("provider", FEDERATIONS)
def test_field_of_another_form_is_rejected(provider: str) -> None:
    for name in FEDERATIONS[provider].fields:
        changed = FEDERATIONS[provider]._replace(fields={**FEDERATIONS[provider].fields, name: "sk-fake \n"})
        assert pointers(changed, provider) == [f"/federation/{name}"]


def test_federation_is_rejected_while_it_is_off() -> None:
    assert pointers(FEDERATIONS["OPEN_AI"], "OPEN_AI", policy=OFF) == ["/federation"]


@pytest.mark.parametrize(
    "url",
    [
        "http://llm.example.com/token",
        "https://user:sk-fake@llm.example.com/token",
        "https://10.0.0.5/token",
        "https://0x0a000005/token",
        "https://metadata.goog/token",
        "https://llm.internal/token",
        "https://llm.example.com/token#x",
        "https://llm.example.com/token?key=sk-fake",
        "https://llm.example.com /token",
        "ftp://llm.example.com/token",
    ],
)
def test_token_endpoint_is_checked_like_a_base_url(url: str) -> None:
    assert pointers(custom(token_endpoint=url)) == ["/federation/token_endpoint"]


def test_allow_listed_private_token_endpoint_is_accepted() -> None:
    policy = a_policy("10.0.0.5")._replace(federation_issuer=ISSUER)
    assert pointers(custom(token_endpoint="http://10.0.0.5/token"), policy=policy) == []


@pytest.mark.parametrize(
    "audience",
    [
        "https://api.openai.com/v1",
        "https://api.openai.com/v1/",
        "HTTPS://API.OpenAI.com:443/v1",
        "https://api.openai.com./v1",
        "api.openai.com",
        "https://user@api.openai.com/v1",
        "https://api%2Eopenai.com/v1",
        "https://api.anthropic.com",
        "api://AzureADTokenExchange",
        "api://azureadtokenexchange/",
        f"api://AzureADTokenExchange/umbrella/{ULID}",
        "api://AzureADTokenExchangeUSGov",
        "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/pool/providers/aws1",
        "https://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/pool/providers/aws1",
    ],
)
@pytest.mark.parametrize("provider", ["CUSTOM", "LITELLM"])
def test_audience_of_another_provider_is_rejected_in_every_notation(audience: str, provider: str) -> None:
    assert pointers(custom(audience=audience), provider) == ["/federation/audience"]


def test_fixed_audience_of_every_kind_is_reserved() -> None:
    audiences = [kind.audience for kind in FEDERATION_KINDS if not kind.accepts_parameters]
    assert len(audiences) == len(FEDERATION_KINDS) - 1
    assert all(map(is_reserved_audience, audiences))


@pytest.mark.parametrize("audience", ["https://llm.example.com", "llm", "https://openai.example.com/v1"])
def test_audience_of_ones_own_is_accepted(audience: str) -> None:
    assert pointers(custom(audience=audience)) == []


@pytest.mark.parametrize(
    "parameters",
    [
        {"scope": "models", "resource": "https://x", "audience": "llm", "requested_token_type": "urn:x"},
        {f"p{number}": "x" * 1000 for number in range(20)},
    ],
)
def test_further_parameters_are_accepted(parameters: dict[str, str]) -> None:
    assert pointers(custom(parameters)) == []


@pytest.mark.parametrize(
    "parameters",
    [{name: "sk-fake"} for name in ("grant_type", "subject_token", "subject_token_type", "assertion", "actor_token")]
    + [{name: "sk-fake"} for name in ("client_assertion", "client_assertion_type", "Grant_Type", "refresh_token")]
    + [{name: "sk-fake"} for name in ("client_secret", "CLIENT_SECRET", "password", "api_key", "jwt", "apikey")]
    + [{name: "sk-fake"} for name in ("passphrase", "pwd", "credentials")]
    + [{name: "sk-fake"} for name in ("", "a b", "1a", "a&b", "a\n", "ä", "x" * 65)]
    + [{"scope": value} for value in ("", "x" * 1001, "a\nb", "ä")]
    + [{f"p{number}": "x" for number in range(21)}],
)
def test_reserved_secret_or_malformed_parameter_is_rejected(parameters: dict[str, str]) -> None:
    assert pointers(custom(parameters)) == ["/federation/parameters"]


@pytest.mark.parametrize("provider", [name for name in FEDERATIONS if name != "CUSTOM"])
def test_parameters_are_rejected_where_the_provider_has_none(provider: str) -> None:
    federation = FEDERATIONS[provider]._replace(parameters={"scope": "x"})
    assert pointers(federation, provider) == ["/federation/parameters"]


OLD: dict[str, Any] = {
    "token_endpoint": "http://10.0.0.5/token",
    "grant": "token-exchange",
    "audience": "https://api.openai.com/v1",
}
STORED = an_integration(provider="CUSTOM", federation=Federation(OLD, {"client_secret": "sk-fake"}))


def test_stored_values_are_not_checked_again() -> None:
    assert STORED.federation is not None
    assert pointers(STORED.federation, previous=STORED, policy=OFF) == []
    changed = STORED.federation._replace(fields={**OLD, "grant": "jwt-bearer"})
    assert pointers(changed, previous=STORED) == []
    assert pointers(changed, previous=STORED, policy=OFF) == ["/federation"]
    many = STORED.federation._replace(parameters={f"p{number}": "x" for number in range(21)})
    renewed = many._replace(fields={**OLD, "grant": "jwt-bearer"})
    assert pointers(renewed, previous=an_integration(provider="CUSTOM", federation=many)) == []
    added = STORED.federation._replace(parameters={"client_secret": "sk-fake", "password": "sk-fake"})
    assert pointers(added, previous=STORED) == ["/federation/parameters"]


def test_values_stored_for_another_provider_are_checked() -> None:
    assert STORED.federation is not None
    rejected = ["/federation/token_endpoint", "/federation/audience", "/federation/parameters"]
    assert pointers(STORED.federation, "LITELLM", previous=STORED) == rejected


def test_stored_optional_field_may_be_removed() -> None:
    stored = an_integration(provider="VERTEX_AI", federation=FEDERATIONS["VERTEX_AI"])
    fields = {name: value for name, value in FEDERATIONS["VERTEX_AI"].fields.items() if name != "service_account_email"}
    assert pointers(Federation(fields), "VERTEX_AI", previous=stored) == []
