"""The stack's parameters, as they come in the environment."""


def hosts(text: str) -> frozenset[str]:
    """Return the names in a list that is separated by commas, in lower case."""
    return frozenset(host.strip().lower() for host in text.split(",") if host.strip())
