"""The part of a report about times to an event: curves with the patients at risk, log-rank test, Cox's regression."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Optional

import numpy as np

from ..model import Finding, MarrowQuantError, finding
from ..report.charts import AFTER, AGAINST, BEFORE, INK, line, svg, text, ticks
from .axes import LEFT, SIZE, TOP, band, polyline, scales, shortened, up_axis
from .columns import axis_title
from .factors import coded
from .part import Part, Table
from .survival import CoxFit, Curve, LogRank, fit_cox, kaplan_meier, log_rank
from .table import Cohort, findings
from .words import Words

CURVE_HEADER = ("group", "n", "events", "median", "95 % low", "95 % high")
LOG_RANK_HEADER = ("χ²", "degrees of freedom", "p")
COX_HEADER = ("term", "coefficient", "standard error", "hazard ratio", "95 % low", "95 % high", "p", "proportional hazards: χ²",
              "proportional hazards: p")  # fmt: skip
PROPORTIONAL_BELOW = 0.05
MOST_GROUPS = 6
_COLOURS, _DASHES = (AFTER, BEFORE, AGAINST, INK), ("", "6 3", "2 3", "8 2 2 2")


@dataclass(frozen=True)
class Survival:
    """What was found about a time to an event; ``cox`` and ``test`` are None where they were not asked for."""

    time_name: str
    event_name: str
    curves: Mapping[str, Curve]
    test: Optional[LogRank]
    cox: Optional[CoxFit]
    findings: tuple[Finding, ...]


def analyse_survival(
    cohort: Cohort, time: str, status: str, events: Sequence[str] = (), group: str = "", predictors: Sequence[str] = ()
) -> Survival:
    """Kaplan–Meier curves, of each group where one is named; log-rank test; Cox's regression where predictors are named.

    Parameters
    ----------
    cohort : Cohort
    time : str
        Column of the time to the event or to the last visit, in any unit.
    status : str
        Column that says whether the event happened.
    events : sequence of str
        Its values that are the event, see :meth:`table.Cohort.is_event`.
    group : str
    predictors : sequence of str

    Raises
    ------
    MarrowQuantError
        For all that is wrong with the columns, a patient with several rows, and as the analyses.
    """
    named = [time, status, *([group] if group else []), *predictors]
    if len(set(named)) < len(named):
        raise MarrowQuantError("The columns must differ from each other; choose each once.")
    happened = cohort.is_event(status, events, one_class=True)
    made = [coded(cohort, name, happened, of_times=True) for name in predictors]
    times = cohort.numbers(time)
    cohort.one_row_a_patient()
    labels = np.array(cohort.text(group) if group else ["all"] * len(cohort))
    rows = np.isfinite(times) & np.isfinite(happened) & (labels != "")
    if not rows.any():
        raise MarrowQuantError("No patient has all of {names}; add patients.", names=named)
    groups = np.unique(labels[rows]).tolist()
    if len(groups) > MOST_GROUPS:
        raise MarrowQuantError(
            "The column '{column}' has {n} different values, and curves are drawn of 1 to {most} groups; choose another, or make "
            "groups of it.",
            column=group,
            n=len(groups),
            most=MOST_GROUPS,
        )
    event = happened == 1
    curves = {one: kaplan_meier(times[rows & (labels == one)], event[rows & (labels == one)]) for one in groups}
    test = log_rank(times[rows], event[rows], labels[rows].tolist()) if len(groups) > 1 else None
    cox = None
    if predictors:
        columns = np.column_stack([values for _, values in made])
        known = rows & np.isfinite(columns).all(axis=1)
        cox = fit_cox(times[known], event[known], columns[known], [one for parts, _ in made for one in parts])
    wanted = f"{status} = {' or '.join(events)}" if events else status
    return Survival(time, wanted, curves, test, cox, findings(cohort, named))


def survival_answer(found: Survival) -> dict[str, Any]:
    """The answer as a plain dictionary."""
    answer: dict[str, Any] = {
        "data": {"time": found.time_name, "event": found.event_name, "findings": list(found.findings)},
        "groups": {
            name: {"n": curve.n, "n_event": curve.events, "median": curve.median, "median_interval": list(curve.median_interval)}
            for name, curve in found.curves.items()
        },
    }
    if found.test is not None:
        answer["log_rank"] = {"chi2": found.test.statistic, "degrees_of_freedom": found.test.freedom, "p": found.test.p}
    if found.cox is not None:
        cox = found.cox
        answer["cox"] = {
            "n": cox.n, "n_event": cox.events, "log_likelihood": cox.log_likelihood, "concordance": cox.concordance,
            "terms": {
                name: {"coefficient": b, "standard_error": e, "interval": i, "p": p, "hazard_ratio": float(np.exp(b)),
                       "proportional_hazards": {"chi2": z[0], "p": z[1]}}
                for name, b, e, i, p, z in zip(cox.names, cox.coefficients, cox.standard_errors, cox.intervals, cox.p, cox.proportional)
            },
            "proportional_hazards": dict(zip(("chi2", "degrees_of_freedom", "p"), cox.proportional_together)),
        }  # fmt: skip
    return {**answer, "warnings": list(_findings(found))}


def _findings(found: Survival) -> tuple[Finding, ...]:
    said = []
    if found.cox is not None:
        low = [name for name, (_, p) in zip(found.cox.names, found.cox.proportional) if p < PROPORTIONAL_BELOW]
        if low:
            said.append(finding("cohort.not_proportional", names=low, level=PROPORTIONAL_BELOW))
        if found.cox.events / len(found.cox.names) < 10:
            said.append(finding("cohort.few_survival_events", events=found.cox.events, n=len(found.cox.names), least=10))
    return tuple(said)


def survival_part(found: Survival, words: Words) -> Part:
    """Curves, test and regression as a part of a page."""
    curves = Table("Time to the event (Kaplan–Meier)", CURVE_HEADER, [
        (name, curve.n, curve.events, curve.median, *curve.median_interval) for name, curve in found.curves.items()
    ], caption=words("Median times with 95 % intervals (log(−log S)); – where the curve does not reach one half."))  # fmt: skip
    tables = {"survival": curves}
    n = sum(curve.n for curve in found.curves.values())
    methods = [
        words("Times to the event ({event}) were estimated after Kaplan and Meier with Greenwood's variance.", event=found.event_name)
    ]
    if found.test is not None:
        tables["log_rank"] = Table("Log-rank test", LOG_RANK_HEADER, [(found.test.statistic, found.test.freedom, found.test.p)])
        methods.append(words("Groups were compared by the log-rank test."))
    if found.cox is not None:
        tables["cox"] = Table("Cox's regression", COX_HEADER, _cox_rows(found.cox), caption=words(
            "Hazard ratios per unit of the predictor, {n} patients, {events} events, concordance {c}.",
            n=found.cox.n, events=found.cox.events, c=f"{found.cox.concordance:.3f}",
        ))  # fmt: skip
        methods.append(words(
            "Cox's regression used Efron's ties, Wald intervals and tests; proportional hazards were checked by score tests of an "
            "interaction "
            "with the Kaplan–Meier transform of time (Grambsch and Therneau)."
        ))  # fmt: skip
    caption = words(
        "Share without the event with pointwise 95 % intervals, {n} patients; ticks are censored patients, below the patients at risk.", n=n
    )
    about = words("{n} patients, {events} with the event", n=n, events=sum(curve.events for curve in found.curves.values()))
    drawn = {"kaplan_meier": survival_figure(found.curves, axis_title(found.time_name, words.language), words)}
    return Part(
        found.event_name, about, tables, drawn, tuple(methods), (*found.findings, *_findings(found)), captions={"kaplan_meier": caption}
    )


def _cox_rows(cox: CoxFit) -> list[tuple[Any, ...]]:
    return [
        (name, float(beta), float(error), float(np.exp(beta)), float(np.exp(low)), float(np.exp(high)), float(p), *check)
        for name, beta, error, (low, high), p, check in zip(
            cox.names, cox.coefficients, cox.standard_errors, cox.intervals, cox.p, cox.proportional
        )
    ]


def survival_figure(curves: Mapping[str, Curve], title: str, words: Words) -> str:
    """Kaplan–Meier curves with ticks for the censored and the numbers at risk below."""
    last = max(float(curve.times[-1]) for curve in curves.values()) or 1.0
    x, y = scales((0.0, last), (0.0, 1.0))
    bottom = TOP + SIZE
    marks = [tick for tick in ticks(0.0, last) if tick <= last]
    parts = [*up_axis(0.0, 1.0, words("share without the event"))]
    for tick in marks:
        parts += [line(x(tick), TOP, x(tick), bottom), text(x(tick), bottom + 14, f"{tick:.6g}", "middle", soft=True, size=10.5)]
    parts += [line(LEFT, bottom, LEFT + SIZE, bottom, INK), text(LEFT + SIZE / 2, bottom + 30, title, "middle", soft=True, size=11)]
    for n, (name, curve) in enumerate(curves.items()):
        colour, dash = _COLOURS[n % 4], _DASHES[n % 4]
        steps = np.repeat(np.concatenate([[0.0], curve.times]), 2)[1:]
        shares = np.repeat(np.concatenate([[1.0], curve.survival]), 2)[:-1]
        low, high = (np.repeat(np.concatenate([[1.0], np.nan_to_num(end)]), 2)[:-1] for end in (curve.low, curve.high))
        known = np.repeat(np.concatenate([[True], np.isfinite(curve.low)]), 2)[:-1]
        parts.append(band(steps[known], low[known], high[known], x, y, colour))
        parts.append(polyline(steps, shares, x, y, colour, dash))
        censored = curve.at_risk - curve.happened > np.append(curve.at_risk[1:], 0)
        for across, up in zip(map(x, curve.times[censored].tolist()), map(y, curve.survival[censored].tolist())):
            parts.append(line(across, up - 4, across, up + 4, colour, 1.2))
        place = TOP + 12 + 15 * n
        label = shortened(words.cell(name), 22) if len(curves) > 1 else words("all")
        parts += [line(x(0) + 118, place - 4, x(0) + 140, place - 4, colour, 2.0, dash), text(x(0) + 145, place, label, size=10.5)]
        row = bottom + 74 + 27 * n
        parts.append(text(LEFT, row - 12, label, size=9.5, soft=True))
        parts += [text(x(tick), row, str(int((curve.at_risk[curve.times >= tick]).max(initial=0))), "middle", size=10) for tick in marks]
    parts.append(text(LEFT, bottom + 47, words("patients at risk"), soft=True, size=10))
    return svg(LEFT + SIZE + 24, bottom + 56 + 27 * len(curves), title, parts)
