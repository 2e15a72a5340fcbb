"""A provider: the server of the package `fakellm`, behind a check of the API key.

`python provider.py PORT KEYS` serves the protocols of OpenAI and Anthropic on loopback. The file KEYS contains the
valid keys, one per line, and is read at each request.
"""

import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import fakellm.server
import uvicorn
from starlette.responses import JSONResponse

Scope = dict[str, Any]
Application = Callable[[Scope, Any, Any], Awaitable[None]]

INVALID_KEY = {
    "error": {"message": "Incorrect API key provided.", "type": "invalid_request_error", "code": "invalid_api_key"}
}


class KeyCheck:
    """Passes requests on if they have a valid key, in any header in which providers expect one."""

    def __init__(self, application: Application, keys: Path) -> None:
        self._application = application
        self._keys = keys

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and not self._keys_of(scope) & {*self._keys.read_text().split()}:
            await JSONResponse(INVALID_KEY, status_code=401)(scope, receive, send)
        else:
            await self._application(scope, receive, send)

    def _keys_of(self, scope: Scope) -> set[str]:
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        keys = {headers.get("authorization", "").removeprefix("Bearer "), headers.get("x-api-key", "")}
        return keys - {""}


if __name__ == "__main__":
    application = KeyCheck(fakellm.server.app, Path(sys.argv[2]))
    uvicorn.run(application, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning", lifespan="off")
