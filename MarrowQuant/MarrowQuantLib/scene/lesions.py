"""The table node of what became of each lesion."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Optional

from ..followup.lesion_rows import LesionRow
from ..results.rows import BEFORE, lesions
from .nodes import find_or_add, remove_nodes
from .tables import columns_of, write_table

_TAGS = {"table": "lesions"}


def lesions_table(rows: Sequence[LesionRow], scene: Optional[Any] = None) -> Any:
    """One row a lesion, with its numbers at baseline and follow-up; numbers that do not exist are NaN."""
    node = find_or_add("vtkMRMLTableNode", "Lesions from exam to exam", _TAGS, scene)
    table = lesions(rows)
    in_one_cell = {key for key in (column.key for column in table.columns) if key + BEFORE in {column.key for column in table.columns}}
    write_table(node, columns_of(table, [column.key for column in table.columns if column.key not in in_one_cell]))
    return node


def remove_lesions_table(scene: Optional[Any] = None) -> None:
    """Remove the table when no lesions are matched any more."""
    remove_nodes("vtkMRMLTableNode", _TAGS, scene)
