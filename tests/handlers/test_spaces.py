"""`functions/spaces`, invoked by an operator."""

from typing import Any

import pytest

from tests.cloud import Cloud

ORGANIZATION = {"action": "register_organization", "id": "o", "name": "Research"}
SPACE = {"action": "register_space", "id": "s", "name": "Search", "organization_id": "o", "description": "d"}


def send(cloud: Cloud, command: dict[str, Any], account: str = "acme") -> dict[str, Any]:
    answer: dict[str, Any] = cloud.function("spaces")({"account": account, **command})
    return answer


def places(cloud: Cloud, account: str = "acme") -> tuple[list[str], list[str]]:
    answer = send(cloud, {"action": "list"}, account)
    return [each["id"] for each in answer["organizations"]], [each["id"] for each in answer["spaces"]]


def test_registers_lists_and_removes(cloud: Cloud) -> None:
    organization, space = send(cloud, ORGANIZATION), send(cloud, SPACE)
    assert organization.keys() == {"account", "id", "name", "created_at"}
    assert space.keys() == {"account", "id", "name", "organization_id", "description", "created_at"}
    assert send(cloud, {"action": "list"}) == {"organizations": [organization], "spaces": [space]}
    assert send(cloud, {"action": "remove_space", "id": "s"}) == {}
    assert places(cloud) == (["o"], [])
    assert send(cloud, {"action": "remove_space", "id": "s"}) == {}


def test_writes_over_what_was_known(cloud: Cloud) -> None:
    send(cloud, ORGANIZATION)
    send(cloud, SPACE)
    renamed = send(cloud, SPACE | {"name": "Renamed"})
    assert send(cloud, {"action": "list"})["spaces"] == [renamed]


def test_keeps_accounts_apart(cloud: Cloud) -> None:
    send(cloud, ORGANIZATION)
    assert places(cloud, "other") == ([], [])
    assert send(cloud, SPACE, "other")["problem"]["errors"][0]["pointer"] == "/organization_id"


@pytest.mark.parametrize(
    ("command", "status"),
    [
        ({}, 400),
        ({"action": "rename"}, 400),
        ({"action": "register_space", "id": "s"}, 400),
        (SPACE, 422),
        (ORGANIZATION | {"name": " "}, 422),
        (ORGANIZATION | {"account": "a/b"}, 422),
    ],
)
def test_refuses_a_command_with_a_problem_document(cloud: Cloud, command: dict[str, Any], status: int) -> None:
    problem = send(cloud, command)["problem"]
    assert (problem["status"], problem["instance"]) == (status, "lambda-request-id")
    assert len(problem["errors"]) == 1
    assert places(cloud) == ([], [])
