"""`functions/access_keys`, invoked by an operator."""

import json
import re
from hashlib import sha256
from typing import Any

import pytest

from ai_integrations.observability import LoggedError
from tests.builders import ULID
from tests.cloud import Cloud

ACCESS_KEY = re.compile(r"aik_[A-Za-z0-9_-]{43}")
MEMBERSHIPS = [
    {"organization_id": "o", "space_id": "s", "admin": True},
    {"organization_id": None, "space_id": "t", "admin": False},
]


def issue(cloud: Cloud, **changes: Any) -> dict[str, Any]:
    command = {"action": "issue", "account": "acme", "user": "alice", "role": "member", "memberships": MEMBERSHIPS}
    response: dict[str, Any] = cloud.function("access_keys")(command | changes)
    return response


def list_keys(cloud: Cloud, account: str = "acme") -> list[dict[str, Any]]:
    keys: list[dict[str, Any]] = cloud.function("access_keys")({"action": "list", "account": account})["access_keys"]
    return keys


def revoke(cloud: Cloud, key_id: str, account: str = "acme") -> dict[str, Any]:
    response: dict[str, Any] = cloud.function("access_keys")({"action": "revoke", "account": account, "id": key_id})
    return response


def test_issue_returns_the_key_and_list_returns_the_rest(cloud: Cloud) -> None:
    issued = issue(cloud, expires_at="2099-01-01T00:00:00+01:00")
    assert ACCESS_KEY.fullmatch(issued.pop("access_key"))
    assert issued == {
        "id": issued["id"],
        "account": "acme",
        "user": "alice",
        "role": "member",
        "memberships": MEMBERSHIPS,
        "created_at": issued["created_at"],
        "expires_at": "2098-12-31T23:00:00+00:00",
        "revoked_at": None,
    }
    assert list_keys(cloud) == [issued]


def test_issue_stores_only_a_hash_of_the_key(cloud: Cloud) -> None:
    key = issue(cloud)["access_key"]
    partitions = {item["pk"]["S"] for item in cloud.items()}
    assert partitions == {f"ACCESSKEY#{sha256(key.encode()).hexdigest()}", "ACCESSKEYS#acme"}


def test_issue_with_the_same_command_returns_a_different_key_each_time(cloud: Cloud) -> None:
    issued = [issue(cloud)["access_key"] for _ in range(5)]
    assert len(set(issued)) == 5


def test_issue_returns_keys_that_are_random_at_every_position(cloud: Cloud) -> None:
    function = cloud.function("access_keys")
    command = {"action": "issue", "account": "acme", "user": "alice", "role": "reader"}
    issued = [function(command)["access_key"].removeprefix("aik_") for _ in range(20)]
    assert all(len(set(characters)) > 1 for characters in zip(*issued, strict=True))


def test_issue_without_memberships_and_expiry_succeeds(cloud: Cloud) -> None:
    issued = issue(cloud, memberships=[], role="admin")
    assert issued["memberships"] == []
    assert issued["expires_at"] is None
    assert all("expires_at" not in item for item in cloud.items())


def test_issue_with_expiry_sets_a_ttl_on_the_hash_and_not_on_the_listing(cloud: Cloud) -> None:
    issue(cloud, expires_at="2027-01-01T00:00:00Z")
    by_partition = {item["pk"]["S"].partition("#")[0]: item for item in cloud.items()}
    assert by_partition["ACCESSKEY"]["expires_at"] == {"N": "1798761600"}
    assert "expires_at" not in by_partition["ACCESSKEYS"]


def test_list_returns_the_keys_of_one_account_without_key_or_hash(cloud: Cloud) -> None:
    first, second = issue(cloud), issue(cloud, user="bob")
    issue(cloud, account="other")
    listed = list_keys(cloud)
    assert {each["id"] for each in listed} == {first["id"], second["id"]}
    assert {"access_key", "hash"} & set().union(*listed) == set()
    assert list_keys(cloud, "account-without-keys") == []


def test_revoke_removes_the_hash_and_records_the_time(cloud: Cloud) -> None:
    valid, revoked = issue(cloud), issue(cloud)
    response = revoke(cloud, revoked["id"])
    assert response["revoked_at"] is not None
    assert {each["id"]: each["revoked_at"] for each in list_keys(cloud)} == {
        valid["id"]: None,
        revoked["id"]: response["revoked_at"],
    }
    assert len(cloud.items("ACCESSKEY")) == 3  # one hash, two entries of the listing


def test_revoke_of_a_revoked_key_keeps_the_first_time(cloud: Cloud) -> None:
    key_id = issue(cloud)["id"]
    first = revoke(cloud, key_id)
    assert revoke(cloud, key_id) == first
    assert list_keys(cloud) == [first]


@pytest.mark.parametrize(
    ("account", "key_id"),
    [pytest.param("other", None, id="key of another account"), pytest.param("acme", ULID, id="unknown key")],
)
def test_revoke_of_a_key_that_the_account_does_not_have_returns_404(
    cloud: Cloud, account: str, key_id: str | None
) -> None:
    issued = issue(cloud)
    problem = revoke(cloud, key_id or issued["id"], account)["problem"]
    assert (problem["status"], problem["instance"]) == (404, "lambda-request-id")
    assert list_keys(cloud)[0]["revoked_at"] is None


@pytest.mark.parametrize(
    ("event", "status"),
    [
        pytest.param({}, 400, id="empty"),
        pytest.param({"action": "destroy", "account": "acme"}, 400, id="unknown action"),
        pytest.param({"action": "issue", "account": "acme", "user": "alice"}, 400, id="role missing"),
        pytest.param({"action": "issue", "account": "acme", "user": "alice", "role": "owner"}, 400, id="unknown role"),
        pytest.param(
            {"action": "issue", "account": "a/b", "user": "alice", "role": "admin"}, 422, id="invalid account"
        ),
        pytest.param({"action": "revoke", "account": "acme", "id": "x"}, 422, id="malformed id"),
    ],
)
def test_invalid_command_returns_a_problem_document_without_a_call_to_aws(
    cloud: Cloud, event: dict[str, Any], status: int
) -> None:
    problem = cloud.function("access_keys")(event)["problem"]
    assert problem["status"] == status
    assert len(problem["errors"]) == 1
    assert cloud.calls == []


@pytest.mark.parametrize("action", ["issue", "revoke"])
def test_issue_and_revoke_log_the_key_id_and_never_the_key(cloud: Cloud, action: str) -> None:
    issued = issue(cloud)
    revoke(cloud, issued["id"])
    line = next(line for line in cloud.log() if line["message"].endswith(f"{action}d"))
    assert (line["key_id"], line["account"]) == (issued["id"], "acme")
    assert "aik_" not in cloud.written.getvalue()


def test_issue_when_aws_fails_raises_an_error_without_its_message(cloud: Cloud) -> None:
    cloud.fail("dynamodb:TransactWriteItems", ("InternalServerError", 500))
    with pytest.raises(LoggedError, match=r"^$"):
        issue(cloud)
    assert cloud.items() == []


def long_memberships(length: int) -> list[dict[str, Any]]:
    return [{"organization_id": "o" * length, "space_id": "s" * length, "admin": False}] * 50


def test_issue_with_memberships_beyond_the_limit_of_api_gateway_is_rejected(cloud: Cloud) -> None:
    problem = issue(cloud, memberships=long_memberships(256))["problem"]
    assert (problem["status"], [each["pointer"] for each in problem["errors"]]) == (422, ["/memberships"])
    assert cloud.items() == []


@pytest.mark.parametrize("length", range(1, 60))
def test_issued_key_always_gets_a_response_of_the_authorizer_below_8_kb(cloud: Cloud, length: int) -> None:
    response = issue(cloud, memberships=long_memberships(length), user="u" * 256)
    if "problem" in response:
        assert length > 20
        return
    arn = "arn:aws-us-gov:execute-api:us-gov-west-1:123456789012:a1b2c3d4e5/live/GET/v2/ai-integrations"
    event = {"authorizationToken": f"Bearer {response['access_key']}", "methodArn": arn}
    assert len(json.dumps(cloud.function("authorizer")(event)).encode()) <= 8_000


def test_fifty_memberships_with_ids_of_usual_length_are_accepted(cloud: Cloud) -> None:
    assert "access_key" in issue(cloud, memberships=long_memberships(24))


def test_memberships_are_measured_as_the_authorizer_sends_them(cloud: Cloud) -> None:
    escaped = [{"space_id": "\U0001f600" * 20}] * 50  # 80 bytes each, but 240 as JSON in ASCII
    assert issue(cloud, memberships=escaped)["problem"]["status"] == 422


def test_issue_with_an_expiry_in_the_past_is_rejected(cloud: Cloud) -> None:
    problem = issue(cloud, expires_at="2020-01-01T00:00:00Z")["problem"]
    assert (problem["status"], [each["pointer"] for each in problem["errors"]]) == (422, ["/expires_at"])


@pytest.mark.parametrize("expiry", ["0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00"])
def test_issue_with_an_expiry_that_utc_cannot_express_is_rejected(cloud: Cloud, expiry: str) -> None:
    problem = issue(cloud, expires_at=expiry)["problem"]
    assert (problem["status"], [each["pointer"] for each in problem["errors"]]) == (422, ["/expires_at"])
    assert cloud.items() == []
    assert cloud.items() == []
