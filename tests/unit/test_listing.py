"""Lists are bounded: a call reads so many integrations and no more, however few of them match."""

from dataclasses import replace

from ai_integrations.domain.model import Membership, Role, Scoping, Slice, Space
from ai_integrations.use_cases.listing import READ_BUDGET, IntegrationList, Query
from tests.builders import a_caller, an_integration
from tests.fakes import InMemoryDirectory, InMemoryRepository


class CountingRepository(InMemoryRepository):
    """A store that counts what it hands out."""

    handed_out = 0

    def newest(self, account: str, before: str | None, count: int) -> Slice:
        part = super().newest(account, before, count)
        self.handed_out += len(part.integrations)
        return part


def a_store(count: int, **scopings_of: Scoping) -> CountingRepository:
    repository = CountingRepository()
    for number in range(count):
        ulid = f"ID{number:05}"
        integration = an_integration(id=ulid, name=ulid)
        repository.integrations["acme", ulid] = replace(integration, scopings=(scopings_of.get(ulid, Scoping()),))
    return repository


def test_reads_no_more_than_its_budget_and_says_where_to_go_on() -> None:
    store = a_store(READ_BUDGET + 10)
    found = IntegrationList(integrations=store, spaces=InMemoryDirectory())
    page = found.page(a_caller(), Query(name="ID00003"), after=None, limit=50)
    assert page.integrations == ()
    assert store.handed_out == READ_BUDGET
    assert page.last_read == "ID00010"
    rest = found.page(a_caller(), Query(name="ID00003"), after=page.last_read, limit=50)
    assert [each.id for each in rest.integrations] == ["ID00003"]
    assert rest.last_read is None


def test_reads_once_where_everything_matches() -> None:
    store = a_store(20)
    page = IntegrationList(integrations=store, spaces=InMemoryDirectory()).page(
        a_caller(), Query(), after=None, limit=5
    )
    assert len(page.integrations) == 5
    assert store.handed_out == 6


def test_knows_the_organization_of_a_space_from_key_or_directory() -> None:
    store = a_store(3, ID00000=Scoping(organization_id="o"), ID00001=Scoping(space_id="elsewhere"))
    directory = InMemoryDirectory()
    found = IntegrationList(integrations=store, spaces=directory)
    member = a_caller(
        role=Role.MEMBER, memberships=(Membership(space_id="other"), Membership(organization_id="o", space_id="s"))
    )
    by_key = found.page(member, Query(space_id="s"), after=None, limit=9)
    assert [each.id for each in by_key.integrations] == ["ID00002", "ID00000"]
    unknown = found.page(a_caller(), Query(space_id="s"), after=None, limit=9)
    assert [each.id for each in unknown.integrations] == ["ID00002"]
    directory.register(Space(account="acme", id="s", organization_id="o"))
    assert found.page(a_caller(), Query(space_id="s"), after=None, limit=9) == by_key
