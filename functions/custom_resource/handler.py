"""Integrations that CloudFormation stacks declare as `Custom::AiIntegration`."""

from ai_integrations import cold_start

# isort: split
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from ai_integrations.bootstrap import aws
from ai_integrations.bootstrap.integrations import integrations
from ai_integrations.cloudformation import CloudFormation
from ai_integrations.custom_resource import CustomResource
from ai_integrations.errors import AiIntegrationsError, ContentionError
from ai_integrations.http import problem
from ai_integrations.observability import hiding_texts, logger

_resource = CustomResource(integrations(aws.dynamodb()))
_cloudformation = CloudFormation()

cold_start.end()


@logger.inject_lambda_context(clear_state=True)
@hiding_texts()
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> None:
    """Carry out one request of CloudFormation and answer it; what is neither carried out nor refused comes again."""
    logger.append_keys(request_type=event.get("RequestType"))
    try:
        resource = _resource.handle(event)
    except ContentionError:
        raise
    except AiIntegrationsError as refusal:
        _cloudformation.fail(event, _reason(problem.document_of(refusal, context.aws_request_id)))
        logger.info("resource refused", error=type(refusal).__name__)
        return
    _cloudformation.succeed(event, resource.physical_id, resource.attributes)
    logger.info("resource settled", physical_id=resource.physical_id)


def _reason(document: dict[str, Any]) -> str:
    at_fault = [f"{each['pointer']}: {each['detail']}" for each in document.get("errors", ())]
    return " ".join([document["detail"], *at_fault])
