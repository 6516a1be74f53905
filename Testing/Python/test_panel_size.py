"""The panel at the size that Slicer gives it on a screen of 1366 × 768: nothing sideways, and the footer in sight."""

from __future__ import annotations

import pytest
from slicerhost.application import PANEL_SIZE

SECTIONS = ("exams", "vertebrae", "quantify", "burden", "labs", "response", "export", "deidentify")


def inside(panel, part) -> bool:
    from slicerhost.pyside import QtCore

    corner = part.mapTo(panel, QtCore.QPoint(0, 0))
    return corner.x() >= 0 and corner.y() >= 0 and corner.x() + part.width <= panel.width and corner.y() + part.height <= panel.height


@pytest.mark.parametrize("section", SECTIONS)
def test_a_section_fits_the_panel_and_the_footer_stays_in_sight(filled_panel, slicer_host, section):
    ui, panel = filled_panel.ui, filled_panel.parent
    for name in SECTIONS:
        getattr(ui, f"{name}Section").collapsed = name != section
    filled_panel.panel._say("A sentence in the footer that is as long as those that say why something was refused, and what to do then.")
    picture = slicer_host.show_at_real_size(filled_panel)
    assert (picture.width(), picture.height()) == PANEL_SIZE, "the panel can be made as small as that"
    assert ui.stepsScrollArea.horizontalScrollBar().maximum == 0, "nothing is cut at the side"
    assert inside(panel, ui.researchLabel) and inside(panel, ui.statusLabel) and inside(panel, ui.examComboBox)
