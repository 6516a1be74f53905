"""Step 2: one point in the centre of each vertebral body."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, Optional

import slicer
from slicer.i18n import tr as _

from ..model import MarrowQuantError, VertebraROI
from ..scene.case import FOLLOW_UP
from ..vertebrae.levels import LEVELS
from . import views
from .step import Step
from .tablewidget import fillTable, number

if TYPE_CHECKING:
    from .panel import Panel

FIRST_LEVELS = LEVELS[LEVELS.index("T8"):]  # what a lumbar field of view can begin with
LAST_LUMBAR = "L5"


class VertebraeStep(Step):
    """Place, name, correct and exclude the points; the ellipsoids around them are shown and measured at once."""

    def __init__(self, panel: Panel, ui: Any) -> None:
        super().__init__(panel, ui, ui.vertebraeSection, ui.vertebraeMessage)
        self._reasons: tuple[Optional[str], ...] = (
            None, "fracture", "haemangioma", "degenerative endplate", "vertebroplasty", "focal lesion", "artefact",
        )
        self._observed: Optional[Any] = None
        ui.firstLevelComboBox.addItems(list(FIRST_LEVELS))
        ui.firstLevelComboBox.setCurrentIndex(FIRST_LEVELS.index("L1"))
        ui.firstLevelComboBox.connect("activated(int)", self.onFirstLevelChosen)
        ui.excludeComboBox.addItems([
            _("in the mean"), _("excluded: fracture"), _("excluded: haemangioma"), _("excluded: degenerative endplate"),
            _("excluded: vertebroplasty"), _("excluded: focal lesion"), _("excluded: artefact"),
        ])
        ui.excludeComboBox.connect("activated(int)", self.onReasonChosen)
        ui.vertebraeTable.connect("itemSelectionChanged()", self.onLevelSelected)
        ui.markupsPlaceWidget.visible = False  # only its place mode is used; the buttons are ours
        ui.markupsPlaceWidget.placeMultipleMarkups = slicer.qSlicerMarkupsPlaceWidget.ForcePlaceMultipleMarkups
        ui.markupsPlaceWidget.connect("activeMarkupsPlaceModeChanged(bool)", self.onPlaceModeChanged)
        ui.placeButton.connect("clicked(bool)", self.onPlace)
        ui.fillButton.connect("clicked()", self.onFill)
        ui.undoPointButton.connect("clicked()", self.onUndo)
        for spinBox in (ui.radiusLRSpinBox, ui.radiusAPSpinBox, ui.radiusCCSpinBox):
            spinBox.connect("editingFinished()", self.onSizeChanged)

    # -------------------------------------------------------------------------------------------------------- placing
    def onPlace(self, checked: bool) -> None:
        if not checked:
            self.stopPlacing()
            return
        views.showExam(self.exam)
        node = self.exam.points()
        self._observe(node)
        self.ui.markupsPlaceWidget.setCurrentNode(node)
        self.ui.markupsPlaceWidget.placeModeEnabled = True

    def stopPlacing(self) -> None:
        self.ui.markupsPlaceWidget.placeModeEnabled = False
        self.ui.placeButton.checked = False

    def onPlaceModeChanged(self, active: bool) -> None:
        self.ui.placeButton.checked = active

    def exit(self) -> None:
        self.stopPlacing()

    def release(self) -> None:
        """The scene is being closed."""
        self.stopPlacing()
        self._observe(None)

    def _observe(self, node: Optional[Any]) -> None:
        """Follow the points of one node, and of no other."""
        if node is self._observed:
            return
        markups = slicer.vtkMRMLMarkupsNode
        events = (
            (markups.PointPositionDefinedEvent, self.onPointDefined),
            (markups.PointEndInteractionEvent, self.onPointsChanged),
            (markups.PointRemovedEvent, self.onPointsChanged),
        )
        for event, callback in events:
            if self._observed is not None:
                self.panel.unobserve(self._observed, event, callback)
            if node is not None:
                self.panel.observe(node, event, callback)
        self._observed = node

    def onPointDefined(self, caller: Any = None, event: Any = None) -> None:
        if self.exam.name_points(self._firstLevel()) == LAST_LUMBAR:
            self.stopPlacing()
        self.onPointsChanged()

    def onPointsChanged(self, caller: Any = None, event: Any = None) -> None:
        """Show and measure the ROIs where they are now; while a longer task rewrites the points it measures them itself."""
        if self.panel.busy:
            return
        if self.panel.parameterNode is not None and self.exam is not None:
            self.panel.attempt(self.exam.measure)
            self.panel.refresh()

    def _rewrite(self, function: Callable[[], None]) -> None:
        """Call what replaces all points, and measure once after it instead of after each point."""
        self._observe(None)
        if self.panel.attempt(function):
            self.onPointsChanged()
        else:
            self.refresh()

    def onFill(self) -> None:
        self._rewrite(self.exam.fill_between)

    def onSizeChanged(self) -> None:
        if self._rois():
            self._rewrite(self.exam.resize_rois)

    def onUndo(self) -> None:
        self.exam.remove_last_point()

    # ------------------------------------------------------------------------------------------------ naming, excluding
    def _firstLevel(self) -> str:
        return FIRST_LEVELS[self.ui.firstLevelComboBox.currentIndex]

    def onFirstLevelChosen(self, index: int) -> None:
        if self._rois():
            self._rewrite(lambda: self.exam.rename_from(FIRST_LEVELS[index]))

    def onLevelSelected(self) -> None:
        roi = self._selected()
        self.ui.excludeComboBox.enabled = roi is not None
        if roi is not None:
            reason = roi.excluded if roi.excluded in self._reasons else None
            self.ui.excludeComboBox.setCurrentIndex(self._reasons.index(reason))
            views.jumpTo(roi.center_ras)

    def onReasonChosen(self, index: int) -> None:
        roi = self._selected()
        if roi is not None:
            self._rewrite(lambda: self.exam.exclude(roi.level, self._reasons[index]))

    def _selected(self) -> Optional[VertebraROI]:
        rois = self._rois()
        row = self.ui.vertebraeTable.currentRow()
        return rois[row] if 0 <= row < len(rois) else None

    # -------------------------------------------------------------------------------------------------------- showing
    def _rois(self) -> list[VertebraROI]:
        """The ROIs of the exam shown; none while its points cannot be read as levels (the footer then says why)."""
        try:
            return self.exam.rois() if self.exam else []
        except MarrowQuantError:
            return []

    def missing(self) -> str:
        if not self.case.exams:
            return _("Read the exams first.")
        names = {"baseline": _("baseline"), "follow-up": _("follow-up")}
        without = [names[label] for label, exam in self.case.exams.items() if not exam.has_points()]
        if without:
            return _("No vertebra is marked yet in: {exams}. Press Place and click into the vertebral bodies.").format(
                exams=", ".join(without))
        return ""

    def note(self) -> str:
        return "\n".join(self.case.follow_up.notes) if self.panel.label == FOLLOW_UP else ""

    def show(self) -> None:
        exam = self.exam
        self._observe(exam.points_node if exam else None)
        rois = self._rois()
        self.ui.placeButton.enabled = exam is not None
        self.ui.fillButton.enabled = len(rois) >= 2
        self.ui.undoPointButton.enabled = bool(rois)
        self.ui.excludeComboBox.enabled = self._selected() is not None
        measured = {v.roi.level: v.measurements for v in exam.vertebrae} if exam else {}
        rows = []
        for roi in rois:
            fatFraction = measured.get(roi.level, {}).get("ff")
            place = " ".join(number(x, 0) for x in roi.center_ras)
            rows.append([roi.level, number(fatFraction.value) if fatFraction else "", place, roi.excluded or "", self._carried(roi)])
        fillTable(self.ui.vertebraeTable, [_("Level"), _("FF %"), _("RAS mm"), _("Excluded"), _("Carried")], rows)

    def _carried(self, roi: VertebraROI) -> str:
        """How sure the place of an ROI is that was carried from the baseline; empty for one that the reader placed or moved."""
        confidence = self.case.follow_up.confidence(roi) if self.panel.label == FOLLOW_UP else None
        return "" if confidence is None else f"{100 * confidence:.0f} %"
