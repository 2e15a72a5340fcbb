"""Bedrock's ladder: the role, then a model with the role's credentials."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from pydantic import SecretStr

from ai_integrations.domain.connection_health import CheckStatus, Rung
from ai_integrations.domain.credentials import TemporaryCredentials
from ai_integrations.domain.model import Integration
from ai_integrations.key_access.assume_role import StsRoleAssumer
from ai_integrations.key_access.connection_test.bedrock import BedrockSteps
from tests.builders import an_integration

PASSED, FAILED, NOT_PROVED = CheckStatus.PASSED, CheckStatus.FAILED, CheckStatus.NOT_PROVED
EXTERNAL_ID = "external-fake-2718"
ROLE = {"role_arn": "arn:aws:iam::123456789012:role/Bedrock", "external_id": EXTERNAL_ID}
DENIED = ClientError({"Error": {"Code": "AccessDenied", "Message": f"not authorized with {EXTERNAL_ID}"}}, "AssumeRole")
LOST = EndpointConnectionError(endpoint_url="https://sts.test")


@dataclass
class Sts:
    """As much of STS as is called, or its failure."""

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
class Bedrock:
    """As much of Bedrock as is called, or its failure."""

    failure: Exception | None = None
    requests: list[dict[str, Any]] = field(default_factory=list)
    opened_with: list[TemporaryCredentials] = field(default_factory=list)

    def converse(self, **request: Any) -> dict[str, Any]:
        self.requests.append(request)
        if self.failure:
            raise self.failure
        return {"output": {}}


def run_steps(sts: Sts, bedrock: Bedrock, model: str | None = "amazon.nova-lite-v1:0") -> tuple[Rung, ...]:
    def client_with(credentials: TemporaryCredentials) -> Any:
        bedrock.opened_with.append(credentials)
        return bedrock

    ladder = BedrockSteps(StsRoleAssumer(lambda: cast("Any", sts)), client_with, "eu-central-1")
    return ladder.run(an_integration(provider="AWS_BEDROCK", provider_metadata=ROLE), model)


def standings(rungs: tuple[Rung, ...]) -> list[CheckStatus]:
    return [rung.status for rung in rungs]


def test_assumes_the_role_with_its_external_id_and_asks_a_model_for_one_token() -> None:
    sts, bedrock = Sts(), Bedrock()
    rungs = run_steps(sts, bedrock)
    assert standings(rungs) == [PASSED, PASSED, PASSED]
    assert "which models it may invoke" in (rungs[1].not_proved or "")
    assert (sts.requests[0]["RoleArn"], sts.requests[0]["ExternalId"]) == (ROLE["role_arn"], EXTERNAL_ID)
    assert sts.requests[0]["RoleSessionName"].endswith("-connection-test")
    assert bedrock.requests[0]["inferenceConfig"] == {"maxTokens": 1}
    assert bedrock.opened_with[0].session_token == SecretStr("fake-token")


def test_ends_at_a_role_that_can_not_be_assumed() -> None:
    bedrock = Bedrock()
    rungs = run_steps(Sts(DENIED), bedrock)
    assert standings(rungs) == [PASSED, FAILED]
    assert rungs[1].provider_said == "AccessDenied: not authorized with [redacted]"
    assert bedrock.requests == []


def test_ends_where_aws_does_not_answer() -> None:
    assert standings(run_steps(Sts(LOST), Bedrock())) == [FAILED]


def test_says_that_no_model_is_named() -> None:
    assert standings(run_steps(Sts(), Bedrock(), None)) == [PASSED, PASSED, NOT_PROVED]


@pytest.mark.parametrize("failure", [DENIED, LOST])
def test_ends_at_a_model_that_does_not_answer(failure: Exception) -> None:
    rungs = run_steps(Sts(), Bedrock(failure))
    assert standings(rungs) == [PASSED, PASSED, FAILED]
    assert "eu-central-1" in (rungs[2].not_proved or "")
    assert (rungs[2].provider_said is None) is (failure is LOST)


def test_sends_no_external_id_that_is_not_stored() -> None:
    sts = Sts()
    integration: Integration = an_integration(provider_metadata={"role_arn": ROLE["role_arn"]})
    StsRoleAssumer(lambda: cast("Any", sts)).assume(integration, "x")
    assert "ExternalId" not in sts.requests[0]
