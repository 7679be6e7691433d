"""Pictures of a document, described by a vision model: within a budget, and never in the way of the document."""

from collections.abc import Iterator
from io import BytesIO
from typing import Any

import docx
import pytest
from PIL import Image, ImageDraw

from kimono import providers
from kimono.providers.config import ChatEndpoint, Patience, ProvidersConfig
from kimono.providers.standin.modes import Mode
from kimono.providers.standin.server import Standin, running
from knowledge.models import Attachment
from knowledge.services.ingestion import captioning
from tenants.models import UsageRecord
from tests.knowledge.uploads import found, ingested

pytestmark = pytest.mark.usefixtures("transactional_db", "in_alpha")
SEEN = "A red picture, 320 by 240 pixels."


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> Iterator[Standin]:
    # Every picture more is also searched for words, which takes half a second.
    monkeypatch.setattr(captioning, "_AT_ONCE", 2)
    before = providers.current().config
    with running() as server:
        providers.install(
            ProvidersConfig(
                vision=ChatEndpoint("local", server.base_url, "standin-vision"),
                patience=Patience(5.0, 10.0, attempts=1),
            )
        )
        yield server
    providers.install(before)


def document(pictures: int = 1) -> bytes:
    """Return a Word file with red pictures that nothing is said of."""
    made: Any = docx.Document()
    made.add_heading("寄回说明", 1)
    made.add_paragraph("请按照下面的图把和服放进袋子里。")
    for number in range(pictures):
        image = Image.new("RGB", (320, 240), (250, 10, 10))
        for line in range(40):
            ImageDraw.Draw(image).point([(line * 7 % 320, line * (number + 3) % 240)], (200, 30, 30))
        buffer = BytesIO()
        image.save(buffer, "BMP")
        made.add_picture(BytesIO(buffer.getvalue()))
    buffer = BytesIO()
    made.save(buffer)
    return buffer.getvalue()


def captions() -> list[str]:
    return list(Attachment.objects.filter(kind="image").order_by("order").values_list("caption", flat=True))


def test_a_picture_is_found_by_what_it_shows(model: Standin) -> None:
    version = ingested(document(), "guide.docx")
    assert captions() == [SEEN]
    assert any(SEEN in text for text in found("a red picture"))
    row = UsageRecord.objects.get(operation="vision")
    assert (row.prompt_name, row.prompt_version, row.purpose) == ("describe_image", "v1", "caption")
    assert row.success and row.ref.startswith("job-")
    assert version.is_indexed


def test_what_the_file_says_comes_first() -> None:
    assert captioning._joined("图 1 装袋", "A bag.") == "图 1 装袋\nA bag."
    assert captioning._joined("", "A bag.") == "A bag."
    assert captioning._joined("A bag.", None) == captioning._joined("A bag.", "A bag.") == "A bag."


def test_only_so_many_are_asked_for(model: Standin, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(captioning, "MOST_PICTURES", 2)
    ingested(document(3), "guide.docx")
    assert len(model.log()) == 2
    assert [bool(caption) for caption in captions()] == [True, True, False]


def test_only_for_so_long(model: Standin, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(captioning, "TOTAL_SECONDS", 0.6)
    model.behave(Mode.NEVER)
    assert ingested(document(3), "guide.docx").is_indexed
    assert len(model.log()) == captioning._AT_ONCE and captions() == [""] * 3


@pytest.mark.parametrize("mode", [Mode.SERVER_ERROR, Mode.HTML, Mode.RESET, Mode.BROKEN_JSON])
def test_a_model_that_fails_costs_the_document_nothing(model: Standin, mode: Mode) -> None:
    model.behave(mode)
    version = ingested(document(3), "guide.docx")
    assert version.is_indexed and version.errors == []
    assert len(model.log()) == captioning._AT_ONCE, "after a failure nothing more is asked"
    assert any("放进袋子里" in text for text in found("和服放进袋子"))


def test_without_a_model_nothing_is_asked() -> None:
    assert ingested(document(), "guide.docx").is_indexed
    assert captions() == [""]
    assert not UsageRecord.objects.filter(operation="vision").exists()
