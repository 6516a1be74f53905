"""The vertebral bodies of the simulated patient in six contrasts: the table and the gallery of ``Docs/vertebrae.md``.

``python Testing/Benchmarks/vertebrae_simulated.py``; responder and non-responder before treatment, three draws of clicks each. The gallery
shows the first draw in the responder, and behind it the body with the lowest Dice of all. Simulated pictures may be published.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "Testing" / "Python"), str(ROOT / "MarrowQuant")]

import spines  # noqa: E402 (after the path)
from bench import table  # noqa: E402
from MarrowQuantLib.model import Volume  # noqa: E402
from simulated_spine import SimulatedSpine, simulated_spine  # noqa: E402
from vertebrae import write_sections  # noqa: E402
from vertebrae_gallery import panel, write  # noqa: E402

STORIES, DRAWS = ("responder", "non-responder"), 3
HEAD = ["picture", "Dice median / worst", "centre error median / worst (mm)", "ROI inside, lowest", "smallest ROI (mL)", "doubted"]


def as_case(simulated: SimulatedSpine, image: Volume) -> spines.Spine:
    """The picture with the true bodies on its grid."""
    kji = np.indices(image.array.shape).reshape(3, -1)
    ras = kji[::-1].T @ image.ijk_to_ras[:3, :3].T + image.ijk_to_ras[:3, 3]
    truth = sum((n + 1) * simulated.inside(level, ras).reshape(image.array.shape) for n, level in enumerate(spines.LUMBAR))
    return spines.Spine(image, truth, np.array([simulated.centers[level] for level in spines.LUMBAR]))


def main() -> None:
    patients = [simulated_spine(story) for story in STORIES]
    rows, gallery, worst = [], [], (2.0, np.empty((0, 0, 3), np.uint8))
    for name in patients[0].pictures:
        measured = []
        for patient in patients:
            case = as_case(patient, patient.pictures[name])
            for draw in range(DRAWS):
                found = spines.segment_bodies(case.image, patient.clicks(draw))
                measured += list(measure(patient, case, found))
                lowest = min(row[0] for row in measured[-5:])
                if patient is patients[0] and draw == 0:
                    gallery.append(panel(case, found))
                if lowest < worst[0]:
                    worst = (lowest, panel(case, found))
        dice, error, inside, roi_ml, doubted = np.array(measured).T
        rows.append(
            [
                name,
                f"{np.median(dice):.3f} / {dice.min():.3f}",
                f"{np.median(error):.1f} / {error.max():.1f}",
                f"{inside.min():.3f}",
                f"{roi_ml.min():.1f}",
                f"{100 * doubted.mean():.0f} %",
            ]
        )
    write_sections({"simulated": table(HEAD, rows)})
    write(ROOT / "Docs" / "vertebrae-gallery.png", [*gallery, worst[1]])


def measure(patient: SimulatedSpine, case: spines.Spine, found: spines.BodySegmentation) -> list[tuple[float, ...]]:
    """Dice, centre error in mm, part of the ROI inside, mL of the ROI, and whether it is doubted, of each body."""
    return [
        (
            spines.dice(found.labels.array == n + 1, case.truth == n + 1),
            float(np.linalg.norm(body.center_ras - case.centers[n])),
            patient.part_inside(body.roi),
            float(np.prod(body.roi.radii_mm) * 4 / 3 * np.pi / 1000),
            bool(body.doubts),
        )
        for n, body in enumerate(found.bodies)
    ]


if __name__ == "__main__":
    main()
