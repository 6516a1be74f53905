"""All labelled spines, from any number of clicks and from none: the table ``spines`` of ``Docs/vertebrae.md``.

``python Testing/Benchmarks/vertebrae_spines.py [--draws 5]``. More clicks of a draw are the same ones and further ones; each has a
Gaussian error of 4 mm on each axis. Without a click, levels that are one off count as such: bodies are compared with the label of their
own level. Below the table stand the worst spines from two clicks.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Any, Optional

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "Testing"), str(ROOT / "MarrowQuant")]

from bench import table  # noqa: E402
from helpers import labelled_spines, spines  # noqa: E402 (after the path)
from MarrowQuantLib.model import MarrowQuantError  # noqa: E402
from MarrowQuantLib.vertebrae import find_bodies, rasterise, segment_bodies  # noqa: E402
from vertebrae import write_sections  # noqa: E402

KINDS = {"T1, both sets": ("lumbar_t1", "lumbar_t1_more"), "T2": ("lumbar_t2",), "pathological": ("lumbar_pathological",)}
PLACES = {1: (0.5,), 2: (0, 1), 3: (0, 0.5, 1), 5: (0, 0.25, 0.5, 0.75, 1)}  # along the column
NO_CLICK = 0
HEAD = [
    "spines", "clicks", "bodies", "Dice median / 5th / worst", "centre error median / 95th / worst (mm)", "ROI inside 5th / worst",
    "volume over the label's, median", "doubted", "CPU (s)",
]  # fmt: skip


def clicked(case: Any, number: int, draw: int, count: int) -> dict[str, np.ndarray]:
    """What a reader clicks: so many bodies, evenly along the column."""
    levels = [level for level in case.levels if level != "S1"]
    rng = np.random.default_rng([draw, number])
    error = {level: rng.normal(0, spines.CLICK_ERROR_MM, 3) for level in [levels[0], levels[-1], *levels[1:-1]]}
    chosen = sorted({round(part * (len(levels) - 1)) for part in PLACES[count]})
    return {levels[n]: case.centers[case.levels.index(levels[n])] + error[levels[n]] for n in chosen}


def bodies(case: Any, clicks: Optional[dict[str, np.ndarray]]) -> list[tuple[float, ...]]:
    """Dice, centre error, share of the ROI inside, volume over the label's, doubted and processor time of every labelled body found."""
    start = time.process_time()
    try:
        found = segment_bodies(case.image, clicks) if clicks else find_bodies(case.image)[0]
    except MarrowQuantError:
        return []
    seconds = time.process_time() - start
    rows = []
    for n, body in enumerate(found.bodies):
        if body.level not in case.levels:
            continue
        at = case.levels.index(body.level)
        mine, true = found.labels.array == n + 1, case.truth == at + 1
        inside = true[rasterise(body.roi, case.image).mask()]
        off = float(np.linalg.norm(body.center_ras - case.centers[at]))
        share = float(inside.mean()) if inside.size else 0.0
        rows.append((spines.dice(mine, true), off, share, mine.sum() / true.sum(), float(bool(body.findings)), seconds))
    return rows


def row(kind: str, count: int, values: np.ndarray) -> list[str]:
    dice, off, inside, volume, doubted, seconds = values.T
    return [
        kind,
        str(count) if count else "none",
        str(len(values)),
        " / ".join(f"{value:.3f}" for value in np.percentile(dice, (50, 5, 0))),
        " / ".join(f"{value:.1f}" for value in np.percentile(off, (50, 95, 100))),
        " / ".join(f"{value:.3f}" for value in np.percentile(inside, (5, 0))),
        f"{np.median(volume):.2f}",
        f"{100 * np.mean(doubted):.0f} %",
        f"{np.median(seconds):.1f}",
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=5)
    draws = parser.parse_args().draws
    rows, worst = [], {}
    for kind, folders in KINDS.items():
        measured: dict[int, list[tuple[float, ...]]] = {count: [] for count in (*PLACES, NO_CLICK)}
        for folder in folders:
            for name in labelled_spines.names(folder):
                case = labelled_spines.spine(folder, name)
                measured[NO_CLICK] += bodies(case, None)
                for count in PLACES:
                    own = [found for draw in range(draws) for found in bodies(case, clicked(case, int(name), draw, count))]
                    measured[count] += own
                    if count == 2:
                        worst[f"{folder} {name}"] = (min(each[0] for each in own), max(each[1] for each in own))
        rows += [row(kind, count, np.array(values)) for count, values in measured.items() if values]
        sys.stdout.write("\n".join(" | ".join(line) for line in rows[-len(measured) :]) + "\n")
        sys.stdout.flush()
    last = sorted(worst.items(), key=lambda item: item[1][0])[:6]
    told = "; ".join(f"{name} {dice:.2f}, {off:.1f} mm" for name, (dice, off) in last)
    write_sections({"spines": f"{table(HEAD, rows)}\n\nLowest Dice and largest centre error from two clicks, {draws} draws: {told}."})


if __name__ == "__main__":
    main()
