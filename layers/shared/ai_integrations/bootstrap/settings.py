"""Parse stack parameters that functions receive as environment variables."""

from ai_integrations.domain.url_policy import parse_allowed_host


def parse_hosts(text: str) -> frozenset[str]:
    """Parse the allow-list: a comma-separated list of hosts, each perhaps with a port."""
    return frozenset(parse_allowed_host(entry.strip()) for entry in text.split(",") if entry.strip())
