"""`make outputs`: the outputs of a stack as shell assignments."""

import subprocess
from typing import Any

import pytest
from tools.operations.outputs import shell_assignments, stack_outputs

OUTPUTS = {"TableName": "ai-integrations-Table", "ApiUrl": "https://api.example.com/live?a=1&b=it's"}


class CloudFormation:
    def describe_stacks(self, *, StackName: str) -> dict[str, Any]:  # noqa: N803 - boto3's name
        assert StackName == "ai-integrations"
        outputs = [{"OutputKey": key, "OutputValue": value, "Description": "…"} for key, value in OUTPUTS.items()]
        return {"Stacks": [{"Outputs": outputs}]}


def test_stack_outputs_returns_values_by_key() -> None:
    assert stack_outputs(CloudFormation(), "ai-integrations") == OUTPUTS


def test_shell_assignments_are_sorted_by_key() -> None:
    assert [line.partition("=")[0] for line in shell_assignments(OUTPUTS)] == ["ApiUrl", "TableName"]


@pytest.mark.parametrize("key", OUTPUTS)
def test_shell_assignments_evaluate_to_the_output_values(key: str) -> None:
    script = "\n".join([*shell_assignments(OUTPUTS), f'printf %s "${key}"'])
    run = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True)  # noqa: S603, S607
    assert run.stdout == OUTPUTS[key]
