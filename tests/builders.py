"""Builders of valid test data: a test passes only the values that it is about."""

import json
from base64 import urlsafe_b64encode
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from ai_integrations.contracts.authorizer_response import to_context
from ai_integrations.contracts.caller import caller_item
from ai_integrations.domain.consumers import Consumer, Grant
from ai_integrations.domain.model import (
    Caller,
    Federation,
    IdempotencyKey,
    Integration,
    Membership,
    Policy,
    Role,
    Settings,
)
from ai_integrations.domain.principals import principal_of
from ai_integrations.domain.senders import Sender, SenderKind

ROOT = Path(__file__).parent.parent
EVENTS = ROOT / "events"
NOON = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)
API_KEY = "sk-fake-0123456789-not-a-key"
ACCESS_TOKEN = "fake-at-0123456789-abcdefghij"
ULID = "01KDZ3ZQ80000000000000000A"
AWS_ACCOUNT = "999999999999"  # of the service; the roles in tests belong to others
SENDER_AWS_ACCOUNT = "123456789012"  # of event sources and CloudFormation stacks
STACK_ID = f"arn:aws:cloudformation:eu-central-1:{SENDER_AWS_ACCOUNT}:stack/app/0f1e2d3c-0000-4000-8000-000000000000"
_UUID = "00000000-0000-4000-8000-000000000001"
# A valid federation of each provider that accepts one.
FEDERATIONS = {
    "OPEN_AI": Federation({"identity_provider_id": "idp_fake", "service_account_id": "sa_fake"}),
    "ANTHROPIC": Federation(
        {"federation_rule_id": "fdrl_fake", "organization_id": _UUID, "service_account_id": "svac_fake"}
    ),
    "AZURE_OPEN_AI": Federation({"tenant_id": _UUID, "client_id": _UUID}),
    "VERTEX_AI": Federation(
        {
            "workload_identity_provider": "projects/1/locations/global/workloadIdentityPools/pool/providers/aws1",
            "service_account_email": "models@project-1.iam.gserviceaccount.com",
        }
    ),
    "CUSTOM": Federation(
        {"token_endpoint": "https://llm.example.com/token", "grant": "token-exchange", "audience": "https://llm"},
        {"scope": "models"},
    ),
}


def an_event(name: str) -> dict[str, Any]:
    """Load an event of events/."""
    event: dict[str, Any] = json.loads((EVENTS / f"{name}.json").read_text())
    return event


def the_settings(**changes: Any) -> Settings:
    return Settings(**{"name": "Production OpenAI", "provider": "OPEN_AI", **changes})


def an_integration(**changes: Any) -> Integration:
    values: dict[str, Any] = {
        "name": "Production OpenAI",
        "provider": "OPEN_AI",
        "id": ULID,
        "account": "acme",
        "version": 1,
        "created_at": NOON,
        "updated_at": NOON,
        "created_by": "alice",
        "updated_by": changes.get("created_by", "alice"),
    }
    return Integration(**(values | changes))


def a_consumer(**changes: Any) -> Consumer:
    principal_arn = changes.get("principal_arn", "arn:aws:iam::999999999999:role/service/billing")
    principal = principal_of(principal_arn)
    assert principal is not None
    values: dict[str, Any] = {
        "id": "01KDZ3ZQ80000000000000000C",
        "account": "acme",
        "principal": principal,
        "principal_arn": principal_arn,
        "grant": Grant(),
        "version": 1,
        "created_at": NOON,
        "updated_at": NOON,
        "created_by": "alice",
        "updated_by": changes.get("created_by", "alice"),
    }
    return Consumer(**(values | changes))


def a_large_consumer(**changes: Any) -> Consumer:
    """Build a consumer whose item has 100 KB: as many memberships as are allowed, with the longest ids."""
    places = [Membership(f"{number:03}".ljust(1_000, "o"), f"{number:03}".ljust(1_000, "s")) for number in range(50)]
    return a_consumer(grant=Grant(memberships=tuple(places)), **changes)


def a_caller(
    *, role: Role = Role.ADMIN, account: str = "acme", user: str = "alice", memberships: tuple[Membership, ...] = ()
) -> Caller:
    return Caller(account=account, user=user, role=role, memberships=memberships)


def a_source(**changes: Any) -> Sender:
    """Build the source of the events in events/."""
    return Sender(
        **{
            "account": "acme",
            "kind": SenderKind.SOURCE,
            "aws_account": SENDER_AWS_ACCOUNT,
            "name": "platform",
            "role": Role.ADMIN,
            "memberships": (),
            "registered_at": NOON,
            **changes,
        }
    )


def the_stacks(**changes: Any) -> Sender:
    """Build the stacks with the name in STACK_ID."""
    return a_source(**{"kind": SenderKind.STACKS, "name": "app", **changes})


def a_policy(*allowed_private_hosts: str) -> Policy:
    return Policy(
        recovery_window=timedelta(days=30),
        aws_account=AWS_ACCOUNT,
        allowed_private_hosts=frozenset(allowed_private_hosts),
        federation_issuer="",
    )


def identity_token(audience: str) -> str:
    """Build an identity token of AWS, without a valid signature."""
    claims = {
        "iss": "https://fake.tokens.sts.global.api.aws",
        "sub": f"arn:aws:iam::{AWS_ACCOUNT}:role/exchange-token",
        "aud": audience,
    }
    parts = [json.dumps(part).encode() for part in ({"alg": "RS256", "typ": "JWT"}, claims)]
    return ".".join([*(urlsafe_b64encode(part).decode().rstrip("=") for part in parts), "fake-signature"])


def an_idempotency_key(value: str = "request-1", fingerprint: str = "f1", user: str = "alice") -> IdempotencyKey:
    return IdempotencyKey(user=user, value=value, fingerprint=fingerprint)


def create_body(**changes: Any) -> dict[str, Any]:
    """Build the smallest valid body of a create, with changes. `...` removes a field."""
    body = {"name": "Production OpenAI", "provider": "openAI"} | changes
    return {name: value for name, value in body.items() if value is not ...}


def gateway_event(
    body: object = ...,
    *,
    caller: Caller | None = None,
    headers: dict[str, str | None] | None = None,
    method: str = "POST",
    path: str = "/v2/ai-integrations",
) -> dict[str, Any]:
    """Build an API Gateway event from events/create_openai.json.

    A string body is sent as it is. A header with the value None is removed.
    """
    event = deepcopy(an_event("create_openai"))
    text = json.dumps(create_body() if body is ... else body)
    event |= {"body": body if isinstance(body, str) else text, "httpMethod": method, "path": path}
    event["requestContext"] |= {"httpMethod": method, "path": f"/live{path}"}
    all_headers = event["headers"] | (headers or {})
    event["headers"] = {name: value for name, value in all_headers.items() if value is not None}
    event["multiValueHeaders"] = {name: [value] for name, value in event["headers"].items()}
    if caller is not None:
        event["requestContext"]["authorizer"] |= {"principalId": caller.user, **to_context(caller_item(caller))}
    return event


def signed_event(user_arn: str | None, body: object = "", *, integration: str | None = None) -> dict[str, Any]:
    """Build the event of a request that a consumer signed, to resolve the integration in the body or the path."""
    resource = "/v2/ai-integrations/{integration_id}/credentials" if integration else "/v2/credentials"
    event = gateway_event(body, path=resource.replace("{integration_id}", integration or ""))
    event |= {"resource": resource, "body": event["body"] or None}
    event["requestContext"] |= {"resourcePath": resource}
    del event["requestContext"]["authorizer"]
    event["requestContext"]["identity"] |= {"userArn": user_arn}
    return event
