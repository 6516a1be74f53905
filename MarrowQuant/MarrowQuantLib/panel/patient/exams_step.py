"""Step 1: two folders in, the recognised series and their maps out; what the software mistook is corrected in the table."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable

import qt
from slicer.i18n import tr as _

from ...dicom import ReaderMustSay, edits
from ...model import MarrowQuantError, Progress, Relation, Role
from ...model.settings import FAT_SPECTRA
from ...report.strings import Strings
from ...scene.case.choices import READ_FROM
from ...scene.case.reading import AnotherCase
from ...scene.loaded import has_loaded_volumes, volumes_of_another
from ...words.roles import role_word
from ..fields import PathField
from ..language import interfaceLanguage, said, saidLines
from ..step import Step
from ..tablewidget import Columns, fillTable
from . import views
from .layouts import SPINE
from .said_part import SaidPart

if TYPE_CHECKING:
    from .panel import Panel

ROLES = tuple(role.value for role in Role)
ROLE_COLUMN, B_COLUMN, SCALE_COLUMN = 1, 2, 3
USED_COLUMN, WHY_COLUMN = 7, 9
CHANGED_MARK = "✎ "

Row = Mapping[str, Any]


class ExamsStep(Step):
    """Choose the folders, read them, and show what the software thinks each series is.

    Role, b-value and scale can be changed in the table. A change is kept in the parameter node and holds from the next reading on; until
    then its row and the message below the table say so.
    """

    def __init__(self, panel: Panel, ui: Any) -> None:
        super().__init__(panel, ui, ui.examsSection, ui.examsMessage)
        self._refusal = ""
        self.readFrom: list[Path] = []  # the folders of the exams in the case, as far as they were read here
        self.goneOn: list[Any] = []  # what was done by itself, and what could not be
        self._entries: list[dict[str, Any]] = []  # the reader's changes, as of the last refresh
        absent = _("There is no such folder.")
        self._baseline = PathField(ui.baselinePathLineEdit, ui.baselinePathLineEditRefusal, self.onBaselineChanged, absent)
        self._followUp = PathField(ui.followUpPathLineEdit, ui.followUpPathLineEditRefusal, self.onFollowUpChanged, absent)
        panel.fields += [self._baseline, self._followUp]
        self.said = SaidPart(panel, ui)
        ui.readButton.connect("clicked()", self.onRead)
        ui.seriesTable.connect("cellActivated(int,int)", self.onCellActivated)
        ui.seriesTable.connect("cellChanged(int,int)", self.onCellChanged)
        ui.undoSeriesButton.connect("clicked()", self.onUndo)
        ui.spectrumComboBox.addItems([Strings(interfaceLanguage())(f"spectrum_{name}") for name in FAT_SPECTRA])
        ui.spectrumComboBox.connect("activated(int)", self.onSpectrumChosen)
        always = (0, ROLE_COLUMN, B_COLUMN, USED_COLUMN, WHY_COLUMN)
        self._columns = Columns(ui.seriesTable, ui.seriesColumnsCheckBox, always, WHY_COLUMN)

    def bind(self, parameterNode: Any) -> None:
        """Show the folders that the parameters hold."""
        self._baseline.show(self.case.choices.path("baselineFolder"))
        self._followUp.show(self.case.choices.path("followUpFolder"))
        self.ui.spectrumComboBox.setCurrentIndex(FAT_SPECTRA.index(parameterNode.fatSpectrum))
        self.said.bind()

    def onSpectrumChosen(self, index: int) -> None:
        """Take the fat spectrum; maps that were fitted with another one say so until the exams are read again."""
        if self.panel.parameterNode is not None:
            self.panel.parameterNode.fatSpectrum = FAT_SPECTRA[index]
            self.panel.refresh()

    def forget(self) -> None:
        """What was done by itself, and from which folders, was done for the patient before: no sheet is looked for there any more."""
        self._refusal, self.readFrom, self.goneOn = "", [], []

    def onBaselineChanged(self, path: str) -> None:
        """Take the folder of the baseline."""
        if self.panel.parameterNode is not None:
            self._choose("baselineFolder", path)

    def onFollowUpChanged(self, path: str) -> None:
        """Take the folder of the follow-up."""
        if self.panel.parameterNode is not None:
            self._choose("followUpFolder", path)

    def _choose(self, name: str, path: str) -> None:
        """Take a folder; what was said of another one does not hold for it."""
        before, choices = self.case.choices.path(name), self.case.choices
        choices.choose(name, path)
        if name == READ_FROM[0] and before and path != before and choices.leave_out():
            self.panel.labs.showLeftOut()
            self.panel.export.bind(self.panel.parameterNode)
            self.panel.response.bind(self.panel.parameterNode)
        self.case.said.forget()
        self.said.bind()
        self.refresh()

    def onRead(self, closeOther: bool = False) -> None:
        """Read the folders; if they are of another patient than the open case, ask first what is to become of that."""
        self._refusal = ""
        self.panel.question.close()
        others: list[AnotherCase] = []
        unsaid: list[bool] = []
        hasSheet = self.case.choices.waits("labsPath")

        def read(progress: Progress) -> None:
            try:
                self.case.read(progress, close_other=closeOther, drop_work=closeOther)
            except AnotherCase as error:
                others.append(error)
            except ReaderMustSay:
                unsaid.append(True)
                raise

        if not self.panel.run(read):
            if unsaid:
                self.said.open()
            return
        if others:
            self._ask(others[0])
            return
        self.panel.bind(self.panel.parameterNode)  # closing another case emptied the fields
        self.showRead()
        if any(exam.maps.date is None for exam in self.case.exams.values()) and len(self.case.exams) > 1:
            self.said.open()
        if hasSheet:
            self.panel.labs.readSheet()  # last, so that nothing takes its refusal away

    def showRead(self) -> None:
        """The exams were read: show the maps, go on as far as no decision is needed, and open the step that waits for the reader."""
        self.readFrom, self.goneOn = self._folders(), []
        self.panel.refresh()
        self.panel.viewing.arrange(SPINE)
        views.showExam(self.exam)
        self.ui.vertebraeSection.collapsed = False
        self.panel.goOn()
        if all(exam.vertebrae for exam in self.case.exams.values()):
            self.ui.responseSection.collapsed = False

    def _ask(self, error: AnotherCase) -> None:
        if error.only_volumes:
            told = _("The scene holds volumes of another patient than these folders. Reading them closes the whole scene.")
            self.panel.question.ask(told, [(_("Close the scene, then read"), self._closeAndRead)])
        else:
            self._askWhatToDo(error.relation)

    def _askWhatToDo(self, relation: Relation, more: str = "") -> None:
        closes = _("Reading them closes the open case with the whole scene.")
        if relation is Relation.OTHER:
            told = _("These folders are of another patient than the open case.")
        elif relation is Relation.SAME:
            told = _("These folders are of the same patient, and leave out an exam that you worked on.")
            closes = _("Reading them takes that exam out of the case, with its points and decisions.")
        else:
            told = _("It cannot be told whether these folders are of the same patient as the open case.")
        told = f"{told} {closes} {more}".strip()
        choices = [(_("Save, then read"), lambda: self._saveAndRead(relation)), (_("Discard, then read"), self._closeAndRead)]
        self.panel.question.ask(told, choices)

    def _closeAndRead(self) -> None:
        self.onRead(closeOther=True)

    def _saveAndRead(self, relation: Relation) -> None:
        if self.case.choices.waits("outputFolder") or not self.panel.parameterNode.outputFolder:
            self.ui.exportSection.collapsed = False
            self._askWhatToDo(relation, _("To save the open case, export it into a folder of its own in step 7 first."))
        else:
            self.panel.export.write(then=self._closeAndRead)

    # ------------------------------------------------------------------------------------------------------ changing a series
    def onCellActivated(self, row: int, column: int) -> None:
        """Double click, or Enter: offer the roles in the cell itself. One at a time, so that the mouse wheel changes no other row."""
        series = self._rows()[row]
        if column != ROLE_COLUMN or not edits.can_be_edited(series):
            return
        combo = qt.QComboBox()
        combo.addItems([role_word(role, interfaceLanguage()) for role in ROLES])
        combo.setCurrentIndex(ROLES.index(self._wanted(series)["role"]))
        combo.connect("activated(int)", lambda index: self._edit(series, "role", lambda: ROLES[index]))
        self.ui.seriesTable.setCellWidget(row, ROLE_COLUMN, combo)
        combo.showPopup()

    def onCellChanged(self, row: int, column: int) -> None:
        """Take what the reader knows better of a series."""
        series, text = self._rows()[row], self.ui.seriesTable.item(row, column).text()
        if column == B_COLUMN:
            self._edit(series, "b_value", lambda: edits.b_value_from_text(text))
        elif column == SCALE_COLUMN:
            self._edit(series, "scale", lambda: edits.scale_from_text(text, edits.unit_of(self._wanted(series)["role"])))

    def _edit(self, series: Row, name: str, entered: Callable[[], Any]) -> None:
        """Take what was entered; what is refused changes nothing, and its sentence stands below the table."""
        self._refusal = ""
        try:
            self.case.series_edits.edit(series, name, entered())
        except MarrowQuantError as error:
            self._refusal = said(error)
        self.panel.refresh()

    def onUndo(self) -> None:
        """Take the last edit of a series back."""
        self._refusal = ""
        self.case.series_edits.undo()
        self.panel.refresh()

    def _rows(self) -> list[Row]:
        return list(self.case.series_rows(self.panel.label))

    def _is_pending(self, series: Row) -> bool:
        """True if what the reader wants differs from what the series was read with."""
        return edits.changes_of(self._entries, series) != series.get("override", {})

    def _wanted(self, series: Row) -> dict[str, Any]:
        """Role, b-value and scale as the reader wants them."""
        read = {"role": series["role"], "b_value": series["b_value"], "scale": series.get("override", {}).get("scale")}
        if not self._is_pending(series):
            return read
        header = {"b_value": None, "scale": None, **series["select"]}
        changes = edits.changes_of(self._entries, series)
        return {name: changes.get(name, header[name]) for name in read}

    # ---------------------------------------------------------------------------------------------------------------- showing
    def missing(self) -> str:
        """That folders are missing or were not read, or not with the last edits."""
        if not self.case.exams:
            if not self._folders() and has_loaded_volumes():
                return _("Press Read and measure to take the volumes that the DICOM browser loaded, or choose folders.")
            return _("Press Read and measure.") if self._folders() else _("Choose the folder of the baseline exam.")
        if self.case.has_new_folders() and self._folders():
            return _("You chose other folders. Press Read and measure to read them; until then the exams that were read before are shown.")
        if self.case.said.waits():
            return _("You gave dates or the patient by hand. Press Read and measure to apply it.")
        return self._notApplied()

    def _notApplied(self) -> str:
        """What was chosen since the last reading and holds from the next one on."""
        if self.case.conclusion.other_spectrum():
            return _("You chose another fat spectrum. Press Read and measure to fit the echoes with it.")
        pending = [row for label in self.case.exams for row in self.case.series_rows(label) if self._is_pending(row)]
        for row in pending:
            wanted = self._wanted(row)
            if wanted["role"] == Role.DWI.value and wanted["b_value"] is None:
                return _("Enter the b-value of series {number} too.").format(number=row["series_number"])
        return _("You changed the table. Press Read and measure to apply it.") if pending else ""

    def note(self) -> str:
        """What the maps of the exam say of themselves."""
        if self.exam is None:
            return ""
        others = volumes_of_another([exam.maps.identity for exam in self.case.exams.values()])
        beside = _("The scene holds volumes of another patient. Remove them: nothing can be exported with them.") if others else ""
        told = (*map(said, (*self.goneOn, *self.case.unmeasured)), saidLines((*self.case.findings, *self.exam.maps.findings)))
        return "\n".join(filter(None, (beside, *told)))

    def _folders(self) -> list[Path]:
        return self.case.folders()

    def refresh(self) -> None:
        """Read the edits from the scene, then show the step."""
        try:
            self._entries = self.case.series_edits.entries()
        except MarrowQuantError as error:  # those of an opened scene, changed by hand
            self._entries, self._refusal = [], said(error)
        super().refresh()
        if self._refusal:
            self.message.text = "\n".join(filter(None, ("⚠ " + self._refusal, self.missing())))
            self.message.visible = True

    def show(self) -> None:
        """Fill the table of series."""
        self.ui.readButton.enabled = bool(self._folders()) or has_loaded_volumes()
        self.ui.readButton.toolTip = self.missing() or _("Read both folders again.")
        self.ui.undoSeriesButton.enabled = bool(self._entries or self._refusal)
        table, rows = self.ui.seriesTable, self._rows()
        for row in range(table.rowCount):
            table.removeCellWidget(row, ROLE_COLUMN)
        headers = [
            _("Series"), _("Role"), _("b s/mm²"), _("Scale"), _("Unit"), _("TE ms"), _("Station"), _("Used"), _("Confidence"), _("Why"),
        ]  # fmt: skip
        tips = ["\n".join(map(said, filter(None, [*row["evidence"], row.get("scaling", "")]))) for row in rows]
        fillTable(table, headers, [self._cells(row) for row in rows], tips, (B_COLUMN, SCALE_COLUMN))
        self._columns.show()

    def _cells(self, series: Row) -> list[str]:
        wanted, pending = self._wanted(series), self._is_pending(series)
        changed = pending or series.get("override")
        return [
            f"{CHANGED_MARK if changed else ''}{series['series_number']}",
            role_word(wanted["role"], interfaceLanguage()),
            "" if wanted["b_value"] is None else f"{wanted['b_value']:.10g}",
            "" if wanted["scale"] is None else f"{wanted['scale']:.10g}",
            edits.unit_of(wanted["role"]),
            "" if series["echo_time_s"] is None else f"{1000 * series['echo_time_s']:.2f}",
            "" if series["station"] is None else str(series["station"]),
            _("yes") if series["used"] else "",
            f"{100 * series['confidence']:.0f} %",
            _("changed by you, not read yet") if pending else "; ".join(map(said, series["evidence"])),
        ]
