"""Step 5: laboratory values of both dates, from a sheet or typed, and everything else that a sheet may hold."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Union

import qt
from slicer.i18n import tr as _

from ...followup.normal import FEMALE, MALE, baseline_band
from ...model import KINDS as CASE_KINDS
from ...model import LabNote, MarrowQuantError
from ...report.strings import Strings
from ...response import (
    LAB_TESTS,
    NOTE_KINDS,
    Entry,
    LabTest,
    NoteKind,
    find_test,
    history_of,
    laboratory_findings,
    read_cell,
    read_date,
    read_entry,
)
from ...response.lab_notes import COVARIATE, OTHER
from ...response.lab_tests import is_asked, number_in
from ...scene.case.case import LABELS
from ..fields import PathField
from ..language import interfaceLanguage, said, saidLines, saidWord
from ..packages import ensurePackage
from ..step import Step
from ..tablewidget import WholeHeads, fillTable

if TYPE_CHECKING:
    from .panel import Panel

FIRST_VALUE_COLUMN = 1
UNIT_CHARACTERS = 7
UNIT_COLUMN = FIRST_VALUE_COLUMN + len(LABELS)
KINDS = (*(kind for kind in NOTE_KINDS if kind.group != OTHER), *LAB_TESTS)  # what a further entry can be
SEXES = ("", FEMALE, MALE)


class LabsStep(Step):
    """A table of tests by exam, and below it the entries of other dates: findings, covariates, therapy, values between the exams.

    A cell takes "38" in the unit chosen for the row, or "3.8 g/dL"; an emptied cell removes the value.
    """

    def __init__(self, panel: Panel, ui: Any) -> None:
        super().__init__(panel, ui, ui.labsSection, ui.labsMessage)
        self._unitBoxes: list[Any] = []
        self._given: dict[int, list[str]] = {}  # by row, as the units were last chosen for them
        ui.entryKindComboBox.addItems([self._name(kind) for kind in KINDS])
        ui.sexComboBox.addItems([_("not given"), _("female"), _("male")])
        ui.kindComboBox.addItems([Strings(interfaceLanguage())(f"name_{kind}") for kind in CASE_KINDS])
        ui.kindComboBox.connect("activated(int)", self.onCaseKindChosen)
        ui.ageSpinBox.connect("valueChanged(int)", self.onSubjectChanged)
        ui.sexComboBox.connect("activated(int)", self.onSubjectChanged)
        self._columns = WholeHeads(ui.labsTable)
        self._sheet = PathField(ui.labsPathLineEdit, ui.labsPathLineEditRefusal, self.onPathChanged)
        panel.fields.append(self._sheet)
        ui.labsTable.connect("cellChanged(int,int)", self.onCellChanged)
        ui.entryKindComboBox.connect("currentIndexChanged(int)", self.onKindChosen)
        ui.addEntryButton.connect("clicked()", self.onAdd)
        ui.removeEntryButton.connect("clicked()", self.onRemove)
        self.onKindChosen()

    def bind(self, parameterNode: Any) -> None:
        """Show the sheet, age and sex that the parameters hold."""
        self._sheet.show(self.case.choices.path("labsPath"))  # what an opened scene holds is not read from the file again
        self.ui.ageSpinBox.blockSignals(True)  # it would store the sex that is still shown
        self.ui.ageSpinBox.value = parameterNode.ageYears
        self.ui.ageSpinBox.blockSignals(False)
        self.ui.sexComboBox.setCurrentIndex(SEXES.index(parameterNode.sex))
        self.ui.kindComboBox.setCurrentIndex(CASE_KINDS.index(parameterNode.caseKind))

    def onCaseKindChosen(self, index: int) -> None:
        """Take the kind of case: what is asked for and what is concluded follow it."""
        if self.panel.parameterNode is not None:
            self.panel.parameterNode.caseKind = CASE_KINDS[index]
            self.panel.refresh()

    def forget(self) -> None:
        """The scene is being closed: what was typed and not added yet is of the patient in it."""
        for field in (self.ui.entryDateLineEdit, self.ui.entryNameLineEdit, self.ui.entryValueLineEdit):
            field.text = ""
        self._given = {}
        for test, box in zip(LAB_TESTS, self._unitBoxes):
            box.blockSignals(True)  # nothing is entered
            box.setCurrentIndex(test.units.index(test.unit))
            box.blockSignals(False)

    def showLeftOut(self) -> None:
        """The sheet was chosen for other folders than those that are chosen now."""
        self._sheet.show(self.case.choices.path("labsPath"))
        self._sheet.tell(_("The sheet was chosen together with another folder of the baseline; choose the sheet of this patient."))

    def onSubjectChanged(self, *_value: int) -> None:
        """Take age and sex."""
        if self.panel.parameterNode is not None:
            self.panel.parameterNode.ageYears = self.ui.ageSpinBox.value
            self.panel.parameterNode.sex = SEXES[self.ui.sexComboBox.currentIndex]
            self.panel.refresh()

    def onPathChanged(self, path: str) -> None:
        """Read the sheet that was chosen; one that is refused is not kept as the sheet of the case."""
        if self.panel.parameterNode is None:
            return
        before = self.panel.parameterNode.labsPath
        isOfNext = bool(path) and (self.case.has_new_folders() or not self.case.exams)
        self.case.choices.choose("labsPath", path, waits=isOfNext)
        if isOfNext:
            self._sheet.tell(_("The sheet is read together with the exams: press Read and measure."))
            return
        if not self.readSheet():
            self.panel.parameterNode.labsPath = before

    def readSheet(self) -> bool:
        """Take the sheet of the field over, or say why not; True if nothing was refused."""
        path, refusal = self.panel.parameterNode.labsPath, ""
        self._sheet.tell("")
        if path and not Path(path).is_file():
            refusal = _("There is no such file; the values below hold.")
        elif path and not self.panel.attempt(lambda: self._takeOver(Path(path))):
            refusal = _("This sheet was refused, see the end of the panel; the values below hold.")
        elif not path and self.case.laboratory.history.values:
            self._sheet.tell(_("No sheet is chosen; the values below hold until they are removed."))
        if refusal:
            self._sheet.tell(refusal)
        self.panel.refresh()
        return not refusal

    def _takeOver(self, path: Path) -> None:
        if path.suffix.lower() in (".xlsx", ".xlsm"):
            ensurePackage("openpyxl", "MarrowQuant")
        self.case.laboratory.read(path)

    # --------------------------------------------------------------------------------------------------------- the exams' values
    def onCellChanged(self, row: int, column: int) -> None:
        """Take a value typed into the table."""
        if not FIRST_VALUE_COLUMN <= column < UNIT_COLUMN:
            return
        label, test = LABELS[column - FIRST_VALUE_COLUMN], LAB_TESTS[row]
        text = self.ui.labsTable.item(row, column).text().strip()
        self.panel.attempt(lambda: self._enter(label, test, text, self._unit(row)))
        self.panel.refresh()

    def _enter(self, label: str, test: LabTest, text: str, unit: str) -> None:
        date = self.case.exams[label].maps.date
        if date is None:
            raise MarrowQuantError("This exam has no date, so that no laboratory value can be put beside it; give its date first.")
        self.case.laboratory.enter(label, test.key, read_cell(text, test, date, unit) if text else None)

    def _unit(self, row: int) -> str:
        """The unit in which the row shows and takes values."""
        return LAB_TESTS[row].units[self._unitBoxes[row].currentIndex] if self._unitBoxes else LAB_TESTS[row].unit

    # ----------------------------------------------------------------------------------------------------------- other entries
    def onKindChosen(self, *_index: int) -> None:
        """Show the fields that the kind has, and say what belongs into them."""
        kind, ui = self._kind(), self.ui
        isTest = isinstance(kind, LabTest)
        ui.entryNameLineEdit.visible = not isTest and kind.group == COVARIATE
        ui.entryUnitComboBox.visible = isTest
        ui.entryUnitComboBox.clear()
        ui.entryUnitComboBox.addItems([saidWord(unit) for unit in kind.units] if isTest else [])
        ui.entryValueLineEdit.placeholderText = " / ".join(() if isTest else map(Strings(interfaceLanguage()), kind.values))

    def _kind(self) -> Union[LabTest, NoteKind]:
        return KINDS[max(self.ui.entryKindComboBox.currentIndex, 0)]

    def onAdd(self) -> None:
        """Add the entry that was typed."""
        if self.panel.attempt(self._add):
            self.ui.entryValueLineEdit.text = ""
        self.panel.refresh()

    def _add(self) -> None:
        kind, ui = self._kind(), self.ui
        isTest = isinstance(kind, LabTest)
        name = kind.key if isTest or kind.group != COVARIATE else f"{kind.key} {ui.entryNameLineEdit.text}"
        unit = kind.units[ui.entryUnitComboBox.currentIndex] if isTest else ""
        self.case.laboratory.add(read_entry(name, ui.entryValueLineEdit.text.strip(), unit, read_date(ui.entryDateLineEdit.text)))

    def onRemove(self) -> None:
        """Remove the selected entry."""
        row, entries = self.ui.entriesTable.currentRow(), self.case.laboratory.others()
        if 0 <= row < len(entries):
            self.case.laboratory.remove(entries[row])
            self.panel.refresh()
        else:
            self.panel.tell(_("Select the entry to remove in the table first."))

    # ------------------------------------------------------------------------------------------------------------------ showing
    def missing(self) -> str:
        """That exams or M protein are missing."""
        if not self.case.exams:
            return _("Read the exams first: laboratory values belong to their dates.")
        if self.case.settings().kind == "myeloma" and any("m_protein" not in exam.labs for exam in self.case.exams.values()):
            return _("The response model needs the M protein of both dates. Without it the change table is still made.")
        return ""

    def note(self) -> str:
        """What the sheet and its values say of themselves: also of those that belong to no exam."""
        results = self.case.results()
        if results is None:
            return ""
        told = saidLines(laboratory_findings(history_of(results), results.exams))
        return "\n".join(filter(None, (told, said(baseline_band(results)[1]))))

    def told(self, missing: str) -> str:
        """Both: an M protein may be missing because its year was mistyped, and only the note says so."""
        return "\n".join(filter(None, (missing, self.note())))

    def show(self) -> None:
        """Fill both tables."""
        hasExams, entries = bool(self.case.exams), self.case.laboratory.others()
        self.ui.labsTable.enabled = self.ui.addEntryButton.enabled = hasExams
        self.ui.removeEntryButton.enabled = bool(entries)
        self._showValues()
        rows = [[entry.date.isoformat(), *self._cells(entry)] for entry in entries]
        fillTable(self.ui.entriesTable, [_("Date"), _("Entry"), _("Value")], rows)

    def _showValues(self) -> None:
        rows, tips = [], []
        for n, test in enumerate(LAB_TESTS):
            found = [self.case.exams[label].labs.get(test.key) if label in self.case.exams else None for label in LABELS]
            self._showGivenUnit(n, [value.given for value in found if value])
            rows.append([self._name(test), *("" if value is None else number_in(value, self._unit(n)) for value in found), ""])
            given = "; ".join(f"{value.date.isoformat()}: {value.given}" for value in found if value)
            tips.append(given or _("Accepted units: {units}").format(units=", ".join(map(saidWord, test.units))))
        editable = [FIRST_VALUE_COLUMN + n for n, label in enumerate(LABELS) if label in self.case.exams]
        fillTable(self.ui.labsTable, [_("Test"), *self.panel.examNames().values(), _("Unit")], rows, tips, editable)
        if not self._unitBoxes:
            self._addUnitBoxes()
        self._columns.show()
        kind = self.case.settings().kind
        for n, test in enumerate(LAB_TESTS):
            self.ui.labsTable.setRowHidden(n, not is_asked(test.key, kind) and not any(rows[n][FIRST_VALUE_COLUMN:UNIT_COLUMN]))

    def _showGivenUnit(self, row: int, given: list[str]) -> None:
        """Show new values in the unit that they were entered in; a unit that the reader chose since then stays."""
        if given == self._given.get(row, []):
            return
        self._given[row] = given
        units = LAB_TESTS[row].units
        entered = next((unit for unit in units if given and given[-1].endswith(f" {unit}")), None)
        if entered is not None and self._unitBoxes:
            box = self._unitBoxes[row]
            box.blockSignals(True)  # the table is being filled
            box.setCurrentIndex(units.index(entered))
            box.blockSignals(False)

    def _addUnitBoxes(self) -> None:
        for row, test in enumerate(LAB_TESTS):
            box = qt.QComboBox()
            box.addItems([saidWord(unit) for unit in test.units])
            box.setCurrentIndex(test.units.index(test.unit))
            box.sizeAdjustPolicy, box.minimumContentsLength = qt.QComboBox.AdjustToMinimumContentsLengthWithIcon, UNIT_CHARACTERS
            box.connect("currentIndexChanged(int)", self.onUnitChosen)
            self.ui.labsTable.setCellWidget(row, UNIT_COLUMN, box)
            self._unitBoxes.append(box)

    def onUnitChosen(self, *_index: int) -> None:
        """Show the values in the unit that was chosen."""
        self.refresh()

    def _cells(self, entry: Entry) -> tuple[str, str]:
        if isinstance(entry, LabNote):
            kind = next(kind for kind in NOTE_KINDS if kind.key == entry.kind)
            return f"{self._name(kind)} {entry.name}".strip(), entry.value
        return self._name(find_test(entry.test)), entry.given

    @staticmethod
    def _name(kind: Union[LabTest, NoteKind]) -> str:
        return kind.label_ja if interfaceLanguage() == "ja" else kind.label_en
