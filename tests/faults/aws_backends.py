"""The two AWS backends that the fault matrix runs over: moto, in this process, and an emulator."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Protocol
from urllib.request import Request, urlopen

import boto3
from botocore.awsrequest import AWSResponse
from botocore.httpsession import URLLib3Session
from moto.core.models import DEFAULT_ACCOUNT_ID, botocore_stubber
from moto.dynamodb.models import dynamodb_backends
from moto.secretsmanager.models import secretsmanager_backends

from tests import sam_template
from tests.cloud import Cloud

REGION = "eu-central-1"


class AwsBackend(Protocol):
    """Operations of a backend that the matrix needs in addition to the AWS API."""

    def send(self, event_name: str, request: Any) -> AWSResponse:
        """Send a request that a client has prepared."""
        ...

    def enable_stream(self, cloud: Cloud) -> None:
        """Enable the table's stream."""
        ...

    def take_records(self) -> list[Mapping[str, Any]]:
        """Take the records that were added to the stream since the last call."""
        ...

    def reset(self, cloud: Cloud) -> None:
        """Empty the table, its stream and Secrets Manager."""
        ...


class MotoBackend:
    """moto. Its stream is read directly, because its stream API stops at a rejected transaction."""

    def send(self, event_name: str, request: Any) -> AWSResponse:
        """Send a request, and remove the records that moto alone writes to the stream.

        It writes some for a rejected request, and a second one for an update that creates an item.
        """
        length = len(_stream())
        response = botocore_stubber(event_name, request)
        assert response is not None, "moto does not implement this operation"
        if response.status_code >= HTTPStatus.BAD_REQUEST:
            del _stream()[length:]
        elif event_name.endswith(".UpdateItem"):
            del _stream()[length:-1]
        return response

    def enable_stream(self, cloud: Cloud) -> None:
        _enable_stream(cloud)

    def take_records(self) -> list[Mapping[str, Any]]:
        records = [record.to_json() for record in _stream()]
        _stream().clear()
        return records

    def reset(self, cloud: Cloud) -> None:  # noqa: ARG002 - moto has only one table
        [table] = dynamodb_backends[DEFAULT_ACCOUNT_ID][REGION].tables.values()
        table.items.clear()
        _stream().clear()
        secretsmanager_backends[DEFAULT_ACCOUNT_ID][REGION].secrets.clear()


class EmulatorBackend:
    """An emulator, which no other test uses at the same time."""

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint
        self._http = URLLib3Session()
        self._streams = boto3.client("dynamodbstreams", endpoint_url=endpoint)
        self._iterator = ""

    def clear(self) -> None:
        """Delete all resources of the emulator."""
        urlopen(Request(f"{self._endpoint}/_ministack/reset", method="POST"), timeout=30).close()  # noqa: S310 loopback

    def send(self, event_name: str, request: Any) -> AWSResponse:  # noqa: ARG002 - the request contains the operation
        response: AWSResponse = self._http.send(request)
        return response

    def enable_stream(self, cloud: Cloud) -> None:
        arn = _enable_stream(cloud)
        [shard] = self._streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
        self._iterator = self._streams.get_shard_iterator(
            StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]

    def take_records(self) -> list[Mapping[str, Any]]:
        response = self._streams.get_records(ShardIterator=self._iterator)
        self._iterator = response["NextShardIterator"]
        return [*response["Records"]]

    def reset(self, cloud: Cloud) -> None:
        self.clear()
        cloud.add_table()
        cloud.add_bus()
        self.enable_stream(cloud)


def _enable_stream(cloud: Cloud) -> str:
    """Enable the stream that the template declares, and return its ARN."""
    table = sam_template.template()["Resources"]["Table"]["Properties"]
    specification: Any = {"StreamEnabled": True, **table["StreamSpecification"]}
    response = cloud.dynamodb.update_table(TableName=cloud.table, StreamSpecification=specification)
    return response["TableDescription"]["LatestStreamArn"]


def _stream() -> list[Any]:
    [table] = dynamodb_backends[DEFAULT_ACCOUNT_ID][REGION].tables.values()
    return table.stream_shard.items if table.stream_shard else []
