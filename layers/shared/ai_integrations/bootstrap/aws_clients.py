"""AWS clients, with time-outs that leave room for an answer before the gateway gives up after 29 seconds.

They are botocore's own: boto3 around them would add nothing but imports, which every cold start pays.
"""

from typing import TYPE_CHECKING, Any, cast

from botocore.config import Config

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
# A model takes its time, and a test of it is not repeated.
_MODEL_CONFIG = Config(connect_timeout=2, read_timeout=8, retries={"mode": "standard", "total_max_attempts": 1})
# A test may take 15 seconds, and is not repeated either.
_TEST_CONFIG = Config(connect_timeout=1, read_timeout=20, retries={"mode": "standard", "total_max_attempts": 1})


def dynamodb() -> "DynamoDBClient":
    """Return a client of DynamoDB."""
    return cast("DynamoDBClient", _client("dynamodb"))


def secrets_manager() -> "SecretsManagerClient":
    """Return a client of Secrets Manager."""
    return cast("SecretsManagerClient", _client("secretsmanager"))


def events() -> "EventBridgeClient":
    """Return a client of EventBridge."""
    return cast("EventBridgeClient", _client("events"))


def sqs() -> "SQSClient":
    """Return a client of SQS."""
    return cast("SQSClient", _client("sqs"))


def sts() -> "STSClient":
    """Return a client of the Security Token Service."""
    return cast("STSClient", _client("sts"))


def kms() -> "KMSClient":
    """Return a client of the Key Management Service."""
    return cast("KMSClient", _client("kms"))


def lambda_() -> "LambdaClient":
    """Return a client of Lambda, to invoke a function that tests a connection."""
    return cast("LambdaClient", _client("lambda", _TEST_CONFIG))


def bedrock_runtime(credentials: "TemporaryCredentials") -> "BedrockRuntimeClient":
    """Return a client of Bedrock's models that has the rights of an assumed role."""
    client = _client(
        "bedrock-runtime",
        _MODEL_CONFIG,
        aws_access_key_id=credentials.access_key_id,
        aws_secret_access_key=credentials.secret_access_key.get_secret_value(),
        aws_session_token=credentials.session_token.get_secret_value(),
    )
    return cast("BedrockRuntimeClient", client)


def _client(service: str, config: Config = _CONFIG, **credentials: Any) -> Any:  # noqa: ANN401 - of each service's type
    return session().create_client(service, config=config, **credentials)
