"""Lists of integrations, of which one call reads a bounded number, and of places, of which a caller sees its own."""

from dataclasses import replace

import pytest

from ai_integrations.domain.errors import NotFoundError
from ai_integrations.domain.model import Caller, Membership, Organization, Role, Scoping, Slice, Space
from ai_integrations.use_cases.listing import IntegrationList, Query, SpaceDirectory
from tests.builders import NOON, a_caller, an_integration
from tests.fakes import InMemoryRepository, InMemorySpaces, RecordingSpaces


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
    repository = a_repository(1010)
    listing = IntegrationList(integrations=repository, spaces=InMemorySpaces())
    page = listing.page(a_caller(), Query(name="ID00003"), after=None, limit=50)
    assert page.integrations == ()
    assert repository.returned == 1000
    assert page.last_read == "ID00010"
    rest = listing.page(a_caller(), Query(name="ID00003"), after=page.last_read, limit=50)
    assert [each.id for each in rest.integrations] == ["ID00003"]
    assert rest.last_read is None


def test_list_reads_once_if_everything_matches() -> None:
    repository = a_repository(20)
    listing = IntegrationList(integrations=repository, spaces=InMemorySpaces())
    page = listing.page(a_caller(), Query(), after=None, limit=5)
    assert [each.id for each in page.integrations] == ["ID00019", "ID00018", "ID00017", "ID00016", "ID00015"]
    assert page.last_read == "ID00015"
    assert repository.returned == 6


def test_page_that_holds_the_last_integration_is_the_last() -> None:
    listing = IntegrationList(integrations=a_repository(5), spaces=InMemorySpaces())
    page = listing.page(a_caller(), Query(), after=None, limit=5)
    assert (len(page.integrations), page.last_read) == (5, None)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (Query(), ["ID00013", "ID00002", "ID00001"]),
        (Query(name="id0001"), ["ID00013"]),
        (Query(space_id="t"), ["ID00013", "ID00002", "ID00001"]),
        (Query(space_id="t", name="id0000"), ["ID00002", "ID00001"]),
        (Query(space_id="t", space_name="tests"), ["ID00013", "ID00002", "ID00001"]),
        (Query(space_id="t", space_name="translation"), []),
        (Query(space_id="s", space_name="search"), []),
    ],
)
def test_member_sees_only_what_its_space_sees_and_the_query_matches(query: Query, expected: list[str]) -> None:
    elsewhere = {f"ID{number:05}": Scoping(space_id="u") for number in range(14)}
    scopings = elsewhere | {
        "ID00001": Scoping(space_id="t"),
        "ID00002": Scoping(organization_id="o"),
        "ID00013": Scoping(),
    }
    listing = IntegrationList(integrations=a_repository(14, **scopings), spaces=the_spaces())
    page = listing.page(MEMBER, query, after=None, limit=9)
    assert [each.id for each in page.integrations] == expected


@pytest.mark.parametrize("query", [Query(), Query(space_id="s"), Query(space_name="search")])
def test_list_shows_a_space_what_its_organization_sees(query: Query) -> None:
    repository = a_repository(3, ID00000=Scoping(organization_id="o"), ID00001=Scoping(organization_id="p"))
    listing = IntegrationList(integrations=repository, spaces=the_spaces())
    page = listing.page(OF_SPACE, query, after=None, limit=9)
    assert [each.id for each in page.integrations] == ["ID00002", "ID00000"]


@pytest.mark.parametrize(
    ("scoping", "query", "reads"),
    [
        (Scoping(organization_id="p"), Query(), ["s"]),
        (Scoping(organization_id="o"), Query(), ["s"]),
        (Scoping(organization_id="o"), Query(name="ID00001"), ["s"]),
        (Scoping(organization_id="o"), Query(name="x"), []),
        (Scoping(space_id="t"), Query(), []),
        (Scoping(space_id="s"), Query(), []),
        (Scoping(), Query(), []),
    ],
)
def test_list_reads_a_space_at_most_once_and_only_if_its_organization_matters(
    scoping: Scoping, query: Query, reads: list[str]
) -> None:
    repository = a_repository(40, **{f"ID{number:05}": scoping for number in range(40)})
    spaces = RecordingSpaces()
    IntegrationList(integrations=repository, spaces=spaces).page(OF_SPACE, query, after=None, limit=50)
    assert spaces.reads == reads


def test_list_fails_if_the_directory_fails() -> None:
    spaces = RecordingSpaces()
    del spaces.known  # a read fails
    listing = IntegrationList(integrations=a_repository(1, ID00000=Scoping(organization_id="o")), spaces=spaces)
    with pytest.raises(AttributeError, match="known"):
        listing.page(OF_SPACE, Query(), after=None, limit=9)


def test_list_by_space_looks_up_an_organization_that_the_membership_does_not_name() -> None:
    repository = a_repository(3, ID00000=Scoping(organization_id="o"), ID00001=Scoping(organization_id="p"))
    listing = IntegrationList(integrations=repository, spaces=the_spaces())
    memberships = (Membership(organization_id="p", space_id="z"), Membership(space_id="s"))
    member = a_caller(role=Role.MEMBER, memberships=memberships)
    page = listing.page(member, Query(space_id="s"), after=None, limit=9)
    assert [each.id for each in page.integrations] == ["ID00002", "ID00000"]


def test_list_by_space_without_organization_finds_integrations_of_the_space() -> None:
    repository = a_repository(2, ID00000=Scoping(space_id="unknown"), ID00001=Scoping(space_id="s"))
    listing = IntegrationList(integrations=repository, spaces=the_spaces())
    page = listing.page(a_caller(), Query(space_id="unknown"), after=None, limit=9)
    assert [each.id for each in page.integrations] == ["ID00000"]


@pytest.mark.parametrize(("name", "ids"), [("SEARCH", ["s", "t"]), ("tests", ["t"]), ("", ["s", "t", "u"]), ("z", [])])
def test_space_list_matches_part_of_a_name(name: str, ids: list[str]) -> None:
    places, _ = SpaceDirectory(the_spaces()).spaces(a_caller(), name, None, after=None, limit=9)
    assert [each.id for each in places] == ids


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


def the_spaces() -> InMemorySpaces:
    """Build a directory: three named spaces of an account, one that only scopings name, and one of another account."""
    spaces = InMemorySpaces()
    for ulid, name in (("s", "Search"), ("t", "Search tests"), ("u", "Translation"), ("x", None)):
        spaces.register(Space(account="acme", id=ulid, organization_id="o", name=name))
    spaces.register(Space(account="other", id="s", organization_id=None, name="Search"))
    return spaces


MEMBER = a_caller(role=Role.MEMBER, memberships=(Membership(organization_id="o", space_id="t", admin=True),))
OF_SPACE = a_caller(role=Role.READER, memberships=(Membership(space_id="s"),))
CALLERS = [
    pytest.param(a_caller(), ["s", "t", "u"], id="admin"),
    pytest.param(MEMBER, ["t"], id="member of one space"),
    pytest.param(MEMBER._replace(role=Role.READER), ["t"], id="reader of one space"),
    pytest.param(a_caller(role=Role.READER), [], id="reader without memberships"),
    pytest.param(
        a_caller(role=Role.MEMBER, memberships=(Membership(organization_id="o", admin=True),)),
        [],
        id="member of the organization",
    ),
    pytest.param(a_caller(role=Role.READER, memberships=(Membership(space_id="x"),)), [], id="reader of unnamed space"),
    pytest.param(MEMBER._replace(account="other"), [], id="member of a space in another account"),
    pytest.param(a_caller(account="other"), ["s"], id="admin of another account"),
]


@pytest.mark.parametrize(("caller", "ids"), CALLERS)
def test_space_list_contains_only_spaces_that_the_caller_belongs_to(caller: Caller, ids: list[str]) -> None:
    places, last_read = SpaceDirectory(the_spaces()).spaces(caller, None, None, after=None, limit=9)
    assert ([each.id for each in places], last_read) == (ids, None)
    assert {each.account for each in places} <= {caller.account}


@pytest.mark.parametrize(("caller", "ids"), CALLERS)
def test_space_list_pages_count_only_visible_spaces(caller: Caller, ids: list[str]) -> None:
    directory, found, after = SpaceDirectory(the_spaces()), list[str](), None
    for _ in range(len(ids) or 1):
        places, after = directory.spaces(caller, None, None, after=after, limit=1)
        found += [each.id for each in places]
    assert (found, after) == (ids, None)


@pytest.mark.parametrize(("caller", "ids"), CALLERS)
def test_list_by_space_name_uses_only_spaces_that_the_caller_belongs_to(caller: Caller, ids: list[str]) -> None:
    repository = a_repository(
        3, ID00000=Scoping(space_id="s"), ID00001=Scoping(space_id="t"), ID00002=Scoping(space_id="u")
    )
    listing = IntegrationList(integrations=repository, spaces=the_spaces())
    page = listing.page(caller, Query(space_name="sear"), after=None, limit=9)
    expected = {"s": "ID00000", "t": "ID00001"}
    visible = [expected[each] for each in reversed(ids) if each in expected and caller.account == "acme"]
    assert [each.id for each in page.integrations] == visible


@pytest.mark.parametrize("query", [Query(), Query(space_id="s"), Query(space_name="search")])
def test_list_uses_the_organization_of_the_membership_rather_than_that_of_the_directory(query: Query) -> None:
    repository = a_repository(2, ID00000=Scoping(organization_id="o"), ID00001=Scoping(organization_id="p"))
    listing = IntegrationList(integrations=repository, spaces=the_spaces())
    caller = a_caller(role=Role.READER, memberships=(Membership(organization_id="p", space_id="s"),))
    page = listing.page(caller, query, after=None, limit=9)
    assert [each.id for each in page.integrations] == ["ID00001"]


@pytest.mark.parametrize("space_id", ["s", "u", "x", "unknown"])
@pytest.mark.parametrize("role", [Role.MEMBER, Role.READER])
def test_list_by_id_of_a_space_that_the_caller_does_not_belong_to_is_not_found(role: Role, space_id: str) -> None:
    listing = IntegrationList(integrations=a_repository(1), spaces=the_spaces())
    with pytest.raises(NotFoundError):
        listing.page(MEMBER._replace(role=role), Query(space_id=space_id), after=None, limit=9)


def the_directory() -> SpaceDirectory:
    """Build the directory of `the_spaces`, with the organization o of space t, another one, and one elsewhere."""
    spaces = the_spaces()
    for account, organization_id, name in (("acme", "o", "Research"), ("acme", "p", "Sales"), ("other", "q", "Q")):
        spaces.register(Organization(account=account, id=organization_id, name=name, created_at=NOON))
    spaces.register(Space(account="acme", id="v", organization_id="p", name="Vendors"))
    return SpaceDirectory(spaces)


SEES_ORGANIZATIONS = [
    pytest.param(a_caller(), ["o", "p"], id="admin"),
    pytest.param(a_caller(account="other"), ["q"], id="admin of another account"),
    pytest.param(MEMBER, ["o"], id="member of a space in the organization"),
    pytest.param(MEMBER._replace(role=Role.READER), ["o"], id="reader of a space in the organization"),
    pytest.param(
        a_caller(role=Role.READER, memberships=(Membership(organization_id="p"),)), ["p"], id="reader of organization"
    ),
    pytest.param(
        a_caller(role=Role.READER, memberships=(Membership(space_id="v"),)),
        ["p"],
        id="reader of a space that the directory places in the organization",
    ),
    pytest.param(a_caller(role=Role.READER), [], id="reader without memberships"),
    pytest.param(
        a_caller(role=Role.READER, memberships=(Membership(organization_id="z"),)), [], id="reader of unregistered one"
    ),
    pytest.param(MEMBER._replace(account="other"), [], id="member of an organization in another account"),
]


@pytest.mark.parametrize(("caller", "ids"), SEES_ORGANIZATIONS)
def test_organizations_that_the_caller_belongs_to_are_listed_and_readable_and_others_not_found(
    caller: Caller, ids: list[str]
) -> None:
    directory = the_directory()
    places, last_read = directory.organizations(caller, None, after=None, limit=9)
    assert ([each.id for each in places], last_read) == (ids, None)
    assert [directory.organization(caller, each) for each in ids] == places
    for hidden in {"o", "p", "q", "z"} - set(ids):
        with pytest.raises(NotFoundError):
            directory.organization(caller, hidden)


def test_organization_list_matches_part_of_a_name_and_continues_after_an_id() -> None:
    directory, admin = the_directory(), a_caller()
    assert [each.id for each in directory.organizations(admin, "SEAR", after=None, limit=9)[0]] == ["o"]
    first, last_read = directory.organizations(admin, None, after=None, limit=1)
    assert ([each.id for each in first], last_read) == (["o"], "o")
    assert [each.id for each in directory.organizations(admin, None, after="o", limit=1)[0]] == ["p"]


@pytest.mark.parametrize(
    ("caller", "organization_id", "ids"),
    [(a_caller(), "o", ["s", "t", "u"]), (a_caller(), "p", ["v"]), (a_caller(), "z", []), (MEMBER, "o", ["t"])],
)
def test_space_list_of_an_organization_contains_its_visible_spaces(
    caller: Caller, organization_id: str, ids: list[str]
) -> None:
    places, _ = the_directory().spaces(caller, None, organization_id, after=None, limit=9)
    assert [each.id for each in places] == ids


@pytest.mark.parametrize(("caller", "ids"), CALLERS)
def test_space_that_the_caller_belongs_to_is_readable_and_any_other_is_not_found(
    caller: Caller, ids: list[str]
) -> None:
    directory = SpaceDirectory(the_spaces())
    assert [directory.space(caller, each).id for each in ids] == ids
    for hidden in {"s", "t", "u", "x", "unknown"} - set(ids):
        with pytest.raises(NotFoundError):
            directory.space(caller, hidden)
