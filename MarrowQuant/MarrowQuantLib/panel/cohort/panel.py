"""The panel of MarrowQuant Cohort: from a table to a model that MarrowQuant offers, and to the next study."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable, Optional

from slicer.i18n import tr as _

from ...scene.cohort_case import CohortCase, Question, split_events
from ..running import RunningPanel
from .question import QuestionStep
from .size import SizeStep
from .step import CohortStep
from .steps import DataStep, ModelStep, ReportStep, StudyStep


class CohortPanel(RunningPanel):
    """Holds the steps together.

    Parameters
    ----------
    ui : object
        The widgets of ``MarrowQuantCohort.ui`` as attributes.
    case : CohortCase
    """

    def __init__(self, ui: Any, case: CohortCase) -> None:
        super().__init__(ui)
        self.case = case
        self.parameterNode: Any = None  # typed where the module declares it
        self.data, self.question = DataStep(self, ui), QuestionStep(self, ui)
        self.report, self.model = ReportStep(self, ui), ModelStep(self, ui)
        self.size, self.study = SizeStep(self, ui), StudyStep(self, ui)
        self.steps: tuple[CohortStep, ...] = (self.data, self.question, self.report, self.model, self.size, self.study)

    def bind(self, parameterNode: Optional[Any]) -> None:
        """Show another parameter node, or none while the scene is closed."""
        self.parameterNode = None  # what the widgets send while they are filled is no change by the reader
        if parameterNode is None:
            self.case.clear()
            return
        for step in self.steps:
            step.bind(parameterNode)
        self.parameterNode = parameterNode

    def refresh(self) -> None:
        """Show the state of the cohort in all steps."""
        if self.parameterNode is not None:
            for step in self.steps:
                step.refresh()

    def asked(self) -> Question:
        """What the reader has chosen."""
        p = self.parameterNode
        return Question(
            outcome=p.outcome, events=split_events(p.events), predictors=tuple(name for name in p.predictors if name != p.outcome),
            method=p.method, select=p.select, after=p.after, given=tuple(name for name in p.given if name != p.outcome),
            where=p.where.strip(), by=p.by, group=p.group,
        )  # fmt: skip

    def change(self, name: str, value: Any, forget: bool = True) -> None:
        """The reader changed a parameter; with ``forget`` the answer on the screen belongs to another question, so it goes."""
        if self.parameterNode is None:
            return
        before = getattr(self.parameterNode, name)
        if (list(before) if isinstance(value, list) else before) == value:  # Slicer's own list type need not equal a list
            return
        setattr(self.parameterNode, name, value)
        if forget:
            self.case.forget()
        self.refresh()

    def changer(self, name: str, forget: bool = True) -> Callable[[Any], None]:
        """The slot of a widget that shows one parameter."""
        return lambda value: self.change(name, value, forget)

    def path(self, name: str) -> Optional[Path]:
        """A path among the parameters; None if it is empty."""
        text = getattr(self.parameterNode, name)
        return Path(text) if text else None

    def whyNot(self) -> str:
        """What is missing before anything can be computed, as a sentence; empty if nothing is."""
        if self.case.cohort is None:
            return _("Read a cohort first.")
        return self.question.whyNot()
