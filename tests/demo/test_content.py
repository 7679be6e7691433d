"""Check the demo merchants' content: its size, its limits, its readability and that its facts agree."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docx
import openpyxl
import pypdfium2
import pypdfium2.raw as pdfium_c
import pytest
from bs4 import BeautifulSoup
from jsonschema import Draft202012Validator

CONTENT = Path(__file__).resolve().parents[2] / "kimono" / "demo" / "content"
SHOP = "kimono-rental"
DESK = "it-helpdesk"
SLUGS = (SHOP, DESK)

HAN = re.compile(r"[\u4e00-\u9fff]")
PAIR_KEYS = {"question", "similar_questions", "answer", "category", "keywords", "priority"}
PDF_BYTES = 150_000
SETTINGS_KEYS = {
    "handoff": {"preset", "failed_threshold", "on_no_answer", "working_hours", "urgent_words"},
    "chat": {"greeting", "refusal", "max_history_turns", "burst_merge_ms"},
    "widget": {"allowed_origins", "title", "color", "position", "require_user_hash"},
    "business": {"adapter"},
}

# Each is answered by one document and by no QA pair.
DOCUMENT_ONLY = [
    (SHOP, "退换货政策细则.md", "每单 ¥1.5"),
    (SHOP, "活动与商业租赁.md", "日租价的 150%"),
    (SHOP, "门店拍照路线.txt", "每船 ¥150"),
    (SHOP, "会员手册.html", "本级门槛的 60%"),
    (SHOP, "和服清洗与损坏赔付标准.docx", "每满 1 个月折旧 2.5%"),
    (SHOP, "租赁价目表.xlsx", "家庭套餐"),
    (SHOP, "门店信息.csv", "青石桥弄 27 号"),
    (SHOP, "和服穿着与礼仪指南.pdf", "坐椅子只坐前三分之二"),
    (DESK, "vpn_guide.md", "E118"),
    (DESK, "meeting_rooms.md", "听涛"),
    (DESK, "network_notes.txt", "SH-5-LAB1"),
    (DESK, "security_policy.html", "privacy filter"),
    (DESK, "onboarding_checklist.docx", "保价 ¥8,000"),
    (DESK, "software_catalogue.xlsx", "CAD Works"),
    (DESK, "oncall_rota.csv", "Arjun Nair"),
    (DESK, "printing_guide.pdf", "PRN-CD-0902"),
]


def load(*parts: str) -> Any:
    """Return the parsed JSON file at this path under the content folder."""
    return json.loads(CONTENT.joinpath(*parts).read_text(encoding="utf-8"))


def pairs(slug: str) -> list[dict[str, Any]]:
    """Return a merchant's QA pairs."""
    loaded: list[dict[str, Any]] = load(slug, "qa_pairs.json")
    return loaded


def phrasings(pair: dict[str, Any]) -> list[str]:
    """Return a pair's question followed by its similar questions."""
    return [pair["question"], *pair.get("similar_questions", [])]


def plain(text: str) -> str:
    """Return the text without case, spaces and punctuation, as a duplicate check sees it."""
    return re.sub(r"[\W_]+", "", text).casefold()


def answer_to(slug: str, question: str) -> str:
    """Return the answer of the pair with exactly this question."""
    return next(str(pair["answer"]) for pair in pairs(slug) if pair["question"] == question)


def documents(slug: str) -> list[Path]:
    """Return a merchant's documents in name order."""
    return sorted((CONTENT / slug / "documents").iterdir())


def sheet_rows(path: Path, sheet: str) -> list[dict[str, Any]]:
    """Return a price sheet's rows by heading; the title is in row 1 and the headings in row 2."""
    rows = [list(row) for row in openpyxl.load_workbook(path, data_only=True)[sheet].values]
    return [dict(zip(map(str, rows[1]), row, strict=True)) for row in rows[2:] if row[1] is not None]


def docx_text(path: Path) -> str:
    """Return the paragraphs and table cells of a Word file."""
    document = docx.Document(str(path))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "\n".join([*(paragraph.text for paragraph in document.paragraphs), *cells])


def xlsx_text(path: Path) -> str:
    """Return the values of every sheet, one row per line."""
    book = openpyxl.load_workbook(path, data_only=True)
    return "\n".join(" ".join(str(v) for v in row if v is not None) for s in book for row in s.values)


def pdf_text(path: Path) -> str:
    """Return the text of all pages with line breaks taken out, so that a wrapped sentence is whole."""
    with pypdfium2.PdfDocument(path) as document:
        text = "".join(page.get_textpage().get_text_bounded() for page in document)
    return re.sub(r"[\r\n]+", "", text)


def document_text(path: Path) -> str:
    """Return a document's text, read by the library for its format."""
    match path.suffix:
        case ".docx":
            return docx_text(path)
        case ".xlsx":
            return xlsx_text(path)
        case ".pdf":
            return pdf_text(path)
        case ".html":
            return BeautifulSoup(path.read_text(encoding="utf-8"), "lxml").get_text(" ")
        case ".csv":
            rows = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"))))
            assert len({len(row) for row in rows}) == 1, "every row has as many cells as the heading"
            return "\n".join(" ".join(row) for row in rows)
        case _:
            return path.read_text(encoding="utf-8")


def every_text() -> Iterator[tuple[str, str]]:
    """Yield (where, text) for all that a customer may come to read."""
    for slug in SLUGS:
        for pair in pairs(slug):
            yield pair["question"], "\n".join([*phrasings(pair), pair["answer"]])
        for path in documents(slug):
            yield path.name, document_text(path)
    for path in sorted((CONTENT / SHOP / "folder").rglob("*.md")):
        yield path.name, path.read_text(encoding="utf-8")
    for template in load("templates.json"):
        yield template["question"], template["answer"]


@pytest.mark.parametrize("slug", SLUGS)
def test_pairs_keep_the_limits(slug: str) -> None:
    loaded = pairs(slug)
    assert len(loaded) >= 70
    for pair in loaded:
        assert set(pair) == PAIR_KEYS
        assert all(1 <= len(question) <= 500 for question in phrasings(pair))
        assert 2 <= len(pair["similar_questions"]) <= 4
        longest = 300 if HAN.search(pair["answer"]) else 600
        assert 60 <= len(pair["answer"]) <= longest, pair["question"]
        assert 1 <= len(pair["category"]) <= 50
        assert 1 <= len(pair["keywords"]) <= 20
        assert 0 <= pair["priority"] <= 100


@pytest.mark.parametrize("slug", SLUGS)
def test_no_phrasing_belongs_to_two_pairs(slug: str) -> None:
    owners: dict[str, str] = {}
    for pair in pairs(slug):
        for question in phrasings(pair):
            assert plain(question) not in owners, (question, owners[plain(question)])
            owners[plain(question)] = pair["question"]


def test_help_desk_answers_in_both_languages() -> None:
    chinese = [pair for pair in pairs(DESK) if HAN.search(pair["answer"])]
    assert 0.4 <= len(chinese) / len(pairs(DESK)) <= 0.6


def test_templates_are_twelve_and_no_copy_of_a_merchants_question() -> None:
    templates = load("templates.json")
    assert len(templates) == 12
    asked = {plain(question) for slug in SLUGS for pair in pairs(slug) for question in phrasings(pair)}
    for template in templates:
        assert set(template) == PAIR_KEYS - {"similar_questions"}
        assert plain(template["question"]) not in asked
        assert 60 <= len(template["answer"]) <= 300
        assert 1 <= len(template["keywords"]) <= 20
    assert len({template["category"] for template in templates}) >= 6


@pytest.mark.parametrize("slug", SLUGS)
def test_scenes_have_valid_flat_schemas(slug: str) -> None:
    scenes = load(slug, "scenes.json")
    assert len({scene["name"] for scene in scenes}) == len(scenes) <= 50
    for scene in scenes:
        schema = scene["schema"]
        Draft202012Validator.check_schema(schema)
        assert schema["type"] == "object"
        assert set(schema["required"]) <= set(schema["properties"])
        for slot in schema["properties"].values():
            assert slot["type"] in {"string", "number", "integer", "boolean"}
            assert slot.get("format", "date") in {"date", "phone"}
            assert slot["title"] and slot["x-ask"].endswith(("。", "？"))
        assert 1 <= scene["max_asks"] <= 5
        assert re.fullmatch(r"retrieve|handoff|tool:demo\.query_(order|return|member|account)", scene["then"])
        assert len(scene["trigger_examples"]) >= 3


def test_shop_has_a_scene_for_every_demo_tool() -> None:
    tools = {scene["then"] for scene in load(SHOP, "scenes.json")}
    assert tools >= {f"tool:demo.query_{name}" for name in ("order", "return", "member", "account")}


def test_order_number_slot_takes_order_numbers_only() -> None:
    order = next(scene for scene in load(SHOP, "scenes.json") if scene["name"] == "订单查询")
    validator = Draft202012Validator(order["schema"])
    assert validator.is_valid({"order_no": "ORG-999999"})
    assert not validator.is_valid({"order_no": "999999"})
    assert not validator.is_valid({})


@pytest.mark.parametrize("slug", SLUGS)
def test_no_trigger_is_a_knowledge_question(slug: str) -> None:
    asked = {plain(question) for pair in pairs(slug) for question in phrasings(pair)}
    for scene in load(slug, "scenes.json"):
        assert not asked & {plain(trigger) for trigger in scene["trigger_examples"]}


@pytest.mark.parametrize(("slug", "preset"), [(SHOP, "merchant"), (DESK, "helpdesk")])
def test_settings_change_known_keys_only(slug: str, preset: str) -> None:
    settings = load(slug, "settings.json")
    for section, values in settings.items():
        assert set(values) <= SETTINGS_KEYS[section]
    assert settings["handoff"]["preset"] == preset
    assert settings["business"]["adapter"] == "demo"
    assert re.fullmatch(r"#[0-9a-f]{6}", settings["widget"]["color"])
    assert settings["chat"]["greeting"] and settings["chat"]["refusal"]


@pytest.mark.parametrize("slug", SLUGS)
def test_tenant_names_its_people_without_secrets(slug: str) -> None:
    tenant = load(slug, "tenant.json")
    assert tenant["slug"] == slug
    people = [tenant["admin"], *tenant["agents"]]
    assert len(people) >= 3
    assert len({person["username"] for person in people}) == len(people)
    assert all(set(person) == {"username", "display_name"} for person in people)
    assert all(re.fullmatch(r"[a-z]{3,50}", person["username"]) for person in people)


@pytest.mark.parametrize("slug", SLUGS)
def test_canned_replies_fill_no_variable_that_nobody_knows(slug: str) -> None:
    replies = load(slug, "canned_replies.json")
    assert len({reply["shortcut"] for reply in replies}) == len(replies) == 5
    assert all(set(reply) == {"shortcut", "title", "content", "category"} for reply in replies)
    variables = {name for reply in replies for name in re.findall(r"{{(.*?)}}", reply["content"])}
    assert variables == {"agent"}


@pytest.mark.parametrize("slug", SLUGS)
def test_first_questions_are_questions_of_pairs(slug: str) -> None:
    suggestions = load(slug, "tenant.json")["suggestions"]
    assert len(suggestions) == 3
    assert set(suggestions) <= {pair["question"] for pair in pairs(slug)}


@pytest.mark.parametrize("slug", SLUGS)
def test_documents_come_in_every_format_and_open(slug: str) -> None:
    paths = documents(slug)
    assert len(paths) >= 7
    assert {path.suffix for path in paths} == {".md", ".txt", ".html", ".docx", ".xlsx", ".csv", ".pdf"}
    for path in paths:
        assert len(document_text(path)) >= 350, path.name
        assert path.stat().st_size <= PDF_BYTES


@pytest.mark.parametrize(("slug", "name", "fact"), DOCUMENT_ONLY)
def test_fact_is_in_its_document_and_in_no_pair(slug: str, name: str, fact: str) -> None:
    assert fact in document_text(CONTENT / slug / "documents" / name)
    assert not [pair["question"] for pair in pairs(slug) if fact in pair["answer"]]


def test_every_document_has_a_fact_of_its_own() -> None:
    listed = {(slug, name) for slug, name, _ in DOCUMENT_ONLY}
    assert listed == {(slug, path.name) for slug in SLUGS for path in documents(slug)}


@pytest.mark.parametrize(
    ("slug", "name", "headings"),
    [
        (SHOP, "和服穿着与礼仪指南.pdf", ["1 着装的顺序", "2.4 上洗手间", "4 场合与款式", "8 归还前的整理"]),
        (
            DESK,
            "printing_guide.pdf",
            ["1 How badge", "2 Printers by", "4 Scanning", "6 Large jobs", "8 Print server"],
        ),
    ],
)
def test_pdf_reads_back_in_order_with_embedded_fonts(slug: str, name: str, headings: list[str]) -> None:
    path = CONTENT / slug / "documents" / name
    text = pdf_text(path)
    places = [text.index(heading) for heading in headings]
    assert places == sorted(places)
    with pypdfium2.PdfDocument(path) as document:
        assert 2 <= len(document) <= 4
        for page in document:
            written = list(page.get_objects(filter=[pdfium_c.FPDF_PAGEOBJ_TEXT]))
            fonts = [pdfium_c.FPDFTextObj_GetFont(item.raw) for item in written]
            assert fonts
            assert all(pdfium_c.FPDFFont_GetIsEmbedded(font) == 1 for font in fonts)


@pytest.mark.parametrize(
    ("slug", "name"), [(SHOP, "和服清洗与损坏赔付标准.docx"), (DESK, "onboarding_checklist.docx")]
)
def test_word_file_has_sections_tables_and_a_described_picture(slug: str, name: str) -> None:
    document = docx.Document(str(CONTENT / slug / "documents" / name))
    styles = [p.style.name for p in document.paragraphs if p.style is not None]
    assert styles.count("Heading 1") >= 4
    assert len(document.tables) >= 2
    assert len(document.inline_shapes) == 1
    assert 'descr="' in document.inline_shapes[0]._inline.xml


def test_server_folder_holds_three_markdown_files() -> None:
    files = list((CONTENT / SHOP / "folder").rglob("*"))
    assert len([path for path in files if path.is_file()]) == 3
    for path in (CONTENT / SHOP / "folder" / "docs" / "knowledge").glob("*.md"):
        assert path.read_text(encoding="utf-8").startswith("# ")


@pytest.mark.parametrize("item", ["浴衣", "小纹和服", "访问着", "振袖", "男士和服", "儿童和服"])
def test_prices_and_deposits_agree_with_the_price_table(item: str) -> None:
    rows = sheet_rows(CONTENT / SHOP / "documents" / "租赁价目表.xlsx", "租赁价目")
    row = next(row for row in rows if row["款式"] == item)
    assert f"{item} ¥{row['日租价']}" in answer_to(SHOP, "租借价格是多少？")
    assert f"¥{row['押金']:,}" in answer_to(SHOP, "租和服要交多少押金？")
    assert row["隔夜加收"] == row["日租价"] / 2, "a night costs half a day"


def test_couples_price_agrees_with_the_price_table() -> None:
    rows = sheet_rows(CONTENT / SHOP / "documents" / "租赁价目表.xlsx", "租赁价目")
    day = {row["款式"]: row["日租价"] for row in rows}
    saved = day["小纹和服"] + day["男士和服"] - day["情侣套餐"]
    answer = answer_to(SHOP, "情侣套餐多少钱？")
    assert f"¥{day['情侣套餐']}" in answer
    assert f"省 ¥{saved}" in answer


def test_styling_and_photo_prices_agree_with_the_price_table() -> None:
    rows = sheet_rows(CONTENT / SHOP / "documents" / "租赁价目表.xlsx", "造型与跟拍")
    price = {row["项目"]: row["价格"] for row in rows}
    styling = answer_to(SHOP, "做发型和化妆多少钱？")
    assert all(f"{item} ¥{price[item]}" in styling for item in ("基础盘发", "精致造型", "淡妆"))
    photos = answer_to(SHOP, "跟拍摄影怎么收费？")
    assert all(f"¥{price[item]}" in photos for item in ("单人跟拍", "双人跟拍", "家庭跟拍"))


def test_member_levels_agree_with_the_handbook() -> None:
    page = BeautifulSoup((CONTENT / SHOP / "documents" / "会员手册.html").read_text(encoding="utf-8"), "lxml")
    rows = [[cell.get_text() for cell in row.find_all("td")] for row in page.find_all("tr")]
    levels = {row[0]: row for row in rows if len(row) == 6}
    assert list(levels) == ["普通会员", "银卡", "金卡", "VIP", "SVIP"]
    benefits, upgrade = answer_to(SHOP, "会员等级有哪些权益？"), answer_to(SHOP, "会员怎么升级？")
    for name in ("银卡", "金卡", "VIP", "SVIP"):
        assert f"{name} {levels[name][1]}" in upgrade
        assert levels[name][2] in benefits


def test_wearing_guide_lists_as_many_items_as_the_mailing_note() -> None:
    note = (CONTENT / SHOP / "folder" / "docs" / "knowledge" / "邮寄租赁操作说明.md").read_text(
        encoding="utf-8"
    )
    guide = pdf_text(CONTENT / SHOP / "documents" / "和服穿着与礼仪指南.pdf")
    table = guide[guide.index("表 4") :]
    counted = sum(int(number) for number in re.findall(r"（(\d+) 件）", table)[1:])
    assert f"女士小纹一套共 {counted} 件" in note
    assert f"（{counted} 件）" in table


def test_chinese_is_cleanly_punctuated() -> None:
    wrong = re.compile(
        r"[，。、；：！？]{2,}|[\u4e00-\u9fff][,;!?](?=[\u4e00-\u9fff])|（[^）\n]*$|\ufffd", re.MULTILINE
    )
    found = [
        (where, match.group()) for where, text in every_text() for match in [wrong.search(text)] if match
    ]
    assert not found
