"""Which pieces of the mask are not counted by default: what lies outside bone, and what looks like an artefact. The reader decides.

The rules name what a piece probably is, by its shape, its size and its place. All limits are our choice; they were set on simulated bodies
that are not those that the accuracy is judged on (``Testing/Benchmarks/bodies.py``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

import numpy as np

from ..model import ACCEPTED, PHYSIOLOGICAL, REJECTED, Finding, as_finding, finding
from .physiology import BodyOutline
from .pieces import Pieces
from .skeleton import COLUMN, MARROW, MIRRORED, PLACE, STERNUM

INSIDE, INSIDE_SMALL, SMALL_ML = 0.35, 0.5, 10.0
"""A piece counts from this share inside the region of bone on, a small one from the second share on: the region follows marrow, which a
lesion replaces at its edge."""

CERTAIN = 0.6
"""From this share on, by marrow or the column, no rule for an organ takes a piece out."""

BY_PLACE, BY_PLACE_ML = 0.6, (6.5, 250.0)  # the share, and the volumes, from and to which position alone lets a piece count: the lower
# one is that of a node of 2 × 2 × 3 cm
_LIVER_ML, _ORGAN_ML = 250.0, 40.0
_ARC_THICK_MM, _ARC_LONG_MM, _ARC_SLENDER = 4.5, 30.0, 4.0  # half-axes
_NODE_ML, _NODE_SLENDER, _VESSEL_SLENDER = 15.0, 2.6, 4.5
CONTINUED_ML = 8.0  # up to this volume a piece may be the lesion of a thin bone
_BEYOND_MM = (3.0, 6.0)
_SKIN_DEPTH = 0.06  # of the body's depth, from its front or back
_SEAM_SLICES, _SEAM_WIDE_MM = 2.5, 60.0
_VOID_SHARE = 0.2
_PELVIS_WIDE_MM, _HALF_PELVIS_ML = 200.0, 60.0
_SURROUNDED, _ACROSS = 0.1, 0.3
_STERNUM, _STERNUM_ML, _STERNUM_WIDE_MM = 0.3, 2.0, 80.0  # the share, the least volume and the largest width
_CANAL_SHARE = 0.5
_SAME_RATIO, _SAME_ADC = 1.35, 1.2  # factors of signal and ADC within which a piece is the same disease as the column
_COLUMN_ML, _COLUMN_PIECE_ML = 60.0, 15.0  # of diseased column, all together and each piece, to compare with
LEAST_PELVIC_MARROW_ML = 150.0
"""With less tissue that looks like marrow in the pelvis it is taken to be replaced as a whole; the bodies
 that rules were made on show 30 to 97 mL where it is, and 339 to 754 mL where it is not."""
_CANAL_MM, _CANAL_ML, _CANAL_WIDE_MM = 9.0, 1.5, 14.0


@dataclass(frozen=True)
class Evidence:
    """What is known of each piece, arrays of shape (n,).

    Attributes
    ----------
    shares : ndarray, shape (n, 6)
        Part of the piece under each code of :mod:`.skeleton`; the first is the part outside bone.
    near_seam : ndarray of bool
    at_void : ndarray
        Part of the piece that lies beside a signal void.
    slice_mm : float
        Thickness of a slice.
    off_column : ndarray, shape (n, 2)
        How far the centre lies from the middle of the column, to the right and to the front in mm; infinite where there is none.
    in_canal : ndarray or None
        Part of the piece in the vertebral canal; None where the canal was not seen.
    continued : ndarray of bool or None
        True where marrow lies at both ends of the piece's long axis, as along a rib.
    usual : ndarray or None
        Part of the piece where bones usually lie.
    own_marrow : ndarray of bool or None
        True for what is no brighter than the patient's own marrow; None where that lies well below the threshold.
    tissue : ndarray, shape (n, 2), or None
        Signal over muscle and ADC in µm²/s of each piece; None unless the pelvis shows no marrow.
    in_pelvis : ndarray of bool or None
        True for pieces whose centre lies at the height of the pelvis.
    """

    shares: np.ndarray
    near_seam: np.ndarray
    at_void: np.ndarray
    slice_mm: float
    off_column: np.ndarray
    in_canal: Optional[np.ndarray] = None
    own_marrow: Optional[np.ndarray] = None
    continued: Optional[np.ndarray] = None
    usual: Optional[np.ndarray] = None
    tissue: Optional[np.ndarray] = None
    in_pelvis: Optional[np.ndarray] = None

    @property
    def inside(self) -> np.ndarray:
        """Part of each piece inside bone."""
        return 1.0 - self.shares[:, 0]

    @property
    def certain(self) -> np.ndarray:
        """Part inside bone by more than its position."""
        return self.inside - self.shares[:, PLACE] - self.shares[:, STERNUM]


ORGANS = ("physiology.kidney", "physiology.spleen", "physiology.bowel", "physiology.pelvis", "physiology.testis", "physiology.neck")


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
    own = evidence.shares[:, STERNUM]
    sternum = (own > 0) & (own + evidence.shares[:, MIRRORED] >= _STERNUM) & (evidence.inside >= BY_PLACE)
    sternum &= (pieces.volume_ml >= _STERNUM_ML) & (pieces.box_ras[:, 1, 0] - pieces.box_ras[:, 0, 0] < _STERNUM_WIDE_MM)
    artefacts, canal = _artefacts(pieces, evidence, outline, sternum), _in_canal(pieces, evidence)
    found = []
    for n, (state, reason) in enumerate(proposals):
        certain, inside = float(evidence.certain[n]), float(evidence.inside[n])
        organ = state == PHYSIOLOGICAL and reason.code in ORGANS
        if state != ACCEPTED and not (organ and certain >= CERTAIN):
            found.append((state, reason))
        elif artefacts[n]:
            found.append((REJECTED, finding(artefacts[n])))
        elif canal[n]:
            found.append((PHYSIOLOGICAL, finding("physiology.cord_part")))
        elif evidence.own_marrow is not None and evidence.own_marrow[n]:
            found.append((REJECTED, finding("bone.own_marrow")))
        elif certain >= _least_inside(n, pieces, evidence) or sternum[n] or _by_place(n, pieces, evidence):
            found.append((ACCEPTED, _why(evidence.shares[n])))
        elif evidence.continued is not None and evidence.continued[n]:
            found.append((ACCEPTED, finding("bone.continued")))
        elif inside >= BY_PLACE and pieces.volume_ml[n] < BY_PLACE_ML[0]:
            found.append((REJECTED, finding("bone.place_only", percent=100.0 * inside)))
        else:
            found.append(_outside(n, pieces, inside, outline))
    like_column = _like_the_column(found, pieces, evidence)
    return [(ACCEPTED, finding("bone.like_column")) if like else told for like, told in zip(like_column, found)]


_NEVER_BONE = ("physiology.cord_part", "physiology.cord", "physiology.head", "physiology.brain", "physiology.fluid")


def _like_the_column(found: list[tuple[str, Finding]], pieces: Pieces, evidence: Evidence) -> np.ndarray:
    """True for pieces of the pelvis that are not counted yet and have signal and ADC of the diseased column, where the pelvis shows no
    marrow: column and pelvis are one disease then, and no organ of the pelvis is like them both."""
    none = np.zeros(len(found), dtype=bool)
    if evidence.tissue is None or evidence.in_pelvis is None:
        return none
    accepted = np.array([state == ACCEPTED for state, _ in found], dtype=bool)
    column = accepted & (evidence.shares[:, MARROW] + evidence.shares[:, COLUMN] >= INSIDE) & (pieces.volume_ml >= _COLUMN_PIECE_ML)
    if pieces.volume_ml[column].sum() < _COLUMN_ML:
        return none
    usual = np.average(evidence.tissue[column], axis=0, weights=pieces.volume_ml[column])
    same = np.all(np.abs(np.log(evidence.tissue / usual)) < np.log([_SAME_RATIO, _SAME_ADC]), axis=1)
    open_to_it = np.array([reason.code not in _NEVER_BONE and not reason.code.startswith("artefact.") for _, reason in found])
    return ~accepted & open_to_it & same & evidence.in_pelvis & (pieces.volume_ml >= BY_PLACE_ML[0])


def _why(shares: np.ndarray) -> Finding:
    names = ("bone.by_marrow", "bone.by_mirror", "bone.by_column", "bone.by_place", "bone.by_place")  # in the order of the codes
    code = names[int(np.argmax(shares[1:]))]
    return finding("bone.inside", percent=100.0 * float(1.0 - shares[0]), how=as_finding(finding(code)))


def _least_inside(n: int, pieces: Pieces, evidence: Evidence) -> float:
    """The share from which on a piece counts; the lower one needs marrow around it or the column, not only the other side of the body."""
    surrounded = float(evidence.shares[n, MARROW] + evidence.shares[n, COLUMN]) >= _SURROUNDED
    return INSIDE if surrounded and pieces.volume_ml[n] > SMALL_ML else INSIDE_SMALL


def _by_place(n: int, pieces: Pieces, evidence: Evidence) -> bool:
    """True for the volume of a bone, or for what reaches across the whole pelvis, as no organ does, where bones usually lie: without normal
    marrow nearby, but for a piece as large as half a pelvis, which may be all that is diseased on its side."""
    volume, width = pieces.volume_ml[n], float(pieces.box_ras[n, 1, 0] - pieces.box_ras[n, 0, 0])
    usual = 0.0 if evidence.usual is None or volume < _HALF_PELVIS_ML else float(evidence.usual[n])
    across = width > _PELVIS_WIDE_MM and float(evidence.shares[n, MARROW] + evidence.shares[n, COLUMN]) >= _SURROUNDED
    if across and float(evidence.inside[n]) >= _ACROSS:
        return True  # column and pelvis in one
    large = volume >= BY_PLACE_ML[0] and (volume <= BY_PLACE_ML[1] or width > _PELVIS_WIDE_MM)
    return bool(large and max(float(evidence.inside[n]), usual) >= BY_PLACE)


def _in_canal(pieces: Pieces, evidence: Evidence) -> np.ndarray:
    """Small thin pieces in the middle between bodies and processes: parts of the cord that the threshold cut off."""
    if evidence.in_canal is not None:
        return evidence.in_canal > _CANAL_SHARE
    extent = pieces.box_ras[:, 1] - pieces.box_ras[:, 0]
    middle = np.all(np.abs(evidence.off_column) < _CANAL_MM, axis=1)
    return middle & (pieces.volume_ml < _CANAL_ML) & (extent[:, :2].max(axis=1) < _CANAL_WIDE_MM)


def _artefacts(pieces: Pieces, evidence: Evidence, outline: BodyOutline, sternum: np.ndarray) -> list[str]:
    """Code of the artefact that each piece looks like, "" for none; shape and skin speak only where no marrow lies around it."""
    extent, half = pieces.box_ras[:, 1] - pieces.box_ras[:, 0], pieces.half_axes_mm
    flat = evidence.near_seam & (extent[:, 2] < (_SEAM_SLICES - 1) * evidence.slice_mm) & (extent[:, :2].max(axis=1) > _SEAM_WIDE_MM)
    depth = outline.depth(pieces.centroid_ras.astype(float)) if len(pieces) else np.zeros(0)
    unsure = (evidence.shares[:, MARROW] < INSIDE) & (evidence.shares[:, COLUMN] < INSIDE) & ~sternum
    arc = unsure & (evidence.certain < CERTAIN) & (half[:, 0] < _ARC_THICK_MM) & (half[:, 2] > _ARC_LONG_MM / 2)
    arc &= half[:, 2] > _ARC_SLENDER * np.maximum(half[:, 0], 0.1)
    skin = unsure & ((depth < _SKIN_DEPTH) | (depth > 1 - _SKIN_DEPTH)) & (half[:, 0] < 2 * _ARC_THICK_MM)
    void = evidence.at_void > _VOID_SHARE
    rules = ((void, "artefact.void_edge"), (flat, "artefact.seam"), (skin, "artefact.ghost"), (arc, "artefact.arc"))
    return [str(code) for code in np.select([rule for rule, _ in rules], [code for _, code in rules], default="")]


def _outside(n: int, pieces: Pieces, inside: float, outline: BodyOutline) -> tuple[str, Finding]:
    """What a piece outside bone probably is."""
    half, volume, center = pieces.half_axes_mm[n], float(pieces.volume_ml[n]), pieces.centroid_ras[n : n + 1].astype(float)
    side, slender = float(outline.off_midline(center)[0]), half[2] / max(half[0], 0.1)
    if volume >= _LIVER_ML and side > 15.0:
        return PHYSIOLOGICAL, finding("physiology.liver")
    if volume >= _ORGAN_ML and slender < 4.0:
        return PHYSIOLOGICAL, finding("physiology.organ")
    code = "bone.outside"
    if slender > _VESSEL_SLENDER:
        code = "bone.vessel"
    elif volume < _NODE_ML and slender < _NODE_SLENDER:
        code = "bone.node"
    return REJECTED, finding(code, percent=100.0 * inside)


def beyond_ends(points_ras: np.ndarray) -> np.ndarray:
    """Where a piece would go on: 3 and 6 mm beyond its two ends along its long axis, RAS mm, shape (2, 2, 3); the first axis is the step.

    Parameters
    ----------
    points_ras : ndarray, shape (n, 3)
    """
    center = points_ras.mean(axis=0)
    off = points_ras - center
    axis = np.linalg.eigh(off.T @ off)[1][:, -1]
    along = off @ axis
    return np.array([[center + axis * (along.min() - step), center + axis * (along.max() + step)] for step in _BEYOND_MM])
