"""Access tokens for clients that live longer than a token."""

import inspect
from collections.abc import Callable
from importlib import import_module

from ai_integrations_client.errors import UnsuitableError
from ai_integrations_client.resolved import ResolvedIntegration

Resolve = Callable[[], ResolvedIntegration]


def current(resolved: ResolvedIntegration | Resolve) -> ResolvedIntegration:
    """Resolve the integration, if it is given as a function."""
    return resolved() if callable(resolved) else resolved


def renewal(resolved: ResolvedIntegration | Resolve, first: ResolvedIntegration) -> Resolve | None:
    """Build a function that resolves again; None if `resolved` is not a function, or its result `first` has no token.

    The function raises UnsuitableError if a client that was created for `first` must not send the new credentials.
    """
    if not callable(resolved) or first.access_token is None:
        return None

    def renew() -> ResolvedIntegration:
        latest = resolved()
        if latest.access_token is None or latest.endpoints != first.endpoints:
            reason = "Its address or its kind of credentials has changed. Create a new client."
            raise UnsuitableError(reason, latest.name)
        return latest

    return renew


def parameter(library: str, client: str, name: str) -> inspect.Parameter | None:
    """Get a parameter of a client, which older releases of a library may not have."""
    try:
        return inspect.signature(getattr(import_module(library), client)).parameters.get(name)
    except (ImportError, AttributeError):
        return None
