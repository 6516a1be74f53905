"""A question in the panel itself, with its answers as buttons: nothing modal, and the reader may look at the case before answering."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Callable

Choice = tuple[str, Callable[[], Any]]
"""What the button says, and what it does."""


class QuestionBar:
    """One question at a time; *Cancel* answers it with nothing.

    Parameters
    ----------
    ui : object
        The widgets of the ``.ui`` file as attributes: questionFrame, questionLabel, firstChoiceButton, secondChoiceButton,
        noChoiceButton.
    """

    def __init__(self, ui: Any) -> None:
        self._frame, self._label = ui.questionFrame, ui.questionLabel
        self._buttons = (ui.firstChoiceButton, ui.secondChoiceButton)
        self._choices: Sequence[Choice] = ()
        ui.firstChoiceButton.connect("clicked()", lambda: self._choose(0))
        ui.secondChoiceButton.connect("clicked()", lambda: self._choose(1))
        ui.noChoiceButton.connect("clicked()", self.close)
        self.close()

    @property
    def is_open(self) -> bool:
        """True while a question waits for its answer."""
        return bool(self._choices)

    def ask(self, text: str, choices: Sequence[Choice]) -> None:
        """Show a question with one or two answers; it takes the place of one that was not answered."""
        self._choices = choices
        self._label.text = text
        for n, button in enumerate(self._buttons):
            button.visible = n < len(choices)
            button.text = choices[n][0] if n < len(choices) else ""
        self._frame.visible = True

    def close(self) -> None:
        """Take the question back."""
        self._choices = ()
        self._label.text = ""
        self._frame.visible = False

    def _choose(self, number: int) -> None:
        if number < len(self._choices):
            act = self._choices[number][1]
            self.close()
            act()
