"""Environment variables that would change an integration's address or credentials in a library."""

import os
from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module
from typing import Any, NoReturn
from urllib.parse import urlsplit

from ai_integrations_client.errors import UnsuitableError
from ai_integrations_client.resolved import ResolvedIntegration


def refuse(resolved: ResolvedIntegration, library: str, settings: Sequence[str]) -> NoReturn:
    """Raise UnsuitableError that names the settings."""
    reason = f"{library} would use {' and '.join(settings)} from the environment. Unset it for this program."
    raise UnsuitableError(reason, resolved.name)


def refuse_variables(resolved: ResolvedIntegration, library: str, variables: Iterable[str]) -> None:
    """Raise UnsuitableError if a variable is set, even if it is empty. For those that no argument overrides."""
    if found := [name for name in variables if name in os.environ]:
        refuse(resolved, library, found)


def refuse_flags(resolved: ResolvedIntegration, library: str, variables: Iterable[str]) -> None:
    """Raise UnsuitableError if a variable is `true`, in any case. For those that no argument overrides."""
    if found := [name for name in variables if os.environ.get(name, "").strip().lower() == "true"]:
        refuse(resolved, library, found)


def refuse_proxy(resolved: ResolvedIntegration, library: str, address: str | None) -> None:
    """Raise UnsuitableError if a proxy would receive the key unencrypted: the address is http, and the proxy applies.

    With https, a proxy only forwards the encrypted connection.
    """
    parts = urlsplit(address or "")
    if parts.scheme != "http":
        return
    from urllib.request import getproxies, proxy_bypass  # noqa: PLC0415 - slow to import, and rarely needed

    if {"http", "all"} & getproxies().keys() and not proxy_bypass(parts.netloc):
        names = [name for name in os.environ if name.lower() in {"http_proxy", "all_proxy"}]
        refuse(resolved, library, names or ["HTTP_PROXY"])


def omitted_headers(resolved: ResolvedIntegration, library: str, variables: Mapping[str, str]) -> dict[str, Any]:
    """Build headers that suppress those which the SDK `library` takes from `variables`, as far as these are set.

    Only an object of the library suppresses a header; UnsuitableError if it cannot be imported.
    """
    found = [name for name in variables if name in os.environ]
    if not found:
        return {}
    try:
        omit = import_module(library).Omit()
    except (ImportError, AttributeError):
        refuse(resolved, library, found)
    return {variables[name]: omit for name in found}
