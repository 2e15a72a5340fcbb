"""Entity tags, and conditional writes (RFC 9110, sections 8.8.3 and 13.1.1)."""

from ai_integrations.domain.model import Integration
from ai_integrations.use_cases.integrations import VersionCondition, any_version


def etag(integration: Integration) -> str:
    """Build the strong entity tag of an integration's current version."""
    return f'"{integration.id}.{integration.version}"'


def if_match(header: str | None) -> VersionCondition:
    """Build the condition of an If-Match header. Weak tags never match."""
    if header is None or header.strip() == "*":
        return any_version
    tags = {tag.strip() for tag in header.split(",")}
    return lambda integration: etag(integration) in tags
