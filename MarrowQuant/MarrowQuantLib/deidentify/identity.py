"""What tells who the patient of a data set is: words and numbers that must not be in it afterwards, wherever they stand."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue

from ..dicom.headers import DAMAGE

# PS3.6: patient's name, ID, other IDs, other names, birth name, mother's name; telephone; accession number; physicians and operators
PERSONS = (
    0x00100010, 0x00101001, 0x00101005, 0x00101060, 0x00080090, 0x00081048, 0x00081050, 0x00081060, 0x00081070, 0x00321032,
)  # fmt: skip
NUMBERS = (0x00100020, 0x00101000, 0x00102154, 0x00080050, 0x00200010)
BIRTH_DATE = 0x00100030
PLACES = (0x00101040, 0x00080080)  # patient's address; institution
MIN_LETTERS, MIN_NUMBER = 2, 5  # our choice: shorter ones occur by chance
_NO_IDENTITY = frozenset((
    "patient", "phantom", "study", "series", "name", "unknown", "anonymous", "subject", "none", "test", "dr", "md", "prof",
    "marrowquant", "simulated", "synthetic",
))  # fmt: skip
_SEPARATORS = re.compile(r"[\W_]+")


@dataclass(frozen=True)
class Identity:
    """Words and numbers of one patient.

    Attributes
    ----------
    words : frozenset of str
        Parts of the names of the patient and of staff, and of IDs, in lower case.
    names : tuple of frozenset of str
        The words of each name together, where a name has two or more.
    numbers : frozenset of str
        Digits of IDs, telephone numbers and the birth date in its usual forms.
    """

    words: frozenset[str] = frozenset()
    names: tuple[frozenset[str], ...] = ()
    numbers: frozenset[str] = frozenset()

    def is_number(self, text: str) -> bool:
        """True if a number, as digits with or without sign, point and zeros in front, is one of the patient's."""
        whole = text.strip(" \0+-").split(".")[0] if re.fullmatch(r"[\s\0+-]*\d+(\.0*)?[\s\0]*", text) else text
        digits = re.sub(r"\D", "", whole)
        return digits.lstrip("0") in self.numbers


def identity_of(dataset: Dataset) -> Identity:
    """What a data set, as it was read, says about who its patient is."""
    named = [_words(text) for tag in PERSONS for text in _texts(dataset, tag)]
    ids = [text for tag in NUMBERS for text in _texts(dataset, tag)]
    words = {word for name in named for word in name}
    words |= {word for text in ids for word in _words(text) if not word.isdigit() or len(word) > 3}
    births = [form for text in _texts(dataset, BIRTH_DATE) for form in _dates(text)]
    digits = {re.sub(r"\D", "", text) for text in ids} | {part for text in ids for part in re.findall(r"\d+", text)} | set(births)
    numbers = {number.lstrip("0") for number in digits if len(number.lstrip("0")) >= MIN_NUMBER}
    return Identity(frozenset(words), tuple(name for name in named if len(name) > 1), frozenset(numbers))


def _words(text: str) -> frozenset[str]:
    words = (word.lower() for word in _SEPARATORS.split(text))
    return frozenset(word for word in words if len(word) >= MIN_LETTERS and word not in _NO_IDENTITY)


def _dates(text: str) -> Iterator[str]:
    """The digits of a birth date in the usual orders, with two and four digits of the year."""
    match = re.fullmatch(r"\s*(\d{4})\D?(\d{2})\D?(\d{2}).*", text, re.DOTALL)
    if match and match[0][:8] != "19000101":
        year, month, day = match.groups()
        yield from (year + month + day, day + month + year, month + day + year)
        yield from (year[2:] + month + day, day + month + year[2:], month + day + year[2:])


def _texts(dataset: Dataset, tag: int) -> list[str]:
    try:
        if tag not in dataset:
            return []
        value = dataset[tag].value
    except DAMAGE:
        return [raw_text(dataset, tag).decode("latin-1")]
    values = value if isinstance(value, (MultiValue, list, tuple)) else [value]
    return [str(each) for each in values if each is not None and str(each).strip()]


def raw_text(dataset: Dataset, tag: int) -> bytes:
    """The bytes of a text element as they stand in the file."""
    element = dataset.get_item(tag) if tag in dataset else None
    if element is None or element.value is None:
        return b""
    if isinstance(element, RawDataElement):
        return element.value
    return str(element.value).encode("utf-8", "replace")
