"""The questions of the study and their answers as parts of the document; each gives lines for "published and re-enacted" too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Optional

import numpy as np

from ...model import MarrowQuantError, Progress, finding, no_progress, part
from ..analysis import Comparison, RocAnalysis, analyse_groups, analyse_roc, compare_pairs, correlate, explain, select
from ..analysis import compare_groups as group_tests
from ..characteristics import characteristics
from ..factors import coded as factor
from ..imputation import impute_logistic
from ..imputation_part import imputation_part
from ..part import Part, Table, p_text
from ..parts import correlation_part, groups_part, linear_part, paired_part
from ..procedure import Procedure
from ..reading import read_cohort
from ..repeat_part import repeat_part
from ..samplesize import power_of_auc, size_of_auc, size_of_difference, size_of_interval, size_of_model
from ..subgroups import chosen_rows, where
from ..survival_part import analyse_survival, survival_part
from ..table import Cohort
from ..table1_part import table1_part
from ..two_groups import two_group_part
from ..words import Words
from . import effects
from .effects import AUC_FF, AUC_M_PROTEIN, TAKASU_2020, TAKASU_2021

STRONG = 0.5
"""From this size of ρ on a correlation is not called weak (our choice); and none is claimed whose interval holds 0."""
COVARIATES = ("tdv_baseline", "cytogenetics", "ras_mutation", "tp53_mutation")
EVENTS_EACH = 10  # events for each coefficient: the usual rule of thumb (Peduzzi et al., J Clin Epidemiol 1995;48:1503)
CHANGES = ("ff_change", "m_protein_change")
BY_CONSTRUCTION, ASSUMED_SIZE, FREE = "reproduced by construction", "direction by construction, size assumed", "not by construction"
EFFECT_ONLY = "effect by construction, p of this sample"
MISSED = "put in, but not found in this sample"
NOT_AT_HAND = "no number at hand"
ACCURACY_2020, AUC_2020 = "78.0 % (SVM; 25 MDS, 30 AA)", "AUC 0.860"
ISMRM_2020 = "ISMRM 2020, abstract 2659"


@dataclass(frozen=True)
class Beside:
    """One published result, ours beside it, and whether it is reproduced by construction."""

    statement: str
    published: str
    source: str
    ours: str
    how: str


@dataclass(frozen=True)
class Answers:
    """All parts in the order of the document, and the published results beside ours."""

    parts: tuple[Part, ...]
    beside: tuple[Beside, ...]


def analyse_study(
    cohort: Cohort,
    readers: Path,
    words: Words,
    *,
    scores: Optional[Path] = None,
    bootstraps: int = 200,
    seed: int = 1,
    progress: Progress = no_progress,
) -> Answers:
    """Every analysis of the study.

    Parameters
    ----------
    cohort : Cohort
        Of ``cases`` and ``patients.csv``.
    readers : Path
        ``readers.csv``.
    words : Words
    scores : Path, optional
        Table of ``record_id`` and a score of a network for MDS against AA: joins analysis B.
    bootstraps, seed : int
        Of the validation of the models.
    progress : callable
    """  # fmt: skip
    parts: list[Part] = [_table_one(cohort, words)]
    beside: list[Beside] = []
    for number, step in enumerate((
        lambda: _chemical_shift(cohort, words),
        lambda: _marrow_kinds(cohort, words),
        lambda: _mds_against_aa(cohort, words, scores, bootstraps, seed, part(progress, 0.2, 0.45)),
        lambda: _response(cohort, words, bootstraps, seed, part(progress, 0.45, 0.7)),
        lambda: _longitudinal(cohort, words),
        lambda: (_survival(cohort, words), []),
        lambda: (_missing(cohort, words, seed, part(progress, 0.75, 0.9)), []),
        lambda: ([_readers(readers, words)], []),
        lambda: ([_sizes(words)], []),
    )):  # fmt: skip
        progress(0.1 + 0.09 * number, "")
        made, lines = step()
        parts += made
        beside += lines
    return Answers(tuple(parts), tuple(beside))


def _titled(one: Part, title: str, prefix: str) -> Part:
    """The part under a title of the document, its files named apart from those of other parts."""
    return replace(
        one,
        title=title,
        tables={f"{prefix}_{name}": table for name, table in one.tables.items()},
        figures={f"{prefix}_{name}": figure for name, figure in one.figures.items()},
        captions={f"{prefix}_{name}": caption for name, caption in one.captions.items()},
    )


def _of_kinds(cohort: Cohort, *kinds: str) -> Cohort:
    named = np.isin(cohort.text("kind"), kinds)
    return replace(chosen_rows(cohort, named), findings=())


def _table_one(cohort: Cohort, words: Words) -> Part:
    columns = ("age_years", "sex", "site", "ff_baseline", "adc_baseline", "dropout_ratio_baseline", "dominance", "tdv_baseline",
               "m_protein_baseline", "bmpc_percent", "haemoglobin_baseline", "platelets_e9_l")  # fmt: skip
    made = table1_part(characteristics(replace(cohort, findings=()), "kind", columns), "kind", words)
    table = made.tables["table1"]
    # fifteen pairs of standardised differences would hide the groups: the largest of them stands instead
    first = next(n for n, name in enumerate(table.header) if name.startswith("SMD"))
    last = len(table.header) - 2
    rows = [(*row[:first], _largest(row[first:last]), *row[last:]) for row in table.rows]
    header = (*table.header[:first], "largest SMD", *table.header[last:])
    told = [row for row in table.rows if any(row[first:last])]
    pairs = [(name.removeprefix("SMD "), *(row[first + n] for row in told)) for n, name in enumerate(table.header[first:last])]
    every = Table("Standardised differences of each pair", ("pair", *(row[0].split(" (")[0] for row in told)), pairs)
    tables = {"table1": replace(table, header=header, rows=rows), "smd": every}
    return _titled(replace(made, tables=tables), words("Patients"), "patients")


def _largest(cells: Sequence[str]) -> str:
    known = [abs(float(cell.replace("−", "-"))) for cell in cells if cell not in {"", "–"}]
    return f"{max(known):.2f}" if known else ""


# ---------------------------------------------------------------------------------------------------------- chemical shift
def _chemical_shift(cohort: Cohort, words: Words) -> tuple[list[Part], list[Beside]]:
    """The three statements of Takasu 2021: dropout in water-dominant myeloma, in controls, and between infiltration and red marrow."""
    quiet = replace(cohort, findings=())
    water = replace(where(quiet, "kind == 'myeloma' and dominance == 'water'", "dropout_ratio_baseline"), findings=())
    first = correlate(water, "dropout_ratio_baseline", ("bmpc_percent", "m_protein_baseline"))
    second = correlate(_of_kinds(cohort, "control"), "dropout_ratio_baseline", ("age_years",))
    third = select(
        _of_kinds(cohort, "myeloma", "red marrow"), "kind", ("dropout_ratio_baseline", "ff_baseline", "adc_baseline"), ("myeloma",)
    )
    curve = analyse_roc(third)
    tests = group_tests(third)
    title = words("Chemical shift: dropout ratio in the water-dominant group, in controls, and as a test")
    made = [
        _titled(correlation_part(first, words), f"{title} (1)", "shift_water"),
        _titled(correlation_part(second, words), f"{title} (2)", "shift_controls"),
        _titled(_comparison_part(tests, curve, third.names, words), f"{title} (3)", "shift_test"),
    ]
    rho = [_rho(pair, words) for pair in (*first, *second)]
    auc = words("AUC {auc}, n = {n}", auc=f"{curve.first.auc:.2f} ({_ends(curve)})", n=third.outcome.size)
    weak = second[0].test.interval
    return made, [
        Beside("Water-dominant myeloma: dropout ratio and plasma cells", "correlated", TAKASU_2021, rho[0],
               _found(first[0].test.interval[1] < 0, ASSUMED_SIZE)),
        Beside("Water-dominant myeloma: dropout ratio and M protein", "correlated", TAKASU_2021, rho[1],
               _found(first[1].test.interval[1] < 0, ASSUMED_SIZE)),
        Beside("Controls: dropout ratio and age", "weakly correlated", TAKASU_2021, rho[2],
               _found(weak[1] < 0 and second[0].test.rho > -STRONG, ASSUMED_SIZE)),
        Beside("Dropout ratio: infiltration against haematopoietic marrow", "not told apart", TAKASU_2021, auc,
               _found(_within(curve.first.interval, 0.5))),
    ]  # fmt: skip


def _rho(pair: Any, words: Words) -> str:
    low, high = pair.test.interval
    text = words("ρ {rho} ({low} to {high}), n = {n}, p {p}", rho=f"{pair.test.rho:.2f}", low=f"{low:.2f}", high=f"{high:.2f}",
                 n=pair.test.n, p=_p(pair.adjusted_p))  # fmt: skip
    return text.replace("-", "−")


def _found(here: bool, how: str = BY_CONSTRUCTION) -> str:
    """How a result came about, or that what was put in does not show in this sample: another seed is another sample."""
    return how if here else MISSED


def _within(interval: Optional[tuple[float, float]], value: float) -> bool:
    return interval is not None and interval[0] <= value <= interval[1]


def _ends(found: RocAnalysis) -> str:
    low, high = found.first.interval or (float("nan"), float("nan"))
    return f"{low:.2f}–{high:.2f}"


def _p(p: float) -> str:
    shown = p_text(p)
    return shown if shown[0] in "<>" else f"= {shown}"


def _comparison_part(tests: Sequence[Comparison], found: RocAnalysis, names: Sequence[str], words: Words) -> Part:
    from .. import figures, output

    curves = {names[0]: found.first}
    tables = {
        "groups": Table("Groups", output.GROUP_HEADER, output.group_rows(tests)),
        "roc": Table("ROC", output.ROC_HEADER, output.roc_rows(curves)),
    }
    drawn = {"roc": figures.roc_figure(curves, words)}
    n, events = found.first.n_event + found.first.n_no_event, found.first.n_event
    about = words("{n} patients, {events} with the event", n=n, events=events)
    caption = words(
        "ROC curves with the 95 % interval of the AUC; band: pointwise 95 % bootstrap interval of the first; circle: Youden's cut-off."
    )
    return Part("", about, tables, drawn, (), captions={"roc": f"{caption} {about}"})


# ------------------------------------------------------------------------------------------------------------ A, B and C
def _marrow_kinds(cohort: Cohort, words: Words) -> tuple[list[Part], list[Beside]]:
    """A: infiltration, ineffective haematopoiesis and red marrow told apart."""
    some = _of_kinds(cohort, "myeloma", "MDS", "red marrow")
    several = analyse_groups(some, "kind", ("ff_baseline", "adc_baseline", "r2star_baseline", "age_years"), "multinomial")
    made = groups_part(several, "kind", words)
    boxes = {name: words("Quartiles, whiskers to 1.5 interquartile ranges, every patient a point.") for name in made.figures}
    share = words("{share} % (cross-validated, n = {n})", share=f"{100 * several.model.balanced_accuracy:.0f}", n=several.labels.size)
    title = words("A: infiltration (myeloma), ineffective haematopoiesis (MDS) and red marrow")
    line = Beside("Balanced accuracy of telling three kinds of marrow apart", NOT_AT_HAND, "", share, FREE)
    return [_titled(replace(made, captions=boxes), title, "a")], [line]


def _mds_against_aa(
    cohort: Cohort, words: Words, scores: Optional[Path], bootstraps: int, seed: int, progress: Progress
) -> tuple[list[Part], list[Beside]]:
    """B: MDS against aplastic anaemia by multiparametric MRI and blood; a network's scores join as one more predictor's curve."""
    some = _of_kinds(cohort, "MDS", "AA")
    names = ["ff_baseline", "platelets_e9_l", "age_years"]
    chosen = select(some, "kind", names, ("MDS",))
    made = two_group_part(chosen, Procedure("firth", seed=seed), words, bootstraps=bootstraps, progress=progress)
    title = words("B: MDS against aplastic anaemia by fat fraction, platelets and age")
    parts = [_titled(made, title, "b")]
    validation = made.tables["validation"].rows
    auc = next(row for row in validation if row[0] == "AUC")
    lines = [Beside("MDS against AA: accuracy or AUC of age, fat fraction and platelets", ACCURACY_2020, ISMRM_2020,
                    words("AUC {auc}, corrected {corrected}, n = {n}", auc=f"{auc[1]:.2f}", corrected=f"{auc[3]:.2f}",
                          n=chosen.outcome.size), FREE)]  # fmt: skip
    if scores is None:
        lines.append(Beside("MDS against AA: network on T1-weighted images, external patients", AUC_2020, ISMRM_2020,
                            "no table of scores was given", FREE))  # fmt: skip
        return parts, lines
    joined = _with_scores(some, scores)
    score = joined.header[-1]
    arm = select(joined, "kind", (score, "ff_baseline"), ("MDS",))
    found = analyse_roc(arm)
    parts.append(_titled(_comparison_part(group_tests(arm), found, arm.names, words), words("B: the network's scores"), "b_network"))
    lines.append(Beside("MDS against AA: network on T1-weighted images, external patients", AUC_2020, ISMRM_2020,
                        words("AUC {auc}, n = {n}", auc=f"{found.first.auc:.2f} ({_ends(found)})", n=arm.outcome.size), FREE))  # fmt: skip
    return parts, lines


def _with_scores(cohort: Cohort, scores: Path) -> Cohort:
    from ..reading import joined

    return joined(cohort, read_cohort(scores))


def _response(cohort: Cohort, words: Words, bootstraps: int, seed: int, progress: Progress) -> tuple[list[Part], list[Beside]]:
    """C: response from the changes of fat fraction and M protein."""
    some = _of_kinds(cohort, "myeloma")
    chosen = select(some, "best_response", CHANGES, ("CR", "VGPR"))
    made = two_group_part(chosen, Procedure("firth", seed=seed), words, bootstraps=bootstraps, progress=progress)
    curves = {row[0]: row for row in made.tables["roc"].rows}
    model = {row[0]: row for row in made.tables["model"].rows}
    lines = [
        Beside("AUC of the change of fat fraction", f"{AUC_FF}", TAKASU_2020, _auc_text(curves["ff_change"], chosen.outcome.size),
               _found(_within(_interval(curves["ff_change"]), AUC_FF))),
        Beside("AUC of the change of M protein", f"{AUC_M_PROTEIN}", TAKASU_2020,
               _auc_text(curves["m_protein_change"], chosen.outcome.size),
               _found(_within(_interval(curves["m_protein_change"]), AUC_M_PROTEIN))),
        Beside("Fat fraction in the model with M protein", "P = 0.02 (GLM)", TAKASU_2020,
               f"p {_p(model['ff_change'][-1])} (Firth)", EFFECT_ONLY),
        Beside("M protein in the model with fat fraction", "P = 0.04 (GLM)", TAKASU_2020,
               f"p {_p(model['m_protein_change'][-1])} (Firth)", EFFECT_ONLY),
    ]  # fmt: skip
    return [_titled(made, words("C: CR or VGPR from the changes of fat fraction and M protein"), "c")], lines


def _interval(row: Sequence[Any]) -> Optional[tuple[float, float]]:
    """Of a row of the table of ROC curves."""
    return (row[2], row[3]) if row[2] is not None else None


def _auc_text(row: Sequence[Any], n: int) -> str:
    interval = f" ({row[2]:.2f}–{row[3]:.2f})" if row[2] is not None else ""
    return f"{row[1]:.3f}{interval}, n = {n}"


# ------------------------------------------------------------------------------------------------------------- the others
def _longitudinal(cohort: Cohort, words: Words) -> tuple[list[Part], list[Beside]]:
    """Before and after treatment in both groups of response, and the change explained by response and baseline."""
    some = _of_kinds(cohort, "myeloma")
    made, lines = [], []
    for name, condition in (("CR or VGPR", "best_response in ('CR', 'VGPR')"), ("PR, SD or PD", "best_response in ('PR', 'SD', 'PD')")):
        group = replace(where(some, condition), findings=())
        pairs = compare_pairs(group, [(f"{key}_baseline", f"{key}_follow_up") for key in ("ff", "adc", "m_protein")])
        prefix = "after_response" if name.startswith("CR") else "after_none"
        made.append(_titled(paired_part(pairs, words), words("Before and after treatment: {group}", group=words.cell(name)), prefix))
        published = "rose" if name.startswith("CR") else "no significant change"
        test = pairs[0]
        here = test.adjusted_p < 0.05 and test.test.shift > 0 if published == "rose" else test.adjusted_p >= 0.05
        lines.append(Beside(f"Fat fraction after treatment, {name}", published, TAKASU_2020,
                            words("{shift} points, p {p}, n = {n}", shift=f"{test.test.shift:+.1f}".replace("-", "−"),
                                  p=_p(test.adjusted_p), n=test.test.n),
                            _found(here)))  # fmt: skip
    coded = _with_flag(some, "best_response", ("CR", "VGPR"), "responder")
    explained = explain(coded, "ff_change", ("responder", "ff_baseline", "age_years"))
    made.append(_titled(linear_part(explained, words), words("Change of fat fraction explained by response, baseline and age"), "change"))
    return made, lines


def _with_flag(cohort: Cohort, column: str, values: Sequence[str], name: str) -> Cohort:
    """The cohort with a column of 1 where another has one of the values, 0 where it has another."""
    flags = ["" if not cell else str(int(cell in values)) for cell in cohort.text(column)]
    rows = tuple((*row, flag) for row, flag in zip(cohort.rows, flags))
    return replace(cohort, header=(*cohort.header, name), rows=rows, part_of=None)


def _survival(cohort: Cohort, words: Words) -> list[Part]:
    some = _with_flag(_of_kinds(cohort, "myeloma"), "best_response", ("CR", "VGPR"), "responder")
    some = _with_flag(some, "cytogenetics", ("high risk",), "high_risk")
    named = ["CR or VGPR" if cell == "1" else "PR, SD or PD" for cell in some.text("responder")]
    some = replace(some, header=(*some.header, "group"), rows=tuple((*row, name) for row, name in zip(some.rows, named)))
    found = analyse_survival(some, "progression_days", "progressed", (), "group", ("responder", "high_risk", "age_years"))
    made = survival_part(found, words)
    remark = words("Times are counted from the second exam, at which the response is known; hazard ratios are assumed in the simulation.")
    return [_titled(replace(made, remarks=(remark,)), words("Time to progression"), "progression"), _covariates(some, words)]


def _covariates(some: Cohort, words: Words) -> Part:
    """Tumour load, cytogenetics and sequencing beside the response in Cox's regression; those that cannot enter are told with why."""
    happened = some.is_event("progressed", one_class=True)
    kept, columns, refused = ["responder"], 1, []
    for name in COVARIATES:
        try:
            parts, _ = factor(some, name, happened, of_times=True)
            if happened.sum() < EVENTS_EACH * (columns + len(parts)):
                raise MarrowQuantError(
                    "{events} events are too few for {n} coefficients ({each} each are needed).",
                    events=int(happened.sum()), n=columns + len(parts), each=EVENTS_EACH,
                )  # fmt: skip
        except MarrowQuantError as why:
            refused.append(finding("cohort.no_covariate", name=name, why=why))
            continue
        kept.append(name)
        columns += len(parts)
    made = survival_part(analyse_survival(some, "progression_days", "progressed", (), "", kept), words)
    title = words("Time to progression: tumour load, cytogenetics and sequencing as covariates")
    tables = {"cox": made.tables["cox"]}
    return _titled(replace(made, tables=tables, figures={}, captions={}, findings=(*made.findings, *refused)), title, "covariates")


def _missing(cohort: Cohort, words: Words, seed: int, progress: Progress) -> list[Part]:
    some = _of_kinds(cohort, "MDS", "AA")
    found = impute_logistic(some, "kind", ("ff_baseline", "platelets_e9_l", "age_years"), ("MDS",), tables=10, seed=seed, progress=progress)
    return [
        _titled(
            imputation_part(found, "MDS", seed, words),
            words("Missing data: complete cases and multiple imputation (analysis B)"),
            "missing",
        )
    ]


def _readers(path: Path, words: Words) -> Part:
    table = read_cohort(path)
    pairs = {
        "FF, test–retest": ("ff_1", "ff_2", "%"), "ADC, test–retest": ("adc_1", "adc_2", "µm²/s"),
        "ADC, two readers": ("adc_reader_1", "adc_reader_2", "µm²/s"),
    }  # fmt: skip
    return repeat_part(table, pairs, words)


def _sizes(words: Words) -> Part:
    ratio = (50 - effects.N_RESPONSE) / effects.N_RESPONSE
    auc, interval = size_of_auc(AUC_M_PROTEIN, ratio=ratio), size_of_interval(AUC_FF, 0.1, ratio)
    pair = size_of_difference(AUC_FF, AUC_M_PROTEIN, 0.2, ratio=ratio)
    model = size_of_model(2, effects.N_RESPONSE / 50, c_statistic=AUC_FF)
    power = power_of_auc(AUC_M_PROTEIN, effects.N_RESPONSE, 50 - effects.N_RESPONSE)
    two, ten = words("patients in two groups, {n} parameters, 30 % events, C = {c}", n=2, c=AUC_FF), words(
        "patients in two groups, {n} parameters, 30 % events, C = {c}", n=10, c=AUC_M_PROTEIN
    )
    rows = [
        (words("AUC {auc} against 0.5, power 80 %", auc=AUC_M_PROTEIN), auc.events, auc.total, "Hanley and McNeil 1982; Obuchowski 2000"),
        (words("95 % interval of an AUC of {auc}, 0.1 wide", auc=AUC_FF), interval.events, interval.total, "Hanley and McNeil 1982"),
        (words("AUC {first} against {second} in the same patients (correlation 0.2), power 80 %", first=AUC_FF, second=AUC_M_PROTEIN),
         pair.events, pair.total, "Hanley and McNeil 1983"),
        (two, model.events, model.total, "Riley et al. 2020"),
        (ten, *_model_size(10, AUC_M_PROTEIN), "Riley et al. 2020"),
    ]  # fmt: skip
    header = ("question", "patients with the event", "all patients", "source")
    caption = words(
        "Two-sided tests at 5 %; {events} of {n} patients have the event in the published design.", events=effects.N_RESPONSE, n=50
    )
    remark = words(
        "With the published design an AUC of {auc} is told from 0.5 with a power of {power}.", auc=AUC_M_PROTEIN, power=f"{power:.3f}"
    )
    methods = words(
        "Sample sizes follow from the variance of an AUC after Hanley and McNeil, and from the criteria of Riley et al. for a model."
    )
    table = Table("Sample size", header, rows, caption)
    return Part(words("Sample size and power"), "", {"sizes": table}, {}, (methods,), remarks=(remark,))


def _model_size(parameters: int, auc: float) -> tuple[int, int]:
    found = size_of_model(parameters, effects.N_RESPONSE / 50, c_statistic=auc)
    return found.events, found.total
