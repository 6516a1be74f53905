"""Maps of other diffusion models than the ADC, where an exam's b-values allow them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Callable

import numpy as np

from ..diffusion import fit_ivim, fit_kurtosis
from ..diffusion.ivim import shows_perfusion
from ..diffusion.kurtosis import LARGEST_B, shows_kurtosis
from ..model import Role, Volume, finding
from ..quantities import map_title, quantity


@dataclass(frozen=True)
class DiffusionModel:
    """One map of one model.

    Attributes
    ----------
    key : str
        Of the map and its quantity.
    code : str
        Of the finding that tells how the map was made; it takes ``b_values``.
    allowed : callable
        True if b-values, s/mm², allow the model.
    fit : callable
        The map, shape (k, j, i), from the signal, shape (k, j, i, n_b), its b-values and a mask.
    """

    key: str
    code: str
    allowed: Callable[[Sequence[float]], bool]
    fit: Callable[[np.ndarray, Sequence[float], np.ndarray], np.ndarray]


def _perfusion_fraction(signal: np.ndarray, b_values: Sequence[float], mask: np.ndarray) -> np.ndarray:
    return fit_ivim(signal, b_values, mask=mask).f_percent


def _kurtosis(signal: np.ndarray, b_values: Sequence[float], mask: np.ndarray) -> np.ndarray:
    return fit_kurtosis(signal, b_values, b_used=[b for b in b_values if b <= LARGEST_B], mask=mask).kurtosis


MODELS = (
    DiffusionModel("ivim_f", "made.ivim", shows_perfusion, _perfusion_fraction),
    DiffusionModel("kurtosis", "made.kurtosis", shows_kurtosis, _kurtosis),
)


def model_maps(image: Volume, signal: np.ndarray, b_values: Sequence[float], mask: np.ndarray) -> dict[str, Volume]:
    """The maps of one station that its b-values allow, by key.

    Parameters
    ----------
    image : Volume
        At any b-value: the grid of the maps.
    signal : ndarray, shape (k, j, i, n_b)
    b_values : sequence of float
        s/mm².
    mask : ndarray of bool, shape (k, j, i)
        Where to fit; elsewhere the maps are NaN.
    """
    found: dict[str, Volume] = {}
    for model in MODELS:
        if model.allowed(b_values) and mask.any():
            values = model.fit(signal, b_values, mask).astype(np.float32)
            row, how = quantity(model.key), finding(model.code, b_values=list(b_values))
            found[model.key] = image.like(
                values, role=Role.UNKNOWN, unit=row.unit, quantity=row.name, name=map_title(model.key), b_value=None, source=(how,)
            )
    return found
