"""The search that ends a stack finds a key wherever one may lie, but for the one place where keys belong."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from tools.local.aws import REGION, client

from tests.leaks import Canaries
from tests.stack.conftest import serving
from tests.stack.leak_search import leaking, sent_to_aws
from tests.stack.platform import Platform

FUNCTION = "publish_changes"
LOG = {"logGroupName": "/ai-integrations/api", "logStreamName": "planted"}


def test_finds_a_key_wherever_it_lies(tmp_path: Path) -> None:
    with serving(tmp_path / "stack") as (stack, _):
        places = planting(Platform(stack, "acme"), stack.folder)
        for place, plant in places.items():
            plant(canary(place))
        sent = sent_to_aws(stack.deployment.endpoint)
    found = {place for place in places if [*leaking(stack.folder, Canaries(keys={canary(place)}), sent)]}
    assert found == places.keys() - {"value of a secret"}


def canary(place: str) -> str:
    return f"sk-fake-in-the-{place.replace(' ', '-')}"


def planting(platform: Platform, folder: Path) -> dict[str, Callable[[str], Any]]:
    """Return what leaves a key in each place, as a function would."""
    outputs = platform.outputs
    logs, metrics, queues, table, secrets = (
        client(service, platform.endpoint) for service in ("logs", "cloudwatch", "sqs", "dynamodb", "secretsmanager")
    )
    bus = as_function("events", platform.endpoint)
    secret = secrets.create_secret(Name="planted", SecretString=canary("value of a secret"))["ARN"]
    logs.create_log_stream(**LOG)
    now = int(time.time() * 1000)
    return {
        "value of a secret": lambda key: secrets.put_secret_value(SecretId=secret, SecretString=f'"{key}\\'),
        "tag of a secret": lambda key: secrets.tag_resource(SecretId=secret, Tags=[{"Key": "tag", "Value": key}]),
        "item": lambda key: table.put_item(
            TableName=outputs["TableName"], Item={name: {"S": key} for name in ("pk", "sk")}
        ),
        "queue": lambda key: queues.send_message(QueueUrl=outputs["ProvisioningQueueUrl"], MessageBody=key),
        "dead letters": lambda key: queues.send_message(
            QueueUrl=outputs["ProvisioningDeadLetterQueueUrl"], MessageBody=key
        ),
        "bus": lambda key: bus.put_events(
            Entries=[{"EventBusName": outputs["EventBusName"], "Source": "s", "DetailType": "d", "Detail": f'"{key}"'}]
        ),
        "log group": lambda key: logs.put_log_events(**LOG, logEvents=[{"timestamp": now, "message": key}]),
        "metrics": lambda key: metrics.put_metric_data(
            Namespace="n", MetricData=[{"MetricName": "m", "Value": 1, "Dimensions": [{"Name": "d", "Value": key}]}]
        ),
        "output": (folder / "logs" / "api.log").write_text,
        "output of the start": (folder / "up.log").write_text,
    }


def as_function(service: Any, endpoint: str) -> Any:
    """Return a client whose calls are recorded as a function's."""
    return boto3.client(
        service, endpoint_url=endpoint, region_name=REGION, config=Config(user_agent_extra=f"app/{FUNCTION}")
    )
