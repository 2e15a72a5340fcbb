"""The commands of operators: validation and conversion."""

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from ai_integrations.contracts.operator_commands import (
    CallerCommand,
    IssueAccessKey,
    PlaceCommand,
    RegisterSpace,
    SweepCommand,
    access_key_view,
    place_view,
)
from ai_integrations.contracts.parsing import parse_text
from ai_integrations.domain.errors import InvalidRequestError, RuleViolationError
from ai_integrations.domain.model import AccessKey, Caller, Membership, Organization, Role
from tests.builders import NOON

ISSUE = {"action": "issue", "account": "acme", "user": "alice", "role": "member"}


def pointers(payload: object, error: type[InvalidRequestError | RuleViolationError]) -> list[str]:
    with pytest.raises(error) as caught:
        parse_text(json.dumps(payload), CallerCommand)
    return [each.pointer for each in caught.value.errors]


@pytest.mark.parametrize(
    ("payload", "pointer"),
    [
        ({}, ""),
        ([], ""),
        ({"action": "drop"}, ""),
        ({"action": 5}, ""),
        ({"action": "list"}, "/account"),
        ({"action": "list", "account": "a", "user": "u"}, "/user"),
        ({**ISSUE, "role": "owner"}, "/role"),
        ({**ISSUE, "expires_at": 5}, "/expires_at"),
        ({**ISSUE, "memberships": [{"admin": "yes"}]}, "/memberships/0/admin"),
    ],
)
def test_malformed_command_raises_invalid_request_error_with_its_field(payload: object, pointer: str) -> None:
    assert pointers(payload, InvalidRequestError) == [pointer]


@pytest.mark.parametrize(
    ("payload", "pointer"),
    [
        ({**ISSUE, "account": "a/b"}, "/account"),
        ({**ISSUE, "account": ""}, "/account"),
        ({**ISSUE, "account": "a" * 129}, "/account"),
        ({**ISSUE, "account": "acme\n"}, "/account"),
        ({**ISSUE, "user": ""}, "/user"),
        ({**ISSUE, "user": "a b"}, "/user"),
        ({**ISSUE, "expires_at": "2026-01-02T03:04:05"}, "/expires_at"),
        ({**ISSUE, "expires_at": "soon"}, "/expires_at"),
        ({**ISSUE, "memberships": [{"space_id": ""}]}, "/memberships/0/space_id"),
        ({**ISSUE, "memberships": [{}] * 51}, "/memberships"),
        ({"action": "revoke", "account": "a", "id": "short"}, "/id"),
    ],
)
def test_broken_rule_raises_rule_violation_error_with_its_field(payload: object, pointer: str) -> None:
    assert pointers(payload, RuleViolationError) == [pointer]


def test_command_without_optional_fields_leaves_them_empty() -> None:
    [membership] = issue_command(memberships=[{}]).holder().memberships
    assert membership == Membership()
    sent = {"action": "register_space", "account": "acme", "id": "s", "name": "Space"}
    space = parse_text(json.dumps(sent), PlaceCommand).root
    assert isinstance(space, RegisterSpace)
    assert (space.organization_id, space.description) == (None, None)
    assert SweepCommand() == SweepCommand(dry_run=False, confirm=None)


def test_most_memberships_and_each_sweep_command_are_accepted() -> None:
    assert len(issue_command(memberships=[{}] * 50).memberships) == 50
    assert parse_text('{"confirm": 500000}', SweepCommand).confirm == 500_000
    assert parse_text('{"dry_run": true}', SweepCommand).dry_run


@pytest.mark.parametrize(
    ("payload", "pointer", "detail"),
    [
        ({"dry_run": True, "confirm": 0}, "", "Send dry_run or confirm, not both."),
        ({"confirm": -1}, "/confirm", "Input should be greater than or equal to 0"),
        ({"confirm": 500_001}, "/confirm", "Input should be less than or equal to 500000"),
    ],
)
def test_sweep_command_that_breaks_a_rule_is_rejected(payload: object, pointer: str, detail: str) -> None:
    with pytest.raises(RuleViolationError) as rejected:
        parse_text(json.dumps(payload), SweepCommand)
    assert [(each.pointer, each.detail) for each in rejected.value.errors] == [(pointer, detail)]


def issue_command(**changes: Any) -> IssueAccessKey:
    command = parse_text(json.dumps(ISSUE | changes), CallerCommand).root
    assert isinstance(command, IssueAccessKey)
    return command


def test_issue_command_builds_the_caller_with_its_memberships() -> None:
    memberships = [{"organization_id": "o", "space_id": "s", "admin": True}, {"space_id": "t"}]
    assert issue_command(memberships=memberships).holder() == Caller(
        account="acme",
        user="alice",
        role=Role.MEMBER,
        memberships=(Membership(organization_id="o", space_id="s", admin=True), Membership(space_id="t")),
    )


@pytest.mark.parametrize(("name", "role"), [("admin", Role.ADMIN), ("member", Role.MEMBER), ("reader", Role.READER)])
def test_role_is_named_alike_in_commands_and_views(name: str, role: Role) -> None:
    holder = issue_command(role=name).holder()
    assert holder.role is role
    assert access_key_view(AccessKey(id="k", caller=holder, created_at=NOON))["role"] == name


def test_views_format_times_in_utc_with_seconds() -> None:
    noon = datetime(2026, 1, 2, 14, tzinfo=timezone(timedelta(hours=2)))
    assert place_view(Organization(account="acme", id="o", name="Org", created_at=noon)) == {
        "account": "acme",
        "id": "o",
        "name": "Org",
        "created_at": "2026-01-02T12:00:00+00:00",
    }
    key = AccessKey(
        id="k", caller=Caller(account="acme", user="alice", role=Role.MEMBER), created_at=noon, revoked_at=noon
    )
    assert access_key_view(key) == {
        "id": "k",
        "account": "acme",
        "user": "alice",
        "role": "member",
        "memberships": [],
        "created_at": "2026-01-02T12:00:00+00:00",
        "expires_at": None,
        "revoked_at": "2026-01-02T12:00:00+00:00",
    }


def test_expires_at_is_accepted_in_any_time_zone() -> None:
    expected = datetime(2026, 12, 31, 22, 0, tzinfo=UTC)
    assert issue_command(expires_at="2027-01-01T00:00:00+02:00").expires_at == expected
    assert issue_command().expires_at is None
