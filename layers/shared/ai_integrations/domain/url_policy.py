"""Decide from the text of a URL whether an API key may be sent there.

Creating an integration needs no DNS query. The SSRF guard also checks the resolved addresses when it connects
(`key_access/outbound/guard.py`).
"""

import re
import socket
from collections.abc import Collection, Iterator
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import SplitResult, urlsplit

MAX_URL_LENGTH = 2048
DEFAULT_PORTS = {"http": 80, "https": 443}

_HOST_NAME = r"(?=.{1,253}$)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*"
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
_METADATA_NAMES = frozenset({"metadata.goog"})  # the one name of a metadata service that looks public
_METADATA_ADDRESSES = frozenset({IPv4Address("168.63.129.16")})  # Azure's, which also looks public
_GLOBAL_UNICAST = IPv6Network("2000::/3")  # all that IANA has allocated to the public internet
_DOCUMENTATION = IPv6Network("3fff::/20")  # RFC 9637; older Python versions report it as global
_TRANSLATED = IPv6Network("64:ff9b::/96")  # NAT64: the last 32 bits are an IPv4 address (RFC 6052)


class RefusedDestinationError(ValueError):
    """The URL or address is not allowed. The message completes "The URL …" and repeats no part of the URL."""


def check_url(url: str, allowed_private_hosts: Collection[str]) -> None:
    """Raise RefusedDestinationError if no key may be sent to the URL.

    `allowed_private_hosts` are names and addresses in lower case that may be private and may use `http`.
    """
    parts = _split(url)
    host = _host(parts)
    if host in allowed_private_hosts:
        schemes = {"http", "https"}
    else:
        schemes = {"https"}
        _check_public(host)
    if parts.scheme not in schemes:
        raise RefusedDestinationError("must start with https://")


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Check whether an address, and every IPv4 address that it embeds, belongs to the public internet."""
    if isinstance(address, IPv4Address):
        return address.is_global and not address.is_multicast and address not in _METADATA_ADDRESSES
    ipv4 = address.ipv4_mapped or _translated(address)
    if ipv4 is not None:
        return is_public(ipv4)
    allocated = address in _GLOBAL_UNICAST and address not in _DOCUMENTATION
    return all(map(is_public, _embedded(address))) and allocated and address.is_global


def destination(url: str) -> tuple[str, str, int | None]:
    """Extract scheme, host and port, which a key is bound to, in one notation for all equal ones."""
    parts = urlsplit(url)
    host = _host(parts)
    return parts.scheme, str(_as_address(host) or host), parts.port or DEFAULT_PORTS.get(parts.scheme)


def _split(url: str) -> SplitResult:
    if len(url) > MAX_URL_LENGTH or not url.isascii() or not url.isprintable() or set(url) & set(' \\"<>^`{|}'):
        raise RefusedDestinationError(f"must have at most {MAX_URL_LENGTH} characters, all of them valid in a URL")
    try:
        parts = urlsplit(url)
        valid = bool(parts.hostname) and parts.port != 0 and _brackets_hold_ipv6(parts)
    except ValueError:
        valid = False
    if not valid:
        raise RefusedDestinationError("must contain a valid host")
    if "@" in parts.netloc:
        raise RefusedDestinationError("must not contain credentials")
    if "#" in url:
        raise RefusedDestinationError("must not contain a fragment")
    return parts


def _brackets_hold_ipv6(parts: SplitResult) -> bool:
    """Check that brackets are used for IPv6 addresses only, and that none has a zone, which is local to a machine."""
    return ("[" in parts.netloc) == (":" in (parts.hostname or "")) and "%" not in parts.netloc


def _host(parts: SplitResult) -> str:
    return (parts.hostname or "").removesuffix(".")


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


def _as_address(host: str) -> IPv4Address | IPv6Address | None:
    """Parse an address in every notation that network libraries accept: 127.1, 0x7f000001, 017700000001."""
    try:
        return ip_address(host)
    except ValueError:
        pass
    try:
        return IPv4Address(socket.inet_aton(host))
    except (OSError, ValueError):
        return None


def _translated(address: IPv6Address) -> IPv4Address | None:
    return IPv4Address(int(address) & 0xFFFFFFFF) if address in _TRANSLATED else None


def _embedded(address: IPv6Address) -> Iterator[IPv4Address]:
    for inner in (address.sixtofour, *(address.teredo or ())):
        if inner is not None:
            yield inner
