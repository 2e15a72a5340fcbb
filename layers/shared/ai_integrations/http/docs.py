"""The routes of the API documentation: the OpenAPI document, and a page that shows it and sends requests.

Neither needs an access key: they contain nothing secret, and a browser cannot send one when it opens a page.
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
# Of the pages. Browsers ignore Strict-Transport-Security over plain http, as `make local` serves the page.
PAGE_HEADERS = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=63072000",  # two years
}
_THEME = "/* theme.css */\n"  # the place of the styles that the page has in common with the console
_INLINE = r"(?s)<(script|style)>(.*?)</\1>"


class DocsRoutes:
    """The routes. If the page is disabled, its path returns 404 like any unknown path."""

    def __init__(self, app: APIGatewayRestResolver, *, page: bool) -> None:
        app.get(DOCUMENT)(self.document)
        if page:
            app.get(PAGE)(self.page)

    def document(self) -> Response[str]:
        """Serve the committed OpenAPI document. Generating it would slow down cold starts."""
        return _response((_FOLDER / "openapi.json").read_text(), "application/json")

    def page(self) -> Response[str]:
        """Serve the page. Its policy allows only its own script and style, and requests to this origin."""
        page = (_FOLDER / "docs.html").read_text().replace(_THEME, (_FOLDER / "console/theme.css").read_text())
        headers = {"Content-Security-Policy": _content_security_policy(page), **PAGE_HEADERS}
        return _response(page, "text/html; charset=utf-8", headers)


def methods(path: str) -> tuple[str, ...]:
    """List the methods of a path in the OpenAPI document; an unknown path has none."""
    paths = json.loads((_FOLDER / "openapi.json").read_text())["paths"]
    return tuple(sorted(method.upper() for method in paths.get(path, ())))


def _response(text: str, content_type: str, headers: Mapping[str, str] | None = None) -> Response[str]:
    return Response(status_code=HTTPStatus.OK.value, content_type=content_type, headers=dict(headers or {}), body=text)


def _content_security_policy(page: str) -> str:
    """Build the Content-Security-Policy that allows only the page's own script and style."""
    inline = "; ".join(
        f"{tag}-src 'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"
        for tag, text in re.findall(_INLINE, page)
    )
    none = "; ".join(f"{each} 'none'" for each in ("default-src", "base-uri", "form-action", "frame-ancestors"))
    return f"{none}; {inline}; connect-src 'self'; img-src data:"
