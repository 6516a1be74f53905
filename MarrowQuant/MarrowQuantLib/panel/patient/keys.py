"""Keys for the whole path: Alt with a number opens a step, Alt with Enter presses the main button of the step that is open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import qt
import slicer
from slicer.i18n import tr as _

if TYPE_CHECKING:
    from .panel import Panel


class PathKeys:
    """They act while the module is entered, over a slice view too.

    Parameters
    ----------
    panel : Panel
    ui : object
        The widgets of ``MarrowQuant.ui`` as attributes.
    """

    def __init__(self, panel: Panel, ui: Any) -> None:
        self._panel = panel
        main = (ui.readButton, ui.placeButton, ui.measureButton, ui.proposeButton, ui.addEntryButton, ui.courseButton, ui.exportButton)
        self._buttons = dict(zip(panel.steps, main))
        icons = (
            (ui.readButton, qt.QStyle.SP_DirOpenIcon), (ui.measureButton, qt.QStyle.SP_DialogApplyButton),
            (ui.proposeButton, qt.QStyle.SP_FileDialogContentsView), (ui.exportButton, qt.QStyle.SP_DialogSaveButton),
            (ui.openFolderButton, qt.QStyle.SP_DirIcon), (ui.cancelButton, qt.QStyle.SP_DialogCancelButton),
            (ui.undoPointButton, qt.QStyle.SP_ArrowBack), (ui.redoPointButton, qt.QStyle.SP_ArrowForward),
            (ui.undoDecisionButton, qt.QStyle.SP_ArrowBack), (ui.redoDecisionButton, qt.QStyle.SP_ArrowForward),
        )  # fmt: skip
        for button, icon in icons:
            button.setIcon(button.style().standardIcon(icon))
        keys = [(f"Alt+{number}", lambda step=step: self.onOpen(step)) for number, step in enumerate(panel.steps, 1)]
        self._shortcuts = [self._shortcut(key, slot) for key, slot in (*keys, ("Alt+Return", self.onPress), ("Alt+Enter", self.onPress))]

    def _shortcut(self, key: str, slot: Any) -> Any:
        shortcut = qt.QShortcut(slicer.util.mainWindow() or self._panel.ui.stepsWidget)
        shortcut.setKey(qt.QKeySequence(key))
        shortcut.enabled = False
        shortcut.connect("activated()", slot)
        return shortcut

    def enable(self, on: bool) -> None:
        """Let the keys act, or not."""
        for shortcut in self._shortcuts:
            shortcut.enabled = on

    def cleanup(self) -> None:
        """Take the keys away."""
        for shortcut in self._shortcuts:
            shortcut.setParent(None)
        self._shortcuts = []

    def onOpen(self, step: Any) -> None:
        """Open a step; the one that was open closes."""
        step.section.collapsed = False

    def onPress(self) -> None:
        """Press the main button of the open step, or say why it cannot be pressed."""
        step = next((step for step in self._buttons if not step.section.collapsed), None)
        if step is None:
            self._panel.tell(_("No step is open: open one with Alt and its number."))
        elif not self._panel.busy and self._buttons[step].enabled:
            self._buttons[step].click()
        elif not self._panel.busy:
            self._panel.tell(step.missing() or self._buttons[step].toolTip)
