"""`api_key_secret_arn`: a secret that somebody else keeps, in the place of a key."""

from typing import Any

import pytest

from ai_integrations.adapters.secrets_manager.key_store import ACCOUNT_TAG
from ai_integrations.domain.model import Role
from tests.builders import API_KEY, a_caller, create_body, gateway_event
from tests.cloud import Cloud

STRANGE = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:strange-abcdef"


def secret(cloud: Cloud, account: str) -> str:
    tags = [{"Key": ACCOUNT_TAG, "Value": account}]
    answer: dict[str, Any] = cloud.secrets_manager.create_secret(Name="theirs", SecretString=API_KEY, Tags=tags)  # type: ignore[arg-type,assignment]
    arn: str = answer["ARN"]
    return arn


def test_refers_to_the_secret_and_copies_nothing(cloud: Cloud) -> None:
    arn = secret(cloud, "acme")
    answer = cloud.api(gateway_event(create_body(api_key_secret_arn=arn)))
    assert (answer.status, answer.body["has_api_key"]) == (201, True)
    assert arn not in answer.text
    assert cloud.items("INTEGRATION#")[0]["secret_arn"] == {"S": arn}
    assert len(cloud.secrets()) == 1
    assert cloud.calls == ["dynamodb:BatchGetItem", "secretsmanager:DescribeSecret", "dynamodb:TransactWriteItems"]


@pytest.mark.parametrize("owner", ["other", None])
def test_never_tells_which_secrets_exist(cloud: Cloud, owner: str | None) -> None:
    arn = secret(cloud, owner) if owner else STRANGE
    answer = cloud.api(gateway_event(create_body(api_key_secret_arn=arn)))
    assert (answer.status, answer.pointers) == (422, ["/api_key_secret_arn"])
    detail = "No secret with this ARN is tagged for this account. Check the ARN and the tag ai-integrations:account."
    assert answer.body["errors"][0]["detail"] == detail
    assert cloud.items() == []


def test_tells_a_failure_of_aws_from_a_secret_that_is_not_there(cloud: Cloud) -> None:
    cloud.fail("secretsmanager:DescribeSecret", ("InternalServiceError", 500))
    assert cloud.api(gateway_event(create_body(api_key_secret_arn=STRANGE))).status == 503


def test_lets_an_admin_alone_refer(cloud: Cloud) -> None:
    event = gateway_event(create_body(api_key_secret_arn=STRANGE), caller=a_caller(role=Role.MEMBER))
    assert cloud.api(event).status == 403
    assert cloud.calls == []


@pytest.mark.parametrize(
    "changes", [{"api_key": API_KEY}, {"api_key_secret_arn": "theirs"}, {"api_key_secret_arn": "arn:aws:s3:::b"}]
)
def test_refuses_what_is_no_one_key(cloud: Cloud, changes: dict[str, str]) -> None:
    answer = cloud.api(gateway_event(create_body(**{"api_key_secret_arn": STRANGE, **changes})))
    assert answer.status == answer.body["status"] == 422
    assert cloud.calls == []
