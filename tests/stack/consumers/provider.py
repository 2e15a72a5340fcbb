"""A provider: the server of the package `fakellm`, behind a door that knows which keys are valid.

`python provider.py PORT KEYS` serves OpenAI's and Anthropic's protocols on loopback, to whoever shows one of the keys
that stand in the file KEYS at that moment, one a line.
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

REFUSAL = {
    "error": {"message": "Incorrect API key provided.", "type": "invalid_request_error", "code": "invalid_api_key"}
}


class Door:
    """Lets in who has a valid key, in any of the headers in which providers expect one."""

    def __init__(self, inside: Application, keys: Path) -> None:
        self._inside = inside
        self._keys = keys

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and not self._shown(scope) & {*self._keys.read_text().split()}:
            await JSONResponse(REFUSAL, status_code=401)(scope, receive, send)
        else:
            await self._inside(scope, receive, send)

    def _shown(self, scope: Scope) -> set[str]:
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        found = {headers.get("authorization", "").removeprefix("Bearer "), headers.get("x-api-key", "")}
        return found - {""}


if __name__ == "__main__":
    door = Door(fakellm.server.app, Path(sys.argv[2]))
    uvicorn.run(door, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning", lifespan="off")
