"""What every step of the panel has: a section with a tick, a message that says what is missing, and its part of the parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Optional

from ..scene.case.case import Case
from ..scene.case.exam import CaseExam

if TYPE_CHECKING:
    from .patient.panel import Panel

DONE_MARK = "✓ "


class Step:
    """One collapsible section of the panel.

    Parameters
    ----------
    panel : Panel
        Gives the case, the parameter node, the exam shown, and runs what takes time.
    ui : object
        The widgets of the ``.ui`` file as attributes.
    section, message : QWidget
        The step's collapsible button, and the label that says in words what is missing.
    """

    def __init__(self, panel: Panel, ui: Any, section: Any, message: Any) -> None:
        self.panel, self.ui = panel, ui
        self.section, self.message = section, message
        self._title = section.text

    @property
    def case(self) -> Case:
        """The patient in the scene."""
        return self.panel.case

    @property
    def exam(self) -> Optional[CaseExam]:
        """The exam shown, if it was read."""
        return self.case.exams.get(self.panel.label)

    def missing(self) -> str:
        """What the reader has to do before this step is done, as a sentence; empty when it is done."""
        raise NotImplementedError

    def note(self) -> str:
        """What the reader should know although the step is done; empty if nothing."""
        return ""

    def told(self, missing: str) -> str:
        """What stands below the step's widgets."""
        return missing or self.note()

    def show(self) -> None:
        """Fill the step's widgets from the case."""
        raise NotImplementedError

    def bind(self, parameterNode: Any) -> None:
        """Take over the values that the typed parameter node's own connectors cannot show."""

    def forget(self) -> None:
        """The scene is being closed, or another one was opened: nothing of its patient stays here."""

    def enter(self) -> None:
        """The reader opened the module."""

    def exit(self) -> None:
        """The reader left the module: leave modes that would act elsewhere."""

    def refresh(self) -> None:
        """Show whether the step is done, what is missing or to be known, and its widgets."""
        missing = self.missing()
        self.section.text = self._title if missing else DONE_MARK + self._title
        self.section.toolTip = missing
        self.message.text = self.told(missing)
        self.message.visible = bool(self.message.text)
        self.show()
