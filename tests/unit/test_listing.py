"""Lists of integrations: one call reads a bounded number of them, even if few match."""

from dataclasses import replace

from ai_integrations.domain.model import Membership, Role, Scoping, Slice, Space
from ai_integrations.use_cases.listing import READ_BUDGET, IntegrationList, Query
from tests.builders import a_caller, an_integration
from tests.fakes import InMemoryRepository, InMemorySpaces


class CountingRepository(InMemoryRepository):
    """A repository that counts the integrations that it returns."""

    returned = 0

    def newest(self, account: str, before: str | None, count: int) -> Slice:
        part = super().newest(account, before, count)
        self.returned += len(part.integrations)
        return part


def a_repository(count: int, **scopings_by_id: Scoping) -> CountingRepository:
    repository = CountingRepository()
    for number in range(count):
        ulid = f"ID{number:05}"
        integration = an_integration(id=ulid, name=ulid)
        repository.integrations["acme", ulid] = replace(integration, scopings=(scopings_by_id.get(ulid, Scoping()),))
    return repository


def test_list_stops_at_the_read_budget_and_resumes_there() -> None:
    repository = a_repository(READ_BUDGET + 10)
    listing = IntegrationList(integrations=repository, spaces=InMemorySpaces())
    page = listing.page(a_caller(), Query(name="ID00003"), after=None, limit=50)
    assert page.integrations == ()
    assert repository.returned == READ_BUDGET
    assert page.last_read == "ID00010"
    rest = listing.page(a_caller(), Query(name="ID00003"), after=page.last_read, limit=50)
    assert [each.id for each in rest.integrations] == ["ID00003"]
    assert rest.last_read is None


def test_list_reads_once_if_everything_matches() -> None:
    repository = a_repository(20)
    listing = IntegrationList(integrations=repository, spaces=InMemorySpaces())
    page = listing.page(a_caller(), Query(), after=None, limit=5)
    assert len(page.integrations) == 5
    assert repository.returned == 6


def test_list_by_space_finds_organization_in_memberships_or_directory() -> None:
    repository = a_repository(3, ID00000=Scoping(organization_id="o"), ID00001=Scoping(space_id="elsewhere"))
    spaces = InMemorySpaces()
    listing = IntegrationList(integrations=repository, spaces=spaces)
    member = a_caller(
        role=Role.MEMBER, memberships=(Membership(space_id="other"), Membership(organization_id="o", space_id="s"))
    )
    by_key = listing.page(member, Query(space_id="s"), after=None, limit=9)
    assert [each.id for each in by_key.integrations] == ["ID00002", "ID00000"]
    unknown = listing.page(a_caller(), Query(space_id="s"), after=None, limit=9)
    assert [each.id for each in unknown.integrations] == ["ID00002"]
    spaces.register(Space(account="acme", id="s", organization_id="o"))
    assert listing.page(a_caller(), Query(space_id="s"), after=None, limit=9) == by_key
