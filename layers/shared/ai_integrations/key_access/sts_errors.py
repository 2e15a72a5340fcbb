"""Distinguish what AWS STS rejects from what it could not answer."""

from http import HTTPStatus

from botocore.exceptions import ClientError

# Client errors (4xx) that are no decision about the request: throttling, and faults of the function's own credentials.
# https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html
_NO_REFUSALS = frozenset(
    {
        "ExpiredToken",
        "ExpiredTokenException",
        "IncompleteSignature",
        "InvalidClientTokenId",
        "MissingAuthenticationToken",
        "OptInRequired",
        "RequestExpired",
        "RequestLimitExceeded",
        "RequestTimeout",
        "RequestTimeoutException",
        "RequestThrottled",
        "SessionDurationEscalationException",  # the function's credentials end before the token would
        "SignatureDoesNotMatch",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "UnrecognizedClientException",
    }
)


def is_refusal(error: ClientError) -> bool:
    """Check whether AWS rejected the request, rather than failed to answer."""
    is_client_error = error.response["ResponseMetadata"]["HTTPStatusCode"] < HTTPStatus.INTERNAL_SERVER_ERROR
    return is_client_error and error.response["Error"]["Code"] not in _NO_REFUSALS


def describe_refusal(error: ClientError) -> str:
    """Combine AWS's code and message."""
    details = error.response["Error"]
    return f"{details['Code']}: {details.get('Message', '')}"
