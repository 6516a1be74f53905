"""The language that the reader chose for Slicer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import slicer

from ..model import grouped, sentence
from ..words.catalogue import WORD, translated


def interfaceLanguage() -> str:
    """"ja" where Slicer runs in Japanese, else "en": the two languages that the tables of ring 1 have labels in."""
    locale = getattr(slicer.app, "applicationLocaleName", "en")  # not in every version that is supported
    return "ja" if locale.startswith("ja") else "en"


def reportLanguage(parameters: Any) -> str:
    """Language of what is written: the one that was chosen, else that of Slicer."""
    return parameters.language if parameters.language != "auto" else interfaceLanguage()


def said(found: Any) -> str:
    """A finding or an error in the reader's language."""
    return sentence(found, interfaceLanguage())


def saidWord(text: str) -> str:
    """A word that stands by itself, in the reader's language."""
    return translated(text, interfaceLanguage(), WORD)


def saidLines(findings: Iterable[str]) -> str:
    """Findings in the reader's language, one a line, equal ones of several levels as one."""
    return "\n".join(said(found) for found in grouped(findings))
