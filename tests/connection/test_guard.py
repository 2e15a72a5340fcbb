"""architecture.md, "Secrets never travel": what is checked when a connection is made."""

import socket
import ssl
from ipaddress import ip_address
from pathlib import Path
from time import monotonic, sleep

import pytest

from ai_integrations.domain.url_policy import RefusedDestinationError
from ai_integrations.key_access.outbound import guard as guard_module
from ai_integrations.key_access.outbound.deadline import Deadline, DeadlinePassedError
from ai_integrations.key_access.outbound.dns import SystemDnsResolver
from ai_integrations.key_access.outbound.guard import Guard, UnreachableError
from ai_integrations.key_access.outbound.http_messages import Request
from tests.builders import API_KEY
from tests.connection.certificates import certify
from tests.connection.servers import SYSTEMS_TRUST, Answers, Received, Reply, Server, raw, serve
from tests.unit.test_url_policy import REJECTED_URLS

GATEWAY = "gateway.corp"
LOOPBACK = [ip_address("127.0.0.1")]

# What a public name may lead to, and must not.
PRIVATE_ADDRESSES = (
    "0.0.0.0",  # noqa: S104 - an address to refuse
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


def a_guard(resolver: Answers, *allowed: str, tls: ssl.SSLContext | None = None) -> Guard:
    return Guard(resolver=resolver, allowed_private_hosts=frozenset(allowed), tls=tls or SYSTEMS_TRUST)


def get(url: str, **headers: str) -> Request:
    return Request(method="GET", url=url, headers=headers)


def test_has_a_table_of_hostile_urls_that_is_long_enough() -> None:
    assert len(REJECTED_URLS) + len(PRIVATE_ADDRESSES) >= 60


@pytest.mark.parametrize("url", REJECTED_URLS)
def test_refuses_a_hostile_url_before_it_asks_for_an_address(url: str) -> None:
    resolver = Answers([LOOPBACK])
    guard = a_guard(resolver)
    with pytest.raises(RefusedDestinationError):
        guard.reach(url, Deadline(1))
    with pytest.raises(RefusedDestinationError):
        guard.send(get(url), Deadline(1))
    assert resolver.asked == []


@pytest.mark.parametrize("address", PRIVATE_ADDRESSES)
def test_refuses_a_public_name_that_leads_to_a_private_address(address: str) -> None:
    with pytest.raises(RefusedDestinationError):
        a_guard(Answers([[ip_address(address)]])).reach("https://api.example.com/v1", Deadline(1))


@pytest.mark.parametrize("address", PRIVATE_ADDRESSES)
def test_refuses_a_name_of_whose_answers_only_one_is_private(address: str) -> None:
    answers = [ip_address("8.8.8.8"), ip_address("2606:4700:4700::1111"), ip_address(address)]
    with pytest.raises(RefusedDestinationError):
        a_guard(Answers([answers])).reach("https://api.example.com/v1", Deadline(1))


@pytest.mark.parametrize("address", ["169.254.169.254", "169.254.170.2", "fd00:ec2::254", "100.100.100.200", "fe80::1"])
def test_lets_an_allowed_name_not_lead_to_a_metadata_service(address: str) -> None:
    with pytest.raises(RefusedDestinationError):
        a_guard(Answers([[ip_address(address)]]), GATEWAY).reach(f"http://{GATEWAY}/", Deadline(1))


def test_does_not_allow_an_address_because_another_host_is_allowed() -> None:
    with pytest.raises(RefusedDestinationError):
        a_guard(Answers([LOOPBACK]), GATEWAY, "127.0.0.1").reach("https://api.example.com/", Deadline(1))


def test_reaches_a_private_host_that_the_stack_allows(server: Server) -> None:
    resolver = Answers([LOOPBACK])
    guard = a_guard(resolver, GATEWAY)
    guard.reach(server.url(GATEWAY), Deadline(5))
    answer = guard.send(get(server.url(GATEWAY, "/v1/models?x=1"), Authorization="Bearer x"), Deadline(5))
    [got] = server.received
    assert (answer.status, answer.body, answer.truncated) == (200, b"{}", False)
    assert (got.method, got.target) == ("GET", "/v1/models?x=1")
    assert got.headers["host"] == f"{GATEWAY}:{server.port}"
    assert got.headers["authorization"] == "Bearer x"


def test_reaches_an_address_that_the_stack_allows_by_the_systems_own_resolver(server: Server) -> None:
    guard = Guard(resolver=SystemDnsResolver(), allowed_private_hosts={"127.0.0.1"})
    assert guard.send(get(server.url()), Deadline(5)).status == 200


def test_looks_a_name_up_once_so_that_it_can_not_be_bound_anew_in_between(server: Server) -> None:
    resolver = Answers([LOOPBACK, [ip_address("127.0.0.2")]])
    a_guard(resolver, GATEWAY).send(get(server.url(GATEWAY)), Deadline(5))
    assert resolver.asked == [GATEWAY]
    assert len(server.received) == 1


def test_refuses_a_name_that_is_bound_to_a_private_address_for_the_second_request(server: Server) -> None:
    """The first answer is public and is not connected to here; what counts is that no answer is remembered as good."""
    resolver = Answers([[ip_address("10.0.0.1")], LOOPBACK])
    guard = a_guard(resolver)
    for _ in range(2):
        with pytest.raises(RefusedDestinationError):
            guard.send(get(f"https://api.example.com:{server.port}/"), Deadline(1))
    assert server.received == []


def test_refuses_a_connection_that_leads_elsewhere_than_to_the_address_that_was_checked(server: Server) -> None:
    with (
        socket.create_connection(("127.0.0.1", server.port)) as connected,
        pytest.raises(RefusedDestinationError),
    ):
        guard_module._check_peer(connected, ip_address("8.8.8.8"))


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_follows_no_redirect(server: Server, status: int) -> None:
    with serve() as inner:
        server.behave = lambda _: Reply(status, headers={"Location": inner.url()})
        answer = a_guard(Answers([LOOPBACK]), GATEWAY).send(
            get(server.url(GATEWAY), Authorization=API_KEY), Deadline(5)
        )
        assert answer.status == status
        assert inner.received == []


def test_uses_no_proxy_of_the_environment(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    with serve() as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url(path=""))
        a_guard(Answers([LOOPBACK]), GATEWAY).send(get(server.url(GATEWAY)), Deadline(5))
        assert (len(server.received), proxy.received) == (1, [])


def test_frames_a_request_itself_whatever_headers_an_integration_has(server: Server) -> None:
    hostile = {"Host": "inner", "content-length": "3", "Transfer-Encoding": "chunked", "TE": "x", "X-Team": "a"}
    a_guard(Answers([LOOPBACK]), GATEWAY).send(get(server.url(GATEWAY), **hostile), Deadline(5))
    headers = server.received[0].headers
    assert headers["host"].startswith(GATEWAY)
    assert headers["x-team"] == "a"
    assert not {"content-length", "transfer-encoding", "te"} & headers.keys()


def test_says_of_a_header_that_can_not_be_sent_nothing_but_that(server: Server) -> None:
    with pytest.raises(UnreachableError, match=r"^The key or a header can not be sent by HTTP\.$") as failure:
        a_guard(Answers([LOOPBACK]), GATEWAY).send(get(server.url(GATEWAY), A=f"{API_KEY}\r\nX: y"), Deadline(5))
    assert failure.value.__suppress_context__
    assert server.received == []


def test_reads_no_more_of_a_huge_answer_than_it_may(server: Server) -> None:
    server.behave = lambda _: Reply(body=b"x" * 50_000_000)
    begin = monotonic()
    answer = a_guard(Answers([LOOPBACK]), GATEWAY).send(
        Request(method="GET", url=server.url(GATEWAY), max_bytes=1000), Deadline(5)
    )
    assert (len(answer.body), answer.truncated) == (1000, True)
    assert monotonic() - begin < 2


def drip(connected: socket.socket) -> None:
    """Send one byte of an answer after another, each well within any time-out of a single read."""
    connected.recv(1000)
    for byte in b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + b"x" * 1000:
        connected.sendall(bytes([byte]))
        sleep(0.1)


def test_ends_by_its_deadline_however_often_a_byte_comes() -> None:
    with raw(drip) as port:
        begin = monotonic()
        with pytest.raises(UnreachableError, match="no answer in time"):
            a_guard(Answers([LOOPBACK]), GATEWAY).send(get(f"http://{GATEWAY}:{port}/"), Deadline(0.6))
        assert 0.5 < monotonic() - begin < 1.5


def test_ends_by_its_deadline_when_nothing_comes() -> None:
    with raw(lambda _: sleep(1)) as port, pytest.raises(UnreachableError, match="no answer in time"):
        a_guard(Answers([LOOPBACK]), GATEWAY).send(get(f"http://{GATEWAY}:{port}/"), Deadline(0.3))


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (b"SSH-2.0-OpenSSH_9.9\r\n", "The answer was not HTTP."),
        (b"", "The connection was cut."),
        (b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n" + b"A: b\r\n" * 200 + b"\r\n", "The answer was not HTTP."),
        (b"HTTP/1.1 200 OK\r\nA: " + b"b" * 70_000 + b"\r\n\r\n", "The answer was not HTTP."),
    ],
)
def test_says_what_is_wrong_with_an_answer(said: bytes, reason: str) -> None:
    def converse(connected: socket.socket) -> None:
        connected.recv(1000)
        connected.sendall(said)

    with raw(converse) as port, pytest.raises(UnreachableError) as failure:
        a_guard(Answers([LOOPBACK]), GATEWAY).send(get(f"http://{GATEWAY}:{port}/"), Deadline(5))
    assert str(failure.value) == reason


def test_says_that_nobody_listens() -> None:
    with raw(lambda _: None) as port:
        pass
    with pytest.raises(UnreachableError, match="refused"):
        a_guard(Answers([LOOPBACK]), GATEWAY).reach(f"http://{GATEWAY}:{port}/", Deadline(5))


def test_says_that_a_name_has_no_address() -> None:
    with pytest.raises(UnreachableError, match="No connection"):
        a_guard(Answers([[]])).reach("https://api.example.com/", Deadline(5))


def served_by(folder: Path, host: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Return what a server needs to be a host, and what a client needs to trust it."""
    certificate, key = certify(folder, host)
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(certificate, key)
    return serving, ssl.create_default_context(cafile=str(certificate))


def test_checks_the_certificate_against_the_name_and_not_the_address(tmp_path: Path) -> None:
    serving, trusting = served_by(tmp_path, GATEWAY)
    with serve(serving) as server:
        guard = a_guard(Answers([LOOPBACK]), GATEWAY, tls=trusting)
        guard.reach(server.url(GATEWAY), Deadline(5))
        assert guard.send(get(server.url(GATEWAY)), Deadline(5)).status == 200


def test_refuses_a_certificate_of_another_name(tmp_path: Path) -> None:
    serving, trusting = served_by(tmp_path, "other.corp")
    with serve(serving) as server, pytest.raises(UnreachableError, match="certificate"):
        a_guard(Answers([LOOPBACK]), GATEWAY, tls=trusting).reach(server.url(GATEWAY), Deadline(5))


def test_refuses_a_certificate_that_nobody_vouches_for(tmp_path: Path) -> None:
    serving, _ = served_by(tmp_path, GATEWAY)
    with serve(serving) as server:
        with pytest.raises(UnreachableError, match="certificate"):
            a_guard(Answers([LOOPBACK]), GATEWAY).send(get(server.url(GATEWAY), A=API_KEY), Deadline(5))
        assert server.received == []


def test_says_that_there_is_no_secure_connection_where_plain_http_is_spoken(server: Server) -> None:
    with pytest.raises(UnreachableError, match="secure"):
        a_guard(Answers([LOOPBACK]), GATEWAY).reach(f"https://{GATEWAY}:{server.port}/", Deadline(5))


def test_ends_a_handshake_that_is_never_finished_by_its_deadline() -> None:
    with raw(lambda _: sleep(1)) as port, pytest.raises(UnreachableError, match="no answer in time"):
        a_guard(Answers([LOOPBACK]), GATEWAY).reach(f"https://{GATEWAY}:{port}/", Deadline(0.3))


def test_shows_nothing_of_a_request_when_it_is_printed() -> None:
    request = Request(method="POST", url="https://a.example/", headers={"A": API_KEY}, body=API_KEY.encode())
    assert API_KEY not in repr(request)


def test_gives_up_at_once_when_no_time_is_left(server: Server) -> None:
    def behave(_: Received) -> Reply:
        raise AssertionError

    server.behave = behave
    times = iter([0.0, 9.0])
    with pytest.raises((UnreachableError, DeadlinePassedError)):
        a_guard(Answers([LOOPBACK]), GATEWAY).reach(server.url(GATEWAY), Deadline(1, lambda: next(times)))
