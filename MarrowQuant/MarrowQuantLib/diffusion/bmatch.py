"""How far the images of one station at different b-values lie off each other, and the images brought together.

Patients move between b-values, and strong gradients leave eddy currents that shift an echo-planar image along its phase direction
(Jezzard 1998, Magn Reson Med 39:801). A shift is found by mutual information (Mattes 2003, IEEE Trans Med Imaging 22:120), which does not
mind that the contrast changes with b. The limits are our choice: on a digital patient a shift of 4 mm is found within 0.2 mm in the plane.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk

_BINS = 32
_SAMPLES = 12_000
_FEWEST_VOXELS = 4_000  # of an image, for a shift to be looked for
_FEWEST_SLICES = 6
SMALLEST = 0.3  # of a voxel: a smaller shift is left alone, since interpolation would cost more than it mends
LARGEST_MM = 20.0  # a larger one is no movement between b-values but a failed search
HALF = 0.5  # of a voxel: a larger shift that cannot be undone is told
_LEAST_GAIN = 0.002  # in mutual information (nats) by which the moved image must match better


@dataclass(frozen=True)
class BShift:
    """Displacement of the image of one b-value against that of the lowest.

    Attributes
    ----------
    b_value : float
        s/mm².
    voxels, mm : ndarray, shape (3,)
        Along i, j, k: what is at x in the image of the lowest b-value is at x + voxels in this one.
    undone : bool
        True if the image was moved back; False if the shift is too small to be worth it, or not trusted.
    trusted : bool
        False if the search failed, ran away, or did not make the images match better.
    """

    b_value: float
    voxels: np.ndarray
    mm: np.ndarray
    undone: bool
    trusted: bool

    @property
    def left(self) -> bool:
        """True for more than half a voxel that was not undone."""
        return not self.undone and bool(np.any(np.abs(self.voxels) > HALF))


def match_b_values(
    images: Sequence[np.ndarray], b_values: Sequence[float], spacing_mm: np.ndarray
) -> tuple[list[np.ndarray], list[BShift]]:
    """The images of one station on the place of the lowest b-value's, and how far each was off.

    Parameters
    ----------
    images : sequence of ndarray, shape (k, j, i)
        By b-value, the lowest first.
    b_values : sequence of float
        s/mm².
    spacing_mm : ndarray, shape (3,)
        Voxel size along i, j, k.

    Returns
    -------
    images : list of ndarray
        Those that were off by ``SMALLEST`` voxels or more are interpolated by cubic B-splines; all others are the given arrays.
    shifts : list of BShift
        One for each image but the first.
    """
    if len(images) < 2 or images[0].size < _FEWEST_VOXELS or images[0].shape[0] < _FEWEST_SLICES:
        return list(images), []
    fixed = _prepared(images[0], spacing_mm)
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(lambda pair: _shift(fixed, pair[0], pair[1], spacing_mm), zip(images[1:], b_values[1:])))
    moved = [_moved(image, shift) if shift.undone else image for image, shift in zip(images[1:], found)]
    return [images[0], *moved], found


def _prepared(image: np.ndarray, spacing_mm: np.ndarray) -> sitk.Image:
    """The logarithm of the signal above the noise: a wide range of brightness in few bins."""
    known = np.nan_to_num(image).astype(np.float32)
    floor = max(float(np.percentile(known, 5)), 1e-6 * max(float(known.max()), 1e-6))
    prepared = sitk.GetImageFromArray(np.log(np.maximum(known, floor)))
    prepared.SetSpacing([float(mm) for mm in spacing_mm])
    return prepared


def _shift(fixed: sitk.Image, image: np.ndarray, b_value: float, spacing_mm: np.ndarray) -> BShift:
    moving = _prepared(image, spacing_mm)
    nothing = BShift(float(b_value), np.zeros(3), np.zeros(3), False, False)
    method = sitk.ImageRegistrationMethod()
    method.SetMetricAsMattesMutualInformation(_BINS)
    method.SetMetricSamplingStrategy(method.REGULAR)
    method.SetMetricSamplingPercentage(min(1.0, _SAMPLES / fixed.GetNumberOfPixels()), 1)
    method.SetInterpolator(sitk.sitkLinear)
    method.SetOptimizerAsRegularStepGradientDescent(learningRate=2.0, minStep=0.05, numberOfIterations=30, relaxationFactor=0.5)
    method.SetNumberOfThreads(1)
    transform = sitk.TranslationTransform(3)
    method.SetInitialTransform(transform, inPlace=True)
    try:
        before = method.MetricEvaluate(fixed, moving)
        method.Execute(fixed, moving)
    except RuntimeError:  # nothing to see in one of the images
        return nothing
    mm = np.array(transform.GetParameters())
    voxels = mm / spacing_mm
    better = before - method.GetMetricValue() > _LEAST_GAIN
    trusted = bool(np.all(np.isfinite(mm)) and np.abs(mm).max() < LARGEST_MM and (better or np.abs(voxels).max() < SMALLEST))
    if not trusted:
        return BShift(float(b_value), voxels, mm, False, False)
    return BShift(float(b_value), voxels, mm, bool(np.abs(voxels).max() >= SMALLEST), True)


def _moved(image: np.ndarray, shift: BShift) -> np.ndarray:
    from scipy import ndimage

    known = np.nan_to_num(image).astype(np.float32)
    return np.maximum(ndimage.shift(known, -shift.voxels[::-1], order=3, mode="nearest"), 0.0)
