"""The reading of the case beside that of another reader, who exported the same exams."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ...followup.readers import ReaderPair, compare_loads
from ...model import MarrowQuantError
from ...results.loads import read_reading

if TYPE_CHECKING:
    from .case import Case


def compare_with_reader(case: Case, folder: Path) -> dict[str, ReaderPair]:
    """The tumour loads of the case, the first reader's, compared with those of a results folder, by the label of the exam.

    Raises
    ------
    MarrowQuantError
        If there is no load on one side, or the folder is of other exams or of another patient.
    """
    own = {label: exam.burden for label, exam in case.exams.items() if exam.burden is not None}
    if not own:
        raise MarrowQuantError("Propose the tumour load first; another reader's is compared with it.")
    return compare_loads((own, [exam.maps.identity for exam in case.exams.values()]), read_reading(folder))
