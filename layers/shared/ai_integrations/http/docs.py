"""The routes of the API's description: its OpenAPI document, and a page that shows it and tries its calls.

Neither needs an access key: they hold nothing secret, and a browser that opens a page can not send one.
"""

import json
import re
from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response

DOCUMENT = "/v2/openapi.json"
PAGE = "/v2/docs"

_FOLDER = Path(__file__).parent
_HEADERS = {"Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff"}
_INLINE = r"(?s)<(script|style)>(.*?)</\1>"


class DocsRoutes:
    """The routes. A page that is switched off is as unknown as any path that never was."""

    def __init__(self, app: APIGatewayRestResolver, *, page: bool) -> None:
        app.get(DOCUMENT)(self.document)
        if page:
            app.get(PAGE)(self.page)

    def document(self) -> Response[str]:
        """Answer with the document, a committed copy: to generate it would cost a cold start too much."""
        return _served((_FOLDER / "openapi.json").read_text(), "application/json")

    def page(self) -> Response[str]:
        """Answer with the page, which may run itself alone and reach this API alone."""
        page = (_FOLDER / "docs.html").read_text()
        headers = {"Content-Security-Policy": _policy(page), "Referrer-Policy": "no-referrer"}
        return _served(page, "text/html; charset=utf-8", headers)


def methods(path: str) -> tuple[str, ...]:
    """Return the methods that a path of the document has; none for an unknown path."""
    paths = json.loads((_FOLDER / "openapi.json").read_text())["paths"]
    return tuple(sorted(method.upper() for method in paths.get(path, ())))


def _served(text: str, content_type: str, headers: Mapping[str, str] | None = None) -> Response[str]:
    return Response(
        status_code=HTTPStatus.OK.value, content_type=content_type, headers={**_HEADERS, **(headers or {})}, body=text
    )


def _policy(page: str) -> str:
    """Return the Content-Security-Policy that lets nothing in but the page's own script and style."""
    inline = "; ".join(
        f"{tag}-src 'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"
        for tag, text in re.findall(_INLINE, page)
    )
    none = "; ".join(f"{each} 'none'" for each in ("default-src", "base-uri", "form-action", "frame-ancestors"))
    return f"{none}; {inline}; connect-src 'self'; img-src data:"
