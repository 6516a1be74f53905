"""Tumour load: muscle reference, components of the whole-body diffusion mask, total diffusion volume."""

from __future__ import annotations

from .context import BurdenContext
from .muscle import Muscle, MuscleReference, find_muscle, muscle_at, points_inside, read_muscle
from .presets import PRESETS, Preset, find_preset
from .tdv import BurdenSession, segment

__all__ = [
    "PRESETS",
    "BurdenContext",
    "BurdenSession",
    "Muscle",
    "MuscleReference",
    "Preset",
    "find_muscle",
    "find_preset",
    "muscle_at",
    "points_inside",
    "read_muscle",
    "segment",
]
