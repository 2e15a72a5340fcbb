"""Parts for the function that hands out keys."""

import os
from datetime import UTC, datetime
from functools import cache

from ai_integrations.bootstrap import aws
from ai_integrations.directory import DynamoDbDirectory
from ai_integrations.repository import DynamoDbRepository
from ai_integrations.runtime.finding import KeyFinder
from ai_integrations.runtime.fingerprints import KmsFingerprints
from ai_integrations.runtime.reader import SecretsManagerReader
from ai_integrations.runtime.resolving import Resolver
from ai_integrations.runtime.roles import RoleAssumer
from ai_integrations.transactions import Transactor


def key_finder() -> KeyFinder:
    """Return what compares keys."""
    client, table = aws.dynamodb(), os.environ["TABLE_NAME"]
    return KeyFinder(
        integrations=DynamoDbRepository(client, table, Transactor(client, table)),
        reader=SecretsManagerReader(aws.secrets_manager()),
        fingerprints=KmsFingerprints(aws.kms(), os.environ["FINGERPRINT_KEY_ID"]),
    )


def resolver() -> Resolver:
    """Return what resolves integrations."""
    client, table = aws.dynamodb(), os.environ["TABLE_NAME"]
    return Resolver(
        integrations=DynamoDbRepository(client, table, Transactor(client, table)),
        directory=DynamoDbDirectory(client, table),
        reader=SecretsManagerReader(aws.secrets_manager()),
        roles=RoleAssumer(cache(aws.sts)),
        clock=lambda: datetime.now(UTC),
    )
