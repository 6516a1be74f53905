"""What the slice views show. Does nothing where there are none (no main window)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Optional

import slicer

from ...model import part_key
from ...scene.case.exam import CaseExam


def showExam(exam: Optional[CaseExam], diffusion: bool = False, part: int = 1) -> None:
    """Fat fraction over water of one exam, or the diffusion image of a part of its stations, in the slice views."""
    if exam is None or slicer.app.layoutManager() is None:
        return
    keys = (part_key("dwi_high", part),) if diffusion else ("water", "in_phase", "ff", "dwi_high")
    background = next((node for node in (exam.map_node(key) for key in keys) if node), None)
    if background is None:
        return
    foreground = None if diffusion else exam.map_node("ff")
    slicer.util.setSliceViewerLayers(background=background, foreground=foreground, foregroundOpacity=0.3, fit=True)


def jumpTo(ras: Sequence[float]) -> None:
    """Centre every slice view on a point in RAS mm."""
    mode = slicer.vtkMRMLSliceNode.CenteredJumpSlice
    slicer.vtkMRMLSliceNode.JumpAllSlices(slicer.mrmlScene, float(ras[0]), float(ras[1]), float(ras[2]), mode)


def showChart(chart: Optional[Any]) -> None:
    """A chart in a plot view, where there is one."""
    if chart is not None and slicer.app.layoutManager() is not None:
        slicer.modules.plots.logic().ShowChartInLayout(chart)
