"""A font with Chinese characters for Word files: cut down to a text, and hidden as those files carry it."""

import hashlib
import io
import logging
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from kimono.lib.printing.fonts import Font

# It tells of every table that it leaves out.
logging.getLogger("fontTools").setLevel(logging.WARNING)
_HAN = (0x2E80, 0x323AF)


def has_han(text: str) -> bool:
    """Tell whether a text needs a font with Chinese characters."""
    return any(_HAN[0] <= ord(character) <= _HAN[1] for character in text)


def family_for(font: Font, text: str) -> str:
    """Return what the font is to be called in the file of a text: as no other font is, with other characters or with all.

    LibreOffice takes fonts of one name for one, also those of two open files, and then lacks characters of the second.
    """
    return f"{font.family} {hashlib.sha256(text.encode()).hexdigest()[:8]}"


def cut(font: Font, text: str, *, family: str) -> bytes:
    """Return the font as TrueType, called `family`, with the characters of `text` and of ASCII and nothing else."""
    from fontTools import subset

    options = subset.Options(
        layout_features=[], hinting=False, notdef_outline=True, name_IDs=["*"], name_languages=[0x409],
        drop_tables=[*subset.Options().drop_tables, "GSUB", "GPOS", "GDEF", "BASE", "VORG", "vhea", "vmtx"],
        ignore_missing_unicodes=True,
    )  # fmt: skip
    options.font_number = font.number
    loaded = subset.load_font(str(font.path), options, dontLoadGlyphNames=True)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes={*range(0x20, 0x7F), *(ord(character) for character in text)})
    subsetter.subset(loaded)
    if "CFF " in loaded:
        _draw_as_truetype(loaded)
    _call(loaded, family)
    target = io.BytesIO()
    loaded.save(target)
    return target.getvalue()


def _call(font: Any, family: str) -> None:
    """Give the font one family with one style; Word finds it by the name that it has inside."""
    names = {1: family, 2: "Regular", 3: family, 4: family, 6: family.replace(" ", "")}
    table = font["name"]
    table.names = [record for record in table.names if record.nameID not in (16, 17, 18, 21, 22, 25)]
    for name_id, text in names.items():
        table.removeNames(nameID=name_id)
        table.setName(text, name_id, 3, 1, 0x409)


def _draw_as_truetype(font: Any) -> None:
    """Draw the outlines anew as quadratic curves: Word embeds no others."""
    from fontTools.pens.cu2quPen import Cu2QuPen
    from fontTools.pens.ttGlyphPen import TTGlyphPen
    from fontTools.ttLib import newTable

    drawn, glyphs = {}, font.getGlyphSet()
    order = font.getGlyphOrder()
    for name in order:
        pen = TTGlyphPen(glyphs)
        glyphs[name].draw(Cu2QuPen(pen, 1.0, reverse_direction=True))
        drawn[name] = pen.glyph()
    font["loca"] = newTable("loca")
    font["glyf"] = table = newTable("glyf")
    table.glyphOrder, table.glyphs = order, drawn
    for glyph in drawn.values():
        glyph.recalcBounds(table)
    del font["CFF "]
    font.recalcBBoxes = True
    most = font["maxp"]
    most.tableVersion = 0x00010000
    for name in (
        "maxTwilightPoints", "maxStorage", "maxFunctionDefs", "maxInstructionDefs", "maxStackElements",
        "maxSizeOfInstructions",
    ):  # fmt: skip
        setattr(most, name, 0)
    most.maxZones = 1
    table.compile(font)
    font["post"].formatType = 3.0
    font.sfntVersion = "\x00\x01\x00\x00"


@dataclass(frozen=True, slots=True)
class Hidden:
    """A font in the form in which Word files carry it: its first 32 bytes are mixed with a key."""

    content: bytes
    key: UUID


def hidden(font: bytes) -> Hidden:
    """Return a font as ECMA-376 part 4, 18.6 asks for: mixed with a key that stands beside it."""
    key = uuid4()
    mask = key.bytes[::-1]
    head = bytes(byte ^ mask[place % 16] for place, byte in enumerate(font[:32]))
    return Hidden(head + font[32:], key)
