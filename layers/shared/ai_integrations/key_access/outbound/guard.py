"""The way out: every connection that may carry a key is made here, and nowhere else.

What a name resolves to is looked up once. Every answer has to be public, or the host allowed by the stack; then one of
the checked addresses is connected to by its number, so that nothing can change between the check and the connection.
The certificate is still checked against the name. Redirects are not followed, proxies of the environment not used.
"""

import socket
import ssl
from collections.abc import Collection, Mapping
from http.client import HTTPConnection, HTTPException, HTTPResponse
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

from ai_integrations.domain.url_policy import RefusedDestinationError, check_url, is_public
from ai_integrations.key_access.outbound.deadline import Deadline
from ai_integrations.key_access.outbound.deadline_socket import DeadlineSocket
from ai_integrations.key_access.outbound.dns import Address
from ai_integrations.key_access.outbound.http_messages import Answer, Request
from ai_integrations.key_access.ports import DnsResolver

# Services on these tell whoever asks the machine's own credentials; a host that is allowed by name must not lead there.
_METADATA = frozenset({ip_address("fd00:ec2::254"), ip_address("100.100.100.200")})
_PORTS = {"http": 80, "https": 443}
# What frames a request is the guard's to say: with these, one request could be made to look like two.
_FRAMING = frozenset(
    {
        "accept-encoding",
        "connection",
        "content-length",
        "expect",
        "host",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)


class UnreachableError(Exception):
    """No connection, or none that lasted: its text says why in words of our own."""


class Guard:
    """Connects to where a key may be sent, and nowhere else."""

    def __init__(
        self, *, resolver: DnsResolver, allowed_private_hosts: Collection[str], tls: ssl.SSLContext | None = None
    ) -> None:
        """`tls` says which certificates are trusted; without it, those that the system trusts."""
        self._resolver = resolver
        self._allowed = allowed_private_hosts
        self._tls = tls or ssl.create_default_context()

    def reach(self, url: str, deadline: Deadline) -> None:
        """Connect, TLS included, and send nothing; RefusedDestinationError or UnreachableError."""
        self._connect(url, deadline).close()

    def send(self, request: Request, deadline: Deadline) -> Answer:
        """Send one request and return what came back, a redirect as any other answer."""
        connected = self._connect(request.url, deadline)
        parts = urlsplit(request.url)
        connection = HTTPConnection(parts.netloc)
        connection.sock = DeadlineSocket(connected, deadline)
        try:
            target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            connection.request(request.method, target, request.body, _framed(request.headers, parts.netloc))
            with connection.getresponse() as response:
                return _read(response, request.max_bytes)
        except (OSError, HTTPException, ValueError) as error:
            raise UnreachableError(_reason(error)) from None
        finally:
            connection.close()
            connected.close()

    def _connect(self, url: str, deadline: Deadline) -> socket.socket:
        check_url(url, self._allowed)
        parts = urlsplit(url)
        host, port = _host(parts), parts.port or _PORTS[parts.scheme]
        try:
            address = self._checked(host, self._resolver.resolve(host, port, deadline))
            plain = socket.create_connection((str(address), port), deadline.remaining())
            return self._secured(plain, parts.scheme, host, address, deadline)
        except OSError as error:
            raise UnreachableError(_reason(error)) from None

    def _checked(self, host: str, addresses: list[Address]) -> Address:
        if not addresses:
            raise OSError("no address")
        if not all(self._permitted(host, each) for each in addresses):
            raise RefusedDestinationError("must not lead to an address that is not public")
        return addresses[0]

    def _permitted(self, host: str, address: Address) -> bool:
        if is_public(address):
            return True
        leads_to_credentials = address.is_link_local or address in _METADATA
        return host in self._allowed and (not leads_to_credentials or host == str(address))

    def _secured(
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


def _check_peer(connected: socket.socket, address: Address) -> None:
    if ip_address(connected.getpeername()[0]) != address:
        raise RefusedDestinationError("must not lead to another address than the one that was checked")


def _host(parts: SplitResult) -> str:
    return (parts.hostname or "").removesuffix(".")


def _framed(headers: Mapping[str, str], netloc: str) -> dict[str, str]:
    sent = {name: value for name, value in headers.items() if name.lower() not in _FRAMING}
    return {**sent, "Host": netloc, "Accept-Encoding": "identity", "Connection": "close"}


def _read(response: HTTPResponse, max_bytes: int) -> Answer:
    body = response.read(max_bytes + 1)
    return Answer(status=response.status, body=body[:max_bytes], truncated=len(body) > max_bytes)


def _reason(error: Exception) -> str:
    """Say what went wrong without a word of the peer's, nor of the error's, which may repeat what was sent."""
    known: list[tuple[type[Exception], str]] = [
        (TimeoutError, "There was no answer in time."),
        (ssl.SSLCertVerificationError, "The certificate is not valid for this host."),
        (ssl.SSLError, "No secure connection could be made."),
        (socket.gaierror, "The host's name has no address."),
        (ConnectionRefusedError, "The connection was refused."),
        (ConnectionError, "The connection was cut."),
        (HTTPException, "The answer was not HTTP."),
        (ValueError, "The key or a header can not be sent by HTTP."),
    ]
    return next((words for kind, words in known if isinstance(error, kind)), "No connection could be made.")
