"""How the web server reads the handshake of a socket (`--ws kimono.upgrading:Sockets`)."""

import json
import uuid

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from kimono.lib.errors import TooLarge
from tenants.answers import error_body

# What the library reads of an address and of each header.
_LONGEST_LINE = 8192


class Sockets(WebSocketsSansIOProtocol):
    """Uvicorn's way, which leaves a handshake open for ever that is too long to be read: nobody would ever close it."""

    def data_received(self, data: bytes) -> None:
        """Read what has come; refuse a handshake that cannot be read."""
        super().data_received(data)
        if self.conn.handshake_exc is not None and not self.handshake_initiated:
            self.transport.write(_refusal())
            self.transport.close()


def _refusal() -> bytes:
    """Return the whole answer as it goes over the line."""
    identity = f"req-{uuid.uuid4().hex}"
    content = json.dumps(error_body(TooLarge(max_bytes=_LONGEST_LINE), request_id=identity)).encode()
    head = (
        "HTTP/1.1 413 Content Too Large\r\ncontent-type: application/json; charset=utf-8\r\n"
        f"content-length: {len(content)}\r\nx-request-id: {identity}\r\nconnection: close\r\n\r\n"
    )
    return head.encode() + content
