"""`GET /v2/ai-integrations` and `GET /v2/spaces`."""

from typing import Any

import pytest

from ai_integrations.domain.model import Caller, Membership, Role
from ai_integrations.http import cursors
from tests.builders import a_caller, create_body, gateway_event
from tests.cloud import Cloud, Response

MEMBER = a_caller(role=Role.MEMBER, memberships=(Membership(organization_id="o", space_id="s"),))

OF_SPACE = a_caller(role=Role.READER, memberships=(Membership(space_id="s"),))


def get(cloud: Cloud, path: str, query: dict[str, str], caller: Caller | None = None) -> Response:
    event = gateway_event("", method="GET", path=path, caller=caller)
    event["queryStringParameters"] = query or None
    event["multiValueQueryStringParameters"] = {name: [value] for name, value in query.items()} or None
    return cloud.api(event)


def list_integrations(cloud: Cloud, caller: Caller | None = None, **query: str) -> Response:
    return get(cloud, "/v2/ai-integrations", query, caller)


def names(response: Response) -> list[str]:
    return [each["name"] for each in response.body["ai_integrations"]]


def create(cloud: Cloud, **scopings_by_name: list[dict[str, Any]]) -> None:
    for name, scopings in scopings_by_name.items():
        assert cloud.api(gateway_event(create_body(name=name, scopings=scopings))).status == 201


def test_list_in_an_empty_account_returns_an_empty_page(cloud: Cloud) -> None:
    assert list_integrations(cloud).body == {"ai_integrations": [], "pagination": {"has_more": False}}


def test_list_in_pages_returns_each_integration_once_and_in_order(cloud: Cloud) -> None:
    create(cloud, a=[], b=[], c=[], d=[], e=[])
    in_one_page = names(list_integrations(cloud))
    in_pages: list[str] = []
    query: dict[str, str] = {"limit": "2"}
    for _ in range(3):
        page = get(cloud, "/v2/ai-integrations", query)
        in_pages += names(page)
        query["cursor"] = page.body["pagination"].get("next_cursor", "")
    assert in_pages == in_one_page
    assert sorted(in_pages) == ["a", "b", "c", "d", "e"]
    assert page.body["pagination"] == {"has_more": False}


@pytest.mark.parametrize("last_read", ["~", "x", "INTEGRATION#", ""])
def test_list_with_a_forged_cursor_returns_400_without_a_read(cloud: Cloud, last_read: str) -> None:
    cursor = cursors.encode(last_read, "/v2/ai-integrations", "acme", None, None, None)
    assert list_integrations(cloud, cursor=cursor).status == 400
    assert cloud.calls == []


SCOPINGS: dict[str, list[dict[str, Any]]] = {
    "account_wide": [],
    "space": [{"space_id": "s"}],
    "organization": [{"organization_id": "o"}],
    "space_in_organization": [{"organization_id": "o", "space_id": "s"}],
}
VISIBLE_IN_SPACE = sorted(SCOPINGS)


def test_list_returns_only_integrations_that_the_caller_may_see(cloud: Cloud) -> None:
    create(cloud, **SCOPINGS, other_organization=[{"organization_id": "p"}])
    assert sorted(names(list_integrations(cloud))) == sorted([*SCOPINGS, "other_organization"])
    assert sorted(names(list_integrations(cloud, MEMBER))) == VISIBLE_IN_SPACE
    assert names(list_integrations(cloud, a_caller(role=Role.READER))) == ["account_wide"]
    assert names(list_integrations(cloud, a_caller(account="other"))) == []


def test_list_shows_a_space_what_its_organization_sees_with_at_most_one_read_of_the_space(cloud: Cloud) -> None:
    create(cloud, **SCOPINGS, other_organization=[{"organization_id": "p"}])
    cloud.calls.clear()
    assert sorted(names(list_integrations(cloud, OF_SPACE))) == VISIBLE_IN_SPACE
    assert cloud.calls == ["dynamodb:Query", "dynamodb:GetItem"]
    of_other_space = a_caller(role=Role.READER, memberships=(Membership(space_id="unknown"),))
    assert names(list_integrations(cloud, of_other_space)) == ["account_wide"]


def test_list_without_integrations_of_organizations_reads_no_space(cloud: Cloud) -> None:
    create(cloud, wide=[], ours=[{"space_id": "s"}], theirs=[{"space_id": "t"}])
    cloud.calls.clear()
    assert names(list_integrations(cloud, OF_SPACE)) == ["ours", "wide"]
    assert cloud.calls == ["dynamodb:Query"]


def test_list_returns_503_if_the_space_cannot_be_read(cloud: Cloud) -> None:
    create(cloud, wide=[], organization=[{"organization_id": "o"}])
    cloud.fail("dynamodb:GetItem", ("InternalServerError", 500))
    assert list_integrations(cloud, OF_SPACE).status == 503
    cloud.recover()
    assert names(list_integrations(cloud, OF_SPACE)) == ["wide"]


def test_list_by_part_of_a_name_ignores_case(cloud: Cloud) -> None:
    create(cloud, Production=[], staging=[])
    assert names(list_integrations(cloud, name="PROD")) == ["Production"]


def test_list_by_space_returns_integrations_visible_in_the_space(cloud: Cloud) -> None:
    create(cloud, **SCOPINGS, other_space=[{"space_id": "t"}])
    assert sorted(names(list_integrations(cloud, space_id="s"))) == VISIBLE_IN_SPACE
    assert sorted(names(list_integrations(cloud, MEMBER, space_id="s"))) == VISIBLE_IN_SPACE
    assert list_integrations(cloud, MEMBER, space_id="t").status == 404


@pytest.mark.parametrize(
    "query",
    [
        {"limit": "0"},
        {"limit": "x"},
        {"cursor": "x"},
        {"name": "n" * 256},
        {"space_id": ""},
        {"space_id": "\U00010400" * 256},
    ],
    ids=["limit below 1", "limit not a number", "cursor malformed", "name too long", "space empty", "space too long"],
)
def test_list_with_an_invalid_parameter_returns_400(cloud: Cloud, query: dict[str, str]) -> None:
    response = get(cloud, "/v2/ai-integrations", query)
    assert (response.status, response.pointers) == (400, [""])


def test_list_with_a_cursor_of_another_account_or_query_returns_400(cloud: Cloud) -> None:
    create(cloud, a=[], b=[])
    cursor = list_integrations(cloud, limit="1").body["pagination"]["next_cursor"]
    assert list_integrations(cloud, limit="100", cursor=cursor).status == 200
    assert list_integrations(cloud, cursor=cursor, name="a").status == 400
    assert list_integrations(cloud, cursor=cursor, space_id="s").status == 400
    assert list_integrations(cloud, cursor=cursor, space_name="s").status == 400
    assert list_integrations(cloud, a_caller(account="other"), cursor=cursor).status == 400


def register(cloud: Cloud, **command: str) -> None:
    response = cloud.function("spaces")({"account": "acme", **command})
    assert "problem" not in response


def test_list_by_part_of_a_space_name_ignores_case(cloud: Cloud) -> None:
    register(cloud, action="register_space", id="s", name="Search")
    create(cloud, in_search=[{"space_id": "s"}], in_another=[{"space_id": "t"}])
    assert names(list_integrations(cloud, space_name="sear")) == ["in_search"]
    assert names(list_integrations(cloud, space_name="nothing")) == []


def test_list_spaces_returns_only_spaces_that_the_caller_may_see(cloud: Cloud) -> None:
    register(cloud, action="register_organization", id="o", name="Research")
    register(cloud, action="register_space", id="s", name="Search", organization_id="o", description="d")
    register(cloud, action="register_space", id="t", name="Translation")
    spaces = get(cloud, "/v2/spaces", {}).body
    assert [each["name"] for each in spaces["spaces"]] == ["Search", "Translation"]
    assert spaces["spaces"][0].keys() == {"id", "name", "description", "created_at"}
    assert spaces["pagination"] == {"has_more": False}
    for caller, ids in ((MEMBER, ["s"]), (a_caller(role=Role.READER), []), (a_caller(account="other"), [])):
        assert [each["id"] for each in get(cloud, "/v2/spaces", {}, caller).body["spaces"]] == ids


def test_list_spaces_by_part_of_a_name_ignores_case(cloud: Cloud) -> None:
    register(cloud, action="register_space", id="s", name="Search")
    register(cloud, action="register_space", id="t", name="Translation")
    found = get(cloud, "/v2/spaces", {"name": "SEAR", "limit": "100"}).body["spaces"]
    assert [each["id"] for each in found] == ["s"]


def test_list_spaces_with_a_cursor_returns_the_next_page(cloud: Cloud) -> None:
    register(cloud, action="register_space", id="s", name="Search")
    register(cloud, action="register_space", id="t", name="Translation")
    first_page = get(cloud, "/v2/spaces", {"limit": "1"}).body
    cursor = first_page["pagination"]["next_cursor"]
    assert [each["id"] for each in get(cloud, "/v2/spaces", {"cursor": cursor}).body["spaces"]] == ["t"]


def test_list_spaces_for_a_client_that_requires_is_private_returns_it(cloud: Cloud) -> None:
    register(cloud, action="register_space", id="s", name="Search")
    release: dict[str, str | None] = {"sdk-language": "python", "sdk-version": "8.43.0"}
    event = gateway_event("", method="GET", path="/v2/spaces", headers=release)
    assert cloud.api(event).body["spaces"][0]["is_private"] is True
