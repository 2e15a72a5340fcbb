"""What a local stack has recorded: each function's calls of AWS, and what IAM knows of the things called for."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from local.aws import client
from local.deployment import STACK

from tests.iam.authorization import Account, Call
from tests.iam.policies import ACCOUNT, REGION, Policies

# By resource type, the ARN that a physical id stands for.
_ARNS: Mapping[str, Callable[[str], str]] = {
    "AWS::DynamoDB::Table": lambda name: f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{name}",
    "AWS::Events::EventBus": lambda name: f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/{name}",
    "AWS::KMS::Key": lambda name: f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{name}",
    "AWS::SQS::Queue": lambda url: f"arn:aws:sqs:{REGION}:{ACCOUNT}:{url.rpartition('/')[2]}",
}


def policies(endpoint: str) -> Policies:
    """Return the policies of the running stack."""
    resources = client("cloudformation", endpoint).describe_stack_resources(StackName=STACK)["StackResources"]
    arns = {
        each["LogicalResourceId"]: _ARNS[each["ResourceType"]](each["PhysicalResourceId"])
        for each in resources
        if each["ResourceType"] in _ARNS
    }
    return Policies(stack=STACK, arns=arns)


def account(endpoint: str) -> Account:
    """Return what is known of the secrets that there are, those included that wait to be deleted."""
    pages = client("secretsmanager", endpoint).get_paginator("list_secrets").paginate(IncludePlannedDeletion=True)
    secrets = [secret for page in pages for secret in page["SecretList"]]
    tags = {each["ARN"]: {tag["Key"]: tag["Value"] for tag in each.get("Tags", ())} for each in secrets}
    return Account(tags=tags, keys={each["ARN"]: each["KmsKeyId"] for each in secrets if each.get("KmsKeyId")})


def calls(endpoint: str) -> Iterator[Call]:
    """Yield the calls that functions have made, the newest first."""
    for page in client("cloudtrail", endpoint).get_paginator("lookup_events").paginate():
        for each in page["Events"]:
            event = json.loads(each["CloudTrailEvent"])
            made_by = re.search(r" app/(\w+)", event["userAgent"])
            if made_by:
                yield _call(made_by[1], event)


def _call(function: str, event: Mapping[str, Any]) -> Call:
    parameters = event["requestParameters"]
    return Call(
        function=function,
        service=event["eventSource"].partition(".")[0],
        # Where an operation's name is in the body, the recorder sees none.
        operation=parameters.get("Action", event["eventName"]),
        parameters=parameters,
    )
