"""The Logs Insights queries of the operators' runbook use fields that the functions log."""

import json
import re
from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any, NamedTuple

import pytest

from tests.builders import API_KEY, ROOT, an_event, create_body, gateway_event, signed_event
from tests.cloud import Cloud, Response
from tests.handlers.test_authorizer import authorize, issue
from tests.handlers.test_consumers import grant
from tests.handlers.test_key_reminders import turn_on_for_an_old_key
from tests.handlers.test_sweep import list_orphaned_secrets
from tests.messaging import Requests, a_request_event

OPERATIONS = (ROOT / "docs" / "operations.md").read_text()
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax.html
SYNTAX = {"and", "as", "asc", "avg", "by", "count", "desc", "display", "fields", "filter", "like", "limit", "max"}
SYNTAX |= {"in", "not", "or", "pct", "sort", "stats", "sum"}
# Fields that CloudWatch Logs adds: to every line, and to the lines of Lambda itself.
ADDED = {"@timestamp", "@message", "@type", "@initDuration"}


class Query(NamedTuple):
    """A query of the runbook: the log that it searches, and its text."""

    log: str
    text: str

    def fields(self) -> set[str]:
        """List the fields that the query names."""
        without_values = re.sub(r'"[^"]*"|/[^/]*/', " ", self.text)
        return set(re.findall(r"@?[A-Za-z_][\w.]*", without_values)) - SYNTAX - ADDED

    def messages(self) -> list[str]:
        """List the messages that the query searches for."""
        [listed] = re.findall(r'message (?:= |in \[)((?:"[^"]+"(?:,\s+)?)+)', self.text) or [""]
        return re.findall('"([^"]+)"', listed)


def queries() -> Iterator[Query]:
    for log, text in re.findall(r"logs\s+([a-z-]+)\s+\d+\s+'([^']+)'", OPERATIONS):
        yield Query(log, text)
    for log in re.findall(r"errors\s+([a-z-]+)\s+\d+", OPERATIONS):
        [text] = re.findall(r"logs \"\$1\" \"\$2\" '([^']+)'", OPERATIONS)
        yield Query(log, text)


QUERIES = sorted({query for query in queries() if query.log != "calls"})


def flattened(value: Any, name: str = "") -> Iterator[str]:
    """List the fields that CloudWatch discovers: it joins names and positions with dots."""
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    if parts is None:
        return iter([name])
    return chain.from_iterable(flattened(part, f"{name}.{key}" if name else str(key)) for key, part in parts)


def register_senders(cloud: Cloud) -> None:
    registration = {"account": "acme", "aws_account": "111122223333", "role": "reader"}
    for action, sender in (("source", {"source": "billing"}), ("stacks", {"stack_names": "billing-*"})):
        cloud.function("access_keys")({"action": f"register_{action}", **registration, **sender})


def request_by_event(cloud: Cloud) -> None:
    requests = Requests(cloud)
    requests.send(a_request_event("Create", account="acme"))
    requests.deliver()


def lines(cloud: Cloud, log: str, capfd: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """Let the function of a log succeed and fail, and return the lines that it wrote."""
    cloud.add_bus()
    key = issue(cloud)["access_key"]
    cloud.api(gateway_event(create_body(api_key=API_KEY)))
    cloud.written.seek(0)
    cloud.written.truncate()
    if log == "authorizer":
        authorize(cloud, f"Bearer {key}")
        return [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    USES[log](cloud)
    return [*cloud.log(), *cloud.ended_invocations()]


def use_api(cloud: Cloud) -> None:
    change_integration_in_every_way(cloud)
    cloud.api(gateway_event("not JSON"))
    fail_unexpectedly(cloud, "api")


def grant_access(cloud: Cloud) -> None:
    grant(cloud)


def use_credentials(cloud: Cloud) -> None:
    event = {"account": "acme", "integration": "Production OpenAI", "consumer": "billing-job"}
    cloud.function("credentials")(event)
    grant_access(cloud)
    session = "arn:aws:sts::999999999999:assumed-role/billing/job-1"
    cloud.http("credentials", signed_event(session, {"integration": "Production OpenAI"}))
    cloud.http("credentials", signed_event(session, {"integration": "No such name"}))


def use_exchange_token(cloud: Cloud) -> None:
    cloud.fail("sts:GetWebIdentityToken", ("AccessDenied", 403), message="Rejected.")
    cloud.function("exchange_token")(an_event("exchange_token_private_host"))


def use_sweep(cloud: Cloud) -> None:
    list_orphaned_secrets(cloud, 1)
    turn_on_for_an_old_key(cloud)
    cloud.fail("dynamodb:Query", ("ThrottlingException", 400))
    cloud.function("sweep")({"dry_run": True})


def fail_unexpectedly(cloud: Cloud, function: str) -> None:
    cloud.fail("dynamodb:TransactWriteItems", RuntimeError(API_KEY))
    cloud.http(function, gateway_event(create_body(name="Another", api_key=API_KEY)))


USES: dict[str, Callable[[Cloud], None]] = {
    "access-keys": register_senders,
    "provision": request_by_event,
    "api": use_api,
    "test-connection": lambda cloud: fail_unexpectedly(cloud, "test_connection"),
    "consumers": grant_access,
    "credentials": use_credentials,
    "exchange-token": use_exchange_token,
    "sweep": use_sweep,
}


def change_integration_in_every_way(cloud: Cloud) -> None:
    path = f"/v2/ai-integrations/{cloud.api(gateway_event(create_body(name='Changed', api_key=API_KEY))).body['id']}"

    def change(method: str, subpath: str = "", body: object = None) -> Response:
        return cloud.api(gateway_event(body, method=method, path=path + subpath))

    changes = [
        change("PATCH", "", {"enable_default_models": True}),
        change("POST", "/key-rotations", {"api_key": API_KEY, "grace_seconds": 600}),
        change("POST", "/key-rotations/rollback"),
        change("DELETE"),
        change("POST", "/restore"),
    ]
    assert [each.status for each in changes] == [200, 200, 200, 204, 200]


def test_queries_are_found() -> None:
    assert {"api", "authorizer", "credentials", "provision", "sweep"} <= {query.log for query in QUERIES}
    assert {"aws_ms", "aws_calls.0.operation", "account"} <= set(chain.from_iterable(map(Query.fields, QUERIES)))


@pytest.mark.parametrize(
    "query", [each for each in QUERIES if each.messages()], ids=lambda each: f"{each.log}: {each.text}"
)
def test_query_of_messages_uses_fields_of_their_lines(
    cloud: Cloud, capfd: pytest.CaptureFixture[str], query: Query
) -> None:
    logged = lines(cloud, query.log, capfd)
    for message in query.messages():
        found = [set(flattened(line)) for line in logged if line["message"] == message]
        assert found, message
        assert query.fields() <= set.union(*found)


def test_query_of_changes_lists_every_message_about_an_integration(
    cloud: Cloud, capfd: pytest.CaptureFixture[str]
) -> None:
    [query] = [each for each in QUERIES if each.log == "api" and "integration_id" in each.fields()]
    logged = {line["message"] for line in lines(cloud, "api", capfd) if "integration_id" in line}
    assert set(query.messages()) == logged


@pytest.mark.parametrize(
    "query", [each for each in QUERIES if not each.messages()], ids=lambda each: f"{each.log}: {each.text}"
)
def test_query_of_all_lines_uses_fields_that_every_line_has(cloud: Cloud, query: Query) -> None:
    cloud.api(gateway_event("not JSON"))
    assert all(query.fields() <= line.keys() for line in [*cloud.log(), *cloud.ended_invocations()])


@pytest.mark.parametrize("log", ["test-connection", "authorizer"])
def test_query_for_slow_calls_applies_to_the_other_functions_behind_the_gateway(
    cloud: Cloud, capfd: pytest.CaptureFixture[str], log: str
) -> None:
    [query] = [each for each in QUERIES if "aws_calls.0.service" in each.fields()]
    ends = [line for line in lines(cloud, log, capfd) if line["message"] == "invocation ended"]
    fields = {field for field in query.fields() if not field.startswith("aws_calls.")}
    assert all(fields <= line.keys() for line in ends)


def test_query_of_the_access_log_uses_its_fields() -> None:
    written = (ROOT / "template.yaml").read_text()
    [access_log] = [line for line in written.splitlines() if '"requestId":"$context.requestId"' in line]
    for log, text in re.findall(r"logs\s+([a-z-]+)\s+\d+\s+'([^']+)'", OPERATIONS):
        assert log != "calls" or Query(log, text).fields() <= json.loads(access_log).keys()


def test_documented_fields_are_logged(cloud: Cloud, capfd: pytest.CaptureFixture[str]) -> None:
    table = OPERATIONS.partition("has the message `invocation ended`")[2].partition("The calls do not include")[0]
    rows = [re.findall(r"`(\w+)`", line) for line in table.splitlines() if line.startswith("| `")]
    fields = {field for row in rows for field in row} - {"authorizer", "api", "ok"}
    logged = set(chain.from_iterable(map(flattened, lines(cloud, "api", capfd))))
    assert fields - {"aws_calls"} <= {part for field in logged for part in field.split(".")}
