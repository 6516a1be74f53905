"""``report.html``: one self-contained page that a reader can open offline, print on A4 and put beside the images."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Optional

from .. import __version__
from ..model import Results, days_between
from ..response import cycles_between, history_of
from .classification import classification_section, stir_section
from .distributions import distributions_section
from .first_page import summary_section
from .laboratory import labs_section
from .lesions import lesions_section, regions_section
from .pictures import images_section
from .sections import burden_section, methods_section, model_section, vertebrae_section
from .shown import Cover, Told, checks_and_notes, title_of
from .strings import Strings
from .style import STYLE


def write_report(results: Results, path: Path, language: str = "en", cover: Optional[Cover] = None) -> Path:
    """Write the report.

    Parameters
    ----------
    results : Results
        One or two exams.
    path : Path
        The HTML file to write.
    language : {"en", "ja"}
    cover : Cover, optional
        Label of the case and name of the reader.

    Returns
    -------
    Path
        ``path``.

    Raises
    ------
    MarrowQuantError
        If the language is not known.

    Notes
    -----
    The page loads nothing and runs nothing: style and pictures are inside, and its content policy forbids the rest. All text that comes
    from data is escaped. It holds no patient identity.
    """
    path = Path(path)
    cycles = cycles_between(history_of(results), [exam.date for exam in results.exams])
    path.write_text(report_page(results, Strings(language, cycles), cover), encoding="utf-8")
    return path


def report_page(results: Results, words: Strings, cover: Optional[Cover] = None) -> str:
    """The whole page as text."""
    cover = cover or Cover()
    body = "\n".join(
        (
            _header(results, words, cover),
            summary_section(results, words),
            _findings(results, words),
            images_section(results.exams, words),
            vertebrae_section(results, words),
            distributions_section(results, words),
            burden_section(results, words),
            regions_section(results, words),
            lesions_section(results, words),
            labs_section(results, words),
            stir_section(results, words),
            classification_section(results, words),
            model_section(results.response, words),
            methods_section(results, words),
            _sign_off(words, cover),
            f'</main><footer><p class="notice">{words("research")}</p><p>{_made(words, cover)} '
            f'{words("as_given" if cover.case or cover.reader else "no_identity")}</p></footer>',
        )
    )
    policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
    return (
        f'<!DOCTYPE html>\n<html lang="{words.language}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n<meta name="robots" content="noindex">\n'
        f"<title>MarrowQuant – {title_of(results, words)}</title>\n<style>{STYLE}{_running(results, words, cover)}</style>\n"
        f"</head>\n<body>\n{body}\n</body>\n</html>\n"
    )


def _running(results: Results, words: Strings, cover: Cover) -> str:
    """Style of what stands on each printed page: title, case, dates, page n of m, research use only, version, day.

    Browsers draw it that know margin boxes (CSS Paged Media; Chromium 131 and later); others print their own header, and the page itself
    begins and ends with it all.
    """
    case = f"   {words('case')}: {cover.case}" if cover.case else ""
    dates = " → ".join(words.date(exam.date) for exam in results.exams)
    small = "font: 8pt system-ui, sans-serif; vertical-align: bottom; padding-bottom: 2mm; white-space: pre;"
    return (
        f"@page {{ @top-left {{ content: {_css(f'MarrowQuant – {title_of(results, words)}{case}')}; {small} }}"
        f" @top-right {{ content: {_css(f'{dates}   ')} counter(page) \" / \" counter(pages); {small} }}"
        f" @bottom-left {{ content: {_css(words('research'))}; {small} color: #a3200d; }}"
        f" @bottom-right {{ content: {_css(f'MarrowQuant {__version__} · {cover.day}')}; {small} }} }}"
    )


def _css(text: str) -> str:
    """Text as a string of CSS, in which no character ends the string or the style sheet."""
    return '"' + "".join(c if c.isalnum() or c in " .-:" else f"\\{ord(c):x} " for c in text) + '"'


def _made(words: Strings, cover: Cover) -> str:
    return f"MarrowQuant {escape(__version__)} · {words('date_of_report')} {cover.day}."


def _sign_off(words: Strings, cover: Cover) -> str:
    """The lines that a reader fills in on paper."""
    lines = ((words("reader"), cover.reader_shown), (words("signature"), ""), (words("date"), ""))
    drawn = "".join(f"<div>{label}: {escape(value)}</div>" for label, value in lines)
    return f'<section><h2>{words("sign_off")}</h2><div class="sign">{drawn}</div></section>'


def _header(results: Results, words: Strings, cover: Cover) -> str:
    dates = " → ".join(f"{words.exam(exam.label)} <b>{words.date(exam.date)}</b>" for exam in results.exams)
    days = days_between(*(exam.date for exam in results.exams)) if len(results.exams) > 1 else None
    if days is not None:
        dates += f"<br>{words('days', days=days)}"
    notices = f'<p class="notice" role="note">{words("research")}</p>'
    if any(exam.synthetic for exam in results.exams):
        notices += f'<p class="notice synthetic" role="note">{words("synthetic")}</p>'
    given = [f"{words(key)}: <b>{escape(value)}</b>" for key, value in (("case", cover.case), ("reader", cover.reader_shown)) if value]
    said = " &nbsp; ".join([*given, f'<span class="date">{_made(words, cover)}</span>'])
    title = f'<div><p class="brand">MarrowQuant</p><h1>{title_of(results, words)}</h1><p class="soft">{said}</p></div>'
    return f'<header>{title}<div class="dates">{dates}</div></header><main>{notices}'


def _findings(results: Results, words: Strings) -> str:
    """What the reader should check, and below it what is only to be known."""
    checks, notes = (_listed(told, words) for told in checks_and_notes(results))
    checked = f'<div class="warn">{checks}</div>' if checks else f"<p>{words('no_warnings')}</p>"
    known = f"<h3>{words('to_know')}</h3>{notes}" if notes else ""
    return f'<section id="check"><h2>{words("warnings")}</h2>{checked}{known}</section>'


def _listed(told: Sequence[Told], words: Strings) -> str:
    items = ((f"{words.exam(exam.label)}: " if exam else "") + words.say(found) for exam, found in told)
    entries = "".join(f"<li>{item}</li>" for item in items)
    return f"<ul>{entries}</ul>" if entries else ""
