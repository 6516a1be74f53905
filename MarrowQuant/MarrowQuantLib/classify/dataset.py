"""A data set: the patients of a comparison with their pictures, indices and what a table says of them; one folder, no pickle."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Optional

import numpy as np

from .. import __version__
from ..io.atomic import in_one_step
from ..io.jsonfiles import read_json
from ..model import Finding, MarrowQuantError
from ..model.findings import finding_from_plain, finding_to_plain
from .patches import Preparation

FORMAT = "marrowquant classify data set 1"
FILE, ARRAYS = "dataset.json", "patches.npz"
_FEWEST_A_GROUP = 5
_NAMED = 6  # records that a sentence names


@dataclass(frozen=True)
class Patient:
    """One patient: one case, whatever the number of bodies.

    Attributes
    ----------
    record_id, kind, site, scanner : str
        ``kind`` is a kind of case, see ``model.KINDS``; site and scanner may be "".
    age_years, platelets : float
        NaN where not known; platelets in 10⁹/L.
    synthetic : bool
    levels : tuple of str
    patches, marrow : ndarray
        As in :class:`PreparedSpine`.
    indices : dict of str to float
        Means over the bodies: ff, adc, r2star, …; NaN where not measured.
    image_hash : str
    statistics : dict of str to float
    stir_pattern : int or None
        Of Kusumoto, as proposed or as the reader set it.
    findings : tuple of Finding
    """

    record_id: str
    kind: str
    patches: np.ndarray
    marrow: np.ndarray
    levels: tuple[str, ...] = ()
    site: str = ""
    scanner: str = ""
    age_years: float = math.nan
    platelets: float = math.nan
    synthetic: bool = False
    indices: Mapping[str, float] = field(default_factory=dict)
    image_hash: str = ""
    statistics: Mapping[str, float] = field(default_factory=dict)
    stir_pattern: Optional[int] = None
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class Dataset:
    """The patients of one comparison; ``event`` and ``other`` are the two kinds, ``readers`` the scores by reader and record."""

    patients: tuple[Patient, ...]
    preparation: Preparation
    event: str
    other: str
    readers: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()

    @property
    def outcome(self) -> np.ndarray:
        """True for the event, shape (patients,)."""
        return np.array([patient.kind == self.event for patient in self.patients])

    def column(self, name: str) -> np.ndarray:
        """A number of every patient, shape (patients,): an index, age_years or platelets; NaN where it is not known."""
        if name in ("age_years", "platelets"):
            return np.array([getattr(patient, name) for patient in self.patients], dtype=float)
        return np.array([patient.indices.get(name, math.nan) for patient in self.patients], dtype=float)

    def text(self, name: str) -> np.ndarray:
        """site or scanner of every patient, shape (patients,)."""
        return np.array([getattr(patient, name) for patient in self.patients], dtype=object)

    def take(self, rows: Iterable[int]) -> Dataset:
        """Some of the patients."""
        return replace(self, patients=tuple(self.patients[int(n)] for n in rows))

    def with_kinds(self, kinds: Iterable[str]) -> Dataset:
        """The same patients with other labels, for the control by random labels."""
        return replace(self, patients=tuple(replace(patient, kind=kind) for patient, kind in zip(self.patients, kinds)))

    @property
    def synthetic(self) -> bool:
        """True if every patient is simulated."""
        return all(patient.synthetic for patient in self.patients)

    def digest(self) -> str:
        """SHA-256 over patients, pictures and labels: what a model was trained on, without telling who."""
        found = hashlib.sha256(json.dumps(self.preparation.plain(), sort_keys=True).encode())
        for patient in self.patients:
            found.update(f"{patient.kind} {patient.image_hash}".encode() + np.ascontiguousarray(patient.patches).tobytes())
        return found.hexdigest()


def checked(dataset: Dataset) -> Dataset:
    """The data set if it can be evaluated.

    Raises
    ------
    MarrowQuantError
        One class only, too few patients, a record twice, one image in two patients, simulated among real ones.
    """
    outcome = dataset.outcome
    events, others = int(outcome.sum()), int((~outcome).sum())
    if min(events, others) == 0:
        raise MarrowQuantError(
            "All patients are of one kind, so nothing can be told apart; the data need {event} and {other}.",
            event=dataset.event,
            other=dataset.other,
        )
    if min(events, others) < _FEWEST_A_GROUP:
        raise MarrowQuantError(
            "There are {events} patients with {event} and {others} with {other}; at least {fewest} of either are needed.",
            events=events,
            event=dataset.event,
            others=others,
            other=dataset.other,
            fewest=_FEWEST_A_GROUP,
        )
    names = [patient.record_id for patient in dataset.patients]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise MarrowQuantError(
            "{records} occur twice; a patient is one case, so give all exams of a patient one row.", records=twice[:_NAMED]
        )
    hashes = [patient.image_hash for patient in dataset.patients]
    shared = [name for name, known in zip(names, hashes) if known and hashes.count(known) > 1]
    if shared:
        raise MarrowQuantError(
            "{records} share an image with another patient; one image in two folds would be learned by heart, so mend the table.",
            records=shared[:_NAMED],
        )
    if not dataset.synthetic and any(patient.synthetic for patient in dataset.patients):
        raise MarrowQuantError("Simulated and real patients are mixed; evaluate them apart.")
    return dataset


def write_dataset(dataset: Dataset, folder: Path) -> Path:
    """Write a data set as a new folder: ``dataset.json`` and ``patches.npz``.

    Raises
    ------
    MarrowQuantError
        If the folder holds files, or cannot be written.
    """
    with in_one_step(Path(folder)) as unfinished:
        arrays: dict[str, Any] = {}
        for n, patient in enumerate(dataset.patients):
            arrays[f"patches_{n}"], arrays[f"marrow_{n}"] = patient.patches.astype(np.float32), patient.marrow
        np.savez_compressed(unfinished / ARRAYS, **arrays)
        content = {
            "format": FORMAT,
            "version": __version__,
            "event": dataset.event,
            "other": dataset.other,
            "preparation": dataset.preparation.plain(),
            "digest": dataset.digest(),
            "findings": [finding_to_plain(found) for found in dataset.findings],
            "readers": {name: dict(scores) for name, scores in dataset.readers.items()},
            "patients": [_patient_plain(patient) for patient in dataset.patients],
        }
        (unfinished / FILE).write_text(json.dumps(content, indent=1, ensure_ascii=False), encoding="utf-8")
    return Path(folder)


def read_dataset(folder: Path) -> Dataset:
    """Read what :func:`write_dataset` wrote.

    Raises
    ------
    MarrowQuantError
        If the folder holds no data set, one of another version, or one that was changed.
    """
    folder = Path(folder)
    try:
        content = read_json(folder / FILE)
        if content["format"] != FORMAT:
            raise MarrowQuantError("'{folder}' holds a data set of another version; prepare it again.", folder=folder.name)
        with np.load(folder / ARRAYS, allow_pickle=False) as arrays:
            patients = tuple(
                _patient_read(each, arrays[f"patches_{n}"], arrays[f"marrow_{n}"]) for n, each in enumerate(content["patients"])
            )
        dataset = Dataset(
            patients,
            Preparation.from_plain(content["preparation"]),
            content["event"],
            content["other"],
            content["readers"],
            tuple(finding_from_plain(found) for found in content["findings"]),
        )
        intact = dataset.digest() == content["digest"]
    except MarrowQuantError:
        raise
    except Exception:  # whatever a file that was not ours, or was cut short, leads to
        raise MarrowQuantError(
            "'{folder}' holds no data set that can be read; make it with 'marrowquant classify prepare'.", folder=folder.name
        ) from None
    if not intact:
        raise MarrowQuantError("The data set '{folder}' was changed after it was made; prepare it again.", folder=folder.name)
    return dataset


def _patient_plain(patient: Patient) -> dict[str, Any]:
    return {
        "record_id": patient.record_id,
        "kind": patient.kind,
        "site": patient.site,
        "scanner": patient.scanner,
        "age_years": _number(patient.age_years),
        "platelets": _number(patient.platelets),
        "synthetic": patient.synthetic,
        "levels": list(patient.levels),
        "image_hash": patient.image_hash,
        "stir_pattern": patient.stir_pattern,
        "indices": {name: _number(value) for name, value in patient.indices.items()},
        "statistics": {name: _number(value) for name, value in patient.statistics.items()},
        "findings": [finding_to_plain(found) for found in patient.findings],
    }


def _patient_read(written: Mapping[str, Any], patches: np.ndarray, marrow: np.ndarray) -> Patient:
    values: dict[str, Any] = {name: math.nan if written[name] is None else float(written[name]) for name in ("age_years", "platelets")}
    for name in ("indices", "statistics"):
        values[name] = {key: math.nan if value is None else float(value) for key, value in written[name].items()}
    for name in ("record_id", "kind", "site", "scanner", "synthetic", "image_hash", "stir_pattern"):
        values[name] = written[name]
    found = tuple(finding_from_plain(each) for each in written["findings"])
    return Patient(**values, levels=tuple(written["levels"]), patches=patches, marrow=marrow, findings=found)


def _number(value: float) -> Optional[float]:
    return float(value) if math.isfinite(value) else None
