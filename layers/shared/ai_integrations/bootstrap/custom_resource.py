"""Compose functions/custom_resource."""

import os
from typing import NamedTuple

from ai_integrations.adapters.cloudformation import CloudFormationResponder, response_hosts
from ai_integrations.adapters.dynamodb.senders import DynamoDbSenders
from ai_integrations.bootstrap import aws_clients
from ai_integrations.bootstrap.init_phase import ends_init
from ai_integrations.bootstrap.integrations import integrations
from ai_integrations.use_cases.custom_resource import CustomResource


class CustomResourceParts(NamedTuple):
    """The objects that the function calls."""

    resource: CustomResource
    cloudformation: CloudFormationResponder


@ends_init
def custom_resource() -> CustomResourceParts:
    """Build the use case and the sender of its responses."""
    is_emulated = bool(os.environ["AWS_ENDPOINT_URL"])  # empty on AWS (ADR 22)
    hosts = None if is_emulated else response_hosts(os.environ["AWS_DEFAULT_REGION"], os.environ["URL_SUFFIX"])
    client = aws_clients.dynamodb()
    return CustomResourceParts(
        resource=CustomResource(integrations(client), DynamoDbSenders(client, os.environ["TABLE_NAME"])),
        cloudformation=CloudFormationResponder(hosts),
    )
