"""Follow-up minus baseline, with the reasons for which a change may not carry meaning.

Absolute change comes first. The relative change of a small baseline explodes: the illustrated case of Takasu 2020 (doi
10.1371/journal.pone.0229607, Fig 3) went from 2 % to 25 % fat, which is +23 percentage points and +1150 %.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Optional, Union

import numpy as np

from ..model import Change, ExamResult, Finding, LabValue, MarrowQuantError, Measurement, finding
from ..vertebrae.measure import LUMBAR
from .indices import INDICES, Index, Limit, index_of
from .repeatability import Repeatability

INSIDE_LIMIT = "change.inside_limit"
"""The code of the finding that a change may be measurement error."""

_PROTOCOL_WORDS = {
    "b_values": "b-values (s/mm²)",
    "field_strength_t": "field strength (T)",
    "echo_times_s": "echo times (s)",
    "manufacturer": "manufacturer",
    "ff_origin": "origin of the fat fraction",
}
# Rounding in the DICOM header, not another protocol: our choice.
_SAME_PROTOCOL_RELATIVE = 0.01


def compare(
    baseline: ExamResult, follow_up: ExamResult, *, limits: Optional[Mapping[str, Repeatability]] = None
) -> tuple[Change, ...]:
    """What changed in every index that both exams have, and in the fat fraction of every vertebra that both have.

    Parameters
    ----------
    baseline, follow_up : ExamResult
        The earlier and the later exam. ``protocol`` may hold ``b_values`` (s/mm²), ``echo_times_s``, ``field_strength_t``,
        ``manufacturer`` and ``ff_origin`` (the map that the fat fraction is read from); a difference is flagged in the indices that
        depend on it.
    limits : mapping of str to Repeatability, optional
        A site's own repeatability by key of the index; its RC takes the place of the published limit.

    Returns
    -------
    tuple of Change
        In the order of ``INDICES``, then the levels from cranial to caudal as the baseline lists them . An index without a
        finite value in both exams has no change and is left out.

    Raises
    ------
    MarrowQuantError
        If the follow-up is earlier than the baseline.

    Notes
    -----
    A lumbar mean over other levels at the two dates is compared over the levels that both have, and without any it is not compared.

    ``relative_percent`` = 100 (follow-up − baseline) / baseline. It is None where the baseline is zero, and also where it is negative (a
    fat fraction below 0 % by noise), because its sign would then point the wrong way.
    """
    if follow_up.date and baseline.date and follow_up.date < baseline.date:
        raise MarrowQuantError(
            "The follow-up exam ({date}) is earlier than the baseline exam ({other_date}), so a change between them would have the wrong "
            "sign; exchange the two exams or choose another one.",
            date=follow_up.date, other_date=baseline.date,
        )
    changes = []
    site = limits or {}
    for index in (_with_site_limit(index, site) for index in INDICES):
        first, second = value_of(baseline, index), value_of(follow_up, index)
        flags = _protocol_flags(index, baseline.protocol, follow_up.protocol)
        if index.origin == "lumbar" and first is not None and second is not None:
            first, second, about_levels = _of_common_levels(index.key, baseline, follow_up, first, second)
            flags += about_levels
        if first is not None and second is not None:
            changes.append(_change(index, first, second, flags))
    return tuple(changes) + _changes_per_level(baseline, follow_up, site)


def _with_site_limit(index: Index, limits: Mapping[str, Repeatability]) -> Index:
    own = limits.get(index.key)
    if own is None:
        return index
    source = f"the site's own repeatability coefficient, {own.n_subjects} subjects with {own.n_readings} readings"
    return replace(index, limit=Limit(own.rc, f"{source}; {own.how}" if own.how else source))


def _changes_per_level(baseline: ExamResult, follow_up: ExamResult, limits: Mapping[str, Repeatability]) -> tuple[Change, ...]:
    index = _with_site_limit(index_of("ff"), limits)
    flags = _protocol_flags(index, baseline.protocol, follow_up.protocol)
    before, after = _per_level(baseline, "ff"), _per_level(follow_up, "ff")
    return tuple(replace(_change(index, before[level], after[level], flags), level=level) for level in before if level in after)


def _change(index: Index, first: float, second: float, flags: tuple[Finding, ...]) -> Change:
    absolute = second - first
    relative = 100.0 * absolute / first if first > 0 else None
    return Change(
        name=index.key,
        unit=index.unit,
        baseline=first,
        follow_up=second,
        absolute=absolute,
        absolute_unit=index.change_unit,
        relative_percent=relative,
        flags=_size_flags(index, first, absolute, relative) + flags,
    )


def _size_flags(index: Index, first: float, absolute: float, relative: Optional[float]) -> tuple[Finding, ...]:
    flags = []
    if relative is None:
        reason = "zero" if first == 0 else "negative"
        flags.append(finding("change.undefined", baseline=reason))
    elif index.floor and first < index.floor.value:
        flags.append(finding("change.small_baseline", floor=index.floor.value, unit=index.unit, source=index.floor.source))
    if index.limit:
        size = relative if index.limit.relative else absolute
        unit = "%" if index.limit.relative else index.change_unit
        if size is not None and abs(size) <= index.limit.value:
            flags.append(finding(INSIDE_LIMIT, limit=index.limit.value, unit=unit, source=index.limit.source))
    return tuple(flags)


def _protocol_flags(index: Index, before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Finding, ...]:
    flags = []
    for key in index.depends_on:
        first, second = before.get(key), after.get(key)
        if not _same(first, second):
            flags.append(finding("change.protocol", what=_PROTOCOL_WORDS[key], before=_words(first), after=_words(second)))
    return tuple(flags)


def _same(first: Any, second: Any) -> bool:
    if first is None or second is None:
        return first is second
    if isinstance(first, str) or isinstance(second, str):
        return str(first).strip().casefold() == str(second).strip().casefold()
    a, b = np.sort(np.ravel(first).astype(float)), np.sort(np.ravel(second).astype(float))
    return a.shape == b.shape and bool(np.allclose(a, b, rtol=_SAME_PROTOCOL_RELATIVE, atol=0))


def _words(value: Any) -> Optional[str]:
    if value is None:
        return None
    return value if isinstance(value, str) else ", ".join(f"{number:g}" for number in np.ravel(value).astype(float))


def level_doubts(baseline: ExamResult, follow_up: ExamResult) -> tuple[Finding, ...]:
    """A finding for every mean that is not compared, because no level of one exam is in that of the other."""
    doubts = []
    for index in INDICES:
        before, after = levels_in_mean(baseline, index.key), levels_in_mean(follow_up, index.key)
        if index.origin == "lumbar" and before and after and not before.keys() & after.keys():
            doubts.append(finding("change.no_common_level", index=index.label_en, before=list(before), after=list(after)))
    return tuple(doubts)


def _of_common_levels(
    key: str, baseline: ExamResult, follow_up: ExamResult, first: float, second: float
) -> tuple[Optional[float], Optional[float], tuple[Finding, ...]]:
    """Both means over the levels that both exams have; None where there is none. Means over the same levels, or of exams whose levels are
    not known, stay as they are."""
    before, after = levels_in_mean(baseline, key), levels_in_mean(follow_up, key)
    if not before or not after or before.keys() == after.keys():
        return first, second, ()
    common = [level for level in before if level in after]
    if not common:
        return None, None, ()
    means = [float(np.mean([values[level] for level in common])) for values in (before, after)]
    return means[0], means[1], (finding("change.levels", before=list(before), after=list(after), levels=common),)


def levels_in_mean(exam: ExamResult, key: str) -> dict[str, float]:
    """The values of the levels that the lumbar mean of a quantity is over, by level."""
    return {level: value for level, value in _per_level(exam, key).items() if level in LUMBAR}


def _per_level(exam: ExamResult, key: str) -> dict[str, float]:
    """Finite values by level, excluded vertebrae left out."""
    return {
        vertebra.roi.level: float(vertebra.measurements[key].value)
        for vertebra in exam.vertebrae
        if vertebra.roi.excluded is None and key in vertebra.measurements and math.isfinite(vertebra.measurements[key].value)
    }


def value_of(exam: ExamResult, index: Index) -> Optional[float]:
    """The exam's number for an index in the index's unit; None if it was not measured or is not finite."""
    if index.origin == "burden":
        load = {"tdv": exam.burden.tdv, "gadc": exam.burden.gadc} if exam.burden else {}
        holder: Union[Measurement, LabValue, None] = load.get(index.key)
    else:
        holder = exam.lumbar.get(index.key) if index.origin == "lumbar" else exam.labs.get(index.key)
    return float(holder.value) if holder is not None and math.isfinite(holder.value) else None
