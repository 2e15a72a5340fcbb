"""Decide from the text of a URL whether an API key may be sent there.

Creating an integration needs no DNS query. The SSRF guard also checks the resolved addresses when it connects
(`key_access/outbound/guard.py`).
"""

import re
import socket
from collections.abc import Collection
from ipaddress import IPv4Address, ip_address
from urllib.parse import SplitResult, urlsplit

from ai_integrations.domain.address_policy import Address, is_public

MAX_URL_LENGTH = 2048
DEFAULT_PORTS = {"http": 80, "https": 443}

_HOST_NAME = r"(?=.{1,253}$)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*"
# Brackets contain an IPv6 address, without a zone, which is local to a machine. urlsplit ignores text around them.
_AUTHORITY = r"([^@]*@)*(\[[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*\]|[^:@\[\]]*)(:[0-9]*)?"
_NUMERIC_LABEL = r"\d+|0x[0-9a-f]*"
# Domains of local networks: RFC 6761, 6762 and 8375, ICANN's reservation of .internal, and names that routers and
# clusters use.
_LOCAL_DOMAINS = frozenset(
    {
        "localhost",
        "local",
        "localdomain",
        "internal",
        "intranet",
        "lan",
        "home",
        "corp",
        "private",
        "svc",
        "arpa",
        "onion",
    }
)
# Names of metadata services that look public. Other names of theirs are local, such as metadata.google.internal.
_METADATA_NAMES = frozenset({"metadata.goog", "metadata.tencentyun.com", "api.metadata.cloud.ibm.com"})


class RefusedDestinationError(ValueError):
    """The URL or address is not allowed. The message completes "The URL …" and repeats no part of the URL."""


def check_url(url: str, allowed_private_hosts: Collection[str]) -> None:
    """Raise RefusedDestinationError if no key may be sent to the URL.

    `allowed_private_hosts` are entries of `parse_allowed_host`: hosts that may be private and may use `http`.
    """
    parts = _split(url)
    if is_allow_listed(url, allowed_private_hosts):
        schemes = {"http", "https"}
    else:
        schemes = {"https"}
        _check_public(extract_host(parts))
    if parts.scheme not in schemes:
        raise RefusedDestinationError("must start with https://")


def is_allow_listed(url: str, allowed_private_hosts: Collection[str]) -> bool:
    """Check whether the allow-list contains the host of a URL, for every port or for the port of the URL."""
    parts = urlsplit(url)
    entry = _bracket(extract_host(parts))
    return entry in allowed_private_hosts or f"{entry}:{extract_port(parts)}" in allowed_private_hosts


def parse_allowed_host(entry: str) -> str:
    """Parse an entry of the allow-list: a host name, an IPv4 address or an IPv6 address in brackets, perhaps a port.

    Raises:
        ValueError: the entry has another form.
    """
    parts = _split(f"https://{entry}")
    name = extract_host(parts)
    if parts.netloc != entry or (_as_address(name) is None and re.fullmatch(_HOST_NAME, name) is None):
        raise ValueError("An allowed host must be a name or an address, IPv6 in brackets, perhaps with a port.")
    return _bracket(name) if parts.port is None else f"{_bracket(name)}:{parts.port}"


def extract_host(parts: SplitResult) -> str:
    """Extract the host in lower case, without the dot of an absolute name. An IPv6 address is in its shortest form."""
    name = (parts.hostname or "").removesuffix(".")
    try:
        return str(ip_address(name))
    except ValueError:
        return name


def canonical_host(parts: SplitResult) -> str:
    """Extract the host in one notation for all equal ones: `8.8.2056` is 8.8.8.8."""
    host = extract_host(parts)
    return str(_as_address(host) or host)


def extract_port(parts: SplitResult) -> int:
    """Extract the port, or the default port of the scheme."""
    return parts.port or DEFAULT_PORTS.get(parts.scheme, 0)


def _bracket(name: str) -> str:
    return f"[{name}]" if ":" in name else name


def _split(url: str) -> SplitResult:
    if len(url) > MAX_URL_LENGTH or not url.isascii() or not url.isprintable() or set(url) & set(' \\"<>^`{|}'):
        raise RefusedDestinationError(f"must have at most {MAX_URL_LENGTH} characters, all of them valid in a URL")
    try:
        parts = urlsplit(url)
        valid = parts.port != 0 and re.fullmatch(_AUTHORITY, parts.netloc) is not None
    except ValueError:
        valid = False
    if not valid:
        raise RefusedDestinationError("must contain a valid host")
    if "@" in parts.netloc:
        raise RefusedDestinationError("must not contain credentials")
    if "#" in url:
        raise RefusedDestinationError("must not contain a fragment")
    return parts


def _check_public(host: str) -> None:
    address = _as_address(host)
    if address is not None:
        if not is_public(address):
            raise RefusedDestinationError("must not point to a non-public address")
        return
    labels = host.split(".")
    if re.fullmatch(_HOST_NAME, host) is None or re.fullmatch(_NUMERIC_LABEL, labels[-1]):
        raise RefusedDestinationError("must contain a valid host name")
    if len(labels) == 1 or labels[-1] in _LOCAL_DOMAINS or host in _METADATA_NAMES:
        raise RefusedDestinationError("must not point to a host in a local network")


def _as_address(host: str) -> Address | None:
    """Parse an address in every notation that network libraries accept: 127.1, 0x7f000001, 017700000001."""
    try:
        return ip_address(host)
    except ValueError:
        pass
    try:
        return IPv4Address(socket.inet_aton(host))
    except (OSError, ValueError):
        return None
