"""The younger actions of ``marrowquant cohort``: survival, table 1, imputation, sample size, the study, tables of several sites."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable

from ..io.atomic import refuse_existing
from ..model import MarrowQuantError
from .outputs import add_overwrite, output_file
from .progress import progress_bar
from .whole import whole

if TYPE_CHECKING:
    from ..cohort.table import Cohort


def add(actions: Any, action: Callable[..., argparse.ArgumentParser], page: Callable[..., None]) -> None:
    """Add them; ``action`` makes a parser with the options that all share, ``page`` adds those of a page."""
    survival = action(actions, "survival", "Kaplan-Meier, log-rank and Cox for the time to an event", _survival, outcome=False)
    survival.add_argument("--time", required=True, metavar="T", help="column of the time to the event or the last visit")
    survival.add_argument("--status", required=True, metavar="S", help="column that says whether the event happened")
    survival.add_argument("--event", default="", metavar="VALUE[,VALUE]", help="its values that count as the event")
    survival.add_argument("--group", default="", metavar="G", help="one curve for each value of this column, and the log-rank test")
    survival.add_argument("--predictors", default="", metavar="A,B", help="Cox's regression on these columns")
    page(survival)
    table = action(actions, "table1", "characteristics of the patients by group, with standardised differences", _table1, outcome=False)
    table.add_argument("--group", default="", metavar="G")
    table.add_argument("--columns", required=True, metavar="A,B")
    table.add_argument("--skewed", default="", metavar="A,B", help="columns told by their median whatever their skewness")
    page(table)
    impute = action(actions, "impute", "logistic regression on complete cases beside multiple imputation", _impute)
    impute.add_argument("--predictors", required=True, metavar="A,B")
    impute.add_argument("--tables", type=int, default=20, metavar="N", help="filled-in tables (default: %(default)s)")
    impute.add_argument("--seed", type=whole(), default=1)
    page(impute)
    _add_size(actions)
    merge = actions.add_parser("merge", help="the tables of several sites as one, with the conflicts listed")
    merge.add_argument("tables", nargs="+", type=Path, metavar="CSV", help="tables or folders of results; a site is named by its file")
    merge.add_argument("--own-ids", action="store_true", help="every site numbers its patients itself: equal IDs are other patients")
    merge.add_argument("--out", type=Path, required=True, metavar="CSV")
    add_overwrite(merge)
    merge.set_defaults(command=_merge)
    dictionary = actions.add_parser("dictionary", help="a data dictionary that REDCap imports, or what a table has that it does not allow")
    dictionary.add_argument("--out", type=Path, metavar="CSV", help="write the dictionary")
    add_overwrite(dictionary)
    dictionary.add_argument("--check", type=Path, metavar="CSV", help="a table to look through instead")
    dictionary.add_argument("--against", type=Path, metavar="CSV", help="a dictionary exported from REDCap instead of ours")
    dictionary.set_defaults(command=_dictionary)
    study = actions.add_parser("study", help="simulate about 200 patients, re-enact the study, and write one document")
    study.add_argument("--out", type=Path, required=True, metavar="DIR", help="a new folder")
    study.add_argument("--language", choices=("en", "ja", "both"), default="en")
    study.add_argument("--scores", type=Path, metavar="CSV", help="a network's scores of MDS against AA, by record_id")
    study.add_argument("--bootstraps", type=int, default=200, metavar="N", help="of the validation (default: %(default)s)")
    study.add_argument("--seed", type=whole(), default=1)
    study.set_defaults(command=_study)


def _add_size(actions: Any) -> None:
    size = actions.add_parser("size", help="how many patients: for an AUC, for two AUCs, for a model")
    kinds = size.add_subparsers(required=True, metavar="KIND")
    auc = kinds.add_parser("auc", help="an AUC against a fixed one, or the width of its interval")
    auc.add_argument("--auc", type=float, required=True)
    auc.add_argument("--null", type=float, default=0.5, help="the AUC of no worth (default: %(default)s)")
    auc.add_argument("--width", type=float, help="of the 95 %% interval from end to end, instead of a test")
    pair = kinds.add_parser("difference", help="two AUCs of the same patients")
    pair.add_argument("--first", type=float, required=True)
    pair.add_argument("--second", type=float, required=True)
    pair.add_argument("--correlation", type=float, default=0.0, help="of the two estimated areas (default: %(default)s)")
    for parser in (auc, pair):
        parser.add_argument("--power", type=float, default=0.8)
        parser.add_argument("--alpha", type=float, default=0.05)
        parser.add_argument("--ratio", type=float, default=1.0, help="patients without the event for each with it")
    model = kinds.add_parser("model", help="a model of two groups, after Riley's criteria")
    model.add_argument("--parameters", type=int, required=True, help="candidate coefficients without the intercept")
    model.add_argument("--prevalence", type=float, required=True, help="share of patients with the event, 0 to 1")
    model.add_argument("--auc", type=float, default=0.0, help="expected AUC")
    model.add_argument("--r2", type=float, default=0.0, help="expected R2 after Cox and Snell, instead of the AUC")
    for parser, kind in ((auc, _size_auc), (pair, _size_pair), (model, _size_model)):
        parser.add_argument("--json", action="store_true", help="print an object instead of text")
        parser.set_defaults(command=kind)


def _survival(options: argparse.Namespace) -> int:
    from ..cohort import interaction
    from ..cohort import survival_part as survival
    from .cohort import answer_each, split_names

    def analyse(cohort: Cohort) -> Any:
        found = survival.analyse_survival(
            cohort, options.time, options.status, split_names(options.event), options.group, split_names(options.predictors)
        )
        return survival.survival_answer(found), lambda words: survival.survival_part(found, words)

    def interact(cohort: Cohort) -> Any:
        return interaction.of_cox(
            cohort, options.by, options.time, options.status, split_names(options.predictors), split_names(options.event)
        )

    return answer_each(options, analyse, options.status, options.time, interact=interact if options.predictors else None)


def _table1(options: argparse.Namespace) -> int:
    from ..cohort import table1_part
    from ..cohort.characteristics import characteristics
    from ..cohort.table import findings
    from .cohort import answer_each, split_names

    def analyse(cohort: Cohort) -> Any:
        columns = split_names(options.columns)
        found = characteristics(cohort, options.group, columns, split_names(options.skewed))
        said = tuple(cohort.findings)
        answer = {"data": {"findings": list(findings(cohort, columns))}, **table1_part.table1_answer(found)}
        return answer, lambda words: table1_part.table1_part(found, options.group, words, said)

    return answer_each(options, analyse)


def _impute(options: argparse.Namespace) -> int:
    from ..cohort.imputation import impute_logistic
    from ..cohort.imputation_part import imputation_answer, imputation_part
    from .cohort import answer_each, split_names

    if options.tables < 2:
        raise MarrowQuantError("Multiple imputation needs two filled-in tables or more; give --tables 2 or more.")

    def analyse(cohort: Cohort) -> Any:
        found = impute_logistic(
            cohort, options.outcome, split_names(options.predictors), split_names(options.event), tables=options.tables,
            seed=options.seed, progress=progress_bar,
        )  # fmt: skip
        progress_bar.end()
        return imputation_answer(found), lambda words: imputation_part(found, options.outcome, options.seed, words)

    return answer_each(options, analyse, options.outcome)


def _merge(options: argparse.Namespace) -> int:
    from ..cohort.merge import merge, write_merged

    output_file(options, options.tables)
    merged = merge(options.tables, options.own_ids)
    for path in write_merged(merged, options.out):
        print(path)
    for note in merged.findings:
        print(note, file=sys.stderr)
    print(f"{len(merged.rows)} records, {len(merged.header) - 2} columns, {len(merged.conflicts)} conflicts", file=sys.stderr)
    return 0


def _dictionary(options: argparse.Namespace) -> int:
    from ..cohort.dictionary import fields, misfits, read_dictionary, write_dictionary

    if (options.out is None) == (options.check is None):
        raise MarrowQuantError("Say what to do: --out CSV writes the dictionary, --check CSV looks through a table.")
    if options.out is not None:
        refuse_existing([options.out], options.overwrite)
        print(write_dictionary(options.out))
        return 0
    from ..cohort.reading import read_cohort

    known = read_dictionary(options.against) if options.against else tuple(fields())
    said = misfits(read_cohort(options.check), known)
    print("\n".join(said) if said else "Every column and value fits the dictionary.")
    return 1 if said else 0


def _study(options: argparse.Namespace) -> int:
    from ..cohort.study.run import run_study

    if options.bootstraps < 1:
        raise MarrowQuantError("The study needs the validation; give --bootstraps 1 or more.")
    languages = ("en", "ja") if options.language == "both" else (options.language,)
    written = run_study(
        options.out, seed=options.seed, languages=languages, bootstraps=options.bootstraps, scores=options.scores, progress=progress_bar
    )
    progress_bar.end()
    for note in written.findings:
        print(note, file=sys.stderr)
    print("\n".join(str(path) for path in written.paths if path.suffix in {".html", ".pdf", ".xlsx", ".docx"}))
    return 0


def _size_auc(options: argparse.Namespace) -> int:
    from ..cohort.samplesize import size_of_auc, size_of_interval

    if options.width is not None:
        found = size_of_interval(options.auc, options.width, options.ratio)
    else:
        found = size_of_auc(options.auc, options.null, options.power, options.alpha, options.ratio)
    return _show_size(options, {"n_event": found.events, "n_no_event": found.others, "n": found.total, "source": SOURCE_AUC})


def _size_pair(options: argparse.Namespace) -> int:
    from ..cohort.samplesize import size_of_difference

    found = size_of_difference(options.first, options.second, options.correlation, options.power, options.alpha, options.ratio)
    return _show_size(options, {"n_event": found.events, "n_no_event": found.others, "n": found.total, "source": SOURCE_AUC})


def _size_model(options: argparse.Namespace) -> int:
    from ..cohort.samplesize import size_of_model

    found = size_of_model(options.parameters, options.prevalence, c_statistic=options.auc, cox_snell=options.r2)
    answer = {
        "n": found.total, "n_event": found.events, "events_per_parameter": found.events_per_parameter, "cox_snell_r2": found.cox_snell,
        "for_shrinkage_of_0.9": found.shrinkage, "for_a_small_optimism_of_r2": found.small_difference,
        "for_the_overall_risk_to_0.05": found.overall_risk, "source": SOURCE_MODEL,
    }  # fmt: skip
    return _show_size(options, answer)


SOURCE_AUC = "Hanley and McNeil 1982 and 1983, Obuchowski 2000"
SOURCE_MODEL = "Riley et al., BMJ 2020;368:m441 (the criteria of pmsampsize)"


def _show_size(options: argparse.Namespace, answer: dict[str, Any]) -> int:
    from .cohort import show

    return show(options, answer)
