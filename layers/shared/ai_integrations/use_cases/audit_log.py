"""Read the audit log of an account, page by page."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from ai_integrations.domain.audit_log import AuditEntry, OperationType
from ai_integrations.domain.errors import AccessForbiddenError, AuditLogOffError
from ai_integrations.domain.model import Caller, Role

if TYPE_CHECKING:
    from ai_integrations.use_cases.ports import AuditEntryReader

# Entries that one call reads at most, even if few of them match. It bounds the duration and the cost of a call.
READ_BUDGET = 1000
DEFAULT_PERIOD = timedelta(days=30)


class AuditQuery(NamedTuple):
    """The filters of a request. None, or an empty set, matches everything.

    `start` and `end` are both included. `end` is the current time by default, `start` is DEFAULT_PERIOD before `end`.
    """

    start: datetime | None = None
    end: datetime | None = None
    actor: str | None = None
    operation_type: OperationType | None = None
    operation_names: frozenset[str] = frozenset()
    resource_id: str | None = None

    @property
    def matches_everything(self) -> bool:
        """Check whether no filter but the period applies."""
        return self == AuditQuery(start=self.start, end=self.end)

    def matches(self, entry: AuditEntry) -> bool:
        """Check whether an entry of the period matches."""
        return (
            self.actor in {None, entry.actor}
            and self.operation_type in {None, entry.operation.type}
            and (not self.operation_names or entry.operation in self.operation_names)
            and self.resource_id in {None, entry.resource_id}
        )


class AuditPage(NamedTuple):
    """Matching entries, newest first. The next page starts after the id `last_read`, which is None on the last page."""

    entries: tuple[AuditEntry, ...]
    last_read: str | None


class AuditLog:
    """Reads the audit log of the caller's account. It is for admins."""

    def __init__(self, *, entries: "AuditEntryReader", retention: timedelta, clock: Callable[[], datetime]) -> None:
        """`retention` is zero if the audit log is off."""
        self._entries = entries
        self._retention = retention
        self._clock = clock

    def page(self, caller: Caller, query: AuditQuery, *, after: str | None, limit: int) -> AuditPage:
        """List at most `limit` entries after the id `after`.

        A page may be short or even empty without being the last, because a call reads a bounded number of entries.
        """
        if caller.role is not Role.ADMIN:
            raise AccessForbiddenError
        if not self._retention:
            raise AuditLogOffError
        start, end = self._period(query)
        # One more than `limit`, to detect a further page.
        count = limit + 1 if query.matches_everything else READ_BUDGET
        part = self._entries.newest(caller.account, start, end, after, count)
        found = tuple(filter(query.matches, part.entries))
        if len(found) > limit:
            return AuditPage(entries=found[:limit], last_read=found[limit - 1].id)
        return AuditPage(entries=found, last_read=part.entries[-1].id if part.more else None)

    def _period(self, query: AuditQuery) -> tuple[datetime, datetime]:
        """Determine the period to read. It starts with the retention: DynamoDB deletes older entries some days late."""
        now = self._clock()
        end, oldest = query.end or now, now - self._retention
        return max(query.start or max(end, oldest) - DEFAULT_PERIOD, oldest), end
