"""The use cases for consumers, over fakes."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from ai_integrations.domain.consumers import Consumer, ConsumerSlice, Grant
from ai_integrations.domain.errors import (
    AccessForbiddenError,
    ConsumerChangedError,
    ConsumerExistsError,
    ContentionError,
    FieldError,
    NotFoundError,
    RuleViolationError,
)
from ai_integrations.domain.model import Caller, Integration, Membership, Role, Scoping, Space
from ai_integrations.domain.principals import principal_of_caller
from ai_integrations.domain.uses import UsedBy
from ai_integrations.use_cases.consumers import Consumers, NewGrant
from ai_integrations.use_cases.visibility import Visibility
from tests.builders import NOON, ULID, a_caller, a_consumer, an_integration
from tests.fakes import InMemoryConsumers, InMemoryRepository, InMemorySpaces, InMemoryUses

ADMIN, OTHER_ADMIN = a_caller(), a_caller(account="other")
ROLE = "arn:aws:iam::999999999999:role/service/billing"
IDS = [f"01KDZ3ZQ8000000000000000{number:02}" for number in range(20)]
SPACE = Membership(space_id="space-1")


@dataclass
class ConsumersFixture:
    """The use cases over fakes. A test may advance the clock, `now`."""

    repository: InMemoryConsumers = field(default_factory=InMemoryConsumers)
    integrations: InMemoryRepository = field(default_factory=InMemoryRepository)
    spaces: InMemorySpaces = field(default_factory=InMemorySpaces)
    uses: InMemoryUses = field(default_factory=InMemoryUses)
    now: datetime = NOON

    def __post_init__(self) -> None:
        ids = iter(IDS)

        def new_id(now: datetime) -> str:
            assert now == self.now
            return next(ids)

        self.consumers = Consumers(
            repository=self.repository,
            integrations=self.integrations,
            visibility=Visibility(self.spaces),
            uses=self.uses,
            clock=lambda: self.now,
            new_id=new_id,
            partition="aws",
        )

    def create(self, *, arn: str = ROLE, caller: Caller = ADMIN, grant: Grant | None = None, **parts: Any) -> Consumer:
        optional = {"name": None, "expires_at": None} | parts
        return self.consumers.create(caller, NewGrant(arn, grant or Grant(), **optional))

    def add_integration(self, **changes: Any) -> Integration:
        integration = an_integration(**changes)
        self.integrations.insert(integration, None)
        return integration

    def update(self, consumer: Consumer, **changes: Any) -> Consumer:
        return self.consumers.update(ADMIN, consumer.id, changes, any_version)

    def with_access(self, ulid: str = ULID) -> list[str]:
        page = self.consumers.with_access(ADMIN, ulid, after=None, limit=100)
        return [each.consumer.principal.name for each in page.consumers]

    def last_uses(self) -> dict[str, datetime | None]:
        """List the last uses of the integration, by the id of the consumer."""
        page = self.consumers.with_access(ADMIN, ULID, after=None, limit=100)
        return {each.consumer.id: each.last_used_at for each in page.consumers}


def any_version(_consumer: Consumer) -> bool:
    return True


@pytest.fixture
def fixture() -> ConsumersFixture:
    return ConsumersFixture()


USES: dict[str, Callable[[Consumers, Caller], object]] = {
    "create": lambda consumers, caller: consumers.create(caller, NewGrant(ROLE, Grant(), None, None)),
    "get": lambda consumers, caller: consumers.get(caller, IDS[0]),
    "page": lambda consumers, caller: consumers.page(caller, after=None, limit=1),
    "with_access": lambda consumers, caller: consumers.with_access(caller, ULID, after=None, limit=1),
    "update": lambda consumers, caller: consumers.update(caller, IDS[0], {"name": "x"}, any_version),
    "revoke": lambda consumers, caller: consumers.revoke(caller, IDS[0], any_version),
}


@pytest.mark.parametrize("role", [Role.READER, Role.MEMBER])
@pytest.mark.parametrize("use", USES)
def test_every_operation_of_another_role_is_forbidden(fixture: ConsumersFixture, use: str, role: Role) -> None:
    fixture.add_integration()
    fixture.create()
    administers = (Membership(space_id="space-1", admin=True),)
    with pytest.raises(AccessForbiddenError):
        USES[use](fixture.consumers, a_caller(role=role, memberships=administers))


@pytest.mark.parametrize("use", USES)
def test_other_roles_do_not_learn_whether_the_resource_exists(fixture: ConsumersFixture, use: str) -> None:
    with pytest.raises(AccessForbiddenError):
        USES[use](fixture.consumers, a_caller(role=Role.READER))


@pytest.mark.parametrize("use", ["get", "with_access", "update", "revoke"])
def test_operation_on_what_another_account_has_finds_nothing(fixture: ConsumersFixture, use: str) -> None:
    fixture.add_integration()
    fixture.create()
    with pytest.raises(NotFoundError):
        USES[use](fixture.consumers, OTHER_ADMIN)


def test_create_stores_who_granted_what_to_whom(fixture: ConsumersFixture) -> None:
    expiry = NOON + timedelta(days=1)
    created = fixture.create(grant=Grant(memberships=(SPACE,)), name="Billing", expires_at=expiry)
    assert fixture.repository.get("acme", created.id) == created
    assert created == a_consumer(
        id=IDS[0], grant=Grant(memberships=(SPACE,)), name="Billing", expires_at=expiry, principal_arn=ROLE
    )


@pytest.mark.parametrize(
    "arn",
    [
        "arn:aws-cn:iam::999999999999:role/billing",
        "arn:aws-us-gov:iam::999999999999:role/billing",
        "arn:aws:iam::999999999999:root",
    ],
)
def test_create_for_a_principal_of_another_partition_is_rejected(fixture: ConsumersFixture, arn: str) -> None:
    with pytest.raises(RuleViolationError) as raised:
        fixture.create(arn=arn)
    detail = "The principal must be in this partition of AWS: aws."
    assert raised.value.errors == (FieldError("/principal_arn", detail),)


@pytest.mark.parametrize("arn", [ROLE, "arn:aws:iam::999999999999:role/other/BILLING"])
def test_create_of_a_second_grant_for_one_principal_conflicts(fixture: ConsumersFixture, arn: str) -> None:
    fixture.create(expires_at=NOON + timedelta(seconds=1))
    fixture.now += timedelta(days=1)  # an expired grant still has to be changed or revoked
    with pytest.raises(ConsumerExistsError):
        fixture.create(arn=arn)


def test_create_by_another_account_for_the_same_principal_is_independent(fixture: ConsumersFixture) -> None:
    fixture.create()
    assert fixture.create(caller=OTHER_ADMIN).account == "other"


def test_create_after_revocation_succeeds(fixture: ConsumersFixture) -> None:
    consumer = fixture.create()
    fixture.consumers.revoke(ADMIN, consumer.id, any_version)
    assert fixture.create().id != consumer.id


@pytest.mark.parametrize("expiry", [NOON, NOON - timedelta(seconds=1)])
def test_expiry_that_is_not_in_the_future_is_rejected(fixture: ConsumersFixture, expiry: datetime) -> None:
    with pytest.raises(RuleViolationError) as raised:
        fixture.create(expires_at=expiry)
    assert raised.value.errors == (FieldError("/expires_at", "The time must be in the future."),)
    consumer = fixture.create()
    with pytest.raises(RuleViolationError):
        fixture.update(consumer, expires_at=expiry)


@pytest.mark.parametrize("account", ["acme", "other"])
def test_create_with_an_integration_that_the_account_lacks_is_rejected(fixture: ConsumersFixture, account: str) -> None:
    own = fixture.add_integration(id=IDS[10], name="own", account=account)
    grant = Grant(integrations=frozenset({own.id, ULID if account == "acme" else own.id}))
    with pytest.raises(RuleViolationError) as raised:
        fixture.create(grant=grant)
    detail = "The account has no integration with one of these ids."
    assert raised.value.errors == (FieldError("/integration_ids", detail),)
    assert fixture.repository.consumers == {}


def test_update_of_a_grant_checks_only_the_integrations_that_it_adds(fixture: ConsumersFixture) -> None:
    first, second = fixture.add_integration(), fixture.add_integration(id=IDS[10], name="second")
    consumer = fixture.create(grant=Grant(integrations=frozenset({first.id})))
    del fixture.integrations.integrations["acme", first.id]
    wider = Grant(integrations=frozenset({first.id, second.id}))
    assert fixture.update(consumer, grant=wider).grant == wider
    with pytest.raises(RuleViolationError):
        fixture.update(consumer, grant=Grant(integrations=frozenset({IDS[11]})))


def test_update_of_an_expired_grant_changes_what_it_names(fixture: ConsumersFixture) -> None:
    consumer = fixture.create(expires_at=NOON + timedelta(seconds=1))
    fixture.now += timedelta(days=1)
    assert fixture.update(consumer, name="Renamed").expires_at == consumer.expires_at
    assert fixture.update(consumer, expires_at=None).expires_at is None


def test_update_increases_the_version_and_names_its_author(fixture: ConsumersFixture) -> None:
    consumer = fixture.create()
    fixture.now += timedelta(hours=1)
    bob = a_caller(user="bob")
    changed = fixture.consumers.update(bob, consumer.id, {"name": "Renamed"}, any_version)
    assert changed == consumer._replace(name="Renamed", version=2, updated_at=fixture.now, updated_by="bob")
    assert fixture.repository.get("acme", consumer.id) == changed


def test_update_without_a_difference_changes_nothing(fixture: ConsumersFixture) -> None:
    consumer = fixture.create(name="Billing")
    fixture.now += timedelta(hours=1)
    assert fixture.update(consumer, name="Billing") == consumer


def test_revoke_keeps_who_revoked_the_grant(fixture: ConsumersFixture) -> None:
    consumer = fixture.create()
    fixture.now += timedelta(hours=1)
    fixture.consumers.revoke(a_caller(user="bob"), consumer.id, any_version)
    assert fixture.repository.consumers == {}
    assert fixture.repository.revocations == [(consumer, fixture.now, "bob")]


def test_update_of_a_version_that_does_not_match_is_rejected(fixture: ConsumersFixture) -> None:
    consumer = fixture.create()
    with pytest.raises(ConsumerChangedError):
        fixture.consumers.update(ADMIN, consumer.id, {"name": "x"}, lambda each: each.version == 2)
    assert fixture.repository.get("acme", consumer.id) == consumer


def test_revocation_of_a_version_that_does_not_match_is_rejected(fixture: ConsumersFixture) -> None:
    consumer = fixture.create()
    with pytest.raises(ConsumerChangedError):
        fixture.consumers.revoke(ADMIN, consumer.id, lambda each: each.version == 2)
    assert fixture.repository.get("acme", consumer.id) == consumer


class RacingConsumers(InMemoryConsumers):
    """Another writer commits before each of the first `races` updates."""

    races = 1

    def update(self, current: Consumer, changed: Consumer) -> None:
        if self.races:
            self.races -= 1
            super().update(current, current._replace(version=current.version + 1, name="of another writer"))
        super().update(current, changed)


def test_update_after_a_concurrent_write_is_repeated_on_its_result() -> None:
    fixture = ConsumersFixture(RacingConsumers())
    consumer = fixture.create()
    expiry = NOON + timedelta(days=1)
    changed = fixture.update(consumer, expires_at=expiry)
    assert (changed.version, changed.name, changed.expires_at) == (3, "of another writer", expiry)


def test_conditional_update_after_a_concurrent_write_is_rejected() -> None:
    fixture = ConsumersFixture(RacingConsumers())
    consumer = fixture.create()
    with pytest.raises(ConsumerChangedError):
        fixture.consumers.update(ADMIN, consumer.id, {"name": "x"}, lambda each: each.version == 1)


def test_update_that_always_loses_ends_as_contention() -> None:
    repository = RacingConsumers()
    repository.races = 100
    fixture = ConsumersFixture(repository)
    consumer = fixture.create()
    with pytest.raises(ContentionError):
        fixture.update(consumer, name="x")


def test_pages_list_every_consumer_of_the_account_once_and_newest_first(fixture: ConsumersFixture) -> None:
    for number in range(5):
        fixture.create(arn=f"{ROLE}{number}")
    fixture.create(caller=OTHER_ADMIN)
    listed, after = [], None
    for _ in range(3):
        page = fixture.consumers.page(ADMIN, after=after, limit=2)
        listed += [each.id for each in page.consumers]
        after = page.last_read
    assert after is None
    assert listed == sorted(IDS[:5], reverse=True)


class ShortPages(InMemoryConsumers):
    """Returns one consumer at a time, as DynamoDB does if they are large."""

    def newest(self, account: str, before: str | None, count: int) -> ConsumerSlice:
        return super().newest(account, before, min(count, 1))


def test_page_that_the_table_ends_early_is_not_the_last() -> None:
    fixture = ConsumersFixture(ShortPages())
    for number in range(2):
        fixture.create(arn=f"{ROLE}{number}")
    first = fixture.consumers.page(ADMIN, after=None, limit=100)
    second = fixture.consumers.page(ADMIN, after=first.last_read, limit=100)
    assert ([each.id for each in first.consumers], first.last_read) == ([IDS[1]], IDS[1])
    assert ([each.id for each in second.consumers], second.last_read) == ([IDS[0]], None)


GRANTS = {
    "all": Grant(),
    "by-id": Grant(integrations=frozenset({ULID})),
    "other-id": Grant(integrations=frozenset({IDS[10]})),
    "space": Grant(memberships=(SPACE,)),
    "organization": Grant(memberships=(Membership(organization_id="org-1"),)),
    "other-space": Grant(memberships=(Membership(space_id="space-2"),)),
    "no-membership": Grant(memberships=()),
}


@pytest.mark.parametrize(
    ("scopings", "expected"),
    [
        ((), set(GRANTS) - {"other-id"}),
        ((Scoping(space_id="space-1"),), {"all", "by-id", "space"}),
        ((Scoping(organization_id="org-1"),), {"all", "by-id", "space", "organization"}),
        ((Scoping(organization_id="org-2"),), {"all", "by-id"}),
    ],
)
def test_consumers_of_an_integration_are_those_whose_grant_includes_it(
    fixture: ConsumersFixture, scopings: tuple[Scoping, ...], expected: set[str]
) -> None:
    fixture.spaces.register(Space(account="acme", id="space-1", organization_id="org-1"))
    fixture.add_integration(**({"scopings": scopings} if scopings else {}))
    fixture.add_integration(id=IDS[10], name="other")
    for name, grant in GRANTS.items():
        fixture.create(arn=f"arn:aws:iam::999999999999:role/{name}", grant=grant)
    assert set(fixture.with_access()) == expected


def test_organization_of_a_space_is_read_only_for_integrations_of_organizations() -> None:
    class UnreadSpaces(InMemorySpaces):
        def space(self, account: str, space_id: str) -> Space | None:
            raise AssertionError((account, space_id))

    fixture = ConsumersFixture(spaces=UnreadSpaces())
    fixture.add_integration(scopings=(Scoping(space_id="space-2"), Scoping(organization_id="o", space_id="space-3")))
    fixture.create(grant=Grant(memberships=(SPACE,)))
    assert fixture.with_access() == []


def test_consumers_of_an_integration_lack_expired_and_revoked_ones(fixture: ConsumersFixture) -> None:
    fixture.add_integration()
    expiring = fixture.create(expires_at=NOON + timedelta(seconds=1))
    revoked = fixture.create(arn=f"{ROLE}2")
    assert set(fixture.with_access()) == {"billing", "billing2"}
    fixture.now += timedelta(seconds=1)
    fixture.consumers.revoke(ADMIN, revoked.id, any_version)
    assert fixture.with_access() == []
    assert fixture.consumers.get(ADMIN, expiring.id) == expiring


def test_changes_stay_in_order_although_the_clock_goes_back(fixture: ConsumersFixture) -> None:
    consumer = fixture.create()
    created_at = fixture.now
    fixture.now -= timedelta(seconds=1)
    assert fixture.update(consumer, name="x").updated_at == created_at
    fixture.consumers.revoke(ADMIN, consumer.id, any_version)
    [revocation] = fixture.repository.revocations
    assert revocation.revoked_at == created_at


def test_page_of_consumers_of_an_integration_examines_a_bounded_number_of_consumers(
    fixture: ConsumersFixture,
) -> None:
    fixture.add_integration()
    for number in range(21):
        consumer = a_consumer(id=f"01KDZ3ZQ8000000000000000{number:02}", principal_arn=f"{ROLE}{number}")
        fixture.repository.insert(consumer)
    page = fixture.consumers.with_access(ADMIN, ULID, after=None, limit=100)
    assert len(page.consumers) == 20
    rest = fixture.consumers.with_access(ADMIN, ULID, after=page.last_read, limit=100)
    assert (len(rest.consumers), rest.last_read) == (1, None)


def test_page_of_consumers_of_an_integration_can_be_empty_before_the_last(fixture: ConsumersFixture) -> None:
    fixture.add_integration()
    fixture.create()
    fixture.create(arn=f"{ROLE}2", grant=Grant(memberships=(SPACE,)))
    fixture.integrations.integrations["acme", ULID] = an_integration(scopings=(Scoping(space_id="space-9"),))
    page = fixture.consumers.with_access(ADMIN, ULID, after=None, limit=1)
    assert (page.consumers, page.last_read) == ((), IDS[1])
    assert fixture.consumers.with_access(ADMIN, ULID, after=IDS[1], limit=1).last_read is None


def test_last_use_is_found_although_the_grant_spells_the_principal_differently(fixture: ConsumersFixture) -> None:
    """IAM ignores the case of names, and the ledger has the ARN as AWS attests it."""
    fixture.add_integration()
    consumer = fixture.create(arn="arn:aws:iam::999999999999:role/service/BILLING")
    session = principal_of_caller("arn:aws:sts::999999999999:assumed-role/billing/session")
    assert session is not None
    fixture.uses.record("acme", ULID, UsedBy.principal(session), NOON)
    assert fixture.last_uses() == {consumer.id: NOON}


def test_consumers_of_an_integration_have_their_last_use_of_it(fixture: ConsumersFixture) -> None:
    fixture.add_integration()
    used, unused = fixture.create(), fixture.create(arn=f"{ROLE}2")
    by, broker = UsedBy.principal(used.principal), UsedBy.broker_states(unused.principal.arn)
    for account, ulid, consumer in (("acme", IDS[5], by), ("other", ULID, by), ("acme", ULID, broker)):
        fixture.uses.record(account, ulid, consumer, NOON)
    assert fixture.last_uses() == {used.id: None, unused.id: None}
    last = NOON + timedelta(days=2)
    fixture.uses.record("acme", ULID, by, last)
    assert fixture.last_uses() == {used.id: last, unused.id: None}
