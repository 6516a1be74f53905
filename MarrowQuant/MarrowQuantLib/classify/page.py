"""The page of a comparison, with tables, figures and methods, in English or Japanese; and the predictions as a table."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..cohort.axes import polyline, square_axes, square_svg
from ..cohort.axes import scales as square_scales
from ..cohort.cells import write_table
from ..cohort.figures import calibration_figure, decision_figure, roc_figure
from ..cohort.part import Part, Table
from ..cohort.report import PAGE, Written, write_parts
from ..report.charts import AFTER, AGAINST, BEFORE, circle, line, text
from .arms import ARMS, NETWORK_FOLDS
from .checklists import checklist_tables
from .evaluation import Evaluation
from .words import ClassifyWords, kind_name

PAGE_NAME = "classify.html"
PREDICTIONS = "predictions.csv"
_SHOWN = ("network", "multiparametric", "age")
_COLOURS, _DASHES = (AFTER, AGAINST, BEFORE), ("", "6 3", "2 3")


def write_evaluation(evaluation: Evaluation, folder: Path, language: str = "en") -> Written:
    """Write ``classify.html``, its tables (CSV), figures (SVG, PNG), ``methods.txt`` and ``predictions.csv``.

    Parameters
    ----------
    evaluation : Evaluation
    folder : Path
        Made if it is not there; files of the same names are replaced.
    language : {"en", "ja"}

    Raises
    ------
    MarrowQuantError
        If the folder cannot be written.
    """
    words = ClassifyWords(language)
    parts = (_arms_part(evaluation, words), _trust_part(evaluation, words), _checklist_part(evaluation, words))
    written = write_parts(parts, folder, words)
    page = Path(folder) / PAGE
    page.replace(Path(folder) / PAGE_NAME)
    paths = tuple(Path(folder) / PAGE_NAME if path == page else path for path in written.paths)
    return Written((*paths, _predictions(evaluation, Path(folder))), written.findings)


def title(evaluation: Evaluation, words: ClassifyWords) -> str:
    """What was told apart."""
    kinds = evaluation.dataset.event, evaluation.dataset.other
    if kinds == ("mds", "aplastic_anaemia"):
        return words("MDS or aplastic anaemia on spine MRI")
    return words("{event} or {other} on spine MRI", event=words.cell(kinds[0]), other=words.cell(kinds[1]))


def about(evaluation: Evaluation, words: ClassifyWords) -> str:
    """Whom the numbers belong to."""
    data, events = evaluation.dataset, int(evaluation.dataset.outcome.sum())
    sentence = (
        "{n} simulated patients: {events} {event}, {others} {other}"
        if data.synthetic
        else "{n} patients: {events} {event}, {others} {other}"
    )
    n = len(data.patients)
    names = {"event": kind_name(data.event, words), "other": kind_name(data.other, words)}
    return words(sentence, n=n, events=events, others=n - events, **names)


def _arms_part(evaluation: Evaluation, words: ClassifyWords) -> Part:
    outcome, crossed = evaluation.dataset.outcome, evaluation.crossed
    rows = [
        (
            ARMS[key].title,
            result.roc.auc,
            *result.roc.delong_interval,
            *result.retrained,
            *result.sensitivity,
            *result.specificity,
            result.performance.brier,
            result.performance.slope,
            result.performance.intercept,
        )
        for key, result in evaluation.arms.items()
    ]
    header = (
        "arm",
        "AUC",
        "95 % low",
        "95 % high",
        "low, trained anew",
        "high, trained anew",
        "sensitivity",
        "sensitivity low",
        "sensitivity high",
        "specificity",
        "specificity low",
        "specificity high",
        "Brier score",
        "calibration slope",
        "calibration intercept",
    )
    tables = {"arms": Table("Arms", header, rows)}
    if evaluation.readers:
        readers = [(name, curve.auc, *curve.delong_interval) for name, curve in evaluation.readers.items()]
        tables["readers"] = Table("Readers", ("reader", "AUC", "95 % low", "95 % high"), readers)
    pairs = [
        (_name(first), _name(second), pair.difference, *pair.interval, pair.z, pair.p) for (first, second), pair in evaluation.pairs.items()
    ]
    tables["pairs"] = Table(
        "Against each other and against the readers (DeLong)",
        ("first", "second", "AUC difference", "95 % low", "95 % high", "z", "p"),
        pairs,
    )
    if evaluation.against_readers:
        against = [(ARMS[one.arm].title, one.difference, *one.interval, one.p) for one in evaluation.against_readers]
        tables["against_readers"] = Table(
            "Against the readers' average (bootstrap of patients and readers)",
            ("arm", "AUC difference", "95 % low", "95 % high", "p"),
            against,
        )
    shown = [key for key in _SHOWN if key in evaluation.arms] or list(evaluation.arms)[:3]
    curves = {words.heading(ARMS[key].title): evaluation.arms[key].roc for key in shown}
    best = shown[0]
    figures = {
        "roc": roc_figure(curves, words),
        "calibration": calibration_figure(outcome, crossed.mean(best), words),
        "decision": decision_figure(outcome, crossed.mean(best), words),
    }
    return Part(title(evaluation, words), about(evaluation, words), tables, figures, methods(evaluation, words), evaluation.findings)


def _name(key: str) -> str:
    return ARMS[key].title if key in ARMS else key


def methods(evaluation: Evaluation, words: ClassifyWords) -> tuple[str, ...]:
    """What was done, in the words of a methods section."""
    settings, crossed = evaluation.dataset.preparation, evaluation.crossed
    channels = ", ".join(name.upper() for name in settings.channels)
    return (
        words(
            "Patches of {pixels} × {pixels} pixels of {mm} mm were taken in the sagittal plane of each vertebral body; {channels} "
            "entered, divided by the signal of the {reference} after the coil's brightness was removed.",
            pixels=settings.pixels,
            mm=f"{settings.pixel_mm:g}",
            channels=channels,
            reference=words.cell(settings.reference),
        ),
        words(
            "All arms were judged on the same folds: nested {folds}-fold cross-validation by patient, repeated {repeats} times, in which "
            "penalties, kernels, training length and cut-offs were chosen inside the training folds.",
            folds=int(crossed.fold.max()) + 1,
            repeats=len(crossed.fold),
        ),
        words(
            "Logistic regressions had a ridge; support vector machines a radial kernel and Platt's recalibration; the networks weighed "
            "the bodies of a patient by attention, so that a patient is one case, and answered as an ensemble of {members}.",
            members=NETWORK_FOLDS,
        ),
        words(
            "AUCs are empirical with DeLong's intervals of the mean out-of-fold probability, which take the models as fixed; "
            "sensitivities and specificities have Wilson's intervals."
        ),
        words(
            "A second interval of the AUC is wider by Nadeau and Bengio's factor for what other training patients would change; "
            "out-of-fold log odds were moved to the event's share among all patients."
        ),
        words("p values are not corrected for their number."),
        words("Random numbers started at {seed}.", seed=crossed.seed),
    )


def _trust_part(evaluation: Evaluation, words: ClassifyWords) -> Part:
    tables: dict[str, Table] = {}
    figures: dict[str, str] = {}
    rows: list[tuple[Any, ...]]
    if evaluation.left_out is not None:
        rows = [(ARMS[key].title, evaluation.arms[key].roc.auc, auc) for key, auc in evaluation.left_out_auc.items()]
        tables["site_left_out"] = Table("Site left out", ("arm", "AUC, cross-validated", "AUC, site left out"), rows)
    if evaluation.random:
        rows = [
            (ARMS[key].title, int(values.size), float(values.mean()), float(values.min()), float(values.max()))
            for key, values in evaluation.random.items()
        ]
        tables["random_labels"] = Table("Random labels", ("arm", "times", "mean AUC", "lowest", "highest"), rows)
    if evaluation.curve:
        keys = list(next(iter(evaluation.curve.values())))
        rows = [(ARMS[key].title, *(evaluation.curve[share][key] for share in evaluation.curve)) for key in keys]
        header = ("arm", *(f"{100 * share:.0f} %" for share in evaluation.curve))
        tables["learning_curve"] = Table("Learning curve", header, rows)
        figures["learning_curve"] = _curve_figure(evaluation.curve, [key for key in _SHOWN if key in keys] or keys[:3], words)
    return Part(words.heading("Can it be trusted?"), "", tables, figures, ())


def _curve_figure(curve: Mapping[float, Mapping[str, float]], keys: list[str], words: ClassifyWords) -> str:
    shares = list(curve)
    low = min(0.4, *(curve[share][key] for share in shares for key in keys))
    x, y = square_scales((0.0, 1.05), (low, 1.02))
    names = words("share learned from"), "AUC"
    parts = square_axes((0.0, 1.05), (low, 1.02), names)
    for n, key in enumerate(keys):
        values = [curve[share][key] for share in shares]
        parts += [
            polyline(shares, values, x, y, _COLOURS[n % 3], _DASHES[n % 3]),
            *(circle(x(a), y(b), _COLOURS[n % 3]) for a, b in zip(shares, values)),
        ]
        place = y(low) - 14 - 16 * n
        parts += [
            line(x(0.03), place - 4, x(0.11), place - 4, _COLOURS[n % 3], 2.0, _DASHES[n % 3]),
            text(x(0.13), place, words.heading(ARMS[key].title), size=11),
        ]
    return square_svg("; ".join(names), parts)


def _checklist_part(evaluation: Evaluation, words: ClassifyWords) -> Part:
    return Part(words.heading("Reporting checklists"), "", checklist_tables(evaluation, words), {}, ())


def _predictions(evaluation: Evaluation, folder: Path) -> Path:
    """Out-of-fold probabilities of every patient, so that any other program can compute the same numbers."""
    data, crossed = evaluation.dataset, evaluation.crossed
    header = ["record_id", "event", "site", *(f"fold_{n + 1}" for n in range(len(crossed.fold))), *evaluation.arms, *data.readers]
    rows = [
        [
            patient.record_id,
            int(patient.kind == data.event),
            patient.site,
            *(int(fold[n]) + 1 for fold in crossed.fold),
            *(repr(float(crossed.mean(key)[n])) for key in evaluation.arms),
            *(data.readers[name][patient.record_id] for name in data.readers),
        ]
        for n, patient in enumerate(data.patients)
    ]
    return write_table(folder / PREDICTIONS, header, rows)


def as_text(evaluation: Evaluation) -> str:
    """The table of arms for the shell."""
    lines = [f"{'arm':<46} AUC   95 %            trained anew     sens. spec."]
    for key, result in evaluation.arms.items():
        intervals = "   ".join(f"{low:.3f} … {high:.3f}" for low, high in (result.roc.delong_interval, result.retrained))
        lines.append(f"{ARMS[key].title:<46} {result.roc.auc:.3f} {intervals}  {result.sensitivity[0]:.2f}  {result.specificity[0]:.2f}")
    lines += [
        f"{name:<46} {curve.auc:.3f} {curve.delong_interval[0]:.3f} … {curve.delong_interval[1]:.3f}"
        for name, curve in evaluation.readers.items()
    ]
    first = evaluation.pairs.get(("multiparametric", "network"))
    if first is not None:
        lines.append(f"CNN less multiparametric: {-first.difference:+.3f} (DeLong p = {first.p:.3g})")
    for key, values in evaluation.random.items():
        lines.append(f"Random labels, {ARMS[key].title}: mean AUC {np.mean(values):.3f} of {values.size}")
    return "\n".join([*lines, *map(str, evaluation.findings)])
