"""The client that the environment configures."""

import os
import subprocess
import sys
from typing import Any, cast

import pytest
from botocore.exceptions import NoRegionError

import ai_integrations_client
from ai_integrations_client import Client, ConfigurationError, default
from ai_integrations_client.client import create_lambda_client
from ai_integrations_client.default import DefaultClient
from tests.builders import ROOT
from tests.unit.client.fixtures import KEY, FakeService

SETTINGS = {"AI_INTEGRATIONS_FUNCTION": "f", "AI_INTEGRATIONS_ACCOUNT": "acme", "AI_INTEGRATIONS_CONSUMER": "job"}


@pytest.fixture(autouse=True)
def settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SETTINGS.items():
        monkeypatch.setenv(name, value)


def test_client_reads_settings_from_environment() -> None:
    service = FakeService()
    Client(lambda_client=service).resolve("x")
    assert service.requests == [{"function": "f", "account": "acme", "consumer": "job", "integration": "x"}]


@pytest.mark.parametrize("name", SETTINGS)
def test_client_raises_configuration_error_for_missing_setting(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.delenv(name)
    with pytest.raises(ConfigurationError, match=f"^{name} is not set"):
        Client(lambda_client=FakeService())


def test_consumer_defaults_to_lambda_function_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AI_INTEGRATIONS_CONSUMER")
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "billing")
    service = FakeService()
    Client(lambda_client=service).resolve("x")
    assert service.requests[0]["consumer"] == "billing"


def test_client_without_a_lambda_client_creates_one(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_DEFAULT_REGION", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(NoRegionError):
        Client()


def test_lambda_client_has_short_timeouts() -> None:
    config = cast("Any", create_lambda_client()).meta.config
    assert (config.connect_timeout, config.read_timeout) == (2, 10)
    assert (config.retries["mode"], config.retries["total_max_attempts"]) == ("standard", 3)


def test_module_functions_share_one_client(monkeypatch: pytest.MonkeyPatch) -> None:
    service = FakeService()
    monkeypatch.setattr(default, "default_client", DefaultClient(lambda: Client(lambda_client=service)))
    resolved = [ai_integrations_client.resolve("Production OpenAI") for _ in range(3)]
    assert {each.api_key.reveal() for each in resolved if each.api_key} == {KEY}
    ai_integrations_client.invalidate("Production OpenAI")
    ai_integrations_client.resolve("Production OpenAI", space=None)
    assert not ai_integrations_client.handle_event({})
    assert len(service.requests) == 2


def test_default_client_is_reset_in_forked_process() -> None:
    code = (
        "import os, sys; from ai_integrations_client.default import default_client;"
        "parent = default_client.get();"
        "child = os.fork();"
        "child or os._exit(default_client.get() is parent);"
        "sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) or default_client.get() is not parent)"
    )
    run_python(code)


def test_package_imports_only_what_it_needs() -> None:
    """It needs neither pydantic nor Powertools, and boto3 only when it creates a Lambda client."""
    code = (
        "import sys, ai_integrations_client, ai_integrations_client.adapters as a;"
        "bad = {'pydantic', 'aws_lambda_powertools', 'boto3', 'openai', 'anthropic', 'litellm', 'ai_integrations'};"
        "sys.exit(str(bad & set(sys.modules)) if bad & set(sys.modules) else 0)"
    )
    run_python(code)


def run_python(code: str) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "layers/client")}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)  # noqa: S603 - code of this test
