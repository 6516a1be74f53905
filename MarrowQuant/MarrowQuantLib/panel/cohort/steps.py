"""The steps of MarrowQuant Cohort that read and write: the table, the report, the model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import qt
from slicer.i18n import tr as _

from ...model import Progress
from ...scene.cohort_case import MODEL_METHODS
from ..language import interfaceLanguage, said
from ..packages import ensurePackage, offerAll
from ..tablewidget import number
from .step import CohortStep

if TYPE_CHECKING:
    from .panel import CohortPanel

DOCUMENT_PACKAGES = ("statsmodels", "fpdf", "matplotlib_fontja", "openpyxl", "docx")
"""What a whole document has more with: the smooth calibration, PDF with its fonts, Excel, Word."""


class DataStep(CohortStep):
    """Choose the results or a table, and read them."""

    def __init__(self, panel: CohortPanel, ui: Any) -> None:
        super().__init__(panel, ui, ui.dataSection, ui.dataMessage)
        ui.sourcePathLineEdit.connect("currentPathChanged(QString)", panel.changer("source", forget=False))
        ui.outcomesPathLineEdit.connect("currentPathChanged(QString)", panel.changer("outcomesTable", forget=False))
        ui.longTableCheckBox.connect("toggled(bool)", panel.changer("longTable", forget=False))
        ui.readButton.connect("clicked()", self.onRead)

    def bind(self, parameterNode: Any) -> None:
        """Show the paths that the parameters hold."""
        self.ui.sourcePathLineEdit.currentPath = parameterNode.source
        self.ui.outcomesPathLineEdit.currentPath = parameterNode.outcomesTable
        self.ui.longTableCheckBox.checked = parameterNode.longTable

    def onRead(self) -> None:
        """Read the cohort."""
        long = self.panel.parameterNode.longTable
        self.panel.run(lambda progress: self.case.read(self.panel.path("source"), self.panel.path("outcomesTable"), long))

    def missing(self) -> str:
        """That nothing was read yet."""
        if self.case.cohort is not None:
            return ""
        return _("Press Read.") if self.panel.path("source") else _("Choose the folder with the results of the cases, or a table (CSV).")

    def note(self) -> str:
        """How much was read, and what is odd about it."""
        cohort = self.case.cohort
        read = _("{rows} rows and {columns} columns were read from {name}.")
        return "\n".join([read.format(rows=len(cohort), columns=len(cohort.header), name=cohort.name), *map(said, cohort.findings)])

    def show(self) -> None:
        """Enable reading once a source is given."""
        self.ui.readButton.enabled = self.panel.path("source") is not None
        self.ui.readButton.toolTip = self.missing() or _("Read again.")


class ReportStep(CohortStep):
    """The page with tables and figures into a folder; a model of two groups with its validation."""

    def __init__(self, panel: CohortPanel, ui: Any) -> None:
        super().__init__(panel, ui, ui.reportSection, ui.reportMessage)
        self._written: Any = None
        ui.outputPathLineEdit.connect("currentPathChanged(QString)", panel.changer("outputFolder", forget=False))
        ui.signedCheckBox.connect("toggled(bool)", panel.changer("signed", forget=False))
        ui.reportButton.connect("clicked()", self.onReport)
        ui.openReportButton.connect("clicked()", self.onOpen)

    def bind(self, parameterNode: Any) -> None:
        """Show the folder that the parameters hold."""
        self.ui.outputPathLineEdit.currentPath = parameterNode.outputFolder
        self.ui.signedCheckBox.checked = parameterNode.signed

    def onReport(self) -> None:
        """Write the report."""
        self._written = None
        self.panel.run(self._write)

    def _write(self, progress: Progress) -> None:
        asked, folder, signed = self.panel.asked(), self.panel.path("outputFolder"), self.panel.parameterNode.signed
        self.panel.question.ensurePackages()
        if signed and asked.method in MODEL_METHODS:
            offerAll(DOCUMENT_PACKAGES)
        written = self.case.report(asked, folder, self.panel.parameterNode.bootstraps, progress, interfaceLanguage(), signed)
        self._written = (self.case.cohort, asked, folder, signed, written)

    def onOpen(self) -> None:
        """Open the report in the browser."""
        qt.QDesktopServices.openUrl(qt.QUrl.fromLocalFile(str(self.panel.path("outputFolder") / "cohort.html")))

    def missing(self) -> str:
        """Why no report can be written, or that none was."""
        why = self.panel.whyNot()
        if not why and self.panel.path("outputFolder") is None:
            return _("Choose the folder to write to.")
        return why or ("" if self._isWritten() else _("Press Write report."))

    def _isWritten(self) -> bool:
        now = (self.case.cohort, self.panel.asked(), self.panel.path("outputFolder"), self.panel.parameterNode.signed)
        return self._written is not None and self._written[:4] == now

    def note(self) -> str:
        """Which files were written, and what is to be known about them."""
        written = self._written[4]
        files = _("Written: {files}").format(files=", ".join(path.name for path in written.paths))
        return "\n".join([files, *map(said, written.findings)])

    def show(self) -> None:
        """Enable what can be done now."""
        self.ui.reportButton.enabled = not self.panel.whyNot() and self.panel.path("outputFolder") is not None
        two_groups = self.panel.asked().method in MODEL_METHODS
        self.ui.bootstrapsSpinBox.enabled = self.ui.signedCheckBox.enabled = two_groups
        self.ui.reportButton.toolTip = self.missing() or _("Write again; files of the same names are replaced.")
        self.ui.openReportButton.enabled = self._isWritten()


class ModelStep(CohortStep):
    """A validated model with its card, where MarrowQuant offers it."""

    def __init__(self, panel: CohortPanel, ui: Any) -> None:
        super().__init__(panel, ui, ui.modelSection, ui.modelMessage)
        self._offered = ""
        self._said: Sequence[str] = ()
        ui.modelNameLineEdit.connect("textChanged(QString)", panel.changer("modelName", forget=False))
        ui.fitButton.connect("clicked()", self.onFit)

    def _needs(self) -> str:
        why = self.panel.whyNot()
        if not why and self.panel.asked().method not in MODEL_METHODS:
            return _("For this, choose a logistic regression in step 2.")
        return why

    def bind(self, parameterNode: Any) -> None:
        """Show the name that the parameters hold."""
        self.ui.modelNameLineEdit.text = parameterNode.modelName

    def onFit(self) -> None:
        """Fit, validate and store the model."""
        self.panel.run(self._fit)

    def _fit(self, progress: Progress) -> None:
        name = self.panel.parameterNode.modelName
        validation = self.case.fit_and_offer(self.panel.asked(), name, self.panel.parameterNode.bootstraps, progress)
        text = _("{name} is offered in step 6 of MarrowQuant. AUC {apparent}, corrected {corrected}; calibration slope {slope}.")
        told = text.format(name=name, apparent=number(validation.apparent.auc, 3), corrected=number(validation.corrected.auc, 3),
                           slope=number(validation.corrected.slope, 2))  # fmt: skip
        self._offered, self._said = name, (told, *map(said, validation.findings))

    def missing(self) -> str:
        """Why no model can be made, or that none was."""
        name = self.panel.parameterNode.modelName
        if self._offered and name == self._offered:
            return ""
        return self._needs() or (_("Press Fit and offer.") if name else _("Give the model a name."))

    def note(self) -> str:
        """What was said when the model was stored."""
        return "\n".join(self._said)

    def show(self) -> None:
        """Enable fitting once the model has a name of its own."""
        name = self.panel.parameterNode.modelName
        self.ui.fitButton.enabled = not self._needs() and bool(name) and name != self._offered
        self.ui.fitButton.toolTip = self.missing() or _("Give another name to fit another model.")


class StudyStep(CohortStep):
    """The study on simulated patients, written whole; it needs no cohort."""

    def __init__(self, panel: CohortPanel, ui: Any) -> None:
        super().__init__(panel, ui, ui.studySection, ui.studyMessage)
        self._written: Any = None
        ui.studyPathLineEdit.connect("currentPathChanged(QString)", panel.changer("studyFolder", forget=False))
        ui.studyButton.connect("clicked()", self.onWrite)
        ui.openStudyButton.connect("clicked()", self.onOpen)

    def bind(self, parameterNode: Any) -> None:
        """Show the folder that the parameters hold."""
        self.ui.studyPathLineEdit.currentPath = parameterNode.studyFolder

    def onWrite(self) -> None:
        """Simulate the patients, analyse them, and write the document."""
        self._written = None
        self.panel.run(self._write)

    def _write(self, progress: Progress) -> None:
        folder = self.panel.path("studyFolder")
        ensurePackage("sklearn")
        offerAll(DOCUMENT_PACKAGES)
        self._written = folder, self.case.write_study(folder, progress, interfaceLanguage())

    def onOpen(self) -> None:
        """Open the document in the browser."""
        qt.QDesktopServices.openUrl(qt.QUrl.fromLocalFile(str(self._written[1].paths[0])))

    def _isWritten(self) -> bool:
        return self._written is not None and self._written[0] == self.panel.path("studyFolder")

    def missing(self) -> str:
        """That no folder was chosen, or nothing written yet."""
        if self.panel.path("studyFolder") is None:
            return _("Choose a new or empty folder: 200 simulated patients and the whole study on them are written into it.")
        return "" if self._isWritten() else _("Press Write the study.")

    def note(self) -> str:
        """Which documents were written, and what is to be known about them."""
        written = self._written[1]
        names = [path.name for path in written.paths if path.suffix in {".html", ".pdf", ".xlsx", ".docx"}]
        return "\n".join([_("Written: {files}").format(files=", ".join(names)), *map(said, written.findings)])

    def show(self) -> None:
        """Enable what can be done now."""
        self.ui.studyButton.enabled = self.panel.path("studyFolder") is not None and not self._isWritten()
        self.ui.studyButton.toolTip = self.missing() or _("Choose another folder to write it again.")
        self.ui.openStudyButton.enabled = self._isWritten()
