"""Parts for the function that follows the table's stream."""

import os
from datetime import UTC, datetime

from ai_integrations.bootstrap import aws
from ai_integrations.bus import EventBridgeBus
from ai_integrations.leftovers import Leftovers
from ai_integrations.publishing import ChangePublisher
from ai_integrations.repository import DynamoDbRepository
from ai_integrations.transactions import Transactor


def change_publisher() -> ChangePublisher:
    """Return what follows the stream."""
    client, table = aws.dynamodb(), os.environ["TABLE_NAME"]
    return ChangePublisher(
        leftovers=Leftovers(aws.secrets_manager(), recovery_days=int(os.environ["RECOVERY_WINDOW_DAYS"])),
        integrations=DynamoDbRepository(client, table, Transactor(client, table)),
        bus=EventBridgeBus(aws.events(), os.environ["EVENT_BUS_NAME"]),
        clock=lambda: datetime.now(UTC),
    )
