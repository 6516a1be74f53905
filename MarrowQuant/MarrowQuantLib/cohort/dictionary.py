"""The data dictionary of a cohort, which REDCap imports: one record a patient, the columns of ``marrowquant cohort`` with labels and units.

The 18 column names and their order are those in which REDCap exports a project's own dictionary. Field names keep REDCap's rules:
lower-case letters, digits and underscores, a letter first, 26 characters or fewer recommended and 100 at most, each once, ``record_id``
first; codes of choices hold letters, digits and underscores, and their labels no "|" (the rules as the schema linkml-redcap writes them
down, https://linkml.io/linkml-redcap).
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..io.sheets import read_sheet
from ..model import MarrowQuantError
from ..results.record import case_columns
from .columns import described
from .table import Cohort

HEADER = (
    "Variable / Field Name", "Form Name", "Section Header", "Field Type", "Field Label", "Choices, Calculations, OR Slider Labels",
    "Field Note", "Text Validation Type OR Show Slider Number", "Text Validation Min", "Text Validation Max", "Identifier?",
    "Branching Logic (Show field only if...)", "Required Field?", "Custom Alignment", "Question Number (surveys only)",
    "Matrix Group Name", "Matrix Ranking?", "Field Annotation",
)  # fmt: skip
_NAME = re.compile(r"[a-z][a-z0-9_]{0,99}")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_RESPONSES = ("sCR", "CR", "VGPR", "PR", "MR", "SD", "PD")
_LABELS = {"sCR": "stringent CR"}
_CHOICES = {"dominance": ("water", "fat"), "dominance_follow_up": ("water", "fat"), "best_response": _RESPONSES, "sex": ("female", "male"),
            "kind": ("myeloma", "smouldering", "MGUS", "MDS", "AA", "red marrow", "control"),
            "cytogenetics": ("standard risk", "high risk"), "ras_mutation": ("wild type", "mutated"),
            "tp53_mutation": ("wild type", "mutated")}  # fmt: skip
_WORDS = {"response_model", "case_kind", "site", "exam_date"}
_PATIENT = ("kind", "best_response", "age_years", "sex", "site", "exam_date", "bmpc_percent", "platelets_e9_l", "cytogenetics",
            "ras_mutation", "tp53_mutation", "progression_days", "progressed")  # fmt: skip


@dataclass(frozen=True)
class Field:
    """One field: its name, form, type, label, choices (value, label), note (the unit) and validation."""

    name: str
    form: str
    kind: str
    label: str
    choices: tuple[tuple[str, str], ...] = ()
    note: str = ""
    validation: str = ""
    required: bool = False


def fields() -> Iterator[Field]:
    """The fields of the dictionary: what no image holds, then the columns of MarrowQuant's results."""
    yield Field("record_id", "patient", "text", "Study number (never a name or a hospital number)", required=True)
    for name in _PATIENT:
        yield _field(name, "patient")
    for name in case_columns():
        yield _field(name, "marrowquant")


def _field(name: str, form: str) -> Field:
    words = described(name)
    if name in _CHOICES:
        choices = tuple((value.replace(" ", "_"), _LABELS.get(value, value)) for value in _CHOICES[name])
        return Field(name, form, "dropdown", words["label"], choices)
    validation = "date_ymd" if name == "exam_date" else "" if name in _WORDS else "number"
    return Field(name, form, "text", words["label"], (), words["unit"], validation)


def write_dictionary(path: Path, made: Sequence[Field] = ()) -> Path:
    """Write the dictionary (UTF-8 without a mark, as REDCap expects).

    Raises
    ------
    MarrowQuantError
        If the file cannot be written.
    """
    try:
        with Path(path).open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(HEADER)
            writer.writerows(_row(one) for one in (made or fields()))
    except OSError:
        name = Path(path).name
        raise MarrowQuantError("{file} cannot be written; choose a folder that exists and may be written to.", file=name) from None
    return Path(path)


def _row(one: Field) -> tuple[str, ...]:
    choices = " | ".join(f"{value}, {label}" for value, label in one.choices)
    required = "y" if one.required else ""
    return (one.name, one.form, "", one.kind, one.label, choices, one.note, one.validation, "", "", "", "", required, "", "", "", "", "")


def read_dictionary(path: Path) -> tuple[Field, ...]:
    """Read a dictionary as REDCap exports it.

    Raises
    ------
    MarrowQuantError
        If it is no data dictionary, or a name breaks REDCap's rules or comes twice.
    """
    sheet = read_sheet(Path(path), "table")
    if tuple(sheet.header)[:4] != HEADER[:4] or len(sheet.header) < 13:
        raise MarrowQuantError("{file} is no data dictionary of REDCap; export it under Project Setup, Data Dictionary.", file=sheet.name)
    found: list[Field] = []
    for line, row in zip(sheet.lines, sheet.rows):
        cells = dict(zip(sheet.header, row))
        name = cells[HEADER[0]]
        if not _NAME.fullmatch(name) or name in {one.name for one in found}:
            raise MarrowQuantError(
                "Line {line} of {file}: '{name}' cannot be a field; use lower-case letters, digits and '_', and every name once.",
                line=line, file=sheet.name, name=name,
            )  # fmt: skip
        choices = tuple(_choice(part) for part in cells[HEADER[5]].split("|") if part.strip())
        found.append(
            Field(name, cells[HEADER[1]], cells[HEADER[3]], cells[HEADER[4]], choices, cells[HEADER[6]], cells[HEADER[7]],
                  cells[HEADER[12]].casefold() == "y")
        )  # fmt: skip
    return tuple(found)


def _choice(part: str) -> tuple[str, str]:
    value, _, label = part.strip().partition(",")
    return value.strip(), label.strip()


def misfits(cohort: Cohort, known: Sequence[Field]) -> tuple[str, ...]:
    """What of a table the dictionary does not allow, one sentence a column: unknown columns, values that are no choice or no number."""
    by_name, said = {one.name: one for one in known}, []
    for column in cohort.header:
        one = by_name.get(column)
        if one is None:
            said.append(f"{column}: the dictionary has no such field.")
            continue
        cells = [cell for cell in cohort.text(column) if cell]
        odd = [cell for cell in cells if one.choices and cell not in {value for value, _ in one.choices}]
        code = next((code for code, label in one.choices if odd and odd[0] == label), "")
        dates = [cell for cell in cells if one.validation == "date_ymd" and not _DATE.fullmatch(cell)]
        if code:
            said.append(f"{column}: '{odd[0]}' is a label, and REDCap takes its code {code} ({len(odd)} of {len(cells)} values).")
        elif odd:
            said.append(f"{column}: '{odd[0]}' is none of its choices ({len(odd)} of {len(cells)} values).")
        elif dates:
            said.append(f"{column}: '{dates[0]}' is no date as YYYY-MM-DD ({len(dates)} of {len(cells)} values).")
        elif one.validation == "number":
            try:
                cohort.numbers(column)
            except MarrowQuantError as error:
                said.append(f"{column}: {error}")
    return tuple(said)
