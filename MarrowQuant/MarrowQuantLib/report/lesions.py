"""What became of each lesion: the table of both exams, and how many lesions are new, gone, merged or split."""

from __future__ import annotations

from collections import Counter
from html import escape

from ..followup.lesion_rows import LesionRow, lesion_rows
from ..followup.lesions import KINDS
from ..followup.region_loads import region_loads
from ..model import Results
from ..results import rows
from .first_page import note_list
from .sections import cell, table
from .strings import Strings

MAX_ROWS = 40  # two pages of paper; all lesions are in results.json


def lesions_section(results: Results, words: Strings) -> str:
    """Table of the matched lesions; empty if no lesions were matched."""
    found = lesion_rows(results)
    if not found:
        return ""
    notes: list[str] = []
    drawn = rows.lesions(found)
    shown = "".join(_row(row, notes, words) for row in drawn.rows[:MAX_ROWS])
    columns = ("name", "kind", "region", "volume", "volume_change", "diameter", "adc", "adc_change", "ff", "rac", "overlap")
    heads = [column.head(words.language) for column in drawn.chosen(*columns)]
    left_out = len(found) - MAX_ROWS
    more = f'<p class="soft">{words("more_lesions", n=left_out)}</p>' if left_out > 0 else ""
    return (
        f"<section><h2>{words('lesions')}</h2><p>{escape(_counted(found, words))}</p>"
        f'{table(heads, [shown], words("lesions_caption"), text_columns=(1, 2))}{more}<p class="soft">{words("rac_note")}</p>'
        f"{note_list(notes, words)}</section>"
    )


def regions_section(results: Results, words: Strings) -> str:
    """The load of each region of the body, at one exam or two; empty without an accepted piece."""
    found = rows.region_loads(region_loads(results))
    if not found.rows:
        return ""
    two, numbers = len(results.exams) > 1, ("pieces", "volume", "adc")
    keys = (*numbers, "volume_change", "rac", "second_rac") if two else tuple(key + rows.BEFORE for key in numbers)
    heads = [column.head(words.language) for column in found.chosen("region", *(keys if two else numbers))]
    drawn = []
    for row in found.rows:
        cells = [rows.both(row, key, words.language) if two and key in numbers else row[key].text(words.language) for key in keys]
        region = escape(row["region"].text(words.language))
        drawn.append(f'<tr><th scope="row">{region}</th>{"".join(cell(text) for text in cells)}</tr>')
    return f"<section><h2>{words('regions')}</h2>{table(heads, drawn, words('regions_caption'))}</section>"


def _counted(lesions: list[LesionRow], words: Strings) -> str:
    """How many lesions of each kind, in the order of ``KINDS``."""
    found = Counter(row.change.kind for row in lesions)
    return words("kind_separator").join(f"{words(kind)} {found[kind]}" for kind in KINDS if found[kind])


def _row(row: rows.Row, notes: list[str], words: Strings) -> str:
    why = row["why"].value
    if why not in notes:
        notes.append(why)
    percent = f" ({row['volume_change_percent'].text()})" if row["volume_change_percent"].value is not None else ""
    overlap = row["overlap"]
    cells = (
        cell(row["kind"].text(words.language), True),
        cell(row["region"].text(words.language), True),
        cell(rows.both(row, "volume")),
        cell(row["volume_change"].text() + percent),
        cell(rows.both(row, "diameter")),
        cell(rows.both(row, "adc")),
        cell(row["adc_change"].text()),
        cell(rows.both(row, "ff")),
        f"<td>{row['rac'].text()}<sup>{notes.index(why) + 1}</sup></td>",
        cell(overlap.with_unit()),
    )
    return f'<tr><th scope="row">{escape(row["name"].text())}</th>{"".join(cells)}</tr>'
