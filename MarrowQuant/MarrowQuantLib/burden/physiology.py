"""Which pieces of the mask are probably normal tissue: brain, spinal cord, spleen, kidneys, fluid.

Plain rules on size, shape and place, each with its sentence; the reader decides. All limits are our choice for adults, from the usual sizes
of the organs; they err towards leaving a piece in the tumour load, where the reader sees it in the list.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..model import ACCEPTED, PHYSIOLOGICAL, Finding, Volume, finding
from .pieces import Pieces

_SLAB_MM = 10.0  # the body's outline is taken per slab of this height

_BRAIN_ML, _BRAIN_HALF_WIDTH_MM, _BRAIN_BELOW_TOP_MM = 300.0, 40.0, 60.0
_BRAIN_HEIGHT_MM, _WITHIN = 140.0, 0.8
_CORD_LENGTH_MM, _CORD_AREA_MM2, _CORD_WIDTH_MM, _CORD_OFF_MIDLINE_MM, _CORD_DEPTH = 60.0, 250.0, 40.0, 20.0, 0.6
_CORD_PART_WIDTH_MM, _CORD_PART_LENGTH_MM, _CORD_PART_SLENDER = 20.0, 12.0, 1.5
_ORGAN_OFF_MIDLINE_MM, _ORGAN_HALF_WIDTH_MM = (35.0, 145.0), 14.0
_SPLEEN_ML, _SPLEEN_BELOW_VERTEX_MM = (60.0, 1000.0), (350.0, 680.0)
_KIDNEY_ML, _KIDNEY_ADC, _SINGLE_KIDNEY_ADC = (40.0, 400.0), 1250.0, 1600.0
_PAIR_RATIO, _PAIR_ADC_RATIO, _PAIR_OFFSET_MM, _PAIR_HEIGHT_MM = 3.0, 1.4, 35.0, 60.0
_FLUID_ADC = 2000.0

BRAIN = finding("physiology.head")
NO_RULE = finding("physiology.none")


@dataclass(frozen=True)
class BodyOutline:
    """Where the body lies, slab by slab from caudal to cranial, from the tissue seen on the high-b image.

    Attributes
    ----------
    z_mm : ndarray, shape (n,)
        Middle of each slab, RAS.
    midline_mm, back_mm, front_mm : ndarray, shape (n,)
        Median R, and the 2nd and 98th percentile of A of the tissue in each slab.
    top_mm : float
        Upper end of the tissue.
    """

    z_mm: np.ndarray
    midline_mm: np.ndarray
    back_mm: np.ndarray
    front_mm: np.ndarray
    top_mm: float

    def off_midline(self, points_ras: np.ndarray) -> np.ndarray:
        """Distance to the patient's right (positive) or left (negative) of the midline in mm, shape (n,)."""
        return points_ras[:, 0] - np.interp(points_ras[:, 2], self.z_mm, self.midline_mm)

    def depth(self, points_ras: np.ndarray) -> np.ndarray:
        """Position between back (0) and front (1), shape (n,)."""
        back, front = (np.interp(points_ras[:, 2], self.z_mm, edge) for edge in (self.back_mm, self.front_mm))
        return (points_ras[:, 1] - back) / np.maximum(front - back, 1.0)


def outline_of(tissue: Volume, *, max_points: int = 40_000) -> BodyOutline:
    """Outline of the body from a mask of tissue; thinned evenly to ``max_points`` voxels."""
    flat = np.flatnonzero(tissue.array)
    flat = flat[:: max(1, flat.size // max_points)]
    k, j, i = np.unravel_index(flat, tissue.array.shape)
    points = tissue.to_ras(np.stack([i, j, k], axis=1))
    if not len(points):
        origin = tissue.to_ras((0, 0, 0))
        right, front, up = (origin[axis : axis + 1] for axis in range(3))
        return BodyOutline(up, right, front, front, float(origin[2]))
    slab = np.floor((points[:, 2] - points[:, 2].min()) / _SLAB_MM).astype(int)
    slabs = [points[slab == n] for n in np.unique(slab)]
    midline = np.array([np.median(p[:, 0]) for p in slabs])
    back, front = np.array([np.percentile(p[:, 1], (2, 98)) for p in slabs]).T
    return BodyOutline(np.array([p[:, 2].mean() for p in slabs]), midline, back, front, float(np.percentile(points[:, 2], 99.9)))


def propose_states(pieces: Pieces, adc_median: np.ndarray, outline: BodyOutline) -> list[tuple[str, Finding]]:
    """State and reason of each piece, in the order of the pieces.

    Parameters
    ----------
    pieces : Pieces
    adc_median : ndarray, shape (n,)
        µm²/s.
    outline : BodyOutline
    """
    proposals = [(ACCEPTED, NO_RULE)] * len(pieces)
    side = outline.off_midline(pieces.centroid_ras)
    brain = _is_brain(pieces, side, outline)
    rules = (  # a later one overrules an earlier one
        (_is_kidney(pieces, side, adc_median), finding("physiology.kidney")),
        (_is_spleen(pieces, side, adc_median, outline, brain), finding("physiology.spleen")),
        (_is_cord(pieces, side, outline), finding("physiology.cord")),
        (brain, BRAIN),
        (_inside_brain(pieces, brain), finding("physiology.brain")),
        (adc_median >= _FLUID_ADC, finding("physiology.fluid")),
    )
    for applies, reason in rules:
        for n in np.flatnonzero(applies):
            proposals[n] = (PHYSIOLOGICAL, reason)
    return proposals


def _is_brain(pieces: Pieces, side: np.ndarray, outline: BodyOutline) -> np.ndarray:
    """Large, thick in every direction, and it reaches up to the vertex."""
    at_top = pieces.box_ras[:, 1, 2] > outline.top_mm - _BRAIN_BELOW_TOP_MM
    thick = pieces.half_axes_mm[:, 0] > _BRAIN_HALF_WIDTH_MM
    return (pieces.volume_ml > _BRAIN_ML) & thick & at_top & (np.abs(side) < _BRAIN_HALF_WIDTH_MM)


def _inside_brain(pieces: Pieces, brain: np.ndarray) -> np.ndarray:
    """Pieces that the threshold cut off from the brain: inside an ellipsoid in the upper part of the brain's bounding box. The lower part
    may be the cord, and the pieces beside it vertebrae."""
    inside = np.zeros(len(pieces), dtype=bool)
    for n in np.flatnonzero(brain):
        low, high = pieces.box_ras[n].astype(float)
        low[2] = max(low[2], high[2] - _BRAIN_HEIGHT_MM)
        in_box = np.all((pieces.box_ras[:, 0] >= low) & (pieces.box_ras[:, 1] <= high), axis=1)
        from_middle = np.linalg.norm((pieces.centroid_ras - (low + high) / 2) / ((high - low) / 2), axis=1)
        inside |= in_box & (from_middle < _WITHIN) & ~brain
    return inside


def _is_cord(pieces: Pieces, side: np.ndarray, outline: BodyOutline) -> np.ndarray:
    """Long and thin, or a row of short thin ones. The infiltrated column is as long but thicker, the sternum as thin but in front, spinous
    processes are deeper than high."""
    extent = pieces.box_ras[:, 1] - pieces.box_ras[:, 0]
    across, length = extent[:, :2].max(axis=1), extent[:, 2]
    in_canal = (np.abs(side) < _CORD_OFF_MIDLINE_MM) & (outline.depth(pieces.centroid_ras) < _CORD_DEPTH)
    thin = 1000.0 * pieces.volume_ml < _CORD_AREA_MM2 * length
    long = in_canal & thin & (extent[:, 0] < _CORD_WIDTH_MM) & (length > _CORD_LENGTH_MM)
    short = in_canal & (across < _CORD_PART_WIDTH_MM) & (length > np.maximum(_CORD_PART_SLENDER * across, _CORD_PART_LENGTH_MM))
    enough = length[long | short].sum() > _CORD_LENGTH_MM
    return long | (short & enough)


def _is_spleen(pieces: Pieces, side: np.ndarray, adc_median: np.ndarray, outline: BodyOutline, brain: np.ndarray) -> np.ndarray:
    """Compact, on the left, at the height of the upper abdomen where the head is in view, and without a counterpart on the right (both
    hips or both shoulders may be infiltrated)."""
    compact = _compact(pieces, side, _SPLEEN_ML) & (side < 0)
    if brain.any():
        below = outline.top_mm - pieces.centroid_ras[:, 2]
        compact &= (below > _SPLEEN_BELOW_VERTEX_MM[0]) & (below < _SPLEEN_BELOW_VERTEX_MM[1])
    return compact & ~_with_counterpart(compact, pieces, side, adc_median)


def _is_kidney(pieces: Pieces, side: np.ndarray, adc_median: np.ndarray) -> np.ndarray:
    """One of a pair, or alone with an ADC above that of active disease."""
    candidates = _compact(pieces, side, _KIDNEY_ML) & (adc_median > _KIDNEY_ADC)
    return _with_counterpart(candidates, pieces, side, adc_median) | (candidates & (adc_median > _SINGLE_KIDNEY_ADC))


def _compact(pieces: Pieces, side: np.ndarray, volume_ml: tuple[float, float]) -> np.ndarray:
    """An organ's volume, thick in every direction (flat bones are not), at an organ's distance from the midline."""
    volume = (pieces.volume_ml > volume_ml[0]) & (pieces.volume_ml < volume_ml[1])
    thick = pieces.half_axes_mm[:, 0] > _ORGAN_HALF_WIDTH_MM
    return volume & thick & (np.abs(side) > _ORGAN_OFF_MIDLINE_MM[0]) & (np.abs(side) < _ORGAN_OFF_MIDLINE_MM[1])


def _with_counterpart(candidates: np.ndarray, pieces: Pieces, side: np.ndarray, adc_median: np.ndarray) -> np.ndarray:
    """The candidates with a piece of similar volume and ADC at the mirrored place on the other side; all pieces are counterparts."""
    own = np.flatnonzero(candidates)
    mirrored = (np.abs(side[own, None] + side) < _PAIR_OFFSET_MM) & (side[own, None] * side < 0)
    height = pieces.centroid_ras[:, 2]
    level = np.abs(height[own, None] - height) < _PAIR_HEIGHT_MM
    similar = _within_ratio(pieces.volume_ml, own, _PAIR_RATIO) & _within_ratio(adc_median, own, _PAIR_ADC_RATIO)
    found = np.zeros(len(pieces), dtype=bool)
    found[own] = (mirrored & level & similar).any(axis=1)
    return found


def _within_ratio(values: np.ndarray, own: np.ndarray, ratio: float) -> np.ndarray:
    """True where a value of ``own`` (indices) and any value differ by less than a factor, shape (len(own), n)."""
    return np.maximum(values[own, None], values) < ratio * np.minimum(values[own, None], values)
