"""All labelled spines, from any number of clicks: the table ``spines`` of ``Docs/vertebrae.md``.

``python Testing/Benchmarks/vertebrae_spines.py [--draws 5]``. More clicks of a draw are the same ones and further ones; each has a
Gaussian error of 4 mm on each axis. Below the table stand the worst spines from two clicks. ``vertebrae_find.py`` measures without a click.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "Testing"), str(ROOT / "MarrowQuant")]

from bench import table  # noqa: E402
from helpers import labelled_spines, spines  # noqa: E402 (after the path)
from MarrowQuantLib.vertebrae import rasterise, segment_bodies  # noqa: E402
from vertebrae import write_sections  # noqa: E402

KINDS = {"T1, both sets": ("lumbar_t1", "lumbar_t1_more"), "T2": ("lumbar_t2",), "pathological": ("lumbar_pathological",)}
PLACES = {1: (0.5,), 2: (0, 1), 3: (0, 0.5, 1), 5: (0, 0.25, 0.5, 0.75, 1)}  # along the column
HEAD = [
    "spines", "clicks", "bodies", "Dice median / 5th / worst", "centre error median / 95th / worst (mm)", "ROI inside 5th / worst",
    "volume over the label's, median",
]  # fmt: skip


def clicked(case: Any, number: int, draw: int, count: int) -> dict[str, np.ndarray]:
    """What a reader clicks: so many bodies, evenly along the column."""
    levels = [level for level in case.levels if level != "S1"]
    rng = np.random.default_rng([draw, number])
    error = {level: rng.normal(0, spines.CLICK_ERROR_MM, 3) for level in [levels[0], levels[-1], *levels[1:-1]]}
    chosen = sorted({round(part * (len(levels) - 1)) for part in PLACES[count]})
    return {levels[n]: case.centers[case.levels.index(levels[n])] + error[levels[n]] for n in chosen}


def bodies(case: Any, clicks: dict[str, np.ndarray]) -> list[tuple[float, ...]]:
    """Dice, centre error, share of the ROI inside and volume over the label's of every body."""
    found = segment_bodies(case.image, clicks)
    rows = []
    for n, body in enumerate(found.bodies):
        at = case.levels.index(body.level)
        mine, true = found.labels.array == n + 1, case.truth == at + 1
        inside = true[rasterise(body.roi, case.image).mask()]
        off = float(np.linalg.norm(body.center_ras - case.centers[at]))
        share = float(inside.mean()) if inside.size else 0.0
        rows.append((spines.dice(mine, true), off, share, mine.sum() / true.sum()))
    return rows


def row(kind: str, count: int, values: np.ndarray) -> list[str]:
    dice, off, inside, volume = values.T
    return [
        kind,
        str(count),
        str(len(values)),
        " / ".join(f"{value:.3f}" for value in np.percentile(dice, (50, 5, 0))),
        " / ".join(f"{value:.1f}" for value in np.percentile(off, (50, 95, 100))),
        " / ".join(f"{value:.3f}" for value in np.percentile(inside, (5, 0))),
        f"{np.median(volume):.2f}",
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=5)
    draws = parser.parse_args().draws
    rows, worst = [], {}
    for kind, folders in KINDS.items():
        measured: dict[int, list[tuple[float, ...]]] = {count: [] for count in PLACES}
        for folder in folders:
            for name in labelled_spines.names(folder):
                case = labelled_spines.spine(folder, name)
                for count in PLACES:
                    own = [found for draw in range(draws) for found in bodies(case, clicked(case, int(name), draw, count))]
                    measured[count] += own
                    if count == 2:
                        worst[f"{folder} {name}"] = (min(each[0] for each in own), max(each[1] for each in own))
        rows += [row(kind, count, np.array(values)) for count, values in measured.items()]
        sys.stdout.write("\n".join(" | ".join(line) for line in rows[-len(measured) :]) + "\n")
        sys.stdout.flush()
    write_sections({"spines": section(rows, worst, draws)})


def section(rows: list[list[str]], worst: dict[str, tuple[float, float]], draws: int) -> str:
    """The table, and below it the worst spines."""
    last = sorted(worst.items(), key=lambda item: item[1][0])[:6]
    told = "; ".join(f"{name} {dice:.2f}, {off:.1f} mm" for name, (dice, off) in last)
    return f"{table(HEAD, rows)}\n\nLowest Dice and largest centre error from two clicks, {draws} draw(s): {told}."


if __name__ == "__main__":
    main()
