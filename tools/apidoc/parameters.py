"""Parameters and headers by name."""

from typing import Any

from ai_integrations.contracts import ids
from ai_integrations.contracts.enum_values import PROVIDER_NAMES
from ai_integrations.domain.audit_log import OperationType
from ai_integrations.domain.uses import RETENTION
from ai_integrations.http import audit_log, health_views, idempotency, key_facts
from ai_integrations.http.query_parameters import DEFAULT_LIMIT, MAX_ID_LENGTH, MAX_LIMIT, MAX_NAME_LENGTH

EXAMPLE_ULID = "01KDZ3ZQ80000000000000000A"
EXAMPLE_CONSUMER = "01KDZ3ZQ80000000000000000C"
EXAMPLE_SPACE = "U3BhY2U6MTph"
EXAMPLE_ORGANIZATION = "T3JnYW5pemF0aW9uOjE6YQ"

INTEGRATION_ID = {
    "type": "string",
    "pattern": ids.PATTERN,
    "examples": [ids.encode(EXAMPLE_ULID)],
}

_TIME = {"type": "string", "format": "date-time", "examples": ["2026-01-02T03:04:05Z"]}


def _string(max_length: int) -> dict[str, Any]:
    return {"type": "string", "minLength": 1, "maxLength": max_length}


def _query(name: str, description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "query", "description": description, "schema": schema}


def _path(name: str, description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "description": description, "schema": schema}


def _header(name: str, description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "header", "description": description, "schema": schema}


_ALL: tuple[dict[str, Any], ...] = (
    _query(
        "limit",
        "The maximum size of a page. A page can be shorter or even empty although more pages follow.",
        {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT},
    ),
    _query(
        "cursor",
        "The `next_cursor` of the previous page. It is opaque and valid only with the parameters it was issued for.",
        {"type": "string"},
    ),
    _query("name", "Returns only items whose name contains this text, ignoring case.", _string(MAX_NAME_LENGTH)),
    _query(
        "space_id",
        "Returns what this space can see: account-wide integrations, those of its organization and its own. An admin "
        "may pass any space; for other callers, a space that is not their own returns 404.",
        _string(MAX_ID_LENGTH),
    ),
    _query(
        "space_name",
        "Like `space_id`, for all spaces whose name contains this text, ignoring case.",
        _string(MAX_NAME_LENGTH),
    ),
    _query(
        "org_id",
        "Returns only spaces of this organization, as far as the organization of a space is known.",
        _string(MAX_ID_LENGTH),
    ),
    _query(
        "older_than_days",
        "Returns only stored keys that were set at least this number of days ago.",
        {"type": "integer", "minimum": 0, "maximum": key_facts.MAX_AGE_DAYS},
    ),
    _query(
        "unused_for_days",
        "Returns only credentials that were last used, or never used and set, at least this number of days ago.",
        {"type": "integer", "minimum": 0, "maximum": RETENTION.days},
    ),
    _query(
        "start_time",
        "Returns only entries from this time on. The default is 30 days before `end_time`. Times without an offset are "
        "UTC.",
        _TIME,
    ),
    _query(
        "end_time", "Returns only entries up to this time, which is included. The default is the current time.", _TIME
    ),
    _query("user_id", "Returns only entries of this user.", {"type": "string", "examples": [ids.encode_user("alice")]}),
    _query(
        "operation_type",
        "Returns only entries of this type.",
        {"type": "string", "enum": [each.value for each in OperationType]},
    ),
    _query(
        "operation_name",
        "Returns only entries of this operation, or of these if the parameter is repeated.",
        {"type": "array", "items": _string(MAX_NAME_LENGTH), "minItems": 1, "maxItems": audit_log.MAX_NAMES},
    ),
    _query("resource_id", "Returns only entries of this integration or consumer.", {"type": "string"}),
    _query("provider", "Returns only keys for this provider.", {"type": "string", "enum": PROVIDER_NAMES}),
    _path("integration_id", "The id of an integration.", INTEGRATION_ID),
    _path(
        "consumer_id",
        "The id of a consumer.",
        {"type": "string", "pattern": "^[0-7][0-9A-HJKMNP-TV-Z]{25}$", "examples": [EXAMPLE_CONSUMER]},
    ),
    _path("file", "The name of a file that the page loads.", {"type": "string", "examples": ["main.js"]}),
    _query(
        "dry_run",
        "With `true`, the response is what the request would do, and nothing changes. It is refused like the request "
        "itself. An `Idempotency-Key` is ignored.",
        {"type": "boolean", "default": False},
    ),
    _header(
        "If-Match",
        "The `ETag` of the version that you expect. If there is another version, the response is 412.",
        {"type": "string"},
    ),
    _header(
        "Idempotency-Key",
        "A unique value for this request. For 24 hours, a retry with the same value and body returns the original "
        "response; with a different body or `api_key` it returns 422.",
        {"type": "string", "pattern": f"^{idempotency.VALID}$"},
    ),
)
PARAMETERS = {
    **{each["name"]: each for each in _ALL},
    # Query parameters have the names of these two.
    "space_in_path": _path("space_id", "The id of a space.", _string(MAX_ID_LENGTH) | {"examples": [EXAMPLE_SPACE]}),
    "organization_in_path": _path(
        "org_id", "The id of an organization.", _string(MAX_ID_LENGTH) | {"examples": [EXAMPLE_ORGANIZATION]}
    ),
}


def _response_header(description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": description, "required": True, "schema": schema}


HEADERS = {
    health_views.FINGERPRINT_HEADER: {
        "description": "A fingerprint of the tested API key. Sent to admins, while the integration still has that key. "
        "A test of unsaved settings returns it only if the provider accepted the key.",
        "schema": {"type": "string"},
    },
    "ETag": _response_header(
        "The version of the resource, for use in `If-Match`.",
        {"type": "string", "pattern": r'^"[0-9A-Z]{26}\.[0-9]+"$'},
    ),
    "Location": _response_header(
        "The URL of the new resource.", {"type": "string", "format": "uri-reference", "minLength": 1}
    ),
    "Retry-After": _response_header("The number of seconds to wait before a retry.", {"type": "integer", "minimum": 1}),
    "WWW-Authenticate": _response_header("The authentication scheme.", {"type": "string", "const": "Bearer"}),
}
