"""Step 4: the tumour load on whole-body diffusion, component by component."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Optional

import qt
import slicer
from slicer.i18n import tr as _

from ...model import ACCEPTED, PHYSIOLOGICAL, REJECTED, UNIT_VOLUME, Burden, Component, sentence
from ...results import rows
from ...results.formats import number
from ..language import interfaceLanguage, saidLines
from ..step import Step
from ..tablewidget import Columns, fillTable
from . import views
from .burden_options import MASK_CODES, BurdenOptions
from .layouts import LOAD
from .muscle_points import MusclePoints
from .readers_part import ReadersPart

if TYPE_CHECKING:
    from .panel import Panel

PART_COLUMN = 5  # before the lesion
SCENE_DELAY_MS = 250  # the number follows the slider at once; the segmentation follows when the slider rests


class BurdenStep(Step):
    """Thresholds with a live number, and a list of components that are kept, rejected or called physiological by key."""

    def __init__(self, panel: Panel, ui: Any) -> None:
        super().__init__(panel, ui, ui.burdenSection, ui.burdenMessage)
        ui.proposeButton.connect("clicked()", self.onPropose)
        ui.ratioSlider.connect("valueChanged(double)", self.onThresholdChanged)
        ui.minComponentSlider.connect("valueChanged(double)", self.onThresholdChanged)
        ui.adcRangeWidget.connect("valuesChanged(double,double)", self.onWindowChanged)
        ui.componentTable.connect("itemSelectionChanged()", self.onComponentSelected)
        ui.keepButton.connect("clicked()", self.onKeep)
        ui.rejectButton.connect("clicked()", self.onReject)
        ui.physiologicalButton.connect("clicked()", self.onPhysiological)
        ui.undoDecisionButton.connect("clicked()", self.onUndo)
        ui.redoDecisionButton.connect("clicked()", self.onRedo)
        ui.burdenSection.connect("contentsCollapsed(bool)", self.onCollapsed)
        self._columns = Columns(ui.componentTable, ui.componentColumnsCheckBox, (), 0)
        self._timer = qt.QTimer()
        self._timer.setSingleShot(True)
        self._timer.setInterval(SCENE_DELAY_MS)
        self._timer.connect("timeout()", self.onSliderRests)
        self._entered = False
        self._shownPart = ("", 1)
        self._options = BurdenOptions(panel, ui, self.onThresholdChanged)
        self._muscle = MusclePoints(panel, ui)
        self._readers = ReadersPart(panel, ui)
        keys = (("A", self.onKeep), ("R", self.onReject), ("P", self.onPhysiological), ("U", self.onUndo), ("Shift+U", self.onRedo))
        self._shortcuts = [self._shortcut(key, slot) for key, slot in keys]

    # ------------------------------------------------------------------------------------------------------- shortcuts
    def _shortcut(self, key: str, slot: Any) -> Any:
        shortcut = qt.QShortcut(slicer.util.mainWindow() or self.ui.stepsWidget)
        shortcut.setKey(qt.QKeySequence(key))
        shortcut.enabled = False
        shortcut.connect("activated()", slot)
        return shortcut

    def _enableShortcuts(self) -> None:
        """The keys act only while the module is entered, this section is open and there is something to decide."""
        on = self._entered and not self.ui.burdenSection.collapsed and self._burden() is not None
        for shortcut in self._shortcuts:
            shortcut.enabled = on

    def enter(self) -> None:
        """Let the keys decide while the module is open."""
        self._entered = True
        self._enableShortcuts()

    def stopPlacing(self) -> None:
        """End placing points in muscle."""
        self._muscle.stopPlacing()

    def exit(self) -> None:
        """End placing, and give the keys back."""
        self.stopPlacing()
        self._entered = False
        self._enableShortcuts()

    def onCollapsed(self, collapsed: bool) -> None:
        """The keys decide only while the section is open."""
        self._enableShortcuts()

    def release(self) -> None:
        """The scene is being closed."""
        self._timer.stop()
        self._muscle.release()

    def forget(self) -> None:
        """Another reader's folder was of the other patient."""
        self._readers.forget()

    def cleanup(self) -> None:
        """Stop the timer and take the keys' shortcuts away."""
        self._muscle.cleanup()
        self._timer.stop()
        for shortcut in self._shortcuts:
            shortcut.setParent(None)
        self._shortcuts = []

    # ------------------------------------------------------------------------------------------------------ thresholds
    def bind(self, parameterNode: Any) -> None:
        """Show the ADC window that the parameters hold."""
        self.ui.adcRangeWidget.setValues(parameterNode.tdvAdcLower, parameterNode.tdvAdcUpper)

    def onPropose(self) -> None:
        """Propose the tumour load of all exams."""
        if self.panel.run(self.case.propose_burden):
            self.panel.viewing.arrange(LOAD)
            views.showExam(self.exam, diffusion=True)

    def onWindowChanged(self, lower: float, upper: float) -> None:
        """Take both ends of the ADC window."""
        parameters = self.panel.parameterNode
        if parameters is not None and lower < upper:
            parameters.tdvAdcLower, parameters.tdvAdcUpper = lower, upper
            self.onThresholdChanged(lower)

    def onThresholdChanged(self, value: float) -> None:
        """Answer the slider with the number at once."""
        parameters = self.panel.parameterNode
        if parameters is None or self._burden() is None:
            return
        parameters.tdvSignalRatio = self.ui.ratioSlider.value
        parameters.minComponentMl = self.ui.minComponentSlider.value
        if self.panel.attempt(self.exam.load.update):
            self._showTotal()
            self._timer.start()

    def onSliderRests(self) -> None:
        """Update the loads once the slider rests."""
        self.panel.attempt(self.case.update_burdens)
        self.panel.refresh()

    # ------------------------------------------------------------------------------------------------------- decisions
    def onKeep(self) -> None:
        """Accept the selected component."""
        self._decide(ACCEPTED)

    def onReject(self) -> None:
        """Reject the selected component."""
        self._decide(REJECTED)

    def onPhysiological(self) -> None:
        """Call the selected component physiological."""
        self._decide(PHYSIOLOGICAL)

    def _decide(self, state: str) -> None:
        selected = self._selected()
        if selected is None:
            return
        part, component = selected
        row = self.ui.componentTable.currentRow()
        self.exam.load.decide(component, state, part)
        self._timer.start()
        self.refresh()
        if row + 1 < self.ui.componentTable.rowCount:
            self.ui.componentTable.selectRow(row + 1)

    def onUndo(self) -> None:
        """Take the last decision back."""
        if self.exam is not None and self.exam.load.decisions:
            self.exam.load.undo_decision()
            self._timer.start()
            self.refresh()

    def onRedo(self) -> None:
        """Make the decision again that was taken back last."""
        if self.exam is not None and self.exam.load.can_redo_decision:
            self.exam.load.redo_decision()
            self._timer.start()
            self.refresh()

    def onComponentSelected(self) -> None:
        """Show the selected component in the views."""
        selected = self._selected()
        if selected is not None:
            part, component = selected
            self._showPart(part)
            views.jumpTo(component.centroid_ras)
        self._enableButtons()

    def _showPart(self, part: int) -> None:
        """Stations that are kept apart have images of their own: show those that the component lies in."""
        label, shown = self._shownPart
        if part != (shown if label == self.exam.label else 1):
            views.showExam(self.exam, diffusion=True, part=part)
        self._shownPart = (self.exam.label, part)

    def _selected(self) -> Optional[tuple[int, Component]]:
        """Number of the part, and the component, of the selected row."""
        components = self.exam.load.components() if self.exam else []
        row = self.ui.componentTable.currentRow()
        return components[row] if 0 <= row < len(components) else None

    # --------------------------------------------------------------------------------------------------------- showing
    def _burden(self) -> Optional[Burden]:
        return self.exam.burden if self.exam else None

    def missing(self) -> str:
        """That exams, diffusion or the proposal are missing."""
        if not self.case.exams:
            return _("Read the exams first.")
        with_diffusion = [exam for exam in self.case.exams.values() if exam.load.has_diffusion()]
        if not with_diffusion:
            return _("No exam has diffusion images with two or more b-values: the tumour burden is skipped.")
        if any(exam.burden is None for exam in with_diffusion):
            return _("Press Propose.")
        return ""

    def note(self) -> str:
        """What the load says of itself."""
        burden = self._burden()
        return saidLines([*burden.findings, *self.exam.load.part_findings, *self._stationsTold()]) if burden else ""

    def told(self, missing: str) -> str:
        """What is missing or to be known, with the answers to what was done by hand."""
        hand = self.exam.hand.items() if self.exam else ()
        elsewhere = ("hand.points_deleted", "hand.outlines", *MASK_CODES)
        answers = [sentence(told, interfaceLanguage()) for code, told in hand if code not in elsewhere]
        return "\n".join(filter(None, (*answers, super().told(missing))))

    def _stationsTold(self) -> list[str]:
        """How well the stations fit together."""
        stitching = self.exam.maps.stitching
        if stitching is None:
            return []
        before, after = (number(100 * step, "%") for step in stitching.largest_steps)
        told = _("{n} stations; largest step at a seam {before} % as acquired, {after} % after matching.")
        return [told.format(n=len(stitching.gains), before=before, after=after)]

    def show(self) -> None:
        """Fill the list of components and the numbers."""
        self.ui.proposeButton.enabled = any(exam.load.has_diffusion() for exam in self.case.exams.values())
        self.ui.proposeButton.toolTip = self.missing() or _("Propose again; decisions are kept.")
        components = self.exam.load.components() if self.exam else []
        several = any(part != 1 for part, _component in components)
        language = interfaceLanguage()
        table = rows.components([component for _part, component in components])
        columns = table.chosen("state", "volume", "longest_diameter", "adc_median", "signal_ratio", "lesion", "region", "reason")
        cells = [[row[column.key].text(language) for column in columns] for row in table.rows]
        headers = [column.head(language, narrow=True) for column in columns]
        if several:
            headers.insert(PART_COLUMN, _("Part"))
            for line, (part, _component) in zip(cells, components):
                line.insert(PART_COLUMN, str(part))
        fillTable(self.ui.componentTable, headers, cells, [line[-1] for line in cells])
        last = len(headers) - 1
        self._columns.always, self._columns.widest = (0, 1, last - 1, last), last
        self._columns.show()
        self._showTotal()
        self._options.show()
        self._muscle.show()
        self._readers.show()
        self._enableButtons()
        self._enableShortcuts()

    def showOptions(self) -> None:
        """Show the options that hold for the exam."""
        self._options.show()

    def _showTotal(self) -> None:
        burden, exam = self._burden(), self.exam
        self.ui.tdvLabel.visible = burden is not None
        if burden is None or exam is None:
            return
        told = [_("tDV {volume} mL · gADC {adc} µm²/s · muscle signal {muscle}").format(
            volume=number(burden.tdv.value, burden.tdv.unit), adc=number(burden.gadc.value, burden.gadc.unit),
            muscle=number(burden.muscle_signal, digits=0))]
        told += [_("muscle where you placed it")] if exam.load.muscle_is_given else []
        parts = [(part.number, number(part.burden.tdv.value, UNIT_VOLUME)) for part in exam.load.parts]
        told += [_("part {number}: {volume} mL").format(number=n, volume=volume) for n, volume in parts]
        classes = " · ".join(f"{name}: {number(volume, UNIT_VOLUME)}" for name, volume in burden.class_volumes_ml.items())
        self.ui.tdvLabel.text = " · ".join(told) + "\n" + _("by ADC in µm²/s: {classes} mL").format(classes=classes)

    def _enableButtons(self) -> None:
        chosen = self._selected() is not None
        for button in (self.ui.keepButton, self.ui.rejectButton, self.ui.physiologicalButton):
            button.enabled = chosen
        self.ui.undoDecisionButton.enabled = self.exam is not None and bool(self.exam.load.decisions)
        self.ui.redoDecisionButton.enabled = self.exam is not None and self.exam.load.can_redo_decision
        self.panel.reasons.show()
