"""The quantities that are followed from exam to exam, and the names of their changes; the table itself is ``quantities``."""

from __future__ import annotations

from ..quantities import QUANTITIES, Limit, Quantity

Index = Quantity
INDICES: tuple[Quantity, ...] = tuple(row for row in QUANTITIES if row.is_followed)


def index_of(key: str) -> Index:
    """The index that a ``Change.name`` belongs to.

    Raises
    ------
    KeyError
        If no such index is followed.
    """
    for index in INDICES:
        if index.key == key:
            return index
    raise KeyError(key)


def label_of(key: str, language: str = "en", level: str = "") -> str:
    """What a reader sees for a ``Change``: "Fat fraction, lumbar mean", or "FF L1" for one vertebra; ``language`` is "en" or "ja"."""
    index = index_of(key)
    if not level:
        return index.label(language)
    return f"{index.head_ja if language == 'ja' else index.head_en} {level}"


__all__ = ["INDICES", "Index", "Limit", "index_of", "label_of"]
