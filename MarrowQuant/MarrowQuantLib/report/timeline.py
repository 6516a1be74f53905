"""The course of a patient over any number of dates: one row an index, therapy marked, changes inside measurement error drawn dotted."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Callable, Optional

from ..followup import INDICES, Index, index_of, value_of
from ..followup.normal import Band
from ..model import LabHistory, LabNote, LabValue, MarrowQuantError, Results, certain
from ..quantities import LABS
from ..response import NOTE_KINDS, find_test
from ..response.assess import history_of
from ..results.formats import number, relative, signed
from ..results.read import refuse_several_patients
from . import charts
from .strings import Strings

FOLLOWED = ("ff", "adc", "tdv", "m_protein", "beta2_microglobulin", "haemoglobin")
"""What the course of myeloma shows, in its order; in other kinds of case the blood stands in the place of the disease's own tests."""
FOLLOWED_IN_OTHERS = ("ff", "adc", "tdv", "r2star", "haemoglobin", "neutrophils", "platelets", "reticulocytes", "blasts", "ferritin")
EVENTS = {"therapy_cycle": "▼", "g_csf": "G", "transfusion": "T"}
WIDTH, LEFT, RIGHT, ROW, TOP = 760.0, 60.0, 150.0, 92.0, 56.0
_LABEL_ROOM = 34.0  # width of a value in the picture's units
_LETTER = 6.0  # width of a letter of an event's words, at most
_SAME = 1e-4  # relative; the same exam in two results differs by no more than the rounding of a file


@dataclass(frozen=True)
class Timeline:
    """Points of every followed index in the index's unit, events, and the published normal fat fraction if there is one.

    ``points`` is in the order that it is drawn in.
    """

    points: Mapping[str, Sequence[tuple[datetime.date, float]]]
    events: Sequence[LabNote] = ()
    band: Optional[Band] = None
    is_synthetic: bool = False

    @property
    def dates(self) -> list[datetime.date]:
        """All dates in order."""
        return sorted({date for points in self.points.values() for date, _ in points} | {event.date for event in self.events})


def timeline_of(cases: Sequence[Results], history: Optional[LabHistory] = None, band: Optional[Band] = None) -> Timeline:
    """Put results of one patient in order of time.

    Parameters
    ----------
    cases : sequence of Results
        An exam that is in several of them counts once.
    history : LabHistory, optional
        A laboratory sheet; its values are added to those in the results.
    band : Band, optional

    Raises
    ------
    MarrowQuantError
        If the results are of different patients, if there is nothing to show, or if two results disagree about a value of one date (then
        they were measured differently).
    """
    history = history or LabHistory()
    refuse_several_patients(cases)
    keys = FOLLOWED if kind_of(cases) == "myeloma" else FOLLOWED_IN_OTHERS
    points: dict[str, dict[datetime.date, float]] = {key: {} for key in keys}
    events: dict[tuple[str, datetime.date], LabNote] = {}
    for case in cases:
        for exam in case.exams:
            for key in keys if exam.date else ():  # an exam without a date has no place on a line of time
                index = _index(key)
                value = None if index.origin == "labs" else value_of(exam, index)
                if value is not None:
                    _add(points[key], certain(exam.date), value, index)
        stored = history_of(case)
        _add_labs(points, stored.values)
        _add_events(events, stored.notes)
    _add_labs(points, history.values)
    _add_events(events, history.notes)
    known = {key: sorted(found.items()) for key, found in points.items() if found}
    timeline = Timeline(known, tuple(events.values()), band, any(exam.synthetic for case in cases for exam in case.exams))
    if not timeline.points:
        raise MarrowQuantError("There is nothing to draw: none of the results and no laboratory sheet holds a value that is followed.")
    return replace(timeline, events=tuple(sorted(events.values(), key=lambda event: event.date)))


def kind_of(cases: Sequence[Results]) -> str:
    """The kind of case of a patient's results; where they differ, that of the last."""
    return cases[-1].settings.kind if cases else "myeloma"


def history_over(cases: Sequence[Results], history: Optional[LabHistory] = None) -> LabHistory:
    """The laboratory values and events of all results of a patient, and of a sheet beside them."""
    sheets = [*map(history_of, cases), *([history] if history else [])]
    values = {(value.test, value.date): value for sheet in sheets for value in sheet.values}
    notes = dict.fromkeys(note for sheet in sheets for note in sheet.notes)
    return LabHistory(tuple(values.values()), tuple(notes))


def _index(key: str) -> Index:
    """What is drawn: an index that is followed, or a laboratory test that stands in no table of changes."""
    if key in {index.key for index in INDICES}:
        return index_of(key)
    test = certain(find_test(key))
    return Index(key, test.label_en, test.label_ja, test.unit, LABS, digits=test.digits)


def _add_labs(points: Mapping[str, dict[datetime.date, float]], values: Iterable[LabValue]) -> None:
    for value in values:
        if value.test in points:
            _add(points[value.test], value.date, value.value, _index(value.test))


def _add_events(events: dict[tuple[str, datetime.date], LabNote], notes: Iterable[LabNote]) -> None:
    events.update({(note.kind, note.date): note for note in notes if note.kind in EVENTS})


def _add(known: dict[datetime.date, float], date: datetime.date, value: float, index: Index) -> None:
    before = known.setdefault(date, value)
    if abs(before - value) > _SAME * max(abs(before), abs(value)):
        raise MarrowQuantError(
            "Two values of {label_en} on {date} disagree ({before:.4g} and {value:.4g} {unit}); give results of one patient, measured in "
            "the same way.",
            label_en=index.label_en, date=date, before=before, value=value, unit=index.unit,
        )


def is_inside_error(index: Index, before: float, after: float) -> bool:
    """True if the change from one date to the next is within the index's repeatability limit; False also where no limit is known."""
    if index.limit is None:
        return False
    change = after - before
    if index.limit.relative:
        return before > 0 and abs(100.0 * change / before) <= index.limit.value
    return abs(change) <= index.limit.value


def write_timeline(timeline: Timeline, path: Path, language: str = "en") -> Path:
    """Write the course as an SVG file that any browser opens, with the sentence that it is for research only.

    Raises
    ------
    MarrowQuantError
        If the file cannot be written.
    """
    attributes = 'xmlns="http://www.w3.org/2000/svg" font-family="sans-serif"'  # a page gives both to an inline picture
    words = Strings(language)
    notice = " ".join([words("research"), *([words("synthetic")] if timeline.is_synthetic else [])])
    drawn = timeline_svg(timeline, language, notice=notice).replace("<svg ", f"<svg {attributes} ", 1)
    try:
        Path(path).write_text(drawn, encoding="utf-8")
    except OSError:
        raise MarrowQuantError(
            "The file '{file}' cannot be written; choose a folder in which you may create files.",
            file=Path(path).name,
        ) from None
    return Path(path)


def timeline_svg(timeline: Timeline, language: str = "en", label: str = "Course over time", notice: str = "") -> str:
    """Draw the course; rows without a value are left out. ``label`` is read aloud by a screen reader, ``notice`` stands below."""
    rows = [_index(key) for key in timeline.points]
    first, last = timeline.dates[0], timeline.dates[-1]
    days = max((last - first).days, 1)
    bottom = TOP + ROW * len(rows)

    def x(date: datetime.date) -> float:
        return LEFT + 12 + (WIDTH - LEFT - RIGHT - 24) * (date - first).days / days

    parts = _event_marks(timeline.events, x, bottom)
    for n, index in enumerate(rows):
        parts += _row(index, timeline, x, TOP + ROW * n, language)
    parts += _date_axis(timeline.dates, x, bottom)
    spoken = "; ".join(f"{row.label('en')} {', '.join(f'{d} {v:.4g}' for d, v in timeline.points[row.key])}" for row in rows)
    parts.append(charts.text(LEFT, bottom + 36, _legend(timeline, language), soft=True, size=10))
    parts += [charts.text(LEFT, bottom + 54, notice, size=10)] if notice else []
    return charts.svg(WIDTH, bottom + (62 if notice else 44), f"{label}. {spoken}", parts)


def _legend(timeline: Timeline, language: str) -> str:
    is_japanese = language == "ja"
    kinds = {kind.key: kind.label_ja if is_japanese else kind.label_en for kind in NOTE_KINDS}
    present = dict.fromkeys(event.kind for event in timeline.events)
    items = [f"{EVENTS[kind]} {kinds[kind]}" for kind in present]
    items.append("点線：測定誤差の範囲内" if is_japanese else "dotted: within measurement error")
    if timeline.band is not None:
        items.append("灰色：健常者の平均±SD" if is_japanese else "grey: healthy mean ± SD")
    return " · ".join(items)


def _event_marks(events: Sequence[LabNote], x: Callable[[datetime.date], float], bottom: float) -> list[str]:
    """A line down the picture for each event, with its sign; its words stand in the first of two lines that has room."""
    parts, free = [], [-1e9, -1e9]
    for event in events:
        place, words = x(event.date), event.value[:14]
        parts.append(charts.line(place, TOP - 12, place, bottom, charts.AGAINST, 0.8, "2 3"))
        parts.append(charts.text(place, TOP - 16, EVENTS[event.kind], "middle", size=11))
        half = _LETTER * len(words) / 2.0
        line = next((n for n, end in enumerate(free) if place - half > end), None)
        if words and line is not None:
            parts.append(charts.text(place, TOP - 30 - 12 * line, words, "middle", soft=True, size=9.5))
            free[line] = place + half
    return parts


def _row(index: Index, timeline: Timeline, x: Callable[[datetime.date], float], top: float, language: str) -> list[str]:
    points = timeline.points[index.key]
    band = timeline.band if index.key == "ff" else None
    values = [value for _, value in points] + ([band.mean - band.sd, band.mean + band.sd] if band else [])
    low, high = min([0.0, *values]), max(values)
    height = ROW - 34.0

    def y(value: float) -> float:
        return top + 22 + height * (1.0 - (value - low) / ((high - low) or 1.0))

    end = WIDTH - RIGHT
    parts = [charts.text(LEFT, top + 12, f"{index.label(language)} ({index.unit})", size=11.5, halo=True)]
    parts.append(charts.line(LEFT, y(low), end, y(low)))
    limits = (low, high)
    parts += [charts.text(LEFT - 5, y(v) + 4, number(v, index.unit, index.digits), "end", soft=True, size=10) for v in limits]
    if band:
        top_edge, lower_edge = y(band.mean + band.sd), y(band.mean - band.sd)
        parts.append(charts.rect(LEFT, top_edge, end - LEFT, lower_edge - top_edge, charts.BEFORE, 0.15))
    for (date, value), (later, after) in zip(points, points[1:]):
        dash = "2 4" if is_inside_error(index, value, after) else ""
        parts.append(charts.line(x(date), y(value), x(later), y(after), charts.AFTER, 1.8, dash))
    parts += [charts.circle(x(date), y(value), charts.AFTER) for date, value in points]
    parts += _value_labels(index, [(x(date), y(value), value) for date, value in points])
    return parts + _verdict(index, points, end + 10, top + 40, language)


def _verdict(index: Index, points: Sequence[tuple[datetime.date, float]], left: float, top: float, language: str) -> list[str]:
    """The change from the first to the last date, absolute and relative, and whether measurement error alone can make it."""
    if len(points) < 2:
        return []
    before, after = points[0][1], points[-1][1]
    points_word = "ポイント" if language == "ja" else "points"
    unit = index.unit if index.change_unit == index.unit else points_word
    is_stable = before > 0 and (index.floor is None or before >= index.floor.value)
    lines = [f"{signed(after - before, index.change_unit, index.digits)} {unit}"]
    lines += [relative(100.0 * (after - before) / before)] if is_stable else []
    if index.limit is not None:
        inside = is_inside_error(index, before, after)
        english, japanese = ("within error", "測定誤差の範囲内") if inside else ("larger than error", "測定誤差を超える")
        lines.append(japanese if language == "ja" else english)
    return [charts.text(left, top + 15 * n, line, soft=n > 0, size=11.5 if n == 0 else 10.5) for n, line in enumerate(lines)]


def _value_labels(index: Index, places: Sequence[tuple[float, float, float]]) -> list[str]:
    """The value below each point, as far as they have room beside each other."""
    parts, free = [], -1e9
    for x, y, value in places:
        if x - free >= _LABEL_ROOM:
            parts.append(charts.text(x, y + 17, number(value, index.unit, index.digits), "middle", soft=True, size=9.5, halo=True))
            free = x
    return parts


def _date_axis(dates: Sequence[datetime.date], x: Callable[[datetime.date], float], bottom: float) -> list[str]:
    """Dates that have room beside each other; the first and the last always stand there."""
    parts, free = [charts.line(LEFT, bottom, WIDTH - RIGHT, bottom, charts.INK)], -1e9
    last = x(dates[-1])
    for date in dates:
        place = x(date)
        parts.append(charts.line(place, bottom, place, bottom + 4, charts.INK))
        if place - free >= 62 and (place == last or last - place >= 62):
            parts.append(charts.text(place, bottom + 17, date.isoformat(), "middle", soft=True, size=10))
            free = place
    return parts
