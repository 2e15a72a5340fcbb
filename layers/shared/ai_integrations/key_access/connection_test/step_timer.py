"""The measure of one rung, and the words that all tests share."""

from collections.abc import Callable
from time import perf_counter

from ai_integrations.domain.connection_health import CheckStatus, Rung

REACHABLE = "reachable"
AUTHENTICATED = "authenticated"
MODEL_ANSWERS = "model_answers"

NO_MODEL = "No model is named: name one in the request, or in model_names."


class StepTimer:
    """Times one rung and makes it."""

    def __init__(self, name: str, clock: Callable[[], float] = perf_counter) -> None:
        self._name = name
        self._clock = clock
        self._start = clock()

    def passed(self, proved: str, not_proved: str = "") -> Rung:
        """Return a rung that has been climbed; `not_proved` is what it leaves open all the same."""
        return self._rung(CheckStatus.PASSED, proved=proved, not_proved=not_proved)

    def failed(self, why: str, said: str | None = None) -> Rung:
        """Return the rung that the test ends at."""
        return self._rung(CheckStatus.FAILED, not_proved=why, said=said)

    def unproved(self, why: str, said: str | None = None) -> Rung:
        """Return a rung that has shown nothing, and leads on all the same."""
        return self._rung(CheckStatus.NOT_PROVED, not_proved=why, said=said)

    def _rung(self, status: CheckStatus, *, proved: str = "", not_proved: str = "", said: str | None = None) -> Rung:
        return Rung(
            name=self._name,
            status=status,
            latency_ms=round((self._clock() - self._start) * 1000),
            proved=proved or None,
            not_proved=not_proved or None,
            provider_said=said,
        )
