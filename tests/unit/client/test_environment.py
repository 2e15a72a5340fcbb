"""What adapters refuse because of the environment, as docs/consuming.md lists it."""

import os
import re
import sys
import tomllib
from collections.abc import Callable
from typing import Any

import pytest

from ai_integrations_client import ResolvedIntegration, UnsuitableError
from ai_integrations_client.adapters import (
    OPENAI_PROTOCOL,
    anthropic_arguments,
    azure_openai_arguments,
    bedrock_arguments,
    google_genai_arguments,
    litellm_arguments,
    openai_arguments,
)
from ai_integrations_client.bedrock import bedrock_session
from tests.builders import ROOT
from tests.unit.client.fixtures import a_bedrock, a_keyless, a_resolved, install_libraries, install_renewal

DOCUMENT = (ROOT / "docs/consuming.md").read_text()
GATEWAY = "https://llm.example.com"
PLAIN = "http://llm.example.com"
METADATA = {"project_id": "p", "location": "europe-west4", "project_access_label": "l"}
BEARER = {"auth_type": "BEARER_TOKEN"}
VARIABLES = {*re.findall(r"`([A-Z][A-Z_]+)`", DOCUMENT)}
Adapter = Callable[[ResolvedIntegration], object]


def complete(resolved: ResolvedIntegration) -> object:
    return litellm_arguments(resolved, "gemini-1.5-pro")


def with_function(adapter: Callable[..., object]) -> Adapter:
    return lambda resolved: adapter(lambda: resolved)


def a_vertex(**changes: Any) -> ResolvedIntegration:
    return a_keyless("VERTEX_AI", provider_metadata=METADATA, **changes)


# The rows of the table in docs/consuming.md.
ROWS: dict[str, list[tuple[Adapter, ResolvedIntegration]]] = {
    "`openai_arguments`": [(openai_arguments, a_resolved(each, base_url=GATEWAY)) for each in OPENAI_PROTOCOL],
    "`openai_arguments` with a function": [
        (with_function(openai_arguments), a_keyless("CUSTOM", base_url=GATEWAY)),
        (with_function(openai_arguments), a_vertex()),
    ],
    "`azure_openai_arguments` with a function": [
        (with_function(azure_openai_arguments), a_keyless("AZURE_OPEN_AI", base_url=GATEWAY))
    ],
    "`google_genai_arguments`": [
        (google_genai_arguments, a_vertex()),
        (with_function(google_genai_arguments), a_vertex()),
    ],
    "`azure_openai_arguments`": [
        (azure_openai_arguments, a_keyless("AZURE_OPEN_AI", base_url=GATEWAY)),
        (azure_openai_arguments, a_resolved("AZURE_OPEN_AI", base_url=GATEWAY, **BEARER)),
    ],
    "`azure_openai_arguments`, unless the key is a bearer token": [
        (azure_openai_arguments, a_resolved("AZURE_OPEN_AI", base_url=GATEWAY))
    ],
    "`anthropic_arguments`": [
        (anthropic_arguments, a_resolved(provider, base_url=GATEWAY, **changes))
        for provider in ("ANTHROPIC", "CUSTOM", "LITELLM")
        for changes in ({}, BEARER)
    ]
    + [(each, a_keyless("ANTHROPIC")) for each in (anthropic_arguments, with_function(anthropic_arguments))],
    "`bedrock_arguments`": [(bedrock_arguments, a_bedrock())],
    "`litellm_arguments`": [
        (complete, a_resolved("ANTHROPIC")),
        (complete, a_resolved("GEMINI")),
        (complete, a_resolved("VERTEX_AI", base_url=GATEWAY, provider_metadata=METADATA)),
    ],
    "`litellm_arguments`, OpenAI protocol, also for `VERTEX_AI` with an access token": [
        (complete, a_vertex()),
        (complete, a_vertex(base_url=GATEWAY)),
        *((complete, a_resolved(each, base_url=GATEWAY)) for each in OPENAI_PROTOCOL - {"GEMINI"}),
    ],
    "`litellm_arguments`, `AZURE_OPEN_AI`": [(complete, a_resolved("AZURE_OPEN_AI", base_url=GATEWAY))],
    "`litellm_arguments`, `AZURE_OPEN_AI` with a bearer token": [
        (complete, a_resolved("AZURE_OPEN_AI", base_url=GATEWAY, **BEARER)),
        (complete, a_keyless("AZURE_OPEN_AI", base_url=GATEWAY)),
    ],
    "`litellm_arguments`, `AWS_BEDROCK`": [(complete, a_bedrock(base_url=GATEWAY))],
    "`litellm_arguments`, `AWS_BEDROCK` without a `base_url`": [(complete, a_bedrock())],
    "`litellm_arguments`, `VERTEX_AI` without a `base_url`": [
        (complete, a_resolved("VERTEX_AI", provider_metadata=METADATA))
    ],
}
EVERY_ADAPTER = [case for cases in ROWS.values() for case in cases]


def documented_rows() -> dict[str, set[str]]:
    """Read the table. A row begins with all that the rows before it with the same adapter and provider have."""
    rows = re.findall(r"^\| (`\w+_arguments`[^|]*) \| (`[A-Z].*) \|$", DOCUMENT, re.MULTILINE)
    assert rows
    own = {row: {*re.findall(r"`([A-Z_]+)`", variables)} for row, variables in rows}
    return {row: set().union(*(own[each] for each in own if row == each or is_part(each, row))) for row in own}


def is_part(row: str, other: str) -> bool:
    """Check whether everything to which a row applies is also in another row: `a` in `a, b` in `a, b with c`."""
    return re.match(rf"{re.escape(row)}(,| with)", other) is not None


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    install_libraries(monkeypatch)
    install_renewal(monkeypatch)
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)


def refused(adapter: Adapter, resolved: ResolvedIntegration, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Return the variables that an adapter refuses if each is the only one that is set."""
    messages = {name: refusal(adapter, resolved, name, monkeypatch) for name in VARIABLES}
    found = {name: message for name, message in messages.items() if message}
    assert all(re.search(rf"'Production OpenAI'.*\b{name}\b", message) for name, message in found.items()), found
    return {*found}


def refusal(adapter: Adapter, resolved: ResolvedIntegration, name: str, monkeypatch: pytest.MonkeyPatch) -> str | None:
    with monkeypatch.context() as patch:
        patch.setenv(name, "true")
        try:
            adapter(resolved)
        except UnsuitableError as error:
            return str(error)
        return None


@pytest.mark.parametrize("row", ROWS)
def test_adapters_refuse_the_documented_variables(row: str, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = documented_rows()[row]
    for adapter, resolved in ROWS[row]:
        assert refused(adapter, resolved, monkeypatch) == expected, resolved


@pytest.mark.parametrize(
    ("adapter", "resolved", "variable"),
    [
        (openai_arguments, a_resolved(), "OPENAI_ORG_ID"),
        (anthropic_arguments, a_resolved("ANTHROPIC"), "ANTHROPIC_AUTH_TOKEN"),
        (anthropic_arguments, a_resolved("ANTHROPIC", **BEARER), "ANTHROPIC_API_KEY"),
    ],
)
def test_adapters_refuse_overridable_variable_if_library_cannot_be_imported(
    adapter: Adapter, resolved: ResolvedIntegration, variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for library in ("openai", "anthropic"):
        monkeypatch.setitem(sys.modules, library, None)
    adapter(resolved)
    monkeypatch.setenv(variable, "fake-of-the-environment")
    with pytest.raises(UnsuitableError, match=variable):
        adapter(resolved)


def test_every_documented_row_is_tested() -> None:
    assert documented_rows().keys() == ROWS.keys()


def test_litellm_arguments_accept_variable_whose_header_the_integration_has(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_ORG_ID", "org-of-the-environment")
    arguments = litellm_arguments(a_resolved(headers={"openai-organization": "own"}), "m")
    assert arguments["extra_headers"] == {"OpenAI-Organization": "own"}


@pytest.mark.parametrize("flag", ["USE_LITELLM_PROXY", "LITELLM_ANTHROPIC_DISABLE_URL_SUFFIX"])
def test_litellm_arguments_accept_flags_that_are_off(flag: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(flag, "False")
    litellm_arguments(a_resolved(), "m")


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
def test_adapters_refuse_proxy_that_would_read_the_key(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, "http://proxy.example.com")
    for adapter, resolved in plain_integrations():
        with pytest.raises(UnsuitableError, match=variable):
            adapter(resolved)
    with pytest.raises(UnsuitableError, match=variable):
        bedrock_session(lambda: a_bedrock(base_url=PLAIN), region="eu-west-1").client("bedrock-runtime")


@pytest.mark.parametrize(
    ("variable", "value"), [("HTTPS_PROXY", "http://proxy.example.com"), ("NO_PROXY", "llm.example.com")]
)
def test_adapters_accept_proxy_that_does_not_read_the_key(
    variable: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    if variable == "NO_PROXY":
        monkeypatch.setenv("HTTP_PROXY", "http://proxy.example.com")
    for adapter, resolved in plain_integrations():
        adapter(resolved)


def test_adapters_accept_proxy_for_https(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(variable, "http://proxy.example.com")
    for adapter, resolved in EVERY_ADAPTER:
        adapter(resolved)


def plain_integrations() -> list[tuple[Adapter, ResolvedIntegration]]:
    return [
        (openai_arguments, a_resolved(base_url=PLAIN)),
        (azure_openai_arguments, a_resolved("AZURE_OPEN_AI", base_url=PLAIN)),
        (anthropic_arguments, a_resolved("ANTHROPIC", base_url=PLAIN)),
        (google_genai_arguments, a_vertex(base_url=PLAIN)),
        (complete, a_resolved(base_url=PLAIN)),
        (complete, a_vertex(base_url=PLAIN)),
        (complete, a_resolved("VERTEX_AI", base_url=PLAIN, provider_metadata=METADATA)),
        (complete, a_bedrock(base_url=PLAIN)),
        (bedrock_arguments, a_bedrock(base_url=PLAIN)),
    ]


def test_supported_releases_are_the_tested_and_documented_ones() -> None:
    project = tomllib.loads((ROOT / "layers/client/pyproject.toml").read_text())["project"]
    required = [
        *project["dependencies"],
        *(each for extra in project["optional-dependencies"].values() for each in extra),
    ]
    oldest = dict(each.split(">=") for each in required)
    tested = {release: pinned(release) for release in ("oldest", "newest")}
    assert {name: tested["oldest"][name] for name in oldest} == oldest
    assert {*project["optional-dependencies"]} == oldest.keys() - {"boto3"}
    rows = re.findall(r"^\| `([\w-]+)` \| ([\d.]+) \| ([\d.]+) \|$", DOCUMENT, re.MULTILINE)
    assert rows == [(name, tested["oldest"][name], tested["newest"][name]) for name in sorted(oldest)]


def pinned(release: str) -> dict[str, str]:
    text = (ROOT / f"tests/stack/consumers/requirements-{release}.txt").read_text()
    return dict(re.findall(r"^([\w-]+)(?:\[\w+\])?==([\d.]+)", text, re.MULTILINE))
