"""Parts for the function that takes requests from the bus."""

import os
from datetime import UTC, datetime

from ai_integrations.bootstrap import aws
from ai_integrations.bootstrap.integrations import use_cases
from ai_integrations.bus import EventBridgeBus
from ai_integrations.outcomes import DynamoDbOutcomes
from ai_integrations.provisioning import Provisioner
from ai_integrations.queue import SqsQueue


def provisioner() -> Provisioner:
    """Return what carries requests out."""
    return Provisioner(
        integrations=use_cases().integrations,
        outcomes=DynamoDbOutcomes(aws.dynamodb(), os.environ["TABLE_NAME"]),
        bus=EventBridgeBus(aws.events(), os.environ["EVENT_BUS_NAME"]),
        clock=lambda: datetime.now(UTC),
    )


def queue() -> SqsQueue:
    """Return the queue that requests wait in."""
    return SqsQueue(aws.sqs(), os.environ["QUEUE_URL"])
