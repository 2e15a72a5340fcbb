"""The outputs of a deployed stack, in a form that a shell can evaluate."""

import shlex
from collections.abc import Iterator, Mapping
from typing import Any


def stack_outputs(cloudformation: Any, stack: str) -> dict[str, str]:  # noqa: ANN401 - a boto3 client without stubs
    """Return the values of the stack's outputs by their keys."""
    [described] = cloudformation.describe_stacks(StackName=stack)["Stacks"]
    return {each["OutputKey"]: each["OutputValue"] for each in described["Outputs"]}


def shell_assignments(outputs: Mapping[str, str]) -> Iterator[str]:
    """Yield one shell assignment per output, sorted by key."""
    for name, value in sorted(outputs.items()):
        yield f"{name}={shlex.quote(value)}"
