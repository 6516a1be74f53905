"""Running what a button asks for: progress and Cancel in the footer, a refusal as its sentence, and nothing modal."""

from __future__ import annotations

import logging
import time
from typing import Any, Callable

import slicer
from slicer.i18n import tr as _

from ..model import Cancelled, MarrowQuantError, Progress
from .language import said

SHOW_EVERY_S = 0.05


class RunningPanel:
    """What the panels of the modules share.

    Parameters
    ----------
    ui : object
        The widgets of the ``.ui`` file as attributes: progressBar, cancelButton, statusLabel, and stepsWidget, which holds all the rest.

    Attributes
    ----------
    busy : bool
        True while something runs that shows progress.
    """

    def __init__(self, ui: Any) -> None:
        self.ui = ui
        self.busy = self._cancelled = False
        self.fields: list[Any] = []  # see fields.py; what was typed is read before a button acts
        self._shown = 0.0
        self.ui.cancelButton.connect("clicked()", self.onCancel)
        self._showProgress(False)
        self.ui.statusLabel.visible = False

    def refresh(self) -> None:
        """Bring every widget up to date."""
        raise NotImplementedError

    def run(self, function: Callable[[Progress], Any]) -> bool:
        """Call ``function(progress)`` with the steps disabled; True if it came to its end.

        An error that the reader can cause is shown as its sentence in the footer. Anything else is a fault of the software: it goes
        through Slicer's error display with its traceback.
        """
        if self.busy:
            return False
        self.finishFields()
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

    def finishFields(self) -> None:
        """Read what was typed in a field that still has the focus: on a Mac, pressing a button takes it from nobody."""
        for field in self.fields:
            field.finish()

    def _attempt(self, function: Callable[[Progress], Any]) -> bool:
        try:
            function(self._progress)
        except Cancelled:
            self._say(_("Cancelled. Nothing was left half-done."))
        except MarrowQuantError as error:
            logging.info("MarrowQuant: a step was refused")
            self._say("⚠ " + said(error))
        except OSError as error:  # a folder or file that cannot be read or written is the reader's matter; its path may name the patient
            logging.info("MarrowQuant: the computer refused a file")
            reason = error.strerror or type(error).__name__
            self._say("⚠ " + _("A file or folder cannot be read or written: {reason}. Choose another place.").format(reason=reason))
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
        """End what runs at its next sign of progress."""
        self._cancelled = True

    def _say(self, text: str) -> None:
        self.ui.statusLabel.text = text
        self.ui.statusLabel.visible = bool(text)

    def _showProgress(self, running: bool) -> None:
        self.ui.progressBar.value = 0
        self.ui.progressBar.visible = running
        self.ui.cancelButton.visible = running
        self.ui.stepsWidget.enabled = not running
