"""What the reader knows better than the headers: role, b-value and scale of a volume, or that it must not be used.

The file is JSON, a list of objects. ``series`` names a series by its number; the further selectors, all optional, choose among its
volumes; the rest says what holds::

    [
      {"series": 7, "role": "adc", "scale": 1000},
      {"series": 5, "select": {"b_value": 0, "station": 2}, "b_value": 50},
      {"series": 9, "exam_date": "2025-01-14", "exclude": true},
      {"series": 6, "select": {"volume": 2}, "role": "dwi", "b_value": 800},
      {"series": 4, "date": "2025-01-14"}
    ]

``select`` compares with what ``marrowquant inspect`` shows: role, b_value, echo_time_ms, station, component, and, where these do not tell
volumes of a series apart, which volume it is in their order. ``date`` is that of the whole exam, for files that bear none. ``scale``
is what a displayed value (stored value with the rescale slope and intercept) is multiplied with to give the unit of the role: % for pdff,
µm²/s for adc, 1/s for r2star, arbitrary for signals.
"""

from __future__ import annotations

import datetime
import math
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Optional

from ..io.jsonfiles import read_json
from ..model import NO_FINDING, MarrowQuantError, Role, finding
from .bvalues import MAX_B_VALUE
from .classify import NO_B_VALUE, SAID, Verdict
from .draft import Draft
from .scaling import MAX_SCALE, QUANTITIES, Scaling

SELECTORS = ("role", "b_value", "echo_time_ms", "station", "component", "volume")
CHANGES = ("role", "b_value", "scale", "exclude", "date")
ECHO_TIME_TOLERANCE_MS = 0.005  # half of the last digit that ``inspect`` shows


@dataclass(frozen=True)
class Override:
    """One decision of the reader; see the module for its meaning. ``number`` counts from 1 in the file."""

    number: int
    series: int
    select: Mapping[str, Any] = field(default_factory=dict)
    exam_date: Optional[datetime.date] = None
    role: Optional[Role] = None
    b_value: Optional[float] = None
    scale: Optional[float] = None
    exclude: bool = False
    date: Optional[datetime.date] = None

    @property
    def changes(self) -> tuple[str, ...]:
        """Which of role, b_value, scale, exclude, date it sets."""
        return tuple(name for name in CHANGES if getattr(self, name) not in (None, False))

    def changed_values(self) -> dict[str, Any]:
        """What it sets, as plain data."""
        values = {name: getattr(self, name) for name in self.changes}
        plain = {name: value.value if isinstance(value, Role) else value for name, value in values.items()}
        return {name: value.isoformat() if isinstance(value, datetime.date) else value for name, value in plain.items()}

    def chooses(self, draft: Draft) -> bool:
        """True if it is about this volume, as the headers alone describe it."""
        frame, found = draft.frame, draft.select
        if frame.series_number != self.series or self.exam_date not in (None, frame.exam_date):
            return False
        echo_time = self.select.get("echo_time_ms")
        if echo_time is not None and abs(found.get("echo_time_ms", math.inf) - echo_time) > ECHO_TIME_TOLERANCE_MS:
            return False
        return all(found.get(name) == wanted for name, wanted in self.select.items() if name != "echo_time_ms")


def read_overrides(path: Path) -> tuple[Override, ...]:
    """Read a file of overrides.

    Raises
    ------
    MarrowQuantError
        If the file cannot be read, is no JSON list, or an entry is not understood.
    """
    try:
        entries = read_json(Path(path))
    except OSError as error:
        raise MarrowQuantError(
            "The overrides file {file} cannot be read ({strerror}).",
            file=Path(path).name, strerror=error.strerror,
        ) from error
    except (ValueError, RecursionError) as error:
        raise MarrowQuantError(
            "The overrides file {file} is not JSON; it must be a list of objects in [ ].",
            file=Path(path).name,
        ) from error
    return overrides_from(entries)


def overrides_from(entries: Any) -> tuple[Override, ...]:
    """Overrides from plain data, as :func:`read_overrides` finds it in a file.

    Raises
    ------
    MarrowQuantError
        If an entry is not understood; the sentence names it by its number.
    """
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise MarrowQuantError("Overrides must be a list of objects, such as [{\"series\": 7, \"role\": \"adc\"}].")
    return tuple(_override(number, entry) for number, entry in enumerate(entries, start=1))


def _override(number: int, entry: Mapping[str, Any]) -> Override:
    select = entry.get("select", {})
    if not isinstance(select, dict):
        raise _not_understood(number, "select")
    for name in [*(set(entry) - {"series", "select", "exam_date", *CHANGES}), *(set(select) - set(SELECTORS))]:
        raise _not_understood(number, "unknown_key", key=str(name)[:40])
    if not _is_whole(entry.get("series")):
        raise _not_understood(number, "series")
    override = Override(
        number=number,
        series=entry["series"],
        select=dict(select),
        exam_date=_date(number, "exam_date", entry.get("exam_date")),
        date=_date(number, "date", entry.get("date")),
        role=_role(number, entry.get("role")),
        b_value=_b_value(number, entry),
        scale=_scale(number, entry),
        exclude=_flag(number, entry.get("exclude", False)),
    )
    _check_selectors(number, select)
    if not override.changes:
        raise _not_understood(number, "empty", names=list(CHANGES))
    return override


def _check_selectors(number: int, select: Mapping[str, Any]) -> None:
    _b_value(number, select)
    echo_time = _number(select, "echo_time_ms")
    if echo_time is not None and not 0 <= echo_time < math.inf:
        raise _not_understood(number, "number", key="echo_time_ms")
    for name in ("station", "volume"):
        if name in select and not _is_whole(select[name]):
            raise _not_understood(number, "whole", key=name)
    _role(number, select.get("role"))


def _not_understood(number: int, why: str, **values: Any) -> MarrowQuantError:
    return MarrowQuantError("Override {number} is not understood: {why}.", number=number, why=finding(f"override.{why}", **values))


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _b_value(number: int, entry: Mapping[str, Any]) -> Optional[float]:
    value = _number(entry, "b_value")
    if value is not None and not 0 <= value <= MAX_B_VALUE:
        raise _not_understood(number, "number_up_to", key="b_value", largest=MAX_B_VALUE)
    return value


def _scale(number: int, entry: Mapping[str, Any]) -> Optional[float]:
    value = _number(entry, "scale")
    if value is not None and not 0 < value <= MAX_SCALE:
        raise _not_understood(number, "positive", key="scale", largest=MAX_SCALE)
    return value


def _number(entry: Mapping[str, Any], name: str) -> Optional[float]:
    """The entry's number, None if it has none, NaN if it is something else."""
    value = entry.get(name)
    if value is None:
        return None
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < sys.float_info.max
    return float(value) if is_number else math.nan


def _role(number: int, value: Any) -> Optional[Role]:
    if value is None:
        return None
    role = next((role for role in Role if role.value == value), None)
    if role is None:
        raise _not_understood(number, "role", names=[role.value for role in Role])
    return role


def _date(number: int, name: str, value: Any) -> Optional[datetime.date]:
    if value is None:
        return None
    try:
        return datetime.datetime.strptime(value, "%Y-%m-%d").date()
    except (TypeError, ValueError):
        raise _not_understood(number, "date", key=name) from None


def _flag(number: int, value: Any) -> bool:
    if not isinstance(value, bool):
        raise _not_understood(number, "flag")
    return value


# ------------------------------------------------------------------------------------------------------------- to the volumes
def selectors_of(draft: Draft) -> dict[str, Any]:
    """The selectors that choose this volume."""
    values = (draft.role.value, draft.b_value, draft.frame.echo_time_ms, draft.station, draft.frame.component)
    return {name: value for name, value in zip(SELECTORS, values) if value is not None}


def number_alike(drafts: Sequence[Draft]) -> None:
    """Give volumes of one series that no other selector tells apart a number, 1 first, in the order of their images."""
    alike: dict[str, list[Draft]] = defaultdict(list)
    for draft in drafts:
        frame = draft.frame
        alike[repr((frame.patient_key, frame.exam_date, frame.series_number, sorted(draft.select.items())))].append(draft)
    for group in alike.values():
        if len(group) > 1:
            ordered = sorted(group, key=lambda draft: (draft.frame.instance_number or 0, draft.frame.pixels.relative))
            for number, draft in enumerate(ordered, start=1):
                draft.select = {**draft.select, "volume": number}


def apply_overrides(drafts: Iterable[Draft], overrides: Sequence[Override]) -> None:
    """Change what the reader decided, and note it. ``scale`` is applied with the scaling, see :func:`overridden_scaling`."""
    for draft in drafts:
        draft.overrides = tuple(override for override in overrides if override.chooses(draft))
    for draft in drafts:
        for override in draft.overrides:
            _apply(draft, override)


def _apply(draft: Draft, override: Override) -> None:
    if override.role is not None:
        said = {"header": draft.role.value, "evidence": draft.verdict.evidence}
        evidence = finding("recognised.by_reader", role=override.role.value, **said)
        draft.verdict = Verdict(override.role, SAID, evidence)
        draft.b_value = draft.frame.b_value if override.role in (Role.DWI, Role.CALCULATED_DWI) else None
    if override.b_value is not None:
        code = "recognised.b_only_by_reader" if draft.b_value is None else "recognised.b_by_reader"
        draft.evidence.append(finding(code, b=override.b_value, before=draft.b_value))
        draft.b_value = override.b_value
        if draft.problem == NO_B_VALUE:
            draft.problem = NO_FINDING
    if override.role == Role.DWI and draft.b_value is None:
        draft.problem = finding("unusable.dwi_without_b")
    if override.exclude:
        draft.problem = finding("unusable.excluded")


def overridden_scaling(draft: Draft) -> Scaling:
    """The volume's scaling with the reader's scale, if there is one."""
    scales = [override.scale for override in draft.overrides if override.scale is not None]
    if not scales:
        return draft.scaling
    if draft.role in QUANTITIES:
        how = finding("scaled.by_reader", scale=scales[-1])
        return Scaling(factor=scales[-1], unit=QUANTITIES[draft.role][1], zero_is_empty=draft.role == Role.ADC, sentence=how)
    how = finding("scaled.times", how=draft.scaling.sentence, scale=scales[-1])
    return replace(draft.scaling, factor=draft.scaling.factor * scales[-1], sentence=how)


def refuse_unused(overrides: Iterable[Override], used: Iterable[Override]) -> None:
    """Refuse overrides that are about no volume, because the reader would believe that they hold.

    Parameters
    ----------
    overrides : iterable of Override
        All that were asked for.
    used : iterable of Override
        Those of the volumes of all exams, as ``SeriesVolume.overrides`` keeps them.

    Raises
    ------
    MarrowQuantError
        Naming the first one.
    """
    numbers = {override.number for override in used}
    for override in overrides:
        if override.number not in numbers:
            if override.select:
                raise MarrowQuantError(
                    "Override {number} is about no volume: series {series} has none with {select}; compare it with the series as they are "
                    "recognised without overrides.",
                    number=override.number, series=override.series, select=[f"{name} {value}" for name, value in override.select.items()],
                )  # fmt: skip
            raise MarrowQuantError(
                "Override {number} is about no volume: there is no series {series}; compare it with the series as they are recognised "
                "without overrides.",
                number=override.number, series=override.series,
            )  # fmt: skip
