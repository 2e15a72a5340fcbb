"""Requests for the measurements: the events in events/, and one request per API operation."""

import json
from pathlib import Path
from typing import Any

from ai_integrations.contracts import ids
from tests.builders import API_KEY, ULID, an_event, create_body, gateway_event, signed_event

TAKEN = "A name that is taken"
ONE = f"/v2/ai-integrations/{ids.encode(ULID)}"
FEDERATED_ULID = "01KDZ3ZQ80000000000000000F"

# The event for each function's first request; fake_aws.py has the data that it refers to.
FIRST = {
    "api": "create_openai",
    "authorizer": "authorizer_valid",
    "console": "get_console",
    "consumers": "list_consumers",
    "audit": "list_keys",
    "credentials": "credentials_resolve_by_name",
    "provision": "provision_create",
    "publish_changes": "publish_changes_updated",
    "custom_resource": "custom_resource_create",
    "access_keys": "access_keys_issue",
    "spaces": "spaces_register_organization",
    "sweep": "sweep_scheduled",
    "test_connection": "test_connection_bedrock",
    "verify_key": "verify_key_private_host",
    "exchange_token": "exchange_token_private_host",
}


def _body(**changes: Any) -> dict[str, Any]:
    return create_body(model_names=["gpt-4", "gpt-4o"], enable_default_models=True, **changes)


def _one(method: str, body: object = "", path: str = ONE) -> dict[str, Any]:
    return gateway_event(body, method=method, path=path)


# API requests by operation.
ROUTES: dict[str, dict[str, Any]] = {
    "create": gateway_event(_body(api_key=API_KEY)),
    "create without key": gateway_event(_body()),
    "create, name taken": gateway_event(_body(api_key=API_KEY, name=TAKEN)),
    "create, replayed": gateway_event(_body(api_key=API_KEY), headers={"Idempotency-Key": "measured"}),
    "get": _one("GET"),
    "list of 50": gateway_event("", method="GET"),
    "update": _one("PATCH", {"enable_default_models": True}),
    "update of the key": _one("PATCH", {"api_key": API_KEY}),
    "rename": _one("PATCH", {"name": "Another name"}),
    "delete": _one("DELETE"),
    "restore": _one("POST", path=f"{ONE}/restore"),
    "rotate key": _one("POST", {"api_key": API_KEY}, path=f"{ONE}/key-rotations"),
    "roll key back": _one("POST", path=f"{ONE}/key-rotations/rollback"),
}
ROLE, SESSION = "arn:aws:iam::111122223333:role/billing", "arn:aws:sts::111122223333:assumed-role/billing/job-1"
# Requests of consumers by operation. The function `credentials` serves them behind the gateway.
SIGNED: dict[str, dict[str, Any]] = {
    "resolve": signed_event(SESSION, {"account": "acme"}, integration=ids.encode(ULID)),
    "resolve, account not named": signed_event(SESSION, integration=ids.encode(ULID)),
}
# Invocations by operation, for functions that serve no route of `api`: the function, and its event.
INVOCATIONS: dict[str, tuple[str, dict[str, Any]]] = {
    **{name: ("credentials", event) for name, event in SIGNED.items()},
    "resolve directly": (
        "credentials",
        {"account": "acme", "integration": ids.encode(ULID), "consumer": "billing-job"},
    ),
    "resolve, cached token": (
        "credentials",
        {"account": "acme", "integration": ids.encode(FEDERATED_ULID), "consumer": "billing-job"},
    ),
}
# Operations whose instructions are counted: all that succeed, those of the baseline first.
BASELINE_ROUTES = ("create", "get", "list of 50")
WARM_ROUTES = (*BASELINE_ROUTES, *(each for each in ROUTES if each not in (*BASELINE_ROUTES, "create, name taken")))


def first_event(function: str, endpoint: str) -> dict[str, Any]:
    """Return the first event of a function; `endpoint` receives responses to CloudFormation."""
    if function == "api":  # like the baseline, with a key of the usual form instead of the sample's `sk-abc123...`
        return ROUTES["create"]
    event = an_event(FIRST[function])
    if "ResponseURL" in event:
        event["ResponseURL"] = f"{endpoint}/answer"
    return event


def written(folder: Path, name: str, content: object) -> Path:
    """Write an event or a list of calls to a file."""
    file = folder / f"{name.replace(' ', '-')}.json"
    file.write_text(json.dumps(content))
    return file
