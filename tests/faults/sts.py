"""Responses of AWS STS, which has an XML protocol. The backends issue no identity tokens of the right form."""

from collections.abc import Mapping
from io import BytesIO
from typing import Any

from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

from tests.builders import API_KEY, identity_token


class _Body(BytesIO):
    def stream(self, **_: Any) -> Any:
        yield self.read()


def identity_token_response(parameters: Mapping[str, Any]) -> AWSResponse:
    """Answer GetWebIdentityToken."""
    token = identity_token(parameters["Audience.member.1"])
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
