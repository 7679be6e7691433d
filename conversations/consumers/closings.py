"""How a socket ends: with a code of api.md 15.3, and a reason."""

from conversations.consumers.knocking import Suspended
from kimono.lib.errors import Denied, Missing, Refusal, TooMany, Unauthenticated


class Closing(Exception):
    """The socket is to end, with a code of api.md 15.3; without one the client has gone."""

    def __init__(self, code: int | None, reason: str = "", *, reconnect: bool = False) -> None:
        super().__init__(reason)
        self.code, self.reason, self.reconnect = code, reason, reconnect


def restart() -> Closing:
    """Return the end of a socket whose client is to come again at once."""
    return Closing(1001, "restart", reconnect=True)


def suspended() -> Closing:
    """Return the end of a socket whose merchant was suspended."""
    return Closing(4403, Suspended.code)


def internal() -> Closing:
    """Return the end of a socket in which something went wrong."""
    return Closing(1011, "internal", reconnect=True)


def closing_of(refusal: Refusal) -> Closing:
    """Return the end of a socket whose caller is refused."""
    if isinstance(refusal, Suspended):
        return suspended()
    if isinstance(refusal, Unauthenticated):
        return Closing(4401, "unauthenticated")
    if isinstance(refusal, Missing):
        return Closing(4404, "not_found")
    if isinstance(refusal, Denied):
        return Closing(4403, refusal.code)
    if isinstance(refusal, TooMany):
        return Closing(4429, "rate_limited", reconnect=True)
    return Closing(1011, refusal.code, reconnect=True)
