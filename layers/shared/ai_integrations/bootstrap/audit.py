"""Compose functions/audit."""

import os
from datetime import UTC, datetime, timedelta

from aws_lambda_powertools.event_handler import APIGatewayRestResolver

from ai_integrations.adapters.dynamodb.audit_log import DynamoDbAuditLog
from ai_integrations.adapters.dynamodb.spaces import DynamoDbSpaces
from ai_integrations.adapters.dynamodb.uses import DynamoDbUses
from ai_integrations.bootstrap import aws_clients
from ai_integrations.bootstrap.init_phase import ends_init
from ai_integrations.bootstrap.repository import repository
from ai_integrations.http.audit import build_audit_app
from ai_integrations.use_cases.audit_log import AuditLog
from ai_integrations.use_cases.deleted_integrations import DeletedIntegrations
from ai_integrations.use_cases.key_facts import Keys


@ends_init
def api() -> APIGatewayRestResolver:
    """Build the request resolver of the read-only routes about keys, deleted integrations and changes."""
    client, table = aws_clients.dynamodb(), os.environ["TABLE_NAME"]
    integrations, spaces = repository(client), DynamoDbSpaces(client, table)
    keys = Keys(
        integrations=integrations,
        spaces=spaces,
        uses=DynamoDbUses(client, table),
        clock=lambda: datetime.now(UTC),
        max_age_days=int(os.environ["MAX_KEY_AGE_DAYS"]),
    )
    deleted = DeletedIntegrations(tombstones=integrations, spaces=spaces, clock=lambda: datetime.now(UTC))
    retention = timedelta(days=int(os.environ["AUDIT_LOG_DAYS"]))
    audit_log = AuditLog(
        entries=DynamoDbAuditLog(client, table, retention), retention=retention, clock=lambda: datetime.now(UTC)
    )
    return build_audit_app(keys, deleted, audit_log)
