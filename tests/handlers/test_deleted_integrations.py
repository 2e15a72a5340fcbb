"""`GET /v2/deleted-ai-integrations`."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ai_integrations.contracts import ids
from ai_integrations.domain.model import Caller, Membership, Role
from ai_integrations.http import cursors
from tests.builders import API_KEY, ULID, a_caller, create_body, gateway_event
from tests.cloud import Cloud, Response
from tests.handlers.test_keys import get as get_from_audit

DELETED = "/v2/deleted-ai-integrations"
MEMBER = a_caller(role=Role.MEMBER, memberships=(Membership(space_id="s"),))
READER = a_caller(role=Role.READER)


def get(cloud: Cloud, caller: Caller | None = None, **parts: Any) -> Response:
    return get_from_audit(cloud, DELETED, caller, **parts)


def find(cloud: Cloud, **query: str) -> Response:
    return get(cloud, query=query)


def send(cloud: Cloud, method: str, integration_id: str, subpath: str = "", **changes: Any) -> Response:
    path = f"/v2/ai-integrations/{integration_id}{subpath}"
    return cloud.api(gateway_event("", method=method, path=path, **changes))


def delete(cloud: Cloud, **changes: Any) -> str:
    """Create and delete an integration. Return its id."""
    created = cloud.api(gateway_event(create_body(**changes)))
    integration_id: str = created.body["id"]
    assert send(cloud, "DELETE", integration_id, caller=a_caller(user="bob")).status == 204
    return integration_id


def expire(cloud: Cloud, integration_id: str) -> None:
    """End the recovery window, as if DynamoDB had not deleted the tombstone yet."""
    [item] = cloud.items(f"DELETED#{ids.decode(integration_id)}")
    item["expires_at"] = {"N": str(int(datetime.now(UTC).timestamp()) - 1)}
    cloud.dynamodb.put_item(TableName=cloud.table, Item=item)


def names(response: Response) -> list[str]:
    assert response.status == 200
    return [each["name"] for each in response.body["deleted_ai_integrations"]]


def test_list_shows_what_was_deleted_when_by_whom_and_until_when_it_can_be_restored(cloud: Cloud) -> None:
    before = datetime.now(UTC) - timedelta(milliseconds=1)  # responses leave out microseconds
    scopings = [{"organization_id": "o"}, {"space_id": "s"}]
    integration_id = delete(cloud, api_key=API_KEY, scopings=scopings)
    body = get(cloud).body
    [deleted] = body["deleted_ai_integrations"]
    deleted_at, until = (datetime.fromisoformat(deleted.pop(name)) for name in ("deleted_at", "restorable_until"))
    assert before <= deleted_at <= datetime.now(UTC)
    assert timedelta() <= deleted_at + timedelta(days=30) - until < timedelta(seconds=1)  # the expiry has whole seconds
    assert deleted == {
        "id": integration_id,
        "name": "Production OpenAI",
        "provider": "openAI",
        "scopings": scopings,
        "has_api_key": True,
        "deleted_by_user_id": ids.encode_user("bob"),
    }
    assert body["pagination"] == {"has_more": False}


def test_integration_without_a_key_has_none_in_the_list(cloud: Cloud) -> None:
    delete(cloud)
    assert get(cloud).body["deleted_ai_integrations"][0]["has_api_key"] is False


def test_existing_and_restored_integrations_are_not_listed(cloud: Cloud) -> None:
    assert cloud.api(gateway_event(create_body(name="existing"))).status == 201
    integration_id = delete(cloud, name="gone", api_key=API_KEY)
    assert names(get(cloud)) == ["gone"]
    assert send(cloud, "POST", integration_id, "/restore").status == 200
    assert names(get(cloud)) == []


def test_integration_whose_recovery_window_has_ended_is_neither_listed_nor_restored(cloud: Cloud) -> None:
    integration_id = delete(cloud)
    expire(cloud, integration_id)
    assert names(get(cloud)) == []
    assert send(cloud, "POST", integration_id, "/restore").status == 404


def test_other_account_gets_nothing(cloud: Cloud) -> None:
    delete(cloud)
    assert names(get(cloud, a_caller(account="other"))) == []


def test_reader_and_member_get_the_integrations_that_they_saw(cloud: Cloud) -> None:
    delete(cloud, name="wide")
    delete(cloud, name="ours", scopings=[{"space_id": "s"}])
    delete(cloud, name="theirs", scopings=[{"space_id": "t"}])
    # This scoping also records the organization of the space.
    delete(cloud, name="of the space", scopings=[{"organization_id": "o", "space_id": "s"}])
    delete(cloud, name="of the organization", scopings=[{"organization_id": "o"}])
    assert names(get(cloud)) == ["of the organization", "of the space", "theirs", "ours", "wide"]
    assert names(get(cloud, MEMBER)) == ["of the organization", "of the space", "ours", "wide"]
    assert names(get(cloud, READER)) == ["wide"]


def test_list_in_pages_returns_each_integration_once_and_in_order(cloud: Cloud) -> None:
    for name in "abcde":
        delete(cloud, name=name)
    in_one_page = names(get(cloud))
    assert in_one_page == list("edcba")
    in_pages: list[str] = []
    query = {"limit": "2"}
    for _ in range(3):
        page = find(cloud, **query)
        in_pages += names(page)
        query["cursor"] = page.body["pagination"].get("next_cursor", "")
    assert in_pages == in_one_page
    assert page.body["pagination"] == {"has_more": False}


def test_cursor_is_bound_to_the_list_and_the_account(cloud: Cloud) -> None:
    for name in "ab":
        delete(cloud, name=name)
    cursor = find(cloud, limit="1").body["pagination"]["next_cursor"]
    assert names(find(cloud, cursor=cursor)) == names(find(cloud, cursor=cursor, limit="1")) == ["a"]
    assert get(cloud, a_caller(account="other"), query={"cursor": cursor}).status == 400
    of_keys = cursors.encode(ULID, "/v2/keys", "acme", None, None, None)
    assert find(cloud, cursor=of_keys).status == 400


def test_cursor_of_an_integration_that_was_restored_meanwhile_goes_on_after_it(cloud: Cloud) -> None:
    ids_by_name = {name: delete(cloud, name=name) for name in "abc"}
    cursor = find(cloud, limit="1").body["pagination"]["next_cursor"]
    assert send(cloud, "POST", ids_by_name["c"], "/restore").status == 200
    assert names(find(cloud, cursor=cursor)) == ["b", "a"]


@pytest.mark.parametrize(
    "query", [{"limit": "0"}, {"limit": "101"}, {"limit": "x"}, {"cursor": "x"}, {"cursor": API_KEY}], ids=str
)
def test_list_with_an_invalid_parameter_returns_400_without_a_read(cloud: Cloud, query: dict[str, str]) -> None:
    response = find(cloud, **query)
    assert (response.status, response.pointers) == (400, [""])
    assert list(query) == [name for name in query if name in response.body["errors"][0]["detail"]]
    assert API_KEY not in response.text
    assert cloud.calls == []


def test_newer_client_gets_current_names_of_providers(cloud: Cloud) -> None:
    delete(cloud)
    newer: dict[str, str | None] = {"sdk-language": "python", "sdk-version": "8.61.0"}
    assert get(cloud, headers=newer).body["deleted_ai_integrations"][0]["provider"] == "OPEN_AI"


def test_other_methods_return_405(cloud: Cloud) -> None:
    for method in ("POST", "DELETE"):
        response = cloud.http("audit", gateway_event(method=method, path=DELETED) | {"resource": DELETED})
        assert (response.status, response.headers["allow"]) == (405, "GET")


def test_list_reads_the_table_once_and_a_space_if_its_organization_matters(cloud: Cloud) -> None:
    delete(cloud, name="wide")
    for caller in (a_caller(), MEMBER):
        cloud.calls.clear()
        assert names(get(cloud, caller)) == ["wide"]
        assert cloud.calls == ["dynamodb:Query"]
    delete(cloud, name="of an organization", scopings=[{"organization_id": "o"}])
    cloud.calls.clear()
    assert names(get(cloud, MEMBER)) == ["wide"]
    assert cloud.calls == ["dynamodb:Query", "dynamodb:GetItem"]


def test_response_has_no_secret_and_no_header_value(cloud: Cloud) -> None:
    delete(cloud, api_key=API_KEY, headers={"X-Team": "fake-header-value"})
    text = get(cloud).text
    assert not [part for part in (API_KEY, "fake-header-value", "arn:") if part in text]
