"""The events of events/ for the HTTP API and the operator commands, with their expected responses."""

import json
from hashlib import sha256
from typing import Any

import pytest

from ai_integrations.adapters.dynamodb.access_keys import AccessKeys
from ai_integrations.domain.model import AccessKey
from tests.builders import API_KEY, NOON, a_caller, an_event, create_body, gateway_event
from tests.cloud import Cloud, Response

# The status of the response, and the invalid fields.
API: dict[str, tuple[int, list[str]]] = {
    "create_openai": (201, []),
    "create_bedrock": (201, []),
    "create_vertex": (201, []),
    "create_missing_provider": (400, ["/provider"]),
    "create_bedrock_without_role": (422, ["/provider_metadata/role_arn"]),
    "create_masked_key": (422, ["/api_key"]),
    "create_by_reader": (403, []),
}
# The fields of the result. A rejected command has only `problem`.
ISSUED = {"id", "account", "user", "role", "memberships", "created_at", "expires_at", "revoked_at"}
SENDER = {"account", "aws_account", "role", "memberships", "registered_at"}
ACCESS_KEY_COMMANDS: dict[str, set[str]] = {
    "access_keys_issue": ISSUED | {"access_key"},
    "access_keys_list": {"access_keys"},
    "access_keys_revoke": ISSUED,
    "access_keys_register_source": SENDER | {"source"},
    "access_keys_register_stacks": SENDER | {"stack_names"},
    "access_keys_list_senders": {"senders"},
    "access_keys_remove_unknown_source": {"problem"},
    "access_keys_unknown_action": {"problem"},
}
SWEEPS = {
    "sweep_scheduled": {"secrets_without_integration", "dry_run"},
    "sweep_dry_run": {"secrets_without_integration", "dry_run"},
    "sweep_confirm": {"confirmed", "until"},
    "sweep_wrong_type": {"problem"},
}
# The status of the response, and the invalid fields.
TESTS: dict[str, tuple[int, list[str]]] = {
    "test_connection_bedrock": (200, []),
    "test_connection_by_reader": (403, []),
    "test_connection_private_host": (422, ["/base_url"]),
    "test_connection_unknown": (404, []),
}
CONSUMERS: dict[str, tuple[int, list[str]]] = {
    "create_consumer_by_reader": (403, []),
    "create_consumer_of_session": (422, ["/principal_arn"]),
    "list_consumers": (200, []),
    "get_consumer": (404, []),
    "update_consumer": (404, []),
    "revoke_consumer": (404, []),
    "list_consumers_of_integration": (404, []),
}
AUDIT: dict[str, tuple[int, list[str]]] = {
    "list_keys": (200, []),
    "list_keys_older_than_text": (400, [""]),
    "get_key": (404, []),
    "list_deleted_ai_integrations": (200, []),
    "list_audit_logs": (200, []),
    "list_audit_logs_by_reader": (403, []),
}
KEYS = {
    "credentials_fingerprint": {"problem"},
    "credentials_find_key": {"fingerprint", "holders", "unreadable", "next"},
    "credentials_find_nothing": {"problem"},
}
# The status of the problem document, or None if the function returns a key.
CREDENTIALS: dict[str, int | None] = {
    "credentials_resolve_by_name": None,
    "credentials_resolve_missing_account": 400,
}
AUTHORIZER = {"authorizer_valid", "authorizer_malformed"}
# The media type of the response.
DESCRIPTION = {"get_openapi": "application/json", "get_docs": "text/html; charset=utf-8"}
CONSOLE = {"get_console": "text/html; charset=utf-8", "get_console_file": "text/javascript; charset=utf-8"}


@pytest.mark.parametrize("name", API)
def test_api_returns_the_expected_status(cloud: Cloud, name: str) -> None:
    status, pointers = API[name]
    response: Response = cloud.api(an_event(name))
    assert response.status == status
    if status < 400:
        assert response.body["name"] == json.loads(an_event(name)["body"])["name"]
    else:
        assert response.pointers == pointers


@pytest.mark.parametrize("name", TESTS)
def test_test_connection_returns_the_expected_status(cloud: Cloud, name: str) -> None:
    status, pointers = TESTS[name]
    response = cloud.http("test_connection", an_event(name))
    assert response.status == status
    assert pointers == (response.pointers if status >= 400 else [])


@pytest.mark.parametrize("name", CONSUMERS)
def test_consumers_returns_the_expected_status_for_an_empty_account(cloud: Cloud, name: str) -> None:
    status, pointers = CONSUMERS[name]
    response = cloud.http("consumers", an_event(name))
    assert response.status == status
    assert pointers == (response.pointers if status >= 400 else [])


@pytest.mark.parametrize("name", AUDIT)
def test_audit_returns_the_expected_status_for_an_empty_account(cloud: Cloud, name: str) -> None:
    status, pointers = AUDIT[name]
    response = cloud.http("audit", an_event(name))
    assert response.status == status
    assert pointers == (response.pointers if status >= 400 else [])


def test_credentials_rejects_a_signed_request_without_a_grant(cloud: Cloud) -> None:
    response = cloud.http("credentials", an_event("credentials_without_grant"))
    assert response.status == 403
    assert "arn:aws:iam::111122223333:role/unknown" in response.body["detail"]


def test_verify_key_rejects_a_private_host(cloud: Cloud) -> None:
    result = cloud.function("verify_key")(an_event("verify_key_private_host"))
    assert "'reachable'" in result["refusal"]


@pytest.mark.parametrize("name", KEYS)
def test_credentials_finds_and_fingerprints_keys(cloud: Cloud, name: str) -> None:
    assert cloud.function("credentials")(an_event(name)).keys() == KEYS[name]


@pytest.mark.parametrize("name", DESCRIPTION)
def test_api_description_needs_no_access_key(cloud: Cloud, name: str) -> None:
    response = cloud.api(an_event(name))
    assert (response.status, response.headers["content-type"]) == (200, DESCRIPTION[name])


@pytest.mark.parametrize("name", CONSOLE)
def test_console_needs_no_access_key(cloud: Cloud, name: str) -> None:
    response = cloud.http("console", an_event(name))
    assert (response.status, response.headers["content-type"]) == (200, CONSOLE[name])


@pytest.mark.parametrize("name", ACCESS_KEY_COMMANDS)
def test_access_keys_returns_the_expected_fields(cloud: Cloud, name: str) -> None:
    issue_key_to_revoke(cloud)
    assert cloud.function("access_keys")(an_event(name)).keys() == ACCESS_KEY_COMMANDS[name]


@pytest.mark.parametrize("name", SWEEPS)
def test_sweep_returns_the_expected_fields(cloud: Cloud, name: str) -> None:
    cloud.add_bus()
    assert cloud.function("sweep")(an_event(name)).keys() >= SWEEPS[name]


def issue_key_to_revoke(cloud: Cloud) -> None:
    """Issue the access key that `access_keys_revoke` revokes."""
    key_id = an_event("access_keys_revoke")["id"]
    access_keys = AccessKeys(cloud.dynamodb, cloud.table)
    cloud.keys.add(access_keys.issue(AccessKey(id=key_id, caller=a_caller(), created_at=NOON)))


@pytest.mark.parametrize("name", CREDENTIALS)
def test_credentials_returns_a_key_or_a_problem(cloud: Cloud, name: str) -> None:
    cloud.api(gateway_event(create_body(api_key=API_KEY)))
    result = cloud.function("credentials")(an_event(name))
    if CREDENTIALS[name] is None:
        assert (result["name"], result["api_key"]) == (an_event(name)["integration"], API_KEY)
    else:
        assert result["problem"]["status"] == CREDENTIALS[name]


def test_authorizer_allows_the_owner_of_an_access_key(cloud: Cloud) -> None:
    event = an_event("authorizer_valid")
    store_key_hash(cloud, event["authorizationToken"].removeprefix("Bearer "))
    result = cloud.function("authorizer")(event)
    assert result["principalId"] == result["context"]["user"] == "alice"


def store_key_hash(cloud: Cloud, key: str) -> None:
    """Store the hash of the fixed access key in events/authorizer_valid.json, in the format of the table."""
    item: dict[str, Any] = {
        "pk": {"S": f"ACCESSKEY#{sha256(key.encode()).hexdigest()}"},
        "sk": {"S": "ACCESSKEY"},
        "account": {"S": "acme"},
        "user": {"S": "alice"},
        "role": {"S": "admin"},
        "memberships": {"L": []},
    }
    cloud.dynamodb.put_item(TableName=cloud.table, Item=item)


@pytest.mark.parametrize("name", sorted(AUTHORIZER))
def test_authorizer_rejects_an_unknown_or_malformed_key(cloud: Cloud, name: str) -> None:
    with pytest.raises(Exception, match=r"^Unauthorized$"):
        cloud.function("authorizer")(an_event(name))


@pytest.mark.parametrize("name", API)
def test_api_events_have_the_same_structure(name: str) -> None:
    event, model = an_event(name), an_event("create_openai")
    assert event.keys() == model.keys()
    assert event["requestContext"].keys() == model["requestContext"].keys()
    assert event["requestContext"]["authorizer"].keys() == model["requestContext"]["authorizer"].keys()
