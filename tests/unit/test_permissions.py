"""Which callers may write which integrations (contract.md, "Caller")."""

import pytest

from ai_integrations.contracts.authorizer_response import to_context
from ai_integrations.contracts.caller import caller_from_context, caller_item, caller_of
from ai_integrations.domain.model import ACCOUNT_WIDE, Membership, Role, Scoping
from tests.builders import a_caller

ORGANIZATION = Membership(organization_id="o", admin=True)
SPACE = Membership(space_id="s", admin=True)
PAIR = Membership(organization_id="o", space_id="s", admin=True)
IN_ORGANIZATION = Scoping(organization_id="o")
IN_SPACE = Scoping(space_id="s")
IN_PAIR = Scoping(organization_id="o", space_id="s")


@pytest.mark.parametrize(
    "scopings",
    [(ACCOUNT_WIDE,), (IN_ORGANIZATION,), (IN_SPACE,), (IN_PAIR,), (ACCOUNT_WIDE, IN_SPACE)],
)
def test_may_write_allows_every_scoping_for_an_admin_and_none_for_a_reader(scopings: tuple[Scoping, ...]) -> None:
    assert a_caller(role=Role.ADMIN).may_write(scopings)
    assert not a_caller(role=Role.READER, memberships=(ORGANIZATION, SPACE, PAIR)).may_write(scopings)


@pytest.mark.parametrize(
    ("membership", "scopings"),
    [
        (ORGANIZATION, (IN_ORGANIZATION,)),
        (SPACE, (IN_SPACE,)),
        (PAIR, (IN_SPACE,)),
        (PAIR, (IN_PAIR,)),
        (PAIR, (IN_SPACE, IN_PAIR)),
    ],
)
def test_may_write_allows_scopings_that_a_member_administers(
    membership: Membership, scopings: tuple[Scoping, ...]
) -> None:
    elsewhere = Membership(space_id="elsewhere")
    assert a_caller(role=Role.MEMBER, memberships=(elsewhere, membership)).may_write(scopings)


@pytest.mark.parametrize(
    ("membership", "scopings"),
    [
        (ORGANIZATION, (ACCOUNT_WIDE,)),
        (PAIR, (ACCOUNT_WIDE,)),
        (Membership(admin=True), (ACCOUNT_WIDE,)),
        (ORGANIZATION, (IN_SPACE,)),
        (ORGANIZATION, (IN_PAIR,)),
        (SPACE, (IN_ORGANIZATION,)),
        (SPACE, (IN_PAIR,)),
        (PAIR, (IN_ORGANIZATION,)),
        (PAIR, (Scoping(organization_id="other", space_id="s"),)),
        (SPACE, (Scoping(space_id="other"),)),
        (ORGANIZATION, (Scoping(organization_id="other"),)),
        (SPACE, (IN_SPACE, ACCOUNT_WIDE)),
        (SPACE, (IN_SPACE, Scoping(space_id="other"))),
        (Membership(space_id="s"), (IN_SPACE,)),
        (Membership(organization_id="o"), (IN_ORGANIZATION,)),
    ],
)
def test_may_write_denies_all_other_scopings_to_a_member(membership: Membership, scopings: tuple[Scoping, ...]) -> None:
    assert not a_caller(role=Role.MEMBER, memberships=(membership,)).may_write(scopings)


def test_may_write_denies_a_member_without_memberships() -> None:
    assert not a_caller(role=Role.MEMBER).may_write((IN_SPACE,))


def test_caller_is_restored_from_the_strings_of_the_authorizer_context() -> None:
    caller = a_caller(role=Role.MEMBER, memberships=(ORGANIZATION, PAIR, Membership(space_id="t")))
    context = to_context(caller_item(caller))
    assert all(isinstance(value, str) for value in context.values())
    assert caller_from_context({**context, "principalId": "alice", "integrationLatency": 3}) == caller
    assert caller_of(caller_item(caller)) == caller
