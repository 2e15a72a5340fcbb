"""The one Logger, and what may be logged of an unexpected error.

There is no Tracer: its X-Ray SDK is in maintenance and costs a cold start 50-150 million instructions, while Lambda's
active tracing gives the segments without it.
"""

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from botocore.exceptions import ClientError

logger = Logger()
metrics = Metrics(namespace="AIIntegrations")


class LoggedError(Exception):
    """Something unexpected has failed; the log says what."""


@contextmanager
def hide_exception_messages() -> Iterator[None]:
    """Let no unexpected error out with its text, which Lambda would log and show; log what is safe of it."""
    try:
        yield
    except Exception as error:  # noqa: BLE001 - whatever it is, its text may hold a key
        logger.error("failed", **describe(error))  # noqa: TRY400 - a traceback would end in the text
        raise LoggedError from None


def describe(error: BaseException) -> dict[str, Any]:
    """Return the facts of an error that are safe to log.

    Its text is left out: botocore, pydantic and others put their input into it, and the input may be a key. Of what
    AWS answered, the code and AWS's own request id are kept.
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
