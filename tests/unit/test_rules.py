"""The rules of contract.md, "Resource", that concern several fields."""

from collections.abc import Mapping
from typing import Any

import pytest

from ai_integrations.domain import rules
from ai_integrations.domain.errors import FieldError, RuleViolationError
from ai_integrations.domain.providers import PROVIDERS
from tests.builders import a_policy, the_settings

ROLE = {"role_arn": "arn:aws:iam::123456789012:role/Bedrock"}
PROJECT = {"project_id": "p", "location": "europe-west3", "project_access_label": "team"}
PLAIN_PROVIDERS = sorted(PROVIDERS.keys() - {"AWS_BEDROCK", "VERTEX_AI"})


def rejected_fields(provider: str, metadata: Mapping[str, str] | None) -> list[str]:
    try:
        rules.check_settings(
            the_settings(provider=provider, provider_metadata=metadata), previous=None, policy=a_policy()
        )
    except RuleViolationError as error:
        return [each.pointer.removeprefix("/provider_metadata") for each in error.errors]
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


def test_private_base_url_is_accepted_only_if_allow_listed() -> None:
    settings = the_settings(base_url="http://10.0.0.5/")
    rules.check_settings(settings, previous=None, policy=a_policy("10.0.0.5"))
    with pytest.raises(RuleViolationError):
        rules.check_settings(settings, previous=None, policy=a_policy("10.0.0.6"))


QUERY = "https://llm.example.com/v1?tenant=1"
VERTEX = "https://europe-west3-aiplatform.googleapis.com/v1/projects/p/locations/europe-west3/endpoints/openapi"


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


def test_base_url_of_refused_host_is_reported_once() -> None:
    with pytest.raises(RuleViolationError) as error:
        rules.check_settings(the_settings(base_url="http://10.0.0.5/v1?a=b"), previous=None, policy=a_policy())
    assert len(error.value.errors) == 1


@pytest.mark.parametrize(
    ("previous", "changed"),
    [
        ({"base_url": QUERY}, {"base_url": QUERY, "name": "Renamed"}),
        ({"base_url": QUERY}, {"base_url": None}),
        ({"base_url": QUERY}, {"base_url": "https://llm.example.com/v1"}),
        (
            {"provider": "VERTEX_AI", "base_url": f"{VERTEX}?a=b", "provider_metadata": PROJECT | {"project_id": "p"}},
            {"provider": "VERTEX_AI", "base_url": f"{VERTEX}?a=b", "provider_metadata": PROJECT | {"project_id": "q"}},
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
            {"provider": "VERTEX_AI", "base_url": VERTEX, "provider_metadata": PROJECT | {"project_id": "p"}},
            {"provider": "VERTEX_AI", "base_url": VERTEX, "provider_metadata": PROJECT | {"project_id": "q"}},
        ),
    ],
    ids=["base_url changed", "provider changed", "provider changed, form no longer accepted", "project changed"],
)
def test_update_to_flawed_base_url_is_rejected(previous: dict[str, Any], changed: dict[str, Any]) -> None:
    with pytest.raises(RuleViolationError) as error:
        rules.check_settings(the_settings(**changed), previous=the_settings(**previous), policy=a_policy())
    assert [each.pointer for each in error.value.errors] == ["/base_url"]
