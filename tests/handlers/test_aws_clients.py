"""The deployed session sends the requests that stock botocore sends, and knows no other services."""

import os
import shutil
from importlib import import_module
from inspect import signature
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import botocore
import pytest
from botocore.awsrequest import AWSPreparedRequest
from botocore.config import Config
from botocore.exceptions import UnknownServiceError
from botocore.loaders import Loader
from botocore.session import Session, get_session
from layers.dependencies.prune_botocore import SERVICES, prune
from pydantic import SecretStr

from ai_integrations.bootstrap import aws_clients
from ai_integrations.bootstrap.botocore_session import session
from ai_integrations.domain.credentials import TemporaryCredentials
from ai_integrations.key_access.connection_test.http import HttpSteps
from tests import sam_template
from tests.builders import NOON

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
    """Carries the request, which is not sent."""


@pytest.fixture(scope="module")
def stock() -> Session:
    return get_session()


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Session:
    """Create the session on botocore's data as the dependencies layer has them."""
    packages = tmp_path_factory.mktemp("packages")
    data = packages / "botocore" / "data"
    shutil.copytree(Path(botocore.__file__).parent / "data", data, copy_function=os.symlink)
    prune(packages)
    with pytest.MonkeyPatch.context() as patch:
        # The session creates its loader at once; other sessions keep the installed data.
        patch.setattr("botocore.loaders.Loader", type("LayerLoader", (Loader,), {"BUILTIN_DATA_PATH": str(data)}))
        return session.__wrapped__()


def sent(
    made_of: Session, service: str, region: str, config: Config, call: Call | None = None
) -> tuple[str, Any, dict[str, Any]]:
    """Return the URL, the body and the headers of a call's request."""
    client: Any = made_of.create_client(service, region_name=region, config=config, **CREDENTIALS)

    def keep(request: AWSPreparedRequest, **_: Any) -> None:
        raise NotSentError(request)

    client.meta.events.register_first("before-send", keep)
    operation, parameters = call or CALLS[service]
    with pytest.raises(NotSentError) as caught:
        getattr(client, operation)(**parameters)
    [request] = caught.value.args
    headers = {name: value for name, value in request.headers.items() if name not in DIFFERENT_EACH_TIME}
    # The signature differs each time as well; its scope does not.
    headers["Authorization"] = headers["Authorization"].split(b"Signature=")[0]
    return request.url, request.body, headers


@pytest.mark.parametrize("service", sorted(SERVICES))
def test_requests_and_signatures_equal_those_of_stock_botocore(stock: Session, deployed: Session, service: str) -> None:
    for region in REGIONS:
        for config in VARIANTS:
            assert sent(deployed, service, region, config) == sent(stock, service, region, config)


def test_other_services_are_unknown(deployed: Session) -> None:
    with pytest.raises(UnknownServiceError, match=r"'s3'.*dynamodb"):
        deployed.create_client("s3")


@pytest.mark.parametrize(
    "event",
    [
        "docs.request-params.lambda.UpdateFunctionCode.complete-section",
        "getattr.mturk.list_hi_ts_for_qualification_type",
    ],
)
def test_session_omits_handlers_of_documentation_and_other_services(deployed: Session, event: str) -> None:
    """Stock botocore has a handler for each of these events, which fails without its arguments."""
    assert deployed.get_component("event_emitter").emit(event) == []


def test_retriable_write_carries_an_idempotency_token(deployed: Session) -> None:
    write = {"Put": {"TableName": "t", "Item": {}}}
    _, body, _ = sent(
        deployed, "dynamodb", "eu-central-1", Config(), ("transact_write_items", {"TransactItems": [write]})
    )
    assert b"ClientRequestToken" in body


def test_bedrock_client_has_region_and_endpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    credentials = TemporaryCredentials(
        access_key_id="testing",
        secret_access_key=SecretStr("testing"),
        session_token=SecretStr("testing"),
        expires_at=NOON,
    )
    url = "https://bedrock-runtime.us-west-2.api.aws"
    client = aws_clients.bedrock_runtime(credentials, "us-west-2", url)
    assert (client.meta.region_name, client.meta.endpoint_url) == ("us-west-2", url)
    client = aws_clients.bedrock_runtime(credentials, "us-west-2", None)
    assert client.meta.endpoint_url == "https://bedrock-runtime.us-west-2.amazonaws.com"


def test_client_of_the_ledger_gives_up_after_one_attempt_of_two_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    config: Any = aws_clients.dynamodb_for_ledger().meta.config
    assert config.retries["total_max_attempts"] == 1
    assert config.connect_timeout + config.read_timeout == 2


@pytest.mark.parametrize(
    ("module", "factory", "user", "client"),
    [
        ("api", "api", "KeyVerifier", aws_clients.lambda_),
        ("credentials", "credentials", "StsRoleAssumer", aws_clients.sts),
        ("exchange_token", "token_exchange", "StsIdentityTokens", aws_clients.sts_for_identity_tokens),
        ("test_connection", "api", "StsRoleAssumer", aws_clients.sts),
        ("token_exchanger", "token_exchanger", "LambdaTokenExchanger", aws_clients.lambda_for_token_exchange),
    ],
)
def test_client_that_is_created_on_first_use_is_the_one_whose_timeouts_suit_it(
    module: str, factory: str, user: str, client: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = sam_template.environment("credentials" if module == "token_exchanger" else module)
    for name, value in (environment | {"EXCHANGE_TOKEN_FUNCTION": "exchange", "AWS_REGION": "eu-central-1"}).items():
        monkeypatch.setenv(name, value)
    composed, recorder = import_module(f"ai_integrations.bootstrap.{module}"), MagicMock()
    monkeypatch.setattr(composed, user, recorder)
    getattr(composed, factory)()
    assert recorder.call_args.args[0].__wrapped__ is client


def test_client_of_the_key_verification_waits_longer_than_a_test_and_invokes_it_once() -> None:
    config: Any = aws_clients.lambda_().meta.config
    assert signature(HttpSteps).parameters["seconds"].default < config.read_timeout < 25
    assert config.retries["total_max_attempts"] == 1


def test_client_of_a_connection_test_calls_a_model_once_and_leaves_time_for_the_response() -> None:
    credentials = TemporaryCredentials(
        access_key_id="testing",
        secret_access_key=SecretStr("testing"),
        session_token=SecretStr("testing"),
        expires_at=NOON,
    )
    config: Any = aws_clients.bedrock_runtime(credentials, "us-west-2", None).meta.config
    assert config.retries["total_max_attempts"] == 1
    assert config.connect_timeout + config.read_timeout <= 10
