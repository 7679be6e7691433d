"""Word's formulas as LaTeX."""

from xml.etree.ElementTree import Element

M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_NARY = {
    "∑": "\\sum",
    "∏": "\\prod",
    "∫": "\\int",
    "∬": "\\iint",
    "∮": "\\oint",
    "⋃": "\\bigcup",
    "⋂": "\\bigcap",
    "": "\\int",
}
SYMBOLS = {
    "×": "\\times ", "÷": "\\div ", "±": "\\pm ", "≤": "\\le ", "≥": "\\ge ", "≠": "\\ne ", "≈": "\\approx ",
    "∞": "\\infty ",
    "→": "\\to ", "∈": "\\in ", "∀": "\\forall ", "∂": "\\partial ", "∇": "\\nabla ", "·": "\\cdot ", "…": "\\dots ",
    "α": "\\alpha ", "β": "\\beta ", "γ": "\\gamma ", "δ": "\\delta ", "ε": "\\epsilon ", "θ": "\\theta ", "λ": "\\lambda ",
    "μ": "\\mu ", "π": "\\pi ", "ρ": "\\rho ", "σ": "\\sigma ", "φ": "\\phi ", "ω": "\\omega ", "Δ": "\\Delta ",
    "Σ": "\\Sigma ", "Ω": "\\Omega ", "%": "\\%", "&": "\\&", "#": "\\#", "−": "-",
}  # fmt: skip
_ACCENTS = {
    "\u0302": "hat",
    "\u0303": "tilde",
    "\u0305": "bar",
    "\u0307": "dot",
    "\u0308": "ddot",
    "\u20d7": "vec",
    "": "hat",
}
FUNCTIONS = frozenset(
    {"sin", "cos", "tan", "log", "ln", "exp", "lim", "max", "min", "det", "arg", "cot", "sec", "csc"}
)


def to_latex(element: Element) -> str:
    """Return the LaTeX of an `m:oMath` element; parts of kinds that are not known give their text."""
    return "".join(_node(child) for child in element).strip()


def _node(node: Element) -> str:
    name = node.tag.removeprefix(M)
    maker = _MAKERS.get(name)
    if maker is not None:
        return maker(node)
    return "" if name.endswith("Pr") else to_latex(node)


def _child(node: Element, name: str) -> str:
    found = node.find(M + name)
    return to_latex(found) if found is not None else ""


def _property(node: Element, path: str) -> str | None:
    found = node.find("/".join(M + part for part in path.split("/")))
    return found.get(f"{M}val", "") if found is not None else None


def _run(node: Element) -> str:
    text = "".join(part.text or "" for part in node.iter(f"{M}t"))
    return (
        f"\\{text} "
        if text in FUNCTIONS
        else "".join(SYMBOLS.get(character, character) for character in text)
    )


def _fraction(node: Element) -> str:
    return f"\\frac{{{_child(node, 'num')}}}{{{_child(node, 'den')}}}"


def _script(node: Element) -> str:
    below, above = _child(node, "sub"), _child(node, "sup")
    base = _child(node, "e")
    return (
        (base if len(base) == 1 else f"{{{base}}}")
        + (f"_{{{below}}}" if below else "")
        + (f"^{{{above}}}" if above else "")
    )


def _radical(node: Element) -> str:
    degree = _child(node, "deg")
    return f"\\sqrt{f'[{degree}]' if degree else ''}{{{_child(node, 'e')}}}"


def _nary(node: Element) -> str:
    sign = _property(node, "naryPr/chr")
    operator = _NARY.get(sign if sign is not None else "", "\\int")
    below, above = _child(node, "sub"), _child(node, "sup")
    return (
        operator
        + (f"_{{{below}}}" if below else "")
        + (f"^{{{above}}}" if above else "")
        + f" {_child(node, 'e')}"
    )


def _delimited(node: Element) -> str:
    opening, closing = _property(node, "dPr/begChr"), _property(node, "dPr/endChr")
    inner = ", ".join(to_latex(part) for part in node.findall(f"{M}e"))
    left = "(" if opening is None else opening or "."
    right = ")" if closing is None else closing or "."
    braces = {"{": "\\{", "}": "\\}"}
    return f"\\left{braces.get(left, left)}{inner}\\right{braces.get(right, right)}"


def _function(node: Element) -> str:
    return f"{_child(node, 'fName')}{{{_child(node, 'e')}}}"


def _accent(node: Element) -> str:
    return f"\\{_ACCENTS.get(_property(node, 'accPr/chr') or '', 'hat')}{{{_child(node, 'e')}}}"


def _bar(node: Element) -> str:
    return f"\\{'underline' if _property(node, 'barPr/pos') == 'bot' else 'overline'}{{{_child(node, 'e')}}}"


def _lower_limit(node: Element) -> str:
    return f"{_child(node, 'e').strip()}_{{{_child(node, 'lim')}}}"


def _upper_limit(node: Element) -> str:
    return f"{_child(node, 'e').strip()}^{{{_child(node, 'lim')}}}"


def _matrix(node: Element) -> str:
    rows = (" & ".join(to_latex(cell) for cell in row.findall(f"{M}e")) for row in node.findall(f"{M}mr"))
    return "\\begin{matrix}" + " \\\\ ".join(rows) + "\\end{matrix}"


def _equations(node: Element) -> str:
    return (
        "\\begin{aligned}" + " \\\\ ".join(to_latex(row) for row in node.findall(f"{M}e")) + "\\end{aligned}"
    )


_MAKERS = {
    "r": _run,
    "f": _fraction,
    "sSub": _script,
    "sSup": _script,
    "sSubSup": _script,
    "rad": _radical,
    "nary": _nary,
    "d": _delimited,
    "func": _function,
    "acc": _accent,
    "bar": _bar,
    "limLow": _lower_limit,
    "limUpp": _upper_limit,
    "m": _matrix,
    "eqArr": _equations,
}
