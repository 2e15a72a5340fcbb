"""Parse stack parameters that functions receive as environment variables."""


def parse_hosts(text: str) -> frozenset[str]:
    """Split a comma-separated list of host names, and convert them to lower case."""
    return frozenset(host.strip().lower() for host in text.split(",") if host.strip())
