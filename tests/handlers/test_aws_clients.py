"""The clients of `bootstrap/aws.py` send what botocore's own would, and there are none of other services."""

from typing import Any

import pytest
from botocore.awsrequest import AWSPreparedRequest
from botocore.config import Config
from botocore.exceptions import UnknownServiceError
from botocore.session import Session, get_session

from ai_integrations.bootstrap import aws

CALLS: dict[str, tuple[str, dict[str, Any]]] = {
    "bedrock-runtime": ("converse", {"modelId": "m", "messages": []}),
    "dynamodb": ("get_item", {"TableName": "t", "Key": {}}),
    "events": ("put_events", {"Entries": [{}]}),
    "kms": ("generate_mac", {"KeyId": "k", "Message": b"m", "MacAlgorithm": "HMAC_SHA_256"}),
    "secretsmanager": ("describe_secret", {"SecretId": "s"}),
    "sqs": ("send_message", {"QueueUrl": "https://queue.test/123456789012/q", "MessageBody": "b"}),
    "sts": ("assume_role", {"RoleArn": "arn:aws:iam::123456789012:role/r", "RoleSessionName": "session"}),
}
REGIONS = ["eu-central-1", "us-east-1", "cn-north-1", "us-gov-west-1", "eusc-de-east-1", "not-yet-1"]
VARIANTS = [Config(), Config(use_fips_endpoint=True), Config(use_dualstack_endpoint=True)]


class NotSentError(Exception):
    """Carries what would have been sent, in the place of sending it."""


@pytest.fixture(scope="module")
def botocores_own() -> Session:
    return get_session()


def sent(session: Session, service: str, region: str, config: Config) -> tuple[str, list[bytes]]:
    """Return the URL of a call, and for whom and for what it is signed."""
    client: Any = session.create_client(service, region_name=region, config=config)

    def keep(request: AWSPreparedRequest, **_: Any) -> None:
        raise NotSentError(str(request.url), request.headers["Authorization"])

    client.meta.events.register_first("before-send", keep)
    operation, parameters = CALLS[service]
    with pytest.raises(NotSentError) as caught:
        getattr(client, operation)(**parameters)
    url, authorization = caught.value.args
    return url, authorization.split(b"/")[2:4]


@pytest.mark.parametrize("service", aws.SERVICES)
def test_sends_and_signs_as_botocore_does(botocores_own: Session, service: str) -> None:
    for region in REGIONS:
        for config in VARIANTS:
            assert sent(aws.session(), service, region, config) == sent(botocores_own, service, region, config)


def test_has_no_client_of_a_service_that_is_not_in_use() -> None:
    with pytest.raises(UnknownServiceError, match=r"'s3'.*dynamodb"):
        aws.session().create_client("s3")
