"""The request and the response of one outbound HTTP call."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class OutboundRequest:
    """An outbound request. URL, headers and body may contain a key, so `repr` omits them.

    `content_type` is sent if there is a body.
    """

    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes | None = field(default=None, repr=False)
    content_type: str = "application/json"
    max_bytes: int = 65_536


@dataclass(frozen=True, kw_only=True)
class OutboundResponse:
    """A response. Its body is cut off at the request's `max_bytes`; `truncated` shows whether that happened."""

    status: int
    body: bytes = field(repr=False)
    truncated: bool = False
