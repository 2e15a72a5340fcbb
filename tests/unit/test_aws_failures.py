"""Which errors of a function a retry can overcome."""

import pytest
from botocore.exceptions import ClientError, NoCredentialsError, ParamValidationError, ReadTimeoutError

from ai_integrations.adapters.aws_failures import may_succeed_later
from ai_integrations.adapters.eventbridge import UndeliveredError
from ai_integrations.domain.errors import ContentionError


def rejection(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code}}, "Operation")


@pytest.mark.parametrize(
    "error",
    [
        rejection("ThrottlingException"),
        rejection("AccessDeniedException"),
        rejection("InternalServerError"),
        rejection("ResourceNotFoundException"),
        ClientError({}, "Operation"),
        UndeliveredError("InternalFailure"),
        ReadTimeoutError(endpoint_url="https://x"),
        NoCredentialsError(),
        ContentionError(),
        TimeoutError(),
        OSError(),
    ],
    ids=repr,
)
def test_failure_of_aws_or_contention_may_succeed_later(error: Exception) -> None:
    assert may_succeed_later(error)


@pytest.mark.parametrize(
    "error",
    [
        rejection("ValidationException"),
        rejection("InvalidParameterException"),
        ParamValidationError(report=""),
        UndeliveredError("MalformedDetail"),
        UndeliveredError("InvalidArgument"),
        KeyError("created_at"),
        RecursionError(),
        ValueError(),
    ],
    ids=repr,
)
def test_invalid_request_or_error_of_our_code_fails_each_time(error: Exception) -> None:
    assert not may_succeed_later(error)
