"""Decide from an IP address whether an API key may be sent there.

The networks are listed here, because `ipaddress.is_global` answers differently in each Python release. The sources are
IANA's registries (https://www.iana.org/assignments/iana-ipv4-special-registry and iana-ipv6-special-registry, as of
October 2025). The tables are texts, parsed at first use: creating an integration rarely needs them.
"""

from functools import cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

Address = IPv4Address | IPv6Address

# Blocks of the registries, and multicast. A block that IANA lists as globally reachable is rejected too: it serves a
# protocol, and its nearest node may be in the local network. IPv6 blocks outside _GLOBAL_UNICAST need no row.
_SPECIAL_PURPOSE = (
    "0.0.0.0/8",  # this network, RFC 791
    "10.0.0.0/8",  # private use, RFC 1918
    "100.64.0.0/10",  # shared address space, RFC 6598
    "127.0.0.0/8",  # loopback, RFC 1122
    "169.254.0.0/16",  # link-local, RFC 3927
    "172.16.0.0/12",  # private use, RFC 1918
    "192.0.0.0/24",  # IETF protocol assignments, RFC 6890
    "192.0.2.0/24",  # documentation, RFC 5737
    "192.31.196.0/24",  # AS112, RFC 7535
    "192.52.193.0/24",  # AMT, RFC 7450
    "192.88.99.0/24",  # 6to4 relays, RFC 7526, and 6a44 relays, RFC 6751
    "192.168.0.0/16",  # private use, RFC 1918
    "192.175.48.0/24",  # AS112, RFC 7534
    "198.18.0.0/15",  # benchmarking, RFC 2544
    "198.51.100.0/24",  # documentation, RFC 5737
    "203.0.113.0/24",  # documentation, RFC 5737
    "224.0.0.0/4",  # multicast, RFC 5771
    "240.0.0.0/4",  # reserved, RFC 1112, and broadcast, RFC 919
    "2001::/23",  # IETF protocol assignments, RFC 2928: Teredo, RFC 4380, ORCHID, RFC 4843 and 7343, DRIP, RFC 9374, …
    "2001:db8::/32",  # documentation, RFC 3849
    "2002::/16",  # 6to4, RFC 3056
    "2620:4f:8000::/48",  # AS112, RFC 7534
    "3fff::/20",  # documentation, RFC 9637
)
_GLOBAL_UNICAST = ("2000::/3",)  # all that IANA has allocated, RFC 4291
# IPv6 addresses that stand for the IPv4 address in their last 32 bits.
_TRANSLATED = (
    "::ffff:0:0/96",  # IPv4-mapped, RFC 4291
    "64:ff9b::/96",  # NAT64, RFC 6052
)
# Networks in which a private host can be. An address that embeds an IPv4 address in another way is in none of them.
_PRIVATE = (
    "10.0.0.0/8",  # private use, RFC 1918
    "100.64.0.0/10",  # shared address space, RFC 6598
    "127.0.0.0/8",  # loopback, RFC 1122
    "172.16.0.0/12",  # private use, RFC 1918
    "192.168.0.0/16",  # private use, RFC 1918
    "::1/128",  # loopback, RFC 4291
    "fc00::/7",  # unique local, RFC 4193
)
# Metadata services, which return credentials to any local caller. All others have link-local addresses, except that of
# Oracle Cloud Classic, 192.0.0.192: ECS and EKS 169.254.170.0/24, Scaleway 169.254.42.42, OpenStack fe80::a9fe:a9fe, …
_METADATA = (
    "168.63.129.16/32",  # Azure
    "100.100.100.200/32",  # Alibaba Cloud
    "fd00:100::100:200/128",  # Alibaba Cloud
    "fd00:ec2::/32",  # AWS: EC2 …::254, EKS …::23
    "fd20:ce::254/128",  # Google Cloud
    "fd00:c1::a9fe:a9fe/128",  # Oracle Cloud
    "fd00:a9fe:a9fe::1/128",  # Akamai
    "fd00:42::42/128",  # Scaleway
)

# The 32 bits before the IPv4 address that an ISATAP address ends in, RFC 5214. The bit 0x02000000 may be set too.
_ISATAP = 0x00005EFE


def is_public(address: Address) -> bool:
    """Check whether an address, and the IPv4 address that it embeds, belongs to the public internet."""
    address = _translate(address)
    inner = _isatap_address(address)
    if inner is not None and not is_public(inner):
        return False
    is_allocated = address.version == 4 or _is_in(address, _GLOBAL_UNICAST)  # noqa: PLR2004 - IPv4
    return is_allocated and not _is_in(address, _SPECIAL_PURPOSE + _METADATA)


def is_private_host(address: Address) -> bool:
    """Check whether an address, and the IPv4 address that it embeds, can be that of a private host."""
    address = _translate(address)
    inner = _isatap_address(address)
    if inner is not None and not is_private_host(inner):
        return False
    return _is_in(address, _PRIVATE) and not _is_in(address, _METADATA)


def _translate(address: Address) -> Address:
    return IPv4Address(int(address) & 0xFFFFFFFF) if _is_in(address, _TRANSLATED) else address


def _isatap_address(address: Address) -> IPv4Address | None:
    prefix, inner = divmod(int(address), 1 << 32)
    return IPv4Address(inner) if prefix & 0xFDFFFFFF == _ISATAP else None


def _is_in(address: Address, networks: tuple[str, ...]) -> bool:
    return any(address in network for network in _parse(networks))


@cache
def _parse(networks: tuple[str, ...]) -> tuple[IPv4Network | IPv6Network, ...]:
    return tuple(map(ip_network, networks))
