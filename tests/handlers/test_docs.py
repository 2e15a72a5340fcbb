"""The API's description, and what the API says of methods and paths that it does not have."""

from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser
from typing import Any

import pytest

from tests import sam_template
from tests.builders import ROOT, an_event, gateway_event
from tests.cloud import Cloud, Response

SERVED = ROOT / "layers/shared/ai_integrations/http"
DOCUMENT, PAGE = "/v2/openapi.json", "/v2/docs"


def get(cloud: Cloud, path: str, **changes: Any) -> Response:
    """Ask without a key, so without a caller."""
    event = an_event("get_docs") | {"path": path, "resource": path} | changes
    return cloud.api(event)


def switch_off(monkeypatch: pytest.MonkeyPatch) -> None:
    parameters = sam_template.template()["Parameters"]
    monkeypatch.setitem(parameters["DocsPage"], "Default", "false")


class Page(HTMLParser):
    """What a browser would run, style, or fetch from elsewhere."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.inline: dict[str, list[str]] = {"script": [], "style": []}
        self.elsewhere: list[str] = []
        self._within = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._within = tag
        given = dict(attrs)
        assert not [name for name in given if name.startswith("on") or name == "style"]
        self.elsewhere += [text for name in ("src", "href") if (text := given.get(name))]

    def handle_data(self, data: str) -> None:
        if self._within in self.inline:
            self.inline[self._within].append(data)
            self._within = ""


def test_serves_the_committed_document_without_a_key(cloud: Cloud) -> None:
    answer = get(cloud, DOCUMENT)
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
    assert answer.text == (SERVED / "openapi.json").read_text()
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_serves_the_page_without_a_key(cloud: Cloud) -> None:
    answer = get(cloud, PAGE)
    assert (answer.status, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert answer.text == (SERVED / "docs.html").read_text()
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-cache"


def test_lets_the_page_run_itself_alone_and_reach_this_api_alone(cloud: Cloud) -> None:
    answer = get(cloud, PAGE)
    policy = dict(each.split(" ", 1) for each in answer.headers["content-security-policy"].split("; "))
    page = Page(answer.text)
    for tag, texts in page.inline.items():
        [text] = texts
        assert policy[f"{tag}-src"] == f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"
    assert policy.pop("connect-src") == "'self'"
    assert policy.pop("img-src") == "data:"
    assert {value for name, value in policy.items() if name not in {"script-src", "style-src"}} == {"'none'"}
    assert {"default-src", "base-uri", "form-action", "frame-ancestors"} <= policy.keys()


def test_needs_nothing_from_elsewhere_under_any_prefix(cloud: Cloud) -> None:
    page = Page(get(cloud, PAGE).text)
    assert {text.partition(":")[0] for text in page.elsewhere} == {"data", "#operations", "openapi.json"}
    assert "http" not in page.inline["script"][0].replace("encodeURIComponent", "")
    assert len(get(cloud, PAGE).text.encode()) < 40_000


def test_keeps_the_access_key_in_memory_alone(cloud: Cloud) -> None:
    [script] = Page(get(cloud, PAGE).text).inline["script"]
    assert not [name for name in ("localStorage", "sessionStorage", "cookie", "indexedDB", "caches") if name in script]


def test_does_not_know_the_page_where_it_is_switched_off(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    switch_off(monkeypatch)
    unknown = get(cloud, "/v2/nothing")
    assert unknown.status == 404
    for method in ("GET", "POST"):
        answer = get(cloud, PAGE, httpMethod=method)
        assert (answer.status, answer.body, answer.headers) == (404, unknown.body, unknown.headers)
    assert get(cloud, DOCUMENT).status == 200


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("PUT", "/v2/ai-integrations", "GET, POST"),
        ("DELETE", "/v2/ai-integrations", "GET, POST"),
        ("HEAD", "/v2/ai-integrations/{integration_id}", "DELETE, GET, PATCH"),
        ("OPTIONS", "/v2/spaces", "GET"),
        ("GET", "/v2/ai-integrations/{integration_id}/restore", "POST"),
        ("POST", "/v2/docs", "GET"),
    ],
)
def test_says_which_methods_a_path_has(cloud: Cloud, method: str, path: str, allow: str) -> None:
    event = gateway_event(method=method, path=path.format(integration_id="x")) | {"resource": path}
    answer = cloud.api(event)
    assert (answer.status, answer.headers["allow"]) == (405, allow)
    assert answer.pointers == []


def test_does_not_know_an_id_that_no_route_can_take(cloud: Cloud) -> None:
    event = gateway_event(method="GET", path='/v2/ai-integrations/"') | {
        "resource": "/v2/ai-integrations/{integration_id}"
    }
    assert cloud.api(event).status == 404
