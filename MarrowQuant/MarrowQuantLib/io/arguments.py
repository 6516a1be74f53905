"""Numbers from what a caller gives; a sentence where there are none."""

from __future__ import annotations

import math
from numbers import Real
from typing import Any

import numpy as np

from ..model import MarrowQuantError


def number_array(values: Any, what: str, *, complex_too: bool = False) -> np.ndarray:
    """``values`` as an array of integers or floating-point numbers, without a copy where it is one.

    Parameters
    ----------
    values : array-like
    what : str
        Names the values in the sentence: "images", "b-values".
    complex_too : bool
        Whether complex numbers are welcome.

    Raises
    ------
    MarrowQuantError
        Lists of different lengths, text, objects, booleans; complex numbers where they are not welcome.
    """
    try:
        array = np.asarray(values)
    except ValueError:
        raise MarrowQuantError("The {what} are lists of different lengths; give an array of numbers.", what=what) from None
    if array.dtype.kind == "c" and not complex_too:
        raise MarrowQuantError("The {what} are complex numbers; give real ones, such as the magnitude.", what=what)
    if array.dtype.kind not in "iufc":
        raise MarrowQuantError("The {what} are of type {dtype} and not numbers; convert them first.", what=what, dtype=array.dtype.name)
    return array


def is_finite_number(value: Any) -> bool:
    """True for a single real number that is neither NaN nor infinite."""
    return isinstance(value, Real) and math.isfinite(value)
