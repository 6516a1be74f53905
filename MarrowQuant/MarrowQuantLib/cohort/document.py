"""The parts of a report as PDF (fpdf2), Excel (openpyxl) and Word (python-docx). The HTML page, CSV and figures are ``report``'s.

The embedded fonts are those of ``report.fonts``.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .. import __version__
from ..io.packages import need
from ..model import RESEARCH_USE_ONLY, Finding, MarrowQuantError, finding
from ..report.fonts import embed_fonts, folded
from .cells import safe_cell
from .part import Part, Table
from .png import figure_png
from .report import P_HEADS, cell_text, methods_of
from .words import Words

PDF, EXCEL, WORD = "cohort.pdf", "cohort.xlsx", "cohort.docx"
_SHEET_NAME = re.compile(r"[\[\]:*?/\\]")
_NUMBERS = re.compile(r"[-−+±<>–%().,\d ]{1,14}")
_WIDE, _PAGE_MM = 8, 182.0  # columns from which a table is set smaller; width between the margins of A4


def write_documents(parts: Sequence[Part], title: str, folder: Path, words: Words, notice: str = "") -> tuple[list[Path], list[Finding]]:
    """Write all three.

    Returns
    -------
    paths : list of Path
    findings : list of str
        Why a file could not be written: a package is missing.
    """
    written, notes = [], []
    writers: tuple[tuple[str, Callable[..., None]], ...] = ((PDF, write_pdf), (EXCEL, write_excel), (WORD, write_word))
    for name, write in writers:
        try:
            write(parts, title, folder / name, words, notice)
            written.append(folder / name)
        except MarrowQuantError as error:
            notes.append(finding("cohort.not_written", error=error))
    return written, notes


# -------------------------------------------------------------------------------------------------------------------- Excel
def write_excel(parts: Sequence[Part], title: str, path: Path, words: Words, notice: str = "") -> None:
    """One sheet a table, numbers as numbers, and a first sheet with the contents and the methods; needs openpyxl."""
    need("openpyxl", "tables as .xlsx")
    from openpyxl import Workbook
    from openpyxl.styles import Alignment, Font

    book = Workbook()
    first = book.active
    first.title = words("Contents")
    rows: list[list[str]] = [[title], [words(RESEARCH_USE_ONLY)], *([[notice]] if notice else []), []]
    for part in parts:
        rows.append([part.title, part.about])
        for name, table in part.tables.items():
            if not table.rows:
                continue
            sheet = book.create_sheet(_free_name(book, name))
            rows.append(["", words(table.title), sheet.title])
            _fill(sheet, table, words, Font(bold=True), Alignment(wrap_text=True, vertical="top"))
        rows.append(["", methods_of(part, words)])
    for row in rows:
        first.append([_plain_cell(value) for value in row])
    first.column_dimensions["A"].width, first.column_dimensions["B"].width = 60, 90
    book.save(path)


def _free_name(book: Any, name: str) -> str:
    short = _SHEET_NAME.sub("_", name)[:31]
    return short if short not in book.sheetnames else f"{short[:28]}_{len(book.sheetnames)}"


def _fill(sheet: Any, table: Table, words: Words, bold: Any, wrapped: Any) -> None:
    sheet.append([_plain_cell(words(table.title))])
    sheet.append([_plain_cell(words.heading(name)) for name in table.header])
    for row in table.rows:
        sheet.append([_number(value) if not isinstance(value, str) else _plain_cell(words.cell(value)) for value in row])
    if table.caption:
        sheet.append([])
        sheet.append([_plain_cell(table.caption)])
    for line in sheet.iter_rows(min_row=3, max_row=2 + len(table.rows)):
        for cell in line:
            if isinstance(cell.value, float):
                cell.number_format = "0.000" if cell.value == 0 or 0.001 <= abs(cell.value) < 1e6 else "0.00E+00"
    for cell in (*sheet[1], *sheet[2]):
        cell.font = bold
    for n, cell in enumerate(sheet[2]):
        cell.alignment = wrapped
        longest = max((len(str(row[n])) for row in table.rows if isinstance(row[n], str)), default=8)
        sheet.column_dimensions[cell.column_letter].width = min(max(longest + 2, 12), 60)
    sheet.freeze_panes = "B3"


def _plain_cell(value: str) -> str:
    """Text that no spreadsheet runs."""
    return safe_cell(value)


def _number(value: Any) -> Any:
    if value is None or (isinstance(value, (float, np.floating)) and not np.isfinite(value)):
        return None
    return value.item() if hasattr(value, "item") else value


# --------------------------------------------------------------------------------------------------------------------- Word
def write_word(parts: Sequence[Part], title: str, path: Path, words: Words, notice: str = "") -> None:
    """Headings, tables, figures with captions and methods; needs python-docx."""
    need("docx", "tables as .docx")
    from docx import Document
    from docx.enum.section import WD_ORIENT
    from docx.shared import Cm, Pt

    document = Document()
    section = document.sections[0]
    section.orientation, section.page_width, section.page_height = WD_ORIENT.LANDSCAPE, Cm(29.7), Cm(21.0)
    section.left_margin = section.right_margin = Cm(1.6)
    section.footer.paragraphs[0].text = f"MarrowQuant {__version__} – {words(RESEARCH_USE_ONLY)}"
    document.styles["Normal"].font.size = Pt(9)
    document.add_heading(title, 0)
    document.add_paragraph(words(RESEARCH_USE_ONLY))
    if notice:
        document.add_paragraph(notice)
    for part in parts:
        document.add_heading(part.title, 1)
        for sentence in (part.about, *part.findings):
            if sentence:
                document.add_paragraph(words.said(sentence))
        for table in part.tables.values():
            if table.rows:
                _word_table(document, "" if words(table.title) == part.title else words(table.title), table, words, Pt)
                document.add_paragraph(table.caption).paragraph_format.keep_with_next = False
        for name, figure in part.figures.items():
            document.add_picture(io.BytesIO(figure_png(figure)), width=Cm(11))
            document.add_paragraph(part.captions.get(name, ""))
        for sentence in part.remarks:
            document.add_paragraph(sentence)
        if part.methods:
            document.add_heading(words("Methods"), 2)
            document.add_paragraph(methods_of(part, words))
    document.save(str(path))


def _word_table(document: Any, title: str, table: Table, words: Words, points: Any) -> None:
    from docx.oxml import OxmlElement

    if title:
        document.add_heading(title, 2)
    made = document.add_table(rows=1, cols=len(table.header))
    made.style = "Light Grid Accent 1"
    made.rows[0]._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))  # the heads stand on every page that it goes over
    are_p = [name in P_HEADS for name in table.header]
    lines = [[words.heading(name) for name in table.header], *([cell_text(v, words, p) for v, p in zip(row, are_p)] for row in table.rows)]
    for n, line in enumerate(lines):
        cells = made.rows[0].cells if n == 0 else made.add_row().cells
        for cell, shown in zip(cells, line):
            cell.text = shown
            for run in cell.paragraphs[0].runs:
                run.font.size = points(7.5 if len(line) >= _WIDE else 8.5)


# ---------------------------------------------------------------------------------------------------------------------- PDF
def write_pdf(parts: Sequence[Part], title: str, path: Path, words: Words, notice: str = "") -> None:
    """A4 with a running footer, tables and figures with their captions; needs fpdf2, Pillow and the fonts."""
    need("fpdf", "the page as PDF")
    from fpdf import FPDF

    class Paper(FPDF):
        def footer(self) -> None:
            self.set_y(-12)
            self.set_font("text", size=7)
            self.cell(0, 4, f"MarrowQuant {__version__} – {words(RESEARCH_USE_ONLY)}", align="L")
            self.set_x(14)
            self.cell(0, 4, f"{self.page_no()} / {{nb}}", align="R")

    paper = Paper(format="A4")
    paper.set_margins(14, 14, 14)
    paper.set_auto_page_break(True, 16)
    embed_fonts(paper, words.language)
    paper.set_title(title)
    paper.set_lang(words.language)
    paper.add_page()
    _paragraph(paper, title, 16, 8, words.language)
    _paragraph(paper, words(RESEARCH_USE_ONLY), 9, 5, words.language)
    _paragraph(paper, notice, 9, 5, words.language)
    for part in parts:
        _pdf_part(paper, part, words)
    paper.output(str(path))


def _paragraph(paper: Any, content: str, size: float, height: float, language: str) -> None:
    if content:
        paper.set_font("text", size=size)
        shown = folded(paper, content, _PAGE_MM - 2 * paper.c_margin, language)
        paper.multi_cell(0, height, shown, align="L", new_x="LMARGIN", new_y="NEXT")


def _pdf_part(paper: Any, part: Part, words: Words) -> None:
    if paper.will_page_break(60):
        paper.add_page()
    paper.ln(3)
    language = words.language
    _paragraph(paper, part.title, 12, 6, language)
    _paragraph(paper, part.about, 9, 5, language)
    for found in part.findings:
        _paragraph(paper, f"• {words.said(found)}", 8, 4, language)
    for table in part.tables.values():
        if table.rows:
            _pdf_table(paper, table, words, part.title)
    _pdf_figures(paper, part, language)
    for sentence in part.remarks:
        _paragraph(paper, sentence, 8.5, 4.5, language)
    if part.methods:
        if paper.will_page_break(20):
            paper.add_page()
        paper.ln(1.5)
        _paragraph(paper, words("Methods"), 9.5, 5, language)
        _paragraph(paper, methods_of(part, words), 8, 4, language)


def _pdf_table(paper: Any, table: Table, words: Words, heading: str) -> None:
    if paper.will_page_break(24):
        paper.add_page()
    paper.ln(1.5)
    language = words.language
    if words(table.title) != heading:
        _paragraph(paper, words(table.title), 9.5, 5, language)
    are_p = [name in P_HEADS for name in table.header]
    lines = [[_together(cell_text(value, words, p)) for value, p in zip(row, are_p)] for row in table.rows]
    heads = [words.heading(name) for name in table.header]
    size = 5.6 if len(heads) > 11 else 6.4 if len(heads) >= _WIDE else 7.2
    paper.set_font("text", size=size)
    widths = _widths(paper, [[head, *(line[n] for line in lines)] for n, head in enumerate(heads)])
    aligned = tuple("LEFT" if any(isinstance(row[n], str) for row in table.rows) else "RIGHT" for n in range(len(heads)))
    with paper.table(col_widths=widths, width=sum(widths), align="LEFT", line_height=size * 0.48, padding=(0.6, 1.2), text_align=aligned,
                     first_row_as_headings=True, headings_style=_plain_heading(), borders_layout="HORIZONTAL_LINES") as made:  # fmt: skip
        for line in (heads, *lines):
            row = made.row()
            for shown, wide in zip(line, widths):
                row.cell(folded(paper, shown, wide - 2.4, language))
    _paragraph(paper, table.caption, 7.5, 4, language)


def _together(cell: str) -> str:
    """A number with its spread in one line."""
    return cell.replace(" ", "\u00a0") if _NUMBERS.fullmatch(cell) else cell


def _plain_heading() -> Any:
    from fpdf.fonts import FontFace

    return FontFace(emphasis="", fill_color=(236, 240, 244))


def _widths(paper: Any, columns: Sequence[Sequence[str]]) -> list[float]:
    """Widths in mm of columns of texts: the longest word of each fits, and what is left goes to those with more text, if they need it."""
    longest = [max((paper.get_string_width(word) for cell in cells for word in _words(cell)), default=4.0) for cells in columns]
    least = np.array(longest) + 2.4
    wanted = np.array([min(max(paper.get_string_width(cell) for cell in cells), 75.0) for cells in columns]) + 2.4
    least = np.minimum(least, 40.0)
    more = np.maximum(wanted - least, 0.01)
    left = _PAGE_MM - float(least.sum())
    widths = least + more * min(left / float(more.sum()), 1.0) if left > 0 else least * _PAGE_MM / float(least.sum())
    return [float(width) for width in widths]


def _words(cell: str) -> list[str]:
    """What is not broken over lines: words, and numbers held together; East Asian text may be broken anywhere."""
    return [word if max(map(ord, word)) < 0x2E80 else word[:4] for word in cell.split(" ") if word]


def _pdf_figures(paper: Any, part: Part, language: str) -> None:
    """Two beside each other, each with its caption below."""
    names = list(part.figures)
    for start in range(0, len(names), 2):
        pair = names[start : start + 2]
        shapes = [_shape(part.figures[name]) for name in pair]
        wide = len(pair) == 1 and shapes[0][0] > 1.4 * shapes[0][1] and shapes[0][0] > 500
        width = _PAGE_MM if wide else _PAGE_MM / 2 - 4
        heights = [width * height / across for across, height in shapes]
        if paper.will_page_break(max(heights) + 22):
            paper.add_page()
        paper.ln(2)
        top, lowest = paper.get_y(), paper.get_y()
        for n, name in enumerate(pair):
            left = 14 + n * (_PAGE_MM / 2 + 2)
            paper.image(io.BytesIO(figure_png(part.figures[name])), x=left, y=top, w=width)
            paper.set_xy(left, top + heights[n] + 1)
            paper.set_font("text", size=7.2)
            paper.multi_cell(width, 3.6, folded(paper, part.captions.get(name, ""), width - 2 * paper.c_margin, language), align="L")
            lowest = max(lowest, paper.get_y())
        paper.set_xy(14, lowest + 2)


def _shape(figure: str) -> tuple[float, float]:
    found = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', figure)
    return (float(found.group(1)), float(found.group(2))) if found else (1.0, 1.0)
