"""The keys of the workbench: its scripts, its own list of them and the page about it say the same."""

import re

from tests.guards.documents import CHECKOUT

_KEY = re.compile(r"^    (?:\"(.)\"|(\w)): \(\) =>", re.MULTILINE)


def test_keys_are_the_same_everywhere() -> None:
    script = (CHECKOUT / "static/agents/keys.js").read_text()
    listed = (CHECKOUT / "templates/agents/includes/dialogs.html").read_text()
    told = (CHECKOUT / "docs/how-to/help-customers-at-the-workbench.md").read_text()
    acts = {(sign or letter).upper() for sign, letter in _KEY.findall(script)} | {"CTRL", "ESC"}
    assert len(acts) > 10
    assert {key.upper() for key in re.findall(r"<kbd>(.+?)</kbd>", listed)} == acts
    rows = [line.split("|")[1] for line in told.splitlines() if line.startswith("| `")]
    assert {key.upper() for row in rows for key in re.findall(r"`([^`]+)`", row)} == acts
