"""Error responses of the functions that operators and programs invoke directly."""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

from ai_integrations.contracts import problems
from ai_integrations.domain.errors import AiIntegrationsError
from ai_integrations.observability import log_texts, logger

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

ResultT = TypeVar("ResultT")


def responds_with_problems(
    handler: Callable[[dict[str, Any], "LambdaContext"], ResultT],
) -> Callable[[dict[str, Any], "LambdaContext"], ResultT | Mapping[str, Any]]:
    """Return `{"problem": …}` (RFC 9457) for a domain error, so that Lambda does not report a function error.

    The log contains the identities in the request, rejected or not. Lambda does not pass on who invokes.
    """

    @wraps(handler)
    def responding(event: dict[str, Any], context: "LambdaContext") -> ResultT | Mapping[str, Any]:
        log_texts(event, action="action", account="account", user="user", consumer="consumer")
        try:
            return handler(event, context)
        except AiIntegrationsError as error:
            logger.info("request rejected", error=type(error).__name__)
            return {"problem": problems.document_for(error, context.aws_request_id)}

    return responding
