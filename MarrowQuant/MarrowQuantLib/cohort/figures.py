"""The figures of two groups and their model as SVG, of the pieces of the report's charts: black-and-white prints stay readable."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ..report.charts import AFTER, AGAINST, BEFORE, INK, circle, line, svg, text
from .axes import LEFT, SIZE, TOP, polyline, scales, shortened, square_axes, square_svg, unit_square
from .logistic import LogisticFit
from .roc import Roc
from .validation import calibration_groups, net_benefit
from .words import Words

_COLOURS, _DASHES = (AFTER, AGAINST, BEFORE), ("", "6 3", "2 3")
NET_BENEFIT_THRESHOLDS = np.linspace(0.02, 0.9, 89)


def roc_figure(curves: Mapping[str, Roc], words: Words) -> str:
    """ROC curves with their AUCs; Youden's cut-off is the circle."""
    parts, x, y = unit_square(words("1 − specificity"), words("sensitivity"))
    labels = [words("{name}: AUC {auc}", name=shortened(name, 20), auc=f"{curve.auc:.3f}") for name, curve in curves.items()]
    for n, (label, curve) in enumerate(zip(labels, curves.values())):
        colour, dash = _COLOURS[n % 3], _DASHES[n % 3]
        parts.append(polyline(curve.false_positive_rate, curve.sensitivity, x, y, colour, dash))
        parts.append(circle(x(1.0 - curve.cut_off.specificity), y(curve.cut_off.sensitivity), colour, filled=n == 0))
        place = TOP + SIZE - 18.0 * (len(curves) - n) + 4
        parts.append(line(x(0.14), place - 4, x(0.22), place - 4, colour, 2.0, dash))
        parts.append(text(x(0.24), place, label, size=11))
    return square_svg("; ".join(labels), parts)


def calibration_figure(outcome: np.ndarray, probability: np.ndarray, words: Words) -> str:
    """Observed share against mean probability in groups of equal size, with 95 % intervals; the diagonal is perfect calibration."""
    across, up = words("predicted probability (out of fold)"), words("observed share")
    parts, x, y = unit_square(across, up)
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


def forest_figure(fit: LogisticFit, scale: Sequence[float], words: Words) -> str:
    """Odds ratios per standard deviation of each predictor with intervals, on a logarithmic axis; ``scale`` (m,) of the predictors."""
    slopes, names = fit.coefficients[1:] * scale, fit.names[1:]
    intervals = fit.intervals[1:] * np.asarray(scale)[:, None]
    finite = np.concatenate([intervals[np.isfinite(intervals)], slopes, [0.0]])
    ticks = _odds_ticks(float(finite.min()), float(finite.max()))
    left, width, row = 150.0, 250.0, 28.0
    bottom = TOP + row * len(names)

    def x(value: float) -> float:
        return left + width * np.clip((value - np.log(ticks[0])) / np.log(ticks[-1] / ticks[0]), 0.0, 1.0)

    parts = []
    for tick in ticks:
        place = x(np.log(tick))
        parts += [line(place, TOP, place, bottom), text(place, bottom + 14, f"{tick:g}", "middle", soft=True, size=10.5)]
    parts.append(line(x(0.0), TOP, x(0.0), bottom, INK))
    title = words("odds ratio per standard deviation")
    parts.append(text(left + width / 2, bottom + 30, title, "middle", soft=True, size=11))
    for n, (name, slope, (start, end)) in enumerate(zip(names, slopes, intervals)):
        y = TOP + row * (n + 0.5)
        parts.append(text(4, y + 4, shortened(name, 23), size=11))
        if np.all(np.isfinite((start, end))):
            parts.append(line(x(start), y, x(end), y, AFTER, 2.0))
        parts.append(circle(x(slope), y, AFTER))
    return svg(420, bottom + 36, title, parts)


def _odds_ticks(low: float, high: float) -> list[float]:
    """Odds ratios around a range of log odds: 1, 2 and 5 times the powers of ten, only the powers where there are many."""
    powers = range(int(np.floor(low / np.log(10.0))) - 1, int(np.ceil(high / np.log(10.0))) + 1)
    factors = (1, 2, 5) if high - low < np.log(1000.0) else (1,)
    every = np.array([factor * 10.0**power for power in powers for factor in factors])
    first, last = np.searchsorted(every, np.exp(low), "right") - 1, np.searchsorted(every, np.exp(high), "left")
    return [float(tick) for tick in every[max(first, 0) : last + 1]]
