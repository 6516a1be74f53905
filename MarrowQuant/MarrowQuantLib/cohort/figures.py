"""The figures of two groups and their model as SVG, of the pieces of the report's charts: black-and-white prints stay readable."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ..report.charts import AFTER, AGAINST, BEFORE, INK, circle, line, svg, text
from .axes import LEFT, SIZE, TOP, band, polyline, scales, shortened, square_axes, square_svg, unit_square, wrapped
from .logistic import LogisticFit
from .part import p_text
from .roc import Roc
from .validation import calibration_groups, net_benefit, smooth_calibration
from .words import Words

_COLOURS, _DASHES = (AFTER, AGAINST, BEFORE), ("", "6 3", "2 3")
NET_BENEFIT_THRESHOLDS = np.linspace(0.02, 0.9, 89)


def roc_figure(curves: Mapping[str, Roc], words: Words) -> str:
    """ROC curves with their AUCs and intervals, the band of the first one; Youden's cut-off is the circle."""
    parts, x, y = unit_square(words("1 − specificity"), words("sensitivity"))
    labels = [words("{name}: AUC {auc}", name=words.cell(name), auc=_with_interval(curve)) for name, curve in curves.items()]
    first = next(iter(curves.values()))
    parts.append(band(first.band[:, 0], first.band[:, 1], first.band[:, 2], x, y, _COLOURS[0]))
    bottom = TOP + SIZE + 36.0
    place = bottom + 12
    for n, (name, curve) in enumerate(curves.items()):
        colour, dash = _COLOURS[n % 3], _DASHES[n % 3]
        parts.append(polyline(curve.false_positive_rate, curve.sensitivity, x, y, colour, dash))
        parts.append(circle(x(1.0 - curve.cut_off.specificity), y(curve.cut_off.sensitivity), colour, filled=n == 0))
        rows = [*wrapped(words.cell(name), 42), f"AUC {_with_interval(curve)}"]
        parts.append(line(LEFT, place - 4, LEFT + 20, place - 4, colour, 2.0, dash))
        parts += [text(LEFT + 26, place + 12 * k, row, size=10) for k, row in enumerate(rows)]
        place += 12.0 * len(rows) + 5
    return square_svg("; ".join(labels), parts, below=place - bottom - 12)


def _with_interval(curve: Roc) -> str:
    return f"{curve.auc:.3f}" + (f" ({curve.interval[0]:.2f}–{curve.interval[1]:.2f})" if curve.interval else "")


def calibration_figure(outcome: np.ndarray, probability: np.ndarray, words: Words) -> str:
    """Observed share against mean probability: a smooth curve, and groups of equal size with 95 % intervals; the diagonal is perfect."""
    across, up = words("predicted probability (out of fold)"), words("observed share")
    parts, x, y = unit_square(across, up)
    smooth = smooth_calibration(outcome, probability)
    if smooth is not None:
        parts.append(polyline(smooth[:, 0], np.clip(smooth[:, 1], 0.0, 1.0), x, y, AGAINST))
    for mean, share, low, high in calibration_groups(outcome, probability):
        parts += [line(x(mean), y(low), x(mean), y(high), AFTER, 1.6), circle(x(mean), y(share), AFTER)]
    return square_svg(f"{across}; {up}", parts)


def decision_figure(outcome: np.ndarray, probability: np.ndarray, words: Words) -> str:
    """Net benefit of the model, of calling everyone an event, and of calling nobody one."""
    benefit = net_benefit(outcome, probability, NET_BENEFIT_THRESHOLDS)
    low, high = -0.05, 1.15 * max(float(outcome.mean()), 0.05)
    x, y = scales((0.0, 1.0), (low, high))
    names = words("threshold probability"), words("net benefit")
    parts = square_axes((0.0, 1.0), (low, high), names)
    shown = benefit["all"] >= low
    parts += [
        polyline(NET_BENEFIT_THRESHOLDS[shown], benefit["all"][shown], x, y, BEFORE, "6 3"),
        line(LEFT, y(0.0), LEFT + SIZE, y(0.0), INK, 1.2),
        polyline(NET_BENEFIT_THRESHOLDS, np.clip(benefit["model"], low, high), x, y, AFTER),
    ]
    legend = ((words("model (out of fold)"), AFTER, ""), (words("all"), BEFORE, "6 3"), (words("none"), INK, ""))
    for n, (name, colour, dash) in enumerate(legend):
        place = TOP + 14 + 16 * n
        parts += [line(x(0.42), place - 4, x(0.50), place - 4, colour, 2.0, dash), text(x(0.52), place, name, size=11)]
    return square_svg("; ".join(names), parts)


def forest_figure(fit: LogisticFit, words: Words, titles: Sequence[str] = ()) -> str:
    """Odds ratios per unit of each predictor with intervals, on a logarithmic axis, and the numbers beside them.

    ``titles`` are the predictors' names with their units.
    """
    rows = list(zip(titles or fit.names[1:], fit.coefficients[1:], fit.intervals[1:], fit.p[1:]))
    finite = np.concatenate([fit.intervals[1:][np.isfinite(fit.intervals[1:])], fit.coefficients[1:], [0.0]])
    edges = _odds_ticks(float(finite.min()), float(finite.max()))
    left, width, row = 30.0, 230.0, 40.0
    bottom = TOP + 6 + row * len(rows)

    def x(value: float) -> float:
        return left + width * np.clip((value - np.log(edges[0])) / np.log(edges[-1] / edges[0]), 0.0, 1.0)

    parts = []
    for tick in edges[:: max(1, len(edges) // 6)]:
        place = x(np.log(tick))
        parts += [line(place, TOP, place, bottom), text(place, bottom + 14, f"{tick:g}", "middle", soft=True, size=10.5)]
    parts.append(line(x(0.0), TOP, x(0.0), bottom, INK))
    title = words("odds ratio per unit")
    parts.append(text(left + width / 2, bottom + 30, title, "middle", soft=True, size=11))
    for n, (name, slope, (start, end), p) in enumerate(rows):
        y = TOP + row * n + 28
        parts.append(text(4, y - 13, shortened(name, 72), size=11, halo=True))
        if np.all(np.isfinite((start, end))):
            parts.append(line(x(start), y, x(end), y, AFTER, 2.0))
        parts.append(circle(x(slope), y, AFTER))
        numbers = f"{np.exp(slope):.3g} ({np.exp(start):.3g}–{np.exp(end):.3g})" if fit.method != "ridge" else f"{np.exp(slope):.3g}"
        parts.append(text(left + width + 12, y + 4, numbers + (f", p {_p(p)}" if np.isfinite(p) else ""), size=10.5))
    return svg(470, bottom + 36, title, parts)


def _p(p: float) -> str:
    shown = p_text(float(p))
    return shown.replace("<", "< ").replace(">", "> ") if shown[0] in "<>" else f"= {shown}"


def _odds_ticks(low: float, high: float) -> list[float]:
    """Odds ratios around a range of log odds: 1, 2 and 5 times the powers of ten, only the powers where there are many."""
    powers = range(int(np.floor(low / np.log(10.0))) - 1, int(np.ceil(high / np.log(10.0))) + 1)
    factors = (1, 2, 5) if high - low < np.log(1000.0) else (1,)
    every = np.array([factor * 10.0**power for power in powers for factor in factors])
    first, last = np.searchsorted(every, np.exp(low), "right") - 1, np.searchsorted(every, np.exp(high), "left")
    return [float(tick) for tick in every[max(first, 0) : last + 1]]
