"""Examples of request and response bodies. The responses are produced by the code of the service."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from ai_integrations.contracts.audit_views import AuditLogPage, audit_log_entry
from ai_integrations.contracts.consumer_views import (
    ConsumerAccessList,
    ConsumerList,
    access_view,
    consumer_view,
)
from ai_integrations.contracts.deleted_views import DeletedAiIntegrationList, deleted_view
from ai_integrations.contracts.enum_values import WireFormat
from ai_integrations.contracts.integration_bodies import CreateBody
from ai_integrations.contracts.key_views import KeyList, key_details_view, key_view
from ai_integrations.contracts.views import (
    AiIntegrationList,
    OrganizationList,
    SpaceList,
    integration_view,
    organization_view,
    pagination,
    rotation_view,
    space_view,
)
from ai_integrations.domain.audit_log import AuditEntry, Operation
from ai_integrations.domain.connection_health import CheckStatus, Health, Rung
from ai_integrations.domain.consumers import Consumer, Grant
from ai_integrations.domain.credentials import ReadKey
from ai_integrations.domain.iam_roles import IamRole
from ai_integrations.domain.key_facts import KeyFacts, Usage
from ai_integrations.domain.model import (
    Federation,
    Integration,
    Organization,
    PreviousKey,
    SecretVersion,
    Space,
    Tombstone,
)
from ai_integrations.domain.principals import Principal
from ai_integrations.domain.uses import ConsumersOnDay, Use, UsedBy
from ai_integrations.http.dry_run_views import dry_run_view
from ai_integrations.http.health_views import health_view
from ai_integrations.http.trust_views import federation_view, role_view
from ai_integrations.key_access.credential_reader import Resolved
from ai_integrations.key_access.messages import resolution_view
from ai_integrations.use_cases.dry_runs import DryRun
from ai_integrations.use_cases.federation_trust import FederationTrust
from ai_integrations.use_cases.role_trust import RoleTrust
from tools.apidoc.parameters import (
    EXAMPLE_CONSUMER,
    EXAMPLE_ORGANIZATION,
    EXAMPLE_SPACE,
    EXAMPLE_ULID,
    INTEGRATION_ID,
)

_EVENTS = Path(__file__).parent.parent.parent / "events"
REQUEST_ID = "0d6c1f5e-2f1e-4b5a-9a55-1f0b6c1c2d3e"
_TIME = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)

_HEALTH = Health(
    account="acme",
    id=EXAMPLE_ULID,
    integration_version=3,
    checked_at=_TIME,
    model="gpt-4o",
    models=("gpt-5", "gpt-5-mini"),
    rungs=(
        Rung(
            name="reachable",
            status=CheckStatus.PASSED,
            latency_ms=41,
            proved="The connection succeeded, and the certificate is valid for the host.",
        ),
        Rung(
            name="authenticated",
            status=CheckStatus.PASSED,
            latency_ms=180,
            proved="The provider lists its models with the credentials and rejects the same request without them.",
            not_proved="A restricted key may be allowed to list models but not to use them, or the reverse.",
        ),
        Rung(
            name="model_answers",
            status=CheckStatus.FAILED,
            latency_ms=95,
            not_proved="The provider answered with status 404.",
            provider_said="The model `gpt-4o` does not exist or you do not have access to it.",
        ),
    ),
)

_ROLE = RoleTrust(
    role_arn="arn:aws:iam::123456789012:role/llm-access",
    principals=(
        "arn:aws:iam::111122223333:role/ai-integrations-CredentialsFunctionRole-fAkE01",
        "arn:aws:iam::111122223333:role/ai-integrations-TestConnectionFunctionRole-fAkE02",
    ),
    external_id=IamRole(arn="").external_id_for("acme", "111122223333/eu-central-1/ai-integrations"),
)

_FEDERATION = FederationTrust(
    federation=Federation(
        {
            "workload_identity_provider": "projects/123456789012/locations/global/workloadIdentityPools/registry/"
            "providers/aws-registry",
            "service_account_email": "models@our-project.iam.gserviceaccount.com",
        }
    ),
    issuer="https://0a1b2c3d-fake.tokens.sts.global.api.aws",
    subject="arn:aws:iam::111122223333:role/ai-integrations-ExchangeTokenFunctionRole-fAkE03",
    aws_account="111122223333",
    audience="https://iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/registry/"
    "providers/aws-registry",
    request_tags={"registry_account": "acme", "integration": EXAMPLE_ULID},
)

_CONSUMER = Consumer(
    id=EXAMPLE_CONSUMER,
    account="acme",
    principal=Principal(partition="aws", aws_account="111122223333", kind="role", name="billing"),
    principal_arn="arn:aws:iam::111122223333:role/billing",
    grant=Grant(integrations=frozenset({EXAMPLE_ULID})),
    version=1,
    created_at=_TIME,
    updated_at=_TIME,
    created_by="alice",
    updated_by="alice",
    name="Billing job",
    expires_at=_TIME + timedelta(days=365),
)

_AUDIT_ENTRY = AuditEntry(
    id=f"2026-01-02T03:04:05.000+00:00#{EXAMPLE_ULID}#0000000002",
    account="acme",
    actor="alice",
    at=_TIME,
    operation=Operation.UPDATE_INTEGRATION,
    resource_id=EXAMPLE_ULID,
    version=2,
    changed_fields=("api_key", "base_url"),
)

# The two examples of the published API description.
_PUBLISHED = json.loads(json.loads((_EVENTS / "create_openai.json").read_text())["body"])
INVALID_BODY = '{"name": "My Integration"}'

BODIES: dict[str, dict[str, Any]] = {
    "openai": {"summary": "OpenAI with an API key", "value": _PUBLISHED},
    "bedrock": {
        "summary": "AWS Bedrock with an IAM role and no API key",
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
        "summary": "Vertex AI, visible to one space",
        "value": {
            "name": "Vertex AI",
            "provider": "vertexAI",
            "model_names": ["gemini-2.5-pro"],
            "provider_metadata": {
                "project_id": "our-project",
                "location": "europe-west3",
                "project_access_label": "our-label",
            },
            "scopings": [{"organization_id": EXAMPLE_ORGANIZATION, "space_id": EXAMPLE_SPACE}],
        },
    },
    "gateway": {
        "summary": "Your own LLM gateway, with headers",
        "value": {
            "name": "LLM gateway",
            "provider": "custom",
            "api_key": "sk-fake-gateway-key",
            "base_url": "https://llm.example.com/v1",
            "headers": {"X-Team": "search"},
            "auth_type": "bearer_token",
        },
    },
    "federation": {
        "summary": "Vertex AI without a key, by workload identity federation",
        "value": {
            "name": "Vertex AI without a key",
            "provider": "vertexAI",
            "provider_metadata": {
                "project_id": "our-project",
                "location": "europe-west3",
                "project_access_label": "our-label",
            },
            "federation": dict(_FEDERATION.federation.fields),
        },
    },
    "rename": {"summary": "Rename the integration", "value": {"name": "OpenAI for evaluations"}},
    "replace_key": {"summary": "Replace the API key", "value": {"api_key": "sk-fake-new-key"}},
    "model": {"summary": "Select the model to test", "value": {"model": "gpt-4o"}},
    "rotate": {"summary": "Rotate; the previous key stays readable for a day", "value": {"api_key": "sk-fake-new-key"}},
    "rotate_verified": {
        "summary": "Rotate if the provider accepts the new key; keep the previous one for an hour",
        "value": {"api_key": "sk-fake-new-key", "verify": True, "grace_seconds": 3600},
    },
    "grant_integrations": {
        "summary": "Grant a role one integration, for a year",
        "value": {
            "principal_arn": _CONSUMER.principal_arn,
            "name": "Billing job",
            "integration_ids": INTEGRATION_ID["examples"],
            "expires_at": "2027-01-02T03:04:05Z",
        },
    },
    "grant_space": {
        "summary": "Grant a role what a space sees",
        "value": {
            "principal_arn": "arn:aws:iam::111122223333:role/search",
            "memberships": [{"organization_id": EXAMPLE_ORGANIZATION, "space_id": EXAMPLE_SPACE}],
        },
    },
    "grant_all": {
        "summary": "Grant a user every integration of the account",
        "value": {"principal_arn": "arn:aws:iam::111122223333:user/operator", "all_integrations": True},
    },
    "extend_grant": {"summary": "Remove the expiry", "value": {"expires_at": None}},
    "grant_other_integrations": {
        "summary": "Replace the grant",
        "value": {"integration_ids": INTEGRATION_ID["examples"]},
    },
    "nothing": {"summary": "The only account that granted you access", "value": {}},
    "credentials_of_account": {"summary": "Name the account", "value": {"account": "acme"}},
    "credentials_by_name": {"summary": "By name", "value": {"integration": "Production OpenAI"}},
    "move": {
        "summary": "Change the host and confirm the API key",
        "value": {"base_url": "https://llm.example.com/v1", "api_key": "sk-fake-new-key"},
    },
}


def responses() -> dict[str, dict[str, Any]]:
    """Build the examples of responses, by name."""
    integration = _integration()
    legacy = integration_view(integration, WireFormat.LEGACY)
    current = integration_view(integration, WireFormat.CURRENT)
    organization = organization_view(
        Organization(account="acme", id=EXAMPLE_ORGANIZATION, name="Research", created_at=_TIME)
    )
    space = Space(
        account="acme",
        id=EXAMPLE_SPACE,
        organization_id=EXAMPLE_ORGANIZATION,
        name="Search",
        description="Search team",
        created_at=_TIME,
    )
    now = _TIME + timedelta(days=120)
    key = KeyFacts(integration, Usage(consumers=3, last_used_at=now - timedelta(hours=1)), now, max_age_days=90)
    uses_by_day = [ConsumersOnDay(now.date() - timedelta(days=ago), consumers=3) for ago in (1, 0)]
    last_page = pagination(None)
    return {
        "integration": _example("An integration with an API key", legacy),
        "current_format": _example("In the current wire format, as newer clients receive it", current),
        "rotation": _example("The versions of the new and the previous key", rotation_view(_rotated(integration))),
        "dry_run": _example(
            "What a deletion would do",
            dry_run_view("deleteAiIntegration", _dry_run(integration), WireFormat.LEGACY),
        ),
        "role": _example("A role, and what its trust policy must contain", role_view(_ROLE)),
        "federation": _example("A federation of Vertex AI, and what its pool must trust", federation_view(_FEDERATION)),
        "consumer": _example("A role that may resolve one integration", consumer_view(_CONSUMER)),
        "consumers": _example(
            "The only page", ConsumerList(consumers=[consumer_view(_CONSUMER)], pagination=last_page)
        ),
        "consumers_of_integration": _example(
            "The only page", ConsumerAccessList(consumers=[access_view(_CONSUMER, _TIME)], pagination=last_page)
        ),
        "deleted_integrations": _example(
            "The only page",
            DeletedAiIntegrationList(
                deleted_ai_integrations=[deleted_view(_tombstone(integration), WireFormat.LEGACY)],
                pagination=last_page,
            ),
        ),
        "key": _example("A stored key", key_details_view(key, uses_by_day, WireFormat.LEGACY)),
        "keys": _example("The only page", KeyList(keys=[key_view(key, WireFormat.LEGACY)], pagination=last_page)),
        "audit_logs": _example(
            "The only page", AuditLogPage(logs=[audit_log_entry(_AUDIT_ENTRY)], pagination=last_page)
        ),
        "resolution": _example("An integration with an API key", resolution_view(_resolved(integration))),
        "health": _example("A model that the key may not use", health_view(_HEALTH, _HEALTH.integration_version)),
        "integrations": _example("The only page", AiIntegrationList(ai_integrations=[legacy], pagination=last_page)),
        "spaces": _example("The only page", SpaceList(spaces=[space_view(space)], pagination=last_page)),
        "space": _example("As newer clients receive it", space_view(space, private=True, with_organization=True)),
        "organizations": _example(
            "The only page", OrganizationList(organizations=[organization], pagination=last_page)
        ),
        "organization": _example("An organization", organization),
    }


def _tombstone(integration: Integration) -> Tombstone:
    return Tombstone(integration, deleted_at=_TIME, deleted_by="alice", expires_at=_TIME + timedelta(days=30))


def _dry_run(integration: Integration) -> DryRun:
    consumer = UsedBy.principal(_CONSUMER.principal)
    return DryRun(
        current=integration,
        result=integration,
        changed_fields=(),
        used_by=(Use(integration.account, integration.id, consumer, _TIME),),
        used_by_count=1,
        restorable_until=_TIME + timedelta(days=30),
    )


def _integration() -> Integration:
    return Integration(
        **vars(CreateBody.model_validate_json(json.dumps(_PUBLISHED)).settings()),
        id=EXAMPLE_ULID,
        account="acme",
        version=1,
        created_at=_TIME,
        updated_at=_TIME,
        created_by="alice",
        updated_by="alice",
        secret=SecretVersion(arn="arn", version="1"),
    )


def _resolved(integration: Integration) -> Resolved:
    key = ReadKey(value=SecretStr(_PUBLISHED["api_key"]), version="30d0785c-fc61-4e9a-86f9-a884fe74a22e")
    return Resolved(integration=integration, key=key, credentials=None, token=None)


def _rotated(integration: Integration) -> Integration:
    previous = PreviousKey(secret=SecretVersion(arn="arn", version="1"), usable_until=_TIME + timedelta(days=1))
    return replace(integration, secret=SecretVersion(arn="arn", version="2"), previous_key=previous)


def _example(summary: str, view: Mapping[str, object]) -> dict[str, Any]:
    return {"summary": summary, "value": view}
