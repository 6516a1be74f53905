"""The words that tell who a patient is, and how they are taken out of a text.

Minimum lengths are our choice: shorter words occur by chance.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

REMOVED = "removed"
MIN_LETTERS, MIN_DIGITS = 3, 4
MIN_BYTES = 6  # in files that are not text
_SEPARATORS = re.compile(r"[\^= \-\\,;:|/()\[\]<>&\"'%\s_]+")
_LONG_NUMBER = re.compile(
    r"(?<!\d)(?:\d{6,}|\d{4}[./-]\d{1,2}[./-]\d{1,2}|\d{1,2}[./-]\d{1,2}[./-]\d{4}|[+0]\d{1,4}-\d{2,4}-\d{3,4})(?!\d)"
)
_LATIN = "A-Za-zÀ-ɏ"
_NO_IDENTITY = frozenset((
    "patient", "study", "series", "name", "unknown", "subject", "none", "anon", "anonymous", "anonymized", "anonymised", "anonymize",
    "deidentified", REMOVED,
))  # fmt: skip


class IdentityWords:
    """Removes a patient's words from texts.

    Parameters
    ----------
    values : iterable of str
        Values of DICOM attributes: ``DOE^JANE``, ``PID12345``, ``19500101``.
    mark : str
        What stands in their place.

    Notes
    -----
    A value is removed as a whole and in its parts, in upper and lower case, wherever it is not part of a longer Latin word or number.
    Japanese, which has no spaces, is removed everywhere, from two characters on.
    """

    def __init__(self, values: Iterable[str], mark: str = REMOVED) -> None:
        self._mark = mark
        self.words = sorted({word for value in values for word in _words_of(value)}, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(_pattern_of, self.words)), re.IGNORECASE) if self.words else None

    def removed_from(self, text: str) -> str:
        """The text with each word of identity replaced by a mark."""
        return self._pattern.sub(self._mark, text) if self._pattern else text

    def found_in(self, data: bytes) -> bool:
        """True if a word long enough not to stand there by chance is in these bytes."""
        lower = data.lower()
        encoded = (word.lower().encode() for word in self.words)
        return any(word in lower for word in encoded if len(word) >= MIN_BYTES)


def tells_who(values: Iterable[str]) -> bool:
    """True if names or IDs tell a patient from others, False for such as "ANONYMOUS" or "001", which stand in the files of many."""
    parts = (part for value in values for part in _SEPARATORS.split(value))
    return any(_is_long_enough(part) and part.lower() not in _NO_IDENTITY for part in parts)


def _words_of(value: str) -> Iterator[str]:
    value = value.strip()
    yield from date_forms(value)
    for word in {value, value.replace("^", " ").strip(), *_SEPARATORS.split(value)}:
        if _is_long_enough(word) and word.lower() not in _NO_IDENTITY:
            yield word


def date_forms(value: str) -> Iterator[str]:
    """A date of DICOM (YYYYMMDD) as people write it: in three orders, with long and short years, with and without signs between."""
    match = re.fullmatch(r"(\d{4})[.-]?(\d{2})[.-]?(\d{2})", value.strip(" \0"))
    if not match:
        return
    year, month, day = match.groups()
    for y in (year, year[2:]):
        for m, d in ((month, day), (month.lstrip("0"), day.lstrip("0"))):
            for sign in ("-", ".", "/", *([""] if m == month and d == day else [])):
                yield from (sign.join(parts) for parts in ((y, m, d), (d, m, y), (m, d, y)))


def without_long_numbers(text: str, mark: str = REMOVED) -> str:
    """The text without numbers of six digits and more, dates and telephone numbers, which tell who or when, and never what was measured."""
    return _LONG_NUMBER.sub(mark, text)


def _is_long_enough(word: str) -> bool:
    if word.isdigit():
        return len(word) >= MIN_DIGITS
    return len(word) >= (MIN_LETTERS if word.isascii() else 2)


def _pattern_of(word: str) -> str:
    return _edge(word[0], "(?<!{})") + re.escape(word) + _edge(word[-1], "(?!{})")


def _edge(character: str, boundary: str) -> str:
    """No letter beside a Latin letter, no digit beside a digit."""
    if re.match(f"[{_LATIN}]", character):
        return boundary.format(f"[{_LATIN}]")
    return boundary.format("[0-9]") if character.isdigit() else ""
