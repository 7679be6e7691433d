"""Updates from a merchant's folder: what comes in, what goes, and that no path leads out."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kimono.lib.errors import Invalid, Missing, Refusal
from kimono.lib.jobs import JobStopped
from knowledge.models import Document, Version
from knowledge.services.documents import changing
from knowledge.services.folders import paths, updating
from tenants.models import Tenant
from tests.knowledge.ingesting import Watched
from tests.knowledge.uploads import BY, found, ingested

pytestmark = pytest.mark.usefixtures("transactional_db", "in_alpha")
SECRET = "暗号是北斗七星"
PLAIN = ["md", "txt"]


@pytest.fixture
def folder(tmp_path: Path, settings: Any, alpha: Tenant) -> Iterator[Path]:
    """The merchant's own folder, with another's beside it and a secret outside of both."""
    settings.KNOWLEDGE_ROOT = tmp_path / "root"
    own = tmp_path / "root" / alpha.slug
    (own / "docs").mkdir(parents=True)
    (tmp_path / "root" / f"{alpha.slug}-other").mkdir()
    (tmp_path / "root" / f"{alpha.slug}-other" / "secret.md").write_text(SECRET)
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret.md").write_text(SECRET)
    yield own


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def update(mode: updating.Mode = "full", path: str = "docs", extensions: list[str] = PLAIN) -> dict[str, Any]:
    result = updating.run(Watched(), mode=mode, dir_path=path, extensions=extensions, by=BY)
    assert result is not None
    assert result["scanned"] == sum(result[name] for name in ("added", "updated", "skipped", "failed"))
    return result


def counts(result: dict[str, Any]) -> tuple[int, ...]:
    return tuple(result[name] for name in ("added", "updated", "skipped", "deleted", "failed"))


def sources() -> set[str]:
    return set(Document.objects.exclude(status="deleted").values_list("source", flat=True))


def test_new_changed_and_vanished_files(folder: Path) -> None:
    write(folder / "docs/营业.md", "# 营业\n\n周末十点开门。\n")
    write(folder / "docs/sub/押金.txt", "押金是五百元，归还后退回。")
    write(folder / "docs/photo.bin", "nothing to be read")
    write(folder / "docs/.hidden.md", "# 隐藏")
    write(folder / "other/别处.md", "# 别处\n\n别处的文字。\n")
    assert counts(update()) == (2, 0, 0, 0, 0)
    assert sources() == {"docs/营业.md", "docs/sub/押金.txt"}
    assert "周末十点" in found("周末几点开门")[0]
    assert counts(update()) == (0, 0, 2, 0, 0)

    write(folder / "docs/营业.md", "# 营业\n\n周末九点开门。\n")
    (folder / "docs/sub/押金.txt").unlink()
    assert counts(update("incremental")) == (0, 1, 0, 0, 0)
    assert "docs/sub/押金.txt" in sources()
    assert counts(update("full")) == (0, 0, 1, 1, 0)
    assert sources() == {"docs/营业.md"}
    assert "周末九点" in found("周末几点开门")[0]
    last = updating.last()
    assert last is not None
    assert (last["mode"], last["deleted"]) == ("full", 1)


def test_only_what_came_from_that_folder_is_deleted(folder: Path) -> None:
    ingested("# 手工上传\n\n手工上传的文字。\n", "docs/upload.md")
    write(folder / "docs/a.md", "# 甲\n\n甲的文字。\n")
    write(folder / "docs/b.txt", "乙的文字。")
    write(folder / "docs-2/c.md", "# 丙\n\n丙的文字。\n")
    update(path="docs")
    update(path="docs-2")
    for name in ("docs/a.md", "docs/b.txt", "docs-2/c.md"):
        (folder / name).unlink()
    assert counts(update(path="docs", extensions=["md"])) == (0, 0, 0, 1, 0)
    assert sources() == {"docs/upload.md", "docs/b.txt", "docs-2/c.md"}


def test_one_bad_file_is_an_entry_and_no_failure(folder: Path) -> None:
    write(folder / "docs/good.md", "# 好\n\n好的文字。\n")
    (folder / "docs/bad.txt").write_bytes(b"MZ\x90\x00\x03 a program")
    (folder / "docs/empty.md").write_bytes(b"")
    (folder / "docs/blank.md").write_text("\n \n")
    (folder / "docs/link.md").symlink_to(folder.parent.parent / "outside" / "secret.md")
    os.mkfifo(folder / "docs/pipe.md")
    result = update()
    assert counts(result) == (1, 0, 0, 0, 4)
    assert {(entry["source"], entry["code"]) for entry in result["errors"]} == {
        ("docs/bad.txt", "unsupported_media_type"),
        ("docs/empty.md", "unreadable_file"),
        ("docs/blank.md", "unreadable_file"),
        ("docs/link.md", "path_not_allowed"),
    }
    assert not Version.objects.filter(text__contains="北斗").exists()
    assert sources() == {"docs/good.md"}


def test_a_stopped_update_leaves_nothing_half_indexed(folder: Path) -> None:
    write(folder / "docs/a.md", "# 甲\n\n甲的文字。\n")
    with pytest.raises(JobStopped):
        updating.run(
            Watched(stop_at="embedding"), mode="full", dir_path="docs", extensions=PLAIN, by=BY
        )  # fmt: skip
    assert sources() == set()
    assert counts(update()) == (1, 0, 0, 0, 0)


def test_a_document_deleted_by_hand_comes_back_with_its_file(folder: Path) -> None:
    write(folder / "docs/a.md", "# 甲\n\n甲的文字。\n")
    update()
    changing.delete(doc_id=Document.objects.get().public_id, by=BY)
    assert counts(update("incremental")) == (1, 0, 0, 0, 0)


@pytest.mark.parametrize(
    "path",
    [
        "/etc", "/", "//etc", "..", "../", "docs/..", "docs/../..", "./../x", "..\\x", "C:\\Windows", "C:/Windows",
        "docs\0/x", "leaving", "leaving/secret.md", "leaving/nothing.md", "dangling", "dangling/x.md", "sibling",
        "sibling/secret.md", "docs/up/secret.md", "docs/up/none.md", "file.md", "nowhere.md",
    ],
)  # fmt: skip
def test_no_path_leads_out_and_none_says_what_is_there(folder: Path, path: str) -> None:
    outside = folder.parent.parent / "outside"
    (folder / "leaving").symlink_to(outside)
    (folder / "dangling").symlink_to(outside / "nothing")
    (folder / "sibling").symlink_to(Path(f"{folder}-other"))
    (folder / "docs/up").symlink_to(Path("../../../outside"))
    (folder / "file.md").symlink_to(outside / "secret.md")
    (folder / "nowhere.md").symlink_to(outside / "none.md")
    with pytest.raises(Invalid) as refused:
        paths.place(path, field="dir_path")
    assert refused.value.code == "path_not_allowed"
    assert refused.value.detail == [
        {"loc": ["body", "dir_path"], "msg": "must stay inside the knowledge folder", "type": "path_not_allowed"}
    ]  # fmt: skip


def test_links_inside_and_what_is_missing(folder: Path) -> None:
    write(folder / "docs/a.md", "# 甲")
    (folder / "inside").symlink_to(folder / "docs")
    (folder / "loop").symlink_to(folder / "loop")
    assert paths.read(paths.place("inside/a.md", field="x")) == "# 甲".encode()
    assert paths.read(paths.place("./docs//a.md", field="x")) == "# 甲".encode()
    for missing in ("docs/none.md", "none", "loop", "docs", "docs/a.md/x"):
        with pytest.raises(Missing):
            paths.read(paths.place(missing, field="x"))
    with pytest.raises(Missing):
        paths.check_folder(paths.place("docs/a.md", field="x"))


def test_a_link_put_in_place_between_the_look_and_the_opening_opens_nothing(folder: Path) -> None:
    outside = folder.parent.parent / "outside"
    write(folder / "docs/real/secret.md", "harmless")
    (folder / "docs/trap").symlink_to(outside)
    here, trap, aside = (folder / "docs" / name for name in ("real", "trap", "aside"))
    ended = threading.Event()

    def swap() -> None:
        while not ended.is_set():
            here.rename(aside)
            trap.rename(here)
            here.rename(trap)
            aside.rename(here)

    thread = threading.Thread(target=swap, daemon=True)
    thread.start()
    seen = set()
    try:
        for _ in range(1000):
            try:
                seen.add(paths.read(paths.place("docs/real/secret.md", field="x")))
            except Refusal as refusal:
                seen.add(refusal.code.encode())
    finally:
        ended.set()
        thread.join()
    assert SECRET.encode() not in seen
    assert b"harmless" in seen
