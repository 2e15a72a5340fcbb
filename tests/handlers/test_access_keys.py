"""`functions/access_keys`, invoked by an operator."""

import re
from hashlib import sha256
from typing import Any

import pytest

from ai_integrations.observability import LoggedError
from tests.cloud import Cloud

KEY = re.compile(r"aik_[A-Za-z0-9_-]{43}")
PLACES = [
    {"organization_id": "o", "space_id": "s", "admin": True},
    {"organization_id": None, "space_id": "t", "admin": False},
]


def issue(cloud: Cloud, **changes: Any) -> dict[str, Any]:
    command = {"action": "issue", "account": "acme", "user": "alice", "role": "member", "memberships": PLACES}
    answer: dict[str, Any] = cloud.function("access_keys")(command | changes)
    return answer


def keys(cloud: Cloud, account: str = "acme") -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = cloud.function("access_keys")({"action": "list", "account": account})["access_keys"]
    return listed


def revoke(cloud: Cloud, key_id: str, account: str = "acme") -> dict[str, Any]:
    answer: dict[str, Any] = cloud.function("access_keys")({"action": "revoke", "account": account, "id": key_id})
    return answer


def test_issues_a_key_and_shows_it_once(cloud: Cloud) -> None:
    answer = issue(cloud, expires_at="2099-01-01T00:00:00+01:00")
    assert KEY.fullmatch(answer.pop("access_key"))
    assert answer == {
        "id": answer["id"],
        "account": "acme",
        "user": "alice",
        "role": "member",
        "memberships": PLACES,
        "created_at": answer["created_at"],
        "expires_at": "2098-12-31T23:00:00+00:00",
        "revoked_at": None,
    }
    assert keys(cloud) == [answer]


def test_keeps_only_a_hash_of_a_key(cloud: Cloud) -> None:
    key = issue(cloud)["access_key"]
    partitions = {item["pk"]["S"] for item in cloud.items()}
    assert partitions == {f"ACCESSKEY#{sha256(key.encode()).hexdigest()}", "ACCESSKEYS#acme"}


def test_never_issues_one_key_twice(cloud: Cloud) -> None:
    issued = [issue(cloud)["access_key"] for _ in range(5)]
    assert len(set(issued)) == 5


def test_issues_a_key_that_never_expires_and_belongs_nowhere(cloud: Cloud) -> None:
    answer = issue(cloud, memberships=[], role="admin")
    assert answer["memberships"] == []
    assert answer["expires_at"] is None
    assert all("expires_at" not in item for item in cloud.items())


def test_lets_dynamodb_remove_the_hash_of_an_expired_key_and_keeps_the_listing(cloud: Cloud) -> None:
    issue(cloud, expires_at="2027-01-01T00:00:00Z")
    by_partition = {item["pk"]["S"].partition("#")[0]: item for item in cloud.items()}
    assert by_partition["ACCESSKEY"]["expires_at"] == {"N": "1798761600"}
    assert "expires_at" not in by_partition["ACCESSKEYS"]


def test_lists_the_keys_of_one_account_and_no_key_or_hash(cloud: Cloud) -> None:
    first, second = issue(cloud), issue(cloud, user="bob")
    issue(cloud, account="other")
    listed = keys(cloud)
    assert {each["id"] for each in listed} == {first["id"], second["id"]}
    assert {"access_key", "hash"} & set().union(*listed) == set()
    assert keys(cloud, "nobody") == []


def test_revokes_a_key_and_remembers_when(cloud: Cloud) -> None:
    kept, revoked = issue(cloud), issue(cloud)
    answer = revoke(cloud, revoked["id"])
    assert answer["revoked_at"] is not None
    assert {each["id"]: each["revoked_at"] for each in keys(cloud)} == {
        kept["id"]: None,
        revoked["id"]: answer["revoked_at"],
    }
    assert len(cloud.items("ACCESSKEY")) == 3


def test_keeps_the_first_time_when_a_key_is_revoked_twice(cloud: Cloud) -> None:
    key_id = issue(cloud)["id"]
    first = revoke(cloud, key_id)
    assert revoke(cloud, key_id) == first
    assert keys(cloud) == [first]


@pytest.mark.parametrize("account", ["acme", "other"])
def test_has_no_key_of_another_account_or_of_none(cloud: Cloud, account: str) -> None:
    key_id = issue(cloud, account="mine")["id"]
    problem = revoke(cloud, key_id, account)["problem"]
    assert (problem["status"], problem["instance"]) == (404, "lambda-request-id")
    assert keys(cloud, "mine")[0]["revoked_at"] is None


@pytest.mark.parametrize(
    ("event", "status"),
    [
        ({}, 400),
        ({"action": "destroy", "account": "acme"}, 400),
        ({"action": "issue", "account": "acme", "user": "alice"}, 400),
        ({"action": "issue", "account": "acme", "user": "alice", "role": "owner"}, 400),
        ({"action": "issue", "account": "a/b", "user": "alice", "role": "admin"}, 422),
        ({"action": "revoke", "account": "acme", "id": "x"}, 422),
    ],
)
def test_refuses_a_command_with_a_problem_document(cloud: Cloud, event: dict[str, Any], status: int) -> None:
    problem = cloud.function("access_keys")(event)["problem"]
    assert problem["status"] == status
    assert len(problem["errors"]) == 1
    assert cloud.calls == []


@pytest.mark.parametrize("action", ["issue", "revoke"])
def test_logs_the_id_of_a_key_and_never_the_key(cloud: Cloud, action: str) -> None:
    issued = issue(cloud)
    revoke(cloud, issued["id"])
    line = next(line for line in cloud.log() if line["message"].endswith(f"{action}d"))
    assert (line["key_id"], line["account"]) == (issued["id"], "acme")
    assert "aik_" not in cloud.written.getvalue()


def test_tells_the_operator_of_a_failure_of_aws_without_its_text(cloud: Cloud) -> None:
    cloud.fail("dynamodb:TransactWriteItems", ("InternalServerError", 500))
    with pytest.raises(LoggedError):
        issue(cloud)
    assert cloud.items() == []
