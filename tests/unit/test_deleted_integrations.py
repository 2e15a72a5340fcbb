"""The list of deleted integrations: which ones, and how many a call reads."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from ai_integrations.domain.model import ACCOUNT_WIDE, Caller, Membership, Role, Scoping, Space, Tombstone
from ai_integrations.use_cases.deleted_integrations import DeletedIntegrations
from tests.builders import NOON, a_caller, an_integration
from tests.fakes import InMemoryRepository, RecordingSpaces

IDS = [f"01KDZ3ZQ8000000000000000{number:02}" for number in range(9)]
INSTANT = timedelta(milliseconds=1)
DAY = timedelta(days=1)
IN_SPACE = Membership(space_id="s")
IN_ORGANIZATION = Membership(organization_id="o")


class CountingRepository(InMemoryRepository):
    """A repository that counts the tombstones that it returns."""

    returned = 0

    def newest_deleted(self, account: str, before: str | None, count: int) -> tuple[list[Tombstone], bool]:
        found, more = super().newest_deleted(account, before, count)
        self.returned += len(found)
        return found, more


@dataclass
class DeletedFixture:
    """The use case at noon, over fakes."""

    repository: CountingRepository = field(default_factory=CountingRepository)
    spaces: RecordingSpaces = field(default_factory=RecordingSpaces)

    def __post_init__(self) -> None:
        self.deleted = DeletedIntegrations(tombstones=self.repository, spaces=self.spaces, clock=lambda: NOON)

    def add(
        self, number: int = 0, remaining: timedelta = DAY, scoping: Scoping = ACCOUNT_WIDE, account: str = "acme"
    ) -> None:
        integration = an_integration(id=IDS[number], account=account, scopings=(scoping,))
        tombstone = Tombstone(integration, deleted_at=NOON - DAY, deleted_by="bob", expires_at=NOON + remaining)
        self.repository.tombstones[account, integration.id] = tombstone

    def pages(self, caller: Caller | None = None, limit: int = 50) -> Iterator[list[str]]:
        """List all pages; each has the ids of its integrations."""
        after: str | None = None
        while True:
            page = self.deleted.page(caller or a_caller(), after=after, limit=limit)
            yield [each.integration.id for each in page.tombstones]
            if page.last_read is None:
                return
            after = page.last_read


@pytest.fixture
def fixture() -> DeletedFixture:
    return DeletedFixture()


def test_deleted_integrations_of_the_account_are_listed_the_newest_first(fixture: DeletedFixture) -> None:
    for number in (1, 3, 2):
        fixture.add(number)
    fixture.add(4, account="other")
    assert list(fixture.pages()) == [[IDS[3], IDS[2], IDS[1]]]


@pytest.mark.parametrize(("remaining", "count"), [(INSTANT, 1), (timedelta(), 0), (-INSTANT, 0)], ids=str)
def test_integration_is_listed_while_its_recovery_window_lasts(
    fixture: DeletedFixture, remaining: timedelta, count: int
) -> None:
    """DynamoDB deletes an expired tombstone up to some days late."""
    fixture.add(remaining=remaining)
    assert [len(page) for page in fixture.pages()] == [count]


@pytest.mark.parametrize(
    ("scoping", "memberships", "is_listed"),
    [
        (Scoping(), (), True),
        (Scoping(space_id="s"), (IN_SPACE,), True),
        (Scoping(space_id="t"), (IN_SPACE,), False),
        (Scoping(organization_id="o"), (IN_ORGANIZATION,), True),
        (Scoping(organization_id="p"), (IN_ORGANIZATION,), False),
        (Scoping(organization_id="o"), (IN_SPACE,), True),  # the directory knows the organization of the space
        (Scoping(organization_id="p"), (IN_SPACE,), False),
        (Scoping(space_id="s"), (), False),
    ],
)
def test_reader_gets_the_integrations_that_it_saw(
    fixture: DeletedFixture, scoping: Scoping, memberships: tuple[Membership, ...], is_listed: bool
) -> None:
    fixture.spaces.register(Space(account="acme", id="s", organization_id="o", name="Search", created_at=NOON))
    fixture.add(scoping=scoping)
    reader = a_caller(role=Role.READER, memberships=memberships)
    assert list(fixture.pages(reader)) == [[IDS[0]] if is_listed else []]
    assert list(fixture.pages(a_caller())) == [[IDS[0]]]


@pytest.mark.parametrize(
    ("scoping", "reads"), [(Scoping(organization_id="p"), ["s"]), (Scoping(space_id="t"), []), (Scoping(), [])]
)
def test_list_reads_a_space_at_most_once_and_only_if_its_organization_matters(
    scoping: Scoping, reads: list[str]
) -> None:
    fixture = DeletedFixture()
    for number in range(9):
        fixture.add(number, scoping=scoping)
    list(fixture.pages(a_caller(role=Role.READER, memberships=(IN_SPACE,))))
    assert fixture.spaces.reads == reads


def test_list_fails_if_the_directory_fails(fixture: DeletedFixture) -> None:
    fixture.add(scoping=Scoping(organization_id="o"))
    del fixture.spaces.known  # a read fails
    with pytest.raises(AttributeError, match="known"):
        list(fixture.pages(a_caller(role=Role.READER, memberships=(IN_SPACE,))))


@pytest.mark.parametrize(("count", "sizes"), [(0, [0]), (3, [3]), (4, [3, 1]), (6, [3, 3]), (7, [3, 3, 1])])
def test_pages_list_each_integration_once_and_the_last_is_not_empty(
    fixture: DeletedFixture, count: int, sizes: list[int]
) -> None:
    for number in range(count):
        fixture.add(number)
    pages = list(fixture.pages(limit=3))
    assert [len(page) for page in pages] == sizes
    assert [ulid for page in pages for ulid in page] == IDS[:count][::-1]


def test_page_without_a_match_is_empty_and_the_next_one_goes_on(fixture: DeletedFixture) -> None:
    fixture.add(0)
    for number in (1, 2):
        fixture.add(number, remaining=-DAY)
    assert list(fixture.pages(limit=2)) == [[], [IDS[0]]]


def test_page_reads_one_tombstone_more_than_its_limit(fixture: DeletedFixture) -> None:
    for number in range(9):
        fixture.add(number)
    page = fixture.deleted.page(a_caller(), after=None, limit=5)
    assert (len(page.tombstones), page.last_read, fixture.repository.returned) == (5, IDS[4], 6)


def test_page_continues_if_the_table_returns_less_than_the_limit() -> None:
    """DynamoDB returns at most one megabyte."""

    class ShortReads(CountingRepository):
        def newest_deleted(self, account: str, before: str | None, count: int) -> tuple[list[Tombstone], bool]:
            return super().newest_deleted(account, before, min(count, 2))

    short = DeletedFixture(ShortReads())
    for number in range(3):
        short.add(number)
    assert list(short.pages()) == [[IDS[2], IDS[1]], [IDS[0]]]
