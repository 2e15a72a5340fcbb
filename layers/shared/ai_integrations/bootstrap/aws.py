"""AWS clients, with time-outs that leave room for an answer before the gateway gives up after 29 seconds."""

from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_bedrock_runtime import BedrockRuntimeClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_kms import KMSClient
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sts import STSClient

    from ai_integrations.runtime.roles import TemporaryCredentials

_CONFIG = Config(connect_timeout=1, read_timeout=3, retries={"mode": "standard", "total_max_attempts": 3})
# A model takes its time, and a test of it is not repeated.
_MODEL_CONFIG = Config(connect_timeout=2, read_timeout=8, retries={"mode": "standard", "total_max_attempts": 1})


def dynamodb() -> "DynamoDBClient":
    """Return a client of DynamoDB."""
    return boto3.client("dynamodb", config=_CONFIG)


def secrets_manager() -> "SecretsManagerClient":
    """Return a client of Secrets Manager."""
    return boto3.client("secretsmanager", config=_CONFIG)


def events() -> "EventBridgeClient":
    """Return a client of EventBridge."""
    return boto3.client("events", config=_CONFIG)


def sqs() -> "SQSClient":
    """Return a client of SQS."""
    return boto3.client("sqs", config=_CONFIG)


def sts() -> "STSClient":
    """Return a client of the Security Token Service."""
    return boto3.client("sts", config=_CONFIG)


def kms() -> "KMSClient":
    """Return a client of the Key Management Service."""
    return boto3.client("kms", config=_CONFIG)


def bedrock_runtime(credentials: "TemporaryCredentials") -> "BedrockRuntimeClient":
    """Return a client of Bedrock's models that has the rights of an assumed role."""
    return boto3.client(
        "bedrock-runtime",
        aws_access_key_id=credentials.access_key_id,
        aws_secret_access_key=credentials.secret_access_key.get_secret_value(),
        aws_session_token=credentials.session_token.get_secret_value(),
        config=_MODEL_CONFIG,
    )
