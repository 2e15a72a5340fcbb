"""Each function handles a request as if it were the first one of its instance: nothing remains of those before.

A scenario runs twice: with new instances for each request, and with one instance of each function. Results, logs,
metrics and AWS calls must be equal, except the calls that a documented cache saves.
"""

import gc
import json
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from datetime import UTC, datetime
from io import BytesIO, StringIO
from threading import Thread
from typing import Any, NamedTuple
from unittest.mock import patch

import pytest
from moto import mock_aws

from ai_integrations.bootstrap.aws_calls import aws_calls
from ai_integrations.bootstrap.botocore_session import session
from ai_integrations.contracts import ids
from ai_integrations.domain.model import Caller, Membership, Role, Tombstone
from ai_integrations.observability import logger, metrics
from tests import sam_template
from tests.builders import (
    ACCESS_TOKEN,
    API_KEY,
    NOON,
    STACK_ID,
    ULID,
    a_caller,
    a_source,
    an_event,
    an_integration,
    create_body,
    gateway_event,
    signed_event,
    the_stacks,
)
from tests.cloud import Cloud, leak_search
from tests.messaging import a_request_event
from tests.response_bucket import SIGNATURE, Bucket, bucket
from tests.streams import a_record

__all__ = ["bucket"]

Event = dict[str, Any]

ALICE = a_caller()
VISITOR = a_caller(user="carol", role=Role.READER, memberships=(Membership(space_id="s"),))
BOB = a_caller(account="umbrella", user="bob")
COLLECTION, CONSUMERS = "/v2/ai-integrations", "/v2/consumers"
ROLE, SESSION = "arn:aws:iam::111122223333:role/billing", "arn:aws:sts::111122223333:assumed-role/billing/job-1"
OUTAGE = ("InternalServerError", 500)
READ, LIST, WRITE = "dynamodb:GetItem", "dynamodb:Query", "dynamodb:TransactWriteItems"

# The AWS calls that a warm instance may save, and for how long.
HINT = ("dynamodb:Query",)  # the only account of a principal: for 45 seconds (docs/adr/0050)
HINTED = ("dynamodb:BatchGetItem",)  # reads a grant that no longer exists, at the end of a hint
USE = ("dynamodb:UpdateItem",)  # one that the instance recorded before: in the same hour (key_access/use_ledger.py)
REFUSAL = ("dynamodb:Query", "dynamodb:PutItem")  # like USE
TOKEN = ("lambda:Invoke",)  # until ten minutes before its end (docs/adr/0046)
EXCHANGE = TOKEN[0]

# New instances share these modules with the tests, because `Cloud` has its hooks in them. They also share what the
# libraries keep.
_KEPT = {"ai_integrations.bootstrap.aws_calls", "ai_integrations.bootstrap.botocore_session"}
# They differ between any two invocations, or depend on what a cache saves.
_IGNORED_IN_LOG = {
    *("timestamp", "cold_start", "ms", "aws_ms", "aws_calls", "aws_call_count", "aws_request_id"),
    *("service", "_aws"),  # new instances read them from their environment, the tests' own logger does not
    "token_source",
}
_RANDOM = re.compile(
    rf"{ids.encode(ULID)[:20]}\w+"  # the id of an integration
    r"|aik_[\w-]{43}|[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{64}|01[0-9A-Z]{24}(?:-\w{6})?|(?<=Unix=)\d+"
)
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}")
_NUMBER = re.compile(
    r"\b1\d{9}(\d{3})?\b|(?<=latency_ms\\\":)\d+|(?<=latency_ms': {'N': ')\d+|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?!\.)"
)


class Step(NamedTuple):
    """What one request does, and the operations of AWS that a warm instance saves or adds."""

    outcome: str
    calls: list[str]
    saved: tuple[str, ...]
    added: tuple[str, ...]


class Run:
    """One run of a scenario in an account of its own."""

    def __init__(self, cloud: Cloud, capfd: pytest.CaptureFixture[str], bucket: Bucket, *, renewed: str | None) -> None:
        """Each request to the function `renewed` gets a new instance."""
        self.cloud, self.bucket, self.steps = cloud, bucket, list[Step]()
        self._capfd, self._renewed = capfd, renewed
        self._instances: dict[str, Callable[[Event], Any]] = {}
        self._requests: list[str] = []
        self._labels: dict[str, str] = {}

    def send(self, function: str, event: Event, saves: tuple[str, ...] = (), adds: tuple[str, ...] = ()) -> Any:
        """Invoke a function, and record what it does."""
        event = deepcopy(event)
        if "requestContext" in event:
            event["requestContext"]["requestId"] = f"request-{len(self.steps)}"
        self._requests.clear()
        logged, started = len(self.cloud.written.getvalue()), _now()
        try:
            result = self._invoke_new(function, event) if function == self._renewed else self._invoke(function, event)
        except Exception as error:  # noqa: BLE001 - it is the function's result
            result = f"{type(error).__name__}: {error}"
        printed = self._capfd.readouterr().out
        self.cloud.published.append(printed)  # for the search for leaks
        lines = [*self.cloud.written.getvalue()[logged:].splitlines(), *printed.splitlines()]
        results = [function, result, *self.bucket.responses(), *map(_log_line, lines)]
        self.bucket.received.clear()
        shown = [*self._requests, json.dumps(results, indent=1, default=str)]
        *calls, outcome = (self._label(text, started, _now()) for text in shown)
        self.steps.append(Step(outcome, calls, saves, adds))
        return result

    def _invoke(self, function: str, event: Event) -> Any:
        if function not in self._instances:
            self._instances[function] = self.cloud.function(function)
        return self._instances[function](event)

    def _invoke_new(self, function: str, event: Event) -> Any:
        """Invoke a function that shares no state with earlier invocations: it imports the whole project again."""
        logger.clear_state()
        metrics.clear_metrics()
        aws_calls.restart()
        with patch.dict(sys.modules):
            for name in [*sys.modules]:
                if name.split(".")[0] in {"ai_integrations", "functions"} and name not in _KEPT:
                    del sys.modules[name]
            return self.cloud.function(function)(event)

    def _label(self, text: str, started: str, ended: str) -> str:
        """Replace what differs in each run. Equal ids get equal labels; times are of this step or not."""
        text = _RANDOM.sub(lambda found: self._labels.setdefault(found[0], f"<id {len(self._labels)}>"), text)
        text = _TIME.sub(lambda found: "<now>" if started <= found[0] <= ended else "<another time>", text)
        return _NUMBER.sub("<number>", text)

    @contextmanager
    def recorded_requests(self) -> Iterator[None]:
        """Record all requests to AWS."""

        def record(model: Any, params: dict[str, Any], **_: Any) -> None:
            self._requests.append(f"{model.service_model.service_name}:{model.name} {params}")

        events = session().get_component("event_emitter")
        events.register("before-parameter-build.*.*", record)
        yield
        events.unregister("before-parameter-build.*.*", record)

    @contextmanager
    def outage(self, operation: str, failure: Exception | tuple[str, int] = OUTAGE) -> Iterator[None]:
        """Let an operation of AWS fail."""
        self.cloud.fail(operation, failure, message="Rejected")
        yield
        self.cloud.recover()

    def http(
        self, function: str, method: str, path: str, body: object = "", caller: Caller = ALICE, **query: str
    ) -> Any:
        """Send a request of the gateway, and parse the response, if there is one."""
        event = gateway_event(body, method=method, path=path, caller=caller)
        event["queryStringParameters"] = query or None
        event["multiValueQueryStringParameters"] = {name: [value] for name, value in query.items()} or None
        result = self.send(function, event)
        return json.loads(result["body"] or "null") if "body" in result else result

    def create(self, caller: Caller = ALICE, **changes: Any) -> str:
        """Create an integration, and return its id."""
        created = self.http("api", "POST", COLLECTION, create_body(**changes), caller)
        return str(created["id"])


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")[:23]


def _log_line(text: str) -> dict[str, Any]:
    return {name: value for name, value in json.loads(text).items() if name not in _IGNORED_IN_LOG}


# ---------------------------------------------------------------------- scenarios


def api(run: Run) -> None:
    first = run.create(api_key=API_KEY, scopings=[{"organization_id": "o", "space_id": "s"}])
    one = f"{COLLECTION}/{first}"
    in_organization: Event = {"name": "of the organization", "scopings": [{"organization_id": "o"}]}
    second = f"{COLLECTION}/{run.create(**in_organization)}"
    third = f"{COLLECTION}/{run.create(BOB, **in_organization, headers={'X-Team': 'fake-header-of-bob'})}"
    for caller in (ALICE, BOB, VISITOR):
        for path in (one, second, COLLECTION):
            run.http("api", "GET", path, caller=caller)
    run.http("api", "GET", third, caller=VISITOR._replace(account="umbrella"))
    run.http("api", "POST", COLLECTION, "{")
    run.http("api", "POST", COLLECTION, create_body(name="of a reader"), VISITOR)
    with run.outage(READ):
        run.http("api", "GET", one)
    with run.outage(WRITE, RuntimeError("crash")):
        run.http("api", "POST", COLLECTION, create_body(name="crashes", api_key=API_KEY))
    run.http("api", "GET", f"{one}/health", caller=BOB)
    run.http("api", "DELETE", one, dry_run="true")
    run.http("api", "PATCH", one, {"name": "renamed"})
    run.http("api", "POST", f"{one}/key-rotations", {"api_key": f"{API_KEY}-2", "grace_period_hours": 1})
    run.http("api", "GET", one)
    run.send("spaces", {"action": "remove_space", "account": "acme", "id": "s"})
    run.http("api", "GET", second, caller=VISITOR)
    run.http("api", "DELETE", one)
    run.http("api", "GET", one)
    run.http("api", "GET", COLLECTION, name="renamed")
    run.send("api", an_event("get_openapi"))
    run.send("api", an_event("get_unknown"))
    role = {"role_arn": "arn:aws:iam::123456789012:role/bedrock"}
    bedrock = run.create(provider="awsBedrock", provider_metadata=role)
    run.http("api", "GET", f"{COLLECTION}/{bedrock}/role", caller=BOB)
    run.http("api", "GET", f"{COLLECTION}/{bedrock}/role")


def audit(run: Run) -> None:
    one = f"{COLLECTION}/{run.create(api_key=API_KEY)}"
    run.create(BOB, name="of bob", api_key=API_KEY)
    for caller in (ALICE, BOB, VISITOR):
        for path in ("/v2/keys", f"{one}/key", "/v2/deleted-ai-integrations", "/v2/audit-logs"):
            run.http("audit", "GET", path, caller=caller)
    run.http("audit", "GET", "/v2/keys", older_than_days="x")
    with run.outage(LIST):
        run.http("audit", "GET", "/v2/keys")
    run.http("audit", "GET", "/v2/keys", caller=BOB)
    run.http("api", "DELETE", one)
    for path in ("/v2/keys", f"{one}/key", "/v2/deleted-ai-integrations"):
        run.http("audit", "GET", path)


def authorizer(run: Run) -> None:
    def authorize(key: str) -> None:
        run.send(
            "authorizer", {"authorizationToken": f"Bearer {key}", "methodArn": "arn:aws:execute-api:x/live/GET/v2"}
        )

    first, second = (
        run.send("access_keys", {"action": "issue", "account": each.account, "user": each.user, "role": each.role})
        for each in (ALICE, BOB)
    )
    authorize(first["access_key"])
    authorize(second["access_key"])
    authorize("aik_fake-" + "0" * 38)
    with run.outage(READ):
        authorize(first["access_key"])
    run.send("access_keys", {"action": "revoke", "account": "acme", "id": first["id"]})
    authorize(first["access_key"])
    authorize(second["access_key"])
    run.send("authorizer", {})


def access_keys(run: Run) -> None:
    issued = run.send("access_keys", an_event("access_keys_issue"))
    run.send("access_keys", an_event("access_keys_unknown_action"))
    for account in ("umbrella", "acme"):
        run.send("access_keys", {"action": "list", "account": account})
    with run.outage(LIST):
        run.send("access_keys", {"action": "list", "account": "acme"})
    run.send("access_keys", {"action": "list"})
    run.send("access_keys", {"action": "revoke", "account": "umbrella", "id": issued["id"]})
    run.send("access_keys", {"action": "revoke", "account": "acme", "id": issued["id"]})
    run.send("access_keys", {"action": "list", "account": "acme"})
    run.send("access_keys", an_event("access_keys_register_source"))
    for account in ("umbrella", "acme"):
        run.send("access_keys", {"action": "list_senders", "account": account})


def console(run: Run) -> None:
    run.send("console", an_event("get_console"))
    run.send("console", gateway_event(method="PUT", path="/v2/console"))
    run.send("console", an_event("get_console_file"))
    run.send("console", {})
    run.send("console", an_event("get_console"))


def consumers(run: Run) -> None:
    integration = run.create()
    body = {"principal_arn": ROLE, "all_integrations": True}
    granted = run.http("consumers", "POST", CONSUMERS, body)
    one = f"{CONSUMERS}/{granted['id']}"
    run.http("consumers", "POST", CONSUMERS, body | {"name": "of bob"}, BOB)
    for caller in (ALICE, BOB, VISITOR):
        for path in (one, CONSUMERS, f"{COLLECTION}/{integration}/consumers"):
            run.http("consumers", "GET", path, caller=caller)
    run.http("consumers", "POST", CONSUMERS, "{")
    with run.outage(READ):
        run.http("consumers", "GET", one)
    run.http("consumers", "GET", CONSUMERS, caller=BOB)
    run.http("consumers", "PATCH", one, {"integration_ids": [integration]})
    run.http("consumers", "GET", one)
    run.http("consumers", "DELETE", one)
    run.http("consumers", "GET", one)
    run.http("consumers", "GET", f"{COLLECTION}/{integration}/consumers")
    run.http("consumers", "POST", CONSUMERS, body)


def credentials(run: Run) -> None:
    """Resolve for brokers and consumers, before and after each change of what they may resolve."""
    first = run.create(api_key=API_KEY)
    run.create(BOB, api_key=f"{API_KEY}-of-bob")

    def for_broker(saves: tuple[str, ...] = (), **changes: Any) -> None:
        command = {"account": "acme", "integration": "Production OpenAI", "consumer": "job", **changes}
        run.send("credentials", command, saves)

    def for_consumer(saves: tuple[str, ...] = (), **changes: str) -> None:
        run.send("credentials", signed_event(SESSION, {"integration": "Production OpenAI", **changes}), saves)

    for_broker()
    for_broker(account="umbrella", consumer="other-job")
    for_broker(account=7)
    for_broker(saves=USE)
    for_broker(integration="missing")
    for_broker(integration="missing", saves=REFUSAL)
    with run.outage("secretsmanager:GetSecretValue"):
        for_broker(account="umbrella")
    in_organization: Event = {"name": "of the organization", "scopings": [{"organization_id": "o"}]}
    run.create(**in_organization)
    run.create(BOB, **in_organization)
    run.create(name="of the space", scopings=[{"organization_id": "o", "space_id": "s"}])
    in_space: Event = {"integration": "of the organization", "space_id": "s"}
    for_broker(**in_space)
    for_broker(**in_space, account="umbrella")
    run.send("spaces", {"action": "remove_space", "account": "acme", "id": "s"})
    for_broker(**in_space)
    for_consumer()
    grant = run.http("consumers", "POST", CONSUMERS, {"principal_arn": ROLE, "all_integrations": True})
    for_consumer()
    for_consumer(HINT + USE)
    with run.outage(READ):
        for_consumer(account="acme")
    run.http("api", "POST", f"{COLLECTION}/{first}/key-rotations", {"api_key": f"{API_KEY}-2"})
    for_consumer(HINT + USE)
    run.http("consumers", "DELETE", f"{CONSUMERS}/{grant['id']}")
    run.send("credentials", signed_event(SESSION, {"integration": "Production OpenAI"}), adds=HINTED)
    run.http("consumers", "POST", CONSUMERS, {"principal_arn": ROLE, "all_integrations": True}, BOB)
    for_consumer()
    for_consumer(account="acme")
    run.http("api", "DELETE", f"{COLLECTION}/{first}")
    for_broker(consumer="last-job")


def access_tokens(run: Run) -> None:
    """Resolve federated integrations and roles of two accounts, before and after a change."""
    run.cloud.variables |= {"FEDERATION_ISSUER": "https://fake.test", "EXCHANGE_TOKEN_FUNCTION": "exchange-token"}
    federation = {"identity_provider_id": "idp_fake", "service_account_id": "sa_fake"}
    integrations = {
        "acme": run.create(federation=federation),
        "umbrella": run.create(BOB, federation=federation | {"service_account_id": "sa_of_bob"}),
    }

    def resolve(account: str, saves: tuple[str, ...] = ()) -> None:
        token = {"access_token": f"{ACCESS_TOKEN}-{account}", "expires_at": "2100-01-01T00:00:00+00:00", "identity": {}}
        run.cloud.respond(EXCHANGE, {"StatusCode": 200, "Payload": BytesIO(json.dumps(token).encode())})
        command = {"account": account, "integration": integrations[account], "consumer": f"job-of-{account}"}
        run.send("credentials", command, saves)

    with run.outage(EXCHANGE):
        run.send("credentials", {"account": "acme", "integration": integrations["acme"], "consumer": "job"})
    resolve("acme")
    resolve("umbrella")
    resolve("acme", USE + TOKEN)
    run.http("api", "PATCH", f"{COLLECTION}/{integrations['acme']}", {"name": "renamed"})
    resolve("acme", USE)
    resolve("umbrella", USE + TOKEN)
    run.http("api", "DELETE", f"{COLLECTION}/{integrations['umbrella']}", caller=BOB)
    resolve("umbrella")


def custom_resource(run: Run) -> None:
    run.cloud.register(the_stacks(), the_stacks(account="umbrella", name="other"))

    def request(kind: str, account: str = "acme", stack: str = "app", **more: Any) -> None:
        number, body = len(run.steps), {"name": "Production OpenAI", "provider": "openAI", **more.pop("body", {})}
        event = {
            "RequestType": kind,
            "ResponseURL": run.bucket.url,
            "StackId": STACK_ID.replace("/app/", f"/{stack}/"),
            "RequestId": f"request-{number}",
            "LogicalResourceId": f"Llm{number}",
            "ResourceProperties": {"ServiceToken": "arn", "Account": account, "User": stack, "Integration": body},
        }
        run.send("custom_resource", event | more)

    request("Create")
    request("Create", "umbrella", "other", body={"enable_default_models": "true"})
    request("Create", "acme", "other")
    request("Create", body={"provider": "?"})
    with run.outage(WRITE):
        request("Create", body={"name": "second"})
    run.send("custom_resource", {"RequestType": "Delete"})
    request("Delete", "umbrella", "other", PhysicalResourceId="refused-request-1")
    request("Create", body={"name": "third"})


def exchange_token(run: Run) -> None:
    _invoke_with_integrations(run, "exchange_token", "sts:GetWebIdentityToken")


def verify_key(run: Run) -> None:
    _invoke_with_integrations(run, "verify_key", "lambda:Invoke")


def _invoke_with_integrations(run: Run, function: str, operation: str) -> None:
    event = an_event(f"{function}_private_host")
    of_other = {
        **event,
        "integration": event["integration"] | {"account": "umbrella", "name": "other", "id": ULID[::-1]},
    }
    events: list[Event] = [event, of_other, {"integration": {}}, event]
    for each in events:
        run.cloud.respond("sts:GetWebIdentityToken", {"WebIdentityToken": "fake-identity-token"})
        run.send(function, each)
    with run.outage(operation):
        run.send(function, event)
    run.send(function, {})
    run.cloud.respond("sts:GetWebIdentityToken", {"WebIdentityToken": "fake-identity-token"})
    run.send(function, of_other)


def provision(run: Run) -> None:
    run.cloud.add_bus()
    run.cloud.register(a_source(), a_source(account="umbrella"))
    for name in ("QUEUE_URL", "DEAD_LETTER_QUEUE_URL"):
        run.cloud.sqs.create_queue(QueueName=sam_template.environment("provision")[name])

    def deliver(*bodies: object) -> None:
        records = [
            {
                "messageId": f"message-{number}-of-{len(run.steps)}",
                "receiptHandle": "receipt",
                "body": body if isinstance(body, str) else json.dumps(body),
                "attributes": {"ApproximateReceiveCount": "1"},
            }
            for number, body in enumerate(bodies)
        ]
        run.send("provision", {"Records": records})

    def request(account: str, name: str = "first") -> Event:
        detail = {"request_id": f"request-{len(run.steps)}", "account": account, "user": f"user-of-{account}"}
        return a_request_event("Create", **detail, integration=create_body(name=name))

    deliver(request("acme"))
    deliver(request("umbrella"))
    deliver("not JSON", {"detail": {}})
    with run.outage(WRITE):
        deliver(request("acme", "second"))
    deliver(request("unregistered"))
    run.send("access_keys", {"action": "remove_source", "account": "acme", "aws_account": "1" * 12, "source": "x"})
    run.send(
        "access_keys",
        {"action": "remove_source", "account": "acme", "aws_account": a_source().aws_account, "source": "platform"},
    )
    deliver(request("acme", "third"), request("umbrella", "third"))


def publish_changes(run: Run) -> None:
    run.cloud.add_bus()
    run.cloud.sqs.create_queue(QueueName=sam_template.environment("publish_changes")["DEAD_LETTER_QUEUE_URL"])
    first, second = an_integration(id="1"), an_integration(account="umbrella", id="2", updated_by="bob")
    deleted = Tombstone(integration=first, deleted_at=NOON, deleted_by="bob", expires_at=NOON)

    def publish(*records: Event) -> None:
        run.send("publish_changes", {"Records": [*records]})

    publish(a_record(None, first))
    publish(a_record(None, second))
    publish(*an_event("publish_changes_unreadable")["Records"])
    with run.outage("events:PutEvents"):
        publish(a_record(None, second))
        publish(a_record(None, first), a_record(None, second))
    run.send("publish_changes", {})
    publish(a_record(None, second), a_record(first, deleted))


def spaces(run: Run) -> None:
    organization = {"action": "register_organization", "id": "o", "name": "Research"}
    space = {"action": "register_space", "id": "s", "name": "Search", "organization_id": "o"}
    run.send("spaces", {"account": "acme", **organization})
    run.send("spaces", {"account": "umbrella", **space})
    for account in ("umbrella", "acme"):
        run.send("spaces", {"account": account, "action": "list"})
    run.send("spaces", {"account": "acme", "action": "?"})
    with run.outage(LIST):
        run.send("spaces", {"account": "acme", "action": "list"})
    run.send("spaces", {"account": "acme", **space})
    run.send("spaces", {"account": "acme", "action": "list"})
    run.send("spaces", {"account": "acme", "action": "remove_space", "id": "s"})
    run.send("spaces", {"account": "acme", "action": "list"})


def sweep(run: Run) -> None:
    run.cloud.add_bus()
    run.create(api_key=API_KEY)
    run.send("sweep", {"dry_run": True})
    run.send("sweep", {})
    run.send("sweep", {"dry_run": "x"})
    run.create(BOB, api_key=API_KEY)
    with run.outage("secretsmanager:ListSecrets"):
        run.send("sweep", {})
    with run.outage("events:PutEvents"):
        run.send("sweep", {})
    run.send("sweep", {"confirm": 25})
    run.send("sweep", {})


def connection_tests(run: Run) -> None:
    def body(account: str) -> Event:
        role = {"role_arn": f"arn:aws:iam::123456789012:role/of-{account}", "external_id": account}
        return create_body(provider="awsBedrock", provider_metadata=role)

    path, saved = f"{COLLECTION}/test", f"{COLLECTION}/{run.create(**body('acme'))}/test"
    run.http("test_connection", "POST", saved, caller=BOB)
    run.http("test_connection", "POST", path, body("acme"), VISITOR)
    run.send("test_connection", an_event("test_connection_private_host"))
    for failure in (("AccessDenied", 403), OUTAGE, RuntimeError("crash")):
        with run.outage("sts:AssumeRole", failure):
            run.http("test_connection", "POST", saved)
            run.http("test_connection", "POST", path, body("umbrella"), BOB)
    run.http("test_connection", "POST", path, "{")
    with run.outage("sts:AssumeRole", ("AccessDenied", 403)):
        run.http("test_connection", "POST", path, body("umbrella"), BOB)
    run.http("api", "DELETE", saved.removesuffix("/test"))
    run.http("test_connection", "POST", saved)


SCENARIOS = {
    "access_keys": access_keys,
    "credentials: access tokens": access_tokens,
    "api": api,
    "audit": audit,
    "authorizer": authorizer,
    "console": console,
    "consumers": consumers,
    "credentials": credentials,
    "custom_resource": custom_resource,
    "exchange_token": exchange_token,
    "provision": provision,
    "publish_changes": publish_changes,
    "spaces": spaces,
    "sweep": sweep,
    "test_connection": connection_tests,
    "verify_key": verify_key,
}

# ---------------------------------------------------------------------- comparison


@pytest.fixture
def run_twice(
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    bucket: Bucket,
) -> Callable[[str], tuple[list[Step], list[Step]]]:
    """Return a function that runs a scenario with new instances, and with warm ones."""
    monkeypatch.setenv("POWERTOOLS_METRICS_DISABLED", "false")
    monkeypatch.setattr(gc, "freeze", lambda: None)  # it would keep the modules of all instances in memory
    monkeypatch.setattr(Thread, "start", Thread.run)  # a write of the ledger belongs to its step

    def run(name: str, renewed: str | None) -> list[Step]:
        with mock_aws(), leak_search(Cloud(environment=monkeypatch, written=StringIO()), capfd, caplog) as cloud:
            cloud.keys.add(SIGNATURE)
            cloud.variables["POWERTOOLS_SERVICE_NAME"] = logger.service  # otherwise new instances have another logger
            made = Run(cloud, capfd, bucket, renewed=renewed)
            with made.recorded_requests():
                SCENARIOS[name](made)
        return made.steps

    def run_warm(name: str) -> list[Step]:
        hour, steps = _now()[:13], run(name, None)
        return steps if _now()[:13] == hour else run(name, None)  # in a new hour, the ledger saves no calls

    return lambda name: (run(name, name.partition(":")[0]), run_warm(name))


@pytest.mark.no_cover
@pytest.mark.parametrize("name", SCENARIOS)
def test_warm_instance_responds_and_logs_like_a_new_one(
    run_twice: Callable[[str], tuple[list[Step], list[Step]]], name: str
) -> None:
    new, warm = run_twice(name)
    for each, expected in zip(warm, new, strict=True):
        assert each.outcome.splitlines() == expected.outcome.splitlines()
        saved, added = Counter(expected.calls) - Counter(each.calls), Counter(each.calls) - Counter(expected.calls)
        assert sorted(call.partition(" ")[0] for call in saved.elements()) == sorted(each.saved), [saved, added]
        assert [call.partition(" ")[0] for call in added.elements()] == [*each.added], [saved, added]


def test_every_function_has_a_scenario() -> None:
    assert sam_template.functions().keys() <= SCENARIOS.keys()
