"""Writing in one step: a folder or file is written beside its place under another name, and renamed when it is complete.

What a run leaves that was killed is swept by the next one that writes into the same folder: the name tells the computer and the process.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import shutil
import socket
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Union

from ..model import MarrowQuantError

_HOST = hashlib.sha256(socket.gethostname().encode("utf-8", "replace")).hexdigest()[:6]
_REMNANT = re.compile(r"\.marrowquant-([0-9a-f]{6})-(\d+)-[0-9a-f]{8}")


def unfinished_name(path: Path) -> Path:
    """A hidden name beside ``path`` for what is not complete yet; what killed runs left beside it is removed."""
    sweep(path.parent)
    return path.with_name(f".marrowquant-{_HOST}-{os.getpid()}-{secrets.token_hex(4)}")


def sweep(folder: Path) -> None:
    """Remove what runs of this computer left in a folder that have ended."""
    try:
        found = [path for path in folder.iterdir() if _is_abandoned(path.name)]
    except OSError:
        return
    for path in found:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def _is_abandoned(name: str) -> bool:
    match = _REMNANT.fullmatch(name)
    return match is not None and match[1] == _HOST and not _is_running(int(match[2]))


def _is_running(process: int) -> bool:
    if sys.platform == "win32":
        import ctypes

        handle = ctypes.windll.kernel32.OpenProcess(0x1000, False, process)  # PROCESS_QUERY_LIMITED_INFORMATION
        ctypes.windll.kernel32.CloseHandle(handle)
        return bool(handle)
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True


def folder_beside(folder: Path) -> Path:
    """A new, empty, hidden folder on the same disk as ``folder``, whose parents are made too; inside it if its parent cannot be written.

    Not ``tempfile.mkdtemp``: its folders, and with newer Pythons on Windows the files moved out of them, are for the user alone.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        beside = unfinished_name(folder)
        beside.mkdir()
    except OSError:
        if not folder.is_dir():
            raise
        beside = unfinished_name(folder / "x")
        beside.mkdir()
    return beside


def refuse_existing(paths: Iterable[Path], overwrite: bool) -> None:
    """Refuse to replace files that are there already, unless that was said.

    Raises
    ------
    MarrowQuantError
    """
    there = [path.name for path in paths if path.exists()]
    if there and not overwrite:
        raise MarrowQuantError("'{file}' exists already; choose another name, or say that it may be replaced (--overwrite).", file=there[0])


def refuse_inside(out: Path, inputs: Iterable[Path]) -> None:
    """Refuse an output that is an input, or lies in an input folder: what is read must not change.

    Raises
    ------
    MarrowQuantError
    """
    out = Path(out).resolve()
    for given in inputs:
        source = Path(given).resolve()
        if out == source or (source.is_dir() and source in out.parents):
            raise MarrowQuantError("The output '{out}' lies in the input; choose a place beside it.", out=out.name)


def new_folder(folder: Path) -> Path:
    """The path of a folder that is new or empty.

    Raises
    ------
    MarrowQuantError
        If it is a file or holds files.
    """
    folder = Path(folder)
    if folder.exists() and not folder.is_dir():
        raise MarrowQuantError("The output '{folder}' is a file; name a folder.", folder=folder.name)
    if folder.exists() and any(folder.iterdir()):
        raise MarrowQuantError(
            "The output folder '{folder}' is not empty; choose a new one, so that nothing older is mixed in.",
            folder=folder.name,
        )
    return folder


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
    new_folder(folder)
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


def prepare_output(folder: Union[str, os.PathLike]) -> Path:
    """The output folder as an absolute path; its parent exists and can be written to.

    Raises
    ------
    MarrowQuantError
        If the path is a file, or the folder cannot be written to.
    """
    folder = Path(folder).resolve()
    if folder.exists() and not folder.is_dir():
        raise MarrowQuantError("The output '{folder}' is a file; name a folder.", folder=folder.name)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        writable = os.access(folder if folder.exists() else folder.parent, os.W_OK)
    except OSError:
        writable = False
    if not writable:
        raise MarrowQuantError(
            "The output folder '{folder}' cannot be written; choose a folder in which you may create files.",
            folder=folder.name,
        )
    return folder
