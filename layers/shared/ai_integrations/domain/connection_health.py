"""How an integration's connection was found to be when it was last tested."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple


class CheckStatus(StrEnum):
    """What a test, or one rung of it, has shown."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_PROVED = "not_proved"


UNKNOWN = "unknown"
"""What is said of an integration that has never been tested."""


class Rung(NamedTuple):
    """One step of a test: what it has shown, and what it can not show for this provider.

    `provider_said` are the provider's own words, redacted, where something went wrong.
    """

    name: str
    status: CheckStatus
    latency_ms: int
    proved: str | None = None
    not_proved: str | None = None
    provider_said: str | None = None


class Health(NamedTuple):
    """The outcome of one test. The key that was tested is told by its version and its fingerprint alone."""

    account: str
    id: str
    integration_version: int
    checked_at: datetime
    model: str | None
    rungs: tuple[Rung, ...]
    key_version: str | None = None
    key_fingerprint: str | None = None

    @property
    def status(self) -> CheckStatus:
        """Return the outcome as a whole."""
        return overall(self.rungs)


def overall(rungs: Sequence[Rung]) -> CheckStatus:
    """Return what all rungs together show: a failure outweighs what is not proved, and that what is."""
    found = {rung.status for rung in rungs}
    return next(each for each in (CheckStatus.FAILED, CheckStatus.NOT_PROVED, CheckStatus.PASSED) if each in found)
