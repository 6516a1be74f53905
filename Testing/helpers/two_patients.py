"""Two patients whose every text and number carries a mark, and the search for one's marks in all that belongs to the other."""

from __future__ import annotations

import datetime
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from MarrowQuantLib.exam.identity import identity_of
from MarrowQuantLib.exam.maps import ExamMaps

from . import fake_exams


@dataclass(frozen=True)
class Patient:
    """``word`` stands in texts and names, ``protein`` is the M protein in g/L, ``x`` the R coordinate of the points in mm, ``ratio`` the
    threshold, ``age`` the age in years, ``year`` that of the exams."""

    word: str
    protein: str
    x: float
    ratio: float
    age: int
    year: int

    @property
    def marks(self) -> tuple[str, ...]:
        return (self.word, self.protein, str(self.x), str(self.ratio), *map(str, self.dates()), f"{self.age} years")

    def dates(self) -> list[datetime.date]:
        return [datetime.date(self.year, 1, 14), datetime.date(self.year, 3, 18)]

    def write(self, root: Path) -> None:
        """Folders as a study has them, for a fake reading; and a laboratory sheet."""
        for name in ("baseline", "follow-up"):
            (root / f"{self.word}-{name}").mkdir(parents=True)
        first, second = self.dates()
        lines = [f"{first},M protein,{self.protein},g/L", f"{second},M protein,1{self.protein},g/L", f"{second},comment {self.word},x,"]
        (root / f"{self.word}-labs.csv").write_text("\n".join(["date,test,value,unit", *lines[:2]]) + "\n", encoding="utf-8")


A = Patient("AAAXA", "47.713", 1.2345, 6.125, 67, 2019)
B = Patient("BBBXB", "48.817", 2.3456, 7.375, 71, 2021)
PATIENTS = (A, B)


def fake_files(folder: Path, patient: Patient, n: int) -> SimpleNamespace:
    """An exam as the reader of headers gives it."""
    frame = SimpleNamespace(frame_of_reference=f"1.2.{patient.year}.{n}")
    return SimpleNamespace(
        folder=folder, patient_key=patient.word, date=patient.dates()[n], volumes=(SimpleNamespace(parts=((frame,),)),), patient=patient,
        number=n, findings=(),
    )  # fmt: skip


def read_exams(folders: list[Path], progress: Any = None, overrides: Any = ()) -> list[SimpleNamespace]:
    """Instead of ``workflow.read_exams``: the folder's name tells whose exam it is and which."""
    found = []
    for folder in folders:
        patient = next(p for p in PATIENTS if p.word in folder.name)
        found.append(fake_files(folder, patient, int("follow-up" in folder.name)))
    return found


def make_maps(files: SimpleNamespace, label: str, settings: Any, progress: Any = None) -> ExamMaps:
    """Instead of ``workflow.make_maps``."""
    maps, word = fake_exams.exam_maps(("baseline", "follow-up")[files.number]), files.patient.word
    row = {**maps.series[0], "series_description": word, "evidence": [f"{word} says FF."]}
    return replace(
        maps,
        label=label,
        date=files.date,
        maps={key: replace(volume, source=(f"made for {word}",)) for key, volume in maps.maps.items()},
        protocol={**maps.protocol, "manufacturer": word},
        findings=(f"{word} was told.",),
        series=(row,),
        identity=identity_of(files),
    )


# ------------------------------------------------------------------------------------------------------------ searching
def texts_of_scene() -> Iterator[tuple[str, str]]:
    """Where and what: every node's name, description, attributes, text, table cells, points, segments, titles; folders of the hierarchy."""
    import slicer

    scene = slicer.mrmlScene
    for node in [scene.GetNthNode(n) for n in range(scene.GetNumberOfNodes())]:
        if node.IsA("vtkMRMLColorNode"):
            continue
        where = f"{node.GetClassName()} {node.GetName()}"
        yield where, f"{node.GetName()} {node.GetDescription() or ''}"
        yield where, " ".join(f"{name}={node.GetAttribute(name)}" for name in node.GetAttributeNames())
        yield where, str(node)  # what the node prints of itself: titles, control points, references
        if node.IsA("vtkMRMLTextNode"):
            yield where, node.GetText() or ""
        elif node.IsA("vtkMRMLScriptedModuleNode"):
            yield where, " ".join(f"{name}={node.GetParameter(name)}" for name in node.GetParameterNames())
        elif node.IsA("vtkMRMLTableNode"):
            table = node.GetTable()
            columns = [table.GetColumn(n) for n in range(table.GetNumberOfColumns())]
            yield where, " ".join(str(column.GetValue(row)) for column in columns for row in range(table.GetNumberOfRows()))
        elif node.IsA("vtkMRMLMarkupsNode"):
            points = range(node.GetNumberOfControlPoints())
            yield where, " ".join(f"{node.GetNthControlPointLabel(n)} {node.GetNthControlPointDescription(n)}" for n in points)
            yield where, " ".join(f"{x:.6g}" for n in points for x in node.GetNthControlPointPositionWorld(n))
        elif node.IsA("vtkMRMLSegmentationNode"):
            segments = node.GetSegmentation()
            yield where, " ".join(segments.GetNthSegment(n).GetName() for n in range(segments.GetNumberOfSegments()))
    yield from _texts_of_hierarchy(scene.GetSubjectHierarchyNode())


def _texts_of_hierarchy(hierarchy: Any) -> Iterator[tuple[str, str]]:
    import vtk

    items = vtk.vtkIdList()
    hierarchy.GetItemChildren(hierarchy.GetSceneItemID(), items, True)
    for n in range(items.GetNumberOfIds()):
        yield "subject hierarchy", hierarchy.GetItemName(items.GetId(n)) or ""


def texts_of_panel(widget: Any) -> Iterator[tuple[str, str]]:
    """What stands in every widget, shown or not; folders that the reader chose and has not read yet are left out by the caller."""
    for name, item in vars(widget.ui).items():
        for attribute in ("text", "plainText", "currentText", "currentPath", "value", "toolTip", "placeholderText"):
            try:
                value = getattr(item, attribute)
            except AttributeError:
                continue
            yield name, str(value() if callable(value) else value)
        if hasattr(item, "itemText"):
            yield name, " ".join(str(item.itemText(n)) for n in range(item.count))
        if hasattr(item, "rowCount") and not callable(item.rowCount):
            cells = [item.item(row, column) for row in range(item.rowCount) for column in range(item.columnCount)]
            yield name, " ".join(f"{cell.text()} {cell.toolTip()}" for cell in cells if cell is not None)


def texts_of_files(folder: Path) -> Iterator[tuple[str, str]]:
    """Every file below a folder, bundles unpacked."""
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        if path.suffix == ".mrb":
            with zipfile.ZipFile(path) as bundle:
                for name in bundle.namelist():
                    yield f"{path.name} {name}", f"{name} {bundle.read(name).decode('utf-8', 'replace')}"
        elif path.suffix != ".npz":
            yield path.name, path.read_text(encoding="utf-8", errors="replace")


def texts_of_memory(case: Any) -> Iterator[tuple[str, str]]:
    """What the case holds in memory, in its own words."""
    for exam in case.exams.values():
        yield exam.label, f"{exam.maps.date} {exam.maps.protocol} {exam.maps.findings} {exam.labs} {exam.rois.findings}"
        yield exam.label, " ".join(f"{x:.6g}" for roi in exam.measured_rois() for x in np.ravel(roi.center_ras))
    yield "laboratory", str(case.laboratory.history)
    results = case.results() if case.exams else None
    yield "results", "" if results is None else f"{results.findings} {results.changes} {results.settings} {results.subject}"


def found(patient: Patient, texts: Iterable[tuple[str, str]], more: tuple[str, ...] = ()) -> list[str]:
    """Where a mark of the patient, or one of ``more``, stands."""
    return sorted({f"{where}: {mark}" for where, text in texts for mark in (*patient.marks, *more) if mark in text})
