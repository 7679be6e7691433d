"""MathML as LaTeX."""

from collections.abc import Callable
from xml.etree.ElementTree import Element

from kimono.providers.parsing.docx.formulas import FUNCTIONS, SYMBOLS

_OPERATORS = {
    "∑": "\\sum", "∏": "\\prod", "∫": "\\int", "∬": "\\iint", "∮": "\\oint", "⋃": "\\bigcup", "⋂": "\\bigcap",
    "{": "\\{", "}": "\\}", "\u2061": "", "\u2062": "", "\u2063": "", "\u2064": "",
}  # fmt: skip
_ACCENTS = {
    "^": "hat",
    "ˆ": "hat",
    "~": "tilde",
    "˜": "tilde",
    "¯": "bar",
    "‾": "overline",
    "→": "vec",
    "˙": "dot",
    "¨": "ddot",
}


def to_latex(node: Element) -> str:
    """Return the LaTeX of a `math` element or any part of one; elements of no known meaning give their content."""
    maker = _MAKERS.get(_name(node))
    if maker is not None:
        return maker(node)
    return _row(node) if len(node) else _token(node)


def _name(node: Element) -> str:
    return node.tag.rsplit("}", 1)[-1]


def _row(node: Element) -> str:
    return "".join(to_latex(child) for child in node)


def _token(node: Element) -> str:
    text = (node.text or "").strip()
    if text in FUNCTIONS:
        return f"\\{text} "
    return "".join(_OPERATORS.get(character, SYMBOLS.get(character, character)) for character in text)


def _text(node: Element) -> str:
    words = "".join(node.itertext())
    return f"\\text{{{words}}}" if words.strip() else " "


def _parts(node: Element, count: int) -> list[str]:
    """Return the LaTeX of the first `count` children, empty where there are fewer."""
    made = [to_latex(child) for child in node[:count]]
    return made + [""] * (count - len(made))


def _base(text: str) -> str:
    bare = text.strip()
    return bare if len(bare) == 1 or (bare.startswith("\\") and bare[1:].isalpha()) else f"{{{bare}}}"


def _fraction(node: Element) -> str:
    above, below = _parts(node, 2)
    return f"\\frac{{{above}}}{{{below}}}"


def _root(node: Element) -> str:
    base, degree = _parts(node, 2)
    return f"\\sqrt[{degree}]{{{base}}}"


def _below(node: Element) -> str:
    base, below = _parts(node, 2)
    return f"{_base(base)}_{{{below}}}"


def _above(node: Element) -> str:
    base, above = _parts(node, 2)
    return f"{_base(base)}^{{{above}}}"


def _both(node: Element) -> str:
    base, below, above = _parts(node, 3)
    return f"{_base(base)}_{{{below}}}^{{{above}}}"


def _over(node: Element) -> str:
    sign = "".join(node[1].itertext()).strip() if len(node) > 1 else ""
    return f"\\{_ACCENTS[sign]}{{{_parts(node, 1)[0]}}}" if sign in _ACCENTS else _above(node)


def _table(node: Element) -> str:
    rows = (" & ".join(to_latex(cell) for cell in row) for row in node)
    return "\\begin{matrix}" + " \\\\ ".join(rows) + "\\end{matrix}"


def _fenced(node: Element) -> str:
    inner = ", ".join(to_latex(child) for child in node)
    return f"\\left{node.get('open') or '('}{inner}\\right{node.get('close') or ')'}"


def _semantics(node: Element) -> str:
    return to_latex(node[0]) if len(node) else ""


def _nothing(node: Element) -> str:
    return ""


_MAKERS: dict[str, Callable[[Element], str]] = {
    "mtext": _text,
    "mspace": lambda node: " ",
    "mfrac": _fraction,
    "msqrt": lambda node: f"\\sqrt{{{_row(node)}}}",
    "mroot": _root,
    "msub": _below,
    "munder": _below,
    "msup": _above,
    "mover": _over,
    "msubsup": _both,
    "munderover": _both,
    "mtable": _table,
    "mfenced": _fenced,
    "semantics": _semantics,
    "annotation": _nothing,
    "annotation-xml": _nothing,
    "mphantom": _nothing,
}
