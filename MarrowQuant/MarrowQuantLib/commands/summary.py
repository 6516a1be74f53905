"""What a reader wants to see first, as plain text."""

from __future__ import annotations

from collections.abc import Sequence

from ..model import RESEARCH_USE_ONLY, STIR_PATTERNS, ExamResult, Measurement, Results, certain, grouped, iso_date
from ..response import assess
from ..response.estimate import PREVALENCE
from ..response.iss import NOT_VERIFIED
from ..results import formats, rows
from ..words.terms import term

NO_DATE = "date not known"
_SHOWN = ("ff", "adc")


def summary(results: Results) -> str:
    """What a reader wants to see first, as plain text."""
    lines = [RESEARCH_USE_ONLY]
    if any(exam.synthetic for exam in results.exams):
        lines.append("Synthetic data: a simulated patient, not a person.")
    lines += ["", *_vertebra_table(results.exams), ""]
    for exam in results.exams:
        lines += [*_burden_lines(exam), *_stir_lines(exam)]
    if results.changes:
        lines += ["", "Change from baseline to follow-up"]
        of_exams = [change for change in results.changes if not change.level]  # those of the levels stand in the report
        lines += [f"  {_change_line(row)}" for row in rows.changes(of_exams).rows]
    if results.response is not None:
        lines += ["", *_response_lines(results)]
    elif results.settings.kind != "myeloma" and len(results.exams) > 1:
        lines += ["", *_category_lines(results)]
    findings = [*grouped(results.findings), *(f"{exam.label}: {w}" for exam in results.exams for w in grouped(exam.findings))]
    if findings:
        lines += ["", "To know", *(f"  - {warning}" for warning in findings)]
    return "\n".join([*lines, ""])


def _vertebra_table(exams: Sequence[ExamResult]) -> list[str]:
    levels = list(dict.fromkeys(v.roi.level for exam in exams for v in exam.vertebrae))
    if not levels:
        return ["No vertebra was measured."]
    tables = rows.vertebrae(exams)
    shown = [column for column in tables[0].columns if column.key in _SHOWN]
    if not shown:
        return ["Neither fat fraction nor ADC was measured; the other indices stand in the report."]
    lines = [f"{'Vertebra':<10}" + "".join(f"{f'{exam.label} {shown[0].title()}':>16}" + _heads(shown[1:]) for exam in exams)]
    for level in levels:
        found = [next((row for row in table.rows if row["level"].value == level), rows.Row({})) for table in tables]
        lines.append(f"{level:<10}" + "".join(_cells(row, shown) for row in found))
    return [*lines, f"{'Mean':<10}" + "".join(_cells(table.mean or rows.Row({}), shown) for table in tables)]


def _heads(columns: Sequence[rows.Column]) -> str:
    return "".join(f"{column.title():>18}" for column in columns)


def _cells(row: rows.Row, columns: Sequence[rows.Column]) -> str:
    return "".join(f"{row[column.key].with_unit():>{18 if n else 16}}" for n, column in enumerate(columns))


def _value(key: str, measurement: Measurement) -> str:
    return rows.cell_of(key, measurement).with_unit()


def _burden_lines(exam: ExamResult) -> list[str]:
    if exam.burden is None:
        return [f"Tumour load, {exam.label} ({iso_date(exam.date) or NO_DATE}): not measured"]
    accepted = sum(component.state == "accepted" for component in exam.burden.components)
    return [
        f"Tumour load, {exam.label} ({iso_date(exam.date) or NO_DATE}): tDV {_value('tdv', exam.burden.tdv)} in {accepted} components, "
        f"ADC median {_value('gadc', exam.burden.gadc)}"
    ]


def _stir_lines(exam: ExamResult) -> list[str]:
    if exam.stir is None or not exam.stir.pattern:
        return []
    said = "set by a reader" if exam.stir.by_reader else "proposed"
    return [f"Pattern on STIR, {exam.label}: {exam.stir.pattern}, {STIR_PATTERNS[exam.stir.pattern]} ({said})"]


def _change_line(row: rows.Row) -> str:
    percent = "" if row["relative"].value is None else f" ({row['relative'].text()})"
    findings = f"   [{', '.join(term(found.code) for found in row.findings)}]" if row.findings else ""
    values = f"{row['baseline'].text()} → {row['follow_up'].with_unit()}"
    return f"{rows.label_of_change(row)}: {values}, {row['absolute'].with_unit()}{percent}{findings}"


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
    return [*lines, *(f"  {warning}" for warning in response.findings), *_category_lines(results)]


def _category_lines(results: Results) -> list[str]:
    assessment = assess(results)
    stages = [f"{stage.system} {stage.stage} ({stage.rule})" for stage in assessment.stages if stage.stage is not None]
    stages += [NOT_VERIFIED] if stages else []
    if assessment.blood is not None:
        blood = assessment.blood
        return [f"Response by the blood: {blood.category or 'not graded'} ({blood.rule})", *(f"  {note}" for note in blood.findings)]
    if assessment.imwg is None:
        return stages
    missing = [f"  missing: {item}" for item in assessment.imwg.missing]
    return [f"IMWG response category: {assessment.imwg.category or 'not graded'} ({assessment.imwg.rule})", *missing, *stages]
