"""The app of the function `audit`, which reads and never writes."""

from aws_lambda_powertools.event_handler import APIGatewayRestResolver

from ai_integrations.http.audit_log import AuditLogRoutes
from ai_integrations.http.deleted_integrations import DeletedIntegrationRoutes
from ai_integrations.http.key_facts import KeyRoutes
from ai_integrations.http.resolver import register_error_handlers
from ai_integrations.http.rest_resolver import RestResolver
from ai_integrations.use_cases.audit_log import AuditLog
from ai_integrations.use_cases.deleted_integrations import DeletedIntegrations
from ai_integrations.use_cases.key_facts import Keys


def build_audit_app(keys: Keys, deleted: DeletedIntegrations, audit_log: AuditLog) -> APIGatewayRestResolver:
    """Build the app of the `audit` function."""
    app = RestResolver()
    register_error_handlers(app)
    KeyRoutes(app, keys)
    DeletedIntegrationRoutes(app, deleted)
    AuditLogRoutes(app, audit_log)
    return app
