"""What a reader can set in step 4 beside the sliders: a preset of thresholds, the ADC classes, and a mask of bone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from slicer.i18n import tr as _

from ...burden import PRESETS
from ...burden.classes import check_edges
from ...model import MarrowQuantError, sentence
from ...scene.parameters import numbers_from_text, text_from_numbers
from ..fields import tell
from ..language import interfaceLanguage, said, saidWord
from .selector import NodeChoice

if TYPE_CHECKING:
    from .panel import Panel


MASK_CODES = ("hand.mask_deleted", "hand.mask_refused")


class BurdenOptions:
    """The widgets below the sliders of step 4; ``changed`` is called when a threshold or class moved."""

    def __init__(self, panel: Panel, ui: Any, changed: Any) -> None:
        self.panel, self.ui, self._changed = panel, ui, changed
        ui.presetComboBox.addItems([saidWord(preset.name) for preset in PRESETS])
        ui.presetComboBox.connect("activated(int)", self.onPresetChosen)
        ui.classEdgesLineEdit.connect("editingFinished()", self.onClassEdgesEntered)
        self._mask = NodeChoice(ui.skeletonComboBox, self.onSkeletonChosen, panel.onNodeEdited)
        for label in (ui.classEdgesLineEditRefusal, ui.skeletonComboBoxRefusal):
            label.visible = False

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
        try:
            edges = numbers_from_text(entered)
            check_edges(edges)
        except MarrowQuantError as error:
            told = _("{reason} {edges} hold.").format(reason=sentence(error, interfaceLanguage()), edges=parameters.adcClassEdges)
            tell(self.ui.classEdgesLineEditRefusal, told)
        else:
            tell(self.ui.classEdgesLineEditRefusal, "")
            parameters.adcClassEdges = text_from_numbers(edges)
            self.panel.attempt(self.panel.case.update_burdens)
            self._changed(self.ui.ratioSlider.value)
        self.show()

    def onSkeletonChosen(self, node: Any) -> None:
        """Measure only inside the mask that was chosen, or everywhere again."""
        exam = self.panel.case.exams.get(self.panel.label)
        if exam is not None and not self.panel.busy:
            refused = not self.panel.attempt(lambda: exam.load.set_skeleton(node))
            self.panel.refresh()
            if refused:
                tell(self.ui.skeletonComboBoxRefusal, _("This mask was refused, see the end of the panel; what is shown here holds."))

    def show(self) -> None:
        """Show the options that hold for the exam."""
        parameters, exam = self.panel.parameterNode, self.panel.case.exams.get(self.panel.label)
        if parameters is None:
            return
        self.ui.classEdgesLineEdit.text = parameters.adcClassEdges
        thresholds = (parameters.tdvSignalRatio, (parameters.tdvAdcLower, parameters.tdvAdcUpper))
        chosen = next((n for n, preset in enumerate(PRESETS) if (preset.ratio, preset.adc_window) == thresholds), -1)
        self.ui.presetComboBox.setCurrentIndex(chosen)
        self.ui.presetComboBox.toolTip = said(PRESETS[chosen].source) if chosen >= 0 else ""
        self.ui.skeletonComboBox.enabled = exam is not None and exam.load.has_diffusion()
        self._mask.show(exam.load.skeleton_node if exam else None)
        hand = exam.hand if exam else {}
        tell(self.ui.skeletonComboBoxRefusal, "\n".join(sentence(hand[code], interfaceLanguage()) for code in MASK_CODES if code in hand))
