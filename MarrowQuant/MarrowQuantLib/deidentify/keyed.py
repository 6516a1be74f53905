"""Everything that must be the same in every run and must not be guessed: pseudonyms, UIDs and the shift of dates, from one secret key.

Each is an HMAC-SHA256 (RFC 2104, FIPS 198-1) of what it replaces, so no table has to be kept: the same key gives the same answer
tomorrow and at another place, and without the key nobody can compute it, not even by trying all patient IDs.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import re
import secrets
import uuid
from contextlib import suppress
from pathlib import Path

from ..io.atomic import unfinished_name
from ..model import MarrowQuantError

KEY_BYTES = 32  # the length of the hash, as RFC 2104 recommends
SHIFT_MIN_DAYS, SHIFT_RANGE_DAYS = 365, 3652  # our choice: one to eleven years earlier, never into the future


class Key:
    """The secret of one project.

    Parameters
    ----------
    secret : bytes
    """

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def _digest(self, kind: str, text: str) -> bytes:
        return hmac.new(self._secret, f"{kind}\0{text}".encode(), hashlib.sha256).digest()

    def pseudonym(self, patient: str) -> str:
        """Name and ID of a patient: MQ- and ten characters, 50 bits, of base 32."""
        return "MQ-" + base64.b32encode(self._digest("patient", patient)).decode()[:10]

    def shift_days(self, patient: str) -> int:
        """Days that are added to every date of a patient; always the same for one patient, so that intervals stay."""
        return -(SHIFT_MIN_DAYS + int.from_bytes(self._digest("shift", patient)[:8], "big") % SHIFT_RANGE_DAYS)

    def uid(self, original: str) -> str:
        """A UID under 2.25 (PS3.5 B.2: derived from a UUID); the UUID is laid out as a random one."""
        return f"2.25.{uuid.UUID(bytes=self._digest('uid', original)[:16], version=4).int}"

    def name(self, kind: str, original: str, length: int = 8) -> str:
        """A neutral name of a file or a folder."""
        return self._digest(kind, original).hex()[:length]


class KeyAppeared(Exception):
    """Another run wrote the key file since this one looked."""


def new_secret() -> bytes:
    """A secret drawn by the operating system."""
    return secrets.token_bytes(KEY_BYTES)


def read_secret(path: Path) -> bytes:
    """The secret in a key file: 64 hexadecimal digits.

    Raises
    ------
    MarrowQuantError
        If it cannot be read or is no key.
    """
    try:
        text = path.read_text(encoding="ascii").strip()
    except OSError as error:
        raise MarrowQuantError(
            "The key file {file} cannot be read ({strerror}); check its permissions.",
            file=path.name, strerror=error.strerror,
        ) from error
    except UnicodeDecodeError:
        text = ""
    if not re.fullmatch(rf"[0-9a-fA-F]{{{2 * KEY_BYTES}}}", text):
        raise MarrowQuantError(
            "The file {file} is no key of MarrowQuant ({key_bytes} hexadecimal digits); name the key file of your project, or a new file, "
            "into which a key is written.",
            file=path.name, key_bytes=2 * KEY_BYTES,
        )
    return bytes.fromhex(text)


def write_secret(path: Path, secret: bytes) -> None:
    """Write a new key file that only its owner may read; an existing file is never replaced, and nobody sees half of one.

    Raises
    ------
    KeyAppeared
        If there is one by now.
    MarrowQuantError
        If it cannot be written.
    """
    unfinished = unfinished_name(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
            file.write(secret.hex() + "\n")
        _take_name(unfinished, path)
    except OSError as error:
        if isinstance(error, FileExistsError) and path.is_file():
            raise KeyAppeared from None
        raise MarrowQuantError(
            "The key file {file} cannot be written ({strerror}); choose another place.",
            file=path.name, strerror=error.strerror,
        ) from error
    finally:
        with suppress(OSError):  # where its folder could not be made, it is not there
            unfinished.unlink(missing_ok=True)


def _take_name(unfinished: Path, path: Path) -> None:
    """Give a file its name unless there is one of this name."""
    try:
        os.link(unfinished, path)
    except FileExistsError:
        raise
    except OSError:  # a disk without hard links, such as FAT
        if path.exists():
            raise FileExistsError from None
        os.rename(unfinished, path)
