"""The IAM user as which programs resolve integrations on the local stack, and its grant.

Nothing is verified locally: the emulator looks up the access key id of a signed request and passes its user or role on,
as API Gateway does, but it ignores the signature. Every process that can reach the port can be every principal.
"""

import contextlib
import json
from http import HTTPStatus
from typing import NamedTuple

from tools.local import gateway
from tools.local.aws import client
from tools.local.errors import LocalStackError

USER = "local-program"


class Program(NamedTuple):
    """The ARN of the user, and its credentials."""

    arn: str
    access_key_id: str
    secret_access_key: str


def sign_in(endpoint: str) -> Program:
    """Create the user if it does not exist, and replace its credentials."""
    iam = client("iam", endpoint)
    with contextlib.suppress(iam.exceptions.EntityAlreadyExistsException):
        iam.create_user(UserName=USER)
    for old in iam.list_access_keys(UserName=USER)["AccessKeyMetadata"]:
        iam.delete_access_key(UserName=USER, AccessKeyId=old["AccessKeyId"])
    key = iam.create_access_key(UserName=USER)["AccessKey"]
    return Program(iam.get_user(UserName=USER)["User"]["Arn"], key["AccessKeyId"], key["SecretAccessKey"])


def grant_all(program: Program, url: str, access_key: str) -> None:
    """Let the user resolve all integrations of the access key's account. An earlier grant, however changed, stays."""
    body = json.dumps({"principal_arn": program.arn, "name": USER, "all_integrations": True})
    headers = {"Authorization": f"Bearer {access_key}", "Content-Type": "application/json"}
    response = gateway.send("POST", url, "/v2/consumers", headers, body)
    if response.status not in {HTTPStatus.CREATED, HTTPStatus.CONFLICT}:
        raise LocalStackError(f"The API must accept a consumer. Response: {response.formatted()}")
