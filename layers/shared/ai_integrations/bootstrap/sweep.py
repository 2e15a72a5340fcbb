"""Compose functions/sweep."""

import os
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from ai_integrations.adapters.dynamodb.sweep_records import SweepRecords
from ai_integrations.adapters.eventbridge import EventBridgeBus
from ai_integrations.adapters.secrets_manager.inventory import SecretsManagerInventory
from ai_integrations.bootstrap import aws_clients
from ai_integrations.bootstrap.init_phase import ends_init
from ai_integrations.bootstrap.repository import repository
from ai_integrations.use_cases.sweep import Sweeper

# Far longer than any invocation lasts: no request in flight can still commit a secret of this age.
GRACE = timedelta(hours=1)


class SweepParts(NamedTuple):
    """The objects that the function calls."""

    sweeper: Sweeper
    records: SweepRecords
    bus: EventBridgeBus


@ends_init
def sweep() -> SweepParts:
    """Build the sweeper, the store of its resume point, and the event bus."""
    client, table = aws_clients.dynamodb(), os.environ["TABLE_NAME"]
    records = SweepRecords(client, table)
    sweeper = Sweeper(
        secrets=SecretsManagerInventory(
            aws_clients.secrets_manager(),
            stack=os.environ["SECRET_PREFIX"],
            recovery_days=int(os.environ["RECOVERY_WINDOW_DAYS"]),
        ),
        records=records,
        integrations=repository(client),
        clock=lambda: datetime.now(UTC),
        grace=GRACE,
    )
    return SweepParts(
        sweeper=sweeper, records=records, bus=EventBridgeBus(aws_clients.events(), os.environ["EVENT_BUS_NAME"])
    )
