"""The tumour load summed over the regions of the body that MY-RADS reports, at one exam or two, with the response of each region.

The rows are those of MY-RADS (Messiou 2019, Radiology 291:5): spine in three parts, pelvis, ribs and others, long bones, skull. The
response of a region is told as MET-RADS-P does (Padhani 2017, Eur Urol 71:81): the category that most of it has, and the one that comes
second where it is mixed. That the volume decides, not the count of lesions, is our choice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Optional

from ..burden.landmarks import CERVICAL, CHEST, LONG_BONES, LUMBAR, PELVIS, SKULL, THORACIC, UNKNOWN
from ..model import ACCEPTED, Burden, Component, LesionChange, Results
from .lesion_rows import Pair

REGIONS = (CERVICAL, THORACIC, LUMBAR, PELVIS, CHEST, LONG_BONES, SKULL, UNKNOWN)
"""In the order of the table."""


@dataclass(frozen=True)
class RegionLoad:
    """The accepted pieces of one region.

    Attributes
    ----------
    region : str
    pieces : pair of int or None
        Their number at baseline and at follow-up; None for an exam that there is not.
    volume_ml : pair of float or None
        Their sum; 0 without any.
    adc : pair of float or None
        Mean ADC over their voxels in µm²/s; None without any.
    rac, second_rac : int or None
        Response assessment category of the largest part of the load, and of the next where the region is mixed; None without a follow-up.
    """

    region: str
    pieces: tuple[Optional[int], Optional[int]]
    volume_ml: Pair
    adc: Pair
    rac: Optional[int] = None
    second_rac: Optional[int] = None


def region_loads(results: Results) -> list[RegionLoad]:
    """The regions that hold an accepted piece at either exam, in the order of :data:`REGIONS`."""
    burdens = [exam.burden for exam in results.exams[:2]]
    found = [_by_region(burden) for burden in (*burdens, None)][:2]
    loads = []
    for region in REGIONS:
        pieces = [None if by_region is None else by_region.get(region, ()) for by_region in found]
        if not any(pieces):
            continue
        rac = _racs([change for change in results.lesions if change.region == region])
        counts = [None if own is None else len(own) for own in pieces]
        volumes, adcs = ([None if own is None else value(own) for own in pieces] for value in (_volume, _adc))
        loads.append(RegionLoad(region, (counts[0], counts[1]), (volumes[0], volumes[1]), (adcs[0], adcs[1]), *rac))
    return loads


def _by_region(burden: Optional[Burden]) -> Optional[dict[str, list[Component]]]:
    if burden is None:
        return None
    found: dict[str, list[Component]] = {}
    for component in burden.components:
        if component.state == ACCEPTED:
            found.setdefault(component.region if component.region in REGIONS else UNKNOWN, []).append(component)
    return found


def _volume(pieces: Sequence[Component]) -> float:
    return float(sum(piece.volume_ml for piece in pieces))


def _adc(pieces: Sequence[Component]) -> Optional[float]:
    volume = _volume(pieces)
    return sum(piece.adc_mean * piece.volume_ml for piece in pieces) / volume if volume > 0 else None


def _racs(changes: Sequence[LesionChange]) -> tuple[Optional[int], Optional[int]]:
    """The categories of most and of second most volume, the higher one first where they tie; a lesion counts with its larger volume."""
    weights: dict[int, float] = {}
    for change in changes:
        weights[change.rac] = weights.get(change.rac, 0.0) + max(change.volume_before_ml, change.volume_after_ml)
    ranked = sorted(weights, key=lambda rac: (weights[rac], rac), reverse=True)
    return (ranked[0] if ranked else None), (ranked[1] if len(ranked) > 1 else None)
