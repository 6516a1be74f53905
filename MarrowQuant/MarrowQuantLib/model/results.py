"""One exam, what changed between two, and the results of a case."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Optional, Union

from .burden import Burden, BurdenPart, Stitching
from .identity import ExamIdentity
from .laboratory import LabHistory, LabValue
from .settings import Settings, Subject
from .vertebra import Measurement, VertebraResult
from .volume import Volume


@dataclass(frozen=True)
class Origin:
    """What a reader needs, beside maps and ROIs, to go on in the panel with an exam that was measured without it.

    ``map_warnings`` were told while the maps were made, ``placement_notes`` while the ROIs were placed. ``skeleton`` is the mask
    of bone that the tumour load was restricted to, and ``muscle`` what was said of muscle: its high-b signal, or points in it, RAS mm.
    """

    map_warnings: tuple[str, ...] = ()
    placement_notes: tuple[str, ...] = ()
    skeleton: Optional[Volume] = None
    muscle: Union[float, Sequence[Sequence[float]], None] = None


@dataclass(frozen=True)
class ExamResult:
    """Everything known about one exam after measuring. ``maps`` are the volumes measured (keys: ff, water, fat, in_phase,
    opposed_phase, r2star, dwi_high, dwi_low, adc); they go to the scene and the key images, not to the JSON. ``origin`` is None for an
    exam that was read back from results."""

    label: str
    date: datetime.date
    maps: Mapping[str, Volume]
    vertebrae: tuple[VertebraResult, ...]
    lumbar: Mapping[str, Measurement]
    burden: Optional[Burden]
    labs: Mapping[str, LabValue]
    series: tuple[Mapping[str, Any], ...] = ()
    protocol: Mapping[str, Any] = field(default_factory=dict)
    synthetic: bool = False
    warnings: tuple[str, ...] = ()
    burden_parts: tuple[BurdenPart, ...] = ()
    stitching: Optional[Stitching] = None
    origin: Optional[Origin] = None
    identity: ExamIdentity = field(default_factory=ExamIdentity)


@dataclass(frozen=True)
class Change:
    """Follow-up minus baseline. ``relative_percent`` is None where the baseline is zero; ``flags`` say when it cannot carry meaning."""

    name: str
    unit: str
    baseline: float
    follow_up: float
    absolute: float
    absolute_unit: str
    relative_percent: Optional[float]
    flags: tuple[str, ...] = ()


@dataclass(frozen=True)
class DistributionChange:
    """How a distribution of values changed, follow-up minus baseline; see ``features.compare_distributions``.

    Attributes
    ----------
    median_shift, mean_shift : float
        In ``unit``.
    overlap : float
        Overlap coefficient, 0 … 1: the area that the two normalised histograms share.
    earth_mover : float
        Earth mover's (first Wasserstein) distance in ``unit``: how far a voxel has to move on average to turn one distribution into the
        other. Equals |mean shift| where all moved one way.
    n_before, n_after, n_excluded_before, n_excluded_after : int
        Values used, and NaN or infinite ones left out.
    quantity, unit : str
    warnings : tuple of str
    """

    median_shift: float
    mean_shift: float
    overlap: float
    earth_mover: float
    n_before: int
    n_after: int
    n_excluded_before: int
    n_excluded_after: int
    quantity: str
    unit: str
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class VoxelwiseChange:
    """Shares of a region's voxels whose value went down, stayed within ± ``limit`` (in the unit of the value), or went up.

    ``n_excluded`` voxels of the baseline have no partner with a value in the follow-up.
    """

    limit: float
    percent_down: float
    percent_unchanged: float
    percent_up: float
    n_voxels: int
    n_excluded: int


@dataclass(frozen=True)
class RegionChange:
    """How the voxels of one region changed between two exams.

    ``region`` is a vertebral level or "lumbar", ``key`` the map ("ff", "adc"); ``voxelwise`` is None where the exams share no voxel.
    """

    region: str
    key: str
    distribution: DistributionChange
    voxelwise: Optional[VoxelwiseChange] = None


@dataclass(frozen=True)
class LesionChange:
    """What became of a lesion between two exams.

    ``kind`` is persisting, new, resolved, merged or split; names are those in ``Component.lesion_id``; volumes in mL are sums, ADC in µm²/s
    is that of the largest piece, None where there is none; ``rac`` is the proposed response assessment category with its reason in ``why``.
    """

    kind: str
    names_before: tuple[str, ...]
    names_after: tuple[str, ...]
    region: str
    volume_before_ml: float
    volume_after_ml: float
    adc_before: Optional[float]
    adc_after: Optional[float]
    confidence: float
    rac: int
    why: str


@dataclass(frozen=True)
class Contribution:
    """What one predictor adds to the logit of the estimate."""

    predictor: str
    value: float
    unit: str
    logit: float


@dataclass(frozen=True)
class ResponseEstimate:
    """Probability of CR/VGPR with its interval, or None and the reason in ``warnings``."""

    probability: Optional[float]
    interval: Optional[tuple[float, float]]
    contributions: tuple[Contribution, ...]
    model_id: str
    label: str
    card: Mapping[str, Any]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Results:
    """One case: one or two exams, their change, the response estimate, and the laboratory sheet as far as it was given.

    ``movement`` is that of the body from baseline to follow-up as ``followup.BodyMovement.plain`` gives it, and ``limits`` are the site's
    own limits of change by index; empty where there are none.
    """

    exams: tuple[ExamResult, ...]
    changes: tuple[Change, ...]
    response: Optional[ResponseEstimate]
    settings: Settings
    warnings: tuple[str, ...] = ()
    history: LabHistory = field(default_factory=LabHistory)
    lesions: tuple[LesionChange, ...] = ()
    distributions: tuple[RegionChange, ...] = ()
    subject: Optional[Subject] = None
    movement: Sequence[Mapping[str, Any]] = ()
    limits: Mapping[str, Any] = field(default_factory=dict)
