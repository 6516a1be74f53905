"""The table node of what became of each lesion."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Optional

from ..followup.lesion_rows import LesionRow
from ..model import UNIT_ADC, UNIT_FF, UNIT_VOLUME
from .nodes import find_or_add, remove_nodes
from .tables import Column, write_table

_TAGS = {"table": "lesions"}


def lesions_table(rows: Sequence[LesionRow], scene: Optional[Any] = None) -> Any:
    """One row a lesion, with its numbers at baseline and follow-up; numbers that do not exist are NaN."""
    changes = [row.change for row in rows]
    node = find_or_add("vtkMRMLTableNode", "Lesions from exam to exam", _TAGS, scene)
    write_table(
        node,
        [
            Column("before", [", ".join(c.names_before) for c in changes], "At baseline", description="Names of the lesion's pieces"),
            Column("after", [", ".join(c.names_after) for c in changes], "At follow-up", description="Names of the lesion's pieces"),
            Column("kind", [c.kind for c in changes], "What became of it", description="persisting, new, resolved, merged or split"),
            Column("region", [c.region for c in changes], "Region"),
            *_both("volume", [(c.volume_before_ml, c.volume_after_ml) for c in changes], "Volume", UNIT_VOLUME, "Sum of the pieces"),
            Column("volume_change", [row.volume_change_ml for row in rows], "Change", UNIT_VOLUME, "Follow-up minus baseline"),
            *_both("diameter", [row.diameter_mm for row in rows], "Longest diameter", "mm", "Of the largest piece"),
            *_both("adc", [(c.adc_before, c.adc_after) for c in changes], "ADC median", UNIT_ADC, "Of the largest piece"),
            *_both("ff", [row.ff_percent for row in rows], "FF median", UNIT_FF, "Of the largest piece, above 10 mm"),
            *_both("ratio", [row.signal_ratio for row in rows], "Signal over muscle", "", "Of the largest piece"),
            Column("rac", [int(c.rac) for c in changes], "RAC", description="Proposed response assessment category; the reader decides"),
            Column("why", [c.why for c in changes], "Why"),
            Column("overlap", [100.0 * c.confidence for c in changes], "Overlap", "%", "Of the smaller with the other, when registered"),
        ],
    )
    return node


def remove_lesions_table(scene: Optional[Any] = None) -> None:
    """Remove the table when no lesions are matched any more."""
    remove_nodes("vtkMRMLTableNode", _TAGS, scene)


def _both(name: str, pairs: Sequence[Sequence[Optional[float]]], title: str, unit: str, about: str) -> list[Column]:
    exams = (("before", "baseline"), ("after", "follow-up"))
    return [Column(f"{name}_{key}", [pair[n] for pair in pairs], f"{title}, {label}", unit, about) for n, (key, label) in enumerate(exams)]
