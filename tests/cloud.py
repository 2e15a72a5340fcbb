"""The stack in one process: the functions as Lambda loads them, over an in-process AWS that counts and can fail."""

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

from ai_integrations.bootstrap.botocore_session import session
from ai_integrations.observability import logger
from tests import sam_template
from tests.builders import API_KEY
from tests.leaks import Canaries

HANDED_OUT = frozenset({"access_key", "api_key", "aws_credentials"})

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sqs import SQSClient


@cache
def _onlooker(
    endpoint: str | None,
) -> tuple["DynamoDBClient", "SecretsManagerClient", "EventBridgeClient", "SQSClient"]:
    """Return clients that are not counted and do not fail."""
    uncounted = boto3.Session()
    return (
        uncounted.client("dynamodb", endpoint_url=endpoint),
        uncounted.client("secretsmanager", endpoint_url=endpoint),
        uncounted.client("events", endpoint_url=endpoint),
        uncounted.client("sqs", endpoint_url=endpoint),
    )


class Killed(BaseException):
    """The function ends here, as if its process were gone: it handles nothing any more."""


class Context(LambdaContext):
    """What Lambda tells a function about one invocation."""

    _function_name = "function"
    _memory_limit_in_mb = 512
    _invoked_function_arn = "arn:aws:lambda:eu-central-1:123456789012:function:function"
    _aws_request_id = "lambda-request-id"

    @staticmethod
    def get_remaining_time_in_millis() -> int:
        return 60_000


@dataclass(frozen=True)
class Response:
    """An answer of the API, as the gateway would pass it on; names of headers in lower case."""

    status: int
    headers: dict[str, str]
    text: str

    @classmethod
    def from_lambda(cls, given: dict[str, Any]) -> "Response":
        """Read what a function has handed to the gateway."""
        headers = {name.lower(): values[0] for name, values in given["multiValueHeaders"].items()}
        return cls(status=given["statusCode"], headers=headers, text=given["body"])

    @property
    def body(self) -> Any:
        return json.loads(self.text)

    @property
    def pointers(self) -> list[str]:
        """Return the fields at fault, after a look at the problem document's own form."""
        problem = self.body
        assert self.headers["content-type"] == "application/problem+json"
        assert problem["status"] == self.status
        assert problem.keys() - {"errors"} == {"type", "title", "status", "detail", "instance"}
        return [each["pointer"] for each in problem.get("errors", ())]


@dataclass
class Cloud:
    """One account of AWS with the stack's table in it."""

    environment: pytest.MonkeyPatch
    written: io.StringIO
    calls: list[str] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)
    variables: dict[str, str] = field(default_factory=dict)
    published: list[str] = field(default_factory=list)
    verify_requests: list[str] = field(default_factory=list)
    canaries: Canaries = field(default_factory=Canaries)
    endpoint: str | None = None

    def __post_init__(self) -> None:
        self.dynamodb, self.secrets_manager, self.eventbridge, self.sqs = _onlooker(self.endpoint)
        self.table = sam_template.environment("api")["TABLE_NAME"]
        self.variables["AWS_ENDPOINT_URL"] = self.endpoint or ""
        self.add_table()
        self._answers: dict[str, Exception | tuple[AWSResponse, dict[str, Any]]] = {}
        self._losses: dict[str, Exception] = {}
        self._end: tuple[int, bool] | None = None
        self._events = session().get_component("event_emitter")
        self._events.register_first("before-call.*.*", self._before)
        self._events.register_first("after-call.*.*", self._after)

    def close(self) -> None:
        """Let go of the session, of which later tests make their clients."""
        self._events.unregister("before-call.*.*", self._before)
        self._events.unregister("after-call.*.*", self._after)

    @property
    def keys(self) -> set[str]:
        """Return the keys that must not be seen outside Secrets Manager; a test may add its own."""
        return self.canaries.keys

    def _before(self, model: Any, params: dict[str, Any], **_: Any) -> Any:
        service = model.service_model.service_name
        operation = f"{service}:{model.name}"
        self.calls.append(operation)
        self._take_note(service, str(params["body"]))
        if self._end == (len(self.calls), False):
            raise Killed
        answer = self._answers.get(operation)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _take_note(self, service: str, request: str) -> None:
        """Keep what AWS is sent, for the search: header values belong in the table alone, keys in no other service.

        But for the question whether a provider takes a key.
        """
        if service == "lambda":
            self.verify_requests.append(request)
        elif service != "secretsmanager":
            (self.outputs if service == "dynamodb" else self.published).append(request)

    def _after(self, model: Any, **_: Any) -> None:
        if self._end == (len(self.calls), True):
            raise Killed
        error = self._losses.get(f"{model.service_model.service_name}:{model.name}")
        if error is not None:
            raise error

    def fail(self, operation: str, failure: Exception | tuple[str, int], message: str = f"Refused: {API_KEY}") -> None:
        """Let an operation, such as dynamodb:GetItem, fail in the client or with AWS's error code and status."""
        self._answers[operation] = failure if isinstance(failure, Exception) else _refusal(*failure, message)

    def lose_response(self, operation: str, error: Exception) -> None:
        """Let an operation succeed and its answer be lost."""
        self._losses[operation] = error

    def kill(self, call: int, *, after: bool) -> None:
        """Kill the function at a call, counted from 1 and from now on: before AWS gets it, or after AWS has done it."""
        self.calls.clear()
        self._end = call, after

    def respond(self, operation: str, answer: dict[str, Any]) -> None:
        """Let an operation answer with this, whatever there is."""
        self._answers[operation] = _http(200), answer

    def recover(self) -> None:
        self._answers.clear()
        self._losses.clear()
        self._end = None

    def function(self, name: str) -> Callable[[dict[str, Any]], Any]:
        """Load a function afresh, with the environment that the template declares and what a test has set of it."""
        for variable, value in sam_template.environment(name).items():
            self.environment.setenv(variable, self.variables.get(variable, value))
        module = f"functions.{name}.handler"
        sys.modules.pop(module, None)
        handler = importlib.import_module(module).lambda_handler
        return lambda event: self.invoke(handler, event)

    def invoke(self, handler: Callable[[dict[str, Any], LambdaContext], Any], event: dict[str, Any]) -> Any:
        """Invoke a handler as Lambda does."""
        self.canaries.plant(event)
        try:
            answer = handler(event, Context())
        except Exception as error:
            self.published += [*traceback.format_exception(error), repr(error)]
            raise
        shown = dict(answer or {})
        # What is handed out to be used: an access key the one time that it is shown, and what opens a provider.
        handed_out = HANDED_OUT & shown.keys()
        self.canaries.keys |= {text for name in handed_out for text in _texts(shown.pop(name))}
        self.outputs.append(json.dumps(shown))
        return answer

    def api(self, event: dict[str, Any]) -> Response:
        """Send a request of the gateway to the API's function."""
        return self.http("api", event)

    def http(self, function: str, event: dict[str, Any]) -> Response:
        """Send a request of the gateway to a function."""
        return Response.from_lambda(self.function(function)(event))

    def add_table(self) -> None:
        """Add the stack's table."""
        self.dynamodb.create_table(**sam_template.table(self.table))

    def add_bus(self) -> None:
        """Add the stack's event bus."""
        self.eventbridge.create_event_bus(Name=sam_template.environment("sweep")["EVENT_BUS_NAME"])

    def items(self, prefix: str = "") -> list[dict[str, Any]]:
        """Return the table's items whose sort key begins so."""
        found = self.dynamodb.scan(TableName=self.table)["Items"]
        return [item for item in found if item["sk"]["S"].startswith(prefix)]

    def secrets(self) -> list[dict[str, Any]]:
        """Return everything about every secret but its value."""
        return [dict(each) for each in self.secrets_manager.list_secrets()["SecretList"]]

    def stored_keys(self) -> list[str]:
        """Return the values of all secrets."""
        return [self.secrets_manager.get_secret_value(SecretId=each["ARN"])["SecretString"] for each in self.secrets()]

    def referenced_key(self) -> str:
        """Return the key that the one integration there is names."""
        [item] = self.items("INTEGRATION#")
        named = {"SecretId": item["secret_arn"]["S"], "VersionId": item["secret_version"]["S"]}
        return self.secrets_manager.get_secret_value(**named)["SecretString"]

    def leaks(self, *texts: str) -> list[str]:
        """Return what shows more than it may, of these texts and of all that the functions said and left."""
        secrets = json.dumps(self.secrets(), default=str)
        shown = self.canaries.texts_with_keys([*self.outputs, json.dumps(self.items())])
        return shown + self.canaries.texts_with_canaries([*texts, *self.published, secrets])

    def log(self) -> list[dict[str, Any]]:
        """Return what the functions have logged."""
        return [json.loads(line) for line in self.written.getvalue().splitlines()]


def _texts(value: str | dict[str, str]) -> set[str]:
    return {value} if isinstance(value, str) else set(value.values())


def _refusal(code: str, status: int, message: str) -> tuple[AWSResponse, dict[str, Any]]:
    error = {"Code": code, "Message": message}
    parsed = {"Error": error, "ResponseMetadata": {"HTTPStatusCode": status, "RequestId": "aws-request-id"}}
    return _http(status), parsed


def _http(status: int) -> AWSResponse:
    return AWSResponse("https://aws.test", status, HTTPHeaders(), None)


@pytest.fixture
def cloud(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> Iterator[Cloud]:
    """Return an empty account with the stack's table; look afterwards for keys in everything that can be seen."""
    with mock_aws(), leak_search(Cloud(environment=monkeypatch, written=io.StringIO()), capfd, caplog) as made:
        yield made


@contextmanager
def leak_search(cloud: Cloud, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> Iterator[Cloud]:
    """Look for keys in everything that can be seen when it ends."""
    stream = logger.registered_handler.setStream(cloud.written)  # type: ignore[attr-defined]
    caplog.set_level("INFO")
    yield cloud
    logger.registered_handler.setStream(stream)  # type: ignore[attr-defined]
    cloud.close()
    leaks = cloud.leaks(cloud.written.getvalue(), caplog.text, *capfd.readouterr())
    assert not leaks, "a key or a header value has been seen where it does not belong"
