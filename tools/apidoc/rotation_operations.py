"""The operations that rotate an API key and roll the rotation back."""

from ai_integrations.contracts.integration_bodies import RotateBody
from ai_integrations.contracts.problems import CONFLICT, NOT_FOUND, PRECONDITION_FAILED
from ai_integrations.contracts.views import KeyRotation
from tools.apidoc.operation import AUTHENTICATED_ERRORS, BODY_ERRORS, INTEGRATION_PATH, Operation, Response

_TAG = "Key rotation"
_KEY_VERSIONS = Response(
    description="The versions of the API key that can be used.",
    body=KeyRotation,
    headers=("ETag",),
    examples=("rotation",),
)

ROTATION_OPERATIONS = (
    Operation(
        id="rotateKey",
        method="post",
        path=f"{INTEGRATION_PATH}/key-rotations",
        tag=_TAG,
        summary="Rotate the API key",
        description=(
            "Replaces the API key. Until the grace period ends, the previous key can still be read by its version. "
            "Returns 409 if the integration has no key, or refers to a secret by ARN. With `verify`, for admins only, "
            "the key is replaced only if the provider accepts the new one."
        ),
        body=RotateBody,
        body_examples=("rotate", "rotate_verified"),
        parameters=("integration_id", "dry_run", "If-Match", "Idempotency-Key"),
        response=_KEY_VERSIONS,
        errors=(*AUTHENTICATED_ERRORS, NOT_FOUND, CONFLICT, PRECONDITION_FAILED, *BODY_ERRORS),
    ),
    Operation(
        id="rollKeyBack",
        method="post",
        path=f"{INTEGRATION_PATH}/key-rotations/rollback",
        tag=_TAG,
        summary="Roll back to the previous API key",
        description=("Reverts the last rotation. Returns 409 if there is no previous key or its grace period is over."),
        parameters=("integration_id", "dry_run", "If-Match"),
        response=_KEY_VERSIONS,
        errors=(*AUTHENTICATED_ERRORS, NOT_FOUND, CONFLICT, PRECONDITION_FAILED),
    ),
)
