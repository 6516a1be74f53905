"""The identity of an exam from its files.

Every digest is an HMAC-SHA256 (RFC 2104) under a secret of this computer, so that nobody without it finds a patient by trying names and
numbers.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from ..dicom import ExamFiles
from ..dicom.elements import Elements, Level
from ..dicom.headers import read_files
from ..dicom.patients import ANONYMOUS, patient_of
from ..model import ExamIdentity, no_progress

if TYPE_CHECKING:
    from pydicom import Dataset

    from ..deidentify.keyed import Key

KEY_VARIABLE = "MARROWQUANT_IDENTITY_KEY"
FRAME_OF_REFERENCE = 0x00200052
_DIGITS = 16  # of a digest: 64 bits, as long as dicom.describe's


def identity_of(exam: ExamFiles) -> ExamIdentity:
    """The identity of an exam that was recognised from its files."""
    return _identity(exam.patient_key, {frame.frame_of_reference for volume in exam.volumes for part in volume.parts for frame in part[:1]})


def identity_of_file(path: Path) -> ExamIdentity:
    """The identity that the header of one DICOM file tells; nothing is known of what cannot be read."""
    frames, _lost = read_files([path], no_progress)
    return _identity(frames[0].patient.key, {frames[0].frame_of_reference}) if frames else ExamIdentity()


def _identity(patient: str, uids: Iterable[str]) -> ExamIdentity:
    key = _key_in(_key_file())
    return ExamIdentity(
        patient=f"{key.name('key', '')}-{key.name('patient', patient, _DIGITS)}" if patient else "",
        named=bool(patient) and not patient.startswith(ANONYMOUS),
        frames=tuple(sorted(key.name("frame", uid, _DIGITS) for uid in uids if uid)),
    )


def identity_of_header(header: Dataset) -> ExamIdentity:
    """The identity of an exam from the header of one object of it."""
    top = Elements((Level.of(header),))
    exam = ExamFiles(None, patient_of(top).key, (), Path())
    frame, key = top.text(FRAME_OF_REFERENCE), _key_in(_key_file())
    return replace(identity_of(exam), frames=(key.name("frame", frame, _DIGITS),) if frame else ())


def _key_file() -> Path:
    """``MARROWQUANT_IDENTITY_KEY`` if that is set, else ``.marrowquant/identity.key`` in the home folder."""
    return Path(os.environ.get(KEY_VARIABLE) or Path.home() / ".marrowquant" / "identity.key")


@lru_cache(maxsize=8)
def _key_in(path: Path) -> Key:
    """The secret of this computer, made at the first call; where it cannot be kept, one that lives as long as the process."""
    from ..deidentify.keyed import Key, KeyAppeared, new_secret, read_secret, write_secret

    for _ in range(3):
        try:
            if not path.exists():
                write_secret(path, new_secret())
            return Key(read_secret(path))
        except (KeyAppeared, ValueError):
            time.sleep(0.05)  # another process was faster, or it cannot be written
    return Key(new_secret())
