"""`make outputs`: the outputs of a stack as shell assignments."""

import subprocess
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tools.operations.aws_failures import MissingStackError
from tools.operations.outputs import shell_assignments, stack_outputs

OUTPUTS = {"TableName": "ai-integrations-Table", "ApiUrl": "https://api.example.com/live?a=1&b=it's"}


class CloudFormation:
    def describe_stacks(self, *, StackName: str) -> dict[str, Any]:  # noqa: N803 - boto3's name
        assert StackName == "ai-integrations"
        outputs = [{"OutputKey": key, "OutputValue": value, "Description": "…"} for key, value in OUTPUTS.items()]
        return {"Stacks": [{"Outputs": outputs}]}


def test_stack_outputs_returns_values_by_key() -> None:
    assert stack_outputs(CloudFormation(), "ai-integrations") == OUTPUTS


@pytest.mark.parametrize(("code", "raised"), [("ValidationError", MissingStackError), ("AccessDenied", ClientError)])
def test_only_a_validation_error_means_that_there_is_no_stack(code: str, raised: type[Exception]) -> None:
    class Rejecting:
        meta = SimpleNamespace(region_name="eu-central-1")

        def describe_stacks(self, **_: str) -> None:
            raise ClientError({"Error": {"Code": code}}, "DescribeStacks")

    with pytest.raises(raised):
        stack_outputs(Rejecting(), "ai-integrations")


def test_shell_assignments_are_sorted_by_key() -> None:
    assert [line.partition("=")[0] for line in shell_assignments(OUTPUTS)] == ["ApiUrl", "TableName"]


@pytest.mark.parametrize("key", OUTPUTS)
def test_shell_assignments_evaluate_to_the_output_values(key: str) -> None:
    script = "\n".join([*shell_assignments(OUTPUTS), f'printf %s "${key}"'])
    run = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True)  # noqa: S603, S607
    assert run.stdout == OUTPUTS[key]
