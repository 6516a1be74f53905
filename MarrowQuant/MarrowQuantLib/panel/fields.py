"""What a field shows is what holds: numbers and paths are taken as the reader meant them, or refused in words beside the field.

Qt swallows a key that its spin boxes cannot use, so that "0,5" became 5 and "115" became 11 without a word; and CTK's path field tells
nobody that it was emptied, or that what was typed does not exist.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable, Optional

import qt
from slicer.i18n import tr as _

from ..io.typed import Ambiguous, typed_number


class NumberField:
    """One spin box that takes any text, and reads it when the reader has finished.

    Parameters
    ----------
    spinBox : QSpinBox or QDoubleSpinBox
    label : QLabel
        Says why a text was refused, and what holds.
    """

    def __init__(self, spinBox: Any, label: Any) -> None:
        self._spinBox, self._label = spinBox, label
        self._typed: Optional[str] = None
        self._before = spinBox.value
        spinBox.keyboardTracking = False
        lineEdit = spinBox.findChildren(qt.QLineEdit)[0]
        lineEdit.setValidator(None)
        lineEdit.connect("textEdited(QString)", self.onEdited)
        spinBox.connect("editingFinished()", self.finish)
        spinBox.connect("valueChanged(double)" if hasattr(spinBox, "decimals") else "valueChanged(int)", self.onValueChanged)
        label.visible = False

    def onEdited(self, text: str) -> None:
        """Keep what is being typed, and the value before it."""
        if self._typed is None:
            self._before = self._spinBox.value
        self._typed = text

    def onValueChanged(self, value: float) -> None:
        """A value that was taken needs no refusal any more."""
        tell(self._label, "")

    def finish(self) -> None:
        """Take what was typed as meant, or bring back what held before and say so."""
        if self._typed is None:
            return
        typed, self._typed = self._bare(self._typed), None
        value, refusal = self._read(typed)
        self._spinBox.setValue(self._before if value is None else value)
        tell(self._label, refusal)

    def _bare(self, text: str) -> str:
        """Without the unit."""
        text, unit = text.strip(), self._spinBox.suffix.strip()
        return text[: -len(unit)].strip() if unit and text.endswith(unit) else text

    def _read(self, typed: str) -> tuple[Optional[float], str]:
        """The number that was meant, or None and why there is none."""
        box, decimals = self._spinBox, getattr(self._spinBox, "decimals", 0)
        holds = f"{self._before:.{decimals}f}{box.suffix}"
        try:
            value = typed_number(typed, thousands=box.maximum >= 1000)
        except Ambiguous:
            told = _('"{typed}" can be read as two numbers; write it without a separator. {value} holds.')
            return None, told.format(typed=typed, value=holds)
        if value is None:
            return None, _('"{typed}" is not a number; {value} holds.').format(typed=typed, value=holds)
        if not box.minimum <= value <= box.maximum:
            limits = [f"{limit:.{decimals}f}" for limit in (box.minimum, box.maximum)]
            told = _("{typed} is not between {low} and {high}; {value} holds.")
            return None, told.format(typed=typed, low=limits[0], high=limits[1], value=holds)
        if round(value, decimals) != value:
            return None, _("{typed} is finer than this field can hold; {value} holds.").format(typed=typed, value=holds)
        return (value if decimals else int(value)), ""


def numberFields(widget: Any, label: Any) -> list[NumberField]:
    """A field for the widget, or for each spin box inside it (a slider's, a range's)."""
    isBox = widget.inherits("QAbstractSpinBox")
    return [NumberField(box, label) for box in ([widget] if isBox else widget.findChildren(qt.QAbstractSpinBox))]


class PathField:
    """A path that is told whenever it changed: chosen, typed, or emptied; what does not exist is said beside the field.

    Parameters
    ----------
    lineEdit : ctkPathLineEdit
    label : QLabel
    changed : callable
        Called with the path; an empty one is the reader's word too.
    missing : str, optional
        What to say of a path that does not exist; nothing without it.
    """

    def __init__(self, lineEdit: Any, label: Any, changed: Callable[[str], None], missing: str = "") -> None:
        self._lineEdit, self._label, self._changed, self._missing = lineEdit, label, changed, missing
        self._told = lineEdit.currentPath
        self._showing = False
        lineEdit.connect("currentPathChanged(QString)", self.onChanged)
        lineEdit.comboBox().lineEdit().connect("editingFinished()", self.onEntered)
        label.visible = False

    def onChanged(self, path: str) -> None:
        """Chosen, or typed as far as it exists."""
        if not self._showing and path != self._told:
            self._take(path)

    def onEntered(self) -> None:
        """Enter was pressed, or another field was clicked."""
        path = self._lineEdit.currentPath.strip()
        if path != self._told or not path:
            self._take(path)

    def finish(self) -> None:
        """A button was pressed while the field still has the focus."""
        if self._lineEdit.currentPath.strip() != self._told:
            self.onEntered()

    def _take(self, path: str) -> None:
        self._told = path
        self.tell(self._missing if path and not Path(path).exists() else "")
        self._changed(path)

    def show(self, path: str) -> None:
        """Show a path that holds already; nobody is told."""
        self._told, self._showing = path, True
        self._lineEdit.currentPath = path
        self._showing = False
        self.tell("")

    def tell(self, text: str) -> None:
        """Say something beside the field; empty takes it back."""
        tell(self._label, text)


def tell(label: Any, text: str) -> None:
    """Say something beside a field; empty takes it back."""
    label.text = f"⚠ {text}" if text else ""
    label.visible = bool(text)
