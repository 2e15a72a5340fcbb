"""What each documented form of a base_url means, and that the connection test requests exactly that address."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import pytest
from pydantic import SecretStr

from ai_integrations.domain.connection_health import CheckStatus
from ai_integrations.domain.endpoints import Endpoints, accepted_forms, endpoints_of, find_flaw
from ai_integrations.domain.providers import PROVIDERS
from ai_integrations.key_access.connection_test.http import HttpSteps
from ai_integrations.key_access.federation_off import FederationOff
from ai_integrations.key_access.outbound.deadline import Deadline
from ai_integrations.key_access.outbound.http_messages import OutboundRequest, OutboundResponse
from tests.builders import API_KEY, ROOT, an_integration

PROJECT = {"project_id": "p-1", "location": "europe-west3", "project_access_label": "team"}
VERTEX = "https://europe-west3-aiplatform.googleapis.com"
BEDROCK = "https://bedrock-runtime.eu-west-1.amazonaws.com"
OPENAPI = "projects/p-1/locations/europe-west3/endpoints/openapi"


class Forms(NamedTuple):
    """Forms of a base_url that mean the same endpoints. None is an integration without one."""

    provider: str
    base_urls: tuple[str | None, ...]
    root: str
    api: str
    openai: str | None


def with_slash(*base_urls: str) -> tuple[str, ...]:
    return tuple(form for url in base_urls for form in (url, f"{url}/"))


DOCUMENTED = [
    Forms(
        "OPEN_AI",
        (None, *with_slash("https://api.openai.com", "https://api.openai.com/v1")),
        "https://api.openai.com",
        "https://api.openai.com/v1",
        "https://api.openai.com/v1",
    ),
    Forms(
        "OPEN_AI",
        ("https://eu.api.openai.com", "https://eu.api.openai.com/v1"),
        "https://eu.api.openai.com",
        "https://eu.api.openai.com/v1",
        "https://eu.api.openai.com/v1",
    ),
    *(
        Forms(
            "AZURE_OPEN_AI",
            with_slash(root, f"{root}/openai", f"{root}/openai/v1"),
            root,
            f"{root}/openai/v1",
            f"{root}/openai/v1",
        )
        for root in (
            "https://team.openai.azure.com",
            "https://team.services.ai.azure.com",
            "https://team.cognitiveservices.azure.com",
        )
    ),
    *(
        Forms("AWS_BEDROCK", with_slash(root, f"{root}/openai/v1"), root, root, f"{root}/openai/v1")
        for root in (
            BEDROCK,
            "https://bedrock-runtime-fips.us-gov-west-1.amazonaws.com",
            "https://bedrock-runtime.us-east-1.api.aws",
            "https://vpce-0fake-0fake.bedrock-runtime.us-east-1.vpce.amazonaws.com",
        )
    ),
    Forms(
        "VERTEX_AI",
        (None, *with_slash(VERTEX, f"{VERTEX}/v1", f"{VERTEX}/v1/{OPENAPI}", f"{VERTEX}/v1beta1/{OPENAPI}")),
        VERTEX,
        f"{VERTEX}/v1",
        f"{VERTEX}/v1/{OPENAPI}",
    ),
    Forms("VERTEX_AI", (f"{VERTEX}/v1beta1",), VERTEX, f"{VERTEX}/v1beta1", f"{VERTEX}/v1/{OPENAPI}"),
    *(
        Forms("VERTEX_AI", (root, f"{root}/v1"), root, f"{root}/v1", f"{root}/v1/{OPENAPI}")
        for root in ("https://aiplatform.googleapis.com", "https://aiplatform.eu.rep.googleapis.com")
    ),
    Forms(
        "ANTHROPIC",
        (None, *with_slash("https://api.anthropic.com", "https://api.anthropic.com/v1")),
        "https://api.anthropic.com",
        "https://api.anthropic.com/v1",
        "https://api.anthropic.com/v1",
    ),
    Forms(
        "NVIDIA_NIM",
        (None, *with_slash("https://integrate.api.nvidia.com", "https://integrate.api.nvidia.com/v1")),
        "https://integrate.api.nvidia.com",
        "https://integrate.api.nvidia.com/v1",
        "https://integrate.api.nvidia.com/v1",
    ),
    Forms(
        "GEMINI",
        (
            None,
            *with_slash(
                "https://generativelanguage.googleapis.com",
                "https://generativelanguage.googleapis.com/v1beta",
                "https://generativelanguage.googleapis.com/v1beta/openai",
            ),
        ),
        "https://generativelanguage.googleapis.com",
        "https://generativelanguage.googleapis.com/v1beta",
        "https://generativelanguage.googleapis.com/v1beta/openai",
    ),
    *(
        Forms(
            "GEMINI",
            with_slash(f"https://generativelanguage.googleapis.com/{version}"),
            "https://generativelanguage.googleapis.com",
            f"https://generativelanguage.googleapis.com/{version}",
            "https://generativelanguage.googleapis.com/v1beta/openai",
        )
        for version in ("v1", "v1alpha")
    ),
    Forms(
        "FIREWORKS",
        (None, *with_slash("https://api.fireworks.ai/inference", "https://api.fireworks.ai/inference/v1")),
        "https://api.fireworks.ai/inference",
        "https://api.fireworks.ai/inference/v1",
        "https://api.fireworks.ai/inference/v1",
    ),
    Forms(
        "TOGETHER_AI",
        (None, *with_slash("https://api.together.xyz", "https://api.together.xyz/v1")),
        "https://api.together.xyz",
        "https://api.together.xyz/v1",
        "https://api.together.xyz/v1",
    ),
    Forms(
        "TOGETHER_AI",
        ("https://api.together.ai", "https://api.together.ai/v1"),
        "https://api.together.ai",
        "https://api.together.ai/v1",
        "https://api.together.ai/v1",
    ),
    Forms(
        "LITELLM",
        with_slash("https://llm.example.com", "https://llm.example.com/v1"),
        "https://llm.example.com",
        "https://llm.example.com/v1",
        "https://llm.example.com/v1",
    ),
    # vLLM, Ollama and LM Studio; OpenRouter; a server that has no version in its paths, and one with another version.
    *(
        Forms("CUSTOM", with_slash(url), root, url, url)
        for url, root in (
            ("https://llm.example.com/v1", "https://llm.example.com"),
            ("https://openrouter.ai/api/v1", "https://openrouter.ai/api"),
            ("https://llm.example.com", "https://llm.example.com"),
            ("https://llm.example.com/api/paas/v4", "https://llm.example.com/api/paas/v4"),
        )
    ),
]

GATEWAY = "https://gateway.example.com/v1/team/provider"
BEHIND_GATEWAY = [
    # With the OpenAI protocol, a base_url means what it means in the OpenAI SDK.
    *(
        Forms(provider, with_slash(f"{GATEWAY}{suffix}"), GATEWAY, f"{GATEWAY}{suffix}", f"{GATEWAY}{suffix}")
        for provider in ("OPEN_AI", "NVIDIA_NIM", "FIREWORKS", "TOGETHER_AI", "CUSTOM")
        for suffix in ("", "/v1")
    ),
    *(
        Forms(provider, with_slash(GATEWAY, f"{GATEWAY}/v1"), GATEWAY, f"{GATEWAY}/v1", f"{GATEWAY}/v1")
        for provider in ("ANTHROPIC", "LITELLM")
    ),
    Forms(
        "AZURE_OPEN_AI",
        with_slash(GATEWAY, f"{GATEWAY}/openai", f"{GATEWAY}/openai/v1"),
        GATEWAY,
        f"{GATEWAY}/openai/v1",
        f"{GATEWAY}/openai/v1",
    ),
    Forms(
        "GEMINI",
        with_slash(GATEWAY, f"{GATEWAY}/v1beta", f"{GATEWAY}/v1beta/openai"),
        GATEWAY,
        f"{GATEWAY}/v1beta",
        f"{GATEWAY}/v1beta/openai",
    ),
    Forms("VERTEX_AI", with_slash(GATEWAY, f"{GATEWAY}/v1"), GATEWAY, f"{GATEWAY}/v1", f"{GATEWAY}/v1/{OPENAPI}"),
    Forms("AWS_BEDROCK", with_slash(GATEWAY), GATEWAY, GATEWAY, f"{GATEWAY}/openai/v1"),
]
EVERY_FORM = [
    pytest.param(forms, base_url, id=f"{forms.provider}-{base_url}")
    for forms in (*DOCUMENTED, *BEHIND_GATEWAY)
    for base_url in forms.base_urls
]


@pytest.mark.parametrize(("forms", "base_url"), EVERY_FORM)
def test_endpoints_are_the_same_for_every_form_of_base_url(forms: Forms, base_url: str | None) -> None:
    expected = Endpoints(root=forms.root, api=forms.api, openai=forms.openai)
    assert endpoints_of(forms.provider, base_url, PROJECT) == expected
    assert base_url is None or find_flaw(forms.provider, base_url, PROJECT) is None


def test_every_provider_has_documented_forms() -> None:
    assert {forms.provider for forms in DOCUMENTED} == PROVIDERS.keys()


# All other providers are tested with a key, over the protocol of OpenAI.
TESTED_WITHOUT_KEY = {"AWS_BEDROCK", "VERTEX_AI"}
COMPLETION_PATHS = {"ANTHROPIC": "/messages", "GEMINI": "/models/m-1:generateContent"}


@dataclass
class RecordingOutbound:
    """Records the addresses of requests without their queries, and behaves like a provider that accepts the key."""

    reached: list[str] = field(default_factory=list)
    requested: set[str] = field(default_factory=set)

    def reach(self, url: str, _deadline: Deadline) -> None:
        self.reached.append(url)

    def send(self, request: OutboundRequest, _deadline: Deadline) -> OutboundResponse:
        self.requested.add(f"{request.method} {request.url.partition('?')[0]}")
        is_authenticated = any(API_KEY in value for value in request.headers.values())
        body = b'{"data": [], "choices": [], "content": [], "candidates": []}'
        return OutboundResponse(status=200 if is_authenticated else 401, body=body, truncated=False)


TESTED_OVER_HTTP = [
    pytest.param(
        forms,
        base_url,
        COMPLETION_PATHS.get(forms.provider, "/chat/completions"),
        id=f"{forms.provider}-{base_url}",
    )
    for forms in (*DOCUMENTED, *BEHIND_GATEWAY)
    if forms.provider not in TESTED_WITHOUT_KEY
    for base_url in forms.base_urls
]


@pytest.mark.parametrize(("forms", "base_url", "completion"), TESTED_OVER_HTTP)
def test_connection_test_requests_endpoint_that_consumers_get(
    forms: Forms, base_url: str | None, completion: str
) -> None:
    outbound = RecordingOutbound()
    integration = an_integration(provider=forms.provider, base_url=base_url)
    rungs = HttpSteps(outbound, FederationOff()).run(integration, SecretStr(API_KEY), "m-1").rungs
    assert [rung.status for rung in rungs] == [CheckStatus.PASSED] * 3
    assert outbound.reached == [forms.api]
    assert outbound.requested == {f"GET {forms.api}/models", f"POST {forms.api}{completion}"}


@pytest.mark.parametrize("forms", [*DOCUMENTED, *BEHIND_GATEWAY])
def test_openai_endpoint_is_the_tested_one_for_openai_protocol(forms: Forms) -> None:
    if forms.provider not in {*TESTED_WITHOUT_KEY, *COMPLETION_PATHS}:
        assert forms.openai == forms.api


@pytest.mark.parametrize("provider", ["AZURE_OPEN_AI", "AWS_BEDROCK", "CUSTOM", "LITELLM"])
def test_endpoints_are_none_without_any_address(provider: str) -> None:
    assert endpoints_of(provider, None, None) is None


def test_connection_test_without_any_address_names_the_accepted_forms_and_lists_no_models() -> None:
    steps = HttpSteps(RecordingOutbound(), FederationOff())
    findings = steps.run(an_integration(provider="CUSTOM"), SecretStr(API_KEY), "m-1")
    [reachable] = findings.rungs
    assert reachable.status is CheckStatus.FAILED
    assert accepted_forms("CUSTOM") in (reachable.not_proved or "")
    assert findings.models == ()


@pytest.mark.parametrize(
    ("location", "root"),
    [
        ("us-central1", "https://us-central1-aiplatform.googleapis.com"),
        ("global", "https://aiplatform.googleapis.com"),
        ("eu", "https://aiplatform.eu.rep.googleapis.com"),
        ("us", "https://aiplatform.us.rep.googleapis.com"),
    ],
)
def test_vertex_endpoints_depend_on_location(location: str, root: str) -> None:
    endpoints = endpoints_of("VERTEX_AI", None, PROJECT | {"location": location})
    assert endpoints == Endpoints(
        root=root, api=f"{root}/v1", openai=f"{root}/v1/projects/p-1/locations/{location}/endpoints/openapi"
    )


@pytest.mark.parametrize("location", ["example.com/", "evil@x", "{0.__class__}", "a.b", "A", "", "-", "x\n"])
def test_vertex_endpoints_are_none_if_location_is_no_host_label(location: str) -> None:
    assert endpoints_of("VERTEX_AI", None, {"location": location}) is None


@pytest.mark.parametrize("project", ["p-1", "123456789012", "example.com:p-1"])
def test_vertex_openai_endpoint_contains_the_project(project: str) -> None:
    endpoints = endpoints_of("VERTEX_AI", None, PROJECT | {"project_id": project})
    assert endpoints
    assert endpoints.openai == f"{VERTEX}/v1/projects/{project}/locations/europe-west3/endpoints/openapi"


@pytest.mark.parametrize("project", ["a/b", "..", "a?b", "a#b", "", "ä"])
def test_vertex_has_no_openai_endpoint_if_project_would_change_the_path(project: str) -> None:
    endpoints = endpoints_of("VERTEX_AI", None, PROJECT | {"project_id": project})
    assert endpoints == Endpoints(root=VERTEX, api=f"{VERTEX}/v1", openai=None)


@pytest.mark.parametrize(
    ("base_url", "api"),
    [
        ("HTTPS://API.OpenAI.com/v1", "https://api.openai.com/v1"),
        ("https://api.openai.com:443/v1", "https://api.openai.com/v1"),
        ("https://api.openai.com./v1", "https://api.openai.com/v1"),
        ("https://gateway.example.com:8443/v1//", "https://gateway.example.com:8443/v1"),
        ("https://gateway.example.com/API/v1", "https://gateway.example.com/API/v1"),
        ("http://gateway.corp:80/v1", "http://gateway.corp/v1"),
        ("http://[::1]:8000/v1", "http://[::1]:8000/v1"),
        ("http://v1", "http://v1"),
        ("https://gateway.example.com/teamX", "https://gateway.example.com/teamX"),
        ("https://gateway.example.com//v1", "https://gateway.example.com/v1"),
    ],
)
def test_endpoints_are_normalized(base_url: str, api: str) -> None:
    endpoints = endpoints_of("OPEN_AI", base_url, None)
    assert endpoints
    assert endpoints.api == api


def test_path_without_an_ending_is_part_of_the_root_if_no_ending_can_be_filled() -> None:
    endpoints = endpoints_of("VERTEX_AI", f"{GATEWAY}/XXXX", None)
    assert endpoints == Endpoints(root=f"{GATEWAY}/XXXX", api=f"{GATEWAY}/XXXX/v1", openai=None)


class Flawed(NamedTuple):
    """A base_url without a single meaning, the reason, and the endpoints of an integration that stores it."""

    provider: str
    base_url: str
    flaw: str
    api: str


FLAWED = [
    Flawed("CUSTOM", "https://llm.example.com/v1?api-version=1", "query", "https://llm.example.com/v1"),
    Flawed("CUSTOM", "https://llm.example.com/v1?", "query", "https://llm.example.com/v1"),
    Flawed(
        "AZURE_OPEN_AI",
        "https://team.openai.azure.com/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21",
        "query",
        "https://team.openai.azure.com/openai/v1",
    ),
    Flawed(
        "AZURE_OPEN_AI",
        "https://team.openai.azure.com/openai/deployments/gpt-4o",
        "method, deployment",
        "https://team.openai.azure.com/openai/v1",
    ),
    Flawed("AZURE_OPEN_AI", f"{GATEWAY}/openai/deployments/gpt-4o", "method, deployment", f"{GATEWAY}/openai/v1"),
    *(
        Flawed("OPEN_AI", f"https://api.openai.com/v1/{method}", "method", "https://api.openai.com/v1")
        for method in ("chat/completions", "completions", "responses", "embeddings", "models", "models/gpt-4o")
    ),
    Flawed("CUSTOM", "https://llm.example.com/chat/completions", "method", "https://llm.example.com"),
    Flawed("ANTHROPIC", "https://api.anthropic.com/v1/messages", "method", "https://api.anthropic.com/v1"),
    Flawed("ANTHROPIC", f"{GATEWAY}/v1/messages", "method", f"{GATEWAY}/v1"),
    Flawed(
        "GEMINI",
        "https://generativelanguage.googleapis.com/v1/models/gemini-2.5-flash:generateContent",
        "method",
        "https://generativelanguage.googleapis.com/v1",
    ),
    *(
        Flawed("AWS_BEDROCK", f"{BEDROCK}/model/m-1/{method}", "method", BEDROCK)
        for method in ("converse", "converse-stream", "invoke", "invoke-with-response-stream")
    ),
    Flawed("VERTEX_AI", f"{VERTEX}/v1/{OPENAPI.replace('p-1', 'p-2')}", "project", f"{VERTEX}/v1"),
    Flawed("VERTEX_AI", f"{VERTEX}/v1/{OPENAPI}/chat/completions", "method", f"{VERTEX}/v1"),
    *(
        Flawed("AWS_BEDROCK", f"https://{host}", "different API", f"https://{host}")
        for host in (
            "bedrock.eu-west-1.amazonaws.com",
            "bedrock-agent-runtime.eu-west-1.amazonaws.com",
            "bedrock-mantle.eu-west-1.api.aws",
            "bedrock-mantle.eu-west-1.api.aws/v1",
        )
    ),
    *(
        Flawed(provider, url, "own host", url)
        for provider, url in (
            ("OPEN_AI", "https://api.openai.com/v2"),
            ("OPEN_AI", "https://eu.api.openai.com/openai"),
            ("FIREWORKS", "https://api.fireworks.ai"),
            ("FIREWORKS", "https://api.fireworks.ai/v1"),
        )
    ),
    Flawed(
        "AZURE_OPEN_AI",
        "https://team.services.ai.azure.com/models",
        "own host",
        "https://team.services.ai.azure.com/models/openai/v1",
    ),
    Flawed("ANTHROPIC", "https://api.anthropic.com/v2", "own host", "https://api.anthropic.com/v2/v1"),
    Flawed("ANTHROPIC", f"{GATEWAY}/v2", "version", f"{GATEWAY}/v2/v1"),
    Flawed("ANTHROPIC", f"{GATEWAY}/v1/v1", "version", f"{GATEWAY}/v1/v1"),
    Flawed("GEMINI", f"{GATEWAY}/v1/openai", "version", f"{GATEWAY}/v1/openai/v1beta"),
    Flawed("LITELLM", "https://llm.example.com/V1", "version", "https://llm.example.com/V1/v1"),
    Flawed("CUSTOM", "https://llm.example.com/v2/v1", "version", "https://llm.example.com/v2/v1"),
    Flawed("AWS_BEDROCK", f"{GATEWAY}/v1", "version", f"{GATEWAY}/v1"),
    Flawed("CUSTOM", "https://llm.example.com//X", "dot segments", "https://llm.example.com//X"),
    *(
        Flawed("CUSTOM", f"https://llm.example.com/{path}/v1", "dot segments", f"https://llm.example.com/{path}/v1")
        for path in ("..", "a/..", "a/.", "a//b", "a/%2e%2E", "a/..%2fb", "a%2F..%2Fb", "a%2f%2fb", "a/..;x=1")
    ),
]


@pytest.mark.parametrize(
    ("provider", "root"),
    [
        ("OPEN_AI", "https://api.openai.com"),
        ("OPEN_AI", "https://eu.api.openai.com"),
        ("AZURE_OPEN_AI", "https://team.openai.azure.com"),
        ("AZURE_OPEN_AI", "https://team.services.ai.azure.com"),
        ("AZURE_OPEN_AI", "https://team.cognitiveservices.azure.com"),
        ("AWS_BEDROCK", BEDROCK),
        ("AWS_BEDROCK", "https://bedrock-runtime-fips.us-gov-west-1.amazonaws.com"),
        ("AWS_BEDROCK", "https://bedrock-runtime.us-east-1.api.aws"),
        ("AWS_BEDROCK", "https://bedrock-runtime-fips.us-east-1.api.aws"),
        ("VERTEX_AI", VERTEX),
        ("VERTEX_AI", "https://aiplatform.googleapis.com"),
        ("VERTEX_AI", "https://aiplatform.eu.rep.googleapis.com"),
        ("ANTHROPIC", "https://api.anthropic.com"),
        ("NVIDIA_NIM", "https://integrate.api.nvidia.com"),
        ("GEMINI", "https://generativelanguage.googleapis.com"),
        ("FIREWORKS", "https://api.fireworks.ai/inference"),
        ("TOGETHER_AI", "https://api.together.xyz"),
        ("TOGETHER_AI", "https://api.together.ai"),
    ],
)
def test_path_that_an_own_host_of_the_provider_does_not_have_is_flawed(provider: str, root: str) -> None:
    assert find_flaw(provider, root, PROJECT) is None
    assert find_flaw(provider, f"{root}/other", PROJECT) == "has a path that the provider's own host does not have"


@pytest.mark.parametrize("flawed", FLAWED, ids=lambda flawed: f"{flawed.provider}-{flawed.base_url}")
def test_base_url_without_single_meaning_is_flawed(flawed: Flawed) -> None:
    flaw = find_flaw(flawed.provider, flawed.base_url, PROJECT)
    assert flaw
    assert flawed.flaw in flaw


@pytest.mark.parametrize("flawed", FLAWED, ids=lambda flawed: f"{flawed.provider}-{flawed.base_url}")
def test_endpoints_of_stored_flawed_base_url_stay_at_its_host(flawed: Flawed) -> None:
    endpoints = endpoints_of(flawed.provider, flawed.base_url, PROJECT)
    assert endpoints
    assert endpoints.api == flawed.api
    host = re.match(r"https://[^/]+", flawed.base_url)
    assert host
    assert all(url is None or url.startswith(host[0]) for url in endpoints)


@pytest.mark.parametrize("base_url", ["https://[::1", "https://example.com:port/v1"])
def test_endpoints_are_none_for_stored_text_that_is_no_url(base_url: str) -> None:
    assert endpoints_of("OPEN_AI", base_url, None) is None
    assert find_flaw("OPEN_AI", base_url, None) == "must contain a valid host"


@pytest.mark.parametrize("provider", PROVIDERS)
def test_every_accepted_form_is_accepted(provider: str) -> None:
    """The message of a rejection must not suggest a form that is rejected."""
    text = accepted_forms(provider)
    endings = re.findall(r" (/\S+?)(?= or |\.$)", text)
    assert endings
    roots = [*re.findall(r"https://\S+", text), GATEWAY]
    for url in (f"{root}{ending}" for root in roots for ending in ("", *endings)):
        written = url.replace("{region}", "eu-west-1").replace("{resource}", "team").format_map(PROJECT)
        assert find_flaw(provider, written, PROJECT) is None


def test_accepted_forms_list_every_ending() -> None:
    assert accepted_forms("GEMINI") == (
        "Use https://generativelanguage.googleapis.com or the address of your own server, "
        "alone or followed by /v1beta or /v1 or /v1alpha or /v1beta/openai."
    )
    assert accepted_forms("AZURE_OPEN_AI").endswith(", alone or followed by /openai/v1 or /openai.")


def table_rows(document: str) -> Iterator[list[str]]:
    section = document.split("\n### Base URLs\n")[1].split("\n## ", maxsplit=1)[0]
    for line in section.splitlines():
        if line.startswith("| `"):
            yield [cell.strip() for cell in line.strip("|").split("|")]


def test_table_of_base_urls_matches_documentation() -> None:
    def cell(*codes: str) -> str:
        return ", ".join(f"`{code}`" for code in codes)

    expected = []
    for name, provider in PROVIDERS.items():
        address = provider.address
        endings = [each for each in dict.fromkeys((*address.apis, address.openai, *address.endings)) if each]
        expected.append(
            [
                cell(name),
                cell(*address.roots) or "your server",
                cell(*endings),
                cell(f"root{address.apis[0]}") + (" or as given" if address.verbatim else ""),
                cell(f"root{address.openai}") + (" or as given" if address.verbatim else ""),
            ]
        )
    assert list(table_rows((ROOT / "docs/contract.md").read_text())) == expected
