"""Axes and lines that the figures of a cohort share."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence

from ..report.charts import BEFORE, INK, line, svg, text, ticks, x_axis
from ..report.fonts import PIECE

LEFT, TOP, SIZE = 60.0, 12.0, 250.0
"""Of the square that a figure with two axes is drawn in, in SVG units."""
ACROSS = 44
"""Characters of a title that have room along an axis."""
Scale = Callable[[float], float]


def scales(across: tuple[float, float], up: tuple[float, float]) -> tuple[Scale, Scale]:
    """From data to places in the square; each range is (low, high)."""
    return (
        lambda value: LEFT + SIZE * (value - across[0]) / (across[1] - across[0]),
        lambda value: TOP + SIZE * (up[1] - value) / (up[1] - up[0]),
    )


def up_axis(low: float, high: float, name: str) -> list[str]:
    """Grid, ticks and title of the upward axis of the square."""
    _, y = scales((0.0, 1.0), (low, high))
    parts = []
    for tick in ticks(low, high):
        label = f"{tick:.6g}".replace("-", "−")
        parts += [line(LEFT, y(tick), LEFT + SIZE, y(tick)), text(LEFT - 5, y(tick) + 4, label, "end", soft=True, size=10.5)]
    middle, rows = TOP + SIZE / 2, wrapped(name, ACROSS)
    titles = [
        f'<g transform="rotate(-90 {10 + 13 * n} {middle:.0f})">{text(10 + 13 * n, middle + 4, row, "middle", soft=True, size=11)}</g>'
        for n, row in enumerate(rows)
    ]
    return [*parts, line(LEFT, TOP, LEFT, TOP + SIZE, INK), *titles]


def square_axes(across: tuple[float, float], up: tuple[float, float], names: tuple[str, str]) -> list[str]:
    """Both axes of the square, with their titles (across, up)."""
    x, _ = scales(across, up)
    first, *more = wrapped(names[0], ACROSS)
    below = [text(LEFT + SIZE / 2, TOP + SIZE + 43, row, "middle", soft=True, size=11) for row in more]
    return [*x_axis(x, *across, TOP, TOP + SIZE, first, LEFT + SIZE / 2), *below, *up_axis(*up, names[1])]


def unit_square(across: str, up: str) -> tuple[list[str], Scale, Scale]:
    """Axes from 0 to 1 with the diagonal, and both scales."""
    x, y = scales((0.0, 1.0), (0.0, 1.0))
    return [*square_axes((0.0, 1.0), (0.0, 1.0), (across, up)), line(x(0), y(0), x(1), y(1), BEFORE, 1.0, "3 3")], x, y


def square_svg(label: str, parts: Sequence[str], below: float = 0.0) -> str:
    """A figure with the square plot area, with what stands in it, and ``below`` more under the axis."""
    return svg(LEFT + SIZE + 14, TOP + SIZE + 36 + below, label, parts)


def polyline(across: Iterable[float], up: Iterable[float], x: Scale, y: Scale, colour: str, dash: str = "", width: float = 2.0) -> str:
    """A line through points given in the units of the axes."""
    points = " ".join(f"{x(a):.1f},{y(b):.1f}" for a, b in zip(across, up))
    dashes = f' stroke-dasharray="{dash}"' if dash else ""
    return f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="{width:g}"{dashes}/>'


def band(across: Iterable[float], low: Iterable[float], high: Iterable[float], x: Scale, y: Scale, colour: str) -> str:
    """The area between two curves, given in the units of the axes."""
    places = list(across)
    there = [f"{x(a):.1f},{y(b):.1f}" for a, b in zip(places, low)]
    back = [f"{x(a):.1f},{y(b):.1f}" for a, b in zip(places, high)]
    return f'<polygon points="{" ".join([*there, *reversed(back)])}" fill="{colour}" fill-opacity="0.14"/>'


def wrapped(name: str, most: int, rows: int = 2) -> list[str]:
    """A name in up to ``rows`` lines of ``most`` characters, broken where they may be; what has no room is shortened."""
    lines = [""]
    for piece in re.findall(rf"\s|{PIECE}|.", name):
        if lines[-1].strip() and _width(lines[-1] + piece.rstrip()) > most and len(lines) < rows:
            lines[-1] = lines[-1].rstrip()
            lines.append(piece.lstrip())
        else:
            lines[-1] += piece
    return [shortened(one, most) for one in lines]


def shortened(name: str, most: int) -> str:
    """A name without its middle if it is wider than ``most`` characters, so that it does not run into what stands beside it.

    Wide East Asian characters count two. The end stays, because columns often differ in nothing else.
    """
    if _width(name) <= most:
        return name
    first, last = name, ""
    while _width(first) + 1 > (most + 1) // 2:
        first = first[:-1]
    while _width(name[-len(last) - 1 :]) + _width(first) + 1 <= most:
        last = name[-len(last) - 1 :]
    return f"{first}…{last}"


def _width(name: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in name)


def dot(x: float, y: float, colour: str) -> str:
    """One patient."""
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.2" fill="{colour}" fill-opacity="0.75"/>'


def standalone(figure: str) -> str:
    """The figure as a file of its own: with a name space, a white ground and the fonts that a page would give it."""
    style = "<style>text { font-family: system-ui, Arial, sans-serif; fill: #1b2733; } .soft { fill: #52616f; }</style>"
    ground = '<rect width="100%" height="100%" fill="#fff"/>'
    return figure.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1).replace(">\n", f">{style}{ground}\n", 1)
