"""`GET /v2/ai-integrations` and `GET /v2/spaces`."""

from typing import Any

import pytest

from ai_integrations.domain.model import Caller, Membership, Role
from tests.builders import a_caller, create_body, gateway_event
from tests.cloud import Cloud, Response

MEMBER = a_caller(role=Role.MEMBER, memberships=(Membership(organization_id="o", space_id="s"),))


def get(cloud: Cloud, path: str, query: dict[str, str], caller: Caller | None = None) -> Response:
    event = gateway_event("", method="GET", path=path, caller=caller)
    event["queryStringParameters"] = query or None
    event["multiValueQueryStringParameters"] = {name: [value] for name, value in query.items()} or None
    return cloud.api(event)


def listed(cloud: Cloud, caller: Caller | None = None, **query: str) -> Response:
    return get(cloud, "/v2/ai-integrations", query, caller)


def names(answer: Response) -> list[str]:
    return [each["name"] for each in answer.body["ai_integrations"]]


def seed(cloud: Cloud, **scopings: list[dict[str, Any]]) -> None:
    for name, visible in scopings.items():
        assert cloud.api(gateway_event(create_body(name=name, scopings=visible))).status == 201


def test_shows_an_empty_account(cloud: Cloud) -> None:
    assert listed(cloud).body == {"ai_integrations": [], "pagination": {"has_more": False}}


def test_goes_through_all_pages_once_and_in_order(cloud: Cloud) -> None:
    seed(cloud, a=[], b=[], c=[], d=[], e=[])
    everything = names(listed(cloud))
    seen: list[str] = []
    query: dict[str, str] = {"limit": "2"}
    for _ in range(3):
        page = get(cloud, "/v2/ai-integrations", query)
        seen += names(page)
        query["cursor"] = page.body["pagination"].get("next_cursor", "")
    assert seen == everything
    assert sorted(seen) == ["a", "b", "c", "d", "e"]
    assert page.body["pagination"] == {"has_more": False}


def test_shows_a_caller_what_its_places_make_visible(cloud: Cloud) -> None:
    other = [{"organization_id": "p"}]
    pair = [{"organization_id": "o", "space_id": "s"}]
    seed(cloud, wide=[], mine=[{"space_id": "s"}], ours=[{"organization_id": "o"}], pair=pair, theirs=other)
    assert sorted(names(listed(cloud))) == ["mine", "ours", "pair", "theirs", "wide"]
    assert sorted(names(listed(cloud, MEMBER))) == ["mine", "ours", "pair", "wide"]
    assert names(listed(cloud, a_caller(role=Role.READER))) == ["wide"]
    assert names(listed(cloud, a_caller(account="other"))) == []


def test_finds_by_a_part_of_the_name_whatever_its_case(cloud: Cloud) -> None:
    seed(cloud, Production=[], staging=[])
    assert names(listed(cloud, name="PROD")) == ["Production"]


def test_looks_through_the_eyes_of_a_space(cloud: Cloud) -> None:
    pair = [{"organization_id": "o", "space_id": "s"}]
    seed(
        cloud, wide=[], mine=[{"space_id": "s"}], ours=[{"organization_id": "o"}], pair=pair, other=[{"space_id": "t"}]
    )
    assert sorted(names(listed(cloud, space_id="s"))) == ["mine", "ours", "pair", "wide"]
    assert sorted(names(listed(cloud, MEMBER, space_id="s"))) == ["mine", "ours", "pair", "wide"]
    assert listed(cloud, MEMBER, space_id="t").status == 404


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
)
def test_refuses_a_wrong_parameter(cloud: Cloud, query: dict[str, str]) -> None:
    answer = get(cloud, "/v2/ai-integrations", query)
    assert (answer.status, answer.pointers) == (400, [""])


def test_refuses_a_cursor_of_another_account_or_with_other_parameters(cloud: Cloud) -> None:
    seed(cloud, a=[], b=[])
    cursor = listed(cloud, limit="1").body["pagination"]["next_cursor"]
    assert listed(cloud, limit="100", cursor=cursor).status == 200
    assert listed(cloud, cursor=cursor, name="a").status == 400
    assert listed(cloud, a_caller(account="other"), cursor=cursor).status == 400


def register(cloud: Cloud, **command: str) -> None:
    answer = cloud.function("spaces")({"account": "acme", **command})
    assert "problem" not in answer


def test_lists_the_spaces_that_a_caller_may_know_of(cloud: Cloud) -> None:
    register(cloud, action="register_organization", id="o", name="Research")
    register(cloud, action="register_space", id="s", name="Search", organization_id="o", description="d")
    register(cloud, action="register_space", id="t", name="Translation")
    spaces = get(cloud, "/v2/spaces", {}).body
    assert [each["name"] for each in spaces["spaces"]] == ["Search", "Translation"]
    assert spaces["spaces"][0].keys() == {"id", "name", "description", "created_at"}
    assert spaces["pagination"] == {"has_more": False}
    found = get(cloud, "/v2/spaces", {"name": "SEAR", "limit": "100"}, MEMBER).body["spaces"]
    assert [each["id"] for each in found] == ["s"]
    page = get(cloud, "/v2/spaces", {"limit": "1"}).body
    cursor = page["pagination"]["next_cursor"]
    assert [each["id"] for each in get(cloud, "/v2/spaces", {"cursor": cursor}).body["spaces"]] == ["t"]


def test_tells_that_a_space_is_private_to_clients_that_insist(cloud: Cloud) -> None:
    register(cloud, action="register_space", id="s", name="Search")
    release: dict[str, str | None] = {"sdk-language": "python", "sdk-version": "8.43.0"}
    event = gateway_event("", method="GET", path="/v2/spaces", headers=release)
    assert cloud.api(event).body["spaces"][0]["is_private"] is True


def test_finds_by_the_name_of_a_space(cloud: Cloud) -> None:
    register(cloud, action="register_space", id="s", name="Search")
    seed(cloud, mine=[{"space_id": "s"}], other=[{"space_id": "t"}])
    assert names(listed(cloud, space_name="sear")) == ["mine"]
    assert names(listed(cloud, space_name="nothing")) == []
