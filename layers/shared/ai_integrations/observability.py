"""The Logger and Metrics of all functions, and logging of unexpected errors without leaking keys.

There is no Tracer: its X-Ray SDK is in maintenance mode and adds 50-150 million instructions to a cold start. Lambda's
active tracing creates the segments without it.
"""

import json
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import wraps
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger, Metrics
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    from aws_lambda_powertools.utilities.typing import LambdaContext

    from ai_integrations.bootstrap.aws_calls import AwsCalls

    ResultT = TypeVar("ResultT")
    Handler = Callable[[dict[str, Any], LambdaContext], ResultT]

MAX_TEXT_LENGTH = 1_024  # longer than every valid id, ARN and user name


def serialize(line: Mapping[str, Any]) -> str:
    """Render a log line in ASCII, without the rest of long texts.

    JSON escapes line breaks and all other control characters, so no value can end the line and forge another one.
    """
    bounded = {name: text[:MAX_TEXT_LENGTH] if isinstance(text, str) else text for name, text in line.items()}
    return json.dumps(bounded, separators=(",", ":"), default=str)


logger = Logger(json_serializer=serialize)
metrics = Metrics(namespace="AIIntegrations")


def logs_invocation(calls: "AwsCalls") -> "Callable[[Handler[ResultT]], Handler[ResultT]]":
    """Log with Lambda's context, and end each invocation with a line about its duration and AWS calls."""

    def decorate(handler: "Handler[ResultT]") -> "Handler[ResultT]":
        @logger.inject_lambda_context(clear_state=True)
        @wraps(handler)
        def invoke(event: dict[str, Any], context: "LambdaContext") -> "ResultT":
            calls.restart()
            try:
                return handler(event, context)
            finally:
                logger.info("invocation ended", **calls.log_fields())

        return invoke

    return decorate


class LoggedError(Exception):
    """An unexpected error occurred; its details are in the log."""


@contextmanager
def hide_exception_messages() -> Iterator[None]:
    """Log unexpected exceptions without their message, which may contain a key, and re-raise as LoggedError."""
    try:
        yield
    except Exception as error:  # noqa: BLE001 - the message of any exception may contain a key
        logger.error("unexpected error", **describe(error))  # noqa: TRY400 - a traceback contains the message
        raise LoggedError from None


def log_texts(request: object, **members: str) -> None:
    """Add members of a request to all later lines of the invocation. `members` maps log fields to names of members.

    A member that is not a text is left out: the request was not validated, so it may be anything.
    """
    sent = request if isinstance(request, Mapping) else {}
    values = {field: sent.get(member) for field, member in members.items()}
    # None removes the value of another request in the same invocation.
    logger.append_keys(**{field: value if isinstance(value, str) else None for field, value in values.items()})


def describe(error: BaseException) -> dict[str, Any]:
    """List the facts of an error that are safe to log: its type and stack, and AWS's error code and request id.

    The message is omitted: botocore, pydantic and others include their input in it, which may be a key.
    """
    facts: dict[str, Any] = {
        "error": f"{type(error).__module__}.{type(error).__qualname__}",
        "stack": [
            f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)
        ],
    }
    if isinstance(error, ClientError):
        facts["aws_operation"] = error.operation_name
        facts["aws_error_code"] = error.response.get("Error", {}).get("Code")
        facts["aws_request_id"] = error.response.get("ResponseMetadata", {}).get("RequestId")
    return facts
