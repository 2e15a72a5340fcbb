"""The Idempotency-Key of a request (contract.md, "Operations")."""

import json
import re
from hashlib import sha256

from ai_integrations.contracts.integration_bodies import CreateBody, RotateBody
from ai_integrations.domain.errors import FieldError, InvalidRequestError
from ai_integrations.domain.model import IdempotencyKey

VALID = r"[\x21-\x7e]{1,255}"


def idempotency_key(header: str | None, body: CreateBody | RotateBody, operation: str = "") -> IdempotencyKey | None:
    """Read the header; the digest that later requests are compared by leaves the API key out.

    The header names one request among those of an operation; the blank keeps its keys apart from those of others.
    """
    if header is None:
        return None
    if not re.fullmatch(VALID, header):
        raise InvalidRequestError(FieldError("", "The Idempotency-Key must be 1 to 255 visible ASCII characters."))
    compared = json.dumps(body.model_dump(exclude={"api_key"}, exclude_none=True), sort_keys=True)
    return IdempotencyKey(value=f"{operation} {header}".lstrip(), fingerprint=sha256(compared.encode()).hexdigest())
