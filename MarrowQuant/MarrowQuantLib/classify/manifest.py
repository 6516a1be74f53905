"""A table with one row a patient, and the images and bodies that it names: DICOM, NIfTI or NRRD."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

from .. import dicom
from ..cohort.cells import NO_VALUE, BadCell, parse_number
from ..exam.maps import make_exam_maps
from ..io import imagefiles
from ..io.sheets import read_sheet
from ..model import KINDS, Finding, MarrowQuantError, Progress, Role, Settings, Volume, finding, no_progress
from ..vertebrae import read_labels, segment_bodies, take_over
from ..vertebrae.segment import Bodies
from .arms import ARMS
from .bodies import image_of_bodies
from .cases import make_patient, says_synthetic, scanner_of
from .dataset import Dataset, Patient
from .patches import CHANNELS, Preparation

MAPS = {
    "t1": Role.T1,
    "stir": Role.STIR,
    "ff": Role.PDFF,
    "adc": Role.ADC,
    "r2star": Role.R2STAR,
    "in_phase": Role.IN_PHASE,
    "opposed_phase": Role.OPPOSED_PHASE,
}
"""Columns of the table, names of image files in a patient's folder, and roles of DICOM series."""
REQUIRED = ("record_id", "kind")
_YES = frozenset(("1", "yes", "true", "はい"))
_BODIES = "bodies"
_READ = frozenset((*MAPS.values(), Role.WATER, Role.FAT, Role.MULTI_ECHO, Role.DWI))


@dataclass(frozen=True)
class Row:
    """One row: its cells, and the folder in which relative paths begin."""

    cells: Mapping[str, str]
    folder: Path

    def path(self, name: str) -> Optional[Path]:
        """The path in a cell; None for an empty one."""
        text = self.cells.get(name, "")
        return (self.folder / text) if text else None


def read_table(path: Path) -> list[Row]:
    """Read the table of patients.

    Parameters
    ----------
    path : Path
        CSV or .xlsx with the columns ``record_id`` and ``kind`` (one of ``model.KINDS``); ``images``, a folder with DICOM or with t1.nii.gz
        …, or one column an image (t1, stir, ff, adc, r2star, in_phase, opposed_phase); ``bodies``, a label file, or ``clicks`` such as
        "L1=2,-10,70; L5=-1,-11,-76"; and as known ``site``, ``scanner``, ``age_years``, ``platelets``, ``synthetic``, ``stir_pattern``.

    Raises
    ------
    MarrowQuantError
        If a column is missing or a kind is not known.
    """
    sheet = read_sheet(Path(path), "table of patients", is_header=lambda cells: set(REQUIRED) <= {cell.strip().lower() for cell in cells})
    header = [name.strip().lower() for name in sheet.header]
    missing = [name for name in REQUIRED if name not in header]
    if missing:
        raise MarrowQuantError("{file} has no column {missing}; every patient needs record_id and kind.", file=sheet.name, missing=missing)
    rows = [Row(dict(zip(header, cells)), Path(path).resolve().parent) for cells in sheet.rows]
    wrong = sorted({row.cells["kind"] for row in rows if row.cells["kind"] not in KINDS})
    if wrong:
        raise MarrowQuantError("The kind {wrong} is not known; write one of: {kinds}.", wrong=wrong, kinds=list(KINDS))
    return rows


@dataclass(frozen=True)
class Images:
    """Images and maps of one patient by key, whether they say that they are simulated, and the scanner as the headers name it."""

    maps: Mapping[str, Volume]
    synthetic: bool = False
    scanner: str = ""


def read_images(source: Path) -> Images:
    """Images and maps of a folder.

    Parameters
    ----------
    source : Path
        A folder with t1.nii.gz, stir.nii.gz … (NIfTI or NRRD), else one with DICOM, of which the maps are made as in an exam that is
        measured; or one image file, which is taken for T1.

    Raises
    ------
    MarrowQuantError
        If nothing of use is found, or exams of several dates or patients.
    """
    source = Path(source)
    if source.is_file():
        return Images({"t1": _single(source)})
    if not source.is_dir():
        raise MarrowQuantError("There is no '{file}'; check the path.", file=source.name)
    files = {imagefiles.stem(path).lower(): path for path in sorted(source.iterdir()) if path.name.lower().endswith(imagefiles.SUFFIXES)}
    maps = {key: _single(files[key]) for key in MAPS if key in files}
    return Images(maps) if maps else _read_dicom(source)


def _read_dicom(source: Path) -> Images:
    volumes = [volume for volume in dicom.scan(source) if not volume.problem]
    exams = [exam for exam in dicom.group_exams(volumes) if any(volume.role in _READ for volume in exam.volumes)]
    if not exams:
        raise MarrowQuantError("'{file}' holds neither t1.nii.gz, stir.nii.gz … nor DICOM series of the spine.", file=source.name)
    if len(exams) > 1:
        raise MarrowQuantError("'{file}' holds {n} exams; name the folder of one of them.", file=source.name, n=len(exams))
    found = make_exam_maps(exams[0], "baseline", Settings())
    return Images(found.maps, says_synthetic(found), scanner_of(found))


def read_bodies(row: Row, maps: Mapping[str, Volume]) -> Bodies:
    """The bodies that a row names by a label file or by clicks; without either, ``bodies.nii.gz`` or ``bodies.seg.nrrd`` in the folder of
    images.

    Raises
    ------
    MarrowQuantError
        If there are neither, or they cannot be used.
    """
    path = row.path(_BODIES)
    if path is None and not row.cells.get("clicks") and row.path("images") is not None:
        beside = [row.path("images") / name for name in ("bodies.seg.nrrd", "bodies.nii.gz")]  # type: ignore[operator]
        path = next((each for each in beside if each.is_file()), None)
    if path is not None:
        return take_over(read_labels(path))
    if row.cells.get("clicks"):
        clicks = [_click(text) for text in row.cells["clicks"].split(";")]
        if len(dict(clicks)) < len(clicks):
            raise MarrowQuantError("A level is clicked twice; give one point for each level.")
        return segment_bodies(image_of_bodies(maps), dict(clicks))
    raise MarrowQuantError("No bodies are given; name a label file (bodies) or a point in two levels (clicks).")


def _click(text: str) -> tuple[str, tuple[float, ...]]:
    level, _, point = text.strip().partition("=")
    try:
        numbers = tuple(float(number) for number in point.split(","))
    except ValueError:
        numbers = ()
    if len(numbers) != 3 or not all(map(math.isfinite, numbers)):
        raise MarrowQuantError("'{text}' is no click; write a level and three numbers, such as L1=2,-10,70.", text=text.strip()[:30])
    return level.strip(), numbers


def load_row(row: Row) -> tuple[Images, Bodies]:
    """Images and bodies; the row says whether they are simulated, and the scanner, where the images do not."""
    maps: dict[str, Volume] = {}
    synthetic, scanner = False, ""
    source = row.path("images")
    if source is not None:
        found = read_images(source)
        maps, synthetic, scanner = dict(found.maps), found.synthetic, found.scanner
    for key in MAPS:
        path = row.path(key)
        if path is not None:
            found = Images({key: _single(path)}) if path.is_file() else read_images(path)
            if key not in found.maps:
                raise MarrowQuantError("'{file}' holds no image of the kind {map}; name another folder.", file=path.name, map=key)
            maps[key], scanner = found.maps[key], scanner or found.scanner
    if not maps:
        raise MarrowQuantError("No images are given; name a folder (images) or files (t1, stir, ff …).")
    synthetic = synthetic or row.cells.get("synthetic", "").lower() in _YES
    return Images(maps, synthetic, scanner or row.cells.get("scanner", "")), read_bodies(row, maps)


def prepare_table(
    path: Path, settings: Preparation, *, event: str, other: str, readers: Optional[Path] = None, cache: Optional[Path] = None,
    progress: Progress = no_progress,
) -> Dataset:  # fmt: skip
    """Make the pictures of all patients of a table ready.

    Parameters
    ----------
    path : Path
        See :func:`read_table`.
    settings : Preparation
    event, other : str
        The two kinds that are told apart; rows of other kinds are left out.
    readers : Path, optional
        Table with ``record_id`` and one column of scores a reader; higher speaks for the event.
    cache : Path, optional

    Raises
    ------
    MarrowQuantError
        If no patient is left. A patient that cannot be used is named in a finding.
    """
    if event == other:
        raise MarrowQuantError("Both kinds are {event}; give two different ones to be told apart.", event=event)
    rows = [row for row in read_table(path) if row.cells["kind"] in (event, other)]
    patients: list[Patient] = []
    told: list[Finding] = []
    for n, row in enumerate(rows):
        progress(n / max(len(rows), 1), f"Pictures of patient {n + 1} of {len(rows)}")
        try:
            images, bodies = load_row(row)
            cells = {**row.cells, "synthetic": images.synthetic, "scanner": images.scanner}
            patients.append(make_patient(row.cells["record_id"], cells, images.maps, bodies, settings, cache))
        except MarrowQuantError as error:
            told.append(finding("classify.not_prepared", patient=row.cells["record_id"], why=error))
    if not patients:
        if told:
            raise MarrowQuantError("{finding} No patient is left.", finding=told[0])
        raise MarrowQuantError("The table holds no patient of {event} or {other}; check the column kind.", event=event, other=other)
    if all(patient.synthetic for patient in patients):
        told.append(finding("classify.simulated"))
    scores = read_scores(readers) if readers is not None else {}
    return Dataset(tuple(patients), settings, event, other, scores, tuple(told))


def read_scores(path: Path) -> dict[str, dict[str, float]]:
    """Scores by reader and record: every column beside ``record_id`` is a reader.

    Raises
    ------
    MarrowQuantError
        If a cell is no number, a record stands there twice, or a reader has the name of an arm.
    """
    sheet = read_sheet(Path(path), "table of scores", is_header=lambda cells: "record_id" in {cell.strip().lower() for cell in cells})
    header = [name.strip() for name in sheet.header]
    try:
        key = [name.lower() for name in header].index("record_id")
        scores = {
            name: {cells[key]: parse_number(cells[n]) for cells in sheet.rows if cells[n].strip().lower() not in NO_VALUE}
            for n, name in enumerate(header)
            if n != key
        }
    except (BadCell, ValueError):
        raise MarrowQuantError(
            "{file} is no table of scores: it needs a column record_id, and a number in each other cell.", file=sheet.name
        ) from None
    records, taken = [cells[key] for cells in sheet.rows], sorted(set(scores) & set(ARMS))
    if len(set(records)) < len(records):
        raise MarrowQuantError("{file} has two lines of scores for one record; leave one.", file=sheet.name)
    if taken:
        raise MarrowQuantError("A reader is called {name}, as an arm is; give the column another name.", name=taken[0])
    return scores


def write_cohort(cases: list, folder: Path, progress: Progress = no_progress) -> Path:
    """Write simulated patients as a site would hold them: ``patients.csv``, ``readers.csv``, NIfTI images, and ``truth.json`` beside."""
    import json

    from ..cohort.cells import write_table
    from ..io.atomic import in_one_step

    columns = [name for name in cases[0].row if not name.startswith("reader_") and name != "record_id"]
    readers = [name for name in cases[0].row if name.startswith("reader_")]
    with in_one_step(Path(folder)) as unfinished:
        for n, case in enumerate(cases):
            progress(n / len(cases), f"Writing patient {n + 1} of {len(cases)}")
            place = unfinished / case.record_id
            place.mkdir()
            for key, volume in case.maps.items():
                imagefiles.write_volume(volume, place / f"{key}.nii.gz")
            imagefiles.write_volume(case.labels, place / f"{_BODIES}.nii.gz")
            (place / f"{_BODIES}.json").write_text(json.dumps({f"L{level}": level for level in range(1, 6)}), encoding="utf-8")
        table = [[case.record_id, case.record_id, *(_cell(case.row[name]) for name in columns)] for case in cases]
        write_table(unfinished / "patients.csv", ("record_id", "images", *columns), table)
        write_table(unfinished / "readers.csv", ("record_id", *readers), [[c.record_id, *(c.row[name] for name in readers)] for c in cases])
        truth = {case.record_id: dict(case.truth) for case in cases}
        (unfinished / "truth.json").write_text(json.dumps({"synthetic": True, "patients": truth}, indent=1), encoding="utf-8")
    return Path(folder)


def _cell(value: object) -> object:
    return int(value) if isinstance(value, bool) else value


def _single(path: Path) -> Volume:
    volumes = imagefiles.read_volumes(path)
    if len(volumes) != 1:
        raise MarrowQuantError("{file} holds {n_volumes} images where one is needed.", file=path.name, n_volumes=len(volumes))
    return volumes[0]


assert set(CHANNELS) <= set(MAPS)
