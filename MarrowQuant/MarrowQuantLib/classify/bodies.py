"""The vertebral bodies of an exam that was measured: what pictures are cut by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ..model import MarrowQuantError, VertebraROI, Volume
from ..vertebrae import segment_bodies
from ..vertebrae.levels import is_counted
from ..vertebrae.segment import MARGIN_MM, Bodies, Body


def image_of_bodies(maps: Mapping[str, Volume]) -> Volume:
    """The image that bodies are searched for in, from points in them: T1 where there is one."""
    return next((maps[key] for key in ("t1", "stir", "in_phase", "water", "ff") if key in maps), next(iter(maps.values())))


def bodies_of_exam(rois: Sequence[VertebraROI], outlined: Sequence[Body], maps: Mapping[str, Volume]) -> Bodies:
    """The bodies that belong to the ROIs of an exam: those of the labels that the ROIs were taken from, else found from the ROIs' centres
    as from clicks. Levels that the reader excluded, and those beyond the image, are left out.

    Raises
    ------
    MarrowQuantError
        If none is left, or the image shows nothing.
    """
    image = image_of_bodies(maps)
    column = [roi for roi in rois if is_counted(roi.level) and bool(image.sees(roi.center_ras))]
    if not column:
        raise MarrowQuantError("None of the vertebrae lies in the image; check that points and images are of the same exam and column.")
    known = {body.level: body for body in outlined}
    if all(roi.level in known and _holds(known[roi.level], roi) for roi in column):
        found = Bodies(tuple(known[roi.level] for roi in column), MARGIN_MM, ())
    else:
        found = segment_bodies(image, {roi.level: tuple(map(float, roi.center_ras)) for roi in column})
    excluded = {roi.level for roi in column if roi.excluded}
    return Bodies(tuple(body for body in found.bodies if body.level not in excluded), found.margin_mm, tuple(found.findings))


def _holds(body: Body, roi: VertebraROI) -> bool:
    """Whether the ROI still lies in the middle half of the body; one that was moved further says that the body is elsewhere."""
    return bool((np.abs(body.axes.T @ (roi.center_ras - body.center_ras)) < body.radii_mm / 2).all())
