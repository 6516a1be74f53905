"""Read a cohort: from a CSV file, or from the ``results.json`` of any number of cases."""

from __future__ import annotations

import hashlib
import marshal
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Optional

from ..io.jsonfiles import read_json_quickly
from ..io.sheets import read_sheet
from ..io.textfiles import listed
from ..model import Finding, MarrowQuantError, finding
from ..results import results_from_dict
from ..results.record import case_record, exam_records
from ..vertebrae.places import is_place
from .cells import NO_VALUE, BadCell, is_formula, parse_number
from .index import Entry, Index, stamp_of
from .table import DATE_NAMES, ID_NAMES, Cohort

CASE = "id"


def read_cohort(
    source: Path, *, outcomes: Optional[Path] = None, id_column: Optional[str] = None, outcome: str = "", long: bool = False
) -> Cohort:
    """Read a cohort.

    Parameters
    ----------
    source : Path
        A CSV file, or a folder in which every ``results.json`` at any depth is a case; a case is named by its folder.
    outcomes : Path, optional
        CSV with what the results do not hold (the outcome, cytogenetics …), joined by its ID column to the case names.
    id_column : str, optional
        Column that tells patients apart; found by its name (``ID_NAMES``) if left out.
    outcome : str
        A column that must not be taken for the ID.
    long : bool
        From a folder: one row a case and exam instead of one row a case.

    Returns
    -------
    Cohort

    Raises
    ------
    MarrowQuantError
        If the file cannot be read, has no rows, or has broken rows.
    """
    source = Path(source)
    if not source.exists():
        raise MarrowQuantError("{file} does not exist; give a CSV file or the folder with the results of the cases.", file=source.name)
    if source.suffix.lower() == ".json":
        raise MarrowQuantError(
            "{file} is one case's file; give the folder that holds the results of all cases, or a CSV file.",
            file=source.name,
        )
    cohort = _from_folder(source, long) if source.is_dir() else _from_csv(source, id_column, outcome)
    if outcomes and cohort.decimal_comma:
        raise MarrowQuantError("{cohort} has decimal commas; write them as points before another table is joined.", cohort=cohort.name)
    return joined(cohort, _from_csv(Path(outcomes), id_column, outcome)) if outcomes else cohort


def _from_csv(path: Path, id_column: Optional[str], outcome: str) -> Cohort:
    sheet = read_sheet(path, "table")
    header = sheet.header
    _check_header(header, sheet.name)
    if not sheet.rows:
        raise MarrowQuantError("{sheet} has a header but no rows; add one row a patient.", sheet=sheet.name)
    chosen = id_column or _named(header, ID_NAMES, outcome)
    if chosen is not None and chosen not in header:
        raise MarrowQuantError("{sheet} has no column '{chosen}'; it has {header}.", sheet=sheet.name, chosen=chosen, header=list(header))
    comma, findings = _decimal_comma(sheet.rows, header, sheet.name)
    date_column = _named(header, DATE_NAMES, outcome)
    cohort = Cohort(sheet.name, header, sheet.rows, sheet.lines, comma, chosen, date_column, (*sheet.findings, *findings))
    return replace(cohort, findings=(*cohort.findings, *_notes(cohort)))


def _check_header(header: Sequence[str], name: str) -> None:
    for column in header:
        if header.count(column) > 1:
            raise MarrowQuantError(
                "The header of {name} has '{column}' more than once; give every column its own name.",
                name=name, column=column,
            )
        if is_formula(column):
            raise MarrowQuantError("The header of {name} holds a spreadsheet formula; give the column a plain name.", name=name)


def _named(header: Sequence[str], names: Sequence[str], outcome: str) -> Optional[str]:
    by_name = {column.casefold(): column for column in header if column != outcome}
    return next((by_name[name] for name in names if name in by_name), None)


def _decimal_comma(rows: Sequence[Sequence[str]], header: Sequence[str], name: str) -> tuple[bool, list[Finding]]:
    """True if the table writes decimal commas: then no number may have a point."""
    commas = [cell for row in rows for cell in row if "," in cell and _is_number(cell, True)]
    if not commas:
        return False, []
    points = [cell for row in rows for cell in row if "." in cell and _is_number(cell, False)]
    if points:
        raise MarrowQuantError("{name} has numbers with a decimal comma and others with a decimal point; write all in one way.", name=name)
    if all(len(cell.split(",")[1]) == 3 and 1 <= len(cell.split(",")[0].lstrip("+-")) <= 3 for cell in commas):
        raise MarrowQuantError(
            "{name} has numbers such as '{commas}', where the comma may be a decimal or a thousands sign; write them with a point.",
            name=name, commas=commas[0],
        )
    return True, [finding("cohort.decimal_comma", name=name, cell=commas[0], number=parse_number(commas[0], True))]


def _is_number(cell: str, comma: bool) -> bool:
    try:
        parse_number(cell, comma)
    except BadCell:
        return False
    return True


def _notes(cohort: Cohort) -> list[Finding]:
    findings: list[Finding] = []
    formulas = [line for line, row in zip(cohort.lines, cohort.rows) if any(is_formula(cell) for cell in row)]
    if formulas:
        findings.append(finding("cohort.formulas", lines=listed(formulas)))
        return findings
    if cohort.id_column is None:
        findings.append(finding("cohort.no_id", name=cohort.name))
        return findings
    repeated, twice = cohort.repeated(), cohort.repeated(with_date=True)
    if repeated:
        findings.append(finding("cohort.repeated", lines=listed(repeated), column=cohort.id_column))
    if cohort.date_column and twice:
        findings.append(finding("cohort.repeated_date", lines=listed(twice)))
    empty = sum(cell.casefold() in NO_VALUE for cell in cohort.text(cohort.id_column))
    if empty:
        findings.append(finding("cohort.empty_id", count=empty))
    return findings


def _from_folder(folder: Path, long: bool) -> Cohort:
    files = sorted(folder.rglob("results.json"))
    if not files:
        raise MarrowQuantError("The folder {folder} holds no results.json; choose the folder above the cases' results.", folder=folder.name)
    index = Index(folder)
    records: list[dict[str, str]] = []
    seen: dict[str, str] = {}
    refused: list[MarrowQuantError] = []
    findings, simulated = [], 0
    for file in files:
        where = file.parent.relative_to(folder).as_posix()
        try:
            entry = index.entry(file, where) or _read_case(file, where)
        except MarrowQuantError as why:  # one bad file among thousands must not hide the others; it is tried again the next time
            refused.append(why)
            continue
        index.add(where, entry)
        if not entry.content:
            findings.append(finding("cohort.no_result", file=f"{where}/results.json"))
            continue
        if entry.content in seen:
            raise MarrowQuantError(
                "The results in {where} are a copy of those in {seen}; remove one of them.",
                where=where, seen=seen[entry.content],
            )
        seen[entry.content] = where
        simulated += entry.synthetic
        name = where.removesuffix("/results") if where not in {".", "results"} else folder.name
        records += [{CASE: name, **row} for row in (entry.exams if long else [entry.case])]
    index.save()
    if refused and not records:
        raise refused[0]
    if refused:
        findings.append(finding("cohort.unreadable", count=len(refused), n=len(files), why=refused[0]))
    if not records:
        raise MarrowQuantError("No results.json in {folder} is a MarrowQuant result; choose another folder.", folder=folder.name)
    if simulated:
        findings.append(finding("cohort.simulated", count=simulated, n=len(seen)))
    header = tuple(key for key in dict.fromkeys(key for record in records for key in record) if any(record.get(key) for record in records))
    rows = tuple(tuple(record.get(key, "") for key in header) for record in records)
    return Cohort(folder.name, header, rows, tuple(range(1, len(rows) + 1)), False, CASE, "date" if long else None, tuple(findings))


def _load(file: Path, where: str) -> Optional[dict[str, Any]]:
    try:
        case = read_json_quickly(file)
    except (OSError, ValueError):
        raise MarrowQuantError(
            "{where}/results.json cannot be read as JSON; write the results again or remove the file.",
            where=where,
        ) from None
    good = isinstance(case, dict) and isinstance(case.get("exams"), list) and isinstance(case.get("changes"), list)
    software = case.get("software") if good else None
    return case if isinstance(software, dict) and software.get("name") == "MarrowQuant" else None


def _read_case(file: Path, where: str) -> Entry:
    """What the cohort takes from a file: the columns are those of ``results.record``."""
    stamp, case = stamp_of(file), _load(file, where)
    if case is None:
        return Entry(stamp, "", False, {}, [])
    content = hashlib.sha256(marshal.dumps([case["exams"], case["changes"]], 2)).hexdigest()
    try:
        results = results_from_dict(_without_parts(case))
        rows, exams = case_record(results), exam_records(results)
    except (AttributeError, KeyError, TypeError, ValueError):
        raise MarrowQuantError(
            "{where}/results.json lacks parts of a MarrowQuant result; write the results of this case again.",
            where=where,
        ) from None
    return Entry(stamp, content, bool(case.get("synthetic")), _cells(rows), [_cells(row) for row in exams])


def _without_parts(case: dict[str, Any]) -> dict[str, Any]:
    """A case without what no column comes from, which is most of a file and of the time to understand it."""
    kept = {**case, **{key: [] for key in ("lesions", "distributions", "movement") if isinstance(case.get(key), list)}}
    if isinstance(case.get("laboratory"), dict):
        kept["laboratory"] = None
    changes = (_without(change, findings=[]) for change in case["changes"])
    kept["changes"] = [change for change in changes if not isinstance(change, dict) or not change.get("level")]
    kept["exams"] = [_exam_without_parts(exam) for exam in case["exams"]]
    return kept


def _exam_without_parts(exam: Any) -> Any:
    """Of the vertebrae only the regions of the pelvis have columns, of the tumour load only its sums."""
    if not isinstance(exam, dict):
        return exam
    kept = {**exam, **{key: [] for key in ("series", "burden_parts") if isinstance(exam.get(key), list)}}
    if isinstance(exam.get("maps"), dict):
        kept["maps"] = {}
    if isinstance(exam.get("lumbar"), dict):
        kept["lumbar"] = {key: _without(value, how="") for key, value in exam["lumbar"].items()}
    if isinstance(exam.get("stations"), dict):
        kept["stations"] = None
    if isinstance(exam.get("vertebrae"), list):
        kept["vertebrae"] = [one for one in exam["vertebrae"] if isinstance(one, dict) and is_place(str(one.get("level")))]
    if isinstance(exam.get("burden"), dict):
        load = _without(exam["burden"], components=[], findings=[], infiltration=None)
        kept["burden"] = {**load, **{key: _without(load[key], how="") for key in ("tdv", "gadc") if key in load}}
    return kept


def _without(whole: Any, **emptied: Any) -> Any:
    """A mapping with parts of it emptied, if it has them: sentences are a good deal of a file."""
    return {**whole, **{key: value for key, value in emptied.items() if key in whole}} if isinstance(whole, dict) else whole


def _cells(record: Mapping[str, Any]) -> dict[str, str]:
    return {key: _cell(value) for key, value in record.items()}


def _cell(value: Any) -> str:
    return "" if value is None else value if isinstance(value, str) else repr(value)


def joined(cohort: Cohort, other: Cohort) -> Cohort:
    """``cohort`` with the columns of ``other`` added by ID."""
    if cohort.id_column is None or other.id_column is None:
        raise MarrowQuantError(
            "{other} needs an ID column (one of {id_names}) whose values are the names of the cases.",
            other=other.name, id_names=list(ID_NAMES),
        )
    other.one_row_a_patient()
    new = [column for column in other.header if column != other.id_column]
    clash = [column for column in new if column in cohort.header]
    if clash:
        raise MarrowQuantError(
            "{other} and {cohort} both have a column '{clash}'; rename one.",
            other=other.name, cohort=cohort.name, clash=clash[0],
        )
    cells = {column: [_with_point(cell, other.decimal_comma) for cell in other.text(column)] for column in new}
    place = {case: n for n, case in enumerate(other.text(other.id_column))}
    ids = cohort.text(cohort.id_column)
    found = [place.get(case) for case in ids]
    if not any(n is not None for n in found):
        raise MarrowQuantError(
            "No ID in {other} is the name of a case in {cohort}; write the case folders' names into it.",
            other=other.name, cohort=cohort.name,
        )
    rows = tuple((*row, *("" if n is None else cells[column][n] for column in new)) for row, n in zip(cohort.rows, found))
    findings = [*cohort.findings, *other.findings]
    without, unused = sum(n is None for n in found), len(set(place) - set(ids))
    if without:
        findings.append(finding("cohort.without_row", count=without, table=other.name))
    if unused:
        findings.append(finding("cohort.without_case", count=unused, table=other.name))
    return replace(cohort, header=(*cohort.header, *new), rows=rows, decimal_comma=False, findings=tuple(findings))


def _with_point(cell: str, comma: bool) -> str:
    return repr(parse_number(cell, True)) if comma and cell and _is_number(cell, True) else cell
