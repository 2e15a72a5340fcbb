"""Read the AWS calls that a local stack recorded, and the state that IAM conditions refer to."""

import json
import re
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import unquote

from tools.local.aws import client
from tools.local.deployment import STACK

from tests.iam.authorization import Account, Call
from tests.iam.policies import ACCOUNT, REGION, Policies

# How to build an ARN from a physical id, by resource type.
_ARNS: Mapping[str, Callable[[str], str]] = {
    "AWS::DynamoDB::Table": lambda name: f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{name}",
    "AWS::Events::EventBus": lambda name: f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/{name}",
    "AWS::Lambda::Function": lambda name: f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}",
    "AWS::KMS::Key": lambda name: f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{name}",
    "AWS::Logs::LogGroup": lambda name: f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{name}:*",
    "AWS::SQS::Queue": lambda url: f"arn:aws:sqs:{REGION}:{ACCOUNT}:{url.rpartition('/')[2]}",
}


def policies(endpoint: str) -> Policies:
    """Read the policies of the running stack."""
    resources = client("cloudformation", endpoint).describe_stack_resources(StackName=STACK)["StackResources"]
    arns = {
        each["LogicalResourceId"]: _ARNS[each["ResourceType"]](each["PhysicalResourceId"])
        for each in resources
        if each["ResourceType"] in _ARNS
    }
    return Policies(stack=STACK, arns=arns)


def account(endpoint: str) -> Account:
    """Read the tags and encryption keys of all secrets, including those scheduled for deletion."""
    secrets_manager = client("secretsmanager", endpoint)
    pages = secrets_manager.get_paginator("list_secrets").paginate(IncludePlannedDeletion=True)
    # Described one by one, because the emulator's list lacks the encryption key.
    secrets = [secrets_manager.describe_secret(SecretId=each["ARN"]) for page in pages for each in page["SecretList"]]
    tags = {each["ARN"]: {tag["Key"]: tag["Value"] for tag in each.get("Tags", ())} for each in secrets}
    return Account(tags=tags, keys={each["ARN"]: each["KmsKeyId"] for each in secrets if each.get("KmsKeyId")})


def calls(endpoint: str) -> Iterator[Call]:
    """Yield the calls that functions made, newest first."""
    for each in _events(endpoint):
        event = json.loads(each["CloudTrailEvent"])
        function = re.search(r" app/(\w+)", event["userAgent"])
        if function:
            yield _call(function[1], event, each["Resources"])


def _events(endpoint: str) -> Iterator[Mapping[str, Any]]:
    """Yield all recorded events.

    The emulator returns 50 events without a pagination token, so each page ends at the time of the last event.
    """
    seen: set[str] = set()
    query: dict[str, float] = {}
    while True:
        page = [each for each in _page(endpoint, query) if each["EventId"] not in seen]
        if not page:
            return
        yield from page
        seen |= {each["EventId"] for each in page}
        query = {"EndTime": page[-1]["EventTime"]}


def _page(endpoint: str, query: Mapping[str, float]) -> list[dict[str, Any]]:
    """Send the request without an SDK, which would truncate times to whole seconds."""
    headers = {
        "Authorization": f"AWS4-HMAC-SHA256 Credential=test/20260101/{REGION}/cloudtrail/aws4_request",
        "Content-Type": "application/x-amz-json-1.1",
        "X-Amz-Target": "CloudTrail_20131101.LookupEvents",
    }
    request = urllib.request.Request(endpoint, data=json.dumps(query).encode(), headers=headers)  # noqa: S310 loopback
    with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310
        events: list[dict[str, Any]] = json.load(response)["Events"]
    return events


def _call(function: str, event: Mapping[str, Any], resources: list[Mapping[str, str]]) -> Call:
    parameters = event["requestParameters"]
    if event["eventName"] == "Invoke":  # its parameters are in the path, which the recorder keeps as the resource
        parameters = {"FunctionName": unquote(resources[0]["ResourceName"])}
    return Call(
        function=function,
        service=event["eventSource"].partition(".")[0],
        # The recorder does not recognize an operation whose name is in the body.
        operation=parameters.get("Action", event["eventName"]),
        parameters=parameters,
    )
