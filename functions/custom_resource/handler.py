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
from ai_integrations.observability import describe, logger

_resource = CustomResource(integrations(aws.dynamodb()))
_cloudformation = CloudFormation()

cold_start.end()


class UnfinishedError(Exception):
    """The request has been neither carried out nor refused: Lambda is to deliver it again."""


@logger.inject_lambda_context(clear_state=True)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> None:
    """Carry out one request of CloudFormation and answer it."""
    try:
        _carry_out(event, context.aws_request_id)
    except Exception as error:  # noqa: BLE001 - whatever it is, its text may hold what AWS was sent
        logger.error("resource not settled", request_type=event.get("RequestType"), **describe(error))
        raise UnfinishedError from None


def _carry_out(event: dict[str, Any], request_id: str) -> None:
    try:
        resource = _resource.handle(event)
    except ContentionError:
        raise
    except AiIntegrationsError as refusal:
        _cloudformation.fail(event, _reason(problem.document_of(refusal, request_id)))
        logger.info("resource refused", request_type=event["RequestType"], error=type(refusal).__name__)
        return
    _cloudformation.succeed(event, resource.physical_id, resource.attributes)
    logger.info("resource settled", request_type=event["RequestType"], physical_id=resource.physical_id)


def _reason(document: dict[str, Any]) -> str:
    at_fault = [f"{each['pointer']}: {each['detail']}" for each in document.get("errors", ())]
    return " ".join([document["detail"], *at_fault])
