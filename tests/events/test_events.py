"""Every file of events/ through its function, with the answer that it is there to show."""

import json
from hashlib import sha256
from typing import Any

import pytest

from ai_integrations.adapters.dynamodb.access_keys import AccessKeys
from ai_integrations.domain.model import AccessKey
from tests.builders import API_KEY, NOON, a_caller, an_event, create_body, gateway_event
from tests.cloud import Cloud, Response

# The status of the API's answer, and the fields at fault.
API: dict[str, tuple[int, list[str]]] = {
    "create_openai": (201, []),
    "create_bedrock": (201, []),
    "create_vertex": (201, []),
    "create_missing_provider": (400, ["/provider"]),
    "create_bedrock_without_role": (422, ["/provider_metadata/role_arn"]),
    "create_masked_key": (422, ["/api_key"]),
    "create_by_reader": (403, []),
}
# The members of the operators' answer; a refusal has one, `problem`.
ISSUED = {"id", "account", "user", "role", "memberships", "created_at", "expires_at", "revoked_at"}
OPERATORS: dict[str, set[str]] = {
    "access_keys_issue": ISSUED | {"access_key"},
    "access_keys_list": {"access_keys"},
    "access_keys_revoke": ISSUED,
    "access_keys_unknown_action": {"problem"},
}
SWEEPS = {
    "sweep_scheduled": {"secrets_without_integration", "dry_run"},
    "sweep_dry_run": {"secrets_without_integration", "dry_run"},
    "sweep_wrong_type": {"problem"},
}
# The status of the answer, and the fields at fault.
TESTS: dict[str, tuple[int, list[str]]] = {
    "test_connection_bedrock": (200, []),
    "test_connection_by_reader": (403, []),
    "test_connection_private_host": (422, ["/base_url"]),
    "test_connection_unknown": (404, []),
}
KEYS = {
    "credentials_fingerprint": {"problem"},
    "credentials_find_key": {"fingerprint", "holders", "unreadable", "next"},
    "credentials_find_nothing": {"problem"},
}
# The status of the problem that credentials answers with; none where it hands out a key.
CREDENTIALS: dict[str, int | None] = {
    "credentials_resolve_by_name": None,
    "credentials_resolve_missing_account": 400,
}
AUTHORIZER = {"authorizer_valid", "authorizer_malformed"}
# The type of the answer.
DESCRIPTION = {"get_openapi": "application/json", "get_docs": "text/html; charset=utf-8"}


@pytest.mark.parametrize("name", API)
def test_answers_a_request(cloud: Cloud, name: str) -> None:
    status, at_fault = API[name]
    answer: Response = cloud.api(an_event(name))
    assert answer.status == status
    if status < 400:
        assert answer.body["name"] == json.loads(an_event(name)["body"])["name"]
    else:
        assert answer.pointers == at_fault


@pytest.mark.parametrize("name", TESTS)
def test_tests_a_connection(cloud: Cloud, name: str) -> None:
    status, at_fault = TESTS[name]
    answer = cloud.http("test_connection", an_event(name))
    assert answer.status == status
    assert at_fault == (answer.pointers if status >= 400 else [])


def test_tries_a_key(cloud: Cloud) -> None:
    answer = cloud.function("verify_key")(an_event("verify_key_private_host"))
    assert "'reachable'" in answer["refusal"]


@pytest.mark.parametrize("name", KEYS)
def test_compares_keys(cloud: Cloud, name: str) -> None:
    assert cloud.function("credentials")(an_event(name)).keys() == KEYS[name]


@pytest.mark.parametrize("name", DESCRIPTION)
def test_describes_itself_without_a_key(cloud: Cloud, name: str) -> None:
    answer = cloud.api(an_event(name))
    assert (answer.status, answer.headers["content-type"]) == (200, DESCRIPTION[name])


@pytest.mark.parametrize("name", OPERATORS)
def test_carries_out_a_command(cloud: Cloud, name: str) -> None:
    keep_key(cloud)
    assert cloud.function("access_keys")(an_event(name)).keys() == OPERATORS[name]


@pytest.mark.parametrize("name", SWEEPS)
def test_sweeps(cloud: Cloud, name: str) -> None:
    cloud.add_bus()
    assert cloud.function("sweep")(an_event(name)).keys() >= SWEEPS[name]


def keep_key(cloud: Cloud) -> None:
    """Keep the access key that `access_keys_revoke` revokes."""
    key_id = an_event("access_keys_revoke")["id"]
    access_keys = AccessKeys(cloud.dynamodb, cloud.table)
    cloud.keys.add(access_keys.issue(AccessKey(id=key_id, caller=a_caller(), created_at=NOON)))


@pytest.mark.parametrize("name", CREDENTIALS)
def test_hands_out_a_key_or_tells_why_not(cloud: Cloud, name: str) -> None:
    cloud.api(gateway_event(create_body(api_key=API_KEY)))
    answer = cloud.function("credentials")(an_event(name))
    if CREDENTIALS[name] is None:
        assert (answer["name"], answer["api_key"]) == (an_event(name)["integration"], API_KEY)
    else:
        assert answer["problem"]["status"] == CREDENTIALS[name]


def test_lets_the_holder_of_a_key_in(cloud: Cloud) -> None:
    event = an_event("authorizer_valid")
    keep_hash(cloud, event["authorizationToken"].removeprefix("Bearer "))
    answer = cloud.function("authorizer")(event)
    assert answer["principalId"] == answer["context"]["user"] == "alice"


def keep_hash(cloud: Cloud, key: str) -> None:
    """Keep the hash of a key that was not issued but written down, where architecture.md says that hashes are."""
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
def test_refuses_whoever_has_no_key(cloud: Cloud, name: str) -> None:
    with pytest.raises(Exception, match=r"^Unauthorized$"):
        cloud.function("authorizer")(an_event(name))


@pytest.mark.parametrize("name", API)
def test_has_one_shape_of_request(name: str) -> None:
    event, model = an_event(name), an_event("create_openai")
    assert event.keys() == model.keys()
    assert event["requestContext"].keys() == model["requestContext"].keys()
    assert event["requestContext"]["authorizer"].keys() == model["requestContext"]["authorizer"].keys()
