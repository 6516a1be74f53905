"""What a reader wants to see first, as plain text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Optional

from ..followup import label_of
from ..model import RESEARCH_USE_ONLY, Change, ExamResult, Measurement, Results, as_finding, certain, grouped, iso_date
from ..report import formats
from ..report.strings import Strings
from ..response import assess
from ..response.estimate import PREVALENCE
from ..response.iss import NOT_VERIFIED

NO_DATE = "date not known"


def summary(results: Results) -> str:
    """What a reader wants to see first, as plain text."""
    lines = [RESEARCH_USE_ONLY]
    if any(exam.synthetic for exam in results.exams):
        lines.append("Synthetic data: a simulated patient, not a person.")
    lines += ["", *_vertebra_table(results.exams), ""]
    for exam in results.exams:
        lines += _burden_lines(exam)
    if results.changes:
        lines += ["", "Change from baseline to follow-up"]
        lines += [f"  {_change_line(change)}" for change in results.changes if not change.level]  # those of the levels stand in the report
    if results.response is not None:
        lines += ["", *_response_lines(results)]
    warnings = [*grouped(results.warnings), *(f"{exam.label}: {w}" for exam in results.exams for w in grouped(exam.warnings))]
    if warnings:
        lines += ["", "To know", *(f"  - {warning}" for warning in warnings)]
    return "\n".join([*lines, ""])


def _vertebra_table(exams: Sequence[ExamResult]) -> list[str]:
    levels = list(dict.fromkeys(v.roi.level for exam in exams for v in exam.vertebrae))
    if not levels:
        return ["No vertebra was measured."]
    header = f"{'Vertebra':<10}" + "".join(f"{exam.label + ' FF':>16}{'ADC (median)':>18}" for exam in exams)
    rows = []
    for level in levels:
        cells = []
        for exam in exams:
            found = next((v.measurements for v in exam.vertebrae if v.roi.level == level), {})
            cells.append(f"{_value(found.get('ff')):>16}{_value(found.get('adc')):>18}")
        rows.append(f"{level:<10}" + "".join(cells))
    mean = f"{'Mean L1–L5':<10}" + "".join(
        f"{_value(exam.lumbar.get('ff')):>16}{_value(exam.lumbar.get('adc')):>18}" for exam in exams
    )
    return [header, *rows, mean]


def _value(measurement: Optional[Measurement]) -> str:
    return formats.NONE if measurement is None else f"{formats.number(measurement.value, measurement.unit)} {measurement.unit}"


def _burden_lines(exam: ExamResult) -> list[str]:
    if exam.burden is None:
        return [f"Tumour load, {exam.label} ({iso_date(exam.date) or NO_DATE}): not measured"]
    accepted = sum(component.state == "accepted" for component in exam.burden.components)
    return [
        f"Tumour load, {exam.label} ({iso_date(exam.date) or NO_DATE}): tDV {_value(exam.burden.tdv)} in {accepted} components, "
        f"ADC median {_value(exam.burden.gadc)}"
    ]


def _change_line(change: Change) -> str:
    words = Strings("en")
    relative = "" if change.relative_percent is None else f" ({formats.relative(change.relative_percent)})"
    flags = f"   [{', '.join(words.or_key(as_finding(flag).code) for flag in change.flags)}]" if change.flags else ""
    values = f"{formats.number(change.baseline, change.unit)} → {formats.number(change.follow_up, change.unit)} {change.unit}"
    absolute = f"{formats.signed(change.absolute, change.absolute_unit)} {change.absolute_unit}"
    return f"{label_of(change.name)}: {values}, {absolute}{relative}{flags}"


def _response_lines(results: Results) -> list[str]:
    response = certain(results.response)
    if response.probability is None:
        lines = ["Probability of CR/VGPR: not given"]
    else:
        low, high = (formats.probability(limit) for limit in certain(response.interval))
        lines = [f"Probability of CR/VGPR: {formats.probability(response.probability)} (95 % interval {low} to {high})"]
    lines.append(f"  Model {response.model_id}: {response.label}")
    for part in response.contributions:
        value = formats.number(part.value, "%") if part.predictor == PREVALENCE else formats.signed(part.value, part.unit)
        lines.append(f"  {part.predictor.replace('_', ' ')}: {value} {part.unit}, {formats.signed(part.logit)} to the log odds")
    return [*lines, *(f"  {warning}" for warning in response.warnings), *_category_lines(results)]


def _category_lines(results: Results) -> list[str]:
    assessment = assess(results)
    stages = [f"{stage.system} {stage.stage} ({stage.rule})" for stage in assessment.stages if stage.stage is not None]
    stages += [NOT_VERIFIED] if stages else []
    if assessment.imwg is None:
        return stages
    missing = [f"  missing: {item}" for item in assessment.imwg.missing]
    return [f"IMWG response category: {assessment.imwg.category or 'not graded'} ({assessment.imwg.rule})", *missing, *stages]
