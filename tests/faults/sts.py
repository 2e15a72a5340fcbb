"""Responses of AWS STS, which has an XML protocol. The backends issue no identity tokens of the right form."""

from io import BytesIO
from typing import Any
from urllib.parse import parse_qs

from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

from tests.builders import API_KEY, identity_token


class _Body(BytesIO):
    def stream(self, **_: Any) -> Any:
        yield self.read()


def identity_token_response(request: str) -> AWSResponse:
    """Answer GetWebIdentityToken."""
    [audience] = parse_qs(request)["Audience.member.1"]
    token = identity_token(audience)
    return _response(
        200,
        f"<GetWebIdentityTokenResponse><GetWebIdentityTokenResult><WebIdentityToken>{token}</WebIdentityToken>"
        "</GetWebIdentityTokenResult></GetWebIdentityTokenResponse>",
    )


def error(status: int, code: str) -> AWSResponse:
    """Build an error response."""
    message = f"Rejected {API_KEY}"
    return _response(
        status, f"<ErrorResponse><Error><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>"
    )


def _response(status: int, body: str) -> AWSResponse:
    return AWSResponse("https://aws.test", status, HTTPHeaders(), _Body(body.encode()))
