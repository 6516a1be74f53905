"""The figures of groups, pairs, correlations and linear models as SVG, of the pieces of the report's charts."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np

from ..report.charts import AFTER, AGAINST, BEFORE, INK, circle, line, nice_range, rect, svg, text, x_axis
from .axes import TOP, dot, polyline, scales, square_axes, square_svg, up_axis, wrapped
from .linear import LinearFit
from .words import Words

_COLOURS = (AFTER, BEFORE, AGAINST)
_WIDTH = 420.0
_LABEL = re.compile(r"(.+?)(?:: |：)(.+?)( \([^()]+\))?")
"""A column's label: the index, which of its values, and the unit."""
_BOX_WHISKER = 1.5  # interquartile ranges (Tukey, Exploratory Data Analysis, 1977)


def box_figure(name: str, groups: Mapping[str, np.ndarray]) -> str:
    """Quartiles, whiskers to the last value within 1.5 interquartile ranges, and every patient as a point; ``groups`` by their label."""
    every = np.concatenate(list(groups.values()))
    low, high = nice_range(float(every.min()), float(every.max()))
    left, width, row = 136.0, 268.0, 54.0
    bottom = TOP + row * len(groups)

    def x(value: float) -> float:
        return left + width * (value - low) / (high - low)

    parts = x_axis(x, low, high, TOP, bottom, name, _WIDTH / 2)  # a long title has the whole width
    rng = np.random.default_rng(0)  # only for the vertical scatter of the points
    for n, (label, values) in enumerate(groups.items()):
        y, colour = TOP + row * (n + 0.5), _COLOURS[n % 3]
        first, middle, third = np.quantile(values, (0.25, 0.5, 0.75))
        reach = _BOX_WHISKER * (third - first)
        inside = values[(values >= first - reach) & (values <= third + reach)]
        parts += [
            *_names(f"{label} ({values.size})", 4, y + 4, 21),
            line(x(inside.min()), y, x(inside.max()), y, colour, 1.4),
            rect(x(first), y - 13, x(third) - x(first), 26, colour, 0.25),
            line(x(middle), y - 13, x(middle), y + 13, colour, 2.5),
            *(dot(x(value), y + shift, colour) for value, shift in zip(values, rng.uniform(-9, 9, values.size))),
        ]
    return svg(_WIDTH, bottom + 36, name, parts)


def pairs_figure(names: tuple[str, str], values: np.ndarray, words: Words) -> str:
    """Every patient as a line from the first to the second value, shape (n, 2), the medians as the thick one."""
    low, high = nice_range(float(values.min()), float(values.max()))
    x, y = scales((-0.35, 1.35), (low, high))
    title, ends = _common(words.cell(names[0]), words.cell(names[1]))
    parts = [*up_axis(low, high, title), *(polyline((0, 1), pair, x, y, BEFORE, width=0.7) for pair in values)]
    middle = np.median(values, axis=0)
    parts += [polyline((0, 1), middle, x, y, AFTER, width=3.0), *(circle(x(n), y(middle[n]), AFTER) for n in (0, 1))]
    for n, end in enumerate(ends):
        parts += [text(x(n), y(low) + 18 + 12 * k, row, "middle", size=10) for k, row in enumerate(wrapped(end, 24))]
    return square_svg(" → ".join(names), parts)


def _common(first: str, second: str) -> tuple[str, tuple[str, str]]:
    """What two labels share ("Fat fraction (%)") and what they do not ("baseline", "follow-up"); "" where they share nothing."""
    labels = [_LABEL.fullmatch(name) for name in (first, second)]
    parts = [found.groups() if found else (name, "", "") for found, name in zip(labels, (first, second))]
    if not labels[0] or parts[0][0] != parts[1][0] or parts[0][2] != parts[1][2]:
        return "", (first, second)
    return f"{parts[0][0]}{parts[0][2] or ''}", (parts[0][1], parts[1][1])


def _names(name: str, x: float, y: float, most: int) -> list[str]:
    """A row's name in one line or two."""
    rows = wrapped(name, most)
    return [text(x, y - 6.5 * (len(rows) - 1) + 13 * n, row, size=11) for n, row in enumerate(rows)]


def scatter_figure(names: tuple[str, str], values: np.ndarray) -> str:
    """The second column against the first, shape (n, 2), one point a patient."""
    across, up = (nice_range(float(column.min()), float(column.max())) for column in values.T)
    x, y = scales(across, up)
    drawn = [*square_axes(across, up, names), *(dot(x(a), y(b), AFTER) for a, b in values)]
    return square_svg(f"{names[1]} / {names[0]}", drawn, below=13.0)


def effects_figure(fit: LinearFit, scale: Sequence[float], words: Words) -> str:
    """Effect of each term per standard deviation, in the unit of the response, with intervals; ``scale`` (m,) of the terms."""
    slopes, intervals = fit.coefficients[1:] * scale, fit.intervals[1:] * np.asarray(scale)[:, None]
    low, high = nice_range(min(0.0, float(intervals.min())), max(0.0, float(intervals.max())))
    left, width, row = 150.0, 250.0, 34.0
    bottom = TOP + row * slopes.size

    def x(value: float) -> float:
        return left + width * (value - low) / (high - low)

    title = words("effect per standard deviation of the term")
    parts = [*x_axis(x, low, high, TOP, bottom, title, left + width / 2), line(x(0.0), TOP, x(0.0), bottom, INK)]
    for n, (name, slope, (start, end)) in enumerate(zip(fit.names[1:], slopes, intervals)):
        y = TOP + row * (n + 0.5)
        parts += [*_names(words.cell(name), 4, y + 4, 24), line(x(start), y, x(end), y, AFTER, 2.0), circle(x(slope), y, AFTER)]
    return svg(_WIDTH, bottom + 36, title, parts)
