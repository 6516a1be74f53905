"""What ROIs in the bodies found bring to the number: the table ``agreement`` of ``Docs/vertebrae.md``.

``python Testing/Benchmarks/vertebrae_ff.py [--draws 2]``: fat fraction of the digital patient, whose bodies are found in another picture,
and the signal of all labelled spines, from two clicks: mean of the ROI minus mean of the true label, and limits of agreement (mean ± 1.96
standard deviations over bodies; Bland and Altman 1986, doi 10.1016/S0140-6736(86)90837-8).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "Testing"), str(ROOT / "MarrowQuant")]

from bench import table  # noqa: E402
from helpers import labelled_spines  # noqa: E402 (after the path)
from helpers.simulated_spine import simulated_spine  # noqa: E402
from MarrowQuantLib.vertebrae import rasterise, segment_bodies  # noqa: E402
from vertebrae import write_sections  # noqa: E402
from vertebrae_simulated import DATES, STORIES  # noqa: E402
from vertebrae_spines import KINDS, clicked  # noqa: E402

PICTURES = ("T1", "T2", "water", "in phase")
HEAD = ["measured", "bodies", "bias", "limits of agreement", "largest difference"]


def row(name: str, differences: list[float], unit: str) -> list[str]:
    """Bias and limits of agreement of one kind of picture."""
    values = np.array(differences)
    bias, reach = values.mean(), 1.96 * values.std(ddof=1)
    largest = values[np.abs(values).argmax()]
    return [name, str(len(values)), f"{bias:+.1f} {unit}", f"{bias - reach:+.1f} … {bias + reach:+.1f}", f"{largest:+.1f}"]


def of_patient(name: str, draws: int) -> Iterator[float]:
    """Differences of the fat fraction in points, bodies found in the picture of this name."""
    for patient in (simulated_spine(story, date) for story in STORIES for date in DATES):
        image, measured = patient.pictures[name], patient.case("FF")
        ff, truth = measured.image, measured.truth
        for draw in range(draws):
            for n, body in enumerate(segment_bodies(image, patient.clicks(draw)).bodies):
                yield float(ff.array[rasterise(body.roi, ff).mask()].mean() - ff.array[truth == n + 1].mean())


def of_spine(case: Any, number: int, draws: int) -> Iterator[float]:
    """Differences of the signal in per cent of the label's."""
    for draw in range(draws):
        for body in segment_bodies(case.image, clicked(case, number, draw, 2)).bodies:
            true = case.image.array[case.truth == case.levels.index(body.level) + 1].mean()
            yield float(100 * (case.image.array[rasterise(body.roi, case.image).mask()].mean() / true - 1))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=2)
    draws = parser.parse_args().draws
    rows = [row(f"fat fraction of the digital patient, found in {name}", list(of_patient(name, draws)), "points") for name in PICTURES]
    for kind, folders in KINDS.items():
        cases = [(labelled_spines.spine(folder, name), int(name)) for folder in folders for name in labelled_spines.names(folder)]
        rows.append(row(f"signal of real spines, {kind}", [each for case in cases for each in of_spine(*case, draws)], "%"))
    write_sections({"agreement": table(HEAD, rows)})


if __name__ == "__main__":
    main()
