"""`GET /v2/keys` and `GET /v2/ai-integrations/{integration_id}/key`."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from ai_integrations.adapters.dynamodb.uses import DynamoDbUses
from ai_integrations.contracts import ids
from ai_integrations.domain.model import Caller, Membership, Role
from ai_integrations.domain.uses import UsedBy
from ai_integrations.http import cursors
from tests.builders import API_KEY, ULID, a_caller, create_body, gateway_event
from tests.cloud import Cloud, Response

KEYS = "/v2/keys"
NOW = datetime.now(UTC)
LATER_KEY = f"{API_KEY}-2"
MEMBER = a_caller(role=Role.MEMBER, memberships=(Membership(space_id="s"),))
READER = a_caller(role=Role.READER)


def get(
    cloud: Cloud,
    path: str = KEYS,
    caller: Caller | None = None,
    headers: dict[str, str | None] | None = None,
    query: dict[str, str] | None = None,
) -> Response:
    event = gateway_event("", method="GET", path=path, caller=caller, headers=headers)
    event["queryStringParameters"] = query
    event["multiValueQueryStringParameters"] = query and {name: [value] for name, value in query.items()}
    return cloud.http("audit", event)


def find(cloud: Cloud, **query: str) -> Response:
    return get(cloud, query=query)


def one(integration_id: str) -> str:
    return f"/v2/ai-integrations/{integration_id}"


def key_of(integration_id: str) -> str:
    return f"{one(integration_id)}/key"


def create(cloud: Cloud, **changes: Any) -> str:
    created = cloud.api(gateway_event(create_body(**changes)))
    assert created.status == 201
    integration_id: str = created.body["id"]
    return integration_id


def use(cloud: Cloud, integration_id: str, consumer: str = "job", *, at: datetime = NOW) -> None:
    ledger = DynamoDbUses(cloud.dynamodb, cloud.table)
    ledger.record("acme", ids.decode(integration_id), UsedBy.broker_states(consumer), at)


def backdate(cloud: Cloud, integration_id: str, age: timedelta) -> None:
    """Change the time of creation, from which the age of a key counts that has never changed."""
    [item] = cloud.items(f"INTEGRATION#{ids.decode(integration_id)}")
    item["created_at"] = {"S": (NOW - age).isoformat(timespec="milliseconds")}
    cloud.dynamodb.put_item(TableName=cloud.table, Item=item)


def names(response: Response) -> list[str]:
    assert response.status == 200
    return [each["integration_name"] for each in response.body["keys"]]


def test_key_has_its_age_its_user_and_its_use(cloud: Cloud) -> None:
    cloud.variables["MAX_KEY_AGE_DAYS"] = "90"
    integration_id = create(cloud, api_key=API_KEY)
    integration = cloud.api(gateway_event("", method="GET", path=one(integration_id))).body
    use(cloud, integration_id, "one", at=NOW - timedelta(days=40))
    use(cloud, integration_id, "two")
    body = get(cloud, key_of(integration_id)).body
    by_day = body.pop("uses_by_day")
    assert body.pop("last_used_at") == NOW.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    assert body == {
        "integration_id": integration_id,
        "integration_name": "Production OpenAI",
        "provider": "openAI",
        "kind": "stored",
        "changed_at": integration["created_at"],
        "changed_by_user_id": integration["created_by_user_id"],
        "age_days": 0,
        "max_age_days": 90,
        "is_overdue": False,
        "consumer_count": 2,
    }
    assert len(by_day) == 30
    days = [date.fromisoformat(each["date"]) for each in by_day]
    assert days == [days[-1] - timedelta(days=29 - number) for number in range(30)]
    assert NOW.date() <= days[-1] <= datetime.now(UTC).date()  # midnight may pass between
    assert [each for each in by_day if each["consumers"]] == [{"date": NOW.date().isoformat(), "consumers": 1}]


def test_list_has_the_same_facts_without_the_days(cloud: Cloud) -> None:
    integration_id = create(cloud, api_key=API_KEY)
    use(cloud, integration_id)
    details = get(cloud, key_of(integration_id)).body
    del details["uses_by_day"]
    assert get(cloud).body == {"keys": [details], "pagination": {"has_more": False}}


def test_integration_without_a_key_has_neither_age_nor_limit(cloud: Cloud) -> None:
    cloud.variables["MAX_KEY_AGE_DAYS"] = "90"
    body = get(cloud, key_of(create(cloud))).body
    assert body["kind"] == "none"
    assert not {"age_days", "max_age_days", "last_used_at", "previous_key_usable_until"} & body.keys()
    assert (body["is_overdue"], body["consumer_count"]) == (False, 0)


def test_rotation_changes_user_and_previous_key_and_a_rollback_restores_them(cloud: Cloud) -> None:
    integration_id = create(cloud, api_key=API_KEY)
    before = get(cloud, key_of(integration_id)).body
    bob, rotations = a_caller(user="bob"), f"/v2/ai-integrations/{integration_id}/key-rotations"
    body = {"api_key": LATER_KEY, "grace_seconds": 600}
    assert cloud.api(gateway_event(body, path=rotations, caller=bob)).status == 200
    rotated = get(cloud, key_of(integration_id)).body
    assert rotated["changed_by_user_id"] == ids.encode_user("bob") != before["changed_by_user_id"]
    assert rotated["changed_at"] >= before["changed_at"]
    assert rotated["previous_key_usable_until"] > rotated["changed_at"]
    assert cloud.api(gateway_event("", path=f"{rotations}/rollback", caller=bob)).status == 200
    assert get(cloud, key_of(integration_id)).body == before


def test_key_of_an_integration_that_release_0_1_0_wrote_counts_from_its_creation(cloud: Cloud) -> None:
    """Its item has no time of the credentials. No write of this release adds one before they change."""
    integration_id = create(cloud, api_key=API_KEY)
    [item] = cloud.items("INTEGRATION#")
    assert "credentials_set" not in item
    backdate(cloud, integration_id, timedelta(days=400, hours=1))
    renamed = gateway_event({"name": "Renamed"}, method="PATCH", path=one(integration_id))
    assert cloud.api(renamed).status == 200
    assert get(cloud, key_of(integration_id)).body["age_days"] == 400
    assert names(find(cloud, older_than_days="400")) == ["Renamed"]
    assert names(find(cloud, older_than_days="401")) == []


def test_list_in_pages_returns_each_key_once_and_in_order(cloud: Cloud) -> None:
    for name in "abcde":
        create(cloud, name=name)
    in_one_page = names(get(cloud))
    assert sorted(in_one_page) == list("abcde")
    in_pages: list[str] = []
    query = {"limit": "2"}
    for _ in range(3):
        page = find(cloud, **query)
        in_pages += names(page)
        query["cursor"] = page.body["pagination"].get("next_cursor", "")
    assert in_pages == in_one_page
    assert page.body["pagination"] == {"has_more": False}


def test_list_matches_its_filters(cloud: Cloud) -> None:
    create(cloud, name="none")
    create(cloud, name="stored", api_key=API_KEY)
    unused = create(cloud, name="unused", api_key=API_KEY)
    backdate(cloud, unused, timedelta(days=60, hours=9))
    use(cloud, unused, at=NOW - timedelta(days=30, hours=9))
    assert names(find(cloud, unused_for_days="30")) == ["unused"]
    assert names(find(cloud, unused_for_days="31")) == []
    assert sorted(names(find(cloud, older_than_days="0"))) == ["stored", "unused"]
    assert names(find(cloud, older_than_days="60")) == ["unused"]
    assert names(find(cloud, older_than_days="61")) == []


@pytest.mark.parametrize(("sent", "shown"), [("awsBedrock", "awsBedrock"), ("AWS_BEDROCK", "AWS_BEDROCK")])
def test_list_matches_a_provider_in_each_format_and_answers_in_it(cloud: Cloud, sent: str, shown: str) -> None:
    create(cloud, name="OpenAI")
    create(
        cloud,
        name="Bedrock",
        provider="awsBedrock",
        provider_metadata={"role_arn": "arn:aws:iam::123456789012:role/models"},
    )
    found = find(cloud, provider=sent)
    assert names(found) == ["Bedrock"]
    assert found.body["keys"][0]["provider"] == shown
    assert found.body["keys"][0]["kind"] == "role"


def test_newer_client_gets_current_names_of_providers(cloud: Cloud) -> None:
    newer: dict[str, str | None] = {"sdk-language": "python", "sdk-version": "8.61.0"}
    integration_id = create(cloud)
    assert get(cloud, key_of(integration_id), headers=newer).body["provider"] == "OPEN_AI"
    assert get(cloud, headers=newer).body["keys"][0]["provider"] == "OPEN_AI"


@pytest.mark.parametrize(
    "query",
    [{"older_than_days": text} for text in ("", "-1", "1.5", "+1", "01", "3651", "99999999999", "ninety", "\u0663")]
    + [{"unused_for_days": text} for text in ("", "-1", "401", "x")]
    + [{"provider": text} for text in ("", "openai", "unknown")]
    + [{"limit": "0"}, {"limit": "101"}, {"cursor": "x"}],
    ids=str,
)
def test_list_with_an_invalid_parameter_returns_400_without_a_read(cloud: Cloud, query: dict[str, str]) -> None:
    response = find(cloud, **query)
    assert (response.status, response.pointers) == (400, [""])
    assert list(query) == [name for name in query if name in response.body["errors"][0]["detail"]]
    assert cloud.calls == []


@pytest.mark.parametrize("name", ["older_than_days", "unused_for_days", "provider", "limit", "cursor"])
def test_error_does_not_repeat_a_key_that_was_sent_by_mistake(cloud: Cloud, name: str) -> None:
    assert API_KEY not in find(cloud, **{name: API_KEY}).text


@pytest.mark.parametrize("query", [{"older_than_days": "3650"}, {"older_than_days": "0"}, {"unused_for_days": "400"}])
def test_list_accepts_the_limits_of_its_parameters(cloud: Cloud, query: dict[str, str]) -> None:
    assert names(find(cloud, **query)) == []


def test_cursor_is_bound_to_the_parameters_and_the_account(cloud: Cloud) -> None:
    for name in "ab":
        create(cloud, name=name, api_key=API_KEY)
    query = {"provider": "openAI", "older_than_days": "0", "unused_for_days": "0"}
    cursor = find(cloud, limit="1", **query).body["pagination"]["next_cursor"]
    assert len(names(find(cloud, cursor=cursor, **query))) == 1
    assert len(names(find(cloud, cursor=cursor, **query | {"provider": "OPEN_AI"}))) == 1
    changed = [query | {"provider": "gemini"}, query | {"older_than_days": "1"}, query | {"unused_for_days": "1"}]
    for other in [*changed, {}]:
        assert find(cloud, cursor=cursor, **other).status == 400
    assert get(cloud, caller=a_caller(account="other"), query={**query, "cursor": cursor}).status == 400
    of_integrations = cursors.encode(ULID, "/v2/ai-integrations", "acme", None, None, None)
    assert find(cloud, cursor=of_integrations).status == 400


@pytest.mark.parametrize("last_read", ["~", "INTEGRATION#", ""])
def test_list_with_a_forged_cursor_returns_400_without_a_read(cloud: Cloud, last_read: str) -> None:
    assert find(cloud, cursor=cursors.encode(last_read, "/v2/keys", "acme", None, None, None)).status == 400
    assert cloud.calls == []


def test_list_and_key_show_a_space_the_same_integrations_of_its_organization(cloud: Cloud) -> None:
    create(cloud, name="ours", scopings=[{"organization_id": "o", "space_id": "s"}])  # records both
    shown = create(cloud, name="organization", scopings=[{"organization_id": "o"}])
    hidden = create(cloud, name="other organization", scopings=[{"organization_id": "p"}])
    caller = a_caller(role=Role.READER, memberships=(Membership(space_id="s"),))
    assert names(get(cloud, caller=caller)) == ["organization", "ours"]
    assert get(cloud, key_of(shown), caller).status == 200
    assert get(cloud, key_of(hidden), caller).status == 404


def test_reader_and_member_see_the_keys_of_the_integrations_that_they_see(cloud: Cloud) -> None:
    create(cloud, name="wide")
    ours = create(cloud, name="ours", scopings=[{"space_id": "s"}])
    theirs = create(cloud, name="theirs", scopings=[{"space_id": "t"}])
    assert names(get(cloud)) == ["theirs", "ours", "wide"]
    assert names(get(cloud, caller=MEMBER)) == ["ours", "wide"]
    assert names(get(cloud, caller=READER)) == ["wide"]
    assert get(cloud, key_of(ours), MEMBER).status == 200
    assert get(cloud, key_of(ours), READER).status == get(cloud, key_of(theirs), MEMBER).status == 404


def test_other_account_gets_nothing(cloud: Cloud) -> None:
    integration_id = create(cloud, api_key=API_KEY)
    other = a_caller(account="other")
    assert names(get(cloud, caller=other)) == []
    assert get(cloud, key_of(integration_id), other).status == 404


def test_unknown_and_deleted_integration_and_text_that_is_no_id_have_no_key(cloud: Cloud) -> None:
    integration_id = create(cloud, api_key=API_KEY)
    assert cloud.api(gateway_event("", method="DELETE", path=one(integration_id))).status == 204
    use(cloud, integration_id)
    assert get(cloud, key_of(integration_id)).status == 404
    assert get(cloud, key_of(ids.encode(ULID))).status == 404
    assert get(cloud, key_of("x")).status == 400
    assert names(get(cloud)) == []


@pytest.mark.parametrize("path", [KEYS, "/v2/ai-integrations/{integration_id}/key"])
def test_other_methods_return_405(cloud: Cloud, path: str) -> None:
    for method in ("POST", "DELETE"):
        response = cloud.http("audit", gateway_event(method=method, path=path) | {"resource": path})
        assert (response.status, response.headers["allow"]) == (405, "GET")
        assert response.pointers == []


def test_routes_only_read_the_table(cloud: Cloud) -> None:
    integration_id = create(cloud, api_key=API_KEY)
    cloud.calls.clear()
    get(cloud, key_of(integration_id))
    assert cloud.calls == ["dynamodb:GetItem", "dynamodb:Query"]
    cloud.calls.clear()
    get(cloud)
    assert cloud.calls == ["dynamodb:Query", "dynamodb:Query"]


def test_response_has_no_secret_and_no_header_value(cloud: Cloud) -> None:
    integration_id = create(cloud, api_key=API_KEY, headers={"X-Team": "fake-header-value"})
    for response in (get(cloud), get(cloud, key_of(integration_id))):
        assert not [part for part in (API_KEY, "fake-header-value", "arn:") if part in response.text]
