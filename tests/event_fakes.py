"""In-memory implementations of the ports of event-driven use cases."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from ai_integrations.contracts.published_events import Event
from ai_integrations.domain.errors import VersionConflictError
from ai_integrations.domain.model import SecretVersion
from ai_integrations.use_cases.provisioning import RecordedOutcome
from ai_integrations.use_cases.removal_limit import RemovalCount


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
class InMemoryBus:
    """An event bus that records published events. While `error` is set, `publish` raises it."""

    events: list[Event] = field(default_factory=list)
    error: Exception | None = None

    def publish(self, *events: Event) -> None:
        if self.error is not None:
            raise self.error
        self.events += events


@dataclass
class RecordingCleanup:
    """A secret cleanup that only records its calls."""

    journal: list[tuple[object, ...]] = field(default_factory=list)

    def schedule_deletion(self, secret: SecretVersion) -> None:
        self.journal.append(("schedule_deletion", secret))

    def cancel_deletion(self, secret: SecretVersion) -> None:
        self.journal.append(("cancel_deletion", secret))

    def promote_version(self, secret: SecretVersion, released: Collection[SecretVersion]) -> None:
        self.journal.append(("promote_version", secret, *released))
