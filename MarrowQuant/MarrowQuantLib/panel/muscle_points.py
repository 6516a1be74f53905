"""Where a reader corrects the muscle that the tumour load is normalised to: by points on the diffusion image, or back to finding it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Optional

import slicer

from ..scene.muscle import muscle_node, muscle_points
from . import views

if TYPE_CHECKING:
    from ..scene.case_exam import CaseExam
    from .panel import Panel


class MusclePoints:
    """The row "Muscle" of step 4: placing or dragging a point proposes the tumour load of the exam shown anew."""

    def __init__(self, panel: Panel, ui: Any) -> None:
        self.panel, self.ui = panel, ui
        self._observed: Optional[Any] = None
        ui.musclePlaceWidget.visible = False  # only its place mode is used; the buttons are ours
        ui.musclePlaceWidget.placeMultipleMarkups = slicer.qSlicerMarkupsPlaceWidget.ForcePlaceSingleMarkup
        ui.musclePlaceWidget.connect("activeMarkupsPlaceModeChanged(bool)", self.onPlaceModeChanged)
        ui.muscleButton.connect("clicked(bool)", self.onPlace)
        ui.findMuscleButton.connect("clicked()", self.onFind)

    def _exam(self) -> Optional[CaseExam]:
        return self.panel.case.exams.get(self.panel.label)

    def onPlace(self, checked: bool) -> None:
        if not checked:
            self.stopPlacing()
            return
        views.showExam(self._exam(), diffusion=True)
        node = muscle_node(self.panel.label)
        self._observe(node)
        self.ui.musclePlaceWidget.setCurrentNode(node)
        self.ui.musclePlaceWidget.placeModeEnabled = True

    def onPlaceModeChanged(self, active: bool) -> None:
        self.ui.muscleButton.checked = active

    def stopPlacing(self) -> None:
        self.ui.musclePlaceWidget.placeModeEnabled = False
        self.ui.muscleButton.checked = False

    def release(self) -> None:
        """The scene is being closed."""
        self.stopPlacing()
        self._observe(None)

    def _observe(self, node: Optional[Any]) -> None:
        if node is self._observed:
            return
        markups = slicer.vtkMRMLMarkupsNode
        for event in (markups.PointPositionDefinedEvent, markups.PointEndInteractionEvent, markups.PointRemovedEvent):
            if self._observed is not None:
                self.panel.unobserve(self._observed, event, self.onPointsChanged)
            if node is not None:
                self.panel.observe(node, event, self.onPointsChanged)
        self._observed = node

    def onPointsChanged(self, caller: Any = None, event: Any = None) -> None:
        """Normalise to where the points are now."""
        exam = self._exam()
        if exam is not None and not self.panel.busy:
            self.panel.run(lambda progress: exam.follow_muscle())

    def onFind(self) -> None:
        exam = self._exam()
        self._observe(None)
        self.panel.run(lambda progress: exam.find_muscle())

    def show(self) -> None:
        exam = self._exam()
        self.ui.muscleButton.enabled = exam is not None and exam.has_diffusion()
        self.ui.findMuscleButton.enabled = exam is not None and exam.muscle_is_given
        if exam is None or not muscle_points(self.panel.label):
            if not self.ui.muscleButton.checked:
                self._observe(None)
        else:
            self._observe(muscle_node(self.panel.label))
