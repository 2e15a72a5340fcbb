"""The rules of contract.md, "Resource", that concern several fields or depend on what is stored."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from pydantic import SecretStr

from ai_integrations.domain import rules
from ai_integrations.domain.errors import FieldError, RuleViolationError
from ai_integrations.domain.iam_roles import IamRole
from ai_integrations.domain.model import AuthType, CredentialChange, ExternalSecretArn, Removal, SecretVersion, Settings
from ai_integrations.domain.providers import PROVIDERS
from tests.builders import API_KEY, AWS_ACCOUNT, a_policy, an_integration, the_settings
from tests.unit.test_api_keys import MASKED_KEYS, PLACEHOLDERS, REAL_KEYS, SERVICE_ACCOUNT, UNSENDABLE_KEYS

ROLE = {"role_arn": "arn:aws:iam::123456789012:role/Bedrock"}
PROJECT = {"project_id": "p", "location": "europe-west3", "project_access_label": "team"}
PLAIN_PROVIDERS = sorted(PROVIDERS.keys() - {"AWS_BEDROCK", "VERTEX_AI"})


def rejected_fields(provider: str, metadata: Mapping[str, str] | None) -> list[str]:
    try:
        rules.check_settings(
            the_settings(provider=provider, provider_metadata=metadata), previous=None, policy=a_policy()
        )
    except RuleViolationError as error:
        return [each.pointer.removeprefix("/provider_metadata") for each in error.errors if each.detail]
    return []


@pytest.mark.parametrize(
    ("provider", "metadata"),
    [
        ("AWS_BEDROCK", ROLE),
        ("AWS_BEDROCK", {**ROLE, "external_id": "x"}),
        ("AWS_BEDROCK", {**ROLE, "kind": "AWS"}),
        ("VERTEX_AI", PROJECT),
        ("VERTEX_AI", {**PROJECT, "kind": "GCP"}),
        *((provider, None) for provider in PLAIN_PROVIDERS),
    ],
)
def test_required_and_optional_metadata_is_accepted(provider: str, metadata: Mapping[str, str] | None) -> None:
    assert rejected_fields(provider, metadata) == []


@pytest.mark.parametrize(
    ("provider", "metadata", "expected"),
    [
        ("AWS_BEDROCK", None, ["/role_arn"]),
        ("AWS_BEDROCK", {}, ["/role_arn"]),
        ("AWS_BEDROCK", {"external_id": "x"}, ["/role_arn"]),
        ("AWS_BEDROCK", {**ROLE, "kind": "GCP"}, ["/kind"]),
        ("AWS_BEDROCK", {**ROLE, "project_id": "p"}, ["/project_id"]),
        ("AWS_BEDROCK", PROJECT, ["/role_arn", "/location", "/project_access_label", "/project_id"]),
        ("AWS_BEDROCK", {**ROLE, "location": "!"}, ["/location"]),
        ("OPEN_AI", {"role_arn": "!"}, [""]),
        ("VERTEX_AI", None, ["/location", "/project_access_label", "/project_id"]),
        ("VERTEX_AI", {"project_id": "p"}, ["/location", "/project_access_label"]),
        ("VERTEX_AI", {**PROJECT, "kind": "AWS"}, ["/kind"]),
        ("VERTEX_AI", {**PROJECT, **ROLE, "external_id": "x"}, ["/external_id", "/role_arn"]),
        *((provider, metadata, [""]) for provider in PLAIN_PROVIDERS for metadata in ({}, {"kind": "AWS"}, ROLE)),
    ],
)
def test_missing_or_foreign_metadata_is_rejected_with_its_field(
    provider: str, metadata: Mapping[str, str], expected: list[str]
) -> None:
    assert rejected_fields(provider, metadata) == expected


def test_all_broken_rules_are_reported_together() -> None:
    settings = the_settings(provider="AWS_BEDROCK", base_url="http://10.0.0.5/")
    with pytest.raises(RuleViolationError) as error:
        rules.check_settings(settings, previous=None, policy=a_policy())
    assert [each.pointer for each in error.value.errors] == ["/provider_metadata/role_arn", "/base_url"]
    assert "10.0.0.5" not in str(error.value)


def with_role(role_arn: str, external_id: str | None = None, **changes: Any) -> Settings:
    metadata = {"role_arn": role_arn} | ({"external_id": external_id} if external_id else {})
    return the_settings(provider="AWS_BEDROCK", provider_metadata=metadata, **changes)


@pytest.mark.parametrize(
    "role_arn",
    [
        f"arn:aws:iam::{AWS_ACCOUNT}:role/Bedrock",
        f"arn:aws:iam::{AWS_ACCOUNT}:role/team/nested/Bedrock",
        f"arn:aws-us-gov:iam::{AWS_ACCOUNT}:role/Bedrock",
        f"arn:aws-cn:iam::{AWS_ACCOUNT}:role/Bedrock",
    ],
)
def test_role_of_the_service_account_is_rejected_with_its_field(role_arn: str) -> None:
    assert rejected_fields("AWS_BEDROCK", {"role_arn": role_arn}) == ["/role_arn"]


@pytest.mark.parametrize("external_id", ["ai-integrations:0", "AI-Integrations:0", "ai-integrations:" + "0" * 40])
def test_external_id_of_the_service_is_rejected_with_its_field(external_id: str) -> None:
    """Otherwise an account could send the external ID of another one."""
    assert rejected_fields("AWS_BEDROCK", {**ROLE, "external_id": external_id}) == ["/external_id"]


def test_external_id_that_the_service_sends_is_reserved() -> None:
    role = IamRole(arn=ROLE["role_arn"])
    sent = role.external_id_for("acme", "stack")
    assert role._replace(external_id=sent).has_reserved_external_id


def test_unchanged_role_is_not_checked_again() -> None:
    """A role may be older than the rules about it, and other fields must stay changeable."""
    old = with_role(f"arn:aws:iam::{AWS_ACCOUNT}:role/Bedrock", "ai-integrations:old")
    echoed = {**(old.provider_metadata or {}), "kind": "AWS"}
    for changed in (replace(old, name="Renamed"), replace(old, provider_metadata=echoed)):
        rules.check_settings(changed, previous=old, policy=a_policy())
    with pytest.raises(RuleViolationError):
        rules.check_settings(with_role(f"arn:aws:iam::{AWS_ACCOUNT}:role/x"), previous=old, policy=a_policy())


@pytest.mark.parametrize("stored", [None, "tenant-42", "ai-integrations:old"])
def test_changed_external_id_of_the_same_role_is_checked(stored: str | None) -> None:
    arn = ROLE["role_arn"]
    old = with_role(arn, stored)
    rules.check_settings(with_role(arn, "tenant-43"), previous=old, policy=a_policy())
    with pytest.raises(RuleViolationError):
        rules.check_settings(with_role(arn, "ai-integrations:new"), previous=old, policy=a_policy())


@pytest.mark.parametrize(
    ("changed", "previous", "expected"),
    [
        (the_settings(), None, False),
        (with_role("r1"), None, True),
        (with_role("r1"), the_settings(), True),
        (with_role("r2"), with_role("r1"), True),
        (with_role("r1", "e1"), with_role("r1"), True),
        (with_role("r1", "e2"), with_role("r1", "e1"), True),
        (the_settings(), with_role("r1"), True),
        (with_role("r1", base_url="https://a.example.com"), with_role("r1"), True),
        (with_role("r1", base_url="https://a.example.com/2"), with_role("r1", base_url="https://a.example.com"), True),
        (with_role("r1"), with_role("r1", base_url="https://a.example.com"), True),
        (with_role("r1", name="Renamed"), with_role("r1"), False),
        (the_settings(base_url="https://a.example.com"), the_settings(), False),
    ],
)
def test_redirects_role_if_the_role_or_its_destination_changes(
    changed: Settings, previous: Settings | None, expected: bool
) -> None:
    assert rules.redirects_role(changed, previous) is expected


def test_private_base_url_is_accepted_only_if_allow_listed() -> None:
    settings = the_settings(base_url="http://10.0.0.5/")
    rules.check_settings(settings, previous=None, policy=a_policy("10.0.0.5"))
    with pytest.raises(RuleViolationError):
        rules.check_settings(settings, previous=None, policy=a_policy("10.0.0.6"))


def violations(settings: Settings, previous: Settings | None = None) -> dict[str, str]:
    try:
        rules.check_settings(settings, previous=previous, policy=a_policy())
    except RuleViolationError as error:
        return {each.pointer: each.detail for each in error.errors if each.detail}
    return {}


ROLE_NAME = "a" * 64


@pytest.mark.parametrize(
    "role_arn",
    [
        "arn:aws:iam::123456789012:role/Bedrock",
        "arn:aws-cn:iam::123456789012:role/Bedrock",
        "arn:aws-us-gov:iam::123456789012:role/Bedrock",
        "arn:aws-iso:iam::123456789012:role/Bedrock",
        "arn:aws-iso-b:iam::123456789012:role/Bedrock",
        "arn:aws-eusc:iam::123456789012:role/Bedrock",
        "arn:aws:iam::123456789012:role/team/search/Bedrock",
        "arn:aws:iam::123456789012:role/~!/a_B+1=,.@-",
        f"arn:aws:iam::123456789012:role/{'p' * 510}/{ROLE_NAME}",
        "arn:aws:iam::123456789012:role/x",
    ],
)
def test_role_arn_of_any_partition_and_path_is_accepted(role_arn: str) -> None:
    assert rejected_fields("AWS_BEDROCK", {"role_arn": role_arn}) == []


@pytest.mark.parametrize(
    "role_arn",
    [
        "x",
        "Bedrock",
        "arn:aws:iam::123456789012:role/",
        "arn:aws:iam::123456789012:role",
        "arn:aws:iam::12345678901:role/Bedrock",
        "arn:aws:iam::1234567890123:role/Bedrock",
        "arn:aws:iam::\u0661\u0662\u0663456789012:role/Bedrock",
        "arn:aws:iam:::role/Bedrock",
        "arn:aws:iam:eu-central-1:123456789012:role/Bedrock",
        "arn:aws:iam::123456789012:user/Bedrock",
        "arn:aws:sts::123456789012:assumed-role/Bedrock/session",
        "arn:aws:iam::123456789012:role/Bed rock",
        "arn:aws:iam::123456789012:role/Bed*",
        "arn:aws:iam::123456789012:role/Bedröck",
        f"arn:aws:iam::123456789012:role/{ROLE_NAME}a",
        f"arn:aws:iam::123456789012:role/{'p' * 511}/Bedrock",
        "arn:azure:iam::123456789012:role/Bedrock",
        " arn:aws:iam::123456789012:role/Bedrock",
        "arn:aws:iam::123456789012:role/Bedrock\n",
    ],
)
def test_text_that_is_not_a_role_arn_is_rejected(role_arn: str) -> None:
    found = violations(the_settings(provider="AWS_BEDROCK", provider_metadata={"role_arn": role_arn}))
    assert found.keys() == {"/provider_metadata/role_arn"}
    assert "ARN of an IAM role" in found["/provider_metadata/role_arn"]


@pytest.mark.parametrize(
    "location",
    ["global", "us", "eu", "us-central1", "europe-west12", "northamerica-northeast1", "me-central2", "u-france-east1"],
)
def test_google_cloud_location_is_accepted(location: str) -> None:
    assert rejected_fields("VERTEX_AI", {**PROJECT, "location": location}) == []


@pytest.mark.parametrize(
    "location",
    ["us-central", "us-central1-a", "US-Central1", "us_central1", "us-central1.evil.example/", "1", " us", "us\n", "é"],
)
def test_text_that_is_not_a_google_cloud_location_is_rejected(location: str) -> None:
    assert rejected_fields("VERTEX_AI", {**PROJECT, "location": location}) == ["/location"]


@pytest.mark.parametrize("project", ["p", "my-project-1", "123456789012", "example.com:my-project", "a" * 63])
def test_google_cloud_project_is_accepted(project: str) -> None:
    assert rejected_fields("VERTEX_AI", {**PROJECT, "project_id": project}) == []


@pytest.mark.parametrize(
    "project", ["My-Project", "my project", "p/locations", "p?x", "-p", "p-", "a" * 64, "é", "p\n"]
)
def test_text_that_is_not_a_google_cloud_project_is_rejected(project: str) -> None:
    assert rejected_fields("VERTEX_AI", {**PROJECT, "project_id": project}) == ["/project_id"]


def test_rejected_metadata_names_the_accepted_form() -> None:
    metadata = {**PROJECT, "location": "US", "project_id": "My Project"}
    found = violations(the_settings(provider="VERTEX_AI", provider_metadata=metadata))
    assert "Google Cloud region" in found["/provider_metadata/location"]
    assert "id or the number of a Google Cloud project" in found["/provider_metadata/project_id"]


@pytest.mark.parametrize(
    "name", ["a\u200bb", "\ufeffa", "a\u202eb", "a\u00adb", "\U0001f469\u200d\U0001f4bb", "\u3164", "\ufe0f"]
)
def test_name_with_invisible_characters_is_rejected(name: str) -> None:
    assert violations(the_settings(name=name)).keys() == {"/name"}


@pytest.mark.parametrize("name", ["a  b", "\u2764\ufe0f", "Ünïcödé 統合", "\u3164a"])
def test_name_with_visible_characters_is_accepted(name: str) -> None:
    assert violations(the_settings(name=name)) == {}


@pytest.mark.parametrize("model", [" gpt-4o", "gpt-4o ", "gpt-4o\u00a0", "\u3000gpt-4o", "gpt\u200b-4o", " "])
def test_model_name_that_no_provider_has_is_rejected(model: str) -> None:
    assert violations(the_settings(model_names=("gpt-4", model))).keys() == {"/model_names/1"}


def test_reserved_headers_are_rejected_in_one_error_that_lists_them() -> None:
    found = violations(the_settings(headers={"host": "evil.example", "X-Team": "a", "X-Forwarded-For-fake": "b"}))
    assert found.keys() == {"/headers"}
    assert found["/headers"].endswith(": Host, X-Forwarded*.")


STORED_BEFORE_THE_RULES: dict[str, Any] = {
    "name": "a\u200bb",
    "model_names": (" gpt-4o", "gpt-4"),
    "headers": {"Host": "gateway.example"},
    "provider": "VERTEX_AI",
    "provider_metadata": {"project_id": "My Project", "location": "US", "project_access_label": "team"},
}


def test_stored_values_are_accepted_again_unchanged() -> None:
    stored = the_settings(**STORED_BEFORE_THE_RULES)
    assert violations(stored).keys() == {
        "/name",
        "/model_names/0",
        "/headers",
        "/provider_metadata/location",
        "/provider_metadata/project_id",
    }
    assert violations(stored, previous=stored) == {}
    assert violations(replace(stored, model_names=("gpt-5", " gpt-4o")), previous=stored) == {}


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"name": "c\u200bd"}, "/name"),
        ({"model_names": ("gpt-4", "gpt-4o ")}, "/model_names/1"),
        ({"headers": {"Host": "other.example"}}, "/headers"),
        ({"headers": {"Host": "gateway.example", "Via": "x"}}, "/headers"),
        (
            {"provider_metadata": {**STORED_BEFORE_THE_RULES["provider_metadata"], "location": "EU"}},
            "/provider_metadata/location",
        ),
        ({"provider": "AWS_BEDROCK", "provider_metadata": {"role_arn": "x"}}, "/provider_metadata/role_arn"),
    ],
)
def test_changed_value_is_checked_even_if_the_stored_one_breaks_the_rule(changes: dict[str, Any], pointer: str) -> None:
    stored = the_settings(**STORED_BEFORE_THE_RULES)
    assert violations(replace(stored, **changes), previous=stored).keys() == {pointer}


# The same texts for all keys, so that none of them repeats a key.
ERROR_TEXTS = {
    "This is a masked key. Send the complete key.",
    "This is a placeholder or a reference, not an API key. Send the key itself.",
    "This provider does not accept JSON as a key. Send only the key.",
    "The key must consist of visible ASCII characters, because it is sent in an HTTP header. "
    "Remove blanks, line breaks, curly quotes and invisible characters.",
}


@pytest.mark.parametrize("key", [*MASKED_KEYS, *PLACEHOLDERS, *UNSENDABLE_KEYS, SERVICE_ACCOUNT])
def test_key_that_cannot_be_one_is_rejected_without_repeating_it(key: str) -> None:
    with pytest.raises(RuleViolationError) as error:
        rules.check_key("OPEN_AI", SecretStr(key))
    assert [each.pointer for each in error.value.errors] == ["/api_key"]
    assert error.value.errors[0].detail in ERROR_TEXTS


@pytest.mark.parametrize(
    "change",
    [*map(SecretStr, REAL_KEYS), Removal.KEY, Removal.NOTHING, ExternalSecretArn(arn="arn:aws:secretsmanager:fake")],
)
def test_key_that_can_be_one_is_accepted(change: CredentialChange) -> None:
    rules.check_credentials("OPEN_AI", change, previous=None, policy=a_policy())


def test_service_account_key_is_accepted_for_vertex_ai() -> None:
    rules.check_key("VERTEX_AI", SecretStr(SERVICE_ACCOUNT))


QUERY = "https://llm.example.com/v1?tenant=1"
VERTEX_URL = "https://europe-west3-aiplatform.googleapis.com/v1/projects/p/locations/europe-west3/endpoints/openapi"


def test_base_url_without_single_meaning_is_rejected_with_the_accepted_form() -> None:
    settings = the_settings(provider="ANTHROPIC", base_url="https://api.anthropic.com/v1/messages")
    with pytest.raises(RuleViolationError) as error:
        rules.check_settings(settings, previous=None, policy=a_policy())
    assert error.value.errors == (
        FieldError(
            "/base_url",
            "The URL must not contain the path of a method, deployment or project. Use https://api.anthropic.com or "
            "the address of your own server, alone or followed by /v1.",
        ),
    )


def test_base_url_may_contain_the_project_of_the_metadata_only() -> None:
    def found(project: str) -> dict[str, str]:
        metadata = PROJECT | {"project_id": project}
        return violations(the_settings(provider="VERTEX_AI", base_url=VERTEX_URL, provider_metadata=metadata))

    assert found("p") == {}
    assert found("q").keys() == {"/base_url"}


def test_base_url_of_rejected_host_is_reported_once() -> None:
    assert violations(the_settings(base_url="http://10.0.0.5/v1?a=b")) == {
        "/base_url": "The URL must not point to a non-public address."
    }


def test_update_to_a_private_base_url_is_rejected_but_a_stored_one_is_kept() -> None:
    public, private = the_settings(base_url="https://llm.example.com"), the_settings(base_url="https://10.0.0.5")
    assert violations(private, previous=public).keys() == {"/base_url"}
    assert violations(private, previous=private) == {}


@pytest.mark.parametrize(
    ("previous", "changed"),
    [
        ({"base_url": QUERY}, {"base_url": QUERY, "name": "Renamed"}),
        ({"base_url": QUERY}, {"base_url": None}),
        ({"base_url": QUERY}, {"base_url": "https://llm.example.com/v1"}),
        (
            {
                "provider": "VERTEX_AI",
                "base_url": f"{VERTEX_URL}?a=b",
                "provider_metadata": PROJECT | {"project_id": "p"},
            },
            {
                "provider": "VERTEX_AI",
                "base_url": f"{VERTEX_URL}?a=b",
                "provider_metadata": PROJECT | {"project_id": "q"},
            },
        ),
    ],
    ids=["base_url kept", "base_url removed", "base_url corrected", "base_url kept with new metadata"],
)
def test_update_with_stored_flawed_base_url_is_accepted(previous: dict[str, Any], changed: dict[str, Any]) -> None:
    rules.check_settings(the_settings(**changed), previous=the_settings(**previous), policy=a_policy())


@pytest.mark.parametrize(
    ("previous", "changed"),
    [
        ({"base_url": QUERY}, {"base_url": f"{QUERY}0"}),
        ({"base_url": QUERY}, {"base_url": QUERY, "provider": "LITELLM"}),
        (
            {"provider": "CUSTOM", "base_url": "https://llm.example.com/v4"},
            {"provider": "ANTHROPIC", "base_url": "https://llm.example.com/v4"},
        ),
        (
            {"provider": "VERTEX_AI", "base_url": VERTEX_URL, "provider_metadata": PROJECT | {"project_id": "p"}},
            {"provider": "VERTEX_AI", "base_url": VERTEX_URL, "provider_metadata": PROJECT | {"project_id": "q"}},
        ),
    ],
    ids=["base_url changed", "provider changed", "provider changed, form no longer accepted", "project changed"],
)
def test_update_to_flawed_base_url_is_rejected(previous: dict[str, Any], changed: dict[str, Any]) -> None:
    with pytest.raises(RuleViolationError) as error:
        rules.check_settings(the_settings(**changed), previous=the_settings(**previous), policy=a_policy())
    assert [each.pointer for each in error.value.errors] == ["/base_url"]


OWNED = SecretVersion(arn="arn:own", version="v1")
EXTERNAL = SecretVersion(arn="arn:external", version=None)
OLD_HOST, NEW_HOST = {"base_url": "https://old.example.com"}, {"base_url": "https://new.example.com"}
HEADERS = {"headers": {"Authorization": "fake-credential"}}
PROXY = {"auth_type": AuthType.PROXY_WITH_HEADERS}


def unbound_fields(
    current: dict[str, Any],
    changed: dict[str, Any],
    key: CredentialChange = Removal.NOTHING,
    *,
    sends_headers: bool = False,
) -> list[str]:
    """List the credentials that a change would send to a place that they were not given for."""
    secret = current.pop("secret", None)
    try:
        rules.check_binding(
            an_integration(secret=secret, **current), the_settings(**changed), key, sends_headers=sends_headers
        )
    except RuleViolationError as error:
        return [each.pointer for each in error.errors if each.detail]
    return []


@pytest.mark.parametrize("secret", [OWNED, EXTERNAL], ids=["stored key", "referenced secret"])
@pytest.mark.parametrize("changed", [NEW_HOST, OLD_HOST | HEADERS], ids=["other host", "added header"])
def test_redirected_key_must_be_given_again_or_removed(secret: SecretVersion, changed: dict[str, Any]) -> None:
    assert unbound_fields({"secret": secret, **OLD_HOST}, changed) == ["/api_key"]
    assert unbound_fields({"secret": secret, **OLD_HOST}, changed, sends_headers=True) == ["/api_key"]
    for key in (SecretStr(API_KEY), ExternalSecretArn(arn="arn:other"), Removal.KEY):
        assert unbound_fields({"secret": secret, **OLD_HOST}, changed, key) == []


def test_change_without_a_stored_key_needs_none() -> None:
    assert unbound_fields(OLD_HOST, NEW_HOST) == []


@pytest.mark.parametrize(
    "current",
    [
        pytest.param({}, id="no key"),
        pytest.param({"secret": OWNED, **PROXY}, id="key of a proxy"),
    ],
)
def test_headers_that_are_credentials_must_be_given_again_or_removed_for_another_host(current: dict[str, Any]) -> None:
    key = SecretStr(API_KEY) if "secret" in current else Removal.NOTHING
    before = {**current, **OLD_HOST, **HEADERS}
    assert unbound_fields({**before}, NEW_HOST | HEADERS, key) == ["/headers"]
    assert unbound_fields({**before}, NEW_HOST | HEADERS, key, sends_headers=True) == []
    assert unbound_fields({**before}, NEW_HOST, key, sends_headers=True) == []
    assert unbound_fields({**before}, OLD_HOST | HEADERS, key) == []


def test_key_and_headers_that_move_together_are_reported_together() -> None:
    current = {"secret": OWNED, **PROXY, **OLD_HOST, **HEADERS}
    assert unbound_fields(current, NEW_HOST | HEADERS) == ["/api_key", "/headers"]


def test_headers_beside_a_key_stay_settings_when_the_key_is_given_again() -> None:
    assert unbound_fields({"secret": OWNED, **OLD_HOST, **HEADERS}, NEW_HOST | HEADERS, SecretStr(API_KEY)) == []
