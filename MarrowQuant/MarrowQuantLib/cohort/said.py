"""Sentences about a table and its numbers in the reader's language: findings say themselves, bare ones of older files by their template."""

from __future__ import annotations

import re
from functools import cache
from string import Formatter

from ..model import sentence as in_language
from ..words.catalogue import translated
from ..words.findings.cohort import FINDINGS


def said(sentence: str, language: str) -> str:
    """The sentence in "en" or "ja"; a bare one as it is where no template fits."""
    if language != "ja" or hasattr(sentence, "in_language"):
        return in_language(sentence, language)
    for pattern, japanese in _patterns():
        fits = pattern.fullmatch(sentence)
        if fits:
            return japanese.format(**fits.groupdict())
    return sentence


@cache
def _patterns() -> list[tuple[re.Pattern[str], str]]:
    """The longest template first, with the Japanese without formats of numbers."""
    templates = sorted((template for _, template in FINDINGS.values()), key=len, reverse=True)
    return [(_pattern(template), re.sub(r"{(\w+):[^{}]*}", r"{\1}", translated(template, "ja"))) for template in templates]


def _pattern(template: str) -> re.Pattern[str]:
    return re.compile("".join(re.escape(text) + (f"(?P<{name}>.+?)" if name else "") for text, name, _, _ in Formatter().parse(template)))
