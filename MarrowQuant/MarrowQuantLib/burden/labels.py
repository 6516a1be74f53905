"""Labelmaps of other tools as masks of bone: which of their numbers are bones.

The numbers are those of TotalSegmentator's MRI model (https://github.com/wasserth/TotalSegmentator, ``map_to_binary.py``, "total_mr")
and of VIBESegmentator (https://github.com/robert-graf/TotalVibeSegmentator, table in ``README.md``; 20 is "unused", or ribs in later
versions). The rule by which a file is known as one of them is our own: more labels than there are vertebrae, and no larger number than the
tool has.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

import numpy as np

from ..model import Finding, Volume, finding


@dataclass(frozen=True)
class Tool:
    """A tool that labels bones and organs: its name, its largest number, the least that the largest of a file may be, its bones, and
    whether ribs, sternum and skull are among them."""

    name: str
    largest: int
    tells: int
    bones: frozenset[int]
    has_ribs: bool


TOOLS = (
    Tool("TotalSegmentator MRI", 50, 40, frozenset((18, 19, *range(30, 40))), False),
    Tool("VIBESegmentator", 72, 65, frozenset((20, 23, *range(42, 52), 63, 69, 70, 72)), True),
)

FEWEST_LABELS = 27
"""Labels from which on a file can be that of a whole-body tool: one more than C1 to L5, sacrum and coccyx."""

_SEVERAL = 3  # labels from which on a mask that is not known is told to be taken as a whole


def bone_of(mask: Volume) -> tuple[Volume, list[Finding]]:
    """The bones of a mask as 0 and 1, and what the reader should know of it.

    Parameters
    ----------
    mask : Volume
        What the reader gave: a mask of bone, or the labelmap of a tool; shape (k, j, i).

    Returns
    -------
    mask : Volume
        The given one where it is no labelmap of a known tool.
    told : list of Finding
    """
    labels = np.unique(mask.array[np.isfinite(mask.array) & (mask.array > 0)])
    tool = _tool_of(labels)
    if tool is None:
        return mask, [finding("burden.mask_labels", n=len(labels))] if len(labels) >= _SEVERAL else []
    bones = [int(label) for label in labels if label in tool.bones]
    told = [finding("burden.mask_of_tool", tool=tool.name, bones=bones, n=len(labels) - len(bones))]
    told += [] if tool.has_ribs else [finding("burden.mask_without_ribs", tool=tool.name)]
    return mask.like(np.isin(mask.array, bones).astype(np.uint8)), told


def _tool_of(labels: np.ndarray) -> Optional[Tool]:
    """The tool that uses these numbers; None if they are too few, or no tool's."""
    if len(labels) < FEWEST_LABELS or not np.array_equal(labels, np.rint(labels)):
        return None
    return next((tool for tool in TOOLS if tool.tells <= labels[-1] <= tool.largest and np.isin(labels, list(tool.bones)).any()), None)
