"""The operations on keys and connections: rotation, tests, health."""

from ai_integrations.contracts.integration_bodies import CreateBody, RotateBody
from ai_integrations.contracts.problems import CONFLICT, NOT_FOUND, PRECONDITION_FAILED
from ai_integrations.contracts.views import KeyRotation
from ai_integrations.http import connection_tests, health
from ai_integrations.http.connection_tests import ModelChoice
from ai_integrations.http.health import ConnectionHealth
from tools.apidoc.operation import OF_BODIES, OF_CALLERS, ONE, Answer, Operation

_KEYS = "Key rotation"
_CONNECTIONS = "Connection tests"
_ROTATED = Answer(
    description="The versions of the key that can be had.", body=KeyRotation, headers=("ETag",), examples=("rotation",)
)
_TESTED = Answer(
    description="The test was carried out; this is what it has found.",
    body=ConnectionHealth,
    headers=(health.FINGERPRINT_HEADER,),
    examples=("health",),
)

KEY_OPERATIONS = (
    Operation(
        id="rotateKey",
        method="post",
        path=f"{ONE}/key-rotations",
        tag=_KEYS,
        summary="Rotate the key",
        description=(
            "Lets another key take effect. Until its grace ends the key before can still be had, by its version; "
            "409 if the integration has no key of its own. With `verify`, for admins, the provider must be seen to "
            "take the key first."
        ),
        body=RotateBody,
        body_examples=("rotate", "rotate_verified"),
        parameters=("integration_id", "If-Match", "Idempotency-Key"),
        answer=_ROTATED,
        errors=(*OF_CALLERS, NOT_FOUND, CONFLICT, PRECONDITION_FAILED, *OF_BODIES),
    ),
    Operation(
        id="rollKeyBack",
        method="post",
        path=f"{ONE}/key-rotations/rollback",
        tag=_KEYS,
        summary="Go back to the key before",
        description="Takes the last rotation back while the grace lasts; 409 when there is no key to go back to.",
        parameters=("integration_id", "If-Match"),
        answer=_ROTATED,
        errors=(*OF_CALLERS, NOT_FOUND, CONFLICT, PRECONDITION_FAILED),
    ),
    Operation(
        id="testAiIntegration",
        method="post",
        path=f"{ONE}/test",
        tag=_CONNECTIONS,
        summary="Test an integration",
        description=(
            "Connects to the provider, shows whether it takes the key, asks a model for an answer, and records what "
            "came of it. For admins: each test uses the key and may cost a few tokens."
        ),
        body=ModelChoice,
        body_required=False,
        body_examples=("model",),
        parameters=("integration_id",),
        answer=_TESTED,
        errors=(*OF_CALLERS, NOT_FOUND, CONFLICT, *OF_BODIES),
    ),
    Operation(
        id="testSettings",
        method="post",
        path=connection_tests.NEW,
        tag=_CONNECTIONS,
        summary="Test what may become an integration",
        description="Takes the body of a create and tests it, before it is saved. Nothing is stored. For admins.",
        body=CreateBody,
        body_examples=("openai", "gateway"),
        answer=_TESTED,
        errors=(*OF_CALLERS, *OF_BODIES),
    ),
    Operation(
        id="getHealth",
        method="get",
        path=f"{ONE}/health",
        tag=_CONNECTIONS,
        summary="See the last test",
        description="What the last test of an integration has found, for whoever sees the integration.",
        parameters=("integration_id",),
        answer=Answer(
            description="The last test; its status is unknown where there was none.",
            body=ConnectionHealth,
            headers=(health.FINGERPRINT_HEADER,),
            examples=("health",),
        ),
        errors=(*OF_CALLERS, NOT_FOUND),
    ),
)
