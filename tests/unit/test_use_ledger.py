"""`key_access/use_ledger.py`: at most one write an hour, beside the response, whatever the table does."""

import json
from collections import Counter
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
from tests.cloud import Killed
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
    for seconds in (0, 1, 3_599, 3_600, 3_601, 11_100):
        fixture.now = NOON + timedelta(seconds=seconds)
        fixture.ledger.record_use(INTEGRATION, BILLING)
    assert fixture.uses.attempts == 3
    assert fixture.recorded() == {(ULID, BILLING.name): NOON + timedelta(seconds=11_100)}


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


@dataclass
class SlowTable:
    """Starts a thread for each task. A write ends when the test releases it, so a caller that waits would never end."""

    fixture: LedgerFixture
    begun: Event = field(default_factory=Event)
    released: Event = field(default_factory=Event)
    threads: list[Thread] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.fixture.start, self.fixture.uses.before = self.start, self.block
        self.fixture.ledger.record_use(INTEGRATION, BILLING)
        self.begun.wait()

    def start(self, task: Task) -> None:
        self.threads.append(Thread(target=task, daemon=True))
        self.threads[-1].start()

    def block(self) -> None:
        self.begun.set()
        self.released.wait()

    def release(self) -> None:
        """Let the write end, and wait until nothing is pending."""
        self.released.set()
        for each in self.threads:
            each.join()


def test_caller_never_waits_and_one_write_is_in_progress_while_others_are_pending(fixture: LedgerFixture) -> None:
    table = SlowTable(fixture)
    for each in (INTEGRATION, *OTHERS):
        fixture.ledger.record_use(each, NIGHTLY)
    assert (fixture.uses.attempts, fixture.uses.uses) == (1, {})
    table.release()
    assert len(table.threads) == 1
    assert fixture.recorded().keys() == {
        (ULID, BILLING.name),
        *((each.id, NIGHTLY.name) for each in (INTEGRATION, *OTHERS)),
    }


def test_task_ends_at_once_while_another_one_writes(fixture: LedgerFixture) -> None:
    tasks: list[Task] = []
    fixture.start = tasks.append
    for consumer in (BILLING, NIGHTLY):
        fixture.ledger.record_use(INTEGRATION, consumer)
    waiting: list[bool] = []

    def run_other() -> None:
        other = Thread(target=tasks[1], daemon=True)
        other.start()
        other.join(timeout=5)
        waiting.append(other.is_alive())

    fixture.uses.before = run_other
    tasks[0]()
    assert waiting == [False, False]


def test_pending_records_are_bounded_and_the_others_are_tried_again(
    fixture: LedgerFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(use_ledger, "_MAX_PENDING", 3)
    table, consumers = SlowTable(fixture), [UsedBy.broker_states(f"job-{number}") for number in range(5)]
    for _ in range(2):
        for each in consumers:
            fixture.ledger.record_use(INTEGRATION, each)
    table.release()
    assert fixture.uses.attempts == 4
    for each in consumers:
        fixture.ledger.record_use(INTEGRATION, each)
        table.release()
    assert fixture.uses.attempts == 6


def test_pending_records_are_written_after_a_failure(fixture: LedgerFixture, log: StringIO) -> None:
    """The failure may be that of a write whose connection ended while it was frozen."""
    table = SlowTable(fixture)
    for each in OTHERS:
        fixture.ledger.record_use(each, NIGHTLY)

    def succeed() -> None: ...

    def fail_once() -> None:
        fixture.uses.before = succeed
        raise TimeoutError

    fixture.uses.before = fail_once
    table.release()
    assert len(log.getvalue().splitlines()) == 1
    assert len(fixture.recorded()) == len(OTHERS)  # that of the first write, and of the others except one


def test_pending_records_wait_for_the_next_resolve_after_two_failures(fixture: LedgerFixture, log: StringIO) -> None:
    table = SlowTable(fixture)
    for each in OTHERS:
        fixture.ledger.record_use(each, NIGHTLY)

    def fail() -> None:
        raise TimeoutError

    fixture.uses.before = fail
    table.release()
    assert (fixture.uses.attempts, len(log.getvalue().splitlines())) == (3, 2)
    fixture.uses.before = lambda: None
    fixture.ledger.record_use(INTEGRATION, NIGHTLY)
    table.release()
    assert (OTHERS[0].id, NIGHTLY.name) in fixture.recorded()
    assert len(fixture.recorded()) == 3


def test_pending_record_of_an_earlier_hour_is_replaced(fixture: LedgerFixture) -> None:
    table = SlowTable(fixture)
    fixture.ledger.record_use(INTEGRATION, NIGHTLY)
    fixture.now += HOUR
    fixture.ledger.record_use(INTEGRATION, NIGHTLY)
    table.release()
    assert fixture.recorded() == {(ULID, BILLING.name): NOON, (ULID, NIGHTLY.name): NOON + HOUR}


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


def test_instance_that_is_ended_before_a_write_loses_its_record_and_no_later_one(fixture: LedgerFixture) -> None:
    fixture.start = lambda _task: None  # frozen before its first instruction, and never continued
    fixture.ledger.record_use(INTEGRATION, BILLING)
    assert fixture.recorded() == {}
    fixture.start = lambda task: task()
    fixture.now += timedelta(minutes=1)
    fixture.new_instance().record_use(INTEGRATION, BILLING)
    assert fixture.recorded() == {(ULID, BILLING.name): fixture.now}


def test_instance_that_is_ended_during_a_write_loses_at_most_its_record(fixture: LedgerFixture) -> None:
    def end() -> None:
        raise Killed

    fixture.uses.before = end
    with pytest.raises(Killed):
        fixture.ledger.record_use(INTEGRATION, BILLING)
    fixture.uses.before = lambda: None
    fixture.new_instance().record_use(INTEGRATION, BILLING)
    assert fixture.recorded() == {(ULID, BILLING.name): NOON}


def test_frozen_write_continues_with_those_that_came_later(fixture: LedgerFixture) -> None:
    frozen: list[Task] = []
    fixture.start = frozen.append
    fixture.ledger.record_use(INTEGRATION, BILLING)
    fixture.ledger.record_use(INTEGRATION, NIGHTLY)
    for task in frozen:
        task()
    assert fixture.recorded().keys() == {(ULID, BILLING.name), (ULID, NIGHTLY.name)}
    assert fixture.uses.attempts == 2


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


def test_refusals_of_one_consumer_are_at_most_20_an_hour_and_do_not_hide_those_of_others(
    fixture: LedgerFixture,
) -> None:
    for hour in range(2):
        fixture.now = NOON + hour * HOUR
        for number in range(100):
            fixture.ledger.record_refusal(f"account-{number}", NIGHTLY, None, "no_grant")
        fixture.ledger.record_refusal("acme", BILLING, ULID, "no_grant")
        assert Counter(each.consumer for each in fixture.refusals.refusals) == {
            NIGHTLY: (hour + 1) * 20,
            BILLING: hour + 1,
        }


def test_repeated_refusal_counts_once_towards_the_limit_of_its_consumer(fixture: LedgerFixture) -> None:
    for number in (*[0] * 30, *range(100)):
        fixture.ledger.record_refusal(f"account-{number}", NIGHTLY, None, "no_grant")
    assert {each.account for each in fixture.refusals.refusals} == {f"account-{number}" for number in range(20)}


def test_refusals_that_fail_are_at_most_20_an_hour(fixture: LedgerFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    attempts: list[Refusal] = []

    def fail(refusal: Refusal) -> None:
        attempts.append(refusal)
        raise TimeoutError

    monkeypatch.setattr(fixture.refusals, "record", fail)
    for _ in range(100):
        fixture.ledger.record_refusal("acme", BILLING, ULID, "not_found")
    assert len(attempts) == 20
