"""Parts for the function that serves the routes."""

import os
from functools import cache

from ai_integrations.bootstrap import aws
from ai_integrations.bootstrap.integrations import integrations, repository
from ai_integrations.directory import DynamoDbDirectory
from ai_integrations.health_store import DynamoDbHealth
from ai_integrations.http.app import UseCases
from ai_integrations.key_verifier import KeyVerifier
from ai_integrations.listing import IntegrationList, SpaceDirectory


def use_cases() -> UseCases:
    """Return what the routes call."""
    client, table = aws.dynamodb(), os.environ["TABLE_NAME"]
    directory = DynamoDbDirectory(client, table)
    return UseCases(
        integrations=integrations(client),
        integration_list=IntegrationList(listing=repository(client), directory=directory),
        space_directory=SpaceDirectory(directory),
        healths=DynamoDbHealth(client, table),
        verify_key=KeyVerifier(cache(aws.lambda_), os.environ["VERIFY_KEY_FUNCTION"]).verify,
    )


def docs_page() -> bool:
    """Tell whether the page that shows the API's description is served."""
    return os.environ["DOCS_PAGE"] == "true"
