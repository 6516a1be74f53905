"""What needs no decision of the reader: after reading, and after the vertebrae of the baseline were found, the case goes on by itself.

Nothing that the reader decided or entered is replaced: what is there stays, what is missing is done.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Callable, Optional

from ... import workflow
from ...model import Finding, MarrowQuantError, Progress, finding, no_progress

if TYPE_CHECKING:
    from .case import Case

_SHEETS = ("labs.csv", "labs.xlsx", "laboratory.csv", "laboratory.xlsx", "検査値.csv", "検査値.xlsx")


def go_on(case: Case, folders: Sequence[Path] = (), progress: Progress = no_progress) -> list[str]:
    """Measure, propose the tumour load, take the laboratory sheet that lies with the exams, carry the ROIs over to the follow-up.

    Parameters
    ----------
    case : Case
        Its exams were read.
    folders : sequence of Path
        Where they were read from.
    progress : callable

    Returns
    -------
    list of Finding or MarrowQuantError
        What was done without being asked, to be looked at, and what could not be done.
    """
    told: list[str] = []
    steps: list[Callable[[Progress], Optional[Finding]]] = [
        lambda part: _measure(case, part),
        lambda part: _propose(case, part),
        lambda part: _take_sheet(case, folders),
        lambda part: _carry(case, part),
    ]
    for n, step in enumerate(steps):
        try:
            done = step(workflow.part(progress, n / len(steps), (n + 1) / len(steps)))
        except MarrowQuantError as error:
            told.append(error)  # type: ignore[arg-type]  # said in the reader's language as a finding is
        else:
            told += [done] if done is not None else []
    progress(1.0, "Measured")
    return told


def _measure(case: Case, progress: Progress) -> None:
    for exam in case.exams.values():
        if exam.rois.has_points() and not exam.vertebrae:
            exam.measure()
    progress(1.0, "Measured")


def _propose(case: Case, progress: Progress) -> None:
    if any(exam.load.has_diffusion() and exam.burden is None for exam in case.exams.values()):
        case.propose_burden(progress)


def _take_sheet(case: Case, folders: Sequence[Path]) -> Optional[Finding]:
    history = case.laboratory.history
    sheet = find_sheet(folders)
    entered = history.values or history.notes or any(exam.labs for exam in case.exams.values())
    if sheet is None or case.parameters.labsPath or entered:
        return None
    case.laboratory.read(sheet)
    case.parameters.labsPath = str(sheet)
    return finding("hand.sheet_taken", sheet=sheet.name)


def _carry(case: Case, progress: Progress) -> Optional[Finding]:
    exams = list(case.exams.values())
    if len(exams) != len(workflow.LABELS) or not exams[0].vertebrae or exams[1].rois.has_points():
        return None
    case.follow_up.carry_over(progress)
    return finding("hand.carried", n=len(exams[1].vertebrae))


def find_sheet(folders: Sequence[Path]) -> Optional[Path]:
    """The laboratory sheet that lies with the exams, or None.

    It lies in an exam's folder, or in the folder above if that holds the folders of these exams and no other: there it might be another
    patient's.
    """
    places = [folder for folder in folders if folder.is_dir()]
    above = {folder.parent for folder in places}
    if len(above) == 1:
        parent = next(iter(above))
        if {entry for entry in parent.iterdir() if entry.is_dir() and not entry.name.startswith(".")} <= set(places):
            places.append(parent)
    found = [place / name for place in places for name in _SHEETS if (place / name).is_file()]
    return found[0] if len(found) == 1 else None
