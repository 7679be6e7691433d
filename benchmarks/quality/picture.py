"""The reliability curve: what scores promise against what comes true, as a picture."""

from collections.abc import Mapping, Sequence

Curve = Sequence[tuple[float, float, int]]

LEAST = 0.01

_SIZE, _MARGIN = 420, 56
_COLOURS = ("#2f6f8f", "#b3532b", "#4c7a34", "#7a4c8f", "#8f7a2f", "#a03050", "#406060", "#806040", "#5050a0")
_STYLE = "font: 12px system-ui, sans-serif; fill: #444"


def draw(curves: Mapping[str, Curve]) -> str:
    """Return an SVG with one curve per set: mean score to the right, share of right first answers upwards.

    A dot is a tenth of the scale, as large as the share of the set's questions in it.
    """
    width = _SIZE + 2 * _MARGIN + 190
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {_SIZE + 2 * _MARGIN}" role="img"'
        ' aria-label="Score against the observed share of right first answers">',
        f'<rect width="{width}" height="{_SIZE + 2 * _MARGIN}" fill="#fff"/>',
        *_grid(),
    ]
    for number, (name, curve) in enumerate(curves.items()):
        parts += _curve(name, curve, _COLOURS[number % len(_COLOURS)], number)
    return "\n".join([*parts, "</svg>", ""])


def _at(score: float, share: float) -> tuple[float, float]:
    return _MARGIN + score * _SIZE, _MARGIN + (1 - share) * _SIZE


def _grid() -> list[str]:
    parts = []
    for tenth in range(0, 11, 2):
        value = tenth / 10
        (x, bottom), (left, y) = _at(value, 0), _at(0, value)
        parts += [
            f'<path d="M{x:.0f} {bottom:.0f}V{_MARGIN}M{left:.0f} {y:.0f}H{_MARGIN + _SIZE}" stroke="#e4e4e4"/>',
            f'<text x="{x:.0f}" y="{bottom + 18:.0f}" text-anchor="middle" style="{_STYLE}">{value:.1f}</text>',
            f'<text x="{left - 8:.0f}" y="{y + 4:.0f}" text-anchor="end" style="{_STYLE}">{value:.1f}</text>',
        ]
    (x1, y1), (x2, y2) = _at(0, 0), _at(1, 1)
    parts += [
        f'<path d="M{x1} {y1}L{x2} {y2}" stroke="#999" stroke-dasharray="4 4"/>',
        f'<text x="{_MARGIN + _SIZE / 2}" y="{_MARGIN + _SIZE + 40}" text-anchor="middle" style="{_STYLE}">score</text>',
        f'<text x="{_MARGIN}" y="{_MARGIN - 14}" style="{_STYLE}">right first answers</text>',
    ]
    return parts


def _curve(name: str, curve: Curve, colour: str, number: int) -> list[str]:
    total = sum(count for *_, count in curve)
    # What stands on a handful of questions is noise.
    points = [(*_at(score, share), count / total) for score, share, count in curve if count >= LEAST * total]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y, _ in points)
    key = _MARGIN + 12 + 22 * number
    return [
        f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-opacity="0.6"/>',
        *(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{2 + 14 * share**0.5:.1f}" fill="{colour}" fill-opacity="0.55"/>'
            for x, y, share in points
        ),
        f'<circle cx="{_MARGIN + _SIZE + 28}" cy="{key - 4}" r="5" fill="{colour}"/>',
        f'<text x="{_MARGIN + _SIZE + 40}" y="{key}" style="{_STYLE}">{name}</text>',
    ]
