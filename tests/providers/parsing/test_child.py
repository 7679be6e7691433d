"""The child process: same results and refusals, limits that hold, nothing left behind."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from kimono.providers.parsing import (
    ArchiveBomb,
    Limits,
    ParserKilled,
    ParsingStopped,
    UnreadableFile,
    UnsupportedType,
    isolation,
    parse,
    parse_in_child,
)
from tests.providers.parsing.writers import pdf, raw_docx

MIB = 1024 * 1024
LINES = [("Some words on a page of a file", 11.0, 72.0, float(y)) for y in range(60, 740, 12)]


@pytest.fixture
def markdown(tmp_path: Path) -> Path:
    path = tmp_path / "stored-under-another-name"
    path.write_text("# 退货\n\n七天内可退。\n", encoding="utf-8")
    return path


def test_the_result_is_the_same_as_in_this_process(markdown: Path) -> None:
    assert parse_in_child(markdown, "退货.md") == parse(markdown, name="退货.md")


def test_refusals_come_through_as_they_are(tmp_path: Path) -> None:
    empty = tmp_path / "empty.txt"
    empty.touch()
    with pytest.raises(UnreadableFile, match="empty"):
        parse_in_child(empty, "empty.txt")
    program = tmp_path / "a.pdf"
    program.write_bytes(b"\x7fELF" + b"\x00" * 64)
    with pytest.raises(UnsupportedType) as unsupported:
        parse_in_child(program, "a.pdf")
    assert "pdf" in unsupported.value.extra["supported"]
    bomb = raw_docx(tmp_path / "a.docx", "", extra={"word/x.bin": b"0" * (8 * MIB)})
    with pytest.raises(ArchiveBomb):
        parse_in_child(bomb, "a.docx")
    with pytest.raises(UnreadableFile) as scan:
        parse_in_child(pdf(tmp_path / "s.pdf", [], unreadable=2), "s.pdf")
    assert scan.value.page == 1


def test_progress_comes_through(tmp_path: Path) -> None:
    steps: list[tuple[int, int]] = []
    parse_in_child(pdf(tmp_path / "a.pdf", [LINES] * 8), "a.pdf", None, lambda *step: steps.append(step))
    assert steps[-1] == (8, 8) and steps == sorted(steps)


def test_a_child_that_needs_too_much_memory_is_refused_in_words(tmp_path: Path) -> None:
    path = raw_docx(tmp_path / "a.docx", "<w:p><w:r/></w:p>" * 1_000_000)
    limits = Limits(memory_bytes=130 * MIB, max_ratio=100_000)
    with pytest.raises(UnreadableFile, match="memory"):
        parse_in_child(path, "a.docx", limits)


def test_a_child_that_computes_too_long_is_killed(tmp_path: Path) -> None:
    path = pdf(tmp_path / "a.pdf", [LINES * 3] * 400)
    with pytest.raises(UnreadableFile, match="longer than 1 seconds"):
        parse_in_child(path, "a.pdf", Limits(cpu_seconds=1))


def test_a_child_that_waits_too_long_is_killed(tmp_path: Path) -> None:
    fifo = tmp_path / "a.md"
    os.mkfifo(fifo)
    with pytest.raises(UnreadableFile, match=r"longer than 0\.5 seconds"):
        parse_in_child(fifo, "a.md", Limits(wall_seconds=0.5))


def test_the_caller_can_stop_it(tmp_path: Path) -> None:
    fifo = tmp_path / "a.md"
    os.mkfifo(fifo)
    asked: list[float] = []

    def stop() -> bool:
        asked.append(time.monotonic())
        return len(asked) > 2

    with pytest.raises(ParsingStopped):
        parse_in_child(fifo, "a.md", should_stop=stop)


def test_a_child_that_somebody_else_kills_says_nothing_against_its_file(tmp_path: Path) -> None:
    fifo = tmp_path / "a.md"
    os.mkfifo(fifo)

    def kill() -> bool:
        children = Path(f"/proc/self/task/{threading.get_native_id()}/children").read_text().split()
        for child in children:
            if b"kimono.providers.parsing.child" in Path(f"/proc/{child}/cmdline").read_bytes():
                os.kill(int(child), signal.SIGKILL)
        return False

    with pytest.raises(ParserKilled):
        parse_in_child(fifo, "a.md", Limits(wall_seconds=20), should_stop=kill)


def test_the_child_inherits_no_secret(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SECRET_KEY", "x")
    monkeypatch.setenv("DATABASE_URL", "postgres://u:p@h/d")
    monkeypatch.setenv("https_proxy", "http://proxy")
    environment = isolation._environment(tmp_path)
    assert not {"SECRET_KEY", "DATABASE_URL", "https_proxy"} & environment.keys()


def _running(marker: str) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        try:
            command = (entry / "cmdline").read_bytes()
        except OSError:
            continue
        if (
            entry.name.isdigit()
            and b"kimono.providers.parsing.child" in command
            and marker in os.readlink(entry / "cwd")
        ):
            found.append(int(entry.name))
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's signal at a parent's death is Linux only")
def test_the_child_dies_with_its_parent(tmp_path: Path) -> None:
    fifo = tmp_path / "a.md"
    os.mkfifo(fifo)
    code = (
        "import sys; from pathlib import Path; from kimono.providers.parsing import parse_in_child;"
        " parse_in_child(Path(sys.argv[1]), 'a.md')"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", code, str(fifo)],
        env={**os.environ, "PYTHONPATH": ".", "TMPDIR": str(tmp_path)},
    )
    try:
        _until(lambda: bool(_running(str(tmp_path))))
        parent.kill()
        parent.wait()
        _until(lambda: not _running(str(tmp_path)))
    finally:
        parent.kill()


def test_importing_the_package_loads_no_parser() -> None:
    code = (
        "import sys, kimono.providers.parsing;"
        "print([n for n in ('bs4', 'pypdfium2', 'pdfplumber', 'openpyxl', 'docx', 'markdown_it', 'pptx', 'PIL',"
        " 'lxml', 'python_calamine') if n in sys.modules])"
    )
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert printed.strip() == "[]"


def test_several_threads_may_parse_at_once(markdown: Path) -> None:
    titles: list[str] = []
    threads = [
        threading.Thread(target=lambda: titles.append(parse_in_child(markdown, "a.md").title))
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert titles == ["退货"] * 3


def _until(condition: object, seconds: float = 20) -> None:
    assert callable(condition)
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)
