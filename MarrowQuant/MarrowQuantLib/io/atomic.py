"""Writing a folder in one step: it is written beside its place under another name, and renamed when it is complete."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..model import MarrowQuantError


def folder_beside(folder: Path) -> Path:
    """A new, empty, hidden folder on the same disk as ``folder``, whose parents are made too; inside it if its parent cannot be written.

    Not ``tempfile.mkdtemp``: its folders, and with newer Pythons on Windows the files moved out of them, are for the user alone.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    name = f".marrowquant-{secrets.token_hex(8)}"
    try:
        beside = folder.with_name(name)
        beside.mkdir()
    except OSError:
        if not folder.is_dir():
            raise
        beside = folder / name
        beside.mkdir()
    return beside


@contextmanager
def in_one_step(folder: Path) -> Iterator[Path]:
    """A folder to write into, which becomes ``folder`` at the end of the block; after an error or a cancel nothing of it is left.

    Parameters
    ----------
    folder : Path
        Must not exist, or be empty.

    Raises
    ------
    MarrowQuantError
        If ``folder`` is a file or holds files, or the disk refuses to write.
    """
    if folder.exists() and not folder.is_dir():
        raise MarrowQuantError("The output '{folder}' is a file; name a folder.", folder=folder.name)
    if folder.exists() and any(folder.iterdir()):
        raise MarrowQuantError(
            "The output folder '{folder}' is not empty; choose a new one, so that nothing older is mixed in.",
            folder=folder.name,
        )
    try:
        unfinished = folder_beside(folder)
    except OSError as error:
        raise MarrowQuantError(
            "'{folder}' cannot be written: {strerror}; choose another place.",
            folder=folder.name, strerror=error.strerror,
        ) from error
    try:
        yield unfinished
        if folder.exists():
            folder.rmdir()
        unfinished.rename(folder)
    except OSError as error:
        raise MarrowQuantError(
            "Writing '{folder}' failed: {strerror}; check the free space and try again.",
            folder=folder.name, strerror=error.strerror,
        ) from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
