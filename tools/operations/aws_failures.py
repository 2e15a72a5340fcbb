"""What an operator reads if a command cannot use AWS: what happened and what to do, in one line."""

from botocore import exceptions

LOCAL_STACK = "For the local stack: set -a; . .local/connection.env; set +a"
CHECK_CREDENTIALS = f"Check the AWS credentials of this shell and their permissions. {LOCAL_STACK}"
CHECK_NETWORK = "Check the network. For the local stack, start it: make local"
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
    """Append the advice to the SDK's message. The SDK raises BotoCoreError without a response, ClientError with one."""
    advice = next((text for kind, text in ADVICE if isinstance(error, kind)), CHECK_CREDENTIALS)
    return f"{str(error).rstrip('.')}. {advice}"
