"""Clicks whose levels are wrong, on all labelled spines: the table ``wrong`` of ``Docs/vertebrae.md``.

``python Testing/Benchmarks/vertebrae_wrong_levels.py``: the outermost bodies clicked with a Gaussian error of 4 mm on each axis, named
right, named one level higher, and the body above the lowest one named as the lowest; and five bodies of which the middle one was clicked in
the next body.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "Testing"), str(ROOT / "MarrowQuant")]

from bench import table  # noqa: E402
from helpers import labelled_spines, spines  # noqa: E402 (after the path)
from MarrowQuantLib.model import MarrowQuantError  # noqa: E402
from MarrowQuantLib.vertebrae import level_findings, segment_bodies  # noqa: E402
from MarrowQuantLib.vertebrae.levels import moved_level  # noqa: E402
from vertebrae import write_sections  # noqa: E402

TELLING = {"find.other_levels", "segment.spacing", "body.far_from_click"}
HEAD = ["clicked", "lumbar_t1", "lumbar_t1_more", "lumbar_t2", "lumbar_pathological"]
RIGHT, HIGHER, LOWER, ONE = "right levels", "one level too high", "one level too low", "one of five in the next body"


def scenes(case: Any, number: int) -> dict[str, dict[str, np.ndarray]]:
    """Clicks by what is wrong with them."""
    rng = np.random.default_rng([7, number])
    click = {level: center + rng.normal(0, spines.CLICK_ERROR_MM, 3) for level, center in zip(case.levels, case.centers)}
    levels = [level for level in case.levels if level != "S1"]
    first, *_, above, last = levels
    five = {level: click[level] for level in levels[-5:]}
    five[levels[-3]] = click[levels[-2]] + rng.normal(0, spines.CLICK_ERROR_MM, 3)
    return {
        RIGHT: {first: click[first], last: click[last]},
        HIGHER: {moved_level(level, -1): click[level] for level in (first, last)},
        LOWER: {moved_level(first, 1): click[first], last: click[above]},
        ONE: five,
    }


def is_told(case: Any, clicks: dict[str, np.ndarray]) -> bool:
    """Whether the clicks are refused, or a finding says that their levels do not fit."""
    try:
        found = segment_bodies(case.image, clicks)
    except MarrowQuantError:
        return True
    codes = {each.code for each in (*found.findings, *level_findings(case.image, found))}
    return bool(codes & TELLING)


def main() -> None:
    told: dict[str, list[str]] = {name: [] for name in (RIGHT, HIGHER, LOWER, ONE)}
    for kind in labelled_spines.KINDS:
        cases = [(labelled_spines.spine(kind, name), int(name)) for name in labelled_spines.names(kind)]
        for name, cells in told.items():
            count = sum(is_told(case, scenes(case, number)[name]) for case, number in cases)
            cells.append(f"{count} of {len(cases)}")
            sys.stdout.write(f"{kind}: {name}: {cells[-1]}\n")
            sys.stdout.flush()
    write_sections({"wrong": table(HEAD, [[name, *cells] for name, cells in told.items()])})


if __name__ == "__main__":
    main()
