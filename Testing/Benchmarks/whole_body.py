"""The diffusion stations of a simulated exam as the main job stitches them, for the benchmarks of the tumour load."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from MarrowQuantLib.burden import BurdenContext
from MarrowQuantLib.diffusion import fit_adc
from MarrowQuantLib.diffusion.align import align
from MarrowQuantLib.diffusion.stations import Stitched, stitch
from MarrowQuantLib.model import Role, VertebraROI, Volume
from MarrowQuantLib.phantom.exam import SimulatedExam

RADII_MM = np.array([12.0, 9.0, 7.0])


@dataclass(frozen=True)
class WholeBody:
    """Stitched images, how the high-b image was stitched, and what is known beside them."""

    high: Volume
    low: Volume
    adc: Volume
    stitched: Stitched
    context: BurdenContext


def whole_body(exam: SimulatedExam) -> WholeBody:
    """Fit the ADC at every station, align on the lowest b-value, and stitch."""
    high, low, adc = [], [], []
    for volumes in exam.stations:
        fit = fit_adc(np.stack([v.array for v in volumes], axis=-1), np.array([v.b_value for v in volumes]))
        values = np.where(fit.valid, fit.adc_um2_per_s, np.nan).astype(np.float32)
        adc.append(volumes[0].like(values, b_value=None, quantity="ADC"))
        high.append(volumes[-1])
        low.append(volumes[0])
    moves = align(low).moves
    stitched = stitch(high, moves=moves)
    rois = [VertebraROI(level, np.asarray(point), np.eye(3), RADII_MM) for level, point in exam.points.items()]
    context = BurdenContext(rois, exam.dixon.products[Role.PDFF], [seam.position_ras for seam in stitched.seams])
    adc_map = stitch(adc, gains=np.ones(len(adc)), moves=moves).volume
    return WholeBody(stitched.volume, stitch(low, gains=stitched.gains, moves=moves).volume, adc_map, stitched, context)
