"""The SSRF guard, with real sockets on loopback."""

import socket
import ssl
from ipaddress import ip_address
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest

from ai_integrations.domain.headers import RESERVED_HEADERS
from ai_integrations.domain.url_policy import RefusedDestinationError, parse_allowed_host
from ai_integrations.key_access.outbound.deadline import Deadline
from ai_integrations.key_access.outbound.dns import SystemDnsResolver
from ai_integrations.key_access.outbound.guard import Guard, UnreachableError
from ai_integrations.key_access.outbound.http_messages import OutboundRequest, OutboundResponse
from tests.builders import API_KEY
from tests.connection.certificates import certify
from tests.connection.servers import (
    SYSTEM_TLS,
    Reply,
    Server,
    StubDnsResolver,
    serve,
    serve_socket,
)
from tests.unit.test_address_policy import METADATA
from tests.unit.test_url_policy import REJECTED_URLS

GATEWAY = "gateway.corp"
LOOPBACK = [ip_address("127.0.0.1")]
BUFFER = 8192  # how much `io.BufferedReader` reads at once

# Addresses to which a public name must not resolve.
PRIVATE_ADDRESSES = (
    "0.0.0.0",  # noqa: S104 - an address to reject
    "10.0.0.5",
    "100.64.0.1",
    "100.100.100.200",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",
    "169.254.170.2",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.2.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::7f00:1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::a00:1",
    "100::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:a9fe:a9fe::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%1",
    "fec0::1",
    "ff02::1",
)


def create_guard(resolver: StubDnsResolver, *allowed: str, tls: ssl.SSLContext | None = None) -> Guard:
    return Guard(resolver=resolver, allowed_private_hosts=frozenset(allowed), tls=tls or SYSTEM_TLS)


def connected_addresses(url: str, allowed: str, address: str) -> list[tuple[str, int]]:
    """Connect to a URL whose host has one address; return the addresses to which the guard connects."""

    def connect(requested: tuple[str, int], _timeout: float) -> socket.socket:
        addresses.append(requested)
        raise ConnectionRefusedError

    addresses: list[tuple[str, int]] = []
    resolver = StubDnsResolver([[ip_address(address)]])
    guard = Guard(resolver=resolver, allowed_private_hosts={allowed}, tls=SYSTEM_TLS, connect=connect)
    with pytest.raises(UnreachableError, match="refused"):
        guard.reach(url, Deadline(1))
    return addresses


def get(url: str, **headers: str) -> OutboundRequest:
    return OutboundRequest(method="GET", url=url, headers=headers)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (socket.gaierror("fake.example"), "The host name could not be resolved."),
        (ssl.SSLCertVerificationError("fake.example"), "The certificate is not valid for this host."),
        (ssl.SSLError("fake.example"), "The TLS handshake failed."),
        (TimeoutError("fake.example"), "The provider did not respond in time."),
        (ConnectionRefusedError("fake.example"), "The connection was refused."),
        (ConnectionResetError("fake.example"), "The connection was lost."),
        (OSError("fake.example"), "The connection failed."),
    ],
)
def test_guard_reports_the_kind_of_a_failure_without_its_text(error: OSError, reason: str) -> None:
    def connect(_requested: tuple[str, int], _timeout: float) -> socket.socket:
        raise error

    resolver = StubDnsResolver([[ip_address("8.8.8.8")]])
    guard = Guard(resolver=resolver, allowed_private_hosts=(), tls=SYSTEM_TLS, connect=connect)
    with pytest.raises(UnreachableError) as failure:
        guard.reach("https://api.example.com", Deadline(1))
    assert str(failure.value) == reason


def test_guard_is_tested_with_at_least_sixty_rejected_destinations() -> None:
    assert len(REJECTED_URLS) + len(PRIVATE_ADDRESSES) >= 60


@pytest.mark.parametrize("url", REJECTED_URLS)
def test_guard_rejects_hostile_url_before_dns_lookup(url: str) -> None:
    resolver = StubDnsResolver([LOOPBACK])
    guard = create_guard(resolver)
    with pytest.raises(RefusedDestinationError):
        guard.reach(url, Deadline(1))
    with pytest.raises(RefusedDestinationError):
        guard.send(get(url), Deadline(1))
    assert resolver.resolved == []


@pytest.mark.parametrize("address", PRIVATE_ADDRESSES)
def test_guard_rejects_public_name_that_resolves_to_private_address(address: str) -> None:
    with pytest.raises(RefusedDestinationError, match=r"^must not resolve to an address that is not public$"):
        create_guard(StubDnsResolver([[ip_address(address)]])).reach("https://api.example.com/v1", Deadline(1))


@pytest.mark.parametrize("address", PRIVATE_ADDRESSES)
def test_guard_rejects_name_if_any_address_is_private(address: str) -> None:
    addresses = [ip_address("8.8.8.8"), ip_address("2606:4700:4700::1111"), ip_address(address)]
    with pytest.raises(RefusedDestinationError):
        create_guard(StubDnsResolver([addresses])).reach("https://api.example.com/v1", Deadline(1))


@pytest.mark.parametrize(
    "address",
    [
        *METADATA,
        "::ffff:169.254.169.254",
        "::169.254.169.254",
        "64:ff9b::169.254.170.2",
        "64:ff9b:1::a9fe:a9fe",
        "2002:a9fe:a9fe::1",
        "2001:0:a9fe:a9fe::1",
        "fd01::5efe:169.254.169.254",
        "fe80::1",
        "0.0.0.0",  # noqa: S104 - an address to reject
        "255.255.255.255",
    ],
)
def test_guard_rejects_allowed_name_that_resolves_to_metadata_service_or_no_host(address: str) -> None:
    with pytest.raises(RefusedDestinationError):
        create_guard(StubDnsResolver([[ip_address(address)]]), GATEWAY).reach(f"http://{GATEWAY}/", Deadline(1))


@pytest.mark.parametrize("address", ["10.0.0.5", "100.64.0.1", "fd00::5", "::ffff:10.0.0.5", "8.8.8.8", "2606:4700::1"])
def test_guard_connects_to_allowed_name_that_resolves_to_private_or_public_address(address: str) -> None:
    assert connected_addresses("http://gateway.corp/", GATEWAY, address) == [(str(ip_address(address)), 80)]


@pytest.mark.parametrize(
    ("host", "address"),
    [("169.254.170.2", "169.254.170.2"), ("[fd00:ec2:0::23]", "fd00:ec2::23")],
)
def test_guard_connects_to_any_address_that_the_allow_list_contains(host: str, address: str) -> None:
    listed = parse_allowed_host(host)
    assert connected_addresses(f"http://{host}:8080/", listed, address) == [(address, 8080)]


@pytest.mark.parametrize("url", ["http://gateway.corp:8081/", "http://gateway.corp/", "https://gateway.corp/"])
def test_guard_rejects_other_ports_of_an_allowed_host_with_a_port(url: str) -> None:
    with pytest.raises(RefusedDestinationError):
        connected_addresses(url, "gateway.corp:8080", "127.0.0.1")


def test_guard_rejects_private_address_of_allowed_host_on_another_port() -> None:
    with pytest.raises(RefusedDestinationError):
        connected_addresses("https://gateway.example.com:8443/", "gateway.example.com:8080", "127.0.0.1")
    assert connected_addresses("https://gateway.example.com:8080/", "gateway.example.com:8080", "127.0.0.1")


def test_guard_rejects_private_address_of_host_that_is_not_allowed() -> None:
    with pytest.raises(RefusedDestinationError):
        create_guard(StubDnsResolver([LOOPBACK]), GATEWAY, "127.0.0.1").reach("https://api.example.com/", Deadline(1))


def test_guard_connects_to_allowed_private_host(server: Server) -> None:
    resolver = StubDnsResolver([LOOPBACK])
    guard = create_guard(resolver, GATEWAY)
    guard.reach(server.url(GATEWAY), Deadline(5))
    response = guard.send(get(server.url(GATEWAY, "/v1/models?x=1"), Authorization="Bearer x"), Deadline(5))
    [request] = server.received
    assert (response.status, response.body, response.truncated) == (200, b"{}", False)
    assert (request.method, request.target) == ("GET", "/v1/models?x=1")
    assert request.headers["host"] == f"{GATEWAY}:{server.port}"
    assert request.headers["authorization"] == "Bearer x"


@pytest.mark.parametrize(("path", "target"), [("", "/"), ("?x=1", "/?x=1"), ("/v1", "/v1")])
def test_guard_requests_the_path_of_the_url(server: Server, path: str, target: str) -> None:
    create_guard(StubDnsResolver([LOOPBACK]), GATEWAY).send(get(server.url(GATEWAY, path)), Deadline(5))
    assert [request.target for request in server.received] == [target]


def test_guard_connects_to_allowed_address_with_system_resolver(server: Server) -> None:
    guard = Guard(resolver=SystemDnsResolver(), allowed_private_hosts={"127.0.0.1"})
    assert guard.send(get(server.url()), Deadline(5)).status == 200


def test_guard_resolves_name_once_per_request(server: Server) -> None:
    resolver = StubDnsResolver([LOOPBACK, [ip_address("127.0.0.2")]])
    create_guard(resolver, GATEWAY).send(get(server.url(GATEWAY)), Deadline(5))
    assert (resolver.resolved, resolver.ports) == ([GATEWAY], [server.port])
    assert len(server.received) == 1


def test_guard_checks_addresses_again_for_each_request(server: Server) -> None:
    resolver = StubDnsResolver([[ip_address("10.0.0.1")], LOOPBACK])
    guard = create_guard(resolver)
    for _ in range(2):
        with pytest.raises(RefusedDestinationError):
            guard.send(get(f"https://api.example.com:{server.port}/"), Deadline(1))
    assert server.received == []


def test_guard_rejects_peer_that_is_not_the_checked_address(server: Server) -> None:
    def connect(requested: tuple[str, int], timeout: float) -> socket.socket:
        """Connect to the server, whatever address is requested."""
        addresses.append(requested)
        sockets.append(socket.create_connection(("127.0.0.1", server.port), timeout))
        return sockets[-1]

    addresses: list[tuple[str, int]] = []
    sockets: list[socket.socket] = []
    resolver = StubDnsResolver([[ip_address("8.8.8.8")]])
    guard = Guard(resolver=resolver, allowed_private_hosts=(), tls=SYSTEM_TLS, connect=connect)
    with pytest.raises(RefusedDestinationError, match="different address"):
        guard.send(get("https://api.example.com/", Authorization=API_KEY), Deadline(5))
    assert addresses == [("8.8.8.8", 443)]
    assert sockets[0].fileno() == -1  # closed
    assert server.received == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_guard_does_not_follow_redirects(server: Server, status: int) -> None:
    with serve() as inner:
        server.behave = lambda _: Reply(status, headers={"Location": inner.url()})
        response = create_guard(StubDnsResolver([LOOPBACK]), GATEWAY).send(
            get(server.url(GATEWAY), Authorization=API_KEY), Deadline(5)
        )
        assert response.status == status
        assert inner.received == []


@pytest.mark.parametrize("location", ["other", "/other", "http://{host}:{port}/other"])
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_guard_does_not_follow_redirects_on_the_same_host(server: Server, status: int, location: str) -> None:
    target = location.format(host=GATEWAY, port=server.port)
    server.behave = lambda request: Reply(200 if "other" in request.target else status, headers={"Location": target})
    request = get(server.url(GATEWAY), Authorization=API_KEY)
    response = create_guard(StubDnsResolver([LOOPBACK]), GATEWAY).send(request, Deadline(5))
    assert response.status == status
    assert [each.target for each in server.received] == ["/v1"]


def test_guard_ignores_proxy_environment_variables(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    with serve() as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url(path=""))
        create_guard(StubDnsResolver([LOOPBACK]), GATEWAY).send(get(server.url(GATEWAY)), Deadline(5))
        assert (len(server.received), proxy.received) == (1, [])


@pytest.mark.parametrize("entry", RESERVED_HEADERS)
def test_guard_drops_reserved_header_of_a_stored_integration(server: Server, entry: str) -> None:
    name = entry.replace("*", "-fake").lower()
    hostile = {name: "fake-value", "X-Team": "a"}
    create_guard(StubDnsResolver([LOOPBACK]), GATEWAY).send(get(server.url(GATEWAY), **hostile), Deadline(5))
    headers = server.received[0].headers
    assert headers["x-team"] == "a"
    assert "fake-value" not in headers.values()


def test_guard_sets_host_and_framing_headers_itself(server: Server) -> None:
    request = OutboundRequest(
        method="POST", url=server.url(GATEWAY), body=b"{}", headers={"content-type": "text/plain"}
    )
    create_guard(StubDnsResolver([LOOPBACK]), GATEWAY).send(request, Deadline(5))
    create_guard(StubDnsResolver([LOOPBACK]), GATEWAY).send(get(server.url(GATEWAY)), Deadline(5))
    framing = {"host": f"{GATEWAY}:{server.port}", "accept-encoding": "identity", "connection": "close"}
    of_body = {"content-type": "application/json", "content-length": "2"}
    assert [each.headers for each in server.received] == [framing | of_body, framing]


def test_guard_reports_invalid_header_without_its_value(server: Server) -> None:
    with pytest.raises(
        UnreachableError, match=r"^The key or a header contains a character that HTTP does not allow\.$"
    ) as failure:
        create_guard(StubDnsResolver([LOOPBACK]), GATEWAY).send(
            get(server.url(GATEWAY), A=f"{API_KEY}\r\nX: y"), Deadline(5)
        )
    assert failure.value.__suppress_context__
    assert server.received == []


@pytest.mark.parametrize(("length", "is_truncated"), [(1000, False), (1001, True)])
def test_guard_truncates_only_a_response_longer_than_max_bytes(
    server: Server, length: int, *, is_truncated: bool
) -> None:
    server.behave = lambda _: Reply(body=b"x" * length)
    request = OutboundRequest(method="GET", url=server.url(GATEWAY), max_bytes=1000)
    response = create_guard(StubDnsResolver([LOOPBACK]), GATEWAY).send(request, Deadline(5))
    assert (len(response.body), response.truncated) == (1000, is_truncated)


def test_guard_truncates_response_at_max_bytes(server: Server) -> None:
    server.behave = lambda _: Reply(body=b"x" * 50_000_000)
    begin = monotonic()
    response = create_guard(StubDnsResolver([LOOPBACK]), GATEWAY).send(
        OutboundRequest(method="GET", url=server.url(GATEWAY), max_bytes=1000), Deadline(5)
    )
    assert (len(response.body), response.truncated) == (1000, True)
    assert monotonic() - begin < 2


class CountingSocket(socket.socket):
    """Counts the bytes that are received."""

    received = 0

    def recv_into(self, *arguments: Any) -> int:
        count = super().recv_into(*arguments)
        self.received += count
        return count


def send_to_endless_server(beginning: bytes, repeated: bytes) -> tuple[OutboundResponse | UnreachableError, int]:
    """Send a request to a server whose response never ends; return the result and the number of bytes read."""

    def converse(connected: socket.socket) -> None:
        connected.recv(1000)
        connected.sendall(beginning)
        while True:  # until the client closes the connection
            connected.sendall(repeated)

    def connect(address: tuple[str, int], timeout: float) -> socket.socket:
        sockets.append(CountingSocket(fileno=socket.create_connection(address, timeout).detach()))
        return sockets[-1]

    sockets: list[CountingSocket] = []
    with serve_socket(converse) as port:
        resolver = StubDnsResolver([LOOPBACK])
        guard = Guard(resolver=resolver, allowed_private_hosts={GATEWAY}, tls=SYSTEM_TLS, connect=connect)
        request = OutboundRequest(method="GET", url=f"http://{GATEWAY}:{port}/", max_bytes=10_000)
        try:
            return guard.send(request, Deadline(5)), sockets[0].received
        except UnreachableError as error:
            return error, sockets[0].received


OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("beginning", "repeated"),
    [
        pytest.param(OK + b"\r\n", b"x" * 1000, id="no length"),
        pytest.param(OK + b"Content-Length: 999999999999\r\n\r\n", b"x" * 1000, id="huge length"),
        pytest.param(CHUNKED, b"3e8\r\n" + b"x" * 1000 + b"\r\n", id="chunks"),
        pytest.param(CHUNKED + b"e8d4a51000\r\n", b"x" * 1000, id="huge chunk"),
    ],
)
def test_guard_reads_no_more_of_an_endless_body_than_max_bytes(beginning: bytes, repeated: bytes) -> None:
    response, received = send_to_endless_server(beginning, repeated)
    assert isinstance(response, OutboundResponse)
    assert (len(response.body), response.truncated) == (10_000, True)
    assert received < 10_000 + 2 * BUFFER


@pytest.mark.parametrize(
    ("beginning", "repeated", "reason"),
    [
        pytest.param(OK, b"A: b\r\n", "The response was not valid HTTP.", id="headers"),
        pytest.param(OK, b"A: " + b"b" * 60_000 + b"\r\n", "The response was too large.", id="long headers"),
        pytest.param(OK + b"A: ", b"b" * 1000, "The response was not valid HTTP.", id="header without end"),
        pytest.param(b"HTTP/1.1 ", b"2" * 1000, "The response was not valid HTTP.", id="status line without end"),
        pytest.param(b"", b"HTTP/1.1 100 Continue\r\n\r\n", "The response was too large.", id="interim responses"),
        pytest.param(
            CHUNKED, b"1;" + b"x" * 60_000 + b"\r\nx\r\n", "The response was too large.", id="chunk extensions"
        ),
        pytest.param(CHUNKED + b"0\r\n", b"A: b\r\n", "The response was too large.", id="trailers"),
    ],
)
def test_guard_reads_a_bounded_part_of_an_endless_head(beginning: bytes, repeated: bytes, reason: str) -> None:
    error, received = send_to_endless_server(beginning, repeated)
    assert str(error) == reason
    assert received < 65_536 + 2 * 10_000 + BUFFER


def test_guard_stops_sending_at_deadline_although_the_server_reads_slowly(tmp_path: Path) -> None:
    server_tls, client_tls = tls_contexts(tmp_path, GATEWAY)

    def read_slowly(connected: socket.socket) -> None:
        with server_tls.wrap_socket(connected, server_side=True) as secure:
            while secure.recv(65_536):
                sleep(0.05)

    with serve_socket(read_slowly) as port:
        request = OutboundRequest(method="POST", url=f"https://{GATEWAY}:{port}/", body=b"x" * 50_000_000)
        begin = monotonic()
        with pytest.raises(UnreachableError, match="did not respond in time"):
            create_guard(StubDnsResolver([LOOPBACK]), GATEWAY, tls=client_tls).send(request, Deadline(0.6))
        assert monotonic() - begin < 1.5


def send_slowly(connected: socket.socket) -> None:
    """Send a response byte by byte, each byte well within the timeout of a single read."""
    connected.recv(1000)
    for byte in b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + b"x" * 1000:
        connected.sendall(bytes([byte]))
        sleep(0.1)


def test_guard_stops_slow_response_at_deadline() -> None:
    with serve_socket(send_slowly) as port:
        begin = monotonic()
        with pytest.raises(UnreachableError, match="did not respond in time"):
            create_guard(StubDnsResolver([LOOPBACK]), GATEWAY).send(get(f"http://{GATEWAY}:{port}/"), Deadline(0.6))
        assert 0.5 < monotonic() - begin < 1.5


def test_guard_stops_silent_connection_at_deadline() -> None:
    with serve_socket(lambda _: sleep(1)) as port, pytest.raises(UnreachableError, match="did not respond in time"):
        create_guard(StubDnsResolver([LOOPBACK]), GATEWAY).send(get(f"http://{GATEWAY}:{port}/"), Deadline(0.3))


@pytest.mark.parametrize(
    ("response", "reason"),
    [
        (b"SSH-2.0-OpenSSH_9.9\r\n", "The response was not valid HTTP."),
        (b"", "The connection was lost."),
        (b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n" + b"A: b\r\n" * 200 + b"\r\n", "The response was not valid HTTP."),
        (b"HTTP/1.1 200 OK\r\nA: " + b"b" * 70_000 + b"\r\n\r\n", "The response was not valid HTTP."),
    ],
)
def test_guard_reports_invalid_response(response: bytes, reason: str) -> None:
    def converse(connected: socket.socket) -> None:
        connected.recv(1000)
        connected.sendall(response)

    with serve_socket(converse) as port, pytest.raises(UnreachableError) as failure:
        create_guard(StubDnsResolver([LOOPBACK]), GATEWAY).send(get(f"http://{GATEWAY}:{port}/"), Deadline(5))
    assert str(failure.value) == reason


def test_guard_reports_refused_connection() -> None:
    with serve_socket(lambda _: None) as port:
        pass
    with pytest.raises(UnreachableError, match="refused"):
        create_guard(StubDnsResolver([LOOPBACK]), GATEWAY).reach(f"http://{GATEWAY}:{port}/", Deadline(5))


def test_guard_reports_name_without_addresses() -> None:
    with pytest.raises(UnreachableError, match="connection failed"):
        create_guard(StubDnsResolver([[]])).reach("https://api.example.com/", Deadline(5))


def tls_contexts(folder: Path, host: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Create the TLS context of a server for a host, and that of a client that trusts it."""
    certificate, key = certify(folder, host)
    server_tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_tls.load_cert_chain(certificate, key)
    return server_tls, ssl.create_default_context(cafile=str(certificate))


def test_guard_verifies_certificate_against_host_name(tmp_path: Path) -> None:
    server_tls, client_tls = tls_contexts(tmp_path, GATEWAY)
    with serve(server_tls) as server:
        guard = create_guard(StubDnsResolver([LOOPBACK]), GATEWAY, tls=client_tls)
        guard.reach(server.url(GATEWAY), Deadline(5))
        assert guard.send(get(server.url(GATEWAY)), Deadline(5)).status == 200


def test_guard_rejects_certificate_of_different_name(tmp_path: Path) -> None:
    server_tls, client_tls = tls_contexts(tmp_path, "other.corp")
    with serve(server_tls) as server, pytest.raises(UnreachableError, match="certificate"):
        create_guard(StubDnsResolver([LOOPBACK]), GATEWAY, tls=client_tls).reach(server.url(GATEWAY), Deadline(5))


def test_guard_rejects_untrusted_certificate(tmp_path: Path) -> None:
    server_tls, _ = tls_contexts(tmp_path, GATEWAY)
    with serve(server_tls) as server:
        with pytest.raises(UnreachableError, match="certificate"):
            create_guard(StubDnsResolver([LOOPBACK]), GATEWAY).send(get(server.url(GATEWAY), A=API_KEY), Deadline(5))
        assert server.received == []


def test_guard_trusts_the_certificates_of_the_system_by_default(tmp_path: Path) -> None:
    server_tls, _ = tls_contexts(tmp_path, GATEWAY)
    guard = Guard(resolver=StubDnsResolver([LOOPBACK]), allowed_private_hosts={GATEWAY})
    with serve(server_tls) as server, pytest.raises(UnreachableError, match="certificate"):
        guard.reach(server.url(GATEWAY), Deadline(5))


def test_guard_reports_failed_handshake_with_plain_http_server(server: Server) -> None:
    with pytest.raises(UnreachableError, match="handshake"):
        create_guard(StubDnsResolver([LOOPBACK]), GATEWAY).reach(f"https://{GATEWAY}:{server.port}/", Deadline(5))


def test_guard_stops_unfinished_handshake_at_deadline() -> None:
    with serve_socket(lambda _: sleep(1)) as port, pytest.raises(UnreachableError, match="did not respond in time"):
        create_guard(StubDnsResolver([LOOPBACK]), GATEWAY).reach(f"https://{GATEWAY}:{port}/", Deadline(0.3))


def test_guard_limits_the_handshake_whatever_timeout_the_connection_had() -> None:
    def connect(address: tuple[str, int], _timeout: float) -> socket.socket:
        return socket.create_connection(address)

    with serve_socket(lambda _: sleep(1)) as port, pytest.raises(UnreachableError, match="did not respond in time"):
        Guard(
            resolver=StubDnsResolver([LOOPBACK]), allowed_private_hosts={GATEWAY}, tls=SYSTEM_TLS, connect=connect
        ).reach(f"https://{GATEWAY}:{port}/", Deadline(0.3))


def test_repr_of_a_request_and_a_response_hides_url_headers_and_body() -> None:
    url, body = f"https://a.example/{API_KEY}", API_KEY.encode()
    request = OutboundRequest(method="POST", url=url, headers={"A": API_KEY}, body=body)
    assert API_KEY not in repr([request, OutboundResponse(status=200, body=body)])


def test_guard_does_not_connect_after_deadline(server: Server) -> None:
    def connect(_address: tuple[str, int], _timeout: float) -> socket.socket:
        raise AssertionError

    times = iter([0.0, 9.0])
    resolver = StubDnsResolver([LOOPBACK])
    guard = Guard(resolver=resolver, allowed_private_hosts={GATEWAY}, tls=SYSTEM_TLS, connect=connect)
    with pytest.raises(UnreachableError, match="did not respond in time"):
        guard.reach(server.url(GATEWAY), Deadline(1, lambda: next(times)))
