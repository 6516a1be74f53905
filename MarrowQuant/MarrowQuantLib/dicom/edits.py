"""Overrides made by editing the rows of the recognised volumes, as the panel's table does: one entry for each row that was changed.

A row is what ``SeriesVolume.as_row`` gives. Its ``select`` is what the headers alone say, so an entry chooses the same volume however often
it is changed; its ``override`` is what was in force when it was read.
"""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Optional

from ..io.jsonfiles import parse_json
from ..model import MarrowQuantError, Role
from .bvalues import MAX_B_VALUE
from .overrides import CHANGES, overrides_from
from .scaling import MAX_SCALE, QUANTITIES

Entry = dict[str, Any]
Row = Mapping[str, Any]
WITH_B_VALUE = (Role.DWI.value, Role.CALCULATED_DWI.value)
_NUMBER = re.compile(r"[×x]?\s*([-+]?[\d.]+(?:[eE][-+]?\d+)?)\s*(.*)")
_B_UNITS = ("s/mm²", "s/mm2")


def entries_from_text(text: str) -> list[Entry]:
    """The entries as they are stored in a scene.

    Raises
    ------
    MarrowQuantError
        If the text is not such a list, which happens if it was changed by hand.
    """
    try:
        entries = parse_json(text)
        overrides_from(entries)
    except (ValueError, RecursionError) as error:  # a refused entry is a ValueError too
        raise MarrowQuantError("The changes of series stored in this scene cannot be read; undo them and enter them again.") from error
    return entries


def unit_of(role: str) -> str:
    """The unit of a volume of this role; empty for a signal."""
    return QUANTITIES[Role(role)][1] if Role(role) in QUANTITIES else ""


def b_value_from_text(text: str) -> Optional[float]:
    """A b-value as a reader types it, "800" or "800 s/mm²"; None for an empty text.

    Raises
    ------
    MarrowQuantError
        If it is not a b-value.
    """
    value = _number_from_text(text, _B_UNITS)
    if value is not None and not 0 <= value <= MAX_B_VALUE:
        raise MarrowQuantError(
            "'{text}' is not a b-value; write a number of s/mm² from 0 to {max_b_value:g}, such as 800.",
            text=text[:20], max_b_value=MAX_B_VALUE,
        )
    return value


def scale_from_text(text: str, unit: str) -> Optional[float]:
    """A scale as a reader types it, "1000" or "× 1000 µm²/s"; None for an empty text.

    Raises
    ------
    MarrowQuantError
        If it is not a scale, or it has another unit.
    """
    value = _number_from_text(text, (unit, unit.replace("µ", "u").replace("²", "2")))
    if value is not None and not 0 < value <= MAX_SCALE:
        to_what = f"in {unit}" if unit else "of the signal"
        raise MarrowQuantError(
            "'{text}' is not a scale; write the number above 0 that turns displayed values into values {to_what}.",
            text=text[:20], to_what=to_what,
        )
    return value


def _number_from_text(text: str, units: Sequence[str]) -> Optional[float]:
    """NaN for what is not a number with one of these units, or without a unit."""
    if not text.strip():
        return None
    match = _NUMBER.fullmatch(text.strip())
    try:
        return float(match[1]) if match and match[2] in ("", *units) else math.nan
    except ValueError:  # 1.2.3
        return math.nan


def can_be_edited(row: Row) -> bool:
    """True if an entry can be about this row: its series has a number, and it was read by a version that keeps ``select``."""
    return row.get("series_number") is not None and "select" in row


def changes_of(entries: Iterable[Entry], row: Row) -> dict[str, Any]:
    """What the entries set for the row's volume."""
    place = _place(row)
    return {name: entry[name] for entry in entries if _place(entry) == place for name in CHANGES if name in entry}


def edited(entries: Sequence[Entry], row: Row, name: str, value: Any) -> list[Entry]:
    """The entries after one cell was edited.

    Parameters
    ----------
    entries : sequence of dict
    row : mapping
        The volume, as ``SeriesVolume.as_row`` gives it.
    name : {"role", "b_value", "scale"}
    value : str or float or None
        None, and what the header says anyway, takes the change back.

    Raises
    ------
    MarrowQuantError
        If the row cannot be changed, or no volume can have this value.
    """
    if not can_be_edited(row):
        raise MarrowQuantError("This volume cannot be changed, because its series has no number; use other software to give it one.")
    changes = {**changes_of(entries, row), name: value}
    changes = {name: value for name, value in changes.items() if value is not None and value != row["select"].get(name)}
    if changes.get("role", row["select"]["role"]) not in WITH_B_VALUE and "b_value" in changes:
        if name == "b_value":
            raise MarrowQuantError("Only a diffusion image has a b-value; set the role of this volume to diffusion first.")
        del changes["b_value"]
    place = _place(row)
    result = [entry for entry in entries if _place(entry) != place]
    if changes:
        result.append({**place, **changes})
    overrides_from(result)
    return result


def without_dates(entries: Iterable[Entry], dates: Iterable[str]) -> list[Entry]:
    """The entries that are not about exams of these dates."""
    dates = set(dates)
    return [entry for entry in entries if entry.get("exam_date") not in dates]


def of_dates(entries: Iterable[Entry], dates: Iterable[Optional[datetime.date]]) -> list[Entry]:
    """The entries that name no date, or one of these."""
    known = {date.isoformat() for date in dates if date} | {None}
    return [entry for entry in entries if entry.get("exam_date") in known]


def _place(item: Mapping[str, Any]) -> Entry:
    """Which volume a row or an entry is about."""
    place = {"series": item.get("series", item.get("series_number")), "select": dict(item.get("select", {}))}
    return {**place, "exam_date": item["exam_date"]} if item.get("exam_date") else place
