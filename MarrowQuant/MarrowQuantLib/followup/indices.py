"""The quantities that are followed from exam to exam, and the names of their changes; the table itself is ``quantities``."""

from __future__ import annotations

from ..quantities import QUANTITIES, Limit, Quantity

Index = Quantity
INDICES: tuple[Quantity, ...] = tuple(row for row in QUANTITIES if row.is_followed)

FF_AT_LEVEL = "ff_"
"""Prefix of the name of a change at one vertebral level: ``ff_L1``."""


def index_of(name: str) -> Index:
    """The index that a ``Change.name`` belongs to; the change at one level ("ff_L1") belongs to "ff".

    Raises
    ------
    KeyError
        If no such index is followed.
    """
    for index in INDICES:
        if index.key == name:
            return index
    if name.startswith(FF_AT_LEVEL):
        return index_of("ff")
    raise KeyError(name)


def label_of(name: str, language: str = "en") -> str:
    """What a reader sees for a ``Change.name``: "Fat fraction L1" for "ff_L1". ``language`` is "en" or "ja"."""
    index = index_of(name)
    if name != index.key:
        return ("脂肪分画 " if language == "ja" else "Fat fraction ") + name[len(FF_AT_LEVEL):]
    return index.label(language)


__all__ = ["FF_AT_LEVEL", "INDICES", "Index", "Limit", "index_of", "label_of"]
