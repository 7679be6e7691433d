"""Who is asked before each attempt at a provider, and told after it."""

from typing import Protocol

from kimono.providers.shapes import CallRecord, Refused


class Meter(Protocol):
    """Asked and told synchronously, in a worker thread, with the caller's context."""

    def admit(self, purpose: str) -> Refused | None:
        """Return None to let an attempt for this purpose happen, or the reason why not."""

    def record(self, record: CallRecord) -> None:
        """Store what an attempt cost, also when it failed or was stopped."""


class NullMeter:
    """A meter that admits everything and stores nothing; for tests of other things."""

    def admit(self, purpose: str) -> Refused | None:
        """Return None: everything passes."""
        return None

    def record(self, record: CallRecord) -> None:
        """Forget the record."""


class MemoryMeter:
    """A meter that keeps what it is told, and refuses when it is given a reason; for tests."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.records: list[CallRecord] = []
        self.refusal: Refused | None = None

    def admit(self, purpose: str) -> Refused | None:
        """Return `refusal`, None unless a test set it."""
        self.asked.append(purpose)
        return self.refusal

    def record(self, record: CallRecord) -> None:
        """Keep the record."""
        self.records.append(record)


_meter: Meter | None = None


def install_meter(meter: Meter) -> None:
    """Make `meter` the one that every call asks; called once, when the application starts."""
    global _meter
    _meter = meter


def installed_meter() -> Meter:
    """Return the installed meter. Raises RuntimeError when there is none: no call goes unmetered."""
    if _meter is None:
        raise RuntimeError("no meter is installed: call kimono.providers.install_meter() at start")
    return _meter


def estimate_tokens(text: str) -> int:
    """Estimate the tokens of a text: one per non-ASCII character, one per four ASCII ones.

    Current tokenizers use 0.6 to 1 tokens per Chinese character and about 4 English characters per token, so
    this errs on the dear side.
    """
    ascii_count = sum(1 for char in text if char.isascii())
    return len(text) - ascii_count + (ascii_count + 3) // 4
