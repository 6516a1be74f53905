"""Cleans one data set: every public attribute by Table E.1-1 and its type, every private one by the list of safe elements.

The table says what must go; what it does not name is still cleaned by its type, because an attribute that a standard of this year does not
know, or text in an attribute meant for something else, is just as readable: text keeps known words only, a UID that is not of the standard
is replaced, bytes stay only where pixels belong.
"""

from __future__ import annotations

import datetime
import math
import re
from collections import Counter
from typing import Any, Optional

from pydicom.charset import python_encoding
from pydicom.datadict import dictionary_has_tag, dictionary_VM, dictionary_VR
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pydicom.tag import BaseTag
from pydicom.uid import UID_dictionary

from ..dicom.headers import DAMAGE
from ..dicom.units import is_plain
from .codes import clean_code_item, is_code_item
from .identity import Identity
from .keyed import Key
from .private import CSA, NUMBERS, SAFE, SEQUENCE, clean_csa, is_safe_value
from .rules import CLEAN, DUMMY, EMPTY, KEEP, REMOVE, SHIFT, Policy
from .vocabulary import clean_code_string, clean_text, is_own

CHARACTER_SET, PATIENT_NAME, PATIENT_ID, VOI_LUT = 0x00080005, 0x00100010, 0x00100020, 0x00283010
REMOVED_TEXT = "REMOVED"
TEXT_TYPES = frozenset(("LO", "SH", "ST", "LT", "UT", "UC"))
NUMBER_TYPES = frozenset(("US", "SS", "UL", "SL", "UV", "SV", "FL", "FD", "AT"))
BYTE_TYPES = frozenset(("OB", "OW", "OF", "OD", "OL", "OV"))
PIXELS = frozenset((0x7FE00008, 0x7FE00009, 0x7FE00010))  # PS3.3 C.7.6.3, C.7.6.24: the only bytes that stay
DUMMIES = {
    "DA": "19000101", "TM": "000000", "DT": "19000101000000", "AS": "000Y", "DS": "0", "IS": "0", "CS": "OTHER", "AE": REMOVED_TEXT,
    "PN": REMOVED_TEXT, "UR": "urn:removed", **dict.fromkeys(TEXT_TYPES, REMOVED_TEXT),
}  # fmt: skip
OLDEST_AGE_YEARS = 89  # ages above are put together: US HIPAA Safe Harbor, 45 CFR 164.514(b)(2)(i)(C)
_NUMBER_STRING = re.compile(r"\s*([-+]?(\d{1,16}(\.\d{0,15})?|\.\d{1,15})([eE][-+]?\d{1,3})?)?\s*")
_TEXT_BYTES = re.compile(rb"[ -~]*[A-Za-z]{3}[ -~]*\0*|[ -~]{8,}\0*")  # binary numbers that read as a text are one
_TEXT_OF_FEW = {vr: re.compile(rb"[ -~]*[A-Za-z]{%d}[ -~]*\0*" % letters) for vr, letters in (("FL", 4), ("FD", 6))}
_TYPES_OF_TEXT = frozenset(("LO", "SH", "ST", "LT", "UT", "UC", "CS", "PN", "AE", "UR", "UI", "DA", "TM", "DT", "AS", "DS", "IS"))
FEWEST_LETTERS, MANY_LETTERS = 4, 8  # our choice: numbers that are codes of letters, where a word of the patient, and any word, counts
_SMALLEST, _LARGEST = 1e-30, 1e15  # our choice: floating-point numbers beyond are no measured quantity, most often a text
MAKERS = frozenset((0x00080070, 0x00081090))  # manufacturer and model: known words there are theirs, though a patient may be called Ge
FIRST_GROUP = 0x0008  # groups before are of commands, meta information and directories (PS3.6, PS3.7)
_DATE = re.compile(r"(\d{4})[.\-/]?(\d{2})[.\-/]?(\d{2})")
_TIME = re.compile(r"\d{2}:?(\d{2}:?(\d{2}(\.\d{1,6})?)?)?")
_DATE_TIME = re.compile(r"(\d{8})(\d{0,6}(?:\.\d{1,6})?(?:[+-]\d{4})?)")


_NOBODY = Identity()


class Cleaner:
    """Cleans the data sets of one patient.

    Parameters
    ----------
    policy : Policy
    key : Key
    patient : str
        Whatever tells the patient from others; only its keyed hashes are written.
    identity : Identity
        Words and numbers that go wherever they stand.

    Attributes
    ----------
    counts : Counter
        (tag, what was done) to how often; private elements under their group and last byte.
    """

    def __init__(self, policy: Policy, key: Key, patient: str, identity: Identity = _NOBODY) -> None:
        self.policy, self.key, self.identity = policy, key, identity
        self.pseudonym, self.shift = key.pseudonym(patient), key.shift_days(patient)
        self.counts: Counter[tuple[int, str]] = Counter()

    def clean(self, dataset: Dataset, nested: bool = False) -> None:
        """Clean a data set and all its sequences in place."""
        if is_code_item(dataset):
            clean_code_item(dataset)
            return
        self._clean_private(dataset)
        for tag in [tag for tag in dataset.keys() if not tag.is_private]:
            try:
                done = self._clean_public(dataset, tag, nested)
            except DAMAGE:
                done = REMOVE
            if done == REMOVE:
                del dataset[tag]
            if done:
                self.counts[int(tag), done] += 1

    # ------------------------------------------------------------------------------------------------------------ public
    def _clean_public(self, dataset: Dataset, tag: BaseTag, nested: bool) -> str:
        """Clean one attribute; returns what was done, "" for nothing, REMOVE if the caller has to delete it."""
        if _is_graphics_or_length(tag) or tag.group < FIRST_GROUP or not dictionary_has_tag(tag) or (nested and int(tag) in PIXELS):
            return REMOVE
        raw = dataset.get_item(tag)
        vr = raw.VR if raw.VR and raw.VR != "UN" else dictionary_VR(tag)
        if not _may_have_type(tag, vr):
            return REMOVE
        action = self.policy.action(int(tag), vr)
        if tag in (PATIENT_NAME, PATIENT_ID):
            dataset[tag].value = self.pseudonym
            return DUMMY
        if action == REMOVE:
            return REMOVE
        if action in (CLEAN, KEEP) and vr in NUMBER_TYPES:
            return "" if self._are_numbers(dataset, tag, vr) else REMOVE
        return self._clean_element(dataset[tag], action)

    def _are_numbers(self, dataset: Dataset, tag: BaseTag, vr: str) -> bool:
        """True if binary numbers are as many as the attribute may have, and neither a text nor a number of the patient."""
        raw = dataset.get_item(tag).value
        if isinstance(raw, bytes) and _reads_as_text(raw, vr):
            return False
        element = dataset[tag]
        if element.is_empty:
            return True
        values = _values(element)
        if len(values) > _most_values(tag) or self._spells(values):
            return False
        return not any(_is_odd(value, vr) or self._is_own_number(value) for value in values)

    def _is_own_number(self, value: Any) -> bool:
        """True for a whole number that is one of the patient's: ID, birth date, telephone …"""
        try:
            return float(value).is_integer() and self.identity.is_number(str(int(value)))
        except (TypeError, ValueError, OverflowError):
            return False

    def _clean_element(self, element: DataElement, action: str) -> str:
        if element.VR == "SQ":
            return self._clean_sequence(element, action)
        if action in (EMPTY, DUMMY):
            return self._replace(element, action)
        if action == SHIFT:
            return self._shift(element)
        if action == KEEP and element.VR in (*TEXT_TYPES, "CS", "UI") and not self._names_patient(element):
            return ""
        return self._clean_by_type(element)

    def _names_patient(self, element: DataElement) -> bool:
        return any(is_own(token, self.identity.words) for value in _values(element) for token in re.split(r"[\W_]+", str(value)) if token)

    def _clean_sequence(self, element: DataElement, action: str) -> str:
        if action == EMPTY:
            element.value = []
            return EMPTY
        for item in element.value:
            self.clean(item, nested=True)
        return ""

    def _replace(self, element: DataElement, action: str) -> str:
        if element.is_empty:
            return ""
        if element.VR == "UI":
            return self._clean_uids(element)
        if action == DUMMY and element.VR not in DUMMIES:
            return REMOVE
        element.value = DUMMIES[element.VR] if action == DUMMY else None
        return action

    def _shift(self, element: DataElement) -> str:
        """Move dates by the patient's days and leave the time of day; what is no date is removed."""
        if element.is_empty:
            return ""
        values = [_shifted(str(value), element.VR, self.shift) for value in _values(element)]
        if None in values:
            return REMOVE
        element.value = values if len(values) > 1 else values[0]
        return SHIFT if element.VR != "TM" else ""

    def _clean_by_type(self, element: DataElement) -> str:
        vr = element.VR
        if vr in BYTE_TYPES:
            return "" if int(element.tag) in PIXELS else REMOVE
        if element.is_empty or vr in NUMBER_TYPES:
            return ""
        cleaners = {
            "UI": self._clean_uids,
            "AS": _clean_age,
            **dict.fromkeys(("DS", "IS"), self._clean_number_strings),
            **dict.fromkeys((*TEXT_TYPES, "CS"), self._clean_words),
        }
        cleaner = cleaners.get(vr)
        return cleaner(element) if cleaner else REMOVE  # names, addresses, links and unknown types go

    def _clean_number_strings(self, element: DataElement) -> str:
        texts = [str(value) for value in _values(element)]
        good = all(_NUMBER_STRING.fullmatch(text) and not self.identity.is_number(text) for text in texts)
        if good and (len(texts) > _most_values(element.tag) or self._spells(_values(element))):
            return REMOVE
        return "" if good else self._replace(element, DUMMY)

    def _spells(self, values: list[Any]) -> bool:
        """True if numbers are the parts of a date of the patient, or the codes of letters: a word of the patient, or too many in no order
        to be a list of anything else."""
        try:
            codes = [int(float(value)) for value in values]
            whole = all(float(value) == code for value, code in zip(values, codes))
        except (TypeError, ValueError, OverflowError):
            return False
        parts = [(f"{a:02d}{b:02d}{c:02d}", f"{a}{b:02d}{c:02d}") for a, b, c in zip(codes, codes[1:], codes[2:])] if whole else []
        if any(self.identity.is_number(number) for both in parts for number in both):
            return True
        if not whole or len(codes) < FEWEST_LETTERS or not all(32 <= code < 127 for code in codes):
            return False
        text = bytes(codes).decode("ascii")
        ordered = codes in (sorted(codes), sorted(codes, reverse=True))
        spelled = any(is_own(token.lower(), self.identity.words) for token in re.split(r"[\W_\d]+", text) if token)
        return spelled or (len(codes) >= MANY_LETTERS and not ordered and re.fullmatch(r"[A-Za-z ]+", text) is not None)

    def _clean_uids(self, element: DataElement) -> str:
        old = [str(value) for value in _values(element)]
        new = [uid if uid in UID_dictionary else self.key.uid(uid) for uid in old]
        if new == old:
            return ""
        element.value = new if len(new) > 1 else new[0]
        return DUMMY

    def _clean_words(self, element: DataElement) -> str:
        old = [str(value) for value in _values(element)]
        if element.tag == CHARACTER_SET:
            return "" if all(value in python_encoding for value in old) else REMOVE
        new = [self._clean_word(value, element.VR, int(element.tag) in MAKERS) for value in old]
        if new == old:
            return ""
        if not any(new):
            if self.policy.may_remove(int(element.tag)):
                return REMOVE
            new = [REMOVED_TEXT]
        element.value = new if len(new) > 1 else new[0]
        return CLEAN

    def _clean_word(self, value: str, vr: str, is_maker: bool) -> str:
        if is_plain(value):
            return value
        if vr != "CS":
            return clean_text(value, frozenset() if is_maker else self.identity.words)
        words = {word.lower() for word in re.split(r"[\W_]+", value)}
        is_name = any(name <= words for name in self.identity.names)
        return "OTHER" if is_name or self.identity.is_number(value) else clean_code_string(value)

    # ----------------------------------------------------------------------------------------------------------- private
    def _clean_private(self, dataset: Dataset) -> None:
        """Remove private elements, except safe ones together with their creators."""
        creators, safe = set(), set()
        for tag in [tag for tag in dataset.keys() if tag.is_private and tag.element > 0xFF]:
            creator_tag = (int(tag) & 0xFFFF0000) | (tag.element >> 8)
            if "private" in self.policy.options and self._keep_private(dataset, tag, creator_tag):
                creators.add(creator_tag)
                safe.add(int(tag))
        for tag in [tag for tag in dataset.keys() if tag.is_private]:
            kept = int(tag) in safe or int(tag) in creators
            if not kept:
                del dataset[tag]
            if tag.element > 0xFF:
                self.counts[int(tag) & 0xFFFF00FF, KEEP if kept else REMOVE] += 1

    def _keep_private(self, dataset: Dataset, tag: BaseTag, creator_tag: int) -> bool:
        try:
            creator = str(dataset[creator_tag].value).strip(" \0")
            safe = SAFE.get((creator, tag.group, tag.element & 0xFF))
            if safe is None or (safe.kind == SEQUENCE and dataset[tag].VR != "SQ"):
                return False
            element = dataset[tag]
            if safe.kind == SEQUENCE:
                self._clean_sequence(element, CLEAN)
                return True
            if safe.kind == CSA:
                element.value = clean_csa(element.value)
                return bool(element.value)
            is_own = safe.kind == NUMBERS and not isinstance(element.value, bytes) and any(map(self._is_own_number, _values(element)))
            return not is_own and is_safe_value(safe, element.value)
        except DAMAGE:
            return False


def _reads_as_text(raw: bytes, vr: str) -> bool:
    """Binary numbers whose bytes are a text; of few floating-point numbers more letters are needed, because their bytes are by chance."""
    if vr in _TEXT_OF_FEW and len(raw) < 16:
        return _TEXT_OF_FEW[vr].fullmatch(raw) is not None
    return len(raw) >= 4 and _TEXT_BYTES.fullmatch(raw) is not None


def _values(element: DataElement) -> list[Any]:
    return list(element.value) if isinstance(element.value, (MultiValue, list, tuple)) else [element.value]


def _is_graphics_or_length(tag: BaseTag) -> bool:
    """Group lengths; curves (50xx) and overlays (60xx), which PS3.15 removes as a whole; tables for display, which are bytes."""
    return tag.element == 0 or (tag.group & 0xFF00) in (0x5000, 0x6000) or tag == VOI_LUT


def _shifted(text: str, vr: str, days: int) -> Optional[str]:
    """The date or date and time ``days`` later in DICOM's form; a time stays; None if it is not one."""
    text = text.strip(" \0")
    if vr == "TM":
        return text if _TIME.fullmatch(text) else None
    match = _DATE.fullmatch(text) if vr == "DA" else _DATE_TIME.fullmatch(text)
    if match is None:
        return None
    digits = "".join(match.groups()) if vr == "DA" else match.group(1)
    try:
        date = datetime.date(int(digits[:4]), int(digits[4:6]), int(digits[6:8])) + datetime.timedelta(days=days)
    except (ValueError, OverflowError):
        return None
    return f"{date.year:04d}{date.month:02d}{date.day:02d}" + ("" if vr == "DA" else match.group(2))


def _clean_age(element: DataElement) -> str:
    """An age as it is, above 89 years as 90; anything else is removed."""
    text = str(element.value)
    if not re.fullmatch(r"\d{3}[DWMY]", text):
        return REMOVE
    if text.endswith("Y") and int(text[:3]) > OLDEST_AGE_YEARS:
        element.value = f"{OLDEST_AGE_YEARS + 1:03d}Y"
        return DUMMY
    return ""


def _may_have_type(tag: BaseTag, vr: str) -> bool:
    """True if the attribute may have this type by the dictionary, or one of the same family: a text must not come as numbers or bytes."""
    allowed = set(dictionary_VR(tag).split(" or "))
    families = (_TYPES_OF_TEXT, NUMBER_TYPES | {"DS", "IS"}, BYTE_TYPES)
    return vr in allowed or any(vr in family and allowed & family for family in families)


def _most_values(tag: BaseTag) -> float:
    """How many values an attribute may have by the dictionary."""
    most = dictionary_VM(tag).split("-")[-1].split(" ")[-1]
    return int(most) if most.isdigit() else float("inf")


def _is_odd(value: Any, vr: str) -> bool:
    """True for a floating-point number that no quantity has, such as the bytes of a text read as one; infinity and NaN are allowed."""
    return vr in ("FL", "FD") and math.isfinite(value) and value != 0 and not _SMALLEST < abs(value) < _LARGEST
