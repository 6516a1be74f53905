"""What the views show while the reader works: one exam at a time, or both side by side, in the layout for what is being done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import slicer
from slicer.i18n import tr as _

from ...scene import display
from ...scene.case.case import LABELS
from . import views
from .layouts import COMPARE, FOLLOW_UP_VIEW, LOAD, RESPONSE, SPINE, Layouts

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
        ui.boneWindowButton.connect("clicked()", self.onBoneWindow)

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

    def suit(self, section: Any) -> None:
        """A step was opened: step 6 has its charts; from there, the steps before it get their images back."""
        case = self.panel.case
        if slicer.app.layoutManager() is None or self.comparing:
            return
        if section is self.ui.responseSection and case.is_measured():
            self.arrange(RESPONSE)
            views.showChart(case.change_chart())
        elif self._layouts.kind == RESPONSE and section in (self.ui.vertebraeSection, self.ui.burdenSection):
            self.arrange(SPINE if section is self.ui.vertebraeSection else LOAD)
            self.showExam()

    def onBoneWindow(self) -> None:
        """Show the image that bone is read on, with the marrow of the marked vertebrae in the middle of the greys."""
        exam = self.panel.case.exams[self.panel.label]
        self.panel.attempt(lambda: views.showBone(exam))

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
            views.showExam(exam, diffusion=self._layouts.kind == LOAD and exam.load.has_diffusion())

    def follow(self) -> None:
        """Let only the nodes of the exam shown be visible, or those of each in its own view."""
        exams = self.panel.case.exams
        self.ui.compareButton.enabled = len(exams) == len(LABELS)
        both = _("Baseline and follow-up in two linked sagittal views.")
        self.ui.compareButton.toolTip = both if self.ui.compareButton.enabled else _("Comparing needs two exams.")
        exam = exams.get(self.panel.label)
        self.ui.boneWindowButton.enabled = exam is not None and exam.rois.has_points()
        bone = _("T1 or in-phase image, with the marrow of the marked vertebrae in the middle of the greys.")
        self.ui.boneWindowButton.toolTip = bone if self.ui.boneWindowButton.enabled else _("Mark a vertebra of the exam shown first.")
        if self.comparing and self.ui.compareButton.enabled:
            display.show_each_in(VIEWS)
        elif exams:
            display.show_only(self.panel.label)
