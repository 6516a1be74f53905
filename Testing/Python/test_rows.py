"""One number, one text: report, panel, scene, CSV and shell show the same cells of vertebrae, components, lesions, changes and laboratory
values; a head, a unit or a number of digits that one of them made up for itself is found here."""

from __future__ import annotations

import csv
import datetime
import math
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any

import pytest
from helpers.moved_exams import LABELS, exam_maps
from helpers.panel_actions import choose_exam, place
from hypothesis import given
from hypothesis import strategies as st
from MarrowQuantLib.followup.lesion_rows import lesion_rows
from MarrowQuantLib.followup.region_loads import region_loads
from MarrowQuantLib.model import Change, Component, LabValue, Measurement, Results
from MarrowQuantLib.quantities import DECIMALS, QUANTITIES
from MarrowQuantLib.report.html import report_page
from MarrowQuantLib.report.strings import LANGUAGES, Strings
from MarrowQuantLib.response.lab_tests import LAB_TESTS
from MarrowQuantLib.results import formats, rows, write_measurements

NUMBERS = st.floats(-1e6, 1e6, allow_nan=False)


class Tables(HTMLParser):
    """The tables of a page: the heads, and the cells of each row."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[list[list[str]]] = []
        self._cell: list[str] | None = None
        self._ignored = 0
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        if tag == "table":
            self.found.append([])
        elif tag == "tr":
            self.found[-1].append([])
        elif tag in ("td", "th"):
            self._cell = []
        elif tag == "sup":
            self._ignored += 1

    def handle_endtag(self, tag):
        if tag in ("td", "th") and self._cell is not None:
            self.found[-1][-1].append("".join(self._cell).strip())
            self._cell = None
        elif tag == "sup":
            self._ignored -= 1

    def handle_data(self, data):
        if self._cell is not None and not self._ignored:
            self._cell.append(data)

    def with_heads(self, *heads: str) -> dict[str, dict[str, str]]:
        """The first table that has these heads: row name to head to cell."""
        table = next(table for table in self.found if table and set(heads) <= set(table[0]))
        return {line[0].rstrip(f" {rows.DOUBT}"): dict(zip(table[0], line)) for line in table[1:]}


def shown(table) -> list[dict[str, str]]:
    """What a table of the panel shows, by head."""
    heads = [table.horizontalHeaderItem(column).text() for column in range(table.columnCount)]
    return [{head: table.item(row, n).text() for n, head in enumerate(heads)} for row in range(table.rowCount)]


@pytest.fixture
def case(panel_widget):
    """The panel with two exams worked out: vertebrae, one of them excluded, tumour load, matched lesions, M protein."""
    panel_widget.logic.case.replace_by([exam_maps(label) for label in LABELS])
    panel_widget.panel.refresh()
    choose_exam(panel_widget, 0)
    place(panel_widget, ("L1", "L2"))
    panel_widget.ui.measureButton.click()
    panel_widget.logic.case.exams["baseline"].load.propose()
    accept_all(panel_widget, "baseline")
    panel_widget.ui.carryButton.click()
    accept_all(panel_widget, "follow-up")
    panel_widget.ui.measureButton.click()
    for n, date in enumerate((datetime.date(2025, 1, 14), datetime.date(2025, 3, 18))):
        panel_widget.logic.case.laboratory.add(LabValue("m_protein", 32.04 - 20 * n, "g/L", date, f"{3.204 - 2 * n:g} g/dL"))
    panel_widget.panel.refresh()
    choose_exam(panel_widget, 0)
    return panel_widget


def accept_all(widget, label: str) -> None:
    """Whatever the software proposes of them, the reader counts every component."""
    exam = widget.logic.case.exams[label]
    for part, component in exam.load.components():
        exam.load.decide(component, "accepted", part)
    exam.load.show()
    widget.panel.refresh()


@dataclass
class Doors:
    """What every door shows of one case."""

    results: Results
    page: Tables
    ui: Any
    shell: str
    listed: dict[tuple[str, str, str], dict[str, str]]

    def same_number(self, cell: rows.Cell, stored: float, *place: str) -> None:
        """The number in the scene and in the CSV, and its unit there, are those of the cell."""
        written = self.listed[place]
        assert cell.value is not None and stored == pytest.approx(cell.value) == pytest.approx(float(written["value"]), rel=1e-5)
        assert written["unit"] == cell.unit


@pytest.fixture
def doors(case, tmp_path) -> Doors:
    from MarrowQuantLib.commands.burden import _table
    from MarrowQuantLib.commands.summary import summary

    results = case.logic.case.results()
    with write_measurements(results, tmp_path / "measurements.csv").open(encoding="utf-8-sig", newline="") as file:
        listed = {(row["exam"], row["region"], row["quantity"]): row for row in csv.DictReader(file)}
    shell = summary(results) + _table(results.exams[0], lesion_rows(results), region_loads(results))
    return Doors(results, Tables(report_page(results, Strings("en"))), case.ui, shell, listed)


def test_all_doors_show_the_same_cells(doors):
    _vertebrae(doors)
    _components(doors)
    _lesions(doors)
    _changes(doors)
    _laboratory(doors)


def _vertebrae(doors: Doors) -> None:
    from MarrowQuantLib.scene.tables import read_rows, vertebrae_table

    tables = rows.vertebrae(doors.results.exams)
    measured = rows.in_readers_tables(tables[0])
    assert [column.key for column in measured] == ["ff", "adc", "water_dominant"]
    in_report, in_panel = doors.page.with_heads(*(column.head() for column in measured)), shown(doors.ui.measurementTable)
    for first, second, panel, node in zip(tables[0].rows, tables[1].rows, in_panel, read_rows(vertebrae_table(doors.results.exams[0]))):
        level = first["level"].text()
        for column in measured:
            both = in_report[level][column.head()].replace("\N{NO-BREAK SPACE}", " ")
            assert both == f"{first[column.key].with_error()} → {second[column.key].with_error()}"
            assert panel[column.head(narrow=True)] == first[column.key].text()
            doors.same_number(first[column.key], node[column.key], "baseline", level, column.key)
            line = next(line for line in doors.shell.splitlines() if line.startswith(level))
            assert column.key == "water_dominant" or first[column.key].with_unit() in line
        assert panel["Voxels FF"] == first["voxels"].text() == doors.listed["baseline", level, "ff"]["n_voxels"]
    assert in_panel[-1]["FF (%)"] == tables[0].mean["ff"].text() and in_panel[-1]["Level"] == tables[0].mean["level"].text()


def _components(doors: Doors) -> None:
    from MarrowQuantLib.scene.tables import components_table, read_rows

    components = rows.components(doors.results.exams[0].burden.components)
    numbers = components.chosen("volume", "longest_diameter", "adc_median", "signal_ratio")
    in_report = doors.page.with_heads(*(column.head() for column in numbers))
    nodes = read_rows(components_table(doors.results.exams[0].burden, "baseline"))
    for row, panel, node in zip(components.rows, shown(doors.ui.componentTable), nodes):
        name = row["lesion"].text()
        for column in numbers:
            assert in_report[name][column.head()] == panel[column.head(narrow=True)] == row[column.key].text()
            doors.same_number(row[column.key], node[column.key], "baseline", f"component {row['label'].value}", column.key)
        assert in_report[name]["State"] == panel["State"] == row["state"].text() == "counted" and node["state"] == "accepted"
        assert in_report[name]["Region"] == panel["Region"] == row["region"].text()
        line = next(line for line in doors.shell.splitlines() if line.split()[:1] == [name])
        assert line.split()[1:4] == [row[key].text() for key in ("volume", "longest_diameter", "adc_median")]


def _lesions(doors: Doors) -> None:
    from MarrowQuantLib.scene.lesions import lesions_table
    from MarrowQuantLib.scene.tables import read_rows

    lesions, found = rows.lesions(lesion_rows(doors.results)), shown(doors.ui.lesionTable)
    assert len(lesions.rows) == len(found) == 2
    in_report, nodes = doors.page.with_heads("What became of it"), read_rows(lesions_table(lesion_rows(doors.results)))
    for row, panel, node in zip(lesions.rows, found, nodes):
        name = row["name"].text()
        for column in lesions.chosen("volume", "diameter", "adc"):
            assert in_report[name][column.head()] == panel[column.head(narrow=True)] == rows.both(row, column.key)
            assert [node[column.key + when] for when in (rows.BEFORE, rows.AFTER)] == pytest.approx(
                [row[column.key + when].value for when in (rows.BEFORE, rows.AFTER)]
            )
        assert in_report[name]["What became of it"] == panel["Became"] == row["kind"].text() and node["kind"] == "persisting"
        assert f"{rows.both(row, 'volume')} mL" in doors.shell


def _changes(doors: Doors) -> None:
    from MarrowQuantLib.followup import index_of
    from MarrowQuantLib.report.shown import index_label
    from MarrowQuantLib.report.strings import Strings
    from MarrowQuantLib.scene.tables import changes_table, read_rows

    changes = rows.changes(doors.results.changes)
    in_report, found = doors.page.with_heads("Index", "Relative"), shown(doors.ui.changeTable)
    nodes = read_rows(changes_table(doors.results.changes))
    assert len(found) == len(nodes) == len(changes.rows) > 4
    for row, panel, node in zip(changes.rows, found, nodes):
        label, level, key = rows.label_of_change(row), row["level"].value, row["index"].value
        assert panel["Index"] == label and panel["Change"] == row["absolute"].with_unit() and panel["Relative"] == row["relative"].text()
        doors.same_number(row["absolute"], node["absolute"], "change", level, key)
        assert (node["baseline"], node["follow_up"], node["level"]) == (row["baseline"].value, row["follow_up"].value, level)
        if not level:
            in_the_report = in_report[index_label(index_of(key), doors.results.exams, Strings("en"))]  # there a mean names its levels
            assert panel["Relative"] == in_the_report["Relative"]
            assert in_the_report["Change"].split()[0] == row["absolute"].text()
            assert f"{label}: {row['baseline'].text()} → {row['follow_up'].with_unit()}, {row['absolute'].with_unit()}" in doors.shell


def _laboratory(doors: Doors) -> None:
    from MarrowQuantLib.scene.tables import labs_table, read_rows

    laboratory = rows.laboratory(doors.results.exams)
    in_report, nodes = doors.page.with_heads("Test", "Unit"), read_rows(labs_table(doors.results.exams))
    in_panel = {line["Test"]: line for line in shown(doors.ui.labsTable)}
    for row, node in zip(laboratory.rows, nodes):
        label = rows.lab_label(row)
        for n, (exam, name) in enumerate(zip(doors.results.exams, ("Baseline", "Follow-up"))):
            assert in_report[label][name] == f"{row[f'value_{n}'].text()} ({row[f'date_{n}'].text()})"
            doors.same_number(row[f"value_{n}"], node[f"value_{n}"], exam.label, "laboratory", row["test"].value)
            assert in_panel[label][name] == f"{3.204 - 2 * n:g}"  # as it was given: the panel's cells are those that a reader types into
        assert in_report[label]["Change"] == row["change"].text() == "−20.0"


# ---------------------------------------------------------------------------------------------------------------- any numbers
@given(NUMBERS, st.sampled_from(sorted(DECIMALS)))
def test_a_number_reads_back_within_half_of_its_last_digit(value, unit):
    text = formats.number(value, unit)
    assert abs(float(text.replace("−", "-")) - value) <= 0.5 * 10 ** -DECIMALS[unit] * (1 + 1e-9) + 1e-9
    assert not text.startswith("-") and formats.signed(value, unit).lstrip("+") == text


@given(NUMBERS, NUMBERS, st.sampled_from(QUANTITIES), st.sampled_from(LANGUAGES))
def test_a_row_of_a_change_holds_its_numbers_whatever_they_are(first, second, index, language):
    percent = 100 * (second - first) / first if first > 0 else None
    change = Change(index.key, index.unit, first, second, second - first, index.change_unit, percent)
    row = rows.changes([change]).rows[0]
    assert (row["baseline"].value, row["follow_up"].value, row["absolute"].value) == (first, second, second - first)
    assert row["relative"].text(language) == (formats.NONE if percent is None else formats.relative(percent))
    if index.is_followed:
        assert rows.label_of_change(row, language) == index.label(language)


@given(st.lists(st.tuples(NUMBERS, NUMBERS, st.booleans()), max_size=5))
def test_components_keep_order_and_numbers(values):
    made = [
        Component(n + 1, abs(a), (0.0, 0.0, b), abs(b), a, b, 1.0, "accepted" if ok else "rejected", "because")
        for n, (a, b, ok) in enumerate(values)
    ]
    table = rows.components(made)
    assert [row.source for row in table.rows] == made and [row.is_out for row in table.rows] == [not ok for _, _, ok in values]
    assert [row["s"].value for row in table.rows] == [b for _, b, _ in values]
    assert all(set(row.cells) == {column.key for column in table.columns} for row in table.rows)


def test_every_unit_of_the_tables_has_its_digits_or_three_significant_ones():
    units = {row.unit for row in QUANTITIES} | {test.unit for test in LAB_TESTS}
    assert {unit for unit in units if unit not in DECIMALS} == {"1", "mg/24h", "µg/L"}
    assert (formats.number(12345.6, "mg/24h"), formats.number(0.123, "1"), formats.number(math.nan, "1")) == ("12346", "0.12", "–")


def test_a_quantity_of_another_version_keeps_its_own_unit():
    cell = rows.cell_of("stiffness", Measurement("Stiffness", 3.456, "kPa"))
    assert (cell.with_unit(), rows.unit_of("stiffness"), rows.unit_of("adc")) == ("3.46 kPa", "", "µm²/s")


@pytest.mark.parametrize(("censored", "texts"), [("below", ("< 0.5", "< 0.5")), ("not detected", ("not detected", "検出せず"))])
def test_a_laboratory_value_that_is_a_limit_says_so(censored, texts):
    cell = rows.LabCell(0.5, "g/L", sign="< " if censored == "below" else "", censored=censored)
    assert (cell.text("en"), cell.text("ja")) == texts


@pytest.mark.parametrize(
    ("text", "error", "unit", "shown"),
    [("3.7", 0.068, "%", "3.7 ± 0.1"), ("3.7", 0.033, "%", "3.7 ± 0.03"), ("771", 7.7, "µm²/s", "771 ± 8"), ("65", 0.29, "1/s", "65 ± 0.3"),
     ("–", 1.0, "%", "–"), ("5.0", None, "%", "5.0"), ("5.0", float("nan"), "%", "5.0")],
)  # fmt: skip
def test_a_standard_error_has_the_digits_of_its_value_unless_it_would_be_zero(text, error, unit, shown):
    assert formats.with_error(text, error, unit) == shown
