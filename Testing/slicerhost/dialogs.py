"""Modal dialogs: nobody is there to answer them, so a test says the answers beforehand.

A dialog that no test expected is an error, not a hang: :func:`ask` raises RuntimeError.
"""

from __future__ import annotations

from typing import Any

from .pyside import QtWidgets

answers: list[Any] = []
"""What the next dialogs answer, first one first."""
asked: list[tuple[str, str]] = []
"""The dialogs that were opened: (what, its text)."""


def ask(what: str, text: str = "") -> Any:
    """Open a dialog: note it and give the next prepared answer."""
    asked.append((what, text))
    if not answers:
        raise RuntimeError(f"A modal dialog was opened and no answer was prepared: {what} {text!r}")
    return answers.pop(0)


def replace_dialogs() -> None:
    """Put :func:`ask` behind Qt's modal dialogs. The second call changes nothing."""

    def execute(self: Any) -> Any:
        return ask(type(self).__name__, getattr(self, "text", "") or self.windowTitle)

    QtWidgets.QDialog.exec = QtWidgets.QDialog.exec_ = execute
    for cls in (QtWidgets.QMessageBox, QtWidgets.QProgressDialog, QtWidgets.QFileDialog, QtWidgets.QInputDialog):
        cls.exec = cls.exec_ = execute
    _replace_static(QtWidgets.QMessageBox, ("question", "information", "warning", "critical", "about"))
    _replace_static(QtWidgets.QFileDialog, ("getOpenFileName", "getOpenFileNames", "getSaveFileName", "getExistingDirectory"))
    _replace_static(QtWidgets.QInputDialog, ("getText", "getItem", "getInt", "getDouble", "getMultiLineText"))


def _replace_static(cls: type, names: tuple[str, ...]) -> None:
    for name in names:

        def static(*args: Any, _what: str = f"{cls.__name__}.{name}") -> Any:
            return ask(_what, " ".join(str(value) for value in args if isinstance(value, str)))

        setattr(cls, name, staticmethod(static))
