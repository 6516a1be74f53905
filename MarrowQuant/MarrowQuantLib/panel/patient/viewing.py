"""What the views show while the reader works: one exam at a time, or both side by side, in the layout for what is being done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import slicer
from slicer.i18n import tr as _

from ...scene import display
from ...scene.case.case import LABELS
from . import views
from .layouts import COMPARE, FOLLOW_UP_VIEW, LOAD, SPINE, Layouts

if TYPE_CHECKING:
    from .panel import Panel

VIEWS = dict(zip(LABELS, (("Yellow",), (FOLLOW_UP_VIEW,))))


class Viewing:
    """Follows the exam shown, and the button that shows both.

    Parameters
    ----------
    panel : Panel
    ui : object
        The widgets of ``MarrowQuant.ui`` as attributes.
    """

    def __init__(self, panel: Panel, ui: Any) -> None:
        self.panel, self.ui = panel, ui
        self._layouts = Layouts()
        ui.compareButton.connect("clicked(bool)", self.onCompare)

    def enter(self) -> None:
        self._layouts.enter()

    def exit(self) -> None:
        """The reader's own layout comes back, and no exam is bound to a view any more."""
        self.ui.compareButton.checked = False
        self._layouts.exit()
        self.follow()

    def arrange(self, kind: str) -> None:
        """Show the layout for what is done now; it ends the comparison."""
        self.ui.compareButton.checked = False
        self._layouts.show(kind)
        self.follow()

    def onCompare(self, checked: bool) -> None:
        if not checked:
            self.arrange(SPINE)
            self.showExam()
            return
        self._layouts.show(COMPARE)
        views.showBoth(self.panel.case.exams, VIEWS)
        self.follow()

    @property
    def comparing(self) -> bool:
        return bool(self.ui.compareButton.checked) and slicer.app.layoutManager() is not None

    def showExam(self) -> None:
        """The images of the exam shown, of the kind that the layout is for."""
        exam = self.panel.case.exams.get(self.panel.label)
        if exam is not None and not self.comparing:
            views.showExam(exam, diffusion=self._layouts.kind == LOAD and exam.has_diffusion())

    def follow(self) -> None:
        """Let only the nodes of the exam shown be visible, or those of each in its own view."""
        exams = self.panel.case.exams
        self.ui.compareButton.enabled = len(exams) == len(LABELS)
        both = _("Baseline and follow-up in two linked sagittal views.")
        self.ui.compareButton.toolTip = both if self.ui.compareButton.enabled else _("Comparing needs two exams.")
        if self.comparing and self.ui.compareButton.enabled:
            display.show_each_in(VIEWS)
        elif exams:
            display.show_only(self.panel.label)
