"""What the steps of MarrowQuant Cohort have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...scene.cohort_case import CohortCase
from ..step import Step

if TYPE_CHECKING:
    from .panel import CohortPanel


class CohortStep(Step):
    """A step whose panel works on a cohort."""

    panel: CohortPanel

    def __init__(self, panel: Any, ui: Any, section: Any, message: Any) -> None:
        super().__init__(panel, ui, section, message)  # a step asks nothing of its panel that this one has not

    @property
    def case(self) -> CohortCase:
        """The cohort in the scene."""
        return self.panel.case
