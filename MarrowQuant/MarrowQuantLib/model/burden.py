"""The tumour load: components, total diffusion volume, pattern of infiltration, and how the stations were joined."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Optional

import numpy as np

from .fields import described
from .findings import Finding
from .vertebra import Histogram, Measurement
from .volume import Volume


def no_image() -> Volume:
    """What stands in the place of an image that was not kept: a volume without voxels."""
    return Volume(np.zeros((0, 0, 0), np.int32), np.eye(4))


ACCEPTED, REJECTED, PHYSIOLOGICAL = "accepted", "rejected", "physiological"


@dataclass(frozen=True)
class Component:
    """One connected piece of the whole-body diffusion mask.

    ``label`` is its value in ``Burden.labels``; ``state`` is one of accepted, rejected, physiological; ``reason`` says why the software
    proposed that state, or "decided by the reader". ``region`` is named as in ``burden.landmarks``; ``ff_median`` in % over
    ``ff_voxels`` of the fat-fraction map, None below 10 mm or outside that map; ``near_seam``: the piece reaches into the overlap of two
    stations; ``bone_share``: part of it inside the proposed region of bone (``burden.skeleton``); ``lesion_id`` is the name that a lesion
    keeps from exam to exam.
    """

    label: int = described("Its number.")
    volume_ml: float = described("Volume.")
    centroid_ras: np.ndarray = described("Centre.", json="centroid_ras_mm", shape=(3,))
    longest_diameter_mm: float = described("Longest diameter.")
    adc_median: float = described("Median ADC.", json="adc_median_um2_per_s")
    adc_mean: float = described("Mean ADC.", json="adc_mean_um2_per_s")
    signal_ratio: float = described("Its high-b signal over that of muscle.")
    state: str = described("Only accepted components count in the tDV.", choices=("accepted", "rejected", "physiological"))
    reason: Finding = described("Why it has this state.")
    region: str = described("Part of the skeleton, proposed from geometry; empty where it was not asked for.", default="")
    ff_median: Optional[float] = described(
        "Median fat fraction; null for lesions of 10 mm or less and outside the fat-fraction map.", default=None, json="ff_median_percent"
    )
    ff_voxels: int = described("Voxels of the fat-fraction map behind it.", default=0)
    near_seam: bool = described("True if it reaches into the overlap of two stations.", default=False)
    bone_share: Optional[float] = described(
        "Part of it inside the proposed region of bone; null where no such region was made.", default=None, low=0, high=1
    )
    lesion_id: str = described("Name that the lesion keeps from exam to exam; empty where lesions were not matched.", default="")


@dataclass(frozen=True)
class Infiltration:
    """A proposed pattern of marrow infiltration ("normal", "focal", "diffuse", "combined", "micronodular") with the numbers behind it.

    ``focal_labels`` are the components counted as focal lesions; ``infiltrated_levels`` are told by their ROIs,
    ``other_infiltrated_vertebrae`` by the size of the pieces elsewhere in the spine; ``rule`` says how the pattern follows, ``remark``
    what the number of focal lesions means.
    """

    pattern: str = described("The proposal.", choices=("normal", "focal", "diffuse", "combined", "micronodular"))
    focal_lesions: int = described("Accepted focal lesions longer than 5 mm.")
    largest_focal_mm: float = described("Longest diameter of the largest of them; 0 without any.")
    small_lesions: int = described("Accepted pieces of 5 mm or less.")
    infiltrated_levels: tuple[str, ...] = described("Levels whose ROI lies in the accepted mask.")
    other_infiltrated_vertebrae: int = described("Vertebrae without ROI that are told by the size of their piece.")
    focal_labels: tuple[int, ...] = described("Components that are counted as focal lesions.")
    rule: Finding = described("How the pattern follows from the numbers.")
    remark: Optional[Finding] = described("What the number of focal lesions means; empty if nothing.", default=None)


@dataclass(frozen=True)
class Burden:
    """Total diffusion volume: the mask by its components, and what the accepted ones add up to.

    ``labels`` is an int32 volume on the grid of the stitched high-b image; ``features`` are the first-order features of the ADC over the
    accepted voxels (gADC).
    """

    labels: Volume = described(hidden=True, when_read=no_image)
    components: tuple[Component, ...] = described("By volume, the largest first.")
    muscle_signal: float = described("High-b signal of muscle that the threshold refers to.")
    signal_ratio_threshold: float = described("Threshold in multiples of the muscle signal.")
    adc_window: tuple[float, float] = described("Lower and upper limit of the ADC.", json="adc_window_um2_per_s")
    tdv: Measurement = described("Total diffusion volume.")
    gadc: Measurement = described("ADC over the accepted voxels.")
    features: Mapping[str, float] = described("Of the ADC over the accepted voxels.")
    histogram: Optional[Histogram] = described("ADC over the accepted voxels; null if there is none.")
    class_volumes_ml: Mapping[str, float] = described("Accepted volume by ADC class.")
    class_edges: tuple[float, ...] = described("Edges of the ADC classes in µm²/s, ascending.", default=())
    findings: tuple[Finding, ...] = described("Doubts about the mask.", default=(), earlier=("flags",))
    threshold_curve: tuple[tuple[float, float], ...] = described(
        "tDV in mL over the threshold in multiples of muscle: pairs of threshold and volume, ascending; empty where it was not asked for.",
        default=(),
    )
    tdv_interval: Optional[tuple[float, float]] = described(
        "tDV in mL when the threshold moves by what is not known of it (burden.curve), low and high; null without the curve.",
        default=None,
    )
    infiltration: Optional[Infiltration] = described("Proposed pattern of marrow infiltration; null if none was proposed.", default=None)


@dataclass(frozen=True)
class BurdenPart:
    """Tumour load of stations that fit no others: measured by themselves, and not in the exam's tDV.

    ``number`` is that of the maps ("dwi_high_part2": 2), ``reason`` says why the stations were kept apart.
    """

    number: int = described("Number of the part, as in the map dwi_high_part2.")
    reason: Finding = described("Why its stations were kept apart.")
    burden: Burden = described("Its own tumour load.")




@dataclass(frozen=True)
class Seam:
    """The overlap of two neighbouring stations.

    Attributes
    ----------
    stations : (int, int)
        Their numbers, counted from 1 in the order in which they were given.
    position_ras : ndarray, shape (3,)
        Centre of the overlap (of the gap, if there is none) in RAS mm.
    n_slices : int
        Slices in the overlap; negative: slices missing between the stations.
    step_before, step_after : float
        Largest relative difference between the two stations over the slices of the overlap (median over bright voxels), as acquired and
        after the gains. What remains after is what a single gain per station cannot remove. NaN without an overlap.
    """

    stations: tuple[int, int] = described("Numbers of the two stations.")
    position_ras: np.ndarray = described("Middle of the overlap, RAS in mm.", json="position_ras_mm", shape=(3,))
    n_slices: int = described("Slices in the overlap; negative if slices are missing.", json="slices")
    step_before: float = described("Largest relative step between the two stations as acquired.")
    step_after: float = described("The same with the gains.")


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

    height_mm: np.ndarray = described("S coordinate of the slice in mm.", shape=(-1,))
    before: np.ndarray = described("As acquired.", shape=(-1,))
    after: np.ndarray = described("With the gains.", shape=(-1,))


@dataclass(frozen=True)
class Stitching:
    """How the stations of the high-b image were joined: seams from the lowest upwards, the gain of each station, and the brightness along
    the body before and after."""

    seams: tuple[Seam, ...] = described("Between neighbouring stations, from the lowest upwards.")
    gains: tuple[float, ...] = described("Factor applied to each station.")
    profile: Profile = described("Median signal of the tissue in every slice.")

    @property
    def largest_steps(self) -> tuple[float, float]:
        """The largest relative step between two stations, as acquired and with the gains; NaN without an overlap."""
        steps = np.array([(seam.step_before, seam.step_after) for seam in self.seams]).reshape(-1, 2)
        before, after = (float(np.nanmax(column)) if np.isfinite(column).any() else float("nan") for column in steps.T)
        return before, after
