"""Compose the repository, for the functions that read or write integrations."""

import os
from typing import TYPE_CHECKING

from ai_integrations.adapters.dynamodb.integrations import DynamoDbIntegrations
from ai_integrations.adapters.dynamodb.transactions import Transactor

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


def repository(client: "DynamoDBClient") -> DynamoDbIntegrations:
    """Build the repository over the stack's table."""
    table = os.environ["TABLE_NAME"]
    return DynamoDbIntegrations(client, table, Transactor(client, table))
