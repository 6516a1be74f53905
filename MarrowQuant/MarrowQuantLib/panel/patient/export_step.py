"""Step 7: the results, the table, the report and the scene into one folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable, Optional

import qt
from slicer.i18n import tr as _

from ...model import Progress, Relation
from ...report.export import ResultsInTheWay
from ...report.shown import Cover
from ..fields import PathField
from ..language import reportLanguage
from ..packages import ensureForDicom
from ..step import Step

if TYPE_CHECKING:
    from .panel import Panel

SHARED_NAME = "scene-share-safe.mrb"
LANGUAGES = ("auto", "en", "ja")  # auto: that of Slicer


class ExportStep(Step):
    """Choose a folder, write, open it."""

    def __init__(self, panel: Panel, ui: Any) -> None:
        super().__init__(panel, ui, ui.exportSection, ui.exportMessage)
        self._written: list[str] = []
        self._shared = False
        self._folder = PathField(ui.outputPathLineEdit, ui.outputPathLineEditRefusal, self.onFolderChanged)
        panel.fields.append(self._folder)
        ui.languageComboBox.addItems([_("that of Slicer"), "English", "日本語"])
        ui.languageComboBox.connect("activated(int)", self.onLanguageChosen)
        ui.exportButton.connect("clicked()", self.onExport)
        ui.shareButton.connect("clicked()", self.onShare)
        ui.dicomButton.connect("clicked()", self.onDicom)
        ui.openFolderButton.connect("clicked()", self.onOpenFolder)

    def bind(self, parameterNode: Any) -> None:
        """Show the folder and the language that the parameters hold."""
        self._written, self._shared = [], False
        self._folder.show(self._chosen())
        self.ui.languageComboBox.setCurrentIndex(LANGUAGES.index(parameterNode.language))

    def onLanguageChosen(self, index: int) -> None:
        """Take the language of what is written."""
        if self.panel.parameterNode is not None:
            self.panel.parameterNode.language = LANGUAGES[index]

    def onFolderChanged(self, path: str) -> None:
        """Take the folder to write to."""
        if self.panel.parameterNode is not None:
            isOfNext = self.case.has_new_folders() and not self.panel.question.is_open  # which asks for it to save the open case
            self.case.choices.choose("outputFolder", path, waits=isOfNext)
            self._written, self._shared = [], False
            self.refresh()

    def _chosen(self) -> str:
        """The folder that is shown."""
        return self.case.choices.path("outputFolder")

    def _ofOpenCase(self, write: Callable[[], Any]) -> None:
        """Write; ask first if the folder was chosen after other exams were, so that it may be meant for those."""
        self.panel.finishFields()
        self.panel.question.close()
        if not self.case.choices.waits("outputFolder"):
            write()
            return

        def writeHere() -> None:
            self.case.choices.choose("outputFolder", self._chosen(), waits=False)
            write()

        told = _("This folder was chosen together with exams that are not read yet. The case that is open is another one.")
        self.panel.question.ask(told, [(_("Write the open case here"), writeHere)])

    def onExport(self) -> None:
        """Write results, tables, report and scene."""
        self._ofOpenCase(self.write)

    def write(self, overwrite: bool = False, then: Optional[Callable[[], Any]] = None) -> None:
        """Export; ask before earlier results are replaced. ``then`` is called when everything is written."""
        self._written = []
        self._askBeforeReplacing(lambda progress: self._write(progress, overwrite), lambda: self.write(True, then), then)

    def _write(self, progress: Progress, overwrite: bool) -> None:
        parameters = self.panel.parameterNode
        written = self.case.output.export(
            Path(self._chosen()), reportLanguage(parameters), progress, overwrite=overwrite, cover=self._cover()
        )
        self._written = [path.name for path in written.values()]

    def onShare(self) -> None:
        """Write a scene without the patient's identity."""
        self._ofOpenCase(self.share)

    def share(self, overwrite: bool = False) -> None:
        """Save the scene without identity; ask before earlier results are replaced."""
        self._shared = False
        self._askBeforeReplacing(lambda progress: self._share(progress, overwrite), lambda: self.share(True))

    def _share(self, progress: Progress, overwrite: bool) -> None:
        progress(0.0, "Saving the scene without identity")
        self.case.output.write_share_safe(Path(self._chosen()) / SHARED_NAME, overwrite=overwrite)
        self._shared = True

    def _askBeforeReplacing(
        self, write: Callable[[Progress], None], replace: Callable[[], None], then: Optional[Callable[[], Any]] = None
    ) -> None:
        self.panel.question.close()
        inTheWay: list[ResultsInTheWay] = []

        def attempt(progress: Progress) -> None:
            try:
                write(progress)
            except ResultsInTheWay as error:
                if error.relation is Relation.OTHER:
                    raise
                inTheWay.append(error)

        if not self.panel.run(attempt):
            return
        if inTheWay:
            told = _("The folder holds results that do not tell whose they are.")
            if inTheWay[0].relation is Relation.SAME:
                told = _("The folder holds earlier results of this patient.")
            elif inTheWay[0].case_is_nameless:
                told = _("The folder holds earlier results. The open case does not tell whose it is, so they may be of another patient.")
            self.panel.question.ask(told, [(_("Replace them"), replace)])
        elif then is not None:
            then()

    def onDicom(self) -> None:
        """Write segmentations, maps, report and PDF as DICOM objects, and enter them in Slicer's DICOM database."""
        self._ofOpenCase(self._exportDicom)

    def _exportDicom(self) -> None:
        if not self.panel.attempt(ensureForDicom):
            return
        parameters, self._written = self.panel.parameterNode, []

        def write(progress: Progress) -> None:
            target = self.case.output.export_dicom(Path(self._chosen()), reportLanguage(parameters), progress, cover=self._cover())
            self._written = [target.name]

        self.panel.run(write)

    def _cover(self) -> Cover:
        """What the reader says of the case and who reads it."""
        return Cover(self.ui.caseLineEdit.text.strip(), self.ui.readerLineEdit.text.strip())

    def forget(self) -> None:
        """The label is the last patient's; the reader stays."""
        self.ui.caseLineEdit.text = ""

    def onOpenFolder(self) -> None:
        """Show the folder in the file manager."""
        qt.QDesktopServices.openUrl(qt.QUrl.fromLocalFile(self._chosen()))

    def missing(self) -> str:
        """That nothing was measured, no folder chosen, or nothing written."""
        if not self.case.is_measured():
            return _("Nothing was measured yet.")
        if not self._chosen():
            return _("Choose the folder to write to.")
        return "" if self._written else _("Press Export.")

    def note(self) -> str:
        """Which files were written."""
        return _("Written: {files}").format(files=", ".join(self._written)) if self._written else ""

    def show(self) -> None:
        """Enable what can be written now."""
        self.ui.exportButton.enabled = self.case.is_measured() and bool(self._chosen())
        self.ui.exportButton.toolTip = self.missing() or _("Write again; files of the same names are replaced.")
        self.ui.dicomButton.enabled = self.ui.exportButton.enabled
        self.ui.shareButton.enabled = bool(self._chosen())
        self.ui.openFolderButton.enabled = bool(self._written) or self._shared
        if self._shared:
            shared = _("Written without identity: {file}").format(file=SHARED_NAME)
            self.message.text = "\n".join(filter(None, (self.message.text, shared)))
            self.message.visible = True
