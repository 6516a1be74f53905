"""The report as a PDF for filing: made by fpdf2, without a browser, with embedded fonts.

The fonts are those of :mod:`.fonts`, each for its language and for what the other lacks; only the letters used are embedded.
"""

from __future__ import annotations

import io
import re
import struct
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Optional

from .. import __version__
from ..followup import INDICES
from ..followup.lesion_rows import lesion_rows
from ..followup.region_loads import region_loads
from ..io.packages import need
from ..model import UNIT_VOLUME, Results, as_finding, days_between, sentence
from ..response import assess, translation
from ..results import rows
from ..results.formats import NONE, number, probability, shown_unit
from .first_page import reader_cautions, values_of
from .fonts import PIECE, embed_fonts, folded
from .images import ADC_WHITE, MIP_BLACK, KeyImage, anatomy_image, body_image, slice_image, spine_image
from .sections import limit_lines, placement_line, settings_rows
from .shown import (
    DOUBT,
    SURE,
    UNSURE,
    Cover,
    answer_card,
    answer_tables,
    blood_rows,
    blood_word,
    checks_and_notes,
    doubts_of,
    index_label,
    levels_of,
    marks,
    plain_sentences,
    protocol_rows,
    shortened,
    stir_rows,
    title_of,
)
from .strings import Strings

if TYPE_CHECKING:
    from fpdf import FPDF

WIDTH_MM, MARGIN_MM = 210.0, 14.0
_BOX_MM = WIDTH_MM - 2 * MARGIN_MM
_LEAST = {"en": re.compile(r"[^ \n]+"), "ja": re.compile(rf"(?:{PIECE}){{1,4}}")}
"""What has room in every column of a table: a word, with what a no-break space ties to it; a few Japanese letters."""
_NUMBERS = re.compile(r"[-−+±<>≥≤–→%().,/\d ]{1,24}")
"""Cells that stay in one line: numbers with their errors, ranges and dates."""
_GAP_MM, _TALL_MM = 4.0, 104.0  # between pictures, and how high they may be
_HALF_MM = (_BOX_MM - _GAP_MM) / 2
TEXT_STROKED = 2  # text rendering mode "fill, then stroke" (ISO 32000-1, 9.3.6)
_PICTURE_MM = 90.0  # the height of a classifier's picture at most
_MOST_ROWS = 15  # of components and lesions; the rest is in results.json
_INK, _SOFT, _LINE, _WARN = (27, 39, 51), (82, 97, 111), (200, 207, 214), (92, 64, 0)
_FILLS = {SURE: (227, 240, 248), DOUBT: (255, 244, 214), "": (238, 241, 244)}


def write_paper(results: Results, path: Path, language: str = "en", cover: Optional[Cover] = None) -> Path:
    """Write the report as a PDF.

    Parameters
    ----------
    results : Results
        One or two exams; with their maps it shows pictures.
    path : Path
    language : {"en", "ja"}
    cover : Cover, optional

    Raises
    ------
    MarrowQuantError
        If the language is not known, or fpdf2 or the font is not installed.
    """
    Path(path).write_bytes(paper(results, language, cover))
    return Path(path)


def paper(results: Results, language: str = "en", cover: Optional[Cover] = None) -> bytes:
    """The PDF itself; see :func:`write_paper`."""
    words = Strings(language)
    page = _Paper(results, words, cover or Cover())
    page.first_page()
    page.pictures()
    page.vertebrae()
    page.burden()
    page.laboratory()
    page.stir()
    page.classification()
    page.methods()
    return page.finished()


def first_page_png(pdf: bytes, dots_per_inch: int = 120) -> bytes:
    """The first page of a PDF as a PNG picture; needs pypdfium2."""
    need("pypdfium2", "a picture of the first page")
    import pypdfium2

    document = pypdfium2.PdfDocument(pdf)
    try:
        picture = document[0].render(scale=dots_per_inch / 72).to_pil()
    finally:
        document.close()
    out = io.BytesIO()
    picture.convert("RGB").save(out, "PNG")
    return out.getvalue()


def _new_document(results: Results, words: Strings, cover: Cover) -> FPDF:
    need("fpdf", "the report as PDF")
    from fpdf import FPDF

    class Sheets(FPDF):
        """A4 with a running header and a footer."""

        def header(self) -> None:
            self.set_font("text", size=8)
            self.set_text_color(*_SOFT)
            dates = " → ".join(words.date(exam.date) for exam in results.exams)
            left = f"MarrowQuant – {title_of(results, words)}" + (f"   {words('case')}: {cover.case}" if cover.case else "")
            self.cell(_BOX_MM - 62, 4, left)
            self.cell(62, 4, f"{dates}   {words('page', n=self.page_no(), m='{nb}')}", align="R", new_x="LMARGIN", new_y="NEXT")
            self.set_text_color(160, 40, 0)
            self.cell(0, 4, words("research"), new_x="LMARGIN", new_y="NEXT")
            self.set_draw_color(*_LINE)
            self.line(MARGIN_MM, self.get_y() + 1, WIDTH_MM - MARGIN_MM, self.get_y() + 1)
            self.ln(3)
            self.set_text_color(*_INK)

        def footer(self) -> None:
            self.set_y(-11)
            self.set_font("text", size=7)
            self.set_text_color(*_SOFT)
            self.cell(0, 4, f"MarrowQuant {__version__}   {words('date_of_report')} {cover.day}")
            self.set_text_color(*_INK)

    document = Sheets(format="A4")
    embed_fonts(document, words.language)
    document.set_margins(MARGIN_MM, 10, MARGIN_MM)
    document.set_auto_page_break(True, 15)
    document.set_title(f"MarrowQuant – {title_of(results, words)}")
    document.set_lang("ja-JP" if words.language == "ja" else "en-GB")
    document.set_creator(f"MarrowQuant {__version__}")
    return document


class _Paper:
    """The document while it is written, section by section."""

    def __init__(self, results: Results, words: Strings, cover: Cover) -> None:
        self.results, self.words, self.cover = results, words, cover
        self.page = _new_document(results, words, cover)
        self.footnotes: list[str] = []
        self.page.add_page()

    def finished(self) -> bytes:
        """The bytes of the whole document."""
        return bytes(self.page.output())

    # ------------------------------------------------------------------------------------------------------------ pieces
    def heading(self, text: str, size: float = 12, room: float = 30) -> None:
        """A heading that stays with what follows."""
        if self.page.will_page_break(room):
            self.page.add_page()
        self.page.ln(2)
        self.page.set_font("text", size=size)
        self.page.multi_cell(0, size * 0.5, text, align="L", new_x="LMARGIN", new_y="NEXT")
        self.page.ln(0.8)

    def text(self, content: str, size: float = 8.5, colour: Sequence[int] = _INK) -> None:
        """A paragraph."""
        if not content:
            return
        self.page.set_font("text", size=size)
        self.page.set_text_color(*colour)
        folded = self._folded(content, _BOX_MM - 2 * self.page.c_margin)
        self.page.multi_cell(0, size * 0.47, folded, align="L", new_x="LMARGIN", new_y="NEXT")
        self.page.set_text_color(*_INK)

    def _folded(self, content: str, wide: float) -> str:
        """Lines broken where they may be, to a width in mm, see :func:`fonts.folded`."""
        return folded(self.page, content, wide, self.words.language)

    def points(self, sentences: Iterable[str], size: float = 8) -> None:
        """A list."""
        for each in sentences:
            self.text(f"• {each}", size)

    def table(self, heads: Sequence[str], lines: Sequence[Sequence[str]], text_columns: Sequence[int] = (0,), size: float = 7.6) -> None:
        """A table whose heads stand on every page that it goes over."""
        if not lines:
            return
        from fpdf.fonts import FontFace

        lines = [[cell.replace(" ", "\u00a0") if _NUMBERS.fullmatch(cell) else cell for cell in line] for line in lines]
        self.page.set_font("text", size=size)
        self.page.set_draw_color(*_LINE)
        widths = self._widths(heads, lines, text_columns)
        aligned = tuple("LEFT" if n in text_columns else "RIGHT" for n in range(len(heads)))
        with self.page.table(
            col_widths=widths, width=_BOX_MM, line_height=size * 0.5, padding=0.7, text_align=aligned, borders_layout="HORIZONTAL_LINES",
            headings_style=FontFace(emphasis="", fill_color=_FILLS[""]),
        ) as made:  # fmt: skip
            for line in (heads, *lines):
                row = made.row()
                for content, wide in zip(line, widths):
                    row.cell(self._folded(content, wide - 1.4))
        self.page.ln(1)

    def _widths(self, heads: Sequence[str], lines: Sequence[Sequence[str]], text_columns: Sequence[int]) -> tuple[float, ...]:
        """Every column as wide as its longest word, and what is left to those with more text."""
        columns = list(zip(heads, *lines))
        split = [[word for cell in column for word in _LEAST[self.words.language].findall(cell)] for column in columns]
        least = [max((self.page.get_string_width(word) for word in found), default=4.0) + 2.6 for found in split]
        longest = [max(self.page.get_string_width(cell) for cell in (column if n in text_columns else column[1:])) for n, column in
                   enumerate(columns)]  # fmt: skip
        wanted = [min(width, 90.0) + 2.6 for width in longest]
        spare = max(_BOX_MM - sum(least), 0.0)
        more = [max(w - low, 0.0) for w, low in zip(wanted, least)]
        given = min(1.0, spare / sum(more)) if sum(more) else 0.0
        return tuple(low + given * extra for low, extra in zip(least, more))

    # ---------------------------------------------------------------------------------------------------------- sections
    def first_page(self) -> None:
        """What a radiologist files: who, when, the estimate, every index with its marks, what to check, and the line to sign."""
        words, exams = self.words, self.results.exams
        self.heading(title_of(self.results, words), 15)
        said = [f"{words('case')}: {self.cover.case or NONE}", f"{words('reader')}: {self.cover.reader_shown or NONE}"]
        said += [f"{words.plain_exam(exam.label)}: {words.date(exam.date)}" for exam in exams]
        days = days_between(*(exam.date for exam in exams)) if len(exams) > 1 else None
        said += [words("days", days=days)] if days is not None else []
        self.text("     ".join(said), 9)
        if any(exam.synthetic for exam in exams):
            self.text(words("synthetic"), 9, _WARN)
        self._estimate()
        self.heading(words("all_indices"))
        self._indices()
        self.text("\n".join(reader_cautions(self.results, words)), 7.5, _SOFT)
        self._doubts()
        self._sign_off()

    def _estimate(self) -> None:
        words, estimate = self.words, self.results.response
        if len(self.results.exams) < 2:
            self.text(words("one_exam"), 9)
            return
        if estimate is None:
            return
        self.heading(words("probability"))
        label = translation(estimate, words.language).get("label", estimate.label)
        if estimate.probability is None or estimate.interval is None:
            self.text(words("no_probability"), 12)
        else:
            low, high = (probability(limit) for limit in estimate.interval)
            self.text(f"{probability(estimate.probability)}   ({words('interval', low=low, high=high)})", 13)
        self.text(f"{estimate.model_id}: {label}", 8, _WARN)
        self.points(sentence(found, words.language) for found in estimate.findings)
        imwg = assess(self.results).imwg
        if imwg is not None:
            self.text(f"{words('imwg')}: {imwg.category or words('imwg_none')}", 9)

    def _indices(self) -> None:
        """Every index; a change that may mean nothing is marked in the last column, and the sentences follow."""
        words, exams = self.words, self.results.exams
        changes = {change.name: change for change in self.results.changes if not change.level}
        lines, any_doubt = [], False
        for index in INDICES:
            change, values = changes.get(index.key), values_of(index, exams, changes.get(index.key))
            if all(value is None for value in values):
                continue
            doubted = bool(doubts_of(index, exams))
            any_doubt |= doubted
            line = [index_label(index, exams, words) + (f" {UNSURE}" if doubted else ""), shown_unit(index.unit, words.language)]
            line += [number(value, index.unit, index.digits) for value in values]
            if len(exams) > 1:
                row = rows.changes([change]).rows[0] if change else rows.Row({})
                unit = f"\u00a0{shown_unit(index.change_unit, words.language)}" if change and index.change_unit != index.unit else ""
                line += [row["absolute"].text() + unit, row["relative"].text(), "; ".join(self._mark(*mark) for mark in marks(
                    change, index.limit is not None, words
                ))]  # fmt: skip
            lines.append(line)
        heads = [words("index"), words("unit"), *(f"{words.plain_exam(exam.label)}\n{words.date(exam.date)}" for exam in exams)]
        heads += [words("change"), words("relative"), words("meaning")] if len(exams) > 1 else []
        self.table(heads, lines, (0, 1, 6))
        self.text(words("doubt_told") if any_doubt else "", 7.5, _SOFT)
        for n, told in enumerate(self.footnotes, start=1):
            self.text(f"{n}  {sentence(as_finding(told), words.language)}", 7.5, _SOFT)

    def _mark(self, short: str, style: str, told: str) -> str:
        if not told:
            return short
        if told not in self.footnotes:
            self.footnotes.append(told)
        return f"{UNSURE + ' ' if style == DOUBT else ''}{short} ({self.footnotes.index(told) + 1})"

    def _doubts(self) -> None:
        words = self.words
        checks, notes = (plain_sentences(told, words) for told in checks_and_notes(self.results))
        self.heading(words("warnings"))
        self.points(checks or [words("no_warnings")])
        if notes:
            self.heading(words("to_know"))
            self.points(notes)

    def _sign_off(self) -> None:
        words = self.words
        if self.page.will_page_break(18):
            self.page.add_page()
        self.page.ln(8)
        self.page.set_font("text", size=9)
        for label, value, width in ((words("reader"), self.cover.reader_shown, 70), (words("signature"), "", 70), (words("date"), "", 42)):
            self.page.cell(width, 5, f"{label}: {value}")
        self.page.ln(5)
        y = self.page.get_y()
        for start, width in ((0, 66), (70, 66), (140, 42)):
            self.page.line(MARGIN_MM + start, y, MARGIN_MM + start + width, y)
        self.page.ln(2)

    def pictures(self) -> None:
        """Anatomy, fat fraction, ADC and the whole body of every exam, each with the regions measured: two kinds beside each other."""
        words, exams = self.words, self.results.exams
        kinds = (
            ("anatomy_caption", anatomy_image), ("spine_caption", spine_image),
            ("adc_caption", lambda exam: slice_image(exam, "adc", ADC_WHITE)), ("body_caption", body_image),
        )  # fmt: skip
        made = [(caption, [picture(exam) for exam in exams]) for caption, picture in kinds]
        made = [(caption, found) for caption, found in made if any(found)]
        if not made:
            return
        self.page.add_page()
        self.heading(words("images"))
        for pair in (made[:2], made[2:]):
            top = self.page.get_y() + 1
            ends = [self._kind(caption, found, MARGIN_MM + n * (_HALF_MM + _GAP_MM), top) for n, (caption, found) in enumerate(pair)]
            self.page.set_xy(MARGIN_MM, max(ends, default=top) + 2)

    def _kind(self, caption: str, found: Sequence[Optional[KeyImage]], left: float, top: float) -> float:
        """One kind of picture of every exam, with its caption; returns where it ends."""
        words, exams = self.words, self.results.exams
        said = words(caption, black=MIP_BLACK) + (f" ({words('ff_scale')})" if caption == "spine_caption" else "")
        self.page.set_font("text", size=7.5)
        self.page.set_text_color(*_SOFT)
        self.page.set_xy(left - self.page.c_margin, top)
        self.page.multi_cell(_HALF_MM, 3.4, self._folded(said, _HALF_MM - 2 * self.page.c_margin), align="L", new_x="LEFT", new_y="NEXT")
        self.page.set_text_color(*_INK)
        top, wide, x = top + 12, (_HALF_MM - _GAP_MM * (len(exams) - 1)) / len(exams), left
        bottom = top
        for image, exam in zip(found, exams):
            if image is not None:
                self.page.set_font("text", size=7.5)
                self.page.text(x, top - 1, f"{words.plain_exam(exam.label)} {words.date(exam.date)}")
                width, height = self._picture(image, x, top, wide)
                x, bottom = x + width + _GAP_MM, max(bottom, top + height)
        return bottom

    def _picture(self, image: KeyImage, left: float, top: float, wide: float) -> tuple[float, float]:
        """Draw a picture with its outlines, its letters and a bar of 50 or 100 mm; returns the width and height taken, in mm."""
        scale = min(_TALL_MM / image.height_mm, wide / image.width_mm)
        width, height = image.width_mm * scale, image.height_mm * scale
        self.page.image(io.BytesIO(image.png), left, top, width, height)
        self.page.set_font("text", size=6)
        for level, outline in image.outlines:
            points = [(left + x * scale, top + y * scale) for x, y in outline]
            for colour, thick in (((0, 0, 0), 0.5), ((255, 255, 255), 0.2)):  # white on black, to be seen on any marrow
                self.page.set_draw_color(*colour)
                self.page.set_line_width(thick)
                self.page.polygon(points)
            self._letters(level, max(x for x, _ in points) + 0.8, sum(y for _, y in points) / len(points) + 0.8, True)
        dark, bar = image.is_dark, 50 if image.is_dark else 100
        sides = zip(image.sides, ((1, height / 2), (width - 3, height / 2), (width / 2, 3), (width / 2, height - 1)))
        for letter, (x, y) in sides:
            self._letters(letter, left + x, top + y, dark)
        for colour, thick in (((0, 0, 0) if dark else (255, 255, 255), 1.0), ((255, 255, 255) if dark else _INK, 0.5)):
            self.page.set_draw_color(*colour)
            self.page.set_line_width(thick)
            self.page.line(left + 1, top + height - 1.2, left + 1 + bar * scale, top + height - 1.2)
        self._letters(f"{bar} mm", left + 1, top + height - 2.2, dark)
        self.page.set_line_width(0.2)
        self.page.set_draw_color(*_LINE)
        return width, height

    def _letters(self, content: str, x: float, y: float, dark: bool) -> None:
        """Letters in a picture, with a contour that keeps them readable on any background."""
        ink, contour = ((255, 255, 255), (0, 0, 0)) if dark else (_INK, (255, 255, 255))
        with self.page.local_context(text_mode=TEXT_STROKED, line_width=0.5):
            self.page.set_draw_color(*contour)
            self.page.set_text_color(*contour)
            self.page.text(x, y, content)
        self.page.set_text_color(*ink)
        self.page.text(x, y, content)
        self.page.set_text_color(*_INK)

    def vertebrae(self) -> None:
        """Every level of every exam, and the mean with the levels that it holds."""
        words, exams = self.words, self.results.exams
        for exam, found in zip(exams, rows.vertebrae(exams)):
            if not found.rows:
                continue
            columns = rows.in_readers_tables(found)
            self.heading(words("of_exam", what=words("vertebrae"), exam=words.plain_exam(exam.label), date=words.date(exam.date)), room=55)
            heads = [words("level"), *(column.head(words.language) for column in columns), *(c.head(words.language, narrow=True) for c in
                     found.chosen("voxels", "inside")), words("notes")]  # fmt: skip
            lines = [self._vertebra(row, columns) for row in (*found.rows, *([found.mean] if found.mean else []))]
            if found.mean is not None:
                held = next((levels for column in columns if (levels := levels_of(exam, column.key))), [])
                lines[-1][0] = words("mean_of", index=lines[-1][0], levels=shortened(held)) if held else lines[-1][0]
            self.table(heads, lines, (0, len(heads) - 1))
        for told in (words("standard_error"), *filter(None, (placement_line(exam, words) for exam in exams))):
            self.text(told, 7.5, _SOFT)

    def _vertebra(self, row: rows.Row, columns: Sequence[rows.Column]) -> list[str]:
        words = self.words
        cells = [row["level"].text(words.language)]
        for column in columns:  # a mean of what is a word for one level has a unit, which the head lacks
            found = row[column.key]
            cells.append(found.with_unit(words.language) if found.unit and not column.unit else found.with_error(words.language))
        cells += [row[key].text(words.language) for key in ("voxels", "inside")]
        excluded = str(row["excluded"].value or "")
        doubts = [words("excluded", reason=excluded)] if excluded else []
        return [*cells, "; ".join([*doubts, *(sentence(found, words.language) for found in row.findings)])]

    def burden(self) -> None:
        """Components of the last exams, and what became of the lesions."""
        words = self.words
        for exam in self.results.exams:
            if exam.burden is None or not exam.burden.components:
                continue
            self.heading(words("components", exam=words.plain_exam(exam.label)))
            found = rows.components(exam.burden.components)
            columns = found.chosen("label", "lesion", "state", "region", "volume", "longest_diameter", "adc_median", "ff_median", "reason")
            self._rows(found, columns, (1, 2, 3, 8))
            left_out = exam.burden.components[_MOST_ROWS:]
            if left_out:
                volume = number(sum(component.volume_ml for component in left_out), UNIT_VOLUME)
                self.text(words("more_components", n=len(left_out), volume=volume), 7.5, _SOFT)
            if exam.burden.infiltration is not None:
                pattern = exam.burden.infiltration
                self.text(words("pattern", pattern=words.or_key(pattern.pattern), n=pattern.focal_lesions), 8)
                self.points((sentence(told, words.language) for told in (pattern.rule, pattern.remark) if told), 7.5)
        regions = rows.region_loads(region_loads(self.results))
        if regions.rows:
            self.heading(words("regions"))
            numbers = ("pieces", "volume", "adc")
            two = len(self.results.exams) > 1
            keys = (*numbers, "rac", "second_rac") if two else tuple(key + rows.BEFORE for key in numbers)
            self._rows(regions, regions.chosen("region", *keys), (0,))
        lesions = lesion_rows(self.results)
        if lesions:
            self.heading(words("lesions"))
            found = rows.lesions(lesions)
            self._rows(found, found.chosen("name", "kind", "region", "volume", "adc", "rac", "why"), (0, 1, 2, 6))
            if len(found.rows) > _MOST_ROWS:
                self.text(words("more_lesions", n=len(found.rows) - _MOST_ROWS), 7.5, _SOFT)
            self.text(words("rac_note"), 7.5, _SOFT)

    def _rows(self, found: rows.Table, columns: Sequence[rows.Column], text_columns: Sequence[int]) -> None:
        language = self.words.language
        heads = [column.head(language, narrow=True) for column in columns]
        shown = found.rows[:_MOST_ROWS]
        pairs = {column.key for column in columns if any(column.key + rows.BEFORE in row.cells for row in shown)}
        lines = [
            [rows.both(row, c.key, language) if c.key in pairs else row[c.key].text(language) for c in columns] for row in shown
        ]  # fmt: skip
        self.table(heads, lines, text_columns, 6.8)

    def laboratory(self) -> None:
        """Values beside the exams, category and stage with their rules."""
        words, exams = self.words, self.results.exams
        found = rows.laboratory(exams)
        if not found.rows:
            return
        self.heading(words("labs"))
        heads = [found.column("test").head(words.language), words("unit"), *(words.plain_exam(exam.label) for exam in exams)]
        heads += [words("change")] if len(exams) > 1 else []
        ranged = any(column.key == "reference" for column in found.columns)
        heads += [found.column("reference").head(words.language)] if ranged else []
        lines = []
        for row in found.rows:
            cells = [rows.lab_label(row, words.language), shown_unit(str(row["unit"].value), words.language)]
            for n in range(len(exams)):
                date = row[f"date_{n}"].text()
                cells.append(row[f"value_{n}"].text(words.language) + (f" ({date})" if date not in ("", NONE) else ""))
            cells += [row["change"].text(words.language)] if len(exams) > 1 else []
            lines.append([*cells, *([row["reference"].text(words.language)] if ranged else [])])
        self.table(heads, lines, (0, 1, len(heads) - 1) if ranged else (0, 1))
        self.text("" if ranged else words("no_reference"), 7.5, _SOFT)
        told = assess(self.results)
        if told.blood is not None:
            category = blood_word(told.blood.category, words)
            self.text(f"{words('blood')}: {category}: {sentence(told.blood.rule, words.language)}", 8)
            self.points(sentence(note, words.language) for note in told.blood.findings)
        heads, course = blood_rows(told, self.results.settings.kind, words)
        self.table(heads, [(date, category, sentence(rule, words.language)) for date, category, rule in course], (0, 1, 2), 7)
        if told.imwg is not None:
            self.text(f"{words('imwg')}: {told.imwg.category or words('imwg_none')}: {sentence(told.imwg.rule, words.language)}", 8)
            self.points(f"{words('missing')}: {sentence(item, words.language)}" for item in told.imwg.missing)
        self.points(f"{stage.system} {stage.stage}: {sentence(stage.rule, words.language)}" for stage in told.stages if stage.stage)

    def stir(self) -> None:
        """Pattern on STIR images."""
        heads, lines = stir_rows(self.results.exams, self.words)
        if lines:
            self.heading(self.words("stir"))
            self.table(heads, lines, (0, 1, 2, 3), 7)
            self.text(self.words("stir_told"), 7.5, _SOFT)

    def classification(self) -> None:
        """A classifier's answer: probability with its range, what to know, what it rests on, its card."""
        words, found = self.words, self.results.classification
        if found is None:
            return
        event, other = words("name_" + found.event), words("name_" + found.other)
        self.heading(f"{words('classifier')}: {words('classified', event=event, other=other)}", room=60)
        low, high = (probability(limit) for limit in found.interval)
        self.text(f"{probability(found.probability)}   ({words('ensemble_range', low=low, high=high)})", 13)
        self.text(f"{words.plain_exam(found.exam)}   {found.model_id}", 8, _WARN)
        self.points(sentence(each, words.language) for each in found.findings)
        if found.picture:
            self._answer_picture(found.picture)
        for heads, lines in answer_tables(found, words):
            self.table(heads, lines)
        self.points((f"{head}: {_card(content)}" for head, content in answer_card(found, words)), 7.5)

    def _answer_picture(self, picture: bytes) -> None:
        width, height = (int(n) for n in struct.unpack(">II", picture[16:24]))  # the head of a PNG file
        tall = min(_PICTURE_MM, _BOX_MM * height / width)
        if self.page.will_page_break(tall + 8):
            self.page.add_page()
        top = self.page.get_y()
        self.page.image(io.BytesIO(picture), MARGIN_MM, top, h=tall)
        self.page.set_xy(MARGIN_MM, top + tall + 1)
        self.text(self.words("occlusion"), 7.5, _SOFT)

    def methods(self) -> None:
        """How the images were acquired, and with what settings they were measured."""
        words = self.words
        self.heading(words("acquisition"))
        for exam in self.results.exams:
            scanner, heads, lines = protocol_rows(exam, words)
            self.heading(", ".join(filter(None, (f"{words.plain_exam(exam.label)} ({words.date(exam.date)})", scanner))), 8.5)
            self.table(heads, lines, (0, 1, 8), 6.8)
        self.heading(words("settings"))
        self.table([words("setting_name"), words("value")], settings_rows(self.results, words), (0, 1), 7)
        self.heading(words("limits_heading"))
        self.points(limit_lines(self.results.settings.kind, words), 7.5)
        measurements = [measured for exam in self.results.exams for measured in exam.lumbar.values() if measured.how]
        made = dict.fromkeys(f"{words.word(each.name)}: {sentence(each.how, words.language)}" for each in measurements)
        self.heading(words("provenance"))
        self.points(made, 7.5)


def _card(content: Any) -> str:
    """An entry of a model's card in one line."""
    if isinstance(content, Mapping):
        return "; ".join(f"{key}: {_card(part)}" for key, part in content.items())
    if isinstance(content, (list, tuple)):
        return "; ".join(map(_card, content))
    return f"{content:.3g}" if isinstance(content, float) else str(content)
