"""How far one image shows the column off another of the same exam: diffusion images are displaced along their phase direction.

ROIs go from image to image by their physical position. Where two images disagree, a translation is searched that gives the most mutual
information between them about the ROIs: contrasts differ, so no brightness is compared. The search, its limits and the rule that accepts
a shift are our choice. Only the ROI is moved; no map is resampled for measuring.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import ndimage

from ..model import Finding, MarrowQuantError, VertebraROI, Volume, finding

BOX_MM = (30.0, 35.0, 20.0)  # about the ROIs' centres along R, A, S: bodies, discs, canal
REACH_MM = 12.0
LARGEST_MM = 10.0
SMALLEST_MM = 1.5  # a smaller shift is not worth another place of the ROI
LEAST_GAIN = 1.05  # of the mutual information, after against before
LEAST_INFORMATION = 0.1  # nats: images that share less show nothing to compare
_STEP_MM = 2.0
_COARSE = 2  # steps of the first search
_BINS = 16
_LEAST_IN_VIEW = 0.7  # of the box about the ROIs, and of the reach around it
_REFERENCES = ("in_phase", "water", "ff")  # the in-phase image shares most with the others
_COMPARED = {"adc": ("dwi_low", "diffusion images"), "in_phase": ("in_phase", "in-phase and opposed-phase images")}


@dataclass(frozen=True)
class ImageShift:
    """Where an image shows what another shows.

    Attributes
    ----------
    mm : ndarray, shape (3,)
        R, A, S: what lies at x in the reference lies at x + mm in the other image.
    before, after : float
        Mutual information (nats) without and with the shift.
    """

    mm: np.ndarray
    before: float
    after: float

    @property
    def length_mm(self) -> float:
        """How far the shift goes."""
        return float(np.linalg.norm(self.mm))

    @property
    def accepted(self) -> bool:
        """Large enough to matter, inside the search, and clearly better than no shift."""
        informative = self.after >= max(LEAST_INFORMATION, LEAST_GAIN * self.before)
        return SMALLEST_MM <= self.length_mm <= LARGEST_MM and informative

    @property
    def components(self) -> str:
        """As it is written: "R +0.1, A -4.1, S +0.0 mm"; adding 0 makes −0 a plain 0."""
        return ", ".join(f"{axis} {value:+.1f}" for axis, value in zip("RAS", self.mm.round(1) + 0.0)) + " mm"

    def apply(self, roi: VertebraROI) -> VertebraROI:
        """The ROI where the other image shows its vertebra."""
        return replace(roi, center_ras=roi.center_ras + self.mm)


def find_shifts(maps: Mapping[str, Volume], rois: Sequence[VertebraROI]) -> dict[str, ImageShift]:
    """Shifts against the images on the grid of the fat fraction, where the ROIs are placed, by the key of the map that is measured.

    Parameters
    ----------
    maps : mapping
        Maps of one exam. The ADC is compared by the diffusion image of the lowest b-value; in-phase and opposed-phase images only if they
        lie on another grid than the fat fraction, as they come from one acquisition otherwise.
    rois : sequence of VertebraROI

    Returns
    -------
    dict
        "adc", and "in_phase" for the dropout ratio; empty where there is nothing to compare.
    """
    if "ff" not in maps or not rois:
        return {}
    reference = next(maps[key] for key in _REFERENCES if key in maps and maps[key].same_grid(maps["ff"]))
    found: dict[str, ImageShift] = {}
    for key, (image, _) in _COMPARED.items():
        if key not in maps or image not in maps or maps[image].same_grid(reference):
            continue
        try:
            found[key] = find_shift(reference, maps[image], rois)
        except MarrowQuantError:  # the image does not show these vertebrae: measuring them says so
            continue
    return found


def shift_findings(shifts: Mapping[str, ImageShift], apply: bool) -> list[Finding]:
    """What the reader must know: images that show the column elsewhere, and whether the ROIs were moved on them."""
    findings = []
    for key, (_, images) in _COMPARED.items():
        shift = shifts.get(key)
        if shift is not None and shift.accepted:
            code = "roi.moved_with_image" if apply else "roi.not_moved_with_image"
            values = {"mm": shift.length_mm, "shift": shift.components, "before": shift.before, "after": shift.after}
            findings.append(finding(code, images=images, **values))
    return findings


def find_shift(reference: Volume, other: Volume, rois: Sequence[VertebraROI]) -> ImageShift:
    """Translation of ``other`` against ``reference`` about the ROIs.

    Parameters
    ----------
    reference, other : Volume
        Images of one exam, shape (k, j, i), on any grids.
    rois : sequence of VertebraROI

    Raises
    ------
    MarrowQuantError
        If there is no ROI, or one of the images does not show the column.
    """
    if not rois:
        raise MarrowQuantError("There is no ROI to compare two images at; place the vertebrae first.")
    centers = np.array([roi.center_ras for roi in rois])
    low, high = centers.min(axis=0) - BOX_MM, centers.max(axis=0) + BOX_MM
    pad = int(REACH_MM / _STEP_MM)
    fixed = _sample(reference, low, high, 0)
    moving = _sample(other, low, high, pad)
    for values, image in ((fixed, reference), (moving, other)):
        if np.isfinite(values).mean() < _LEAST_IN_VIEW:
            raise MarrowQuantError("The {image} does not show the vertebrae, so no shift was looked for.", image=image.name or "image")
    n = _COARSE
    coarse = _Search(_pool(fixed), _pool(moving), pad // n)
    start = np.array(coarse.best(np.zeros(3, int), pad // n)) * n
    fine = _Search(fixed, moving, pad)
    peak = fine.best(start, n)
    steps = peak + fine.between(peak)
    return ImageShift(steps * _STEP_MM, fine.information(np.zeros(3, int)), fine.information(peak))


def _sample(volume: Volume, low: np.ndarray, high: np.ndarray, pad: int) -> np.ndarray:
    """Values on a lattice along R, A, S from ``low`` to ``high`` and ``pad`` steps beyond; NaN outside the image. Shape (r, a, s)."""
    axes = [np.arange(-pad, int((b - a) / _STEP_MM) // _COARSE * _COARSE + pad) * _STEP_MM + a for a, b in zip(low, high)]
    values = np.where(np.isfinite(volume.array), volume.array, 0).astype(np.float32)
    matrix, start = volume.lattice([a[0] for a in axes], np.eye(3) * _STEP_MM)
    return ndimage.affine_transform(values, matrix, start, [len(a) for a in axes], order=1, cval=np.nan)


def _pool(values: np.ndarray) -> np.ndarray:
    r, a, s = (size // _COARSE for size in values.shape)
    return values.reshape(r, _COARSE, a, _COARSE, s, _COARSE).mean(axis=(1, 3, 5))


class _Search:
    """Mutual information over whole steps: both images in bins of equal size, values outside the image left out."""

    def __init__(self, fixed: np.ndarray, moving: np.ndarray, pad: int) -> None:
        self._fixed, self._moving, self._pad = _binned(fixed) * (_BINS + 1), _binned(moving), pad
        self._known: dict[tuple[int, ...], float] = {}

    def information(self, shift: np.ndarray) -> float:
        key = tuple(int(n) for n in shift)
        if key not in self._known:
            part = self._moving[tuple(slice(self._pad + n, self._pad + n + size) for n, size in zip(key, self._fixed.shape))]
            joint = np.bincount((self._fixed + part).ravel(), minlength=(_BINS + 1) ** 2).reshape(_BINS + 1, _BINS + 1)
            self._known[key] = _mutual_information(joint[:_BINS, :_BINS])
        return self._known[key]

    def best(self, start: np.ndarray, reach: int) -> np.ndarray:
        """The best whole step within ``reach`` of ``start``."""
        around = np.stack(np.meshgrid(*[np.arange(-reach, reach + 1)] * 3, indexing="ij"), axis=-1).reshape(-1, 3) + start
        inside = around[(np.abs(around) <= self._pad).all(axis=1)]
        return max(inside, key=self.information)

    def between(self, peak: np.ndarray) -> np.ndarray:
        """Where the parabola through the peak and its neighbours has its top, in steps along each axis; 0 at the border."""
        offset = np.zeros(3)
        for axis, step in enumerate(np.eye(3, dtype=int)):
            if abs(peak[axis]) < self._pad:
                before, top, after = (self.information(peak + n * step) for n in (-1, 0, 1))
                curvature = before - 2 * top + after
                offset[axis] = 0.5 * (before - after) / curvature if curvature < 0 else 0.0
        return offset


def _binned(values: np.ndarray) -> np.ndarray:
    """Number of the bin, 0 … _BINS − 1 with equally many voxels each; _BINS where there is no value."""
    valid = np.isfinite(values)
    edges = np.quantile(values[valid], np.linspace(0, 1, _BINS + 1)[1:-1])
    return np.where(valid, np.searchsorted(edges, values), _BINS)


def _mutual_information(joint: np.ndarray) -> float:
    p = joint / max(joint.sum(), 1)
    expected = p.sum(axis=1, keepdims=True) * p.sum(axis=0, keepdims=True)
    used = p > 0
    return float((p[used] * np.log(p[used] / expected[used])).sum())
