"""Errors of the client. None of them contains a key.

AiIntegrationsClientError
├── ConfigurationError   a required setting is missing, or settings contradict each other
├── ResolutionError      the service or IAM rejected the request; retrying does not help
├── UnavailableError     the service could not be reached, and no usable resolution is cached
└── UnsuitableError      the adapter's library cannot use the integration, or cannot use it in this environment
"""

from collections.abc import Mapping, Sequence
from typing import Any

from ai_integrations_client.resolve_request import ResolveRequest

_TEMPORARY = frozenset({424, 429})  # a provider did not issue an access token; throttling
_SERVER_ERRORS = 500


class AiIntegrationsClientError(Exception):
    """Base class of all errors of this package."""


class ConfigurationError(AiIntegrationsClientError):
    """A required setting is missing, or settings contradict each other."""


class ResolutionError(AiIntegrationsClientError):
    """The service or IAM rejected the request. The attributes are those of a problem document (RFC 9457).

    `status` is 404 if the integration does not exist or is not visible. It is 409 if its key is unavailable, if AWS
    rejected sts:AssumeRole, or if a token exchange was rejected. It is 400 or 422 if the request is malformed, and 403
    if no account granted this program access, or if IAM denied the call. `request` is what was requested.
    """

    def __init__(self, problem: Mapping[str, Any], request: ResolveRequest | None = None) -> None:
        self.type = str(problem.get("type", "about:blank"))
        self.title = str(problem.get("title", ""))
        self.status = int(problem.get("status", 0))
        self.detail = str(problem.get("detail", ""))
        self.instance = str(problem.get("instance", ""))
        self.errors: Sequence[Mapping[str, str]] = tuple(problem.get("errors", ()))
        self.request = request
        super().__init__(f"{_prefix(request)}{self.status} {self.title}: {self.detail}")


class UnavailableError(AiIntegrationsClientError):
    """The service could not be reached: timeout, throttling, server error, or no valid AWS credentials.

    `reason` is a short text: the service's explanation, or one that begins with an AWS error code or the name of an
    exception. `request` is what was requested.
    """

    def __init__(self, reason: str, request: ResolveRequest | None = None) -> None:
        self.reason = reason
        self.request = request
        super().__init__(f"{_prefix(request)}The AI integrations service is unavailable: {reason}")


class UnsuitableError(AiIntegrationsClientError):
    """The adapter's library cannot use the integration. `integration` is its name."""

    def __init__(self, reason: str, integration: str) -> None:
        self.integration = integration
        super().__init__(f"Integration {integration!r}: {reason}")


def problem_error(problem: Mapping[str, Any], request: ResolveRequest) -> ResolutionError | UnavailableError:
    """Build the error for a problem document. Raise AttributeError, TypeError or ValueError if it is malformed."""
    rejection = ResolutionError(problem, request)
    if rejection.status >= _SERVER_ERRORS or rejection.status in _TEMPORARY:
        return UnavailableError(rejection.detail or rejection.title, request)
    return rejection


def _prefix(request: ResolveRequest | None) -> str:
    return f"{request}: " if request else ""
