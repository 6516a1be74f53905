"""The recognised volumes as a plain-text table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .scaling import Scaling

WHY_WIDTH = 110
HEADER = ("series", "role", "b", "TE ms", "st", "gr", "shape", "spacing mm", "unit", "used", "sure", "description", "why")


def inspect_table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Text table of ``SeriesVolume.as_row`` rows: role, b-value, echo time, station, acquisition, grid, unit, confidence, and why."""
    cells = [HEADER, *(_cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(HEADER) - 1)]
    lines = ["  ".join([*(text.ljust(width) for text, width in zip(line, widths)), line[-1]]).rstrip() for line in cells]
    return "\n".join([lines[0], "-" * len(lines[0]), *lines[1:]])


def _cells(row: Mapping[str, Any]) -> tuple[str, ...]:
    spacing = np.linalg.norm(np.array(row["ijk_to_ras"])[:3, :3], axis=0)
    why = "; ".join([*row["evidence"], *([row["scaling"]] if row["scaling"] != Scaling.sentence else [])])
    if row["problem"]:  # what forbids to measure it stands alone, and whole
        why = row["evidence"][-1]
    return (
        _text(row["series_number"]),
        row["role"] + (f" {row['component']}" if row["component"] in ("phase", "real", "imaginary") else ""),
        _text(row["b_value"]),
        "" if row["echo_time_s"] is None else f"{1e3 * row['echo_time_s']:.4g}",
        _text(row["station"]),
        _text(row["acquisition_group"]),
        "×".join(str(n) for n in row["shape"]),
        "×".join(f"{mm:.3g}" for mm in spacing),
        row["unit"],
        "yes" if row["used"] else "no",
        f"{100 * row['confidence']:.0f} %",
        row["series_description"][:32],
        why if row["problem"] or len(why) <= WHY_WIDTH else f"{why[: WHY_WIDTH - 1]}…",
    )


def _text(value: Any) -> str:
    return "" if value is None else f"{value:g}"
