"""Describe the outcome of a request of a connection test: a failure, or a response."""

from http import HTTPStatus

from ai_integrations.domain.url_policy import RefusedDestinationError
from ai_integrations.key_access.outbound.deadline import DeadlinePassedError
from ai_integrations.key_access.outbound.guard import UnreachableError
from ai_integrations.key_access.outbound.http_messages import OutboundResponse

FAILURES = (RefusedDestinationError, UnreachableError, DeadlinePassedError)


def describe_failure(failure: Exception) -> str:
    """Describe why there is no response."""
    if isinstance(failure, RefusedDestinationError):
        return f"Nothing was sent: the base_url {failure}."
    return str(failure) or "The provider did not respond in time."


def describe_status(response: OutboundResponse) -> str:
    """Describe a response that is not a success."""
    if HTTPStatus.MULTIPLE_CHOICES <= response.status < HTTPStatus.BAD_REQUEST:
        return f"The provider redirected the request (status {response.status}). Keys are not sent to redirect targets."
    return f"The provider answered with status {response.status}."


def is_success(response: OutboundResponse) -> bool:
    """Check whether the provider accepted the request."""
    return HTTPStatus.OK <= response.status < HTTPStatus.MULTIPLE_CHOICES
