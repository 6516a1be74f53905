"""How far the marrow ends inside the steepest edge of a surface: what that edge is the edge of.

Between marrow and what follows lies a thin line of cortical bone. In most pictures it is not seen by itself: the steepest edge is its outer
side, and the marrow ends a little inside it; how far was measured on labelled spines, and it is the same in an inverted picture. Where the
signal comes back behind the edge of the endplates or of the back wall, a line is seen. Then cortex is taken to be dark, as it is in every
magnetic resonance image: an edge towards darker is where the marrow ends, and one towards brighter lies behind the cortex. A thin bright
line behind the bodies is fat, with cortex and the vessels of the body before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from .walls import ACROSS, BodySurface

# From the outer side of the line to the marrow, in units: cortex, partial volume and chemical shift. Top and bottom are those of our
# prototype; front and back are mean distances to the labels of ten spines (MyoSegmenTUM-spine), rounded.
INSET = {"top": 1.0, "bottom": 2.0, "front": 1.8, "back": 1.2}

# How much further it ends before the back edge at the last level: the steepest edge is there often that of the dural sac, and the space
# between sac and bone widens downwards. Mean distance over the ten spines, rounded.
_EPIDURAL = {"L5": 0.7}

_LINE = 0.78  # part of the step that is left beyond a line at most: our choice; 0.84 and more on the ten spines, 0.75 and less simulated
_BEYOND = {"top": (2.5, 4.5), "bottom": (2.5, 4.5), "back": (3.5, 7.0)}  # where that is looked at, in units: behind cortex, and fat


def inset(surfaces: Sequence[BodySurface], levels: Sequence[str]) -> list[BodySurface]:
    """Move the surfaces of one column from the edges of the image to those of the marrow; what the edges are is decided for all bodies."""
    seen = min(_left(surfaces, "back"), (_left(surfaces, "top") + _left(surfaces, "bottom")) / 2) < _LINE
    inward = {name: float(size) for name, size in INSET.items()}
    backs = [inward["back"] + _EPIDURAL.get(level, 0.0) for level in levels]
    if seen:
        inward = {name: size * (_step(surfaces, name) > 0) for name, size in INSET.items()}
        backs = [2 * inward["back"]] * len(levels)
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


def _step(surfaces: Sequence[BodySurface], name: str) -> float:
    """The step at the edge, positive where the signal rises on leaving the bodies; median over them."""
    return float(np.median([_step_of(surface.profiles[name]) for surface in surfaces]))


def _left(surfaces: Sequence[BodySurface], name: str) -> float:
    """Part of the step that is left further out, median over the bodies: 1 where the signal stays, less where it comes back."""
    return float(np.median([_left_of(surface.profiles[name], *_BEYOND[name]) for surface in surfaces]))


def _step_of(profile: np.ndarray) -> float:
    return float(np.interp(1.5, ACROSS, profile) - np.interp(-1.0, ACROSS, profile))


def _left_of(profile: np.ndarray, low: float, high: float) -> float:
    away = (profile - np.median(profile[ACROSS <= -2.5])) * np.sign(_step_of(profile))
    peak = away[(ACROSS >= 0) & (ACROSS <= 2.5)].max()
    return float(away[(ACROSS >= low) & (ACROSS <= high)].mean() / peak) if peak > 0 else 1.0
