"""What a reader can set in step 4 beside the sliders: a preset of thresholds, the ADC classes, and a mask of bone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...burden import PRESETS
from ...scene.parameters import numbers_from_text, text_from_numbers

if TYPE_CHECKING:
    from .panel import Panel


class BurdenOptions:
    """The widgets below the sliders of step 4; ``changed`` is called when a threshold or class moved."""

    def __init__(self, panel: Panel, ui: Any, changed: Any) -> None:
        self.panel, self.ui, self._changed = panel, ui, changed
        ui.presetComboBox.addItems([preset.name for preset in PRESETS])
        ui.presetComboBox.connect("activated(int)", self.onPresetChosen)
        ui.classEdgesLineEdit.connect("editingFinished()", self.onClassEdgesEntered)
        ui.skeletonComboBox.connect("currentNodeChanged(vtkMRMLNode*)", self.onSkeletonChosen)

    def onPresetChosen(self, index: int) -> None:
        """Move the sliders to the preset; where its numbers come from stands in the tool tip."""
        preset = PRESETS[index]
        self.ui.adcRangeWidget.setValues(*preset.adc_window)
        self.ui.ratioSlider.value = preset.ratio
        self._changed(preset.ratio)
        self.show()

    def onClassEdgesEntered(self) -> None:
        """Take over the edges if they are ascending numbers; else say why not and show those that hold."""
        parameters, entered = self.panel.parameterNode, self.ui.classEdgesLineEdit.text
        if parameters is None or entered == parameters.adcClassEdges:
            return
        before = parameters.adcClassEdges
        if self.panel.attempt(lambda: numbers_from_text(entered)):
            parameters.adcClassEdges = text_from_numbers(numbers_from_text(entered))
            if not self.panel.attempt(self.panel.case.update_burdens):
                parameters.adcClassEdges = before
        self.show()
        self._changed(self.ui.ratioSlider.value)

    def onSkeletonChosen(self, node: Any) -> None:
        exam = self.panel.case.exams.get(self.panel.label)
        if exam is not None and not self.panel.busy and node is not exam.skeleton_node:
            self.panel.attempt(lambda: exam.set_skeleton(node))
            self.panel.refresh()

    def show(self) -> None:
        parameters, exam = self.panel.parameterNode, self.panel.case.exams.get(self.panel.label)
        if parameters is None:
            return
        self.ui.classEdgesLineEdit.text = parameters.adcClassEdges
        thresholds = (parameters.tdvSignalRatio, (parameters.tdvAdcLower, parameters.tdvAdcUpper))
        chosen = next((n for n, preset in enumerate(PRESETS) if (preset.ratio, preset.adc_window) == thresholds), -1)
        self.ui.presetComboBox.setCurrentIndex(chosen)
        self.ui.presetComboBox.toolTip = PRESETS[chosen].source if chosen >= 0 else ""
        self.ui.skeletonComboBox.enabled = exam is not None and exam.has_diffusion()
        blocked = self.ui.skeletonComboBox.blockSignals(True)
        self.ui.skeletonComboBox.setCurrentNode(exam.skeleton_node if exam else None)
        self.ui.skeletonComboBox.blockSignals(blocked)
