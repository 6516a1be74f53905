"""First-order features as the Image Biomarker Standardisation Initiative defines them (IBSI reference manual, arXiv:1612.07003)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Optional

import numpy as np

from ..io.arguments import is_finite_number, number_array
from ..model import Finding, Histogram, MarrowQuantError, finding

DEFAULT_LEVELS = 32  # grey levels for entropy, uniformity and mode when the caller names none; our choice
DEFAULT_BINS = 50  # for quantities without a fixed scale; our choice
FEW_VOXELS = 50  # our choice: below it P5 and P95 rest on the outermost two voxels, and skewness and kurtosis on a handful

# Fixed ranges and bins, so that the histograms of two exams can be laid over each other; our choice. Fat fraction: 1 %, unclipped maps go
# below zero in water. ADC: 50 µm²/s, up to free water at body temperature.
FIXED_SCALES = {"FF": (-10.0, 100.0, 110), "PDFF": (-10.0, 100.0, 110), "ADC": (0.0, 3000.0, 60)}


def first_order(values: np.ndarray, *, levels: Optional[int] = None, bin_width: Optional[float] = None) -> dict[str, float]:
    """First-order features of the values in a region.

    Parameters
    ----------
    values : ndarray, any shape
        The voxel values. NaN and infinite values are left out and counted.
    levels : int, optional
        Discretise into this many levels between minimum and maximum for the ``histogram_…`` features (IBSI fixed bin number);
        32 if neither this nor ``bin_width`` is given.
    bin_width : float, optional
        Discretise into bins of this width from the minimum (IBSI fixed bin size).

    Returns
    -------
    dict of str to float
        ``n``, ``n_excluded``, ``mean``, ``sd``, ``variance``, ``skewness``, ``kurtosis_excess``, ``median``, ``min``, ``max``, ``p5``,
        ``p10``, ``p25``, ``p75``, ``p90``, ``p95``, ``iqr``, ``range``, ``mad`` (mean absolute deviation), ``robust_mad`` (the same over
        the values within P10 … P90), ``median_absolute_deviation`` (mean absolute deviation from the median), ``cov``, ``qcod``,
        ``energy``, ``rms``, ``histogram_entropy`` (bits), ``histogram_uniformity``, ``histogram_mode`` (the level, counted from 1; the
        one nearest to the mean level if several are as frequent). Moments are population moments (divided by n); kurtosis is the excess.
        Percentiles interpolate linearly between order statistics (type 7 of Hyndman and Fan, Am Stat 1996;50:361). A feature that is not
        defined, such as the skewness of a constant region or a quotient by zero, is NaN.

    Raises
    ------
    MarrowQuantError
        No numbers, no finite value, or a discretisation that makes no sense.
    """
    x, n_excluded = finite_values(values)
    level = _discretise(x, levels, bin_width)
    with np.errstate(over="ignore", invalid="ignore"):  # powers of absurdly large values are infinite
        return {"n": x.size, "n_excluded": n_excluded, **_moments(x), **_order_statistics(x), **_histogram_features(level)}


_UNITLESS = {"skewness", "kurtosis_excess", "cov", "qcod", "histogram_uniformity", "n", "n_excluded"}
_SQUARED = {"variance", "energy"}


def unit_of_feature(name: str, unit: str) -> str:
    """The unit of a feature of values in ``unit``: "1" for a pure number, "bit" for entropy, "bin" for the mode's level.

    Parameters
    ----------
    name : str
        A key of what :func:`first_order` returns.
    unit : str
    """
    if name in _UNITLESS:
        return "1"
    if name in _SQUARED:
        return f"({unit})²"
    return {"histogram_entropy": "bit", "histogram_mode": "bin"}.get(name, unit)


def region_findings(regions: Mapping[str, Mapping[str, float]], quantity: str) -> tuple[Finding, ...]:
    """What a reader has to know about the features of some regions: sentences on few voxels and on voxels that were left out.

    Parameters
    ----------
    regions : mapping
        Name of the region to the result of :func:`first_order`.
    quantity : str
        What was measured, e.g. "ADC".

    Returns
    -------
    tuple of str
        One sentence for all regions that share a problem.
    """
    small = [f"{name} ({features['n']:.0f})" for name, features in regions.items() if features["n"] < FEW_VOXELS]
    lossy = [
        f"{name} ({features['n_excluded']:.0f} of {features['n'] + features['n_excluded']:.0f})"
        for name, features in regions.items()
        if features["n_excluded"]
    ]
    findings = []
    if small:
        findings.append(
            finding("features.few_voxels", map=quantity, fewest=FEW_VOXELS, level=list(small))
        )
    if lossy:
        findings.append(finding("features.left_out", map=quantity, where=list(lossy)))
    return tuple(findings)


def histogram(
    values: np.ndarray, quantity: str, unit: str, *, range: Optional[tuple[float, float]] = None, bins: Optional[int] = None
) -> Histogram:
    """Counts per bin for display.

    Parameters
    ----------
    values : ndarray, any shape
        The voxel values; NaN and infinite values are left out.
    quantity, unit : str
        What the values are. "FF", "PDFF" and "ADC" have fixed scales, so that exams are comparable; others span their own values.
    range : (float, float), optional
        First and last edge. Values outside are counted in the first and the last bin, so that no voxel is lost.
    bins : int, optional
        Number of bins.

    Returns
    -------
    Histogram

    Raises
    ------
    MarrowQuantError
        No finite value, an empty range, or fewer than one bin.
    """
    x, _ = finite_values(values)
    low, high, n_bins = FIXED_SCALES.get(quantity, (float(x.min()), float(x.max()), DEFAULT_BINS))
    if low == high:  # a constant region
        low, high = low - 0.5, high + 0.5
    if range is not None:
        low, high = range
    if not (np.isfinite(low) and np.isfinite(high) and low < high):
        raise MarrowQuantError("The histogram range {low} … {high} is empty; give a lower and a higher limit.", low=low, high=high)
    n_bins = n_bins if bins is None else bins
    if n_bins < 1:
        raise MarrowQuantError("A histogram needs at least one bin, not {n_bins}.", n_bins=n_bins)
    counts, edges = np.histogram(np.clip(x, low, high), bins=n_bins, range=(low, high))
    return Histogram(edges, counts, quantity, unit)


def finite_values(values: np.ndarray) -> tuple[np.ndarray, int]:
    """The finite values in double precision, and how many were left out."""
    x = number_array(values, "values of the region").astype(float).ravel()
    finite = np.isfinite(x)
    if not finite.any():
        raise MarrowQuantError("The region holds no valid voxel; place it inside the image.")
    return x[finite], int(x.size - np.count_nonzero(finite))


def _quotient(a: float, b: float) -> float:
    return float(a / b) if b != 0 else float("nan")


def _moments(x: np.ndarray) -> dict[str, float]:
    mean = x.mean()
    deviation = x - mean
    # A constant region may keep a rounding error in its mean; its variance is zero all the same.
    variance = float(np.mean(deviation**2)) if np.ptp(x) > 0 else 0.0
    sd = float(np.sqrt(variance))
    energy = float(np.sum(x**2))
    return {
        "mean": float(mean),
        "sd": sd,
        "variance": variance,
        "skewness": _quotient(float(np.mean(deviation**3)), variance * sd),
        "kurtosis_excess": _quotient(float(np.mean(deviation**4)), variance**2) - 3.0,
        "cov": _quotient(sd, float(mean)),
        "energy": energy,
        "rms": float(np.sqrt(energy / x.size)),
    }


def _order_statistics(x: np.ndarray) -> dict[str, float]:
    p5, p10, p25, median, p75, p90, p95 = (float(p) for p in np.percentile(x, [5, 10, 25, 50, 75, 90, 95]))
    middle = x[(x >= p10) & (x <= p90)]
    # With very few values none may lie between the interpolated percentiles.
    robust_mad = float(np.mean(np.abs(middle - middle.mean()))) if middle.size else float("nan")
    return {
        "min": float(x.min()),
        "max": float(x.max()),
        "range": float(np.ptp(x)),
        "p5": p5,
        "p10": p10,
        "p25": p25,
        "median": median,
        "p75": p75,
        "p90": p90,
        "p95": p95,
        "iqr": p75 - p25,
        "qcod": _quotient(p75 - p25, p75 + p25),
        "mad": float(np.mean(np.abs(x - x.mean()))),
        "robust_mad": robust_mad,
        "median_absolute_deviation": float(np.mean(np.abs(x - median))),
    }


def _discretise(x: np.ndarray, levels: Optional[int], bin_width: Optional[float]) -> np.ndarray:
    """Grey levels counted from 1 (IBSI: fixed bin number or fixed bin size from the minimum)."""
    if levels is not None and bin_width is not None:
        raise MarrowQuantError("Give either the number of levels or the bin width for the histogram features, not both.")
    if bin_width is not None:
        if not (is_finite_number(bin_width) and bin_width > 0):
            raise MarrowQuantError("The bin width must be a positive number, not {bin_width}.", bin_width=bin_width)
        return np.floor((x - x.min()) / bin_width).astype(np.int64) + 1
    levels = DEFAULT_LEVELS if levels is None else levels
    if not is_finite_number(levels) or levels < 1:
        raise MarrowQuantError("The histogram features need at least one level, not {levels}.", levels=levels)
    if np.ptp(x) == 0:
        return np.ones(x.size, dtype=np.int64)
    return np.minimum(np.floor(levels * (x - x.min()) / np.ptp(x)), levels - 1).astype(np.int64) + 1


def _histogram_features(level: np.ndarray) -> dict[str, float]:
    present, counts = np.unique(level, return_counts=True)
    p = counts / level.size
    most_frequent = present[counts == counts.max()]
    return {
        "histogram_entropy": float(-np.sum(p * np.log2(p))) + 0.0,  # no negative zero
        "histogram_uniformity": float(np.sum(p**2)),
        "histogram_mode": float(most_frequent[np.argmin(np.abs(most_frequent - level.mean()))]),
    }
