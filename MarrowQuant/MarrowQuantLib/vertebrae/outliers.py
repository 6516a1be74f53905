"""Vertebrae whose fat fraction or ADC stands out from their neighbours: the reader looks for the reason, the program excludes nothing.

The rule is our choice: a level is compared with the four included levels nearest to it, because both indices drift along the column. It
stands out if it lies farther from their median than three times their scaled MAD (1.4826 × MAD estimates the standard deviation of
normal values), and farther than a floor: twice the repeatability limit of the fat fraction, once that of the ADC, because four levels
that happen to agree say little about the spread between levels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from ..model import Finding, VertebraResult, certain, finding
from ..quantities import quantity
from .levels import is_counted, level_index

NEIGHBOURS = 4
FEWEST = 3  # with fewer others nothing can be called the rule
SPREADS = 3.0
LIMITS_IN_FLOOR: Mapping[str, float] = {"ff": 2.0, "adc": 1.0}
_SCALE = 1.4826


def with_outlier_findings(vertebrae: Sequence[VertebraResult]) -> tuple[VertebraResult, ...]:
    """The same results; a level that stands out carries a sentence about it among its flags. Excluded levels do not count.

    Parameters
    ----------
    vertebrae : sequence of VertebraResult
    """
    included = [v for v in vertebrae if not v.roi.excluded and is_counted(v.roi.level)]
    flagged = []
    for vertebra in vertebrae:
        if vertebra.roi.excluded or not is_counted(vertebra.roi.level):  # places in the pelvis have no neighbours to be compared with
            flagged.append(vertebra)
            continue
        others = sorted((v for v in included if v is not vertebra), key=lambda v: _distance(v, vertebra))
        told = [sentence for key in LIMITS_IN_FLOOR for sentence in _told(vertebra, others, key)]
        flagged.append(replace(vertebra, findings=(*vertebra.findings, *told)) if told else vertebra)
    return tuple(flagged)


def _distance(first: VertebraResult, second: VertebraResult) -> int:
    return abs(level_index(first.roi.level) - level_index(second.roi.level))


def _told(vertebra: VertebraResult, others: Sequence[VertebraResult], key: str) -> list[Finding]:
    if key not in vertebra.measurements:
        return []
    values = [v.measurements[key].value for v in others if key in v.measurements and np.isfinite(v.measurements[key].value)]
    measured, near = vertebra.measurements[key], np.array(values[:NEIGHBOURS])
    if len(near) < FEWEST or not np.isfinite(measured.value):
        return []
    typical = float(np.median(near))
    spread = SPREADS * _SCALE * float(np.median(np.abs(near - typical)))
    if abs(measured.value - typical) <= max(spread, _floor(key, typical)):
        return []
    digits = None if abs(typical) >= 100 else 1
    return [
        finding(
            "roi.stands_out",
            level=vertebra.roi.level, map=measured.name, unit=measured.unit,
            value=round(measured.value, digits), typical=round(typical, digits),
        )
    ]


def _floor(key: str, typical: float) -> float:
    limit = certain(quantity(key).limit)
    return LIMITS_IN_FLOOR[key] * limit.value * (abs(typical) / 100 if limit.relative else 1.0)
