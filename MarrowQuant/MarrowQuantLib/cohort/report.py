"""The report of a cohort: tables (CSV), figures (SVG and PNG), a methods paragraph, and one HTML page that holds all of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from html import escape
from pathlib import Path
from typing import Any, Optional

import numpy as np

from .. import __version__
from ..model import RESEARCH_USE_ONLY, Finding, MarrowQuantError, Progress, finding, no_progress
from ..report.style import STYLE
from .analysis import Selected
from .axes import standalone
from .cells import safe_cell, write_table
from .part import Part, Table, p_text
from .png import figure_png
from .procedure import Procedure
from .two_groups import two_group_part
from .validation import BOOTSTRAPS
from .words import Words

PAGE = "cohort.html"
NEAR_ONE = 0.003
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
P_HEADS = frozenset(("p", "adjusted p", "imputed: p", "proportional hazards: p"))
"""Columns whose numbers are p values."""
_STYLE = """
.charts { align-items: start; }
.wide { overflow-x: auto; }
.wide th, .wide td { padding: 4px 4px; font-size: 11.5px; }
"""


@dataclass(frozen=True)
class Written:
    """The files of a report, the page first, and what could not be written, as sentences."""

    paths: tuple[Path, ...]
    findings: tuple[Finding, ...] = ()


def write_cohort_report(
    chosen: Selected,
    procedure: Procedure,
    folder: Path,
    *,
    bootstraps: int = BOOTSTRAPS,
    decimal_comma: bool = False,
    language: str = "en",
    more: Sequence[Part] = (),
    sign: Optional[Callable[[Sequence[Part]], tuple[list[Part], list[Part]]]] = None,
    progress: Progress = no_progress,
) -> Written:
    """Do every analysis of two groups and write it.

    Parameters
    ----------
    chosen : Selected
    procedure : Procedure
        Of the multivariable model.
    folder : Path
        Made if it is not there; files of the same names are replaced.
    bootstraps : int
        Of the validation.
    decimal_comma : bool
        Write the tables for a spreadsheet with decimal commas.
    language : {"en", "ja"}
        Of the page, the figures and the methods; the tables in CSV are English.
    more : sequence of Part
        Other analyses for the same page, see ``parts``.
    sign : callable, optional
        From the analyses to the parts before and behind them, see ``signed``; with it the page is also written as PDF, its tables as Excel
        and both as Word.
    progress : callable

    Returns
    -------
    Written
        ``cohort.html``, the tables (CSV), the figures (SVG and PNG) and ``methods.txt``.

    Raises
    ------
    MarrowQuantError
        As the analyses and :func:`write_parts`.
    """
    words = Words(language)
    first = two_group_part(chosen, procedure, words, bootstraps=bootstraps, progress=progress)
    if sign is None:
        return write_parts((first, *more), folder, words, decimal_comma=decimal_comma)
    before, behind = sign((first, *more))
    title = words("Cohort: {title}", title=first.title)
    return write_parts((*before, first, *more, *behind), folder, words, decimal_comma=decimal_comma, title=title, documents=True)


def write_parts(
    parts: Sequence[Part], folder: Path, words: Words, *, decimal_comma: bool = False, title: str = "", notice: str = "",
    documents: bool = False,
) -> Written:
    """Write a report of one analysis or more; parameters and result as :func:`write_cohort_report`.

    ``title`` stands in place of the first part's; ``notice`` below that it is for research only.

    Raises
    ------
    MarrowQuantError
        If the folder cannot be written to, or two parts would write files of the same names.
    """
    folder = Path(folder)
    names = [(kind, name) for part in parts for kind in ("tables", "figures") for name in getattr(part, kind)]
    if len(set(names)) < len(names):
        raise MarrowQuantError("Two analyses of one kind would write the same files; write each into a folder of its own.")
    parts = _numbered(parts, words)
    pictures, findings = _pictures(parts)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        written = [_write(folder / PAGE, _page(parts, words, title, notice))]
        for part in parts:
            for name, table in part.tables.items():
                written.append(write_table(folder / f"{name}.csv", table.header, table.rows, decimal_comma=decimal_comma))
            written += [_write(folder / f"{name}.svg", standalone(figure)) for name, figure in part.figures.items()]
        for name, picture in pictures.items():
            written.append(folder / f"{name}.png")
            written[-1].write_bytes(picture)
        written.append(_write(folder / "methods.txt", "\n\n".join(filter(None, (methods_of(part, words) for part in parts))) + "\n"))
    except OSError:
        raise MarrowQuantError("The folder {folder} cannot be written to; choose another one.", folder=folder.name) from None
    if documents:
        from .document import write_documents

        made, missing = write_documents(parts, title or words("Cohort: {title}", title=parts[0].title), folder, words, notice)
        return Written((*written[:1], *made, *written[1:]), tuple(dict.fromkeys((*findings, *missing))))
    return Written(tuple(written), findings)


def _numbered(parts: Sequence[Part], words: Words) -> list[Part]:
    """The parts with their figures counted through the whole document, each number before its caption."""
    made, count = [], 0
    for part in parts:
        captions = {}
        for name in part.figures:
            count += 1
            captions[name] = words("Figure {n}. {caption}", n=count, caption=part.captions.get(name, "")).rstrip()
        made.append(replace(part, captions=captions))
    return made


def _pictures(parts: Sequence[Part]) -> tuple[dict[str, bytes], tuple[Finding, ...]]:
    """The figures as PNG, those that can be drawn, and why the others cannot: the page and the SVG files do not need them."""
    drawn, why = {}, []
    for name, figure in ((name, figure) for part in parts for name, figure in part.figures.items()):
        try:
            drawn[name] = figure_png(figure)
        except MarrowQuantError as error:  # Pillow or a font is missing
            why.append(finding("cohort.not_written", error=error))
        except (ValueError, OSError, MemoryError) as error:  # in a process with another FreeType, Pillow reads absurd sizes of letters
            told = MarrowQuantError(
                "The figure {name} was not drawn as PNG: {reason}; its SVG file holds it.",
                name=name, reason=str(error),
            )  # fmt: skip
            why.append(finding("cohort.not_written", error=told))
    return drawn, tuple(dict.fromkeys(why))


def methods_of(part: Part, words: Words) -> str:
    """The sentences of a part's methods as one paragraph; "" of one that has none."""
    if not part.methods:
        return ""
    sentences = (*part.methods, words("Analyses were made with MarrowQuant {version}.", version=__version__))
    return ("" if words.language == "ja" else " ").join(sentences)


def _page(parts: Sequence[Part], words: Words, title: str = "", notice: str = "") -> str:
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    whole, title = bool(title), escape(title or words("Cohort: {title}", title=parts[0].title))
    contents = "".join(f'<li><a href="#part{n}">{escape(part.title)}</a></li>' for n, part in enumerate(parts))
    told = f'<p class="notice synthetic">{escape(notice)}</p>' if notice else ""
    about = "" if whole else parts[0].about
    sections = "".join(_section(part, parts[:n], words, n if whole else None) for n, part in enumerate(parts))
    return (
        f'<!DOCTYPE html>\n<html lang="{words.language}"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        f"<title>MarrowQuant – {title}</title><style>{STYLE}{_STYLE}</style></head>\n<body>"
        f'<header><div><p class="brand">MarrowQuant</p><h1>{title}</h1></div><div class="dates">{escape(about)}</div></header>'
        f'<p class="notice">{escape(words(RESEARCH_USE_ONLY))}</p>'
        + told
        + (f'<nav aria-label="{words("Contents")}"><ol>{contents}</ol></nav>' if whole else "")
        + f"<main>{sections}</main></body></html>\n"
    )


def _section(part: Part, before: Sequence[Part], words: Words, number: Optional[int] = None) -> str:
    """A part of the page. The first one stands under the page's own heading; what earlier parts said is not said again."""
    heading = f"<h2>{escape(part.title)}</h2><p>{escape(part.about)}</p>" if before or number is not None else ""
    anchor = f' id="part{number}"' if number is not None else ""
    said = {found for other in before for found in other.findings}
    findings = [found for found in part.findings if found not in said]
    charts = "".join(_figure(figure, part.captions.get(name, "")) for name, figure in part.figures.items())
    tables = "".join(_table(table, words, part.title) for table in part.tables.values() if table.rows)
    remarks = "".join(f"<p>{escape(remark)}</p>" for remark in part.remarks)
    return (
        f"<section{anchor}>{heading}{_findings(findings, words)}"
        f"{_charts(charts, words)}{tables}{remarks}"
        f"{_methods(methods_of(part, words), words)}</section>"
    )


def _methods(told: str, words: Words) -> str:
    return f"<h3>{words('Methods')}</h3><p>{escape(told)}</p>" if told else ""


def _figure(figure: str, caption: str) -> str:
    told = f"<figcaption>{escape(caption)}</figcaption>" if caption else ""
    return f'<figure class="card">{figure}{told}</figure>'


def _charts(charts: str, words: Words) -> str:
    return f'<h3>{words("Figures")}</h3><div class="charts">{charts}</div>' if charts else ""


def _findings(findings: Sequence[Finding], words: Words) -> str:
    told = [words.said(found) for found in findings]
    items = "".join(f"<li>{escape(sentence)}</li>" for sentence in told)
    if not items:
        return ""
    is_english = words.language != "en" and bool(set(told) & set(findings))
    english = f'<p class="soft">{words("Sentences about the data are shown in English.")}</p>' if is_english else ""
    return f'<h3>{words("Please check")}</h3><div class="warn"><ul>{items}</ul></div>{english}'


def _table(table: Table, words: Words, heading: str) -> str:
    """A table under its title, unless the heading above says the same."""
    kinds = ['<th class="text">' if isinstance(value, str) else "<th>" for value in table.rows[0]]
    head = "".join(f"{kind}{escape(words.heading(name))}</th>" for kind, name in zip(kinds, table.header))
    are_p = [name in P_HEADS for name in table.header]
    body = "".join("<tr>" + "".join(_table_cell(value, words, p) for value, p in zip(row, are_p)) + "</tr>" for row in table.rows)
    title = "" if words(table.title) == heading else f"<h3>{escape(words(table.title))}</h3>"
    caption = f'<p class="soft">{escape(table.caption)}</p>' if table.caption else ""
    return f"{title}<div class='wide'><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>{caption}"


def _table_cell(value: Any, words: Words, is_p: bool = False) -> str:
    shown = escape(cell_text(value, words, is_p))
    return f'<td class="text">{shown}</td>' if isinstance(value, str) else f"<td>{shown}</td>"


def cell_text(value: Any, words: Words, is_p: bool = False) -> str:
    """A cell as a page shows it: three significant digits, p by convention, a dash where there is nothing."""
    if isinstance(value, str):
        return words.cell(value)
    if value is None or (isinstance(value, (float, np.floating)) and not np.isfinite(value)):
        return "–"
    if not isinstance(value, (float, np.floating)):
        return safe_cell(value)
    if is_p:
        return p_text(float(value))
    return _three_digits(float(value))


def _three_digits(value: float) -> str:
    """Three significant digits with a real minus, powers of ten where there are many zeros, and no minus before nothing."""
    if 0 < abs(value - 1.0) < NEAR_ONE:  # a ratio per small unit: "1" would hide on which side it lies
        return f"{value:.4f}"
    text = f"{value:.0f}" if 1000 <= abs(value) < 1e6 else f"{value:.3g}"
    mantissa, power, exponent = text.partition("e")
    if power:
        text = f"{mantissa} × 10{str(int(exponent)).translate(_SUPERSCRIPTS)}"
    return "0" if text == "-0" else text.replace("-", "−")


def _write(path: Path, content: str) -> Path:
    path.write_text(content, encoding="utf-8")
    return path
