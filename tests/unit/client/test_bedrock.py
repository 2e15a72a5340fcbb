"""The arguments and sessions for boto3; tests/stack/test_consumer_requests.py sends requests with them."""

from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from ai_integrations_client import UnsuitableError
from ai_integrations_client.adapters import bedrock_arguments
from ai_integrations_client.bedrock import bedrock_session
from tests.unit.client.fixtures import CREDENTIALS, a_bedrock, a_resolved

GATEWAY = "https://llm.example.com/v1"
OWN = "https://bedrock-runtime.eu-west-1.amazonaws.com"


@pytest.mark.parametrize(
    ("host", "region"),
    [
        ("bedrock-runtime.us-east-1.amazonaws.com", "us-east-1"),
        ("BEDROCK-RUNTIME.US-EAST-1.AMAZONAWS.COM", "us-east-1"),
        ("bedrock-runtime.us-east-1.amazonaws.com.", "us-east-1"),
        ("bedrock-runtime.us-east-1.amazonaws.com:443", "us-east-1"),
        ("bedrock-runtime-fips.us-gov-west-1.amazonaws.com", "us-gov-west-1"),
        ("bedrock-runtime.eu-west-1.api.aws", "eu-west-1"),
        ("bedrock-runtime-fips.us-west-2.api.aws", "us-west-2"),
        ("bedrock-mantle.ap-southeast-2.api.aws", "ap-southeast-2"),
        ("bedrock-runtime.cn-north-1.amazonaws.com.cn", "cn-north-1"),
        ("bedrock-runtime.cn-north-1.api.amazonwebservices.com.cn", "cn-north-1"),
        ("bedrock-runtime.eusc-de-east-1.amazonaws.eu", "eusc-de-east-1"),
        ("vpce-0a1b2c3d-4e5f.bedrock-runtime.eu-west-1.vpce.amazonaws.com", "eu-west-1"),
        ("vpce-0a1b2c3d-4e5f-eu-west-1a.bedrock-runtime.eu-west-1.vpce.amazonaws.com", "eu-west-1"),
        ("vpce-0a1b2c3d-4e5f.bedrock-runtime.cn-north-1.vpce.amazonaws.com.cn", "cn-north-1"),
        ("bedrock-runtime.us-east-1.amazonaws.com.example.com", None),
        ("llm.example.com", None),
    ],
)
def test_bedrock_arguments_take_region_from_base_url(host: str, region: str | None) -> None:
    assert bedrock_arguments(a_bedrock(base_url=f"https://{host}")).get("region_name") == region
    assert bedrock_arguments(a_bedrock(base_url=f"https://{host}"), "sa-east-1")["region_name"] == "sa-east-1"


def test_bedrock_arguments_include_credentials_and_settings() -> None:
    arguments = bedrock_arguments(a_bedrock(base_url=f"{OWN}/openai/v1/"))
    config = arguments.pop("config")
    assert arguments == {
        "aws_access_key_id": "ASIAFAKE",
        "aws_secret_access_key": "fake-secret",
        "aws_session_token": "fake-token",
        "region_name": "eu-west-1",
        "endpoint_url": OWN,
    }
    assert (config.signature_version, config.ignore_configured_endpoint_urls) == ("v4", True)
    assert (config.use_fips_endpoint, config.use_dualstack_endpoint) == (False, False)


def test_bedrock_arguments_leave_region_and_address_to_boto3_without_base_url() -> None:
    assert not {"region_name", "endpoint_url"} & bedrock_arguments(a_bedrock()).keys()


def test_bedrock_arguments_reject_other_providers() -> None:
    with pytest.raises(UnsuitableError, match="OPEN_AI"):
        bedrock_arguments(a_resolved())


def test_bedrock_arguments_refuse_client_side_monitoring(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AWS_CSM_ENABLED", "true")
    with pytest.raises(UnsuitableError, match="AWS_CSM_ENABLED"):
        bedrock_arguments(a_bedrock())
    monkeypatch.setenv("AWS_CSM_ENABLED", "false")
    bedrock_arguments(a_bedrock())
    monkeypatch.delenv("AWS_CSM_ENABLED")
    (tmp_path / "config").write_text("[default]\ncsm_enabled = true\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    with pytest.raises(UnsuitableError, match="csm_enabled"):
        bedrock_arguments(a_bedrock())


def test_bedrock_session_renews_expired_credentials() -> None:
    resolutions = [
        a_bedrock(aws_credentials=CREDENTIALS | {"session_token": token}, expires_at=end)
        for token, end in [("fake-old", "2000-01-01T00:00:00.000Z"), ("fake-new", "2099-01-01T00:00:00.000Z")]
    ]
    session = bedrock_session(
        lambda: resolutions.pop(0) if len(resolutions) > 1 else resolutions[0], region="eu-west-1"
    )
    credentials = session.get_credentials()  # before a client, which also resolves the integration
    assert len(resolutions) == 1, "the session has the credentials that have expired"
    assert credentials is not None
    assert credentials.get_frozen_credentials().token == "fake-new"
    assert session.client("bedrock-runtime").meta.region_name == "eu-west-1"


def test_bedrock_session_uses_base_url_for_bedrock_runtime_only() -> None:
    session = bedrock_session(lambda: a_bedrock(base_url=GATEWAY), region="eu-west-1")
    assert session.client("bedrock-runtime").meta.endpoint_url == GATEWAY
    assert session.client("bedrock-runtime", endpoint_url=OWN).meta.endpoint_url == OWN
    assert session.client("bedrock").meta.endpoint_url == "https://bedrock.eu-west-1.amazonaws.com"


def test_bedrock_session_overrides_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in HOSTILE.items():
        monkeypatch.setenv(name, value)
    client: Any = bedrock_session(a_bedrock, region="eu-west-1").client("bedrock-runtime")
    assert client.meta.endpoint_url == OWN
    assert sent_headers(client)["Authorization"].startswith("AWS4-HMAC-SHA256 Credential=ASIAFAKE/")


HOSTILE = {
    "AWS_BEARER_TOKEN_BEDROCK": "fake-token-of-the-environment",
    "AWS_CSM_ENABLED": "true",
    "AWS_ENDPOINT_URL": "https://environment.example.com",
    "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": "https://environment.example.com",
    "AWS_USE_DUALSTACK_ENDPOINT": "true",
    "AWS_USE_FIPS_ENDPOINT": "true",
}


def sent_headers(client: Any) -> dict[str, str]:
    """Return the headers of a request that is stopped before it is sent."""
    headers: dict[str, str] = {}

    def stop(request: Any, **_: Any) -> None:
        headers.update({name: _text(value) for name, value in request.headers.items()})
        raise ClientError({"Error": {"Code": "Stopped"}}, "Converse")

    client.meta.events.register("before-send.bedrock-runtime", stop)
    with pytest.raises(ClientError, match="Stopped"):
        client.converse(modelId="m", messages=[])
    return headers


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
