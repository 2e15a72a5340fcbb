"""Responses of AWS STS, which has an XML protocol. The backends issue no identity tokens of the right form."""

from urllib.parse import parse_qs

from botocore.awsrequest import AWSResponse

from tests.builders import API_KEY, identity_token
from tests.faults.aws_responses import aws_response


def identity_token_response(request: str) -> AWSResponse:
    """Answer GetWebIdentityToken."""
    [audience] = parse_qs(request)["Audience.member.1"]
    token = identity_token(audience)
    return aws_response(
        200,
        f"<GetWebIdentityTokenResponse><GetWebIdentityTokenResult><WebIdentityToken>{token}</WebIdentityToken>"
        "</GetWebIdentityTokenResult></GetWebIdentityTokenResponse>",
    )


def error(status: int, code: str) -> AWSResponse:
    """Build an error response."""
    message = f"Rejected {API_KEY}"
    return aws_response(
        status, f"<ErrorResponse><Error><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>"
    )
