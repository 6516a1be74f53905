"""Whether two exams are of one patient: names, IDs and birth dates as different systems write them, kept as hashes only.

A hash is a pseudonym and no anonymisation: who knows the identity can compute it.

Names have up to three groups, alphabetic, ideographic and phonetic, and components apart by carets whose empty ends may be left out (PS3.5
6.2). They are compared word by word within one script, because systems exchange carets, commas and blanks, and exchange the groups.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple, Optional

from ..io.identity import tells_who
from . import elements as el

ANONYMOUS = "anonymous-"  # how a key begins where name and ID tell nobody apart

NO_IDENTITY = frozenset(
    ("anonymous", "anonymized", "anonymised", "anon", "unknown", "none", "removed", "patient", "subject", "noname", "noid", "na", "null")
)
EARLIEST_BIRTH_YEAR = 1875  # our choice; 1 January 1900 and all before this year stand for a birth date that is not known
Words = frozenset  # of hashes


@dataclass(frozen=True)
class Patient:
    """What an image says about its patient, hashed; None and empty where it says nothing.

    Attributes
    ----------
    id, plain_id : str
        The patient ID, and the same in one case, without leading zeros and punctuation.
    names : dict of str to frozenset
        Script to the words of the name.
    families : dict of str to frozenset
        Script to the words of the family name, where the name says which that is.
    birth : str
    sex : {"M", "F", ""}
    tells_who : bool
        False for names and IDs that stand in the files of many.
    """

    id: str = ""
    plain_id: str = ""
    names: tuple[tuple[str, Words], ...] = ()
    families: tuple[tuple[str, Words], ...] = ()
    birth: str = ""
    sex: str = ""
    tells_who: bool = False

    @property
    def key(self) -> str:
        """One text for all of it; empty if nothing is known."""
        return _key(self)


@lru_cache(maxsize=256)
def _key(patient: Patient) -> str:
    parts = [patient.plain_id, patient.birth]
    if not all(parts):  # ID and birth date are enough, and stay when the name changes
        parts += sorted(f"{script}{''.join(sorted(words))}" for script, words in patient.names)
    return ("" if patient.tells_who else ANONYMOUS) + _hash("\0".join(parts)) if any(parts) else ""


def patient_of(top: el.Elements) -> Patient:
    """The patient of an image."""
    return patient_from(top.text(0x00100020), top.text(0x00100010), top.text(0x00100030), top.text(0x00100040))


@lru_cache(maxsize=256)
def patient_from(patient_id: str, name: str, birth_date: str, sex: str = "") -> Patient:
    """The patient that ID, name, birth date and sex tell."""
    named = tells_who((patient_id, name))
    short = re.sub(r"[\W_]+", "", _plain(patient_id)).lstrip("0")
    known = bool(short) and short not in NO_IDENTITY
    written = " ".join(unicodedata.normalize("NFKC", patient_id).split())
    return Patient(
        id=_hash(written) if known else "",
        plain_id=_hash(short) if known else "",
        names=tuple(_names(name)),
        families=tuple(_families(name)),
        birth=_birth(birth_date),
        sex=_plain(sex)[:1].upper() if _plain(sex) in ("m", "f", "male", "female") else "",
        tells_who=named,
    )


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _names(text: str) -> Iterable[tuple[str, Words]]:
    for group in text.split("="):
        words = _words_of(group)
        if words and not set(words) <= NO_IDENTITY:
            yield _script("".join(words)), frozenset(map(_hash, words))


def _families(text: str) -> Iterable[tuple[str, Words]]:
    """What stands before the first caret or comma, where another word stands behind it."""
    for group in text.split("="):
        parts = [_words_of(part) for part in re.split(r"[\^,]", group)]
        if parts[0] and any(parts[1:]):
            yield _script("".join(word for part in parts for word in part)), frozenset(map(_hash, parts[0]))


def _words_of(text: str) -> list[str]:
    plain = "".join(c for c in unicodedata.normalize("NFKD", _plain(text)) if not unicodedata.combining(c) or "\u3040" <= c)
    return [word for word in re.split(r"[\W_]+", unicodedata.normalize("NFC", plain)) if word]


def _script(text: str) -> str:
    return "latin" if text.isascii() else "kana" if all("\u3040" <= c <= "\u30ff" for c in text) else "other"


def _birth(text: str) -> str:
    digits = re.sub(r"\D", "", text)[:8]
    placeholder = len(digits) < 8 or digits == "19000101" or int(digits[:4]) < EARLIEST_BIRTH_YEAR
    return "" if placeholder else _hash(digits)


def _hash(text: str) -> str:
    return hashlib.sha256(f"MarrowQuant\0{text}".encode()).hexdigest()[:16]


class Relation(NamedTuple):
    """Whether two patients are one; what differs, by name; and whether that leaves a doubt to be told."""

    same: bool
    differing: tuple[str, ...] = ()
    unchecked: bool = False


def relation(first: Patient, second: Patient) -> Relation:
    """One patient, or two.

    The same ID and birth date are one patient, whatever the name (which changes by marriage) and the sex (which is mistyped), as are
    records that contradict each other in nothing; where only the sex differs, two of ID, name and birth date must agree. An ID that is
    written differently (zeros in front, hyphens, capitals) is the same ID if name and birth date do not contradict it. All of it is told.
    """
    plain, names, births = _equal(first.plain_id, second.plain_id), _same_name(first, second), _equal(first.birth, second.birth)
    told = {"patient ID": plain, "name": names, "birth date": births, "sex": _equal(first.sex, second.sex)}
    differing = tuple(what for what, same in told.items() if same is False)
    agree = [same for what, same in told.items() if same and what != "sex"]
    if not differing:
        return Relation(True, _written_differently(first, second) if agree else (), unchecked=not agree)
    is_same = set(differing) <= {"name", "sex"} and bool(plain and births)
    return Relation(is_same or (differing == ("sex",) and len(agree) > 1), differing)


def _written_differently(first: Patient, second: Patient) -> tuple[str, ...]:
    """What is not the same in two records of one patient, though nothing contradicts."""
    families = [a == b for script, a in first.families for other, b in second.families if script == other]
    forms = {
        "spelling of the patient ID": _equal(first.id, second.id) is False,
        "order of the name's parts": bool(families) and not any(families),
        "script of the name": bool(first.names and second.names) and _same_name(first, second) is None,
    }
    return tuple(what for what, differs in forms.items() if differs)


def _equal(first: str, second: str) -> Optional[bool]:
    return first == second if first and second else None


def _same_name(first: Patient, second: Patient) -> Optional[bool]:
    """Any group of one script that agrees; one name may have more words than the other, such as a middle name."""
    answers = [_same_words(a, b) for script, a in first.names for other, b in second.names if script == other]
    return any(answers) if answers else None


def _same_words(a: Words, b: Words) -> bool:
    return a == b or (min(len(a), len(b)) >= 2 and (a <= b or b <= a))


def united(patients: Sequence[Patient]) -> dict[Patient, Patient]:
    """Each patient with the first one that it is the same as."""
    found: dict[Patient, Patient] = {}
    for patient in dict.fromkeys(patients):
        found[patient] = next((known for known in dict.fromkeys(found.values()) if relation(known, patient).same), patient)
    return found
