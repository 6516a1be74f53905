"""The manifest: a CSV with one row a case that says where its exams, laboratory sheet and ROIs lie."""

from __future__ import annotations

import datetime
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Optional

from ..burden import Muscle, read_muscle
from ..io.sheets import read_sheet
from ..model import MarrowQuantError, Settings
from ..model.settings import SETTINGS, with_texts
from ..response.lab_entry import read_date

PATH_COLUMNS = ("baseline", "follow_up", "labs", "rois", "rois_follow_up", "overrides", "skeleton", "skeleton_follow_up")
SAID_COLUMNS = ("date", "date_follow_up", "same_patient", "muscle", "muscle_follow_up")
SETTING_COLUMNS = tuple(row.name for row in SETTINGS)
REQUIRED = ("case", "baseline")
_EXAMPLE = "'case,baseline,follow_up,labs,rois'"
_LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
MAX_COLUMN = 64  # letters
# Names that Windows keeps for devices; a case's label names its output folder.
_RESERVED = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))}
_FORMULA_STARTS = ("=", "+", "@", "\t", "\r")


@dataclass(frozen=True)
class Case:
    """One row of the manifest.

    Attributes
    ----------
    label : str
        The user's own name for the case: letters, digits, "-" and "_". It names the output folder and stands in the log.
    paths : mapping
        Column of ``PATH_COLUMNS`` to absolute path, only where the row gives one.
    covariates : mapping
        Every further column (outcome, age …), as text, for the cohort table.
    problem : str
        Why the case cannot be run, as far as the manifest alone tells; else empty.
    settings : mapping
        Setting of this case alone (a column of its name) to the cell's text; see ``model.settings.with_texts``.
    dates : tuple of datetime.date
        Of the exams in their order, where the row gives them.
    same_patient : bool
        The exams are of one patient, whatever the files say.
    muscle : tuple of float, points or None
        For each exam what is said of muscle, see ``burden.read_muscle``.
    """

    label: str
    paths: Mapping[str, Path]
    covariates: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)
    dates: tuple[datetime.date, ...] = ()
    same_patient: bool = False
    muscle: tuple[Optional[Muscle], ...] = ()

    @property
    def exams(self) -> list[Path]:
        """Folders of the baseline and, where there is one, of the follow-up."""
        return [self.paths[column] for column in ("baseline", "follow_up") if column in self.paths]

    @property
    def rois(self) -> list[Path]:
        """Files with ROIs, in the order of the exams."""
        return [self.paths[column] for column in ("rois", "rois_follow_up") if column in self.paths]

    @property
    def skeletons(self) -> list[Path]:
        """Masks of bone, in the order of the exams."""
        return [self.paths[column] for column in ("skeleton", "skeleton_follow_up") if column in self.paths]


def read_manifest(path: Path) -> list[Case]:
    """Read a manifest.

    Parameters
    ----------
    path : Path
        A table (``io.sheets.read_sheet``: CSV in any encoding, or .xlsx) with the columns ``case`` and ``baseline``, and as needed
        ``follow_up``, ``labs``, ``rois``, ``rois_follow_up``, ``overrides`` (``dicom.read_overrides``), ``skeleton``,
        ``skeleton_follow_up``, ``date``, ``date_follow_up``, ``same_patient``, ``muscle``, ``muscle_follow_up``, and any setting by its
        name (``model.settings.SETTINGS``), which then holds for this case. A relative path starts in the
        manifest's folder and must stay inside it; an absolute
        path is taken as meant. Further columns are kept as covariates.

    Returns
    -------
    list of Case
        In the order of the file. A row whose paths cannot be used has its reason in ``problem``, so that the other rows can run.

    Raises
    ------
    MarrowQuantError
        If the manifest as a whole cannot be trusted: not readable, missing columns, no row, a bad or repeated label, a cell that a
        spreadsheet would run as a formula.
    """
    path = Path(path)
    sheet = read_sheet(path, "manifest", is_header=lambda cells: set(REQUIRED) <= {_column(cell) for cell in cells})
    header = _header(sheet.header, path.name)
    cases: list[Case] = []
    seen: dict[str, int] = {}
    for line, cells in zip(sheet.lines, sheet.rows):
        where = f"Line {line} of {path.name}"
        if any(cell.startswith(_FORMULA_STARTS) for cell in cells):
            raise MarrowQuantError(
                "{where} holds a cell that a spreadsheet would run as a formula; write plain text and paths only.",
                where=where,
            )
        case = _case(dict(zip(header, cells)), path.resolve().parent, where)
        earlier = seen.setdefault(case.label.casefold(), line)
        if earlier != line:
            raise MarrowQuantError(
                "{where} repeats the case '{label}' of line {earlier}; give every case a label of its own.",
                where=where, label=case.label, earlier=earlier,
            )
        cases.append(case)
    if not cases:
        raise MarrowQuantError("{file} has a header but no case; add one line for each case.", file=path.name)
    return cases


def _header(cells: Sequence[str], name: str) -> list[str]:
    header = [_column(cell) for cell in cells]
    missing = [column for column in REQUIRED if column not in header]
    if missing:
        raise MarrowQuantError(
            "{name} has no column '{missing}'; its first line must name the columns, such as {example}.",
            name=name, missing=missing[0], example=_EXAMPLE,
        )
    wrong = [column for column in header if not _is_column(column) or header.count(column) > 1]
    if wrong:
        raise MarrowQuantError(
            "The column '{wrong}' of {name} is repeated, 'id' or no plain word; use letters, digits and '_'.",
            wrong=wrong[0], name=name,
        )
    return header


def _column(cell: str) -> str:
    return "_".join(re.split(r"[\s\-./]+", unicodedata.normalize("NFKC", cell).casefold())).strip("_")


def _is_column(name: str) -> bool:
    """A plain word of any script; "id" is the cohort table's own."""
    return name != "id" and name.isidentifier() and len(name) <= MAX_COLUMN


def _case(row: Mapping[str, str], root: Path, where: str) -> Case:
    label = row["case"]
    if not _LABEL.fullmatch(label) or label.casefold() in _RESERVED:
        raise MarrowQuantError(
            "{where}: '{label}' cannot be a case label; use 1 to 64 letters, digits, '-' and '_' that do not tell who the patient is.",
            where=where, label=label,
        )
    paths, problem = {}, "" if row["baseline"] else "No baseline folder is given."
    for column in PATH_COLUMNS:
        if row.get(column):
            paths[column], wrong = _resolve(row[column], root, column)
            problem = problem or wrong
    for what in ("rois", "skeleton"):
        if f"{what}_follow_up" in paths and what not in paths:
            problem = problem or f"A file in {what}_follow_up needs one in {what}; give that of the baseline too."
    settings = {column: row[column] for column in SETTING_COLUMNS if row.get(column)}
    said: dict[str, Any] = {}
    try:
        with_texts(Settings(), settings)
        said = _said(row)
    except MarrowQuantError as error:
        problem = problem or str(error)
    known = {"case", *PATH_COLUMNS, *SAID_COLUMNS, *SETTING_COLUMNS}
    covariates = {column: cell for column, cell in row.items() if column not in known}
    return Case(label, paths, covariates, problem, settings, **said)


def _said(row: Mapping[str, str]) -> dict[str, Any]:
    """What the row says of dates, patient and muscle, as fields of :class:`Case`.

    Raises
    ------
    MarrowQuantError
    """
    dates = [row.get(column, "") for column in ("date", "date_follow_up")[: 2 if row.get("follow_up") else 1]]
    if any(dates) and not all(dates):
        raise MarrowQuantError("A date is given for one exam alone; give one for each in the columns date and date_follow_up.")
    muscle = [row.get(column, "") for column in ("muscle", "muscle_follow_up")]
    return {
        "dates": tuple(read_date(text) for text in dates if text),
        "same_patient": bool(row.get("same_patient")) and _yes(row["same_patient"]),
        "muscle": tuple(read_muscle(text) if text else None for text in muscle) if any(muscle) else (),
    }


def _yes(text: str) -> bool:
    """The cell of same_patient."""
    if text.casefold() not in ("yes", "no"):
        raise MarrowQuantError("The cell same_patient is '{text}'; write yes or no.", text=text)
    return text.casefold() == "yes"


def _resolve(text: str, root: Path, column: str) -> tuple[Path, str]:
    """The path meant by a cell, and why it cannot be used (else empty).

    Links are followed before the comparison, so that a link cannot lead out of the manifest's folder either.
    """
    given = Path(text)
    path = (root / given).resolve()
    if not given.is_absolute() and root != path and root not in path.parents:
        return path, f"The {column} path leads out of the manifest's folder; give an absolute path if that is meant."
    wants_folder = column in ("baseline", "follow_up")
    masks = column.startswith("rois") and path.is_dir()  # one mask a vertebra
    if not masks and not (path.is_dir() if wants_folder else path.is_file()):
        return path, f"The {column} {'folder' if wants_folder else 'file'} does not exist."
    return path, ""
