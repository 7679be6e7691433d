"""Connections that go where the check has said, whatever the name means by then."""

import http.client
import socket
import ssl
from typing import TypeAlias

from kimono.providers.fetching.addresses import Target


class _Plain(http.client.HTTPConnection):
    """Connects to the checked address; the name is for the request alone. `wire` stays known while a body is read."""

    wire: socket.socket | None = None

    def __init__(self, target: Target, seconds: float) -> None:
        super().__init__(target.host, target.port, timeout=seconds)
        self._ip = target.ip

    def connect(self) -> None:
        """Connect; no proxy, no second look-up."""
        self.sock = self.wire = socket.create_connection((self._ip, self.port), self.timeout)


class _Tls(http.client.HTTPSConnection):
    """The same over TLS; the certificate must be that of the name."""

    wire: socket.socket | None = None

    def __init__(self, target: Target, seconds: float) -> None:
        self._own = ssl.create_default_context()
        super().__init__(target.host, target.port, timeout=seconds, context=self._own)
        self._ip = target.ip

    def connect(self) -> None:
        """Connect; no proxy, no second look-up."""
        raw = socket.create_connection((self._ip, self.port), self.timeout)
        try:
            self.sock = self.wire = self._own.wrap_socket(raw, server_hostname=self.host)
        except BaseException:
            raw.close()
            raise


Connection: TypeAlias = _Plain | _Tls


def connection(target: Target, seconds: float) -> Connection:
    """Return a connection to a checked target that is opened by its first request."""
    return _Tls(target, seconds) if target.scheme == "https" else _Plain(target, seconds)
