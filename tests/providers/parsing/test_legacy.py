"""The old Word format, read by whatever program of the system is there."""

import shutil
from pathlib import Path

import pytest

from kimono.providers.parsing import UnreadableFile, parse
from tests.providers.parsing.compound import compound
from tests.providers.parsing.writers import raw_docx


def program(folder: Path, name: str, script: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


@pytest.fixture
def only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:/bin:/usr/bin")
    for name in ("soffice", "libreoffice", "antiword"):
        if shutil.which(name):
            pytest.skip(f"{name} is installed")
    return folder


@pytest.fixture
def letter(tmp_path: Path) -> Path:
    return compound(tmp_path / "a.doc", {"WordDocument": b"\xec\xa5\xc1\x00"})


def test_what_antiword_writes_is_read_as_text(only: Path, letter: Path) -> None:
    program(
        only, "antiword", 'test "$2" = UTF-8.txt && test -s "$5" && printf "一、退货\\n\\n七天内可退。\\n"'
    )
    assert [(block.kind, block.text) for block in parse(letter).blocks] == [
        ("heading", "一、退货"),
        ("text", "七天内可退。"),
    ]


def test_what_libreoffice_makes_is_read_as_a_document(only: Path, letter: Path, tmp_path: Path) -> None:
    made = raw_docx(tmp_path / "made.docx", "<w:p><w:r><w:t>七天内可退</w:t></w:r></w:p>")
    program(only, "soffice", f'while [ "$1" != --outdir ]; do shift; done; cp {made} "$2/in.docx"')
    document = parse(letter)
    assert document.kind == "doc" and [block.text for block in document.blocks] == ["七天内可退"]


def test_a_program_that_fails_has_a_reason(only: Path, letter: Path) -> None:
    program(only, "soffice", "exit 1")
    with pytest.raises(UnreadableFile, match="save it as docx"):
        parse(letter)
