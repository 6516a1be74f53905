"""All findings: their codes, how serious they are, and their English sentences.

A finding is one row in the table of its subject, ``code: (severity, sentence)``. Its Japanese stands in ``ja.po``.
What a placeholder can do is told in :func:`words.catalogue.filled`.
"""

from __future__ import annotations

from collections.abc import Mapping

from . import (
    batch,
    blood,
    bone,
    burden,
    case,
    change,
    classify,
    cohort,
    fatwater,
    grading,
    hand,
    images,
    laboratory,
    left_out,
    made,
    overrides,
    reading,
    recognised,
    response,
    scaled,
    scene,
    sheet,
    sources,
    unusable,
    vertebrae,
)
from .severity import CHECK, NOTE, SERIOUS

Row = tuple[str, str]

TOLD = "told"
"""The code of a sentence that is known as a sentence only: from a file of schema 1.2 or older, or a site's own model card."""

FINDINGS: Mapping[str, Row] = {
    TOLD: (NOTE, "{sentence}"),
    **batch.FINDINGS,
    **blood.FINDINGS,
    **bone.FINDINGS,
    **burden.FINDINGS,
    **case.FINDINGS,
    **change.FINDINGS,
    **classify.FINDINGS,
    **cohort.FINDINGS,
    **fatwater.FINDINGS,
    **grading.FINDINGS,
    **hand.FINDINGS,
    **images.FINDINGS,
    **laboratory.FINDINGS,
    **left_out.FINDINGS,
    **made.FINDINGS,
    **overrides.FINDINGS,
    **reading.FINDINGS,
    **recognised.FINDINGS,
    **response.FINDINGS,
    **scaled.FINDINGS,
    **scene.FINDINGS,
    **sheet.FINDINGS,
    **sources.FINDINGS,
    **unusable.FINDINGS,
    **vertebrae.FINDINGS,
}

__all__ = ["CHECK", "FINDINGS", "NOTE", "SERIOUS", "TOLD", "Row"]
