"""How far the marrow ends inside the steepest edge of a surface: what that edge is the edge of.

Between marrow and what follows lies a thin line of cortical bone. In most pictures it is not seen by itself: the steepest edge is its outer
side, and the marrow ends a little inside it; how far was measured on labelled spines. Where the signal comes back behind the edge of the
endplates or of the back wall, a line is seen. The endplates tell whether it is darker or brighter than the marrow; where they do not, it is
taken to be darker, as cortical bone is in every magnetic resonance image. Then an edge towards the side of the line is where the marrow
ends, and an edge towards the other side lies behind the line. A thin line of the other side behind the bodies is fat, with cortex and the
vessels of the body before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from .walls import ACROSS, BodySurface

# From the outer side of the line to the marrow, in units: cortex, partial volume and chemical shift. Top and bottom are our
# choice; front and back are mean distances to the labels of ten spines (MyoSegmenTUM-spine, https://osf.io/3j54b), rounded.
INSET = {"top": 1.0, "bottom": 2.0, "front": 1.8, "back": 1.2}

# How much further it ends before the back edge at the last level: the steepest edge is there often that of the dural sac, and the space
# between sac and bone widens downwards. Mean distance over the ten spines, rounded.
_EPIDURAL = {"L5": 0.7}

_LINE = 0.78  # part of the step that is left beyond a line at most: our choice; 0.84 and more on the ten spines, 0.75 and less simulated
_DIP = 1 / 3  # part of a step that a line just inside it takes, our choice: 0.43 and more simulated in T2
_JUST_OUTSIDE = (ACROSS >= 0) & (ACROSS <= 2.5)
_BEYOND = {"top": (2.5, 4.5), "bottom": (2.5, 4.5), "back": (3.5, 7.0)}  # where that is looked at, in units: behind cortex, and fat


def inset(surfaces: Sequence[BodySurface], levels: Sequence[str]) -> list[BodySurface]:
    """Move the surfaces of one column from the edges of the image to those of the marrow; what the edges are is decided for all bodies."""
    line = _side_of_line(surfaces)
    inward = {name: size if line == 0 or _step(surfaces, name) * line < 0 else 0.0 for name, size in INSET.items()}
    backs = [2 * inward["back"] if line else inward["back"] + _EPIDURAL.get(level, 0.0) for level in levels]
    return [
        replace(
            surface,
            top=surface.top - inward["top"],
            bottom=surface.bottom + inward["bottom"],
            front=surface.front - inward["front"],
            back=surface.back + back,
        )
        for surface, back in zip(surfaces, backs)
    ]


def _side_of_line(surfaces: Sequence[BodySurface]) -> float:
    """-1 where a line darker than the marrow is seen, 1 where a brighter one is, 0 where none is."""
    beyond = (_left(surfaces, "top") + _left(surfaces, "bottom")) / 2
    if min(_left(surfaces, "back"), beyond) >= _LINE:
        return 0.0
    outwards = float(np.sign(_step(surfaces, "top") + _step(surfaces, "bottom")))
    if beyond < _LINE:
        return outwards
    dips = [_dip_of(surface.profiles[name]) for surface in surfaces for name in ("top", "bottom")]
    return -outwards if np.median(dips) > _DIP else -1.0


def _step(surfaces: Sequence[BodySurface], name: str) -> float:
    """The step at the edge, positive where the signal rises on leaving the bodies; median over them."""
    return float(np.median([_step_of(surface.profiles[name]) for surface in surfaces]))


def _left(surfaces: Sequence[BodySurface], name: str) -> float:
    """Part of the step that is left further out, median over the bodies: 1 where the signal stays, less where it comes back."""
    return float(np.median([_left_of(surface.profiles[name], *_BEYOND[name]) for surface in surfaces]))


def _step_of(profile: np.ndarray) -> float:
    return float(np.interp(1.5, ACROSS, profile) - np.interp(-1.0, ACROSS, profile))


def _left_of(profile: np.ndarray, low: float, high: float) -> float:
    away = _away(profile)
    peak = away[_JUST_OUTSIDE].max()
    return float(away[(ACROSS >= low) & (ACROSS <= high)].mean() / peak) if peak > 0 else 1.0


def _dip_of(profile: np.ndarray) -> float:
    """How far the signal goes to the other side just inside the edge, over the whole step from there."""
    away = _away(profile)
    low = min(float(away[(ACROSS >= -3.5) & (ACROSS <= -0.5)].min()), 0.0)
    return -low / max(float(away[_JUST_OUTSIDE].max()) - low, np.finfo(float).tiny)


def _away(profile: np.ndarray) -> np.ndarray:
    """Difference from the marrow, positive towards the side of the step."""
    return (profile - np.median(profile[ACROSS <= -2.5])) * np.sign(_step_of(profile))
