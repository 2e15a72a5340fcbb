"""Protect the emulator, which checks no credentials, from web pages of other origins in the developer's browser.

Without this, any page could read and change the local stack: the emulator allows every origin, and AWS APIs accept
requests that browsers send without a preflight. The rules are those of Go's `http.CrossOriginProtection`
(https://pkg.go.dev/net/http#CrossOriginProtection), for every method, because AWS APIs change data by GET too. The
check of the host name defends against DNS rebinding.
"""

import re
from collections.abc import Awaitable, Callable, Coroutine, MutableMapping
from typing import Any

from tools.local.containers import HOST_OF_CONTAINERS

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Coroutine[Any, Any, None]]

# Names below `localhost` are loopback too: AWS clients put buckets and API ids in front of the address.
_LOCAL_HOST = rf"(([a-z0-9_.-]+\.)?localhost|127\.0\.0\.1|\[::1\]|{re.escape(HOST_OF_CONTAINERS)})(:[0-9]+)?"
_RESPONSES = {"http.response.start", "websocket.http.response.start"}


def refuse_other_origins(app: App) -> App:
    """Wrap an ASGI application: answer 403 to requests of other origins, and allow none by CORS headers."""

    async def guarded(scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan" or _is_same_origin(scope):
            await app(scope, receive, _without_cors(send))
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})  # the server answers 403
        else:
            await send({"type": "http.response.start", "status": 403, "headers": [(b"content-length", b"0")]})
            await send({"type": "http.response.body", "body": b""})

    return guarded


def _is_same_origin(scope: Message) -> bool:
    headers = {name.lower().decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    host = headers.get("host", "").lower()
    origin = headers.get("origin", "")
    return (
        re.fullmatch(_LOCAL_HOST, host) is not None
        and headers.get("sec-fetch-site", "none") in {"same-origin", "none"}
        and origin.lower() in {"", f"http://{host}"}
    )


def _without_cors(send: Send) -> Send:
    async def send_without_cors(message: Message) -> None:
        if message["type"] in _RESPONSES:
            kept = [each for each in message.get("headers", []) if not each[0].lower().startswith(b"access-control-")]
            message = {**message, "headers": kept}
        await send(message)

    return send_without_cors
