"""All items and secrets of a running stack, read with full access, and a sweep of them."""

import sys
from datetime import UTC, datetime
from typing import Any

from tools.local.aws import client

from ai_integrations.adapters.dynamodb.integrations import DynamoDbIntegrations
from ai_integrations.adapters.dynamodb.sweep_records import SweepRecords
from ai_integrations.adapters.dynamodb.transactions import Transactor
from ai_integrations.adapters.secrets_manager.inventory import SecretsManagerInventory
from ai_integrations.use_cases.removal_limit import RemovalLimit
from ai_integrations.use_cases.sweep import GRACE, Sweeper, SweepPosition, SweepReport
from tests.event_fakes import InMemoryRemovalCounts, no_reminders
from tests.stack.conftest import Stack

PAST_GRACE = 2 * GRACE


class StackState:
    """The contents of the stack's table and Secrets Manager."""

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

    def sweep(self) -> SweepReport:
        """Run the sweep without a limit and with a clock that is ahead: everything is past the grace period."""
        table = self._variables["TABLE_NAME"]
        records = SweepRecords(self.dynamodb, table)
        sweeper = Sweeper(
            secrets=SecretsManagerInventory(
                self.secrets_manager,
                stack=self._variables["SECRET_PREFIX"],
                recovery_days=int(self._variables["RECOVERY_WINDOW_DAYS"]),
            ),
            records=records,
            integrations=DynamoDbIntegrations(self.dynamodb, table, Transactor(self.dynamodb, table)),
            limit=RemovalLimit(counts=InMemoryRemovalCounts(), clock=clock, limit=sys.maxsize),
            reminders=no_reminders(),
            clock=clock,
        )
        report = SweepReport(dry_run=False, position=SweepPosition())
        sweeper.run(report, has_time=lambda: True)
        return report


def clock() -> datetime:
    return datetime.now(UTC) + PAST_GRACE
