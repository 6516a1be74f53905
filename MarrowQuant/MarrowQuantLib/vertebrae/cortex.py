"""How far the marrow ends inside the steepest edge of a surface: what that edge is the edge of.

Between marrow and what follows lies a thin line of cortical bone. In most pictures it is not seen by itself: the steepest edge is its outer
side, and the marrow ends a little inside it; how far was measured on labelled spines. Where the signal comes back behind the edge of the
endplates or of the back wall, a line is seen. The endplates tell whether it is darker or brighter than the marrow; where they do not, it is
taken to be darker, as cortical bone is in every magnetic resonance image. A dip just inside an edge is the line itself, whatever follows.
Then an edge towards the side of the line is where the marrow ends, and an edge towards the other side lies behind the line. A thin line of
the other side behind the bodies is fat, with cortex and the vessels of the body before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from .walls import ACROSS, BodySurface

# From the outer side of the line to the marrow, in units: cortex, partial volume and chemical shift. Top and bottom are our
# choice; front and back are mean distances to the labels of ten spines (MyoSegmenTUM-spine, https://osf.io/3j54b), rounded.
INSET = {"top": 1.0, "bottom": 2.0, "front": 1.8, "back": 1.2}
# Likewise behind the line where it is seen: mean distances to the labels of nine spines, five T2-weighted
# (https://doi.org/10.1371/journal.pone.0143327), whose labels end in the middle of the line, and four pathological ones
# (https://github.com/JonathanRamos/fastcleverseg), whose labels end at its inner side; between the two, nearer to the first.
INSET_BEHIND_LINE = {"top": 1.7, "bottom": 1.8, "front": 2.0, "back": 1.6}

# How much further it ends before the back edge at the last level: the steepest edge is there often that of the dural sac, and the space
# between sac and bone widens downwards. Mean distance over the ten spines, rounded.
_EPIDURAL = {"L5": 0.7}

# Part of the step that is left beyond a line at most, our choice: behind the endplates 0.85 and more where no line is seen (21 spines),
# 0.78 and less where it is; behind the back wall 0.84 and more.
_LINE = {"ends": 0.815, "back": 0.78}
_DIP = 0.26  # part of a step that a line just inside it takes, our choice: 0.21 and less without a line (21 spines), 0.30 and more with one
_JUST_OUTSIDE = (ACROSS >= 0) & (ACROSS <= 2.5)
_BEYOND = {"top": (2.5, 4.5), "bottom": (2.5, 4.5), "back": (3.5, 7.0)}  # where that is looked at, in units: behind cortex, and fat


def inset(surfaces: Sequence[BodySurface], levels: Sequence[str], line: float) -> list[BodySurface]:
    """Move the surfaces of one column from the edges of the image to those of the marrow; ``line`` as :func:`side_of_line` tells it."""
    walls = {name: _step(surfaces, name) for name in ("front", "back")}
    moved = []
    for surface, level in zip(surfaces, levels):
        inward = dict(INSET, back=INSET["back"] + _EPIDURAL.get(level, 0.0))
        if line:
            steps = {name: walls[name] if name in walls else _step_of(surface.profiles[name]) for name in INSET_BEHIND_LINE}
            inward = {name: size if steps[name] * line < 0 else 0.0 for name, size in INSET_BEHIND_LINE.items()}
        top, bottom = surface.top - inward["top"], surface.bottom + inward["bottom"]
        front, back = surface.front - inward["front"], surface.back + inward["back"]
        moved.append(replace(surface, top=top, bottom=bottom, front=front, back=back))
    return moved


def side_of_line(surfaces: Sequence[BodySurface]) -> float:
    """-1 where a line of cortex darker than the marrow is seen in a column, 1 where a brighter one is, 0 where none is.

    Told by the endplates of the discs that are more: the brighter or the darker ones.
    """
    names = ("top", "bottom")
    steps = {name: np.array([_step_of(surface.profiles[name]) for surface in surfaces]) for name in names}
    outwards = 1.0 if sum(int(np.sign(step).sum()) for step in steps.values()) >= 0 else -1.0
    seen = [(name, surface.profiles[name]) for name in names for surface, step in zip(surfaces, steps[name]) if step * outwards >= 0]
    if np.median([_dip_of(profile) for _, profile in seen]) > _DIP:
        return -outwards
    left = [[_left_of(profile, *_BEYOND[name]) for own, profile in seen if own == name] for name in names]
    if np.mean([np.median(own) for own in left if own]) < _LINE["ends"]:
        return outwards
    return -1.0 if _left(surfaces, "back") < _LINE["back"] else 0.0


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
