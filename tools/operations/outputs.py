"""The outputs of a deployed stack, in a form that a shell can evaluate."""

import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

from tools.operations.aws_failures import MissingStackError


def stack_outputs(cloudformation: Any, stack: str) -> dict[str, str]:  # noqa: ANN401 - a boto3 client without stubs
    """Return the values of the stack's outputs by their keys. Raises MissingStackError."""
    try:
        [described] = cloudformation.describe_stacks(StackName=stack)["Stacks"]
    except ClientError as error:
        # https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStacks.html
        if error.response["Error"]["Code"] != "ValidationError":
            raise
        raise MissingStackError(stack, cloudformation.meta.region_name) from error
    return {each["OutputKey"]: each["OutputValue"] for each in described["Outputs"]}


def shell_assignments(outputs: Mapping[str, str]) -> Iterator[str]:
    """Yield one shell assignment per output, sorted by key."""
    for name, value in sorted(outputs.items()):
        yield f"{name}={shlex.quote(value)}"
