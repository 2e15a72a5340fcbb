"""Examples of bodies and answers; the answers are written by the code that writes the real ones."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from ai_integrations.contracts.enum_values import WireFormat
from ai_integrations.contracts.integration_bodies import CreateBody
from ai_integrations.contracts.views import (
    AiIntegrationList,
    SpaceList,
    integration_view,
    pagination,
    rotation_view,
    space_view,
)
from ai_integrations.domain.connection_health import CheckStatus, Health, Rung
from ai_integrations.domain.model import Integration, PreviousKey, SecretVersion, Space
from ai_integrations.http.health import health_view
from tools.apidoc.parameters import EXAMPLE_ULID

_EVENTS = Path(__file__).parent.parent.parent / "events"
REQUEST_ID = "0d6c1f5e-2f1e-4b5a-9a55-1f0b6c1c2d3e"
_WHEN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)

_HEALTH = Health(
    account="acme",
    id=EXAMPLE_ULID,
    integration_version=3,
    checked_at=_WHEN,
    model=None,
    rungs=(
        Rung(
            name="reachable",
            status=CheckStatus.PASSED,
            latency_ms=41,
            proved="A connection could be made, and its certificate is the host's.",
        ),
        Rung(
            name="authenticated",
            status=CheckStatus.FAILED,
            latency_ms=180,
            not_proved="The provider answered with status 401.",
            provider_said="Incorrect API key provided: [redacted]",
        ),
    ),
)

# The two examples of the API's founding description.
_FOUNDING = json.loads(json.loads((_EVENTS / "create_openai.json").read_text())["body"])
INVALID_BODY = '{"name": "My Integration"}'

BODIES: dict[str, dict[str, Any]] = {
    "openai": {"summary": "OpenAI with a key", "value": _FOUNDING},
    "bedrock": {
        "summary": "AWS Bedrock by a role, without a key",
        "value": {
            "name": "Bedrock",
            "provider": "awsBedrock",
            "enable_default_models": True,
            "provider_metadata": {
                "role_arn": "arn:aws:iam::123456789012:role/llm-access",
                "external_id": "our-external-id",
            },
        },
    },
    "vertex": {
        "summary": "Vertex AI, for one space",
        "value": {
            "name": "Vertex AI",
            "provider": "vertexAI",
            "model_names": ["gemini-2.5-pro"],
            "provider_metadata": {
                "project_id": "our-project",
                "location": "europe-west3",
                "project_access_label": "our-label",
            },
            "scopings": [{"organization_id": "T3JnYW5pemF0aW9uOjE6YQ", "space_id": "U3BhY2U6MTph"}],
        },
    },
    "gateway": {
        "summary": "A gateway of one's own, with headers",
        "value": {
            "name": "LLM gateway",
            "provider": "custom",
            "api_key": "our-gateway-key",
            "base_url": "https://llm.example.com/v1",
            "headers": {"X-Team": "search"},
            "auth_type": "bearer_token",
        },
    },
    "rename": {"summary": "Another name", "value": {"name": "OpenAI for evaluations"}},
    "replace_key": {"summary": "Another key", "value": {"api_key": "sk-def456"}},
    "model": {"summary": "The model to ask", "value": {"model": "gpt-4o"}},
    "rotate": {"summary": "Another key, the one before for a day", "value": {"api_key": "sk-def456"}},
    "rotate_verified": {
        "summary": "Another key if the provider takes it, the one before for an hour",
        "value": {"api_key": "sk-def456", "verify": True, "grace_seconds": 3600},
    },
    "move": {
        "summary": "Another host, the key confirmed",
        "value": {"base_url": "https://llm.example.com/v1", "api_key": "sk-def456"},
    },
}


def answers() -> dict[str, dict[str, Any]]:
    """Return the examples of answers by name."""
    integration = _integration()
    founding = integration_view(integration, WireFormat.LEGACY)
    newer = integration_view(integration, WireFormat.CURRENT)
    space = Space(account="acme", id="U3BhY2U6MTph", name="Search", description="Search team", created_at=_WHEN)
    last = pagination(None)
    return {
        "integration": _shown("The answer to the founding example", founding),
        "newer": _shown("In the newer spelling, as newer clients get it", newer),
        "rotation": _shown("The new key, and the one before", rotation_view(_rotated(integration))),
        "health": _shown("A key that the provider refuses", health_view(_HEALTH, _HEALTH.integration_version)),
        "integrations": _shown("The only page", AiIntegrationList(ai_integrations=[founding], pagination=last)),
        "spaces": _shown("The only page", SpaceList(spaces=[space_view(space)], pagination=last)),
    }


def _integration() -> Integration:
    return Integration(
        **vars(CreateBody.model_validate_json(json.dumps(_FOUNDING)).settings()),
        id=EXAMPLE_ULID,
        account="acme",
        version=1,
        created_at=_WHEN,
        updated_at=_WHEN,
        created_by="alice",
        updated_by="alice",
        secret=SecretVersion(arn="arn", version="1"),
    )


def _rotated(integration: Integration) -> Integration:
    former = PreviousKey(secret=SecretVersion(arn="arn", version="1"), usable_until=_WHEN + timedelta(days=1))
    return replace(integration, secret=SecretVersion(arn="arn", version="2"), previous_key=former)


def _shown(summary: str, view: Mapping[str, object]) -> dict[str, Any]:
    return {"summary": summary, "value": view}
