"""The health of an integration's connection: the result of its last connection test."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple


class CheckStatus(StrEnum):
    """The result of a connection test, or of one of its steps."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_PROVED = "not_proved"


UNKNOWN = "unknown"
"""The status of an integration that has never been tested."""

_WORST_FIRST = (CheckStatus.FAILED, CheckStatus.NOT_PROVED, CheckStatus.PASSED)


class Rung(NamedTuple):
    """One step of a connection test; responses call it a rung.

    `not_proved` states what went wrong, or what the step cannot show for this provider. `provider_said` is the
    provider's error message, redacted; a passed step has none.
    """

    name: str
    status: CheckStatus
    latency_ms: int
    proved: str | None = None
    not_proved: str | None = None
    provider_said: str | None = None


class Findings(NamedTuple):
    """What the steps of a connection test found: their results, and the models that the provider listed."""

    rungs: tuple[Rung, ...]
    models: tuple[str, ...] = ()


class Health(NamedTuple):
    """The result of one connection test. It identifies the tested key by version and fingerprint only.

    `integration_version` is 0 for settings that are not saved. `model` is the model that the request named;
    `models` are the names that the provider listed.
    """

    account: str
    id: str
    integration_version: int
    checked_at: datetime
    model: str | None
    rungs: tuple[Rung, ...]
    key_version: str | None = None
    key_fingerprint: str | None = None
    models: tuple[str, ...] = ()

    @property
    def status(self) -> CheckStatus:
        """The status of the test as a whole."""
        return overall_status(self.rungs)


def overall_status(rungs: Sequence[Rung]) -> CheckStatus:
    """Combine the steps of a test: the worst status counts."""
    found = {rung.status for rung in rungs}
    return next(status for status in _WORST_FIRST if status in found)
