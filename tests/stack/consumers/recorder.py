"""Servers that record requests and answer them in the protocol of the provider whose path they have.

They also stand for the function `credentials` with prepared resolutions. Its invocations are not recorded.
"""

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TEXT = "Hello."
TOKEN_PATH = "/google-token"
GOOGLE_TOKEN = "fake-google-token"
USAGE = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
MESSAGE = {"role": "assistant", "content": TEXT}
RESPONSES: dict[str, dict[str, Any]] = {
    r"/chat/completions$": {
        "id": "completion-1",
        "object": "chat.completion",
        "created": 1,
        "model": "model-1",
        "choices": [{"index": 0, "finish_reason": "stop", "message": MESSAGE}],
        "usage": USAGE,
    },
    r"/messages$|:rawPredict$": {
        "id": "message-1",
        "type": "message",
        "role": "assistant",
        "model": "model-1",
        "content": [{"type": "text", "text": TEXT}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 1, "output_tokens": 1},
    },
    r":generateContent$": {
        "candidates": [{"content": {"role": "model", "parts": [{"text": TEXT}]}, "finishReason": "STOP", "index": 0}],
        "usageMetadata": {"promptTokenCount": 1, "candidatesTokenCount": 1, "totalTokenCount": 2},
    },
    r"/converse$": {
        "output": {"message": {"role": "assistant", "content": [{"text": TEXT}]}},
        "stopReason": "end_turn",
        "usage": {"inputTokens": 1, "outputTokens": 1, "totalTokens": 2},
        "metrics": {"latencyMs": 1},
    },
    rf"{TOKEN_PATH}$": {"access_token": GOOGLE_TOKEN, "expires_in": 3600, "token_type": "Bearer"},
    r"": {"id": "project-1", "object": "organization.project", "name": "Project", "created_at": 1, "status": "active"},
}


INVOCATION = re.compile("/functions/[^/]+/invocations$")


@dataclass(frozen=True)
class RecordedRequest:
    """A request; the names of its headers are in lower case."""

    path: str
    headers: dict[str, str]
    body: str


@dataclass(frozen=True)
class Recorder:
    """A running server. `resolutions` are its answers as the function `credentials`, by the integration's name."""

    address: str
    requests: list[RecordedRequest] = field(default_factory=list)
    resolutions: dict[str, dict[str, Any]] = field(default_factory=dict)

    def take(self) -> list[RecordedRequest]:
        """Return the requests since the last call."""
        taken = self.requests.copy()
        self.requests.clear()
        return taken


@contextmanager
def running_recorder() -> Iterator[Recorder]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def respond(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0))).decode()
            content = json.dumps(self.content_for(body)).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def content_for(self, body: str) -> dict[str, Any]:
            path = self.path.partition("?")[0]
            if INVOCATION.search(path):
                return recorder.resolutions[json.loads(body)["integration"]]
            headers = {name.lower(): value for name, value in self.headers.items()}
            recorder.requests.append(RecordedRequest(self.path, headers, body))
            return next(RESPONSES[each] for each in RESPONSES if re.search(each, path))

        do_GET = do_POST = do_PUT = do_CONNECT = respond  # noqa: N815 - the names that the base class calls

        def log_message(self, *_: Any) -> None:
            """Log nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        recorder = Recorder(f"http://127.0.0.1:{server.server_address[1]}")
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield recorder
        server.shutdown()
