"""Why a button cannot be pressed now, in its tooltip; what it does is there again as soon as it can."""

from __future__ import annotations

from typing import Any

from slicer.i18n import tr as _


class Reasons:
    """The buttons whose step does not say it itself.

    Parameters
    ----------
    ui : object
        The widgets of ``MarrowQuant.ui`` as attributes.
    """

    def __init__(self, ui: Any) -> None:
        select = _("Select a component in the list first.")
        reasons = {
            ui.undoSeriesButton: _("No series was changed."),
            ui.placeButton: _("Read the exams first."),
            ui.fillButton: _("Mark the first and the last body first."),
            ui.findButton: _("Read the exams first; delete points that are there, or press Find bodies between."),
            ui.undoPointButton: _("No point was changed."),
            ui.redoPointButton: _("No change was taken back."),
            ui.takeOverButton: _("Read the exams and choose a segmentation first."),
            ui.ffHistogramButton: _("The fat fraction of no vertebra was measured yet."),
            ui.adcHistogramButton: _("The ADC of no vertebra was measured yet."),
            ui.muscleButton: _("The exam shown has no diffusion images."),
            ui.findMuscleButton: _("No point was placed in muscle."),
            ui.keepButton: select,
            ui.rejectButton: select,
            ui.physiologicalButton: select,
            ui.undoDecisionButton: _("No decision was made."),
            ui.redoDecisionButton: _("No decision was taken back."),
            ui.removeEntryButton: _("No value was entered."),
            ui.addEntryButton: _("Read the exams first."),
            ui.undoStirButton: _("No pattern was set."),
            ui.undoCarryButton: _("Nothing was carried over."),
            ui.dicomButton: _("Measure first, and choose the folder to write to."),
            ui.shareButton: _("Choose the folder to write to."),
            ui.openFolderButton: _("Nothing was written yet."),
        }
        self._told = [(button, why, button.toolTip) for button, why in reasons.items()]

    def show(self) -> None:
        """Call it when buttons were enabled or disabled."""
        for button, why, does in self._told:
            button.toolTip = does if button.enabled else why
