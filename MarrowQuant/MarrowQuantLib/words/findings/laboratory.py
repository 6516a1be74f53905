"""What is said of a laboratory sheet and its values."""

from __future__ import annotations

from .severity import CHECK, NOTE, SERIOUS

FINDINGS = {
    "laboratory.no_value": (NOTE, "{n:line|lines} of the laboratory sheet without a value ({lines}) were left out."),
    "laboratory.range_unread": (
        NOTE, "{n:reference range|reference ranges} of the laboratory sheet ({lines}) were left out: no range of numbers.",
    ),
    "laboratory.date_order": (CHECK, "Dates of the laboratory sheet such as 03/04/2025 were read {order}, as its other dates show."),
    "laboratory.columns_unused": (NOTE, "Columns of {file} that were not read: {columns}."),
    "laboratory.unknown_test": (NOTE, "'{test}' is not known, so nothing is computed from it; it is kept with the results."),
    "laboratory.misspelt_test": (
        CHECK,
        "'{test}' is not known, so nothing is computed from it; if '{meant}' is meant, write it so.",
    ),
    "laboratory.far_from_exams": (
        CHECK,
        "Laboratory values of {date} belong to no exam: the nearest, the {exam}, is {days:day|days} away, and at most {most} count "
        "({tests}). Check the year if they were meant for it.",
    ),
    "laboratory.exam_without": (
        SERIOUS,
        "{test} is missing at the {exam}: the nearest value, of {date}, is {days:day|days} away, and at most {most} count. Check its year.",
    ),
    "laboratory.below": (CHECK, "{test} of {date} is '{given}': it counts as {value:.4g} {unit}, the most that it can be."),
    "laboratory.above": (CHECK, "{test} of {date} is '{given}': it counts as {value:.4g} {unit}, the least that it can be."),
    "laboratory.not_detected": (CHECK, "{test} of {date} is '{given}': without a limit of detection it counts as 0 {unit}."),
}
