"""A line on the error output that says how far a command is."""

import sys

_WIDTH = 30


class Bar:
    """A bar that fills; nothing where nobody looks on."""

    def __init__(self, what: str) -> None:
        self._what = what

    def show(self, done: int, total: int) -> None:
        """Draw the bar."""
        if not sys.stderr.isatty() or not total:
            return
        filled = _WIDTH * done // total
        end = "\n" if done == total else ""
        bar = "█" * filled + "·" * (_WIDTH - filled)
        sys.stderr.write(f"\r{self._what} {bar} {done}/{total}{end}")
        sys.stderr.flush()
