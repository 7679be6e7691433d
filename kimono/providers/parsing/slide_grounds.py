"""What of a slide's text nobody sees: transparent letters, and white ones where the ground is surely white."""

from collections.abc import Iterable, Iterator
from typing import Any

from defusedxml.ElementTree import fromstring
from pptx.opc.constants import RELATIONSHIP_TYPE

_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_P = "{http://schemas.openxmlformats.org/presentationml/2006/main}"
_FILLS = frozenset(f"{_A}{name}" for name in ("solidFill", "gradFill", "blipFill", "pattFill", "grpFill"))
_WHITE = "FFFFFF"
# The first of a theme's grounds, in the plain colour that it is given.
_PLAIN_GROUND = "1001"


def drop_unseen(slide: Any, shapes: Iterable[Any]) -> None:
    """Take the runs of these text shapes that nobody sees out of the slide.

    White text is taken out only where the slide is white and nothing lies under its shape, on the slide, its layout or
    its master, that may have another colour.
    """
    ground: bool | None = None
    for shape in shapes:
        for run in list(shape._element.iter(f"{_A}r")) if getattr(shape, "has_text_frame", False) else []:
            colour = run.find(f"{_A}rPr/{_A}solidFill/{_A}srgbClr")
            if colour is None:
                continue
            unseen = any(alpha.get("val") == "0" for alpha in colour.findall(f"{_A}alpha"))
            if not unseen and colour.get("val", "").upper() == _WHITE:
                ground = _is_white(slide) if ground is None else ground
                unseen = ground and not _is_filled(shape) and not any(_under(slide, shape))
            if unseen:
                run.getparent().remove(run)


def _is_filled(shape: Any) -> bool:
    """Tell whether a shape has a ground of its own, or may have one by its style."""
    looks = shape._element.find(f"{_P}spPr")
    if looks is None or any(child.tag in _FILLS for child in looks):
        return True
    reference = shape._element.find(f"{_P}style/{_A}fillRef")
    return reference is not None and reference.get("idx") != "0" and looks.find(f"{_A}noFill") is None


def _under(slide: Any, shape: Any) -> Iterator[bool]:
    """Yield for every other shape whether it may lie under this one with a colour."""
    for sheet in (slide, slide.slide_layout, slide.slide_layout.slide_master):
        for other in sheet.shapes:
            if other._element is shape._element or not _is_filled(other):
                continue
            # What a placeholder inherits is not looked up by its place.
            yield other.is_placeholder or _overlap(shape, other)


def _overlap(one: Any, other: Any) -> bool:
    sides = (one.left, one.top, one.width, one.height, other.left, other.top, other.width, other.height)
    if None in sides:
        return True
    return bool(
        one.left < other.left + other.width
        and other.left < one.left + one.width
        and one.top < other.top + other.height
        and other.top < one.top + one.height
    )


def _is_white(slide: Any) -> bool:
    """Tell whether the background of a slide is surely white: its own, its layout's, its master's, or none."""
    master = slide.slide_layout.slide_master
    for sheet in (slide, slide.slide_layout, master):
        ground = sheet._element.find(f"{_P}cSld/{_P}bg")
        if ground is None:
            continue
        plain = ground.find(f"{_P}bgPr/{_A}solidFill/*")
        reference = ground.find(f"{_P}bgRef")
        if plain is not None and plain.tag == f"{_A}srgbClr":
            return plain.get("val", "").upper() == _WHITE and len(plain) == 0
        named = plain if plain is not None else reference.find("*") if reference is not None else None
        if reference is not None and reference.get("idx") != _PLAIN_GROUND:
            return False
        return named is not None and named.get("val") == "bg1" and len(named) == 0 and _white_theme(master)
    return True


def _white_theme(master: Any) -> bool:
    """Tell whether the first light colour of a master's theme is white, and is what its slides call their ground."""
    names = master._element.find(f"{_P}clrMap")
    if names is None or names.get("bg1") != "lt1":
        return False
    theme = fromstring(master.part.part_related_by(RELATIONSHIP_TYPE.THEME).blob, forbid_dtd=True)
    light = theme.find(f".//{_A}clrScheme/{_A}lt1/*")
    return light is not None and _WHITE in (light.get("val", "").upper(), light.get("lastClr", "").upper())
