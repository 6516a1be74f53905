"""What every regression asks of its columns."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..model import MarrowQuantError

_LEAST_VARIATION = 1e-6
"""Standard deviation over mean: below it the column can hardly be told from the intercept in double precision (our choice)."""
_COLLINEAR = 1e-8  # smallest singular value of standardised columns, over √n


def as_columns(values: np.ndarray, rows: int) -> np.ndarray:
    """``values`` as floats of shape (rows, m); also where there is no row, from which NumPy's reshape could not tell m."""
    x = np.asarray(values, dtype=float)
    return x if x.ndim == 2 else x.reshape(rows, -1 if rows else 1)


def check_columns(x: np.ndarray, names: Sequence[str], kind: str) -> np.ndarray:
    """The standard deviation of each column, shape (m,), if the columns can be used together.

    Parameters
    ----------
    x : ndarray, shape (n, m)
    names : sequence of str
    kind : str
        What a column is called in a sentence: "predictor" or "term".

    Raises
    ------
    MarrowQuantError
        If a column is constant or nearly so, or follows from the others.
    """
    spread = x.std(axis=0)
    for name, one, column in zip(names, spread, x.T):
        if np.ptp(column) == 0:
            raise MarrowQuantError("The {kind} {name} has the same value in every patient; leave it out.", kind=kind, name=name)
        if one < _LEAST_VARIATION * abs(column.mean()):
            raise MarrowQuantError(
                "The {kind} {name} varies by less than a millionth of its size; subtract a constant from it.",
                kind=kind, name=name,
            )
    if np.linalg.matrix_rank((x - x.mean(axis=0)) / spread, tol=_COLLINEAR * np.sqrt(len(x))) < x.shape[1]:
        raise MarrowQuantError("Of the {kind}s {names} one follows exactly from the others; leave one out.", kind=kind, names=list(names))
    return spread
