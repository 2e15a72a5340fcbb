"""`key_access/use_ledger.py`: at most one write an hour, beside the response, whatever the table does."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from io import StringIO
from threading import Event, Thread, current_thread

import pytest

from ai_integrations.domain.refusals import Refusal
from ai_integrations.domain.uses import Use, UsedBy
from ai_integrations.key_access import use_ledger
from ai_integrations.key_access.use_ledger import Task, UseLedger, start_thread
from tests.builders import API_KEY, NOON, ULID, a_consumer, an_integration
from tests.fakes import InMemoryRefusals, InMemoryUses, build_ledger

HOUR = timedelta(hours=1)
INTEGRATION = an_integration()
OTHERS = [an_integration(id=ULID[:-1] + letter) for letter in "XYZ"]
BILLING, NIGHTLY = UsedBy.principal(a_consumer().principal), UsedBy.broker_states("nightly-job")


@dataclass
class CountingUses(InMemoryUses):
    """Uses that count attempts to record one. `before` runs first, and may raise or block."""

    attempts: int = 0
    before: Callable[[], object] = lambda: None

    def record(self, account: str, ulid: str, consumer: UsedBy, now: datetime) -> None:
        self.attempts += 1
        self.before()
        super().record(account, ulid, consumer, now)


@dataclass
class LedgerFixture:
    """A ledger over fakes. A test may set the clock, `now`, and choose how tasks start."""

    now: datetime = NOON
    start: Callable[[Task], None] = lambda task: task()
    uses: CountingUses = field(default_factory=CountingUses)
    refusals: InMemoryRefusals = field(default_factory=InMemoryRefusals)

    def __post_init__(self) -> None:
        self.ledger = self.new_instance()

    def new_instance(self) -> UseLedger:
        """Build the ledger of another instance of the function, with the same table."""
        return build_ledger(self.uses, self.refusals, clock=lambda: self.now, start=self.start_task)

    def start_task(self, task: Task) -> None:
        self.start(task)

    def recorded(self) -> dict[tuple[str, str], datetime]:
        """List the last uses by integration and consumer."""
        return {(each.integration_id, each.consumer.name): each.last_used_at for each in self.uses.uses.values()}


@pytest.fixture
def fixture() -> LedgerFixture:
    return LedgerFixture()


def test_use_is_recorded(fixture: LedgerFixture) -> None:
    fixture.ledger.record_use(INTEGRATION, BILLING)
    assert [*fixture.uses.uses.values()] == [Use("acme", ULID, BILLING, NOON, frozenset({NOON.date()}))]


def test_use_is_written_once_an_hour(fixture: LedgerFixture) -> None:
    for minutes in (0, 1, 59, 60, 61, 185):
        fixture.now = NOON + timedelta(minutes=minutes)
        fixture.ledger.record_use(INTEGRATION, BILLING)
    assert fixture.uses.attempts == 3
    assert fixture.recorded() == {(ULID, BILLING.name): NOON + timedelta(minutes=185)}


def test_each_account_integration_and_consumer_is_recorded(fixture: LedgerFixture) -> None:
    for integration in (INTEGRATION, *OTHERS, an_integration(account="umbrella")):
        for consumer in (BILLING, NIGHTLY):
            fixture.ledger.record_use(integration, consumer)
    assert len(fixture.uses.uses) == fixture.uses.attempts == 10


def test_failed_write_is_logged_without_its_message_and_tried_again_at_the_next_use(
    fixture: LedgerFixture, log: StringIO
) -> None:
    def fail() -> None:
        raise ValueError(API_KEY)

    fixture.uses.before = fail
    fixture.ledger.record_use(INTEGRATION, BILLING)
    line = json.loads(log.getvalue())
    assert (line["level"], line["message"], line["error"]) == ("WARNING", "use not recorded", "builtins.ValueError")
    assert API_KEY not in log.getvalue()
    fixture.uses.before = lambda: None
    fixture.ledger.record_use(INTEGRATION, BILLING)
    assert fixture.recorded() == {(ULID, BILLING.name): NOON}


def test_thread_that_cannot_start_is_logged_and_leaves_the_next_use_unaffected(
    fixture: LedgerFixture, log: StringIO
) -> None:
    def fail(_task: Task) -> None:
        raise RuntimeError

    fixture.start = fail
    fixture.ledger.record_use(INTEGRATION, BILLING)
    assert "use not recorded" in log.getvalue()
    fixture.start = lambda task: task()
    fixture.ledger.record_use(INTEGRATION, BILLING)
    assert fixture.recorded() == {(ULID, BILLING.name): NOON}


def test_caller_never_waits_for_a_write_and_at_most_one_is_in_progress(fixture: LedgerFixture) -> None:
    """The table does not respond until the test releases it: a caller that waited would wait forever."""
    begun, released = Event(), Event()
    threads: list[Thread] = []

    def start(task: Task) -> None:
        threads.append(Thread(target=task, daemon=True))
        threads[-1].start()

    def block() -> None:
        begun.set()
        released.wait()

    fixture.start, fixture.uses.before = start, block
    fixture.ledger.record_use(INTEGRATION, BILLING)
    begun.wait()
    for each in (INTEGRATION, *OTHERS):
        fixture.ledger.record_use(each, NIGHTLY)
    assert (fixture.uses.attempts, fixture.uses.uses) == (1, {})
    released.set()
    threads[0].join()
    fixture.ledger.record_use(INTEGRATION, NIGHTLY)
    threads[1].join()
    assert fixture.recorded().keys() == {(ULID, BILLING.name), (ULID, NIGHTLY.name)}


def test_task_runs_in_a_thread_that_does_not_keep_the_process_alive() -> None:
    """The test releases the task afterwards: a start that waited for it would wait forever."""
    is_daemon: list[bool] = []
    released, ended = Event(), Event()

    def task() -> None:
        released.wait()
        is_daemon.append(current_thread().daemon)
        ended.set()

    start_thread(task)
    released.set()
    ended.wait()
    assert is_daemon == [True]


def test_instance_that_is_ended_during_a_write_loses_one_record_and_no_later_one(fixture: LedgerFixture) -> None:
    fixture.start = lambda _task: None  # frozen before its first instruction, and never continued
    fixture.ledger.record_use(INTEGRATION, BILLING)
    fixture.start = lambda task: task()
    fixture.ledger.record_use(INTEGRATION, BILLING)
    assert fixture.recorded() == {}
    fixture.now += timedelta(minutes=1)
    fixture.new_instance().record_use(INTEGRATION, BILLING)
    assert fixture.recorded() == {(ULID, BILLING.name): fixture.now}


def test_write_that_is_frozen_for_hours_does_not_prevent_those_of_later_hours(fixture: LedgerFixture) -> None:
    frozen: list[Task] = []
    fixture.start = frozen.append
    fixture.ledger.record_use(INTEGRATION, BILLING)
    fixture.start = lambda task: task()
    fixture.now = NOON + 2 * HOUR
    other = fixture.new_instance()
    other.record_use(INTEGRATION, BILLING)
    frozen[0]()
    assert fixture.recorded() == {(ULID, BILLING.name): NOON + 2 * HOUR}
    fixture.now = NOON + 3 * HOUR
    fixture.ledger.record_use(INTEGRATION, BILLING)
    assert fixture.recorded() == {(ULID, BILLING.name): NOON + 3 * HOUR}


def test_memory_is_bounded(fixture: LedgerFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(use_ledger, "_MAX_REMEMBERED", 3)
    for _ in range(2):
        for each in (INTEGRATION, *OTHERS):
            fixture.ledger.record_use(each, BILLING)
    assert fixture.uses.attempts == 8  # the fourth use clears the memory


def test_refusal_is_recorded_once_an_hour(fixture: LedgerFixture) -> None:
    for minutes in (0, 59, 60):
        fixture.now = NOON + timedelta(minutes=minutes)
        fixture.ledger.record_refusal("acme", BILLING, ULID, "not_found")
    first = Refusal("acme", BILLING, "not_found", NOON, ULID)
    assert fixture.refusals.refusals == [first, first._replace(refused_at=NOON + HOUR)]


def test_refusals_of_other_accounts_consumers_integrations_and_reasons_are_recorded(fixture: LedgerFixture) -> None:
    for _ in range(2):
        fixture.ledger.record_refusal("acme", BILLING, ULID, "not_found")
        fixture.ledger.record_refusal("umbrella", BILLING, ULID, "not_found")
        fixture.ledger.record_refusal("acme", NIGHTLY, ULID, "not_found")
        fixture.ledger.record_refusal("acme", BILLING, None, "not_found")
        fixture.ledger.record_refusal("acme", BILLING, ULID, "no_grant")
    assert len(fixture.refusals.refusals) == 5


def test_refusals_are_at_most_60_an_hour_and_do_not_prevent_uses(fixture: LedgerFixture) -> None:
    for hour in range(2):
        fixture.now = NOON + hour * HOUR
        for number in range(100):
            fixture.ledger.record_refusal("acme", UsedBy.broker_states(f"job-{number}"), None, "not_found")
        assert len(fixture.refusals.refusals) == (hour + 1) * 60
    fixture.ledger.record_use(INTEGRATION, BILLING)
    assert fixture.uses.attempts == 1


def test_refusals_that_fail_are_at_most_60_an_hour(fixture: LedgerFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    attempts: list[Refusal] = []

    def fail(refusal: Refusal) -> None:
        attempts.append(refusal)
        raise TimeoutError

    monkeypatch.setattr(fixture.refusals, "record", fail)
    for _ in range(100):
        fixture.ledger.record_refusal("acme", BILLING, ULID, "not_found")
    assert len(attempts) == 60
