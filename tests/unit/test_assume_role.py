"""`key_access/assume_role.py`, with requests that botocore validates."""

import re
from datetime import timedelta
from typing import Any, cast

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import ANY, Stubber

from ai_integrations.domain.credentials import TemporaryCredentials
from ai_integrations.domain.errors import RoleRefusedError
from ai_integrations.key_access.assume_role import StsRoleAssumer
from tests.builders import NOON, ULID, an_integration

ROLE = "arn:aws:iam::123456789012:role/bedrock"
EXPIRY = NOON + timedelta(hours=1)
RESPONSE = {
    "Credentials": {
        "AccessKeyId": "ASIAFAKEFAKEFAKEFAKE",
        "SecretAccessKey": "fake-secret",
        "SessionToken": "fake-token",
        "Expiration": EXPIRY,
    }
}
CLIENT = boto3.client("sts", region_name="eu-central-1")


class FakeSts:
    """Validates and records requests, and returns fixed credentials."""

    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []

    def assume_role(self, **request: Any) -> dict[str, Any]:
        with Stubber(CLIENT) as stub:
            expected = dict.fromkeys(request, ANY)
            stub.add_response("assume_role", RESPONSE, expected)
            self.requests.append(request)
            response: dict[str, Any] = CLIENT.assume_role(**request)  # type: ignore[assignment]
        return response


def assume(consumer: str = "billing-job", **metadata: str) -> tuple[dict[str, Any], TemporaryCredentials]:
    sts = FakeSts()
    integration = an_integration(provider="AWS_BEDROCK", provider_metadata={"role_arn": ROLE, **metadata})
    credentials = StsRoleAssumer(lambda: cast("Any", sts)).assume(integration, consumer)
    return sts.requests[0], credentials


def test_assume_role_returns_credentials_for_one_hour() -> None:
    request, credentials = assume()
    assert request == {"RoleArn": ROLE, "RoleSessionName": f"{ULID}-billing-job", "DurationSeconds": 3600}
    assert credentials.access_key_id == "ASIAFAKEFAKEFAKEFAKE"
    assert credentials.secret_access_key.get_secret_value() == "fake-secret"
    assert credentials.session_token.get_secret_value() == "fake-token"
    assert credentials.expires_at == EXPIRY


def test_credentials_repr_hides_secrets() -> None:
    _, credentials = assume()
    assert "fake-" not in repr(credentials)


@pytest.mark.parametrize("external_id", ["tenant-42", "00", "a/b:c=d,e@f"])
def test_assume_role_sends_stored_external_id(external_id: str) -> None:
    request, _ = assume(external_id=external_id)
    assert request["ExternalId"] == external_id


def test_assume_role_without_external_id_sends_none() -> None:
    request, _ = assume()
    assert "ExternalId" not in request


@pytest.mark.parametrize(
    ("consumer", "in_session_name"),
    [
        ("billing-job", "billing-job"),
        ("arn:aws:sts::1:assumed-role/r/s", "arn-aws-sts--1-assumed-role-r-s"),
        ("a+b=c,d.e@f_g-h", "a+b=c,d.e@f_g-h"),
        ("!\"#$%&'()*/:;<>?[\\]^`{|}~", "-" * 25),
        ("x" * 256, "x" * 37),
    ],
)
def test_session_name_identifies_integration_and_consumer(consumer: str, in_session_name: str) -> None:
    request, _ = assume(consumer)
    assert request["RoleSessionName"] == f"{ULID}-{in_session_name}"
    assert re.fullmatch(r"[\w+=,.@-]{2,64}", request["RoleSessionName"], re.ASCII)


class FailingSts:
    def __init__(self, code: str) -> None:
        self._code = code

    def assume_role(self, **_: Any) -> None:
        raise ClientError({"Error": {"Code": self._code, "Message": "not authorized: fake-token"}}, "AssumeRole")


def test_assume_role_raises_role_refused_only_if_access_is_denied() -> None:
    integration = an_integration(provider_metadata={"role_arn": ROLE})
    with pytest.raises(RoleRefusedError) as refused:
        StsRoleAssumer(lambda: cast("Any", FailingSts("AccessDenied"))).assume(integration, "x")
    assert refused.value.__suppress_context__
    with pytest.raises(ClientError):
        StsRoleAssumer(lambda: cast("Any", FailingSts("Throttling"))).assume(integration, "x")
