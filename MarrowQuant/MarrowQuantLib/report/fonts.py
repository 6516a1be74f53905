"""The fonts that PDFs embed: DejaVu Sans (free, Bitstream Vera licence, in matplotlib) and IPAexGothic (IPA Font License, in
matplotlib-fontja)."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Optional

from ..model import MarrowQuantError

if TYPE_CHECKING:
    from fpdf import FPDF


def font_path(language: str) -> Optional[Path]:
    """The font of a language in this installation; None where its package is missing."""
    package, inside = ("matplotlib_fontja", "fonts/ipaexg.ttf") if language == "ja" else ("matplotlib", "mpl-data/fonts/ttf/DejaVuSans.ttf")
    spec = find_spec(package)
    found = Path(spec.origin).parent / inside if spec is not None and spec.origin else None
    return found if found is not None and found.exists() else None


def embed_fonts(document: FPDF, language: str) -> None:
    """Give a document the family ``text``, and the other language's font for the letters that it lacks.

    Raises
    ------
    MarrowQuantError
        If the font of the language is not installed.
    """
    own, fallback = font_path(language), font_path("en" if language == "ja" else "ja")
    if own is None:
        raise MarrowQuantError("The PDF needs the fonts of matplotlib-fontja; install it ('pip install matplotlib-fontja').")
    document.add_font("text", fname=own)
    if fallback is not None:
        document.add_font("other", fname=fallback)
        document.set_fallback_fonts(["other"])
