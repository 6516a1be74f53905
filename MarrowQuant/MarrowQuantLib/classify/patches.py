"""Pictures made ready: straightened patches of each vertebral body with half of its discs, in units that scanners share.

A patch lies in the body's own sagittal plane, its rows from head to foot and its columns from front to back, at one pixel size. T1- and
STIR-weighted images lose the coil's brightness (:func:`without_bias`) and are divided by the signal of the discs, as in Hwang 2020 (IEEE
Access 8:133321), or of muscle where no disc is seen; maps keep their unit on a fixed scale. Sizes and limits are ours.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Optional

import numpy as np
from scipy.ndimage import map_coordinates

from .. import noise
from ..model import Finding, MarrowQuantError, VertebraROI, Volume, finding
from ..vertebrae import rasterise
from ..vertebrae.levels import level_index
from ..vertebrae.segment import Bodies, Body
from ..vertebrae.t1_ratio import DISC_RADII_MM, MUSCLE_OFF_MM, MUSCLE_RADII_MM

WEIGHTED = ("t1", "stir")
"""Images whose signal has no scale of its own."""
SCALES = {"ff": 100.0, "adc": 1000.0, "r2star": 200.0}
"""What a map is divided by, so that it lies about 0 to 1."""
CHANNELS = (*WEIGHTED, *SCALES)
FIRST_LEVEL, LAST_LEVEL = "T10", "L5"
_FEWEST_PIXELS = 6
_FEWEST_FOR_BIAS, _DISC_WEIGHT, _MOST_BIAS = 3, 2.0, 1.5
_COARSEST_MM, _THICKEST_MM = 1.6, 7.0
_LEAST_SIGNAL_TO_NOISE = 6.0
_MOST_OUTSIDE = 0.1  # of a picture beyond the image, or of a body without values
_LEAST_KNOWN = 0.1  # of the weight of the voxels around a pixel
_MOST_TURN = 0.5  # cosine between the slices' normal and left–right below which a series is not sagittal
FEW_BODIES = 3
STATISTICS = ("in_plane_mm", "marrow", "marrow_p5", "marrow_p95", "spread", "around", "sharpness", "signal_to_noise")
"""What the check of the domain compares."""


@dataclass(frozen=True)
class Preparation:
    """How pictures are made ready: what a model has to be given again.

    Attributes
    ----------
    channels : tuple of str
        Images and maps that a patch holds, of ``CHANNELS``.
    pixels : int
        Rows and columns of a patch.
    pixel_mm : float
    reference : {"disc", "muscle"}
        What weighted images are divided by.
    remove_bias : bool
    """

    channels: tuple[str, ...] = ("t1",)
    pixels: int = 48
    pixel_mm: float = 1.0
    reference: str = "disc"
    remove_bias: bool = True

    def __post_init__(self) -> None:
        unknown = [name for n, name in enumerate(self.channels) if name not in CHANNELS or name in self.channels[:n]]
        if unknown or not self.channels:
            raise MarrowQuantError(
                "A patch cannot hold {unknown}; choose of {channels}, each once.", channels=list(CHANNELS), unknown=unknown or ["nothing"]
            )
        if self.reference not in ("disc", "muscle") or not 16 <= self.pixels <= 128 or not 0.3 <= self.pixel_mm <= 3.0:
            raise MarrowQuantError(
                "These settings of the patches cannot be used; give 16 to 128 pixels of 0.3 to 3 mm, and disc or muscle as the reference."
            )

    def plain(self) -> dict[str, Any]:
        """For JSON."""
        return {**asdict(self), "channels": list(self.channels)}

    @classmethod
    def from_plain(cls, written: Mapping[str, Any]) -> Preparation:
        """What :meth:`plain` wrote."""
        return cls(**{**written, "channels": tuple(written["channels"])})


@dataclass(frozen=True)
class PreparedSpine:
    """One patient's pictures.

    Attributes
    ----------
    levels : tuple of str
    patches : ndarray of float32, shape (bodies, channels, rows, columns)
    marrow : ndarray of bool, shape (bodies, rows, columns)
        Pixels inside the body, by its own half-lengths.
    image_hash : str
        SHA-256 of the first channel's voxels as they came: two patients must not share one.
    statistics : dict of str to float
        Of the first channel: spacing in mm, signal of marrow over the reference, spread, sharpness; for the check of the domain.
    findings : tuple of Finding
    """

    levels: tuple[str, ...]
    patches: np.ndarray
    marrow: np.ndarray
    image_hash: str
    statistics: Mapping[str, float] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()


def prepare(maps: Mapping[str, Volume], bodies: Bodies, settings: Optional[Preparation] = None) -> PreparedSpine:
    """Make the pictures of one patient ready.

    Parameters
    ----------
    maps : mapping
        Images and maps of one exam by key: t1, stir, ff, adc, r2star. They may lie on different grids of one frame.
    bodies : Bodies
        As :func:`vertebrae.segment_bodies` or :func:`vertebrae.take_over` finds them.
    settings : Preparation, optional

    Returns
    -------
    PreparedSpine

    Raises
    ------
    MarrowQuantError
        A channel is missing, no body is one of T10 to L5, the bodies do not lie in the image, or there is nothing to normalise by.
    """
    settings = settings or Preparation()
    refuse_missing(maps, settings)
    kept = [body for body in bodies.bodies if level_index(FIRST_LEVEL) <= level_index(body.level) <= level_index(LAST_LEVEL)]
    if not kept:
        raise MarrowQuantError(
            "None of the bodies is one of {first} to {last}; the pictures are of another part of the body.",
            first=FIRST_LEVEL,
            last=LAST_LEVEL,
        )
    first = maps[settings.channels[0]]
    kept, findings = _in_view(kept, first, settings)
    kept, empty = _with_values(kept, maps, settings)
    findings += empty
    channels = []
    for name in settings.channels:
        volume, told = _normalised(maps[name], kept, name, settings)
        channels.append(np.stack([_patch(volume, body, settings) for body in kept]))
        findings += told
    patches = np.stack(channels, axis=1).astype(np.float32)
    marrow = np.stack([_inside(body, settings) for body in kept])
    findings += _quality(first, len(kept))
    statistics = _statistics(first, patches[:, 0], marrow, kept)
    if statistics["signal_to_noise"] < _LEAST_SIGNAL_TO_NOISE:
        findings.append(finding("classify.noisy", map=settings.channels[0], ratio=statistics["signal_to_noise"]))
    return PreparedSpine(tuple(b.level for b in kept), patches, marrow, image_digest(first), statistics, tuple(dict.fromkeys(findings)))


def refuse_missing(maps: Mapping[str, Volume], settings: Preparation) -> None:
    """Refuse images that lack a channel."""
    missing = [name for name in settings.channels if name not in maps]
    if missing:
        raise MarrowQuantError("The images lack {missing}, which the patches need; load them, or choose other channels.", missing=missing)


def image_digest(volume: Volume) -> str:
    """SHA-256 of the voxels in single precision and of their number; independent of the file they came from."""
    return hashlib.sha256(str(volume.array.shape).encode() + np.ascontiguousarray(volume.array, np.float32).tobytes()).hexdigest()


def input_digest(maps: Mapping[str, Volume], bodies: Bodies, settings: Preparation) -> str:
    """SHA-256 of all that :func:`prepare` reads, for the cache."""
    found = hashlib.sha256(json.dumps(settings.plain(), sort_keys=True).encode())
    for name in sorted(maps):
        found.update(f"{name} {image_digest(maps[name])} {maps[name].ijk_to_ras.round(4).tolist()}".encode())
    for body in bodies.bodies:
        found.update(f"{body.level} {body.center_ras.round(3).tolist()} {body.axes.round(5).tolist()}".encode())
    return found.hexdigest()


def _in_view(bodies: Sequence[Body], volume: Volume, settings: Preparation) -> tuple[list[Body], list[Finding]]:
    """Bodies whose patch lies in the image; those cut off are named and left out."""
    kept: list[Body] = []
    cut: list[Body] = []
    for body in bodies:
        outside = 1.0 - float(volume.sees(_points(body, settings)).mean())
        (cut if outside > _MOST_OUTSIDE else kept).append(body)
    if not kept:
        raise MarrowQuantError(
            "No vertebral body lies in the image; check that bodies and images are of the same exam, and of the lumbar spine."
        )
    return kept, [finding("classify.cut", level=[body.level for body in cut])] if cut else []


def _with_values(bodies: Sequence[Body], maps: Mapping[str, Volume], settings: Preparation) -> tuple[list[Body], list[Finding]]:
    """Bodies that every channel has values in; black ones and those without numbers are named and left out."""
    kept, told = list(bodies), []
    for name in settings.channels:
        empty = [body for body in kept if _is_empty(maps[name], body, settings)]
        if empty:
            told.append(finding("classify.empty", map=name, level=[body.level for body in empty]))
            kept = [body for body in kept if body not in empty]
        gaps = [body.level for body in kept if _has_gaps(maps[name], body, settings)]
        if gaps:
            told.append(finding("classify.gaps", map=name, level=gaps))
    if not kept:
        raise MarrowQuantError(
            "The images are black or without values in the bodies, so that there is nothing to look at; check how they were exported."
        )
    return kept, told


def _is_empty(volume: Volume, body: Body, settings: Preparation) -> bool:
    values = _values_inside(volume, body, settings)
    known = values[np.isfinite(values)]
    return bool(known.size < (1.0 - _MOST_OUTSIDE) * values.size or np.ptp(known) == 0)


def _has_gaps(volume: Volume, body: Body, settings: Preparation) -> bool:
    return not np.isfinite(_values_inside(volume, body, settings)).all()


def _values_inside(volume: Volume, body: Body, settings: Preparation) -> np.ndarray:
    """The values nearest to the patch's pixels inside the body, shape (n,)."""
    ijk = np.rint(volume.to_ijk(_points(body, settings)[_inside(body, settings)])).astype(int)
    i, j, k = np.clip(ijk, 0, np.array(volume.array.shape[::-1]) - 1).T
    return volume.array[k, j, i]


def _points(body: Body, settings: Preparation) -> np.ndarray:
    """RAS positions of the pixels, shape (rows, columns, 3): rows from head to foot, columns from front to back."""
    steps = (np.arange(settings.pixels) - (settings.pixels - 1) / 2.0) * settings.pixel_mm
    front_back, head_foot = -body.axes[:, 1], -body.axes[:, 2]
    return body.center_ras + steps[:, None, None] * head_foot + steps[None, :, None] * front_back


def _patch(volume: Volume, body: Body, settings: Preparation) -> np.ndarray:
    """The picture of a body, shape (rows, columns); interpolated between the voxels that have a value, 0 where none has."""
    ijk = volume.to_ijk(_points(body, settings))
    where = np.moveaxis(ijk[..., ::-1], -1, 0)
    known = np.isfinite(volume.array)
    patch = map_coordinates(np.where(known, volume.array, 0.0).astype(float), where, order=1, mode="nearest")
    if known.all():
        return patch
    weight = map_coordinates(known.astype(float), where, order=1, mode="nearest")
    return np.divide(patch, weight, out=np.zeros_like(patch), where=weight > _LEAST_KNOWN)


def _inside(body: Body, settings: Preparation) -> np.ndarray:
    steps = (np.arange(settings.pixels) - (settings.pixels - 1) / 2.0) * settings.pixel_mm
    high, deep = 0.85 * body.radii_mm[2], 0.85 * body.radii_mm[1]
    return (np.abs(steps)[:, None] < high) & (np.abs(steps)[None, :] < deep)


def _normalised(volume: Volume, bodies: Sequence[Body], name: str, settings: Preparation) -> tuple[Volume, list[Finding]]:
    """The image in units of the reference; a map on its fixed scale."""
    if name in SCALES:
        return volume.like(volume.array / SCALES[name]), []
    if settings.remove_bias:
        volume = without_bias(volume, bodies, settings)
    findings: list[Finding] = []
    signal = reference_signal(volume, bodies, settings.reference)
    if signal is None:
        other = "muscle" if settings.reference == "disc" else "disc"
        signal = reference_signal(volume, bodies, other)
        if signal is None:
            raise MarrowQuantError(
                "Neither disc nor muscle is seen beside the bodies, so the {map} signal cannot be normalised; "
                "give images with at least two neighbouring bodies.",
                map=name,
            )
        findings.append(finding("classify.other_reference", map=name, wanted=settings.reference, used=other))
    return volume.like(volume.array / signal), findings


def without_bias(volume: Volume, bodies: Sequence[Body], settings: Optional[Preparation] = None) -> Volume:
    """The image without its smooth brightness: in the logarithm a parabola from head to foot and a slope from front to back.

    Both are fitted to marrow and discs together, each tissue with a level of its own, so that what changes in both alike is taken for the
    coil's (a surface through points of one tissue: Dawant 1993, IEEE Trans Med Imaging 12:770; two tissues and the degrees are ours).
    Unchanged where fewer than three bodies are seen.
    """
    settings = settings or Preparation()
    if len(bodies) < _FEWEST_FOR_BIAS:
        return volume
    middle = np.mean([body.center_ras for body in bodies], axis=0)
    places, signals, is_disc = _bias_points(volume, bodies, settings)
    if signals.min() <= 0:  # no image of magnitudes
        return volume
    terms = _bias_terms(places - middle)
    design = np.column_stack([terms, is_disc, 1.0 - is_disc])
    weight = np.where(is_disc > 0, _DISC_WEIGHT, 1.0)[:, None]
    solved = np.linalg.lstsq(design * weight, np.log(signals) * weight[:, 0], rcond=None)[0][: terms.shape[1]]
    k, j, i = np.meshgrid(*(np.arange(n, dtype=np.float32) for n in volume.array.shape), indexing="ij")
    field = _bias_terms(volume.to_ras(np.stack([i, j, k], axis=-1)) - middle) @ solved
    return volume.like((volume.array / np.exp(np.clip(field, -_MOST_BIAS, _MOST_BIAS))).astype(np.float32))


def _bias_terms(ras: np.ndarray) -> np.ndarray:
    along, deep = ras[..., 2] / 100.0, ras[..., 1] / 30.0
    return np.stack([along, along**2, np.clip(deep, -1.0, 1.0)], axis=-1)


def _bias_points(volume: Volume, bodies: Sequence[Body], settings: Preparation) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Places in RAS mm, signals, and 1 for a disc: nine parts of each body, and front and back of each disc."""
    places, signals, is_disc = [], [], []
    for n, body in enumerate(bodies):
        points, inside = _points(body, settings), _inside(body, settings)
        patch = _patch(volume, body, settings)
        for rows in np.array_split(np.flatnonzero(inside.any(axis=1)), 3):
            for columns in np.array_split(np.flatnonzero(inside.any(axis=0)), 3):
                part = np.ix_(rows, columns)
                places.append(points[part].reshape(-1, 3).mean(axis=0))
                signals.append(float(np.median(patch[part])))
                is_disc.append(0.0)
        if n + 1 < len(bodies) and level_index(bodies[n + 1].level) == level_index(body.level) + 1:
            for off in (-6.0, 6.0):
                centre = (body.center_ras + bodies[n + 1].center_ras) / 2 + body.axes[:, 1] * off
                value = _median_in(VertebraROI(body.level, centre, body.axes, DISC_RADII_MM), volume)
                if value is not None:
                    places.append(centre)
                    signals.append(value)
                    is_disc.append(1.0)
    return np.array(places), np.maximum(signals, 1e-6 + 1e-3 * max(signals)), np.array(is_disc)


def _median_in(place: VertebraROI, volume: Volume) -> Optional[float]:
    try:
        values = rasterise(place, volume).values
    except MarrowQuantError:
        return None
    return float(np.median(values)) if values.size >= _FEWEST_PIXELS and np.median(values) > 0 else None


def reference_signal(volume: Volume, bodies: Sequence[Body], reference: str) -> Optional[float]:
    """Median signal of the discs between neighbouring bodies, or of the darker muscle behind them; None where too little is seen."""
    places = []
    for above, below in zip(bodies[:-1], bodies[1:]):
        if level_index(below.level) == level_index(above.level) + 1 and reference == "disc":
            middle = (above.center_ras + below.center_ras) / 2
            places.append(VertebraROI(above.level, middle, above.axes, DISC_RADII_MM))
    if reference == "muscle":
        for body in bodies:
            places += [
                VertebraROI(body.level, body.center_ras + body.axes @ np.array(off), body.axes, MUSCLE_RADII_MM) for off in MUSCLE_OFF_MM
            ]
    medians = [value for value in (_median_in(place, volume) for place in places) if value is not None]
    if not medians:
        return None
    return float(np.median(medians)) if reference == "disc" else float(np.percentile(medians, 25))


def _quality(volume: Volume, n_bodies: int) -> list[Finding]:
    spacing = volume.spacing_mm
    normal = np.abs(volume.ijk_to_ras[:3, :3] / spacing)[0]  # how far each axis runs left–right
    across = int(np.argmax(normal))
    told = []
    in_plane = np.delete(spacing, int(np.argmax(spacing)))
    if spacing[across] > 2.5 and normal[across] < _MOST_TURN:
        told.append(finding("classify.not_sagittal"))
    elif int(np.argmax(spacing)) != across and spacing.max() > 2.5:
        told.append(finding("classify.not_sagittal"))
    if in_plane.max() > _COARSEST_MM or spacing.max() > _THICKEST_MM:
        told.append(finding("classify.coarse", in_plane_mm=float(in_plane.max()), thick_mm=float(spacing.max())))
    if n_bodies < FEW_BODIES:
        told.append(finding("classify.few_bodies", n=n_bodies))
    return told


def _statistics(volume: Volume, patches: np.ndarray, marrow: np.ndarray, bodies: Sequence[Body]) -> dict[str, float]:
    """``STATISTICS`` of the first channel."""
    inside = patches[marrow]
    around = patches[~marrow]
    vertical = np.abs(np.diff(patches, axis=1))[marrow[:, 1:]]
    median = float(np.median(inside))
    return {
        "in_plane_mm": float(np.sort(volume.spacing_mm)[:2].max()),
        "marrow": median,
        "marrow_p5": float(np.percentile(inside, 5)),
        "marrow_p95": float(np.percentile(inside, 95)),
        "spread": float(inside.std()),
        "around": float(np.median(around)),
        "sharpness": float(vertical.mean()),
        "signal_to_noise": float(np.median([_signal_to_noise(volume, body) for body in bodies])),
    }


def _signal_to_noise(volume: Volume, body: Body) -> float:
    """Median over what diagonal neighbours differ by, on the image's own grid; texture as fine as a voxel counts as noise."""
    try:
        voxels = rasterise(body.roi, volume)
    except MarrowQuantError:
        return 0.0
    array = volume.array[voxels.bounds]
    sd = noise.of_neighbours(array, voxels.local_mask & np.isfinite(array))
    return float(np.median(voxels.values)) / sd if sd else 0.0
