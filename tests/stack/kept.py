"""What a running stack keeps, as one who may see everything finds it, and its sweep in hours to come."""

from datetime import UTC, datetime
from typing import Any

from local.aws import client

from ai_integrations.bootstrap.sweep import GRACE
from ai_integrations.inventory import RecordInventory, SecretInventory
from ai_integrations.repository import DynamoDbRepository
from ai_integrations.sweeping import Position, Report, Sweeper
from ai_integrations.transactions import Transactor
from tests.stack.conftest import Stack

LATER = 2 * GRACE


class Kept:
    """The table and Secrets Manager."""

    def __init__(self, stack: Stack) -> None:
        self._variables = stack.deployment.environments()["SweepFunction"]
        self.dynamodb = client("dynamodb", stack.deployment.endpoint)
        self.secrets_manager = client("secretsmanager", stack.deployment.endpoint)

    def items(self) -> list[dict[str, Any]]:
        pages = self.dynamodb.get_paginator("scan").paginate(TableName=self._variables["TABLE_NAME"])
        return [item for page in pages for item in page["Items"]]

    def secrets(self) -> list[dict[str, Any]]:
        pages = self.secrets_manager.get_paginator("list_secrets").paginate(MaxResults=100)
        return [secret for page in pages for secret in page["SecretList"]]

    def sweep(self) -> Report:
        """Sweep as the function does, at a time when what is there now has become old."""
        table = self._variables["TABLE_NAME"]
        records = RecordInventory(self.dynamodb, table)
        sweeper = Sweeper(
            secrets=SecretInventory(
                self.secrets_manager,
                stack=self._variables["SECRET_PREFIX"],
                recovery_days=int(self._variables["RECOVERY_WINDOW_DAYS"]),
            ),
            records=records,
            integrations=DynamoDbRepository(self.dynamodb, table, Transactor(self.dynamodb, table)),
            clock=lambda: datetime.now(UTC) + LATER,
            grace=GRACE,
        )
        return sweeper.run(Position(), dry_run=False, has_time=lambda: True)
