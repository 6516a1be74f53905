"""The sections of the report after the first page: vertebrae, tumour load, model card, methods."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, Optional

import numpy as np

from .. import __version__
from ..exam.dixon_maps import T1_BIAS_AT
from ..followup import INDICES, index_of, label_of
from ..followup.normal import baseline_band
from ..model import UNIT_VOLUME, Burden, ExamResult, Histogram, ResponseEstimate, Results, made, sentence
from ..model.settings import SETTINGS
from ..response import translation
from ..response.lab_tests import is_asked
from ..results import rows
from ..results.formats import NONE, number, shown_unit, signed
from ..vertebrae.dominance import dominance_of
from ..vertebrae.places import said_place
from ..words.roles import role_word
from ..words.terms import term
from . import charts
from .first_page import badges, note_list
from .shown import in_scroller, protocol_rows
from .strings import Strings

MAX_COMPONENTS = 15  # rows of the component table; all of them are in results.json


def table(heads: Sequence[str], drawn: Sequence[str], caption: str = "", text_columns: Sequence[int] = ()) -> str:
    """A table from ready-made rows; heads are escaped, columns in ``text_columns`` are aligned left."""
    head = "".join(
        f'<th scope="col"{" class=text" if n in text_columns else ""}>{escape(name)}</th>' for n, name in enumerate(heads)
    )
    title = f"<caption>{escape(caption)}</caption>" if caption else ""
    label = caption or ", ".join(heads[:2])
    return in_scroller(f"<table>{title}<thead><tr>{head}</tr></thead><tbody>{''.join(drawn)}</tbody></table>", label)


def cell(content: Any, is_text: bool = False) -> str:
    """A table cell with escaped content."""
    return f"<td{' class=text' if is_text else ''}>{escape(str(content))}</td>"


# ---------------------------------------------------------------------------------------------------------------- vertebrae
def vertebrae_section(results: Results, words: Strings) -> str:
    """Table and charts of every vertebra; empty if none was measured."""
    exams = results.exams
    levels = list(dict.fromkeys(vertebra.roi.level for exam in exams for vertebra in exam.vertebrae))
    if not levels:
        return ""
    by_exam = [{vertebra.roi.level: vertebra for vertebra in exam.vertebrae} for exam in exams]
    values = [[_measured(known.get(level), "ff") for level in levels] for known in by_exam]
    after = values[1] if len(values) > 1 else [None] * len(levels)
    band, told = baseline_band(results)
    drawn = []
    if any(value is not None for row in values for value in row):
        edges = (band.mean - band.sd, band.mean + band.sd) if band else None
        chart = charts.dumbbells(levels, values[0], after, words("ff_axis"), words("ff_per_level"), edges)
        drawn.append(f"<div><h3>{words('ff_per_level')}</h3>{chart}</div>")
    figure = f'<div class="charts">{"".join(drawn)}</div>{legend(exams, words)}' if drawn else ""
    figure += f'<p class="soft">{words("normal_band" if band else "no_normal_band")}: {words.say(told)}</p>' if told else ""
    dominance = "; ".join(words(f"dominance_{dominance_of(exam)}", exam=words.exam(exam.label)) for exam in exams)
    figure = f'<p class="soft">{words("dominance")}: {dominance}</p>{figure}' if _is_split(exams) else figure
    return f"<section><h2>{words('vertebrae')}</h2>{_vertebra_table(results, levels, words)}{figure}</section>"


def _is_split(exams: Sequence[ExamResult]) -> bool:
    """True where water and fat, or at least their sum and difference, were imaged."""
    return any({"water_dominant", "dropout_ratio"} & set(exam.lumbar) for exam in exams)


def _vertebra_table(results: Results, levels: Sequence[str], words: Strings) -> str:
    changes, drawn = {change.level: change for change in results.changes if change.level}, []
    notes: list[str] = []
    tables = rows.vertebrae(results.exams)
    columns, both = rows.in_readers_tables(tables[0]), len(tables) > 1
    by_exam = [{row["level"].value: row for row in known.rows} for known in tables]
    for level in levels:
        found = [known.get(level, rows.Row({})) for known in by_exam]
        cells = [f'<td class="pair">{escape(" → ".join(_unbroken(row[column.key], words) for row in found))}</td>' for column in columns]
        excluded = next((row["excluded"].value for row in found if row.is_out), None)
        if both:
            change = changes.get(level)
            cells.insert(1, cell(signed(change.absolute, change.absolute_unit) if change else NONE))
            mark = words("excluded", reason=excluded) if excluded else ""
            cells.append(f'<td class="text">{escape(mark)}{badges(change, index_of("ff").limit is not None, notes, words)}</td>')
        cells.append(cell(" / ".join(row["voxels"].text() for row in found)))
        doubted = f" {rows.DOUBT}" if any(row.findings for row in found) else ""  # the sentences are among the exam's warnings
        said = escape(said_place(level, words.language))
        drawn.append(f'<tr{" class=out" if excluded else ""}><th scope="row">{said}{doubted}</th>{"".join(cells)}</tr>')
    heads = [column.head(words.language) for column in (*tables[0].chosen("level"), *columns)]
    if both:
        heads = [*heads[:2], words("ff_points"), *heads[2:], words("meaning")]
    heads.append(tables[0].column("voxels").head(words.language))
    told = f'<p class="soft">{escape(words("standard_error"))}</p>' if any("±" in row for row in drawn) else ""
    told += "".join(f'<p class="soft">{escape(line)}</p>' for line in (placement_line(exam, words) for exam in results.exams) if line)
    return table(heads, drawn, text_columns=[len(heads) - 2] if both else ()) + told + note_list(notes, words)


def placement_line(exam: ExamResult, words: Strings) -> str:
    """What the place of each ROI brings to its fat fraction; empty where it was not told."""
    measured = [(vertebra.roi.level, vertebra.measurements.get("ff")) for vertebra in exam.vertebrae]
    errors = [(level, found.placement_error, found.unit) for level, found in measured if found and found.placement_error is not None]
    if not errors:
        return ""
    levels = ", ".join(f"{said_place(level, words.language)} ± {number(error, unit)}" for level, error, unit in errors)
    return words("placement_error", exam=words.plain_exam(exam.label), levels=levels, unit=shown_unit(errors[0][2], words.language))


def _unbroken(value: rows.Cell, words: Strings) -> str:
    return value.with_error(words.language).replace(" ", "\N{NO-BREAK SPACE}")


def _measured(vertebra: Any, key: str) -> Optional[float]:
    measurement = vertebra.measurements.get(key) if vertebra else None
    return measurement.value if measurement and math.isfinite(measurement.value) else None


def any_counts(histograms: Sequence[Optional[Histogram]]) -> bool:
    """True if a histogram holds at least one voxel."""
    return any(histogram is not None and histogram.counts.sum() > 0 for histogram in histograms)


def legend(exams: Sequence[ExamResult], words: Strings) -> str:
    """The colour of each exam."""
    keys = []
    for exam, colour in zip(exams, (charts.BEFORE, charts.AFTER)):
        mark = f'<span class="key" style="background:{colour}"></span>'
        keys.append(f'<span class="legend">{mark}{words.exam(exam.label)} {words.date(exam.date)}</span>')
    return f'<p class="soft">{" &nbsp; ".join(keys)}</p>'


# -------------------------------------------------------------------------------------------------------------- tumour load
def burden_section(results: Results, words: Strings) -> str:
    """Histogram, classes and components of the tumour load; empty if it was not measured."""
    exams = [exam for exam in results.exams if exam.burden]
    burdens = [(exam, words.exam(exam.label), exam.burden) for exam in results.exams if exam.burden]
    if not burdens:
        return ""
    drawn = []
    histograms = [exam.burden.histogram if exam.burden else None for exam in results.exams]
    if any_counts(histograms):
        chart = charts.paired_histogram(histograms, words("adc_axis"), words("share"), words("adc_histogram"))
        drawn.append(f"<div><h3>{words('adc_histogram')}</h3>{chart}</div>")
    classes = {name: burden.class_volumes_ml for _, name, burden in burdens}
    if any(classes.values()):
        spoken = "; ".join(f"{exam.label}: {number(burden.tdv.value, UNIT_VOLUME)} mL" for exam, _, burden in burdens)
        chart = charts.stacked_bars(classes, "mL", f"{words('tdv_classes')}. {spoken}")
        drawn.append(f"<div><h3>{words('tdv_classes')} (µm²/s)</h3>{chart}</div>")
    notes: list[str] = []
    tables = _stations(exams, words)
    for exam, name, burden in burdens:
        tables += _component_table(burden, words("components", exam=name), notes, words)
        for part in exam.burden_parts:
            told = words("burden_part", exam=words.exam(exam.label), number=part.number, tdv=number(part.burden.tdv.value, UNIT_VOLUME))
            tables += f'<p><b>{told}</b></p><p class="soft">{words.say(part.reason)}</p>'
            tables += _component_table(part.burden, words("part_components", number=part.number), notes, words)
    return (
        f'<section><h2>{words("burden")}</h2><div class="charts">{"".join(drawn)}</div>{legend(results.exams, words)}'
        f"{tables}{note_list(notes, words)}</section>"
    )


def _stations(exams: Sequence[ExamResult], words: Strings) -> str:
    """How the stations were joined: the brightness along the body before and after, and the largest step that is left at a seam."""
    drawn = []
    for exam in exams:
        if exam.stitching is None:
            continue
        profile, seams = exam.stitching.profile, exam.stitching.seams
        if not np.isfinite(profile.after).any():
            continue
        before, after = (number(100 * step, "%") for step in exam.stitching.largest_steps)
        told = words("stations_told", n=len(exam.stitching.gains), before=before, after=after)
        title = words("stations_joined", exam=words.exam(exam.label))
        heights = [float(seam.position_ras[2]) for seam in seams]
        chart = charts.paired_profile(profile.height_mm, profile.before, profile.after, heights, words("stations_axis"), f"{title}. {told}")
        drawn.append(f"<div><h3>{escape(title)}</h3>{chart}<p>{escape(told)}</p></div>")
    return f'<div class="charts">{"".join(drawn)}</div>' if drawn else ""


_COMPONENT_NUMBERS = ("volume", "longest_diameter", "adc_median", "signal_ratio", "ff_median")


def _component_table(burden: Burden, title: str, notes: list[str], words: Strings) -> str:
    components, drawn = rows.components(burden.components), []
    for row in components.rows[:MAX_COMPONENTS]:
        reason = row["reason"].value
        if reason not in notes:
            notes.append(reason)
        name, state, region = (escape(row[key].text(words.language)) for key in ("lesion", "state", "region"))
        numbers = "".join(cell(row[key].text()) for key in _COMPONENT_NUMBERS)
        cells = f"<td class=text>{state}<sup>{notes.index(reason) + 1}</sup></td><td class=text>{region}</td>{numbers}"
        drawn.append(f'<tr{" class=out" if row.is_out else ""}><th scope="row">{name or row["label"].text()}</th>{cells}</tr>')
    heads = [column.head(words.language) for column in components.chosen("state", "region", *_COMPONENT_NUMBERS)]
    left_out = burden.components[MAX_COMPONENTS:]
    volume = number(sum(component.volume_ml for component in left_out), UNIT_VOLUME)
    more = f'<p class="soft">{words("more_components", n=len(left_out), volume=volume)}</p>' if left_out else ""
    return f"<div>{table([words('number'), *heads], drawn, title, text_columns=(1, 2))}{more}{_infiltration(burden, words)}</div>"


def _infiltration(burden: Burden, words: Strings) -> str:
    found = burden.infiltration
    if found is None:
        return ""
    pattern = words("pattern", pattern=words.or_key(found.pattern), n=found.focal_lesions)
    flag = f' <span class="badge doubt">{words("imwg_focal")}</span>' if found.remark else ""
    told = " ".join(words.say(found) for found in (found.rule, found.remark) if found)
    return f'<p>{escape(pattern)}{flag}</p><p class="soft">{told}</p>'


# --------------------------------------------------------------------------------------------------------------- model card
def model_section(estimate: Optional[ResponseEstimate], words: Strings) -> str:
    """The model card, folded; empty without an estimate."""
    if estimate is None:
        return ""
    card = {**estimate.card, **translation(estimate, words.language).get("card", {})}
    entries = "".join(f"<dt>{escape(words.or_key(key))}</dt><dd>{card_value(value)}</dd>" for key, value in card.items())
    title = f"{words('model_card')}: {estimate.model_id}"
    return f"<section><h2>{words('model_card')}</h2><details><summary>{escape(title)}</summary><dl>{entries}</dl></details></section>"


def card_value(value: Any) -> str:
    """An entry of a model card: text, or a list of such."""
    if isinstance(value, (list, tuple)):
        return "<ul>" + "".join(f"<li>{card_value(item)}</li>" for item in value) + "</ul>"
    return escape(json.dumps(value, ensure_ascii=False) if isinstance(value, Mapping) else str(value))


# ------------------------------------------------------------------------------------------------------------------ methods
def methods_section(results: Results, words: Strings) -> str:
    """Versions, settings, protocol, provenance and the series used."""
    values = settings_rows(results, words)
    settings = [f'<tr><th scope="row">{escape(label)}</th>{cell(value, True)}</tr>' for label, value in values]
    names = list(dict.fromkeys(name for exam in results.exams for name in exam.protocol))
    protocol = [
        f'<tr><th scope="row">{escape(_protocol_name(name, words))}</th>'
        + "".join(cell(_protocol_value(name, exam.protocol.get(name, "–"), words), True) for exam in results.exams)
        + "</tr>"
        for name in names
    ]
    heads = [words("protocol"), *(words.exam(exam.label) for exam in results.exams)]
    parts = (
        f"<h2>{words('methods')}</h2><p>{words('software')}: MarrowQuant {escape(__version__)}</p>",
        table([words("settings"), words("value")], settings, text_columns=(1,)),
        table(heads, protocol, text_columns=(1, 2)) if protocol else "",
        *(_acquisition(exam, words) for exam in results.exams if exam.series),
        f"<h3>{words('limits_heading')}</h3>{_limits(results.settings.kind, words)}",
        f"<h3>{words('provenance')}</h3>{_provenance(results.exams, words)}",
        *(_series_table(exam, words) for exam in results.exams if exam.series),
    )
    return f"<section>{''.join(parts)}</section>"


def _acquisition(exam: ExamResult, words: Strings) -> str:
    scanner, columns, lines = protocol_rows(exam, words)
    cells = ["".join(cell(each, n in (0, 7)) for n, each in enumerate(line[1:])) for line in lines]
    drawn = [f'<tr><th scope="row">{escape(line[0])}</th>{rest}</tr>' for line, rest in zip(lines, cells)]
    caption = ", ".join(filter(None, (words("acquisition"), words.plain_exam(exam.label), scanner)))
    return table(columns, drawn, caption, (1, 8)) if drawn else ""


def settings_rows(results: Results, words: Strings) -> list[tuple[str, str]]:
    """Label and value of every setting."""
    return [(row.label(words.language), _setting(row.name, getattr(results.settings, row.name), words)) for row in SETTINGS]


def _protocol_name(name: str, words: Strings) -> str:
    return words(name, at=T1_BIAS_AT) if name == "ff_t1_bias_points" else words.or_key(name)


def _protocol_value(name: str, value: Any, words: Strings) -> str:
    if name == "echo_times_s" and not isinstance(value, str):
        return ", ".join(f"{1000.0 * time:.4g}" for time in value)
    return words.or_key(value) if name == "ff_origin" else _listed(value)


def limit_lines(kind: str, words: Strings) -> list[str]:
    """What a change is compared with, and where each limit comes from, of the indices that are asked for in a kind of case."""
    items = []
    for index in INDICES:
        if not is_asked(index.key, kind):
            continue
        label = label_of(index.key, words.language)
        if index.limit:
            unit = shown_unit("%" if index.limit.relative else index.change_unit, words.language)
            items.append(f"{label}, {words('limit')}: ±{index.limit.value:g} {unit} ({sentence(index.limit.source, words.language)})")
        if index.floor:
            unit = shown_unit(index.unit, words.language)
            items.append(f"{label}, {words('floor')}: < {index.floor.value:g} {unit} ({sentence(index.floor.source, words.language)})")
    return items


def _limits(kind: str, words: Strings) -> str:
    return '<ul class="notes">' + "".join(f"<li>{escape(item)}</li>" for item in limit_lines(kind, words)) + "</ul>"


def _provenance(exams: Sequence[ExamResult], words: Strings) -> str:
    """How each index was made, said once where both exams agree."""
    sentences = []
    for exam in exams:
        measurements = [*exam.lumbar.values(), *((exam.burden.tdv, exam.burden.gadc) if exam.burden else ())]
        steps = [(words.word(measurement.name), measurement.how) for measurement in measurements]
        steps += [(volume.name, made(*volume.source)) for volume in exam.maps.values()]
        sentences += [f"{name}: {sentence(how, words.language)}" for name, how in steps if how]
    items = "".join(f"<li>{escape(sentence)}</li>" for sentence in dict.fromkeys(sentences))
    return f'<ul class="notes">{items}</ul>'


def _told(values: Any) -> list[str]:
    """A list of the file's own, which is not checked, as texts; findings stay findings."""
    return [value if isinstance(value, str) else str(value) for value in values] if isinstance(values, (list, tuple)) else []


def _series_table(exam: ExamResult, words: Strings) -> str:
    drawn = []
    for row in exam.series:
        shape = " × ".join(_told(row.get("shape"))) or "–"
        numbers = (row.get("b_value"), row.get("station"))
        role = role_word(str(row.get("role") or "unknown"), words.language)
        cells = cell(str(row.get("series_description") or ""), True) + cell(role, True)
        cells += "".join(cell(f"{n:g}" if isinstance(n, (int, float)) else "–") for n in numbers) + cell(shape)
        cells += cell(words("yes") if row.get("used") else words("no"))
        cells += cell(sentence(made(*_told(row.get("evidence"))), words.language), True)
        drawn.append(f'<tr><th scope="row">{escape(str(row.get("series_number", "–")))}</th>{cells}</tr>')
    heads = [words(key) for key in ("series_number", "description", "role")] + ["b (s/mm²)"]
    heads += [words(key) for key in ("station", "shape", "used", "why")]
    title = words("series", exam=words.exam(exam.label))
    return f'<details class="screen"><summary>{escape(title)}</summary>{table(heads, drawn, text_columns=(1, 2, 7))}</details>'


_NAMED = {"kind": "name_", "fat_spectrum": "spectrum_"}


def _setting(name: str, value: Any, words: Strings) -> str:
    if isinstance(value, bool):
        return words("yes" if value else "no")
    if name in _NAMED and words.has(f"{_NAMED[name]}{value}"):
        return words(f"{_NAMED[name]}{value}")
    return term(value, words.language) if isinstance(value, str) else _listed(value)


def _listed(value: Any) -> str:
    values = value if isinstance(value, (list, tuple)) else [value]
    return ", ".join((f"{v:g}" if v else "0").replace("-", "−") if isinstance(v, float) else str(v) for v in values)
