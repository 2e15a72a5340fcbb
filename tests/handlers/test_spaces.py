"""`functions/spaces`, invoked by an operator."""

from typing import Any

import pytest

from tests.cloud import Cloud

REGISTER_ORGANIZATION = {"action": "register_organization", "id": "o", "name": "Research"}
REGISTER_SPACE = {
    "action": "register_space",
    "id": "s",
    "name": "Search",
    "organization_id": "o",
    "description": "d",
}


def invoke(cloud: Cloud, command: dict[str, Any], account: str = "acme") -> dict[str, Any]:
    response: dict[str, Any] = cloud.function("spaces")({"account": account, **command})
    return response


def registered_ids(cloud: Cloud, account: str = "acme") -> tuple[list[str], list[str]]:
    """Return the ids of the organizations and of the spaces."""
    listed = invoke(cloud, {"action": "list"}, account)
    return [each["id"] for each in listed["organizations"]], [each["id"] for each in listed["spaces"]]


def test_registered_places_are_listed_until_they_are_removed(cloud: Cloud) -> None:
    organization, space = invoke(cloud, REGISTER_ORGANIZATION), invoke(cloud, REGISTER_SPACE)
    assert organization.keys() == {"account", "id", "name", "created_at"}
    assert space.keys() == {"account", "id", "name", "organization_id", "description", "created_at"}
    assert invoke(cloud, {"action": "list"}) == {"organizations": [organization], "spaces": [space]}
    assert invoke(cloud, {"action": "remove_space", "id": "s"}) == {}
    assert registered_ids(cloud) == (["o"], [])
    assert invoke(cloud, {"action": "remove_space", "id": "s"}) == {}


def test_register_space_again_replaces_it(cloud: Cloud) -> None:
    invoke(cloud, REGISTER_ORGANIZATION)
    invoke(cloud, REGISTER_SPACE)
    renamed = invoke(cloud, REGISTER_SPACE | {"name": "Renamed"})
    assert invoke(cloud, {"action": "list"})["spaces"] == [renamed]


def test_organization_of_another_account_is_neither_listed_nor_accepted(cloud: Cloud) -> None:
    invoke(cloud, REGISTER_ORGANIZATION)
    assert registered_ids(cloud, "other") == ([], [])
    assert invoke(cloud, REGISTER_SPACE, "other")["problem"]["errors"][0]["pointer"] == "/organization_id"


@pytest.mark.parametrize(
    ("command", "status"),
    [
        pytest.param({}, 400, id="no action"),
        pytest.param({"action": "rename"}, 400, id="unknown action"),
        pytest.param({"action": "register_space", "id": "s"}, 400, id="space without a name"),
        pytest.param(REGISTER_SPACE, 422, id="organization not registered"),
        pytest.param(REGISTER_ORGANIZATION | {"name": " "}, 422, id="blank name"),
        pytest.param(REGISTER_ORGANIZATION | {"account": "a/b"}, 422, id="invalid account"),
    ],
)
def test_invalid_command_returns_a_problem_document_and_changes_nothing(
    cloud: Cloud, command: dict[str, Any], status: int
) -> None:
    problem = invoke(cloud, command)["problem"]
    assert (problem["status"], problem["instance"]) == (status, "lambda-request-id")
    assert len(problem["errors"]) == 1
    assert registered_ids(cloud) == ([], [])
