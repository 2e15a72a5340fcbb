"""Parts for the functions that serve the use cases."""

import os
from datetime import UTC, datetime

from ulid import ULID

from ai_integrations.bootstrap import aws
from ai_integrations.repository import DynamoDbRepository
from ai_integrations.service import Integrations
from ai_integrations.vault import SecretsManagerVault


def integrations() -> Integrations:
    """Return the use cases, over the stack's table and secrets."""
    return Integrations(
        repository=DynamoDbRepository(aws.dynamodb(), os.environ["TABLE_NAME"]),
        vault=SecretsManagerVault(
            aws.secrets_manager(),
            prefix=os.environ["SECRET_PREFIX"],
            kms_key_id=os.environ["SECRET_KMS_KEY_ID"],
        ),
        clock=lambda: datetime.now(UTC),
        new_id=lambda moment: str(ULID.from_datetime(moment)),
        allowed_private_hosts=_hosts(os.environ["ALLOWED_PRIVATE_HOSTS"]),
    )


def _hosts(text: str) -> frozenset[str]:
    return frozenset(host.strip().lower() for host in text.split(",") if host.strip())
