"""What the slice views show. Does nothing where there are none (no main window)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Optional

import slicer

from ...model import MapKey, MarrowQuantError, Numbers
from ...scene import display
from ...scene.case.exam import CaseExam

FF_OPACITY = 0.3
BONE_IMAGES = ("t1", "in_phase", "water")


def showExam(exam: Optional[CaseExam], diffusion: bool = False, part: int = 1) -> None:
    """Fat fraction over water of one exam, or the diffusion image of a part of its stations, in the slice views."""
    if exam is not None and slicer.app.layoutManager() is not None:
        display.hide_color_bars()
        _showLayers(exam, None, diffusion, part)


def showBoth(exams: Mapping[str, CaseExam], views: Mapping[str, Sequence[str]]) -> None:
    """Each exam in its own slice views."""
    if slicer.app.layoutManager() is not None:
        display.hide_color_bars()
        for label, exam in exams.items():
            _showLayers(exam, views[label], False, 1)


def _showLayers(exam: CaseExam, views: Optional[Sequence[str]], diffusion: bool, part: int) -> None:
    keys = (MapKey("dwi_high", part),) if diffusion else ("water", "in_phase", "ff", "dwi_high")
    background = next((node for node in (exam.map_node(key) for key in keys) if node), None)
    if background is None:
        return
    ff = None if diffusion else exam.map_node("ff")
    display.set_layers(background, ff if ff is not background else None, FF_OPACITY, views=views)
    if ff is not None:
        display.show_color_bar(ff, "FF (%)")


def showBone(exam: CaseExam) -> None:
    """The T1-weighted or in-phase image of an exam, its greys from no signal to twice that of the marrow at the vertebral points.

    Raises
    ------
    MarrowQuantError
        If the exam has no such image, or no point lies in it.
    """
    key = next((key for key in BONE_IMAGES if exam.map_node(key) is not None), None)
    if key is None:
        raise MarrowQuantError("The exam has no T1-weighted or in-phase image to read bone on; choose its folder with all series.")
    node, image = exam.map_node(key), exam.maps.maps[key]
    middle = display.signal_at(image, [roi.center_ras for roi in exam.rois.now()])
    if middle is None:
        raise MarrowQuantError("No vertebral point lies in the image that bone is read on; place a point in a vertebral body.")
    display.set_window(node, 0.0, 2 * middle)
    if slicer.app.layoutManager() is not None:
        display.hide_color_bars()
        display.set_layers(node)


def jumpTo(ras: Numbers) -> None:
    """Centre every slice view on a point in RAS mm."""
    mode = slicer.vtkMRMLSliceNode.CenteredJumpSlice
    slicer.vtkMRMLSliceNode.JumpAllSlices(slicer.mrmlScene, float(ras[0]), float(ras[1]), float(ras[2]), mode)


def showChart(chart: Optional[Any]) -> None:
    """A chart in a plot view, where there is one."""
    if chart is not None and slicer.app.layoutManager() is not None:
        slicer.modules.plots.logic().ShowChartInLayout(chart)
