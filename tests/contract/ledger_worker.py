"""One of several processes that resolve integrations of one table, on a simulated clock."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from multiprocessing.synchronize import Barrier
from threading import enumerate as running_threads
from threading import main_thread
from typing import TYPE_CHECKING, Any, NamedTuple

import boto3

from ai_integrations.adapters.dynamodb.attributes import from_wire
from ai_integrations.adapters.dynamodb.granted_integrations import DynamoDbGrantedIntegrations
from ai_integrations.adapters.dynamodb.integrations import DynamoDbIntegrations
from ai_integrations.adapters.dynamodb.refusals import DynamoDbRefusals
from ai_integrations.adapters.dynamodb.spaces import DynamoDbSpaces
from ai_integrations.adapters.dynamodb.transactions import Transactor
from ai_integrations.adapters.dynamodb.uses import DynamoDbUses
from ai_integrations.contracts import ids
from ai_integrations.domain.principals import Principal
from ai_integrations.key_access.consumer_access import ConsumerAccess
from ai_integrations.key_access.credential_reader import CredentialReader
from ai_integrations.key_access.messages import ResolveCommand
from ai_integrations.key_access.resolutions import Resolutions
from ai_integrations.key_access.resolve import CredentialResolver
from ai_integrations.key_access.use_ledger import Recorders, UseLedger, start_thread
from ai_integrations.use_cases.visibility import Visibility
from tests.builders import NOON

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

ACCOUNT = "acme"
_SECONDS = 600


class Resolve(NamedTuple):
    """A resolve of an integration by an IAM principal, or by a consumer that a broker states."""

    at: datetime
    ulid: str
    consumer: Principal | str


class Written(NamedTuple):
    """A successful write of the ledger."""

    sort_key: str
    last_used_at: datetime


@dataclass
class CountingClient:
    """A client that lists the successful writes, and counts all attempts."""

    client: "DynamoDBClient"
    written: list[Written] = field(default_factory=list)
    attempts: int = 0

    def __post_init__(self) -> None:
        self.exceptions = self.client.exceptions

    def update_item(self, **request: Any) -> Any:
        self.attempts += 1
        response = self.client.update_item(**request)
        values = from_wire(request["ExpressionAttributeValues"])
        at = datetime.fromisoformat(values[":last_used_at"])
        self.written.append(Written(request["Key"]["sk"]["S"], at))
        return response


class Result(NamedTuple):
    """What one process wrote, and how many writes it tried."""

    written: list[Written]
    attempts: int


class Worker:
    """Resolves integrations like one instance of the function, on a simulated clock."""

    def __init__(self, endpoint: str, table: str) -> None:
        client = boto3.Session().client("dynamodb", endpoint_url=endpoint)
        self.now = NOON
        self.ledger_client = CountingClient(client)
        counting: Any = self.ledger_client
        recorders = Recorders(DynamoDbUses(counting, table), DynamoDbRefusals(counting, table))
        unused: Any = None
        resolver = CredentialResolver(
            integrations=DynamoDbIntegrations(client, table, Transactor(client, table)),
            visibility=Visibility(DynamoDbSpaces(client, table)),
            credentials=CredentialReader(keys=unused, roles=unused, tokens=unused, clock=self.clock),
            ledger=UseLedger(lambda: recorders, self.clock, start_thread),
        )
        granted = DynamoDbGrantedIntegrations(client, table)
        self._resolutions = Resolutions(resolver, ConsumerAccess(granted, self.clock))

    def clock(self) -> datetime:
        return self.now

    def resolve(self, resolve: Resolve) -> None:
        self.now = resolve.at
        integration, consumer = ids.encode(resolve.ulid), resolve.consumer
        if isinstance(consumer, Principal):
            self._resolutions.for_consumer(consumer, integration, account=ACCOUNT, key_version=None)
        else:
            command = ResolveCommand(account=ACCOUNT, integration=integration, consumer=consumer)
            self._resolutions.for_broker(command)


_end_of_hour: Barrier


def share(end_of_hour: Barrier) -> None:
    """Keep what all processes share."""
    global _end_of_hour  # noqa: PLW0603 - an initializer has no other way
    _end_of_hour = end_of_hour


def run(endpoint: str, table: str, hours: Sequence[Sequence[Resolve]]) -> Result:
    """Make the resolves in order. At the end of each hour, wait for the other processes and for pending writes."""
    worker = Worker(endpoint, table)
    for resolves in hours:
        for each in resolves:
            worker.resolve(each)
        for thread in {*running_threads()} - {main_thread()}:
            if thread.daemon:
                thread.join(_SECONDS)
        _end_of_hour.wait(_SECONDS)
    return Result(worker.ledger_client.written, worker.ledger_client.attempts)
