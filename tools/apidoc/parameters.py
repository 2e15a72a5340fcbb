"""Parameters, and the headers of requests and answers, by their names."""

from typing import Any

from ai_integrations.contracts import ids
from ai_integrations.http import health, idempotency
from ai_integrations.http.query_parameters import DEFAULT_LIMIT, MAX_ID_LENGTH, MAX_LIMIT, MAX_NAME_LENGTH

EXAMPLE_ULID = "01KDZ3ZQ80000000000000000A"
_ID = ids.encode(EXAMPLE_ULID)
_SAME_IN_ALL = 20  # characters, which encode the 15 bytes of "AiIntegration:1"

INTEGRATION_ID = {
    "type": "string",
    # Coarser than the ids are, which are base64 of a text that ends in a ULID.
    "pattern": f"^{_ID[:_SAME_IN_ALL]}[A-Za-z0-9]{{{len(_ID) - _SAME_IN_ALL}}}$",
    "examples": [_ID],
}


def _text(max_length: int) -> dict[str, Any]:
    return {"type": "string", "minLength": 1, "maxLength": max_length}


def _query(name: str, description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "query", "description": description, "schema": schema}


def _header(name: str, description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "header", "description": description, "schema": schema}


_ALL: tuple[dict[str, Any], ...] = (
    _query(
        "limit",
        "How many things a page may hold. It may hold fewer, even none, and more may follow all the same.",
        {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT},
    ),
    _query(
        "cursor",
        "The `next_cursor` of the page before: opaque, and valid only with the parameters it was issued for.",
        {"type": "string"},
    ),
    _query("name", "A part of the name, whatever its case.", _text(MAX_NAME_LENGTH)),
    _query(
        "space_id",
        "What this space can see: what is account-wide, its organization's and its own. 404 if it is not one of "
        "the caller's; an admin may ask for any.",
        _text(MAX_ID_LENGTH),
    ),
    _query("space_name", "What spaces whose names hold this text can see, whatever its case.", _text(MAX_NAME_LENGTH)),
    {
        "name": "integration_id",
        "in": "path",
        "required": True,
        "description": "The id of an integration.",
        "schema": INTEGRATION_ID,
    },
    _header(
        "If-Match",
        "The `ETag` of the version that is meant: 412 if there is another by now.",
        {"type": "string"},
    ),
    _header(
        "Idempotency-Key",
        "A name for this request, unique to it. The same name with the same body, within 24 hours, gives the "
        "first answer again, with another body 422. The API key is not compared.",
        {"type": "string", "pattern": f"^{idempotency.VALID}$"},
    ),
)
PARAMETERS = {each["name"]: each for each in _ALL}


def _answer_header(description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": description, "required": True, "schema": schema}


HEADERS = {
    health.FINGERPRINT_HEADER: {
        "description": "Tells the tested key from others without showing it; for admins, while it is still the key.",
        "schema": {"type": "string"},
    },
    "ETag": _answer_header(
        "The version of the integration, for `If-Match`.", {"type": "string", "pattern": r'^"[0-9A-Z]{26}\.[0-9]+"$'}
    ),
    "Location": _answer_header(
        "Where the integration can be read.", {"type": "string", "format": "uri-reference", "minLength": 1}
    ),
    "Retry-After": _answer_header("Seconds to wait.", {"type": "integer", "minimum": 1}),
    "WWW-Authenticate": _answer_header("The scheme to authenticate by.", {"type": "string", "const": "Bearer"}),
}
