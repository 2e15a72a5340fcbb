"""The description of one API operation, and the errors that operations share."""

from dataclasses import dataclass
from enum import Enum

from pydantic import BaseModel

from ai_integrations.contracts.problems import (
    ACCESS_FORBIDDEN,
    AUTHENTICATION_REQUIRED,
    INTERNAL,
    INVALID_REQUEST,
    RATE_LIMITED,
    UNAVAILABLE,
    UNPROCESSABLE,
    UNSUPPORTED_MEDIA_TYPE,
    Kind,
)
from ai_integrations.http import integrations

# Returned by API Gateway only: the type and title of an invalid request, with a status of its own.
TOO_LARGE = Kind(413, INVALID_REQUEST.fragment, INVALID_REQUEST.title)
# 403 is among them because a firewall in front of the API may reject any request.
COMMON_ERRORS = (ACCESS_FORBIDDEN, RATE_LIMITED, INTERNAL, UNAVAILABLE)
AUTHENTICATED_ERRORS = (INVALID_REQUEST, AUTHENTICATION_REQUIRED, *COMMON_ERRORS)
BODY_ERRORS = (TOO_LARGE, UNSUPPORTED_MEDIA_TYPE, UNPROCESSABLE)


def path_template(route: str) -> str:
    """Convert the path of a route to that of the document."""
    return route.replace("<", "{").replace(">", "}")


INTEGRATION_PATH = path_template(integrations.ONE)


class Security(Enum):
    """What a request must contain. The value is the name of the security scheme in the document."""

    ACCESS_KEY = "AccessKey"
    AWS_SIGNATURE = "AwsSignature"
    NOTHING = None


@dataclass(frozen=True, kw_only=True)
class Response:
    """A successful response. `body` is the type of a view, or the media type of a file that is served as it is."""

    status: int = 200
    description: str
    body: type | str | None = None
    headers: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One method of one path. Parameters, headers and examples are referenced by name."""

    id: str
    method: str
    path: str
    tag: str
    summary: str
    description: str
    response: Response
    errors: tuple[Kind, ...]
    body: type[BaseModel] | None = None
    body_required: bool = True
    body_examples: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()
    security: Security = Security.ACCESS_KEY
