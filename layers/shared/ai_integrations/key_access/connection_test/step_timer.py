"""Measure one step of a connection test and build its result."""

from collections.abc import Callable
from time import perf_counter

from ai_integrations.domain.connection_health import CheckStatus, Rung

REACHABLE = "reachable"
TOKEN_EXCHANGED = "token_exchanged"  # noqa: S105 - the name of a step
AUTHENTICATED = "authenticated"
MODEL_ANSWERS = "model_answers"
PROJECT_LABELED = "project_labeled"

NO_MODEL = "There is no model to test: name one in the request or in model_names."


class StepTimer:
    """Times a step from its creation on, and builds the step's result."""

    def __init__(self, name: str, clock: Callable[[], float] = perf_counter) -> None:
        self._name = name
        self._clock = clock
        self._start = clock()

    def passed(self, proved: str, not_proved: str = "") -> Rung:
        """Return a passed step; `not_proved` is what it still leaves open."""
        return self._build(CheckStatus.PASSED, proved=proved, not_proved=not_proved)

    def failed(self, reason: str, message: str | None = None) -> Rung:
        """Return a failed step; the test ends."""
        return self._build(CheckStatus.FAILED, not_proved=reason, message=message)

    def inconclusive(self, reason: str, message: str | None = None) -> Rung:
        """Return an inconclusive step; the test continues."""
        return self._build(CheckStatus.NOT_PROVED, not_proved=reason, message=message)

    def _build(self, status: CheckStatus, *, not_proved: str, proved: str = "", message: str | None = None) -> Rung:
        return Rung(
            name=self._name,
            status=status,
            latency_ms=round((self._clock() - self._start) * 1000),
            proved=proved or None,
            not_proved=not_proved or None,
            provider_said=message,
        )
