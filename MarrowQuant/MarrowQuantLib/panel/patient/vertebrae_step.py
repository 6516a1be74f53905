"""Step 2: an ROI in each vertebral body, from clicks or from another tool's segmentation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, Optional

import qt
import slicer
from slicer.i18n import tr as _

from ...model import MarrowQuantError, Settings, VertebraROI
from ...results.rows import cell_of
from ...scene.case.case import FOLLOW_UP
from ...vertebrae.levels import LEVELS, is_counted, levels_between
from ...vertebrae.places import PLACES, said_place
from ...vertebrae.roi import DISC_RADIUS_MM
from ..language import interfaceLanguage, said, saidLines
from ..step import Step
from ..tablewidget import fillTable, number
from . import views
from .layouts import SPINE
from .placing import Placing
from .selector import NodeChoice

if TYPE_CHECKING:
    from .panel import Panel

_TOLD_HERE = ("hand.points_deleted", "hand.outlines", "hand.map_deleted", "hand.map_moved")
LAST_LUMBAR = "L5"
LEVEL_COLUMN = 0
CHOICES = (("ellipsoid", False), ("cylinder", False), ("cylinder", True), ("box", False))  # shape of the ROIs, and whether it is a disc


class VertebraeStep(Step):
    """Place, take over, name, correct and exclude the ROIs; they are shown and measured at once, and every change can be taken back."""

    def __init__(self, panel: Panel, ui: Any) -> None:
        super().__init__(panel, ui, ui.vertebraeSection, ui.vertebraeMessage)
        self._reasons: tuple[Optional[str], ...] = (
            None, "fracture", "haemangioma", "degenerative endplate", "vertebroplasty", "hardware", "focal lesion", "artefact",
        )
        ui.firstLevelComboBox.addItems(list(LEVELS))
        ui.firstLevelComboBox.setCurrentIndex(LEVELS.index("L1"))
        ui.firstLevelComboBox.connect("activated(int)", self.onFirstLevelChosen)
        ui.lastLevelComboBox.addItems(list(LEVELS))
        ui.lastLevelComboBox.setCurrentIndex(LEVELS.index(LAST_LUMBAR))
        self._isPair = False  # the two points are the first and the last level chosen
        self._told = ""  # why a click or a name was refused, or what to do next
        self._clickTimer = qt.QTimer()  # points are rewritten once Slicer has finished with the click
        self._clickTimer.setSingleShot(True)
        self._clickTimer.setInterval(0)
        self._clickTimer.connect("timeout()", self.onClickDone)
        ui.excludeComboBox.addItems([
            _("in the mean"), _("excluded: fracture"), _("excluded: haemangioma"), _("excluded: degenerative endplate"),
            _("excluded: vertebroplasty"), _("excluded: hardware"), _("excluded: focal lesion"), _("excluded: artefact"),
        ])
        ui.excludeComboBox.connect("activated(int)", self.onReasonChosen)
        ui.regionComboBox.addItems([
            _("vertebra"), _("right posterior iliac crest"), _("left posterior iliac crest"), _("right iliac wing"), _("left iliac wing"),
            _("right sacral ala"), _("left sacral ala"), _("right acetabulum"), _("left acetabulum"), _("right proximal femur"),
            _("left proximal femur"),
        ])
        ui.regionComboBox.connect("activated(int)", self.onRegionChosen)
        ui.vertebraeTable.connect("itemSelectionChanged()", self.onLevelSelected)
        ui.vertebraeTable.connect("cellChanged(int,int)", self.onCellChanged)
        self._placing = Placing(panel, ui.markupsPlaceWidget, ui.placeButton, self.onPointDefined, self.onPointsChanged)
        ui.markupsPlaceWidget.placeMultipleMarkups = slicer.qSlicerMarkupsPlaceWidget.ForcePlaceMultipleMarkups
        ui.placeButton.connect("clicked(bool)", self.onPlace)
        ui.fillButton.connect("clicked()", self.onFill)
        ui.findButton.connect("clicked()", self.onFind)
        ui.undoPointButton.connect("clicked()", self.onUndo)
        ui.redoPointButton.connect("clicked()", self.onRedo)
        ui.takeOverButton.connect("clicked()", self.onTakeOver)
        self._source: Optional[str] = None  # ID of the segmentation that the reader chose to take over
        self._sources = NodeChoice(ui.segmentationComboBox, self.onSegmentationChosen, panel.onNodeEdited)
        ui.refineCheckBox.connect("clicked(bool)", self.onRefineChosen)
        ui.shapeComboBox.addItems([_("ellipsoid"), _("cylinder"), _("disc"), _("box")])
        ui.shapeComboBox.connect("activated(int)", self.onShapeChosen)
        for spinBox in (ui.radiusLRSpinBox, ui.radiusAPSpinBox, ui.radiusCCSpinBox):
            spinBox.connect("editingFinished()", self.onSizeChanged)

    # -------------------------------------------------------------------------------------------------------- placing
    def onPlace(self, checked: bool) -> None:
        """Start or end placing vertebral points."""
        if not checked:
            self._placing.stop()
            return
        self.panel.viewing.arrange(SPINE)
        views.showExam(self.exam)
        self.exam.rois.settle_names()
        self._placing.start(self.exam.rois.points())

    def stopPlacing(self) -> None:
        """End placing vertebral points."""
        self._placing.stop()

    def exit(self) -> None:
        """End placing."""
        self.stopPlacing()

    def cleanup(self) -> None:
        self._placing.cleanup()

    def forget(self) -> None:
        """What was said of clicks, and the segmentation that was chosen, were the other patient's."""
        self._clickTimer.stop()
        self._told, self._isPair, self._source = "", False, None

    def release(self) -> None:
        """The scene is being closed."""
        self._placing.release()

    def onPointDefined(self, caller: Any = None, event: Any = None) -> None:
        """A click: name the points anew, or take it back alone, once Slicer has finished with it."""
        self._told = ""
        levels: list[str] = []
        if not self.panel.attempt(lambda: levels.extend(self.exam.rois.name_points(self._firstLevel(), self._lastLevel()))):
            self._told = self.ui.statusLabel.text
            self._clickTimer.start()
            return
        if len(levels) > 1 and levels[-1] == self._lastLevel():
            self._placing.stop()
        self.onPointsChanged()
        if len(levels_between(levels[0], levels[-1]) if len(levels) > 1 else levels) > len(levels):
            self._told = _("{levels}: press Find bodies between for the levels that are missing. A level is renamed in the table.").format(
                levels=", ".join(levels))
            self._isPair = len(levels) == 2 and levels[-1] == self._lastLevel()
            self._clickTimer.start()
            self.refresh()

    def onClickDone(self) -> None:
        """Take back a click that was refused; after the first and the last level, find the bodies between them."""
        pair, self._isPair = self._isPair, False
        if self.exam is None:
            return
        self.exam.rois.take_back_clicks()
        if pair:
            self.onFill()

    def onPointsChanged(self, caller: Any = None, event: Any = None) -> None:
        """Show and measure the ROIs where they are now; while a longer task rewrites the points it measures them itself."""
        if self.panel.busy:
            return
        if self.panel.parameterNode is not None and self.exam is not None:
            self.panel.attempt(self.exam.measure)
            self.panel.refresh()

    def _rewrite(self, function: Callable[[], None]) -> None:
        """Call what replaces all points, and measure once after it instead of after each point."""
        self._told = ""
        self._placing.follow(None)
        if self.panel.attempt(function):
            self.onPointsChanged()
        else:
            self.refresh()

    def onFill(self) -> None:
        """Find the bodies between the first and the last point."""
        self._rewrite(self.exam.rois.fill_between)
        self.panel.goOn()

    def onFind(self) -> None:
        """Find all bodies in view, counted from the one point that is there, else from the sacrum."""
        exam = self.exam
        if exam is not None:
            self._rewrite(exam.rois.find_vertebrae)
            self.panel.goOn()

    def onSizeChanged(self) -> None:
        """Give the ROIs the size and shape that was chosen."""
        if self._rois():
            self._rewrite(self.exam.rois.resize)

    def onShapeChosen(self, index: int) -> None:
        """A disc is a flat cylinder; another shape gets its height back."""
        parameters, (shape, is_disc) = self.panel.parameterNode, CHOICES[index]
        if parameters is None:
            return
        parameters.roiShape = shape
        if is_disc != (parameters.roiRadiusCC <= DISC_RADIUS_MM):
            parameters.roiRadiusCC = DISC_RADIUS_MM if is_disc else Settings.roi_radii_mm[2]
        self.onSizeChanged()

    def onSegmentationChosen(self, node: Any) -> None:
        """Remember the segmentation to take over."""
        self._source = None if node is None else node.GetID()
        self.showSource()

    def showSource(self) -> None:
        """The segmentation that the reader chose, as long as it is there."""
        segmentation = slicer.mrmlScene.GetNodeByID(self._source) if self._source else None
        self._sources.show(segmentation)
        self.ui.takeOverButton.enabled = self.exam is not None and segmentation is not None

    def onTakeOver(self) -> None:
        """Make ROIs of another tool's segmentation."""
        segmentation = slicer.mrmlScene.GetNodeByID(self._source)
        self._rewrite(lambda: self.exam.rois.take_over(segmentation))

    def onRefineChosen(self, checked: bool) -> None:
        """Measure again with ROIs refined, or left in place."""
        if self._rois():
            self.onPointsChanged()

    def onUndo(self) -> None:
        """Take the last change of the points back."""
        self._rewrite(self.exam.rois.undo)

    def onRedo(self) -> None:
        """Make the change again that was taken back."""
        self._rewrite(self.exam.rois.redo)

    # ------------------------------------------------------------------------------------------------ naming, excluding
    def _firstLevel(self) -> str:
        return LEVELS[self.ui.firstLevelComboBox.currentIndex]

    def _lastLevel(self) -> str:
        return LEVELS[self.ui.lastLevelComboBox.currentIndex]

    def onCellChanged(self, row: int, column: int) -> None:
        """The reader renamed a level in the table."""
        rois = self._rois()
        if column == LEVEL_COLUMN and row < len(rois):
            text, self._told = self.ui.vertebraeTable.item(row, column).text(), ""
            if not self.panel.attempt(lambda: self.exam.rois.rename_point(rois[row].level, text)):
                self._told = self.ui.statusLabel.text
                self.refresh()
            else:
                self.onPointsChanged()

    def onFirstLevelChosen(self, index: int) -> None:
        """Name the points anew from this level on."""
        if self._rois():
            self._rewrite(lambda: self.exam.rois.rename_from(LEVELS[index]))

    def onLevelSelected(self) -> None:
        """Show the selected vertebra in the views."""
        roi = self._showReason()
        if roi is not None:
            views.jumpTo(roi.center_ras)

    def _showReason(self) -> Optional[VertebraROI]:
        """Bring the list of reasons to the selected level, which is returned."""
        roi = self._selected()
        self.ui.excludeComboBox.enabled = self.ui.regionComboBox.enabled = roi is not None
        self.ui.regionComboBox.setCurrentIndex(1 + PLACES.index(roi.level) if roi is not None and roi.level in PLACES else 0)
        if roi is not None:
            reason = roi.excluded if roi.excluded in self._reasons else None
            self.ui.excludeComboBox.setCurrentIndex(self._reasons.index(reason))
        return roi

    def onReasonChosen(self, index: int) -> None:
        """Exclude the selected vertebra for this reason, or take it in again."""
        roi = self._selected()
        if roi is not None:
            self._rewrite(lambda: self.exam.rois.exclude(roi.level, self._reasons[index]))

    def onRegionChosen(self, index: int) -> None:
        """The selected point lies in this region of the pelvis: name it so, and fit its ROI to the bone."""
        roi, exam = self._selected(), self.exam
        if roi is not None and exam is not None and index:
            self._rewrite(lambda: exam.rois.rename_point(roi.level, PLACES[index - 1]))

    def _selected(self) -> Optional[VertebraROI]:
        rois = self._rois()
        row = self.ui.vertebraeTable.currentRow()
        return rois[row] if 0 <= row < len(rois) else None

    # -------------------------------------------------------------------------------------------------------- showing
    def _rois(self) -> list[VertebraROI]:
        """The ROIs of the exam shown; none while its points cannot be read as levels (the footer then says why)."""
        try:
            return self.exam.rois.now() if self.exam else []
        except MarrowQuantError:
            return []

    def missing(self) -> str:
        """That exams or points are missing."""
        if not self.case.exams:
            return _("Read the exams first.")
        names = {"baseline": _("baseline"), "follow-up": _("follow-up")}
        without = [names[label] for label, exam in self.case.exams.items() if not exam.rois.has_points()]
        if without:
            return _("No vertebra is marked yet in: {exams}. Place points in the vertebral bodies, or take over a segmentation.").format(
                exams=", ".join(without))
        return ""

    def told(self, missing: str) -> str:
        """What is doubtful in one exam is told before the other is placed."""
        return "\n".join(filter(None, (self._told, missing, self.note())))

    def note(self) -> str:
        """What the points and carried ROIs say of themselves."""
        carried = self.case.follow_up.findings if self.panel.label == FOLLOW_UP else ()
        exam = self.exam
        if exam is None:
            return saidLines(carried)
        hand = [told for code, told in exam.hand.items() if code in _TOLD_HERE]
        trouble = ["⚠ " + said(exam.trouble)] if exam.trouble else []
        return "\n".join(filter(None, (*trouble, saidLines((*hand, *carried, *exam.findings)))))

    def show(self) -> None:
        """Fill the table of vertebrae."""
        exam = self.exam
        self._placing.follow(exam.rois.points_node if exam else None)
        rois = self._rois()
        self.ui.placeButton.enabled = exam is not None
        counted = sum(is_counted(roi.level) for roi in rois)
        self.ui.fillButton.enabled = counted >= 2
        self.ui.findButton.enabled = exam is not None and counted <= 1
        self.ui.undoPointButton.enabled = exam is not None and exam.rois.can_undo
        self.ui.redoPointButton.enabled = exam is not None and exam.rois.can_redo
        self.showSource()
        if rois and rois[0].level in LEVELS:
            self.ui.firstLevelComboBox.setCurrentIndex(LEVELS.index(rois[0].level))
        measured = {v.roi.level: v for v in exam.vertebrae} if exam else {}
        rows, tips = [], []
        for roi in rois:
            vertebra = measured.get(roi.level)
            fatFraction = vertebra.measurements.get("ff") if vertebra else None
            findings = vertebra.findings if vertebra else ()
            place = " ".join(number(x, 0) for x in roi.center_ras)
            shown = cell_of("ff", fatFraction).text() if fatFraction else ""
            name = said_place(roi.level, interfaceLanguage())
            rows.append([name, shown, place, roi.excluded or "", self._carried(roi), "⚠" if findings else ""])
            tips.append(saidLines(findings) or _("No warning."))
        headers = [_("Level"), _("FF %"), _("RAS mm"), _("Excluded"), _("Carried"), _("Warnings")]
        fillTable(self.ui.vertebraeTable, headers, rows, tips, (LEVEL_COLUMN,))
        self._showReason()
        parameters = self.panel.parameterNode
        if parameters is not None:
            is_disc = parameters.roiShape == "cylinder" and parameters.roiRadiusCC <= DISC_RADIUS_MM
            self.ui.shapeComboBox.setCurrentIndex(CHOICES.index((parameters.roiShape, is_disc)))

    def _carried(self, roi: VertebraROI) -> str:
        """How sure the place of an ROI is that was carried from the baseline; empty for one that the reader placed or moved."""
        confidence = self.case.follow_up.confidence(roi) if self.panel.label == FOLLOW_UP else None
        return "" if confidence is None else f"{100 * confidence:.0f} %"
