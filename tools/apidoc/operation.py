"""What an operation of the API is, and what several have in common."""

from dataclasses import dataclass

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

# The one problem that is the gateway's alone: it has the type of an invalid request and a status of its own.
TOO_LARGE = Kind(413, INVALID_REQUEST.fragment, INVALID_REQUEST.title)
# A firewall before the gateway may refuse any call.
ALWAYS = (ACCESS_FORBIDDEN, RATE_LIMITED, INTERNAL, UNAVAILABLE)
OF_CALLERS = (INVALID_REQUEST, AUTHENTICATION_REQUIRED, *ALWAYS)
OF_BODIES = (TOO_LARGE, UNSUPPORTED_MEDIA_TYPE, UNPROCESSABLE)
ONE = integrations.ONE.replace("<", "{").replace(">", "}")


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A success; `body` is the type of a view or, for what is served from a file, a media type."""

    status: int = 200
    description: str
    body: type | str | None = None
    headers: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One method of one path; parameters, headers and examples go by their names in the modules beside this one."""

    id: str
    method: str
    path: str
    tag: str
    summary: str
    description: str
    answer: Answer
    errors: tuple[Kind, ...]
    body: type[BaseModel] | None = None
    body_required: bool = True
    body_examples: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()
    public: bool = False
