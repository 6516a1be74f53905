"""Vertebrae without a click: ``python Testing/Benchmarks/vertebrae_find.py`` writes the table ``find`` of ``Docs/vertebrae.md``.

All labelled spines beside the clone, one row a kind: levels right, wrong and told, Dice and centre error of the bodies whose level is
right, and the same bodies from two clicks with an error of 4 mm on each axis (one draw).
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "Testing"), str(ROOT / "MarrowQuant")]

from bench import table  # noqa: E402
from helpers import labelled_spines, spines  # noqa: E402 (after the path)
from MarrowQuantLib.model import MarrowQuantError  # noqa: E402
from MarrowQuantLib.vertebrae import find_bodies, segment_bodies  # noqa: E402
from vertebrae import write_sections  # noqa: E402

SURE, SAME_MM = 0.85, 14.0
HEAD = [
    "spines", "levels right", "wrong, of these told", "right, of these said to be unsure", "wrong spines",
    "Dice median / 5th / worst", "from two clicks", "centre error median / 95th / worst (mm)", "from two clicks", "CPU (s)",
]  # fmt: skip


def reached(case: Any, found: Any) -> tuple[list[float], list[float]]:
    """Dice and centre error of every body with a label of its level."""
    dice, error = [], []
    for n, body in enumerate(found.bodies):
        if body.level in case.levels:
            true = case.levels.index(body.level)
            dice.append(spines.dice(found.labels.array == n + 1, case.truth == true + 1))
            error.append(float(np.linalg.norm(body.center_ras - case.centers[true])))
    return dice, error


def measure(kind: str) -> list[str]:
    """One line of the table."""
    right, told, unsure, wrong, seconds = 0, 0, 0, [], []
    ours: tuple[list[float], list[float]] = ([], [])
    clicked: tuple[list[float], list[float]] = ([], [])
    names = labelled_spines.names(kind)
    for n, name in enumerate(names):
        case = labelled_spines.spine(kind, name)
        start = time.process_time()
        try:
            found, column = find_bodies(case.image)
        except MarrowQuantError:
            wrong.append(f"{name} (none found)")
            told += 1
            continue
        seconds.append(time.process_time() - start)
        _, error = reached(case, found)
        is_sure = column.anchor == "sacrum" and column.probability >= SURE
        if not error or np.median(error) > SAME_MM:
            wrong.append(name)
            told += not is_sure
            continue
        right += 1
        unsure += not is_sure
        rng = np.random.default_rng([0, n])
        ends = [level for level in (case.levels[0], "L5") if level in case.levels]
        clicks = {level: case.centers[case.levels.index(level)] + rng.normal(0, spines.CLICK_ERROR_MM, 3) for level in ends}
        both = segment_bodies(case.image, clicks)
        common = set(found.levels) & set(both.levels)
        for result, into in ((found, ours), (both, clicked)):
            kept = [body.level in common for body in result.bodies if body.level in case.levels]
            for values, target in zip(reached(case, result), into):
                target += [value for value, keep in zip(values, kept) if keep]
    texts = [_percentiles(values[0], (50, 5, 0), 3) for values in (ours, clicked)]
    texts += [_percentiles(values[1], (50, 95, 100), 1) for values in (ours, clicked)]
    shares = [f"{right} of {len(names)}", f"{told} of {len(wrong)}", f"{unsure} of {right}", ", ".join(wrong) or "none"]
    return [kind, *shares, *texts, f"{np.median(seconds):.1f}"]


def _percentiles(values: list[float], at: tuple[int, ...], digits: int) -> str:
    return " / ".join(f"{value:.{digits}f}" for value in np.percentile(values, at)) if values else ""


def main() -> None:
    rows = []
    for kind in labelled_spines.KINDS:
        rows.append(measure(kind))
        sys.stdout.write(f"{rows[-1]}\n")
        sys.stdout.flush()
    write_sections({"find": table(HEAD, rows)})


if __name__ == "__main__":
    main()
