"""Responses that AWS clients receive without a network."""

from collections.abc import Mapping
from io import BytesIO
from typing import Any

from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders


class _Body(BytesIO):
    def stream(self, **_: Any) -> Any:
        yield self.read()


def aws_response(status: int, body: str, headers: Mapping[str, str] | None = None) -> AWSResponse:
    """Build a response of AWS."""
    fields = HTTPHeaders.from_dict({"x-amzn-requestid": "aws-request-id", **(headers or {})})
    return AWSResponse("https://aws.test", status, fields, _Body(body.encode()))
