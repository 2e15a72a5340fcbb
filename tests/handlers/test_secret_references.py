"""`api_key_secret_arn`: an integration references a secret that its own owner keeps, instead of sending a key."""

from typing import Any

import pytest

from ai_integrations.adapters.secrets_manager.key_store import ACCOUNT_TAG
from ai_integrations.domain.model import Role
from tests.builders import API_KEY, a_caller, create_body, gateway_event
from tests.cloud import Cloud

MISSING_SECRET = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:missing-abcdef"


def store_secret(cloud: Cloud, account: str) -> str:
    """Store a secret that is tagged for an account and return its ARN."""
    tags: Any = [{"Key": ACCOUNT_TAG, "Value": account}]
    return cloud.secrets_manager.create_secret(Name="external", SecretString=API_KEY, Tags=tags)["ARN"]


def test_create_with_a_secret_arn_references_the_secret_and_copies_nothing(cloud: Cloud) -> None:
    arn = store_secret(cloud, "acme")
    response = cloud.api(gateway_event(create_body(api_key_secret_arn=arn)))
    assert (response.status, response.body["has_api_key"]) == (201, True)
    assert arn not in response.text
    assert cloud.items("INTEGRATION#")[0]["secret_arn"] == {"S": arn}
    assert len(cloud.secrets()) == 1
    assert cloud.calls == ["dynamodb:BatchGetItem", "secretsmanager:DescribeSecret", "dynamodb:TransactWriteItems"]


@pytest.mark.parametrize(
    "tagged_for", [pytest.param("other", id="secret of another account"), pytest.param(None, id="missing secret")]
)
def test_create_with_a_secret_of_another_account_is_rejected_like_a_missing_secret(
    cloud: Cloud, tagged_for: str | None
) -> None:
    arn = store_secret(cloud, tagged_for) if tagged_for else MISSING_SECRET
    response = cloud.api(gateway_event(create_body(api_key_secret_arn=arn)))
    assert (response.status, response.pointers) == (422, ["/api_key_secret_arn"])
    detail = "No secret with this ARN is tagged for this account. Check the ARN and the tag ai-integrations:account."
    assert response.body["errors"][0]["detail"] == detail
    assert cloud.items() == []


def test_create_when_the_secret_cannot_be_described_returns_503(cloud: Cloud) -> None:
    cloud.fail("secretsmanager:DescribeSecret", ("InternalServiceError", 500))
    assert cloud.api(gateway_event(create_body(api_key_secret_arn=MISSING_SECRET))).status == 503


def test_create_with_a_secret_arn_by_a_member_returns_403(cloud: Cloud) -> None:
    event = gateway_event(create_body(api_key_secret_arn=MISSING_SECRET), caller=a_caller(role=Role.MEMBER))
    assert cloud.api(event).status == 403
    assert cloud.calls == []


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"api_key": API_KEY}, id="key and secret"),
        pytest.param({"api_key_secret_arn": "external"}, id="no ARN"),
        pytest.param({"api_key_secret_arn": "arn:aws:s3:::b"}, id="ARN of another service"),
    ],
)
def test_create_rejects_invalid_or_conflicting_key_source(cloud: Cloud, changes: dict[str, str]) -> None:
    response = cloud.api(gateway_event(create_body(**{"api_key_secret_arn": MISSING_SECRET, **changes})))
    assert response.status == response.body["status"] == 422
    assert cloud.calls == []
