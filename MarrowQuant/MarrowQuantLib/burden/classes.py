"""ADC classes of the accepted tumour load."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..model import ACCEPTED, UNIT_ADC, Burden, MarrowQuantError, Role, Volume


def check_edges(edges: Sequence[float]) -> None:
    """Refuse edges that do not ascend.

    Raises
    ------
    MarrowQuantError
        Also if there is none.
    """
    if not (len(edges) and np.all(np.diff(edges) > 0)):
        raise MarrowQuantError(
            "The ADC class edges {edges} do not ascend; give them from low to high, in {unit_adc}.",
            edges=tuple(edges), unit_adc=UNIT_ADC,
        )


def class_names(edges: Sequence[float]) -> list[str]:
    """"<900", "900-1400", ">1400" for the edges 900 and 1400."""
    return [f"<{edges[0]:g}", *(f"{low:g}-{high:g}" for low, high in zip(edges, edges[1:])), f">{edges[-1]:g}"]


def class_of(adc: np.ndarray, edges: Sequence[float]) -> np.ndarray:
    """Number of each value's class, from 0.

    An edge belongs to the class below, as 1400 does in "from <= 1400 to > 1400" of MET-RADS-P, except the first, which starts the middle
    class ("900-1400").

    Parameters
    ----------
    adc : ndarray
        µm²/s, any shape.
    edges : sequence of float
        Ascending, µm²/s.
    """
    return np.digitize(adc, [*edges[:1], *(np.nextafter(edge, np.inf) for edge in edges[1:])])


def class_volumes(adc: np.ndarray, edges: Sequence[float], voxel_ml: float) -> dict[str, float]:
    """mL in each class, by its name."""
    names = class_names(edges)
    counts = np.bincount(class_of(adc, edges), minlength=len(names))
    return {name: float(count * voxel_ml) for name, count in zip(names, counts)}


def class_labels(burden: Burden, adc: Volume) -> Volume:
    """The accepted voxels by their class: 1 for the lowest ADC, and so on; 0 elsewhere.

    Parameters
    ----------
    burden : Burden
    adc : Volume
        The map that it was measured on, µm²/s.

    Returns
    -------
    Volume
        uint8, shape (k, j, i), on the grid of the tumour load.
    """
    is_accepted = np.zeros(1 + int(burden.labels.array.max(initial=0)), dtype=bool)
    is_accepted[[component.label for component in burden.components if component.state == ACCEPTED]] = True
    accepted = np.flatnonzero(is_accepted[burden.labels.array] & np.isfinite(adc.array))
    classes = np.zeros(burden.labels.array.shape, dtype=np.uint8)
    classes.ravel()[accepted] = 1 + class_of(adc.array.ravel()[accepted], burden.class_edges)
    return burden.labels.like(classes, role=Role.UNKNOWN, quantity="ADC class", unit="", name="ADC classes of the tumour load")
