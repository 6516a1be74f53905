"""The first page of the report: the estimate, the main indices, and the table of all indices with what limits them."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Optional

from ..followup import INDICES, Index, value_of
from ..model import Change, ExamResult, ResponseEstimate, Results
from ..response import assess, translation
from ..response.estimate import PREVALENCE
from ..results import rows
from ..results.formats import number, probability, relative, shown_unit, signed
from . import charts
from .shown import UNSURE, blood_word, doubts_of, in_scroller, index_label, marks
from .strings import Strings

ANAEMIA_G_PER_L = 100.0  # haemoglobin; the limit of Huang, AJR
_TILES = ("ff", "adc", "tdv", "m_protein")


def summary_section(results: Results, words: Strings) -> str:
    """Estimate, tiles and table; with one exam the tiles hold its values."""
    changes = {change.name: change for change in results.changes if not change.level}
    tiles = "".join(_tile(index, results.exams, changes.get(index.key), words) for index in INDICES if index.key in _tiles(results))
    if results.settings.kind != "myeloma":
        top = f'<p>{words("kind_" + results.settings.kind)}</p><div class="tiles">{tiles}</div>'
    elif len(results.exams) > 1:
        top = f'<div class="top"><div class="card">{_estimate(results.response, words)}</div><div class="tiles">{tiles}</div></div>'
    else:
        top = f'<p>{escape(words("one_exam"))}</p><div class="tiles">{tiles}</div>'
    top += _category(results, words)
    return f'<section><h2>{words("summary")}</h2>{top}<h3>{words("all_indices")}</h3>{_index_table(results, changes, words)}</section>'


def _tiles(results: Results) -> tuple[str, ...]:
    """The indices on top; M protein is asked of myeloma only."""
    return tuple(key for key in _TILES if key != "m_protein" or results.settings.kind == "myeloma")


def _category(results: Results, words: Strings) -> str:
    """The IMWG category in one line; its rule and what was missing stand with the laboratory values."""
    assessment = assess(results)
    imwg = assessment.imwg
    if assessment.blood is not None:
        category = blood_word(assessment.blood.category, words)
        return f"<p>{words('blood')}: <b>{escape(category)}</b> <span class=soft>({words('see_labs')})</span></p>"
    if imwg is None:
        return ""
    category = imwg.category or words("imwg_none")
    return f"<p>{words('imwg')}: <b>{escape(category)}</b> <span class=soft>({words('see_labs')})</span></p>"


def badges(change: Optional[Change], limited: bool, notes: Optional[list[str]], words: Strings) -> str:
    """Short marks for a change; if ``notes`` is given, the whole sentence is added to it and referred to by its number."""
    drawn = []
    for short, style, told in marks(change, limited, words):
        reference = _reference(told, notes) if told else ""
        drawn.append(f'<span class="{f"badge {style}".rstrip()}">{escape(short)}</span>{reference}')
    return " ".join(drawn)


def _reference(found: str, notes: Optional[list[str]]) -> str:
    if notes is None:
        return ""
    if found not in notes:
        notes.append(found)
    return f"<sup>{notes.index(found) + 1}</sup>"


def note_list(notes: Sequence[str], words: Strings) -> str:
    """The sentences behind the numbers that :func:`badges` put beside its marks."""
    if not notes:
        return ""
    items = "".join(f"<li>{words.say(note)}</li>" for note in notes)
    return f'<ol class="notes" aria-label="{words("notes")}">{items}</ol>'


def _estimate(estimate: Optional[ResponseEstimate], words: Strings) -> str:
    head = f"<h3>{words('probability')}</h3>"
    if estimate is None:
        return f'{head}<p>{words("no_probability")}</p>'
    translated = translation(estimate, words.language)
    findings = "".join(f"<p>{words.say(warning)}</p>" for warning in estimate.findings)
    label = f'<p class="label">{escape(translated.get("label", estimate.label))}</p>'
    if estimate.probability is None or estimate.interval is None:
        return f'{head}<p class="big">–</p><p><b>{words("no_probability")}</b></p>{findings}{label}'
    low, high = (escape(probability(limit)) for limit in estimate.interval)
    interval = words("interval", low=low, high=high)
    value = escape(probability(estimate.probability))
    bar = charts.probability_bar(estimate.probability, estimate.interval, f"{words('probability')} {value}, {interval}")
    return f'{head}<p class="big">{value}</p><p>{interval}</p>{bar}{label}{findings}{_contributions(estimate, words)}'


def _contributions(estimate: ResponseEstimate, words: Strings) -> str:
    names = []
    for contribution in estimate.contributions:
        is_change = contribution.predictor != PREVALENCE
        given = signed(contribution.value, contribution.unit) if is_change else number(contribution.value, digits=0)
        names.append(f"{words.or_key(contribution.predictor)} {given} {shown_unit(contribution.unit, words.language)}")
    logits = [contribution.logit for contribution in estimate.contributions]
    spoken = "; ".join(f"{name}: {signed(logit, '%')}" for name, logit in zip(names, logits))
    bars = charts.contribution_bars(names, logits, spoken, words("away"), words("towards"))
    return f"<h3>{words('contributions')}</h3>{bars}"


def _tile(index: Index, exams: Sequence[ExamResult], change: Optional[Change], words: Strings) -> str:
    values = values_of(index, exams, change)
    if all(value is None for value in values):
        shown = f'<p class="soft">{words("not_measured")}</p>'
    else:
        first, *rest = (number(value, index.unit, index.digits) for value in values)
        arrow = f"<span>{first} → </span>{rest[0]}" if rest else first
        shown = f'<div class="values">{arrow} <span class="unit">{escape(index.unit)}</span></div>'
    if change is not None:
        unit = "" if index.change_unit == index.unit else f" {shown_unit(index.change_unit, words.language)}"
        shown += f"<p>{signed(change.absolute, index.change_unit)}{unit} ({relative(change.relative_percent)})</p>"
        shown += f"<p>{badges(change, index.limit is not None, None, words)}</p>"
    if any(value is not None for value in values) and doubts_of(index, exams):
        shown += f'<p><a class="badge doubt" href="#check">{words("to_be_checked")}</a></p>'
    return f'<div class="tile"><h3>{escape(index_label(index, exams, words))}</h3>{shown}</div>'


def values_of(index: Index, exams: Sequence[ExamResult], change: Optional[Change]) -> list[Optional[float]]:
    """The index at each exam; where both are compared, the values that were (over the levels that both have)."""
    return [change.baseline, change.follow_up] if change else [value_of(exam, index) for exam in exams]


def _index_table(results: Results, changes: dict[str, Change], words: Strings) -> str:
    both, drawn, any_doubt = len(results.exams) > 1, [], False
    notes: list[str] = []
    for index in INDICES:
        change, values = changes.get(index.key), values_of(index, results.exams, changes.get(index.key))
        if all(value is None for value in values):
            continue
        cells = "".join(f"<td>{number(value, index.unit, index.digits)}</td>" for value in values)
        if both:
            row = rows.changes([change]).rows[0] if change else rows.Row({})
            unit = f" {shown_unit(index.change_unit, words.language)}" if change and index.change_unit != index.unit else ""
            cells += f"<td>{row['absolute'].text()}{unit}</td><td>{row['relative'].text()}</td>"
            cells += f'<td class="text">{badges(change, index.limit is not None, notes, words)}</td>'
        doubted = bool(doubts_of(index, results.exams))
        any_doubt |= doubted
        label = escape(index_label(index, results.exams, words)) + (f" {UNSURE}" if doubted else "")
        drawn.append(f'<tr><th scope="row">{label}</th><td class="text">{escape(index.unit)}</td>{cells}</tr>')
    heads = "".join(
        f'<th scope="col">{words.exam(exam.label)}<br><span class="date">{words.date(exam.date)}</span></th>' for exam in results.exams
    )
    if both:
        heads += f'<th scope="col">{words("change")}</th><th scope="col">{words("relative")}</th>'
        heads += f'<th scope="col" class="text">{words("meaning")}</th>'
    head = f'<tr><th scope="col">{words("index")}</th><th scope="col" class="text">{words("unit")}</th>{heads}</tr>'
    drawn_table = in_scroller(f"<table><thead>{head}</thead><tbody>{''.join(drawn)}</tbody></table>", words("all_indices"))
    told = f'<p class="soft">{words("doubt_told")}</p>' if any_doubt else ""
    return f"{drawn_table}{told}{note_list(notes, words)}{_cautions(results, words)}"


def _cautions(results: Results, words: Strings) -> str:
    return "".join(f'<p class="soft">{sentence}</p>' for sentence in reader_cautions(results, words))


def reader_cautions(results: Results, words: Strings) -> list[str]:
    """What a reader must know before reading a sign or a size.

    Marrow ADC is not monotonic: untreated tumour lies above normal fatty marrow (1054 ± 456 against 422 ± 67 µm²/s: Messiou 2011,
    PMC8161193), so the fat that returns with response lowers the mean; that necrosis may raise it first is general knowledge. Anaemia:
    Huang L et al., American Journal of Roentgenology, MY-RADS burden score, ADC and FF of 56 newly diagnosed patients: none of the three
    told deep responders apart among the 25 with haemoglobin below 100 g/L.
    """
    haemoglobin = [exam.labs["haemoglobin"].value for exam in results.exams if "haemoglobin" in exam.labs]
    sentences = [words("adc_caution")] if any("adc" in exam.lumbar for exam in results.exams) else []
    if any(value < ANAEMIA_G_PER_L for value in haemoglobin):
        sentences.append(words("anaemia_caution", limit=ANAEMIA_G_PER_L))
    return sentences
