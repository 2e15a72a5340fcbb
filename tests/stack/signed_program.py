"""A program that signs requests to the local stack. The emulator verifies no signature."""

import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from tools.local import aws

from tests.cloud import Response
from tests.stack.conftest import Stack


@dataclass(frozen=True, kw_only=True)
class Program:
    """A program that signs requests to the stack."""

    url: str
    credentials: Credentials

    def resolve(self, path: str, **body: Any) -> Response:
        headers = {"Content-Type": "application/json"}
        request = AWSRequest("POST", f"{self.url}{path}", headers, json.dumps(body).encode())
        SigV4Auth(self.credentials, "execute-api", aws.REGION).add_auth(request)
        return send(request)


def send(request: AWSRequest) -> Response:
    prepared: Any = request.prepare()
    opened = urllib.request.Request(prepared.url, prepared.body, dict(prepared.headers), method=prepared.method)  # noqa: S310 the stack's own address
    try:
        response = urllib.request.urlopen(opened, timeout=60)  # noqa: S310
    except urllib.error.HTTPError as error:
        response = error
    with response:
        return Response(response.status, {k.lower(): v for k, v in response.headers.items()}, response.read().decode())


def session_of(stack: Stack, role: str, session: str) -> Program:
    """Assume a role. The role does not have to exist on the emulator."""
    arn = f"arn:aws:iam::000000000000:role/{role}"
    assumed = aws.client("sts", stack.deployment.endpoint).assume_role(RoleArn=arn, RoleSessionName=session)
    key = assumed["Credentials"]
    return Program(
        url=stack.url, credentials=Credentials(key["AccessKeyId"], key["SecretAccessKey"], key["SessionToken"])
    )
