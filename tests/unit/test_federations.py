"""The facts about workload identity federation: the forms of the providers' ids, and the identity token's audience."""

import re
from contextlib import suppress

import pytest
from pydantic import TypeAdapter, ValidationError

from ai_integrations.contracts.operator_commands import Account
from ai_integrations.domain import federations
from ai_integrations.domain.federation import audience_of, identity_of, request_tags
from ai_integrations.domain.federations import FederationKind
from ai_integrations.domain.model import Federation
from tests.builders import FEDERATIONS, ULID, an_integration

UUID = "3f2504e0-4f89-11d3-9a0c-0305e82c3301"
POOL = "projects/123456789012/locations/global/workloadIdentityPools/registry"
PROVIDER = f"{POOL}/providers/aws-registry"
# AWS Security Token Service, API reference, Tag: of the characters that it allows, those in ASCII.
TAG_VALUE = r"[A-Za-z0-9 _.:/=+@-]{0,256}"


def accepts(kind: FederationKind, field: str, value: str) -> bool:
    return re.fullmatch(kind.fields[field].pattern, value) is not None


@pytest.mark.parametrize(
    ("kind", "field", "value"),
    [
        (federations.OPEN_AI, "identity_provider_id", "wip_example"),
        (federations.OPEN_AI, "service_account_id", "svc_acct_abc"),
        (federations.OPEN_AI, "service_account_id", "user-AbC123"),
        (federations.ANTHROPIC, "federation_rule_id", "fdrl_013Yw3g9LVvJzRJgQoP5zFnR"),
        (federations.ANTHROPIC, "organization_id", UUID),
        (federations.ANTHROPIC, "service_account_id", "svac_015rSKKoTmnBF2WbzqpemYW5"),
        (federations.ANTHROPIC, "workspace_id", "wrkspc_011CZkZaBF1tNoB5wlCeusgy"),
        (federations.ANTHROPIC, "workspace_id", "default"),
        (federations.MICROSOFT_ENTRA, "tenant_id", UUID),
        (federations.MICROSOFT_ENTRA, "client_id", UUID.upper()),
        (federations.MICROSOFT_ENTRA, "cloud", "public"),
        (federations.MICROSOFT_ENTRA, "cloud", "usgov"),
        (federations.MICROSOFT_ENTRA, "cloud", "china"),
        (federations.GOOGLE_CLOUD, "workload_identity_provider", PROVIDER),
        (federations.GOOGLE_CLOUD, "service_account_email", "models@my-project.iam.gserviceaccount.com"),
        (federations.GOOGLE_CLOUD, "service_account_email", "models@my-project.example.com.iam.gserviceaccount.com"),
        (federations.GOOGLE_CLOUD, "service_account_email", "123456789012-compute@developer.gserviceaccount.com"),
        (federations.GOOGLE_CLOUD, "service_account_email", "my-project@appspot.gserviceaccount.com"),
        (federations.CUSTOM, "token_endpoint", "https://gateway.example.com/oauth/token"),
        (federations.CUSTOM, "grant", "jwt-bearer"),
        (federations.CUSTOM, "audience", "https://gateway.example.com"),
        (federations.CUSTOM, "audience", "gateway"),
    ],
)
def test_value_as_the_provider_documents_it_is_accepted(kind: FederationKind, field: str, value: str) -> None:
    assert accepts(kind, field, value)


@pytest.mark.parametrize(
    ("kind", "field", "value"),
    [
        (federations.OPEN_AI, "identity_provider_id", ""),
        (federations.OPEN_AI, "service_account_id", "svc_acct_abc/../other"),
        (federations.OPEN_AI, "service_account_id", "svc_acct_abc\n"),
        (federations.ANTHROPIC, "federation_rule_id", "svac_015rSKKoTmnBF2WbzqpemYW5"),
        (federations.ANTHROPIC, "organization_id", UUID.replace("-", "")),
        (federations.ANTHROPIC, "service_account_id", "fdrl_013Yw3g9LVvJzRJgQoP5zFnR"),
        (federations.ANTHROPIC, "workspace_id", "production"),
        (federations.MICROSOFT_ENTRA, "tenant_id", "example.onmicrosoft.com"),  # an alias of a UUID
        (federations.MICROSOFT_ENTRA, "tenant_id", "common"),
        (federations.MICROSOFT_ENTRA, "cloud", "germany"),  # closed in 2021
        (federations.GOOGLE_CLOUD, "workload_identity_provider", POOL),
        (federations.GOOGLE_CLOUD, "workload_identity_provider", f"//iam.googleapis.com/{PROVIDER}"),
        (federations.GOOGLE_CLOUD, "workload_identity_provider", PROVIDER.replace("123456789012", "my-project")),
        (federations.GOOGLE_CLOUD, "workload_identity_provider", PROVIDER.replace("projects/", "projects/0")),
        (federations.GOOGLE_CLOUD, "workload_identity_provider", PROVIDER.replace("global", "europe-west1")),
        (federations.GOOGLE_CLOUD, "service_account_email", "alice@example.com"),
        (federations.GOOGLE_CLOUD, "service_account_email", "models@gserviceaccount.com.example.com"),
        (federations.GOOGLE_CLOUD, "service_account_email", "a:b@my-project.iam.gserviceaccount.com"),
        (federations.CUSTOM, "token_endpoint", "ftp://gateway.example.com"),
        (federations.CUSTOM, "grant", "client_credentials"),
        (federations.CUSTOM, "audience", "one,two"),
        (federations.CUSTOM, "audience", "one two"),
        (federations.CUSTOM, "audience", "${aws:username}"),
    ],
)
def test_value_of_another_form_is_rejected(kind: FederationKind, field: str, value: str) -> None:
    assert not accepts(kind, field, value)


@pytest.mark.parametrize(
    ("provider", "fields", "audience"),
    [
        ("OPEN_AI", {}, "https://api.openai.com/v1"),
        ("ANTHROPIC", {}, "https://api.anthropic.com"),
        ("AZURE_OPEN_AI", {}, f"api://AzureADTokenExchange/acme/{ULID}"),
        ("VERTEX_AI", {"workload_identity_provider": PROVIDER}, f"https://iam.googleapis.com/{PROVIDER}"),
        ("LITELLM", {"audience": "https://gateway.example.com"}, "https://gateway.example.com"),
    ],
)
def test_audience_is_what_the_provider_expects(provider: str, fields: dict[str, str], audience: str) -> None:
    assert audience_of(an_integration(provider=provider, federation=Federation(fields=fields))) == audience


def test_audience_without_federation_is_empty() -> None:
    assert audience_of(an_integration()) == audience_of(an_integration(provider="AWS_BEDROCK")) == ""
    of_another_provider = an_integration(provider="AWS_BEDROCK", federation=FEDERATIONS["OPEN_AI"])
    assert audience_of(of_another_provider) == ""


# Stored keys contain an identity. If it changed, an account could use an identity that another one has taken.
@pytest.mark.parametrize(
    ("provider", "fields", "identity"),
    [
        ("OPEN_AI", {"identity_provider_id": "p", "service_account_id": "user-Fake"}, "openai\nuser-fake"),
        ("ANTHROPIC", {"organization_id": "o", "service_account_id": "svac_Fake"}, "anthropic\nsvac_fake"),
        ("AZURE_OPEN_AI", {"tenant_id": "t", "client_id": "Fake-Client"}, "microsoft_entra\nfake-client"),
        ("AZURE_OPEN_AI", {}, "microsoft_entra\n"),
        (
            "VERTEX_AI",
            {"workload_identity_provider": PROVIDER, "service_account_email": "e"},
            f"google\n{PROVIDER}".lower(),
        ),
        ("CUSTOM", {"audience": "https://LLM/"}, "custom\nhttps://llm"),
        ("AWS_BEDROCK", {}, "AWS_BEDROCK"),
    ],
)
def test_identity_is_the_format_and_the_fields_that_select_it(
    provider: str, fields: dict[str, str], identity: str
) -> None:
    assert identity_of(provider, Federation(fields)) == identity


def test_two_integrations_never_have_the_same_audience_where_claims_cannot_be_required() -> None:
    federation = Federation(fields={})
    integrations = [
        an_integration(provider="AZURE_OPEN_AI", federation=federation, account=account, id=id_)
        for account in ("acme", "globex")
        for id_ in (ULID, ULID[:-1] + "B")
    ]
    assert len({audience_of(each) for each in integrations}) == len(integrations)


def test_longest_audience_is_within_the_limits() -> None:
    integration = an_integration(provider="AZURE_OPEN_AI", federation=Federation(fields={}), account="a" * 128)
    assert len(audience_of(integration)) <= 600  # of a federated identity credential


def test_each_account_name_is_a_valid_tag_value() -> None:
    for character in map(chr, range(128)):
        with suppress(ValidationError):
            account = TypeAdapter(Account).validate_python(character * 128)
            for value in request_tags(an_integration(account=account)).values():
                assert re.fullmatch(TAG_VALUE, value)


def test_each_identity_field_is_required() -> None:
    for kind in federations.FEDERATION_KINDS:
        assert all(kind.fields[name].required for name in kind.identity)


@pytest.mark.parametrize(
    ("kind", "access_token", "share"),
    [
        # https://developers.openai.com/api/reference/workload-identity-federation
        pytest.param(federations.OPEN_AI, 3600, 1, id="OpenAI: at most an hour, and no longer than the identity token"),
        # types/organization/federation/rule_create_params.py of the package anthropic
        pytest.param(federations.ANTHROPIC, 3600, 2, id="Anthropic: an hour, and at most twice the identity token"),
        # https://openrouter.ai/docs/guides/overview/auth/workload-identity-federation
        pytest.param(federations.CUSTOM, 900, 1, id="OpenRouter: 15 minutes, and no longer than the identity token"),
    ],
)
def test_identity_token_lives_just_long_enough_for_the_longest_access_token(
    kind: FederationKind, access_token: int, share: int
) -> None:
    assert kind.lifetime * share == access_token


@pytest.mark.parametrize("kind", [federations.MICROSOFT_ENTRA, federations.GOOGLE_CLOUD])
def test_identity_token_lives_for_the_default_of_aws_where_the_access_token_does_not_depend_on_it(
    kind: FederationKind,
) -> None:
    assert kind.lifetime == 300
