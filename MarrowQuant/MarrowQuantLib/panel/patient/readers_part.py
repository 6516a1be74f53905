"""The tumour load beside that of another reader: a folder, a button, and one line an exam."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from slicer.i18n import tr as _

from ...followup.readers import ReaderPair
from ...model import UNIT_ADC, UNIT_VOLUME
from ...results.formats import number
from ...scene.case.readers import compare_with_reader
from ..fields import PathField

if TYPE_CHECKING:
    from .panel import Panel


class ReadersPart:
    """Compares on request; the answer goes as soon as a load changes. Nothing of the other reader comes into the case."""

    def __init__(self, panel: Panel, ui: Any) -> None:
        self.panel, self.ui = panel, ui
        absent = _("There is no such folder.")
        self._folder = PathField(ui.secondReaderPathLineEdit, ui.secondReaderPathLineEditRefusal, self.onFolderChosen, absent)
        panel.fields.append(self._folder)
        ui.compareReadersButton.connect("clicked()", self.onCompare)
        self._answer: tuple[list[Any], str] = ([], "")  # which loads were compared, and what was found

    def forget(self) -> None:
        """Folder and answer were of the other patient."""
        self._answer = ([], "")
        self._folder.show("")

    def onFolderChosen(self, path: str) -> None:
        """Nothing is known of another folder."""
        self._answer = ([], "")
        self.show()

    def onCompare(self) -> None:
        """Compare with the folder's loads."""
        path, found = self.ui.secondReaderPathLineEdit.currentPath.strip(), {}
        self._answer = ([], "")
        if self.panel.attempt(lambda: found.update(compare_with_reader(self.panel.case, Path(path)))):
            self._answer = (self._loads(), agreementText(found))
        self.show()

    def show(self) -> None:
        """Bring the part up to date."""
        ui, loads = self.ui, self._loads()
        missing = "" if loads else _("Press Propose first.")
        missing = missing or ("" if ui.secondReaderPathLineEdit.currentPath.strip() else _("Choose the folder of the other reader first."))
        ui.compareReadersButton.enabled = not missing and not self.panel.busy
        ui.compareReadersButton.toolTip = missing or _("Compare your tumour load with that of the other reader: Dice, kappa, tDV and ADC.")
        compared, told = self._answer
        ui.readersLabel.text = told if compared == loads else ""
        ui.readersLabel.visible = bool(ui.readersLabel.text)

    def _loads(self) -> list[Any]:
        """What tells the loads of the case from any others of it."""
        loads = [(label, exam.burden) for label, exam in self.panel.case.exams.items() if exam.burden is not None]
        return [(label, load.tdv.value, [(c.label, c.state) for c in load.components]) for label, load in loads]


def agreementText(found: Mapping[str, ReaderPair]) -> str:
    """One line an exam, yours first."""
    names = {"baseline": _("baseline"), "follow-up": _("follow-up")}
    line = _("{exam}: Dice {dice}, kappa {kappa} over {n} components; yours and theirs: tDV {volumes}, ADC {adc}.")
    return "\n".join(
        line.format(
            exam=names.get(label, label), dice=number(pair.dice, digits=2), n=len(pair.decisions),
            kappa=number(pair.kappa, digits=2), volumes=_both(pair.tdv_ml, UNIT_VOLUME), adc=_both(pair.adc, UNIT_ADC),
        )
        for label, pair in found.items()
    )  # fmt: skip


def _both(values: tuple[float, float], unit: str) -> str:
    first, second = (number(value, unit) for value in values)
    return _("{first} and {second} {unit}").format(first=first, second=second, unit=unit)
