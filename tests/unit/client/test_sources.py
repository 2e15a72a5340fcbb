"""Whether a client uses the API or, as a broker, the function: arguments, then environment variables."""

from typing import Any, cast

import pytest
from botocore.exceptions import NoRegionError
from botocore.session import Session

from ai_integrations_client import Client, ConfigurationError, Runtime
from ai_integrations_client.api_address import ApiAddress
from ai_integrations_client.api_source import ApiSource
from ai_integrations_client.lambda_source import LambdaSource
from ai_integrations_client.signed_connection import SignedConnection
from ai_integrations_client.sources import Settings, create_lambda_client, create_source
from tests.unit.client.fixtures import FakeService

URL = "https://abc123.execute-api.eu-west-1.amazonaws.com/live"
CUSTOM = "https://ai.example.com"
BROKER = {"AI_INTEGRATIONS_FUNCTION": "f", "AI_INTEGRATIONS_ACCOUNT": "acme", "AI_INTEGRATIONS_CONSUMER": "job"}
REGIONS = ("AI_INTEGRATIONS_REGION", "AWS_REGION", "AWS_DEFAULT_REGION")


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AI_INTEGRATIONS_URL", *BROKER, *REGIONS, "AWS_PROFILE", "AWS_LAMBDA_FUNCTION_NAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in BROKER.items():
        monkeypatch.setenv(name, value)


def address_of(**settings: Any) -> ApiAddress:
    source = create_source(Settings(**settings), Runtime())
    assert isinstance(source, ApiSource)
    connection = source._connection
    assert isinstance(connection, SignedConnection)
    return connection._address


def test_client_with_url_uses_the_api(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AI_INTEGRATIONS_URL", URL)
    assert address_of() == ApiAddress(URL, "eu-west-1")
    source = create_source(Settings(), Runtime())
    assert source.account is None
    monkeypatch.setenv("AI_INTEGRATIONS_ACCOUNT", "acme")
    assert create_source(Settings(), Runtime()).account == "acme"
    assert create_source(Settings(account="other"), Runtime()).account == "other"
    source = create_source(Settings(), Runtime(clock=lambda: 7.0))
    assert isinstance(source, ApiSource)
    assert source._clock() == 7.0


def test_consumer_in_the_environment_is_ignored_by_the_api(monkeypatch: pytest.MonkeyPatch) -> None:
    """Programs that become clients of the API may keep the variable."""
    monkeypatch.setenv("AI_INTEGRATIONS_CONSUMER", "job")
    assert address_of(url=URL) == ApiAddress(URL, "eu-west-1")


def test_region_comes_from_host_argument_variable_or_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigurationError, match="AI_INTEGRATIONS_REGION"):
        address_of(url=CUSTOM)
    for name, region in (("AWS_DEFAULT_REGION", "r-1"), ("AWS_REGION", "r-2"), ("AI_INTEGRATIONS_REGION", "r-3")):
        monkeypatch.setenv(name, region)
        assert address_of(url=CUSTOM).region == region
    assert address_of(url=CUSTOM, region="r-4").region == "r-4"
    assert address_of(url=URL, region="r-4").region == "eu-west-1"


def test_region_of_the_profile_is_used_last(monkeypatch: pytest.MonkeyPatch) -> None:
    session = Session()
    session.set_config_variable("region", "r-0")
    assert address_of(url=CUSTOM, session=session).region == "r-0"
    monkeypatch.setenv("AWS_REGION", "r-2")
    assert address_of(url=CUSTOM, session=session).region == "r-2"


def test_client_without_settings_names_the_url() -> None:
    with pytest.raises(ConfigurationError, match=r"^AI_INTEGRATIONS_URL is not set"):
        Client()


@pytest.mark.usefixtures("broker")
def test_client_with_function_is_a_broker() -> None:
    service = FakeService()
    Client(lambda_client=service).resolve("x", space="s", organization="o")
    identity = {"function": "f", "account": "acme", "consumer": "job"}
    assert service.requests == [{**identity, "integration": "x", "space_id": "s", "organization_id": "o"}]


@pytest.mark.usefixtures("broker")
@pytest.mark.parametrize("name", BROKER)
def test_broker_without_a_setting_names_it(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.delenv(name)
    with pytest.raises(ConfigurationError, match=f"^{name} is not set"):
        Client(lambda_client=FakeService())


@pytest.mark.usefixtures("broker")
def test_consumer_of_a_broker_defaults_to_the_name_of_its_lambda_function(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AI_INTEGRATIONS_CONSUMER")
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "billing")
    service = FakeService()
    Client(lambda_client=service).resolve("x")
    assert service.requests[0]["consumer"] == "billing"


@pytest.mark.usefixtures("broker")
def test_url_and_function_in_the_environment_are_a_contradiction(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AI_INTEGRATIONS_URL", URL)
    with pytest.raises(ConfigurationError, match=r"AI_INTEGRATIONS_URL.*AI_INTEGRATIONS_FUNCTION"):
        Client()


@pytest.mark.usefixtures("broker")
def test_arguments_decide_if_the_environment_has_url_and_function(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AI_INTEGRATIONS_URL", URL)
    for api in ({"url": CUSTOM, "region": "r-1"}, {"region": "r-1"}, {"session": Session()}):
        address_of(**api)
    for broker in ({"function": "g", "lambda_client": FakeService()}, {"lambda_client": FakeService()}):
        assert isinstance(create_source(Settings(**broker), Runtime()), LambdaSource)


@pytest.mark.parametrize("broker", [{"function": "f"}, {"lambda_client": FakeService()}])
@pytest.mark.parametrize("api", [{"url": URL}, {"region": "eu-west-1"}, {"session": Session()}])
def test_arguments_for_url_and_function_are_a_contradiction(broker: dict[str, Any], api: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match="url or the argument function"):
        Client(**broker, **api)


def test_argument_consumer_needs_a_broker() -> None:
    with pytest.raises(ConfigurationError, match="argument consumer needs a broker"):
        Client(url=URL, consumer="job")


@pytest.mark.usefixtures("broker")
def test_broker_without_a_lambda_client_creates_one() -> None:
    with pytest.raises(NoRegionError):
        Client()


def test_lambda_client_has_short_timeouts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    config = cast("Any", create_lambda_client()).meta.config
    assert (config.connect_timeout, config.read_timeout) == (2, 10)
    assert (config.retries["mode"], config.retries["total_max_attempts"]) == ("standard", 3)
