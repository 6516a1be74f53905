"""Step 1: two folders in, the recognised series and their maps out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from slicer.i18n import tr as _

from . import views
from .step import Step
from .tablewidget import fillTable

if TYPE_CHECKING:
    from .panel import Panel


class ExamsStep(Step):
    """Choose the folders, read them, and show what the software thinks each series is."""

    def __init__(self, panel: Panel, ui: Any) -> None:
        super().__init__(panel, ui, ui.examsSection, ui.examsMessage)
        ui.baselinePathLineEdit.connect("currentPathChanged(QString)", self.onBaselineChanged)
        ui.followUpPathLineEdit.connect("currentPathChanged(QString)", self.onFollowUpChanged)
        ui.readButton.connect("clicked()", self.onRead)

    def bind(self, parameterNode: Any) -> None:
        self.ui.baselinePathLineEdit.currentPath = parameterNode.baselineFolder
        self.ui.followUpPathLineEdit.currentPath = parameterNode.followUpFolder

    def onBaselineChanged(self, path: str) -> None:
        if self.panel.parameterNode is not None:
            self.panel.parameterNode.baselineFolder = path
            self.refresh()

    def onFollowUpChanged(self, path: str) -> None:
        if self.panel.parameterNode is not None:
            self.panel.parameterNode.followUpFolder = path
            self.refresh()

    def onRead(self) -> None:
        if self.panel.run(self.case.read):
            views.showExam(self.exam)
            self.ui.vertebraeSection.collapsed = False

    def missing(self) -> str:
        if self.case.exams:
            return ""
        if not self._folders():
            return _("Choose the folder of the baseline exam.")
        return _("Press Read exams.")

    def note(self) -> str:
        return "\n".join(self.exam.maps.warnings) if self.exam else ""

    def _folders(self) -> list[Path]:
        parameters = self.panel.parameterNode
        return [Path(text) for text in (parameters.baselineFolder, parameters.followUpFolder) if text]

    def show(self) -> None:
        self.ui.readButton.enabled = bool(self._folders())
        self.ui.readButton.toolTip = self.missing() or _("Read both folders again.")
        rows, tips = [], []
        for series in self.case.series_rows(self.panel.label):
            rows.append([
                str(series["series_number"]),
                str(series["role"]),
                "" if series["b_value"] is None else f"{series['b_value']:g}",
                "" if series["echo_time_s"] is None else f"{1000 * series['echo_time_s']:.2f}",
                "" if series["station"] is None else str(series["station"]),
                _("yes") if series["used"] else "",
                f"{100 * series['confidence']:.0f} %",
                "; ".join(series["evidence"]),
            ])
            tips.append("\n".join(series["evidence"]))
        headers = [_("Series"), _("Role"), _("b"), _("TE ms"), _("Station"), _("Used"), _("Confidence"), _("Why")]
        fillTable(self.ui.seriesTable, headers, rows, tips)
