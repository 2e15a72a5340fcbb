"""The emulator answers only programs and its own pages, whatever page a developer's browser shows."""

from typing import Any

import pytest
from tools.local.same_origin import Message, Receive, Send, refuse_other_origins

HOST = "127.0.0.1:4566"
ORIGIN = f"http://{HOST}"
FOREIGN = "https://evil.example"


async def permissive_emulator(scope: Message, _receive: Receive, send: Send) -> None:
    """Allow every origin, as the emulator does."""
    kind = "websocket.accept" if scope["type"] == "websocket" else "http.response.start"
    headers = [(b"Access-Control-Allow-Origin", b"*"), (b"access-control-max-age", b"9"), (b"x-other", b"kept")]
    await send({"type": kind, "status": 200, "headers": headers})


def answer(method: str = "GET", kind: str = "http", **headers: str) -> list[Message]:
    """Send a request, and return the messages of the answer."""
    sent: list[Message] = []
    values = {"host": HOST, **{name.replace("_", "-"): value for name, value in headers.items()}}
    scope = {
        "type": kind,
        "method": method,
        "headers": [(name.encode(), text.encode()) for name, text in values.items()],
    }

    async def receive() -> Any:
        raise NotImplementedError

    async def send(message: Message) -> None:
        sent.append(message)

    with pytest.raises(StopIteration):  # at its end: nothing in it waits, and an event loop would need a socket
        refuse_other_origins(permissive_emulator)(scope, receive, send).send(None)
    return sent


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "OPTIONS"])
@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({}, id="a program"),
        pytest.param({"sec_fetch_site": "none"}, id="an address that a person enters"),
        pytest.param({"origin": ORIGIN, "sec_fetch_site": "same-origin"}, id="its own page"),
        pytest.param({"origin": ORIGIN}, id="its own page in an old browser"),
        pytest.param({"host": "localhost:4566", "origin": "http://localhost:4566"}, id="its own page on localhost"),
        pytest.param({"host": "bucket.localhost:4566"}, id="a virtual host"),
        pytest.param({"host": "host.docker.internal:4566"}, id="a container"),
        pytest.param({"host": "[::1]:4566"}, id="IPv6"),
    ],
)
def test_request_of_a_program_or_the_same_origin_is_answered_without_cors_headers(
    method: str, headers: dict[str, str]
) -> None:
    [start] = answer(method, **headers)
    assert (start["status"], start["headers"]) == (200, [(b"x-other", b"kept")])


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "OPTIONS"])
@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"origin": FOREIGN}, id="another origin"),
        pytest.param({"origin": "null"}, id="a sandboxed page or a file"),
        pytest.param({"origin": "http://127.0.0.1:3000"}, id="another port"),
        pytest.param({"origin": f"https://{HOST}"}, id="another scheme"),
        pytest.param({"origin": FOREIGN, "access_control_request_method": "POST"}, id="a preflight"),
        pytest.param({"sec_fetch_site": "cross-site"}, id="a request without an origin"),
        pytest.param({"sec_fetch_site": "same-site"}, id="another port without an origin"),
        pytest.param({"host": "evil.example:4566"}, id="DNS rebinding"),
        pytest.param({"host": "evil.example:4566", "origin": "http://evil.example:4566"}, id="a rebound page"),
        pytest.param({"host": "127.0.0.1.evil.example"}, id="a name that starts like the address"),
        pytest.param({"host": "notlocalhost"}, id="a name that ends like localhost"),
        pytest.param({"host": ""}, id="no host"),
    ],
)
def test_request_of_a_page_of_another_origin_is_refused(method: str, headers: dict[str, str]) -> None:
    start, _ = answer(method, **headers)
    assert start["status"] == 403
    assert not [name for name, _ in start["headers"] if name.startswith(b"access-control")]


def test_websocket_of_another_origin_is_closed() -> None:
    assert answer(kind="websocket", origin=FOREIGN) == [{"type": "websocket.close", "code": 1008}]
    assert answer(kind="websocket", origin=ORIGIN)[0]["type"] == "websocket.accept"
