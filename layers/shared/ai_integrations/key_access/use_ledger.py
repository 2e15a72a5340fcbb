"""Record uses of integrations and refused resolves beside the response, which never waits for it.

ADR 53 describes why, and what is lost if Lambda freezes or ends the process during a write.
"""

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from threading import Lock, Thread
from typing import TYPE_CHECKING, NamedTuple

from ai_integrations.domain.model import Integration
from ai_integrations.domain.refusals import Refusal
from ai_integrations.domain.uses import UsedBy
from ai_integrations.observability import describe, logger

if TYPE_CHECKING:
    from ai_integrations.use_cases.ports import RefusalRecorder, UseRecorder

_MAX_REMEMBERED = 10_000  # uses and refusals
_MAX_PENDING = 1_000
_MAX_FAILURES = 2  # in a row: the first may be that of a write which was frozen with the process
_MAX_REFUSALS_PER_HOUR = 60
_MAX_REFUSALS_OF_CONSUMER = 20  # of them: one that names random accounts or ids must not hide those of others

Key = tuple[str | None, ...]
Task = Callable[[], None]


class Recorders(NamedTuple):
    """Where the ledger is written."""

    uses: "UseRecorder"
    refusals: "RefusalRecorder"


def start_thread(task: Task) -> None:
    """Run a task in a thread that does not keep the process alive."""
    Thread(target=task, daemon=True).start()


class UseLedger:
    """Records each use and each refusal at most once an hour, with one write at a time.

    The others wait. A record whose write fails is dropped: the next resolve of its consumer tries again. After two
    failures, the table is slow or unavailable, and the others wait for the next resolve.
    """

    def __init__(
        self, recorders: Callable[[], Recorders], clock: Callable[[], datetime], start: Callable[[Task], None]
    ) -> None:
        """Call `recorders` at the first write only. `clock` returns an aware UTC time. `start` runs a task."""
        self._recorders = recorders
        self._clock = clock
        self._start = start
        self._writing = Lock()
        self._pending: dict[Key, tuple[datetime, Task]] = {}  # the hour and the write of each record
        self._recorded: dict[Key, datetime] = {}  # the hour of each record
        self._refusals: Counter[str] = Counter()  # of this hour, by consumer
        self._hour_of_refusals: datetime | None = None

    def record_use(self, integration: Integration, consumer: UsedBy) -> None:
        """Record that a consumer may resolve an integration."""
        account, ulid, now = integration.account, integration.id, self._clock()

        def write() -> None:
            self._recorders().uses.record(account, ulid, consumer, now)

        self._record((account, ulid, consumer.identity), _hour(now), write)

    def record_refusal(self, account: str, consumer: UsedBy, ulid: str | None, reason: str) -> None:
        """Record that an integration was refused to a consumer."""
        refusal = Refusal(account, consumer, reason, refused_at=self._clock(), integration_id=ulid)
        hour = _hour(refusal.refused_at)
        if hour != self._hour_of_refusals:
            self._hour_of_refusals, self._refusals = hour, Counter()
        is_allowed = self._refusals[consumer.identity] < _MAX_REFUSALS_OF_CONSUMER
        if is_allowed and self._refusals.total() < _MAX_REFUSALS_PER_HOUR:
            key = account, consumer.identity, ulid, reason
            is_new = self._record(key, hour, lambda: self._recorders().refusals.record(refusal))
            self._refusals[consumer.identity] += is_new

    def _record(self, key: Key, hour: datetime, write: Task) -> bool:
        """Write a record in the background, unless it was written in this hour. Return whether it is a new record."""
        if self._recorded.get(key) == hour or len(self._pending) >= _MAX_PENDING:
            return False
        is_new = key not in self._pending
        self._pending[key] = hour, write
        if not self._writing.locked():
            try:
                self._start(self._write_pending)
            except RuntimeError as error:  # the process can start no more threads
                _log_failure(error)
        return is_new

    def _write_pending(self) -> None:
        """Write what is pending. A record that is added at the end finds the lock taken, so this looks again."""
        failures = 0
        while self._pending and failures < _MAX_FAILURES and self._writing.acquire(blocking=False):
            try:
                while self._pending:
                    key, (hour, write) = self._pending.popitem()
                    write()
                    self._remember(key, hour)
            except Exception as error:  # noqa: BLE001 - it would end up on standard error, with its message
                failures += 1
                _log_failure(error)
            finally:
                self._writing.release()

    def _remember(self, key: Key, hour: datetime) -> None:
        if len(self._recorded) >= _MAX_REMEMBERED:
            self._recorded.clear()
        self._recorded[key] = hour


def _hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


def _log_failure(error: Exception) -> None:
    logger.warning("use not recorded", **describe(error))
