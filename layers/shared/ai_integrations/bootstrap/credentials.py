"""Parts for the function that hands out keys."""

import os
from datetime import UTC, datetime

from ai_integrations.bootstrap import aws
from ai_integrations.repository import DynamoDbRepository
from ai_integrations.runtime.reader import SecretsManagerReader
from ai_integrations.runtime.resolving import Resolver
from ai_integrations.runtime.roles import RoleAssumer
from ai_integrations.transactions import Transactor


def resolver() -> Resolver:
    """Return what resolves integrations."""
    client, table = aws.dynamodb(), os.environ["TABLE_NAME"]
    return Resolver(
        integrations=DynamoDbRepository(client, table, Transactor(client, table)),
        reader=SecretsManagerReader(aws.secrets_manager()),
        roles=RoleAssumer(aws.sts()),
        clock=lambda: datetime.now(UTC),
    )
