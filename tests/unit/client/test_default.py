"""The client that the environment configures."""

import os
import subprocess
import sys

import pytest

import ai_integrations_client
from ai_integrations_client import Client, default
from ai_integrations_client.default import DefaultClient
from tests.builders import ROOT
from tests.unit.client.fixtures import KEY, FakeService

SETTINGS = {"AI_INTEGRATIONS_FUNCTION": "f", "AI_INTEGRATIONS_ACCOUNT": "acme", "AI_INTEGRATIONS_CONSUMER": "job"}


@pytest.fixture(autouse=True)
def settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SETTINGS.items():
        monkeypatch.setenv(name, value)


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


OWN_SESSION = {"botocore.auth", "botocore.awsrequest", "botocore.httpsession", "botocore.session"}
NOT_NEEDED = {"pydantic", "aws_lambda_powertools", "boto3", "openai", "anthropic", "litellm", "ai_integrations"}


@pytest.mark.parametrize(
    ("modules", "not_loaded"),
    [
        ("ai_integrations_client", NOT_NEEDED | OWN_SESSION),
        ("ai_integrations_client.adapters", NOT_NEEDED),
    ],
)
def test_package_imports_only_what_it_needs(modules: str, not_loaded: set[str]) -> None:
    """It imports boto3 or the larger part of botocore only when it creates a connection."""
    run_python(
        f"import sys, {modules}; loaded = {not_loaded} & set(sys.modules); sys.exit(str(loaded) if loaded else 0)"
    )


def run_python(code: str) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "layers/client")}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)  # noqa: S603 - code of this test
