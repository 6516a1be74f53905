"""Write the table of ``Docs/vertebrae.md``: ``python Testing/Benchmarks/vertebrae.py [--draws 5]`` on the ten labelled lumbar spines."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "Testing" / "Python"), str(ROOT / "MarrowQuant")]

PAGE = ROOT / "Docs" / "vertebrae.md"
BEGIN, END = "<!-- table: begin -->", "<!-- table: end -->"

import spines  # noqa: E402 (after the path)

HEAD = (
    "| picture | Dice median / 5th / worst | near the midline | centre error median / 95th / worst (mm) | ROI inside 5th / worst "
    "| smallest ROI (mL) | levels right | doubted | CPU (s) |\n|---|---|---|---|---|---|---|---|---|"
)


def row(name: str, draws: int) -> str:
    """One line of the table: all spines, all draws."""
    rows, seconds = [], []
    for number in range(1, 11):
        case = spines.VARIANTS[name](spines.spine(number))
        for draw in range(draws):
            start = time.process_time()
            found = spines.segment_bodies(case.image, spines.clicks(case, number, draw))
            seconds.append(time.process_time() - start)
            rows.append(spines.measure(case, found))
    value = {key: np.concatenate([each[key] for each in rows]) for key in rows[0]}
    dice, central, error, inside = (value[key] for key in ("dice", "central", "error", "inside"))
    return (
        f"| {name} | {_three(dice, (50, 5, 0), 3)} | {_three(central, (50, 5, 0), 3)} | {_three(error, (50, 95, 100), 2)} "
        f"| {_three(inside, (5, 0), 3)} | {value['roi_ml'].min():.1f} | {100 * value['level'].mean():.0f} % "
        f"| {100 * value['doubted'].mean():.0f} % | {np.median(seconds):.2f} |"
    )


def _three(values: np.ndarray, percentiles: tuple[int, ...], digits: int) -> str:
    return " / ".join(f"{np.percentile(values, p):.{digits}f}" for p in percentiles)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=5)
    options = parser.parse_args()
    lines = [HEAD, *(row(name, options.draws) for name in spines.VARIANTS)]
    text = PAGE.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    PAGE.write_text("\n".join([before + BEGIN, *lines, END + rest.split(END)[1]]), encoding="utf-8")


if __name__ == "__main__":
    main()
