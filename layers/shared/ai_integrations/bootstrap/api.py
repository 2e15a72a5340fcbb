"""Compose functions/api."""

import os
from functools import cache

from aws_lambda_powertools.event_handler import APIGatewayRestResolver

from ai_integrations.adapters.dynamodb.connection_health import DynamoDbConnectionHealth
from ai_integrations.adapters.dynamodb.spaces import DynamoDbSpaces
from ai_integrations.adapters.key_verifier import KeyVerifier
from ai_integrations.bootstrap import aws_clients
from ai_integrations.bootstrap.init_phase import ends_init
from ai_integrations.bootstrap.integrations import integrations
from ai_integrations.bootstrap.repository import repository
from ai_integrations.http.app import UseCases, build_app
from ai_integrations.use_cases.federation_trust import FederationTrusts
from ai_integrations.use_cases.listing import IntegrationList, SpaceDirectory
from ai_integrations.use_cases.role_trust import RoleTrusts


@ends_init
def api() -> APIGatewayRestResolver:
    """Build the API's request resolver."""
    client, table = aws_clients.dynamodb(), os.environ["TABLE_NAME"]
    spaces = DynamoDbSpaces(client, table)
    integration_use_cases = integrations(client)
    use_cases = UseCases(
        integrations=integration_use_cases,
        integration_list=IntegrationList(integrations=repository(client), spaces=spaces),
        space_directory=SpaceDirectory(spaces),
        healths=DynamoDbConnectionHealth(client, table),
        role_trusts=RoleTrusts(
            integration_use_cases,
            principals=tuple(os.environ["ASSUMING_ROLES"].split(",")),
            external_id_namespace=os.environ["EXTERNAL_ID_NAMESPACE"],
        ),
        federation_trusts=FederationTrusts(
            integration_use_cases,
            issuer=os.environ["FEDERATION_ISSUER"],
            subject=os.environ["FEDERATION_SUBJECT"],
            aws_account=os.environ["STACK_ACCOUNT_ID"],
        ),
        verify_key=KeyVerifier(cache(aws_clients.lambda_), os.environ["VERIFY_KEY_FUNCTION"]).verify,
    )
    return build_app(use_cases, docs_page=os.environ["DOCS_PAGE"] == "true")
