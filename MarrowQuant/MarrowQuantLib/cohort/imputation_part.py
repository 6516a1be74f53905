"""Complete cases beside multiple imputation, as a part of a page."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..io.packages import need
from .imputation import CYCLES, Imputed
from .part import Part, Table
from .words import Words

HEADER = ("term", "complete cases: odds ratio", "95 % low", "95 % high", "p", "imputed: odds ratio", "imputed: 95 % low",
          "imputed: 95 % high", "imputed: p", "missing information")  # fmt: skip


def imputation_answer(found: Imputed) -> dict[str, Any]:
    """Both fits as a plain dictionary."""
    pooled, complete = found.pooled, found.complete
    return {
        "data": {"n": found.n, "n_complete": found.n_complete, "missing": found.missing, "findings": list(found.findings)},
        "tables": pooled.tables,
        "terms": {
            name: {
                "complete_cases": {"coefficient": complete.coefficients[n], "standard_error": complete.standard_errors[n],
                                   "interval": complete.intervals[n], "p": complete.p[n]},
                "imputed": {"coefficient": pooled.estimates[n], "standard_error": pooled.standard_errors[n], "p": pooled.p[n],
                            "interval": pooled.intervals[n], "degrees_of_freedom": pooled.freedom[n],
                            "missing_information": pooled.missing_information[n]},
            }
            for n, name in enumerate(pooled.names)
        },
    }  # fmt: skip


def imputation_part(found: Imputed, outcome: str, seed: int, words: Words) -> Part:
    """The table of both models."""
    pooled, complete = found.pooled, found.complete
    rows = [
        (pooled.names[n], float(np.exp(complete.coefficients[n])), *map(float, np.exp(complete.intervals[n])), float(complete.p[n]),
         float(np.exp(pooled.estimates[n])), *map(float, np.exp(pooled.intervals[n])), float(pooled.p[n]),
         float(pooled.missing_information[n]))
        for n in range(1, len(pooled.names))
    ]  # fmt: skip
    caption = words(
        "Logistic regression by maximum likelihood: {complete} complete cases, and {n} patients in {tables} filled-in tables.",
        complete=found.n_complete, n=found.n, tables=pooled.tables,
    )  # fmt: skip
    methods = words(
        "Missing predictors were filled in {tables} times by chained equations ({cycles} cycles of Bayesian linear regression with the "
        "outcome "
        "among the explaining columns; scikit-learn {version}, random numbers from {seed}); estimates were pooled by Rubin's rules "
        "with the degrees of "
        "freedom of Barnard and Rubin.",
        tables=pooled.tables, cycles=CYCLES, version=need("sklearn", "multiple imputation").__version__, seed=seed,
    )  # fmt: skip
    gaps = ("、" if words.language == "ja" else ", ").join(f"{words.cell(name)} {count}" for name, count in found.missing.items() if count)
    remark = words("Missing values: {gaps} of {n}.", gaps=gaps, n=found.n)
    table = Table("Complete cases and multiple imputation", HEADER, rows, caption=caption)
    about = words("{n} patients", n=found.n)
    return Part(outcome, about, {"imputation": table}, {}, (methods,), found.findings, remarks=(remark,))
