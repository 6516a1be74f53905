"""How long a change of threshold takes on 256 × 256 × 200 voxels: the table of Docs/tumour-load.md.

Run with PYTHONPATH=MarrowQuant; about two minutes. Processor time of one process on one thread, so that a busy machine does not
lengthen it: set OMP_NUM_THREADS=1. Given "--profile" it prints instead where the time goes.
"""

from __future__ import annotations

import cProfile
import pstats
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from MarrowQuantLib.burden import BurdenContext, BurdenSession
from MarrowQuantLib.model import Volume
from MarrowQuantLib.phantom.exam import simulate_exam
from scipy import ndimage
from whole_body import whole_body

DOC = Path(__file__).resolve().parents[2] / "Docs" / "tumour-load.md"
START, STOP = "<!-- speed by Testing/Benchmarks/burden_speed.py -->", "<!-- end of speed -->"
SIZE = (200, 256, 256)
RATIOS = (3.0, 3.5, 4.0, 4.5, 5.0, 5.5, 6.0, 7.0)
Case = tuple[Volume, Volume, BurdenContext]


def exam() -> Case:
    """High b and ADC of the non-responder on the large grid, with everything that a list of lesions is made with."""
    body = whole_body(simulate_exam("non-responder", 1, 1))
    return larger(body.high), larger(body.adc), body.context


def larger(volume: Volume) -> Volume:
    """The volume on SIZE voxels over the same field of view."""
    factors = np.array(SIZE) / volume.array.shape
    matrix = volume.ijk_to_ras @ np.diag([*(1 / factors[::-1]), 1.0])
    matrix[:3, 3] += volume.ijk_to_ras[:3, :3] @ ((1 / factors[::-1] - 1) / 2)
    return volume.like(ndimage.zoom(volume.array, factors, order=0, grid_mode=True, mode="nearest"), ijk_to_ras=matrix)


def noisy(case: Case) -> Case:
    """With so much noise that thousands of specks reach the threshold: the worst that a slider meets."""
    high, adc, context = case
    scatter = np.random.default_rng(1).lognormal(0.0, 0.6, high.array.shape).astype(np.float32)
    return high.like(high.array * scatter), adc, context


def milliseconds(function: Callable[[], object]) -> float:
    start = time.process_time()
    function()
    return 1e3 * (time.process_time() - start)


def row(name: str, case: Case, smallest_ml: float) -> str:
    high, adc, context = case
    kept: list[BurdenSession] = []
    preparing = milliseconds(lambda: kept.append(BurdenSession(high, adc, min_component_ml=smallest_ml, context=context, bone_first=True)))
    session = kept[0]
    pieces = [len(session.update(ratio=ratio).components) for ratio in RATIOS]
    spent = np.array([[milliseconds(lambda: session.update(ratio=ratio)) for ratio in RATIOS] for _ in range(3)]).min(axis=0)  # noqa: B023
    span = f"{min(pieces)} to {max(pieces)}"
    return f"| {name} | {span} | {np.median(spent):.0f} | {spent.max():.0f} | {preparing / 1e3:.1f} |"


def profile(case: Case) -> None:
    session = BurdenSession(*case[:2], context=case[2], bone_first=True)
    profiler = cProfile.Profile()
    profiler.enable()
    for ratio in RATIOS:
        session.update(ratio=ratio)
    profiler.disable()
    pstats.Stats(profiler).sort_stats("tottime").print_stats(18)


def main() -> None:
    case = exam()
    if "--profile" in sys.argv:
        profile(case)
        profile(noisy(case))
        return
    lines = [
        "| 256 × 256 × 200 voxels, thresholds of 3 to 7 × muscle | components | median (ms) | slowest (ms) | preparing once (s) |",
        "|---|---:|---:|---:|---:|",
        row("digital patient, non-responder", case, 0.3),
        row("the same, drowned in noise", noisy(case), 0.3),
    ]
    before, _, rest = DOC.read_text(encoding="utf-8").partition(START)
    after = rest.partition(STOP)[2]
    DOC.write_text("\n".join([before + START, "", *lines, "", STOP + after]), encoding="utf-8")


if __name__ == "__main__":
    main()
