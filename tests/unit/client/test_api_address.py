"""The address of the API: accepted URLs, and the region for which requests are signed."""

import pytest

from ai_integrations_client import ConfigurationError
from ai_integrations_client.api_address import ApiAddress, parse_address

HOSTS = {
    "abc123.execute-api.eu-west-1.amazonaws.com": "eu-west-1",
    "abc123.execute-api.us-gov-west-1.amazonaws.com": "us-gov-west-1",
    "abc123.execute-api.cn-north-1.amazonaws.com.cn": "cn-north-1",
    "abc123.execute-api.eu-west-1.api.aws": "eu-west-1",
    "abc123-vpce-0a1b.execute-api.eu-west-1.amazonaws.com": "eu-west-1",
    "vpce-0a1b-x.execute-api.eu-west-1.vpce.amazonaws.com": "eu-west-1",
}


@pytest.mark.parametrize("host", HOSTS)
def test_host_of_api_gateway_decides_the_region(host: str) -> None:
    address = parse_address(f"https://{host}/live", "us-east-1", "us-east-2")
    assert address == ApiAddress(f"https://{host}/live", HOSTS[host])


@pytest.mark.parametrize(
    "host", ["ai.example.com", "execute-api.eu-west-1.amazonaws.com.example.com", "x.execute-api.example.com", "[::1]"]
)
def test_settings_decide_the_region_of_other_hosts(host: str) -> None:
    assert parse_address(f"https://{host}", "us-east-1", "us-east-2").region == "us-east-1"
    assert parse_address(f"https://{host}", None, "us-east-2").region == "us-east-2"
    for region, default in ((None, None), ("", ""), ("eu west 1", None), ("eu-west-1\n", None)):
        with pytest.raises(ConfigurationError, match="AI_INTEGRATIONS_REGION"):
            parse_address(f"https://{host}", region, default)


@pytest.mark.parametrize("url", ["https://ai.example.com/ExampleX/", " https://ai.example.com/ExampleX//\n"])
def test_url_loses_its_trailing_slash_and_blanks(url: str) -> None:
    assert parse_address(url, "eu-west-1", None).url == "https://ai.example.com/ExampleX"


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:4570/live", "http://localhost:1", "http://[::1]:1", "http://127.0.0.9"]
)
def test_loopback_may_use_http(url: str) -> None:
    assert parse_address(url, "eu-west-1", None).url == url


@pytest.mark.parametrize(
    "url", ["http://ai.example.com", "http://127.0.0.1.example.com", "http://10.0.0.1", "http://localhost.example.com"]
)
def test_other_hosts_need_https(url: str) -> None:
    with pytest.raises(ConfigurationError, match="must start with https"):
        parse_address(url, "eu-west-1", None)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "ai.example.com",
        "ftp://ai.example.com",
        "https://",
        "https://[::1",
        "https://ai.example.com:port",
        "https://fake-user:fake-password@ai.example.com",
        "https://ai.example.com/live?",
        "https://ai.example.com/live#part",
    ],
)
def test_other_texts_are_no_url_and_are_not_repeated(url: str) -> None:
    with pytest.raises(ConfigurationError, match="must be the URL of the API") as raised:
        parse_address(url, "eu-west-1", None)
    assert "fake-password" not in str(raised.value)
