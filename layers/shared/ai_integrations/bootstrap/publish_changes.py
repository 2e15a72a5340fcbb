"""Compose functions/publish_changes."""

import os
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from ai_integrations.adapters.dynamodb.audit_log import DynamoDbAuditLog
from ai_integrations.adapters.dynamodb.use_expiry import DynamoDbUseExpiry
from ai_integrations.adapters.eventbridge import EventBridgeBus
from ai_integrations.adapters.secrets_manager.cleanup import SecretsManagerCleanup
from ai_integrations.adapters.sqs import SqsQueue
from ai_integrations.bootstrap import aws_clients
from ai_integrations.bootstrap.init_phase import ends_init
from ai_integrations.bootstrap.repository import repository
from ai_integrations.use_cases.change_publishing import ChangePublisher


class ChangePublishingParts(NamedTuple):
    """The objects that the function calls."""

    publisher: ChangePublisher
    dead_letters: SqsQueue


@ends_init
def change_publishing() -> ChangePublishingParts:
    """Build the change publisher and the dead-letter queue of its poison records."""
    client, table = aws_clients.dynamodb(), os.environ["TABLE_NAME"]
    retention = timedelta(days=int(os.environ["AUDIT_LOG_DAYS"]))
    publisher = ChangePublisher(
        cleanup=SecretsManagerCleanup(
            aws_clients.secrets_manager(), recovery_days=int(os.environ["RECOVERY_WINDOW_DAYS"])
        ),
        uses=DynamoDbUseExpiry(client, table),
        integrations=repository(client),
        bus=EventBridgeBus(aws_clients.events(), os.environ["EVENT_BUS_NAME"]),
        audit_log=DynamoDbAuditLog(client, table, retention) if retention else None,
        clock=lambda: datetime.now(UTC),
    )
    dead_letters = SqsQueue(aws_clients.sqs(), os.environ["DEAD_LETTER_QUEUE_URL"])
    return ChangePublishingParts(publisher=publisher, dead_letters=dead_letters)
