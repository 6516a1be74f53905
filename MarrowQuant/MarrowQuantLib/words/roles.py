"""What the kinds of images are called, for a reader: the values of ``Role`` are words of the files, not of a table that is read."""

from __future__ import annotations

from .catalogue import WORD, translated

_WORDS = {
    "pdff": "fat fraction",
    "water": "water",
    "fat": "fat",
    "in_phase": "in phase",
    "opposed_phase": "opposed phase",
    "multi_echo": "single echo",
    "r2star": "R2*",
    "field_map": "field map",
    "dwi": "diffusion",
    "adc": "ADC",
    "t1": "T1-weighted",
    "t2": "T2-weighted",
    "stir": "STIR",
    "calculated_dwi": "calculated diffusion",
    "localizer": "localizer",
    "unknown": "unknown",
}


def role_word(role: str, language: str = "en") -> str:
    """What an image of a role is called.

    Parameters
    ----------
    role : str
        A value of ``Role``; another text stays as it is.
    language : {"en", "ja"}
    """
    return translated(_WORDS.get(role, role), language, WORD)
