"""Part of step 1: dates of the exams that the files do not bear, and that both are of one patient although the files differ."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from slicer.i18n import tr as _

from ...model import MarrowQuantError
from ...response import read_date
from ...scene.case.case import LABELS
from ..fields import tell
from ..language import said

if TYPE_CHECKING:
    from .panel import Panel


class SaidPart:
    """A check box that opens two fields for dates and a tick; what they show holds from the next reading on."""

    def __init__(self, panel: Panel, ui: Any) -> None:
        self.panel, self.ui = panel, ui
        self._fields = dict(zip(LABELS, (ui.baselineDateLineEdit, ui.followUpDateLineEdit)))
        self._refusals = dict(zip(LABELS, (ui.baselineDateLineEditRefusal, ui.followUpDateLineEditRefusal)))
        ui.saidCheckBox.connect("toggled(bool)", self.onToggled)
        for label, field in self._fields.items():
            field.connect("editingFinished()", lambda label=label: self.onDate(label))
        ui.samePatientCheckBox.connect("clicked(bool)", self.onSamePatient)
        panel.fields.append(self)
        for hidden in (ui.saidFrame, *self._refusals.values()):
            hidden.visible = False

    def onToggled(self, opened: bool) -> None:
        """Show the fields, or hide them; what is hidden holds nothing."""
        self.ui.saidFrame.visible = opened
        if not opened:
            for label, field in self._fields.items():
                field.text = ""
                self.onDate(label)
            self.ui.samePatientCheckBox.checked = False
            if self.panel.case.said.same_patient:
                self.panel.case.said.say_same_patient(False)
            self.panel.exams.refresh()

    def open(self) -> None:
        """Show the fields, because the files did not say enough."""
        self.ui.saidCheckBox.checked = True

    def onDate(self, label: str) -> None:
        """Take a date, or none; what is no date is refused beside the field."""
        text, case = self._fields[label].text.strip(), self.panel.case
        try:
            date = read_date(text) if text else None
        except MarrowQuantError as error:
            held = case.said.date(label)
            holds = _("{date} holds.").format(date=held.isoformat()) if held else _("The date of the files holds.")
            tell(self._refusals[label], f"{said(error)} {holds}")
            return
        tell(self._refusals[label], "")
        if date != case.said.date(label):
            case.said.say_date(label, date)
            self.panel.exams.refresh()

    def finish(self) -> None:
        """A button was pressed while a field still has the focus."""
        for label in LABELS:
            self.onDate(label)

    def onSamePatient(self, checked: bool) -> None:
        """Take the reader's word that both exams are of one patient."""
        self.panel.case.said.say_same_patient(bool(checked))
        self.panel.exams.refresh()

    def bind(self) -> None:
        """Show what the exams were read with."""
        known = self.panel.case.said
        for label, field in self._fields.items():
            date = known.date(label)
            field.text = date.isoformat() if date else ""
            tell(self._refusals[label], "")
        self.ui.samePatientCheckBox.checked = known.same_patient
        anything = known.same_patient or any(known.date(label) for label in LABELS)
        self.ui.saidCheckBox.checked = anything
        self.ui.saidFrame.visible = anything
