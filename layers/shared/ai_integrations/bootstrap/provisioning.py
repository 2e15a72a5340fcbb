"""Parts for the function that takes requests from the bus."""

import os
from datetime import UTC, datetime

from ai_integrations.bootstrap import aws
from ai_integrations.bootstrap.integrations import integrations
from ai_integrations.bus import EventBridgeBus
from ai_integrations.outcomes import DynamoDbOutcomes
from ai_integrations.provisioning import Provisioner
from ai_integrations.queue import SqsQueue


def provisioner() -> Provisioner:
    """Return what carries requests out."""
    client = aws.dynamodb()
    return Provisioner(
        integrations=integrations(client),
        outcomes=DynamoDbOutcomes(client, os.environ["TABLE_NAME"]),
        bus=EventBridgeBus(aws.events(), os.environ["EVENT_BUS_NAME"]),
        clock=lambda: datetime.now(UTC),
    )


def queue() -> SqsQueue:
    """Return the queue that requests wait in."""
    return SqsQueue(aws.sqs(), os.environ["QUEUE_URL"])
