"""Whom an address stands for."""

from functools import lru_cache
from ipaddress import IPv4Address, IPv6Network, ip_address

UNKNOWN = "unknown"
_V6_PREFIX = 64  # bits: what one household or machine is given


@lru_cache(4096)
def household_of(host: str) -> str:
    """An IPv4 address, or the network of an IPv6 address; UNKNOWN for what a proxy says that knows no address."""
    try:
        address = ip_address(host)
    except ValueError:
        return UNKNOWN
    if isinstance(address, IPv4Address):
        return str(address)
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(IPv6Network((int(address), _V6_PREFIX), strict=False))
