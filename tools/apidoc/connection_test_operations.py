"""The operations that test a connection and return the last result."""

from ai_integrations.contracts.integration_bodies import CreateBody
from ai_integrations.contracts.problems import CONFLICT, NOT_FOUND
from ai_integrations.http import connection_tests, health_views
from ai_integrations.http.connection_tests import ModelChoice
from ai_integrations.http.health_views import ConnectionHealth
from tools.apidoc.operation import AUTHENTICATED_ERRORS, BODY_ERRORS, INTEGRATION_PATH, Operation, Response

_TAG = "Connection tests"
_RESULT = Response(
    description="The result of the completed test, whether it passed or not.",
    body=ConnectionHealth,
    headers=(health_views.FINGERPRINT_HEADER,),
    examples=("health",),
)

CONNECTION_TEST_OPERATIONS = (
    Operation(
        id="testAiIntegration",
        method="post",
        path=f"{INTEGRATION_PATH}/test",
        tag=_TAG,
        summary="Test an integration",
        description=(
            "Connects to the provider, checks that it accepts the API key, requests a completion from a model, and "
            "records the result. For admins only: each test uses the key and may cost a few tokens."
        ),
        body=ModelChoice,
        body_required=False,
        body_examples=("model",),
        parameters=("integration_id",),
        response=_RESULT,
        errors=(*AUTHENTICATED_ERRORS, NOT_FOUND, CONFLICT, *BODY_ERRORS),
    ),
    Operation(
        id="testSettings",
        method="post",
        path=connection_tests.NEW,
        tag=_TAG,
        summary="Test settings before you create an integration",
        description="Takes the same body as a create and tests it. Nothing is stored. For admins only.",
        body=CreateBody,
        body_examples=("openai", "gateway"),
        response=_RESULT,
        errors=(*AUTHENTICATED_ERRORS, CONFLICT, *BODY_ERRORS),
    ),
    Operation(
        id="getHealth",
        method="get",
        path=f"{INTEGRATION_PATH}/health",
        tag=_TAG,
        summary="Get the last test result",
        description="Returns the result of the last connection test to every caller that can see the integration.",
        parameters=("integration_id",),
        response=Response(
            description="The last result. Its status is `unknown` if the integration was never tested.",
            body=ConnectionHealth,
            headers=(health_views.FINGERPRINT_HEADER,),
            examples=("health",),
        ),
        errors=(*AUTHENTICATED_ERRORS, NOT_FOUND),
    ),
)
