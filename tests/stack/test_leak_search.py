"""The leak search finds a key wherever a function could leave one, except in the value of a secret."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from tools.local.aws import REGION, client

from tests.builders import identity_token
from tests.leaks import KnownSecrets
from tests.stack.conftest import running_stack
from tests.stack.leak_search import find_leaks, recorded_calls
from tests.stack.platform_client import PlatformClient

FUNCTION = "publish_changes"
LOG = {"logGroupName": "/ai-integrations/api", "logStreamName": "leak-search"}


def test_leak_search_finds_a_key_everywhere_except_in_a_secret_value(tmp_path: Path) -> None:
    with running_stack(tmp_path / "stack") as (stack, _):
        writers = key_writers(PlatformClient(stack, "acme"), stack.folder)
        for place, write in writers.items():
            write(fake_key(place))
        calls = recorded_calls(stack.deployment.endpoint)
    found = {place for place in writers if [*find_leaks(stack.folder, KnownSecrets(keys={fake_key(place)}), calls)]}
    assert found == writers.keys() - {"secret value"}


def test_leak_search_finds_an_identity_token_in_a_function_log(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "up.log").touch()
    log = tmp_path / "logs" / "exchange_token.log"
    log.write_text(identity_token("https://llm.example.com"))
    assert [*find_leaks(tmp_path, KnownSecrets(), [])] == [str(log)]


def fake_key(place: str) -> str:
    """Build a key whose beginning and end no other place has."""
    return f"{place}-has-sk-fake-of-{place}".replace(" ", "-")


def key_writers(platform: PlatformClient, folder: Path) -> dict[str, Callable[[str], Any]]:
    """Map each place to a callable that writes a key to it, as a Lambda function could."""
    outputs = platform.outputs
    logs, metrics, queues, table, secrets = (
        client(service, platform.endpoint) for service in ("logs", "cloudwatch", "sqs", "dynamodb", "secretsmanager")
    )
    bus = function_client("events", platform.endpoint)
    secret = secrets.create_secret(Name="leak-search", SecretString=fake_key("secret value"))["ARN"]
    logs.create_log_stream(**LOG)
    now = int(time.time() * 1000)
    return {
        "secret value": lambda key: secrets.put_secret_value(SecretId=secret, SecretString=f'"{key}\\'),
        "secret tag": lambda key: secrets.tag_resource(SecretId=secret, Tags=[{"Key": "tag", "Value": key}]),
        "item": lambda key: table.put_item(
            TableName=outputs["TableName"], Item={name: {"S": key} for name in ("pk", "sk")}
        ),
        "queue": lambda key: queues.send_message(QueueUrl=outputs["ProvisioningQueueUrl"], MessageBody=key),
        "dead-letter queue": lambda key: queues.send_message(
            QueueUrl=outputs["ProvisioningDeadLetterQueueUrl"], MessageBody=key
        ),
        "event bus": lambda key: bus.put_events(
            Entries=[{"EventBusName": outputs["EventBusName"], "Source": "s", "DetailType": "d", "Detail": f'"{key}"'}]
        ),
        "log group": lambda key: logs.put_log_events(**LOG, logEvents=[{"timestamp": now, "message": key}]),
        "metrics": lambda key: metrics.put_metric_data(
            Namespace="n", MetricData=[{"MetricName": "m", "Value": 1, "Dimensions": [{"Name": "d", "Value": key}]}]
        ),
        "function output": (folder / "logs" / "api.log").write_text,
        "startup output": (folder / "up.log").write_text,
    }


def function_client(service: Any, endpoint: str) -> Any:
    """Return a client whose calls are recorded as those of a function."""
    return boto3.client(
        service, endpoint_url=endpoint, region_name=REGION, config=Config(user_agent_extra=f"app/{FUNCTION}")
    )
