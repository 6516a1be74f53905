"""Repeatability and agreement of readers as a part of a page: two readings of the same subjects."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..followup.repeatability import repeatability
from ..model import MarrowQuantError
from .part import Part, Table
from .table import Cohort, complete_rows
from .words import Words

HEADER = ("what", "unit", "n", "bias", "lower limit of agreement", "upper limit of agreement", "within-subject SD",
          "repeatability coefficient", "within-subject CV, %", "ICC(2,1)", "ICC(3,1)")  # fmt: skip


def repeat_part(cohort: Cohort, pairs: Mapping[str, tuple[str, str, str]], words: Words) -> Part:
    """Bland and Altman's limits, repeatability coefficient and intraclass correlations.

    Parameters
    ----------
    cohort : Cohort
        One row a subject.
    pairs : mapping of str to (str, str, str)
        By a name: the columns of the first and the second reading, and their unit.
    words : Words

    Raises
    ------
    MarrowQuantError
        For a column that cannot be used, or fewer than three subjects with both readings.
    """
    cohort.one_row_a_patient()
    rows = []
    for name, (first, second, unit) in pairs.items():
        columns = [cohort.numbers(column) for column in (first, second)]
        known = complete_rows(*columns)
        if known.sum() < 3 or first == second:
            raise MarrowQuantError(
                "{first} and {second} need three subjects with both readings, and to be two columns; choose others.",
                first=first, second=second,
            )  # fmt: skip
        found = repeatability(np.column_stack(columns)[known], index=first, unit=unit)
        rows.append((name, unit, found.n_subjects, found.bias, found.lower_limit, found.upper_limit, found.wsd, found.rc, found.wcv_percent,
                     found.icc_2_1, found.icc_3_1))  # fmt: skip
    caption = words("Two readings of each subject; limits of agreement and repeatability coefficient hold 95 % of the differences.")
    methods = words(
        "Repeatability is given after Bland and Altman, with intraclass correlations of single readings after Shrout and Fleiss."
    )
    title, about = "Repeatability and readers", words("{n} subjects", n=len(cohort))
    return Part(words(title), about, {"readers": Table(title, HEADER, rows, caption)}, {}, (methods,))
