"""Repeatability of an index from repeated readings or repeated scans, and the limits of change that follow from it.

Definitions: within-subject standard deviation, repeatability coefficient RC = 1.96 √2 wSD and limits of agreement after Bland and Altman
(Lancet 1986;327:307); intraclass correlations ICC(2,1) (absolute agreement, raters random) and ICC(3,1) (consistency, raters fixed) after
Shrout and Fleiss (Psychol Bull 1979;86:420); wCV as the root mean square of the subjects' coefficients of variation.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..io.jsonfiles import parse_json
from ..model import MarrowQuantError
from ..model.fields import described

FEWEST_SUBJECTS = 3  # below, nothing can be said; our choice
FEW_SUBJECTS = 10  # below, the limits are told to be uncertain; our choice
_FORMAT = "marrowquant-repeatability-1"


@dataclass(frozen=True)
class Repeatability:
    """How much an index varies without any true change.

    Attributes
    ----------
    index, unit : str
        Key of the index (``longitudinal.indices``) and its unit.
    n_subjects, n_readings : int
    mean : float
        Over everything.
    wsd : float
        Within-subject standard deviation.
    rc : float
        Repeatability coefficient: 95 % of the differences between two readings of the same subject are smaller.
    wcv_percent : float
        Within-subject coefficient of variation; NaN where a subject's mean is zero or below.
    icc_2_1, icc_3_1 : float
    bias, lower_limit, upper_limit : float
        Mean of second minus first reading, and the 95 % limits of agreement; NaN unless there are two readings.
    how : str
        What was compared, in the site's words.
    """

    index: str = described("Key of the index.")
    unit: str = described("Its unit.")
    n_subjects: int = described("Subjects.")
    n_readings: int = described("Readings of each.")
    mean: float = described("Over everything.")
    wsd: float = described("Within-subject standard deviation.")
    rc: float = described("Repeatability coefficient: 95 % of the differences between two readings of a subject are smaller.")
    wcv_percent: float = described("Within-subject coefficient of variation; null where a mean is not above zero.")
    icc_2_1: float = described("Intraclass correlation ICC(2,1).")
    icc_3_1: float = described("Intraclass correlation ICC(3,1).")
    bias: float = described("Mean of second minus first reading.")
    lower_limit: float = described("Lower 95 % limit of agreement.")
    upper_limit: float = described("Upper 95 % limit of agreement.")
    how: str = described("What was compared, in the site's words.", default="")


def repeatability(values: np.ndarray, *, index: str, unit: str, how: str = "") -> Repeatability:
    """Repeatability from a table of readings.

    Parameters
    ----------
    values : ndarray, shape (subjects, readings)
        Two or more readings of each subject; complete and finite.
    index, unit, how : str
        As in :class:`Repeatability`.

    Raises
    ------
    MarrowQuantError
        If there are fewer than three subjects or two readings, or a value is missing.
    """
    x = np.asarray(values, dtype=float)
    if x.ndim != 2 or x.shape[0] < FEWEST_SUBJECTS or x.shape[1] < 2:
        raise MarrowQuantError(
            "Repeatability needs at least {fewest_subjects} subjects with two readings each; the table is {shape}.",
            fewest_subjects=FEWEST_SUBJECTS, shape=str(x.shape),
        )
    if not np.all(np.isfinite(x)):
        raise MarrowQuantError("A reading is missing; leave that subject out, because every subject needs the same number of readings.")
    n, k = x.shape
    variance = x.var(axis=1, ddof=1)
    wsd = float(np.sqrt(variance.mean()))
    means = x.mean(axis=1)
    wcv = 100.0 * float(np.sqrt(np.mean(variance / means**2))) if np.all(means > 0) else float("nan")
    icc_2_1, icc_3_1 = _intraclass(x)
    bias = lower = upper = float("nan")
    if k == 2:
        difference = x[:, 1] - x[:, 0]
        bias, spread = float(difference.mean()), 1.96 * float(difference.std(ddof=1))
        lower, upper = bias - spread, bias + spread
    rc = 1.96 * float(np.sqrt(2.0)) * wsd
    return Repeatability(index, unit, n, k, float(x.mean()), wsd, rc, wcv, icc_2_1, icc_3_1, bias, lower, upper, how)


def _intraclass(x: np.ndarray) -> tuple[float, float]:
    """ICC(2,1) and ICC(3,1) from the two-way analysis of variance; NaN where nothing varies."""
    n, k = x.shape
    grand = x.mean()
    rows, columns = x.mean(axis=1), x.mean(axis=0)
    between_rows = k * np.sum((rows - grand) ** 2) / (n - 1)
    between_columns = n * np.sum((columns - grand) ** 2) / (k - 1)
    error = np.sum((x - rows[:, None] - columns + grand) ** 2) / ((n - 1) * (k - 1))
    agreement = between_rows + (k - 1) * error + k * (between_columns - error) / n
    consistency = between_rows + (k - 1) * error
    numerator = between_rows - error
    absolute, consistent = (float(numerator / d) if d > 0 else float("nan") for d in (agreement, consistency))
    return absolute, consistent


def limits_to_text(found: Mapping[str, Repeatability]) -> str:
    """A site's limits as JSON; :func:`limits_from_text` reads them back."""
    text = json.dumps({"format": _FORMAT, "limits": {key: asdict(value) for key, value in found.items()}}, indent=1, ensure_ascii=False)
    return text.replace("NaN", "null") + "\n"


def limits_from_text(text: str) -> dict[str, Repeatability]:
    """A site's limits from JSON.

    Raises
    ------
    MarrowQuantError
        If the text is not one that :func:`limits_to_text` made.
    """
    try:
        data = parse_json(text)
        if data["format"] != _FORMAT:
            raise KeyError("format")
        limits: dict[str, dict[str, Any]] = data["limits"]
        return {key: Repeatability(**_with_nan(entry)) for key, entry in limits.items()}
    except (ValueError, KeyError, TypeError, AttributeError):
        raise MarrowQuantError("These are no repeatability limits; write them with the repeatability tool.") from None


def _with_nan(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {name: math.nan if value is None else value for name, value in entry.items()}


def write_limits(found: Mapping[str, Repeatability], path: Path) -> None:
    """Write a site's limits as JSON; :func:`read_limits` reads them back."""
    Path(path).write_text(limits_to_text(found), encoding="utf-8")


def read_limits(path: Path) -> dict[str, Repeatability]:
    """Read a site's limits.

    Raises
    ------
    MarrowQuantError
        If the file cannot be read, or is not one that :func:`write_limits` wrote.
    """
    try:
        return limits_from_text(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise MarrowQuantError(
            "'{file}' holds no repeatability limits; write them with the repeatability tool.",
            file=Path(path).name,
        ) from None
