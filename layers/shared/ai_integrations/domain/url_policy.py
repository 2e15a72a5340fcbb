"""Where a stored key may be sent, judged by the text of the URL alone, so that a create needs no name server.

Whoever connects checks the addresses that the name resolves to as well (architecture.md, "Secrets never travel").
"""

import re
import socket
from collections.abc import Collection, Iterator
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import SplitResult, urlsplit

MAX_URL_LENGTH = 2048

_HOST_NAME = r"(?=.{1,253}$)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*"
_NUMERIC_LABEL = r"\d+|0x[0-9a-f]*"
# Names of the local network: RFC 6761, 6762, 8375, the ICANN reservation of .internal, what routers and clusters use.
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
_METADATA_NAMES = frozenset({"metadata.goog"})  # of the cloud metadata services, the one that looks public
_METADATA_ADDRESSES = frozenset({IPv4Address("168.63.129.16")})  # Azure's, which looks public too
_GLOBAL_UNICAST = IPv6Network("2000::/3")  # all that IANA has handed out to the public internet
_DOCUMENTATION = IPv6Network("3fff::/20")  # RFC 9637, which not every Python knows yet
_TRANSLATED = IPv6Network("64:ff9b::/96")  # NAT64: the last 32 bits are an IPv4 address (RFC 6052)


class RefusedDestinationError(ValueError):
    """The text says why, without repeating any of the URL."""


def check_url(url: str, allowed_private_hosts: Collection[str]) -> None:
    """Refuse a URL to which no key may be sent.

    `allowed_private_hosts` are lower-case names and addresses that may be private and may use `http`.
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
    """Tell whether an address, and every address inside it, belongs to the public internet."""
    if isinstance(address, IPv4Address):
        return address.is_global and not address.is_multicast and address not in _METADATA_ADDRESSES
    written_as_ipv6 = address.ipv4_mapped or _translated(address)
    if written_as_ipv6 is not None:
        return is_public(written_as_ipv6)
    handed_out = address in _GLOBAL_UNICAST and address not in _DOCUMENTATION
    return all(map(is_public, _embedded(address))) and handed_out and address.is_global


def destination(url: str | None) -> tuple[str, str, int | None] | None:
    """Return what a key is bound to: scheme, host and port of an accepted URL, or None for the provider's own."""
    if url is None:
        return None
    parts = urlsplit(url)
    return parts.scheme, _host(parts), parts.port


def _split(url: str) -> SplitResult:
    if len(url) > MAX_URL_LENGTH or not url.isascii() or not url.isprintable() or set(url) & set(' \\"<>^`{|}'):
        raise RefusedDestinationError(f"must be a URL of at most {MAX_URL_LENGTH} plain ASCII characters")
    try:
        parts = urlsplit(url)
        readable = bool(parts.hostname) and parts.port != 0 and _brackets_hold_ipv6(parts)
    except ValueError:
        readable = False
    if not readable:
        raise RefusedDestinationError("must be a URL with a host")
    if "@" in parts.netloc:
        raise RefusedDestinationError("must not carry credentials")
    if "#" in url:
        raise RefusedDestinationError("must not carry a fragment")
    return parts


def _brackets_hold_ipv6(parts: SplitResult) -> bool:
    """Tell whether brackets are there for an IPv6 address alone, without the zone that only this machine knows."""
    return ("[" in parts.netloc) == (":" in (parts.hostname or "")) and "%" not in parts.netloc


def _host(parts: SplitResult) -> str:
    return (parts.hostname or "").removesuffix(".")


def _check_public(host: str) -> None:
    address = _as_address(host)
    if address is not None:
        if not is_public(address):
            raise RefusedDestinationError("must not name an address that is not public")
        return
    labels = host.split(".")
    if re.fullmatch(_HOST_NAME, host) is None or re.fullmatch(_NUMERIC_LABEL, labels[-1]):
        raise RefusedDestinationError("must name a valid host")
    if len(labels) == 1 or labels[-1] in _LOCAL_DOMAINS or host in _METADATA_NAMES:
        raise RefusedDestinationError("must not name a host of a local network")


def _as_address(host: str) -> IPv4Address | IPv6Address | None:
    """Read an address in any notation that a connecting library would, such as 127.1, 0x7f000001 and 017700000001."""
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
