"""Reminders of stored keys: from when, how often, about which keys, and what a failure costs."""

from datetime import timedelta
from typing import Any

import pytest

from ai_integrations.contracts.published_events import KeyDue, KeyUnused
from ai_integrations.domain.model import CredentialsSet, Federation, Integration, PreviousKey, SecretVersion
from ai_integrations.domain.reminders import INTERVAL, RETENTION, LastReminder, Reason, SentReminders, find
from tests.builders import NOON, ULID, an_event
from tests.event_fakes import InMemoryBus
from tests.fakes import InMemoryUses
from tests.unit.reminder_fixture import DAY, KEY, ReminderFixture, time_for, with_key, with_keys

SECOND, HOUR, WEEK = timedelta(seconds=1), timedelta(hours=1), timedelta(weeks=1)
NEW_KEY = SecretVersion(arn=KEY.arn, version="version-2")
DUE = {Reason.DUE: 90}
UNUSED = {Reason.UNUSED: 30}
BOTH = {Reason.DUE: 90, Reason.UNUSED: 30}
OTHER_CREDENTIALS: dict[str, dict[str, Any]] = {
    "none": {"secret": None},
    "referenced": {"secret": SecretVersion(arn="arn:referenced", version=None)},
    "federated": {"secret": None, "federation": Federation({"service_account_id": "sa_fake"})},
    "role": {"secret": None, "provider_metadata": {"role_arn": "arn:aws:iam::111122223333:role/models"}},
}


def rotated(at: timedelta, **changes: Any) -> Integration:
    """Build an integration whose key was replaced some time after noon. The previous key can still be used."""
    previous = PreviousKey(secret=KEY, usable_until=NOON + at + DAY)
    by_bob = CredentialsSet(at=NOON + at, by="bob")
    return with_key(**{"secret": NEW_KEY, "credentials_set": by_bob, "previous_key": previous, "version": 2} | changes)


def test_key_is_due_from_the_day_of_the_limit() -> None:
    fixture = ReminderFixture()
    assert fixture.published(at=90 * DAY - SECOND) == []
    [event] = fixture.published(at=90 * DAY)
    assert (event.age_days, event.limit_days, event.reminder) == (90, 90, 1)


def test_reminder_of_a_due_key_describes_the_integration_and_its_key() -> None:
    [event] = ReminderFixture().published(at=91 * DAY + HOUR)
    assert isinstance(event, KeyDue)
    assert event.model_dump(exclude_none=True) == {
        "event_id": f"{ULID}.20260402T120000.key-due",
        "account": "acme",
        "id": "QWlJbnRlZ3JhdGlvbjoxOjAxS0RaM1pRODAwMDAwMDAwMDAwMDAwMDBB",
        "name": "Production OpenAI",
        "provider": "OPEN_AI",
        "version": 1,
        "scopings": [{}],
        "key_set_at": "2026-01-02T12:00:00.000Z",
        "limit_days": 90,
        "reminder": 1,
        "occurred_at": "2026-04-03T13:00:00.000Z",
        "age_days": 91,
    }


@pytest.mark.parametrize(("limits", "days", "name"), [(DUE, [90, 97], "key_due"), (UNUSED, [31], "key_unused")])
def test_sample_event_equals_the_published_event(limits: dict[Reason, int], days: list[int], name: str) -> None:
    fixture = ReminderFixture(limits=limits)
    fixture.use(NOON + DAY)
    [*_, event] = [event for day in days for event in fixture.published(at=day * DAY + HOUR / 2)]
    assert event.model_dump() == an_event(f"bus/ai_integration_{name}")["detail"]


def test_each_week_has_one_reminder_although_the_sweep_runs_every_hour() -> None:
    fixture = ReminderFixture()
    for hour in range(int((90 * DAY + 4 * WEEK) / HOUR)):
        fixture.run(at=hour * HOUR)
    events: list[Any] = fixture.bus.events
    assert [each.occurred_at[:10] for each in events] == ["2026-04-02", "2026-04-09", "2026-04-16", "2026-04-23"]
    assert [each.reminder for each in events] == [1, 2, 3, 4]
    assert len({each.event_id for each in events}) == 4


def test_next_reminder_is_published_exactly_a_week_after_the_limit() -> None:
    fixture = ReminderFixture()
    fixture.run(at=90 * DAY)
    assert fixture.published(at=90 * DAY + WEEK - SECOND) == []
    [event] = fixture.published(at=90 * DAY + WEEK)
    assert event.reminder == 2


def test_key_that_is_due_when_reminders_are_turned_on_gets_one_reminder_and_the_next_in_its_next_week() -> None:
    fixture = ReminderFixture()
    [first] = fixture.published(at=200 * DAY)
    [second] = fixture.published(at=90 * DAY + 16 * WEEK)  # the first week after that
    assert (first.reminder, first.age_days, second.reminder) == (1, 200, 2)


def test_clock_that_goes_back_over_the_start_of_a_week_repeats_no_reminder() -> None:
    fixture = ReminderFixture()
    fixture.run(at=90 * DAY + WEEK)
    assert fixture.published(at=90 * DAY + WEEK - SECOND) == []
    assert fixture.published(at=-HOUR) == []


def test_rotated_key_starts_over() -> None:
    fixture = ReminderFixture()
    fixture.run(at=100 * DAY)
    after_rotation = rotated(100 * DAY + HOUR)
    assert fixture.published(after_rotation, at=190 * DAY) == []
    [event] = fixture.published(after_rotation, at=190 * DAY + HOUR)
    assert (event.reminder, event.age_days, event.key_set_at) == (1, 90, "2026-04-12T13:00:00.000Z")


def test_two_keys_that_a_slow_clock_set_at_the_same_time_are_distinguished_by_their_version() -> None:
    fixture = ReminderFixture()
    fixture.run(at=90 * DAY)
    [event] = fixture.published(rotated(timedelta()), at=90 * DAY + WEEK)
    assert event.reminder == 1


def test_old_key_after_a_rollback_is_due_again_and_continues_its_reminders() -> None:
    fixture = ReminderFixture()
    [first] = fixture.published(at=90 * DAY)
    fixture.run(rotated(90 * DAY + HOUR), at=91 * DAY)
    rolled_back = with_key(version=3)
    assert fixture.published(rolled_back, at=91 * DAY) == []
    [second] = fixture.published(rolled_back, at=90 * DAY + WEEK)
    assert (first.reminder, second.reminder, second.key_set_at) == (1, 2, first.key_set_at)


@pytest.mark.parametrize(
    ("secret", "version"), [(KEY, "version-1"), (SecretVersion(arn="arn:referenced", version=None), ""), (None, "")]
)
def test_reminders_belong_to_account_integration_and_key(secret: SecretVersion | None, version: str) -> None:
    expected = SentReminders(account="acme", integration_id=ULID, key_set_at=NOON, key_version=version)
    assert SentReminders.of_key(with_key(secret=secret), None) == expected


def test_reminders_of_another_account_or_integration_are_not_continued() -> None:
    known = SentReminders.of_key(with_key(), None)._replace(last={Reason.DUE: LastReminder(1, NOON)})
    assert SentReminders.of_key(with_key(), known) == known
    for other in ({"account": "other"}, {"id": ULID[:-1] + "B"}):
        assert SentReminders.of_key(with_key(**other), known).last == {}


def test_other_change_of_the_integration_keeps_the_age_of_its_key() -> None:
    fixture = ReminderFixture()
    fixture.run(at=90 * DAY)
    renamed = with_key(name="Renamed", version=2, updated_at=NOON + 91 * DAY)
    assert fixture.published(renamed, at=92 * DAY) == []


@pytest.mark.parametrize("kind", OTHER_CREDENTIALS)
def test_credentials_that_are_not_a_stored_key_are_never_reminded_of(kind: str) -> None:
    fixture = ReminderFixture(limits=BOTH)
    report = fixture.run(with_key(**OTHER_CREDENTIALS[kind]), at=3650 * DAY)
    assert (fixture.bus.events, fixture.store.journal, report.reached_limits.total()) == ([], [], 0)
    assert find(with_key(**OTHER_CREDENTIALS[kind]), BOTH, NOON + 3650 * DAY) == []


def test_key_that_was_never_used_is_unused_since_it_was_set() -> None:
    fixture = ReminderFixture(limits=UNUSED)
    assert fixture.published(at=30 * DAY - SECOND) == []
    [event] = fixture.published(at=30 * DAY)
    assert isinstance(event, KeyUnused)
    assert event.event_id == f"{ULID}.20260201T120000.key-unused"
    assert (event.unused_for_days, event.limit_days, event.last_used_at, event.reminder) == (30, 30, None, 1)


def test_key_is_unused_from_the_day_of_the_limit_after_its_last_use_by_any_consumer() -> None:
    fixture = ReminderFixture(limits=UNUSED)
    fixture.use(NOON + DAY)
    fixture.use(NOON + 2 * DAY, consumer="other")
    assert fixture.published(at=32 * DAY - SECOND) == []
    [event] = fixture.published(at=32 * DAY)
    assert (event.unused_for_days, event.last_used_at) == (30, "2026-01-04T12:00:00.000Z")


def test_rotation_does_not_hide_that_the_integration_is_unused() -> None:
    fixture = ReminderFixture(limits=UNUSED)
    fixture.use(NOON + DAY)
    after_rotation = rotated(20 * DAY)
    assert fixture.published(after_rotation, at=31 * DAY - SECOND) == []
    [event] = fixture.published(after_rotation, at=31 * DAY)
    assert (event.unused_for_days, event.last_used_at) == (30, "2026-01-03T12:00:00.000Z")


def test_key_without_any_use_is_unused_since_it_was_set() -> None:
    fixture = ReminderFixture(limits=UNUSED)
    after_rotation = rotated(20 * DAY)
    assert fixture.published(after_rotation, at=50 * DAY - SECOND) == []
    [event] = fixture.published(after_rotation, at=50 * DAY)
    assert (event.unused_for_days, event.last_used_at) == (30, None)


def test_key_that_is_used_again_gets_its_next_reminder_only_when_it_is_unused_again() -> None:
    fixture = ReminderFixture(limits=UNUSED)
    fixture.run(at=30 * DAY)
    fixture.use(NOON + 31 * DAY)
    assert fixture.published(at=30 * DAY + 4 * WEEK) == []
    assert len(fixture.published(at=61 * DAY)) == 1


def test_key_with_both_findings_gets_both_reminders_and_one_record() -> None:
    fixture = ReminderFixture(limits=BOTH)
    fixture.run(at=90 * DAY)
    assert {type(each) for each in fixture.bus.events} == {KeyDue, KeyUnused}
    assert fixture.store.journal == ["load", "save"]
    fixture.run(at=90 * DAY)
    assert len(fixture.bus.events) == 2


def test_reminder_of_one_kind_keeps_the_record_of_the_other() -> None:
    fixture = ReminderFixture(limits=BOTH)
    for day in range(110):
        fixture.run(at=day * DAY)
    numbers = [(type(each), each.reminder) for each in fixture.bus.events]  # type: ignore[attr-defined]
    assert [number for kind, number in numbers if kind is KeyDue] == [1, 2, 3]
    assert [number for kind, number in numbers if kind is KeyUnused] == [*range(1, 13)]


def test_record_expires_some_weeks_after_the_last_reminder() -> None:
    fixture = ReminderFixture()
    fixture.run(at=100 * DAY)
    assert fixture.store.expiry[ULID] == NOON + 100 * DAY + RETENTION
    assert RETENTION > 3 * INTERVAL


def test_reminder_after_its_record_expired_has_an_id_of_its_own() -> None:
    fixture = ReminderFixture()
    [first] = fixture.published(at=90 * DAY)
    fixture.store.stored.clear()
    [again] = fixture.published(at=90 * DAY + RETENTION)
    assert first.event_id != again.event_id


def test_while_both_limits_are_off_nothing_is_read_or_published() -> None:
    fixture = ReminderFixture(limits={})
    fixture.uses = UnreadableUses()
    report = fixture.run(at=3650 * DAY)
    assert (fixture.bus.events, fixture.store.journal, report.failed_checks) == ([], [], [])


class UnreadableUses(InMemoryUses):
    """A use ledger that must not be read, or whose table fails."""

    def of_integrations(self, account: str, oldest: str, newest: str) -> Any:  # noqa: ARG002
        raise TimeoutError


def test_ledger_is_read_only_for_keys_that_are_old_enough_to_be_unused() -> None:
    fixture = ReminderFixture(limits=UNUSED, uses=UnreadableUses())
    assert fixture.run(at=30 * DAY - SECOND).failed_checks == []
    assert fixture.run(at=30 * DAY).failed_checks == [f"acme/{ULID}"]


def test_ledger_is_not_read_for_keys_that_are_only_due() -> None:
    fixture = ReminderFixture(limits={Reason.DUE: 90, Reason.UNUSED: 400}, uses=UnreadableUses())
    assert fixture.run(at=90 * DAY).failed_checks == []
    assert len(fixture.bus.events) == 1


def test_record_is_read_only_for_keys_that_reached_a_limit() -> None:
    fixture = ReminderFixture(limits=BOTH)
    fixture.use(NOON + 59 * DAY)
    fixture.run(at=60 * DAY)
    assert fixture.store.journal == []


def test_dry_run_counts_keys_and_publishes_and_records_nothing() -> None:
    fixture = ReminderFixture(limits=BOTH)
    report = fixture.run(*with_keys(3), at=90 * DAY, dry_run=True)
    assert report.reached_limits == {Reason.DUE: 3, Reason.UNUSED: 3}
    assert (fixture.bus.events, fixture.store.journal) == ([], [])


def test_crash_between_publishing_and_recording_repeats_the_reminder_with_the_same_id() -> None:
    fixture = ReminderFixture()
    fixture.store.error = TimeoutError()
    [first] = fixture.published(at=90 * DAY)
    fixture.store.error = None
    [again] = fixture.published(at=90 * DAY + HOUR)
    assert (again.event_id, again.reminder) == (first.event_id, first.reminder)
    assert fixture.published(at=90 * DAY + 2 * HOUR) == []


def test_reminder_that_cannot_be_published_is_not_recorded_and_comes_in_the_next_round() -> None:
    fixture = ReminderFixture()
    fixture.bus.error = TimeoutError()
    report = fixture.run(at=90 * DAY)
    assert fixture.store.journal == ["load"]
    assert (report.failed_checks, report.has_failures()) == ([f"acme/{ULID}"], True)
    assert [type(each) for each in report.reminder_errors] == [TimeoutError]
    fixture.bus.error = None
    assert len(fixture.published(at=90 * DAY + HOUR)) == 1


def test_all_keys_of_a_page_are_reminded_of_with_at_most_ten_events_at_once() -> None:
    fixture = ReminderFixture(limits=BOTH)
    fixture.bus = LimitedBus()
    report = fixture.run(*with_keys(23), at=90 * DAY)
    assert len({each.event_id for each in fixture.bus.events}) == 46
    assert (report.failed_checks, report.reached_limits[Reason.DUE]) == ([], 23)


class LimitedBus(InMemoryBus):
    def publish(self, *events: Any) -> None:
        assert len(events) <= 10
        super().publish(*events)


def test_failed_batch_does_not_keep_the_other_keys_of_the_page_from_their_reminders() -> None:
    fixture = ReminderFixture(limits=BOTH)
    fixture.bus = FailingBus(failures=1)
    report = fixture.run(*with_keys(12), at=90 * DAY)
    assert len(report.failed_checks) == 5
    assert len(fixture.bus.events) == 2 * 7


class FailingBus(InMemoryBus):
    """A bus that rejects the first calls."""

    def __init__(self, failures: int) -> None:
        super().__init__()
        self.left = failures

    def publish(self, *events: Any) -> None:
        self.left -= 1
        if self.left >= 0:
            raise TimeoutError
        super().publish(*events)


def test_run_gives_up_reminders_after_three_failures_and_checks_the_secrets_of_the_page() -> None:
    fixture = ReminderFixture()
    fixture.bus = FailingBus(failures=1000)
    report = fixture.run(*with_keys(1000), at=90 * DAY)
    assert (fixture.bus.left, len(report.failed_checks), fixture.is_complete) == (997, 15, True)


def test_run_without_time_stops_between_two_batches_and_the_next_one_does_the_rest() -> None:
    fixture = ReminderFixture()
    keys = with_keys(12)
    fixture.run(*keys, at=90 * DAY, has_time=time_for(1))
    assert (fixture.is_complete, len(fixture.bus.events)) == (False, 5)
    fixture.run(*keys)
    assert (fixture.is_complete, len(fixture.bus.events)) == (True, 12)
    assert len({each.event_id for each in fixture.bus.events}) == 12


def test_ten_thousand_due_keys_are_reminded_of_once_in_a_week() -> None:
    fixture = ReminderFixture()
    keys = with_keys(10_000)
    for hour in range(3):
        fixture.run(*keys, at=90 * DAY + hour * HOUR)
    assert len(fixture.bus.events) == len({each.event_id for each in fixture.bus.events}) == 10_000
    assert fixture.store.journal.count("save") == 10_000
