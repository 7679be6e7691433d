"""Chinese first: every text of ours, and of the packages behind the admins, has a Chinese translation that is compiled."""

import ast
import gettext
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import import_export
import pytest
import unfold
from django.apps import apps
from django.conf import settings
from django.db.models import Field, Model
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation.trans_real import DjangoTranslation

CHECKOUT = Path(settings.BASE_DIR)
OURS = CHECKOUT / "locale/zh_Hans/LC_MESSAGES/django.po"
OF_PACKAGES = CHECKOUT / "locale/packages/zh_Hans/LC_MESSAGES/django.po"
SOURCES = ("kimono", "tenants", "knowledge", "conversations", "agents", "opsconsole", "templates")
# Of unfold's extras, those that are installed here.
INSTALLED = {"filters", "import_export", "__init__.py"}
UNTRANSLATABLE = {"App", "API", "ID"}
_FIELD = r'^{} ((?:".*"\n?)+)'
_PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w*\}|<a [^>]*>")


@dataclass(frozen=True)
class Entry:
    """One text of a catalogue with its translation, and whether a machine guessed that."""

    msgid: str
    plural: str
    msgstr: str
    fuzzy: bool


def entries(path: Path) -> list[Entry]:
    """Return the texts of a .po file, without its header."""
    found = []
    for block in path.read_text().split("\n\n"):
        texts = {name: _text(name, block) for name in ("msgid", "msgid_plural", "msgstr", r"msgstr\[0\]")}
        if texts["msgid"]:
            translated = texts["msgstr"] or texts[r"msgstr\[0\]"]
            fuzzy = re.search(r"^#,.*\bfuzzy\b", block, re.MULTILINE) is not None
            found.append(Entry(texts["msgid"], texts["msgid_plural"], translated, fuzzy))
    return found


def _text(name: str, block: str) -> str:
    match = re.search(_FIELD.format(name), block, re.MULTILINE)
    return "".join(ast.literal_eval(line) for line in match[1].strip().split("\n")) if match else ""


def extracted(folder: Path) -> list[Entry]:
    """Return what makemessages finds in a folder."""
    (folder / "locale").mkdir()
    environment = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    command = [sys.executable, "-m", "django", "makemessages", "-l", "zh_Hans", "--no-wrap", "-v0"]
    subprocess.run(command, cwd=folder, env=environment, check=True, timeout=100)
    return entries(folder / "locale/zh_Hans/LC_MESSAGES/django.po")


@pytest.fixture(scope="module")
def of_sources(tmp_path_factory: pytest.TempPathFactory) -> list[Entry]:
    folder = tmp_path_factory.mktemp("ours")
    for name in SOURCES:
        shutil.copytree(
            CHECKOUT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "content")
        )
    return extracted(folder)


@pytest.fixture(scope="module")
def of_packages(tmp_path_factory: pytest.TempPathFactory) -> list[Entry]:
    folder = tmp_path_factory.mktemp("packages")
    for package in (unfold, import_export):
        source = Path(package.__file__).parent
        shutil.copytree(source, folder / source.name, ignore=not_installed)
    return extracted(folder)


def not_installed(folder: str, names: list[str]) -> set[str]:
    """Return what to leave out of a copied package: its own catalogues, its scripts, extras that are not used."""
    unused = set(names) - INSTALLED if Path(folder).name == "contrib" else set()
    return unused | {"static", "locale", "unfold_crispy", "__pycache__"}


def test_the_catalogue_holds_every_text_and_no_other(of_sources: list[Entry]) -> None:
    wanted = {(entry.msgid, entry.plural) for entry in of_sources}
    have = {(entry.msgid, entry.plural) for entry in entries(OURS)}
    assert len(wanted) > 500
    assert not wanted - have, "run manage.py makemessages -l zh_Hans, translate, and run msgfmt"
    assert not have - wanted


@pytest.mark.parametrize("path", [OURS, OF_PACKAGES], ids=["ours", "packages"])
def test_every_text_is_translated_by_a_person(path: Path) -> None:
    all_of_them = entries(path)
    assert not [entry.msgid for entry in all_of_them if entry.fuzzy or not entry.msgstr]
    same = {entry.msgid for entry in all_of_them if entry.msgid == entry.msgstr}
    assert same <= UNTRANSLATABLE
    for entry in all_of_them:
        placeholders = sorted(_PLACEHOLDER.findall(entry.msgid))
        in_plural = sorted(_PLACEHOLDER.findall(entry.plural)) if entry.plural else placeholders
        assert sorted(_PLACEHOLDER.findall(entry.msgstr)) in (placeholders, in_plural), entry.msgid


@pytest.mark.parametrize("path", [OURS, OF_PACKAGES], ids=["ours", "packages"])
def test_the_compiled_catalogue_is_up_to_date(path: Path, tmp_path: Path) -> None:
    fresh = tmp_path / "django.mo"
    subprocess.run(["msgfmt", "-o", str(fresh), str(path)], check=True, stderr=subprocess.DEVNULL)
    with fresh.open("rb") as now, path.with_suffix(".mo").open("rb") as committed:
        assert gettext.GNUTranslations(now)._catalog == gettext.GNUTranslations(committed)._catalog  # type: ignore[attr-defined]


def test_the_packages_speak_chinese(of_packages: list[Entry]) -> None:
    chinese = DjangoTranslation("zh-hans")
    own = {entry.msgid for entry in entries(OF_PACKAGES)}
    used = {entry.msgid for entry in of_packages}
    assert len(used) > 100

    def in_english(entry: Entry) -> bool:
        if entry.plural:
            return chinese.ngettext(entry.msgid, entry.plural, 5) == entry.plural
        return chinese.gettext(entry.msgid) == entry.msgid

    assert not [entry.msgid for entry in of_packages if in_english(entry)]
    assert not own - used, "the packages do not say this any more"


def shown_models() -> Iterator[type[Model]]:
    from tenants.admin import platform_site, tenant_site

    for site in (platform_site, tenant_site):
        for model, page in site._registry.items():
            yield model
            yield from (inline.model for inline in page.inlines)


def named_parts(model: type[Model]) -> Iterator[tuple[str, object]]:
    """Yield what pages may show of a table: its names, its columns' names, the labels of their choices."""
    yield model.__name__, model._meta.verbose_name
    yield f"{model.__name__}s", model._meta.verbose_name_plural
    yield model._meta.app_label, apps.get_app_config(model._meta.app_label).verbose_name
    for column in model._meta.get_fields():
        if not isinstance(column, Field) or type(column).__module__.startswith("django_tenants"):
            continue
        if column.model.__module__.split(".")[0] not in SOURCES or column.primary_key:
            continue
        if column.name in FOREIGN_COLUMNS:
            continue
        yield f"{model.__name__}.{column.name}", column.verbose_name
        if column.choices:
            yield from (
                (f"{model.__name__}.{column.name}={value}", label) for value, label in column.flatchoices
            )


# Columns of base classes in packages, which no page of ours shows under their own name.
FOREIGN_COLUMNS = {"password", "last_login", "schema_name"}


def test_tables_columns_and_states_have_names_in_both_languages() -> None:
    parts = {name: text for model in shown_models() for name, text in named_parts(model)}
    assert len(parts) > 200
    assert not [name for name, text in parts.items() if not isinstance(text, (Promise, str))]
    with translation.override("zh-hans"):
        left = [name for name, text in parts.items() if re.search(r"[㐀-鿿]", str(text)) is None]
    assert {str(parts[name]) for name in left} <= UNTRANSLATABLE


def test_a_text_in_one_piece_is_translated_and_not_put_together() -> None:
    pattern = re.compile(r"""(?<![\w.])_\(\s*f["']|gettext(?:_lazy)?\(\s*f["']|(?<![\w.])_\([^)]*["']\s*\+""")
    for name in SOURCES[:-1]:
        for source in (CHECKOUT / name).rglob("*.py"):
            assert not pattern.search(source.read_text()), source
