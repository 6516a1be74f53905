"""What a reader should doubt about the bodies found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from .column import ColumnFrame, Sampler
from .walls import BodySurface, body_positions


def body_doubts(
    levels: Sequence[str], surfaces: Sequence[BodySurface], frame: ColumnFrame, sampler: Sampler, points: Mapping[str, np.ndarray]
) -> dict[str, list[str]]:
    """Reasons to look twice, per level. The limits are our choice.

    A body without a doubt can still be wrong: most of the ten labelled spines' bodies below Dice 0.82 have none (``Docs/vertebrae.md``).
    """
    doubts: dict[str, list[str]] = {level: [] for level in levels}
    heights = np.array([_middle(surface.top - surface.bottom) for surface in surfaces])
    depths = np.array([_middle(surface.front - surface.back) for surface in surfaces])
    for n, (level, surface) in enumerate(zip(levels, surfaces)):
        reasons = doubts[level]
        for name, sizes, limit in (("height", heights, 0.16), ("depth", depths, 0.10)):
            typical = float(np.median(sizes))
            if abs(sizes[n] / typical - 1) > limit:
                size, usual = sizes[n] * frame.scale, typical * frame.scale
                reasons.append(f"its {name} of {size:.0f} mm stands out from the {usual:.0f} mm of the others")
        ends = (surface.steps["top"] + surface.steps["bottom"]) / 2
        if ends < 0.25:
            reasons.append("its endplates are hardly seen")
        if n and abs(surface.box.tilt - surfaces[n - 1].box.tilt) > 25:
            reasons.append(f"it is turned by {abs(surface.box.tilt - surfaces[n - 1].box.tilt):.0f}° against {levels[n - 1]}")
        center = frame.to_ras(np.array([0.0, *surface.box.center]))
        if level in points and np.linalg.norm(points[level] - center) > 18 * frame.scale:
            reasons.append(f"its centre was found {np.linalg.norm(points[level] - center):.0f} mm from the click")
        x, u, v = np.meshgrid([-15.0, 15.0], [-15.0, 15.0], [-12.0, 12.0], indexing="ij")
        seen = float(sampler.sees(frame.to_ras(body_positions(surface.box, x, u, v))).mean())
        if seen < 1:
            reasons.append("it is partly outside the field of view")
    return {level: [f"{level}: {reason}; check its ROI." for reason in reasons] for level, reasons in doubts.items()}


def _middle(values: np.ndarray) -> float:
    return float(np.median(values[len(values) // 2 - 4 : len(values) // 2 + 5, values.shape[1] // 2 - 8 : values.shape[1] // 2 + 9]))
