"""The fat spectrum in the panel: chosen there, and told where the maps were fitted with another one."""

from __future__ import annotations

from dataclasses import replace

import pytest
from MarrowQuantLib.model import finding
from MarrowQuantLib.model.settings import FAT_SPECTRA

pytestmark = pytest.mark.usefixtures("no_bone_proposed")


def test_another_spectrum_is_kept_and_the_maps_say_that_they_were_fitted_with_the_one_before(filled_panel):
    ui, case = filled_panel.ui, filled_panel.logic.case
    exam, parameters = case.exams["baseline"], filled_panel.logic.getParameterNode()
    ui.spectrumComboBox.activated(1)
    assert parameters.fatSpectrum == FAT_SPECTRA[1] == case.settings().fat_spectrum
    assert not case.conclusion.other_spectrum(), "no echoes were fitted"
    made = finding("made.echoes", n=6, spectrum=FAT_SPECTRA[0])
    exam.maps = replace(exam.maps, maps={**exam.maps.maps, "ff": replace(exam.maps.maps["ff"], source=(made,))})
    exam.outdate_result()
    filled_panel.panel.refresh()
    assert "another fat spectrum" in ui.examsMessage.text
    (told,) = (found for found in case.results().findings if found.code == "case.other_spectrum")
    assert told.values == {"fitted": FAT_SPECTRA[0], "chosen": FAT_SPECTRA[1]} and told.about == {"exam": "baseline"}
    ui.spectrumComboBox.activated(0)
    assert "another fat spectrum" not in ui.examsMessage.text
    assert not [found for found in case.results().findings if found.code == "case.other_spectrum"]
