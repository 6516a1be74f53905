"""What the laboratory says: values beside the exams, stage, IMWG category with its rule and what was missing, and the course over time."""

from __future__ import annotations

from html import escape

from ..model import LabHistory, MarrowQuantError, Results
from ..response import NOTE_KINDS, Assessment, Stage, assess
from ..response.iss import NOT_VERIFIED
from ..response.lab_notes import COVARIATE, FINDING, OTHER
from ..results import rows
from ..results.formats import shown_unit
from .sections import cell, table
from .shown import blood_rows, blood_word
from .strings import Strings
from .timeline import timeline_of, timeline_svg

_FINDINGS = ("positive", "negative", "present", "absent")
_NOT_WORTH_TELLING = 4  # so much is missing that staging was not meant


def labs_section(results: Results, words: Strings) -> str:
    """Table of values, stage, category and course; empty without any laboratory value."""
    assessment = assess(results)
    if not assessment.history.values and not assessment.history.notes:
        return ""
    parts = [f"<h2>{words('labs')}</h2>", _value_table(results, words), _note_list(assessment.history, words)]
    if assessment.imwg is not None:
        category = assessment.imwg.category or words("imwg_none")
        parts.append(f"<h3>{words('imwg')}</h3><p><b>{escape(category)}</b>: {words.say(assessment.imwg.rule)}</p>")
        items = [f"{words('missing')}: {words.say(item)}" for item in assessment.imwg.missing]
        items += [words.say(note) for note in assessment.imwg.findings]
        parts.append(_items(items))
    if assessment.blood is not None:
        blood = assessment.blood
        category = blood_word(blood.category, words)
        parts.append(f"<h3>{words('blood')}</h3><p><b>{escape(category)}</b>: {words.say(blood.rule)}</p>")
        parts.append(_items([words.say(note) for note in blood.findings]))
    parts.append(_blood_course(assessment, results.settings.kind, words))
    staged = [stage for stage in assessment.stages if stage.stage is not None or len(stage.missing) < _NOT_WORTH_TELLING]
    if staged:
        parts.append(f"<h3>{words('stage')}</h3>{_items([*(_stage(stage, words) for stage in staged), words.say(NOT_VERIFIED)])}")
    return f"<section>{''.join(parts)}{_course(results, words)}</section>"


def _items(items: list[str]) -> str:
    return '<ul class="notes">' + "".join(f"<li>{item}</li>" for item in items) + "</ul>" if items else ""


def _stage(stage: Stage, words: Strings) -> str:
    if stage.stage is None:
        return f"{stage.system}: {words('missing')}: {', '.join(words.say(what) for what in stage.missing)}"
    return f"{stage.system} {stage.stage}: {words.say(stage.rule)}"


def _note_list(history: LabHistory, words: Strings) -> str:
    """Findings, covariates and tests that are not known; events stand in the picture of the course."""
    kinds = {kind.key: kind for kind in NOTE_KINDS}
    items = []
    for note in history.notes:
        kind = kinds[note.kind]
        if kind.group in {FINDING, COVARIATE, OTHER}:
            label = kind.label_ja if words.language == "ja" else kind.label_en
            value = words(note.value) if note.value in _FINDINGS else note.value
            items.append(escape(f"{label} {note.name}".strip() + f": {value} ({note.date.isoformat()})"))
    return _items(items)


def _course(results: Results, words: Strings) -> str:
    """The picture, where there is more to see than two exams."""
    try:
        timeline = timeline_of([results])
    except MarrowQuantError:  # no index that is followed has a value
        return ""
    measured = {date for points in timeline.points.values() for date, _ in points}
    if len(measured) < 3 and not timeline.events:
        return ""
    return f"<h3>{words('course')}</h3>{timeline_svg(timeline, words.language, words('course'))}"


def _value_table(results: Results, words: Strings) -> str:
    """Values that belong to the exams, with the dates of their samples."""
    values = rows.laboratory(results.exams)
    if not values.rows:
        return ""
    drawn, both, ranged = [], len(results.exams) > 1, any(column.key == "reference" for column in values.columns)
    for row in values.rows:
        cells = "".join(cell(_shown(row, n, words)) for n in range(len(results.exams)))
        cells += cell(row["change"].text()) if both else ""
        cells += cell(row["reference"].text(), True) if ranged else ""
        unit = cell(shown_unit(row["unit"].value, words.language), True)
        drawn.append(f'<tr><th scope="row">{escape(rows.lab_label(row, words.language))}</th>{unit}{cells}</tr>')
    last = (("change",) if both else ()) + (("reference",) if ranged else ())
    keys = ("test", "unit", *(f"value_{n}" for n in range(len(results.exams))), *last)
    heads = [column.head(words.language) for column in values.chosen(*keys)]
    told = "" if ranged else f'<p class="soft">{words("no_reference")}</p>'
    return table(heads, drawn, text_columns=(1, len(heads) - 1) if ranged else (1,)) + told


def _blood_course(told: Assessment, kind: str, words: Strings) -> str:
    heads, found = blood_rows(told, kind, words)
    if not found:
        return ""
    drawn = [
        f'<tr><th scope="row">{date}</th>{cell(category, True)}<td class="text">{words.say(rule)}</td></tr>'
        for date, category, rule in found
    ]
    return f"<h3>{words('blood')}: {words('course')}</h3>{table(heads, drawn, text_columns=(1, 2))}"


def _shown(row: rows.Row, exam: int, words: Strings) -> str:
    value, date = row[f"value_{exam}"], row[f"date_{exam}"]
    return value.text(words.language) if value is rows.NOTHING else f"{value.text(words.language)} ({date.text()})"
