"""Parts for the functions that keep the directory."""

import os

from ai_integrations.bootstrap import aws
from ai_integrations.directory import DynamoDbDirectory


def directory() -> DynamoDbDirectory:
    """Return the directory in the stack's table."""
    return DynamoDbDirectory(aws.dynamodb(), os.environ["TABLE_NAME"])
