"""The Idempotency-Key header (contract.md, "Operations")."""

import json
import re
from hashlib import sha256

from ai_integrations.contracts.integration_bodies import CreateBody, RotateBody
from ai_integrations.domain.errors import FieldError, InvalidRequestError
from ai_integrations.domain.model import IdempotencyKey

VALID = r"[\x21-\x7e]{1,255}"


def idempotency_key(
    header: str | None, user: str, body: CreateBody | RotateBody, operation: str = ""
) -> IdempotencyKey | None:
    """Build the idempotency key of a request. Its fingerprint leaves the API key out: Secrets Manager compares it.

    `operation` is a prefix, so that different operations can use the same header value. The blank after it cannot
    occur in a header value.
    """
    if header is None:
        return None
    if not re.fullmatch(VALID, header):
        raise InvalidRequestError(FieldError("", "The Idempotency-Key must be 1 to 255 visible ASCII characters."))
    compared = json.dumps(body.model_dump(exclude={"api_key"}, exclude_none=True), sort_keys=True)
    return IdempotencyKey(
        user=user, value=f"{operation} {header}".lstrip(), fingerprint=sha256(compared.encode()).hexdigest()
    )
