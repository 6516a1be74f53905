"""What a laboratory sheet says."""

from __future__ import annotations

import datetime
from dataclasses import dataclass


@dataclass(frozen=True)
class LabValue:
    """A laboratory value in the test's canonical unit; ``given`` is what the sheet said, e.g. "3.2 g/dL"."""

    test: str
    value: float
    unit: str
    date: datetime.date
    given: str = ""


@dataclass(frozen=True)
class LabNote:
    """A dated entry of the laboratory sheet without a number; ``kind`` is a key of ``response.lab_notes``.

    ``name`` is free where the kind takes one (cytogenetics: "t(4;14)"), else empty; ``value`` is what the sheet said ("positive", "KRd 1").
    """

    kind: str
    name: str
    value: str
    date: datetime.date


@dataclass(frozen=True)
class LabHistory:
    """All of a laboratory sheet, whatever exam it belongs to."""

    values: tuple[LabValue, ...] = ()
    notes: tuple[LabNote, ...] = ()
