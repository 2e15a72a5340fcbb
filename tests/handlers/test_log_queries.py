"""The Logs Insights queries of the operators' runbook use fields that the functions log."""

import json
import re
from collections.abc import Iterator
from itertools import chain
from typing import Any, NamedTuple

import pytest

from tests.builders import API_KEY, ROOT, create_body, gateway_event
from tests.cloud import Cloud
from tests.handlers.test_authorizer import authorize, issue
from tests.handlers.test_sweep import list_orphaned_secrets
from tests.messaging import Requests, a_request_event

OPERATIONS = (ROOT / "docs" / "operations.md").read_text()
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax.html
SYNTAX = {"and", "as", "asc", "avg", "by", "count", "desc", "display", "fields", "filter", "like", "limit", "max"}
SYNTAX |= {"not", "or", "pct", "sort", "stats", "sum"}
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

    def message(self) -> str | None:
        found = re.search(r'message = "([^"]+)"', self.text)
        return found and found[1]


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


def resolve(cloud: Cloud) -> None:
    cloud.function("credentials")({"account": "acme", "integration": "Production OpenAI", "consumer": "billing-job"})


def register_senders(cloud: Cloud) -> None:
    registration = {"account": "acme", "aws_account": "111122223333", "role": "reader"}
    for action, sender in (("source", {"source": "billing"}), ("stacks", {"stack_names": "billing-*"})):
        cloud.function("access_keys")({"action": f"register_{action}", **registration, **sender})


def request_by_event(cloud: Cloud) -> None:
    requests = Requests(cloud)
    requests.send(a_request_event("Create", account="acme"))
    requests.deliver()


def sweep(cloud: Cloud) -> None:
    list_orphaned_secrets(cloud, 1)
    cloud.function("sweep")({"dry_run": True})


INVOCATIONS = {
    "access-keys": register_senders,
    "credentials": resolve,
    "provision": request_by_event,
    "sweep": sweep,
}


def lines(cloud: Cloud, log: str, capfd: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """Let the function of a log succeed and fail, and return the lines that it wrote."""
    cloud.add_bus()
    key = issue(cloud)["access_key"]
    cloud.api(gateway_event(create_body(api_key=API_KEY)))
    cloud.written.seek(0)
    cloud.written.truncate()
    match log:
        case "authorizer":
            authorize(cloud, f"Bearer {key}")
            return [json.loads(line) for line in capfd.readouterr().out.splitlines()]
        case "api" | "test-connection":
            cloud.fail("dynamodb:TransactWriteItems", RuntimeError(API_KEY))
            cloud.http(log.replace("-", "_"), gateway_event(create_body(name="Another", api_key=API_KEY)))
        case _ if log in INVOCATIONS:
            INVOCATIONS[log](cloud)
    return [*cloud.log(), *cloud.ended_invocations()]


def test_queries_are_found() -> None:
    assert {"api", "authorizer", "credentials", "provision", "sweep"} <= {query.log for query in QUERIES}
    assert {"aws_ms", "aws_calls.0.operation", "account"} <= set(chain.from_iterable(map(Query.fields, QUERIES)))


@pytest.mark.parametrize(
    "query", [each for each in QUERIES if each.message()], ids=lambda each: f"{each.log}: {each.text}"
)
def test_query_of_a_message_uses_fields_of_its_line(
    cloud: Cloud, capfd: pytest.CaptureFixture[str], query: Query
) -> None:
    found = [set(flattened(line)) for line in lines(cloud, query.log, capfd) if line["message"] == query.message()]
    assert found
    assert query.fields() <= set.union(*found)


@pytest.mark.parametrize(
    "query", [each for each in QUERIES if not each.message()], ids=lambda each: f"{each.log}: {each.text}"
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
    table = OPERATIONS.partition("has the message `invocation ended`")[2].partition("These lines need")[0]
    rows = [re.findall(r"`(\w+)`", line) for line in table.splitlines() if line.startswith("| `")]
    fields = {field for row in rows for field in row} - {"authorizer", "api", "ok"}
    logged = set(chain.from_iterable(map(flattened, lines(cloud, "api", capfd))))
    assert fields - {"aws_calls"} <= {part for field in logged for part in field.split(".")}
