"""HTTP requests to the API through the gateway, as any client sends them."""

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True, kw_only=True)
class Response:
    """An HTTP response."""

    status: int
    content_type: str
    body: str

    def formatted(self) -> str:
        """Format for the terminal: the status, then the body, indented if it is JSON."""
        is_json = self.content_type.endswith("json")
        return f"{self.status} {json.dumps(json.loads(self.body), indent=2) if is_json else self.body}"


def send(method: str, url: str, path: str, headers: Mapping[str, str], body: str | None = None) -> Response:
    """Send a request to the API at `url`."""
    address = urlsplit(url)
    connection = http.client.HTTPConnection(address.netloc, timeout=60)
    try:
        connection.request(method, f"{address.path}{path}", body, headers=dict(headers))
        response = connection.getresponse()
        content_type = response.headers.get_content_type()
        return Response(status=response.status, content_type=content_type, body=response.read().decode())
    finally:
        connection.close()
