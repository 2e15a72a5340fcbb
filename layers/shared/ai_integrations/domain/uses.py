"""The use ledger: which consumer resolved which integration, and when it did so last."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import NamedTuple

from ai_integrations.domain.principals import Principal

RETENTION = timedelta(days=400)
"""How long the ledger keeps the last use of an integration by a consumer."""

DAYS_KEPT = timedelta(days=30)
"""For how many days back the ledger knows on which days a consumer used an integration."""


class UsedBy(NamedTuple):
    """A consumer as the ledger knows it.

    `identity` is equal for all names of one consumer. `name` is for people: the ARN of an IAM principal, or the name
    that a broker states.
    """

    identity: str
    name: str

    @classmethod
    def principal(cls, principal: Principal) -> "UsedBy":
        """Build the consumer that is an IAM principal."""
        return cls(identity=principal.identity, name=principal.arn)

    @classmethod
    def broker_states(cls, name: str) -> "UsedBy":
        """Build the consumer that a broker names."""
        return cls(identity=name, name=name)


class Use(NamedTuple):
    """The uses of one integration by one consumer.

    `last_used_at` is right to the hour. `days` are those of the last 31 days on which it was used, in UTC.
    """

    account: str
    integration_id: str
    consumer: UsedBy
    last_used_at: datetime
    days: frozenset[date] = frozenset()


def last_use(uses: Iterable[Use]) -> datetime | None:
    """Determine the last of the uses, or None without any."""
    return max((each.last_used_at for each in uses), default=None)


def used_since(uses: Iterable[Use], since: datetime) -> list[Use]:
    """List the uses that are not before a time, the latest first."""
    return sorted(
        (each for each in uses if each.last_used_at >= since), key=lambda each: each.last_used_at, reverse=True
    )
