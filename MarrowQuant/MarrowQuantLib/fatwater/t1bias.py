"""How far T1 pulls a fat fraction up: estimated from flip angle and repetition time, told, and not applied."""

from __future__ import annotations

import numpy as np

from ..model import MarrowQuantError

# Assumed, as in most estimates of this bias at 3 T; real marrow varies, which is why the estimate is told and not applied.
T1_WATER_S = 1.0
T1_FAT_S = 0.37
LONGEST_TR_S = 0.2  # a spoiled gradient echo; the formula does not hold for spin echoes, whose TR is longer


def apparent_fat_fraction(
    pdff_percent: np.ndarray,
    flip_angle_deg: float,
    repetition_time_s: float,
    *,
    t1_water_s: float = T1_WATER_S,
    t1_fat_s: float = T1_FAT_S,
) -> np.ndarray:
    """Fat fraction in % that a spoiled gradient echo shows for a true one: FF S_f / (FF S_f + (1 - FF) S_w).

    S = sin α (1 - E) / (1 - E cos α), E = exp(-TR / T1), the steady state of a spoiled gradient echo (Liu et al., MRM 2007;58:354).

    Parameters
    ----------
    pdff_percent : array_like
        True fat fraction in %.
    flip_angle_deg : float
    repetition_time_s : float
    t1_water_s, t1_fat_s : float
        T1 in seconds; the defaults are assumptions.

    Returns
    -------
    ndarray of float

    Raises
    ------
    MarrowQuantError
        A flip angle outside 0 … 180°, or a time that is not positive and in seconds.
    """
    if not 0 < flip_angle_deg < 180:
        raise MarrowQuantError("A flip angle of {flip_angle_deg}° is not possible; give it in degrees.", flip_angle_deg=flip_angle_deg)
    if not 0 < repetition_time_s <= LONGEST_TR_S:
        raise MarrowQuantError(
            "A repetition time of {repetition_time_s} s is not that of a spoiled gradient echo; give it in seconds.",
            repetition_time_s=repetition_time_s,
        )
    if not (t1_water_s > 0 and t1_fat_s > 0):
        raise MarrowQuantError("T1 must be a positive number of seconds.")
    angle = np.radians(flip_angle_deg)
    decay = np.exp(-repetition_time_s / np.array([t1_water_s, t1_fat_s]))
    water, fat = np.sin(angle) * (1 - decay) / (1 - decay * np.cos(angle))
    fraction = np.asarray(pdff_percent, dtype=float) / 100
    return 100 * fraction * fat / (fraction * fat + (1 - fraction) * water)
