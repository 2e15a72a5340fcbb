"""In-memory implementations of the ports of event-driven use cases."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from ai_integrations.contracts.published_events import Event
from ai_integrations.domain.audit_log import AuditEntry, AuditSlice
from ai_integrations.domain.errors import VersionConflictError
from ai_integrations.domain.model import Integration, SecretVersion
from ai_integrations.domain.reminders import SentReminders
from ai_integrations.domain.senders import Sender, SenderKind
from ai_integrations.use_cases.provisioning import RecordedOutcome
from ai_integrations.use_cases.reminders import KeyReminders
from ai_integrations.use_cases.removal_limit import RemovalCount
from tests.fakes import InMemoryUses


class InMemorySenders:
    """Senders in a dictionary."""

    def __init__(self, *registered: Sender) -> None:
        self._known: dict[tuple[str, str, str, str], Sender] = {}
        for sender in registered:
            self.register(sender)

    def source(self, account: str, aws_account: str, source: str) -> Sender | None:
        return self._known.get((account, SenderKind.SOURCE.value, aws_account, source))

    def stacks(self, account: str, aws_account: str) -> Iterator[Sender]:
        return (
            each for each in self.list(account) if (each.kind, each.aws_account) == (SenderKind.STACKS, aws_account)
        )

    def list(self, account: str) -> Iterator[Sender]:
        return (each for key, each in sorted(self._known.items()) if key[0] == account)

    def register(self, sender: Sender) -> None:
        self._known[sender.account, sender.kind.value, sender.aws_account, sender.name] = sender

    def remove(self, account: str, kind: SenderKind, aws_account: str, name: str) -> Sender | None:
        return self._known.pop((account, kind.value, aws_account, name), None)


@dataclass
class InMemoryOutcomes:
    """Outcomes of provisioning requests in a dictionary."""

    recorded: dict[tuple[str, str], RecordedOutcome] = field(default_factory=dict)

    def find(self, account: str, request_id: str) -> RecordedOutcome | None:
        return self.recorded.get((account, request_id))

    def record(self, account: str, request_id: str, outcome: RecordedOutcome, now: datetime) -> None:  # noqa: ARG002
        self.recorded[account, request_id] = outcome


@dataclass
class InMemoryRemovalCounts:
    """The removal count of the sweep in an attribute."""

    stored: RemovalCount | None = None

    def load(self) -> RemovalCount | None:
        return self.stored

    def replace(self, current: RemovalCount | None, changed: RemovalCount) -> None:
        if self.stored != current:
            raise VersionConflictError
        self.stored = changed


@dataclass
class RecordingUseExpiry:
    """Records changes of the expiry of uses. While `error` is set, they raise it."""

    journal: list[tuple[object, ...]] = field(default_factory=list)
    error: Exception | None = None

    def expire(self, account: str, ulid: str, at: datetime) -> None:
        self._record("expire", account, ulid, at)

    def keep(self, account: str, ulid: str) -> None:
        self._record("keep", account, ulid)

    def _record(self, *call: object) -> None:
        if self.error is not None:
            raise self.error
        self.journal.append(call)


@dataclass
class InMemoryReminders:
    """The last reminders in a dictionary, and when each expires. `journal` records what is read and written."""

    stored: dict[str, SentReminders] = field(default_factory=dict)
    expiry: dict[str, datetime] = field(default_factory=dict)
    journal: list[str] = field(default_factory=list)
    error: Exception | None = None

    def load(self, integrations: Collection[Integration]) -> dict[str, SentReminders]:
        self.journal.append("load")
        return {each.id: self.stored[each.id] for each in integrations if each.id in self.stored}

    def save(self, sent: SentReminders, expires_at: datetime) -> None:
        self.journal.append("save")
        if self.error is not None:
            raise self.error
        self.stored[sent.integration_id] = sent
        self.expiry[sent.integration_id] = expires_at


@dataclass
class InMemoryBus:
    """An event bus that records published events. While `error` is set, `publish` raises it."""

    events: list[Event] = field(default_factory=list)
    error: Exception | None = None

    def publish(self, *events: Event) -> None:
        if self.error is not None:
            raise self.error
        self.events += events


def no_reminders() -> KeyReminders:
    """Build the reminders of a sweep without limits."""
    return KeyReminders(
        limits={}, uses=InMemoryUses(), store=InMemoryReminders(), bus=InMemoryBus(), clock=lambda: datetime.now(UTC)
    )


@dataclass
class InMemoryAuditLog:
    """Entries by account and id. While `error` is set, `record` raises it."""

    recorded: dict[tuple[str, str], AuditEntry] = field(default_factory=dict)
    error: Exception | None = None

    def record(self, entry: AuditEntry) -> None:
        if self.error is not None:
            raise self.error
        self.recorded[entry.account, entry.id] = entry

    def newest(self, account: str, start: datetime, end: datetime, before: str | None, count: int) -> AuditSlice:
        found = [
            entry
            for (owner, id_), entry in sorted(self.recorded.items(), reverse=True)
            if owner == account and start <= entry.at <= end and (before is None or id_ < before)
        ]
        return AuditSlice(tuple(found[:count]), more=len(found) > count)


@dataclass
class RecordingCleanup:
    """A secret cleanup that only records its calls."""

    journal: list[tuple[object, ...]] = field(default_factory=list)

    def schedule_deletion(self, secret: SecretVersion) -> None:
        self.journal.append(("schedule_deletion", secret))

    def cancel_deletion(self, secret: SecretVersion) -> None:
        self.journal.append(("cancel_deletion", secret))

    def promote_version(
        self, secret: SecretVersion, released: Collection[SecretVersion], previous: SecretVersion | None = None
    ) -> None:
        kept = [("previous", previous)] if previous else []
        self.journal.append(("promote_version", secret, *released, *kept))
