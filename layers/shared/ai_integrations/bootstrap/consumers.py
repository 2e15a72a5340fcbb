"""Compose functions/consumers."""

import os
from datetime import UTC, datetime

from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from ulid import ULID

from ai_integrations.adapters.dynamodb.consumers import DynamoDbConsumers
from ai_integrations.adapters.dynamodb.spaces import DynamoDbSpaces
from ai_integrations.adapters.dynamodb.transactions import Transactor
from ai_integrations.adapters.dynamodb.uses import DynamoDbUses
from ai_integrations.bootstrap import aws_clients
from ai_integrations.bootstrap.init_phase import ends_init
from ai_integrations.bootstrap.repository import repository
from ai_integrations.http.consumers import build_consumer_app
from ai_integrations.use_cases.consumers import Consumers
from ai_integrations.use_cases.visibility import Visibility


@ends_init
def api() -> APIGatewayRestResolver:
    """Build the request resolver of the consumers' routes."""
    client, table = aws_clients.dynamodb(), os.environ["TABLE_NAME"]
    consumers = Consumers(
        repository=DynamoDbConsumers(client, table, Transactor(client, table)),
        integrations=repository(client),
        visibility=Visibility(DynamoDbSpaces(client, table)),
        uses=DynamoDbUses(client, table),
        clock=lambda: datetime.now(UTC),
        new_id=lambda moment: str(ULID.from_datetime(moment)),
        partition=os.environ["STACK_PARTITION"],
    )
    return build_consumer_app(consumers)
