"""Charts as inline SVG: they print sharply, need no script, and say in words (``aria-label``) what they show.

Baseline is always grey with a broken line, follow-up blue with a full one, so that the two differ without colour too.
"""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from typing import Optional

import numpy as np

from ..model import Histogram
from ..results.formats import number, signed

BEFORE, AFTER, AGAINST, INK = "#6b7785", "#0072b2", "#d55e00", "#1b2733"
_CLASS_COLOURS = ("#08306b", "#4292c6", "#c6dbef", "#f0f0f0")
_GRID = "#d5dce3"


def svg(width: float, height: float, label: str, parts: Sequence[str]) -> str:
    """An SVG picture that scales with its place; ``label`` is read aloud by a screen reader."""
    body = "\n".join(parts)
    return f'<svg viewBox="0 0 {width:g} {height:g}" role="img" aria-label="{html.escape(label)}">\n{body}\n</svg>'


def text(x: float, y: float, content: str, anchor: str = "start", soft: bool = False, size: float = 12.0, halo: bool = False) -> str:
    """SVG text; the content is escaped here. A halo keeps it readable where lines cross it."""
    soft_class = ' class="soft"' if soft else ""
    style = f"font-size:{size:g}px" + (";paint-order:stroke;stroke:#fff;stroke-width:3px" if halo else "")
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" style="{style}"{soft_class}>{html.escape(content)}</text>'


def line(x1: float, y1: float, x2: float, y2: float, colour: str = _GRID, width: float = 1.0, dash: str = "") -> str:
    """An SVG line."""
    dashes = f' stroke-dasharray="{dash}"' if dash else ""
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" stroke-width="{width:g}"{dashes}/>'


def rect(x: float, y: float, width: float, height: float, colour: str, opacity: float = 1.0) -> str:
    """An SVG rectangle; a negative width is none."""
    size = f'width="{max(width, 0):.1f}" height="{height:.1f}"'
    return f'<rect x="{x:.1f}" y="{y:.1f}" {size} rx="2" fill="{colour}" fill-opacity="{opacity:g}"/>'


def circle(x: float, y: float, colour: str, filled: bool = True) -> str:
    """An SVG point mark, filled or open."""
    fill = colour if filled else "#fff"
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" fill="{fill}" stroke="{colour}" stroke-width="2"/>'


def probability_bar(probability: float, interval: tuple[float, float], label: str) -> str:
    """The probability as a point on a scale from 0 to 100 %, its interval as a band."""
    left, width = 14.0, 384.0

    def x(value: float) -> float:
        return left + width * value

    ticks = [line(x(t), 14, x(t), 34) + text(x(t), 50, f"{100 * t:g} %", "middle", soft=True, size=11) for t in (0, 0.25, 0.5, 0.75, 1)]
    band = rect(x(interval[0]), 18, x(interval[1]) - x(interval[0]), 12, AFTER, 0.3)
    return svg(420, 56, label, [rect(left, 18, width, 12, "#eceff2"), band, *ticks, circle(x(probability), 24, AFTER)])


def contribution_bars(names: Sequence[str], logits: Sequence[float], label: str, away: str, towards: str) -> str:
    """What each predictor adds to the log-odds: bars to the right speak for response, bars to the left against it."""
    middle, reach, row = 308.0, 76.0, 22.0
    largest = max([1.0, *(abs(logit) for logit in logits)])
    parts = [text(middle - 6, 10, f"← {away}", "end", soft=True, size=10.5), text(middle + 6, 10, f"{towards} →", soft=True, size=10.5)]
    for n, (name, logit) in enumerate(zip(names, logits)):
        y, length, is_for = 18 + n * row, reach * abs(logit) / largest, logit >= 0
        parts += [
            text(0, y + 12, name, size=11),
            rect(middle if is_for else middle - length, y + 2, length, 13, AFTER if is_for else AGAINST, 0.85),
            text(middle + (length + 5 if is_for else -length - 5), y + 12, signed(logit, "%"), "start" if is_for else "end", size=11),
        ]
    height = 20 + row * len(names)
    return svg(420, height, label, [line(middle, 14, middle, height, INK), *parts])


def dumbbells(
    levels: Sequence[str],
    before: Sequence[Optional[float]],
    after: Sequence[Optional[float]],
    axis: str,
    label: str,
    band: Optional[tuple[float, float]] = None,
) -> str:
    """Two values a row, joined by a line: hollow and grey before, full and blue after; a grey band behind them from low to high."""
    left, width, row, top = 36.0, 360.0, 26.0, 8.0
    known = [value for value in (*before, *after, *(band or ())) if value is not None]
    low, high = nice_range(min([0.0, *known]), max([10.0, *known]))
    bottom = top + row * len(levels)

    def x(value: float) -> float:
        return left + width * (value - low) / (high - low)

    parts = x_axis(x, low, high, top, bottom, axis, left + width / 2)
    if band:
        parts.append(rect(x(band[0]), top, x(band[1]) - x(band[0]), bottom - top, BEFORE, 0.15))
    for n, (level, first, second) in enumerate(zip(levels, before, after)):
        y = top + row * (n + 0.5)
        parts.append(text(0, y + 4, level))
        if first is not None and second is not None:
            parts.append(line(x(first), y, x(second), y, "#9aa7b3", 3))
        if first is not None:
            parts.append(circle(x(first), y, BEFORE, filled=False))
        if second is not None:
            parts.append(circle(x(second), y, AFTER))
    return svg(420, bottom + 36, label, parts)


def _can_be_drawn(histogram: Histogram) -> bool:
    return 0 < histogram.counts.sum() < np.inf and len(histogram.edges) == len(histogram.counts) + 1


def paired_histogram(histograms: Sequence[Optional[Histogram]], axis: str, share: str, label: str) -> str:
    """Histograms of one or two exams laid over each other, each as its share of voxels in %."""
    left, width, top, height = 36.0, 360.0, 20.0, 125.0
    shares = [None if h is None or not _can_be_drawn(h) else (h.edges, 100.0 * h.counts / h.counts.sum()) for h in histograms]
    shown = [item for item in shares if item is not None]
    low, high = nice_range(*_occupied(shown))
    top_share = max(float(values.max()) for _, values in shown)
    bottom = top + height

    def x(value: float) -> float:
        return left + width * (min(max(value, low), high) - low) / (high - low)

    def y(value: float) -> float:
        return bottom - height * value / top_share

    parts = x_axis(x, low, high, top, bottom, axis, left + width / 2)
    parts.append(text(left - 5, top + 4, f"{top_share:.0f} %", "end", soft=True, size=10.5))
    parts.append(text(left, top - 8, share, soft=True, size=10.5))
    for item, colour, dash, opacity in zip(shares, (BEFORE, AFTER), ("5 3", ""), (0.15, 0.25)):
        if item is not None:
            parts.append(_steps(item, x, y, bottom, colour, dash, opacity))
    return svg(420, bottom + 36, label, parts)


def paired_profile(height_mm: np.ndarray, before: np.ndarray, after: np.ndarray, seams_mm: Sequence[float], axis: str, label: str) -> str:
    """Brightness along the body, before as a grey broken line and after as a blue full one, from head (left) to feet; seams as upright
    lines. The scale ends at 2.5 times the median, so that the brain, which may be ten times as bright, does not flatten all the rest."""
    left, width, top, height = 36.0, 360.0, 8.0, 90.0
    low, high, bottom = float(height_mm.min()), float(height_mm.max()), top + height
    largest = min(2.5 * float(np.nanmedian(after)), float(np.nanmax([before, after])))

    def x(mm: float) -> float:
        return left + width * (high - mm) / (high - low)

    parts = [line(x(mm), top, x(mm), bottom, dash="2 3") for mm in seams_mm]
    parts += [line(left, bottom, left + width, bottom), text(left + width / 2, bottom + 16, axis, "middle", soft=True, size=10.5)]
    for values, colour, dash in ((before, BEFORE, ' stroke-dasharray="5 3"'), (after, AFTER, "")):
        known = np.flatnonzero(np.isfinite(values))
        for run in np.split(known, np.flatnonzero(np.diff(known) > 1) + 1):  # a slice without tissue is a gap
            joined = " ".join(f"{x(height_mm[k]):.1f},{bottom - height * min(values[k] / largest, 1.0):.1f}" for k in run)
            parts.append(f'<polyline points="{joined}" fill="none" stroke="{colour}" stroke-width="1.5"{dash}/>')
    return svg(420, bottom + 22, label, parts)


def stacked_bars(rows: Mapping[str, Mapping[str, float]], unit: str, label: str) -> str:
    """One bar a row, divided into classes; the legend stands below."""
    left, width, row = 96.0, 248.0, 34.0
    classes = list(dict.fromkeys(name for parts in rows.values() for name in parts))
    largest = max([1e-9, *(sum(parts.values()) for parts in rows.values())])
    drawn = []
    for n, (name, parts) in enumerate(rows.items()):
        x, y = left, 6 + n * row
        drawn.append(text(0, y + 16, name))
        for colour, part in zip(_CLASS_COLOURS, classes):
            length = width * parts.get(part, 0.0) / largest
            drawn.append(rect(x, y, length, 22, colour))
            x += length
        drawn.append(text(x + 6, y + 16, f"{number(sum(parts.values()), unit)} {unit}"))
    y, x = 6 + row * len(rows) + 8, left
    for colour, part in zip(_CLASS_COLOURS, classes):
        drawn += [rect(x, y, 11, 11, colour), text(x + 16, y + 10, part, soft=True, size=11)]
        x += 90
    return svg(420, y + 18, label, drawn)


def _steps(item, x, y, bottom: float, colour: str, dash: str, opacity: float) -> str:
    edges, values = item
    corners = np.repeat(edges, 2)[1:-1], np.repeat(values, 2)
    points = " ".join(f"{x(a):.1f},{y(b):.1f}" for a, b in zip(*corners))
    closed = f"{x(edges[0]):.1f},{bottom:.1f} {points} {x(edges[-1]):.1f},{bottom:.1f}"
    dashes = f' stroke-dasharray="{dash}"' if dash else ""
    return (
        f'<polygon points="{closed}" fill="{colour}" fill-opacity="{opacity:g}"/>'
        f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.8"{dashes}/>'
    )


def _occupied(shown) -> tuple[float, float]:
    """The range of the bins that hold any voxel."""
    lows, highs = [], []
    for edges, values in shown:
        filled = np.flatnonzero(values)
        lows.append(float(edges[filled[0]]))
        highs.append(float(edges[filled[-1] + 1]))
    return min(lows), max(highs)


def nice_range(low: float, high: float) -> tuple[float, float]:
    """``low`` and ``high`` widened to round numbers."""
    step = round_step(low, high)
    return float(np.floor(low / step) * step), float(np.ceil(high / step) * step)


def round_step(low: float, high: float) -> float:
    """A round distance (1, 2 or 5 times a power of ten) that divides the range into about five parts."""
    raw = max(high - low, 1e-9) / 5.0
    power = 10.0 ** np.floor(np.log10(raw))
    return float(power * min((1, 2, 5, 10), key=lambda factor: abs(factor * power - raw)))


def ticks(low: float, high: float) -> np.ndarray:
    """The multiples of a round distance from ``low`` to ``high``."""
    step = round_step(low, high)
    return np.arange(np.ceil(low / step - 1e-9), np.floor(high / step + 1e-9) + 1.0) * step + 0.0  # + 0.0: never "−0"


def x_axis(x, low: float, high: float, top: float, bottom: float, title: str, middle: float) -> list[str]:
    """The ticks, grid lines and title of a horizontal axis."""
    parts = []
    for tick in ticks(low, high):
        parts.append(line(x(tick), top, x(tick), bottom))
        parts.append(text(x(tick), bottom + 14, f"{tick:g}".replace("-", "−"), "middle", soft=True, size=10.5))
    return [*parts, line(x(low), bottom, x(high), bottom, INK), text(middle, bottom + 30, title, "middle", soft=True, size=11)]
