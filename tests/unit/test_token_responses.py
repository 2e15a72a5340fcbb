"""What of a token endpoint's response is accepted (RFC 6749, section 5.1)."""

import json
import traceback
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from ai_integrations.domain.errors import TokenRefusedError
from ai_integrations.key_access.token_exchange.responses import (
    describe_error,
    parse_impersonation_response,
    parse_token_response,
)
from tests.builders import ACCESS_TOKEN, NOON

GOOD = {"access_token": ACCESS_TOKEN, "expires_in": 600}


def expiry(**changes: Any) -> datetime:
    return parse_token_response(json.dumps(GOOD | changes).encode(), NOON).expires_at


@pytest.mark.parametrize("token_type", ["Bearer", "bearer", "BEARER"])
def test_bearer_token_is_accepted(token_type: str) -> None:
    assert expiry(token_type=token_type) == NOON + timedelta(minutes=10)


def test_token_type_may_be_missing() -> None:
    assert expiry() == NOON + timedelta(minutes=10)


@pytest.mark.parametrize("token_type", ["mac", "N_A", "", 7, None, ["Bearer"]])
def test_token_of_another_type_is_refused(token_type: object) -> None:
    with pytest.raises(TokenRefusedError) as caught:
        expiry(token_type=token_type)
    assert caught.value.reason == "The response of the token endpoint is not usable. Its token_type is not Bearer."


@pytest.mark.parametrize(
    ("expires_in", "seconds"), [(1, 1), ("600", 600), (600.0, 600), (0.5, 0.5), (86_400, 86_400), (10**400, 86_400)]
)
def test_lifetime_is_read_and_bounded(expires_in: object, seconds: float) -> None:
    assert expiry(expires_in=expires_in) == NOON + timedelta(seconds=seconds)


@pytest.mark.parametrize("expires_in", [None, True, "", "soon", "-1", "1e3", "9" * 11, [], {}])
def test_lifetime_that_is_no_number_is_refused(expires_in: object) -> None:
    with pytest.raises(TokenRefusedError) as caught:
        expiry(expires_in=expires_in)
    assert "expires_in" in caught.value.reason


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity"])
def test_lifetime_that_is_not_finite_is_refused(text: str) -> None:
    body = json.dumps(GOOD).replace("600", text).encode()
    with pytest.raises(TokenRefusedError) as caught:
        parse_token_response(body, NOON)
    assert "expires_in" in caught.value.reason


@pytest.mark.parametrize("expires_in", [0, -1, "0", -(10**400), -1e308, 0.0])
def test_token_that_has_expired_is_refused(expires_in: object) -> None:
    with pytest.raises(TokenRefusedError) as caught:
        expiry(expires_in=expires_in)
    assert "expired" in caught.value.reason


@pytest.mark.parametrize("token", ["~!", "a" * 16_384, "ya29.c.b0Aaek"])
def test_token_that_fits_a_header_is_accepted(token: str) -> None:
    body = json.dumps(GOOD | {"access_token": token}).encode()
    assert parse_token_response(body, NOON).value.get_secret_value() == token


@pytest.mark.parametrize("token", ["", "a b", "a\r\nX-Other: 1", "a\n", "é", "a" * 16_385, 7, None, ["a"]])
def test_token_that_does_not_fit_a_header_is_refused(token: object) -> None:
    with pytest.raises(TokenRefusedError) as caught:
        expiry(access_token=token)
    assert "access_token" in caught.value.reason


def test_impersonated_token_ends_at_its_time_and_after_a_day_at_most() -> None:
    def end(time: str) -> datetime:
        body = json.dumps({"accessToken": ACCESS_TOKEN, "expireTime": time}).encode()
        return parse_impersonation_response(body, NOON).expires_at

    assert end("2026-01-02T12:30:00Z") == NOON + timedelta(minutes=30)
    assert end("2026-01-02T12:30:00.123456789Z") == NOON + timedelta(minutes=30, microseconds=123_456)
    assert end("2100-01-01T00:00:00Z") == NOON + timedelta(days=1)


@pytest.mark.parametrize(
    ("body", "description"),
    [
        (b'{"error": "invalid_grant", "error_description": "No match."}', "It returned: invalid_grant: No match."),
        (b'{"error": "invalid_grant"}', "It returned: invalid_grant"),
        (b'{"error": {"message": "No match."}}', "It returned: No match."),
        (b'{"error": "invalid_grant", "error_description": ["secret-1"]}', "It returned: invalid_grant"),
        (
            b'{"error": "secret-1", "error_description": "No secret-1 here"}',
            "It returned: [redacted]: No [redacted] here",
        ),
        (b"Bad secret-1 gateway", "It returned: Bad [redacted] gateway"),
        (b"", ""),
    ],
)
def test_words_of_the_provider_are_found_in_every_form_of_error(body: bytes, description: str) -> None:
    assert describe_error(body, ["secret-1"]) == description


SENT = "fake-identity-token"


@pytest.mark.parametrize(
    ("parse", "document"),
    [
        (parse_token_response, GOOD | {"token_type": SENT}),
        (parse_token_response, GOOD | {"expires_in": SENT}),
        (parse_token_response, GOOD | {"expires_in": {"of": SENT}}),
        (parse_token_response, GOOD | {"access_token": [SENT]}),
        (parse_token_response, GOOD | {"access_token": f"{SENT} "}),
        (parse_token_response, [SENT]),
        (parse_token_response, SENT),
        (parse_impersonation_response, {"accessToken": ACCESS_TOKEN, "expireTime": SENT}),
        (parse_impersonation_response, {"accessToken": f"{SENT} ", "expireTime": "2026-01-02T12:30:00Z"}),
    ],
)
def test_error_of_an_unusable_response_repeats_nothing_of_it(
    parse: Callable[[bytes, datetime], object], document: object
) -> None:
    with pytest.raises(TokenRefusedError) as caught:
        parse(json.dumps(document).encode(), NOON)
    assert SENT not in "".join(traceback.format_exception(caught.value))
    assert ACCESS_TOKEN not in "".join(traceback.format_exception(caught.value))
    assert SENT not in caught.value.reason + caught.value.answer
