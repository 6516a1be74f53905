"""ROIs from what a reader has: a file with points, ROIs or another tool's labels; or two clicks, by the segmented bodies or, where these
are not to be trusted, by resemblance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Optional, Union

import numpy as np

from ..model import Finding, MarrowQuantError, Numbers, Settings, VertebraROI, Volume, as_finding, finding
from .find import level_findings
from .labelfiles import is_label_file, read_labels
from .markups import read_markups_with_findings
from .places import is_place
from .propose import propose
from .regions import fit_region
from .segment import segment_bodies
from .takeover import take_over

Click = tuple[str, Numbers]


def read_rois(
    path: Union[str, Path], radii_mm: Sequence[float] = Settings.roi_radii_mm, shape: str = Settings.roi_shape
) -> tuple[list[VertebraROI], list[Finding]]:
    """ROIs of a markups file (.mrk.json), or inside the vertebrae that another tool labelled, and what the reader should know about them.

    Parameters
    ----------
    path : str or Path
        See :func:`.markups.read_markups` and :func:`.labelfiles.read_labels`.
    radii_mm : sequence of three floats
        Half-lengths of ROIs that have none of their own; smaller where a labelled body leaves less room.
    shape : {"ellipsoid", "cylinder", "box"}
        Of ROIs that have none of their own.

    Raises
    ------
    MarrowQuantError
        If the file cannot be read or holds no vertebra.
    """
    if not is_label_file(path):
        rois, findings = read_markups_with_findings(path, radii_mm=radii_mm, shape=shape)
        return rois, list(findings)
    found = take_over(read_labels(path), radii_mm=radii_mm, shape=shape)
    return found.rois, found.findings


def fit_places(
    rois: Sequence[VertebraROI], image: Optional[Volume], radii_mm: Sequence[float] = Settings.roi_radii_mm
) -> tuple[list[VertebraROI], list[Finding]]:
    """The ROIs, those of places in the pelvis that have the usual size fitted to their bone, and what the reader should know about them.

    Parameters
    ----------
    rois : sequence of VertebraROI
    image : Volume or None
        Without an image the ROIs stay as they are.
    radii_mm : sequence of three floats
        The usual size, which a point has that was just placed.
    """
    fitted, findings = [], []
    for roi in rois:
        if image is None or not is_place(roi.level) or not np.array_equal(roi.radii_mm, np.asarray(radii_mm)):
            fitted.append(roi)
            continue
        try:
            found, told = fit_region(image, roi.level, roi.center_ras)
        except MarrowQuantError as error:  # the point keeps its usual size, and that is said
            found, told = roi, [as_finding(str(error))]
        fitted.append(replace(found, excluded=roi.excluded))
        findings += told
    return fitted, findings


def place_between(
    first: Click,
    last: Click,
    image: Optional[Volume],
    radii_mm: Sequence[float] = Settings.roi_radii_mm,
    shape: str = Settings.roi_shape,
) -> tuple[list[VertebraROI], list[Finding]]:
    """ROIs of fixed size in every body from ``first`` to ``last``, and what the reader should know about them.

    Parameters
    ----------
    first, last : (level, RAS)
        Points inside two bodies, mm.
    image : Volume or None
        Without an image the levels lie on the mean curve.
    radii_mm : sequence of three floats
        Half-lengths of every ROI.
    shape : {"ellipsoid", "cylinder", "box"}

    Raises
    ------
    MarrowQuantError
        If the clicks cannot be right; see :func:`.propose.propose`.
    """
    reason: Any = "there is no image to find the bodies in"
    if image is not None:
        try:
            found = segment_bodies(image, {first[0]: first[1], last[0]: last[1]}, radii_mm=radii_mm, shape=shape)
        except MarrowQuantError as error:
            reason = error
        else:
            if not found.column_findings:
                note = finding("place.found", first=found.levels[0], last=found.levels[-1])
                return found.rois, [note, *level_findings(image, found), *found.findings]
            reason = found.column_findings
    proposal = propose(first, last, image, radii_mm, shape=shape)
    levels = [roi.level for roi in proposal.rois[1:-1]]
    note = finding("place.by_resemblance", level=levels, why=reason) if levels else finding("place.none_found", why=reason)
    return list(proposal.rois), [note, *map(as_finding, proposal.findings.values())]
