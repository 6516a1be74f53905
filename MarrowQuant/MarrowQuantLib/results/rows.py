"""The tables of results, once: vertebrae, components, lesions, changes, laboratory values, row by row and cell by cell.

Report, panel, scene, CSV and shell draw these rows and choose among the columns; what stands in a cell, its unit, its digits and the words
of its head are decided here and in ``quantities``, so that two of them never show two numbers for one thing.

Examples
--------
>>> from MarrowQuantLib.results import read_results, rows
>>> table = rows.changes(read_results("out").changes)  # doctest: +SKIP
>>> [column.head("en") for column in table.columns]  # doctest: +SKIP
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Optional, Protocol

from ..followup import label_of
from ..followup.lesion_rows import LesionRow, Pair
from ..followup.region_loads import RegionLoad
from ..model import (
    ACCEPTED,
    UNIT_ADC,
    UNIT_FF,
    UNIT_VOLUME,
    Change,
    Component,
    ExamResult,
    Finding,
    LabValue,
    Measurement,
    VertebraResult,
    as_finding,
)
from ..quantities import LUMBAR, QUANTITIES, UNIT_RATIO, Quantity, of_vertebrae
from ..response import find_test
from ..words.terms import term
from .formats import NONE, number, relative, shown_unit, signed, with_error

NUMBER, CHANGE, RELATIVE, PERCENT, TEXT, WORD, FINDING = "number", "change", "relative", "percent", "text", "word", "finding"
"""What a cell holds: a value, a difference with its sign, one in % of a value, a share 0 … 1 shown in %, a text as it is, a value that
``words.terms`` says, a finding."""

UNIT_LENGTH = "mm"
_QUANTITIES = {row.key: row for row in QUANTITIES}
DOUBT = "⚠"


@dataclass(frozen=True)
class Cell:
    """What stands in one place of a table.

    Attributes
    ----------
    value : float, str, Finding or None
        Not rounded; None where there is nothing.
    unit : str
    kind : str
        One of the names above.
    digits : int or None
        After the point; None: those of the unit.
    error : float or None
        Standard error, in ``unit``.
    words : tuple of (float, str, str)
        Where a value is a word: the value, the word in English and in Japanese.
    """

    value: Any = None
    unit: str = ""
    kind: str = NUMBER
    digits: Optional[int] = None
    error: Optional[float] = None
    words: tuple[tuple[float, str, str], ...] = ()

    @property
    def is_word(self) -> bool:
        """True where the value is a word."""
        return any(each[0] == self.value for each in self.words)

    def text(self, language: str = "en") -> str:
        """What a reader sees, without the unit, in "en" or "ja"."""
        if self.is_word:
            return next(japanese if language == "ja" else english for value, english, japanese in self.words if value == self.value)
        if self.kind == CHANGE:
            return signed(self.value, self.unit, self.digits)
        if self.kind == RELATIVE:
            return relative(self.value)
        if self.kind == PERCENT:
            return NONE if self.value is None else number(100.0 * self.value, digits=0)
        if self.kind == NUMBER:
            return number(self.value, self.unit, self.digits)
        return _said(self.value, self.kind, language)

    def with_error(self, language: str = "en") -> str:
        """The text with the standard error behind it, if there is one."""
        return with_error(self.text(language), self.error, self.unit, self.digits)

    def with_unit(self, language: str = "en") -> str:
        """The text with the unit behind it, if there is a value."""
        text, unit = self.text(language), shown_unit(self.unit, language)
        return f"{text} {unit}" if unit and text != NONE and not self.is_word else text


NOTHING = Cell()


@dataclass(frozen=True)
class Column:
    """A column: how code finds it, what a reader sees above it, and the unit if all of its cells have the same.

    ``narrow`` are the heads (English, Japanese) for a table with little room; ``about`` tells in English what the numbers are.
    """

    key: str
    head_en: str
    head_ja: str
    unit: str = ""
    about: str = ""
    narrow: tuple[str, str] = ("", "")

    def title(self, language: str = "en") -> str:
        """The head without the unit, in "en" or "ja"."""
        return self.head_ja if language == "ja" else self.head_en

    def head(self, language: str = "en", *, narrow: bool = False) -> str:
        """The head with the unit, or the narrow one, in "en" or "ja"."""
        short, unit = self.narrow[language == "ja"], shown_unit(self.unit, language)
        if narrow and short:
            return short
        if not unit:
            return self.title(language)
        if language == "ja":
            return f"{self.title(language)} {unit}" if narrow else f"{self.title(language)}（{unit}）"
        return f"{self.title(language)} ({unit})"


@dataclass(frozen=True)
class Row:
    """A row: its cells by the column's key, what it is of, what is to be known of it, and whether it does not count."""

    cells: Mapping[str, Cell]
    source: Any = None
    findings: tuple[Finding, ...] = ()
    is_out: bool = False

    def __getitem__(self, key: str) -> Cell:
        return self.cells.get(key, NOTHING)


@dataclass(frozen=True)
class Table:
    """Columns and rows; ``mean`` is the row of the lumbar mean in a table of vertebrae."""

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    mean: Optional[Row] = None

    def column(self, key: str) -> Column:
        """The column of this key.

        Raises
        ------
        KeyError
        """
        return {column.key: column for column in self.columns}[key]

    def chosen(self, *keys: str) -> tuple[Column, ...]:
        """The columns of these keys, in this order."""
        return tuple(self.column(key) for key in keys)


# -------------------------------------------------------------------------------------------------------------------- vertebrae
class Measured(Protocol):
    """What has vertebrae and their mean: an ``ExamResult``, or an exam in the scene."""

    @property
    def vertebrae(self) -> tuple[VertebraResult, ...]:
        """From cranial to caudal."""

    @property
    def lumbar(self) -> Mapping[str, Measurement]:
        """The means, by quantity."""


LEVEL = Column("level", "Level", "レベル")


def vertebrae(exams: Sequence[Measured]) -> list[Table]:
    """One table an exam: one row a vertebra, one column a quantity that was measured in any of the exams (in the order of ``quantities``);
    all tables have the same columns."""
    measured = {key: m for exam in exams for vertebra in exam.vertebrae for key, m in vertebra.measurements.items()}
    quantities = [row for row in of_vertebrae() if row.key in measured]
    known = {row.key for row in quantities}
    # What another version measured has no row there.
    quantities += [Quantity(key, m.name, m.name, m.unit, LUMBAR, m.name) for key, m in measured.items() if key not in known]
    counted, columns = _first(quantities), vertebra_columns(quantities, {key: m.how for key, m in measured.items()})
    return [
        Table(columns, tuple(_vertebra_rows(exam.vertebrae, quantities, counted)), _mean_row(exam.lumbar, quantities, counted))
        for exam in exams
    ]


def vertebra_columns(quantities: Sequence[Quantity] = (), how: Optional[Mapping[str, str]] = None) -> tuple[Column, ...]:
    """The columns of a table of vertebrae in which these were measured, and how; before anything was, those of all that the report can
    hold."""
    shown, known = quantities or [row for row in of_vertebrae() if row.head_en], how or {}
    measured = (_quantity_column(row, known.get(row.key, "")) for row in shown)
    return (LEVEL, *measured, *_counts(_first(shown)), _excluded(), _findings())


def in_column(cell: Cell, column: Column, language: str = "en") -> str:
    """The text of a cell, with its unit where the column does not name it."""
    return cell.text(language) if column.unit == cell.unit else cell.with_unit(language)


def _first(quantities: Sequence[Quantity]) -> Optional[Quantity]:
    return next((row for row in quantities if row.head_en), None)


def in_readers_tables(table: Table) -> tuple[Column, ...]:
    """The columns of quantities that have a head of their own: what there is room for in the report and the panel."""
    with_head = {row.key for row in of_vertebrae() if row.head_en}
    return tuple(column for column in table.columns if column.key in with_head)


def _quantity_column(row: Quantity, how: str) -> Column:
    return Column(row.key, row.head_en or row.name, row.head_ja or row.name, "" if row.words_of_level else row.unit, how)


def _counts(counted: Optional[Quantity]) -> tuple[Column, Column]:
    """Voxels and part in view of the first quantity of the table; the head says which it is."""
    name = counted.head_en if counted else ""
    return (
        Column("voxels", f"Voxels {name}".rstrip(), f"{name}ボクセル数", about="Voxels behind the value"),
        Column("inside", "In view", "視野内", "%", "Part of the ROI inside the map's field of view", ("In view %", "視野内 %")),
    )


def _excluded() -> Column:
    return Column("excluded", "Excluded", "除外", about="Why the level is not in the lumbar mean")


def _findings() -> Column:
    return Column("findings", "Findings", "所見", narrow=(DOUBT, DOUBT))


def _vertebra_rows(vertebrae: Sequence[VertebraResult], quantities: Sequence[Quantity], counted: Optional[Quantity]) -> Iterable[Row]:
    for vertebra in vertebrae:
        excluded = vertebra.roi.excluded
        cells = {"level": Cell(vertebra.roi.level, kind=TEXT), **_measured(vertebra.measurements, quantities, counted, True)}
        cells |= {"excluded": Cell(excluded or "", kind=TEXT), "findings": Cell(vertebra.findings, kind=FINDING)}
        yield Row(cells, vertebra, tuple(map(as_finding, vertebra.findings)), excluded is not None)


def _mean_row(lumbar: Mapping[str, Measurement], quantities: Sequence[Quantity], counted: Optional[Quantity]) -> Optional[Row]:
    if not lumbar:
        return None
    return Row({"level": Cell("lumbar mean", kind=WORD), **_measured(lumbar, quantities, counted)}, lumbar)


def cell_of(key: str, measurement: Measurement) -> Cell:
    """The cell of a measured quantity."""
    row = _QUANTITIES.get(key)
    unit, digits = (row.unit, row.digits) if row else (measurement.unit, None)
    return Cell(measurement.value, unit, digits=digits, error=measurement.standard_error)


def unit_of(key: str) -> str:
    """The unit of a quantity; empty for one of another version."""
    return _QUANTITIES[key].unit if key in _QUANTITIES else ""


def _measured(
    measurements: Mapping[str, Measurement], quantities: Sequence[Quantity], counted: Optional[Quantity], of_level: bool = False
) -> dict[str, Cell]:
    cells = {row.key: cell_of(row.key, measurements[row.key]) for row in quantities if row.key in measurements}
    worded = [row for row in quantities if of_level and row.words_of_level and row.key in cells]
    cells |= {row.key: replace(cells[row.key], words=row.words_of_level) for row in worded}
    first = measurements.get(counted.key) if counted else None
    if first is not None:
        cells |= {"voxels": Cell(first.n_voxels, digits=0), "inside": Cell(first.fraction_inside, "%", PERCENT)}
    return cells


# ------------------------------------------------------------------------------------------------------------------- components
_COMPONENT_COLUMNS = (
    Column("label", "Component", "成分", about="Value in the components' label map", narrow=("No.", "番号")),
    Column("lesion", "Lesion", "病変", about="Name that it keeps from exam to exam"),
    Column("state", "State", "状態", about="accepted, rejected or physiological"),
    Column("region", "Region", "部位", about="Part of the skeleton, proposed from geometry"),
    Column("volume", "Volume", "体積", UNIT_VOLUME, narrow=("mL", "mL")),
    Column("longest_diameter", "Longest diameter", "最大径", UNIT_LENGTH, narrow=("mm", "mm")),
    Column("adc_median", "ADC median", "ADC中央値", UNIT_ADC, narrow=("ADC", "ADC")),
    Column("adc_mean", "ADC mean", "ADC平均", UNIT_ADC),
    Column("signal_ratio", "Signal / muscle", "信号／筋", UNIT_RATIO, "High-b signal over muscle signal", ("× muscle", "×筋")),
    Column("ff_median", "FF median", "FF中央値", UNIT_FF, "Lesions longer than 10 mm inside the fat-fraction map", ("FF %", "FF %")),
    Column("ff_voxels", "FF voxels", "FFボクセル数"),
    Column("near_seam", "Near a seam", "継ぎ目の近く", about="In an overlap of stations"),
    *(Column(axis.lower(), axis, axis, UNIT_LENGTH, "Centroid, RAS") for axis in "RAS"),
    Column("reason", "Why", "理由"),
)


def components(found: Sequence[Component]) -> Table:
    """One row a component of the diffusion mask, in the order that they are given in."""
    return Table(_COMPONENT_COLUMNS, tuple(Row(_component_cells(c), c, is_out=c.state != ACCEPTED) for c in found))


def _component_cells(c: Component) -> dict[str, Cell]:
    return {
        "label": Cell(c.label, digits=0),
        "lesion": Cell(c.lesion_id, kind=TEXT),
        "state": Cell(c.state, kind=WORD),
        "region": Cell(c.region, kind=WORD),
        "volume": Cell(c.volume_ml, UNIT_VOLUME),
        "longest_diameter": Cell(c.longest_diameter_mm, UNIT_LENGTH),
        "adc_median": Cell(c.adc_median, UNIT_ADC),
        "adc_mean": Cell(c.adc_mean, UNIT_ADC),
        "signal_ratio": Cell(c.signal_ratio, UNIT_RATIO),
        "ff_median": Cell(c.ff_median, UNIT_FF),
        "ff_voxels": Cell(c.ff_voxels, digits=0),
        "near_seam": Cell(str(c.near_seam).lower(), kind=TEXT),
        **{axis: Cell(float(c.centroid_ras[n]), UNIT_LENGTH) for n, axis in enumerate("ras")},
        "reason": Cell(c.reason, kind=FINDING),
    }


# ---------------------------------------------------------------------------------------------------------------------- lesions
_LESION_NUMBERS = (
    ("volume", "Volume", "体積", UNIT_VOLUME, "Sum of the pieces", ("mL", "mL")),
    ("diameter", "Longest diameter", "最大径", UNIT_LENGTH, "Of the largest piece", ("mm", "mm")),
    ("adc", "ADC median", "ADC中央値", UNIT_ADC, "Of the largest piece", ("ADC", "ADC")),
    ("ff", "FF median", "FF中央値", UNIT_FF, "Of the largest piece, above 10 mm", ("FF %", "FF %")),
    ("ratio", "Signal / muscle", "信号／筋", UNIT_RATIO, "Of the largest piece", ("× muscle", "×筋")),
)
BEFORE, AFTER = "_before", "_after"
_LESION_COLUMNS = (
    Column("name", "Lesion", "病変"),
    Column("before", "At baseline", "治療前", about="Names of the lesion's pieces"),
    Column("after", "At follow-up", "治療後", about="Names of the lesion's pieces"),
    Column("kind", "What became of it", "転帰", about="persisting, new, resolved, merged or split", narrow=("Became", "転帰")),
    Column("region", "Region", "部位"),
    *(
        Column(key + when, f"{en}, {exam}", f"{ja}（{exam_ja}）", unit, about)
        for key, en, ja, unit, about, _ in _LESION_NUMBERS
        for when, exam, exam_ja in ((BEFORE, "baseline", "治療前"), (AFTER, "follow-up", "治療後"))
    ),
    *(Column(key, en, ja, unit, about, narrow) for key, en, ja, unit, about, narrow in _LESION_NUMBERS),  # both exams in a cell
    Column("volume_change", "Volume change", "体積変化", UNIT_VOLUME, "Follow-up minus baseline"),
    Column("volume_change_percent", "Volume change", "体積変化率", "%", "In % of the baseline"),
    Column("adc_change", "ADC change", "ADC変化", UNIT_ADC, "Follow-up minus baseline"),
    Column("rac", "RAC", "RAC", about="Proposed response assessment category; the reader decides"),
    Column("overlap", "Overlap", "重なり", "%", "Of the smaller with the other, when registered"),
    Column("why", "Why", "理由"),
)


def lesions(found: Sequence[LesionRow]) -> Table:
    """What became of each lesion, in the order of ``followup.lesion_rows``."""
    return Table(_LESION_COLUMNS, tuple(Row(_lesion_cells(row), row) for row in found))


def _lesion_cells(row: LesionRow) -> dict[str, Cell]:
    change = row.change
    volumes = (
        change.volume_before_ml if change.names_before else None,
        change.volume_after_ml if change.names_after else None,
    )
    pairs: dict[str, Pair] = {
        "volume": volumes, "diameter": row.diameter_mm, "adc": (change.adc_before, change.adc_after), "ff": row.ff_percent,
        "ratio": row.signal_ratio,
    }  # fmt: skip
    units = {key: unit for key, _, _, unit, _, _ in _LESION_NUMBERS}
    matched = change.confidence if change.names_before and change.names_after else None
    return {
        "name": Cell(row.name, kind=TEXT),
        "before": Cell(", ".join(change.names_before), kind=TEXT),
        "after": Cell(", ".join(change.names_after), kind=TEXT),
        "kind": Cell(change.kind, kind=WORD),
        "region": Cell(change.region, kind=WORD),
        **{key + when: Cell(values[n], units[key]) for key, values in pairs.items() for n, when in enumerate((BEFORE, AFTER))},
        "volume_change": Cell(row.volume_change_ml, UNIT_VOLUME, CHANGE),
        "volume_change_percent": Cell(row.volume_change_percent, "%", RELATIVE),
        "adc_change": Cell(row.adc_change, UNIT_ADC, CHANGE),
        "rac": Cell(change.rac, digits=0),
        "overlap": Cell(matched, "%", PERCENT),
        "why": Cell(change.why, kind=FINDING),
    }


def both(row: Row, key: str, language: str = "en") -> str:
    """A number at both exams, "12.0 → 31.0"; a dash where neither has it."""
    cells = (row[key + BEFORE], row[key + AFTER])
    return NONE if all(cell.value is None for cell in cells) else " → ".join(cell.text(language) for cell in cells)


# ---------------------------------------------------------------------------------------------------------------------- regions
_REGION_NUMBERS = (
    ("pieces", "Pieces", "成分数", "", "Accepted pieces", ("n", "数")),
    ("volume", "Volume", "体積", UNIT_VOLUME, "Sum of the accepted pieces", ("mL", "mL")),
    ("adc", "ADC mean", "ADC平均", UNIT_ADC, "Over the voxels of the accepted pieces", ("ADC", "ADC")),
)
_REGION_COLUMNS = (
    Column("region", "Region", "部位"),
    *(
        Column(key + when, f"{en}, {exam}", f"{ja}（{exam_ja}）", unit, about)
        for key, en, ja, unit, about, _ in _REGION_NUMBERS
        for when, exam, exam_ja in ((BEFORE, "baseline", "治療前"), (AFTER, "follow-up", "治療後"))
    ),
    *(Column(key, en, ja, unit, about, narrow) for key, en, ja, unit, about, narrow in _REGION_NUMBERS),  # both exams in a cell
    Column("volume_change", "Volume change", "体積変化", UNIT_VOLUME, "Follow-up minus baseline"),
    Column("rac", "RAC", "RAC", about="Proposed response assessment category of most of the region's volume; the reader decides"),
    Column("second_rac", "Second RAC", "第二RAC", about="Of the next largest part of the volume, where the region is mixed"),
)


def region_loads(found: Sequence[RegionLoad]) -> Table:
    """The accepted load of each region of the body, at one exam or two."""
    return Table(_REGION_COLUMNS, tuple(Row(_region_cells(load), load) for load in found))


def _region_cells(load: RegionLoad) -> dict[str, Cell]:
    first, second = load.volume_ml
    change = None if first is None or second is None else second - first
    pairs = {"pieces": load.pieces, "volume": load.volume_ml, "adc": load.adc}
    units = {key: unit for key, _, _, unit, _, _ in _REGION_NUMBERS}
    return {
        "region": Cell(load.region, kind=WORD),
        **{
            key + when: Cell(values[n], units[key], digits=0 if key == "pieces" else None)
            for key, values in pairs.items()
            for n, when in enumerate((BEFORE, AFTER))
        },
        "volume_change": Cell(change, UNIT_VOLUME, CHANGE),
        "rac": Cell(load.rac, digits=0),
        "second_rac": Cell(load.second_rac, digits=0),
    }


# ---------------------------------------------------------------------------------------------------------------------- changes
_CHANGE_COLUMNS = (
    Column("index", "Index", "指標"),
    Column("level", "Level", "レベル", about="Empty for the exam's own index"),
    Column("baseline", "Baseline", "治療前", about="In the unit of the row"),
    Column("follow_up", "Follow-up", "治療後", about="In the unit of the row"),
    Column("absolute", "Change", "変化量", about="Follow-up minus baseline, in the change's unit"),
    Column("relative", "Relative change", "変化率", "%", "Missing where the baseline is not above zero", ("Relative", "変化率")),
    Column("findings", "Findings", "所見", narrow=(DOUBT, DOUBT)),
)


def changes(found: Sequence[Change]) -> Table:
    """Follow-up against baseline, one index a row; those of single vertebrae have a level. ``index`` holds the key."""
    return Table(_CHANGE_COLUMNS, tuple(_change_row(change) for change in found))


def label_of_change(row: Row, language: str = "en") -> str:
    """What a reader sees for the index of a row of :func:`changes`; its key where no such index is followed."""
    try:
        return label_of(row["index"].value, language, row["level"].value)
    except KeyError:
        return str(row["index"].value)


def _change_row(change: Change) -> Row:
    known = _QUANTITIES.get(change.name)
    digits = known.digits if known else None
    cells = {
        "index": Cell(change.name, kind=TEXT),
        "level": Cell(change.level, kind=TEXT),
        "baseline": Cell(change.baseline, change.unit, digits=digits),
        "follow_up": Cell(change.follow_up, change.unit, digits=digits),
        "absolute": Cell(change.absolute, change.absolute_unit, CHANGE, digits),
        "relative": Cell(change.relative_percent, "%", RELATIVE),
        "findings": Cell(change.findings, kind=FINDING),
    }
    return Row(cells, change, tuple(map(as_finding, change.findings)))


# ------------------------------------------------------------------------------------------------------------------- laboratory
def laboratory(exams: Sequence[ExamResult]) -> Table:
    """One row a test, with the value of each exam ("value_0", "value_1"), its sample's date ("date_0" …), what the sheet said ("given_0" …)
    and, with two, the change; in each test's canonical unit."""
    tests = dict.fromkeys(test for exam in exams for test in exam.labs)
    columns = (Column("test", "Test", "検査項目"), Column("unit", "Unit", "単位"), *_lab_columns(exams))
    return Table(columns, tuple(_lab_row(test, [exam.labs.get(test) for exam in exams]) for test in tests))


def _lab_columns(exams: Sequence[ExamResult]) -> Iterable[Column]:
    for n, exam in enumerate(exams):
        for key, en, ja in (("value", "", ""), ("date", ", date", "（日付）"), ("given", ", as given", "（入力値）")):
            yield Column(f"{key}_{n}", term(exam.label) + en, term(exam.label, "ja") + ja, about="In the unit of the row" if not en else "")
    if len(exams) > 1:
        yield Column("change", "Change", "変化量", about="Follow-up minus baseline")
    if any(value.reference for exam in exams for value in exam.labs.values()):
        yield Column("reference", "Reference range", "基準範囲", about="Of the laboratory, as its sheet gives it")


def _lab_row(test: str, found: Sequence[Optional[LabValue]]) -> Row:
    there = [value for value in found if value is not None]
    known, unit = find_test(test), there[0].unit
    digits = known.digits if known else None
    cells = {"test": Cell(test, kind=TEXT), "unit": Cell(unit, kind=TEXT)}
    for n, value in enumerate(found):
        if value is not None:
            cells |= {f"value_{n}": LabCell(value.value, unit, digits=digits, sign=value.sign, censored=value.censored)}
            cells |= {f"date_{n}": Cell(value.date.isoformat(), kind=TEXT), f"given_{n}": Cell(value.given, kind=TEXT)}
    cells["reference"] = Cell("; ".join(dict.fromkeys(value.reference for value in there if value.reference)), kind=TEXT)
    if len(there) == len(found) > 1:
        cells["change"] = Cell(there[1].value - there[0].value, unit, CHANGE, digits)
    return Row(cells, known)


@dataclass(frozen=True)
class LabCell(Cell):
    """A laboratory value, which may be a limit ("< 0.5") or "not detected"."""

    sign: str = ""
    censored: str = ""

    def text(self, language: str = "en") -> str:
        """The number, with its sign if it is a limit, in "en" or "ja"."""
        return term(self.censored, language) if self.censored == "not detected" else self.sign + super().text(language)


def lab_label(row: Row, language: str = "en") -> str:
    """What a reader sees for the test of a row; its key where it is none of ours."""
    return str(row["test"].value) if row.source is None else (row.source.label_ja if language == "ja" else row.source.label_en)


def _said(value: Any, kind: str, language: str) -> str:
    if value is None or value == ():
        return ""
    if kind == FINDING:
        found = value if isinstance(value, tuple) else (value,)
        return ("" if language == "ja" else " ").join(as_finding(each).in_language(language) for each in found)
    return term(str(value), language) if kind == WORD else str(value)
