"""The digital patient cut small: three stations of diffusion and the Dixon series, six slices of 24 × 32 pixels, in three dialects.

Simulating takes some seconds and is done once a session; writing the small exam takes a fraction of a second.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np
from MarrowQuantLib.model import Volume
from MarrowQuantLib.phantom import DIALECTS, SimulatedExam, simulate_exam
from MarrowQuantLib.phantom.classic import write_classic
from MarrowQuantLib.phantom.dixon import DixonImages
from MarrowQuantLib.phantom.enhanced import write_enhanced
from MarrowQuantLib.phantom.header import Identity

ROWS, COLUMNS, SLICES = 24, 32, 6
N_STATIONS = 3  # the decoy, a calculated b-value, lies in the third


@lru_cache(maxsize=1)
def small_exam() -> SimulatedExam:
    """The responder's baseline, cropped to its middle."""
    exam = simulate_exam("responder", 0, 1)
    stations = tuple(tuple(_cut(volume) for volume in station) for station in exam.stations[:N_STATIONS])
    return replace(exam, dixon=_cut_dixon(exam.dixon), stations=stations)


def _box(shape: tuple[int, ...]) -> tuple[slice, slice, slice]:
    starts = [max(0, (n - wanted) // 2) for n, wanted in zip(shape, (SLICES, ROWS, COLUMNS))]
    return tuple(slice(start, start + wanted) for start, wanted in zip(starts, (SLICES, ROWS, COLUMNS)))


def _moved(ijk_to_ras: np.ndarray, box: tuple[slice, slice, slice]) -> np.ndarray:
    shift = np.eye(4)
    shift[:3, 3] = [part.start for part in box[::-1]]
    return ijk_to_ras @ shift


def _cut(volume: Volume) -> Volume:
    box = _box(volume.array.shape)
    return replace(volume, array=volume.array[box], ijk_to_ras=_moved(volume.ijk_to_ras, box))


def _cut_dixon(dixon: DixonImages) -> DixonImages:
    box = _box(dixon.echoes.shape)
    products = {role: _cut(volume) for role, volume in dixon.products.items()}
    return replace(
        dixon, echoes=dixon.echoes[box], field_hz=dixon.field_hz[box], products=products, ijk_to_ras=_moved(dixon.ijk_to_ras, box)
    )


def write_small(folder: Path, dialect: str, *, exam: SimulatedExam | None = None, seed: int | None = None) -> list[Path]:
    """Write the small exam as one vendor would; another ``seed`` is another patient.

    Returns
    -------
    list of Path
        The DICOM files.
    """
    exam = exam or small_exam()
    exam = exam if seed is None else replace(exam, seed=seed)
    vendor = DIALECTS[dialect]
    identity = Identity(exam.story, dialect, vendor.manufacturer, exam.seed, exam.index, exam.date)
    folder.mkdir(parents=True, exist_ok=True)
    number = 1
    for series in vendor.series(exam):
        number += (write_enhanced if series.enhanced else write_classic)(series, identity, folder, number)
    return sorted(folder.glob("IM*.dcm"))
