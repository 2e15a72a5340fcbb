"""The log of an invocation."""

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

from ai_integrations.bootstrap.aws_calls import aws_calls
from ai_integrations.observability import logger

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

ResultT = TypeVar("ResultT")
Handler = Callable[[dict[str, Any], "LambdaContext"], ResultT]


def logs_invocation(handler: Handler[ResultT]) -> Handler[ResultT]:
    """Log with Lambda's context, and end each invocation with a line about its duration and AWS calls."""

    @logger.inject_lambda_context(clear_state=True)
    @wraps(handler)
    def invoke(event: dict[str, Any], context: "LambdaContext") -> ResultT:
        aws_calls.restart()
        try:
            return handler(event, context)
        finally:
            logger.info("invocation ended", **aws_calls.log_fields())

    return invoke
