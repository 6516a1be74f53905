"""Pictures of drawn bodies beside the digital patient: the figure of Docs/tumour-load.md.

Run with PYTHONPATH=MarrowQuant:Testing/Benchmarks; about a minute. Coronal maximum-intensity projections of the high-b image in inverted
grey; red is what counts, blue what was set aside.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from bodies import JUDGING, draw, measured, simulate
from MarrowQuantLib.burden import BurdenSession
from MarrowQuantLib.model import ACCEPTED, Burden, Volume
from MarrowQuantLib.phantom.exam import simulate_exam
from whole_body import whole_body

matplotlib.use("Agg")

FIGURE = Path(__file__).resolve().parents[2] / "Docs" / "bodies.png"
SHOWN = 7


def draw_figure(found: Sequence[tuple[str, Volume, Burden]]) -> None:
    """Write the figure: title, high-b image and tumour load of each body."""
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(1, len(found), figsize=(2.0 * len(found), 4.6))
    for axis, (title, image, burden) in zip(np.ravel(axes), found):
        ratio = np.nan_to_num(image.array) / burden.muscle_signal
        labels = burden.labels.array
        kept = np.isin(labels, [c.label for c in burden.components if c.state == ACCEPTED])
        spacing = image.spacing_mm
        shape: dict[str, Any] = {"origin": "lower", "aspect": spacing[2] / spacing[0]}
        axis.imshow(ratio.max(axis=1), cmap="gray_r", vmin=0, vmax=9, **shape)
        for mask, colours in (((labels > 0) & ~kept, "Blues"), (kept, "Reds")):
            flat = np.ma.masked_equal(mask.any(axis=1).astype(float), 0.0)
            axis.imshow(flat, cmap=colours, vmin=0, vmax=1.3, alpha=0.55, **shape)
        axis.set_title(title, fontsize=7)
        axis.axis("off")
    figure.tight_layout(pad=0.3)
    figure.savefig(FIGURE, dpi=75, bbox_inches="tight")


def main() -> None:
    """Simulate, measure and draw."""
    old = whole_body(simulate_exam("non-responder", 1, 0))
    session = BurdenSession(old.high, old.adc, context=old.context, bone_first=True)
    found = [("digital patient", old.high, session.update())]
    for seed in JUDGING[:SHOWN]:
        patient = draw(seed)
        exam = simulate(patient)
        found.append((f"seed {seed}, {patient.disease}", exam.maps["dwi_high"], measured(exam)[0]))
    draw_figure(found)


if __name__ == "__main__":
    main()
