"""The audit log has every committed change exactly once and in order, whatever fails or is killed on the way.

AUDIT_OPERATIONS raises the number of operations; SEED reproduces the random choices of an earlier run.
"""

import json
import os
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from typing import Any, NamedTuple

import pytest

from ai_integrations.adapters.dynamodb.attributes import from_wire
from ai_integrations.contracts import ids
from tests.builders import a_caller, create_body, gateway_event
from tests.cloud import Killed, Response
from tests.faults.fault_injector import FAULTS
from tests.faults.in_process_stack import Event, InProcessStack

OPERATIONS = int(os.environ.get("AUDIT_OPERATIONS", "60"))
ROUND = 200  # operations in one account: moto copies the whole table for each transaction
SEED = int(os.environ.get("SEED") or Random().getrandbits(32))  # noqa: S311
USERS = ("alice", "bob", "carol")
HEADER, HEADER_NAME = "fake-header-value-0123456789", "X-Fake-Header"
INTEGRATIONS, CONSUMERS = "/v2/ai-integrations", "/v2/consumers"
MAX_RESOURCES = 8  # of each kind: a few with many versions
KINDS = (
    ("ACCOUNT#acme", "INTEGRATION#"),
    ("ACCOUNT#acme", "DELETED#"),
    ("CONSUMERS#acme", "CONSUMER#"),
    ("CONSUMERS#acme", "REVOKED#"),
)
BOOKKEEPING = {"version", "updated_at", "updated_by", "former_key", "credentials_set"}


class Committed(NamedTuple):
    """A committed change as the log must show it."""

    resource: str
    version: int
    operation: str
    user: str
    fields: tuple[str, ...]


class Request(NamedTuple):
    operation: str
    function: str
    event: Event


def changed_fields(before: dict[str, Any], after: dict[str, Any]) -> tuple[str, ...]:
    """Name the fields that differ between two items, as the API names them."""
    attributes = [each for each in before.keys() | after.keys() if before.get(each) != after.get(each)]
    names = {"api_key" if each.startswith("secret_") else each for each in attributes}
    return tuple(sorted(names - BOOKKEEPING))


@dataclass
class RandomChanges:
    """Random requests for one account, and the changes that they committed, as the table shows them."""

    stack: InProcessStack
    random: Random
    committed: list[Committed] = field(default_factory=list)
    rows: dict[str, Any] = field(default_factory=dict)
    """Each integration, tombstone, consumer and revocation, by sort key."""

    def act(self) -> None:
        """Send a random request, sometimes twice. A function may be killed at any call, or AWS may fail."""
        request = self.random.choice(list(self._possible()))()
        self.stack.injector.fail_call(self.random.randint(1, 40), FAULTS[self.random.choice(list(FAULTS))])
        self._send(request)
        self.stack.injector.stop()
        if self.random.random() < 0.3:
            self._send(request)

    def _send(self, request: Request) -> None:
        with suppress(Killed):
            self.stack.function(request.function)(request.event)
        user = request.event["requestContext"]["authorizer"]["user"]
        versions = self._read_versions()
        for (pk, sk), version in versions.items():
            before = self.rows.get(sk)
            if before is None or before["version"] != version:
                self.rows[sk] = row = self._read(pk, sk)
                fields = () if before is None else changed_fields(before, row)
                self.committed.append(Committed(row["id"], version, request.operation, user, fields))
        self.rows = {sk: self.rows[sk] for _pk, sk in versions}

    def _read_versions(self) -> dict[tuple[str, str], int]:
        """Read the version of each row, without its other attributes: moto takes long to render them."""
        cloud = self.stack.cloud
        found: list[dict[str, Any]] = []
        for pk, prefix in KINDS:
            response = cloud.dynamodb.query(
                TableName=cloud.table,
                KeyConditionExpression="pk = :pk AND begins_with(sk, :prefix)",
                ExpressionAttributeValues={":pk": {"S": pk}, ":prefix": {"S": prefix}},
                ProjectionExpression="pk, sk, version",
            )
            found += map(from_wire, response["Items"])
        return {(each["pk"], each["sk"]): each["version"] for each in found}

    def _read(self, pk: str, sk: str) -> dict[str, Any]:
        key = {"pk": {"S": pk}, "sk": {"S": sk}}
        return from_wire(self.stack.cloud.dynamodb.get_item(TableName=self.stack.cloud.table, Key=key)["Item"])

    def _possible(self) -> Iterator[Callable[[], Request]]:
        integrations, consumers = self._existing("INTEGRATION#"), self._existing("CONSUMER#")
        yield from [self._create_integration] * (3 if len(integrations) < MAX_RESOURCES else 0)
        yield from [self._create_consumer] * (len(consumers) < MAX_RESOURCES)
        if integrations:
            yield from [self._update, self._update, self._rotate, self._rotate, self._roll_back, self._delete]
        if self._existing("DELETED#"):
            yield from [self._restore, self._restore]
        if consumers:
            yield from [self._update_consumer, self._update_consumer, self._revoke]

    def _existing(self, kind: str) -> list[str]:
        return sorted(sk.removeprefix(kind) for sk in self.rows if sk.startswith(kind))

    def _integration(self, kind: str = "INTEGRATION#") -> str:
        return f"{INTEGRATIONS}/{ids.encode(self.random.choice(self._existing(kind)))}"

    def _consumer(self) -> str:
        return f"{CONSUMERS}/{self.random.choice(self._existing('CONSUMER#'))}"

    def _number(self) -> int:
        return self.random.getrandbits(32)

    def _key(self) -> str:
        return f"sk-fake-{self._number()}-not-a-key"

    def _event(self, method: str, path: str, body: object = "") -> Event:
        """Build a request with an idempotency key: a retry of it returns the original result."""
        caller = a_caller(user=self.random.choice(USERS))
        headers: dict[str, str | None] = {"Idempotency-Key": f"request-{self._number()}"}
        return gateway_event(body, caller=caller, headers=headers, method=method, path=path)

    def _create_integration(self) -> Request:
        key = {"api_key": self._key()} if self.random.random() < 0.8 else {}
        body = create_body(name=f"n-{self._number()}", headers={HEADER_NAME: HEADER}, **key)
        return Request("createAiIntegration", "api", self._event("POST", INTEGRATIONS, body))

    def _update(self) -> Request:
        number = self._number()
        change: dict[str, Any] = self.random.choice(
            [
                {"name": f"n-{number}"},
                {"model_names": [f"m-{number}"]},
                {"api_key": self._key()},
                {"api_key": self._key(), "base_url": f"https://{number}.example.com", "headers": {HEADER_NAME: HEADER}},
                {"api_key": None, "headers": {f"{HEADER_NAME}-{number}": HEADER}},
            ]
        )
        return Request("updateAiIntegration", "api", self._event("PATCH", self._integration(), change))

    def _rotate(self) -> Request:
        body = {"api_key": self._key(), "grace_seconds": 3600}
        return Request("rotateKey", "api", self._event("POST", f"{self._integration()}/key-rotations", body))

    def _roll_back(self) -> Request:
        path = f"{self._integration()}/key-rotations/rollback"
        return Request("rollKeyBack", "api", self._event("POST", path))

    def _delete(self) -> Request:
        return Request("deleteAiIntegration", "api", self._event("DELETE", self._integration()))

    def _restore(self) -> Request:
        path = f"{self._integration('DELETED#')}/restore"
        return Request("restoreAiIntegration", "api", self._event("POST", path))

    def _create_consumer(self) -> Request:
        body = {"principal_arn": f"arn:aws:iam::999999999999:role/r-{self._number()}", "all_integrations": True}
        return Request("createConsumer", "consumers", self._event("POST", CONSUMERS, body))

    def _update_consumer(self) -> Request:
        event = self._event("PATCH", self._consumer(), {"name": f"c-{self._number()}"})
        return Request("updateConsumer", "consumers", event)

    def _revoke(self) -> Request:
        return Request("revokeConsumer", "consumers", self._event("DELETE", self._consumer()))


@dataclass
class StreamMapping:
    """Delivers the stream to `publish_changes` as Lambda does: in batches, and again from the record that failed."""

    stack: InProcessStack
    random: Random
    pending: list[Event] = field(default_factory=list)
    repeated: int = 0

    def deliver(self, *, with_faults: bool) -> None:
        self.pending += self.stack.take_records()
        while self.pending:
            batch = self.pending[: self.random.randint(1, 5)]
            if with_faults:
                self.stack.injector.fail_call(self.random.randint(1, 12), FAULTS[self.random.choice(list(FAULTS))])
            done = self._completed(batch)
            self.stack.injector.stop()
            if with_faults and self.random.random() < 0.1:  # the checkpoint is lost
                done = 0
            self.repeated += len(batch) - done
            del self.pending[:done]

    def _completed(self, batch: list[Event]) -> int:
        """Invoke the function; return how many records of the batch it completed."""
        try:
            response = self.stack.function("publish_changes")({"Records": batch})
        except (Exception, Killed):  # noqa: BLE001 - Lambda retries after any exception
            return 0
        numbers = [record["dynamodb"]["SequenceNumber"] for record in batch]
        failed = [each["itemIdentifier"] for each in response["batchItemFailures"]]
        return numbers.index(failed[0]) if failed else len(batch)


def read_log(stack: InProcessStack, random: Random) -> list[Any]:
    """Read all entries of the account, oldest first."""
    found: list[Any] = []
    query = {"limit": str(random.randint(30, 100))}
    while True:
        event = gateway_event("", caller=a_caller(), method="GET", path="/v2/audit-logs")
        event |= {"queryStringParameters": query, "multiValueQueryStringParameters": {k: [v] for k, v in query.items()}}
        response = Response.from_lambda(stack.function("audit")(event))
        assert response.status == 200
        found += response.body["logs"]
        if not response.body["pagination"]["has_more"]:
            return found[::-1]
        query["cursor"] = response.body["pagination"]["next_cursor"]


def recorded(entry: Any) -> Committed:
    variables = json.loads(entry["variables"])
    is_integration = variables["resource_type"] == "ai_integration"
    resource = ids.decode(variables["resource_id"]) if is_integration else variables["resource_id"]
    assert variables["outcome"] == "committed"
    return Committed(
        resource=resource,
        version=variables["version"],
        operation=entry["operation_name"],
        user=next(user for user in USERS if ids.encode_user(user) == entry["user_id"]),
        fields=tuple(variables.get("changed_fields", ())),
    )


def by_resource(changes: list[Committed]) -> dict[str, list[Committed]]:
    found: dict[str, list[Committed]] = defaultdict(list)
    for each in changes:
        found[each.resource].append(each)
    return found


@pytest.mark.no_cover
def test_every_committed_change_is_recorded_once_and_in_order_despite_faults_and_kills(
    moto_stack: InProcessStack,
) -> None:
    print(f"SEED={SEED}")
    random = Random(SEED)  # noqa: S311
    for done in range(0, OPERATIONS, ROUND):
        run_round(moto_stack, random, min(ROUND, OPERATIONS - done))
        moto_stack.reset()


def run_round(stack: InProcessStack, random: Random, operations: int) -> None:
    """Make random changes in an empty account while the stream is processed, and compare the log with the table."""
    changes, mapping = RandomChanges(stack, random), StreamMapping(stack, random)
    for number in range(operations):
        changes.act()
        stack.cloud.outputs.clear()
        if number % 4 == 0:
            mapping.deliver(with_faults=True)
    mapping.deliver(with_faults=False)
    entries = read_log(stack, random)
    print(f"{len(changes.committed)} committed changes, {mapping.repeated} repeated records, {len(entries)} entries")
    assert len(changes.committed) > operations / 3
    assert mapping.repeated > 0
    assert by_resource([recorded(each) for each in entries]) == by_resource(changes.committed)
    log = json.dumps([item for item in stack.cloud.items() if item["pk"]["S"].startswith("AUDIT#")])
    assert not any(text in log for text in (HEADER, HEADER_NAME, "arn:", "sk-fake", "example.com"))
