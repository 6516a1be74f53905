"""Which pieces of the mask are not counted by default: what lies outside bone, and what looks like an artefact. The reader decides.

The rules name what a piece probably is, by its shape, its size and its place. All limits are our choice; they were set on simulated bodies
that are not those that the accuracy is judged on (``Testing/Benchmarks/bodies.py``).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..model import ACCEPTED, PHYSIOLOGICAL, REJECTED, Finding, as_finding, finding
from .physiology import BodyOutline
from .pieces import Pieces
from .skeleton import COLUMN, MARROW, MIRRORED, PLACE

INSIDE = 0.35
"""A piece counts from this share inside the region of bone on: the region follows marrow, which a lesion replaces at its edge."""

CERTAIN = 0.6
"""From this share on, by marrow or the column, no rule for an organ takes a piece out."""

BY_PLACE, BY_PLACE_ML = 0.6, (5.0, 250.0)  # the share, and the volumes, from and to which position alone lets a piece count
_LIVER_ML, _ORGAN_ML = 250.0, 40.0
_ARC_THICK_MM, _ARC_LONG_MM, _ARC_SLENDER = 4.5, 30.0, 4.0  # half-axes
_NODE_ML, _NODE_SLENDER, _VESSEL_SLENDER = 15.0, 2.6, 4.5
_SKIN_DEPTH = 0.06  # of the body's depth, from its front or back
_SEAM_SLICES, _SEAM_WIDE_MM = 2.5, 60.0
_VOID_SHARE = 0.2


@dataclass(frozen=True)
class Evidence:
    """What is known of each piece, arrays of shape (n,).

    Attributes
    ----------
    shares : ndarray, shape (n, 5)
        Part of the piece under each code of :mod:`.skeleton`; the first is the part outside bone.
    near_seam : ndarray of bool
    at_void : ndarray
        Part of the piece that lies beside a signal void.
    slice_mm : float
        Thickness of a slice.
    """

    shares: np.ndarray
    near_seam: np.ndarray
    at_void: np.ndarray
    slice_mm: float

    @property
    def inside(self) -> np.ndarray:
        """Part of each piece inside bone."""
        return 1.0 - self.shares[:, 0]

    @property
    def certain(self) -> np.ndarray:
        """Part inside bone by more than its position."""
        return self.inside - self.shares[:, PLACE]


ORGANS = ("physiology.kidney", "physiology.spleen", "physiology.bowel", "physiology.pelvis", "physiology.testis", "physiology.neck")


def code_of(reason: str) -> str:
    """Code of a finding, "" for a bare sentence."""
    return str(getattr(reason, "code", ""))


def judge(
    proposals: list[tuple[str, Finding]], pieces: Pieces, evidence: Evidence, outline: BodyOutline
) -> list[tuple[str, Finding]]:
    """State and reason of each piece, after what was proposed of normal tissue.

    Parameters
    ----------
    proposals : list of (state, Finding)
        By the rules for normal tissue.
    pieces : Pieces
    evidence : Evidence
    outline : BodyOutline
    """
    artefacts = _artefacts(pieces, evidence)
    found = []
    for n, (state, reason) in enumerate(proposals):
        certain, inside = float(evidence.certain[n]), float(evidence.inside[n])
        organ = state == PHYSIOLOGICAL and code_of(reason) in ORGANS
        if state != ACCEPTED and not (organ and certain >= CERTAIN):
            found.append((state, reason))
        elif artefacts[n]:
            found.append((REJECTED, finding(artefacts[n])))
        elif certain >= INSIDE or (inside >= BY_PLACE and BY_PLACE_ML[0] <= pieces.volume_ml[n] <= BY_PLACE_ML[1]):
            found.append((ACCEPTED, _why(evidence.shares[n])))
        elif inside >= BY_PLACE and pieces.volume_ml[n] < BY_PLACE_ML[0]:
            found.append((REJECTED, finding("bone.place_only", percent=100.0 * inside)))
        else:
            found.append(_outside(n, pieces, inside, outline))
    return found


def _why(shares: np.ndarray) -> Finding:
    names = {MARROW: "bone.by_marrow", MIRRORED: "bone.by_mirror", COLUMN: "bone.by_column", PLACE: "bone.by_place"}
    code = names[1 + int(np.argmax(shares[1:]))]
    return finding("bone.inside", percent=100.0 * float(1.0 - shares[0]), how=as_finding(finding(code)))


def _artefacts(pieces: Pieces, evidence: Evidence) -> list[str]:
    """Code of the artefact that each piece looks like wherever it lies, "" for none."""
    extent = pieces.box_ras[:, 1] - pieces.box_ras[:, 0]
    flat = evidence.near_seam & (extent[:, 2] < (_SEAM_SLICES - 1) * evidence.slice_mm) & (extent[:, :2].max(axis=1) > _SEAM_WIDE_MM)
    return [str(code) for code in np.select([evidence.at_void > _VOID_SHARE, flat], ["artefact.void_edge", "artefact.seam"], default="")]


def _outside(n: int, pieces: Pieces, inside: float, outline: BodyOutline) -> tuple[str, Finding]:
    """What a piece outside bone probably is."""
    half, volume, center = pieces.half_axes_mm[n], float(pieces.volume_ml[n]), pieces.centroid_ras[n : n + 1].astype(float)
    side, depth = float(outline.off_midline(center)[0]), float(outline.depth(center)[0])
    slender = half[2] / max(half[0], 0.1)
    if volume >= _LIVER_ML and side > 15.0:
        return PHYSIOLOGICAL, finding("physiology.liver")
    if volume >= _ORGAN_ML and slender < 4.0:
        return PHYSIOLOGICAL, finding("physiology.organ")
    if half[0] < _ARC_THICK_MM and half[2] > _ARC_LONG_MM / 2 and slender > _ARC_SLENDER:
        code = "artefact.arc"
    elif (depth < _SKIN_DEPTH or depth > 1 - _SKIN_DEPTH) and half[0] < 2 * _ARC_THICK_MM:
        code = "artefact.ghost"
    elif slender > _VESSEL_SLENDER:
        code = "bone.vessel"
    elif volume < _NODE_ML and slender < _NODE_SLENDER:
        code = "bone.node"
    else:
        code = "bone.outside"
    return REJECTED, finding(code, percent=100.0 * inside) if code.startswith("bone.") else finding(code)
