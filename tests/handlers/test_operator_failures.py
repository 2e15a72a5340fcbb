"""The commands of operators name the stack. Without a variable, a stack or a connection they print what to do."""

import json
import re
from collections.abc import Iterator

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.session import get_session
from moto import mock_aws
from pytest_socket import enable_socket  # type: ignore[import-untyped]
from tools.operations.__main__ import main
from tools.operations.aws_failures import THROTTLED, explained

REGION = "eu-central-1"
QUEUES = {
    "ProvisioningDeadLetterQueueUrl": "dead-requests",
    "ProvisioningQueueUrl": "requests",
    "StreamDeadLetterQueueUrl": "dead-changes",
}


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Return an environment with credentials and a region, and without the machine's other settings."""
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_MAX_ATTEMPTS": "1",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    return monkeypatch


def failure_of(*arguments: str) -> str:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    message = str(caught.value.code)
    assert "\n" not in message
    return message


@pytest.mark.usefixtures("shell")
@pytest.mark.parametrize("removals", ["", "-1", "2.5", "all"])
def test_confirm_sweep_without_a_number_of_removals_shows_the_command(removals: str) -> None:
    assert "make confirm-sweep REMOVALS=…" in failure_of("confirm-sweep", f"--removals={removals}")


@pytest.mark.usefixtures("shell")
def test_command_with_an_empty_name_of_a_stack_suggests_to_name_it() -> None:
    assert failure_of("outputs", "--stack", "") == "The name of the stack is missing: STACK=…"


@pytest.mark.usefixtures("shell")
@pytest.mark.parametrize(
    "arguments",
    [
        ["dead-requests"],
        ["replay-requests"],
        ["replay-changes"],
        ["sweep-findings"],
        ["confirm-sweep", "--removals", "1"],
    ],
    ids=lambda each: each[0],
)
def test_command_for_the_stack_of_another_service_suggests_to_name_another(arguments: list[str]) -> None:
    with mock_aws():
        template = json.dumps({"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}})
        boto3.client("cloudformation").create_stack(StackName="ai-integrations", TemplateBody=template)
        assert failure_of(*arguments).endswith("Name another with STACK=…")


@pytest.mark.usefixtures("shell")
def test_command_without_the_stack_names_it_and_its_region() -> None:
    with mock_aws():
        assert failure_of("outputs").startswith(f"There is no stack ai-integrations in {REGION}. Name it with STACK=…")


def test_command_without_a_region_suggests_to_set_it(shell: pytest.MonkeyPatch) -> None:
    shell.delenv("AWS_DEFAULT_REGION")
    assert "Set AWS_DEFAULT_REGION" in failure_of("outputs")


def test_command_without_credentials_suggests_to_check_them(shell: pytest.MonkeyPatch) -> None:
    shell.delenv("AWS_ACCESS_KEY_ID")
    shell.delenv("AWS_SECRET_ACCESS_KEY")
    assert failure_of("outputs").startswith("Unable to locate credentials. Check the AWS credentials")


def test_command_without_a_profile_suggests_to_check_the_credentials(shell: pytest.MonkeyPatch) -> None:
    shell.setenv("AWS_PROFILE", "missing")
    assert "Check the AWS credentials" in failure_of("outputs")


def test_command_without_a_connection_suggests_to_start_the_local_stack(shell: pytest.MonkeyPatch) -> None:
    enable_socket()
    shell.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    assert failure_of("outputs").endswith("start it: make local")


def rejection(code: str, status: int) -> ClientError:
    return ClientError({"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}, "Invoke")  # type: ignore[typeddict-item]


@pytest.mark.parametrize(
    ("code", "status"), [("Throttling", 400), ("TooManyRequestsException", 429), ("EC2ThrottledException", 502)]
)
def test_throttled_command_suggests_to_wait(code: str, status: int) -> None:
    assert "Wait, then run the command again." in explained(rejection(code, status))


def test_command_that_fails_in_aws_suggests_to_run_it_again() -> None:
    assert explained(rejection("ServiceException", 500)).endswith("Run the command again later.")


def test_denied_command_suggests_to_check_the_permissions() -> None:
    assert "and their permissions" in explained(rejection("AccessDeniedException", 403))


@pytest.mark.parametrize(
    ("service", "operations"),
    {
        "cloudformation": ["DescribeStacks"],
        "dynamodbstreams": ["DescribeStream", "GetRecords", "GetShardIterator"],
        "lambda": ["Invoke"],
        "sqs": ["ChangeMessageVisibility", "DeleteMessage", "ReceiveMessage", "SendMessage"],
    }.items(),
)
def test_every_throttling_error_that_a_command_can_get_is_known(service: str, operations: list[str]) -> None:
    model = get_session().get_service_model(service)
    codes = {shape.name for name in operations for shape in model.operation_model(name).error_shapes}
    # The queues use no KMS key.
    throttling = {
        code for code in codes if re.search("^(?!Kms).*(Throttl|TooManyRequests|LimitExceeded|OverLimit)", code)
    }
    assert throttling <= THROTTLED


@pytest.fixture
def stack_with_empty_queues(shell: pytest.MonkeyPatch) -> Iterator[None]:  # noqa: ARG001 the environment
    with mock_aws():
        resources = {name: {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": name}} for name in QUEUES.values()}
        resources = {name.replace("-", ""): resource for name, resource in resources.items()}
        outputs = {key: {"Value": {"Ref": name.replace("-", "")}} for key, name in QUEUES.items()}
        outputs["PublishChangesFunctionName"] = {"Value": "publish-changes"}  # type: ignore[dict-item]
        template = json.dumps({"Resources": resources, "Outputs": outputs})
        boto3.client("cloudformation").create_stack(StackName="ai-integrations", TemplateBody=template)
        yield


@pytest.mark.usefixtures("stack_with_empty_queues")
@pytest.mark.parametrize("command", ["dead-requests", "replay-requests", "replay-changes"])
def test_command_with_an_empty_queue_prints_the_stack_and_none_to_standard_error(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    main([command])
    assert capsys.readouterr() == ("", f"Stack ai-integrations in {REGION}:\nnone\n")
