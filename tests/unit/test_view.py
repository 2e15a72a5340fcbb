"""The response bodies of integrations and spaces (contract.md, "Resource")."""

import json
from base64 import b64decode
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from pydantic_core import to_json

from ai_integrations.contracts import ids
from ai_integrations.contracts.enum_values import WireFormat
from ai_integrations.contracts.views import (
    integration_view,
    organization_view,
    pagination,
    rotation_view,
    space_view,
)
from ai_integrations.domain.model import (
    AuthType,
    Integration,
    Organization,
    PreviousKey,
    Scoping,
    SecretVersion,
    Space,
)
from tests.builders import NOON, ULID, an_integration

REQUIRED_FIELDS = {
    "id",
    "name",
    "provider",
    "has_api_key",
    "enable_default_models",
    "function_calling_enabled",
    "auth_type",
    "scopings",
    "created_at",
    "updated_at",
    "created_by_user_id",
}
SECRET = SecretVersion(arn="arn:aws:secretsmanager:eu-central-1:123456789012:secret:x", version="version-1")


def render(integration: Integration, wire_format: WireFormat = WireFormat.LEGACY) -> dict[str, Any]:
    view: dict[str, Any] = json.loads(to_json(integration_view(integration, wire_format)))
    return view


def test_view_leaves_out_unset_fields() -> None:
    view = render(an_integration())
    assert view.keys() == REQUIRED_FIELDS
    assert view["scopings"] == [{}]


def test_view_contains_every_set_field_and_no_secret_arn() -> None:
    settings = {
        "base_url": "https://example.com",
        "model_names": ("gpt-4", "gpt-4o"),
        "headers": {"X-Team": "a"},
        "provider_metadata": {"role_arn": "arn:aws:iam::123456789012:role/x", "external_id": "y"},
        "scopings": (Scoping(organization_id="o"), Scoping(organization_id="o", space_id="s")),
    }
    integration = an_integration(provider="AWS_BEDROCK", auth_type=AuthType.BEARER_TOKEN, secret=SECRET, **settings)
    view = render(integration)
    assert view.keys() == REQUIRED_FIELDS | {"base_url", "model_names", "headers", "provider_metadata"}
    assert view["id"] == ids.encode(integration.id)
    assert view["created_by_user_id"] == ids.encode_user(integration.created_by)
    assert view["has_api_key"] is True
    assert view["provider"] == "awsBedrock"
    assert view["auth_type"] == "bearer_token"
    assert view["model_names"] == ["gpt-4", "gpt-4o"]
    assert view["provider_metadata"] == {
        "kind": "aws",
        "role_arn": "arn:aws:iam::123456789012:role/x",
        "external_id": "y",
    }
    assert view["scopings"] == [{"organization_id": "o"}, {"organization_id": "o", "space_id": "s"}]
    assert SECRET.arn not in json.dumps(view)
    assert "X-Team" not in repr(integration)


def test_view_contains_empty_lists_and_maps() -> None:
    view = render(an_integration(model_names=(), headers={}))
    assert view["model_names"] == []
    assert view["headers"] == {}


@pytest.mark.parametrize(
    ("wire_format", "expected"),
    [(WireFormat.LEGACY, ("vertexAI", "default", "gcp")), (WireFormat.CURRENT, ("VERTEX_AI", "DEFAULT", "GCP"))],
)
def test_view_uses_one_wire_format_for_all_enum_values(wire_format: WireFormat, expected: tuple[str, str, str]) -> None:
    metadata = {"project_id": "p", "location": "l", "project_access_label": "a"}
    view = render(an_integration(provider="VERTEX_AI", provider_metadata=metadata), wire_format)
    assert (view["provider"], view["auth_type"], view["provider_metadata"]["kind"]) == expected


def test_later_provider_is_custom_in_legacy_view() -> None:
    assert render(an_integration(provider="LITELLM"))["provider"] == "custom"


@pytest.mark.parametrize(("provider", "metadata"), [("OPEN_AI", {"location": "eu"}), ("VERTEX_AI", None)])
def test_view_of_metadata_older_than_the_rules_leaves_them_out(provider: str, metadata: dict[str, str] | None) -> None:
    assert "provider_metadata" not in render(an_integration(provider=provider, provider_metadata=metadata))


def test_rotation_view_contains_the_previous_key_until_its_grace_period_ends() -> None:
    previous = PreviousKey(SecretVersion(arn=SECRET.arn, version="version-0"), usable_until=NOON)
    assert rotation_view(an_integration(secret=SECRET, previous_key=previous)) == {
        "key_version": "version-1",
        "former_key_version": "version-0",
        "former_key_usable_until": "2026-01-02T12:00:00.000Z",
    }
    assert rotation_view(an_integration(secret=SECRET)) == {"key_version": "version-1"}


def test_space_view_states_that_it_is_private_if_asked() -> None:
    space = Space(account="acme", id="s", organization_id=None, name="Team", created_at=NOON)
    assert space_view(space, private=True)["is_private"] is True
    assert "is_private" not in space_view(space)


@pytest.mark.parametrize("organization_id", ["o", None])
def test_space_view_names_a_known_organization_if_asked(organization_id: str | None) -> None:
    space = Space(account="acme", id="s", name="Team", organization_id=organization_id, created_at=NOON)
    assert space_view(space, with_organization=True).get("organization_id") == organization_id
    assert "organization_id" not in space_view(space)


def test_organization_view_has_the_fields_that_clients_require_and_no_others() -> None:
    view = organization_view(Organization(account="acme", id="o", name="Research", created_at=NOON))
    assert view == {"id": "o", "name": "Research", "description": "", "created_at": "2026-01-02T12:00:00.000Z"}


@pytest.mark.parametrize(("stored", "expected"), [(None, ""), ("", ""), ("Our team", "Our team")])
def test_space_view_always_has_a_description(stored: str | None, expected: str) -> None:
    space = Space(account="acme", id="s", organization_id=None, name="Team", description=stored, created_at=NOON)
    view = space_view(space)
    assert view == {"id": "s", "name": "Team", "description": expected, "created_at": "2026-01-02T12:00:00.000Z"}


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime(2026, 1, 2, 3, 4, 5, 678_901, tzinfo=UTC), "2026-01-02T03:04:05.678Z"),
        (datetime(2026, 1, 2, tzinfo=UTC), "2026-01-02T00:00:00.000Z"),
        (datetime(2026, 1, 2, 2, tzinfo=timezone(timedelta(hours=2))), "2026-01-02T00:00:00.000Z"),
    ],
)
def test_view_formats_times_in_utc_with_milliseconds(moment: datetime, text: str) -> None:
    view = render(an_integration(created_at=moment, updated_at=moment))
    assert (view["created_at"], view["updated_at"]) == (text, text)


def test_pagination_has_a_cursor_only_if_another_page_follows() -> None:
    assert pagination("cursor") == {"has_more": True, "next_cursor": "cursor"}
    assert pagination(None) == {"has_more": False}


def test_public_ids_are_base64_of_a_text_with_a_colon() -> None:
    encoded = ids.encode(ULID)
    assert b64decode(encoded).decode() == f"AiIntegration:1:{ULID}"
    assert encoded.isalnum(), "an id needs no percent-encoding and no padding"
    assert b64decode(ids.encode_user("alice")).decode() == "User:alice"
