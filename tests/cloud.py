"""Run the functions in one process as Lambda does, on an in-process AWS that records calls and injects failures."""

import importlib
import io
import json
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from moto import mock_aws

from ai_integrations.adapters.dynamodb.senders import DynamoDbSenders
from ai_integrations.bootstrap import credentials
from ai_integrations.bootstrap.botocore_session import session
from ai_integrations.domain.senders import Sender
from ai_integrations.observability import logger
from tests import sam_template
from tests.builders import API_KEY
from tests.leaks import KnownSecrets

# Response fields that may contain a secret.
SECRET_FIELDS = frozenset({"access_key", "access_token", "api_key", "aws_credentials"})

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sqs import SQSClient


@cache
def _uncounted_clients(
    endpoint: str | None,
) -> tuple["DynamoDBClient", "SecretsManagerClient", "EventBridgeClient", "SQSClient"]:
    """Build clients whose calls are not recorded and do not fail."""
    uncounted = boto3.Session()
    return (
        uncounted.client("dynamodb", endpoint_url=endpoint),
        uncounted.client("secretsmanager", endpoint_url=endpoint),
        uncounted.client("events", endpoint_url=endpoint),
        uncounted.client("sqs", endpoint_url=endpoint),
    )


class Killed(BaseException):
    """End the function as if its process were killed: no `except Exception` of it runs."""


class Context(LambdaContext):
    """The context object of one invocation."""

    _function_name = "function"
    _memory_limit_in_mb = 512
    _invoked_function_arn = "arn:aws:lambda:eu-central-1:123456789012:function:function"
    _aws_request_id = "lambda-request-id"

    @staticmethod
    def get_remaining_time_in_millis() -> int:
        return 60_000


@dataclass(frozen=True)
class Response:
    """A response of the API, as the gateway would return it. Header names are in lower case."""

    status: int
    headers: dict[str, str]
    text: str

    @classmethod
    def from_lambda(cls, result: dict[str, Any]) -> "Response":
        """Read the result that a function returned to the gateway."""
        headers = {name.lower(): values[0] for name, values in result["multiValueHeaders"].items()}
        return cls(status=result["statusCode"], headers=headers, text=result["body"])

    @property
    def body(self) -> Any:
        return json.loads(self.text)

    @property
    def pointers(self) -> list[str]:
        """List the invalid fields, after checking the form of the problem document."""
        problem = self.body
        assert self.headers["content-type"] == "application/problem+json"
        assert problem["status"] == self.status
        assert problem.keys() - {"errors"} == {"type", "title", "status", "detail", "instance"}
        return [each["pointer"] for each in problem.get("errors", ())]


@dataclass
class Cloud:
    """An AWS account with the table of the stack.

    Each test ends with a search for leaks. `outputs` may contain header values but no keys: function responses and
    requests to DynamoDB. `published` may contain neither: requests to other services, and exceptions.
    `verify_requests` may contain both: invocations of other functions. Requests to Secrets Manager are not recorded.
    """

    environment: pytest.MonkeyPatch
    written: io.StringIO
    calls: list[str] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)
    variables: dict[str, str] = field(default_factory=dict)
    published: list[str] = field(default_factory=list)
    verify_requests: list[str] = field(default_factory=list)
    known_secrets: KnownSecrets = field(default_factory=KnownSecrets)
    endpoint: str | None = None

    def __post_init__(self) -> None:
        if self.endpoint is None:
            self.environment.setenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true")
        self.dynamodb, self.secrets_manager, self.eventbridge, self.sqs = _uncounted_clients(self.endpoint)
        self.table = sam_template.environment("api")["TABLE_NAME"]
        # As on every emulator, so that the custom resource may send its response to loopback. moto needs no endpoint.
        self.variables["AWS_ENDPOINT_URL"] = self.endpoint or "https://emulator.test"
        self.add_table()
        # Otherwise a write of the ledger would end at any time, even in the account of another test.
        self.environment.setattr(credentials, "start_thread", lambda task: task())
        self._responses: dict[str, Exception | tuple[AWSResponse, dict[str, Any]]] = {}
        self._lost_responses: dict[str, Exception] = {}
        self._kill_at: tuple[int, bool] | None = None
        self._events = session().get_component("event_emitter")
        self._events.register_first("before-call.*.*", self._before)
        self._events.register_first("after-call.*.*", self._after)

    def close(self) -> None:
        """Remove the hooks from the session, which later tests share."""
        self._events.unregister("before-call.*.*", self._before)
        self._events.unregister("after-call.*.*", self._after)

    @property
    def keys(self) -> set[str]:
        """The keys to search for. A test can add its own."""
        return self.known_secrets.keys

    def _before(self, model: Any, params: dict[str, Any], **_: Any) -> Any:
        service = model.service_model.service_name
        operation = f"{service}:{model.name}"
        self.calls.append(operation)
        self._record_request(service, str(params["body"]))
        if self._kill_at == (len(self.calls), False):
            raise Killed
        response = self._responses.get(operation)
        if isinstance(response, Exception):
            raise response
        return response

    def _record_request(self, service: str, request: str) -> None:
        """Record a request for the leak search. Only the table may store header values, only Secrets Manager keys."""
        if service == "lambda":
            self.verify_requests.append(request)
        elif service != "secretsmanager":
            (self.outputs if service == "dynamodb" else self.published).append(request)

    def _after(self, model: Any, **_: Any) -> None:
        if self._kill_at == (len(self.calls), True):
            raise Killed
        error = self._lost_responses.get(f"{model.service_model.service_name}:{model.name}")
        if error is not None:
            raise error

    def fail(self, operation: str, failure: Exception | tuple[str, int], message: str = f"Rejected: {API_KEY}") -> None:
        """Make an operation such as `dynamodb:GetItem` fail, in the client or with an AWS error code and status."""
        self._responses[operation] = failure if isinstance(failure, Exception) else _error_response(*failure, message)

    def lose_response(self, operation: str, error: Exception) -> None:
        """Let an operation succeed, but raise an error instead of returning its response."""
        self._lost_responses[operation] = error

    def kill(self, call: int, *, after: bool) -> None:
        """Kill the function before or after AWS executes a call. Calls count from 1, starting now."""
        self.calls.clear()
        self._kill_at = call, after

    def respond(self, operation: str, response: dict[str, Any]) -> None:
        """Make an operation return this response without being executed."""
        self._responses[operation] = _http(200), response

    def recover(self) -> None:
        """Remove all injected failures."""
        self._responses.clear()
        self._lost_responses.clear()
        self._kill_at = None

    def function(self, name: str) -> Callable[[dict[str, Any]], Any]:
        """Import a function again, with the environment of the template and the overrides in `variables`."""
        for variable, value in sam_template.environment(name).items():
            self.environment.setenv(variable, self.variables.get(variable, value))
        module = f"functions.{name}.handler"
        sys.modules.pop(module, None)
        handler = importlib.import_module(module).lambda_handler
        return lambda event: self.invoke(handler, event)

    def invoke(self, handler: Callable[[dict[str, Any], LambdaContext], Any], event: dict[str, Any]) -> Any:
        """Invoke a handler as Lambda does."""
        self.known_secrets.record(event)
        try:
            result = handler(event, Context())
        except Exception as error:
            self.published += [*traceback.format_exception(error), repr(error)]
            raise
        visible = dict(result or {})
        if event.get("resource", "").endswith("/credentials"):
            visible |= json.loads(visible.pop("body"))
        # These fields exist to return a secret: a new access key, or the credentials of a provider.
        secret_fields = SECRET_FIELDS & visible.keys()
        self.known_secrets.keys |= {text for name in secret_fields for text in _texts(visible.pop(name))}
        self.outputs.append(json.dumps(visible))
        return result

    def api(self, event: dict[str, Any]) -> Response:
        """Send a gateway event to the API function."""
        return self.http("api", event)

    def http(self, function: str, event: dict[str, Any]) -> Response:
        """Send a gateway event to a function."""
        return Response.from_lambda(self.function(function)(event))

    def add_table(self) -> None:
        """Create the table of the stack."""
        self.dynamodb.create_table(**sam_template.table(self.table))

    def add_bus(self) -> None:
        """Create the event bus of the stack."""
        self.eventbridge.create_event_bus(Name=sam_template.environment("sweep")["EVENT_BUS_NAME"])

    def register(self, *senders: Sender) -> None:
        """Register senders, as an operator does."""
        for sender in senders:
            DynamoDbSenders(self.dynamodb, self.table).register(sender)

    def items(self, prefix: str = "") -> list[dict[str, Any]]:
        """List the items whose sort key has this prefix."""
        found = self.dynamodb.scan(TableName=self.table)["Items"]
        return [item for item in found if item["sk"]["S"].startswith(prefix)]

    def secrets(self) -> list[dict[str, Any]]:
        """List the metadata of all secrets."""
        return [dict(each) for each in self.secrets_manager.list_secrets()["SecretList"]]

    def stored_keys(self) -> list[str]:
        """List the values of all secrets."""
        return [self.secrets_manager.get_secret_value(SecretId=each["ARN"])["SecretString"] for each in self.secrets()]

    def referenced_key(self) -> str:
        """Read the key that the only integration references."""
        [item] = self.items("INTEGRATION#")
        reference = {"SecretId": item["secret_arn"]["S"], "VersionId": item["secret_version"]["S"]}
        return self.secrets_manager.get_secret_value(**reference)["SecretString"]

    def leaks(self, *texts: str) -> list[str]:
        """List the texts with a leak: these texts, all outputs of the functions, all items and secret metadata."""
        secrets = json.dumps(self.secrets(), default=str)
        found = self.known_secrets.texts_with_keys([*self.outputs, json.dumps(self.items())])
        return found + self.known_secrets.texts_with_any([*texts, *self.published, secrets])

    def log(self) -> list[dict[str, Any]]:
        """Parse the log entries of the functions, except the last one of each invocation."""
        return [line for line in self._lines() if line["message"] != "invocation ended"]

    def ended_invocations(self) -> list[dict[str, Any]]:
        """Parse the last log entry of each invocation."""
        return [line for line in self._lines() if line["message"] == "invocation ended"]

    def _lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.written.getvalue().splitlines()]


def _texts(value: str | dict[str, Any]) -> set[str]:
    """List the secret texts of a field. An access token also has a type and headers, which are not secret."""
    if isinstance(value, str):
        return {value}
    return {value["value"]} if "value" in value else set(value.values())


def _error_response(code: str, status: int, message: str) -> tuple[AWSResponse, dict[str, Any]]:
    error = {"Code": code, "Message": message}
    parsed = {"Error": error, "ResponseMetadata": {"HTTPStatusCode": status, "RequestId": "aws-request-id"}}
    return _http(status), parsed


def _http(status: int) -> AWSResponse:
    return AWSResponse("https://aws.test", status, HTTPHeaders(), None)


@pytest.fixture
def cloud(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> Iterator[Cloud]:
    """Create an account with an empty table, and search for leaks at the end."""
    with mock_aws(), leak_search(Cloud(environment=monkeypatch, written=io.StringIO()), capfd, caplog) as account:
        yield account


@contextmanager
def leak_search(cloud: Cloud, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> Iterator[Cloud]:
    """Collect logs and output, and search everything for leaks when the context ends."""
    stream = logger.registered_handler.setStream(cloud.written)  # type: ignore[attr-defined]
    caplog.set_level("INFO")
    yield cloud
    logger.registered_handler.setStream(stream)  # type: ignore[attr-defined]
    cloud.close()
    leaks = cloud.leaks(cloud.written.getvalue(), caplog.text, *capfd.readouterr())
    assert not leaks, "a key or header value leaked"
