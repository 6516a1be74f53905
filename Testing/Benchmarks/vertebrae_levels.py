"""The bodies of neck, chest and the way down to L5 in the simulated patient: their table in ``Docs/vertebrae.md``.

``python Testing/Benchmarks/vertebrae_levels.py``; T1 and T2 pictures before treatment and after two cycles, five draws of clicks each.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "Testing"), str(ROOT / "MarrowQuant")]

from bench import table  # noqa: E402 (after the path)
from helpers.simulated_spine import SimulatedSpine, simulated_part  # noqa: E402
from MarrowQuantLib.vertebrae import segment_bodies  # noqa: E402
from vertebrae import HEAD, picture_row, write_sections  # noqa: E402

PARTS, DATES, DRAWS = (("C3", "T1"), ("T1", "T8"), ("T6", "L1"), ("T10", "L5")), (0, 1), range(5)


def measured(patient: SimulatedSpine, name: str) -> list[dict[str, np.ndarray]]:
    """A row of measures for every draw."""
    case, rows = patient.case(name), []
    for draw in DRAWS:
        start = time.process_time()
        found = segment_bodies(case.image, patient.clicks(draw))
        seconds = np.full(len(found.bodies), time.process_time() - start)
        rows.append({**patient.measure(case, found), "seconds": seconds})
    return rows


def main() -> None:
    lines = []
    for first, last in PARTS:
        patients = [simulated_part(first, last, exam=date) for date in DATES]
        for name in patients[0].pictures:
            rows = [row for patient in patients for row in measured(patient, name)]
            lines.append(picture_row(f"{first} to {last}, {name}", {key: np.concatenate([row[key] for row in rows]) for key in rows[0]}))
    write_sections({"levels": table(HEAD, lines)})


if __name__ == "__main__":
    main()
