"""On which side of 50 % the fat fraction lies, from the magnitudes of an opposed-phase, an in-phase and a third echo.

Two magnitudes fold: a fat fraction and about its mirror image beyond one half give the same signals. With a third echo each side still has
a solution, but with another R2*, because the small peaks of the fat spectrum make fat fade by itself: the wrong one often needs a decay
that is not possible. A side is taken where the other misses the three signals by more than they may be off.

Our own rule, and its numbers are ours: R2* between 0 and 1000 1/s (bone marrow with iron lies below; physics forbids less than 0); a signal
may be off by 2 % of the in-phase one (noise of an ROI's mean, partial volume, another spectrum); the other side has to be 20 times less
likely. ``Testing/Python/test_dominance.py`` looks at fat fractions from 2 to 98 %, R2* from 20 to 800 1/s, signals off by 1.5 %, and three
spectra: a quarter to a half is decided, and hardly any wrongly.
"""

from __future__ import annotations

from typing import Optional, Union

import numpy as np

from ..model import Numbers
from .spectra import FatSpectrum, fat_phasor, get_spectrum

R2STAR_PER_S = np.arange(0.0, 1001.0, 5.0)
BELOW, ABOVE = np.arange(0.0, 50.0, 0.5), np.arange(50.5, 100.5, 0.5)
SIGNAL_ERROR, ODDS = 0.02, 20.0


def side_of_fold(
    signals: Numbers, echo_times_s: Numbers, field_strength_t: float, *, spectrum: Union[str, FatSpectrum] = "ren_marrow_9"
) -> Optional[float]:
    """The fat fraction in %, near enough to tell water-dominant from fat-dominant marrow; None where the signals do not tell.

    Parameters
    ----------
    signals : sequence of float, length 3
        Mean magnitudes of a region; the second is the in-phase one, which errors are relative to.
    echo_times_s : sequence of float, length 3
    field_strength_t : float
    spectrum : str or FatSpectrum
    """
    measured, times = np.asarray(signals, dtype=float), np.asarray(echo_times_s, dtype=float)
    if not np.all(np.isfinite(measured)) or measured[1] <= 0 or measured.min() < 0:
        return None
    phasor = fat_phasor(times, field_strength_t, get_spectrum(spectrum))
    found = []
    for side in (BELOW, ABOVE):
        share = side[:, None] / 100.0
        curves = np.abs(1.0 - share + share * phasor)[:, None, :] * np.exp(-R2STAR_PER_S[:, None] * times)
        missed = (measured**2).sum() - (curves @ measured) ** 2 / (curves**2).sum(axis=-1)  # the amplitude that fits best taken out
        best = np.unravel_index(int(np.argmin(missed)), missed.shape)
        found.append((float(missed[best]) / (SIGNAL_ERROR * measured[1]) ** 2, float(side[best[0]])))
    (least, ff), (other, _) = sorted(found)
    enough = 2.0 * np.log(ODDS)
    return ff if least <= enough and other - least >= enough else None
