"""Compose functions/custom_resource."""

from typing import NamedTuple

from ai_integrations.adapters.cloudformation import CloudFormation
from ai_integrations.bootstrap import aws_clients
from ai_integrations.bootstrap.init_phase import ends_init
from ai_integrations.bootstrap.integrations import integrations
from ai_integrations.use_cases.custom_resource import CustomResource


class CustomResourceParts(NamedTuple):
    """What the function calls."""

    resource: CustomResource
    cloudformation: CloudFormation


@ends_init
def custom_resource() -> CustomResourceParts:
    """Build the use case and the client of CloudFormation's response URLs."""
    return CustomResourceParts(
        resource=CustomResource(integrations(aws_clients.dynamodb())), cloudformation=CloudFormation()
    )
