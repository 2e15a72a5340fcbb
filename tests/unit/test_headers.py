"""Headers that an integration must not contain."""

import re

import pytest

from ai_integrations.domain.headers import RESERVED_HEADERS, find_reserved
from tests.builders import ROOT


@pytest.mark.parametrize(
    ("name", "entry"),
    [
        ("Host", "Host"),
        ("HOST", "Host"),
        ("content-length", "Content-Length"),
        ("Content-Type", "Content-Type"),
        ("content-encoding", "Content-Encoding"),
        ("Transfer-Encoding", "Transfer-Encoding"),
        ("connection", "Connection"),
        ("Keep-Alive", "Keep-Alive"),
        ("Upgrade", "Upgrade"),
        ("HTTP2-Settings", "HTTP2-Settings"),
        ("te", "TE"),
        ("Trailer", "Trailer"),
        ("Expect", "Expect"),
        ("Accept-Encoding", "Accept-Encoding"),
        ("Proxy-Authorization", "Proxy-*"),
        ("proxy-connection", "Proxy-*"),
        ("Forwarded", "Forwarded"),
        ("X-Forwarded-For", "X-Forwarded*"),
        ("x-forwarded-host", "X-Forwarded*"),
        ("X-Forwarded", "X-Forwarded*"),
        ("Via", "Via"),
        ("Max-Forwards", "Max-Forwards"),
        ("X-Real-IP", "X-Real-IP"),
        ("X-HTTP-Method-Override", "X-HTTP-Method*"),
        ("X-Method-Override", "X-Method-Override"),
        ("X-Original-URL", "X-Original-URL"),
        ("X-Original-Host", "X-Original-Host"),
        ("X-Rewrite-URL", "X-Rewrite-URL"),
    ],
)
def test_header_that_frames_or_routes_a_request_is_reserved(name: str, entry: str) -> None:
    assert find_reserved(name) == entry
    assert entry in RESERVED_HEADERS


@pytest.mark.parametrize(
    "name",
    [
        "Authorization",
        "Cookie",
        "User-Agent",
        "Accept",
        "api-key",
        "X-Team",
        "X-Host-Group",
        "OpenAI-Organization",
        "anthropic-version",
        "CF-Access-Client-Id",
        "Helicone-Auth",
        "HTTP-Referer",
        "Ocp-Apim-Subscription-Key",
        "Content-Safety",
        "Proxy",
        "x[a]*",
    ],
)
def test_header_that_authenticates_or_informs_is_not_reserved(name: str) -> None:
    assert find_reserved(name) is None


def test_contract_lists_every_reserved_header() -> None:
    text = (
        (ROOT / "docs/contract.md").read_text().split("### Reserved headers")[1].split("\nHeaders that authenticate")[0]
    )
    assert {*re.findall(r"`([\w*-]{2,})`", text)} - {"base_url"} == {*RESERVED_HEADERS}
