"""The responses of token endpoints (RFC 6749, section 5). No error repeats their text without redaction."""

import json
import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from pydantic import SecretStr

from ai_integrations.domain.errors import TokenRefusedError
from ai_integrations.key_access.connection_test.redaction import describe_response, redact_secrets

# Characters that a header can carry. The longest documented tokens are those of Google's STS, 12,288 bytes:
# https://docs.cloud.google.com/docs/authentication/token-types
_TOKEN = re.compile(r"[\x21-\x7e]{1,16384}")
_MAX_LIFETIME = timedelta(days=1)  # a longer lifetime is cut: the token is then exchanged again earlier than necessary


class IssuedToken(NamedTuple):
    """An access token and the end of its validity."""

    value: SecretStr
    expires_at: datetime


def parse_token_response(body: bytes, now: datetime) -> IssuedToken:
    """Parse a successful response; TokenRefusedError if it is not usable.

    `expires_in` is required, although RFC 6749 only recommends it: without it, a token could only be used until a
    request with it fails. All providers send it, and their own clients require it too.
    """
    document = _parse_object(body)
    if str(document.get("token_type", "bearer")).lower() != "bearer":
        raise _unusable("Its token_type is not Bearer.")
    return IssuedToken(_token(document, "access_token"), _end(_lifetime(document.get("expires_in")), now))


def parse_impersonation_response(body: bytes, now: datetime) -> IssuedToken:
    """Parse a response of `generateAccessToken` of Google's Service Account Credentials API."""
    document = _parse_object(body)
    try:
        lifetime = datetime.fromisoformat(document["expireTime"]) - now
    except (KeyError, TypeError, ValueError):
        raise _unusable("It has no valid expireTime.") from None
    return IssuedToken(_token(document, "accessToken"), _end(lifetime, now))


def describe_error(body: bytes, secrets: Iterable[str]) -> str:
    """Extract the provider's words from an error response, redacted; empty if there are none."""
    match _json(body):
        case {"error": str(code), "error_description": str(description)}:
            answer = redact_secrets(f"{code}: {description}", secrets)
        case _:
            answer = describe_response(body, secrets) or ""
    return f"It returned: {answer}" if answer else ""


def _parse_object(body: bytes) -> Mapping[str, Any]:
    document = _json(body)
    if not isinstance(document, dict):
        raise _unusable("It is not a JSON object.")
    return document


def _json(body: bytes) -> Any:  # noqa: ANN401 - any JSON value
    try:
        return json.loads(body, parse_constant=lambda _: None)
    except (ValueError, RecursionError):
        return None


def _token(document: Mapping[str, Any], name: str) -> SecretStr:
    value = document.get(name)
    if not isinstance(value, str) or _TOKEN.fullmatch(value) is None:
        raise _unusable(f"It has no valid {name}.")
    return SecretStr(value)


def _lifetime(seconds: Any) -> timedelta:  # noqa: ANN401 - any JSON value
    """Read `expires_in`. Some providers send the number as a text."""
    if isinstance(seconds, str) and re.fullmatch(r"[0-9]{1,10}", seconds):
        seconds = int(seconds)
    if not isinstance(seconds, (int, float)) or isinstance(seconds, bool):
        raise _unusable("It has no valid expires_in.")
    # Limited before the conversion, which fails for numbers with too many digits.
    return timedelta(seconds=max(0, min(seconds, _MAX_LIFETIME.total_seconds())))


def _end(lifetime: timedelta, now: datetime) -> datetime:
    if lifetime <= timedelta(0):
        raise _unusable("The access token has already expired.")
    return now + min(lifetime, _MAX_LIFETIME)


def _unusable(reason: str) -> TokenRefusedError:
    return TokenRefusedError(f"The response of the token endpoint is not usable. {reason}")
