"""The panel: seven steps over one case, a footer with progress and Cancel, and nothing modal."""

from __future__ import annotations

import logging
import time
from typing import Any, Callable, Optional

import slicer
from slicer.i18n import tr as _

from ..model import Cancelled, MarrowQuantError, Progress
from ..scene.case import BASELINE, LABELS, Case
from . import views
from .burden_step import BurdenStep
from .exams_step import ExamsStep
from .export_step import ExportStep
from .labs_step import LabsStep
from .quantify_step import QuantifyStep
from .response_step import ResponseStep
from .vertebrae_step import VertebraeStep

SHOW_EVERY_S = 0.05


class Panel:
    """Holds the steps together.

    Parameters
    ----------
    ui : object
        The widgets of ``MarrowQuant.ui`` as attributes.
    case : Case
        The patient in the scene.
    observe : callable
        ``observe(node, event, callback)`` of the module widget, which removes all observers in its ``cleanup``.
    unobserve : callable
        ``unobserve(node, event, callback)``.

    Attributes
    ----------
    busy : bool
        True while something runs that shows progress.
    """

    def __init__(self, ui: Any, case: Case, observe: Callable[..., None], unobserve: Callable[..., None]) -> None:
        self.ui, self.case = ui, case
        self.observe, self.unobserve = observe, unobserve
        self.parameterNode: Optional[Any] = None
        self.busy = self._cancelled = False
        self._shown = 0.0
        self.exams = ExamsStep(self, ui)
        self.vertebrae = VertebraeStep(self, ui)
        self.quantify = QuantifyStep(self, ui)
        self.burden = BurdenStep(self, ui)
        self.labs = LabsStep(self, ui)
        self.response = ResponseStep(self, ui)
        self.export = ExportStep(self, ui)
        self.steps = (self.exams, self.vertebrae, self.quantify, self.burden, self.labs, self.response, self.export)
        self.ui.examComboBox.connect("activated(int)", self.onExamChosen)
        self.ui.cancelButton.connect("clicked()", self.onCancel)
        self._showProgress(False)
        self.ui.statusLabel.visible = False

    @property
    def label(self) -> str:
        """The exam that steps 2 to 4 work on: "baseline" or "follow-up"."""
        index = self.ui.examComboBox.currentIndex
        return LABELS[index] if 0 <= index < len(LABELS) else BASELINE

    def bind(self, parameterNode: Optional[Any]) -> None:
        """Show another parameter node, or none while the scene is closed."""
        self.parameterNode = parameterNode
        self.case.parameters = parameterNode
        if parameterNode is None:
            self.vertebrae.release()
            self.case.clear()
            return
        for step in self.steps:
            step.bind(parameterNode)

    def enter(self) -> None:
        for step in self.steps:
            step.enter()

    def exit(self) -> None:
        for step in self.steps:
            step.exit()

    def cleanup(self) -> None:
        self.burden.cleanup()

    def restore(self) -> None:
        """Take up what an opened scene holds."""
        if self.case.can_restore():
            self.run(self.case.restore)
        else:
            self.refresh()

    def refresh(self) -> None:
        """Bring every widget up to date with the case."""
        if self.parameterNode is None:
            return
        self._showExams()
        for step in self.steps:
            step.refresh()

    def _showExams(self) -> None:
        names = {BASELINE: _("Baseline"), LABELS[1]: _("Follow-up")}
        texts = [f"{names[label]} {self.case.exams[label].maps.date}" if label in self.case.exams else names[label] for label in LABELS]
        combo = self.ui.examComboBox
        if [combo.itemText(i) for i in range(combo.count)] == texts:
            return
        current = max(combo.currentIndex, 0)
        combo.clear()
        combo.addItems(texts)
        combo.setCurrentIndex(current)

    def onExamChosen(self, index: int) -> None:
        self.vertebrae.stopPlacing()
        views.showExam(self.case.exams.get(self.label))
        self.refresh()

    # -------------------------------------------------------------------------------------------------------- running
    def run(self, function: Callable[[Progress], Any]) -> bool:
        """Call ``function(progress)`` with the steps disabled; True if it came to its end.

        An error that the reader can cause is shown as its sentence in the footer. Anything else is a fault of the software: it goes
        through Slicer's error display with its traceback.
        """
        if self.busy:
            return False
        self.busy, self._cancelled = True, False
        self._say("")
        self._showProgress(True)
        finished = False
        try:
            with slicer.util.tryWithErrorDisplay(_("MarrowQuant met an unexpected error."), waitCursor=False):
                finished = self._attempt(function)
            if finished:
                self._say("")
        finally:
            self.busy = False
            self._showProgress(False)
            self.refresh()
        return finished

    def _attempt(self, function: Callable[[Progress], Any]) -> bool:
        try:
            function(self._progress)
        except Cancelled:
            self._say(_("Cancelled. Nothing was left half-done."))
        except MarrowQuantError as error:
            logging.info("MarrowQuant: a step was refused")
            self._say("⚠ " + str(error))
        else:
            return True
        return False

    def attempt(self, function: Callable[[], Any]) -> bool:
        """Call what takes no noticeable time; True if it came to its end, else its sentence is in the footer."""
        self._say("")
        return self._attempt(lambda progress: function())

    def _progress(self, fraction: float, text: str) -> None:
        """Show it, let Qt deliver a click on Cancel, and stop if there was one; at most every 50 ms, as drawing takes time too."""
        now = time.monotonic()
        if now - self._shown < SHOW_EVERY_S and text == self.ui.statusLabel.text:
            return
        self._shown = now
        self.ui.progressBar.value = round(100 * fraction)
        self._say(text)
        slicer.app.processEvents()
        if self._cancelled:
            raise Cancelled

    def onCancel(self) -> None:
        self._cancelled = True

    def _say(self, text: str) -> None:
        self.ui.statusLabel.text = text
        self.ui.statusLabel.visible = bool(text)

    def _showProgress(self, running: bool) -> None:
        self.ui.progressBar.value = 0
        self.ui.progressBar.visible = running
        self.ui.cancelButton.visible = running
        self.ui.stepsWidget.enabled = not running
        self.ui.examComboBox.enabled = not running
