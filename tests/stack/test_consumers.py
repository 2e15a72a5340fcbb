"""From an integration to a completion, by unmodified libraries; `make consumers` runs this.

The provider is the server of the package `fakellm`, behind a door that knows the valid keys, or LiteLLM's own proxy.
"""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.builders import ROOT
from tests.stack.conftest import Stack, running_stack
from tests.stack.consumers.world import MASTER_KEY, PYTHON, Program, Provider, a_program, a_provider, a_proxy
from tests.stack.platform_client import PlatformClient

pytestmark = pytest.mark.consumers

FIRST, SECOND, THIRD = (f"sk-fake-key-number-{number}" for number in ("one", "two", "three"))
NAMES = {"openai": "Production OpenAI", "anthropic": "Production Anthropic", "litellm": "Production OpenAI"}
IN_HEADERS = "sk-fake-in-headers-not-a-key"  # the table may hold it, being no api_key
COMPLETION = "[mock response for gpt-4o"  # as the provider begins whatever it says


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    with a_provider(tmp_path_factory.mktemp("provider")) as running:
        yield running


def settings(stack: Stack, account: str) -> dict[str, str]:
    """Return what a consumer has in its environment: whom to ask and as whom, and no key of any provider."""
    platform = PlatformClient(stack, account)
    return {
        **platform.aws_environment(),
        "AI_INTEGRATIONS_FUNCTION": platform.outputs["CredentialsFunctionName"],
        "AI_INTEGRATIONS_ACCOUNT": account,
        "AI_INTEGRATIONS_CONSUMER": "a-program",
    }


def said(program: Program, library: str) -> str:
    answer = program.ask(library, NAMES[library])
    assert "said" in answer, answer
    assert "again" not in answer, "the provider has refused the first key"
    return str(answer["said"])


def change_keys(stack: Stack, access_key: str, integrations: list[dict[str, Any]], key: str) -> None:
    for each in integrations:
        stack.call(access_key, "PATCH", f"/{each['id']}", api_key=key)


def test_goes_from_an_integration_to_a_completion_through_changes_and_without_the_registry(
    tmp_path: Path, provider: Provider
) -> None:
    with running_stack(tmp_path / "stack") as (stack, process), a_program(tmp_path, settings(stack, "acme")) as program:
        access_key = stack.issue_key(account="acme")
        platform = PlatformClient(stack, "acme")
        integrations = [
            stack.create(
                access_key, name=NAMES["openai"], provider="openAI", base_url=provider.base_url, api_key=FIRST
            ),
            stack.create(
                access_key, name=NAMES["anthropic"], provider="anthropic", base_url=provider.address, api_key=FIRST
            ),
        ]
        provider.accept(FIRST)
        for library in NAMES:
            assert said(program, library).startswith(COMPLETION)

        # A change that the program hears of: from then on it shows the new key, and the old one may be withdrawn.
        change_keys(stack, access_key, integrations, SECOND)
        for event in platform.wait_for_events(2, within=30, detail_type="Key Rotated"):
            assert program.tell({"detail-type": event.detail_type, "detail": event.detail})
        provider.accept(SECOND)
        for library in NAMES:
            assert said(program, library).startswith(COMPLETION)

        # A change that it does not hear of: it asks the registry again when the provider refuses its key.
        change_keys(stack, access_key, integrations, THIRD)
        provider.accept(THIRD)
        for library in ("openai", "anthropic"):
            answer = program.ask(library, NAMES[library])
            assert answer.get("again"), answer
        assert said(program, "litellm").startswith(COMPLETION)

        # Without the registry it goes on with what it has; without a valid key there is no completion at all.
        process.kill()
        process.wait()
        for library in NAMES:
            assert said(program, library).startswith(COMPLETION)
        provider.accept()
        assert program.ask("openai", NAMES["openai"])["failed"].startswith("AuthenticationError")


def test_authenticates_as_the_auth_type_says(tmp_path: Path, stack: Stack, provider: Provider) -> None:
    access_key = stack.issue_key(account="auth-types")
    common = {"base_url": provider.base_url, "api_key": "sk-fake-not-valid-here"}
    bearer = {**common, "auth_type": "bearer_token", "api_key": FIRST}
    by_header = {**common, "auth_type": "proxy_with_headers", "headers": {"authorization": f"Bearer {IN_HEADERS}"}}
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
    provider.accept(FIRST, IN_HEADERS)
    with a_program(tmp_path, settings(stack, "auth-types")) as program:
        for name in ("bearer_token", "proxy_with_headers", "headers alone"):
            for library in ("openai", "litellm"):
                assert program.ask(library, f"openai {name}")["said"].startswith(COMPLETION), (library, name)
        for name in ("bearer_token", "proxy_with_headers"):
            for library in ("anthropic", "litellm"):
                assert program.ask(library, f"anthropic {name}")["said"].startswith(COMPLETION), (library, name)


@pytest.mark.parametrize(
    ("auth_type", "headers", "shown"),
    [
        ("default", {}, {"api-key": FIRST}),
        ("bearer_token", {"X-Team": "billing"}, {"authorization": f"Bearer {FIRST}", "x-team": "billing"}),
        ("proxy_with_headers", {"API-KEY": "fake-of-the-proxy"}, {"api-key": "fake-of-the-proxy"}),
    ],
)
def test_asks_azure_where_and_as_the_integration_says(
    tmp_path: Path, stack: Stack, auth_type: str, headers: dict[str, str], shown: dict[str, str]
) -> None:
    access_key, base_url = stack.issue_key(account="azure"), "https://team.openai.azure.com"
    body = {"provider": "azureOpenAI", "base_url": base_url, "api_key": FIRST, "headers": headers}
    stack.create(access_key, name=f"Azure {auth_type}", auth_type=auth_type, **body)
    with a_program(tmp_path, settings(stack, "azure")) as program:
        seen = json.loads(program.ask("azure", f"Azure {auth_type}")["said"])
    url = f"{base_url}/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21"
    assert seen == {"url": url, **shown}


def test_asks_bedrock_with_the_credentials_of_the_integrations_role(tmp_path: Path, stack: Stack) -> None:
    access_key = stack.issue_key(account="bedrock")
    role = {"role_arn": "arn:aws:iam::123456789012:role/bedrock", "external_id": "tenant-42"}
    stack.create(access_key, name="Bedrock", provider="awsBedrock", provider_metadata=role)
    own = settings(stack, "bedrock")
    with a_program(tmp_path, own) as program:
        answer = program.ask("bedrock", "Bedrock", model="anthropic.claude-v2")
    assert "said" in answer, answer
    seen = json.loads(answer["said"])
    assert seen["url"] == f"{own['AWS_ENDPOINT_URL']}/model/anthropic.claude-v2/converse"
    assert seen["authorization"].startswith("AWS4-HMAC-SHA256 Credential=")
    assert not seen["authorization"].endswith(f"={own['AWS_ACCESS_KEY_ID']}")


def test_serves_a_litellm_proxy_and_is_served_by_one(tmp_path: Path, stack: Stack, provider: Provider) -> None:
    access_key = stack.issue_key(account="proxy")
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
    behind = {"provider": "openAI", "base_url": provider.base_url, "api_key": FIRST, "scopings": [{"space_id": "s"}]}
    stack.create(access_key, name="Behind the proxy", **behind)
    provider.accept(FIRST)
    own = settings(stack, "proxy")
    with a_proxy(tmp_path, own, models) as address, a_program(tmp_path, own) as program:
        for name, key in (("The proxy", MASTER_KEY), ("Refused", "sk-fake-of-nobody")):
            stack.create(access_key, name=name, provider="LITELLM", base_url=address, api_key=key)
        for library in ("openai", "litellm"):
            assert program.ask(library, "The proxy", model="own") == {"said": "The proxy itself."}
            assert program.ask(library, "The proxy")["said"].startswith(COMPLETION)
            assert "failed" in program.ask(library, "Refused", model="own")
    assert FIRST not in (tmp_path / "proxy.log").read_text()


def test_runs_what_the_documentation_shows(tmp_path: Path, stack: Stack, provider: Provider) -> None:
    access_key = stack.issue_key(account="documented")
    role = {"role_arn": "arn:aws:iam::123456789012:role/bedrock"}
    for body in (
        {"name": "Production OpenAI", "provider": "openAI", "base_url": provider.base_url, "api_key": FIRST},
        {"name": "Production Anthropic", "provider": "anthropic", "base_url": provider.address, "api_key": FIRST},
        {"name": "Production Azure", "provider": "azureOpenAI", "base_url": provider.address, "api_key": FIRST},
        {"name": "Production Bedrock", "provider": "awsBedrock", "provider_metadata": role},
    ):
        stack.create(access_key, **body)
    provider.accept(FIRST)
    snippets = re.findall(r"```python\n(.*?)```", (ROOT / "docs/consuming.md").read_text(), re.DOTALL)
    assert len(snippets) > 8
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), **settings(stack, "documented")}
    for snippet in snippets:
        done = subprocess.run(  # noqa: S603 - our own documentation
            [str(PYTHON), "-P", "-c", snippet],
            env=environment,
            cwd=tmp_path,
            text=True,
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, f"{snippet}\n{done.stderr}"
        assert "print(answer" not in snippet or done.stdout.startswith("[mock response"), done.stdout
