"""Record uses of integrations and refused resolves beside the response, which never waits for it.

ADR 53 describes why, and what is lost if Lambda freezes or ends the process during a write.
"""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from threading import Lock, Thread
from typing import TYPE_CHECKING, NamedTuple

from ai_integrations.domain.model import Integration
from ai_integrations.domain.refusals import Refusal
from ai_integrations.domain.uses import UsedBy
from ai_integrations.observability import describe, logger

if TYPE_CHECKING:
    from ai_integrations.use_cases.ports import RefusalRecorder, UseRecorder

_MAX_REMEMBERED = 10_000  # uses and refusals
_MAX_REFUSALS_PER_HOUR = 60

Task = Callable[[], None]


class Recorders(NamedTuple):
    """Where the ledger is written."""

    uses: "UseRecorder"
    refusals: "RefusalRecorder"


def start_thread(task: Task) -> None:
    """Run a task in a thread that does not keep the process alive."""
    Thread(target=task, daemon=True).start()


class UseLedger:
    """Records each use and each refusal at most once an hour, with at most one write at a time.

    A record is dropped if the previous write is not finished, or if it fails. The next resolve tries again.
    """

    def __init__(
        self, recorders: Callable[[], Recorders], clock: Callable[[], datetime], start: Callable[[Task], None]
    ) -> None:
        """Get `recorders` at the first write only. `clock` returns an aware UTC time. `start` runs a task."""
        self._recorders = recorders
        self._clock = clock
        self._start = start
        self._writing = Lock()
        self._recorded: dict[tuple[object, ...], datetime] = {}  # with their hours
        self._refusals = 0
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
            self._hour_of_refusals, self._refusals = hour, 0
        if self._refusals < _MAX_REFUSALS_PER_HOUR:
            key = account, consumer.identity, ulid, reason
            self._refusals += self._record(key, hour, lambda: self._recorders().refusals.record(refusal))

    def _record(self, key: tuple[object, ...], hour: datetime, write: Task) -> bool:
        """Start a write, unless it was made in this hour or another one is not finished. Return whether it started."""
        if self._recorded.get(key) == hour or not self._writing.acquire(blocking=False):
            return False
        try:
            self._start(partial(self._write, key, hour, write))
        except RuntimeError as error:  # the process can start no more threads
            self._writing.release()
            _log_failure(error)
        return True

    def _write(self, key: tuple[object, ...], hour: datetime, write: Task) -> None:
        try:
            write()
            if len(self._recorded) >= _MAX_REMEMBERED:
                self._recorded.clear()
            self._recorded[key] = hour
        except Exception as error:  # noqa: BLE001 - a failure must not end up on standard error, with its message
            _log_failure(error)
        finally:
            self._writing.release()


def _hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


def _log_failure(error: Exception) -> None:
    logger.warning("use not recorded", **describe(error))
