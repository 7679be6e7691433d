"""What the admin sites say of acts and refusals is what the code does and refuses with."""

import re
from pathlib import Path

from django.conf import settings

from opsconsole.admin.words import ACTIONS
from tenants.admin.refusals import SENTENCES

SOURCES = ("kimono", "tenants", "knowledge", "conversations", "agents", "opsconsole")


def test_what_the_services_refuse_with_is_known_word_for_word() -> None:
    written = "".join(
        source.read_text()
        for app in SOURCES
        for source in Path(settings.BASE_DIR, app).rglob("services/**/*.py")
    )
    assert not [sentence for sentence in SENTENCES if f'"{sentence}"' not in written]


def test_every_audited_act_has_a_word() -> None:
    named = set()
    for app in SOURCES:
        for source in Path(settings.BASE_DIR, app).rglob("*.py"):
            for call in re.findall(
                r"(?:auditing\.record|_audit|_bulk_done)\((.{0,200})", source.read_text(), re.DOTALL
            ):
                match = re.match(r'\s*(?:[\w, ]*action=)?"([a-z_]+)"(?: if .*? else "([a-z_]+)")?', call)
                named |= set(filter(None, match.groups())) if match else set()
    assert len(named) > 25
    assert not named - set(ACTIONS)
