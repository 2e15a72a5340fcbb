"""Compose what few requests of `api` need. It is imported on first use: each cold start would pay for it."""

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ai_integrations.adapters.dynamodb.integrations import DynamoDbIntegrations
from ai_integrations.bootstrap.integrations import key_store
from ai_integrations.use_cases.integrations import Integrations

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from ai_integrations.adapters.dynamodb.connection_health import DynamoDbConnectionHealth
    from ai_integrations.use_cases.dry_runs import DryRuns
    from ai_integrations.use_cases.federation_trust import FederationTrusts
    from ai_integrations.use_cases.role_trust import RoleTrusts


def dry_runs(client: "DynamoDBClient", integrations: Integrations) -> "DryRuns":
    """Build the use case that determines what a change would do."""
    from ai_integrations.adapters.dynamodb.condition_checks import ConditionChecker  # noqa: PLC0415
    from ai_integrations.adapters.dynamodb.uses import DynamoDbUses  # noqa: PLC0415
    from ai_integrations.adapters.secrets_manager.dry_run_keys import DryRunKeyStore  # noqa: PLC0415
    from ai_integrations.use_cases.dry_runs import DryRuns  # noqa: PLC0415

    table = os.environ["TABLE_NAME"]
    checks = DynamoDbIntegrations(client, table, ConditionChecker(client, table))
    return DryRuns(
        integrations.over(checks, key_store(DryRunKeyStore)),
        DynamoDbUses(client, table),
        clock=lambda: datetime.now(UTC),
    )


def healths(client: "DynamoDBClient") -> "DynamoDbConnectionHealth":
    """Build the reader of connection tests."""
    from ai_integrations.adapters.dynamodb.connection_health import DynamoDbConnectionHealth  # noqa: PLC0415

    return DynamoDbConnectionHealth(client, os.environ["TABLE_NAME"])


def role_trusts(integrations: Integrations) -> "RoleTrusts":
    """Build the use case that shows what IAM roles must trust."""
    from ai_integrations.use_cases.role_trust import RoleTrusts  # noqa: PLC0415

    return RoleTrusts(
        integrations,
        principals=tuple(os.environ["ASSUMING_ROLES"].split(",")),
        external_id_namespace=os.environ["EXTERNAL_ID_NAMESPACE"],
    )


def federation_trusts(integrations: Integrations) -> "FederationTrusts":
    """Build the use case that shows what providers must trust."""
    from ai_integrations.use_cases.federation_trust import FederationTrusts  # noqa: PLC0415

    return FederationTrusts(
        integrations,
        issuer=os.environ["FEDERATION_ISSUER"],
        subject=os.environ["FEDERATION_SUBJECT"],
        aws_account=os.environ["STACK_ACCOUNT_ID"],
    )
