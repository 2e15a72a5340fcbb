"""The SSRF rules that apply to the text of a `base_url` (connection-tests.md, "Allowed destinations")."""

from ipaddress import ip_address

import pytest

from ai_integrations.domain.url_policy import RefusedDestinationError, check_url, destination, is_public

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
    ],
)
def test_public_https_url_is_accepted(url: str) -> None:
    check_url(url, ())
    assert destination(url) is not None


ALLOWED = frozenset({"gateway.corp", "10.0.0.5", "localhost", "fd00::5"})


@pytest.mark.parametrize(
    "url",
    [
        "http://gateway.corp/v1",
        "https://gateway.corp:8443/v1",
        "http://GATEWAY.corp./",
        "http://10.0.0.5:4000/",
        "http://localhost:11434/v1",
        "http://[fd00::5]/",
    ],
)
def test_allow_listed_private_host_is_accepted(url: str) -> None:
    check_url(url, ALLOWED)
    assert destination(url) is not None


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
    ],
)
def test_host_outside_the_allow_list_is_rejected(url: str) -> None:
    with pytest.raises(RefusedDestinationError):
        check_url(url, ALLOWED)


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True),
        ("2606:4700:4700::1111", True),
        ("::ffff:8.8.8.8", True),
        ("64:ff9b::8.8.8.8", True),
        ("64:ff9b::10.0.0.1", False),
        ("::ffff:10.0.0.1", False),
        ("2002:0a00:0001::1", False),
        ("239.1.1.1", False),
        ("::8.8.8.8", False),
        ("3fff::1", False),
    ],
)
def test_address_is_public_only_if_its_embedded_addresses_are(address: str, public: bool) -> None:
    assert is_public(ip_address(address)) is public


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("https://example.com/v1", "https://EXAMPLE.com./v2?x=1", True),
        ("https://example.com", "https://example.com:8443", False),
        ("https://example.com", "https://example.org", False),
        ("https://gateway.corp", "http://gateway.corp", False),
        ("https://example.com", "HTTPS://Example.COM.:443/", True),
        ("https://example.com:", "https://example.com", True),
        ("http://gateway.corp:80", "http://gateway.corp", True),
        ("http://gateway.corp:443", "https://gateway.corp", False),
        ("https://example.com:80", "https://example.com", False),
        ("https://[2606:4700:4700::1111]", "https://[2606:4700:4700:0::1111]:443/v1", True),
        ("https://8.8.8.8", "https://8.8.2056", True),
        ("https://8.8.8.8", "https://8.8.4.4", False),
    ],
)
def test_destination_is_scheme_host_and_port(one: str, other: str, same: bool) -> None:
    assert (destination(one) == destination(other)) is same
