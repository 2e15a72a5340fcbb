"""Compose functions/sweep."""

import os
from datetime import UTC, datetime
from typing import NamedTuple

from ai_integrations.adapters.dynamodb.reminders import DynamoDbReminders
from ai_integrations.adapters.dynamodb.removal_counts import DynamoDbRemovalCounts
from ai_integrations.adapters.dynamodb.sweep_records import SweepRecords
from ai_integrations.adapters.dynamodb.uses import DynamoDbUses
from ai_integrations.adapters.eventbridge import EventBridgeBus
from ai_integrations.adapters.secrets_manager.inventory import SecretsManagerInventory
from ai_integrations.bootstrap import aws_clients
from ai_integrations.bootstrap.init_phase import ends_init
from ai_integrations.bootstrap.repository import repository
from ai_integrations.domain.reminders import Reason
from ai_integrations.use_cases.reminders import KeyReminders
from ai_integrations.use_cases.removal_limit import RemovalLimit
from ai_integrations.use_cases.sweep import Sweeper


class SweepParts(NamedTuple):
    """The objects that the function calls."""

    sweeper: Sweeper
    limit: RemovalLimit
    records: SweepRecords
    bus: EventBridgeBus


@ends_init
def sweep() -> SweepParts:
    """Build the sweeper, the limit of its removals, the store of its resume point, and the event bus."""
    client, table = aws_clients.dynamodb(), os.environ["TABLE_NAME"]
    bus = EventBridgeBus(aws_clients.events(), os.environ["EVENT_BUS_NAME"])
    records = SweepRecords(client, table)
    limit = RemovalLimit(
        counts=DynamoDbRemovalCounts(client, table), clock=_now, limit=int(os.environ["SWEEP_REMOVAL_LIMIT"])
    )
    sweeper = Sweeper(
        secrets=SecretsManagerInventory(
            aws_clients.secrets_manager(),
            stack=os.environ["SECRET_PREFIX"],
            recovery_days=int(os.environ["RECOVERY_WINDOW_DAYS"]),
        ),
        records=records,
        integrations=repository(client),
        limit=limit,
        reminders=KeyReminders(
            limits=_limits_of_keys(),
            uses=DynamoDbUses(client, table),
            store=DynamoDbReminders(client, table),
            bus=bus,
            clock=_now,
        ),
        clock=_now,
    )
    return SweepParts(sweeper=sweeper, limit=limit, records=records, bus=bus)


def _limits_of_keys() -> dict[Reason, int]:
    """Read the limits in days. 0 turns a limit off."""
    limits = {Reason.DUE: os.environ["MAX_KEY_AGE_DAYS"], Reason.UNUSED: os.environ["UNUSED_KEY_DAYS"]}
    return {reason: int(days) for reason, days in limits.items() if int(days)}


def _now() -> datetime:
    return datetime.now(UTC)
