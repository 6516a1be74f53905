"""The figures of a cohort as SVG, drawn with the pieces of the report's charts: black-and-white prints stay readable."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from ..report.charts import AFTER, AGAINST, BEFORE, INK, _nice_range, _x_axis, circle, line, rect, svg, text
from .logistic import LogisticFit
from .roc import Roc
from .validation import calibration_groups, net_benefit

_COLOURS, _DASHES = (AFTER, AGAINST, BEFORE), ("", "6 3", "2 3")
_LEFT, _TOP, _SIZE = 46.0, 12.0, 250.0
NET_BENEFIT_THRESHOLDS = np.linspace(0.02, 0.9, 89)


def roc_figure(curves: Mapping[str, Roc]) -> str:
    """ROC curves with their AUCs; Youden's cut-off is the circle."""
    parts, x, y = _unit_square("1 − specificity", "sensitivity")
    for n, (name, curve) in enumerate(curves.items()):
        colour, dash = _COLOURS[n % 3], _DASHES[n % 3]
        parts.append(_polyline(curve.false_positive_rate, curve.sensitivity, x, y, colour, dash))
        parts.append(circle(x(1.0 - curve.cut_off.specificity), y(curve.cut_off.sensitivity), colour, filled=n == 0))
        place = _TOP + _SIZE - 18.0 * (len(curves) - n) + 4
        parts.append(line(x(0.22), place - 4, x(0.30), place - 4, colour, 2.0, dash))
        parts.append(text(x(0.32), place, f"{name}: AUC {curve.auc:.3f}", size=11))
    return _square_svg("ROC curves: " + ", ".join(f"{name} AUC {curve.auc:.3f}" for name, curve in curves.items()), parts)


def calibration_figure(outcome: np.ndarray, probability: np.ndarray) -> str:
    """Observed share against mean probability in groups of equal size, with 95 % intervals; the diagonal is perfect calibration."""
    parts, x, y = _unit_square("predicted probability (out of fold)", "observed share")
    for mean, share, low, high in calibration_groups(outcome, probability):
        parts += [line(x(mean), y(low), x(mean), y(high), AFTER, 1.6), circle(x(mean), y(share), AFTER)]
    return _square_svg("Calibration: observed share against predicted probability", parts)


def decision_figure(outcome: np.ndarray, probability: np.ndarray) -> str:
    """Net benefit of the model, of calling everyone an event, and of calling nobody one."""
    benefit = net_benefit(outcome, probability, NET_BENEFIT_THRESHOLDS)
    top, bottom = 1.15 * max(float(outcome.mean()), 0.05), -0.05

    def x(value: float) -> float:
        return _LEFT + _SIZE * value

    def y(value: float) -> float:
        return _TOP + _SIZE * (top - min(max(value, bottom), top)) / (top - bottom)

    parts = _x_axis(x, 0.0, 1.0, _TOP, _TOP + _SIZE, "threshold probability", _LEFT + _SIZE / 2)
    for tick in np.arange(0.0, top, 0.1):
        parts += [line(_LEFT, y(tick), _LEFT + _SIZE, y(tick)), text(_LEFT - 5, y(tick) + 4, f"{tick:.1f}", "end", soft=True, size=10.5)]
    shown = benefit["all"] >= bottom
    parts += [
        _polyline(NET_BENEFIT_THRESHOLDS[shown], benefit["all"][shown], x, y, BEFORE, "6 3"),
        line(_LEFT, y(0.0), _LEFT + _SIZE, y(0.0), INK, 1.2),
        _polyline(NET_BENEFIT_THRESHOLDS, benefit["model"], x, y, AFTER, ""),
    ]
    for n, (name, colour, dash) in enumerate((("model (out of fold)", AFTER, ""), ("all", BEFORE, "6 3"), ("none", INK, ""))):
        place = _TOP + 14 + 16 * n
        parts += [line(x(0.55), place - 4, x(0.63), place - 4, colour, 2.0, dash), text(x(0.65), place, name, size=11)]
    return _square_svg("Decision curve: net benefit against threshold probability", parts)


def forest_figure(fit: LogisticFit, scales: Sequence[float]) -> str:
    """Odds ratios per standard deviation of each predictor with their intervals, on a logarithmic axis."""
    slopes, names = fit.coefficients[1:] * scales, fit.names[1:]
    intervals = fit.intervals[1:] * np.asarray(scales)[:, None]
    finite = np.concatenate([intervals[np.isfinite(intervals)], slopes, [0.0]])
    low, high = _nice_range(float(finite.min()) / np.log(10.0), float(finite.max()) / np.log(10.0))
    left, width, row = 150.0, 250.0, 28.0
    bottom = _TOP + row * len(names)

    def x(value: float) -> float:
        return left + width * (min(max(value / np.log(10.0), low), high) - low) / (high - low)

    parts = []
    for tick in range(int(np.ceil(low)), int(np.floor(high)) + 1):
        place = x(tick * np.log(10.0))
        parts += [line(place, _TOP, place, bottom), text(place, bottom + 14, f"{10.0**tick:g}", "middle", soft=True, size=10.5)]
    parts.append(line(x(0.0), _TOP, x(0.0), bottom, INK))
    parts.append(text(left + width / 2, bottom + 30, "odds ratio per standard deviation", "middle", soft=True, size=11))
    for n, (name, slope, (start, end)) in enumerate(zip(names, slopes, intervals)):
        y = _TOP + row * (n + 0.5)
        parts.append(text(0, y + 4, name, size=11))
        if np.all(np.isfinite((start, end))):
            parts.append(line(x(start), y, x(end), y, AFTER, 2.0))
        parts.append(circle(x(slope), y, AFTER))
    return svg(420, bottom + 36, "Odds ratios per standard deviation with 95 % intervals", parts)


def box_figure(name: str, outcome: np.ndarray, values: np.ndarray, labels: tuple[str, str], unit: str) -> str:
    """Both groups: quartiles, whiskers to the last value within 1.5 interquartile ranges (Tukey), and every patient as a point."""
    low, high = _nice_range(float(values.min()), float(values.max()))
    left, width, row = 96.0, 300.0, 54.0
    bottom = _TOP + 2 * row

    def x(value: float) -> float:
        return left + width * (value - low) / (high - low)

    parts = _x_axis(x, low, high, _TOP, bottom, f"{name} ({unit})", left + width / 2)
    rng = np.random.default_rng(0)  # only for the vertical scatter of the points
    for n, (group, label, colour) in enumerate(((values[outcome], labels[0], AFTER), (values[~outcome], labels[1], BEFORE))):
        y = _TOP + row * (n + 0.5)
        first, middle, third = np.quantile(group, (0.25, 0.5, 0.75))
        inside = group[(group >= first - 1.5 * (third - first)) & (group <= third + 1.5 * (third - first))]
        parts += [
            text(0, y + 4, f"{label} ({group.size})", size=11),
            line(x(inside.min()), y, x(inside.max()), y, colour, 1.4),
            rect(x(first), y - 13, x(third) - x(first), 26, colour, 0.25),
            line(x(middle), y - 13, x(middle), y + 13, colour, 2.5),
        ]
        for value, shift in zip(group, rng.uniform(-9, 9, group.size)):
            parts.append(f'<circle cx="{x(value):.1f}" cy="{y + shift:.1f}" r="2.2" fill="{colour}" fill-opacity="0.75"/>')
    return svg(420, bottom + 36, f"{name} in both groups", parts)


def standalone(figure: str) -> str:
    """The figure as a file of its own: with a name space, a white ground and the fonts that a page would give it."""
    style = '<style>text { font-family: system-ui, Arial, sans-serif; fill: #1b2733; } .soft { fill: #52616f; }</style>'
    ground = '<rect width="100%" height="100%" fill="#fff"/>'
    return figure.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1).replace(">\n", f">{style}{ground}\n", 1)


def _unit_square(across: str, up: str) -> tuple[list[str], Callable[[float], float], Callable[[float], float]]:
    def x(value: float) -> float:
        return _LEFT + _SIZE * value

    def y(value: float) -> float:
        return _TOP + _SIZE * (1.0 - value)

    parts = _x_axis(x, 0.0, 1.0, _TOP, _TOP + _SIZE, across, _LEFT + _SIZE / 2)
    for tick in (0.0, 0.2, 0.4, 0.6, 0.8, 1.0):
        parts += [line(_LEFT, y(tick), _LEFT + _SIZE, y(tick)), text(_LEFT - 5, y(tick) + 4, f"{tick:g}", "end", soft=True, size=10.5)]
    parts += [line(x(0), y(0), x(1), y(1), BEFORE, 1.0, "3 3"), line(_LEFT, _TOP, _LEFT, _TOP + _SIZE, INK)]
    middle = _TOP + _SIZE / 2
    parts.append(f'<g transform="rotate(-90 10 {middle:.0f})">{text(10, middle + 4, up, "middle", soft=True, size=11)}</g>')
    return parts, x, y


def _square_svg(label: str, parts: Sequence[str]) -> str:
    return svg(_LEFT + _SIZE + 14, _TOP + _SIZE + 36, label, parts)


def _polyline(across: np.ndarray, up: np.ndarray, x, y, colour: str, dash: str) -> str:
    points = " ".join(f"{x(a):.1f},{y(b):.1f}" for a, b in zip(across, up))
    dashes = f' stroke-dasharray="{dash}"' if dash else ""
    return f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"{dashes}/>'
