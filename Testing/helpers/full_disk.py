"""A place on disk that cannot be written, as the operating system says it: also where the tests run as root, whom no permission stops."""

from __future__ import annotations

import builtins
import errno
import io
import os
from pathlib import Path
from typing import Any

TROUBLES = {"no permission": errno.EACCES, "read-only": errno.EROFS, "full disk": errno.ENOSPC}


def refuse_writing(monkeypatch: Any, root: Path, trouble: str) -> None:
    """From now on Python can neither make, open for writing, nor move anything below ``root``; on a full disk folders can still be made."""
    number = TROUBLES[trouble]

    def is_below(path: Any) -> bool:
        return isinstance(path, (str, bytes, os.PathLike)) and os.fsdecode(path).startswith(str(root))

    def guarded(function: Any, writes: Any) -> Any:
        def call(*given: Any, **named: Any) -> Any:
            if any(map(is_below, given[:2])) and writes(*given, **named):
                raise OSError(number, os.strerror(number), str(given[0]))
            return function(*given, **named)

        return call

    def opens(file: Any, mode: str = "r", *given: Any, **named: Any) -> bool:
        return any(letter in mode for letter in "wxa+")

    def has_flag(path: Any, flags: int, *given: Any, **named: Any) -> bool:
        return bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))

    for module in (builtins, io):
        monkeypatch.setattr(module, "open", guarded(open, opens))
    monkeypatch.setattr(os, "open", guarded(os.open, has_flag))
    if trouble != "full disk":
        for name in ("mkdir", "rename", "replace"):
            monkeypatch.setattr(os, name, guarded(getattr(os, name), lambda *given, **named: True))
        accessible = os.access
        monkeypatch.setattr(os, "access", lambda path, mode, **named: not is_below(path) and accessible(path, mode, **named))
