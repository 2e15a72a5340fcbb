"""`GET /v2/organizations` and `GET /v2/spaces`, as clients use them to find the ids of scopings."""

from typing import Any
from urllib.parse import quote

import pytest

from ai_integrations.domain.model import Caller, Membership, Role
from ai_integrations.http import cursors
from tests.builders import a_caller, gateway_event
from tests.cloud import Cloud, Response

READER = a_caller(role=Role.READER)
READER_OF_SPACE = READER._replace(memberships=(Membership(space_id="Space:1"),))
KNOWS_ORGANIZATIONS: dict[str, str | None] = {"sdk-language": "python", "sdk-version": "8.60.0"}


def get(
    cloud: Cloud, path: str, caller: Caller | None = None, headers: dict[str, str | None] | None = None, **query: str
) -> Response:
    event = gateway_event("", method="GET", path=path, caller=caller, headers=headers)
    event["queryStringParameters"] = query or None
    event["multiValueQueryStringParameters"] = {name: [value] for name, value in query.items()} or None
    return cloud.api(event)


def ids(response: Response) -> list[str]:
    (places,) = (value for name, value in response.body.items() if name != "pagination")
    return [each["id"] for each in places]


@pytest.fixture(autouse=True)
def _directory(cloud: Cloud) -> None:
    """Register two organizations, and a space in each."""
    commands: list[dict[str, Any]] = [
        {"action": "register_organization", "id": "Org:1", "name": "Research"},
        {"action": "register_organization", "id": "Org:2", "name": "Sales"},
        {"action": "register_space", "id": "Space:1", "name": "Search", "organization_id": "Org:1"},
        {"action": "register_space", "id": "Space:2", "name": "Vendors", "organization_id": "Org:2"},
    ]
    for command in commands:
        assert "problem" not in cloud.function("spaces")({"account": "acme", **command})


def test_list_organizations_returns_those_of_the_caller(cloud: Cloud) -> None:
    listed = get(cloud, "/v2/organizations")
    assert listed.body["organizations"][0].keys() == {"id", "name", "description", "created_at"}
    assert listed.body["pagination"] == {"has_more": False}
    assert ids(listed) == ["Org:1", "Org:2"]
    assert ids(get(cloud, "/v2/organizations", READER_OF_SPACE)) == ["Org:1"]
    assert ids(get(cloud, "/v2/organizations", READER)) == []
    assert ids(get(cloud, "/v2/organizations", a_caller(account="other"))) == []


def test_list_organizations_in_pages_returns_each_once(cloud: Cloud) -> None:
    first = get(cloud, "/v2/organizations", limit="1")
    cursor = first.body["pagination"]["next_cursor"]
    second = get(cloud, "/v2/organizations", limit="1", cursor=cursor)
    assert ids(first) + ids(second) == ["Org:1", "Org:2"]
    assert second.body["pagination"] == {"has_more": False}
    assert get(cloud, "/v2/organizations", cursor=cursor, name="s").status == 400
    assert get(cloud, "/v2/organizations", a_caller(account="other"), cursor=cursor).status == 400
    assert get(cloud, "/v2/spaces", cursor=cursor).status == 400


def test_list_organizations_by_part_of_a_name_ignores_case(cloud: Cloud) -> None:
    assert ids(get(cloud, "/v2/organizations", name="SEAR")) == ["Org:1"]


def test_list_spaces_of_an_organization_returns_those_of_the_caller(cloud: Cloud) -> None:
    assert ids(get(cloud, "/v2/spaces", org_id="Org:2")) == ["Space:2"]
    assert ids(get(cloud, "/v2/spaces", READER_OF_SPACE, org_id="Org:1")) == ["Space:1"]
    assert ids(get(cloud, "/v2/spaces", READER_OF_SPACE, org_id="Org:2")) == []
    assert ids(get(cloud, "/v2/spaces", org_id="Org:3")) == []


@pytest.mark.parametrize("query", [("/v2/organizations", "acme", None), ("/v2/spaces", "acme", None, None)])
@pytest.mark.parametrize("last_read", ["", "x" * 257])
def test_list_with_a_forged_cursor_returns_400_without_a_read(
    cloud: Cloud, last_read: str, query: tuple[str, ...]
) -> None:
    cloud.calls.clear()
    assert get(cloud, query[0], cursor=cursors.encode(last_read, *query)).status == 400
    assert cloud.calls == []


def test_list_spaces_with_a_cursor_of_another_organization_returns_400(cloud: Cloud) -> None:
    cursor = get(cloud, "/v2/spaces", limit="1").body["pagination"]["next_cursor"]
    assert get(cloud, "/v2/spaces", cursor=cursor, org_id="Org:1").status == 400


@pytest.mark.parametrize(
    ("path", "hidden"), [("/v2/spaces", "Space:2"), ("/v2/organizations", "Org:2")], ids=["spaces", "organizations"]
)
def test_get_place_returns_what_the_list_shows_and_404_for_any_other(cloud: Cloud, path: str, hidden: str) -> None:
    (shown,) = (value for name, value in get(cloud, path, READER_OF_SPACE).body.items() if name != "pagination")
    for place in shown:
        one = get(cloud, f"{path}/{quote(place['id'], safe='')}", READER_OF_SPACE)
        assert (one.status, one.body) == (200, place)
        assert get(cloud, f"{path}/{place['id']}", READER_OF_SPACE).body == place
    assert get(cloud, f"{path}/{hidden}").status == 200
    unknown = get(cloud, f"{path}/unknown", READER_OF_SPACE)
    not_visible = get(cloud, f"{path}/{hidden}", READER_OF_SPACE)
    assert (unknown.status, not_visible.status) == (404, 404)
    assert unknown.body["detail"] == not_visible.body["detail"]
    assert get(cloud, f"{path}/{hidden}", a_caller(account="other")).status == 404


@pytest.mark.parametrize("path", ["/v2/spaces", "/v2/organizations"])
@pytest.mark.parametrize("place_id", ["x" * 257, quote("\U00010400" * 251)], ids=["too many characters", "bytes"])
def test_get_place_with_an_id_that_no_place_can_have_returns_400_without_a_read(
    cloud: Cloud, path: str, place_id: str
) -> None:
    cloud.calls.clear()
    response = get(cloud, f"{path}/{place_id}")
    assert (response.status, response.pointers) == (400, [""])
    assert cloud.calls == []


@pytest.mark.parametrize("path", ["/v2/spaces", "/v2/spaces/Space:1"])
def test_space_names_its_organization_only_for_clients_that_know_the_field(cloud: Cloud, path: str) -> None:
    def space(version: str) -> dict[str, Any]:
        headers = KNOWS_ORGANIZATIONS | {"sdk-version": version}
        body: dict[str, Any] = get(cloud, path, READER_OF_SPACE, headers).body
        return body.get("spaces", [body])[0]  # type: ignore[no-any-return]

    assert space("8.60.0")["organization_id"] == "Org:1"
    assert space("8.60.0")["is_private"] is True
    assert "organization_id" not in space("8.59.0")


@pytest.mark.parametrize(
    ("path", "parameter"),
    [
        ("/v2/ai-integrations", "name"),
        ("/v2/ai-integrations", "space_id"),
        ("/v2/ai-integrations", "space_name"),
        ("/v2/organizations", "name"),
        ("/v2/spaces", "name"),
        ("/v2/spaces", "org_id"),
    ],
)
def test_list_with_an_empty_filter_returns_400(cloud: Cloud, path: str, parameter: str) -> None:
    response = get(cloud, path, None, None, **{parameter: ""})
    assert (response.status, response.pointers) == (400, [""])
