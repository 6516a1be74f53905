"""What a case comes to: its results, with changes and response estimate, made anew only where something changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Optional

from ... import workflow
from ...exam.dixon_maps import fitted_spectrum
from ...followup.regions import region_changes
from ...model import ExamResult, Finding, MarrowQuantError, RegionChange, Results, VertebraResult, finding
from ...response import ResponseModel, available_models, history_of, laboratory_findings, load_model

if TYPE_CHECKING:
    from .case import Case


class Conclusion:
    """The results of a case and the model that estimates the response.

    Parameters
    ----------
    case : Case
    """

    def __init__(self, case: Case) -> None:
        self._case = case
        self.forget()

    def forget(self) -> None:
        """Nothing is known any more."""
        self._results: Optional[Results] = None
        self._loaded: Optional[tuple[Any, tuple[ResponseModel, str]]] = None  # the model, and what it was loaded for
        self._results_key: tuple[Any, ...] = ()
        self._results_of: tuple[ExamResult, ...] = ()  # what they were made from
        self._distributions: tuple[RegionChange, ...] = ()
        self._distributions_of: tuple[tuple[VertebraResult, ...], ...] = ()

    def results(self) -> Optional[Results]:
        """Changes and response estimate of what is known now; None before the first exam was read."""
        if not self._case.exams:
            return None
        self._case.follow_up.match()
        exams = tuple(exam.result() for exam in self._case.exams.values())
        chosen = (self._case.settings(), self._case.parameters.modelId, self._case.parameters.siteLimits, self._case.subject())
        key = (*chosen, *self._model_file(), self._case.laboratory.history)
        answer = self._case.classifier.answer()
        is_known = self._results is not None and key == self._results_key and _are(exams, self._results_of)
        if self._results is None or not is_known or self._results.classification is not answer:
            results = self._conclude(exams)
            results = replace(results, lesions=self._case.follow_up.lesions, distributions=self._region_changes(exams))
            results = replace(results, history=self._case.laboratory.history, classification=answer)
            of_case = (*self._case.findings, *self.other_spectrum(), *workflow.pair_findings(exams))
            findings = (*of_case, *laboratory_findings(history_of(results), exams))
            self._results, self._results_key = replace(results, findings=findings, subject=self._case.subject()), key
            self._results_of = exams
        return self._results

    def other_spectrum(self) -> list[Finding]:
        """A finding of each exam whose echoes were fitted with another fat spectrum than the one that is chosen."""
        chosen = self._case.settings().fat_spectrum
        fitted = {label: fitted_spectrum(exam.maps.maps) for label, exam in self._case.exams.items()}
        return [finding("case.other_spectrum", exam=e, fitted=f, chosen=chosen) for e, f in fitted.items() if f not in (None, chosen)]

    def _model_file(self) -> tuple[Any, ...]:
        """Path and age of the file of the model that was chosen: another one is another model."""
        path = available_models().get(self._case.parameters.modelId)
        return (path, None if path is None else path.stat().st_mtime_ns)

    def _model(self) -> tuple[ResponseModel, str]:
        """The model that was chosen; if its file is gone or cannot be read the bundled one, and the name of the chosen one."""
        chosen, file = self._case.parameters.modelId, self._model_file()
        if self._loaded is None or self._loaded[0] != (chosen, file):
            try:
                found = (load_model(None), chosen) if chosen and file[0] is None else (load_model(file[0]), "")
            except MarrowQuantError:
                found = (load_model(None), chosen)
            self._loaded = ((chosen, file), found)
        return self._loaded[1]

    @property
    def missing_model(self) -> str:
        """Name of the model that was chosen and cannot be used; empty if it can."""
        return self._model()[1]

    def _conclude(self, exams: Sequence[ExamResult]) -> Results:
        model, missing = self._model()
        results = workflow.conclude(exams, self._case.settings(), model, self._case.limits())
        if not missing or results.response is None:
            return results
        told = finding("hand.model_missing", model=missing, used=results.response.model_id)
        return replace(results, response=replace(results.response, findings=(told, *results.response.findings)))

    def _region_changes(self, exams: Sequence[ExamResult]) -> tuple[RegionChange, ...]:
        """Found anew only where vertebrae were measured anew: a moved threshold must not wait for them."""
        vertebrae = tuple(exam.vertebrae for exam in exams)
        if not _are(vertebrae, self._distributions_of):
            self._distributions = region_changes(*exams) if len(exams) == 2 else ()
            self._distributions_of = vertebrae
        return self._distributions


def _are(first: Sequence[Any], second: Sequence[Any]) -> bool:
    """True if both hold the same objects; equal ones are others here."""
    return len(first) == len(second) and all(a is b for a, b in zip(first, second))
