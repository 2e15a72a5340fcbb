"""The console's files: what is served, with which headers, and what the scripts never do."""

import re
from enum import StrEnum
from typing import Any
from urllib.parse import urljoin

import pytest

from ai_integrations.domain.audit_log import Operation
from ai_integrations.domain.key_facts import KeyKind
from ai_integrations.domain.providers import METADATA_KINDS, PROVIDERS
from tests import sam_template
from tests.builders import ROOT, an_event
from tests.cloud import Cloud, Response

FOLDER = ROOT / "layers/shared/ai_integrations/http/console"
FILES = sorted(each.name for each in FOLDER.iterdir() if each.name != "index.html")
SCRIPTS = [each for each in FILES if each.endswith(".js")]
MEDIA_TYPES = {"css": "text/css", "js": "text/javascript"}
PAGE = "/v2/console"
# What would parse a text as HTML or as a script, or keep the access key longer than the page.
FORBIDDEN = [
    "innerHTML",
    "outerHTML",
    "insertAdjacentHTML",
    "setHTML",
    "document.write",
    "DOMParser",
    "createContextualFragment",
    "eval(",
    "new Function",
    "localStorage",
    "sessionStorage",
    "indexedDB",
    "caches",
    "cookie",
    "http://",
    "https://",
]
# Where these texts are harmless.
ALLOWED = {("dom.js", "http://www.w3.org/2000/svg")}


def get(cloud: Cloud, file: str = "", **changes: Any) -> Response:
    """Request a file, or without a name the page."""
    if not file:
        return cloud.http("console", an_event("get_console") | changes)
    event = an_event("get_console_file") | {"path": f"{PAGE}/{file}", "pathParameters": {"file": file}}
    return cloud.http("console", event | changes)


def switch_page_off(monkeypatch: pytest.MonkeyPatch) -> None:
    parameters = sam_template.template()["Parameters"]
    monkeypatch.setitem(parameters["ConsolePage"], "Default", "false")


def policy(response: Response) -> dict[str, str]:
    return dict(each.split(" ", 1) for each in response.headers["content-security-policy"].split("; "))


def text_of(script: str) -> str:
    """Return a script without the texts that are harmless in it."""
    text = (FOLDER / script).read_text()
    for file, harmless in ALLOWED:
        text = text.replace(harmless, "") if file == script else text
    return text


@pytest.mark.parametrize("file", FILES)
def test_get_file_returns_the_committed_file_with_its_media_type(cloud: Cloud, file: str) -> None:
    response = get(cloud, file)
    assert (response.status, response.text) == (200, (FOLDER / file).read_text())
    assert response.headers["content-type"] == f"{MEDIA_TYPES[file.rpartition('.')[2]]}; charset=utf-8"
    assert response.headers["x-content-type-options"] == "nosniff"


def test_get_page_returns_the_index(cloud: Cloud) -> None:
    response = get(cloud)
    assert response.text == (FOLDER / "index.html").read_text()
    assert response.headers["content-type"] == "text/html; charset=utf-8"


def test_get_page_with_a_slash_at_the_end_redirects_to_the_address_from_which_its_files_load(cloud: Cloud) -> None:
    response, address = get(cloud, path=f"{PAGE}/"), f"https://example.com/live{PAGE}"
    assert response.status == 308
    assert urljoin(f"{address}/", response.headers["location"]) == address


@pytest.mark.parametrize("file", ["unknown.js", "../docs.py", "..", "%2e%2e%2fdocs.py", "__init__.py", "index.html"])
def test_get_file_that_is_not_in_the_folder_returns_404(cloud: Cloud, file: str) -> None:
    response = get(cloud, "unknown", path=f"{PAGE}/{file}", pathParameters={"file": file})
    assert response.status == 404
    assert response.pointers == []


def test_page_policy_allows_only_files_and_requests_of_this_origin(cloud: Cloud) -> None:
    found = policy(get(cloud))
    own = {name for name, value in found.items() if value == "'self'"}
    nothing = {name for name, value in found.items() if value == "'none'"}
    assert own == {"script-src", "style-src", "connect-src"}
    assert nothing == {"default-src", "base-uri", "form-action", "frame-ancestors", "trusted-types"}
    assert found.keys() - own - nothing == {"img-src", "require-trusted-types-for"}
    assert (found["img-src"], found["require-trusted-types-for"]) == ("data:", "'script'")


def test_page_headers_isolate_it_and_demand_https(cloud: Cloud) -> None:
    headers = get(cloud).headers
    assert (headers["referrer-policy"], headers["cross-origin-opener-policy"]) == ("no-referrer", "same-origin")
    assert int(headers["strict-transport-security"].removeprefix("max-age=")) >= 31_536_000  # a year
    assert "camera=()" in headers["permissions-policy"]


def test_page_has_no_inline_script_or_style_and_loads_only_files_of_the_folder(cloud: Cloud) -> None:
    page = get(cloud).text
    assert not re.findall(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", page)
    loaded = re.findall(r'(?:src|href)="(?!data:|#)([^"]+)"', page)
    assert {each.removeprefix("console/") for each in loaded if each != "docs"} <= set(FILES)


@pytest.mark.parametrize("script", SCRIPTS)
def test_script_parses_no_html_and_keeps_no_key(script: str) -> None:
    assert not [each for each in FORBIDDEN if each in text_of(script)]


@pytest.mark.parametrize("script", SCRIPTS)
def test_script_imports_only_files_of_the_folder(script: str) -> None:
    imported = re.findall(r'(?:from|import|,) "([^"]+\.js)"', (FOLDER / script).read_text())
    assert {each.removeprefix("./") for each in imported} <= set(SCRIPTS)


def test_console_knows_every_provider_and_its_fields() -> None:
    script = (FOLDER / "providers.js").read_text()
    assert set(re.findall(r"^  ([A-Z_]+): \{ label:", script, re.MULTILINE)) >= PROVIDERS.keys()
    shown = set(re.findall(r"^  ([a-z_]+): \{ label:", script, re.MULTILINE))
    metadata = {field for kind in METADATA_KINDS for field in (*kind.required, *kind.optional)}
    federations = {field for each in PROVIDERS.values() if each.federation for field in each.federation.fields}
    assert shown == metadata | federations


@pytest.mark.parametrize(
    ("script", "table", "values"), [("audit.js", "OPERATIONS", Operation), ("facts.js", "KINDS", KeyKind)]
)
def test_console_has_words_for_every_value_of_the_api(script: str, table: str, values: type[StrEnum]) -> None:
    [block] = re.findall(rf"const {table} = \{{(.*?)\}};", (FOLDER / script).read_text(), re.DOTALL)
    assert set(re.findall(r"(\w+): \"", block)) == set(values)


def test_every_script_is_used() -> None:
    texts = [each.read_text() for each in FOLDER.iterdir()]
    assert [each for each in SCRIPTS if not any(f'/{each}"' in text for text in texts)] == []


def test_all_files_together_have_at_most_100_kilobytes() -> None:
    assert sum(each.stat().st_size for each in FOLDER.iterdir()) <= 100_000


@pytest.mark.parametrize("file", ["", "main.js"])
def test_get_page_when_it_is_switched_off_returns_the_same_404_as_an_unknown_path(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch, file: str
) -> None:
    switch_page_off(monkeypatch)
    unknown = cloud.api(an_event("get_docs") | {"path": "/v2/nothing", "resource": "/v2/nothing"})
    for method in ("GET", "POST"):
        response = get(cloud, file, httpMethod=method)
        assert (response.status, response.body, response.headers) == (404, unknown.body, unknown.headers)


@pytest.mark.parametrize("file", ["", "main.js"])
def test_another_method_returns_405(cloud: Cloud, file: str) -> None:
    response = get(cloud, file, httpMethod="POST")
    assert (response.status, response.headers["allow"]) == (405, "GET")
