"""Completions with unmodified provider libraries and resolved integrations; `make consumers` runs these tests.

The provider is the server of the package `fakellm` with a check of the API key, or LiteLLM's own proxy.
"""

import json
import os
import re
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from tests.builders import ROOT
from tests.stack.conftest import Stack, running_stack
from tests.stack.consumers.cases import BETA, TOKEN, Case
from tests.stack.consumers.processes import (
    MASTER_KEY,
    OFFLINE,
    PYTHON,
    RELEASES,
    Program,
    Provider,
    running_program,
    running_provider,
    running_proxy,
)
from tests.stack.consumers.recorder import GOOGLE_TOKEN, TEXT, TOKEN_PATH, Recorder, running_recorder
from tests.stack.platform_client import PlatformClient

pytestmark = pytest.mark.consumers

FIRST, SECOND, THIRD = (f"sk-fake-key-number-{number}" for number in ("one", "two", "three"))
INTEGRATIONS = {"openai": "Production OpenAI", "anthropic": "Production Anthropic", "litellm": "Production OpenAI"}
KEY_IN_HEADERS = "sk-fake-in-headers-not-a-key"  # header values are stored in the table
CLAUDE = "anthropic.claude-3-sonnet-20240229-v1:0"
COMPLETION = "[mock response for gpt-4o"  # the beginning of every completion of the provider


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    with running_provider(tmp_path_factory.mktemp("provider")) as running:
        yield running


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    with running_recorder() as running:
        yield running


@pytest.fixture(params=RELEASES)
def release(request: pytest.FixtureRequest) -> str:
    """Choose the oldest or the newest supported release of each library."""
    return str(request.param)


def settings(stack: Stack, account: str) -> dict[str, str]:
    """Build the environment of a consumer. It contains no provider key."""
    platform = PlatformClient(stack, account)
    return {
        **platform.aws_environment(),
        "AI_INTEGRATIONS_FUNCTION": platform.outputs["CredentialsFunctionName"],
        "AI_INTEGRATIONS_ACCOUNT": account,
        "AI_INTEGRATIONS_CONSUMER": "a-program",
    }


def complete(program: Program, library: str) -> str:
    response = program.complete(library, INTEGRATIONS[library])
    assert "completion" in response, response
    assert not response["retried"], "the provider rejected the first key"
    return str(response["completion"])


def change_keys(stack: Stack, access_key: str, integrations: list[dict[str, Any]], key: str) -> None:
    for each in integrations:
        stack.call(access_key, "PATCH", f"/{each['id']}", api_key=key)


def test_program_completes_through_rotations_and_outage_of_registry(tmp_path: Path, provider: Provider) -> None:
    with (
        running_stack(tmp_path / "stack") as (stack, process),
        running_program(tmp_path, settings(stack, "acme")) as program,
    ):
        access_key = stack.issue_key(account="acme")
        platform = PlatformClient(stack, "acme")
        integrations = [
            stack.create(
                access_key, name=INTEGRATIONS["openai"], provider="openAI", base_url=provider.base_url, api_key=FIRST
            ),
            stack.create(
                access_key,
                name=INTEGRATIONS["anthropic"],
                provider="anthropic",
                base_url=provider.address,
                api_key=FIRST,
            ),
        ]
        provider.accept(FIRST)
        for library in INTEGRATIONS:
            assert complete(program, library).startswith(COMPLETION)

        # The program receives the change events: it uses the new key, and the old one may be revoked.
        change_keys(stack, access_key, integrations, SECOND)
        for event in platform.wait_for_events(2, within=30, detail_type="Key Rotated"):
            assert program.handle_event({"detail-type": event.detail_type, "detail": event.detail})
        provider.accept(SECOND)
        for library in INTEGRATIONS:
            assert complete(program, library).startswith(COMPLETION)

        # It receives no event: it resolves the integration again when the provider rejects its key.
        change_keys(stack, access_key, integrations, THIRD)
        provider.accept(THIRD)
        for library in ("openai", "anthropic"):
            response = program.complete(library, INTEGRATIONS[library])
            assert response.get("retried"), response
        assert complete(program, "litellm").startswith(COMPLETION)

        # Without the registry it uses the cached keys; without a valid key there is no completion.
        process.kill()
        process.wait()
        for library in INTEGRATIONS:
            assert complete(program, library).startswith(COMPLETION)
        provider.accept()
        assert program.complete("openai", INTEGRATIONS["openai"])["error"].startswith("AuthenticationError")


def test_libraries_authenticate_according_to_auth_type(
    tmp_path: Path, stack: Stack, provider: Provider, release: str
) -> None:
    account = f"auth-types-{release}"
    access_key = stack.issue_key(account=account)
    common = {"base_url": provider.base_url, "api_key": "sk-fake-not-valid-here"}
    bearer = {**common, "auth_type": "bearer_token", "api_key": FIRST}
    by_header = {**common, "auth_type": "proxy_with_headers", "headers": {"authorization": f"Bearer {KEY_IN_HEADERS}"}}
    address = {"base_url": provider.address}
    bodies: dict[str, dict[str, Any]] = {
        "openai bearer_token": {"provider": "openAI", **bearer},
        "openai proxy_with_headers": {"provider": "openAI", **by_header},
        "openai headers alone": {"provider": "custom", **by_header, "api_key": None},
        "anthropic bearer_token": {"provider": "anthropic", **bearer, **address},
        "anthropic proxy_with_headers": {"provider": "anthropic", **by_header, **address},
    }
    for name, body in bodies.items():
        stack.create(access_key, name=name, **body)
    provider.accept(FIRST, KEY_IN_HEADERS)
    with running_program(tmp_path, settings(stack, account), release) as program:
        for name in bodies:
            protocol = name.partition(" ")[0]
            model = {"openai": "gpt-4o", "anthropic": "claude-sonnet-4-5"}[protocol]
            for library in (protocol, "litellm"):
                response = program.complete(library, name, model=model)
                assert response.get("completion", "").startswith(f"[mock response for {model}"), (library, response)


AZURE_CREDENTIALS = [
    ("default", {}, {"api-key": FIRST}),
    ("bearer_token", {"X-Team": "billing"}, {"authorization": f"Bearer {FIRST}", "x-team": "billing"}),
    ("proxy_with_headers", {"API-KEY": "fake-of-the-proxy"}, {"api-key": "fake-of-the-proxy"}),
]


def test_azure_request_has_address_and_credentials_of_integration(
    tmp_path: Path, stack: Stack, recorder: Recorder, release: str
) -> None:
    account = f"azure-{release}"
    access_key = stack.issue_key(account=account)
    common = {"provider": "azureOpenAI", "base_url": f"{recorder.address}/openai/v1", "api_key": FIRST}
    with running_program(tmp_path, settings(stack, account), release) as program:
        for auth_type, headers, credentials in AZURE_CREDENTIALS:
            stack.create(access_key, name=auth_type, auth_type=auth_type, headers=headers, **common)
            assert program.complete("azure", auth_type).get("completion") == TEXT
            [request] = recorder.take()
            assert request.path == "/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21"
            assert credentials.items() <= request.headers.items()


def test_bedrock_request_is_signed_with_role_credentials(
    tmp_path: Path, stack: Stack, recorder: Recorder, release: str
) -> None:
    account = f"bedrock-{release}"
    access_key = stack.issue_key(account=account)
    role = role_of(account)
    stack.create(access_key, name="Bedrock", provider="awsBedrock", provider_metadata=role, base_url=recorder.address)
    environment = settings(stack, account)
    with running_program(tmp_path, environment, release) as program:
        for library in ("bedrock", "bedrock session", "litellm"):
            response = program.complete(library, "Bedrock", model=CLAUDE)
            assert response.get("completion") == TEXT, response
            [request] = recorder.take()
            assert request.path == "/model/anthropic.claude-3-sonnet-20240229-v1%3A0/converse"
            assert_signed_by_role(request.headers, environment)


def role_of(account: str) -> dict[str, str]:
    """Name a role of one account: no other account of the registry may name it too."""
    return {"role_arn": f"arn:aws:iam::123456789012:role/{account}", "external_id": "tenant-42"}


def assert_signed_by_role(headers: dict[str, str], environment: dict[str, str]) -> None:
    assert headers["authorization"].startswith("AWS4-HMAC-SHA256 Credential=")
    assert f"={environment['AWS_ACCESS_KEY_ID']}/" not in headers["authorization"]


def test_litellm_proxy_as_provider_and_as_consumer_completes_requests(
    tmp_path: Path, stack: Stack, provider: Provider, release: str
) -> None:
    account = f"proxy-{release}"
    access_key = stack.issue_key(account=account)
    models = [
        {"model_name": "own", "litellm_params": {"model": "openai/gpt-4o", "mock_response": "The proxy itself."}},
        {
            "model_name": "gpt-4o",
            "litellm_params": {
                "model": "openai/gpt-4o",
                "api_key": "from-the-registry",
                "ai_integration": "Behind the proxy",
                "ai_integration_space": "s",
            },
        },
    ]
    body = {"provider": "openAI", "base_url": provider.base_url, "api_key": FIRST, "scopings": [{"space_id": "s"}]}
    stack.create(access_key, name="Behind the proxy", **body)
    provider.accept(FIRST)
    environment = settings(stack, account)
    with (
        running_proxy(tmp_path, environment, models, release) as address,
        running_program(tmp_path, environment, release) as program,
    ):
        for name, key in (("The proxy", MASTER_KEY), ("Invalid key", "sk-fake-invalid-key")):
            stack.create(access_key, name=name, provider="LITELLM", base_url=address, api_key=key)
        for library in ("openai", "litellm"):
            assert program.complete(library, "The proxy", model="own")["completion"] == "The proxy itself."
            assert program.complete(library, "The proxy")["completion"].startswith(COMPLETION)
            assert "error" in program.complete(library, "Invalid key", model="own")
    assert FIRST not in (tmp_path / "proxy.log").read_text()


PROFILE = "arn:aws:bedrock:eu-west-1:123456789012:inference-profile/eu.anthropic.claude-3-sonnet-20240229-v1:0"


def test_litellm_proxy_keeps_model_and_headers_and_replaces_credentials(
    tmp_path: Path, stack: Stack, recorder: Recorder, release: str
) -> None:
    account = f"callback-{release}"
    access_key, base_url = stack.issue_key(account=account), f"{recorder.address}/v1"
    key = {"base_url": base_url, "api_key": FIRST}
    stack.create(access_key, name="NIM", provider="nvidiaNim", **key)
    stack.create(access_key, name="Gateway", provider="custom", headers={"X-Team": "billing"}, **key)
    role = role_of(account)
    stack.create(access_key, name="Bedrock", provider="awsBedrock", provider_metadata=role, base_url=recorder.address)
    headers = {"x-team": "deployment", "x-trace": "on", "authorization": "Bearer fake-of-the-deployment"}
    models = [
        proxy_model("nim", "nvidia_nim/meta/llama-3.1-8b-instruct", "NIM"),
        proxy_model("gateway", "openai/openai/gpt-oss-120b", "Gateway", extra_headers=headers),
        proxy_model("bedrock", f"bedrock/converse/{PROFILE}", "Bedrock", aws_region_name="eu-west-1"),
    ]
    environment = settings(stack, account)
    with running_proxy(tmp_path, environment, models, release) as address:
        for name, model in (("nim", "meta/llama-3.1-8b-instruct"), ("gateway", "openai/gpt-oss-120b")):
            assert post_completion(address, name) == TEXT
            [request] = recorder.take()
            assert request.headers["authorization"] == f"Bearer {FIRST}"
            assert json.loads(request.body)["model"] == model
        assert (request.headers["x-team"], request.headers["x-trace"]) == ("billing", "on")
        assert post_completion(address, "bedrock") == TEXT
        [request] = recorder.take()
        assert unquote(request.path) == f"/model/{PROFILE}/converse"
        assert_signed_by_role(request.headers, environment)


def proxy_model(name: str, model: str, integration: str, **parameters: Any) -> dict[str, Any]:
    fixed = {"model": model, "api_key": "from-the-registry", "api_base": "http://127.0.0.1:1"}
    return {"model_name": name, "litellm_params": {**fixed, "ai_integration": integration, **parameters}}


def post_completion(address: str, model: str) -> str:
    """Request a completion of a proxy."""
    request = urllib.request.Request(  # noqa: S310 - loopback
        f"{address}/chat/completions",
        json.dumps({"model": model, "messages": [{"role": "user", "content": "Hello"}]}).encode(),
        {"Authorization": f"Bearer {MASTER_KEY}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310
        return str(json.load(response)["choices"][0]["message"]["content"])


def test_documentation_snippets_run(tmp_path: Path, stack: Stack, provider: Provider, release: str) -> None:
    account = f"documented-{release}"
    access_key = stack.issue_key(account=account)
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), **settings(stack, account)}
    (guide, _), readme = split_guide(), (ROOT / "README.md").read_text()
    registered = register_as_documented(guide, stack, {**environment, "AI_INTEGRATIONS_API_KEY": access_key})
    stack.call(access_key, "PATCH", f"/{registered['id']}", base_url=provider.base_url, api_key=FIRST)
    for body in (
        {"name": "Team OpenAI", "provider": "openAI", "api_key": FIRST},
        {"name": "Billing Anthropic", "provider": "anthropic", "base_url": provider.address, "api_key": FIRST},
        {"name": "Billing Azure", "provider": "azureOpenAI", "base_url": provider.address, "api_key": FIRST},
        {"name": "Billing Bedrock", "provider": "awsBedrock", "provider_metadata": role_of(account)},
    ):
        stack.create(access_key, **body)
    provider.accept(FIRST)
    [adapter_snippet] = [each for each in python_snippets(readme) if "openai_arguments" in each]
    snippets = [*python_snippets(guide), adapter_snippet]
    assert len(snippets) > 9
    for snippet in snippets:
        output = run_snippet(snippet, tmp_path, environment, release)
        assert "print(answer" not in snippet or output.startswith("[mock response"), output


def run_snippet(snippet: str, folder: Path, environment: dict[str, str], release: str) -> str:
    done = subprocess.run(  # noqa: S603 - documentation of this repository
        [str(PYTHON[release]), "-P", "-c", snippet],
        env=environment,
        cwd=folder,
        text=True,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, f"{snippet}\n{done.stderr}"
    return done.stdout


def split_guide() -> tuple[str, str]:
    """Return the guide without its section on integrations without a key, and that section."""
    before, heading, rest = (ROOT / "docs/consuming.md").read_text().partition("\n## Integrations without a key\n")
    section, end, after = rest.partition("\n## ")
    assert heading
    assert end
    return before + end + after, section


KEYLESS = {
    "Keyless OpenAI": Case(library="", provider="OPEN_AI", form="/v1", token=TOKEN),
    "Keyless Azure": Case(library="", provider="AZURE_OPEN_AI", token=TOKEN),
    "Keyless Anthropic": Case(library="", provider="ANTHROPIC", token=TOKEN),
    "Keyless Vertex AI": Case(library="", provider="VERTEX_AI", token=TOKEN),
}


def keyless_settings(recorder: Recorder) -> dict[str, str]:
    """Build the environment of a consumer for which the recorder is also the function `credentials`."""
    recorder.resolutions.update({name: case.resolution(recorder.address) for name, case in KEYLESS.items()})
    return {
        "AWS_ENDPOINT_URL_LAMBDA": recorder.address,
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": "fake",
        "AWS_SECRET_ACCESS_KEY": "fake",
        "AI_INTEGRATIONS_FUNCTION": "credentials",
        "AI_INTEGRATIONS_ACCOUNT": "acme",
        "AI_INTEGRATIONS_CONSUMER": "a-program",
    }


def assert_only_token(recorder: Recorder) -> None:
    for request in recorder.take():
        assert request.headers["authorization"] == f"Bearer {TOKEN}"
        assert not {"api-key", "x-api-key", "x-goog-api-key"} & request.headers.keys()
        assert BETA in request.headers["anthropic-beta"].split(",")


def test_documentation_snippets_for_integrations_without_a_key_run(
    tmp_path: Path, recorder: Recorder, release: str
) -> None:
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), **OFFLINE, **keyless_settings(recorder)}
    _, keyless = split_guide()
    snippets = python_snippets(keyless)
    assert {name for name in KEYLESS if name in "".join(snippets)} == {*KEYLESS}
    for snippet in snippets:
        output = run_snippet(snippet, tmp_path, environment, release)
        assert output.split() == [TEXT] * len(recorder.requests), output
        assert recorder.requests
        assert_only_token(recorder)


def test_program_completes_with_the_token_that_the_stack_exchanged(
    tmp_path: Path, stack: Stack, recorder: Recorder, release: str
) -> None:
    account, name = "federated", f"Gateway for {release}"  # no two accounts may have the same identity
    access_key = stack.issue_key(account=account)
    federation = {
        "token_endpoint": f"{recorder.address}{TOKEN_PATH}",
        "grant": "token-exchange",
        "audience": "https://tokens.localhost",
    }
    common = {"provider": "custom", "base_url": f"{recorder.address}/v1"}
    stack.create(access_key, name=name, federation=federation, **common)
    with running_program(tmp_path, settings(stack, account), release) as program:
        for library in ("openai", "anthropic", "litellm"):
            response = program.complete(library, name)
            assert response.get("completion") == TEXT, response
    exchange, *requests = recorder.take()
    assert exchange.path == TOKEN_PATH
    assert [each.headers["authorization"] for each in requests] == [f"Bearer {GOOGLE_TOKEN}"] * 3


def test_litellm_proxy_sends_access_tokens(tmp_path: Path, recorder: Recorder, release: str) -> None:
    models = [
        proxy_model("openai", "openai/gpt-4o", "Keyless OpenAI"),
        proxy_model("azure", "azure/gpt-4o", "Keyless Azure", azure_ad_token="fake-of-the-deployment"),
        proxy_model("vertex", "vertex_ai/gemini-2.5-flash", "Keyless Vertex AI", vertex_project="other"),
        proxy_model("anthropic", "anthropic/claude-sonnet-4-5", "Keyless Anthropic"),
    ]
    with running_proxy(tmp_path, keyless_settings(recorder), models, release) as address:
        for model in models if release == "newest" else models[:-1]:
            assert post_completion(address, model["model_name"]) == TEXT
            assert len(recorder.requests) == 1
            assert_only_token(recorder)
    assert TOKEN not in (tmp_path / "proxy.log").read_text()


def register_as_documented(guide: str, stack: Stack, environment: dict[str, str]) -> dict[str, Any]:
    """Run the guide's command that registers a provider, and return the response body."""
    [command] = re.findall(r"^```sh\n(curl .*?)^```$", guide, re.DOTALL | re.MULTILINE)
    stack.known_secrets.keys.update(re.findall(r'"api_key": "(.+?)"', command))
    done = subprocess.run(  # noqa: S603 - documentation of this repository
        ["bash", "-euc", command],  # noqa: S607
        env={**environment, "AI_INTEGRATIONS_URL": stack.url},
        text=True,
        capture_output=True,
        check=True,
    )
    registered: dict[str, Any] = json.loads(done.stdout)
    assert "id" in registered, done.stdout
    return registered


def python_snippets(document: str) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```$", document, re.DOTALL | re.MULTILINE)
