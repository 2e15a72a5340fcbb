"""`key_access/assume_role.py`: how roles are assumed, against what boto itself accepts as a request."""

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
ANSWER = {
    "Credentials": {
        "AccessKeyId": "ASIAFAKEFAKEFAKEFAKE",
        "SecretAccessKey": "fake-secret",
        "SessionToken": "fake-token",
        "Expiration": EXPIRY,
    }
}
CLIENT = boto3.client("sts", region_name="eu-central-1")


class Sts:
    """A client that answers once and says what it was asked."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []

    def assume_role(self, **request: Any) -> dict[str, Any]:
        with Stubber(CLIENT) as stub:
            expected = dict.fromkeys(request, ANY)
            stub.add_response("assume_role", ANSWER, expected)
            self.asked.append(request)
            answer: dict[str, Any] = CLIENT.assume_role(**request)  # type: ignore[assignment]
        return answer


def assume(consumer: str = "billing-job", **metadata: str) -> tuple[dict[str, Any], TemporaryCredentials]:
    sts = Sts()
    integration = an_integration(provider="AWS_BEDROCK", provider_metadata={"role_arn": ROLE, **metadata})
    credentials = StsRoleAssumer(lambda: cast("Any", sts)).assume(integration, consumer)
    return sts.asked[0], credentials


def test_asks_for_the_role_for_an_hour_and_hands_out_what_it_gets() -> None:
    request, credentials = assume()
    assert request == {"RoleArn": ROLE, "RoleSessionName": f"{ULID}-billing-job", "DurationSeconds": 3600}
    assert credentials.access_key_id == "ASIAFAKEFAKEFAKEFAKE"
    assert credentials.secret_access_key.get_secret_value() == "fake-secret"
    assert credentials.session_token.get_secret_value() == "fake-token"
    assert credentials.expires_at == EXPIRY


def test_shows_no_secret_part_of_the_credentials() -> None:
    _, credentials = assume()
    assert "fake-" not in repr(credentials)


@pytest.mark.parametrize("external_id", ["tenant-42", "00", "a/b:c=d,e@f"])
def test_never_asks_without_the_external_id_that_is_stored(external_id: str) -> None:
    request, _ = assume(external_id=external_id)
    assert request["ExternalId"] == external_id


def test_never_makes_an_external_id_up() -> None:
    request, _ = assume()
    assert "ExternalId" not in request


@pytest.mark.parametrize(
    ("consumer", "named"),
    [
        ("billing-job", "billing-job"),
        ("arn:aws:sts::1:assumed-role/r/s", "arn-aws-sts--1-assumed-role-r-s"),
        ("a+b=c,d.e@f_g-h", "a+b=c,d.e@f_g-h"),
        ("!\"#$%&'()*/:;<>?[\\]^`{|}~", "-" * 25),
        ("x" * 256, "x" * 37),
    ],
)
def test_names_integration_and_consumer_in_a_session_name_that_aws_takes(consumer: str, named: str) -> None:
    request, _ = assume(consumer)
    assert request["RoleSessionName"] == f"{ULID}-{named}"
    assert re.fullmatch(r"[\w+=,.@-]{2,64}", request["RoleSessionName"], re.ASCII)


class Refusing:
    def __init__(self, code: str) -> None:
        self._code = code

    def assume_role(self, **_: Any) -> None:
        raise ClientError({"Error": {"Code": self._code, "Message": "not authorized: fake-token"}}, "AssumeRole")


def test_tells_a_role_that_does_not_trust_the_service_from_a_failure() -> None:
    integration = an_integration(provider_metadata={"role_arn": ROLE})
    with pytest.raises(RoleRefusedError) as refused:
        StsRoleAssumer(lambda: cast("Any", Refusing("AccessDenied"))).assume(integration, "x")
    assert refused.value.__suppress_context__
    with pytest.raises(ClientError):
        StsRoleAssumer(lambda: cast("Any", Refusing("Throttling"))).assume(integration, "x")
