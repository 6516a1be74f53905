"""Tumour load: muscle reference, components of the whole-body diffusion mask, total diffusion volume."""

from __future__ import annotations

from .muscle import MuscleReference, find_muscle
from .tdv import BurdenSession, segment

__all__ = ["BurdenSession", "MuscleReference", "find_muscle", "segment"]
