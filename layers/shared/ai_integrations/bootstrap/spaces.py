"""Compose functions/spaces."""

import os

from ai_integrations.adapters.dynamodb.spaces import DynamoDbSpaces
from ai_integrations.bootstrap import aws_clients
from ai_integrations.bootstrap.init_phase import ends_init


@ends_init
def spaces() -> DynamoDbSpaces:
    """Build the directory of organizations and spaces."""
    return DynamoDbSpaces(aws_clients.dynamodb(), os.environ["TABLE_NAME"])
