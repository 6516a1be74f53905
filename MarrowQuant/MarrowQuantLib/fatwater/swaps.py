"""The swap sentinel: slices, slabs and vertebrae in which water and fat look exchanged, and the one-call correction of a slab.

What is known beforehand: subcutaneous fat is fat, disc and CSF are water, and neighbouring slices and vertebrae resemble each other. The
limits are our choice, on the safe side of "subcutaneous fat above 80 %, disc below 10 %", and every finding is a warning, not a change.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ..model import Finding, MarrowQuantError, Numbers, finding

TISSUE = 0.15  # of the 99th percentile of W + F
CLEAR_POINTS = 20.0  # from 50 %: nearer voxels do not vote
SAME_SIDE = 0.3  # share of voxels on the same side of 50 % as in the next slice, below which one of both slices is swapped
FEWEST_VOTES = 50  # voxels at that depth in a group of slices; fewer say nothing; our choice
SKIN_MM = (2.0, 8.0)  # depth at which subcutaneous fat is looked for
FAT_SHARE = 0.25  # of voxels at that depth above 50 %: below it, fat reads as water
LEVEL_POINTS = 25.0  # a level is a candidate when it is that much nearer to the mirror image of its neighbours than to them
DISC_PERCENT = 70.0  # our choice: a disc holds water, and no disc is as fat as that


@dataclass(frozen=True)
class SwappedSlices:
    """``slices`` along k that look swapped, and the sentences that say why."""

    slices: tuple[int, ...]
    findings: tuple[Finding, ...]


def find_swapped_slices(water: np.ndarray, fat: np.ndarray, spacing_mm: Numbers) -> SwappedSlices:
    """Slices in which water and fat look exchanged.

    Parameters
    ----------
    water, fat : ndarray, shape (k, j, i)
        Magnitudes of water and fat; NaN counts as no tissue.
    spacing_mm : sequence of three floats
        Voxel size along i, j, k.

    Returns
    -------
    SwappedSlices

    Raises
    ------
    MarrowQuantError
        The shapes differ or are not three-dimensional.
    """
    water, fat = (np.nan_to_num(np.abs(values)) for values in (water, fat))
    if water.shape != fat.shape or water.ndim != 3:
        raise MarrowQuantError(
            "The water image has shape {shape} and the fat image {other_shape}; give two volumes on one grid.",
            shape=str(water.shape), other_shape=str(fat.shape),
        )
    total = water + fat
    tissue = total > TISSUE * np.percentile(total, 99)
    side = np.where(tissue & (np.abs(fat - water) > 2 * CLEAR_POINTS / 100 * total), np.sign(fat - water), 0)
    group = _groups(side)
    votes = np.array([_subcutaneous_votes(side[k], tissue[k], spacing_mm) for k in range(len(side))])
    swapped, told = [], []
    for label in (0, 1):
        slices = np.flatnonzero(group == label)
        fat_votes, all_votes = votes[slices].sum(axis=0)
        if all_votes >= FEWEST_VOTES and fat_votes < FAT_SHARE * all_votes:
            swapped += slices.tolist()
            told.append(
                finding(
                    "swap.slices_skin",
                    n=len(slices), n_slices=len(side), first=int(slices[0]) + 1,
                    percent=100 * fat_votes / all_votes, from_mm=SKIN_MM[0], to_mm=SKIN_MM[1],
                )
            )
    if not swapped and group.any():
        minor = np.flatnonzero(group == int(np.count_nonzero(group) <= len(group) / 2))
        swapped = minor.tolist()
        told.append(finding("swap.slices_change", n=len(minor), n_slices=len(side), first=int(minor[0]) + 1))
    return SwappedSlices(tuple(sorted(swapped)), tuple(told))


def swap_back(water: np.ndarray, fat: np.ndarray, slices: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    """Water and fat with both exchanged in these slices: the correction of a swapped slab, as copies.

    Raises
    ------
    MarrowQuantError
        The shapes differ, or a slice lies outside the volume.
    """
    water, fat = np.array(water), np.array(fat)
    if water.shape != fat.shape:
        raise MarrowQuantError(
            "The water image has shape {shape} and the fat image {other_shape}; they must lie on the same grid.",
            shape=str(water.shape), other_shape=str(fat.shape),
        )
    wrong = [k for k in slices if not 0 <= k < len(water)]
    if wrong:
        raise MarrowQuantError(
            "Slice {wrong} lies outside the volume of {n_water} slices; count from 0.",
            wrong=wrong[0], n_water=len(water),
        )
    chosen = sorted(set(slices))
    water[chosen], fat[chosen] = fat[chosen], water[chosen]
    return water, fat


def swapped_levels(ff_percent: Mapping[str, float]) -> list[Finding]:
    """A sentence for each vertebral level whose fat fraction is the mirror image of that of the others.

    ``ff_percent`` maps levels to their mean or median FF in %; with fewer than three levels nothing can be said.
    """
    told = []
    for level, value in ff_percent.items():
        others = [v for name, v in ff_percent.items() if name != level and np.isfinite(v)]
        if len(others) < 2 or not np.isfinite(value):
            continue
        usual = float(np.median(others))
        if abs(value - usual) - abs(value - (100 - usual)) > LEVEL_POINTS:
            told.append(
                finding("swap.level", level=level, value=value, usual=usual)
            )
    return told


def swapped_disc(above: str, below: str, ff_percent: float) -> list[Finding]:
    """A sentence if the disc between two levels reads as fat."""
    if not ff_percent > DISC_PERCENT:
        return []
    return [finding("swap.disc", above=above, below=below, ff_percent=ff_percent)]


def _groups(side: np.ndarray) -> np.ndarray:
    """0 or 1 for each slice: the label changes where most voxels change from water to fat or back."""
    group = np.zeros(len(side), int)
    for k in range(1, len(side)):
        both = (side[k] != 0) & (side[k - 1] != 0)
        votes = np.count_nonzero(both)
        flips = votes >= FEWEST_VOTES and np.count_nonzero(both & (side[k] == side[k - 1])) < SAME_SIDE * votes
        group[k] = group[k - 1] ^ int(flips)
    return group


def _subcutaneous_votes(side: np.ndarray, tissue: np.ndarray, spacing_mm: Numbers) -> tuple[int, int]:
    """How many voxels of one slice under the skin are fat, and how many are clearly water or fat."""
    labels, n_labels = ndimage.label(tissue)
    if not n_labels:
        return 0, 0
    body = ndimage.binary_fill_holes(labels == 1 + np.argmax(np.bincount(labels.ravel())[1:]))
    if body.all():
        return 0, 0
    # Outside the image counts as body: where the field of view cuts the body there is no skin.
    depth = ndimage.distance_transform_edt(body, sampling=(spacing_mm[1], spacing_mm[0]))
    shell = (depth > SKIN_MM[0]) & (depth <= SKIN_MM[1])
    return int(np.count_nonzero(shell & (side > 0))), int(np.count_nonzero(shell & (side != 0)))
