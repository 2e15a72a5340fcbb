"""`key_access/assume_role.py`, with requests that botocore validates."""

import json
import re
from dataclasses import replace
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
NAMESPACE = "111122223333/eu-central-1/ai-integrations"
MAX_POLICY_CHARACTERS = 2048  # https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html, Policy


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


def assume(
    consumer: str = "billing-job", account: str = "acme", namespace: str = NAMESPACE, **metadata: str
) -> tuple[dict[str, Any], TemporaryCredentials]:
    sts = FakeSts()
    integration = an_integration(
        account=account, provider="AWS_BEDROCK", provider_metadata={"role_arn": ROLE, **metadata}
    )
    assumer = StsRoleAssumer(lambda: cast("Any", sts), external_id_namespace=namespace)
    credentials = assumer.assume(integration, consumer)
    return sts.requests[0], credentials


def test_assume_role_returns_credentials_for_one_hour() -> None:
    request, credentials = assume()
    assert request["RoleArn"] == ROLE
    assert request["RoleSessionName"] == f"{ULID}-billing-job"
    assert request["DurationSeconds"] == 3600
    assert credentials.access_key_id == "ASIAFAKEFAKEFAKEFAKE"
    assert credentials.secret_access_key.get_secret_value() == "fake-secret"
    assert credentials.session_token.get_secret_value() == "fake-token"
    assert credentials.expires_at == EXPIRY


@pytest.mark.parametrize("changes", [{}, {"account": "globex"}, {"provider_metadata": {"role_arn": ROLE}}], ids=str)
def test_assume_role_reuses_no_credentials(changes: dict[str, Any]) -> None:
    """AWS decides by the external ID, and the trust policy may have changed."""
    sts = FakeSts()
    assumer = StsRoleAssumer(lambda: cast("Any", sts), external_id_namespace=NAMESPACE)
    first = an_integration(provider="AWS_BEDROCK", provider_metadata={"role_arn": ROLE, "external_id": "acme-1"})
    for integration in (first, replace(first, **changes)):
        assumer.assume(integration, "billing-job")
    assert [each["RoleArn"] for each in sts.requests] == [ROLE, ROLE]
    is_same = "provider_metadata" not in changes
    assert (sts.requests[0]["ExternalId"] == sts.requests[1]["ExternalId"]) is is_same


def test_credentials_repr_hides_secrets() -> None:
    _, credentials = assume()
    assert "fake-" not in repr(credentials)


def test_assume_role_limits_credentials_to_invoking_models() -> None:
    request, _ = assume()
    assert json.loads(request["Policy"]) == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "InvokeModels",
                "Effect": "Allow",
                "Action": [
                    "bedrock:InvokeModel",
                    "bedrock:InvokeModelWithResponseStream",
                    "bedrock:ApplyGuardrail",
                ],
                "Resource": "*",
            }
        ],
    }
    assert len(request["Policy"]) <= MAX_POLICY_CHARACTERS
    assert request["Policy"].isascii()
    assert "PolicyArns" not in request


@pytest.mark.parametrize("external_id", ["tenant-42", "00", "a/b:c=d,e@f"])
def test_assume_role_sends_stored_external_id(external_id: str) -> None:
    request, _ = assume(external_id=external_id)
    assert request["ExternalId"] == external_id


def test_assume_role_without_external_id_sends_that_of_the_account() -> None:
    own, again, other_account, other_stack = (
        assume(**changes)[0]["ExternalId"]
        for changes in ({}, {"consumer": "other-job"}, {"account": "umbrella"}, {"namespace": f"{NAMESPACE}-2"})
    )
    assert own == again
    assert len({own, other_account, other_stack}) == 3
    assert re.fullmatch(r"ai-integrations:[0-9a-f]{40}", own)


def test_external_id_of_an_account_never_changes() -> None:
    """Trust policies in other AWS accounts contain it."""
    request, _ = assume()
    assert request["ExternalId"] == "ai-integrations:d708c5ff593ed5479e8259441cb4ff0e85df73d5"


@pytest.mark.parametrize(
    ("consumer", "in_session_name"),
    [
        ("billing-job", "billing-job"),
        ("arn:aws:sts::1:assumed-role/r/s", "arn-aws-sts--1-assumed-role-r-s"),
        ("a+b=c,d.e@f_g-h", "a+b=c,d.e@f_g-h"),
        ("!\"#$%&'()*/:;<>?[\\]^`{|}~", "-" * 25),
        ("x" * 256, "x" * 37),
        ("café", "caf-"),
    ],
)
def test_session_name_identifies_integration_and_consumer(consumer: str, in_session_name: str) -> None:
    request, _ = assume(consumer)
    assert request["RoleSessionName"] == f"{ULID}-{in_session_name}"
    assert re.fullmatch(r"[\w+=,.@-]{2,64}", request["RoleSessionName"], re.ASCII)


class FailingSts:
    def __init__(self, status: int, **error: str) -> None:
        self._error = {"Error": error, "ResponseMetadata": {"HTTPStatusCode": status}}

    def assume_role(self, **_: Any) -> None:
        raise ClientError(cast("Any", self._error), "AssumeRole")


def fail(status: int, **error: str) -> None:
    assumer = StsRoleAssumer(lambda: cast("Any", FailingSts(status, **error)), external_id_namespace=NAMESPACE)
    assumer.assume(an_integration(provider_metadata={"role_arn": ROLE}), "x")


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("AccessDenied", 403),
        ("RegionDisabledException", 403),
        ("ValidationError", 400),
        ("MalformedPolicyDocument", 400),
        ("PackedPolicyTooLarge", 400),
        ("NoSuchEntity", 404),
        ("InvalidParameterValue", 400),
    ],
)
def test_assume_role_when_aws_rejects_the_role_raises_role_refused(code: str, status: int) -> None:
    with pytest.raises(RoleRefusedError) as refused:
        fail(status, Code=code, Message="fake message")
    assert refused.value.reason == f"{code}: fake message"
    assert refused.value.__suppress_context__


def test_refusal_without_a_message_shows_the_code_alone() -> None:
    with pytest.raises(RoleRefusedError) as refused:
        fail(403, Code="AccessDenied")
    assert refused.value.reason == "AccessDenied: "


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("InternalFailure", 500),
        ("ServiceUnavailable", 503),
        # Codes of throttling and lost requests that botocore retries, whatever their status
        # (https://docs.aws.amazon.com/boto3/latest/guide/retries.html).
        ("Throttling", 400),
        ("ThrottlingException", 400),
        ("RequestLimitExceeded", 400),
        ("RequestThrottled", 400),
        ("RequestTimeout", 400),
        ("RequestTimeoutException", 408),
        ("TooManyRequestsException", 429),
        # The function's own credentials or its clock are at fault, not the role
        # (https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html).
        ("ExpiredToken", 403),
        ("ExpiredTokenException", 403),
        ("IncompleteSignature", 403),
        ("InvalidClientTokenId", 403),
        ("MissingAuthenticationToken", 403),
        ("OptInRequired", 403),
        ("RequestExpired", 400),
        ("SignatureDoesNotMatch", 403),
        ("UnrecognizedClientException", 403),
    ],
)
def test_assume_role_when_aws_fails_raises_the_aws_error(code: str, status: int) -> None:
    with pytest.raises(ClientError, match=code):
        fail(status, Code=code, Message="fake message")


def test_assume_role_without_a_role_raises_role_refused() -> None:
    assumer = StsRoleAssumer(lambda: cast("Any", FakeSts()), external_id_namespace=NAMESPACE)
    with pytest.raises(RoleRefusedError) as refused:
        assumer.assume(an_integration(), "x")
    assert refused.value.reason == "The integration names no role."
