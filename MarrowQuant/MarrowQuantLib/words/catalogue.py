"""Sentences in the reader's language, from a gettext catalogue.

The English template is the message id, ``ja.po`` beside this file holds the Japanese. It is read as it is, by the small reader below, so
that Slicer needs neither a compiled file nor Babel; the tests read it with Babel too and compare. Words that stand as values in a template
("baseline", "fat fraction") have the context ``word`` there.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Any, Optional

LANGUAGES = ("en", "ja")
WORD = "word"
NOT_KNOWN = "not known"
_SEPARATOR = {"en": ", ", "ja": "、"}
_BETWEEN_SENTENCES = {"en": " ", "ja": ""}
_ENTRY_PART = re.compile(r'^(msgctxt|msgid|msgstr)\s+"')


def translated(template: str, language: str, context: Optional[str] = None) -> str:
    """The template in ``language``; as it is where the catalogue does not hold it."""
    if language == "en":
        return template
    return _catalogue(language).get((context, template)) or template


def filled(template: str, values: Mapping[str, Any], language: str = "en") -> str:
    """The sentence of a template in ``language``.

    A placeholder is ``{name}`` or ``{name:format}`` as for :meth:`str.format`. Besides: a sequence is listed, None is "not known", a text
    is looked up among the words, what has a method ``in_language`` (a finding, an error) says it itself, and ``{n:voxel|voxels}`` is the
    number with the noun that fits it (``{n:none|# voxel|# voxels}`` has a form for none). ``{steps:; }`` lists with a semicolon between,
    ``{why:clause}`` says a finding or an error as the clause behind a colon.
    """
    return _Filler(language).vformat(translated(template, language), (), values)


def names_in(template: str) -> set[str]:
    """The names of a template's placeholders."""
    return {name for _, name, _, _ in Formatter().parse(template) if name}


class _Filler(Formatter):
    def __init__(self, language: str) -> None:
        self._language = language

    def format_field(self, value: Any, format_spec: str) -> str:
        if isinstance(value, (list, tuple)):
            if format_spec[:1] in {";", "；"}:
                return format_spec.join(self.format_field(each, "") for each in value)
            are_sentences = all(hasattr(each, "in_language") for each in value)
            separator = _BETWEEN_SENTENCES[self._language] if are_sentences else _SEPARATOR[self._language]
            return separator.join(self.format_field(each, format_spec) for each in value)
        if hasattr(value, "in_language"):
            told = str(value.in_language(self._language))
            return _as_clause(told) if format_spec == "clause" else told
        if value is None or isinstance(value, str):
            return translated(NOT_KNOWN if value is None else value, self._language, WORD)
        if "|" in format_spec:
            return _counted(value, format_spec.split("|"))
        return format(value, format_spec)


def _counted(number: int, forms: list[str]) -> str:
    """The number with the noun that fits it: "voxel|voxels", or with a form for none, "on the day|# day before|# days before"."""
    if len(forms) == 2:
        return f"{number} {forms[number != 1]}"
    return forms[min(number, 2)].replace("#", str(number))


def _as_clause(sentence: str) -> str:
    """Without a capital, but that of a name, and without the full stop."""
    is_name = sentence[1:2].isupper() or sentence[:1] == "'"
    return (sentence if is_name else sentence[:1].lower() + sentence[1:]).rstrip(".。")


@cache
def _catalogue(language: str) -> Mapping[tuple[Optional[str], str], str]:
    return read_po((Path(__file__).parent / f"{language}.po").read_text(encoding="utf-8"))


def read_po(text: str) -> dict[tuple[Optional[str], str], str]:
    """The translations of a gettext catalogue by (context, message id); plural forms are not used here and not read.

    Parameters
    ----------
    text : str
        As specified in the GNU gettext manual, section "The Format of PO Files". Fuzzy entries count as missing.
    """
    found = {}
    for block in re.split(r"\n\s*\n", text):
        parts: dict[str, str] = {}
        name = ""
        for line in block.splitlines():
            start = _ENTRY_PART.match(line)
            if start:
                name = start[1]
                parts[name] = ""
            if name and not line.startswith("#"):
                parts[name] += ast.literal_eval(line[line.index('"'):])
        fuzzy = any(line.startswith("#,") and "fuzzy" in line for line in block.splitlines())
        if parts.get("msgid") and parts.get("msgstr") and not fuzzy:
            found[parts.get("msgctxt"), parts["msgid"]] = parts["msgstr"]
    return found
