"""Whose a case is."""

from __future__ import annotations

from .severity import CHECK

FINDINGS = {
    "case.adopted": (
        CHECK,
        "This scene was saved by an earlier version, which did not note whose it is; that all of it is of one patient could not be "
        "checked.",
    ),
    "case.other_spectrum": (
        CHECK,
        "The echoes of the {exam} exam were fitted with the fat spectrum {fitted}, and {chosen} is chosen now: read the exams again to fit "
        "them with it.",
    ),
    "case.patient_not_checked": (
        CHECK,
        "It could not be checked that both exams are of the same patient: their files or results name none, or the results were made on "
        "another computer.",
    ),
    "case.second_refused": (
        CHECK,
        "What was added holds another case of MarrowQuant, so it was not taken in; close the scene first to open it.",
    ),
}
