"""The SSRF rules that apply to the text of a `base_url` (connection-tests.md, "Allowed destinations")."""

from urllib.parse import urlsplit

import pytest

from ai_integrations.bootstrap.settings import parse_hosts
from ai_integrations.domain.url_policy import (
    RefusedDestinationError,
    canonical_host,
    check_url,
    extract_port,
    parse_allowed_host,
)

REJECTED_URLS = (
    # non-public IPv4, in every notation that network libraries accept
    "https://127.0.0.1/",
    "https://127.0.0.1./",
    "https://127.1/",
    "https://127.0.1/",
    "https://0x7f000001/",
    "https://0x7f.0.0.1/",
    "https://0X7F.1/",
    "https://0177.0.0.1/",
    "https://00000177.0.0.1/",
    "https://017700000001/",
    "https://2130706433/",
    "https://0/",
    "https://0.0.0.0/",
    "https://10.0.0.5/v1",
    "https://10.5/",
    "https://172.16.0.1/",
    "https://0xac100001/",
    "https://192.168.1.1:8443/",
    "https://0300.0250.0.1/",
    "https://100.64.0.1/",
    "https://198.18.0.1/",
    "https://224.0.0.1/",
    "https://240.0.0.1/",
    "https://255.255.255.255/",
    # numbers that are not an address
    "https://256.256.256.256/",
    "https://4294967296/",
    "https://1.2.3.08/",
    "https://1.2.3.4.5/",
    # metadata services
    "https://169.254.169.254/latest/meta-data/",
    "https://0xa9fea9fe/",
    "https://2852039166/",
    "https://169.254.170.2/v2/credentials",
    "https://100.100.100.200/",
    "https://[fd00:ec2::254]/",
    "https://metadata/",
    "https://metadata.google.internal/",
    "https://METADATA.goog/",
    "https://metadata.tencentyun.com/",
    "https://api.metadata.cloud.ibm.com/",
    "https://instance-data.ec2.internal/",
    # non-public IPv6, or IPv6 that embeds a non-public IPv4 address
    "https://[::]/",
    "https://[::1]/",
    "https://[0:0:0:0:0:0:0:1]/",
    "https://[fe80::1]/",
    "https://[fe80::1%25eth0]/",
    "https://[fc00::1]/",
    "https://[fec0::1]/",
    "https://[ff02::1]/",
    "https://[2001:db8::1]/",
    "https://[::127.0.0.1]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:a9fe:a9fe]/",
    "https://[::ffff:0:127.0.0.1]/",
    "https://[64:ff9b::127.0.0.1]/",
    "https://[64:ff9b:1::10.0.0.1]/",
    "https://[2002:7f00:1::]/",
    "https://[2002:a9fe:a9fe::1]/",
    "https://[2001:0:4136:e378:8000:63bf:3fff:fdd2]/",
    "https://[5f00::1]/",
    "https://[2606:4700::1111%25eth0]/",
    "https://[v1.example.com]/",
    "https://[example.com]/",
    "https://example.com[2606:4700:4700::1111]/",
    "https://[2606:4700:4700::1111]example.com/",
    "https://[2606:4700:4700::1111].example.com:443/",
    "https://[8.8.8.8]/",
    "https://[1::2::3]/",
    "https://[fd20:ce::254]/",
    "https://[fd00:c1::a9fe:a9fe]/",
    "https://[::1/",
    # names of local networks
    "https://localhost/",
    "https://LocalHost:8080/",
    "https://localhost./",
    "https://api.localhost/",
    "https://printer.local/",
    "https://host.localdomain/",
    "https://kubernetes.default.svc.cluster.local/",
    "https://gateway.tools.svc/",
    "https://168.63.129.16/",
    "https://gateway.corp/",
    "https://wiki.intranet/",
    "https://nas.lan/",
    "https://router.home/",
    "https://router.home.arpa/",
    "https://vault.private/",
    "https://gateway/",
    "https://service.onion/",
    # credentials, and hosts that two parsers read differently
    "https://user:secret@example.com/",
    "https://user@example.com/",
    "https://@example.com/",
    "https://example.com@127.0.0.1/",
    "https://example.com\\@127.0.0.1/",
    "https://example.com#@127.0.0.1/",
    "https://example.com/#",
    "https://127.0.0.1%2f@example.com/",
    "https://%31%32%37.0.0.1/",
    "https://127%2e0.0.1/",
    "https://example.com%00.internal/",
    "https://example.com../",
    "https://.example.com/",
    "https://exa mple.com/",
    "https://exa\tmple.com/",
    "https://example.com/\n",
    "https://ex\u0430mple.com/",
    "https://127\u30020\u30020\u30021/",
    "https://\u24db\u24de\u24d2\u24d0\u24db\u24d7\u24de\u24e2\u24e3/",
    "https://-example.com/",
    f"https://{'a' * 64}.com/",
    # other schemes, ports and shapes
    "http://example.com/",
    "file:///etc/passwd",
    "ftp://example.com/",
    "gopher://example.com/",
    "javascript:alert(1)",
    "//example.com/",
    "example.com",
    "https:example.com",
    "https:///example.com/",
    "https://example.com:0/",
    "https://example.com:65536/",
    "https://example.com:x/",
    "https://:443/",
    "https://",
    "",
    f"https://example.com/{'a' * 2048}",
    # characters that no URL contains
    "https://example.com/a b",
    "https://example.com/<v1>",
    'https://example.com/"v1"',
    "https://example.com/{v1}",
    "https://example.com/\u00fc",
)


@pytest.mark.parametrize("url", REJECTED_URLS)
def test_unsafe_url_is_rejected_without_repeating_it(url: str) -> None:
    with pytest.raises(RefusedDestinationError) as error:
        check_url(url, ())
    host = url.partition("//")[2].strip("/[]")
    assert not host or host not in str(error.value)


@pytest.mark.parametrize(
    "url",
    [
        "https://api.openai.com/v1",
        "HTTPS://API.OpenAI.com",
        "https://example.com.",
        "https://example.com:8443/path?api-version=2026-01-01",
        "https://my_gateway.example.com/",
        "https://xn--bcher-kva.example/",
        "https://8.8.8.8/",
        "https://[2606:4700:4700::1111]/",
        "https://[2606:4700:4700::1111]:8443/",
        "https://home.example.com/",
        "https://localhost.example.com/",
        "https://10.example.com/",
        "https://metadata.example.com/",
        f"https://example.com/{'a' * 2028}",
    ],
)
def test_public_https_url_is_accepted(url: str) -> None:
    check_url(url, ())


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("https://example.com/{v1}", "must have at most 2048 characters, all of them valid in a URL"),
        ("https://example.com:0/", "must contain a valid host"),
        ("https://user@example.com/", "must not contain credentials"),
        ("https://example.com/#v1", "must not contain a fragment"),
        ("https://10.0.0.5/", "must not point to a non-public address"),
        ("https://-example.com/", "must contain a valid host name"),
        ("https://gateway.corp/", "must not point to a host in a local network"),
        ("http://example.com/", "must start with https://"),
    ],
)
def test_rejection_of_a_url_names_the_broken_rule(url: str, message: str) -> None:
    with pytest.raises(RefusedDestinationError) as error:
        check_url(url, ())
    assert str(error.value) == message


@pytest.mark.parametrize(
    ("stored", "host", "port"),
    [
        ("https://[FD00:0:0::5]/", "fd00::5", 443),
        ("https://8.8.2056/", "8.8.8.8", 443),
        ("https://a\0b.example.com/", "a\0b.example.com", 443),
        ("ftp://example.com/", "example.com", 0),
        ("/v1", "", 0),
    ],
)
def test_host_and_port_of_a_stored_text_are_extracted(stored: str, host: str, port: int) -> None:
    """It may be older than the rules."""
    parts = urlsplit(stored)
    assert (canonical_host(parts), extract_port(parts)) == (host, port)


ALLOWED = frozenset(
    {
        "gateway.corp",
        "10.0.0.5",
        "localhost",
        "[fd00::5]",
        "proxy.corp:8443",
        "web.corp:443",
        "plain.corp:80",
        "[fd00::6]:80",
    }
)


@pytest.mark.parametrize(
    "url",
    [
        "http://gateway.corp/v1",
        "https://gateway.corp:8443/v1",
        "http://GATEWAY.corp./",
        "http://10.0.0.5:4000/",
        "http://localhost:11434/v1",
        "http://[fd00::5]/",
        "http://[FD00:0:0::5]:8080/",
        "http://proxy.corp:8443/",
        "https://PROXY.corp:8443/v1",
        "https://web.corp/",
        "https://web.corp:443/",
        "http://web.corp:443/",
        "http://plain.corp/",
        "http://[fd00::6]/",
        "http://[fd00:0::6]:80/",
    ],
)
def test_allow_listed_private_host_is_accepted(url: str) -> None:
    check_url(url, ALLOWED)


@pytest.mark.parametrize(
    "url",
    [
        "http://other.corp/",
        "http://evil.gateway.corp/",
        "http://gateway.corp.example.com/",
        "http://10.0.0.6/",
        "http://0x0a000005/",
        "ftp://gateway.corp/",
        "http://user@gateway.corp/",
        "http://api.openai.com/",
        "https://proxy.corp/",
        "https://proxy.corp:443/",
        "https://proxy.corp:844/",
        "https://proxy.corp:84430/",
        "http://web.corp/",
        "https://plain.corp/",
        "http://[fd00::6]:81/",
        "https://[fd00::6]/",
        "http://xn--gatewy-8ta.corp/",
        "http://gateway.corp%2e/",
    ],
)
def test_host_outside_the_allow_list_is_rejected(url: str) -> None:
    with pytest.raises(RefusedDestinationError):
        check_url(url, ALLOWED)


@pytest.mark.parametrize(
    ("entry", "parsed"),
    [
        ("gateway.corp", "gateway.corp"),
        ("Gateway.CORP.", "gateway.corp"),
        ("gateway.corp:8443", "gateway.corp:8443"),
        ("gateway.corp.:0443", "gateway.corp:443"),
        ("localhost", "localhost"),
        ("10.0.0.5:4000", "10.0.0.5:4000"),
        ("[FD00:0:0::5]", "[fd00::5]"),
        ("[fd00::5]:8080", "[fd00::5]:8080"),
    ],
)
def test_entry_of_the_allow_list_is_normalized(entry: str, parsed: str) -> None:
    assert parse_allowed_host(entry) == parsed


@pytest.mark.parametrize(
    "entry",
    [
        "",
        "fd00::5",
        "[fd00::5",
        "[fe80::1%eth0]",
        "[gateway.corp]",
        "gateway.corp:0",
        "gateway.corp:65536",
        "gateway.corp:https",
        "gateway.corp/",
        "gateway.corp/v1",
        "https://gateway.corp",
        "user@gateway.corp",
        "*.corp",
        "gateway.corp?",
        "g\u0430teway.corp",
        "a b",
    ],
)
def test_malformed_entry_of_the_allow_list_is_rejected(entry: str) -> None:
    with pytest.raises(ValueError, match=r"must|host"):
        parse_allowed_host(entry)


def test_allow_list_is_parsed_from_a_comma_separated_list() -> None:
    assert parse_hosts(" Gateway.corp, [fd00::5]:8080 ,,10.0.0.5") == {"gateway.corp", "[fd00::5]:8080", "10.0.0.5"}
    assert parse_hosts("") == frozenset()
