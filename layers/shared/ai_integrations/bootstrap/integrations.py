"""Compose the use cases, for the functions that write integrations."""

import os
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

from ulid import ULID

from ai_integrations.adapters.dynamodb.spaces import DynamoDbSpaces
from ai_integrations.adapters.secrets_manager.key_store import SecretsManagerKeyStore
from ai_integrations.bootstrap import aws_clients, settings
from ai_integrations.bootstrap.repository import repository
from ai_integrations.domain.model import Policy
from ai_integrations.use_cases.integrations import Integrations
from ai_integrations.use_cases.visibility import Visibility

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

KeyStoreT = TypeVar("KeyStoreT", bound=SecretsManagerKeyStore)


def integrations(client: "DynamoDBClient") -> Integrations:
    """Build the use cases over the stack's table and secrets."""
    return Integrations(
        repository=repository(client),
        keys=key_store(SecretsManagerKeyStore),
        visibility=Visibility(DynamoDbSpaces(client, os.environ["TABLE_NAME"])),
        clock=lambda: datetime.now(UTC),
        new_id=lambda moment: str(ULID.from_datetime(moment)),
        policy=Policy(
            recovery_window=timedelta(days=int(os.environ["RECOVERY_WINDOW_DAYS"])),
            aws_account=os.environ["STACK_ACCOUNT_ID"],
            allowed_private_hosts=settings.parse_hosts(os.environ["ALLOWED_PRIVATE_HOSTS"]),
            federation_issuer=os.environ["FEDERATION_ISSUER"],
        ),
    )


def key_store(kind: type[KeyStoreT]) -> KeyStoreT:
    """Build a key store of the stack's secrets."""
    return kind(
        aws_clients.secrets_manager(),
        prefix=os.environ["SECRET_PREFIX"],
        kms_key_id=os.environ["SECRET_KMS_KEY_ID"],
    )
