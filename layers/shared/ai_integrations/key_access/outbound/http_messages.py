"""The request and the response of one outbound HTTP call."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Request:
    """What is sent. The headers, and all that is left out of `repr`, may hold a key."""

    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes | None = field(default=None, repr=False)
    max_bytes: int = 65_536


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What came back; of a body that is longer than the request allows, only the beginning."""

    status: int
    body: bytes = field(repr=False)
    truncated: bool = False
