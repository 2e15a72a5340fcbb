"""Entity tags, and conditional writes (RFC 9110, sections 8.8.3 and 13.1.1)."""

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ai_integrations.use_cases.ports import Versioned


def etag(resource: "Versioned") -> str:
    """Build the strong entity tag of a resource's current version."""
    return f'"{resource.id}.{resource.version}"'


def if_match(header: str | None) -> Callable[["Versioned"], bool]:
    """Build the condition of an If-Match header. Weak tags never match; without the header, every version matches."""
    if header is None or header.strip() == "*":
        return lambda _resource: True
    tags = {tag.strip() for tag in header.split(",")}
    return lambda resource: etag(resource) in tags
