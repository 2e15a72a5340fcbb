"""AWS clients, with time-outs that leave room for an answer before the gateway gives up after 29 seconds."""

from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sts import STSClient

_CONFIG = Config(connect_timeout=1, read_timeout=3, retries={"mode": "standard", "total_max_attempts": 3})


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
