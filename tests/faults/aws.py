"""The two stand-ins for AWS that the matrix runs over: one in this process, and an emulator."""

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


class Aws(Protocol):
    """What the matrix needs of it that its API does not have, or not of both."""

    def carry_out(self, event_name: str, request: Any) -> AWSResponse:
        """Carry out a request that a client is about to send."""
        ...

    def follow(self, cloud: Cloud) -> None:
        """Begin to keep the records of the table's stream."""
        ...

    def records(self) -> list[Mapping[str, Any]]:
        """Return what the stream has got since the last look."""
        ...

    def forget(self, cloud: Cloud) -> None:
        """Empty the table, its stream and Secrets Manager."""
        ...


class InProcess:
    """moto. By way of its API the records of the stream end where a transaction has been refused."""

    def carry_out(self, event_name: str, request: Any) -> AWSResponse:
        """Carry it out; what it refuses is not in the stream, where it puts it as well."""
        length = len(_stream())
        answer = botocore_stubber(event_name, request)
        assert answer is not None, "AWS has no such call"
        if answer.status_code >= HTTPStatus.BAD_REQUEST:
            del _stream()[length:]
        return answer

    def follow(self, cloud: Cloud) -> None:
        _follow(cloud)

    def records(self) -> list[Mapping[str, Any]]:
        found = [record.to_json() for record in _stream()]
        _stream().clear()
        return found

    def forget(self, cloud: Cloud) -> None:  # noqa: ARG002 - there is one
        [table] = dynamodb_backends[DEFAULT_ACCOUNT_ID][REGION].tables.values()
        table.items.clear()
        _stream().clear()
        secretsmanager_backends[DEFAULT_ACCOUNT_ID][REGION].secrets.clear()


class Emulated:
    """An emulator that is nobody else's."""

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint
        self._http = URLLib3Session()
        self._streams = boto3.client("dynamodbstreams", endpoint_url=endpoint)
        self._iterator = ""

    def empty(self) -> None:
        """Empty everything."""
        urlopen(Request(f"{self._endpoint}/_ministack/reset", method="POST"), timeout=30).close()  # noqa: S310 loopback

    def carry_out(self, event_name: str, request: Any) -> AWSResponse:  # noqa: ARG002 - it is in the request
        answer: AWSResponse = self._http.send(request)
        return answer

    def follow(self, cloud: Cloud) -> None:
        arn = _follow(cloud)
        [shard] = self._streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
        self._iterator = self._streams.get_shard_iterator(
            StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]

    def records(self) -> list[Mapping[str, Any]]:
        found = self._streams.get_records(ShardIterator=self._iterator)
        self._iterator = found["NextShardIterator"]
        return [*found["Records"]]

    def forget(self, cloud: Cloud) -> None:
        self.empty()
        cloud.add_table()
        cloud.add_bus()
        self.follow(cloud)


def _follow(cloud: Cloud) -> str:
    """Add the stream that the template declares, and return its ARN."""
    table = sam_template.template()["Resources"]["Table"]["Properties"]
    declaration: Any = {"StreamEnabled": True, **table["StreamSpecification"]}
    made = cloud.dynamodb.update_table(TableName=cloud.table, StreamSpecification=declaration)
    return made["TableDescription"]["LatestStreamArn"]


def _stream() -> list[Any]:
    [table] = dynamodb_backends[DEFAULT_ACCOUNT_ID][REGION].tables.values()
    return table.stream_shard.items if table.stream_shard else []
