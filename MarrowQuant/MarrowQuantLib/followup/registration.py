"""Rigid registration of one exam to another, whole or around a place, with SimpleITK.

Only positions are carried: the images are interpolated inside the optimiser, and no map is resampled for measuring. Metric: mutual
information (Mattes 2003, IEEE Trans Med Imaging 22:120), because marrow changes its contrast under treatment.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Optional

import numpy as np
import SimpleITK as sitk

from ..io.imagefiles import grid_of, to_sitk
from ..model import RAS_TO_LPS, MarrowQuantError, Numbers, Volume

_LPS = RAS_TO_LPS[:3, :3]
_BINS = 32
_SAMPLES = 20_000  # voxels of the metric; more cost time and move the result by hundredths of a millimetre
_WHOLE_MM, _LOCAL_MM = (8.0, 4.0), (4.0, 2.0)  # voxel sizes that the search goes through; our choice
_FREE, _SHIFT_ONLY = (1.0,) * 6, (0.0,) * 3 + (1.0,) * 3  # weights of the search: three angles, three shifts
_Step = tuple[float, Sequence[float]]  # voxel size in mm, weights
_REACH_MM, _REACH_STEP_MM, _REACH_VOXEL_MM = 24.0, 8.0, 12.0  # shifts that are tried one by one, and at which voxel size; our choice
_LARGEST_TURN = 30.0  # degrees that a search for the whole may turn: patients lie alike at both exams; our choice
_CUT_PERCENT = 85  # of the signals in a box; our choice
_FEWEST_VOXELS = 200  # of a crop, for a registration to make sense


@dataclass(frozen=True)
class Rigid:
    """A rigid transform from baseline to follow-up RAS mm: x → rotation @ x + shift.

    Attributes
    ----------
    rotation : ndarray, shape (3, 3)
    shift : ndarray, shape (3,)
    agreement : float
        Correlation of the two images where they overlap after the transform, -1 … 1; NaN where it was not computed.
    """

    rotation: np.ndarray
    shift: np.ndarray
    agreement: float = float("nan")

    def apply(self, points: np.ndarray) -> np.ndarray:
        """Baseline points to follow-up points, shape (…, 3), RAS mm."""
        return np.asarray(points, dtype=float) @ self.rotation.T + self.shift

    @property
    def degrees(self) -> float:
        """Angle of the rotation."""
        return float(np.degrees(np.arccos(np.clip((np.trace(self.rotation) - 1) / 2, -1, 1))))


def identity() -> Rigid:
    """The transform that moves nothing."""
    return Rigid(np.eye(3), np.zeros(3))


def _image(volume: Volume) -> sitk.Image:
    """What is registered: NaN become 0."""
    return to_sitk(volume.like(np.nan_to_num(volume.array).astype(np.float32)))


def coarser(volume: Volume, size_mm: float) -> Volume:
    """The volume smoothed and shrunk to voxels of about ``size_mm``: for several registrations of one image, made once."""
    image = _coarser(_image(volume), size_mm)
    return volume.like(sitk.GetArrayFromImage(image), ijk_to_ras=grid_of(image))


def register(
    baseline: Volume,
    follow_up: Volume,
    start: Optional[Rigid] = None,
    *,
    center_ras: Optional[Numbers] = None,
    half_size_mm: Optional[Numbers] = None,
    sizes_mm: Sequence[float] = (),
) -> Rigid:
    """Rigid transform from baseline to follow-up.

    Parameters
    ----------
    baseline, follow_up : Volume
        Images of the same kind (water, in-phase, b 50 …).
    start : Rigid, optional
        Where the search begins; the identity if left out.
    center_ras, half_size_mm : optional
        Only this box of the baseline takes part, along the axes of its grid: one vertebra.
    sizes_mm : sequence of float
        Voxel sizes that the search goes through; fit for the task if left out.

    Raises
    ------
    MarrowQuantError
        If the box shows too little of the baseline, or the images do not overlap.
    """
    begin = start or identity()
    fixed_volume = baseline if center_ras is None else crop(baseline, center_ras, np.asarray(half_size_mm))
    fixed, moving = _image(fixed_volume), _image(follow_up)
    center = _LPS @ np.asarray(_middle(baseline) if center_ras is None else center_ras, dtype=float)
    transform = sitk.Euler3DTransform()
    transform.SetCenter([float(c) for c in center])
    transform.SetMatrix([float(x) for x in (_LPS @ begin.rotation @ _LPS).ravel()], 1e-6)
    transform.SetTranslation([float(x) for x in _LPS @ begin.apply(_LPS @ center) - center])
    if not np.isfinite(_agreement(fixed, moving, transform)):
        raise MarrowQuantError(
            "The two exams could not be registered, because the images hardly overlap; place the ROIs in the follow-up by hand."
        )
    steps = [(size, _FREE) for size in sizes_mm or (_WHOLE_MM if center_ras is None else _LOCAL_MM)]
    search = _search_whole if center_ras is None else _search
    transform = search(fixed, moving, transform, steps)
    rotation = _LPS @ np.array(transform.GetMatrix()).reshape(3, 3) @ _LPS
    shift = _LPS @ (np.array(transform.TransformPoint((0.0, 0.0, 0.0))))
    return replace(Rigid(rotation, shift), agreement=_agreement(fixed, moving, transform))


def agreement_around(baseline: Volume, follow_up: Volume, rigid: Rigid, center_ras: Numbers, half_size_mm: Numbers) -> float:
    """Correlation of the two exams in a box of the baseline under a transform, with both signals cut at what is bright there: so that a
    lesion that came or went does not pass for a place that does not match. NaN where the box shows too little.

    Parameters
    ----------
    baseline, follow_up : Volume
    rigid : Rigid
        From baseline to follow-up RAS mm.
    center_ras, half_size_mm : sequence of three floats
        The box, along the axes of the baseline's grid.
    """
    try:
        box = crop(baseline, center_ras, np.asarray(half_size_mm))
    except MarrowQuantError:
        return float("nan")
    transform = sitk.Euler3DTransform()
    transform.SetMatrix([float(x) for x in (_LPS @ rigid.rotation @ _LPS).ravel()], 1e-6)
    transform.SetTranslation([float(x) for x in _LPS @ rigid.shift])
    there = sitk.GetArrayFromImage(sitk.Resample(_image(follow_up), _image(box), transform, sitk.sitkLinear, -1e9))
    here = np.nan_to_num(box.array)
    both = there > -1e8
    if np.count_nonzero(both) < _FEWEST_VOXELS:
        return float("nan")
    first, second = (np.minimum(values, np.percentile(values, _CUT_PERCENT)) for values in (here[both], there[both]))
    return float(np.corrcoef(first, second)[0, 1]) if first.std() > 0 and second.std() > 0 else float("nan")


def find_shift(baseline: Volume, follow_up: Volume) -> Rigid:
    """The shift, of up to 24 mm along each axis in steps of 8 mm, at which the images agree best: a start where a search missed."""
    fixed, moving = (_coarser(_image(volume), _REACH_VOXEL_MM) for volume in (baseline, follow_up))
    steps = np.arange(-_REACH_MM, _REACH_MM + _REACH_STEP_MM / 2, _REACH_STEP_MM)
    shifts = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(-1, 3)
    scores = [_score(fixed, moving, sitk.TranslationTransform(3, (_LPS @ shift).tolist())) for shift in shifts]
    return Rigid(np.eye(3), shifts[int(np.argmax(scores))])


def _search(fixed: sitk.Image, moving: sitk.Image, transform: sitk.Euler3DTransform, steps: Sequence[_Step]) -> sitk.Euler3DTransform:
    """One search after the other, each from where the last one ended."""
    for size, weights in steps:
        try:
            transform = _optimise(_coarser(fixed, size), _coarser(moving, size), transform, size, weights)
        except RuntimeError:  # the search ran out of the image, as it does where both show nothing in common: the start stands
            break
    return transform


def _search_whole(
    fixed: sitk.Image, moving: sitk.Image, transform: sitk.Euler3DTransform, steps: Sequence[_Step]
) -> sitk.Euler3DTransform:
    """A shift first, then the turn; a search that ran away is forgotten: it turned too far, or the images agree less than before it."""
    for size, weights in [(steps[0][0], _SHIFT_ONLY), *steps]:
        pair = _coarser(fixed, size), _coarser(moving, size)
        found = _search(*pair, transform, [(size, weights)])
        if _turn(found, transform) <= _LARGEST_TURN and _score(*pair, found) >= _score(*pair, transform):
            transform = found
    return transform


def _turn(found: sitk.Euler3DTransform, start: sitk.Euler3DTransform) -> float:
    """Angle between two transforms in degrees."""
    rotations = [np.array(transform.GetMatrix()).reshape(3, 3) for transform in (found, start)]
    return replace(identity(), rotation=rotations[0] @ rotations[1].T).degrees


def _optimise(
    fixed: sitk.Image, moving: sitk.Image, transform: sitk.Euler3DTransform, size_mm: float, weights: Sequence[float]
) -> sitk.Euler3DTransform:
    method = sitk.ImageRegistrationMethod()
    method.SetMetricAsMattesMutualInformation(_BINS)
    share = _SAMPLES / fixed.GetNumberOfPixels()
    if share < 1:
        method.SetMetricSamplingStrategy(method.REGULAR)
        method.SetMetricSamplingPercentage(share, 1)  # a fixed seed: the same images give the same transform
    method.SetInterpolator(sitk.sitkLinear)
    method.SetOptimizerAsRegularStepGradientDescent(learningRate=size_mm, minStep=0.02, numberOfIterations=60, relaxationFactor=0.6)
    method.SetOptimizerScalesFromPhysicalShift()
    method.SetOptimizerWeights(list(weights))
    method.SetNumberOfThreads(1)
    moved = sitk.Euler3DTransform(transform)
    method.SetInitialTransform(moved, inPlace=True)
    method.Execute(fixed, moving)
    return moved


def _coarser(image: sitk.Image, size_mm: float) -> sitk.Image:
    """The image in voxels of about ``size_mm``, each the mean of those in it; axes that are coarser already stay.

    Means, not samples: a filter that takes every n-th voxel rounds differently where the grid is turned, and puts one exam half a voxel off
    the other.
    """
    factors = [max(1, int(size_mm / s)) for s in image.GetSpacing()]
    return sitk.BinShrink(image, [min(f, max(1, n // 4)) for f, n in zip(factors, image.GetSize())])


def crop(volume: Volume, center_ras: Numbers, half_size_mm: Numbers) -> Volume:
    """The part of a volume in a box of these half sizes, along the axes of its grid.

    Raises
    ------
    MarrowQuantError
        The box holds too little of the volume.
    """
    center = volume.to_ijk(center_ras)[::-1]
    half = np.abs(volume.to_ijk(np.asarray(center_ras) + np.asarray(half_size_mm))[::-1] - center)
    low = np.maximum(np.floor(center - half).astype(int), 0)
    high = np.minimum(np.ceil(center + half).astype(int) + 1, volume.array.shape)
    if np.any(high - low < 3) or np.prod(high - low) < _FEWEST_VOXELS:
        raise MarrowQuantError("An ROI lies outside the baseline image and cannot be carried to the follow-up; place it there by hand.")
    return volume.box(low, high)


def _middle(volume: Volume) -> np.ndarray:
    return (volume.ijk_to_ras @ [*((np.array(volume.array.shape[::-1]) - 1) / 2), 1.0])[:3]


def _agreement(fixed: sitk.Image, moving: sitk.Image, transform: sitk.Transform) -> float:
    """Correlation where both images are; NaN where they hardly overlap."""
    return _compared(fixed, moving, transform)[0]


def _score(fixed: sitk.Image, moving: sitk.Image, transform: sitk.Transform) -> float:
    """Correlation times the part of the fixed image that the moving one covers: a search that leaves the image does not gain by it."""
    agreement, covered = _compared(fixed, moving, transform)
    return agreement * covered if np.isfinite(agreement) else -1.0


def _compared(fixed: sitk.Image, moving: sitk.Image, transform: sitk.Transform) -> tuple[float, float]:
    outside = -1e9
    there = sitk.GetArrayFromImage(sitk.Resample(moving, fixed, transform, sitk.sitkLinear, outside))
    here = sitk.GetArrayFromImage(fixed)
    both = there > outside / 2
    if np.count_nonzero(both) < _FEWEST_VOXELS or here[both].std() == 0 or there[both].std() == 0:
        return float("nan"), 0.0
    return float(np.corrcoef(here[both], there[both])[0, 1]), float(both.mean())
