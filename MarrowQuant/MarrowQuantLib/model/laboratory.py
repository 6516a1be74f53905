"""What a laboratory sheet says."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from .fields import described
from .findings import Finding


@dataclass(frozen=True)
class LabValue:
    """A laboratory value in the test's canonical unit; ``given`` is what the sheet said, e.g. "3.2 g/dL".

    ``censored`` is "below" or "above" where ``value`` is a limit that the true one lies below or above ("<0.5"), "not detected" where the
    sheet says so without a limit (``value`` is then 0), else empty.
    """

    test: str = described("Key of the test.")
    value: float = described("Value.")
    unit: str = described("Canonical unit.")
    date: datetime.date = described("Date of the sample.")
    given: str = described("What the sheet said.", default="")
    censored: str = described(
        "Empty for a number; else what the value is only a limit of, or 'not detected'.",
        default="", choices=("", "below", "above", "not detected"),
    )
    reference: str = described("Reference range of the laboratory with its unit, as the sheet gave it.", default="")

    @property
    def sign(self) -> str:
        """What stands before the number: "< ", "> ", or nothing."""
        return {"below": "< ", "above": "> "}.get(self.censored, "")


@dataclass(frozen=True)
class LabNote:
    """A dated entry of the laboratory sheet without a number; ``kind`` is a key of ``response.lab_notes``.

    ``name`` is free where the kind takes one (cytogenetics: "t(4;14)"), else empty; ``value`` is what the sheet said ("positive", "KRd 1").
    """

    kind: str = described("Key of the kind.")
    name: str = described("Free name of a covariate.")
    value: str = described("What the sheet said.")
    date: datetime.date = described("Date.")


@dataclass(frozen=True)
class LabHistory:
    """All of a laboratory sheet, whatever exam it belongs to; ``findings`` tell how it was read."""

    values: tuple[LabValue, ...] = described("Every value of the sheet, or the exams' own.", default=())
    notes: tuple[LabNote, ...] = described("Findings, covariates, events, and tests that are not known.", default=())
    findings: tuple[Finding, ...] = described("How the sheet was read.", default=(), earlier=("remarks",))
