"""The routes of the console: a page on which people use the API, and the files that it consists of.

None needs an access key: they contain nothing secret. The page asks for a key, and calls only the public API.
"""

from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError

from ai_integrations.http.docs import PAGE_HEADERS
from ai_integrations.http.resolver import register_error_handlers

PAGE = "/v2/console"
FILE = f"{PAGE}/<file>"

_FOLDER = Path(__file__).parent / "console"
_INDEX = "index.html"
_MEDIA_TYPES = {".css": "text/css", ".html": "text/html", ".js": "text/javascript"}
# The names of files that a request can ask for: no other name reaches the file system.
_FILES = frozenset(each.name for each in _FOLDER.iterdir() if each.suffix in _MEDIA_TYPES) - {_INDEX}
_DIRECTIVES = {
    **dict.fromkeys(("default-src", "base-uri", "form-action", "frame-ancestors", "trusted-types"), "'none'"),
    **dict.fromkeys(("script-src", "style-src", "connect-src"), "'self'"),
    "img-src": "data:",
    # Together with `trusted-types 'none'`, the browser rejects every text that a script would insert as HTML.
    "require-trusted-types-for": "'script'",
}
_PAGE_HEADERS = {
    "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in _DIRECTIVES.items()),
    **PAGE_HEADERS,
}


def build_console_app(*, page: bool) -> APIGatewayRestResolver:
    """Build the app of the `console` function. Without `page`, none of its paths exists."""
    app = APIGatewayRestResolver()
    register_error_handlers(app, disabled=() if page else (PAGE, FILE.replace("<", "{").replace(">", "}")))
    if page:
        ConsoleRoutes(app)
    return app


class ConsoleRoutes:
    """The routes. Each serves a file of the folder as it is."""

    def __init__(self, app: APIGatewayRestResolver) -> None:
        self._app = app
        app.get(PAGE)(self.page)
        app.get(FILE)(self.file)

    def page(self) -> Response[str]:
        """Serve the page. Its policy also applies to the files that it loads.

        The addresses of the files are relative, and wrong below `/v2/console/`, which API Gateway also routes here.
        """
        if self._app.current_event.path.endswith("/"):
            return Response(HTTPStatus.PERMANENT_REDIRECT.value, headers={"Location": "../console"})
        return _response(_INDEX, _PAGE_HEADERS)

    def file(self, file: str) -> Response[str]:
        """Serve a file of the page."""
        if file not in _FILES:
            raise NotFoundError
        return _response(file, {})


def _response(file: str, headers: Mapping[str, str]) -> Response[str]:
    path = _FOLDER / file
    content_type = f"{_MEDIA_TYPES[path.suffix]}; charset=utf-8"
    return Response(HTTPStatus.OK.value, content_type, path.read_text(), headers=dict(headers))
