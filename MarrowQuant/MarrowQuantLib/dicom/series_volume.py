"""A recognised volume: what it is, where it lies, why we think so; its pixels are read by :meth:`SeriesVolume.load`."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Optional

import numpy as np

from ..diffusion import trace_image
from ..model import NO_FINDING, Finding, MarrowQuantError, Role, Volume, finding
from .frame import Frame
from .overrides import Override
from .patients import Patient
from .pixels import read_frames
from .scaling import Scaling, apply

TITLES = {
    Role.PDFF: "PDFF", Role.WATER: "Water", Role.FAT: "Fat", Role.IN_PHASE: "In phase", Role.OPPOSED_PHASE: "Opposed phase",
    Role.MULTI_ECHO: "Echo", Role.R2STAR: "R2*", Role.DWI: "DWI", Role.ADC: "ADC", Role.CALCULATED_DWI: "Calculated DWI",
}  # fmt: skip
BROWSER_NAMES = {
    Role.PDFF: "Fat fraction", Role.WATER: "Dixon water", Role.FAT: "Dixon fat", Role.IN_PHASE: "Dixon in phase",
    Role.OPPOSED_PHASE: "Dixon opposed phase", Role.R2STAR: "R2*", Role.ADC: "ADC",
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class SeriesVolume:
    """One volume found in a folder.

    Attributes
    ----------
    series_number, series_description, series_uid
        As in the header; name and ID of the patient are removed from the description.
    role : Role
    b_value, echo_time_s, station
        s/mm²; s; 1 = most cranial, None where there is only one table position.
    component : {"magnitude", "phase", "real", "imaginary", ""}
    acquisition_group : int
        Volumes of one acquisition bear the same number; a repeat, and another protocol, bear others. Stations share it.
    shape : tuple of int
        (i, j, k).
    ijk_to_ras : ndarray, shape (4, 4)
    unit, quantity : str
        Of what :meth:`load` returns.
    scaling : Scaling
        How stored values become that quantity.
    confidence : float
        0 … 1; 0 where there is a problem.
    evidence : tuple of Finding
        One for each thing that was concluded.
    problem : Finding
        Why it must not be measured, or ``NO_FINDING``.
    overrides : tuple of Override
        The reader's decisions that hold for it.
    select : dict
        What the headers alone say: the selectors of an override that is about this volume.
    exam_date, patient_key, patient, study_uid
        Date of the study, None if it has none; hashes that tell patients apart; the study.
    findings : tuple of Finding
        What the header says of its images that a reader of their numbers should know.
    acquisition : dict
        manufacturer, model, field_strength_t, repetition_time_s, flip_angle_deg, n_directions; what a follow-up is compared with.
    synthetic : bool
        The files say that they are simulated.
    folder : Path
        Where the files lie.
    parts : tuple of tuple of Frame
        Slices from low to high k; more than one part are gradient directions whose geometric mean is the image.
    """

    series_number: Optional[int]
    series_description: str
    series_uid: str
    role: Role
    shape: tuple[int, int, int]
    ijk_to_ras: np.ndarray
    parts: tuple[tuple[Frame, ...], ...]
    scaling: Scaling = field(default_factory=Scaling)
    b_value: Optional[float] = None
    echo_time_s: Optional[float] = None
    station: Optional[int] = None
    component: str = ""
    acquisition_group: int = 0
    quantity: str = ""
    unit: str = ""
    confidence: float = 0.0
    evidence: tuple[Finding, ...] = ()
    problem: Finding = NO_FINDING
    overrides: tuple[Override, ...] = ()
    select: Mapping[str, Any] = field(default_factory=dict)
    exam_date: Optional[datetime.date] = None
    patient_key: str = ""
    patient: Patient = field(default_factory=Patient)
    study_uid: str = ""
    findings: tuple[Finding, ...] = ()
    acquisition: Mapping[str, Any] = field(default_factory=dict)
    synthetic: bool = False
    folder: Path = Path()

    @property
    def is_lost_file(self) -> bool:
        """True for what stands for a file that could not be read."""
        return not self.parts

    @property
    def name(self) -> str:
        """What a reader sees, such as "DWI b800, station 2"."""
        words = [TITLES.get(self.role, self.role.value.replace("_", " ").upper())]
        if self.b_value is not None and self.role in (Role.DWI, Role.CALCULATED_DWI):
            words.append(f"b{self.b_value:g}")
        if self.role == Role.MULTI_ECHO and self.echo_time_s is not None:
            words.append(f"{1e3 * self.echo_time_s:.2f} ms {self.component}".rstrip())
        station = f", station {self.station}" if self.station else ""
        return " ".join(words) + station

    @property
    def browser_name(self) -> str:
        """What a radiologist sees in the DICOM browser, such as "b900 station 3" or "Dixon water"."""
        if self.role in (Role.DWI, Role.CALCULATED_DWI):
            name = f"b{self.b_value:g}" + (" calculated, not acquired" if self.role == Role.CALCULATED_DWI else "")
        elif self.role == Role.MULTI_ECHO and self.echo_time_s is not None:
            name = f"Dixon echo {1e3 * self.echo_time_s:.2f} ms {self.component}".rstrip()
        else:
            name = BROWSER_NAMES.get(self.role, self.role.value.replace("_", " "))
        return name + (f" station {self.station}" if self.station else "")

    def load(self) -> Volume:
        """Read the pixels of this volume and scale them.

        Returns
        -------
        Volume
            float32, shape (k, j, i).

        Raises
        ------
        MarrowQuantError
            If the volume has a problem, or its files cannot be read or decoded.
        """
        if self.problem:
            raise MarrowQuantError(
                "Series {series_number} cannot be measured: {problem}.",
                series_number=self.series_number, problem=self.problem,
            )
        return Volume(
            array=self._values(),
            ijk_to_ras=np.array(self.ijk_to_ras),
            role=self.role,
            unit=self.unit,
            quantity=self.quantity,
            name=self.name,
            b_value=self.b_value,
            echo_time_s=self.echo_time_s,
            station=self.station,
            source=(finding("made.series", series=self.series_number), self.scaling.sentence),
            field_strength_t=self.acquisition.get("field_strength_t"),
        )

    def _values(self) -> np.ndarray:
        if len(self.parts) == 1:
            return apply(read_frames(self.parts[0]), self.parts[0], self.scaling)
        return trace_image(apply(read_frames(part), part, self.scaling) for part in self.parts)

    def as_row(self, used: bool) -> dict[str, Any]:
        """The volume as plain data, as ``marrowquant inspect --json`` prints it; without identity."""
        return {
            "series_number": self.series_number,
            "series_description": self.series_description,
            "role": self.role.value,
            "b_value": self.b_value,
            "echo_time_s": self.echo_time_s,
            "repetition_time_s": self.acquisition.get("repetition_time_s"),
            "flip_angle_deg": self.acquisition.get("flip_angle_deg"),
            "scanner": " ".join(str(self.acquisition[key]) for key in ("manufacturer", "model") if self.acquisition.get(key)),
            "voxel_mm": [round(float(step), 3) for step in np.linalg.norm(np.asarray(self.ijk_to_ras)[:3, :3], axis=0)],
            "station": self.station,
            "component": self.component,
            "acquisition_group": self.acquisition_group,
            "shape": [int(n) for n in self.shape],
            "ijk_to_ras": [[float(value) for value in row] for row in self.ijk_to_ras],
            "quantity": self.quantity,
            "unit": self.unit,
            "scaling": self.scaling.sentence,
            "confidence": float(self.confidence),
            "evidence": list(self.evidence),
            "problem": self.problem,
            "overridden": sorted({name for override in self.overrides for name in override.changes}),
            "override": {name: value for override in self.overrides for name, value in override.changed_values().items()},
            "select": dict(self.select),
            "exam_date": self.exam_date.isoformat() if self.exam_date else None,
            "synthetic": self.synthetic,
            "used": bool(used),
        }
