"""A cohort in Slicer, one method a button: read, analyse, write the report, fit a model and offer it. Knows no Qt."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Optional

from ..cohort import adopt, analysis, interaction, output, parts, subgroups
from ..cohort.characteristics import characteristics
from ..cohort.imputation import impute_logistic
from ..cohort.imputation_part import imputation_part
from ..cohort.interaction import Interactions, with_interaction
from ..cohort.part import Part, Table, renamed, stacked
from ..cohort.procedure import Developed, Procedure
from ..cohort.reading import read_cohort
from ..cohort.report import Written, write_cohort_report, write_parts
from ..cohort.roc import Roc, roc
from ..cohort.signed import signed_parts
from ..cohort.study.run import run_study
from ..cohort.survival_part import analyse_survival, survival_part
from ..cohort.table import Cohort, findings
from ..cohort.table1_part import table1_part
from ..cohort.validation import Validation, events_findings
from ..cohort.words import Words
from ..io.packages import need
from ..model import Finding, MarrowQuantError, Progress, no_progress
from . import cohort as nodes

MODEL_METHODS = ("firth", "ml", "ridge")
GROUP_METHODS = ("multinomial", "lda")
METHODS = (*MODEL_METHODS, *GROUP_METHODS, "paired", "correlation", "linear", "mixed", "survival", "table1", "impute")
WITH_EVENTS = (*MODEL_METHODS, "survival", "impute")
WITH_A_GROUP = ("survival", "table1")
WITHOUT_OUTCOME = ("table1",)
PACKAGES = {"multinomial": ("sklearn", "a model of three groups and more"), "lda": ("sklearn", "a model of three groups and more"),
            "mixed": ("statsmodels", "the mixed model"), "impute": ("sklearn", "multiple imputation")}  # fmt: skip
"""What a method needs beside what Slicer brings, and for what."""


@dataclass(frozen=True)
class Question:
    """What the reader asks.

    Attributes
    ----------
    outcome : str
        The first column: outcome, group, value before, variable to correlate, response, or whether the event happened.
    events : tuple of str
        Values of the outcome that are the event.
    predictors : tuple of str
        Predictors, terms, or the columns that the first one is correlated with.
    method : str
        One of ``METHODS``.
    select : bool
        Backward elimination; two groups only.
    after : str
        The second column of a paired test; the time of a survival.
    given : tuple of str
        What a correlation holds constant.
    where : str
        A condition for the patients, see ``cohort.where``; "" for all.
    by : str
        Column of subgroups that are analysed one by one; "" for none.
    group : str
        Column of the groups of a survival or of Table 1; "" for none.
    """

    outcome: str
    events: tuple[str, ...] = ()
    predictors: tuple[str, ...] = ()
    method: str = "firth"
    select: bool = False
    after: str = ""
    given: tuple[str, ...] = ()
    where: str = ""
    by: str = ""
    group: str = ""

    @property
    def decided_by(self) -> tuple[str, ...]:
        """The columns that patients must not be chosen by; none where none is explained."""
        if self.method == "survival":
            return self.outcome, self.after
        return () if self.method in {"paired", "correlation", "table1"} else (self.outcome,)

    @property
    def procedure(self) -> Procedure:
        """How the multivariable model is fitted."""
        return Procedure(self.method, self.select)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that the method uses."""
        second = (self.after,) if self.method in {"paired", "survival"} else ()
        ticked = () if self.method == "paired" else self.predictors
        given = self.given if self.method == "correlation" else ()
        grouped = (self.group,) if self.method in WITH_A_GROUP and self.group else ()
        return (*(() if self.method in WITHOUT_OUTCOME else (self.outcome,)), *second, *ticked, *given, *grouped)


@dataclass(frozen=True)
class Answer:
    """What was found: the ROC of each predictor and the model of two groups, or the part of a report of any other method."""

    about: str
    curves: dict[str, Roc] = field(default_factory=dict)
    developed: Optional[Developed] = None
    part: Optional[Part] = None
    findings: tuple[Finding, ...] = ()


class CohortCase:
    """The cohort that the panel works on.

    Attributes
    ----------
    cohort : Cohort or None
        None until :meth:`read`.
    answer : Answer or None
        None until :meth:`analyse`, and again as soon as another question is asked (:meth:`forget`).
    """

    def __init__(self) -> None:
        self.cohort: Optional[Cohort] = None
        self.answer: Optional[Answer] = None
        self._inputs: tuple[Path, ...] = ()

    def clear(self) -> None:
        """The scene was closed."""
        self.cohort = self.answer = None

    def forget(self) -> None:
        """Drop the answer, its tables and its chart: they belong to another question."""
        if self.answer is not None:
            self.answer = None
            nodes.clear()

    def read(self, source: Path, outcomes: Optional[Path] = None, long: bool = False) -> Cohort:
        """Read a table, or the results of the cases in a folder; parameters and errors as :func:`cohort.reading.read_cohort`."""
        self.forget()
        self.cohort = None
        self.cohort = read_cohort(source, outcomes=outcomes, long=long)
        self._inputs = tuple(Path(path) for path in (source, outcomes) if path is not None)
        return self.cohort

    def columns(self) -> list[str]:
        """The columns that may be outcome or predictor."""
        return [name for name in self.cohort.header if name != self.cohort.id_column] if self.cohort else []

    def values(self, column: str) -> list[str]:
        """The different values of a column; raises as :meth:`cohort.table.Cohort.text`."""
        return sorted({cell for cell in self.cohort.text(column) if cell})

    def found(self, question: Question) -> tuple[str, ...]:
        """What is odd about the columns of a question, before a number is computed.

        Raises
        ------
        MarrowQuantError
            If a column cannot be used.
        """
        return findings(self._chosen(question), question.columns)

    def analyse(self, question: Question, progress: Progress = no_progress, language: str = "en") -> Answer:
        """The statistics of a question, without validation, into the scene; ``language`` of the answer's sentences.

        Raises
        ------
        MarrowQuantError
            As the analyses, and if a package is missing that the method needs.
        """
        self.forget()
        nodes.clear()
        words = Words(language)
        two_groups = question.method in MODEL_METHODS and not question.by
        self.answer = self._two_groups(question, words, progress) if two_groups else self._other(question, words)
        return self.answer

    def _two_groups(self, question: Question, words: Words, progress: Progress) -> Answer:
        chosen = self._selected(question)
        curves = {}
        for n, (name, column) in enumerate(zip(chosen.names, chosen.predictors.T)):
            progress(n / (len(chosen.names) + 1), f"ROC: {name}")
            curves[name] = roc(chosen.outcome, column)
        progress(len(chosen.names) / (len(chosen.names) + 1), "Model")
        developed, _ = analysis.develop(chosen, question.procedure, bootstraps=0)
        counts = words("{n} patients, {events} with the event", n=chosen.outcome.size, events=int(chosen.outcome.sum()))
        about = f"{chosen.event_in_words}: {counts}"
        nodes.tables(analysis.compare_groups(chosen), curves, developed.fit, about)
        nodes.roc_chart(curves, about)
        found = (*chosen.findings, *analysis.roc_findings(curves), *events_findings(chosen.outcome, len(chosen.names)))
        return Answer(about, curves, developed, None, found)

    def _other(self, question: Question, words: Words) -> Answer:
        part = self.part(question, words)
        about = f"{part.title}: {part.about}"
        nodes.part_tables(part, about)
        return Answer(about, part=part, findings=part.findings)

    def part(self, question: Question, words: Words) -> Part:
        """The analysis of any method that is no model of two groups.

        Raises
        ------
        MarrowQuantError
            As the analyses, and if a package is missing that the method needs.
        """
        cohort = self._chosen(question)
        if not question.by:
            return self._part(cohort, question, words)
        found, findings = subgroups.each(cohort, question.by, question.decided_by, lambda some: self._part(some, question, words))
        part, tested = stacked(found, question.by, findings), self._interactions(cohort, question)
        return with_interaction(part, tested, words) if tested else part

    def _interactions(self, cohort: Cohort, question: Question) -> Optional[Interactions]:
        """Whether the subgroups differ; None for a method that has no such test."""
        if question.method in MODEL_METHODS:
            return interaction.of_logistic(cohort, question.by, question.outcome, question.predictors, question.events)
        if question.method == "paired":
            return interaction.of_pairs(cohort, question.by, [(question.outcome, question.after)])
        if question.method == "correlation":
            return interaction.of_correlation(cohort, question.by, question.outcome, question.predictors, question.given)
        if question.method == "linear":
            return interaction.of_linear(cohort, question.by, question.outcome, question.predictors)
        if question.method == "survival" and question.predictors:
            return interaction.of_cox(cohort, question.by, question.after, question.outcome, question.predictors, question.events)
        return None

    def _part(self, cohort: Cohort, question: Question, words: Words) -> Part:
        method = question.method
        if method in PACKAGES:
            need(*PACKAGES[method])
        if method not in METHODS:
            raise MarrowQuantError("There is no method '{method}'; choose one of {methods}.", method=method, methods=list(METHODS))
        return _PARTS[method](cohort, question, words)

    def report(
        self,
        question: Question,
        folder: Path,
        bootstraps: int,
        progress: Progress = no_progress,
        language: str = "en",
        signed: bool = False,
    ) -> Written:
        """The page with tables and figures, for two groups with validation; as :func:`cohort.report.write_cohort_report`.

        ``signed`` puts the flow of patients, Table 1, missing data, inputs and the checklist around a model of two groups, and writes PDF,
        Excel and Word too.
        """
        if question.method not in MODEL_METHODS:
            words = Words(language)
            return write_parts((self.part(question, words),), folder, words)
        more = [self.part(question, Words(language))] if question.by else []
        more = [renamed(part, "subgroups", 2) for part in more]
        chosen = self._selected(question)

        def sign(made: Sequence[Part]) -> tuple[list[Part], list[Part]]:
            cohort, words = self._chosen(question), Words(language)
            return signed_parts(cohort, chosen, question.predictors, self._inputs, question.procedure, made, words)

        return write_cohort_report(
            chosen, question.procedure, folder, bootstraps=bootstraps, language=language, more=more, sign=sign if signed else None,
            progress=progress,
        )  # fmt: skip

    @staticmethod
    def write_study(folder: Path, progress: Progress = no_progress, language: str = "en") -> Written:
        """The whole study on simulated patients, as one document; as :func:`cohort.study.run.run_study`."""
        return run_study(folder, languages=(language,), progress=progress)

    def fit_and_offer(self, question: Question, model_id: str, bootstraps: int, progress: Progress = no_progress) -> Validation:
        """Fit and validate a model, and put it where MarrowQuant and ``marrowquant response`` find it.

        Parameters
        ----------
        question : Question
        model_id : str
            Letters, digits, "_" and "-".
        bootstraps : int
        progress : callable

        Raises
        ------
        MarrowQuantError
            As the analyses, and if the name cannot be used or is taken.
        """
        adopt.check_new_name(model_id)
        chosen = self._selected(question)
        if chosen.factors:
            words = list(chosen.factors)
            raise MarrowQuantError("A response model takes numbers only; write {columns} as 0 and 1 in the table.", columns=words)
        developed, validation = analysis.develop(chosen, question.procedure, bootstraps=bootstraps, progress=progress)
        spec = adopt.model_spec(
            question.procedure, developed, chosen.predictors, outcome=chosen.event_in_words, model_id=model_id,
            source=f"{chosen.outcome.size} patients of {self.cohort.name}", validation=validation, findings=chosen.findings,
        )  # fmt: skip
        adopt.offer_model(spec)
        return validation

    def _selected(self, question: Question) -> analysis.Selected:
        if question.method not in MODEL_METHODS:
            raise MarrowQuantError(
                "A model of two groups cannot be made by '{method}'; choose {model_methods}.",
                method=question.method, model_methods=list(MODEL_METHODS),
            )
        return analysis.select(self._chosen(question), question.outcome, question.predictors, question.events)

    def _chosen(self, question: Question) -> Cohort:
        """The patients that the question is about."""
        cohort = self._read()
        return subgroups.where(cohort, question.where, *question.decided_by) if question.where.strip() else cohort

    def _read(self) -> Cohort:
        if self.cohort is None:
            raise MarrowQuantError("No cohort was read yet; choose a folder or a table and read it.")
        return self.cohort


def _two_groups(cohort: Cohort, question: Question, words: Words) -> Part:
    """ROC and model of two groups without validation, for subgroups."""
    chosen = analysis.select(cohort, question.outcome, question.predictors, question.events)
    curves = {name: roc(chosen.outcome, column) for name, column in zip(chosen.names, chosen.predictors.T)}
    developed, _ = analysis.develop(chosen, question.procedure, bootstraps=0)
    tables = {
        "roc": Table("ROC", output.ROC_HEADER, output.roc_rows(curves)),
        "model": Table("Multivariable model", output.MODEL_HEADER, output.model_rows(developed.fit)),
    }
    about = words("{n} patients, {events} with the event", n=chosen.outcome.size, events=int(chosen.outcome.sum()))
    warnings = (*analysis.roc_findings(curves), *events_findings(chosen.outcome, len(chosen.names)))
    return Part(chosen.event_in_words, about, tables, {}, (), (*chosen.findings, *warnings))


def _several_groups(cohort: Cohort, question: Question, words: Words) -> Part:
    several = analysis.analyse_groups(cohort, question.outcome, question.predictors, question.method)
    return parts.groups_part(several, question.outcome, words)


def _paired(cohort: Cohort, question: Question, words: Words) -> Part:
    return parts.paired_part(analysis.compare_pairs(cohort, [(question.outcome, question.after)]), words)


def _correlation(cohort: Cohort, question: Question, words: Words) -> Part:
    return parts.correlation_part(analysis.correlate(cohort, question.outcome, question.predictors, question.given), words)


def _linear(cohort: Cohort, question: Question, words: Words) -> Part:
    return parts.linear_part(analysis.explain(cohort, question.outcome, question.predictors, mixed=question.method == "mixed"), words)


def _survival(cohort: Cohort, question: Question, words: Words) -> Part:
    found = analyse_survival(cohort, question.after, question.outcome, question.events, question.group, question.predictors)
    return survival_part(found, words)


def _table1(cohort: Cohort, question: Question, words: Words) -> Part:
    return table1_part(characteristics(cohort, question.group, question.predictors), question.group, words, tuple(cohort.findings))


def _imputed(cohort: Cohort, question: Question, words: Words) -> Part:
    found = impute_logistic(cohort, question.outcome, question.predictors, question.events)
    return imputation_part(found, question.outcome, question.procedure.seed, words)


_PARTS: dict[str, Callable[[Cohort, Question, Words], Part]] = {
    **dict.fromkeys(MODEL_METHODS, _two_groups), **dict.fromkeys(GROUP_METHODS, _several_groups), "paired": _paired,
    "correlation": _correlation, "linear": _linear, "mixed": _linear, "survival": _survival, "table1": _table1, "impute": _imputed,
}  # fmt: skip
"""By method what makes its part of a page; models of two groups by themselves only within subgroups."""


def split_events(text: str) -> tuple[str, ...]:
    """"CR, VGPR" as ("CR", "VGPR")."""
    return tuple(part.strip() for part in text.split(",") if part.strip())
