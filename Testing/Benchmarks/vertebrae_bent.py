"""Columns bent to the side: ``python Testing/Benchmarks/vertebrae_bent.py [--draws 1]`` prints the table of ``Docs/vertebrae.md``.

The ten labelled spines, their axial slices moved to the right along a half sine between L1 and L5. The same with a straight midline
tells what it is worth to follow the column's course.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from unittest import mock

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "Testing"), str(ROOT / "MarrowQuant")]

from bench import table  # noqa: E402
from helpers import spines  # noqa: E402 (after the path)
from MarrowQuantLib.vertebrae import segment  # noqa: E402

SAGITTAS_MM = (0, 10, 20)
HEAD = ["bent by", "midline", "left–right error median / 95th / worst (mm)", "Dice median / 5th / worst", "lowest part of a ROI inside"]


def straight(frame: object, *_: object) -> object:
    """A straight midline, from which only each body's own mirror plane leads away."""
    return frame


def measure(sagitta_mm: int, draws: int) -> list[str]:
    """Left–right errors, Dice and ROIs of all spines as text."""
    sideways, dice, inside = [], [], []
    for number in range(1, 11):
        case = spines.bent(spines.spine(number), sagitta_mm)
        for draw in range(draws):
            found, reached = spines.run(case, number, draw)
            moves = np.array([body.center_ras for body in found.bodies]) - case.centers
            sideways += [abs(body.axes[:, 0] @ move) for body, move in zip(found.bodies, moves)]
            dice += list(reached["dice"])
            inside += list(reached["inside"])
    percentiles = (
        " / ".join(f"{value:.{digits}f}" for value in np.percentile(values, at))
        for values, at, digits in ((sideways, (50, 95, 100), 1), (dice, (50, 5, 0), 3))
    )
    return [*percentiles, f"{min(inside):.3f}"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=1)
    draws = parser.parse_args().draws
    rows = []
    for sagitta in SAGITTAS_MM:
        with mock.patch.object(segment, "find_course", straight):
            rows.append([f"{sagitta} mm", "straight", *measure(sagitta, draws)])
        rows.append([f"{sagitta} mm", "followed (as shipped)", *measure(sagitta, draws)])
    sys.stdout.write(table(HEAD, rows) + "\n")


if __name__ == "__main__":
    main()
