"""What the vendor dialects hand to the writer: series of stacks of stored integers with their tags."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Optional

import numpy as np

TWELVE_BITS = 4095


class PrivateTag(NamedTuple):
    """A private element: ``element`` is its last byte, the block is found from ``creator``."""

    group: int
    creator: str
    element: int
    vr: str
    value: Any


class Rescale(NamedTuple):
    """Stored value to value: value = stored × slope + intercept."""

    slope: float
    intercept: float
    kind: str = "US"


@dataclass(frozen=True)
class Stack:
    """One volume as it is stored: everything that is the same for all its slices.

    Attributes
    ----------
    pixels : ndarray of uint16 or int16, shape (k, j, i)
    ijk_to_ras : ndarray, shape (4, 4)
    image_type : tuple of str
    rescale : Rescale, optional
    tags : mapping of DICOM keyword to value
    private : tuple of PrivateTag
    component : str
        MAGNITUDE, PHASE, REAL, IMAGINARY or MIXED, for enhanced objects.
    """

    pixels: np.ndarray
    ijk_to_ras: np.ndarray
    image_type: tuple[str, ...]
    rescale: Optional[Rescale] = None
    tags: Mapping[str, Any] = field(default_factory=dict)
    private: tuple[PrivateTag, ...] = ()
    component: str = "MAGNITUDE"


@dataclass(frozen=True)
class Series:
    """A series: several stacks one after the other; ``enhanced`` puts all of them into one multi-frame object."""

    number: int
    description: str
    stacks: tuple[Stack, ...]
    enhanced: bool = False
    tags: Mapping[str, Any] = field(default_factory=dict)


def stored(values: np.ndarray, rescale: Rescale) -> np.ndarray:
    """Twelve-bit integers that stand for ``values``: (value − intercept) / slope, rounded and kept within 0 … 4095."""
    return np.clip(np.rint((values - rescale.intercept) / rescale.slope), 0, TWELVE_BITS).astype(np.uint16)


def full_scale(values: np.ndarray) -> float:
    """Slope that puts the largest value just below the top of twelve bits."""
    return max(float(np.max(values)), 1e-6) / (TWELVE_BITS - 5)


def millis(seconds: float) -> float:
    """Seconds as the milliseconds DICOM wants."""
    return round(1000 * seconds, 4)


DIFFUSION_TAGS = {
    "ScanningSequence": ["SE", "EP"],
    "SequenceVariant": "SK",
    "ScanOptions": "FS",
    "MRAcquisitionType": "2D",
    "EchoTime": 66.0,
    "EchoTrainLength": 41,
    "RepetitionTime": 6800.0,
    "FlipAngle": 90.0,
    "EchoNumbers": 1,
    "BodyPartExamined": "WHOLEBODY",
}
DIXON_TAGS = {
    "ScanningSequence": "GR",
    "SequenceVariant": "SP",
    "ScanOptions": "",
    "MRAcquisitionType": "3D",
    "EchoTrainLength": 6,
    "RepetitionTime": 8.2,
    "FlipAngle": 3.0,
    "EchoNumbers": 1,
    "EchoTime": 1.15,
    "BodyPartExamined": "LSPINE",
}
LOCALIZER_TAGS = {
    "ScanningSequence": "GR",
    "SequenceVariant": "SP",
    "ScanOptions": "",
    "MRAcquisitionType": "2D",
    "EchoTime": 2.4,
    "EchoTrainLength": 1,
    "RepetitionTime": 5.0,
    "FlipAngle": 20.0,
    "EchoNumbers": 1,
    "BodyPartExamined": "WHOLEBODY",
}
