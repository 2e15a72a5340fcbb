"""The networks of the SSRF guard, compared with IANA's registries and with the running Python."""

from collections.abc import Callable, Collection
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest

from ai_integrations.domain.address_policy import Address, is_private_host, is_public

# https://www.iana.org/assignments/iana-ipv4-special-registry and iana-ipv6-special-registry, with the multicast blocks.
REGISTRY = {
    "0.0.0.0/8": "this network, RFC 791",
    "0.0.0.0/32": "this host on this network, RFC 1122",
    "10.0.0.0/8": "private use, RFC 1918",
    "100.64.0.0/10": "shared address space, RFC 6598",
    "127.0.0.0/8": "loopback, RFC 1122",
    "169.254.0.0/16": "link-local, RFC 3927",
    "172.16.0.0/12": "private use, RFC 1918",
    "192.0.0.0/24": "IETF protocol assignments, RFC 6890",
    "192.0.0.0/29": "IPv4 service continuity, RFC 7335",
    "192.0.0.8/32": "dummy address, RFC 7600",
    "192.0.0.9/32": "PCP anycast, RFC 7723",
    "192.0.0.10/32": "TURN anycast, RFC 8155",
    "192.0.0.170/31": "NAT64/DNS64 discovery, RFC 8880",
    "192.0.2.0/24": "documentation, RFC 5737",
    "192.31.196.0/24": "AS112, RFC 7535",
    "192.52.193.0/24": "AMT, RFC 7450",
    "192.88.99.0/24": "6to4 relays, RFC 7526",
    "192.88.99.2/32": "6a44 relays, RFC 6751",
    "192.168.0.0/16": "private use, RFC 1918",
    "192.175.48.0/24": "AS112, RFC 7534",
    "198.18.0.0/15": "benchmarking, RFC 2544",
    "198.51.100.0/24": "documentation, RFC 5737",
    "203.0.113.0/24": "documentation, RFC 5737",
    "224.0.0.0/4": "multicast, RFC 5771",
    "240.0.0.0/4": "reserved, RFC 1112",
    "255.255.255.255/32": "limited broadcast, RFC 919",
    "::1/128": "loopback, RFC 4291",
    "::/128": "unspecified, RFC 4291",
    "64:ff9b:1::/48": "local-use translation, RFC 8215",
    "100::/64": "discard-only, RFC 6666",
    "100:0:0:1::/64": "dummy prefix, RFC 9780",
    "2001::/23": "IETF protocol assignments, RFC 2928",
    "2001::/32": "Teredo, RFC 4380",
    "2001:1::1/128": "PCP anycast, RFC 7723",
    "2001:1::2/128": "TURN anycast, RFC 8155",
    "2001:1::3/128": "DNS-SD SRP anycast, RFC 9665",
    "2001:2::/48": "benchmarking, RFC 5180",
    "2001:3::/32": "AMT, RFC 7450",
    "2001:4:112::/48": "AS112, RFC 7535",
    "2001:10::/28": "ORCHID, RFC 4843",
    "2001:20::/28": "ORCHIDv2, RFC 7343",
    "2001:30::/28": "DRIP, RFC 9374",
    "2001:db8::/32": "documentation, RFC 3849",
    "2002::/16": "6to4, RFC 3056",
    "2620:4f:8000::/48": "AS112, RFC 7534",
    "3fff::/20": "documentation, RFC 9637",
    "5f00::/16": "segment routing, RFC 9602",
    "fc00::/7": "unique local, RFC 4193",
    "fe80::/10": "link-local, RFC 4291",
    "fec0::/10": "site-local, RFC 3879",
    "ff00::/8": "multicast, RFC 4291",
}

PUBLIC = (
    "1.1.1.1",
    "8.8.8.8",
    "9.255.255.255",
    "11.0.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "126.255.255.255",
    "128.0.0.0",
    "169.253.255.255",
    "169.255.0.0",
    "172.15.255.255",
    "172.32.0.0",
    "191.255.255.255",
    "192.0.1.0",
    "192.0.3.0",
    "192.31.195.255",
    "192.31.197.0",
    "192.52.192.255",
    "192.52.194.0",
    "192.88.98.255",
    "192.88.100.0",
    "192.167.255.255",
    "192.169.0.0",
    "192.175.47.255",
    "192.175.49.0",
    "198.17.255.255",
    "198.20.0.0",
    "198.51.99.255",
    "198.51.101.0",
    "203.0.112.255",
    "203.0.114.0",
    "223.255.255.255",
    "2001:200::",
    "2001:db7:ffff:ffff:ffff:ffff:ffff:ffff",
    "2001:db9::",
    "2003::",
    "2606:4700:4700::1111",
    "2620:4f:7fff:ffff:ffff:ffff:ffff:ffff",
    "2620:4f:8001::",
    "2a00:1450:4001:80b::200e",
    "3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    "3fff:1000::",
)
OUTSIDE_GLOBAL_UNICAST = ("1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "4000::", "8000::1", "e000::1", "200::1")


def both_ends(network: str) -> tuple[Address, Address]:
    block = ip_network(network)
    return block.network_address, block.broadcast_address


def blocks(networks: Collection[str]) -> list[object]:
    return [pytest.param(network, id=f"{network} {REGISTRY[network]}") for network in networks]


@pytest.mark.parametrize("network", blocks(REGISTRY))
def test_both_ends_of_each_special_purpose_block_are_not_public(network: str) -> None:
    assert [is_public(address) for address in both_ends(network)] == [False, False]


@pytest.mark.parametrize("text", PUBLIC)
def test_addresses_next_to_special_purpose_blocks_are_public(text: str) -> None:
    assert is_public(ip_address(text))


@pytest.mark.parametrize("text", OUTSIDE_GLOBAL_UNICAST)
def test_ipv6_addresses_that_iana_has_not_allocated_are_not_public(text: str) -> None:
    assert not is_public(ip_address(text))


# Blocks that some supported Python release reports as global. IANA lists them as globally reachable, or the release
# does not know them yet, or they are not in IANA's registries.
GLOBAL_IN_PYTHON = frozenset(
    {
        "192.0.0.0/24",
        "192.0.0.8/32",
        "192.0.0.9/32",
        "192.0.0.10/32",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",
        "192.88.99.2/32",
        "192.175.48.0/24",
        "224.0.0.0/4",
        "64:ff9b:1::/48",
        "100:0:0:1::/64",
        "2001:1::1/128",
        "2001:1::2/128",
        "2001:1::3/128",
        "2001:3::/32",
        "2001:4:112::/48",
        "2001:20::/28",
        "2001:30::/28",
        "2002::/16",
        "2620:4f:8000::/48",
        "3fff::/20",
        "5f00::/16",
        "fec0::/10",
        "ff00::/8",
    }
)


@pytest.mark.parametrize("network", blocks(sorted(REGISTRY.keys() - GLOBAL_IN_PYTHON)))
def test_other_blocks_are_not_global_in_python_either(network: str) -> None:
    assert [address.is_global for address in both_ends(network)] == [False, False]


@pytest.mark.parametrize("text", PUBLIC)
def test_public_addresses_are_global_in_python_too(text: str) -> None:
    assert ip_address(text).is_global


# Formats of IPv6 addresses that embed an IPv4 address, from its 32 bits.
EMBEDDINGS: dict[str, Callable[[int], int]] = {
    "IPv4-mapped, RFC 4291": lambda ipv4: 0xFFFF << 32 | ipv4,
    "IPv4-compatible, RFC 4291": lambda ipv4: ipv4,
    "IPv4-translated, RFC 2765": lambda ipv4: 0xFFFF << 48 | ipv4,
    "NAT64, RFC 6052": lambda ipv4: 0x64FF9B << 96 | ipv4,
    "local-use NAT64 with prefix /96, RFC 8215": lambda ipv4: 0x64FF9B0001 << 80 | ipv4,
    "local-use NAT64 with prefix /48, RFC 6052": lambda ipv4: (
        0x64FF9B0001 << 80 | ipv4 >> 16 << 64 | (ipv4 & 0xFFFF) << 40
    ),
    "6to4, RFC 3056": lambda ipv4: 0x2002 << 112 | ipv4 << 80 | 1,
    "Teredo server, RFC 4380": lambda ipv4: 0x2001 << 112 | ipv4 << 64 | 0xF7F7F7F7,
    "Teredo client, RFC 4380": lambda ipv4: 0x2001 << 112 | 0x41414141 << 64 | ipv4 ^ 0xFFFFFFFF,
    "ISATAP with a public prefix, RFC 5214": lambda ipv4: 0x26064700 << 96 | 0x5EFE << 32 | ipv4,
    "ISATAP of a unique IPv4 address, RFC 5214": lambda ipv4: 0x26064700 << 96 | 0x02005EFE << 32 | ipv4,
    "ISATAP with a unique local prefix": lambda ipv4: 0xFD01 << 112 | 0x5EFE << 32 | ipv4,
}
JUDGED_BY_IPV4 = {"IPv4-mapped, RFC 4291", "NAT64, RFC 6052"}
METADATA_IPV4 = [
    "169.254.169.254",
    "169.254.170.2",
    "169.254.170.23",
    "100.100.100.200",
    "168.63.129.16",
    "192.0.0.192",
]


def embed(form: str, ipv4: str) -> IPv6Address:
    return IPv6Address(EMBEDDINGS[form](int(IPv4Address(ipv4))))


@pytest.mark.parametrize("form", EMBEDDINGS)
@pytest.mark.parametrize("ipv4", ["127.0.0.1", "10.0.0.1", *METADATA_IPV4])
def test_address_that_embeds_a_non_public_ipv4_address_is_not_public(form: str, ipv4: str) -> None:
    assert not is_public(embed(form, ipv4))


@pytest.mark.parametrize("form", EMBEDDINGS)
@pytest.mark.parametrize("ipv4", METADATA_IPV4)
def test_address_that_embeds_a_metadata_address_is_not_a_private_host(form: str, ipv4: str) -> None:
    assert not is_private_host(embed(form, ipv4))


@pytest.mark.parametrize("form", sorted(JUDGED_BY_IPV4))
def test_translated_address_is_judged_by_its_ipv4_address(form: str) -> None:
    assert is_public(embed(form, "8.8.8.8"))
    assert is_private_host(embed(form, "10.0.0.1"))
    assert not is_private_host(embed(form, "8.8.8.8"))


def test_isatap_address_with_public_prefix_and_ipv4_address_is_public() -> None:
    assert is_public(embed("ISATAP with a public prefix, RFC 5214", "8.8.8.8"))
    assert is_private_host(embed("ISATAP with a unique local prefix", "10.0.0.1"))


METADATA = (
    "168.63.129.16",
    "100.100.100.200",
    "169.254.169.254",
    "169.254.170.2",
    "169.254.170.23",
    "169.254.42.42",
    "169.254.0.23",
    "192.0.0.192",
    "fd00:100::100:200",
    "fd00:ec2::254",
    "fd00:ec2::23",
    "fd00:ec2::253",
    "fd20:ce::254",
    "fd00:c1::a9fe:a9fe",
    "fd00:a9fe:a9fe::1",
    "fd00:42::42",
    "fe80::a9fe:a9fe",
    "fe80::a9fe:a9fe%eth0",
)


@pytest.mark.parametrize("text", METADATA)
def test_metadata_service_is_neither_public_nor_a_private_host(text: str) -> None:
    address = ip_address(text)
    assert (is_public(address), is_private_host(address)) == (False, False)


@pytest.mark.parametrize(
    "network", ["10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1/128", "fc00::/7"]
)
def test_both_ends_of_each_private_network_can_be_private_hosts(network: str) -> None:
    assert [is_private_host(address) for address in both_ends(network)] == [True, True]


@pytest.mark.parametrize(
    "text",
    [
        "0.0.0.0",  # noqa: S104 - an address to reject
        "9.255.255.255",
        "11.0.0.0",
        "126.255.255.255",
        "128.0.0.0",
        "172.32.0.0",
        "192.0.2.1",
        "198.18.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "::",
        "::2",
        "64:ff9b:1::a00:1",
        "2001:db8::1",
        "2002:a00:1::1",
        "fbff::1",
        "fe80::1",
        "ff02::1",
    ],
)
def test_other_addresses_are_not_private_hosts(text: str) -> None:
    assert not is_private_host(ip_address(text))
