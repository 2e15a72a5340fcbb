"""Connection tests against a real OpenAI-protocol server; `make provider` installs and runs it."""

from collections.abc import Iterator

import boto3
import pytest

from tests.builders import create_body, gateway_event
from tests.cloud import Cloud, Response, cloud
from tests.connection.real_provider import MASTER_KEY, MODEL, running
from tests.free_port import free_port

__all__ = ["cloud"]

pytestmark = pytest.mark.provider


@pytest.fixture(scope="module")
def base_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running(tmp_path_factory.mktemp("provider"), free_port()) as url:
        yield url


def create_and_test(cloud: Cloud, base_url: str, key: str, provider: str, model: str = MODEL) -> Response:
    """Create an integration and test it."""
    fingerprints = boto3.client("kms").create_key(KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC")
    cloud.variables |= {
        "ALLOWED_PRIVATE_HOSTS": "127.0.0.1",
        "FINGERPRINT_KEY_ID": fingerprints["KeyMetadata"]["Arn"],
    }
    body = create_body(provider=provider, base_url=base_url, api_key=key, model_names=[model])
    created = cloud.api(gateway_event(body)).body["id"]
    path = f"/v2/ai-integrations/{created}/test"
    return cloud.http("test_connection", gateway_event("", path=path))


@pytest.mark.parametrize(("provider", "path"), [("custom", "/v1"), ("LITELLM", ""), ("openAI", "/v1")])
def test_connection_test_passes_all_steps_for_working_integration(
    cloud: Cloud, base_url: str, provider: str, path: str
) -> None:
    response = create_and_test(cloud, base_url + path, MASTER_KEY, provider)
    assert [rung["status"] for rung in response.body["rungs"]] == ["passed", "passed", "passed"], response.text


def test_authenticated_fails_with_wrong_key(cloud: Cloud, base_url: str) -> None:
    response = create_and_test(cloud, f"{base_url}/v1", "sk-fake-wrong-not-a-key", "custom")
    assert [rung["status"] for rung in response.body["rungs"]] == ["passed", "failed"]
    assert "wrong" not in response.body["rungs"][-1].get("provider_said", "")


def test_model_answers_fails_with_unknown_model(cloud: Cloud, base_url: str) -> None:
    response = create_and_test(cloud, f"{base_url}/v1", MASTER_KEY, "custom", model="no-such-model")
    assert [rung["status"] for rung in response.body["rungs"]] == ["passed", "passed", "failed"]
    assert "no-such-model" in response.body["rungs"][-1]["provider_said"]
