"""Which patient and which exam something is of: enough to tell one from another, not enough to tell who it is.

A digest is an HMAC-SHA256 (RFC 2104) under a secret of the computer that read the exam (``exam.identity``). Digests of two computers
cannot be compared; that counts as not known, never as the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Optional

from .fields import described


class Relation(Enum):
    """What two cases have to do with each other."""

    SAME = "same patient"
    OTHER = "other patient"
    UNKNOWN = "not known"


@dataclass(frozen=True)
class ExamIdentity:
    """Whose exam it is, and which one.

    Attributes
    ----------
    patient : str
        ``<key>-<digest>`` of name, ID and birth date; empty if the files name nobody, or an earlier version made the record.
    named : bool
        False if name and ID are such as many patients have ("anonymous"): equal digests then say nothing.
    frames : tuple of str
        Digests of the exam's Frames of Reference (DICOM PS3.3 C.7.4.1): what has one in common lies in the same place.
    """

    patient: str = described("Digest of name, ID and birth date; empty if the files name nobody.", default="")
    named: bool = described("False if name and ID are such as many patients have (anonymous).", default=False)
    frames: tuple[str, ...] = described("Digests of the Frame of Reference UIDs.", default=())

    def plain(self) -> dict[str, Any]:
        """As JSON's own types; :func:`identity_from_plain` reads it back."""
        return {"patient": self.patient, "named": self.named, "frames": list(self.frames)}

    def is_of_another_patient(self, other: ExamIdentity) -> bool:
        """True if that is certain."""
        return bool(self.patient and other.patient) and self._key == other._key and self.patient != other.patient

    def is_of_the_same_patient(self, other: ExamIdentity) -> bool:
        """True if that is certain."""
        same_name = self.named and other.named and self.patient == other.patient
        return same_name or (bool(set(self.frames) & set(other.frames)) and not self.is_of_another_patient(other))

    def is_the_same_exam(self, other: ExamIdentity) -> bool:
        """True if positions in one are positions in the other; the caller compares the dates."""
        if self.frames and other.frames:
            return bool(set(self.frames) & set(other.frames)) and not self.is_of_another_patient(other)
        return not self.frames and not other.frames and self.is_of_the_same_patient(other)

    @property
    def _key(self) -> str:
        return self.patient.partition("-")[0]


def identity_from_plain(stored: Optional[Mapping[str, Any]]) -> ExamIdentity:
    """What :meth:`ExamIdentity.plain` wrote; nothing is known of what an earlier version wrote."""
    if not isinstance(stored, Mapping):
        return ExamIdentity()
    return ExamIdentity(str(stored.get("patient", "")), bool(stored.get("named")), tuple(map(str, stored.get("frames", ()))))


def identities_in(results: Any) -> list[ExamIdentity]:
    """Those of the exams in a parsed results.json."""
    exams = results.get("exams") if isinstance(results, Mapping) else None
    return [identity_from_plain(exam.get("identity")) for exam in exams or () if isinstance(exam, Mapping)]


def relation(before: Sequence[ExamIdentity], after: Sequence[ExamIdentity]) -> Relation:
    """Whether two cases are of one patient, as far as their exams tell."""
    pairs = [(one, other) for one in before for other in after]
    if any(one.is_of_another_patient(other) for one, other in pairs):
        return Relation.OTHER
    return Relation.SAME if any(one.is_of_the_same_patient(other) for one, other in pairs) else Relation.UNKNOWN
