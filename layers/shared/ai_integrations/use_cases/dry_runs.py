"""Dry runs: what a change of an integration would do, and who used the integration lately."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from ai_integrations.domain.model import Integration, Tombstone
from ai_integrations.domain.uses import Use, used_since
from ai_integrations.use_cases.changes import difference_between
from ai_integrations.use_cases.integrations import Integrations, VersionCondition

if TYPE_CHECKING:
    from ai_integrations.use_cases.ports import UseReader

PERIOD = timedelta(days=30)
MAX_LISTED = 100

Operation = Callable[[Integrations, VersionCondition], Integration | Tombstone]
"""A change of one integration that meets a condition."""


class DryRun(NamedTuple):
    """What an operation would do.

    `current` is the integration now, and `result` the one after the operation: for a deletion, the deleted one.
    `used_by` are its latest uses during PERIOD, at most MAX_LISTED, and `used_by_count` is the number of all. Only a
    deletion has `restorable_until`.
    """

    current: Integration
    result: Integration
    changed_fields: Sequence[str]
    used_by: Sequence[Use]
    used_by_count: int
    restorable_until: datetime | None


class DryRuns:
    """Runs the same operations as requests do, over stores that check everything and write nothing."""

    def __init__(self, integrations: Integrations, uses: "UseReader", clock: Callable[[], datetime]) -> None:
        """`integrations` are the use cases over such stores."""
        self._integrations = integrations
        self._uses = uses
        self._clock = clock

    def run(self, operation: Operation, condition: VersionCondition) -> DryRun:
        """Run an operation up to its writes. Raises what the operation raises."""
        read: list[Integration] = []

        def is_met(current: Integration) -> bool:
            read.append(current)
            return condition(current)

        outcome = operation(self._integrations, is_met)
        current = read[-1]
        result, expiry = (current, outcome.expires_at) if isinstance(outcome, Tombstone) else (outcome, None)
        uses = used_since(self._uses.without_days(current.account, current.id), self._clock() - PERIOD)
        return DryRun(
            current=current,
            result=result,
            changed_fields=difference_between(current, result).all_fields,
            used_by=uses[:MAX_LISTED],
            used_by_count=len(uses),
            restorable_until=expiry,
        )
