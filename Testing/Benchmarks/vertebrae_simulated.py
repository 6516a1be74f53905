"""The vertebral bodies of the simulated patient in six contrasts: the table and the gallery of ``Docs/vertebrae.md``.

``python Testing/Benchmarks/vertebrae_simulated.py [--first 0] [--draws 5]``; responder and non-responder, before treatment and after two
cycles, five draws of clicks each. The gallery shows the first draw in the responder before treatment, and behind it the body with the
lowest Dice of all. Other draws are printed and written nowhere.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "Testing"), str(ROOT / "MarrowQuant")]

from bench import table  # noqa: E402
from helpers import spines  # noqa: E402 (after the path)
from helpers.simulated_spine import simulated_spine  # noqa: E402
from MarrowQuantLib.vertebrae import segment_bodies  # noqa: E402
from vertebrae import HEAD, picture_row, write_sections  # noqa: E402
from vertebrae_gallery import panel, write  # noqa: E402

STORIES, DATES = ("responder", "non-responder"), (0, 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--draws", type=int, default=5)
    options = parser.parse_args()
    draws = range(options.first, options.first + options.draws)
    patients = [simulated_spine(story, date) for story in STORIES for date in DATES]
    rows, gallery, worst = [], [], (2.0, np.empty((0, 0, 3), np.uint8))
    for name in patients[0].pictures:
        measured, inverted = [], []
        for patient in patients:
            case = patient.case(name)
            negative = segment_bodies(case.image.like(case.image.array.max() - case.image.array), patient.clicks(0))
            inverted.append(spines.measure(case, negative)["dice"])
            for draw in draws:
                start = time.process_time()
                found = segment_bodies(case.image, patient.clicks(draw))
                seconds = np.full(5, time.process_time() - start)
                measured.append({**patient.measure(case, found), "seconds": seconds})
                if patient is patients[0] and draw == draws[0]:
                    gallery.append(panel(case, found))
                if measured[-1]["dice"].min() < worst[0]:
                    worst = (measured[-1]["dice"].min(), panel(case, found))
        row = picture_row(name, {key: np.concatenate([row[key] for row in measured]) for key in measured[0]})
        rows.append([*row, f"{np.median(inverted):.3f}"])
    text = table([*HEAD, "inverted, one draw: Dice median"], rows)
    if options.first:
        print(text)
        return
    write_sections({"simulated": text})
    write(ROOT / "Docs" / "vertebrae-gallery.png", [*gallery, worst[1]])


if __name__ == "__main__":
    main()
