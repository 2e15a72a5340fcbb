"""`GET /v2/audit-logs`."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from urllib.parse import quote

import pytest

from ai_integrations.adapters.dynamodb.audit_log import DynamoDbAuditLog
from ai_integrations.contracts import ids
from ai_integrations.domain.audit_log import AuditEntry, Operation
from ai_integrations.domain.consumers import Revocation
from ai_integrations.domain.model import Caller, Membership, Role
from ai_integrations.domain.refusals import Refusal
from ai_integrations.domain.uses import UsedBy
from ai_integrations.http import cursors
from ai_integrations.use_cases import audit_log
from ai_integrations.use_cases.audit_entries import entry_of_change, entry_of_consumer_change, entry_of_refusal
from ai_integrations.use_cases.changes import Change
from ai_integrations.use_cases.consumer_changes import ConsumerChange
from tests.builders import ULID, a_caller, a_consumer, an_integration, gateway_event
from tests.cloud import Cloud, Response

COLLECTION = "/v2/audit-logs"
NOW = datetime.now(UTC).replace(microsecond=0)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
OTHER_ULID = "01KDZ3ZQ80000000000000000B"
FIRST = an_integration(updated_at=NOW - HOUR)
CONSUMER = a_consumer()


def entry(**changes: Any) -> AuditEntry:
    found = entry_of_change(Change(after=an_integration(**{"updated_at": NOW - HOUR} | changes)))
    assert found is not None
    return found


def revocation(at: datetime) -> AuditEntry:
    found = entry_of_consumer_change(ConsumerChange(revocation=Revocation(CONSUMER, at, "carol")))
    assert found is not None
    return found


REFUSED = entry_of_refusal(Refusal("acme", UsedBy.broker_states("nightly-job"), "not_found", NOW - HOUR, ULID))
ENTRIES = [
    entry(updated_at=NOW - 3 * HOUR),
    entry(updated_at=NOW - 2 * HOUR, version=2, updated_by="bob")._replace(
        operation=Operation.UPDATE_INTEGRATION, changed_fields=("api_key", "name")
    ),
    REFUSED,
    revocation(NOW - HOUR / 2),
    entry(id=OTHER_ULID, updated_at=NOW - HOUR / 4),
]


def record(cloud: Cloud, *entries: AuditEntry) -> None:
    for each in entries:
        DynamoDbAuditLog(cloud.dynamodb, cloud.table, timedelta(days=90)).record(each)


def read(cloud: Cloud, *, caller: Caller | None = None, **query: str | list[str]) -> Response:
    """Send the parameters as API Gateway does. A list is a repeated parameter."""
    values = {name: [value] if isinstance(value, str) else value for name, value in query.items()}
    event = gateway_event("", method="GET", path=COLLECTION, caller=caller)
    event["resource"] = COLLECTION
    event["queryStringParameters"] = {name: each[-1] for name, each in values.items()} or None
    event["multiValueQueryStringParameters"] = values or None
    return cloud.http("audit", event)


def names(response: Response) -> list[str]:
    assert response.status == 200
    return [each["operation_name"] for each in response.body["logs"]]


def pages(cloud: Cloud, **query: Any) -> Iterator[list[str]]:
    cursor: dict[str, Any] = {}
    while True:
        response = read(cloud, **query, **cursor)
        assert response.status == 200
        yield [each["id"] for each in response.body["logs"]]
        if not response.body["pagination"]["has_more"]:
            return
        cursor = {"cursor": response.body["pagination"]["next_cursor"]}


def test_entries_are_returned_newest_first_with_exactly_the_published_fields(cloud: Cloud) -> None:
    record(cloud, *ENTRIES)
    response = read(cloud)
    assert names(response) == [each.operation for each in ENTRIES[::-1]]
    update = response.body["logs"][3]
    assert update | {"id": "", "variables": ""} == {
        "id": "",
        "user_id": ids.encode_user("bob"),
        "ip": "",
        "operation_type": "MUTATION",
        "operation_name": "updateAiIntegration",
        "operation_text": None,
        "variables": "",
        "created_at": f"{NOW - 2 * HOUR:%Y-%m-%dT%H:%M:%S}.000Z",
    }
    assert json.loads(update["variables"]) == {
        "resource_type": "ai_integration",
        "resource_id": ids.encode(ULID),
        "version": 2,
        "changed_fields": ["api_key", "name"],
        "outcome": "committed",
    }
    assert response.body["pagination"] == {"has_more": False}


def test_entries_of_consumers_and_refusals_name_what_they_are_about(cloud: Cloud) -> None:
    nameless = entry_of_refusal(Refusal("acme", UsedBy.broker_states("nightly-job"), "no_grant", NOW, None))
    record(cloud, revocation(NOW - 2 * HOUR), REFUSED, nameless)
    logs = read(cloud).body["logs"]
    assert [json.loads(each["variables"]) for each in logs] == [
        {"resource_type": "ai_integration", "outcome": "denied", "reason": "no_grant"},
        {
            "resource_type": "ai_integration",
            "resource_id": ids.encode(ULID),
            "outcome": "denied",
            "reason": "not_found",
        },
        {"resource_type": "consumer", "resource_id": CONSUMER.id, "version": 1, "outcome": "committed"},
    ]
    assert [each["operation_type"] for each in logs] == ["QUERY", "QUERY", "MUTATION"]
    assert logs[0]["user_id"] == ids.encode_user("broker/nightly-job")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"user_id": ids.encode_user("bob")}, [1]),
        ({"user_id": ids.encode_user("BOB")}, []),
        ({"user_id": ids.encode_user("")}, []),
        ({"operation_type": "QUERY"}, [2]),
        ({"operation_type": "MUTATION"}, [4, 3, 1, 0]),
        ({"operation_type": "SUBSCRIPTION"}, []),
        ({"operation_name": "revokeConsumer"}, [3]),
        ({"operation_name": ["revokeConsumer", "updateAiIntegration", "unknown"]}, [3, 1]),
        ({"operation_name": ["REVOKECONSUMER"]}, []),
        ({"operation_name": ["x" * 255] * 20}, []),
        ({"resource_id": ids.encode(ULID)}, [2, 1, 0]),
        ({"resource_id": quote(ids.encode(ULID))}, [2, 1, 0]),
        ({"resource_id": CONSUMER.id}, [3]),
        ({"resource_id": ids.encode(ULID), "operation_type": "MUTATION"}, [1, 0]),
    ],
)
def test_filters_select_entries(cloud: Cloud, query: dict[str, Any], found: list[int]) -> None:
    record(cloud, *ENTRIES)
    assert names(read(cloud, **query)) == [ENTRIES[each].operation for each in found]


@pytest.mark.parametrize("official", [False, True])
@pytest.mark.parametrize("offset", [timedelta(0), timedelta(hours=5, minutes=30)])
def test_both_times_are_included_in_the_formats_of_the_official_clients(
    cloud: Cloud, official: bool, offset: timedelta
) -> None:
    record(cloud, *ENTRIES)
    first, last = ENTRIES[1].at, ENTRIES[2].at
    zone = timezone(offset)
    if official:  # the Python client: an offset without colon
        times = [each.astimezone(zone).strftime("%Y-%m-%dT%H:%M:%S.%f%z") for each in (first, last)]
    elif offset:
        times = [each.astimezone(zone).isoformat() for each in (first, last)]
    else:  # JavaScript's toISOString
        times = [f"{each:%Y-%m-%dT%H:%M:%S}.000Z" for each in (first, last)]
    assert len(names(read(cloud, start_time=times[0], end_time=times[1]))) == 2


def test_time_without_an_offset_is_in_utc(cloud: Cloud) -> None:
    """The Python client sends it so if the caller passes a naive datetime."""
    record(cloud, *ENTRIES)
    naive = ENTRIES[2].at.replace(tzinfo=None).isoformat()
    assert len(names(read(cloud, start_time=naive, end_time=naive))) == 1


def test_default_period_is_the_30_days_before_the_end(cloud: Cloud) -> None:
    old, older = entry(updated_at=NOW - 29 * DAY), entry(updated_at=NOW - 31 * DAY)
    record(cloud, old, older)
    assert len(names(read(cloud))) == 1
    assert len(names(read(cloud, end_time=(NOW - 2 * DAY).isoformat()))) == 2
    assert len(names(read(cloud, start_time=(NOW - 40 * DAY).isoformat()))) == 2


def test_entries_older_than_the_retention_are_not_returned(cloud: Cloud) -> None:
    """DynamoDB deletes them some days late."""
    record(cloud, entry(updated_at=NOW - 89 * DAY), entry(updated_at=NOW - 91 * DAY))
    for start in ((NOW - 200 * DAY).isoformat(), "0001-01-01T00:00:00Z"):
        assert len(names(read(cloud, start_time=start))) == 1
    assert names(read(cloud, end_time=(NOW - 90.5 * DAY).isoformat())) == []
    assert names(read(cloud, end_time="0001-01-01T00:00:00Z")) == []


@pytest.mark.parametrize("limit", ["1", "2", "3"])
def test_pages_return_each_entry_once_also_at_equal_times(cloud: Cloud, limit: str) -> None:
    same_time = [entry(version=version) for version in range(1, 6)]
    record(cloud, *same_time)
    read_pages = list(pages(cloud, limit=limit))
    expected = [each["id"] for each in read(cloud).body["logs"]]
    assert [each for page in read_pages for each in page] == expected
    assert len(expected) == len(set(expected)) == 5
    assert max(map(len, read_pages)) == int(limit)


def test_filtered_pages_read_a_bounded_number_of_entries(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page may be empty although another one follows."""
    monkeypatch.setattr(audit_log, "READ_BUDGET", 2)
    record(cloud, *ENTRIES)
    cloud.calls.clear()
    read_pages = list(pages(cloud, user_id=ids.encode_user("bob")))
    assert [len(page) for page in read_pages] == [0, 1, 0]
    assert cloud.calls == ["dynamodb:Query"] * 3


def test_filtered_page_ends_at_the_limit(cloud: Cloud) -> None:
    record(cloud, *ENTRIES)
    read_pages = list(pages(cloud, operation_type="MUTATION", limit="3"))
    assert [len(page) for page in read_pages] == [3, 1]


@pytest.mark.parametrize(
    "query",
    [
        {"user_id": ids.encode_user("bob")},
        {"start_time": (NOW - DAY).isoformat()},
        {"operation_name": ["createAiIntegration"]},
        {"operation_name": ["createAiIntegration", "updateAiIntegration", "rotateKey"]},
    ],
)
def test_cursor_is_bound_to_the_parameters(cloud: Cloud, query: dict[str, Any]) -> None:
    record(cloud, *ENTRIES)
    issued_for: dict[str, Any] = {"operation_name": ["updateAiIntegration", "createAiIntegration"], "limit": "1"}
    cursor = read(cloud, **issued_for).body["pagination"]["next_cursor"]
    assert read(cloud, **issued_for | query, cursor=cursor).status == 400
    assert names(read(cloud, **issued_for | {"operation_name": issued_for["operation_name"][::-1]}, cursor=cursor)) == [
        "updateAiIntegration"
    ]


def test_cursor_of_another_account_is_rejected(cloud: Cloud) -> None:
    record(cloud, *ENTRIES)
    cursor = read(cloud, limit="1").body["pagination"]["next_cursor"]
    assert read(cloud, caller=a_caller(account="other"), cursor=cursor).status == 400


@pytest.mark.parametrize("position", ["x", "", "2026-01-02T12:00:00.000+00:00#" + "A" * 2000, "USE#" + ULID, "\ud800"])
def test_cursor_with_a_forged_position_is_rejected(cloud: Cloud, position: str) -> None:
    cursor = cursors.encode(position, COLLECTION, "acme", None, None, None, None, None)
    assert read(cloud, cursor=cursor).status == 400


@pytest.mark.parametrize("moment", ["0000-00-00T00:00:00.000", "9999-99-99T99:99:99.999"])
def test_cursor_with_a_forged_time_reads_only_the_period(cloud: Cloud, moment: str) -> None:
    record(cloud, *ENTRIES)
    cursor = cursors.encode(f"{moment}+00:00#A", COLLECTION, "acme", None, None, None, None, None)
    assert len(names(read(cloud, cursor=cursor))) == (0 if moment < "1" else len(ENTRIES))


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ({"start_time": "yesterday"}, "start_time"),
        ({"start_time": ""}, "start_time"),
        ({"end_time": "2026-13-01T00:00:00Z"}, "end_time"),
        ({"end_time": "2026-01-01T00:00:00 0000"}, "end_time"),
        ({"end_time": "0001-01-01T00:00:00+23:59"}, "end_time"),
        ({"end_time": "9999-12-31T23:59:59-23:59"}, "end_time"),
        ({"start_time": "2026-01-02T00:00:00Z", "end_time": "2026-01-01T00:00:00Z"}, "start_time"),
        ({"user_id": "alice"}, "user"),
        ({"user_id": ""}, "user"),
        ({"user_id": "VXNlcjphbGljZQ"}, "user"),
        ({"user_id": ids.encode(ULID)}, "user"),
        ({"user_id": "/////w=="}, "user"),
        ({"operation_type": "mutation"}, "operation_type"),
        ({"operation_type": ""}, "operation_type"),
        ({"operation_name": ""}, "operation_name"),
        ({"operation_name": ["createConsumer", ""]}, "operation_name"),
        ({"operation_name": "x" * 256}, "operation_name"),
        ({"operation_name": ["createConsumer"] * 21}, "operation_name"),
        ({"resource_id": "1"}, "id"),
        ({"resource_id": ""}, "id"),
        ({"resource_id": f"{ULID}A"}, "id"),
        ({"limit": "0"}, "limit"),
        ({"limit": "101"}, "limit"),
        ({"cursor": "bm90IGpzb24="}, "cursor"),
        ({"cursor": ""}, "cursor"),
    ],
)
def test_invalid_parameter_is_named_and_not_repeated(cloud: Cloud, query: dict[str, Any], parameter: str) -> None:
    response = read(cloud, **query)
    assert (response.status, response.pointers) == (400, [""])
    assert parameter in response.body["errors"][0]["detail"]
    assert not any(len(value) > 4 and value in response.text for value in query.values() if isinstance(value, str))
    assert "dynamodb:Query" not in cloud.calls


@pytest.mark.parametrize("role", [Role.MEMBER, Role.READER])
def test_only_admins_read_the_audit_log(cloud: Cloud, role: Role) -> None:
    caller = a_caller(role=role, memberships=(Membership("o", "s", admin=True),))
    response = read(cloud, caller=caller)
    assert response.status == 403
    assert "dynamodb:Query" not in cloud.calls


def test_admin_of_another_account_reads_nothing_of_this_one(cloud: Cloud) -> None:
    record(cloud, *ENTRIES)
    for account in ("other", "acm", "acme2"):
        assert names(read(cloud, caller=a_caller(account=account))) == []


def test_audit_log_that_is_off_is_forbidden(cloud: Cloud) -> None:
    record(cloud, *ENTRIES)
    cloud.variables["AUDIT_LOG_DAYS"] = "0"
    response = read(cloud)
    assert response.status == 403
    assert "off" in response.body["detail"]


def test_route_reads_the_audit_log_once_and_nothing_else(cloud: Cloud) -> None:
    record(cloud, *ENTRIES)
    cloud.calls.clear()
    assert read(cloud, user_id=ids.encode_user("bob")).status == 200
    assert cloud.calls == ["dynamodb:Query"]


def test_throttled_read_is_429(cloud: Cloud) -> None:
    cloud.fail("dynamodb:Query", ("ThrottlingException", 400))
    assert read(cloud).status == 429
