"""Step 5: laboratory values of both dates, from a sheet or typed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from slicer.i18n import tr as _

from ..response import LAB_TESTS, questions_about
from ..scene.case import LABELS
from .lab_entry import parseEntry
from .language import interfaceLanguage
from .step import Step
from .tablewidget import fillTable

if TYPE_CHECKING:
    from .panel import Panel

FIRST_VALUE_COLUMN = 1


class LabsStep(Step):
    """A table of tests by exam. A cell takes "38" in the usual unit or "3.8 g/dL"; an emptied cell removes the value."""

    def __init__(self, panel: Panel, ui: Any) -> None:
        super().__init__(panel, ui, ui.labsSection, ui.labsMessage)
        ui.labsPathLineEdit.connect("currentPathChanged(QString)", self.onPathChanged)
        ui.labsTable.connect("cellChanged(int,int)", self.onCellChanged)

    def bind(self, parameterNode: Any) -> None:
        self.ui.labsPathLineEdit.blockSignals(True)  # what an opened scene holds is not read from the file again
        self.ui.labsPathLineEdit.currentPath = parameterNode.labsPath
        self.ui.labsPathLineEdit.blockSignals(False)

    def onPathChanged(self, path: str) -> None:
        if self.panel.parameterNode is None:
            return
        self.panel.parameterNode.labsPath = path
        if Path(path).is_file():
            self.panel.attempt(lambda: self.case.read_labs(Path(path)))
        self.panel.refresh()

    def onCellChanged(self, row: int, column: int) -> None:
        label, test = LABELS[column - FIRST_VALUE_COLUMN], LAB_TESTS[row]
        text = self.ui.labsTable.item(row, column).text().strip()
        self.panel.attempt(lambda: self._enter(label, test, text))
        self.panel.refresh()

    def _enter(self, label: str, test: Any, text: str) -> None:
        date = self.case.exams[label].maps.date
        self.case.enter_lab(label, test.key, parseEntry(text, test, date) if text else None)

    def missing(self) -> str:
        if not self.case.exams:
            return _("Read the exams first: laboratory values belong to their dates.")
        if any("m_protein" not in exam.labs for exam in self.case.exams.values()):
            return _("The response model needs the M protein of both dates. Without it the change table is still made.")
        return ""

    def note(self) -> str:
        return "\n".join(questions_about(value for exam in self.case.exams.values() for value in exam.labs.values()))

    def show(self) -> None:
        given = {label: exam.labs for label, exam in self.case.exams.items()}
        self.ui.labsTable.enabled = bool(self.case.exams)
        rows, tips = [], []
        for test in LAB_TESTS:
            cells = [given[label][test.key].given if label in given and test.key in given[label] else "" for label in LABELS]
            rows.append([test.label_ja if interfaceLanguage() == "ja" else test.label_en, *cells])
            tips.append(_("Accepted units: {units}").format(units=", ".join(test.factors)))
        editable = [FIRST_VALUE_COLUMN + n for n, label in enumerate(LABELS) if label in self.case.exams]
        fillTable(self.ui.labsTable, [_("Test"), _("Baseline"), _("Follow-up")], rows, tips, editable)
