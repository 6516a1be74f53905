"""Results as DICOM objects that a PACS keeps: segmentations, parametric maps, a TID 1500 report, the report as PDF, and its first page.

Everything that needs highdicom is imported when it is used: an installation without it reads and measures as before.
"""

from __future__ import annotations

import sys
from pathlib import Path

from ..io.atomic import new_folder
from ..io.packages import need
from ..model import MarrowQuantError


def refuse_old_python() -> None:
    """Refuse a Python that has no highdicom, as 3D Slicer 5.8 brings it; everything else works there.

    Raises
    ------
    MarrowQuantError
    """
    if sys.version_info < (3, 10):
        raise MarrowQuantError(
            "DICOM objects need Python 3.10 or later, which 3D Slicer has from 5.10 on; this one reads and measures without them, and "
            "writes the report and the scene."
        )


def refuse_in_vain(folder: Path) -> None:
    """Refuse, before anything is measured, what would fail at the end: a Python or packages without highdicom, a folder that is not new.

    Raises
    ------
    MarrowQuantError
    """
    refuse_old_python()
    need("highdicom", "DICOM objects")
    new_folder(folder)
