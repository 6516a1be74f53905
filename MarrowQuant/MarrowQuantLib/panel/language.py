"""The language that the reader chose for Slicer."""

from __future__ import annotations

import slicer


def interfaceLanguage() -> str:
    """"ja" where Slicer runs in Japanese, else "en": the two languages that the tables of ring 1 have labels in."""
    locale = getattr(slicer.app, "applicationLocaleName", "en")  # not in every version that is supported
    return "ja" if locale.startswith("ja") else "en"
