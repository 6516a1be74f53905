"""One exam, what changed between two, and the results of a case."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Optional, Union

from .burden import Burden, BurdenPart, Stitching
from .fields import described
from .findings import Finding
from .identity import ExamIdentity
from .laboratory import LabHistory, LabValue
from .settings import Settings, Subject
from .vertebra import Measurement, VertebraResult
from .volume import Volume


@dataclass(frozen=True)
class Origin:
    """What a reader needs, beside maps and ROIs, to go on in the panel with an exam that was measured without it.

    ``map_findings`` were told while the maps were made, ``placement_findings`` while the ROIs were placed. ``skeleton`` is the mask
    of bone that the tumour load was restricted to, and ``muscle`` what was said of muscle: its high-b signal, or points in it, RAS mm.
    """

    map_findings: tuple[Finding, ...] = ()
    placement_findings: tuple[Finding, ...] = ()
    skeleton: Optional[Volume] = None
    muscle: Union[float, Sequence[Sequence[float]], None] = None


STIR_PATTERNS = {1: "homogeneously low", 2: "marginally high", 3: "heterogeneously high", 4: "homogeneously high"}
"""Patterns of the marrow on STIR images (Kusumoto S et al., Eur J Haematol 1997)."""


@dataclass(frozen=True)
class StirPattern:
    """The pattern of the marrow on STIR images, 1 to 4 of ``STIR_PATTERNS``: a proposal with its numbers, and the reader's word on it."""

    proposed: Optional[int] = described("Proposed from the numbers; null where none could be read.", default=None, low=1, high=4)
    by_reader: Optional[int] = described("What the reader set in its place; null for as proposed.", default=None, low=1, high=4)
    level: Optional[float] = described("Signal of the marrow over that of the discs, median over the bodies.", default=None)
    rim: Optional[float] = described("Signal at the endplates over that of the centre, median over the bodies.", default=None)
    spread: Optional[float] = described("Spread of the smoothed signal over that of the discs, median over the bodies.", default=None)

    @property
    def pattern(self) -> Optional[int]:
        """The pattern that holds: the reader's, else the proposed one."""
        return self.by_reader or self.proposed


@dataclass(frozen=True)
class ExamResult:
    """Everything known about one exam after measuring. ``maps`` are the volumes measured (keys: ff, water, fat, in_phase,
    opposed_phase, r2star, dwi_high, dwi_low, adc); they go to the scene and the key images, not to the JSON. ``origin`` is None for an
    exam that was read back from results."""

    label: str = described("baseline or follow-up.")
    date: Optional[datetime.date] = described("Date of the exam; null if it is not known.")
    maps: Mapping[str, Volume] = described(
        "By key: ff, water, fat, in_phase, opposed_phase, r2star, dwi_high, dwi_low, adc …", when_read=dict
    )
    vertebrae: tuple[VertebraResult, ...] = described("From cranial to caudal.")
    lumbar: Mapping[str, Measurement] = described("Means over L1 to L5, excluded levels left out, by index.")
    burden: Optional[Burden] = described("Tumour load; null if not measured.")
    labs: Mapping[str, LabValue] = described("By test.")
    series: tuple[Mapping[str, Any], ...] = described("Every volume found.", default=())
    protocol: Mapping[str, Any] = described(
        "What a follow-up is compared with: manufacturer, field_strength_t, b_values (s/mm²), echo_times_s, ff_origin …",
        default_factory=dict,
    )
    synthetic: bool = described("True for simulated data.", default=False)
    findings: tuple[Finding, ...] = described(
        "What the reader should know about this exam.", default=(), earlier=("warnings",)
    )
    burden_parts: tuple[BurdenPart, ...] = described(
        "Tumour load of stations that could not be stitched to the others; none of it is in the tDV of the exam.", default=()
    )
    stitching: Optional[Stitching] = described(
        "How the stations of the high-b image were joined; null for a single one.", default=None, json="stations"
    )
    origin: Optional[Origin] = described(default=None, hidden=True)
    stir: Optional[StirPattern] = described(
        "Pattern of the marrow on STIR images; null without such images, and for kinds of case that are not asked for it.", default=None
    )
    identity: ExamIdentity = described(
        "Tells the exams of different patients apart without telling who they are. Digests are HMAC-SHA256 under a secret of the computer "
        "that read the exam.",
        default_factory=ExamIdentity,
    )
    spreads: Mapping[str, Volume] = described("Standard deviation of fitted maps, by key.", default_factory=dict, hidden=True)


@dataclass(frozen=True)
class Change:
    """Follow-up minus baseline, of the exam's index or of that of one vertebra (``level``). ``relative_percent`` is None where the baseline
    is zero; ``findings`` say when it cannot carry meaning."""

    name: str = described("Key of the index.")
    unit: str = described("Unit of the values.")
    baseline: float = described("First value.")
    follow_up: float = described("Second value.")
    absolute: float = described("Difference.")
    absolute_unit: str = described("Its unit.")
    relative_percent: Optional[float] = described("100 × difference / baseline; null where the baseline is not above zero.")
    findings: tuple[Finding, ...] = described(
        "Why the change may not carry meaning.", default=(), earlier=("flags",)
    )
    level: str = described("Vertebral level that it is of; empty for the exam's own index.", default="")


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
    findings : tuple of str
    """

    median_shift: float = described("Change of the median, in unit.")
    mean_shift: float = described("Change of the mean, in unit.")
    overlap: float = described("Area that the two normalised histograms share.", low=0, high=1)
    earth_mover: float = described("Earth mover's (first Wasserstein) distance, in unit.", low=0)
    n_before: int = described("Voxels at baseline.", low=0)
    n_after: int = described("Voxels at follow-up.", low=0)
    n_excluded_before: int = described("Voxels without a value at baseline.", low=0)
    n_excluded_after: int = described("Voxels without a value at follow-up.", low=0)
    quantity: str = described("What the values are.")
    unit: str = described("Unit of the values; a change of % is in percentage points.")
    findings: tuple[Finding, ...] = described("What to know.", default=(), earlier=("warnings",))


@dataclass(frozen=True)
class VoxelwiseChange:
    """Shares of a region's voxels whose value went down, stayed within ± ``limit`` (in the unit of the value), or went up.

    ``n_excluded`` voxels of the baseline have no partner with a value in the follow-up.
    """

    limit: float = described("Changes up to this, in the unit of the values, count as unchanged.", low=0)
    percent_down: float = described("Voxels that fell.", low=0, high=100)
    percent_unchanged: float = described("Voxels that stayed.", low=0, high=100)
    percent_up: float = described("Voxels that rose.", low=0, high=100)
    n_voxels: int = described("Voxels with a value in both exams.", low=0)
    n_excluded: int = described("Voxels of the baseline without a partner.", low=0)


@dataclass(frozen=True)
class RegionChange:
    """How the voxels of one region changed between two exams.

    ``region`` is a vertebral level or "lumbar", ``key`` the map ("ff", "adc"); ``voxelwise`` is None where the exams share no voxel.
    """

    region: str = described("Vertebral level, or \"lumbar\" for the lumbar levels together.")
    key: str = described("Map: ff or adc.")
    distribution: DistributionChange = described("Change of the histogram.")
    voxelwise: Optional[VoxelwiseChange] = described(
        "Shares of voxels that fell, stayed and rose, for looking and not for measuring; null where the exams share no voxel.", default=None
    )


@dataclass(frozen=True)
class LesionChange:
    """What became of a lesion between two exams.

    ``kind`` is persisting, new, resolved, merged, split or uncertain; names are those in ``Component.lesion_id``; volumes in mL are
    sums, ADC in µm²/s is that of the largest piece, None where there is none; ``rac`` is the proposed response assessment category with
    its reason in ``why``.
    """

    kind: str = described("What became of it.", choices=("persisting", "new", "resolved", "merged", "split", "uncertain"))
    names_before: tuple[str, ...] = described("Its lesion_id at baseline.")
    names_after: tuple[str, ...] = described("Its lesion_id at follow-up.")
    region: str = described("Part of the skeleton.")
    volume_before_ml: float = described("Volume at baseline.")
    volume_after_ml: float = described("Volume at follow-up.")
    adc_before: Optional[float] = described("Median ADC at baseline in µm²/s.")
    adc_after: Optional[float] = described("Median ADC at follow-up in µm²/s.")
    confidence: float = described("How sure that is, 0 to 1: the overlap of matched lesions; for others how well the exams match there.")
    rac: int = described("Proposed response assessment category.", low=1, high=4)
    why: Finding = described("The rule behind the category.")


@dataclass(frozen=True)
class Contribution:
    """What one predictor adds to the logit of the estimate."""

    predictor: str = described("Its name; 'prevalence' is the starting point.")
    value: float = described("Its value.")
    unit: str = described("Its unit.")
    logit: float = described("Added log-odds, mean over the draws.")


@dataclass(frozen=True)
class ResponseEstimate:
    """Probability of CR/VGPR with its interval, or None and the reason in ``findings``."""

    probability: Optional[float] = described("Null where the model does not answer; the reason is among the findings.", low=0, high=1)
    interval: Optional[tuple[float, float]] = described("95 % interval; null with the probability.")
    contributions: tuple[Contribution, ...] = described("Why.")
    model_id: str = described("Model.")
    label: str = described("What must stand beside the number.")
    card: Mapping[str, Any] = described("Model card: intended use, source, n, events, published, assumed, limits.")
    findings: tuple[Finding, ...] = described("Doubts and reasons.", default=(), earlier=("warnings",))


@dataclass(frozen=True)
class Classification:
    """A classifier's answer about one exam; ``picture`` (PNG) shows what it rests on and is not written."""

    exam: str = described("Exam that was looked at: baseline or follow-up.")
    model_id: str = described("Model.")
    arm: str = described("What it looked at: network or multiparametric.")
    event: str = described("Kind of case that the probability is of.")
    other: str = described("Kind that it is told from.")
    probability: float = described("Probability of the event against the other; of these two only.", low=0, high=1)
    interval: tuple[float, float] = described("Range of the ensemble's members; of the regression its bootstrap's 95 %.")
    by_level: Mapping[str, float] = described("Log odds lost without the body, by level; empty where it was not tried.")
    card: Mapping[str, Any] = described("Model card: intended use, what it was trained on, performance, limits.")
    by_square: Mapping[str, Sequence[Sequence[float]]] = described(
        "Log odds lost without each square of a body's picture, by level: rows from head to foot, columns from front to back.",
        default_factory=dict,
    )
    by_index: Mapping[str, float] = described(
        "What each index adds to the log odds of the model's regression; empty where it has none or nothing was measured.",
        default_factory=dict,
    )
    findings: tuple[Finding, ...] = described("What to know.", default=())
    picture: bytes = described(default=b"", hidden=True)


@dataclass(frozen=True)
class Results:
    """One case: one or two exams, their change, the response estimate, and the laboratory sheet as far as it was given.

    ``movement`` is that of the body from baseline to follow-up as ``followup.BodyMovement.plain`` gives it, and ``limits`` are the site's
    own limits of change by index; empty where there are none.
    """

    exams: tuple[ExamResult, ...] = described("Baseline first.")
    changes: tuple[Change, ...] = described("Follow-up minus baseline.")
    response: Optional[ResponseEstimate] = described("Response estimate; null with one exam.")
    settings: Settings = described("What the reader could set.")
    findings: tuple[Finding, ...] = described(
        "What the reader should know about the whole case.", default=(), earlier=("warnings",)
    )
    history: LabHistory = described("The laboratory sheet.", default_factory=LabHistory, json="laboratory")
    lesions: tuple[LesionChange, ...] = described("What became of each lesion; empty without a follow-up.", default=())
    distributions: tuple[RegionChange, ...] = described(
        "How the voxels of each vertebra, and of the lumbar levels together, changed; empty without a follow-up.", default=()
    )
    subject: Optional[Subject] = described(
        "Age and sex as the reader gave them, with the published normal fat fraction; null where they were not given.", default=None
    )
    movement: Sequence[Mapping[str, Any]] = described("How the body moved from baseline to follow-up.", default=())
    limits: Mapping[str, Any] = described("The site's own limits of change, by index.", default_factory=dict)
    classification: Optional[Classification] = described("A classifier's answer; null where none was asked.", default=None)
