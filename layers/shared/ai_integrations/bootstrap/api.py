"""Compose functions/api."""

import os
from functools import cache, partial

from aws_lambda_powertools.event_handler import APIGatewayRestResolver

from ai_integrations.adapters.dynamodb.spaces import DynamoDbSpaces
from ai_integrations.adapters.key_verifier import KeyVerifier
from ai_integrations.bootstrap import aws_clients, on_first_use
from ai_integrations.bootstrap.init_phase import ends_init
from ai_integrations.bootstrap.integrations import integrations
from ai_integrations.bootstrap.repository import repository
from ai_integrations.http.app import UseCases, build_app
from ai_integrations.use_cases.listing import IntegrationList, SpaceDirectory


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
        healths=partial(on_first_use.healths, client),
        role_trusts=partial(on_first_use.role_trusts, integration_use_cases),
        dry_runs=cache(partial(on_first_use.dry_runs, client, integration_use_cases)),
        federation_trusts=partial(on_first_use.federation_trusts, integration_use_cases),
        verify_key=KeyVerifier(cache(aws_clients.lambda_), os.environ["VERIFY_KEY_FUNCTION"]).verify,
    )
    return build_app(use_cases, docs_page=os.environ["DOCS_PAGE"] == "true")
