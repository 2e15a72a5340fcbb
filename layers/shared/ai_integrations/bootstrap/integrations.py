"""Parts for the functions that serve the use cases."""

import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ulid import ULID

from ai_integrations.bootstrap import aws, parameters
from ai_integrations.directory import DynamoDbDirectory
from ai_integrations.health_store import DynamoDbHealth
from ai_integrations.listing import IntegrationList, SpaceDirectory
from ai_integrations.model import Policy
from ai_integrations.repository import DynamoDbRepository
from ai_integrations.service import Integrations
from ai_integrations.transactions import Transactor
from ai_integrations.vault import SecretsManagerVault


@dataclass(frozen=True, kw_only=True)
class UseCases:
    """All use cases, over the stack's table and secrets."""

    integrations: Integrations
    integration_list: IntegrationList
    space_directory: SpaceDirectory
    healths: DynamoDbHealth


def use_cases() -> UseCases:
    """Return the use cases of a function that writes integrations."""
    client, table = aws.dynamodb(), os.environ["TABLE_NAME"]
    repository = DynamoDbRepository(client, table, Transactor(client, table))
    directory = DynamoDbDirectory(client, table)
    integrations = Integrations(
        repository=repository,
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
    return UseCases(
        integrations=integrations,
        integration_list=IntegrationList(listing=repository, directory=directory),
        space_directory=SpaceDirectory(directory),
        healths=DynamoDbHealth(client, table),
    )
