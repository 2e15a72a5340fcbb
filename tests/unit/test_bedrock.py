"""Connection test of Bedrock: the role, then a model with the role's credentials."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from pydantic import SecretStr

from ai_integrations.domain.connection_health import CheckStatus, Rung
from ai_integrations.domain.credentials import TemporaryCredentials
from ai_integrations.key_access.assume_role import StsRoleAssumer
from ai_integrations.key_access.connection_test.bedrock import BedrockSteps
from tests.builders import an_integration

PASSED, FAILED, NOT_PROVED = CheckStatus.PASSED, CheckStatus.FAILED, CheckStatus.NOT_PROVED
EXTERNAL_ID = "external-fake-2718"
ROLE = {"role_arn": "arn:aws:iam::123456789012:role/Bedrock", "external_id": EXTERNAL_ID}


def aws_error(code: str, status: int) -> ClientError:
    error = {"Code": code, "Message": f"not authorized with {EXTERNAL_ID}"}
    return ClientError(cast("Any", {"Error": error, "ResponseMetadata": {"HTTPStatusCode": status}}), "AssumeRole")


DENIED = aws_error("AccessDenied", 403)
UNREACHABLE = EndpointConnectionError(endpoint_url="https://sts.test")


@dataclass
class FakeSts:
    """Records requests for a role, and returns credentials or raises `failure`."""

    failure: Exception | None = None
    requests: list[dict[str, Any]] = field(default_factory=list)

    def assume_role(self, **request: Any) -> dict[str, Any]:
        self.requests.append(request)
        if self.failure:
            raise self.failure
        end = datetime(2026, 1, 2, tzinfo=UTC)
        return {
            "Credentials": {
                "AccessKeyId": "fake-id",
                "SecretAccessKey": "fake-secret",
                "SessionToken": "fake-token",
                "Expiration": end,
            }
        }


@dataclass
class FakeBedrock:
    """Records requests for a completion, and returns one or raises `failure`."""

    failure: Exception | None = None
    requests: list[dict[str, Any]] = field(default_factory=list)
    credentials: list[TemporaryCredentials] = field(default_factory=list)
    endpoints: list[tuple[str, str | None]] = field(default_factory=list)

    def converse(self, **request: Any) -> dict[str, Any]:
        self.requests.append(request)
        if self.failure:
            raise self.failure
        return {"output": {}}


def run_steps(
    sts: FakeSts, bedrock: FakeBedrock, model: str | None = "amazon.nova-lite-v1:0", base_url: str | None = None
) -> tuple[Rung, ...]:
    def client_with(credentials: TemporaryCredentials, region: str, url: str | None) -> Any:
        bedrock.credentials.append(credentials)
        bedrock.endpoints.append((region, url))
        return bedrock

    assumer = StsRoleAssumer(lambda: cast("Any", sts), external_id_namespace="stack")
    steps = BedrockSteps(assumer, client_with, "eu-central-1")
    integration = an_integration(provider="AWS_BEDROCK", provider_metadata=ROLE, base_url=base_url)
    return steps.run(integration, model)


def test_step_of_a_refused_role_shows_the_reason_of_aws() -> None:
    reachable, authenticated = run_steps(FakeSts(DENIED), FakeBedrock())
    assert (reachable.status, reachable.proved) == (PASSED, "AWS answered.")
    assert authenticated.not_proved == "The integration's role could not be assumed."


def test_unreachable_aws_is_reported_as_the_only_step() -> None:
    [reachable] = run_steps(FakeSts(UNREACHABLE), FakeBedrock())
    assert (reachable.status, reachable.not_proved) == (FAILED, "AWS could not be reached.")


def statuses(rungs: tuple[Rung, ...]) -> list[CheckStatus]:
    return [rung.status for rung in rungs]


def test_bedrock_test_assumes_role_and_requests_one_token() -> None:
    sts, bedrock = FakeSts(), FakeBedrock()
    rungs = run_steps(sts, bedrock)
    assert statuses(rungs) == [PASSED, PASSED, PASSED]
    assert "which models" in (rungs[1].not_proved or "")
    assert (sts.requests[0]["RoleArn"], sts.requests[0]["ExternalId"]) == (ROLE["role_arn"], EXTERNAL_ID)
    assert sts.requests[0]["RoleSessionName"].endswith("-connection-test")
    assert bedrock.requests == [
        {
            "modelId": "amazon.nova-lite-v1:0",
            "messages": [{"role": "user", "content": [{"text": "Hi"}]}],
            "inferenceConfig": {"maxTokens": 1},
        }
    ]
    assert [(rung.name, rung.proved) for rung in rungs] == [
        ("reachable", "AWS answered."),
        ("authenticated", "The integration's role was assumed."),
        ("model_answers", "The model answered in eu-central-1."),
    ]
    assert bedrock.credentials[0].session_token == SecretStr("fake-token")
    assert bedrock.endpoints == [("eu-central-1", None)]


def test_each_bedrock_test_calls_the_model_with_the_credentials_of_its_own_role() -> None:
    """The steps are made once for all requests of an instance, and so of all accounts."""
    issued = iter(["token-1", "token-2"])
    used: list[str] = []

    class Roles:
        def assume(self, *_: object) -> TemporaryCredentials:
            token = SecretStr(next(issued))
            return TemporaryCredentials(
                access_key_id="fake", secret_access_key=token, session_token=token, expires_at=datetime.max
            )

    def client_with(credentials: TemporaryCredentials, _region: str, _url: str | None) -> Any:
        return SimpleNamespace(converse=lambda **_: used.append(credentials.session_token.get_secret_value()))

    steps = BedrockSteps(Roles(), client_with, "eu-central-1")
    for account in ("acme", "globex"):
        steps.run(an_integration(account=account, provider="AWS_BEDROCK", provider_metadata=ROLE), "m-1")
    assert used == ["token-1", "token-2"]


@pytest.mark.parametrize(
    ("base_url", "region", "url"),
    [
        (
            "https://bedrock-runtime.us-west-2.amazonaws.com",
            "us-west-2",
            "https://bedrock-runtime.us-west-2.amazonaws.com",
        ),
        (
            "https://Bedrock-Runtime-FIPS.us-gov-west-1.amazonaws.com/openai/v1/",
            "us-gov-west-1",
            "https://bedrock-runtime-fips.us-gov-west-1.amazonaws.com",
        ),
        ("https://bedrock-runtime.eu-west-1.api.aws", "eu-west-1", "https://bedrock-runtime.eu-west-1.api.aws"),
    ],
)
def test_bedrock_test_calls_model_at_endpoint_of_base_url(base_url: str, region: str, url: str) -> None:
    bedrock = FakeBedrock()
    rungs = run_steps(FakeSts(), bedrock, base_url=base_url)
    assert bedrock.endpoints == [(region, url)]
    assert rungs[-1].proved == f"The model answered in {region}."


@pytest.mark.parametrize(
    "base_url",
    [
        "https://gateway.example.com/bedrock",
        "https://vpce-0fake-0fake.bedrock-runtime.eu-west-1.vpce.amazonaws.com",
        "https://bedrock-runtime.s3.amazonaws.com",  # a bucket
        "https://bedrock-runtime.eu-west-1.amazonaws.com.example.com",
        "https://bedrock-runtime.eu-west-1.amazonaws.com:8443",
        "http://bedrock-runtime.eu-west-1.amazonaws.com",
    ],
)
def test_bedrock_test_does_not_send_credentials_of_role_to_other_host(base_url: str) -> None:
    bedrock = FakeBedrock()
    rungs = run_steps(FakeSts(), bedrock, base_url=base_url)
    assert statuses(rungs) == [PASSED, PASSED, NOT_PROVED]
    assert "not a regional endpoint of Bedrock" in (rungs[-1].not_proved or "")
    assert bedrock.credentials == []


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("AccessDenied", 403),
        ("ValidationError", 400),
        ("MalformedPolicyDocument", 400),
        ("RegionDisabledException", 403),
        ("Throttling", 400),
    ],
)
def test_authenticated_fails_if_role_cannot_be_assumed(code: str, status: int) -> None:
    bedrock = FakeBedrock()
    rungs = run_steps(FakeSts(aws_error(code, status)), bedrock)
    assert statuses(rungs) == [PASSED, FAILED]
    assert rungs[1].provider_said == f"{code}: not authorized with [redacted]"
    assert bedrock.requests == []


def test_reachable_fails_if_aws_is_unreachable() -> None:
    assert statuses(run_steps(FakeSts(UNREACHABLE), FakeBedrock())) == [FAILED]


def test_model_answers_is_not_proved_without_model() -> None:
    rungs = run_steps(FakeSts(), FakeBedrock(), None)
    assert statuses(rungs) == [PASSED, PASSED, NOT_PROVED]
    assert rungs[2].not_proved == "There is no model to test: name one in the request or in model_names."


@pytest.mark.parametrize("failure", [DENIED, UNREACHABLE])
def test_model_answers_fails_if_bedrock_fails(failure: Exception) -> None:
    rungs = run_steps(FakeSts(), FakeBedrock(failure))
    assert statuses(rungs) == [PASSED, PASSED, FAILED]
    assert "eu-central-1" in (rungs[2].not_proved or "")
    assert (rungs[2].provider_said is None) is (failure is UNREACHABLE)


def test_failed_step_shows_the_code_of_an_error_without_message() -> None:
    throttled = ClientError(cast("Any", {"Error": {"Code": "ThrottlingException"}}), "Converse")
    assert run_steps(FakeSts(), FakeBedrock(throttled))[2].provider_said == "ThrottlingException:"
