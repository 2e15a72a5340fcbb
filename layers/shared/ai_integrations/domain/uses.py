"""The use ledger: which consumer resolved which integration, and when it did so last."""

from collections.abc import Collection, Iterable
from datetime import date, datetime, timedelta
from typing import NamedTuple

from ai_integrations.domain.principals import Principal

RETENTION = timedelta(days=400)
"""How long the ledger keeps the last use of an integration by a consumer."""

DAYS_KEPT = timedelta(days=30)
"""For how many days back the ledger knows on which days a consumer used an integration."""


class UsedBy(NamedTuple):
    """A consumer as the ledger knows it.

    `identity` is equal for all names of one consumer. `name` is for people: the ARN of an IAM principal, or `broker/`
    and the name that a broker states. A broker may state any text, so the prefix distinguishes it from a principal that
    AWS attests: neither an ARN nor the identity of a principal can start with it.
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
        return cls(identity=f"broker/{name}", name=f"broker/{name}")


class Use(NamedTuple):
    """The uses of one integration by one consumer.

    `last_used_at` is precise to the hour. `days` are the days with a use, in UTC: all of the last DAYS_KEPT, and
    maybe older ones.
    """

    account: str
    integration_id: str
    consumer: UsedBy
    last_used_at: datetime
    days: frozenset[date] = frozenset()


class LastUse(NamedTuple):
    """When one consumer last used an integration, precise to the hour."""

    integration_id: str
    at: datetime


class ConsumersOnDay(NamedTuple):
    """How many consumers used an integration on a day, in UTC."""

    day: date
    consumers: int


def last_use(uses: Iterable[Use]) -> datetime | None:
    """Determine the last of the uses, or None without any."""
    return max((each.last_used_at for each in uses), default=None)


def used_since(uses: Iterable[Use], since: datetime) -> list[Use]:
    """List the uses that are not before a time, the latest first."""
    return sorted(
        (each for each in uses if each.last_used_at >= since), key=lambda each: each.last_used_at, reverse=True
    )


def consumers_by_day(uses: Collection[Use], today: date) -> list[ConsumersOnDay]:
    """Count the consumers on each of the last DAYS_KEPT, oldest first, today included."""
    days = [today - timedelta(days=ago) for ago in reversed(range(DAYS_KEPT.days))]
    return [ConsumersOnDay(day, consumers=sum(day in use.days for use in uses)) for day in days]
