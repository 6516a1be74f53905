"""What a laboratory sheet says."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from .findings import Finding


@dataclass(frozen=True)
class LabValue:
    """A laboratory value in the test's canonical unit; ``given`` is what the sheet said, e.g. "3.2 g/dL".

    ``censored`` is "below" or "above" where ``value`` is a limit that the true one lies below or above ("<0.5"), "not detected" where the
    sheet says so without a limit (``value`` is then 0), else empty.
    """

    test: str
    value: float
    unit: str
    date: datetime.date
    given: str = ""
    censored: str = ""

    @property
    def sign(self) -> str:
        """What stands before the number: "< ", "> ", or nothing."""
        return {"below": "< ", "above": "> "}.get(self.censored, "")


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
    """All of a laboratory sheet, whatever exam it belongs to; ``remarks`` tell how it was read."""

    values: tuple[LabValue, ...] = ()
    notes: tuple[LabNote, ...] = ()
    remarks: tuple[Finding, ...] = ()
