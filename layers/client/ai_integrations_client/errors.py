"""What can go wrong for a program that resolves integrations. No error has a key in it.

AiIntegrationsClientError
├── ConfigurationError   the client was not told whom to ask, or as whom
├── ResolutionError      the service, or IAM, has said no; asking again will not help
├── UnavailableError     the service has said nothing, and nothing usable is kept
└── UnsuitableError      the integration is not one that an adapter's library can use
"""

from collections.abc import Mapping, Sequence
from typing import Any


class AiIntegrationsClientError(Exception):
    """Anything that this package raises."""


class ConfigurationError(AiIntegrationsClientError):
    """The client was not told whom to ask, or as whom."""


class ResolutionError(AiIntegrationsClientError):
    """The service, or IAM, has said no: a problem (RFC 9457) as attributes.

    `status` is 404 for an integration that is not there or not visible, 409 for a key that is gone or a role that may
    not be assumed, 400 or 422 for a malformed request, 403 for a program that IAM does not let ask.
    """

    def __init__(self, problem: Mapping[str, Any]) -> None:
        self.type = str(problem.get("type", "about:blank"))
        self.title = str(problem.get("title", ""))
        self.status = int(problem.get("status", 0))
        self.detail = str(problem.get("detail", ""))
        self.instance = str(problem.get("instance", ""))
        self.errors: Sequence[Mapping[str, str]] = tuple(problem.get("errors", ()))
        super().__init__(f"{self.status} {self.title}: {self.detail}")


class UnavailableError(AiIntegrationsClientError):
    """The service has said nothing: time-outs, throttling, failures. `reason` is a word of AWS's or of Python's."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"AI integrations can not be reached: {reason}")


class UnsuitableError(AiIntegrationsClientError):
    """The integration is not one that an adapter's library can use."""
