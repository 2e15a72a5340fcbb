"""Compose functions/provision."""

import os
from datetime import UTC, datetime
from typing import NamedTuple

from ai_integrations.adapters.dynamodb.request_outcomes import DynamoDbRequestOutcomes
from ai_integrations.adapters.dynamodb.senders import DynamoDbSenders
from ai_integrations.adapters.eventbridge import EventBridgeBus
from ai_integrations.adapters.sqs import SqsQueue
from ai_integrations.bootstrap import aws_clients
from ai_integrations.bootstrap.init_phase import ends_init
from ai_integrations.bootstrap.integrations import integrations
from ai_integrations.use_cases.provisioning import Provisioner


class ProvisioningParts(NamedTuple):
    """The objects that the function calls."""

    provisioner: Provisioner
    queue: SqsQueue
    dead_letters: SqsQueue


@ends_init
def provisioning() -> ProvisioningParts:
    """Build the provisioner, the queue that triggers it, and the dead-letter queue."""
    client = aws_clients.dynamodb()
    provisioner = Provisioner(
        integrations=integrations(client),
        senders=DynamoDbSenders(client, os.environ["TABLE_NAME"]),
        outcomes=DynamoDbRequestOutcomes(client, os.environ["TABLE_NAME"]),
        bus=EventBridgeBus(aws_clients.events(), os.environ["EVENT_BUS_NAME"]),
        clock=lambda: datetime.now(UTC),
    )
    sqs = aws_clients.sqs()
    return ProvisioningParts(
        provisioner=provisioner,
        queue=SqsQueue(sqs, os.environ["QUEUE_URL"]),
        dead_letters=SqsQueue(sqs, os.environ["DEAD_LETTER_QUEUE_URL"]),
    )
