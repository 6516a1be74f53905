"""Vertebral bodies from two clicks, or one click a body: no neural network, no assumption on what is bright.

1. :mod:`.slices`: thick slices are divided.
   :mod:`.column`: a frame through the clicks, turned onto the mirror plane of the back, and one sagittal picture.
2. :mod:`.chain`: boxes with the best edges, first widely and for both signs of the discs, then finely at the scale found.
3. :mod:`.sides`: how wide the bodies are. :mod:`.walls`: endplates and walls of each body in three dimensions.
   :mod:`.cortex`: how far the marrow ends inside their edges.
4. Here: the labels, the ROI inside each body, and what the reader should doubt.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Optional

import numpy as np

from ..model import Finding, MarrowQuantError, Numbers, VertebraROI, Volume, finding
from .chain import COARSE, FINE, BodyPrior, Box, Marrow, Signs, best_chain_of, candidates_of, marrow_inside, wall_signs
from .column import (
    CLICK_ERROR_MM,
    UNIT_SPACING,
    ColumnFrame,
    SagittalPicture,
    Sampler,
    Views,
    column_frame,
    find_course,
    find_midline,
    sagittal_picture,
)
from .cortex import inset, side_of_line
from .doubts import body_findings, expected_badness, place_sd_mm, uncertainty
from .labels import paint
from .levels import level_index, levels_between
from .proportions import relative_depth, relative_height, relative_spacing, size
from .propose import check_distance, mean_curve
from .roi import default_axes
from .sides import half_widths, marrow_half_widths
from .turns import turned_bodies
from .walls import BodySurface, U, V, X, body_positions, fit_surfaces, share_depth, turn

MARGIN_MM = 3.5
"""Default distance of the measurement ROI from endplates and cortex (our choice)."""
VEIN_FRACTION = 0.2
"""The ROI keeps off this hindmost part of a body, where the basivertebral vein leaves it (our choice)."""
MAX_LATERAL_MM = 16.0
"""Largest left–right half-length of the ROI: the sides of a single body are not searched for (our choice)."""
_DOUBTED_LATERAL_MM = 14.0  # likewise of a body that is doubted
_USUAL_LATERAL_MM, _USUAL_SIDE_MM = 10.0, 2.0  # and, beside the margin, of one whose sides are neither seen nor alike (all our choice)
_ALIKE = 0.7  # correlation of its sides above which a body's place from left to right is sure (our choice)

# Of lumbar bodies before the image is looked at, in units (a lumbar spacing is 36.6): means of ten spines; the search allows for +-6 in
# height and +-15 in depth. Other bodies by their usual proportions.
_HEIGHT, _DEPTH = 27.5, 34.5
_CLICK_SD = 5.0  # a reader's error on each axis, units: 4 mm in the simulations, and a little more
_CURVE_SD = 8.0  # that error and that of the mean curve, at a level between two clicks
_FINE_SD = 4.0
# With three clicks and more, all our choice, units: how the centres lie off the mean curve before the clicks are looked at.
_SOFT_CLICKS = 3
_TOGETHER_SD = 10.0
_PER_LEVEL_SD = 3.0
_STEP_SD, _SIDEWAYS_STEP_SD = 1.5, 4.0
_FOUND_SD = 4.0  # beside what the clicks leave open
_USUAL_SCALE = (0.8, 1.25)  # said beyond, our choice: 0.94 to 1.05 on the ten spines; one level too many in L1 to L5 gives 0.76
_LEAST_MIRROR_CORRELATION = 0.25  # our choice: 0.59 and more on the ten spines, 0.16 where a click lies in the muscle beside the column
_LEAST_LEAD = 0.05  # of the better sign's score over the other's, our choice
_SMALLEST_SPREAD = 0.1
_MIN_ROI_MM = 3.0
_LEAST_MARGIN_MM = 1.0  # of an ROI of fixed size, our choice: the line of cortex, and some of the error of an edge


@dataclass(frozen=True)
class Body:
    """One vertebral body as it was found.

    Attributes
    ----------
    level : str
    center_ras : ndarray, shape (3,)
        Centroid, mm.
    axes : ndarray, shape (3, 3)
        Columns: its own left–right, posterior–anterior and caudal–cranial directions in RAS.
    radii_mm : ndarray, shape (3,)
        Half-lengths along them, at mid-body.
    volume_ml : float
    roi : VertebraROI
        Measurement region inside it.
    findings : tuple of Finding
        Sentences on why to look at it twice; empty where nothing stands out.
    uncertainty : float
        How unsure the outline is; doubted above 1. NaN for a body that was not searched for.
    """

    level: str
    center_ras: np.ndarray
    axes: np.ndarray
    radii_mm: np.ndarray
    volume_ml: float
    roi: VertebraROI
    findings: tuple[Finding, ...]
    uncertainty: float = float("nan")


@dataclass(frozen=True)
class Bodies:
    """Bodies from cranial to caudal, the margin of the ROIs inside them in mm, and what concerns the whole column."""

    bodies: tuple[Body, ...]
    margin_mm: float
    column_findings: tuple[Finding, ...]

    @property
    def levels(self) -> tuple[str, ...]:
        """The levels, from head to foot."""
        return tuple(body.level for body in self.bodies)

    @property
    def rois(self) -> list[VertebraROI]:
        """The ROI of each body."""
        return [body.roi for body in self.bodies]

    @property
    def findings(self) -> list[Finding]:
        """All that the reader should know, the column's first."""
        return [*self.column_findings, *(found for body in self.bodies for found in body.findings)]


@dataclass(frozen=True)
class BodySegmentation(Bodies):
    """Bodies that were searched for, and their labels on the grid of the image: 1 for the first body, and so on; 0 elsewhere."""

    labels: Volume


def segment_bodies(
    image: Volume,
    clicks: Mapping[str, Numbers],
    *,
    margin_mm: float = MARGIN_MM,
    shape: str = "ellipsoid",
    radii_mm: Optional[Sequence[float]] = None,
) -> BodySegmentation:
    """Segment the bodies from the first to the last click.

    Parameters
    ----------
    image : Volume
        Any image with visible vertebrae, shape (k, j, i); slices in any direction.
    clicks : mapping of level to (R, A, S)
        Points inside bodies, mm; two or more levels, or a single one.
    margin_mm : float
        Distance of the ROI from endplates and walls.
    shape : {"ellipsoid", "cylinder", "box"}
        Shape of the ROIs.
    radii_mm : three floats, optional
        ROIs of this fixed size about the same places, instead of the largest that keep the margin; smaller where a body is, and said.

    Returns
    -------
    BodySegmentation

    Raises
    ------
    MarrowQuantError
        If there is no click, a level is unknown, a click lies outside the image, the clicks do not go down the patient, or lie so near to
        or so far from each other that they cannot belong to these levels.
    """
    sampler = Sampler(image)
    levels, points = _check_clicks(clicks, sampler)
    sampler = sampler.thinned(points.values())
    curve, length = _expected_curve(levels)
    frame = column_frame(points, length, size(levels))
    if length:
        first, *_, last = points
        check_distance(first, last, float(np.linalg.norm(points[first] - points[last])), length * size(levels))
    curve, spread = _through_clicks(curve, levels, points, frame)
    frame, certainty = find_midline(frame, sampler, curve)
    frame = find_course(frame, sampler, curve)
    frame, boxes, signs, of_column = _find_boxes(frame, sampler, curve, levels, spread)
    of_column += _frame_findings(certainty, frame.scale / size(levels))
    frames = [frame.at(box.center) for box in boxes]
    clicked = {levels.index(level): float(frames[levels.index(level)].to_units(point)[0]) for level, point in points.items()}
    frames, boxes = turned_bodies(frames, sampler, boxes, clicked, signs)
    fitted = _fit_column(sampler, frames, boxes, levels, signs)
    badness = expected_badness(fitted, levels, frames)
    unsure, exactness = uncertainty(fitted, badness), place_sd_mm(badness)
    of_bodies = body_findings(levels, fitted, frames, sampler, points, unsure)
    surfaces = share_depth(fitted, levels)
    insides = [surface.depth_inside() for surface in surfaces]
    bodies = []
    for n, (level, surface) in enumerate(zip(levels, surfaces)):
        body = _body(level, surface, insides[n], frames[n], margin_mm, shape, radii_mm, unsure[n] > 1)
        roi = replace(body.roi, place_sd_mm=float(exactness[n]))
        bodies.append(replace(body, roi=roi, findings=(*of_bodies[level], *body.findings), uncertainty=float(unsure[n])))
    labels = paint(image, frames, boxes, insides)
    return BodySegmentation(tuple(bodies), margin_mm, tuple(of_column), labels)


def _fit_column(
    sampler: Sampler, frames: Sequence[ColumnFrame], boxes: Sequence[Box], levels: Sequence[str], signs: Sequence[Signs]
) -> list[BodySurface]:
    """The surface of every body; whether the line of cortex is seen tells how wide the marrow is and how far it ends inside the edges."""
    widths = half_widths(sampler, frames, boxes, levels)
    places = list(zip(frames, boxes, levels, signs))
    fitted = [fit_surfaces(sampler, *place, width) for place, width in zip(places, widths)]
    line = side_of_line(fitted)
    if line:
        widths = marrow_half_widths(levels, widths)
        fitted = [replace(fit_surfaces(sampler, *place, width), marrow_alone=True) for place, width in zip(places, widths)]
    return inset(fitted, levels, line)


def _frame_findings(certainty: float, scale: float) -> list[Finding]:
    """What is odd about the midline and about the distance between neighbours; ``scale`` in mm a unit of a lumbar column."""
    findings = []
    if certainty < _LEAST_MIRROR_CORRELATION:
        findings.append(finding("segment.midline", correlation=certainty))
    if not _USUAL_SCALE[0] < scale < _USUAL_SCALE[1]:
        findings.append(finding("segment.spacing", mm=scale * UNIT_SPACING, usual_mm=UNIT_SPACING))
    return findings


def _check_clicks(clicks: Mapping[str, Numbers], sampler: Sampler) -> tuple[tuple[str, ...], dict[str, np.ndarray]]:
    if not clicks:
        raise MarrowQuantError("No vertebra was clicked; click the first and the last vertebral body, for example L1 and L5.")
    ordered = sorted(clicks, key=level_index)
    points = {level: np.asarray(clicks[level], dtype=float) for level in ordered}
    for level, point in points.items():
        if point.shape != (3,) or not np.isfinite(point).all():
            raise MarrowQuantError("The click of {level} is not a position of three numbers (R, A, S in mm); click it again.", level=level)
        if not sampler.sees(point):
            raise MarrowQuantError("The click of {level} lies outside the image; click inside its vertebral body.", level=level)
    return (levels_between(ordered[0], ordered[-1]) if len(ordered) > 1 else (ordered[0],)), points


def _expected_curve(levels: Sequence[str]) -> tuple[np.ndarray, float]:
    """Centres on the mean curve in units, (x, y, z) along the chord with its middle at 0; and the length of that chord.

    A unit shrinks with the bodies, so that those of a neck are as large in units as lumbar ones.
    """
    if len(levels) == 1:
        return np.zeros((1, 3)), 0.0
    steps = _usual_steps(levels)
    curve = mean_curve(levels, np.array([0.0, 0.0, 0.5]), np.array([0.0, 0.0, -0.5]))
    length = float(steps.sum() / np.linalg.norm(np.diff(curve, axis=0), axis=1).sum())
    return curve * length, length


def _through_clicks(
    curve: np.ndarray, levels: Sequence[str], points: Mapping[str, np.ndarray], frame: ColumnFrame
) -> tuple[np.ndarray, np.ndarray]:
    """The curve moved towards the clicks in the sagittal plane, and the standard deviation left at every level, units, shape (n,).

    Two clicks are passed from back to front, and the move between them is interpolated; along the column they tell nothing more, as how far
    they tell the size is already in the frame's scale. Of more clicks each is a soft centre: the move is the mean of a Gaussian process
    (Rasmussen and Williams 2006, equations 2.23 and 2.24, gaussianprocess.org/gpml) given the clicks with their own error, so that the
    distance of neighbours follows the usual column and not the scatter of the clicks.
    """
    places = np.array([levels.index(level) for level in points])
    moves = frame.to_units(np.array(list(points.values()))) - curve[places]
    everywhere = np.arange(len(levels))
    if len(points) < _SOFT_CLICKS:
        moved = curve.copy()
        moved[:, 1] += np.interp(everywhere, places, moves[:, 1])
        return moved, np.where(np.isin(everywhere, places), _CLICK_SD, _CURVE_SD)
    moved, error = curve.copy(), CLICK_ERROR_MM / frame.scale
    for axis, step_sd in ((1, _SIDEWAYS_STEP_SD), (2, _STEP_SD)):
        prior = _wander(everywhere, everywhere, step_sd)
        seen = prior[np.ix_(places, places)] + error**2 * np.eye(len(places))
        gain = np.linalg.solve(seen, prior[places]).T
        moved[:, axis] += gain @ moves[:, axis]
    left = np.sqrt(np.diagonal(prior - gain @ prior[places]))
    return moved, np.hypot(left, _FOUND_SD)


def _wander(first: np.ndarray, second: np.ndarray, step_sd: float) -> np.ndarray:
    """Covariance of the moves of two levels: all together, in proportion to their place (size, tilt), and from step to step at random."""
    middle = (first[0] + first[-1]) / 2
    one, other = first[:, None] - middle, second[None, :] - middle
    steps = (np.abs(one) + np.abs(other) - np.abs(one - other)) / 2
    return _TOGETHER_SD**2 + _PER_LEVEL_SD**2 * one * other + step_sd**2 * steps


def _find_boxes(
    frame: ColumnFrame, sampler: Sampler, curve: np.ndarray, levels: Sequence[str], spread: np.ndarray
) -> tuple[ColumnFrame, list[Box], list[Signs], list[Finding]]:
    """Boxes in the sagittal picture: the sign of the discs, then the true scale, then the fine position."""
    picture = sagittal_picture(frame, sampler, curve)
    heights, depths = _HEIGHT * relative_height(levels) / size(levels), _DEPTH * relative_depth(levels) / size(levels)
    tilts = np.rad2deg(np.arctan2(*default_axes(curve)[:, [2, 1], 1].T))
    priors = [BodyPrior(center[1:], *others) for center, *others in zip(curve, spread, tilts, heights, depths)]
    boxes, signs, findings = _coarse_boxes(picture, priors)
    growth = _growth(boxes, levels)
    frame = frame.grown(growth)
    picture = sagittal_picture(frame, sampler, curve / growth)
    boxes = [replace(box, center=box.center / growth, height=box.height / growth, depth=box.depth / growth) for box in boxes]
    fine, options = _fine_priors(picture, boxes, heights, depths), [[each] for each in signs]
    boxes, signs, _ = best_chain_of(candidates_of(picture, fine, options, FINE), fine, options)
    return frame, boxes, signs, findings


def _coarse_boxes(picture: SagittalPicture, priors: Sequence[BodyPrior]) -> tuple[list[Box], list[Signs], list[Finding]]:
    """The best chain with the signs of its discs, and what to say where bright and dark discs do nearly equally."""
    options = [[Signs(1, 1), Signs(-1, -1), Signs(1, -1), Signs(-1, 1)] for _ in priors]
    candidates = candidates_of(picture, priors, options, COARSE)
    boxes, signs, score = best_chain_of(candidates, priors, options)
    alike = []
    for n in range(2):  # all discs bright, all dark
        alone, one = [[rows[n]] for rows in candidates], [[option[n]] for option in options]
        alike.append(best_chain_of(alone, priors, one)[2])
    unsure = abs(alike[0] - alike[1]) < _LEAST_LEAD * abs(max(alike)) and score - max(alike) < _LEAST_LEAD * abs(score)
    front, back = wall_signs(picture, boxes)
    return boxes, [replace(each, front=front, back=back) for each in signs], [finding("segment.discs")] if unsure else []


def _fine_priors(picture: SagittalPicture, boxes: Sequence[Box], heights: np.ndarray, depths: np.ndarray) -> list[BodyPrior]:
    """About the boxes found: their marrow, and sizes half-way between usual and found ones, in the usual proportions of the levels."""
    marrow = [_of_one_spread(view) for view in zip(*(marrow_inside(picture, box) for box in boxes))]
    taller = float(np.median([box.height for box in boxes] / heights))
    deeper = float(np.median([box.depth for box in boxes] / depths))
    sizes = zip(heights * (1 + taller) / 2, depths * (1 + deeper) / 2)
    return [BodyPrior(box.center, _FINE_SD, box.tilt, *both, Views(*each)) for box, both, each in zip(boxes, sizes, zip(*marrow))]


def _of_one_spread(marrow: Sequence[Marrow]) -> list[Marrow]:
    """The marrow of all bodies with the spread that is usual among them."""
    spread = max(float(np.median([each.spread for each in marrow])), _SMALLEST_SPREAD)
    return [replace(each, spread=spread) for each in marrow]


def _growth(boxes: Sequence[Box], levels: Sequence[str]) -> float:
    """Found length of the column over the expected one: the clicks' own error no longer scales the priors."""
    if len(boxes) == 1:
        return 1.0
    found = np.linalg.norm(np.diff([box.center for box in boxes], axis=0), axis=1).sum()
    return float(found / _usual_steps(levels).sum())


def _usual_steps(levels: Sequence[str]) -> np.ndarray:
    """Distances from each centre to the next, units."""
    return np.array([relative_spacing(level) for level in levels[:-1]]) * 4 * UNIT_SPACING / size(levels)


def _body(
    level: str,
    surface: BodySurface,
    inside: np.ndarray,
    frame: ColumnFrame,
    margin_mm: float,
    shape: str,
    radii_mm: Optional[Sequence[float]],
    is_doubted: bool,
) -> Body:
    x, u, v = np.meshgrid(X, U, V, indexing="ij", sparse=True)
    within = inside > 0
    weights = within / max(within.sum(), 1)
    local = np.array([(weights * x).sum(), (weights * u).sum(), (weights * v).sum()])
    axes = frame.axes @ turn(surface.box.tilt)
    back, front = _range(surface.back, surface.front, X, V)
    bottom, top = _range(surface.bottom, surface.top, X, U)
    half = np.array([surface.half_width, (front - back) / 2, (top - bottom) / 2]) * frame.scale
    volume = float(within.sum() * (X[1] - X[0]) * frame.scale**3 / 1000)
    margin = margin_mm / frame.scale
    low = np.array([back + max(margin, VEIN_FRACTION * (front - back)), bottom + margin])
    high = np.array([front - margin, top - margin])
    middle = (low + high) / 2
    if radii_mm is None:
        lateral = min(_DOUBTED_LATERAL_MM if is_doubted else MAX_LATERAL_MM, half[0] - margin_mm)
        if surface.marrow_alone and surface.box.mirror < _ALIKE:
            lateral = min(_USUAL_LATERAL_MM, lateral - _USUAL_SIDE_MM)
        radii = np.array([lateral, *((high - low) / 2 * frame.scale)])
        findings: tuple[Finding, ...] = ()
        radii = np.maximum(radii, _MIN_ROI_MM)
    else:
        nearest = np.minimum(middle - [back, bottom], [front, top] - middle) * frame.scale
        radii, findings = _fitting(level, np.asarray(radii_mm, dtype=float), np.array([half[0], *nearest]))
    center = frame.to_ras(body_positions(surface.box, np.array(0.0), middle[0], middle[1]))
    roi = VertebraROI(level, center, axes, radii, shape)
    return Body(level, frame.to_ras(body_positions(surface.box, *local)), axes, half, volume, roi, findings)


def _fitting(level: str, radii_mm: np.ndarray, room_mm: np.ndarray) -> tuple[np.ndarray, tuple[Finding, ...]]:
    """A fixed size, smaller where the body leaves less room about the ROI's centre, and the sentence that says so."""
    fitting = np.minimum(radii_mm, np.maximum(room_mm - _LEAST_MARGIN_MM, _MIN_ROI_MM))
    if (fitting == radii_mm).all():
        return radii_mm, ()
    wanted, made = (" × ".join(f"{radius:.1f}" for radius in sizes) for sizes in (radii_mm, fitting))
    return fitting, (finding("roi.made_smaller", level=level, wanted=wanted, made=made),)


def _range(lower: np.ndarray, upper: np.ndarray, first: np.ndarray, second: np.ndarray) -> tuple[float, float]:
    """Where two opposite surfaces lie over the middle of the body: the innermost quarter of each, so that the ROI stays clear of dents."""
    middle = np.ix_(np.abs(first) <= 8, np.abs(second) <= 7)
    return float(np.percentile(lower[middle], 75)), float(np.percentile(upper[middle], 25))
