"""The pattern on STIR images beside the classifier: a proposal with its numbers, and the reader's word on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from slicer.i18n import tr as _

from ...model import STIR_PATTERNS, StirPattern
from ...report.shown import stir_numbers, stir_word
from ...report.strings import Strings
from ..language import interfaceLanguage

if TYPE_CHECKING:
    from .panel import Panel

CHOICES = (None, *STIR_PATTERNS)


class StirPart:
    """Shown for MDS, aplastic anaemia and other anaemia, where the exam shown has STIR images."""

    def __init__(self, panel: Panel, ui: Any) -> None:
        self.panel, self.ui = panel, ui
        ui.stirComboBox.connect("activated(int)", self.onChosen)
        ui.undoStirButton.connect("clicked()", self.onUndo)

    def onChosen(self, index: int) -> None:
        """Take the reader's pattern of the exam shown."""
        exam = self.panel.case.exams.get(self.panel.label)
        if self.panel.parameterNode is not None and exam is not None:
            exam.stir.set(CHOICES[index])
            self.panel.refresh()

    def onUndo(self) -> None:
        """Take back the last choice."""
        exam = self.panel.case.exams.get(self.panel.label)
        if self.panel.parameterNode is not None and exam is not None:
            exam.stir.undo()
            self.panel.refresh()

    def show(self) -> None:
        """Bring the part up to date."""
        ui, exam = self.ui, self.panel.case.exams.get(self.panel.label)
        isAsked = exam is not None and exam.stir.is_asked
        for widget in (ui.stirLabel, ui.stirComboBox, ui.undoStirButton):
            widget.visible = isAsked
        ui.undoStirButton.enabled = exam is not None and isAsked and exam.stir.can_undo
        if exam is None or not isAsked:
            return
        found, words = exam.stir.now() or StirPattern(), Strings(interfaceLanguage())
        first = _("As proposed: {pattern}").format(pattern=stir_word(found.proposed, words)) if found.proposed else _("No proposal")
        texts = [first, *(stir_word(pattern, words) for pattern in STIR_PATTERNS)]
        combo = ui.stirComboBox
        if [combo.itemText(i) for i in range(combo.count)] != texts:
            combo.clear()
            combo.addItems(texts)
        combo.setCurrentIndex(CHOICES.index(exam.stir.by_reader))
        combo.toolTip = stir_numbers(found, words) or _("A pattern is proposed once the vertebrae were measured and discs are seen.")
