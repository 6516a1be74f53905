"""The fonts that PDFs embed: DejaVu Sans (free, Bitstream Vera licence, in matplotlib) and IPAexGothic (IPA Font License, in
matplotlib-fontja)."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Optional

from ..model import MarrowQuantError

if TYPE_CHECKING:
    from fpdf import FPDF

_CLOSING = "、。，．・：；？！）］｝」』】〉》％°ー～ァィゥェォッャュョぁぃぅぇぉっゃゅょ"
_OPENING = "（［｛「『【〈《"
PIECE = rf"[{_OPENING}]*(?:(?:[!-~µ²±−–×→βΔ\u00a0]|[ァ-ヶー])+|[^\s{_OPENING}])[{_CLOSING}]*"
"""What no Japanese line is broken in: a word of Latin letters or katakana, else a letter, with the signs that begin or end no line
(JIS X 4051)."""


def folded(page: FPDF, content: str, wide: float, language: str) -> str:
    """Japanese text with its lines broken where they may be, to a width in mm; fpdf2 breaks at spaces only, or anywhere."""
    if language != "ja":
        return content
    lines = []
    for paragraph in content.split("\n"):
        line = ""
        for piece in re.findall(rf"\s|{PIECE}|.", paragraph):
            if line and page.get_string_width(line + piece.rstrip()) > wide - 0.1:
                lines.append(line.rstrip())
                line = piece.lstrip()
            else:
                line += piece
        lines.append(line)
    return "\n".join(lines)


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
