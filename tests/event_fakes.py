"""The parts of the event-driven functions in memory. tests/contract holds them to what the real adapters do."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from ai_integrations.events import Event
from ai_integrations.model import Secret
from ai_integrations.outcomes import Settled


@dataclass
class InMemoryOutcomes:
    """Decided requests in a dictionary."""

    settled: dict[tuple[str, str], Settled] = field(default_factory=dict)

    def find(self, account: str, request_id: str) -> Settled | None:
        return self.settled.get((account, request_id))

    def remember(self, account: str, request_id: str, settled: Settled, now: datetime) -> None:  # noqa: ARG002
        self.settled[account, request_id] = settled


@dataclass
class InMemoryBus:
    """A bus that keeps what was put on it; while there is an `error` it takes nothing."""

    events: list[Event] = field(default_factory=list)
    error: Exception | None = None

    def publish(self, *events: Event) -> None:
        if self.error is not None:
            raise self.error
        self.events += events


@dataclass
class TidyingJournal:
    """Leftovers that only write down what they are asked to do."""

    journal: list[tuple[object, ...]] = field(default_factory=list)

    def retire(self, secret: Secret) -> None:
        self.journal.append(("retire", secret))

    def revive(self, secret: Secret) -> None:
        self.journal.append(("revive", secret))

    def settle(self, secret: Secret, let_go: Collection[Secret]) -> None:
        self.journal.append(("settle", secret, *let_go))
