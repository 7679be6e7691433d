"""Which addresses may be fetched: the public internet, over http and https on their own ports.

A name is looked up once, every address it has must be public, and the connection goes to one of those very addresses: a
name that means something else a moment later changes nothing.
"""

import ipaddress
import re
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import urlsplit

Ip: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve: TypeAlias = Callable[[str, int], Sequence[str]]

LONGEST = 2048
_PORTS = {"http": 80, "https": 443}
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
# As browsers do: a last label that is a number makes the whole host one, however it is written.
_NUMBER = re.compile(r"(?:0x[0-9a-f]*|[0-9]+)")
_LOCAL = frozenset({"localhost", "local", "internal", "intranet", "lan", "home", "corp", "private", "arpa"})
_V6_PUBLIC = ipaddress.ip_network("2000::/3")
# Within the public ranges, but they lead somewhere else, or to a cloud's own services.
_CLOSED = tuple(
    ipaddress.ip_network(network)
    for network in (
        "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", "168.63.129.16/32", "192.88.99.0/24", "192.31.196.0/24",
        "192.52.193.0/24", "192.175.48.0/24", "100.64.0.0/10", "0.0.0.0/8", "240.0.0.0/4", "224.0.0.0/4",
        "198.18.0.0/15", "192.0.0.0/24", "169.254.0.0/16",
    )
)  # fmt: skip


class AddressNotAllowed(Exception):
    """The address is not one that may be fetched; the text says why, and nothing of what is there."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What else may be fetched, for tests and one's own machines: `host:port` as written in an address.

    `ports` are those that any host may have; `resolve` looks a name up.
    """

    also: frozenset[str] = frozenset()
    ports: frozenset[int] = frozenset(_PORTS.values())
    resolve: Resolve | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """Where to connect for an address: `ip` was checked, `host` goes into the request and the certificate's check."""

    scheme: str
    host: str
    port: int
    path: str
    ip: str


def check(url: str, rules: Rules | None = None) -> Target:
    """Return where an address leads, having looked it up once. Raises `AddressNotAllowed`, `OSError` (no such name)."""
    rules = rules or Rules()
    scheme, host, port, path = _parts(url)
    if f"{host}:{port}" in rules.also:
        return Target(scheme, host, port, path, _looked_up(host, port, rules)[0])
    if port not in rules.ports:
        raise AddressNotAllowed("only the ports 80 and 443 may be asked")
    literal = _literal(host)
    if literal is None:
        _check_name(host)
    found = [str(literal)] if literal is not None else _looked_up(host, port, rules)
    for one in found:
        if not is_public(ipaddress.ip_address(one)):
            raise AddressNotAllowed("it is not an address of the public internet")
    return Target(scheme, host, port, path, found[0])


def _parts(url: str) -> tuple[str, str, int, str]:
    if len(url) > LONGEST:
        raise AddressNotAllowed(f"it is longer than {LONGEST} characters")
    if any(ord(character) <= 32 or ord(character) == 127 for character in url) or "\\" in url:
        raise AddressNotAllowed("it holds characters that an address cannot hold")
    try:
        parts = urlsplit(url)
        port = parts.port
        host = (parts.hostname or "").encode("idna").decode().lower() if not _is_v6(parts.netloc) else ""
    except (ValueError, UnicodeError):
        raise AddressNotAllowed("it is not an address") from None
    if _is_v6(parts.netloc):
        host = (parts.hostname or "").lower()
    if parts.scheme not in _PORTS:
        raise AddressNotAllowed("only http and https may be fetched")
    if "@" in parts.netloc:
        raise AddressNotAllowed("a user name and a password do not belong into it")
    host = host.rstrip(".")
    if not host:
        raise AddressNotAllowed("it names no host")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return parts.scheme, host, port if port is not None else _PORTS[parts.scheme], _quoted(path)


def _is_v6(netloc: str) -> bool:
    return "[" in netloc or "]" in netloc


def _quoted(path: str) -> str:
    """Return a path with what is not ASCII percent-encoded."""
    return "".join(
        one if one.isascii() else "".join(f"%{byte:02X}" for byte in one.encode("utf-8", "replace"))
        for one in path
    )


def _literal(host: str) -> Ip | None:
    """Return the address that a host is written as; None for a name.

    Raises `AddressNotAllowed` for a number in any other form than the usual one.
    """
    if ":" in host:
        if "%" in host:
            raise AddressNotAllowed("it names a network of this machine")
        try:
            return ipaddress.IPv6Address(host)
        except ValueError:
            raise AddressNotAllowed("it is not an address") from None
    if not _NUMBER.fullmatch(host.rsplit(".", 1)[-1]):
        return None
    try:
        return ipaddress.IPv4Address(host)
    except ValueError:
        raise AddressNotAllowed("its host is a number in an unusual form") from None


def _check_name(host: str) -> None:
    labels = host.split(".")
    if not all(_LABEL.fullmatch(label) for label in labels) or len(host) > 253:
        raise AddressNotAllowed("it is not an address")
    if len(labels) < 2 or labels[-1] in _LOCAL:
        raise AddressNotAllowed("its host is a name of a local network")


def _looked_up(host: str, port: int, rules: Rules) -> list[str]:
    found = list((rules.resolve or _resolve)(host, port))
    if not found:
        raise OSError("no such name")
    return found


def _resolve(host: str, port: int) -> list[str]:
    rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return list(dict.fromkeys(str(row[4][0]).partition("%")[0] for row in rows))


def is_public(ip: Ip) -> bool:
    """Tell whether an address is one of the public internet, and stands for no other that is not."""
    if isinstance(ip, ipaddress.IPv6Address):
        # Of IPv6 only what is given out to be reached: no mapped, translated or tunnelled address of any other kind.
        if ip not in _V6_PUBLIC:
            return False
    elif not ip.is_global:
        return False
    return not any(ip in network for network in _CLOSED if network.version == ip.version)
