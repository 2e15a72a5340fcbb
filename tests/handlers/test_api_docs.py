"""The OpenAPI document and the documentation page."""

from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser
from typing import Any

import pytest

from tests import sam_template
from tests.builders import ROOT, an_event
from tests.cloud import Cloud, Response

SERVED_FILES = ROOT / "layers/shared/ai_integrations/http"
DOCUMENT, PAGE = "/v2/openapi.json", "/v2/docs"


def get(cloud: Cloud, path: str, **changes: Any) -> Response:
    """Send a request without an access key, and therefore without a caller."""
    event = an_event("get_docs") | {"path": path, "resource": path} | changes
    return cloud.api(event)


def switch_page_off(monkeypatch: pytest.MonkeyPatch) -> None:
    parameters = sam_template.template()["Parameters"]
    monkeypatch.setitem(parameters["DocsPage"], "Default", "false")


class ParsedPage(HTMLParser):
    """The inline scripts and styles of a page, and the links to other resources."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.inline: dict[str, list[str]] = {"script": [], "style": []}
        self.links: list[str] = []
        self._open_tag = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._open_tag = tag
        values = dict(attrs)
        assert not [name for name in values if name.startswith("on") or name == "style"], (
            "the Content-Security-Policy blocks these"
        )
        self.links += [link for name in ("src", "href") if (link := values.get(name))]

    def handle_data(self, data: str) -> None:
        if self._open_tag in self.inline:
            self.inline[self._open_tag].append(data)
            self._open_tag = ""


def test_get_document_without_an_access_key_returns_the_committed_file(cloud: Cloud) -> None:
    response = get(cloud, DOCUMENT)
    assert (response.status, response.headers["content-type"]) == (200, "application/json")
    assert response.text == (SERVED_FILES / "openapi.json").read_text()


def test_get_page_without_an_access_key_returns_the_committed_file_with_the_theme_of_the_console(cloud: Cloud) -> None:
    response = get(cloud, PAGE)
    assert (response.status, response.headers["content-type"]) == (200, "text/html; charset=utf-8")
    theme = (SERVED_FILES / "console/theme.css").read_text()
    assert response.text == (SERVED_FILES / "docs.html").read_text().replace("/* theme.css */\n", theme)
    assert theme in response.text


def test_page_headers_isolate_it_and_demand_https(cloud: Cloud) -> None:
    headers = get(cloud, PAGE).headers
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert int(headers["strict-transport-security"].removeprefix("max-age=")) >= 31_536_000  # a year
    features = headers["permissions-policy"].split(", ")
    assert {"camera=()", "geolocation=()", "microphone=()"} <= set(features)
    assert all(each.endswith("=()") for each in features)


def test_page_policy_allows_only_its_own_script_and_style_and_requests_to_this_api(cloud: Cloud) -> None:
    response = get(cloud, PAGE)
    policy = dict(each.split(" ", 1) for each in response.headers["content-security-policy"].split("; "))
    page = ParsedPage(response.text)
    for tag, texts in page.inline.items():
        [text] = texts
        assert policy[f"{tag}-src"] == f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"
    assert policy.pop("connect-src") == "'self'"
    assert policy.pop("img-src") == "data:"
    assert {value for name, value in policy.items() if name not in {"script-src", "style-src"}} == {"'none'"}
    assert {"default-src", "base-uri", "form-action", "frame-ancestors"} <= policy.keys()


def test_page_links_only_to_itself_and_the_document_next_to_it(cloud: Cloud) -> None:
    page = ParsedPage(get(cloud, PAGE).text)
    assert {link.partition(":")[0] for link in page.links} == {"data", "#operations", "openapi.json"}
    assert "http" not in page.inline["script"][0].replace("encodeURIComponent", "")
    assert len(get(cloud, PAGE).text.encode()) < 40_000


def test_page_keeps_the_access_key_only_in_memory(cloud: Cloud) -> None:
    [script] = ParsedPage(get(cloud, PAGE).text).inline["script"]
    assert not [name for name in ("localStorage", "sessionStorage", "cookie", "indexedDB", "caches") if name in script]


def test_get_page_when_it_is_switched_off_returns_the_same_404_as_an_unknown_path(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    switch_page_off(monkeypatch)
    unknown = get(cloud, "/v2/nothing")
    assert unknown.status == 404
    for method in ("GET", "POST"):
        response = get(cloud, PAGE, httpMethod=method)
        assert (response.status, response.body, response.headers) == (404, unknown.body, unknown.headers)
    assert get(cloud, DOCUMENT).status == 200
