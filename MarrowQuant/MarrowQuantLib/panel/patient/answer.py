"""The answer, always in sight: the probability of response, fat fraction and tumour load, and how many findings are to be checked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Optional

from slicer.i18n import tr as _

from ...followup import INDICES, Index, value_of
from ...model import ExamResult, Results, certain
from ...report.shown import checks_and_notes, plain_sentences
from ...report.strings import Strings
from ...results import formats
from ..language import interfaceLanguage

if TYPE_CHECKING:
    from .panel import Panel

_SHOWN = ("ff", "tdv")


class Answer:
    """Two lines above the steps: one in large type, and one below it."""

    def __init__(self, panel: Panel, ui: Any) -> None:
        self._panel, self._ui = panel, ui
        self._show("", "")

    def show(self) -> None:
        """Bring both lines up to date."""
        results = self._panel.case.results()
        if results is None or not self._panel.case.is_measured():
            self._show("" if results is None else _("Nothing is measured yet."), "")
            return
        checked, _known = checks_and_notes(results)
        numbers = " · ".join(filter(None, (_of_index(index, results.exams) for index in INDICES if index.key in _SHOWN)))
        checks = _("{n} to check").format(n=len(checked)) if checked else _("nothing to check")
        response = _of_response(results)
        small = " · ".join(filter(None, (numbers if response else "", checks)))
        self._show(response or numbers, small, plain_sentences(checked, Strings(interfaceLanguage())))

    def _show(self, large: str, small: str, told: Sequence[str] = ()) -> None:
        self._ui.answerDetailLabel.toolTip = "\n".join(told)
        for label, text in ((self._ui.answerLabel, large), (self._ui.answerDetailLabel, small)):
            label.text = text
            label.visible = bool(text)


def _of_response(results: Results) -> str:
    estimate = results.response
    if estimate is None:
        return ""
    if estimate.probability is None:
        return _("CR/VGPR: no probability")
    low, high = (formats.probability(limit) for limit in certain(estimate.interval))
    return _("CR/VGPR {value} ({low} to {high})").format(value=formats.probability(estimate.probability), low=low, high=high)


def _of_index(index: Index, exams: tuple[ExamResult, ...]) -> str:
    """An index at both dates, with its unit; empty where it was not measured."""
    values: list[Optional[float]] = [value_of(exam, index) for exam in exams]
    if all(value is None for value in values):
        return ""
    shown = " → ".join(formats.number(value, index.unit, index.digits) for value in values)
    return f"{_name(index)} {shown} {formats.shown_unit(index.unit)}"


def _name(index: Index) -> str:
    return {"ff": _("FF"), "tdv": _("tDV")}[index.key]
