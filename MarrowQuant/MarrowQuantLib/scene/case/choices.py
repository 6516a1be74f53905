"""Paths that the reader chose for exams that are about to be read: they wait here, so that the open case is never saved with them.

What the case was read with stands in the parameter node. Both are of one patient only if the next reading says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .case import Case

READ_FROM = ("baselineFolder", "followUpFolder")


class Choices:
    """The paths of a :class:`Case`.

    Parameters
    ----------
    case : Case
        Gives the parameter node, and tells whether a case is open.
    """

    def __init__(self, case: Case) -> None:
        self._case = case
        self.forget()

    def forget(self) -> None:
        """Forget what waits; the parameter node is left alone."""
        self._waiting: dict[str, str] = {}

    def path(self, name: str) -> str:
        """The path that the reader chose last under the name of a parameter; empty if none."""
        return self._waiting.get(name, str(getattr(self._case.parameters, name)))

    def folders(self) -> list[Path]:
        """The folders to read, baseline first."""
        return [Path(text) for text in map(self.path, READ_FROM) if text]

    def choose(self, name: str, path: str, *, waits: bool = True) -> None:
        """Take a path.

        Parameters
        ----------
        name : str
            Of a parameter that holds a path.
        path : str
            Empty for none.
        waits : bool
            It is for the next reading: while a case is open the parameter node takes it only then.
        """
        self._waiting.pop(name, None)
        if not waits or not self._case.is_open():
            setattr(self._case.parameters, name, path)
        if waits and (name not in READ_FROM or path != getattr(self._case.parameters, name)):
            self._waiting[name] = path

    def leave_out(self) -> bool:
        """Another baseline was chosen: what waits beside the folders was chosen for the one before; True if there was anything.

        A laboratory sheet does not tell whose it is, so that it must not come to another patient unseen.
        """
        left_out = [name for name in self._waiting if name not in READ_FROM]
        for name in left_out:
            del self._waiting[name]
            if not self._case.is_open():
                setattr(self._case.parameters, name, "")
        return bool(left_out)

    def waits(self, name: str) -> bool:
        """True if the path is for exams that are about to be read."""
        return name in self._waiting

    def waiting(self) -> Mapping[str, str]:
        """All that waits, by the name of its parameter."""
        return dict(self._waiting)

    def wait_again(self, paths: Mapping[str, str]) -> None:
        """Let paths wait that :meth:`waiting` gave."""
        self._waiting = dict(paths)

    def take(self) -> None:
        """The exams were read: what waited is of the case from now on."""
        for name, path in self._waiting.items():
            setattr(self._case.parameters, name, path)
        self.forget()
