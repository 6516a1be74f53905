"""What the steps of MarrowQuant Cohort have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...scene.cohort_case import CohortCase
from ..step import Step

if TYPE_CHECKING:
    from .panel import CohortPanel


class CohortStep(Step):
    """A step whose panel works on a cohort."""

    panel: CohortPanel

    @property
    def case(self) -> CohortCase:
        """The cohort in the scene."""
        return self.panel.case
