"""The tumour loads of a results folder with their voxels: what the readings of two readers are compared by."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Optional

import numpy as np

from ..followup.follow import read_exam
from ..followup.readers import Loads
from ..io.jsonfiles import read_json
from ..model import Burden, ExamResult, MarrowQuantError, Volume, identities_in
from .read import with_volumes

FILE = "loads.npz"
_FORMAT = 1


def write_loads(exams: Sequence[ExamResult], folder: Path) -> Optional[Path]:
    """Write the voxels of the loads' components as ``loads.npz``; None if no exam has a load. No identity and no image is in it."""
    arrays: dict[str, Any] = {}
    for exam in exams:
        if exam.burden is None or not exam.burden.labels.array.size:
            continue
        labels = exam.burden.labels
        positions = np.flatnonzero(labels.array)
        arrays[f"{exam.label}.positions"], arrays[f"{exam.label}.labels"] = positions, labels.array.reshape(-1)[positions]
        arrays[f"{exam.label}.shape"], arrays[f"{exam.label}.matrix"] = np.array(labels.array.shape), labels.ijk_to_ras
    if not arrays:
        return None
    path = Path(folder) / FILE
    with path.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, format=_FORMAT, **arrays)
    return path


def read_loads(folder: Path) -> Loads:
    """The loads of a results folder by the label of their exam, and whose exams these are.

    Raises
    ------
    MarrowQuantError
        If the folder holds no load with its voxels.
    """
    folder = Path(folder)
    try:
        data = read_json(folder / "results.json")
        loads: dict[str, Burden] = {}
        with np.load(folder / FILE, allow_pickle=False) as arrays:
            if int(arrays["format"]) != _FORMAT:
                raise KeyError("format")
            for written in data["exams"]:
                label = str(written["label"])
                if f"{label}.positions" in arrays:
                    exam = with_volumes(written, {"labels": _labels(arrays, label)})
                    assert exam.burden is not None
                    loads[label] = exam.burden
        if not loads:
            raise KeyError("labels")
        return loads, identities_in(data)
    except (OSError, ValueError, KeyError, IndexError, TypeError, AssertionError, MemoryError, zipfile.BadZipFile):
        raise MarrowQuantError(
            "'{folder}' holds no tumour load with its voxels; give a results folder that this version wrote.", folder=folder.name
        ) from None


def read_reading(folder: Path) -> Loads:
    """One reader's loads: of a case, or of one exam as ``marrowquant burden`` writes it.

    Raises
    ------
    MarrowQuantError
        If the folder holds none.
    """
    if (Path(folder) / FILE).is_file():
        return read_loads(folder)
    exam = read_exam(folder)
    if exam.burden is None:
        raise MarrowQuantError("One of the results folders holds no tumour load; measure it with 'marrowquant burden' first.")
    return {exam.label: exam.burden}, [exam.identity]


def _labels(arrays: Any, label: str) -> Volume:
    volume = np.zeros(tuple(int(n) for n in arrays[f"{label}.shape"]), np.int32)
    volume.reshape(-1)[arrays[f"{label}.positions"]] = arrays[f"{label}.labels"]
    return Volume(volume, np.array(arrays[f"{label}.matrix"], dtype=float))
