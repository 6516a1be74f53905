"""What became of each lesion: the table of both exams, and how many lesions are new, gone, merged or split."""

from __future__ import annotations

from collections import Counter
from html import escape

from ..followup.lesion_rows import LesionRow, Pair, lesion_rows
from ..followup.lesions import KINDS
from ..model import UNIT_ADC, UNIT_FF, UNIT_VOLUME, Results
from .first_page import note_list
from .formats import NONE, number, relative, signed
from .sections import cell, table
from .strings import Strings

MAX_ROWS = 40  # two pages of paper; all lesions are in results.json


def lesions_section(results: Results, words: Strings) -> str:
    """Table of the matched lesions; empty if no lesions were matched."""
    rows = lesion_rows(results)
    if not rows:
        return ""
    notes: list[str] = []
    shown = "".join(_row(row, notes, words) for row in rows[:MAX_ROWS])
    heads = [words(key) for key in ("lesion", "became", "region", "lesion_volume", "volume_change", "diameter")]
    heads += [words(key) for key in ("lesion_adc", "adc_change", "lesion_ff", "rac", "match")]
    left_out = len(rows) - MAX_ROWS
    more = f'<p class="soft">{words("more_lesions", n=left_out)}</p>' if left_out > 0 else ""
    return (
        f"<section><h2>{words('lesions')}</h2><p>{escape(_counted(rows, words))}</p>"
        f'{table(heads, [shown], words("lesions_caption"), text_columns=(1, 2))}{more}<p class="soft">{words("rac_note")}</p>'
        f"{note_list(notes, words)}</section>"
    )


def _counted(rows: list[LesionRow], words: Strings) -> str:
    """How many lesions of each kind, in the order of ``KINDS``."""
    found = Counter(row.change.kind for row in rows)
    return words("kind_separator").join(f"{words(kind)} {found[kind]}" for kind in KINDS if found[kind])


def _row(row: LesionRow, notes: list[str], words: Strings) -> str:
    change = row.change
    if change.why not in notes:
        notes.append(change.why)
    before = change.volume_before_ml if change.names_before else None
    after = change.volume_after_ml if change.names_after else None
    difference = signed(row.volume_change_ml, UNIT_VOLUME)
    percent = f" ({relative(row.volume_change_percent)})" if row.volume_change_percent is not None else ""
    cells = (
        cell(words.or_key(change.kind), True),
        cell(words.or_key(change.region), True),
        cell(_pair((before, after), UNIT_VOLUME)),
        cell(difference + percent),
        cell(_pair(row.diameter_mm, "whole")),
        cell(_pair((change.adc_before, change.adc_after), UNIT_ADC)),
        cell(signed(row.adc_change, UNIT_ADC)),
        cell(_pair(row.ff_percent, UNIT_FF)),
        f"<td>{change.rac}<sup>{notes.index(change.why) + 1}</sup></td>",
        cell(f"{100 * change.confidence:.0f} %" if change.names_before and change.names_after else NONE),
    )
    return f'<tr><th scope="row">{escape(row.name)}</th>{"".join(cells)}</tr>'


def _pair(values: Pair, unit: str) -> str:
    return NONE if values == (None, None) else " → ".join(number(value, unit) for value in values)
