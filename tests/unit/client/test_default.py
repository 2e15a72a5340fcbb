"""The client that the environment describes."""

import os
import subprocess
import sys

import pytest

import ai_integrations_client
from ai_integrations_client import Client, ConfigurationError, default
from tests.builders import ROOT
from tests.unit.client.service import KEY, Service

SETTINGS = {"AI_INTEGRATIONS_FUNCTION": "f", "AI_INTEGRATIONS_ACCOUNT": "acme", "AI_INTEGRATIONS_CONSUMER": "job"}


@pytest.fixture(autouse=True)
def settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SETTINGS.items():
        monkeypatch.setenv(name, value)


def test_asks_as_the_environment_says() -> None:
    service = Service()
    Client(lambda_client=service).resolve("x")
    assert service.asked == [{"to": "f", "account": "acme", "consumer": "job", "integration": "x"}]


@pytest.mark.parametrize("name", SETTINGS)
def test_says_what_is_missing(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.delenv(name)
    with pytest.raises(ConfigurationError, match=f"^{name} is not set"):
        Client(lambda_client=Service())


def test_goes_by_the_name_of_the_function_that_it_runs_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AI_INTEGRATIONS_CONSUMER")
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "billing")
    service = Service()
    Client(lambda_client=service).resolve("x")
    assert service.asked[0]["consumer"] == "billing"


def test_makes_a_client_of_lambda_that_gives_up_in_time() -> None:
    made = default._Default().client()
    config = made._cache._fetch.__self__._client.meta.config  # type: ignore[attr-defined]
    assert (config.connect_timeout, config.read_timeout) == (2, 10)
    assert config.retries["total_max_attempts"] == 3


def test_has_one_client_for_a_whole_program(monkeypatch: pytest.MonkeyPatch) -> None:
    service = Service()
    fresh = default._Default()
    fresh._client = Client(lambda_client=service)
    monkeypatch.setattr(default, "_default", fresh)
    resolved = [ai_integrations_client.resolve("Production OpenAI") for _ in range(3)]
    assert {each.api_key.reveal() for each in resolved if each.api_key} == {KEY}
    ai_integrations_client.invalidate("Production OpenAI")
    ai_integrations_client.resolve("Production OpenAI", space=None)
    assert not ai_integrations_client.handle_event({})
    assert len(service.asked) == 2


def test_begins_anew_in_a_forked_process() -> None:
    made = default._Default()
    before = made.client()
    made.reset()
    assert made.client() is not before


def test_needs_nothing_but_boto3_and_imports_it_late() -> None:
    """Neither pydantic nor Powertools, which a consumer need not have; nor boto3 itself where a client is given."""
    code = (
        "import sys, ai_integrations_client, ai_integrations_client.adapters as a;"
        "bad = {'pydantic', 'aws_lambda_powertools', 'boto3', 'openai', 'anthropic', 'litellm', 'ai_integrations'};"
        "sys.exit(str(bad & set(sys.modules)) if bad & set(sys.modules) else 0)"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "layers/client")}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)  # noqa: S603
