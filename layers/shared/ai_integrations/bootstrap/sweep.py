"""Parts for the function that looks for what failures left behind."""

import os
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from ai_integrations.bootstrap import aws
from ai_integrations.bus import EventBridgeBus
from ai_integrations.inventory import RecordInventory, SecretInventory
from ai_integrations.repository import DynamoDbRepository
from ai_integrations.sweeping import Sweeper
from ai_integrations.transactions import Transactor

# Far longer than any function of this stack lives: a secret of this age is not about to be named.
GRACE = timedelta(hours=1)


class Sweep(NamedTuple):
    """What a run needs."""

    sweeper: Sweeper
    records: RecordInventory
    bus: EventBridgeBus


def sweep() -> Sweep:
    """Return the parts."""
    client, table = aws.dynamodb(), os.environ["TABLE_NAME"]
    records = RecordInventory(client, table)
    sweeper = Sweeper(
        secrets=SecretInventory(
            aws.secrets_manager(),
            stack=os.environ["SECRET_PREFIX"],
            recovery_days=int(os.environ["RECOVERY_WINDOW_DAYS"]),
        ),
        records=records,
        integrations=DynamoDbRepository(client, table, Transactor(client, table)),
        clock=lambda: datetime.now(UTC),
        grace=GRACE,
    )
    return Sweep(sweeper=sweeper, records=records, bus=EventBridgeBus(aws.events(), os.environ["EVENT_BUS_NAME"]))
