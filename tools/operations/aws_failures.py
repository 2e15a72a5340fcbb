"""What an operator reads if a command cannot use AWS: what happened and what to do, in one line."""

from http import HTTPStatus

from botocore import exceptions

LOCAL_STACK = "For the local stack: set -a; . .local/connection.env; set +a"
CHECK_CREDENTIALS = f"Check the AWS credentials of this shell and their permissions. {LOCAL_STACK}"
CHECK_NETWORK = "Check the network. For the local stack, start it: make local"
RUN_AGAIN = "AWS failed. Run the command again later."
WAIT = (
    "AWS throttles this request. Wait, then run the command again. If AWS throttles it each time, check the function's "
    "reserved concurrency and the quotas of the AWS account."
)
# Of AWS Lambda, SQS, DynamoDB Streams and CloudFormation, in their models and
# https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/CommonErrors.html.
THROTTLED = frozenset(
    {
        "EC2ThrottledException",
        "LimitExceededException",
        "OverLimit",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)
ADVICE: tuple[tuple[type[Exception], str], ...] = (
    (exceptions.NoRegionError, f"Set AWS_DEFAULT_REGION to the region of the stack. {LOCAL_STACK}"),
    (exceptions.ConnectionError, CHECK_NETWORK),
    (exceptions.HTTPClientError, CHECK_NETWORK),
)


class StackError(Exception):
    """No stack of this service has the given name."""


class MissingStackError(StackError):
    """There is no stack with this name."""

    def __init__(self, stack: str, region: str) -> None:
        super().__init__(
            f"There is no stack {stack} in {region}. Name it with STACK=…, and its region with AWS_DEFAULT_REGION."
        )


class OtherStackError(StackError):
    """The stack lacks an output that every stack of this service has."""

    def __init__(self, output: str) -> None:
        super().__init__(
            f"The stack has no output {output}: it belongs to another service or release. Name another with STACK=…"
        )


def explained(error: exceptions.BotoCoreError | exceptions.ClientError) -> str:
    """Append the advice to the SDK's message."""
    return f"{str(error).rstrip('.')}. {_advice(error)}"


def _advice(error: exceptions.BotoCoreError | exceptions.ClientError) -> str:
    """Choose the advice. The SDK raises BotoCoreError without a response, ClientError with one."""
    if isinstance(error, exceptions.BotoCoreError):
        return next((text for kind, text in ADVICE if isinstance(error, kind)), CHECK_CREDENTIALS)
    if error.response["Error"]["Code"] in THROTTLED:
        return WAIT
    is_fault_of_aws = error.response["ResponseMetadata"]["HTTPStatusCode"] >= HTTPStatus.INTERNAL_SERVER_ERROR
    return RUN_AGAIN if is_fault_of_aws else CHECK_CREDENTIALS
