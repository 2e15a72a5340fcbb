"""The SSRF guard. Every connection that may carry a key to a provider is made here.

A host name is resolved once. Each of its addresses must be public, unless the stack's allow-list contains the host. The
guard then connects to one of the checked addresses by number, so that DNS rebinding has no effect. The certificate is
still checked against the name. Redirects are not followed, and proxies from the environment are not used.
"""

import socket
import ssl
from collections.abc import Callable, Collection
from http.client import HTTPConnection, HTTPException, HTTPResponse
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ai_integrations.domain.address_policy import is_private_host, is_public
from ai_integrations.domain.headers import find_reserved
from ai_integrations.domain.url_policy import (
    RefusedDestinationError,
    check_url,
    extract_host,
    extract_port,
    is_allow_listed,
)
from ai_integrations.key_access.outbound.deadline import Deadline
from ai_integrations.key_access.outbound.deadline_socket import DeadlineSocket, TooManyBytesError
from ai_integrations.key_access.outbound.dns import Address
from ai_integrations.key_access.outbound.http_messages import OutboundRequest, OutboundResponse

if TYPE_CHECKING:
    from ai_integrations.key_access.ports import DnsResolver

_MAX_HEADER_BYTES = 65_536  # of one response, interim responses and trailers included


class UnreachableError(Exception):
    """The connection failed or was lost. The text is the reason; it contains nothing of the peer's data."""


class Guard:
    """Connects to destinations that may receive a key, and to no others."""

    def __init__(
        self,
        *,
        resolver: "DnsResolver",
        allowed_private_hosts: Collection[str],
        tls: ssl.SSLContext | None = None,
        connect: Callable[[tuple[str, int], float], socket.socket] = socket.create_connection,
    ) -> None:
        """`tls` has the trusted certificates, by default the system's. `connect` takes an address and a timeout."""
        self._resolver = resolver
        self._allowed_private_hosts = allowed_private_hosts
        self._tls = tls or ssl.create_default_context()
        self._connect = connect

    def reach(self, url: str, deadline: Deadline) -> None:
        """Connect, TLS included, and send nothing. Raise RefusedDestinationError or UnreachableError if that fails."""
        self._open(url, deadline).close()

    def send(self, request: OutboundRequest, deadline: Deadline) -> OutboundResponse:
        """Send one request and read its response, which may be a redirect.

        Raises:
            RefusedDestinationError: the URL, or an address of its host, is not allowed; nothing was sent.
            UnreachableError: the connection failed, or the response did not arrive before the deadline.
        """
        connected = self._open(request.url, deadline)
        parts = urlsplit(request.url)
        connection = HTTPConnection(parts.netloc)
        # Chunks may double the size of a body.
        connection.sock = DeadlineSocket(connected, deadline, _MAX_HEADER_BYTES + 2 * request.max_bytes)
        try:
            target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            connection.request(request.method, target, request.body, _with_framing(request, parts.netloc))
            with connection.getresponse() as response:
                return _read(response, request.max_bytes)
        except (OSError, HTTPException, ValueError) as error:
            raise UnreachableError(_describe(error)) from None
        finally:
            connected.close()

    def _open(self, url: str, deadline: Deadline) -> socket.socket:
        check_url(url, self._allowed_private_hosts)
        is_listed = is_allow_listed(url, self._allowed_private_hosts)
        parts = urlsplit(url)
        host, port = extract_host(parts), extract_port(parts)
        try:
            address = _select_address(host, self._resolver.resolve(host, port, deadline), is_listed=is_listed)
            plain = self._connect((str(address), port), deadline.remaining())
            return self._secure(plain, parts.scheme, host, address, deadline)
        except OSError as error:
            raise UnreachableError(_describe(error)) from None

    def _secure(
        self, plain: socket.socket, scheme: str, host: str, address: Address, deadline: Deadline
    ) -> socket.socket:
        try:
            _check_peer(plain, address)
            if scheme == "http":
                return plain
            plain.settimeout(deadline.remaining())
            return self._tls.wrap_socket(plain, server_hostname=host)
        except BaseException:
            plain.close()
            raise


def _select_address(host: str, addresses: list[Address], *, is_listed: bool) -> Address:
    if not addresses:
        raise OSError("no address")
    if not all(_is_allowed(host, each, is_listed=is_listed) for each in addresses):
        raise RefusedDestinationError("must not resolve to an address that is not public")
    return addresses[0]


def _is_allowed(host: str, address: Address, *, is_listed: bool) -> bool:
    """Check one address of a host. The allow-list may contain any address, but a name on it only means private hosts.

    Otherwise the owner of the name could let it resolve to a metadata service.
    """
    return is_public(address) or (is_listed and (host == str(address) or is_private_host(address)))


def _check_peer(connected: socket.socket, address: Address) -> None:
    if ip_address(connected.getpeername()[0]) != address:
        raise RefusedDestinationError("must not lead to a different address from the one that was checked")


def _with_framing(request: OutboundRequest, netloc: str) -> dict[str, str]:
    """Add the headers that only the guard sets. Stored integrations may still contain their own."""
    sent = {name: value for name, value in request.headers.items() if not find_reserved(name)}
    body = {} if request.body is None else {"Content-Type": request.content_type}
    return {**sent, **body, "Host": netloc, "Accept-Encoding": "identity", "Connection": "close"}


def _read(response: HTTPResponse, max_bytes: int) -> OutboundResponse:
    body = response.read(max_bytes + 1)
    return OutboundResponse(status=response.status, body=body[:max_bytes], truncated=len(body) > max_bytes)


def _describe(error: Exception) -> str:
    """Describe an error by its type alone: its own text may repeat what was sent, or what the peer sent."""
    descriptions: list[tuple[type[Exception], str]] = [
        (TooManyBytesError, "The response was too large."),
        (TimeoutError, "The provider did not respond in time."),
        (ssl.SSLCertVerificationError, "The certificate is not valid for this host."),
        (ssl.SSLError, "The TLS handshake failed."),
        (socket.gaierror, "The host name could not be resolved."),
        (ConnectionRefusedError, "The connection was refused."),
        (ConnectionError, "The connection was lost."),
        (HTTPException, "The response was not valid HTTP."),
        (ValueError, "The key or a header contains a character that HTTP does not allow."),
    ]
    return next((text for kind, text in descriptions if isinstance(error, kind)), "The connection failed.")
