"""The vocabulary: the plain data that passes between the steps and the rings.

Arrays are in (k, j, i) order, as ``slicer.util.arrayFromVolume`` and SimpleITK give them; points are RAS in mm. Units are fixed
everywhere: fat fraction in %, its change in percentage points; ADC in 10⁻⁶ mm²/s, written µm²/s; R2* in 1/s; volumes in mL.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any, Callable, Optional, Union

import numpy as np

from . import RESEARCH_USE_ONLY, Cancelled, MarrowQuantError  # noqa: F401 (part of the vocabulary; there, as the shell's help needs no numpy)

UNIT_FF = "%"
UNIT_FF_CHANGE = "percentage points"
UNIT_ADC = "µm²/s"
UNIT_R2STAR = "1/s"
UNIT_VOLUME = "mL"

Progress = Callable[[float, str], None]
"""``progress(fraction, text)``; it may raise :class:`Cancelled`, and whoever calls it leaves nothing half-written behind."""


def no_progress(fraction: float, text: str) -> None:
    """Progress callback that does nothing."""


def part(progress: Progress, start: float, stop: float) -> Progress:
    """The stretch of ``progress`` from ``start`` to ``stop``, as a progress callback of its own."""
    return lambda fraction, text: progress(start + (stop - start) * fraction, text)


class Role(str, Enum):
    """What a volume is. The values are the words used in the panel, the report and the JSON."""

    PDFF = "pdff"
    WATER = "water"
    FAT = "fat"
    IN_PHASE = "in_phase"
    OPPOSED_PHASE = "opposed_phase"
    MULTI_ECHO = "multi_echo"
    R2STAR = "r2star"
    DWI = "dwi"
    ADC = "adc"
    T1 = "t1"
    T2 = "t2"
    STIR = "stir"
    CALCULATED_DWI = "calculated_dwi"  # an image at a b-value that was never acquired: never fitted
    LOCALIZER = "localizer"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Volume:
    """An image with its geometry, quantity and unit.

    Attributes
    ----------
    array : ndarray, shape (k, j, i)
        Voxel values in ``unit``; NaN marks a voxel without a value.
    ijk_to_ras : ndarray, shape (4, 4)
        Voxel index (i, j, k, 1) to RAS position in mm.
    role, quantity, unit, name
        What it is, what its numbers mean ("PDFF", "ADC", "signal"), their unit, and the name a reader sees.
    b_value : float or None
        Diffusion weighting in s/mm².
    echo_time_s : float or None
        Echo time in seconds.
    station : int or None
        Table position, 1 = most cranial.
    source : tuple of str
        How it was made, one sentence a step (provenance).
    """

    array: np.ndarray
    ijk_to_ras: np.ndarray
    role: Role = Role.UNKNOWN
    unit: str = ""
    quantity: str = ""
    name: str = ""
    b_value: Optional[float] = None
    echo_time_s: Optional[float] = None
    station: Optional[int] = None
    source: tuple[str, ...] = ()

    @property
    def spacing_mm(self) -> np.ndarray:
        """Voxel size along i, j, k in mm."""
        return np.linalg.norm(self.ijk_to_ras[:3, :3], axis=0)

    @property
    def voxel_volume_ml(self) -> float:
        return float(abs(np.linalg.det(self.ijk_to_ras[:3, :3])) / 1000.0)

    def same_grid(self, other: Volume, tolerance_mm: float = 1e-2) -> bool:
        """True if both have the same shape and every voxel centre agrees within ``tolerance_mm``."""
        if self.array.shape[:3] != other.array.shape[:3]:
            return False
        corners = np.array(np.meshgrid(*[(0, n - 1) for n in self.array.shape[2::-1]], [1])).reshape(4, -1)
        return bool(np.abs((self.ijk_to_ras - other.ijk_to_ras) @ corners).max() <= tolerance_mm)

    def like(self, array: np.ndarray, **changes: Any) -> Volume:
        """The same grid with other values (and other fields, by keyword)."""
        return replace(self, array=array, **changes)


@dataclass(frozen=True)
class VertebraROI:
    """A measurement region in one vertebral body, in physical space; it is rasterised on the grid of each map it measures.

    Attributes
    ----------
    level : str
        "T10" … "S1".
    center_ras : ndarray, shape (3,)
        Centre in RAS mm.
    axes : ndarray, shape (3, 3)
        Orthonormal columns: the ROI's own left–right, posterior–anterior and caudal–cranial directions in RAS.
    radii_mm : ndarray, shape (3,)
        Half-lengths along these axes.
    shape : {"ellipsoid", "cylinder", "box"}
        A cylinder's axis is the third one.
    excluded : str or None
        Reason why the level must not enter the mean (fracture, haemangioma …).
    """

    level: str
    center_ras: np.ndarray
    axes: np.ndarray
    radii_mm: np.ndarray
    shape: str = "ellipsoid"
    excluded: Optional[str] = None


@dataclass(frozen=True)
class Measurement:
    """A number a reader can trust: value, unit, how many voxels, how much of the ROI was in view, and how it was made."""

    name: str
    value: float
    unit: str
    n_voxels: Optional[int] = None
    fraction_inside: Optional[float] = None
    how: str = ""


@dataclass(frozen=True)
class Histogram:
    """Counts per bin, ready to plot. ``edges`` has one entry more than ``counts``."""

    edges: np.ndarray
    counts: np.ndarray
    quantity: str
    unit: str


@dataclass(frozen=True)
class VertebraResult:
    """All that was measured in one ROI.

    ``features`` holds the first-order features per map ("ff", "adc"); ``moved_rois`` the ROI on those maps that show the column elsewhere.
    """

    roi: VertebraROI
    measurements: Mapping[str, Measurement]
    features: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    histograms: Mapping[str, Histogram] = field(default_factory=dict)
    flags: tuple[str, ...] = ()
    moved_rois: Mapping[str, VertebraROI] = field(default_factory=dict)


ACCEPTED, REJECTED, PHYSIOLOGICAL = "accepted", "rejected", "physiological"


@dataclass(frozen=True)
class Component:
    """One connected piece of the whole-body diffusion mask.

    ``label`` is its value in ``Burden.labels``; ``state`` is one of accepted, rejected, physiological; ``reason`` says why the software
    proposed that state, or "decided by the reader". ``region`` is one of ``burden.landmarks.REGIONS``; ``ff_median`` in % over
    ``ff_voxels`` of the fat-fraction map, None below 10 mm or outside that map; ``near_seam``: the piece reaches into the overlap of two
    stations; ``lesion_id`` is the name that a lesion keeps from exam to exam.
    """

    label: int
    volume_ml: float
    centroid_ras: np.ndarray
    longest_diameter_mm: float
    adc_median: float
    adc_mean: float
    signal_ratio: float
    state: str
    reason: str
    region: str = ""
    ff_median: Optional[float] = None
    ff_voxels: int = 0
    near_seam: bool = False
    lesion_id: str = ""


@dataclass(frozen=True)
class Infiltration:
    """A proposed pattern of marrow infiltration ("normal", "focal", "diffuse", "combined", "micronodular") with the numbers behind it.

    ``focal_labels`` are the components counted as focal lesions; ``infiltrated_levels`` are told by their ROIs,
    ``other_infiltrated_vertebrae`` by the size of the pieces elsewhere in the spine; ``rule`` says how the pattern follows, ``remark``
    what the number of focal lesions means.
    """

    pattern: str
    focal_lesions: int
    largest_focal_mm: float
    small_lesions: int
    infiltrated_levels: tuple[str, ...]
    other_infiltrated_vertebrae: int
    focal_labels: tuple[int, ...]
    rule: str
    remark: str = ""


@dataclass(frozen=True)
class Burden:
    """Total diffusion volume: the mask by its components, and what the accepted ones add up to.

    ``labels`` is an int32 volume on the grid of the stitched high-b image; ``features`` are the first-order features of the ADC over the
    accepted voxels (gADC).
    """

    labels: Volume
    components: tuple[Component, ...]
    muscle_signal: float
    signal_ratio_threshold: float
    adc_window: tuple[float, float]
    tdv: Measurement
    gadc: Measurement
    features: Mapping[str, float]
    histogram: Optional[Histogram]
    class_volumes_ml: Mapping[str, float]
    class_edges: tuple[float, ...] = ()
    flags: tuple[str, ...] = ()
    infiltration: Optional[Infiltration] = None


@dataclass(frozen=True)
class BurdenPart:
    """Tumour load of stations that fit no others: measured by themselves, and not in the exam's tDV.

    ``number`` is that of the maps ("dwi_high_part2": 2), ``reason`` says why the stations were kept apart.
    """

    number: int
    reason: str
    burden: Burden


def part_key(key: str, number: int) -> str:
    """What is called ``key`` of the stitched stations (part 1), of another part: "dwi_high_part2"."""
    return key if number == 1 else f"{key}_part{number}"


@dataclass(frozen=True)
class LabValue:
    """A laboratory value in the test's canonical unit; ``given`` is what the sheet said, e.g. "3.2 g/dL"."""

    test: str
    value: float
    unit: str
    date: datetime.date
    given: str = ""


@dataclass(frozen=True)
class LabNote:
    """A dated entry of the laboratory sheet without a number; ``kind`` is a key of ``response.lab_notes``.

    ``name`` is free where the kind takes one (cytogenetics: "t(4;14)"), else empty; ``value`` is what the sheet said ("positive", "KRd 1").
    """

    kind: str
    name: str
    value: str
    date: datetime.date


@dataclass(frozen=True)
class LabHistory:
    """All of a laboratory sheet, whatever exam it belongs to."""

    values: tuple[LabValue, ...] = ()
    notes: tuple[LabNote, ...] = ()


@dataclass(frozen=True)
class Seam:
    """The overlap of two neighbouring stations.

    Attributes
    ----------
    stations : (int, int)
        Their places in the list that was given, counted from 0.
    position_ras : ndarray, shape (3,)
        Centre of the overlap (of the gap, if there is none) in RAS mm.
    n_slices : int
        Slices in the overlap; negative: slices missing between the stations.
    step_before, step_after : float
        Largest relative difference between the two stations over the slices of the overlap (median over bright voxels), as acquired and
        after the gains. What remains after is what a single gain per station cannot remove. NaN without an overlap.
    """

    stations: tuple[int, int]
    position_ras: np.ndarray
    n_slices: int
    step_before: float
    step_after: float


@dataclass(frozen=True)
class Profile:
    """Median signal of the tissue in every slice, ready to plot.

    Attributes
    ----------
    height_mm : ndarray, shape (k,)
        S coordinate of the middle of each slice, RAS.
    before, after : ndarray, shape (k,)
        With all gains one, and with the gains that were applied; NaN where a slice shows no tissue.
    """

    height_mm: np.ndarray
    before: np.ndarray
    after: np.ndarray


@dataclass(frozen=True)
class Stitching:
    """How the stations of the high-b image were joined: seams from the lowest upwards, the gain of each station, and the brightness along
    the body before and after."""

    seams: tuple[Seam, ...]
    gains: tuple[float, ...]
    profile: Profile

    @property
    def largest_steps(self) -> tuple[float, float]:
        """The largest relative step between two stations, as acquired and with the gains; NaN without an overlap."""
        steps = np.array([(seam.step_before, seam.step_after) for seam in self.seams]).reshape(-1, 2)
        return tuple(float(np.nanmax(column)) if np.isfinite(column).any() else float("nan") for column in steps.T)


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
class Settings:
    """What a reader can set. The sources of the defaults are told where they are used.

    Attributes
    ----------
    tdv_signal_ratio : float
        High-b signal over median muscle signal above which a voxel is a candidate (``burden``).
    tdv_adc_window : (float, float)
        ADC in µm²/s that a candidate must have (``burden``).
    min_component_ml : float
        Smaller components are noise.
    adc_class_edges : tuple of float
        Edges of the ADC classes of the accepted volume in µm²/s, ascending. The default follows the colour classes of total-tumour-load
        tools as remembered, without a paper behind them; 1400 is that of MET-RADS-P.
    roi_radii_mm : (float, float, float)
        Default half-lengths of a vertebral ROI: left–right, anterior–posterior, cranio-caudal.
    roi_shape : {"ellipsoid", "cylinder", "box"}
        Default shape of a vertebral ROI; a disc is a flat cylinder, whose axis is the body's own cranio-caudal one.
    refine_rois : bool
        Whether ROIs are moved on images that show the column elsewhere than the Dixon images (``vertebrae.refine``).
    fat_spectrum : str
        Fat spectrum for the six-echo fit (``fatwater``).
    """

    tdv_signal_ratio: float = 5.0
    tdv_adc_window: tuple[float, float] = (550.0, 1400.0)
    min_component_ml: float = 0.3
    adc_class_edges: tuple[float, ...] = (900.0, 1400.0)
    roi_radii_mm: tuple[float, float, float] = (12.0, 9.0, 7.0)
    roi_shape: str = "ellipsoid"
    refine_rois: bool = True
    fat_spectrum: str = "ren_marrow_9"


@dataclass(frozen=True)
class Subject:
    """Age in years at the baseline and sex ("female", "male"), as the reader gave them to see published normal values; never read from
    the images."""

    age_years: float
    sex: str


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
