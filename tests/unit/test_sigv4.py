"""The verifier of signatures computes the published signatures of AWS's test suite.

https://github.com/awslabs/aws-c-auth/tree/main/tests/aws-signing-test-suite/v4
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.connection.servers import ReceivedRequest
from tests.sigv4 import refusal, sign

KEY_ID, SECRET = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
SCOPE = "20150830/us-east-1/service/aws4_request"
SENT_AT = datetime(2015, 8, 30, 12, 36, tzinfo=UTC)
TOKEN = {"x-amz-security-token": "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267"}
FORM = {"content-type": "application/x-www-form-urlencoded"}
# In the suite, paths are not yet encoded for transport, so they are encoded once.
VECTORS: dict[str, tuple[str, str, dict[str, str], bytes, str]] = {
    "post-vanilla": ("POST", "/", {}, b"", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
    "post-x-www-form-urlencoded": (
        "POST",
        "/",
        FORM,
        b"Param1=value1",
        "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
    ),
    "get-vanilla-with-session-token": (
        "GET",
        "/",
        TOKEN,
        b"",
        "07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8",
    ),
    "get-space-normalized": (
        "GET",
        "/example space/",
        {},
        b"",
        "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741",
    ),
    "get-utf8": ("GET", "/ሴ", {}, b"", "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"),
}


def a_request(name: str, **changes: str) -> ReceivedRequest:
    method, path, more, body, signature = VECTORS[name]
    headers = {"host": "example.amazonaws.com", "x-amz-date": "20150830T123600Z", **more} | changes
    signed = ";".join(sorted({"host", "x-amz-date", *more}))
    value = f"AWS4-HMAC-SHA256 Credential={KEY_ID}/{SCOPE}, SignedHeaders={signed}, Signature={signature}"
    return ReceivedRequest(method, path, {"authorization": value} | headers, body)


@pytest.mark.parametrize("name", VECTORS)
def test_sign_computes_the_published_signature(name: str) -> None:
    request = a_request(name)
    signed_headers = request.headers["authorization"].split("SignedHeaders=")[1].split(",")[0]
    assert sign(request, signed_headers, SECRET, SCOPE) == VECTORS[name][-1]


def refusal_of(
    request: ReceivedRequest, secret: str = SECRET, region: str = "us-east-1", minutes: int = 0
) -> str | None:
    now = SENT_AT + timedelta(minutes=minutes)
    return refusal(request, {KEY_ID: secret}, region, "service", now)


def test_refusal_of_a_valid_request_is_none() -> None:
    assert refusal_of(a_request("post-vanilla")) is None
    assert refusal_of(a_request("post-vanilla"), minutes=5) is None


@pytest.mark.parametrize(
    ("invalid", "options", "reason"),
    [
        (a_request("post-vanilla", authorization="Bearer x"), {}, "Missing"),
        (a_request("post-vanilla"), {"secret": "other"}, "does not match"),
        (a_request("post-vanilla", host="other"), {}, "does not match"),
        (a_request("post-vanilla", **TOKEN), {}, "Not all"),
        (a_request("post-vanilla"), {"region": "eu-west-1"}, "valid region"),
        (a_request("post-vanilla"), {"minutes": 6}, "expired"),
        (a_request("post-vanilla"), {"minutes": -6}, "expired"),
    ],
)
def test_refusal_of_an_invalid_request_has_a_reason(
    invalid: ReceivedRequest, options: dict[str, Any], reason: str
) -> None:
    assert reason in str(refusal_of(invalid, **options))
