"""Follow-up minus baseline, with the reasons for which a change may not carry meaning.

Absolute change comes first. The relative change of a small baseline explodes: the illustrated case of Takasu 2020 (doi
10.1371/journal.pone.0229607, Fig 3) went from 2 % to 25 % fat, which is +23 percentage points and +1150 %.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Optional, Union

import numpy as np

from ..model import Change, ExamResult, Finding, LabValue, MarrowQuantError, Measurement, certain, finding
from ..vertebrae.measure import LUMBAR
from .indices import INDICES, Index, Limit, index_of
from .repeatability import Repeatability

INSIDE_LIMIT = "change.inside_limit"
"""The code of the finding that a change may be measurement error."""

NORMAL_95 = 1.96  # standard errors that hold 95 % of a normal distribution; repeatability coefficients are made for the same share
SMALL_SHARE = 0.1  # our choice, of the limit: smaller noise changes it by half a per cent at most, and is not told

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

    A change is inside measurement error up to √(L² + (1.96 e)²): L is the limit of repeatability, e the standard error of the difference
    from the noise in the voxels of both exams. A published limit holds for the noise of its own images, not of these; where those were as
    noisy, the noise counts twice and the limit errs on the side of no change.

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
        findings = _protocol_findings(index, baseline.protocol, follow_up.protocol)
        if index.origin == "lumbar" and first is not None and second is not None:
            first, second, about_levels = _of_common_levels(index.key, baseline, follow_up, first, second)
            findings += about_levels
        if first is not None and second is not None:
            changes.append(_change(index, first, second, findings, _noise_of(index, baseline, follow_up)))
    return tuple(changes) + _changes_per_level(baseline, follow_up, site)


def _with_site_limit(index: Index, limits: Mapping[str, Repeatability]) -> Index:
    own = limits.get(index.key)
    if own is None:
        return index
    code = "source.site_how" if own.how else "source.site"
    source = finding(code, subjects=own.n_subjects, readings=own.n_readings, how=own.how)
    return replace(index, limit=Limit(own.rc, source))


def _changes_per_level(baseline: ExamResult, follow_up: ExamResult, limits: Mapping[str, Repeatability]) -> tuple[Change, ...]:
    index = _with_site_limit(index_of("ff"), limits)
    findings = _protocol_findings(index, baseline.protocol, follow_up.protocol)
    before, after = _per_level(baseline, "ff"), _per_level(follow_up, "ff")
    errors = [_errors_per_level(exam, "ff") for exam in (baseline, follow_up)]

    def of_level(level: str) -> Change:
        change = _change(index, before[level], after[level], findings, _together([of_exam.get(level) for of_exam in errors]))
        return replace(change, level=level)

    return tuple(of_level(level) for level in before if level in after)


def _change(index: Index, first: float, second: float, findings: tuple[Finding, ...], noise: Optional[float]) -> Change:
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
        findings=_size_findings(index, first, absolute, relative, noise) + findings,
    )


def _size_findings(
    index: Index, first: float, absolute: float, relative: Optional[float], noise: Optional[float]
) -> tuple[Finding, ...]:
    """What is to be said about the size of a change; ``noise`` is the standard error of the difference, in the index's unit."""
    findings = []
    if relative is None:
        reason = "zero" if first == 0 else "negative"
        findings.append(finding("change.undefined", baseline=reason))
    elif index.floor and first < index.floor.value:
        findings.append(finding("change.small_baseline", floor=index.floor.value, unit=index.unit, source=index.floor.source))
    is_relative = bool(index.limit and index.limit.relative)
    size, unit = (relative, "%") if is_relative else (absolute, index.change_unit)
    if size is None:
        return tuple(findings)
    limit, sources = (index.limit.value, [index.limit.source]) if index.limit else (0.0, [])
    own = NORMAL_95 * (noise or 0.0) * (100.0 / first if is_relative else 1.0)
    if own > SMALL_SHARE * limit:
        limit = math.hypot(limit, own)
        sources.append(finding("change.with_noise", noise=own, unit=unit))
    if limit and abs(size) <= limit:
        findings.append(finding(INSIDE_LIMIT, limit=float(f"{limit:.3g}"), unit=unit, source=sources))
    return tuple(findings)


def _noise_of(index: Index, baseline: ExamResult, follow_up: ExamResult) -> Optional[float]:
    """Standard error of the difference of an index from the noise in its voxels, over the levels of both means; None if not known."""
    if index.origin != "lumbar":
        return None
    errors = [{k: v for k, v in _errors_per_level(exam, index.key).items() if k in LUMBAR} for exam in (baseline, follow_up)]
    if not errors[0] or not errors[1]:
        holders = [exam.lumbar.get(index.key) for exam in (baseline, follow_up)]
        return _together([holder.standard_error if holder else None for holder in holders])
    common = errors[0].keys() & errors[1].keys() or None
    means = [[of_exam[level] for level in common or of_exam] for of_exam in errors]
    if any(value is None for values in means for value in values):
        return None
    return _together([math.sqrt(sum(certain(value) ** 2 for value in values)) / len(values) for values in means])


def _errors_per_level(exam: ExamResult, key: str) -> dict[str, Optional[float]]:
    return {v.roi.level: v.measurements[key].standard_error for v in exam.vertebrae if not v.roi.excluded and key in v.measurements}


def _together(errors: Sequence[Optional[float]]) -> Optional[float]:
    """Standard error of a difference; None if that of one value is not known."""
    known = [error for error in errors if error is not None and math.isfinite(error)]
    return math.hypot(*known) if len(known) == len(errors) else None


def _protocol_findings(index: Index, before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Finding, ...]:
    findings = []
    for key in index.depends_on:
        first, second = before.get(key), after.get(key)
        if not _same(first, second):
            findings.append(finding("change.protocol", what=_PROTOCOL_WORDS[key], before=_words(first), after=_words(second)))
    return tuple(findings)


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


def unmatched_findings(baseline: ExamResult, follow_up: ExamResult) -> tuple[Finding, ...]:
    """A finding for every mean that is not compared, because no level of one exam is in that of the other."""
    findings = []
    for index in INDICES:
        before, after = levels_in_mean(baseline, index.key), levels_in_mean(follow_up, index.key)
        if index.origin == "lumbar" and before and after and not before.keys() & after.keys():
            findings.append(finding("change.no_common_level", index=index.label_en, before=list(before), after=list(after)))
    return tuple(findings)


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
