"""Where bone lies, made from the diffusion images themselves (and from the fat fraction where there is one): a proposal for the reader.

Three kinds of evidence, in this order: tissue that looks like marrow (suppressed fat lowers its ADC far below that of muscle, organs and
nodes, Koutoulidis 2017, Radiology 282:484; PMC8161193), closed over the lesions in it; the same on the other side of the body, for a bone
that is replaced as a whole; and the course of the column. Where no marrow is seen within reach, which is so in bones that are infiltrated
as a whole or hold hardly any water, position alone speaks, and only for larger pieces. All limits without a source are our choice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Optional

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from ..model import Numbers, Volume
from .canal import FLUID_ADC, FLUID_LOW, around_canal, box_around, find_canal, with_sacrum
from .landmarks import Landmarks
from .physiology import BodyOutline

MARROW_ADC = (150.0, 700.0)
"""ADC of marrow that is not infiltrated, µm²/s: 422 ± 67 in 100 asymptomatic people (PMC8161193); the limits are our choice, wide enough
for red marrow and for the noise of single voxels."""
MARROW_SIGNAL = (0.6, 6.0)
"""High-b signal of marrow over muscle: 3.2 ± 0.9 in the same people; the lower limit lies above badly suppressed fat, our choice."""
MARROW_FF = (15.0, 88.0)
"""Fat fraction in % that only marrow has: organs and muscle lie below, subcutaneous fat above; our choice."""

DISEASE_ADC = (550.0, 1400.0)  # µm²/s, as the default thresholds of the tumour load
HALO_MM, MOST_HALO = 7.0, 0.35  # what lies this near to bright tissue is its edge; a piece needs such a part beyond it
CLOSE_MM = 11.0  # half the width of the lesion that marrow around it closes over
MIRROR_MM = 6.5  # how far the two sides of a body may differ
_MIRROR_TURNS, _MIRROR_POINTS = (-12.0, -8.0, -4.0, 0.0, 4.0, 8.0, 12.0), 4000  # degrees that are tried, and on how many points
NEAR_MM = 8.0  # marrow this near to the end of a piece continues it
REACH_MM = 30.0  # marrow this near shows where the bone is; farther away position alone speaks
MOST_MARROW = 0.14
"""Largest volume of what looks like marrow against that of tissue with the ADC of water-rich tissue: 0.065 in the digital patient, 0.37 in
a pelvis whose fat was not suppressed (PROSTATEx-0000); our choice between the two."""
_WATER_ADC, _WATER_SIGNAL, _HIGHEST_LEAST = 1000.0, 0.4, 1.1
LEAST_ML = 2.0  # smaller spots of marrow-like tissue are noise
VOID_SIGNAL = 0.22  # low-b signal over muscle at the high b-value: less than suppressed fat, cortex or lung has
LEAST_VOID_ML, VOID_EDGE_MM = 15.0, 9.0
LEAST_SPINE_ML = 10.0  # of marrow along the column, for its signal to be told
_WORKING_MM = 4.5  # the region is made on voxels of about this size
_SMOOTH_MM = 2.5
_TUBE_HALF_WIDTH_MM, _TUBE_BACK_MM, _TUBE_FRONT_MM = 34.0, 46.0, 34.0  # about the middle of body and posterior elements
_BEHIND_BODY_MM = 8.0
_TUBE_SLAB_MM, _TUBE_GAP_MM, _TUBE_OFF_MM = 12.0, 260.0, 26.0
_SLAB_ML = 4.0  # in a slab of 12 mm: a third of a lumbar vertebra's part; the cord has 1
_BRIGHT_COLUMN_MM = 150.0  # bright tissue near the midline this long is a column without normal marrow
_NEAR_MIDLINE_MM, _COLUMN_DEPTH = 22.0, (0.06, 0.62)
_CORE, _WIDE, _DISEASED = 0.75, 0.92, 0.4  # parts of a large vertebra's size, and how much of the core shines if it is diseased
NONE, MARROW, MIRRORED, COLUMN, PLACE, STERNUM = range(6)

ORGAN_ML, _THICK_MM = 100.0, 14.0
"""Bright tissue of the belly from this volume on that is thicker than 28 mm everywhere is an organ; ribs and processes are thinner, and the
bodies of vertebrae lie about the canal."""
_PELVIS = (-1.5, 0.6)  # heights about L5, in units of L1 to L5, with what landmarks by the vertex may be off
_RIM_MM = 26.0  # of the organ, that a ball of that size does not reach
_NEARLY = 0.8  # of the threshold: an organ that just reaches it is whole from here on


@dataclass(frozen=True)
class BoneRegion:
    """The proposed region of bone on the grid of the high-b image.

    Attributes
    ----------
    codes : ndarray of uint8, shape (k, j, i)
        Why a voxel lies inside: ``MARROW``, ``MIRRORED``, ``COLUMN``, ``PLACE``, ``STERNUM``; 0 outside.
    marrow_ml : float
        Volume of the tissue that looks like marrow.
    marrow_ratio : float
        Median high-b signal over muscle of the marrow along the column; NaN where there is hardly any.
    column : ndarray, shape (n, 3)
        Course of the column, RAS mm, caudal first; empty where it was not found.
    void_ml : float
        Volume inside bone where no b-value shows a signal.
    near_void : ndarray of bool, shape (k, j, i)
        Such voxels and what lies at their edge.
    canal : ndarray of bool, shape (k, j, i) or None
        The vertebral canal; None where it was not seen.
    organ : ndarray of bool, shape (k, j, i)
        Large bright organs of the belly.
    usual : ndarray of bool, shape (k, j, i)
        Where bones usually lie, whatever lies beside it.
    near_marrow : ndarray of bool, shape (k, j, i)
        Marrow of the chest, and what lies within 8 mm of it, without the neighbourhood of organs.
    pelvic_marrow_ml : float
        Volume of the tissue that looks like marrow where the pelvis usually lies.
    pelvis_mm : (float, float) or None
        Heights between which the pelvis lies, RAS; None where no landmark tells them.
    """

    codes: np.ndarray
    marrow_ml: float
    marrow_ratio: float
    column: np.ndarray
    void_ml: float
    near_void: np.ndarray
    canal: Optional[np.ndarray]
    organ: np.ndarray
    usual: np.ndarray
    near_marrow: np.ndarray
    pelvic_marrow_ml: float
    pelvis_mm: Optional[tuple[float, float]]


def find_bone(
    high_b: Volume,
    adc: Volume,
    muscle: float,
    outline: BodyOutline,
    landmarks: Optional[Landmarks],
    *,
    bright: float,
    ff: Optional[Volume] = None,
    centers_ras: Sequence[Numbers] = (),
) -> BoneRegion:
    """Propose the region of bone.

    Parameters
    ----------
    high_b, adc : Volume
        Signal at the highest b-value and ADC in µm²/s on one grid, shape (k, j, i).
    muscle : float
        High-b signal of muscle.
    outline : BodyOutline
    landmarks : Landmarks or None
        Without them no position speaks.
    bright : float
        Signal over muscle from which on tissue may be disease: it shows the column where no normal marrow is left.
    ff : Volume, optional
        Fat fraction in % on its own grid.
    centers_ras : sequence of three floats
        Centres of vertebral bodies that are known, RAS mm.
    """
    step = np.maximum(1, np.floor(_WORKING_MM / high_b.spacing_mm[::-1])).astype(int)
    coarse, signal, seen_adc, low = _coarse(high_b, adc, muscle, step)
    marrow = _marrow_like(signal, seen_adc)
    if ff is not None:
        marrow |= _fatty(coarse, ff)
    voxel_ml, spacing = coarse.voxel_volume_ml, coarse.spacing_mm[::-1]
    no_bone, usual, front, chest, pelvis = _place(coarse, landmarks, outline)
    shining = (signal >= bright) & (seen_adc > DISEASE_ADC[0]) & (seen_adc < DISEASE_ADC[1])
    marrow &= ~no_bone
    marrow = _without_halos(_without_spots(marrow, LEAST_ML / voxel_ml), _within(shining, spacing, HALO_MM, touching=False))
    column = _column_course(coarse, marrow, shining, outline)
    column = _with_centers(column, centers_ras)
    column = column[column[:, 2] < (np.inf if landmarks is None else landmarks.atlas_mm)]
    fluid = _points(coarse, (seen_adc > FLUID_ADC) & (low > FLUID_LOW) & np.isfinite(low))
    canal = find_canal(fluid, voxel_ml, outline, landmarks)
    tube = around_canal(coarse, with_sacrum(canal), landmarks)[0] if len(canal) else _tube(coarse, column)
    tube |= _tube(coarse, column[column[:, 2] > canal[-1, 2]]) if len(canal) else False
    in_canal = around_canal(coarse, canal, landmarks)[1]
    bulk = _bulk_of_vertebrae(coarse, canal, landmarks, signal >= _NEARLY * bright) if len(canal) else tube
    organ = _organs(coarse, signal, seen_adc, _NEARLY * bright, bulk, landmarks)
    distance, codes = _distance(marrow, spacing, REACH_MM), np.zeros(marrow.shape, dtype=np.uint8)
    codes[usual & (distance > REACH_MM)] = PLACE
    codes[front] = STERNUM
    codes[tube] = COLUMN
    if marrow.any():
        codes[_mirrored(coarse, marrow, outline)] = MIRRORED
        codes[_closed(marrow, distance, spacing)] = MARROW
    codes[no_bone | organ] = NONE
    along = ndimage.binary_erosion(marrow) & tube
    ratio = float(np.median(signal[along])) if np.count_nonzero(along) * voxel_ml > LEAST_SPINE_ML else float("nan")
    dark = _inside_body(low < VOID_SIGNAL) & (_tube(coarse, column, 0.6) | (codes == MIRRORED))
    void = _without_spots(dark, LEAST_VOID_ML / voxel_ml)
    near = _within(void, spacing, VOID_EDGE_MM, touching=False)
    masks = (codes, near, in_canal, organ, usual & ~organ, (distance <= NEAR_MM) & chest & ~_within(organ, spacing, NEAR_MM))
    codes, near, in_canal, organ, usual, near_marrow = (_full(array, step, high_b.array.shape) for array in masks)
    void_ml, marrow_ml = (float(np.count_nonzero(mask) * voxel_ml) for mask in (void, marrow))
    pelvic_ml, canal_mask = float(np.count_nonzero(marrow & pelvis) * voxel_ml), in_canal if len(canal) else None
    heights = None if landmarks is None else (
        landmarks.l5_mm + _PELVIS[0] * landmarks.unit_mm, landmarks.l5_mm + _PELVIS[1] * landmarks.unit_mm
    )  # fmt: skip
    return BoneRegion(codes, marrow_ml, ratio, column, void_ml, near, canal_mask, organ, usual, near_marrow, pelvic_ml, heights)


def _organs(
    grid: Volume, signal: np.ndarray, seen_adc: np.ndarray, least: float, tube: np.ndarray, landmarks: Optional[Landmarks]
) -> np.ndarray:
    """Bright tissue of the belly beside the column that is too thick for a bone: liver, spleen."""
    found = np.zeros(signal.shape, dtype=bool)
    if landmarks is None:
        return found
    height = grid.to_ras(np.indices((*signal.shape[:1], 1, 1)).reshape(3, -1).T[:, ::-1])[:, 2]
    belly = np.flatnonzero((height > landmarks.l5_mm + 0.25 * landmarks.unit_mm) & (height < landmarks.t1_mm - 0.8 * landmarks.unit_mm))
    if not belly.size:
        return found
    slab = slice(int(belly[0]), int(belly[-1]) + 1)
    bright = (signal[slab] >= least) & (seen_adc[slab] > DISEASE_ADC[0]) & (seen_adc[slab] < DISEASE_ADC[1]) & ~tube[slab]
    spacing, least_voxels = grid.spacing_mm[::-1], ORGAN_ML / grid.voxel_volume_ml
    core = _depth(_without_spots(bright, least_voxels), spacing) > _THICK_MM
    found[slab] = _without_spots(bright & (_distance(core, spacing, _THICK_MM + _RIM_MM) <= _THICK_MM + _RIM_MM), least_voxels)
    return found


def _bulk_of_vertebrae(grid: Volume, canal: np.ndarray, landmarks: Optional[Landmarks], bright: np.ndarray) -> np.ndarray:
    """What of the reach of the vertebrae is not given to an organ beside them: more where their middle is bright, as in disease."""
    core, wide = (around_canal(grid, canal, landmarks, scale)[0] for scale in (_CORE, _WIDE))
    height = grid.to_ras(np.argwhere(core)[:, ::-1])[:, 2]
    low = np.floor(height.min() / _TUBE_SLAB_MM)
    slab = (np.floor(height / _TUBE_SLAB_MM) - low).astype(int)
    filled = np.bincount(slab, weights=bright[core]) / np.maximum(np.bincount(slab), 1)
    every = grid.to_ras(np.argwhere(wide)[:, ::-1])[:, 2]
    own = (np.floor(every / _TUBE_SLAB_MM) - low).astype(int).clip(0, len(filled) - 1)
    wide[wide] = filled[own] > _DISEASED
    return core | wide


def _marrow_like(signal: np.ndarray, seen_adc: np.ndarray) -> np.ndarray:
    """Tissue with the ADC and the signal of marrow. Where fat was not suppressed well, much of it passes, too: the lower limit of the
    signal rises a little until what is left is no more than marrow can be, and else nothing is taken for marrow."""
    like = (signal < MARROW_SIGNAL[1]) & (seen_adc > MARROW_ADC[0]) & (seen_adc < MARROW_ADC[1])
    water = np.count_nonzero((seen_adc > _WATER_ADC) & (signal > _WATER_SIGNAL))
    for least in np.arange(MARROW_SIGNAL[0], _HIGHEST_LEAST, 0.2):
        found = like & (signal > least)
        if np.count_nonzero(found) <= MOST_MARROW * water:
            return found
    return np.zeros(signal.shape, dtype=bool)


def _full(array: np.ndarray, step: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """The working grid's array on the image's own voxels."""
    full = array.repeat(step[0], 0).repeat(step[1], 1).repeat(step[2], 2)
    full = np.pad(full, [(0, max(0, n - m)) for n, m in zip(shape, full.shape)], mode="edge")
    return full[tuple(slice(n) for n in shape)]


def _coarse(high_b: Volume, adc: Volume, muscle: float, step: np.ndarray) -> tuple[Volume, np.ndarray, np.ndarray, np.ndarray]:
    """The working grid, and on it the smoothed signal over muscle, the ADC of the smoothed signals, and the signal at a low b-value over
    that of muscle at the high one; the last is infinite where nothing was acquired.

    The ADC of a mean is taken from the mean of both signals, as a scanner with larger voxels would see it: the mean of ADCs would be that
    of their noise.
    """
    known = np.isfinite(high_b.array) & np.isfinite(adc.array)
    ratio = np.where(known, high_b.array / muscle, 0.0).astype(np.float32)
    low = np.where(known, np.minimum(ratio * np.exp(np.clip(adc.array, -500.0, 4000.0) * _SPAN), 80.0), 0.0).astype(np.float32)
    shape = tuple(n // s for n, s in zip(ratio.shape, step))
    matrix = high_b.ijk_to_ras @ np.diag([*step[::-1], 1.0])
    matrix[:3, 3] = (high_b.ijk_to_ras @ [*((step[::-1] - 1) / 2), 1.0])[:3]
    small = [_shrunk(array, step, shape) for array in (ratio, low)]
    coarse = Volume(small[0], matrix)
    sigma = [_SMOOTH_MM / mm for mm in coarse.spacing_mm[::-1]]
    ratio, low = (ndimage.gaussian_filter(array, sigma) for array in small)
    shown = _shrunk(np.isfinite(high_b.array).astype(np.float32), step, shape) > 0.5
    return coarse, ratio, np.log(np.maximum(low, 1e-3) / np.maximum(ratio, 1e-3)) / _SPAN, np.where(shown, low, np.inf)


_SPAN = 850e-6  # s/mm² × 10⁻⁶: the two b-values between which a mean ADC is taken; its value hardly matters


def _shrunk(array: np.ndarray, step: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    cut = array[tuple(slice(n * s) for n, s in zip(shape, step))]
    return cut.reshape(shape[0], step[0], shape[1], step[1], shape[2], step[2]).mean(axis=(1, 3, 5))


def _fatty(coarse: Volume, ff: Volume) -> np.ndarray:
    """Where the fat-fraction map shows the fat fraction of marrow in all of the voxel's neighbourhood."""
    inside = np.nan_to_num(ff.array, nan=-1.0)
    inside = ndimage.binary_erosion((inside > MARROW_FF[0]) & (inside < MARROW_FF[1]), iterations=2)
    found = np.zeros(coarse.array.shape, dtype=bool)
    kji = np.argwhere(inside)
    if len(kji):
        at = np.rint(coarse.to_ijk(ff.to_ras(kji[:, ::-1]))).astype(int)[:, ::-1]
        at = at[np.all((at >= 0) & (at < found.shape), axis=1)]
        found[tuple(at.T)] = True
    return found


def _without_spots(mask: np.ndarray, least: float) -> np.ndarray:
    label, count = ndimage.label(mask)
    large = np.bincount(label.ravel(), minlength=count + 1) >= least
    large[0] = False
    return large[label]


def _inside_body(dark: np.ndarray) -> np.ndarray:
    """Dark places that are not the air around the body: not connected with the sides of the slices."""
    label, count = ndimage.label(dark)
    outside = np.zeros(count + 1, dtype=bool)
    for side in (label[:, [0, -1], :], label[:, :, [0, -1]]):
        outside[np.unique(side)] = True
    outside[0] = True
    return ~outside[label]


def _without_halos(marrow: np.ndarray, near_bright: np.ndarray) -> np.ndarray:
    """Without pieces that lie almost wholly at the edge of bright tissue: there partial volume with fat has the ADC of marrow."""
    label, count = ndimage.label(marrow)
    size = np.bincount(label.ravel(), minlength=count + 1)
    kept = np.bincount(label[~near_bright], minlength=count + 1) > MOST_HALO * size
    kept[0] = False
    return kept[label]


def _distance(mask: np.ndarray, spacing: np.ndarray, reach_mm: float) -> np.ndarray:
    """Distance in mm of each voxel's centre to the nearest voxel of the mask, 0 inside; infinite without any. Beyond ``reach_mm`` it may be
    infinite, too."""
    found = np.full(mask.shape, np.inf, dtype=np.float32)
    box = _box_of(mask, np.ceil(reach_mm / spacing).astype(int))
    if box is not None:
        found[box] = _distance_in(mask[box], spacing)
    return found


def _depth(mask: np.ndarray, spacing: np.ndarray) -> np.ndarray:
    """Distance in mm of each voxel's centre to the nearest voxel that is not of the mask."""
    found = np.zeros(mask.shape, dtype=np.float32)
    box = _box_of(mask, np.ones(3, dtype=int))  # all around it is not of the mask, so that nothing farther away is nearer
    if box is not None:
        found[box] = _distance_in(~mask[box], spacing)
    return found


def _box_of(mask: np.ndarray, margin: np.ndarray) -> Optional[tuple[slice, ...]]:
    """Slices that hold the mask and so many voxels around it along k, j, i; None for an empty mask."""
    along = [np.flatnonzero(np.any(mask, axis=others)) for others in ((1, 2), (0, 2), (0, 1))]
    if not along[0].size:
        return None
    return tuple(slice(max(0, int(line[0] - more)), int(line[-1] + more) + 1) for line, more in zip(along, margin))


def _distance_in(mask: np.ndarray, spacing: np.ndarray) -> np.ndarray:
    if not mask.any():
        return np.full(mask.shape, np.inf, dtype=np.float32)
    image = sitk.GetImageFromArray(mask.astype(np.uint8))
    image.SetSpacing([float(mm) for mm in spacing[::-1]])
    found = sitk.SignedMaurerDistanceMap(image, insideIsPositive=False, squaredDistance=False, useImageSpacing=True)
    return np.maximum(sitk.GetArrayFromImage(found), 0.0)


def _within(mask: np.ndarray, spacing: np.ndarray, mm: float, touching: bool = True) -> np.ndarray:
    """Voxels whose centres lie up to ``mm`` from one of the mask; nearer than that if not ``touching``. For reaches of a few voxels this is
    faster than the distance itself."""
    steps = np.ceil(mm / spacing).astype(int)
    off = np.stack(np.meshgrid(*(np.arange(-n, n + 1) for n in steps), indexing="ij"), axis=-1).reshape(-1, 3)
    length = np.linalg.norm(off * spacing, axis=1)
    near = mask.copy()
    for step in off[(length <= mm) if touching else (length < mm)]:
        here = tuple(slice(max(n, 0), size + min(n, 0)) for n, size in zip(step, mask.shape))
        there = tuple(slice(max(-n, 0), size + min(-n, 0)) for n, size in zip(step, mask.shape))
        near[here] |= mask[there]
    return near


def _closed(marrow: np.ndarray, distance: np.ndarray, spacing: np.ndarray) -> np.ndarray:
    """Closing with a ball: what marrow surrounds within reach."""
    grown = distance <= CLOSE_MM
    return marrow | ~_within(~grown, spacing, CLOSE_MM)


def _points(grid: Volume, mask: np.ndarray) -> np.ndarray:
    return grid.to_ras(np.argwhere(mask)[:, ::-1])


def _mirrored(grid: Volume, marrow: np.ndarray, outline: BodyOutline) -> np.ndarray:
    """The marrow on the other side of the midline, grown by what the sides may differ. The midline of the outline is taken unless the body
    fits itself better where the plane between its sides is moved, turned about the long axis or leans as the midline does."""
    points = _points(grid, marrow)
    few = points[:: max(1, len(points) // _MIRROR_POINTS)]
    lean = float(np.polyfit(outline.z_mm, outline.midline_mm, 1)[0]) if len(outline.z_mm) > 2 else 0.0
    planes = [(off, turn, slope) for slope in (0.0, lean) for turn in sorted(_MIRROR_TURNS, key=abs)
              for off in sorted(np.arange(-20.0, 21.0, 4.0), key=abs)]  # fmt: skip
    best, chosen = -1.0, planes[0]
    for plane in planes:
        at, seen = _voxels_at(grid, _reflected(few, outline, *plane))
        score = float(np.count_nonzero(marrow[tuple(at[seen].T)]))
        if score > 1.05 * best:
            best, chosen = score, plane
    at, seen = _voxels_at(grid, _reflected(points, outline, *chosen))
    found = np.zeros(marrow.shape, dtype=bool)
    found[tuple(at[seen].T)] = True
    return _within(found, grid.spacing_mm[::-1], MIRROR_MM)


def _reflected(points: np.ndarray, outline: BodyOutline, off_mm: float, turn: float, lean: float) -> np.ndarray:
    """Points on the other side of a plane through the midline, moved by ``off_mm`` to the right, turned about the long axis by ``turn``
    degrees, and leaning by ``lean`` mm to the right per mm upwards."""
    normal = np.array([1.0, np.tan(np.radians(turn)), -lean])
    normal /= np.linalg.norm(normal)
    middle = np.interp(points[:, 2], outline.z_mm, outline.midline_mm) + off_mm
    off = (points[:, 0] - middle) * normal[0] + (points[:, 1] - points[:, 1].mean()) * normal[1]
    return points - 2 * off[:, None] * normal


def _voxels_at(grid: Volume, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Voxels (k, j, i) nearest to the points, and which of them lie in the grid."""
    at = np.rint(grid.to_ijk(points)).astype(int)[:, ::-1]
    return at, np.all((at >= 0) & (at < grid.array.shape), axis=1)


def _column_course(grid: Volume, marrow: np.ndarray, bright: np.ndarray, outline: BodyOutline) -> np.ndarray:
    """Middle of the column (bodies and posterior elements together) slab by slab: from marrow near the midline, and from bright tissue
    where it continues that course."""
    points, shine = (_central(_points(grid, mask), outline) for mask in (marrow, bright))
    course = _slab_medians(points)
    own = _long_column(shine, grid.voxel_volume_ml)
    if len(course) >= 2:
        expected = np.stack([np.interp(shine[:, 2], course[:, 2], course[:, axis]) for axis in (0, 1)], axis=1)
        near = np.linalg.norm(shine[:, :2] - expected, axis=1) < _TUBE_OFF_MM
        gap = np.abs(shine[:, 2:3] - course[:, 2]).min(axis=1)
        own |= near & (gap < _TUBE_GAP_MM / 2)
    return _slab_medians(np.concatenate([points, shine[own]]))


def _long_column(points: np.ndarray, voxel_ml: float) -> np.ndarray:
    """True for bright points in slabs that hold as much as a vertebra, in a row of such slabs that is long enough for a column."""
    if not len(points):
        return np.zeros(0, dtype=bool)
    slab = np.floor(points[:, 2] / _TUBE_SLAB_MM).astype(int)
    numbers, counts = np.unique(slab, return_counts=True)
    full = numbers[counts * voxel_ml >= _SLAB_ML]
    runs = np.split(full, np.flatnonzero(np.diff(full) > 2) + 1)
    long = [run for run in runs if len(run) and (run[-1] - run[0] + 1) * _TUBE_SLAB_MM >= _BRIGHT_COLUMN_MM]
    return np.isin(slab, np.concatenate(long)) if long else np.zeros(len(points), dtype=bool)


def _with_centers(column: np.ndarray, centers_ras: Sequence[Numbers]) -> np.ndarray:
    """The course with the reader's vertebral bodies, which hold where they lie; the middle of bodies and processes lies behind them."""
    if len(centers_ras) < 2:
        return column
    known = np.asarray(centers_ras, dtype=float).reshape(-1, 3) - [0.0, _BEHIND_BODY_MM, 0.0]
    elsewhere = (column[:, 2] < known[:, 2].min() - _TUBE_SLAB_MM) | (column[:, 2] > known[:, 2].max() + _TUBE_SLAB_MM)
    joined = np.concatenate([column[elsewhere], known])
    return joined[np.argsort(joined[:, 2])]


def _central(points: np.ndarray, outline: BodyOutline) -> np.ndarray:
    if not len(points):
        return np.zeros((0, 3))
    depth = outline.depth(points)
    return points[(np.abs(outline.off_midline(points)) < _NEAR_MIDLINE_MM) & (depth > _COLUMN_DEPTH[0]) & (depth < _COLUMN_DEPTH[1])]


def _slab_medians(points: np.ndarray) -> np.ndarray:
    """Median per slab along S, without those that leave the line of their neighbours."""
    if not len(points):
        return np.zeros((0, 3))
    slab = np.floor(points[:, 2] / _TUBE_SLAB_MM).astype(int)
    numbers, counts = np.unique(slab, return_counts=True)
    middles = np.array([np.median(points[slab == n], axis=0) for n in numbers[counts >= 4]]).reshape(-1, 3)
    if len(middles) < 3:
        return middles
    smooth = np.stack([ndimage.median_filter(middles[:, axis], 7, mode="nearest") for axis in (0, 1)], axis=1)
    kept = np.linalg.norm(middles[:, :2] - smooth, axis=1) < 14.0
    return np.column_stack([smooth[kept], middles[kept, 2]])


def _tube(grid: Volume, column: np.ndarray, scale: float = 1.0) -> np.ndarray:
    """What lies within the reach of the vertebrae about the course of the column."""
    inside = np.zeros(grid.array.shape, dtype=bool)
    if len(column) < 2:
        return inside
    heights = np.arange(column[0, 2] - _TUBE_SLAB_MM, column[-1, 2] + _TUBE_SLAB_MM + 1.0)  # looked up: faster
    sizes = scale * np.array([[_TUBE_HALF_WIDTH_MM, _TUBE_BACK_MM], [_TUBE_HALF_WIDTH_MM, _TUBE_FRONT_MM]])
    low, high = column[:, :2].min(axis=0) - sizes[0], column[:, :2].max(axis=0) + sizes[1]
    box = box_around(grid, [*low, heights[0] - 1.0], [*high, heights[-1] + 1.0])
    rows = grid.ijk_to_ras.astype(np.float32)[:3]
    k, j, i = (axis.astype(np.float32) for axis in np.ogrid[box])
    r, a, s = (row[0] * i + row[1] * j + row[2] * k + row[3] for row in rows)
    at = np.rint(s - heights[0]).astype(np.int32)
    within = (at >= 0) & (at < len(heights))
    at = at.clip(0, len(heights) - 1)
    between = np.searchsorted(column[:, 2], heights).clip(1, len(column) - 1)
    narrow = (np.diff(column[:, 2])[between - 1] < _TUBE_GAP_MM)[at]
    x, y = (np.interp(heights, column[:, 2], column[:, axis]).astype(np.float32)[at] for axis in (0, 1))
    within &= narrow & (np.abs(r - x) < scale * _TUBE_HALF_WIDTH_MM)
    inside[box] = within & (a - y < scale * _TUBE_FRONT_MM) & (y - a < scale * _TUBE_BACK_MM)
    return inside


def _place(grid: Volume, landmarks: Optional[Landmarks], outline: BodyOutline) -> tuple[np.ndarray, ...]:
    """By height, side and depth: the front of the belly, where no bone lies; where bones usually lie; the place of the sternum, which has
    no other side; the chest, where ribs lie; and the pelvis."""
    shape = grid.array.shape
    if landmarks is None:
        return tuple(np.zeros(shape, dtype=bool) for _ in range(5))
    every = tuple(-(-n // 2) for n in shape)  # a border of bone by position is not known to a voxel
    points = grid.to_ras(2.0 * np.indices(every).reshape(3, -1).T[:, ::-1])
    side, z, unit, depth = np.abs(outline.off_midline(points)), points[:, 2], landmarks.unit_mm, outline.depth(points)
    side, below = side / unit, (landmarks.l5_mm - z) / unit
    pelvis = (below > -0.5) & (below < 1.2) & (side > 0.33 + np.maximum(depth - 0.35, 0.0)) & (side < 1.05) & (depth < 0.8)
    pubis = (below > 0.45) & (below < 1.1) & (side < 0.5) & (depth > 0.62) & (depth < 0.95)
    ischium = (below > 0.6) & (below < 1.35) & (side > 0.14) & (side < 0.55) & (depth > 0.25) & (depth < 0.75)
    femur = (below > 0.6) & (side > 0.5) & (side < 1.05) & (depth > 0.25) & (depth < 0.75)
    chest = (z > landmarks.l1_mm - 0.3 * unit) & (z < landmarks.t1_mm + 0.2 * unit) & ((depth < 0.3) | (depth > 0.78))
    shoulder = (z > landmarks.t1_mm - 0.5 * unit) & (z < landmarks.t1_mm + 0.2 * unit) & (side > 0.7)
    sternum = (side < 0.2) & (depth > 0.72) & (z > landmarks.t1_mm - 1.35 * unit) & (z < landmarks.t1_mm + 0.15 * unit)
    belly = (z < landmarks.l1_mm - 0.25 * unit) & (below < 0.4) & (depth > 0.8)
    ribs = (z > landmarks.l1_mm - 0.3 * unit) & (z < landmarks.t1_mm + 0.2 * unit)
    hip = pelvis | pubis | ischium
    zones = (belly, hip | femur | chest | shoulder, sternum, ribs, hip)
    return tuple(zone.reshape(every).repeat(2, 0).repeat(2, 1).repeat(2, 2)[tuple(slice(n) for n in shape)] for zone in zones)
