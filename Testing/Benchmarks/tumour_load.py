"""Tumour load on the digital patient against the truth: the table of Docs/tumour-load.md.

Run with PYTHONPATH=MarrowQuant; seeds as arguments, seed 1 by default; about a minute a seed.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from MarrowQuantLib.burden import BurdenSession
from MarrowQuantLib.phantom.exam import SimulatedExam, simulate_exam
from whole_body import whole_body

DOC = Path(__file__).resolve().parents[2] / "Docs" / "tumour-load.md"
START, STOP = "<!-- table by Testing/Benchmarks/tumour_load.py -->", "<!-- end of table -->"
FOCAL_MM = 5.0


def measure(exam: SimulatedExam) -> str:
    """One row of the table."""
    body = whole_body(exam)
    burden = BurdenSession(body.high, body.adc, context=body.context, bone_first=True).update()
    active = [lesion for lesion in exam.truth["lesions"] if lesion["state"] == "active" and lesion["longest_diameter_mm"] > FOCAL_MM]
    inverse = np.linalg.inv(burden.labels.ijk_to_ras)
    labels = [burden.labels.array[tuple(np.rint((inverse @ [*lesion["center_ras"], 1])[2::-1]).astype(int))] for lesion in active]
    found = sum(label > 0 and burden.components[label - 1].state == "accepted" for label in labels)
    organs = sorted({c.reason.split(":")[0].removeprefix("Probably ") for c in burden.components if c.state == "physiological"})
    seams = body.stitched.seams
    truth, tdv, pattern = exam.truth["tdv_ml"], burden.tdv.value, burden.infiltration
    return (
        f"| {exam.story} {exam.label} | {truth:.1f} | {tdv:.1f} | {100 * (tdv / truth - 1):+.1f} % | {found} of {len(active)} "
        f"| {', '.join(organs)} | {pattern.pattern}, {pattern.focal_lesions} focal | {max(s.step_before for s in seams):.0%} to "
        f"{max(s.step_after for s in seams):.1%} |"
    )


def rows(seeds: tuple[int, ...]) -> Iterator[str]:
    for seed in seeds:
        for story in ("responder", "non-responder"):
            for exam in (0, 1):
                yield measure(simulate_exam(story, exam, seed)).replace("| ", f"| {seed} | ", 1)


def main() -> None:
    head = "| seed | exam | true tDV (mL) | measured (mL) | error | lesions found | taken for normal | pattern | largest step at a seam |"
    lines = [head, "|---:|---|---:|---:|---:|---|---|---|---|", *rows(tuple(int(a) for a in sys.argv[1:]) or (1,))]
    text = DOC.read_text(encoding="utf-8")
    before, _, rest = text.partition(START)
    _, _, after = rest.partition(STOP)
    DOC.write_text("\n".join([before + START, "", *lines, "", STOP + after]), encoding="utf-8")


if __name__ == "__main__":
    main()
