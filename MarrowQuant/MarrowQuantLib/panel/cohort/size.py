"""The step of MarrowQuant Cohort that says how many patients the next study needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from slicer.i18n import tr as _

from ...cohort.samplesize import size_of_auc, size_of_difference, size_of_interval, size_of_model
from ...model import MarrowQuantError
from ..language import said
from .step import CohortStep

if TYPE_CHECKING:
    from .panel import CohortPanel

KINDS = ("auc", "interval", "difference", "model")
USUAL = {"auc": 0.5, "interval": 0.1, "difference": 0.7, "model": 2.0}
"""The second number that each kind begins with."""


class SizeStep(CohortStep):
    """Patients for an AUC, for the width of its interval, for two AUCs of the same patients, and for a model of two groups."""

    def __init__(self, panel: CohortPanel, ui: Any) -> None:
        super().__init__(panel, ui, ui.sizeSection, ui.sizeMessage)
        ui.sizeKindComboBox.addItems([
            _("An AUC against a fixed one"), _("The 95 % interval of an AUC"), _("Two AUCs of the same patients"),
            _("A model of two groups"),
        ])  # fmt: skip
        ui.sizeKindComboBox.connect("activated(int)", self.onKindChosen)
        for box in (ui.sizeAucSpinBox, ui.sizeSecondSpinBox, ui.sizeShareSpinBox):
            box.connect("valueChanged(double)", lambda value: self.refresh())

    @property
    def kind(self) -> str:
        """One of ``KINDS``."""
        return KINDS[max(self.ui.sizeKindComboBox.currentIndex, 0)]

    def onKindChosen(self, index: int) -> None:
        """Take the kind, with a usual second number."""
        self.ui.sizeKindComboBox.setCurrentIndex(index)
        self.ui.sizeSecondSpinBox.value = USUAL[KINDS[index]]
        self.refresh()

    def missing(self) -> str:
        """How many patients, by which rule: a question that is never done with."""
        try:
            return self._answer()
        except MarrowQuantError as error:
            return "⚠ " + said(error)

    def _answer(self) -> str:
        auc, second, share = (box.value for box in (self.ui.sizeAucSpinBox, self.ui.sizeSecondSpinBox, self.ui.sizeShareSpinBox))
        if self.kind == "model":
            found = size_of_model(round(second), share, c_statistic=auc)
            return _("{n} patients, {events} of them with the event (Riley et al. 2020).").format(n=found.total, events=found.events)
        ratio = (1.0 - share) / share
        if self.kind == "interval":
            size = size_of_interval(auc, second, ratio)
        elif self.kind == "difference":
            size = size_of_difference(auc, second, 0.0, ratio=ratio)
        else:
            size = size_of_auc(auc, second, ratio=ratio)
        rule = _("{n} patients, {events} of them with the event (Hanley and McNeil; two-sided 5 %, power 80 %).")
        if self.kind == "interval":
            rule = _("{n} patients, {events} of them with the event (Hanley and McNeil).")
        elif self.kind == "difference":
            rule = _("{n} patients, {events} of them with the event (Hanley and McNeil; two-sided 5 %, power 80 %, uncorrelated areas).")
        return rule.format(n=size.total, events=size.events)

    def show(self) -> None:
        """Name the second number."""
        names = {"auc": _("AUC of no worth:"), "interval": _("Width, end to end:"), "difference": _("Second AUC:"),
                 "model": _("Coefficients:")}  # fmt: skip
        self.ui.sizeSecondLabel.text = names[self.kind]
