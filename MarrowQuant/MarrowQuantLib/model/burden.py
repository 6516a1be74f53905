"""The tumour load: components, total diffusion volume, pattern of infiltration, and how the stations were joined."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Optional

import numpy as np

from .vertebra import Histogram, Measurement
from .volume import Volume

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
        before, after = (float(np.nanmax(column)) if np.isfinite(column).any() else float("nan") for column in steps.T)
        return before, after
