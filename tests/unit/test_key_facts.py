"""The kind, age and use of keys: the rules, and the use cases over fakes."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from ai_integrations.contracts.enum_values import WireFormat
from ai_integrations.contracts.key_views import key_view
from ai_integrations.domain.errors import NotFoundError
from ai_integrations.domain.key_facts import KeyFacts, KeyKind, Usage
from ai_integrations.domain.model import (
    CredentialsSet,
    Federation,
    Integration,
    Membership,
    PreviousKey,
    Role,
    Scoping,
    SecretVersion,
    Space,
)
from ai_integrations.domain.uses import DAYS_KEPT, ConsumersOnDay, UsedBy
from ai_integrations.use_cases import key_facts
from ai_integrations.use_cases.key_facts import KeyPage, KeyQuery, Keys
from tests.builders import NOON, ROOT, ULID, a_caller, an_integration
from tests.fakes import InMemoryRepository, InMemorySpaces, InMemoryUses

ADMIN = a_caller()
STORED, REFERENCED = SecretVersion("arn:own", "version"), SecretVersion("arn:theirs", None)
ROLE = {"role_arn": "arn:aws:iam::111122223333:role/models"}
INSTANT = timedelta(milliseconds=1)
IDS = [f"01KDZ3ZQ8000000000000000{number:02}" for number in range(20)]


def facts(
    age: timedelta = timedelta(), last_use: timedelta | None = None, max_age_days: int = 0, **changes: Any
) -> KeyFacts:
    """Build the facts of a stored key that Bob set at noon, and that a consumer last used so long ago."""
    by_bob = CredentialsSet(at=NOON, by="bob")
    integration = an_integration(**{"secret": STORED, "credentials_set": by_bob, **changes})
    now = NOON + age
    return KeyFacts(integration, Usage(1, now - last_use) if last_use else Usage(), now, max_age_days)


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"secret": STORED}, KeyKind.STORED),
        ({"secret": REFERENCED}, KeyKind.REFERENCED),
        ({"secret": None, "federation": Federation({})}, KeyKind.FEDERATED),
        ({"secret": None, "provider_metadata": ROLE}, KeyKind.ROLE),
        ({"secret": STORED, "provider_metadata": ROLE}, KeyKind.STORED),
        ({"secret": None, "provider_metadata": {"project_id": "p"}}, KeyKind.NONE),
        ({"secret": None}, KeyKind.NONE),
    ],
)
def test_kind_is_that_of_the_credentials(changes: dict[str, Any], kind: KeyKind) -> None:
    assert facts(**changes).kind is kind


def test_kinds_are_those_of_the_api_description() -> None:
    description = json.loads((ROOT / "layers/shared/ai_integrations/http/openapi.json").read_text())
    assert description["components"]["schemas"]["KeyView"]["properties"]["kind"]["enum"] == [*KeyKind]


def test_age_counts_from_the_last_change_of_the_credentials() -> None:
    age = timedelta(days=3, hours=23)
    assert facts(age).age == age


def test_age_of_credentials_that_never_changed_counts_from_the_creation() -> None:
    never_changed = facts(timedelta(days=9), credentials_set=None, updated_at=NOON + timedelta(days=8))
    assert never_changed.age == timedelta(days=9)


def test_clock_that_is_behind_the_last_change_makes_no_negative_age() -> None:
    assert facts(-timedelta(seconds=2)).age == timedelta()


@pytest.mark.parametrize(
    "changes",
    [{"secret": REFERENCED}, {"secret": None, "federation": Federation({})}, {"secret": None}],
    ids=["referenced", "federated", "none"],
)
def test_only_a_stored_key_has_an_age_and_becomes_overdue(changes: dict[str, Any]) -> None:
    old = facts(timedelta(days=9999), max_age_days=1, **changes)
    assert old.age is None
    assert not old.is_overdue
    assert not old.is_as_old_as(0)


@pytest.mark.parametrize(
    ("age", "limit", "overdue"),
    [
        (timedelta(days=90) - INSTANT, 90, False),
        (timedelta(days=90), 90, True),
        (timedelta(days=1) - INSTANT, 1, False),
        (timedelta(days=2), 1, True),
        (timedelta(days=9999), 0, False),
    ],
)
def test_key_is_overdue_once_its_age_reaches_the_limit(age: timedelta, limit: int, overdue: bool) -> None:
    assert facts(age, max_age_days=limit).is_overdue is overdue


@pytest.mark.parametrize(
    ("age", "last_use", "unused"),
    [
        (timedelta(days=30) - INSTANT, None, False),
        (timedelta(days=30), None, True),
        (timedelta(days=99), timedelta(days=30) - INSTANT, False),
        (timedelta(days=99), timedelta(days=30), True),
        (timedelta(days=1), timedelta(days=31), True),
    ],
)
def test_key_is_unused_since_its_last_use_or_without_any_since_it_was_set(
    age: timedelta, last_use: timedelta | None, unused: bool
) -> None:
    assert facts(age, last_use).is_unused_for(30) is unused


def test_credentials_of_every_kind_can_be_unused_but_no_credentials_cannot() -> None:
    age = timedelta(days=99)
    assert facts(age, secret=REFERENCED).is_unused_for(30)
    assert facts(age, secret=None, provider_metadata=ROLE).is_unused_for(30)
    assert not facts(age, secret=None).is_unused_for(30)


@pytest.mark.parametrize(("age", "usable"), [(timedelta(), True), (timedelta(hours=1), False)])
def test_previous_key_is_shown_until_its_grace_period_ends(age: timedelta, usable: bool) -> None:
    end = NOON + timedelta(hours=1)
    rotated = facts(age, previous_key=PreviousKey(STORED, usable_until=end))
    assert rotated.previous_key_usable_until == (end if usable else None)
    assert ("previous_key_usable_until" in key_view(rotated, WireFormat.CURRENT)) is usable
    assert facts(age).previous_key_usable_until is None


# ---------------------------------------------------------------------- use cases


@dataclass
class KeysFixture:
    """The use cases over fakes. A test may advance the clock, `now`."""

    repository: InMemoryRepository = field(default_factory=InMemoryRepository)
    spaces: InMemorySpaces = field(default_factory=InMemorySpaces)
    uses: InMemoryUses = field(default_factory=InMemoryUses)
    now: datetime = NOON
    max_age_days: int = 90

    @property
    def keys(self) -> Keys:
        return Keys(
            integrations=self.repository,
            spaces=self.spaces,
            uses=self.uses,
            clock=lambda: self.now,
            max_age_days=self.max_age_days,
        )

    def add(self, ulid: str = ULID, **changes: Any) -> Integration:
        integration = an_integration(**{"id": ulid, "name": ulid, "secret": STORED, **changes})
        self.repository.insert(integration, None)
        return integration

    def use(self, ulid: str = ULID, *, at: datetime = NOON, consumers: int = 1, account: str = "acme") -> None:
        for number in range(consumers):
            self.uses.record(account, ulid, UsedBy.broker_states(f"job-{number}"), at)

    def pages(self, query: KeyQuery, limit: int) -> Iterator[KeyPage]:
        """Read all pages."""
        after: str | None = None
        while True:
            page = self.keys.page(ADMIN, query, after=after, limit=limit)
            yield page
            after = page.last_read
            if after is None:
                return


def test_key_has_its_facts_its_consumers_and_its_use_by_day() -> None:
    fixture = KeysFixture(now=NOON + timedelta(days=100))
    integration = fixture.add()
    fixture.use(consumers=3)
    fixture.use(at=fixture.now - timedelta(days=29), consumers=2)
    fixture.use(at=fixture.now)
    details = fixture.keys.get(ADMIN, ULID)
    assert details.facts == KeyFacts(integration, Usage(3, fixture.now), fixture.now, max_age_days=90)
    assert details.facts.is_overdue
    assert len(details.uses_by_day) == DAYS_KEPT.days
    assert details.uses_by_day[0] == ConsumersOnDay(date(2026, 3, 14), consumers=2)
    assert details.uses_by_day[-1] == ConsumersOnDay(date(2026, 4, 12), consumers=1)
    assert {each.consumers for each in details.uses_by_day[1:-1]} == {0}


def test_days_with_uses_are_those_of_utc() -> None:
    fixture = KeysFixture(now=datetime.fromisoformat("2026-01-03T00:00:00Z"))
    fixture.add()
    fixture.use(at=fixture.now - INSTANT)
    by_day = fixture.keys.get(ADMIN, ULID).uses_by_day
    assert [each.consumers for each in by_day[-2:]] == [1, 0]


def test_key_of_another_integration_or_account_adds_nothing() -> None:
    fixture = KeysFixture()
    fixture.add()
    fixture.use(IDS[0])
    fixture.use(account="umbrella")
    assert fixture.keys.get(ADMIN, ULID).facts.usage == Usage()
    assert fixture.keys.page(ADMIN, KeyQuery(), after=None, limit=9).keys[0].usage == Usage()


@pytest.mark.parametrize("role", [Role.MEMBER, Role.READER])
def test_key_is_shown_to_callers_who_see_the_integration(role: Role) -> None:
    fixture = KeysFixture()
    for ulid, scoping in zip(IDS, [Scoping(), Scoping(space_id="s"), Scoping(space_id="other")], strict=False):
        fixture.add(ulid, scopings=(scoping,))
    caller = a_caller(role=role, memberships=(Membership(space_id="s"),))
    page = fixture.keys.page(caller, KeyQuery(), after=None, limit=9)
    assert [each.integration.id for each in page.keys] == [IDS[1], IDS[0]]
    assert fixture.keys.get(caller, IDS[1]).facts.integration.id == IDS[1]
    with pytest.raises(NotFoundError):
        fixture.keys.get(caller, IDS[2])


def test_key_is_shown_to_a_space_whose_organization_the_directory_knows() -> None:
    fixture = KeysFixture()
    fixture.spaces.register(Space(account="acme", id="s", organization_id="o"))
    fixture.add(scopings=(Scoping(organization_id="o"),))
    caller = a_caller(role=Role.READER, memberships=(Membership(space_id="s"),))
    assert fixture.keys.get(caller, ULID).facts.integration.id == ULID


@pytest.mark.parametrize(("ulid", "account"), [(IDS[0], "acme"), (ULID, "umbrella")])
def test_missing_key_and_key_of_another_account_are_not_found(ulid: str, account: str) -> None:
    fixture = KeysFixture()
    fixture.add()
    with pytest.raises(NotFoundError):
        fixture.keys.get(a_caller(account=account), ulid)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (KeyQuery(), [5, 4, 3, 2, 1, 0]),
        (KeyQuery(provider="ANTHROPIC"), [4]),
        (KeyQuery(provider="GEMINI"), []),
        (KeyQuery(older_than_days=0), [5, 4, 1, 0]),
        (KeyQuery(older_than_days=60), [1, 0]),
        (KeyQuery(unused_for_days=0), [5, 4, 3, 1, 0]),
        (KeyQuery(unused_for_days=30), [5, 3, 1]),
        (KeyQuery(unused_for_days=60), [3, 1]),
        (KeyQuery(unused_for_days=30, older_than_days=60), [1]),
        (KeyQuery(unused_for_days=30, older_than_days=60, provider="ANTHROPIC"), []),
    ],
)
@pytest.mark.parametrize("limit", [1, 2, 100])
def test_list_has_the_keys_that_match_all_filters_in_order(query: KeyQuery, expected: list[int], limit: int) -> None:
    fixture = KeysFixture(now=NOON + timedelta(days=90))
    newly_set = CredentialsSet(at=NOON + timedelta(days=80), by="bob")
    fixture.add(IDS[0])
    fixture.add(IDS[1])
    fixture.add(IDS[2], secret=None)
    fixture.add(IDS[3], secret=REFERENCED)
    fixture.add(IDS[4], credentials_set=newly_set, provider="ANTHROPIC")
    fixture.add(IDS[5], credentials_set=newly_set)
    fixture.use(IDS[0], at=fixture.now - timedelta(days=1))
    fixture.use(IDS[5], at=fixture.now - timedelta(days=31))
    listed = [each.integration.id for page in fixture.pages(query, limit) for each in page.keys]
    assert listed == [IDS[number] for number in expected]


def test_list_has_the_usage_of_each_key() -> None:
    fixture = KeysFixture()
    for ulid in IDS[:3]:
        fixture.add(ulid)
    fixture.use(IDS[0], consumers=3, at=NOON - timedelta(days=9))
    fixture.use(IDS[0], consumers=2, at=NOON - timedelta(days=2))
    fixture.use(IDS[2], consumers=1)
    page = fixture.keys.page(ADMIN, KeyQuery(), after=None, limit=9)
    expected = [Usage(1, NOON), Usage(), Usage(3, NOON - timedelta(days=2))]
    assert [each.usage for each in page.keys] == expected


@pytest.mark.parametrize("consumers", [1, 2, 3, 4])
def test_pages_that_end_at_the_budget_of_uses_have_each_key_once_with_all_its_consumers(
    monkeypatch: pytest.MonkeyPatch, consumers: int
) -> None:
    """The uses of integrations that do not match count too."""
    monkeypatch.setattr(key_facts, "READ_BUDGET", 3)
    fixture = KeysFixture()
    for ulid in IDS[:9]:
        fixture.add(ulid, provider="OPEN_AI" if ulid == IDS[4] else "ANTHROPIC")
        fixture.use(ulid, consumers=consumers)
    pages = list(fixture.pages(KeyQuery(provider="ANTHROPIC"), limit=6))
    listed = [each for page in pages for each in page.keys]
    assert [each.integration.id for each in listed] == [ulid for ulid in reversed(IDS[:9]) if ulid != IDS[4]]
    assert {each.usage.consumers for each in listed} == {consumers}
    assert len(pages) > 2


def test_page_reads_no_further_than_its_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_facts, "READ_BUDGET", 10)
    fixture = KeysFixture()
    for ulid in IDS:
        fixture.add(ulid)
        fixture.use(ulid, consumers=4)
    page = fixture.keys.page(ADMIN, KeyQuery(), after=None, limit=20)
    assert [each.integration.id for each in page.keys] == [IDS[19], IDS[18], IDS[17]]
    assert page.last_read == IDS[17]


def test_integration_without_uses_before_the_budget_stays_on_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_facts, "READ_BUDGET", 1)
    fixture = KeysFixture()
    for ulid in IDS[:5]:
        fixture.add(ulid)
    for ulid in (IDS[0], IDS[2]):
        fixture.use(ulid, consumers=2)
    page = fixture.keys.page(ADMIN, KeyQuery(), after=None, limit=20)
    assert [each.integration.id for each in page.keys] == [IDS[4], IDS[3], IDS[2], IDS[1]]
    assert page.last_read == IDS[1]


def test_account_without_integrations_has_no_keys() -> None:
    page = KeysFixture().keys.page(ADMIN, KeyQuery(unused_for_days=0), after=None, limit=9)
    assert (page.keys, page.last_read) == ([], None)


def test_filter_that_few_integrations_match_reads_a_bounded_number_of_them() -> None:
    """As the list of integrations does; tests/unit/test_listing.py."""
    fixture = KeysFixture()
    for number in range(1_010):
        ulid = f"ID{number:05}"
        fixture.repository.integrations["acme", ulid] = replace(an_integration(id=ulid), secret=STORED)
    page = fixture.keys.page(ADMIN, KeyQuery(provider="GEMINI"), after=None, limit=50)
    assert (page.keys, page.last_read) == ([], "ID00010")
