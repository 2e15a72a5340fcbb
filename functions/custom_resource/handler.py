"""Manage the integrations that CloudFormation stacks declare as `Custom::AiIntegration`."""

from typing import TYPE_CHECKING, Any

from ai_integrations.bootstrap.aws_calls import aws_calls
from ai_integrations.bootstrap.custom_resource import custom_resource
from ai_integrations.contracts import problems
from ai_integrations.domain.errors import AiIntegrationsError, ContentionError
from ai_integrations.observability import hide_exception_messages, log_texts, logger, logs_invocation

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

_resource, _cloudformation = custom_resource()


@logs_invocation(aws_calls)
@hide_exception_messages()
def lambda_handler(event: dict[str, Any], context: "LambdaContext") -> None:
    """Handle one request of CloudFormation and report its result.

    A rejection is a result. Other failures propagate, so that Lambda retries the asynchronous invocation.
    """
    log_texts(event, request_type="RequestType", stack_id="StackId", logical_id="LogicalResourceId")
    log_texts(event.get("ResourceProperties"), account="Account", user="User")
    _cloudformation.check_url(event)
    try:
        resource = _resource.handle(event)
    except ContentionError:
        raise
    except AiIntegrationsError as rejection:
        _cloudformation.fail(event, _reason(problems.document_for(rejection, context.aws_request_id)))
        logger.info("resource rejected", error=type(rejection).__name__)
        return
    _cloudformation.succeed(event, resource.physical_id, resource.attributes)
    logger.info("resource provisioned", physical_id=resource.physical_id)


def _reason(document: dict[str, Any]) -> str:
    field_errors = [f"{each['pointer']}: {each['detail']}" for each in document.get("errors", ())]
    return " ".join([document["detail"], *field_errors])
