"""Parts for the functions that write integrations."""

import os
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from ulid import ULID

from ai_integrations.bootstrap import aws, parameters
from ai_integrations.model import Policy
from ai_integrations.repository import DynamoDbRepository
from ai_integrations.service import Integrations
from ai_integrations.transactions import Transactor
from ai_integrations.vault import SecretsManagerVault

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


def repository(client: "DynamoDBClient") -> DynamoDbRepository:
    """Return the integrations of the stack's table."""
    table = os.environ["TABLE_NAME"]
    return DynamoDbRepository(client, table, Transactor(client, table))


def integrations(client: "DynamoDBClient") -> Integrations:
    """Return the use cases, over the stack's table and secrets."""
    return Integrations(
        repository=repository(client),
        vault=SecretsManagerVault(
            aws.secrets_manager(),
            prefix=os.environ["SECRET_PREFIX"],
            kms_key_id=os.environ["SECRET_KMS_KEY_ID"],
        ),
        clock=lambda: datetime.now(UTC),
        new_id=lambda moment: str(ULID.from_datetime(moment)),
        policy=Policy(
            recovery_window=timedelta(days=int(os.environ["RECOVERY_WINDOW_DAYS"])),
            allowed_private_hosts=parameters.hosts(os.environ["ALLOWED_PRIVATE_HOSTS"]),
        ),
    )
