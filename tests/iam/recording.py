"""What a local stack has recorded: each function's calls of AWS, and what IAM knows of the things called for."""

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

# By resource type, the ARN that a physical id stands for.
_ARNS: Mapping[str, Callable[[str], str]] = {
    "AWS::DynamoDB::Table": lambda name: f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{name}",
    "AWS::Events::EventBus": lambda name: f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/{name}",
    "AWS::Lambda::Function": lambda name: f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}",
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
    secrets_manager = client("secretsmanager", endpoint)
    pages = secrets_manager.get_paginator("list_secrets").paginate(IncludePlannedDeletion=True)
    # One by one: the emulator's list leaves out the encryption key.
    secrets = [secrets_manager.describe_secret(SecretId=each["ARN"]) for page in pages for each in page["SecretList"]]
    tags = {each["ARN"]: {tag["Key"]: tag["Value"] for tag in each.get("Tags", ())} for each in secrets}
    return Account(tags=tags, keys={each["ARN"]: each["KmsKeyId"] for each in secrets if each.get("KmsKeyId")})


def calls(endpoint: str) -> Iterator[Call]:
    """Yield the calls that functions have made, the newest first."""
    for each in _events(endpoint):
        event = json.loads(each["CloudTrailEvent"])
        made_by = re.search(r" app/(\w+)", event["userAgent"])
        if made_by:
            yield _call(made_by[1], event, each["Resources"])


def _events(endpoint: str) -> Iterator[Mapping[str, Any]]:
    """Yield the record. The emulator tells fifty events and no token: each page is what is not after the last one's."""
    seen: set[str] = set()
    asked: dict[str, float] = {}
    while True:
        page = [each for each in _page(endpoint, asked) if each["EventId"] not in seen]
        if not page:
            return
        yield from page
        seen |= {each["EventId"] for each in page}
        asked = {"EndTime": page[-1]["EventTime"]}


def _page(endpoint: str, asked: Mapping[str, float]) -> list[dict[str, Any]]:
    """Ask without an SDK, which would cut the moments to whole seconds."""
    headers = {
        "Authorization": f"AWS4-HMAC-SHA256 Credential=test/20260101/{REGION}/cloudtrail/aws4_request",
        "Content-Type": "application/x-amz-json-1.1",
        "X-Amz-Target": "CloudTrail_20131101.LookupEvents",
    }
    request = urllib.request.Request(endpoint, data=json.dumps(asked).encode(), headers=headers)  # noqa: S310 loopback
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
        events: list[dict[str, Any]] = json.load(answer)["Events"]
    return events


def _call(function: str, event: Mapping[str, Any], resources: list[Mapping[str, str]]) -> Call:
    parameters = event["requestParameters"]
    if event["eventName"] == "Invoke":  # its parameters are in the path, of which the recorder keeps this
        parameters = {"FunctionName": unquote(resources[0]["ResourceName"])}
    return Call(
        function=function,
        service=event["eventSource"].partition(".")[0],
        # Where an operation's name is in the body, the recorder sees none.
        operation=parameters.get("Action", event["eventName"]),
        parameters=parameters,
    )
