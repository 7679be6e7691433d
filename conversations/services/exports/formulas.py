"""Formulas: LaTeX as a small tree, and from there as a line of Unicode, as HTML, or as Word's own mathematics."""

from collections.abc import Mapping
from dataclasses import dataclass
from html import unescape
from typing import Any
from xml.etree.ElementTree import Element

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from latex2mathml.converter import convert_to_element

from conversations.services.exports.markup import LONGEST_FORMULA
from kimono.lib.cleaning import clean

_BIG = frozenset(["∑∏∐⋃⋂⋁⋀lim", "max", "min", "sup", "inf"])
_SPACED = frozenset("=≠≈≡≤≥<>±∓×÷·∈∉⊂⊆∪∩→←↔⇒⇔∼≃∝+−")
_DEEPEST = 40


@dataclass(frozen=True, slots=True)
class Node:
    """A part of a formula, named as in MathML without the `m`; a leaf has `text`."""

    kind: str
    text: str = ""
    inner: tuple["Node", ...] = ()
    accent: bool = False


def read(latex: str) -> Node | None:
    """Return the tree of a formula, or None when it cannot be read as one; then its source is what is shown."""
    if len(latex) > LONGEST_FORMULA:
        return None
    try:
        return _node(convert_to_element(latex), 0)
    except Exception:
        # The reader raises a class of its own for each mistake, and others for what it did not expect.
        return None


def _node(element: Element, depth: int) -> Node:
    if depth > _DEEPEST:
        raise ValueError("nested too deeply")
    kind = element.tag.rpartition("}")[2].removeprefix("m")
    if kind in ("i", "n", "o", "text", "s"):
        return Node(kind, _leaf(element))
    inner = tuple(_node(child, depth + 1) for child in element)
    if kind in ("math", "ath", "style", "padded", "phantom", "row") or not kind:
        return inner[0] if len(inner) == 1 else Node("row", inner=inner)
    if kind == "space":
        return Node("text", " ")
    return Node(kind, inner=inner, accent=element.get("accent") == "true")


def _leaf(element: Element) -> str:
    return clean(unescape(element.text or ""))


def plain(latex: str) -> str:
    """Return a formula as one line of Unicode, `E = mc²` or `(a + b)/2`."""
    node = read(latex)
    return " ".join(_plain(node).split()) if node is not None else latex


_RAISED = str.maketrans("0123456789+−=()n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿ")
_LOWERED = str.maketrans("0123456789+−=()", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎")
_ACCENTS = {
    "^": "\u0302",
    "ˆ": "\u0302",
    "¯": "\u0304",
    "‾": "\u0304",
    "→": "\u20d7",
    "~": "\u0303",
    "˙": "\u0307",
}


def _plain(node: Node) -> str:
    parts = [_plain(each) for each in node.inner]
    match node.kind:
        case "o" | "i" if node.text in _SPACED:
            return f" {node.text} "
        case "i" | "o" | "n" | "text" | "s":
            return node.text
        case "frac":
            return f"{_grouped(parts[0])}/{_grouped(parts[1])}"
        case "sup":
            return parts[0] + _script(parts[1], _RAISED, "^")
        case "sub":
            return parts[0] + _script(parts[1], _LOWERED, "_")
        case "subsup":
            return parts[0] + _script(parts[1], _LOWERED, "_") + _script(parts[2], _RAISED, "^")
        case "over":
            mark = _ACCENTS.get(parts[1].strip())
            return (
                parts[0] + mark if mark and len(parts[0]) == 1 else parts[0] + _script(parts[1], _RAISED, "^")
            )
        case "under":
            return parts[0] + _script(parts[1], _LOWERED, "_")
        case "underover":
            return parts[0] + _script(parts[1], _LOWERED, "_") + _script(parts[2], _RAISED, "^") + " "
        case "sqrt":
            return f"√{_grouped(''.join(parts))}"
        case "root":
            return f"{_script(parts[1], _RAISED, '')}√{_grouped(parts[0])}"
        case "table":
            return "[" + "; ".join(parts) + "]"
        case "tr":
            return ", ".join(parts)
    return "".join(parts)


def _grouped(text: str) -> str:
    bare = text.strip()
    return bare if len(bare) <= 1 or bare.isalnum() else f"({bare})"


def _script(text: str, table: Mapping[int, int], sign: str) -> str:
    bare = "".join(text.split())
    if bare and all(ord(character) in table for character in bare):
        return bare.translate(table)
    return f"{sign}{bare}" if len(bare) == 1 else f"{sign}({bare})"


def html(latex: str, *, display: bool) -> SafeString:
    """Return a formula as HTML of plain elements; `print.css` lays them out. What cannot be read is shown as source."""
    node = read(latex)
    kind = "formula formula-display" if display else "formula"
    inner = format_html("<code>{}</code>", latex) if node is None else _html(node)
    return format_html('<span class="{}">{}</span>', kind, inner)


def _html(node: Node) -> SafeString:
    parts = [_html(each) for each in node.inner]
    match node.kind:
        case "i":
            return format_html(
                "<i>{}</i>" if len(node.text) == 1 and node.text.isascii() else "{}", node.text
            )
        case "o":
            return format_html('<span class="op">{}</span>' if node.text in _SPACED else "{}", node.text)
        case "n" | "text" | "s":
            return format_html("{}", node.text)
        case "frac":
            return format_html(
                '<span class="frac"><span class="over">{}</span><span class="under">{}</span></span>', *parts
            )
        case "sup":
            return format_html("{}<sup>{}</sup>", *parts)
        case "sub" | "under":
            return format_html("{}<sub>{}</sub>", *parts)
        case "subsup" | "underover":
            return format_html(
                '{}<span class="scripts"><sup>{}</sup><sub>{}</sub></span>', parts[0], parts[2], parts[1]
            )
        case "over":
            mark = _ACCENTS.get(node.inner[1].text)
            if mark and node.inner[0].text:
                return format_html("<i>{}{}</i>", node.inner[0].text, mark)
            return format_html("{}<sup>{}</sup>", *parts)
        case "sqrt":
            return format_html('√<span class="root">{}</span>', _joined(parts))
        case "root":
            return format_html('<sup>{}</sup>√<span class="root">{}</span>', parts[1], parts[0])
        case "table":
            return format_html('<span class="matrix">{}</span>', _joined(parts))
        case "tr":
            return format_html('<span class="matrix-row">{}</span>', _joined(parts))
        case "td":
            return format_html('<span class="matrix-cell">{}</span>', _joined(parts))
    return _joined(parts)


def _joined(parts: list[SafeString]) -> SafeString:
    return format_html_join("", "{}", ((part,) for part in parts))


def omml(latex: str) -> Any | None:
    """Return a formula as Word's `m:oMath` element, or None when it cannot be read."""
    from docx.oxml import OxmlElement

    node = read(latex)
    if node is None:
        return None
    whole = OxmlElement("m:oMath")
    _add_omml(whole, node)
    return whole


# By kind: Word's element, and what its parts are called, in the order of the tree's.
_WORD = {
    "frac": ("m:f", ("m:num", "m:den")),
    "sup": ("m:sSup", ("m:e", "m:sup")),
    "sub": ("m:sSub", ("m:e", "m:sub")),
    "subsup": ("m:sSubSup", ("m:e", "m:sub", "m:sup")),
    "underover": ("m:sSubSup", ("m:e", "m:sub", "m:sup")),
    "under": ("m:limLow", ("m:e", "m:lim")),
    "over": ("m:limUpp", ("m:e", "m:lim")),
}


def _add_omml(parent: Any, node: Node) -> None:
    from docx.oxml import OxmlElement

    if node.kind in ("i", "n", "o", "text", "s"):
        run, text = OxmlElement("m:r"), OxmlElement("m:t")
        text.text = node.text
        text.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")
        run.append(text)
        parent.append(run)
    elif node.kind == "over" and (mark := _ACCENTS.get(node.inner[1].text)):
        accent, properties, sign, base = (OxmlElement(name) for name in ("m:acc", "m:accPr", "m:chr", "m:e"))
        sign.set("{http://schemas.openxmlformats.org/officeDocument/2006/math}val", mark)
        properties.append(sign)
        accent.append(properties)
        accent.append(base)
        _add_omml(base, node.inner[0])
        parent.append(accent)
    elif node.kind in _WORD:
        name, slots = _WORD[node.kind]
        whole = OxmlElement(name)
        for slot, each in zip(slots, node.inner, strict=True):
            _add_omml(_within(whole, slot), each)
        parent.append(whole)
    elif node.kind in ("sqrt", "root"):
        _add_root(parent, node)
    elif node.kind == "table":
        matrix = _within(parent, "m:m")
        for row in node.inner:
            line = _within(matrix, "m:mr")
            for cell in row.inner:
                _add_omml(_within(line, "m:e"), cell)
    else:
        for each in node.inner:
            _add_omml(parent, each)


def _add_root(parent: Any, node: Node) -> None:
    radical = _within(parent, "m:rad")
    if node.kind == "sqrt":
        hidden = _within(_within(radical, "m:radPr"), "m:degHide")
        hidden.set("{http://schemas.openxmlformats.org/officeDocument/2006/math}val", "1")
    degree = _within(radical, "m:deg")
    base = _within(radical, "m:e")
    if node.kind == "root":
        _add_omml(degree, node.inner[1])
        _add_omml(base, node.inner[0])
    else:
        for each in node.inner:
            _add_omml(base, each)


def _within(parent: Any, name: str) -> Any:
    from docx.oxml import OxmlElement

    child = OxmlElement(name)
    parent.append(child)
    return child
