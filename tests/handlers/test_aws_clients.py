"""Clients of the session that is cut down send what botocore's own would, and there are none of other services."""

from typing import Any

import pytest
from botocore.awsrequest import AWSPreparedRequest
from botocore.config import Config
from botocore.exceptions import UnknownServiceError
from botocore.session import Session, get_session

from ai_integrations.bootstrap.botocore_session import SERVICES, session

Call = tuple[str, dict[str, Any]]

CALLS: dict[str, Call] = {
    "bedrock-runtime": ("converse", {"modelId": "m", "messages": []}),
    "dynamodb": ("get_item", {"TableName": "t", "Key": {}}),
    "events": ("put_events", {"Entries": [{}]}),
    "kms": ("generate_mac", {"KeyId": "k", "Message": b"m", "MacAlgorithm": "HMAC_SHA_256"}),
    "lambda": ("invoke", {"FunctionName": "f"}),
    "secretsmanager": ("describe_secret", {"SecretId": "s"}),
    "sqs": ("send_message", {"QueueUrl": "https://queue.test/123456789012/q", "MessageBody": "b"}),
    "sts": ("assume_role", {"RoleArn": "arn:aws:iam::123456789012:role/r", "RoleSessionName": "session"}),
}
REGIONS = ["eu-central-1", "us-east-1", "cn-north-1", "us-gov-west-1", "eusc-de-east-1", "not-yet-1"]
VARIANTS = [Config(), Config(use_fips_endpoint=True), Config(use_dualstack_endpoint=True)]

CREDENTIALS: Any = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
DIFFERENT_EACH_TIME = {"X-Amz-Date", "amz-sdk-invocation-id"}


class NotSentError(Exception):
    """Carries what would have been sent, in the place of sending it."""


@pytest.fixture(scope="module")
def botocores_own() -> Session:
    return get_session()


def sent(
    made_of: Session, service: str, region: str, config: Config, call: Call | None = None
) -> tuple[str, Any, dict[str, Any]]:
    """Return where a call goes, with what, and as what."""
    client: Any = made_of.create_client(service, region_name=region, config=config, **CREDENTIALS)

    def keep(request: AWSPreparedRequest, **_: Any) -> None:
        raise NotSentError(request)

    client.meta.events.register_first("before-send", keep)
    operation, parameters = call or CALLS[service]
    with pytest.raises(NotSentError) as caught:
        getattr(client, operation)(**parameters)
    [request] = caught.value.args
    headers = {name: value for name, value in request.headers.items() if name not in DIFFERENT_EACH_TIME}
    # So are signatures; what they are for is not.
    headers["Authorization"] = headers["Authorization"].split(b"Signature=")[0]
    return request.url, request.body, headers


@pytest.mark.parametrize("service", SERVICES)
def test_sends_and_signs_as_botocore_does(botocores_own: Session, service: str) -> None:
    for region in REGIONS:
        for config in VARIANTS:
            assert sent(session(), service, region, config) == sent(botocores_own, service, region, config)


def test_has_no_client_of_a_service_that_is_not_in_use() -> None:
    with pytest.raises(UnknownServiceError, match=r"'s3'.*dynamodb"):
        session().create_client("s3")


def test_gives_a_write_that_may_be_repeated_its_token() -> None:
    write = {"Put": {"TableName": "t", "Item": {}}}
    _, body, _ = sent(
        session(), "dynamodb", "eu-central-1", Config(), ("transact_write_items", {"TransactItems": [write]})
    )
    assert b"ClientRequestToken" in body
