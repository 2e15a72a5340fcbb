"""AWS clients, with timeouts that leave time for a response before API Gateway's limit of 29 seconds.

They are botocore clients. boto3 would add only imports, which lengthen every cold start.
"""

from typing import TYPE_CHECKING, Any, cast

from botocore.config import Config

from ai_integrations.bootstrap.aws_calls import aws_calls
from ai_integrations.bootstrap.botocore_session import session

if TYPE_CHECKING:
    from mypy_boto3_bedrock_runtime import BedrockRuntimeClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_kms import KMSClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sts import STSClient

    from ai_integrations.domain.credentials import TemporaryCredentials

_CONFIG = Config(connect_timeout=1, read_timeout=3, retries={"mode": "standard", "total_max_attempts": 3})
# AWS judges the role's ARN: an error of botocore's own validation would look as if AWS had not answered.
_STS_CONFIG = _CONFIG.merge(Config(parameter_validation=False))
# A model responds slowly, and a connection test is not retried.
_MODEL_CONFIG = Config(connect_timeout=2, read_timeout=8, retries={"mode": "standard", "total_max_attempts": 1})
# Verifying a key may take 15 seconds, and is not retried either.
_TEST_CONFIG = Config(connect_timeout=1, read_timeout=20, retries={"mode": "standard", "total_max_attempts": 1})


def dynamodb() -> "DynamoDBClient":
    """Create a DynamoDB client."""
    return cast("DynamoDBClient", _client("dynamodb"))


def dynamodb_for_ledger() -> "DynamoDBClient":
    """Create a DynamoDB client whose calls are not part of a response, and not in the log of its invocation."""
    # A slow call may wait, frozen, for the next invocation: the next resolve tries again instead. With a client of its
    # own, failures use up neither the connections nor the retries of the calls that a response waits for.
    config = Config(connect_timeout=1, read_timeout=1, retries={"mode": "standard", "total_max_attempts": 1})
    client = cast("DynamoDBClient", _client("dynamodb", config))
    aws_calls.ignore(client.meta.events)
    return client


def secrets_manager() -> "SecretsManagerClient":
    """Create a Secrets Manager client."""
    return cast("SecretsManagerClient", _client("secretsmanager"))


def events() -> "EventBridgeClient":
    """Create an EventBridge client."""
    return cast("EventBridgeClient", _client("events"))


def sqs() -> "SQSClient":
    """Create an SQS client."""
    return cast("SQSClient", _client("sqs"))


def sts() -> "STSClient":
    """Create a Security Token Service client."""
    return cast("STSClient", _client("sts", _STS_CONFIG))


def sts_for_identity_tokens() -> "STSClient":
    """Create a Security Token Service client. It is regional: the global endpoint issues no identity tokens."""
    # Identity tokens and access tokens are exchanged in one deadline, key_access/token_exchange/exchange.py.
    config = Config(
        connect_timeout=1,
        read_timeout=2,
        retries={"mode": "standard", "total_max_attempts": 2},
        parameter_validation=False,
    )
    return cast("STSClient", _client("sts", config))


def kms() -> "KMSClient":
    """Create a Key Management Service client."""
    return cast("KMSClient", _client("kms"))


def lambda_() -> "LambdaClient":
    """Create a Lambda client with a timeout that is long enough for functions/verify_key."""
    return cast("LambdaClient", _client("lambda", _TEST_CONFIG))


def lambda_for_token_exchange() -> "LambdaClient":
    """Create a Lambda client with a timeout that is long enough for functions/exchange_token."""
    # The function ends after 10 seconds, and its cold start takes time. A retry would exchange twice.
    config = Config(connect_timeout=1, read_timeout=12, retries={"mode": "standard", "total_max_attempts": 1})
    return cast("LambdaClient", _client("lambda", config))


def bedrock_runtime(credentials: "TemporaryCredentials", region: str, url: str | None) -> "BedrockRuntimeClient":
    """Create a Bedrock runtime client with the credentials of an assumed role; `url` is an endpoint of AWS, if any."""
    client = _client(
        "bedrock-runtime",
        _MODEL_CONFIG,
        region_name=region,
        endpoint_url=url,
        aws_access_key_id=credentials.access_key_id,
        aws_secret_access_key=credentials.secret_access_key.get_secret_value(),
        aws_session_token=credentials.session_token.get_secret_value(),
    )
    return cast("BedrockRuntimeClient", client)


def _client(service: str, config: Config = _CONFIG, **options: Any) -> Any:  # noqa: ANN401 - the type depends on the service
    return session().create_client(service, config=config, **options)
