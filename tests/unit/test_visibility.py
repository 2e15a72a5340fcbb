"""Which integrations and organizations callers see (contract.md, "Caller"), and which reads that takes."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from ai_integrations.domain.errors import AccessForbiddenError, NotFoundError
from ai_integrations.domain.model import ACCOUNT_WIDE, Caller, Membership, Role, Scoping, Space
from ai_integrations.use_cases.integrations import Integrations, RequestedChange, Rotation
from ai_integrations.use_cases.visibility import Visibility
from tests.builders import ULID, a_caller, the_settings
from tests.fakes import InMemoryRepository, RecordingSpaces
from tests.unit.use_case_fixture import ADMIN, NEW_KEY, OLD_KEY, UseCaseFixture

SPACES = (
    Space(account="acme", id="s", organization_id="o"),
    Space(account="acme", id="elsewhere", organization_id="p"),
    Space(account="acme", id="without", organization_id=None),
    Space(account="other", id="foreign", organization_id="o"),
)
IN_ORGANIZATION = Scoping(organization_id="o")
NOWHERE = Membership()
ROTATION = Rotation(api_key=NEW_KEY, grace=timedelta(hours=1))


def the_directory() -> RecordingSpaces:
    directory = RecordingSpaces()
    for space in SPACES:
        directory.register(space)
    return directory


def a_reader(*memberships: Membership) -> Caller:
    return a_caller(role=Role.READER, memberships=memberships)


def of_space(space_id: str, organization_id: str | None = None) -> Membership:
    return Membership(organization_id=organization_id, space_id=space_id)


@pytest.mark.parametrize(
    ("memberships", "scopings", "is_seen", "reads"),
    [
        ((of_space("s"),), (IN_ORGANIZATION,), True, {"s"}),
        ((of_space("s"),), (Scoping(space_id="t"), IN_ORGANIZATION), True, {"s"}),
        ((of_space("elsewhere"), of_space("s")), (IN_ORGANIZATION,), True, {"elsewhere", "s"}),
        ((of_space("elsewhere"),), (IN_ORGANIZATION,), False, {"elsewhere"}),
        ((of_space("without"),), (IN_ORGANIZATION,), False, {"without"}),
        ((of_space("foreign"),), (IN_ORGANIZATION,), False, {"foreign"}),
        ((of_space("unknown"),), (IN_ORGANIZATION,), False, {"unknown"}),
        # Here, the directory makes no difference.
        ((of_space("s"),), (ACCOUNT_WIDE,), True, set()),
        ((of_space("s"),), (Scoping(space_id="s"),), True, set()),
        ((of_space("s"),), (Scoping(space_id="t"),), False, set()),
        ((of_space("s"),), (Scoping(organization_id="o", space_id="t"),), False, set()),
        ((of_space("s"), Membership(organization_id="o")), (IN_ORGANIZATION,), True, set()),
        ((of_space("s", "p"),), (IN_ORGANIZATION,), False, set()),
        ((Membership(organization_id="p"),), (IN_ORGANIZATION,), False, set()),
        ((NOWHERE,), (IN_ORGANIZATION,), False, set()),
        ((), (IN_ORGANIZATION,), False, set()),
        ((), (ACCOUNT_WIDE,), True, set()),
    ],
)
def test_space_sees_what_its_organization_sees_and_reads_are_made_only_if_they_matter(
    memberships: tuple[Membership, ...], scopings: tuple[Scoping, ...], is_seen: bool, reads: set[str]
) -> None:
    directory = the_directory()
    assert Visibility(directory).can_see(a_reader(*memberships), scopings) is is_seen
    assert (set(directory.reads), len(directory.reads)) == (reads, len(reads))


def test_admin_sees_everything_in_the_account_without_a_read() -> None:
    directory = the_directory()
    view = Visibility(directory).of(a_caller(memberships=(of_space("unknown"),)))
    assert view.shows((Scoping(space_id="t"),))
    assert view.shows((IN_ORGANIZATION,))
    assert view.shows_organization("o")
    assert directory.reads == []


def test_view_reads_each_space_once_for_any_number_of_checks() -> None:
    directory = the_directory()
    view = Visibility(directory).of(a_reader(of_space("s"), Membership(space_id="s", admin=True), of_space("unknown")))
    assert [view.shows((Scoping(organization_id=each),)) for each in "opo"] == [True, False, True]
    assert [view.shows_organization(each) for each in "opo"] == [True, False, True]
    assert sorted(directory.reads) == ["s", "unknown"]


def test_organization_of_a_membership_is_shown_without_a_read() -> None:
    directory = the_directory()
    assert Visibility(directory).of(a_reader(of_space("s"), of_space("t", "p"))).shows_organization("p")
    assert directory.reads == []


READS: dict[str, Callable[[Integrations, Caller], object]] = {
    "get": lambda integrations, caller: integrations.get(caller, ULID),
}
WRITES: dict[str, Callable[[Integrations, Caller], object]] = {
    "update": lambda integrations, caller: integrations.update(
        caller, ULID, RequestedChange(lambda current: replace(current, name="x"))
    ),
    "rotate": lambda integrations, caller: integrations.rotate_key(caller, ULID, ROTATION),
    "roll back": lambda integrations, caller: integrations.roll_back_key(caller, ULID),
    "delete": lambda integrations, caller: integrations.delete(caller, ULID),
}
WRITES_OF_DELETED: dict[str, Callable[[Integrations, Caller], object]] = {
    "get deleted": lambda integrations, caller: integrations.get_deleted(caller, ULID),
    "restore": lambda integrations, caller: integrations.restore(caller, ULID),
}
OPERATIONS = READS | WRITES | WRITES_OF_DELETED
# The membership of a space, even its administration, gives no right to change what its organization sees.
SEEING = [
    a_reader(of_space("s")),
    a_caller(role=Role.MEMBER, memberships=(Membership(space_id="s", admin=True),)),
]
each_operation = pytest.mark.parametrize("operation", OPERATIONS)


def a_fixture(operation: str) -> UseCaseFixture:
    """Build the use cases over an integration of the organization, deleted if the operation is about deleted ones."""
    fixture = UseCaseFixture(InMemoryRepository(spaces=the_directory()))
    fixture.integrations.create(ADMIN, the_settings(scopings=(IN_ORGANIZATION,)), OLD_KEY)
    fixture.integrations.rotate_key(ADMIN, ULID, ROTATION)
    if operation in WRITES_OF_DELETED:
        fixture.integrations.delete(ADMIN, ULID)
    fixture.journal.clear()
    return fixture


@pytest.mark.parametrize("caller", SEEING, ids=lambda caller: caller.role)
def test_get_by_a_space_returns_an_integration_of_its_organization(caller: Caller) -> None:
    assert a_fixture("get").integrations.get(caller, ULID).id == ULID


@pytest.mark.parametrize("operation", WRITES | WRITES_OF_DELETED)
@pytest.mark.parametrize("caller", SEEING, ids=lambda caller: caller.role)
def test_write_by_a_space_to_an_integration_of_its_organization_is_forbidden(operation: str, caller: Caller) -> None:
    fixture = a_fixture(operation)
    with pytest.raises(AccessForbiddenError):
        OPERATIONS[operation](fixture.integrations, caller)
    assert set(fixture.journal) <= {"get", "get_deleted"}


@each_operation
@pytest.mark.parametrize("space_id", ["elsewhere", "without", "foreign", "unknown"])
def test_integration_of_another_organization_is_not_found(operation: str, space_id: str) -> None:
    fixture = a_fixture(operation)
    with pytest.raises(NotFoundError):
        OPERATIONS[operation](fixture.integrations, a_reader(of_space(space_id)))
    assert set(fixture.journal) <= {"get", "get_deleted"}


@each_operation
def test_operation_fails_if_the_directory_fails(operation: str) -> None:
    fixture = a_fixture(operation)
    del fixture.repository.spaces.known  # a read fails
    with pytest.raises(AttributeError, match="known"):
        OPERATIONS[operation](fixture.integrations, SEEING[0])
    assert set(fixture.journal) <= {"get", "get_deleted"}


@each_operation
def test_operation_of_an_admin_reads_no_space(operation: str) -> None:
    fixture = a_fixture(operation)
    del fixture.repository.spaces.known  # a read fails
    OPERATIONS[operation](fixture.integrations, ADMIN)
