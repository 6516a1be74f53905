"""Small DICOM series for tables of members of a kind: one call a series, every attribute a value or a function of the slice."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Callable, Optional, Union

import numpy as np
import pydicom

from .dicom_files import COLUMNS, ROWS, write_image

ADC = ["DERIVED", "PRIMARY", "DIFFUSION", "ADC"]
FF = ["DERIVED", "PRIMARY", "M", "FAT_FRACTION"]
TRACE = ["DERIVED", "PRIMARY", "DIFFUSION", "TRACEW"]
ORIGINAL = ["ORIGINAL", "PRIMARY", "DIFFUSION", "NONE", "ND"]
Value = Union[float, Callable[[int], Any]]


def signal(b: float, adc: float = 1000.0, s0: float = 10000.0) -> int:
    """Stored signal of one direction; ADC in µm²/s."""
    return round(s0 * float(np.exp(-b * adc * 1e-6)))


def siemens_b(b: Any, direction: Optional[tuple[float, ...]] = None) -> dict[tuple[int, str, int], tuple[str, Any]]:
    """Siemens' private b-value, and the direction of the gradient."""
    found: dict[tuple[int, str, int], tuple[str, Any]] = {(0x19, "SIEMENS MR HEADER", 0x0C): ("IS", str(b))}
    if direction:
        found[(0x19, "SIEMENS MR HEADER", 0x0D)] = ("CS", "DIRECTIONAL")
        found[(0x19, "SIEMENS MR HEADER", 0x0E)] = ("FD", [float(x) for x in direction])
    return found


def write_series(folder: Path, value: Value, n: int = 4, **attributes: Any) -> None:
    """n slices of one value, or of what a function of the slice gives."""
    folder.mkdir(parents=True, exist_ok=True)
    for k in range(n):
        stored = value(k) if callable(value) else np.full((ROWS, COLUMNS), value, np.uint16)
        of_slice = {name: each(k) if callable(each) else each for name, each in attributes.items()}
        of_slice.setdefault("name", f"im{len(list(folder.iterdir())):05d}.dcm")
        with pydicom.config.disable_value_validation():
            write_image(folder, k, stored=np.asarray(stored), **of_slice)


def with_code(unit: str, slope: Any, intercept: Any = 0.0, **more: Any) -> list:
    """A Real World Value Mapping."""
    from pydicom.dataset import Dataset

    code, item = Dataset(), Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = unit, "UCUM", unit
    item.MeasurementUnitsCodeSequence = [code]
    for name, value in {"RealWorldValueSlope": slope, "RealWorldValueIntercept": intercept, **more}.items():
        if value is not None:
            setattr(item, name, value)
    return [item]


def medians(volumes: Any) -> Mapping[str, list[float]]:
    """The median of every sound volume, by role."""
    found: dict[str, list[float]] = {}
    for volume in volumes:
        if not volume.problem:
            found.setdefault(volume.role.value, []).append(round(float(np.nanmedian(volume.load().array)), 2))
    return found
