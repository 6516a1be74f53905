"""Where a reader corrects the muscle that the tumour load is normalised to: by points on the diffusion image, or back to finding it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Optional

import slicer

from ...scene.muscle import muscle_node, muscle_points
from . import views
from .layouts import LOAD
from .placing import Placing

if TYPE_CHECKING:
    from ...scene.case.exam import CaseExam
    from .panel import Panel


class MusclePoints:
    """The row "Muscle" of step 4: placing or dragging a point proposes the tumour load of the exam shown anew."""

    def __init__(self, panel: Panel, ui: Any) -> None:
        self.panel, self.ui = panel, ui
        self._placing = Placing(panel, ui.musclePlaceWidget, ui.muscleButton, self.onPointsChanged, self.onPointsChanged)
        ui.musclePlaceWidget.placeMultipleMarkups = slicer.qSlicerMarkupsPlaceWidget.ForcePlaceSingleMarkup
        ui.muscleButton.connect("clicked(bool)", self.onPlace)
        ui.findMuscleButton.connect("clicked()", self.onFind)

    def _exam(self) -> Optional[CaseExam]:
        return self.panel.case.exams.get(self.panel.label)

    def onPlace(self, checked: bool) -> None:
        """Start or end placing points in muscle."""
        if not checked:
            self._placing.stop()
            return
        self.panel.viewing.arrange(LOAD)
        views.showExam(self._exam(), diffusion=True)
        self._placing.start(muscle_node(self.panel.label))

    def stopPlacing(self) -> None:
        """End placing points in muscle."""
        self._placing.stop()

    def cleanup(self) -> None:
        self._placing.cleanup()

    def release(self) -> None:
        """The scene is being closed."""
        self._placing.release()

    def onPointsChanged(self, caller: Any = None, event: Any = None) -> None:
        """Normalise to where the points are now."""
        exam = self._exam()
        if exam is not None and not self.panel.busy:
            self.panel.run(lambda progress: exam.load.follow_muscle())

    def onFind(self) -> None:
        """Find muscle automatically again."""
        exam = self._exam()
        self._placing.follow(None)
        self.panel.run(lambda progress: exam.load.find_muscle())

    def show(self) -> None:
        """Enable what can be done for the exam."""
        exam = self._exam()
        self.ui.muscleButton.enabled = exam is not None and exam.load.has_diffusion()
        self.ui.findMuscleButton.enabled = exam is not None and exam.load.muscle_is_given
        if exam is None or not muscle_points(self.panel.label):
            if not self.ui.muscleButton.checked:
                self._placing.follow(None)
        else:
            self._placing.follow(muscle_node(self.panel.label))
