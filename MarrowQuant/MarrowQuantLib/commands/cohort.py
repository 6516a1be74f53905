"""``marrowquant cohort``: from the results of many patients to ROC curves, models and a report."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Optional

from ..io.atomic import refuse_existing, refuse_inside
from ..model import Finding, MarrowQuantError
from . import cohort_more as more
from .outputs import add_overwrite, output_file
from .progress import progress_bar
from .whole import whole

if TYPE_CHECKING:
    from ..cohort.analysis import Selected
    from ..cohort.interaction import Interactions
    from ..cohort.part import Part
    from ..cohort.table import Cohort

    Analysed = tuple[dict[str, Any], Optional[Callable[[Any], Part]]]
    Analyse = Callable[[Cohort], Analysed]


def add(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``marrowquant cohort``."""
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    roc = _action(actions, "roc", "AUC with DeLong and bootstrap intervals, Youden's cut-off, paired comparison", _roc)
    roc.add_argument("--predictor", required=True, metavar="X", help="column of the marker")
    roc.add_argument("--compare", metavar="X2", help="column of a second marker of the same patients")
    roc.add_argument("--direction", choices=("auto", "higher", "lower"), default="auto", help="values that speak for the event")
    logistic = _action(actions, "logistic", "logistic regression by maximum likelihood or with Firth's penalty", _logistic)
    _predictors(logistic)
    logistic.add_argument("--firth", action="store_true", help="Firth's penalised likelihood: for few patients and separated groups")
    compare = _action(actions, "compare", "Mann-Whitney test of each predictor, corrected for their number", _compare)
    _predictors(compare)
    compare.add_argument("--correction", choices=("holm", "bh", "none"), default="holm")
    groups = _action(actions, "groups", "three groups and more: multinomial regression or linear discriminant, cross-validated", _groups)
    _predictors(groups)
    groups.add_argument("--method", choices=("multinomial", "lda"), default="multinomial")
    _page(groups)
    paired = _action(actions, "paired", "Wilcoxon signed-rank test of two columns of the same patients", _paired, outcome=False)
    paired.add_argument("--before", required=True, metavar="A[,A2]", help="columns, separated by commas")
    paired.add_argument("--after", required=True, metavar="B[,B2]", help="their partners in the same order")
    _page(paired)
    correlate = _action(actions, "correlate", "Spearman's correlation, or the partial one", _correlate, outcome=False)
    correlate.add_argument("--columns", nargs="+", required=True, metavar="A", help="the first is correlated with each of the others")
    correlate.add_argument("--given", default="", metavar="C,D", help="columns that are held constant")
    _page(correlate)
    linear = _action(actions, "linear", "linear model of a change, or with --mixed of repeated dates", _linear, outcome=False)
    linear.add_argument("--response", required=True, metavar="Y")
    linear.add_argument("--terms", required=True, metavar="A,B", help="columns with numbers; a group as 0 and 1")
    linear.add_argument("--mixed", action="store_true", help="one row a patient and date; each patient has an own level")
    _page(linear)
    fit = _action(actions, "fit", "fit, validate and write a response model", _fit, by=False)
    _predictors(fit)
    _modelling(fit)
    fit.add_argument("--out", type=Path, required=True, metavar="MODEL.json", help="model file; its name is the model's id")
    add_overwrite(fit)
    fit.add_argument("--offer", action="store_true", help="also put it where the panel and 'marrowquant response' find models")
    report = _action(actions, "report", "everything: tables, figures, methods and one HTML page", _report)
    _predictors(report)
    _modelling(report)
    report.add_argument("--paired", action="append", default=[], metavar="A,B", help="also a paired test; may be given several times")
    report.add_argument("--correlate", metavar="A,B", help="also the correlations of the first column with each of the others")
    report.add_argument("--linear", metavar="Y,A,B", help="also a linear model of the first column")
    report.add_argument(
        "--readings", action="append", default=[], metavar="A,B", help="also limits of agreement and ICC of two readings; may be repeated"
    )
    report.add_argument("--groups", metavar="COLUMN", help="also the predictors' model of three groups and more")
    report.add_argument(
        "--signed", action="store_true", help="also flow of patients, Table 1, inputs with hashes, TRIPOD checklist; PDF, Excel and Word"
    )
    _page(report, required=True)
    more.add(actions, _action, _page)
    example = actions.add_parser("example", help="write a simulated cohort after the published design (50 patients, 15 CR/VGPR)")
    example.add_argument("--out", type=Path, required=True, metavar="DIR")
    example.add_argument("--seed", type=whole(), default=1)
    example.set_defaults(command=_example)


def _action(
    actions: argparse._SubParsersAction, name: str, words: str, command: Any, outcome: bool = True, by: bool = True
) -> argparse.ArgumentParser:
    parser = actions.add_parser(name, help=words)
    parser.add_argument("source", type=Path, metavar="CSV", help="CSV with one row a patient, or a folder with results.json of the cases")
    parser.add_argument("--outcomes", type=Path, metavar="CSV", help="table with the outcome, joined to the cases by its ID column")
    parser.add_argument("--id", metavar="COLUMN", help="column that tells patients apart")
    if outcome:
        parser.add_argument("--outcome", required=True, metavar="Y")
        parser.add_argument("--event", default="", metavar="VALUE[,VALUE]", help="values of the outcome that count as the event")
    parser.add_argument("--where", metavar="CONDITION", help="these patients only, such as \"kind == 'myeloma' and dominance == 'water'\"")
    if by:
        parser.add_argument("--by", metavar="COLUMN", help="once in each subgroup of this column, with its counts")
    parser.add_argument("--json", action="store_true", help="print an object instead of text")
    parser.set_defaults(command=command)
    return parser


def _predictors(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--predictors", required=True, metavar="A,B", help="columns, separated by commas")


def _page(parser: argparse.ArgumentParser, required: bool = False) -> None:
    parser.add_argument("--out", type=Path, required=required, metavar="DIR", help="write tables, figures, methods and one HTML page")
    add_overwrite(parser)
    parser.add_argument("--language", choices=("en", "ja"), default="en", help="of the page and the figures")
    parser.add_argument("--decimal-comma", action="store_true", help="write the tables for a spreadsheet with decimal commas")


def _modelling(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--method", choices=("firth", "ml", "ridge"), default="firth")
    parser.add_argument("--select", action="store_true", help="backward elimination; repeated in every resample of the validation")
    parser.add_argument("--bootstraps", type=int, default=500, metavar="N", help="of the validation (default: %(default)s; 0: none)")


def _selected(options: argparse.Namespace, cohort: Cohort, names: list[str]) -> Selected:
    from ..cohort import analysis

    return analysis.select(cohort, options.outcome, names, split_names(options.event))


def read(options: argparse.Namespace, outcome: str = "", *further: str, long: bool = False) -> Cohort:
    """The cohort that the options name, with the patients of ``--where`` only."""
    from ..cohort.reading import read_cohort
    from ..cohort.subgroups import where

    cohort = read_cohort(options.source, outcomes=options.outcomes, id_column=options.id, outcome=outcome, long=long)
    return where(cohort, options.where, outcome, *further) if options.where is not None else cohort


def split_names(names: str) -> list[str]:
    """``A, B`` as ["A", "B"]."""
    return [name.strip() for name in names.split(",") if name.strip()]


def _named(options: argparse.Namespace) -> list[str]:
    """The predictors that the reader names."""
    return split_names(options.predictors)


def show(options: argparse.Namespace, answer: dict[str, Any]) -> int:
    """Print an answer as text or, with ``--json``, as an object; the exit code."""
    from ..cohort.output import as_text
    from ..results.codec import plain

    answer = plain(answer)
    if not options.json:
        print(as_text(_sentences(answer, everywhere=True)))
        return 0
    coded = {"findings": answer["warnings"]} if answer.get("warnings") else {}
    print(json.dumps({**_sentences(answer), **coded}, indent=1, ensure_ascii=False))  # sentences where scripts have always read them
    return 0


def _sentences(answer: Any, everywhere: bool = False) -> Any:
    """Findings within an answer as their English sentences; those under the key "findings" keep their codes unless ``everywhere``."""
    if isinstance(answer, dict):
        if {"code", "sentence"} <= set(answer):
            return answer["sentence"]
        return {key: value if key == "findings" and not everywhere else _sentences(value, everywhere) for key, value in answer.items()}
    return [_sentences(value, everywhere) for value in answer] if isinstance(answer, list) else answer


def answer_each(
    options: argparse.Namespace,
    analyse: Analyse,
    outcome: str = "",
    *further: str,
    long: bool = False,
    interact: Optional[Callable[[Cohort], Interactions]] = None,
) -> int:
    """Analyse the cohort, or with ``--by`` every subgroup of it; print the answer and write its page if there is one.

    Parameters
    ----------
    options : Namespace
    analyse : callable
        From a cohort to the answer and the maker of its part of a page (None: it has none).
    outcome : str
        Column that patients must not be chosen by.
    *further : str
        Others that they must not be chosen by either.
    long : bool
        One row a patient and date.
    interact : callable, optional
        From the whole cohort to the tests of whether the subgroups of ``--by`` differ.
    """
    from ..cohort.subgroups import many_looks, split

    cohort = read(options, outcome, *further, long=long)
    if not options.by:
        answer, make = analyse(cohort)
        _write_page(options, [make] if make else [])
        return show(options, answer)
    answers: dict[str, Any] = {}
    makers: list[Any] = []
    groups = split(cohort, options.by, outcome, *further)
    for value, part_of_it in groups.items():
        try:
            answers[value], make = analyse(part_of_it)
        except MarrowQuantError as error:
            answers[value] = {"n": len(part_of_it), "refused": str(error)}
            continue
        makers += [_of_subgroup(make, f"{options.by} = {value}", len(makers) + 1)] if make else []
    if all("refused" in answer for answer in answers.values()):
        why = next(iter(answers.values()))["refused"]
        raise MarrowQuantError("No subgroup by {column} could be analysed: {why}", column=options.by, why=why)
    looks = many_looks(options.by, len(groups))
    found = interact(cohort) if interact else None
    _write_page(options, makers, looks, found)
    told = {"interaction": found.answer()} if found else {}
    return show(options, {"by": options.by, "subgroups": answers, **told, "warnings": [looks, *(found.refused if found else ())]})


def _of_subgroup(make: Callable[[Any], Part], named: str, number: int) -> Callable[[Any], Part]:
    from ..cohort.part import renamed

    return lambda words: renamed(make(words), named, number)


def _roc(options: argparse.Namespace) -> int:
    from ..cohort import analysis, interaction, output

    names = [name for name in (options.predictor, options.compare) if name]

    def analyse(cohort: Cohort) -> Analysed:
        chosen = _selected(options, cohort, names)
        return output.roc_answer(chosen, analysis.analyse_roc(chosen, direction=options.direction)), None

    return answer_each(
        options, analyse, options.outcome,
        interact=lambda cohort: interaction.of_auc(cohort, options.by, options.outcome, names, split_names(options.event)),
    )  # fmt: skip


def _logistic(options: argparse.Namespace) -> int:
    from ..cohort import analysis, interaction, output

    def analyse(cohort: Cohort) -> Analysed:
        chosen = _selected(options, cohort, _named(options))
        fit, findings = analysis.analyse_logistic(chosen, "firth" if options.firth else "ml")
        return output.logistic_answer(chosen, fit, findings), None

    return answer_each(
        options, analyse, options.outcome,
        interact=lambda cohort: interaction.of_logistic(cohort, options.by, options.outcome, _named(options), split_names(options.event)),
    )  # fmt: skip


def _compare(options: argparse.Namespace) -> int:
    from ..cohort import analysis, interaction, output

    def analyse(cohort: Cohort) -> Analysed:
        chosen = _selected(options, cohort, _named(options))
        return output.groups_answer(chosen, analysis.compare_groups(chosen, options.correction), options.correction), None

    return answer_each(
        options, analyse, options.outcome,
        interact=lambda cohort: interaction.of_auc(cohort, options.by, options.outcome, _named(options), split_names(options.event)),
    )  # fmt: skip


def _groups(options: argparse.Namespace) -> int:
    from ..cohort import analysis, output, parts

    def analyse(cohort: Cohort) -> Analysed:
        several = analysis.analyse_groups(cohort, options.outcome, _named(options), options.method)
        return output.several_answer(several), lambda words: parts.groups_part(several, options.outcome, words)

    return answer_each(options, analyse, options.outcome)


def _paired(options: argparse.Namespace) -> int:
    from ..cohort import analysis, interaction, output, parts

    before, after = split_names(options.before), split_names(options.after)
    if len(before) != len(after):
        raise MarrowQuantError(
            "--before names {n_before} columns and --after {n_after}; give each its partner.",
            n_before=len(before), n_after=len(after),
        )

    def analyse(cohort: Cohort) -> Analysed:
        pairs = analysis.compare_pairs(cohort, list(zip(before, after)))
        return output.pairs_answer(pairs, "Wilcoxon signed-rank, two-sided", "holm"), lambda words: parts.paired_part(pairs, words)

    return answer_each(options, analyse, interact=lambda cohort: interaction.of_pairs(cohort, options.by, list(zip(before, after))))


def _correlate(options: argparse.Namespace) -> int:
    from ..cohort import analysis, interaction, output, parts

    first, *others = options.columns
    if not others:
        raise MarrowQuantError("A correlation needs two columns or more; name them after --columns.")

    def analyse(cohort: Cohort) -> Analysed:
        pairs = analysis.correlate(cohort, first, others, split_names(options.given))
        return output.pairs_answer(pairs, "Spearman", "holm"), lambda words: parts.correlation_part(pairs, words)

    return answer_each(
        options, analyse, interact=lambda cohort: interaction.of_correlation(cohort, options.by, first, others, split_names(options.given))
    )


def _linear(options: argparse.Namespace) -> int:
    from ..cohort import analysis, interaction, output, parts

    def analyse(cohort: Cohort) -> Analysed:
        explained = analysis.explain(cohort, options.response, split_names(options.terms), mixed=options.mixed)
        return output.linear_answer(explained), lambda words: parts.linear_part(explained, words)

    def interact(cohort: Cohort) -> Interactions:
        return interaction.of_linear(cohort, options.by, options.response, split_names(options.terms))

    return answer_each(options, analyse, options.response, long=options.mixed, interact=None if options.mixed else interact)


def _write_page(
    options: argparse.Namespace,
    makers: list[Callable[[Any], Part]],
    warning: Optional[Finding] = None,
    found: Optional[Interactions] = None,
) -> None:
    """The page of an analysis, if it was asked for; the tests of interaction stand in its last part."""
    from ..cohort.interaction import with_interaction
    from ..cohort.report import write_parts
    from ..cohort.words import Words

    if getattr(options, "out", None) is not None and makers:
        check_page(options)
        words = Words(options.language)
        made = [make(words) for make in makers]
        made[0] = replace(made[0], findings=(*made[0].findings, warning)) if warning else made[0]
        made[-1] = with_interaction(made[-1], found, words) if found else made[-1]
        _say_notes(write_parts(made, options.out, words, decimal_comma=options.decimal_comma))


def check_page(options: argparse.Namespace) -> None:
    """The folder for a page is not the input and holds no earlier page, unless that may be replaced."""
    from ..cohort.report import PAGE

    refuse_inside(options.out, [path for path in (options.source, options.outcomes) if path is not None])
    refuse_existing([options.out / PAGE], options.overwrite)


def _say_notes(written: Any) -> None:
    for note in written.findings:
        print(note, file=sys.stderr)


def _fit(options: argparse.Namespace) -> int:
    from ..cohort import adopt, analysis, output
    from ..cohort.procedure import Procedure

    output_file(options, [options.source, options.outcomes])
    chosen, procedure = _selected(options, read(options, options.outcome), _named(options)), Procedure(options.method, options.select)
    if chosen.factors:
        words = list(chosen.factors)
        raise MarrowQuantError("A response model takes numbers only; write {columns} as 0 and 1 in the table.", columns=words)
    developed, validation = analysis.develop(chosen, procedure, bootstraps=options.bootstraps, progress=progress_bar)
    progress_bar.end()
    source = f"{len(chosen.outcome)} patients of the table {options.source.name}"
    spec = adopt.model_spec(
        procedure, developed, chosen.predictors, outcome=chosen.event_in_words, model_id=options.out.stem, source=source,
        validation=validation, findings=chosen.findings,
    )  # fmt: skip
    adopt.write_model(spec, options.out)
    if options.offer:
        adopt.offer_model(spec)
    return show(options, {**output.model_answer(chosen, developed, validation), "written": options.out.name})


def _report(options: argparse.Namespace) -> int:
    from ..cohort import report
    from ..cohort.procedure import Procedure
    from ..cohort.signed import signed_parts
    from ..cohort.words import Words

    if options.bootstraps < 1:
        raise MarrowQuantError("A report needs the validation; give --bootstraps 1 or more (500 for a paper).")
    check_page(options)
    cohort = read(options, options.outcome)
    words, procedure = Words(options.language), Procedure(options.method, options.select)
    chosen, more = _selected(options, cohort, _named(options)), _more_parts(options, cohort)
    more += _subgroup_parts(options, cohort, words)
    inputs = [path for path in (options.source, options.outcomes) if path is not None]

    def sign(parts: Sequence[Part]) -> tuple[list[Part], list[Part]]:
        return signed_parts(cohort, chosen, _named(options), inputs, procedure, parts, words)

    written = report.write_cohort_report(
        chosen, procedure, options.out, bootstraps=options.bootstraps, decimal_comma=options.decimal_comma,
        language=options.language, more=more, sign=sign if options.signed else None, progress=progress_bar,
    )  # fmt: skip
    progress_bar.end()
    _say_notes(written)
    print(json.dumps([path.name for path in written.paths]) if options.json else "\n".join(str(path) for path in written.paths))
    return 0


def _subgroup_parts(options: argparse.Namespace, cohort: Cohort, words: Any) -> list[Any]:
    """The model of two groups once more in every subgroup of ``--by``; one that cannot be analysed is told among the warnings."""
    if not options.by:
        return []
    from ..cohort.interaction import of_logistic, with_interaction
    from ..cohort.part import renamed
    from ..cohort.procedure import Procedure
    from ..cohort.subgroups import each
    from ..cohort.two_groups import two_group_part

    def analyse(some: Cohort) -> Part:
        procedure = Procedure(options.method, options.select)
        chosen = _selected(options, some, _named(options))
        return two_group_part(chosen, procedure, words, bootstraps=options.bootstraps, progress=progress_bar)

    found, findings = each(cohort, options.by, (options.outcome,), analyse)
    made = [renamed(part, f"{options.by} = {value}", n) for n, (value, part) in enumerate(found.items(), 1)]
    tested = of_logistic(cohort, options.by, options.outcome, _named(options), split_names(options.event))
    made[-1] = with_interaction(made[-1], tested, words)
    return [replace(made[0], findings=(*made[0].findings, *findings)), *made[1:]]


def _more_parts(options: argparse.Namespace, cohort: Cohort) -> list[Any]:
    """The analyses that the report shall hold beside the model of two groups."""
    from ..cohort import analysis, parts
    from ..cohort.columns import known_unit
    from ..cohort.repeat_part import repeat_part
    from ..cohort.words import Words

    if not (options.paired or options.correlate or options.linear or options.groups or options.readings):
        return []
    words, more = Words(options.language), []
    if options.paired:
        named = [split_names(pair) for pair in options.paired]
        if any(len(pair) != 2 for pair in named):
            raise MarrowQuantError("A paired test needs two columns; write --paired BEFORE,AFTER.")
        more.append(parts.paired_part(analysis.compare_pairs(cohort, [(before, after) for before, after in named]), words))
    if options.correlate:
        first, *others = split_names(options.correlate)
        if not others:
            raise MarrowQuantError("A correlation needs two columns or more; write --correlate A,B.")
        more.append(parts.correlation_part(analysis.correlate(cohort, first, others), words))
    if options.linear:
        response, *terms = split_names(options.linear)
        more.append(parts.linear_part(analysis.explain(cohort, response, terms), words))
    if options.readings:
        named = [split_names(pair) for pair in options.readings]
        if any(len(pair) != 2 for pair in named):
            raise MarrowQuantError("Two readings need two columns; write --readings A,B.")
        units = {first: known_unit(first) for first, _ in named}
        more.append(repeat_part(cohort, {f"{first} – {second}": (first, second, units[first]) for first, second in named}, words))
    if options.groups:
        several = analysis.analyse_groups(cohort, options.groups, _named(options), "multinomial")
        more.append(parts.groups_part(several, options.groups, words))
    return more


def _example(options: argparse.Namespace) -> int:
    from ..cohort.example import write_example

    print(write_example(options.out, seed=options.seed))
    return 0
