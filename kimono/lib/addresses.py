"""Internet addresses: what is one, which network it is in, whether it is this machine's own."""

import ipaddress
from collections.abc import Iterable


def is_address(text: str) -> bool:
    """Tell whether a text is an IP address."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def within(address: str, networks: Iterable[str]) -> bool:
    """Tell whether an address lies in one of the networks (`10.0.0.0/8`, `127.0.0.1`)."""
    if not is_address(address):
        return False
    ip = _plain(address)
    return any(ip in ipaddress.ip_network(net, strict=False) for net in networks)


def is_loopback(address: str | None) -> bool:
    """Tell whether an address is this machine's own."""
    return address is not None and is_address(address) and _plain(address).is_loopback


def _plain(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    # A socket that speaks both families shows an IPv4 peer as ::ffff:a.b.c.d.
    ip = ipaddress.ip_address(address)
    return ip.ipv4_mapped or ip if isinstance(ip, ipaddress.IPv6Address) else ip
