"""Maps of bias and spread as SVG: one coloured, numbered cell for each pair of conditions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from MarrowQuantLib.report.charts import svg, text

CELL_WIDTH, CELL_HEIGHT, LEFT, TOP, BOTTOM, GAP = 38.0, 18.0, 44.0, 34.0, 34.0, 18.0
NEGATIVE, POSITIVE = np.array([33, 102, 172]), np.array([178, 24, 43])  # blue and red: told apart by colour-blind readers too


@dataclass(frozen=True)
class HeatMap:
    """``values``, shape (rows, columns), NaN left empty; ``limit`` is the value of the strongest colour."""

    title: str
    values: np.ndarray
    limit: float
    digits: int = 0


def heat_maps(rows: Sequence[Sequence[HeatMap]], columns: Sequence[object], lines: Sequence[object], x: str, y: str, label: str) -> str:
    """Several maps over the same conditions, as one picture.

    Parameters
    ----------
    rows : sequence of sequence of HeatMap
        As they stand on the page.
    columns, lines : sequence
        What the columns and rows of cells are.
    x, y : str
        Titles of the axes, with unit.
    label : str
        What the picture shows, in words.
    """
    width = LEFT + CELL_WIDTH * len(columns) + GAP
    height = TOP + CELL_HEIGHT * len(lines) + BOTTOM
    parts = []
    for n_row, row in enumerate(rows):
        for n_column, heat_map in enumerate(row):
            parts += _one(heat_map, columns, lines, n_column * width, n_row * height, x, y)
    return svg(width * max(map(len, rows)), height * len(rows), label, parts)


def _one(heat_map: HeatMap, columns: Sequence[object], lines: Sequence[object], left: float, top: float, x: str, y: str) -> list[str]:
    bottom = top + TOP + CELL_HEIGHT * len(lines)
    parts = [text(left + LEFT, top + 12, heat_map.title, size=11), text(left, top + 26, y, size=9)]
    for n_line, line in enumerate(lines):
        middle = top + TOP + CELL_HEIGHT * (n_line + 0.5) + 3.5
        parts.append(text(left + LEFT - 5, middle, f"{line}", "end", size=10))
        for n_column in range(len(columns)):
            value = float(heat_map.values[n_line, n_column])
            if np.isfinite(value):
                parts += _cell(value, heat_map, left + LEFT + CELL_WIDTH * n_column, middle)
    for n_column, column in enumerate(columns):
        parts.append(text(left + LEFT + CELL_WIDTH * (n_column + 0.5), bottom + 12, f"{column}", "middle", size=10))
    return [*parts, text(left + LEFT, bottom + 26, x, size=9)]


def _cell(value: float, heat_map: HeatMap, x: float, middle: float) -> list[str]:
    strength = min(abs(value) / heat_map.limit, 1.0)
    red, green, blue = (255 + strength * ((POSITIVE if value > 0 else NEGATIVE) - 255)).astype(int)
    shown = f"{value:.{heat_map.digits}f}".replace("-", "−")
    shown = shown.lstrip("−") if float(shown.replace("−", "-")) == 0 else shown
    ink = "#fff" if strength > 0.6 else "#1b2733"
    return [
        f'<rect x="{x:.0f}" y="{middle - 12.5:.1f}" width="{CELL_WIDTH - 1:.0f}" height="{CELL_HEIGHT - 1:.0f}" '
        f'fill="rgb({red},{green},{blue})"/>',
        f'<text x="{x + CELL_WIDTH / 2 - 0.5:.1f}" y="{middle:.1f}" text-anchor="middle" font-size="9.5" fill="{ink}">{shown}</text>',
    ]
