"""The outputs of a deployed stack, in a form that a shell can evaluate."""

import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

from tools.operations.aws_failures import MissingStackError, OtherStackError


class StackOutputs(dict[str, str]):
    """The values of a stack's outputs by their keys. A missing key raises OtherStackError."""

    def __missing__(self, key: str) -> str:
        raise OtherStackError(key)


def stack_outputs(cloudformation: Any, stack: str) -> StackOutputs:  # noqa: ANN401 - a boto3 client without stubs
    """Return the values of the stack's outputs by their keys. Raises MissingStackError."""
    try:
        [described] = cloudformation.describe_stacks(StackName=stack)["Stacks"]
    except ClientError as error:
        # https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStacks.html
        if error.response["Error"]["Code"] != "ValidationError":
            raise
        raise MissingStackError(stack, cloudformation.meta.region_name) from error
    # A stack without outputs has no such member.
    return StackOutputs((each["OutputKey"], each["OutputValue"]) for each in described.get("Outputs", []))


def shell_assignments(outputs: Mapping[str, str]) -> Iterator[str]:
    """Yield one shell assignment per output, sorted by key."""
    for name, value in sorted(outputs.items()):
        yield f"{name}={shlex.quote(value)}"
