"""contract.md, "Resource": what an integration looks like in an answer."""

import json
from base64 import b64decode
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from pydantic_core import to_json

from ai_integrations.contracts import ids
from ai_integrations.contracts.enum_values import WireFormat
from ai_integrations.contracts.views import integration_view, space_view
from ai_integrations.domain.model import AuthType, Integration, Scoping, SecretVersion, Space
from tests.builders import NOON, ULID, an_integration

ALWAYS = {
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


def shown(integration: Integration, spelling: WireFormat = WireFormat.LEGACY) -> dict[str, Any]:
    view: dict[str, Any] = json.loads(to_json(integration_view(integration, spelling)))
    return view


def test_leaves_out_what_is_not_set() -> None:
    view = shown(an_integration())
    assert view.keys() == ALWAYS
    assert view["scopings"] == [{}]


def test_shows_everything_that_is_set_and_nothing_of_the_secret() -> None:
    settings = {
        "base_url": "https://example.com",
        "model_names": ("gpt-4", "gpt-4o"),
        "headers": {"X-Team": "a"},
        "provider_metadata": {"role_arn": "arn:aws:iam::123456789012:role/x", "external_id": "y"},
        "scopings": (Scoping(organization_id="o"), Scoping(organization_id="o", space_id="s")),
    }
    integration = an_integration(provider="AWS_BEDROCK", auth_type=AuthType.BEARER_TOKEN, secret=SECRET, **settings)
    view = shown(integration)
    assert view.keys() == ALWAYS | {"base_url", "model_names", "headers", "provider_metadata"}
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


def test_shows_an_empty_list_and_map_as_what_they_are() -> None:
    view = shown(an_integration(model_names=(), headers={}))
    assert view["model_names"] == []
    assert view["headers"] == {}


@pytest.mark.parametrize(
    ("spelling", "words"),
    [(WireFormat.LEGACY, ("vertexAI", "default", "gcp")), (WireFormat.CURRENT, ("VERTEX_AI", "DEFAULT", "GCP"))],
)
def test_spells_every_word_one_way(spelling: WireFormat, words: tuple[str, str, str]) -> None:
    metadata = {"project_id": "p", "location": "l", "project_access_label": "a"}
    view = shown(an_integration(provider="VERTEX_AI", provider_metadata=metadata), spelling)
    assert (view["provider"], view["auth_type"], view["provider_metadata"]["kind"]) == words


def test_shows_no_metadata_where_the_spelling_has_no_such_provider() -> None:
    assert shown(an_integration(provider="LITELLM"))["provider"] == "custom"


@pytest.mark.parametrize(("known", "shown"), [(None, ""), ("", ""), ("Our team", "Our team")])
def test_describes_every_space_since_old_clients_insist(known: str | None, shown: str) -> None:
    space = Space(account="acme", id="s", name="Team", description=known, created_at=NOON)
    view = space_view(space)
    assert view == {"id": "s", "name": "Team", "description": shown, "created_at": "2026-01-02T12:00:00.000Z"}


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime(2026, 1, 2, 3, 4, 5, 678_901, tzinfo=UTC), "2026-01-02T03:04:05.678Z"),
        (datetime(2026, 1, 2, tzinfo=UTC), "2026-01-02T00:00:00.000Z"),
        (datetime(2026, 1, 2, 2, tzinfo=timezone(timedelta(hours=2))), "2026-01-02T00:00:00.000Z"),
    ],
)
def test_tells_times_in_utc_with_milliseconds(moment: datetime, text: str) -> None:
    view = shown(an_integration(created_at=moment, updated_at=moment))
    assert (view["created_at"], view["updated_at"]) == (text, text)


def test_makes_ids_that_clients_tell_from_names() -> None:
    public = ids.encode(ULID)
    assert b64decode(public).decode() == f"AiIntegration:1:{ULID}"
    assert public.isalnum(), "an id needs no percent-encoding and no padding"
    assert b64decode(ids.encode_user("alice")).decode() == "User:alice"
