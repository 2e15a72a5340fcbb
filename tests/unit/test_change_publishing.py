"""Processing records of the stream: first the cleanup of secrets, then the publication of events."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from ai_integrations.adapters.dynamodb import items
from ai_integrations.adapters.dynamodb.consumers import consumer_item, list_key, revocation_item
from ai_integrations.adapters.dynamodb.refusals import refusal_item
from ai_integrations.adapters.dynamodb.stream import parse_record
from ai_integrations.domain.connection_health import CheckStatus, Health, Rung
from ai_integrations.domain.consumers import Revocation
from ai_integrations.domain.model import Integration, PreviousKey, SecretVersion, Tombstone
from ai_integrations.domain.refusals import Refusal
from ai_integrations.domain.uses import UsedBy
from ai_integrations.use_cases.audit_entries import entry_of_change, entry_of_consumer_change, entry_of_refusal
from ai_integrations.use_cases.change_publishing import ChangePublisher
from ai_integrations.use_cases.changes import Change, GraceEnded, HealthRecorded
from ai_integrations.use_cases.consumer_changes import ConsumerChange
from tests.builders import FEDERATIONS, NOON, a_consumer, an_integration
from tests.event_fakes import InMemoryAuditLog, InMemoryBus, RecordingCleanup, RecordingUseExpiry
from tests.fakes import InMemoryRepository
from tests.streams import a_record, record_of

SECRET = SecretVersion(arn="arn:stack/1", version="v1")
OTHER_VERSION = SECRET._replace(version="v2")
OTHER_SECRET = SecretVersion(arn="arn:stack/2", version="v1")
FIRST = an_integration(secret=SECRET, updated_by="alice")
SECOND = replace(FIRST, version=2)
TOMBSTONE = Tombstone(integration=FIRST, deleted_at=NOON, deleted_by="alice", expires_at=NOON + timedelta(days=30))


@dataclass
class StreamFixture:
    """The change publisher over fakes. A test may advance the clock, `now`."""

    bus: InMemoryBus = field(default_factory=InMemoryBus)
    cleanup: RecordingCleanup = field(default_factory=RecordingCleanup)
    uses: RecordingUseExpiry = field(default_factory=RecordingUseExpiry)
    repository: InMemoryRepository = field(default_factory=InMemoryRepository)
    audit_log: InMemoryAuditLog = field(default_factory=InMemoryAuditLog)
    now: datetime = NOON

    def __post_init__(self) -> None:
        self.publisher = ChangePublisher(
            cleanup=self.cleanup,
            uses=self.uses,
            integrations=self.repository,
            bus=self.bus,
            audit_log=self.audit_log,
            clock=lambda: self.now,
        )

    def handle(self, record: dict[str, Any]) -> list[tuple[object, ...]]:
        """Process a record, and list the calls of the cleanup so far."""
        self.publisher.handle(parse_record(record))
        return self.cleanup.journal

    def published(self) -> list[str]:
        return [event.detail_type for event in self.bus.events]


@pytest.fixture
def stream() -> StreamFixture:
    return StreamFixture()


def test_creation_publishes_event_without_cleanup(stream: StreamFixture) -> None:
    assert stream.handle(a_record(None, FIRST)) == []
    assert stream.published() == ["AI Integration Created"]


def test_settings_change_publishes_event_without_cleanup(stream: StreamFixture) -> None:
    stream.repository.insert(SECOND, None)
    assert stream.handle(a_record(FIRST, replace(SECOND, name="x"))) == []
    assert stream.published() == ["AI Integration Updated"]


def test_key_change_promotes_the_new_version_and_releases_the_old_one(stream: StreamFixture) -> None:
    stream.repository.insert(replace(SECOND, secret=OTHER_VERSION), None)
    assert stream.handle(a_record(FIRST, replace(SECOND, secret=OTHER_VERSION))) == [
        ("promote_version", OTHER_VERSION, SECRET)
    ]
    assert stream.published() == ["AI Integration Key Rotated"]


def test_federation_that_replaces_a_key_schedules_the_deletion_of_its_secret(stream: StreamFixture) -> None:
    federated = replace(SECOND, secret=None, federation=FEDERATIONS["OPEN_AI"])
    stream.repository.insert(federated, None)
    assert stream.handle(a_record(FIRST, federated)) == [("schedule_deletion", SECRET)]
    assert stream.published() == ["AI Integration Updated"]


def test_key_change_processed_after_a_later_one_promotes_the_referenced_version(stream: StreamFixture) -> None:
    latest = SECRET._replace(version="v3")
    stream.repository.insert(replace(FIRST, version=3, secret=latest), None)
    assert stream.handle(a_record(FIRST, replace(SECOND, secret=OTHER_VERSION))) == [
        ("promote_version", latest, SECRET)
    ]


def test_key_change_of_an_integration_deleted_meanwhile_promotes_nothing(stream: StreamFixture) -> None:
    assert stream.handle(a_record(FIRST, replace(SECOND, secret=OTHER_VERSION))) == []
    assert stream.published() == ["AI Integration Key Rotated"]


def test_rotation_with_grace_period_releases_no_version(stream: StreamFixture) -> None:
    previous = PreviousKey(secret=SECRET, usable_until=NOON + timedelta(hours=1))
    rotated = replace(SECOND, secret=OTHER_VERSION, previous_key=previous)
    stream.repository.insert(rotated, None)
    assert stream.handle(a_record(FIRST, rotated)) == [("promote_version", OTHER_VERSION, ("previous", SECRET))]


def version_of(version: str) -> SecretVersion:
    return SECRET._replace(version=version)


def rotated_to(version: str, *, previous: str) -> Integration:
    previous_key = PreviousKey(secret=version_of(previous), usable_until=NOON + timedelta(hours=1))
    return replace(SECOND, secret=version_of(version), previous_key=previous_key)


def test_rotation_during_a_grace_period_releases_only_the_key_before_the_previous_one(stream: StreamFixture) -> None:
    rotated = rotated_to("v2", previous="v1")
    again = replace(rotated_to("v3", previous="v2"), version=3)
    stream.repository.insert(again, None)
    [(*promoted, kept)] = stream.handle(a_record(rotated, again))
    assert promoted == ["promote_version", version_of("v3"), version_of("v1")]
    assert kept == ("previous", version_of("v2"))


def test_rollback_releases_the_key_that_it_replaces(stream: StreamFixture) -> None:
    rolled_back = replace(FIRST, version=3)
    stream.repository.insert(rolled_back, None)
    record = a_record(rotated_to("v2", previous="v1"), rolled_back)
    assert stream.handle(record) == [("promote_version", SECRET, version_of("v2"))]


def test_key_set_during_a_grace_period_releases_both_keys_before_it(stream: StreamFixture) -> None:
    updated = replace(FIRST, version=3, secret=version_of("v3"))
    stream.repository.insert(updated, None)
    [(operation, promoted, *released)] = stream.handle(a_record(rotated_to("v2", previous="v1"), updated))
    assert (operation, promoted) == ("promote_version", version_of("v3"))
    assert set(released) == {version_of("v1"), version_of("v2")}


def grace_end(integration: Integration) -> dict[str, Any]:
    assert integration.previous_key is not None
    return record_of(items.grace_item(integration, integration.previous_key), None)


def test_end_of_grace_period_releases_previous_key_without_event(stream: StreamFixture) -> None:
    previous = PreviousKey(secret=SECRET, usable_until=NOON + timedelta(hours=1))
    rotated = replace(SECOND, secret=OTHER_VERSION, previous_key=previous)
    stream.repository.insert(rotated, None)
    stream.now += timedelta(hours=1)
    assert stream.handle(grace_end(rotated)) == [("promote_version", OTHER_VERSION, SECRET)]
    assert stream.published() == []


def test_end_of_grace_period_keeps_previous_key_whose_grace_was_extended(stream: StreamFixture) -> None:
    previous = PreviousKey(secret=SECRET, usable_until=NOON + timedelta(hours=1))
    rotated = replace(SECOND, secret=OTHER_VERSION, previous_key=previous)
    stream.repository.insert(rotated, None)
    assert stream.handle(grace_end(rotated)) == []


def test_end_of_grace_period_after_a_rollback_does_nothing(stream: StreamFixture) -> None:
    previous = PreviousKey(secret=SECRET, usable_until=NOON)
    stream.repository.insert(SECOND, None)
    assert stream.handle(grace_end(replace(SECOND, secret=OTHER_VERSION, previous_key=previous))) == []


def test_end_of_grace_period_of_deleted_integration_does_nothing(stream: StreamFixture) -> None:
    previous = PreviousKey(secret=SECRET, usable_until=NOON + timedelta(hours=1))
    assert stream.handle(grace_end(replace(SECOND, previous_key=previous))) == []


@pytest.mark.parametrize("new_secret", [None, OTHER_SECRET, SecretVersion(arn="arn:external", version=None)])
def test_change_to_another_secret_schedules_deletion_of_the_old_one(
    stream: StreamFixture, new_secret: SecretVersion | None
) -> None:
    journal = stream.handle(a_record(FIRST, replace(SECOND, secret=new_secret)))
    assert journal[0] == ("schedule_deletion", SECRET)
    assert ("schedule_deletion", new_secret) not in journal


def test_deletion_schedules_deletion_of_the_secret(stream: StreamFixture) -> None:
    assert stream.handle(a_record(None, TOMBSTONE)) == [("schedule_deletion", SECRET)]
    assert stream.published() == ["AI Integration Deleted"]


def test_deletion_keeps_secret_of_integration_restored_meanwhile(stream: StreamFixture) -> None:
    stream.repository.insert(SECOND, None)
    assert stream.handle(a_record(None, TOMBSTONE)) == []
    assert stream.published() == ["AI Integration Deleted"]


def test_restore_cancels_deletion_of_the_secret(stream: StreamFixture) -> None:
    stream.repository.insert(SECOND, None)
    assert stream.handle(a_record(None, SECOND))[0] == ("cancel_deletion", SECRET)
    assert stream.published() == ["AI Integration Restored"]


def test_restore_promotes_the_key_that_was_changed_before_the_deletion(stream: StreamFixture) -> None:
    changed = replace(SECOND, secret=OTHER_VERSION)
    assert stream.handle(a_record(FIRST, changed)) == []  # processed after the deletion
    stream.repository.insert(changed, None)
    journal = stream.handle(a_record(None, changed))
    assert journal == [("cancel_deletion", OTHER_VERSION), ("promote_version", OTHER_VERSION)]


def test_restore_of_an_integration_deleted_again_meanwhile_promotes_nothing(stream: StreamFixture) -> None:
    assert stream.handle(a_record(None, SECOND)) == [("cancel_deletion", SECRET)]


def test_key_change_processed_after_the_key_was_removed_promotes_nothing(stream: StreamFixture) -> None:
    stream.repository.insert(replace(SECOND, secret=None), None)
    assert stream.handle(a_record(FIRST, replace(SECOND, secret=OTHER_VERSION))) == []


def test_key_removal_processed_after_a_later_key_promotes_nothing(stream: StreamFixture) -> None:
    stream.repository.insert(replace(SECOND, secret=OTHER_SECRET), None)
    assert stream.handle(a_record(FIRST, replace(SECOND, secret=None))) == [("schedule_deletion", SECRET)]


def test_restore_of_integration_without_key_needs_no_cleanup(stream: StreamFixture) -> None:
    assert stream.handle(a_record(None, replace(SECOND, secret=None))) == []


def test_write_that_leaves_no_integration_schedules_deletion_of_the_secret(stream: StreamFixture) -> None:
    stream.publisher.handle(Change(before=FIRST))
    assert stream.cleanup.journal == [("schedule_deletion", SECRET)]


def test_recorded_connection_test_publishes_event_without_cleanup(stream: StreamFixture) -> None:
    rungs = (Rung(name="reachable", status=CheckStatus.FAILED, latency_ms=1),)
    health = Health(account="acme", id=FIRST.id, integration_version=1, checked_at=NOON, model=None, rungs=rungs)
    stream.publisher.handle(HealthRecorded(health, previous=None, number=1))
    assert (stream.published(), stream.cleanup.journal) == (["AI Integration Health Changed"], [])


def test_deletion_of_integration_without_key_needs_no_cleanup(stream: StreamFixture) -> None:
    assert stream.handle(a_record(None, TOMBSTONE._replace(integration=replace(FIRST, secret=None)))) == []


def test_first_key_publishes_event_without_cleanup(stream: StreamFixture) -> None:
    stream.repository.insert(SECOND, None)
    assert stream.handle(a_record(replace(FIRST, secret=None), SECOND)) == []
    assert stream.published() == ["AI Integration Updated"]


def test_failed_publication_propagates_and_record_can_be_retried(stream: StreamFixture) -> None:
    stream.repository.insert(replace(SECOND, secret=OTHER_VERSION), None)
    stream.bus.error = TimeoutError()
    record = a_record(FIRST, replace(SECOND, secret=OTHER_VERSION))
    with pytest.raises(TimeoutError):
        stream.handle(record)
    stream.bus.error = None
    assert stream.handle(record) == [("promote_version", OTHER_VERSION, SECRET)] * 2
    assert stream.published() == ["AI Integration Key Rotated"]


CONSUMER_CHANGE = ConsumerChange(after=a_consumer())
REFUSAL = Refusal("acme", UsedBy.broker_states("nightly-job"), "not_found", NOON, None)


@pytest.mark.parametrize(
    "record",
    [Change(after=FIRST), Change(before=FIRST, after=replace(SECOND, name="x")), Change(tombstone=TOMBSTONE)],
)
def test_change_is_recorded_once_however_often_its_record_is_processed(stream: StreamFixture, record: Change) -> None:
    for _ in range(2):
        stream.publisher.handle(record)
    assert list(stream.audit_log.recorded.values()) == [entry_of_change(record)]


def test_consumer_change_is_recorded_and_published(stream: StreamFixture) -> None:
    stream.publisher.handle(CONSUMER_CHANGE)
    assert list(stream.audit_log.recorded.values()) == [entry_of_consumer_change(CONSUMER_CHANGE)]
    assert stream.published() == ["AI Integration Consumer Granted"]


def test_refusal_is_recorded_without_event(stream: StreamFixture) -> None:
    stream.publisher.handle(REFUSAL)
    assert list(stream.audit_log.recorded.values()) == [entry_of_refusal(REFUSAL)]
    assert stream.published() == []


def test_connection_test_and_end_of_grace_period_are_not_recorded(stream: StreamFixture) -> None:
    rungs = (Rung(name="reachable", status=CheckStatus.FAILED, latency_ms=1),)
    health = Health(account="acme", id=FIRST.id, integration_version=1, checked_at=NOON, model=None, rungs=rungs)
    stream.publisher.handle(HealthRecorded(health, previous=None, number=1))
    stream.publisher.handle(GraceEnded("acme", FIRST.id))
    stream.publisher.handle(Change())
    stream.publisher.handle(ConsumerChange())
    assert stream.audit_log.recorded == {}


def test_change_whose_entry_cannot_be_written_is_cleaned_up_but_not_published(stream: StreamFixture) -> None:
    stream.audit_log.error = TimeoutError()
    with pytest.raises(TimeoutError):
        stream.handle(a_record(None, TOMBSTONE))
    assert stream.cleanup.journal == [("schedule_deletion", SECRET)]
    assert stream.published() == []


def test_entry_exists_before_the_event_is_published(stream: StreamFixture) -> None:
    stream.bus.error = TimeoutError()
    for record in (Change(after=FIRST), CONSUMER_CHANGE):
        with pytest.raises(TimeoutError):
            stream.publisher.handle(record)
    assert len(stream.audit_log.recorded) == 2


def test_nothing_is_recorded_while_the_audit_log_is_off(stream: StreamFixture) -> None:
    publisher = ChangePublisher(
        cleanup=stream.cleanup,
        uses=stream.uses,
        integrations=stream.repository,
        bus=stream.bus,
        audit_log=None,
        clock=lambda: NOON,
    )
    for record in (Change(after=FIRST), CONSUMER_CHANGE, REFUSAL):
        publisher.handle(record)
    assert stream.published() == ["AI Integration Created", "AI Integration Consumer Granted"]


def test_deletion_lets_the_uses_expire_with_the_tombstone(stream: StreamFixture) -> None:
    stream.handle(a_record(None, TOMBSTONE))
    assert stream.uses.journal == [("expire", "acme", FIRST.id, TOMBSTONE.expires_at)]


def test_deletion_of_integration_without_key_lets_the_uses_expire(stream: StreamFixture) -> None:
    stream.handle(a_record(None, TOMBSTONE._replace(integration=replace(FIRST, secret=None))))
    assert stream.uses.journal == [("expire", "acme", FIRST.id, TOMBSTONE.expires_at)]


def test_deletion_processed_after_the_restore_keeps_the_uses(stream: StreamFixture) -> None:
    stream.repository.insert(SECOND, None)
    stream.handle(a_record(None, TOMBSTONE))
    assert stream.uses.journal == []


@pytest.mark.parametrize("secret", [SECRET, None])
def test_restore_keeps_the_uses(stream: StreamFixture, secret: SecretVersion | None) -> None:
    restored = replace(SECOND, secret=secret)
    stream.repository.insert(restored, None)
    stream.handle(a_record(None, restored))
    assert stream.uses.journal == [("keep", "acme", FIRST.id)]


def test_restore_processed_after_another_deletion_leaves_the_expiry(stream: StreamFixture) -> None:
    stream.handle(a_record(None, SECOND))
    assert stream.uses.journal == []


@pytest.mark.parametrize("record", [a_record(None, FIRST), a_record(FIRST, replace(SECOND, name="x"))])
def test_creation_and_change_leave_the_expiry_of_uses(stream: StreamFixture, record: dict[str, Any]) -> None:
    stream.repository.insert(SECOND, None)
    stream.handle(record)
    assert stream.uses.journal == []


def test_failure_to_set_the_expiry_of_uses_loses_neither_the_cleanup_nor_the_event(stream: StreamFixture) -> None:
    stream.uses.error = TimeoutError()
    with pytest.raises(TimeoutError):
        stream.handle(a_record(None, TOMBSTONE))
    assert (stream.cleanup.journal, stream.published()) == ([("schedule_deletion", SECRET)], [])
    stream.uses.error = None
    stream.handle(a_record(None, TOMBSTONE))
    assert stream.published() == ["AI Integration Deleted"]


WRITES = {
    "change": (items.integration_item(FIRST), items.integration_item(replace(SECOND, secret=OTHER_SECRET, name="x"))),
    "creation": (None, items.integration_item(FIRST)),
    "deletion": (None, items.tombstone_item(TOMBSTONE)),
    "connection test": (None, {**items.health_key("acme", FIRST.id), "health": {}, "checks": 1}),
    "end of a grace period": ({**items.grace_key("acme", FIRST.id), "account": "acme", "id": FIRST.id}, None),
}


@pytest.mark.parametrize("partition", ["USES", "CONSUMER", "CONSUMERS", "REMINDERS", "SPACES", "ACCESSKEYS", "AUDIT"])
@pytest.mark.parametrize("images", WRITES.values(), ids=WRITES)
def test_item_of_another_partition_is_no_change_of_an_integration(
    stream: StreamFixture, images: tuple[items.Item | None, items.Item | None], partition: str
) -> None:
    """A function that may write uses, for example, could otherwise forge changes and have secrets deleted."""
    previous = PreviousKey(secret=OTHER_VERSION, usable_until=NOON)
    stream.repository.insert(replace(SECOND, previous_key=previous), None)
    old, new = ({**image, "pk": f"{partition}#acme"} if image else None for image in images)
    assert stream.handle(record_of(old, new)) == []
    assert (stream.uses.journal, stream.published(), stream.audit_log.recorded) == ([], [], {})


CONSUMER = a_consumer()
GRANTED = {**list_key("acme", CONSUMER.id), **consumer_item(CONSUMER)}
REVOKED = revocation_item(Revocation(consumer=CONSUMER, revoked_at=NOON, revoked_by="bob"))


@pytest.mark.parametrize("partition", ["USES", "CONSUMER", "ACCOUNT", "REMINDERS", "SPACES", "ACCESSKEYS", "AUDIT"])
@pytest.mark.parametrize(
    "images", [(None, GRANTED), (GRANTED, {**GRANTED, "version": 2}), (None, REVOKED)], ids=["grant", "change", "end"]
)
def test_item_of_another_partition_is_no_change_of_a_consumer(
    stream: StreamFixture, images: tuple[items.Item | None, items.Item], partition: str
) -> None:
    """A function that may write uses, for example, could otherwise forge grants and their ends in the audit log."""
    old, new = ({**image, "pk": f"{partition}#acme"} if image else None for image in images)
    stream.handle(record_of(old, new))
    assert (stream.published(), stream.audit_log.recorded) == ([], {})
    stream.handle(record_of(*images))
    assert (len(stream.published()), len(stream.audit_log.recorded)) == (1, 1)


def test_refusal_of_another_partition_is_not_recorded(stream: StreamFixture) -> None:
    stream.handle(record_of(None, {**refusal_item(REFUSAL), "pk": "ACCOUNT#acme"}))
    assert stream.audit_log.recorded == {}
