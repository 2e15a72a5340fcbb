"""`/v2/consumers` and `/v2/ai-integrations/{integration_id}/consumers`."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from ai_integrations.adapters.dynamodb.consumers import principal_key
from ai_integrations.bootstrap.botocore_session import session
from ai_integrations.contracts import ids
from ai_integrations.domain.model import Caller, Membership, Role
from ai_integrations.domain.principals import principal_of
from ai_integrations.http import cursors
from tests.builders import ULID, a_caller, create_body, gateway_event
from tests.cloud import Cloud, Response

COLLECTION = "/v2/consumers"
ROLE = "arn:aws:iam::999999999999:role/service/billing"
UNKNOWN = "01KDZ3ZQ80000000000000000Z"
OTHER_ADMIN = a_caller(account="other")
FUTURE, PAST = "2999-01-02T03:04:05+02:00", "2020-01-01T00:00:00Z"


def call(
    cloud: Cloud,
    method: str,
    path: str = COLLECTION,
    body: object = "",
    *,
    query: dict[str, str] | None = None,
    **parts: Any,
) -> Response:
    event = gateway_event(body, method=method, path=path, **parts)
    event["queryStringParameters"] = query
    event["multiValueQueryStringParameters"] = query and {name: [value] for name, value in query.items()}
    return cloud.http("consumers", event)


def grant(cloud: Cloud, caller: Caller | None = None, **changes: Any) -> Response:
    """Create a consumer of the whole account, or with another grant. `...` removes a field."""
    body = {"principal_arn": ROLE, "all_integrations": True} | changes
    return call(cloud, "POST", body={name: each for name, each in body.items() if each is not ...}, caller=caller)


def one(consumer: Response) -> str:
    return f"{COLLECTION}/{consumer.body['id']}"


def add_integration(cloud: Cloud, caller: Caller | None = None, **changes: Any) -> str:
    created = cloud.api(gateway_event(create_body(**changes), caller=caller))
    assert created.status == 201
    integration_id: str = created.body["id"]
    return integration_id


# ---------------------------------------------------------------------- create


def test_create_returns_the_consumer_its_address_and_its_etag(cloud: Cloud) -> None:
    response = grant(cloud, name="Billing", expires_at=FUTURE)
    assert response.status == 201
    created = response.body
    assert response.headers["location"] == f"/live{COLLECTION}/{created['id']}"
    assert response.headers["etag"] == f'"{created["id"]}.1"'
    assert response.headers["cache-control"] == "no-store"
    assert created == {
        "id": created["id"],
        "principal_arn": ROLE,
        "name": "Billing",
        "all_integrations": True,
        "expires_at": "2999-01-02T01:04:05.000Z",
        "created_at": created["created_at"],
        "updated_at": created["created_at"],
        "created_by_user_id": ids.encode_user("alice"),
    }
    assert call(cloud, "GET", one(response)).body == created


def test_create_with_integrations_lists_them_by_their_ids(cloud: Cloud) -> None:
    integrations = sorted(add_integration(cloud, name=name) for name in ("a", "b"))
    created = grant(cloud, all_integrations=..., integration_ids=integrations[::-1])
    assert created.body["integration_ids"] == integrations
    assert not {"memberships", "all_integrations"} & created.body.keys()


@pytest.mark.parametrize("memberships", [[], [{"space_id": "s"}, {"organization_id": "o", "space_id": "s"}]])
def test_create_with_memberships_returns_them(cloud: Cloud, memberships: list[dict[str, str]]) -> None:
    created = grant(cloud, all_integrations=..., memberships=memberships)
    assert (created.status, created.body["memberships"]) == (201, memberships)
    assert not {"integration_ids", "all_integrations"} & created.body.keys()


@pytest.mark.parametrize(
    ("changes", "status", "pointer"),
    [
        ({"principal_arn": ...}, 400, "/principal_arn"),
        ({"principal_arn": None}, 400, "/principal_arn"),
        ({"principal_arn": "billing"}, 422, "/principal_arn"),
        ({"principal_arn": "arn:aws:iam::999999999999:root"}, 422, "/principal_arn"),
        ({"principal_arn": "arn:aws:sts::999999999999:assumed-role/billing/x"}, 422, "/principal_arn"),
        ({"principal_arn": "arn:aws-cn:iam::999999999999:role/billing"}, 422, "/principal_arn"),
        ({"principal_arn": f"arn:aws:iam::999999999999:role/{'x' * 2048}"}, 422, "/principal_arn"),
        ({"all_integrations": ...}, 422, ""),
        ({"all_integrations": False}, 400, "/all_integrations"),
        ({"all_integrations": None}, 400, "/all_integrations"),
        ({"memberships": []}, 422, ""),
        ({"memberships": None}, 400, "/memberships"),
        ({"all_integrations": ..., "memberships": [{}]}, 422, "/memberships/0"),
        ({"all_integrations": ..., "memberships": [{"space_id": "s", "admin": True}]}, 400, "/memberships/0/admin"),
        ({"all_integrations": ..., "memberships": [{"space_id": "s"}] * 51}, 422, "/memberships"),
        ({"all_integrations": ..., "integration_ids": []}, 422, "/integration_ids"),
        ({"all_integrations": ..., "integration_ids": [ULID]}, 400, "/integration_ids/0"),
        ({"expires_at": PAST}, 422, "/expires_at"),
        ({"expires_at": "2999-01-02T03:04:05"}, 422, "/expires_at"),
        ({"expires_at": "0001-01-01T00:00:00+10:00"}, 422, "/expires_at"),
        ({"name": ""}, 422, "/name"),
        ({"name": "x" * 300}, 422, "/name"),
        ({"account": "other"}, 400, "/account"),
        ({"unknown": 1}, 400, "/unknown"),
    ],
)
def test_create_with_an_invalid_body_names_the_field_and_stores_nothing(
    cloud: Cloud, changes: dict[str, Any], status: int, pointer: str
) -> None:
    response = grant(cloud, **changes)
    assert (response.status, response.pointers) == (status, [pointer])
    assert cloud.items() == []


@pytest.mark.parametrize("arn", ["arn:aws:iam::999999999999:root", "arn:aws:sts::999999999999:assumed-role/billing/x"])
def test_create_for_another_principal_names_the_accepted_ones(cloud: Cloud, arn: str) -> None:
    [error] = grant(cloud, principal_arn=arn).body["errors"]
    assert "ARN of an IAM role or user" in error["detail"]


def test_create_with_one_integration_twice_is_rejected(cloud: Cloud) -> None:
    integration_id = add_integration(cloud)
    response = grant(cloud, all_integrations=..., integration_ids=[integration_id] * 2)
    assert (response.status, response.pointers) == (422, ["/integration_ids"])


@pytest.mark.parametrize("owner", [None, OTHER_ADMIN])
def test_create_with_an_integration_that_is_missing_or_of_another_account_gets_the_same_422(
    cloud: Cloud, owner: Caller | None
) -> None:
    integration_id = add_integration(cloud, caller=owner)
    if owner is None:
        cloud.api(gateway_event("", method="DELETE", path=f"/v2/ai-integrations/{integration_id}"))
    response = grant(cloud, all_integrations=..., integration_ids=[integration_id])
    assert (response.status, response.pointers) == (422, ["/integration_ids"])
    assert cloud.items("CONSUMER#") == []


@pytest.mark.parametrize("arn", [ROLE, "arn:aws:iam::999999999999:role/BILLING"])
def test_create_for_a_principal_that_has_a_grant_conflicts(cloud: Cloud, arn: str) -> None:
    assert grant(cloud).status == 201
    response = grant(cloud, principal_arn=arn)
    assert response.status == 409
    assert "PATCH" in response.body["detail"]
    assert grant(cloud, caller=OTHER_ADMIN, principal_arn=arn).status == 201


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        ("{", {}, 400),
        ("[]", {}, 400),
        ("{}", {"Content-Type": "text/plain"}, 415),
    ],
)
def test_create_without_a_json_object_is_rejected(
    cloud: Cloud, body: str, headers: dict[str, str | None], status: int
) -> None:
    assert call(cloud, "POST", body=body, headers=headers).status == status


# ---------------------------------------------------------------------- get and list


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
@pytest.mark.parametrize(("consumer_id", "status"), [(UNKNOWN, 404), ("x", 400), (UNKNOWN.lower(), 400), ("%00", 400)])
def test_request_for_an_unknown_or_malformed_id_is_rejected(
    cloud: Cloud, method: str, consumer_id: str, status: int
) -> None:
    body = {"name": "x"} if method == "PATCH" else ""
    assert call(cloud, method, f"{COLLECTION}/{consumer_id}", body).status == status


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_consumer_of_another_account_gets_the_same_404_as_a_missing_one(cloud: Cloud, method: str) -> None:
    body = {"name": "x"} if method == "PATCH" else ""
    consumer = grant(cloud)
    foreign = call(cloud, method, one(consumer), body, caller=OTHER_ADMIN)
    missing = call(cloud, method, f"{COLLECTION}/{UNKNOWN}", body, caller=OTHER_ADMIN)
    assert (foreign.status, foreign.body) == (404, missing.body)
    assert call(cloud, "GET", one(consumer)).headers["etag"] == consumer.headers["etag"]


def test_list_in_pages_returns_each_consumer_of_the_account_once(cloud: Cloud) -> None:
    created = [grant(cloud, principal_arn=f"{ROLE}{number}").body for number in range(5)]
    grant(cloud, caller=OTHER_ADMIN)
    listed, query = [], {"limit": "2"}
    for _ in range(3):
        page = call(cloud, "GET", query=query).body
        listed += page["consumers"]
        query["cursor"] = page["pagination"].get("next_cursor", "")
    assert page["pagination"] == {"has_more": False}
    assert listed == sorted(created, key=lambda each: str(each["id"]), reverse=True)


@pytest.mark.parametrize("query", [{"limit": "0"}, {"limit": "101"}, {"cursor": "x"}])
def test_list_with_an_invalid_parameter_is_rejected_without_a_read(cloud: Cloud, query: dict[str, str]) -> None:
    assert call(cloud, "GET", query=query).status == 400
    assert cloud.calls == []


@pytest.mark.parametrize("last_read", ["~", "REVOKED#", ""])
def test_list_with_a_forged_cursor_is_rejected_without_a_read(cloud: Cloud, last_read: str) -> None:
    cursor = cursors.encode(last_read, COLLECTION, "acme")
    assert call(cloud, "GET", query={"cursor": cursor}).status == 400
    assert cloud.calls == []


def test_cursor_is_valid_only_for_its_list_and_account(cloud: Cloud) -> None:
    integration_id = add_integration(cloud)
    for number in range(2):
        grant(cloud, principal_arn=f"{ROLE}{number}")
    of_integration = f"/v2/ai-integrations/{integration_id}/consumers"
    cursors_by_path = {
        path: call(cloud, "GET", path, query={"limit": "1"}).body["pagination"]["next_cursor"]
        for path in (COLLECTION, of_integration)
    }
    for path, other in ((COLLECTION, of_integration), (of_integration, COLLECTION)):
        assert call(cloud, "GET", path, query={"cursor": cursors_by_path[path]}).status == 200
        assert call(cloud, "GET", path, query={"cursor": cursors_by_path[other]}).status == 400
    assert call(cloud, "GET", query={"cursor": cursors_by_path[COLLECTION]}, caller=OTHER_ADMIN).status == 400


# ---------------------------------------------------------------------- update and revoke


def test_patch_changes_only_what_it_contains(cloud: Cloud) -> None:
    consumer = grant(cloud, name="Billing", expires_at=FUTURE)
    renamed = call(cloud, "PATCH", one(consumer), {"name": "Renamed"})
    assert renamed.status == 200
    assert renamed.headers["etag"] == f'"{consumer.body["id"]}.2"'
    assert renamed.body == consumer.body | {"name": "Renamed", "updated_at": renamed.body["updated_at"]}
    cleared = call(cloud, "PATCH", one(consumer), {"name": None, "expires_at": None}).body
    assert not {"name", "expires_at"} & cleared.keys()
    assert cleared["all_integrations"] is True


@pytest.mark.parametrize("field", ["integration_ids", "memberships"])
def test_patch_without_a_grant_keeps_the_grant(cloud: Cloud, field: str) -> None:
    values: dict[str, Any] = {"integration_ids": [add_integration(cloud)], "memberships": [{"space_id": "s"}]}
    consumer = grant(cloud, all_integrations=..., **{field: values[field]})
    renamed = call(cloud, "PATCH", one(consumer), {"name": "Renamed"}).body
    assert (renamed["name"], renamed[field]) == ("Renamed", values[field])
    assert "all_integrations" not in renamed


def test_patch_replaces_the_whole_grant(cloud: Cloud) -> None:
    integration_id = add_integration(cloud)
    consumer = grant(cloud)
    for field, value in (
        ("integration_ids", [integration_id]),
        ("memberships", [{"space_id": "s"}]),
        ("all_integrations", True),
    ):
        changed = call(cloud, "PATCH", one(consumer), {field: value}).body
        assert {
            name: changed[name] for name in ("integration_ids", "memberships", "all_integrations") if name in changed
        } == {field: value}


def test_patch_without_a_difference_keeps_the_version(cloud: Cloud) -> None:
    consumer = grant(cloud, name="Billing")
    response = call(cloud, "PATCH", one(consumer), {"name": "Billing", "all_integrations": True})
    assert (response.status, response.body) == (200, consumer.body)
    assert response.headers["etag"] == consumer.headers["etag"]


@pytest.mark.parametrize(
    ("body", "status", "pointer"),
    [
        ({}, 400, ""),
        ({"principal_arn": ROLE}, 400, "/principal_arn"),
        ({"all_integrations": None}, 400, "/all_integrations"),
        ({"integration_ids": None}, 400, "/integration_ids"),
        ({"all_integrations": True, "memberships": []}, 422, ""),
        ({"expires_at": PAST}, 422, "/expires_at"),
    ],
)
def test_patch_with_an_invalid_body_names_the_field_and_changes_nothing(
    cloud: Cloud, body: dict[str, Any], status: int, pointer: str
) -> None:
    consumer = grant(cloud)
    response = call(cloud, "PATCH", one(consumer), body)
    assert (response.status, response.pointers) == (status, [pointer])
    assert call(cloud, "GET", one(consumer)).body == consumer.body


def test_patch_with_an_integration_of_another_account_is_rejected(cloud: Cloud) -> None:
    consumer = grant(cloud)
    response = call(cloud, "PATCH", one(consumer), {"integration_ids": [add_integration(cloud, caller=OTHER_ADMIN)]})
    assert (response.status, response.pointers) == (422, ["/integration_ids"])


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
@pytest.mark.parametrize(
    ("tag", "is_met"), [("{}", True), ("*", True), ('"x", {}', True), ("W/{}", False), ('"x"', False)]
)
def test_write_is_made_only_if_its_condition_is_met(cloud: Cloud, method: str, tag: str, is_met: bool) -> None:
    consumer = grant(cloud)
    headers: dict[str, str | None] = {"If-Match": tag.replace("{}", consumer.headers["etag"])}
    body = {"name": "x"} if method == "PATCH" else ""
    expected = {"PATCH": 200, "DELETE": 204}[method] if is_met else 412
    assert call(cloud, method, one(consumer), body, headers=headers).status == expected
    changed = call(cloud, "GET", one(consumer))
    assert (changed.headers.get("etag") == consumer.headers["etag"]) is not is_met


def test_delete_revokes_the_grant_at_once_and_for_good(cloud: Cloud) -> None:
    consumer = grant(cloud)
    revoked = call(cloud, "DELETE", one(consumer))
    assert (revoked.status, revoked.text) == (204, "")
    assert [call(cloud, method, one(consumer)).status for method in ("GET", "DELETE")] == [404, 404]
    assert call(cloud, "GET").body["consumers"] == []
    assert lookup(cloud, ROLE) is None
    again = grant(cloud)
    assert (again.status, again.body["id"] == consumer.body["id"]) == (201, False)


def lookup(cloud: Cloud, arn: str, account: str = "acme") -> dict[str, Any] | None:
    """Read the item by which consumers are recognized."""
    principal = principal_of(arn)
    assert principal is not None
    key = {name: {"S": value} for name, value in principal_key(principal, account).items()}
    return cloud.dynamodb.get_item(TableName=cloud.table, Key=key).get("Item")


def test_item_by_which_a_consumer_is_recognized_follows_every_write(cloud: Cloud) -> None:
    consumer = grant(cloud)
    call(cloud, "PATCH", one(consumer), {"memberships": [{"space_id": "s"}], "expires_at": FUTURE})
    item = lookup(cloud, "arn:aws:iam::999999999999:role/billing")
    assert item is not None
    assert (item["version"], item["valid_until"]) == ({"N": "2"}, {"S": "2999-01-02T01:04:05.000+00:00"})
    assert "expires_at" not in item, "DynamoDB would delete the grant without an event"
    assert lookup(cloud, ROLE, "other") is None


def test_patch_after_a_concurrent_patch_keeps_both(cloud: Cloud) -> None:
    consumer = grant(cloud)
    with concurrent(lambda: call(cloud, "PATCH", one(consumer), {"name": "First"})):
        response = call(cloud, "PATCH", one(consumer), {"expires_at": FUTURE})
    assert (response.status, response.headers["etag"]) == (200, f'"{consumer.body["id"]}.3"')
    assert (response.body["name"], response.body["expires_at"]) == ("First", "2999-01-02T01:04:05.000Z")


def test_conditional_patch_after_a_concurrent_patch_returns_412(cloud: Cloud) -> None:
    consumer = grant(cloud)
    headers: dict[str, str | None] = {"If-Match": consumer.headers["etag"]}
    with concurrent(lambda: call(cloud, "PATCH", one(consumer), {"name": "First"})):
        response = call(cloud, "PATCH", one(consumer), {"name": "Second"}, headers=headers)
    assert response.status == 412
    assert response.body["detail"].startswith("The consumer has changed")
    assert call(cloud, "GET", one(consumer)).body["name"] == "First"


@contextmanager
def concurrent(write: Callable[[], Response]) -> Iterator[None]:
    """Let another request commit between the read and the write of the next one."""
    events, pending = session().get_component("event_emitter"), [write]

    def commit(**_: Any) -> None:
        if pending:
            assert pending.pop()().status == 200

    events.register("before-call.dynamodb.TransactWriteItems", commit)
    yield
    events.unregister("before-call.dynamodb.TransactWriteItems", commit)
    assert pending == []


# ---------------------------------------------------------------------- consumers of an integration


def test_consumers_of_an_integration_are_listed_with_what_grants_access(cloud: Cloud) -> None:
    integration_id = add_integration(cloud, scopings=[{"organization_id": "o", "space_id": "s"}])
    other = add_integration(cloud, name="other")
    grants: dict[str, dict[str, Any]] = {
        "integration_ids": {"integration_ids": [integration_id, other]},
        "memberships": {"memberships": [{"organization_id": "o", "space_id": "s"}]},
        "all_integrations": {"all_integrations": True},
        "other space": {"memberships": [{"space_id": "x"}]},
        "other integration": {"integration_ids": [other]},
    }
    created = {
        name: grant(cloud, **{"principal_arn": f"{ROLE}{number}", "all_integrations": ..., **each}).body
        for number, (name, each) in enumerate(grants.items())
    }
    response = call(cloud, "GET", f"/v2/ai-integrations/{integration_id}/consumers")
    found = {each["granted_by"]: each["consumer"] for each in response.body["consumers"]}
    assert found == {name: each for name, each in created.items() if not name.startswith("other")}
    assert response.body["pagination"] == {"has_more": False}


@pytest.mark.parametrize("caller", [None, OTHER_ADMIN])
def test_consumers_of_an_integration_that_is_missing_or_of_another_account_are_404(
    cloud: Cloud, caller: Caller | None
) -> None:
    integration_id = add_integration(cloud)
    if caller is None:
        cloud.api(gateway_event("", method="DELETE", path=f"/v2/ai-integrations/{integration_id}"))
    path = f"/v2/ai-integrations/{integration_id}/consumers"
    assert call(cloud, "GET", path, caller=caller).status == 404
    assert call(cloud, "GET", "/v2/ai-integrations/x/consumers").status == 400


# ---------------------------------------------------------------------- callers, methods, failures

REQUESTS = [
    ("POST", COLLECTION, {"principal_arn": ROLE, "all_integrations": True}),
    ("GET", COLLECTION, ""),
    ("GET", f"{COLLECTION}/{UNKNOWN}", ""),
    ("PATCH", f"{COLLECTION}/{UNKNOWN}", {"name": "x"}),
    ("DELETE", f"{COLLECTION}/{UNKNOWN}", ""),
]


@pytest.mark.parametrize("role", [Role.READER, Role.MEMBER])
@pytest.mark.parametrize(("method", "path", "body"), REQUESTS)
def test_request_of_another_role_is_403_and_reads_nothing(
    cloud: Cloud, method: str, path: str, body: object, role: Role
) -> None:
    caller = a_caller(role=role, memberships=(Membership(space_id="s", admin=True),))
    assert call(cloud, method, path, body, caller=caller).status == 403
    assert cloud.calls == []


def test_other_method_is_405_with_those_that_exist(cloud: Cloud) -> None:
    allowed = {
        COLLECTION: "GET, POST",
        f"{COLLECTION}/{{consumer_id}}": "DELETE, GET, PATCH",
        "/v2/ai-integrations/{integration_id}/consumers": "GET",
    }
    for path, methods in allowed.items():
        response = cloud.http("consumers", gateway_event(method="PUT", path=path) | {"resource": path})
        assert (response.status, response.headers["allow"]) == (405, methods)


def test_lost_response_of_a_write_is_a_500_and_the_grant_exists(cloud: Cloud) -> None:
    cloud.lose_response("dynamodb:TransactWriteItems", TimeoutError())
    assert grant(cloud).status == 500
    cloud.recover()
    assert len(call(cloud, "GET").body["consumers"]) == 1


def test_log_names_the_consumer_and_its_principal(cloud: Cloud) -> None:
    consumer = grant(cloud)
    call(cloud, "PATCH", one(consumer), {"name": "x"})
    call(cloud, "DELETE", one(consumer))
    lines = {line["message"]: line for line in cloud.log()}
    assert lines["consumer granted"]["principal"] == "arn:aws:iam::999999999999:role/billing"
    assert lines["consumer changed"]["fields"] == ["name"]
    changed = {lines[f"consumer {verb}"]["consumer_id"] for verb in ("granted", "changed", "revoked")}
    assert changed == {consumer.body["id"]}
    assert {line["account"] for line in lines.values()} == {"acme"}
