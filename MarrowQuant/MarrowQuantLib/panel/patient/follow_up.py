"""The follow-up takes over what the baseline has: two buttons below the exam shown, and the table of the lesions of both exams."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from slicer.i18n import tr as _

from ...followup.lesion_rows import LesionRow
from ...results import rows
from ...scene.case.case import FOLLOW_UP, LABELS
from ..language import interfaceLanguage
from ..tablewidget import Columns, fillTable
from . import views

if TYPE_CHECKING:
    from .panel import Panel


class FollowUpPart:
    """Carries the baseline over to the follow-up on one press, and takes it back on another."""

    def __init__(self, panel: Panel, ui: Any) -> None:
        self.panel, self.ui = panel, ui
        ui.carryButton.connect("clicked()", self.onCarry)
        ui.undoCarryButton.connect("clicked()", self.onUndo)
        ui.lesionTable.connect("itemSelectionChanged()", self.onLesionSelected)
        self._columns = Columns(ui.lesionTable, ui.lesionColumnsCheckBox, (0, 1, 2, 3), 2, wraps=True)
        self._rows: list[LesionRow] = []

    def onCarry(self) -> None:
        """Carry the ROIs of the baseline to the follow-up, and show it."""
        if self.panel.run(self.panel.case.follow_up.carry_over):
            self.ui.examComboBox.setCurrentIndex(LABELS.index(FOLLOW_UP))
            self.panel.onExamChosen(LABELS.index(FOLLOW_UP))

    def onUndo(self) -> None:
        """Put the ROIs back that were there before carrying over."""
        self.panel.run(lambda progress: self.panel.case.follow_up.undo())

    def onLesionSelected(self) -> None:
        """Jump to the largest piece of the lesion in the exam shown; one that is not in that exam is left alone."""
        row, exam = self.ui.lesionTable.currentRow(), self.panel.case.exams.get(self.panel.label)
        if exam is None or exam.burden is None or not 0 <= row < len(self._rows):
            return
        change = self._rows[row].change
        names = change.names_after if self.panel.label == FOLLOW_UP else change.names_before
        pieces = [component for component in exam.burden.components if component.lesion_id in names]
        if pieces:
            views.jumpTo(max(pieces, key=lambda piece: piece.volume_ml).centroid_ras)

    def show(self) -> None:
        """Bring the buttons and the table up to date."""
        follow_up = self.panel.case.follow_up
        possible = not follow_up.missing()
        self.ui.carryButton.enabled = possible and not self.panel.busy
        self.ui.carryButton.toolTip = self._tip(possible)
        self.ui.undoCarryButton.enabled = follow_up.can_undo() and not self.panel.busy
        self._rows = follow_up.rows()
        self.ui.lesionTable.visible = bool(self._rows)
        language, table = interfaceLanguage(), rows.lesions(self._rows)
        words, numbers, rest = ("name", "kind", "region"), ("volume", "diameter", "adc", "ff"), ("rac",)
        cells = [
            [*(row[key].text(language) for key in words), *(rows.both(row, key, language) for key in numbers), row["rac"].text()]
            for row in table.rows
        ]
        headers = [column.head(language, narrow=True) for column in table.chosen(*words, *numbers, *rest)]
        fillTable(self.ui.lesionTable, headers, cells, [row["why"].text(language) for row in table.rows])
        self._columns.show()

    def _tip(self, possible: bool) -> str:
        if self.panel.case.follow_up.can_undo():
            return _("Carry over again; what the follow-up holds is replaced.")
        if possible:
            return _("Take the ROIs, levels and exclusions of the baseline over to the follow-up, and match the lesions of both exams.")
        if len(self.panel.case.exams) < len(LABELS):
            return _("Carrying needs two exams.")
        return _("Mark the vertebrae of the baseline or propose its tumour burden first.")
