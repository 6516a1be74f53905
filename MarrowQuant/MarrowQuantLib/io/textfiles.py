"""Text of spreadsheets: read in whichever encoding, and written so that no cell is run as a formula."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import NamedTuple, Optional

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")  # OWASP, "CSV Injection"
# Byte order marks (Unicode standard, section 23.8), the longer ones first: that of UTF-32 begins with that of UTF-16.
_MARKS = (
    (b"\xff\xfe\0\0", "utf-32", "UTF-32"), (b"\0\0\xfe\xff", "utf-32", "UTF-32"), (b"\xef\xbb\xbf", "utf-8-sig", "UTF-8"),
    (b"\xff\xfe", "utf-16", "UTF-16"), (b"\xfe\xff", "utf-16", "UTF-16"),
)  # fmt: skip
# Encodings of Japanese and Western computers that have no mark, in the order of preference where several fit equally well.
_UNMARKED = (("cp932", "Shift-JIS"), ("euc_jp", "EUC-JP"), ("cp1252", "Windows-1252"), ("mac_roman", "Mac Roman"))
_RARE = "Mac Roman"  # of the "CSV (Macintosh)" of older Excel; taken only where it fits better than the others
_MOST_ODD = 1.0  # our choice: mean oddness of a character above which a text is not read, because no encoding fits it
_LETTERS = re.compile("[A-Za-z]")
_SMALL = re.compile("[a-z]")
# A word in katakana of half width, as hospital systems print them: the voicing marks stand only behind letters that take them.
_NARROW_WORD = re.compile(
    "(?:[\uff66-\uff6f\uff71-\uff9d]|[\uff73\uff76-\uff84\uff8a-\uff8e]\uff9e|[\uff8a-\uff8e]\uff9f|(?<=.)\uff70){3,}"
)


class Decoded(NamedTuple):
    """A text, the name of its encoding, and whether that was told by the file (or is the only one possible) or inferred."""

    text: str
    encoding: str
    is_inferred: bool


def decoded(raw: bytes) -> Optional[Decoded]:
    """The text of a file in whichever encoding; None if it is no text.

    UTF-8, and UTF-16 and UTF-32 with a byte order mark, are told by their form; so is ISO-2022-JP by its escapes. UTF-16 without a mark
    is told by its zero bytes. Everything else is tried in Shift-JIS, EUC-JP, Windows-1252 and Mac Roman, and the one is taken whose
    letters stand together as they do in writing.
    """
    mark = next(((codec, name) for start, codec, name in _MARKS if raw.startswith(start)), None)
    if mark is None and b"\0" in raw:
        mark = _unmarked_utf_16(raw), "UTF-16"
    if mark is None and (b"\x1b$" in raw or b"\x1b(" in raw):
        mark = "iso2022_jp", "ISO-2022-JP"
    for codec, name in (mark,) if mark else (("utf-8", "UTF-8"),):
        text = _text(raw, codec)
        if text is not None:
            return Decoded(text, name, False)
    return None if mark else _most_plausible(raw)


def _unmarked_utf_16(raw: bytes) -> str:
    """Little endian if the second bytes are more often zero than the first ones: digits and separators have a zero there."""
    return "utf-16-le" if raw[1::2].count(0) >= raw[::2].count(0) else "utf-16-be"


def _text(raw: bytes, codec: str) -> Optional[str]:
    try:
        text = raw.decode(codec)
    except (UnicodeDecodeError, UnicodeError):
        return None
    return None if "\0" in text else text


def _most_plausible(raw: bytes) -> Optional[Decoded]:
    found = [(name, _text(raw, codec)) for codec, name in _UNMARKED]
    judged = [(_oddness(text) + (0.3 if name == _RARE else 0.0), name, text) for name, text in found if text is not None]
    if not judged:
        return None
    odd, name, text = min(judged, key=lambda one: one[0])
    others = sum(not character.isascii() for character in text)
    return Decoded(text, name, True) if odd <= _MOST_ODD * others else None


def _oddness(text: str) -> float:
    """How little a text looks like writing: the sum over its characters that are not ASCII. The weights are our choice."""
    odd = 0.0
    for match in re.finditer(r"[^\x00-\x7f]+", text):
        run, before, after = match[0], text[max(match.start() - 1, 0) : match.start()], text[match.end() : match.end() + 1]
        if _NARROW_WORD.fullmatch(run):
            continue
        odd += sum(map(_oddness_of, run))
        if len(run) == 1 and "\uff61" <= run <= "\uff9f":
            odd += 2.0  # one katakana of half width by itself is the wrong reading of a sign such as µ
        if not (_is_japanese(run[0]) or unicodedata.name(run[0], "").startswith("GREEK")):
            odd += 2.0 * max(len(run) - 4, 0)  # no Western word has so many accents in a row
        inside_word = (_LETTERS.fullmatch(before) and _SMALL.match(after)) or (_SMALL.fullmatch(before) and _LETTERS.match(after))
        if inside_word:
            odd += _oddness_inside(run[0])
    return odd


def _oddness_inside(character: str) -> float:
    """How odd a character is between Latin letters, where a French or German word has é or ö, and no Japanese word anything."""
    if _is_japanese(character):
        return 3.0
    return 0.0 if character.islower() or character in "\u2019\u2010\u2011\u2013\xad" else 1.5


def _is_japanese(character: str) -> bool:
    return "\u3000" <= character <= "\u9fff" or "\uff00" <= character <= "\uffef" or "\ue000" <= character <= "\uf8ff"


def _oddness_of(character: str) -> float:
    if _is_japanese(character):
        return _oddness_of_japanese(character)
    if character in "µ°²³±×«»" or "\u2010" <= character <= "\u27bf":  # signs, punctuation, arrows, numbers in circles
        return 0.4
    name = unicodedata.name(character, "")
    if name.startswith("LATIN") and character != "ƒ":
        return 0.5
    return 0.0 if name.startswith("GREEK") else 2.0


def _oddness_of_japanese(character: str) -> float:
    if "\ue000" <= character <= "\uf8ff":
        return 3.0  # private use
    if "\uff61" <= character <= "\uff9f":
        return 0.3  # half width
    return 0.4 if "\u4e00" <= character <= "\u9fff" and not _is_common_kanji(character) else 0.0


def _is_common_kanji(character: str) -> bool:
    """True for the first level of JIS X 0208 (rows 16 to 47), which holds the kanji of daily use."""
    try:
        return 0xB0 <= character.encode("euc_jp")[0] <= 0xCF
    except UnicodeEncodeError:
        return False


def starts_formula(text: str) -> bool:
    """True if a spreadsheet could run the text; signs of full width count, spaces before them do not (our choice beyond OWASP's list)."""
    return unicodedata.normalize("NFKC", text).lstrip(" ").startswith(_FORMULA_STARTS)


def without_formula(text: str) -> str:
    """The text, preceded by an apostrophe where a spreadsheet could run it (the defence that OWASP recommends)."""
    return "'" + text if starts_formula(text) else text


def listed(items: Iterable[object], most: int = 8) -> str:
    """The first items, and how many more there are."""
    items = list(items)
    shown = ", ".join(str(item) for item in items[:most])
    return shown + (f" and {len(items) - most} more" if len(items) > most else "")
