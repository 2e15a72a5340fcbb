"""Parts for the function that tests connections."""

import os
from datetime import UTC, datetime, timedelta
from functools import cache

from ai_integrations.bootstrap import aws, parameters
from ai_integrations.health_store import DynamoDbHealth
from ai_integrations.model import Policy
from ai_integrations.repository import DynamoDbRepository
from ai_integrations.runtime.bedrock import BedrockLadder
from ai_integrations.runtime.connections import ConnectionTests
from ai_integrations.runtime.fingerprints import KmsFingerprints
from ai_integrations.runtime.guard import Guard
from ai_integrations.runtime.http_ladder import HttpLadder
from ai_integrations.runtime.ladder import Ladder
from ai_integrations.runtime.reader import SecretsManagerReader
from ai_integrations.runtime.resolver import SystemResolver
from ai_integrations.runtime.roles import RoleAssumer
from ai_integrations.runtime.testing import ConnectionTester
from ai_integrations.transactions import Transactor


def connection_tests() -> ConnectionTests:
    """Return what tests connections."""
    client, table = aws.dynamodb(), os.environ["TABLE_NAME"]
    allowed = parameters.hosts(os.environ["ALLOWED_PRIVATE_HOSTS"])
    ladder = Ladder(
        keys=HttpLadder(Guard(resolver=SystemResolver(), allowed_private_hosts=allowed)),
        roles=BedrockLadder(RoleAssumer(cache(aws.sts)), aws.bedrock_runtime, region=client.meta.region_name),
    )
    return ConnectionTests(
        integrations=DynamoDbRepository(client, table, Transactor(client, table)),
        reader=SecretsManagerReader(aws.secrets_manager()),
        tester=ConnectionTester(
            ladder=ladder,
            fingerprints=KmsFingerprints(aws.kms(), os.environ["FINGERPRINT_KEY_ID"]),
            clock=lambda: datetime.now(UTC),
        ),
        healths=DynamoDbHealth(client, table),
        # Nothing is deleted here, so that the length of the window does not matter.
        policy=Policy(recovery_window=timedelta(0), allowed_private_hosts=allowed),
    )
