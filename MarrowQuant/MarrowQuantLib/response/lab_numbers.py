"""What stands in the value column of a laboratory: a number, with flags beside it, below or above a limit, not detected, or not done."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import NamedTuple, Optional

from ..model import certain

BELOW, ABOVE, NOT_DETECTED = "below", "above", "not detected"
POINT, COMMA = "point", "comma"

# In all lists texts are in the form that _folded gives them: NFKC, lower case, without spaces at the ends.
_NOT_DETECTED = frozenset(
    ("not detected", "none detected", "not detectable", "undetectable", "undetected", "negative", "neg", "neg.", "nd", "n.d.",
     "n.d", "(-)",
     "absent", "none", "no m protein", "nachweisbar nicht", "nicht nachweisbar", "n.n.", "non détecté", "陰性", "検出せず", "検出されず",
     "検出しない", "検出感度以下", "検出限界以下", "検出限界未満", "検出限界値以下", "感度以下", "感度未満", "測定感度以下",
     "測定限界以下",
     "測定下限以下", "測定下限未満", "below detection limit", "below limit of detection", "below the limit of detection", "bdl",
     "bld", "<lod",
     "< lod", "認めず", "認めない", "なし", "検出なし")
)  # fmt: skip
NO_VALUE = frozenset(
    ("", "-", "--", "na", "n/a", "n.a.", "nan", "null", "#n/a", "not done", "not performed", "not measured", "not tested",
     "pending", "haemolysed",
     "hemolyzed", "hemolysed", "未実施", "未測定", "未検", "未検査", "欠測", "検査中", "検体不足", "溶血", "測定不能", "報告待ち",
     "中止", "依頼中")
)  # fmt: skip
_AMBIGUOUS = frozenset(("nd", "n.d.", "n.d"))  # also "not done"
_BELOW_SIGN = re.compile(r"(?:<=|=<|<|≤|≦|below|less than|under)\s*(.+)")
_ABOVE_SIGN = re.compile(r"(?:>=|=>|>|≥|≧|above|more than|over)\s*(.+)")
_BELOW_WORD, _ABOVE_WORD = re.compile(r"(.+?)\s*(?:未満|以下)"), re.compile(r"(.+?)\s*(?:以上|超|超過)")
_FLAG = r"(?:\(?(?:hh|ll|h|l|high|low|a|abn|高|低|高値|低値|異常)\)?|[*!#↑↓▲▼△▽]+)"
_FLAGS = re.compile(rf"^(?:{_FLAG}\s+|[*!#↑↓▲▼△▽]+)?(.*?)(?:\s*[*!#↑↓▲▼△▽]+|\s+{_FLAG}|\((?:hh|ll|h|l|高|低)\)|(?<=\d)(?:hh|ll|h|l))?$")
_RANGE = re.compile(r"\s*[(\[]\s*\d[\d.,]*\s*[-~–〜]\s*\d[\d.,]*\s*[)\]]$")  # the reference range behind the value
_PLAIN = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?")
_NUMBER_AND_UNIT = re.compile(
    r"([-+]?\d[\d.,']*(?:[ \u2009\u202f]\d{3}(?!\d))*(?:[.,]\d+)?(?:e[+-]?\d+)?)(?:\s+|(?=[^\d\s.,']))([^\s.,'].*)"
)
SUPERSCRIPTS = {ord(superscript): "^" + digit for superscript, digit in zip("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")}
_MINUS = str.maketrans({"−": "-", "\N{EN DASH}": "-", "\N{HYPHEN}": "-", "\N{NON-BREAKING HYPHEN}": "-", "ー": "-"})


class Written(NamedTuple):
    """A number, whether it is a limit (``BELOW``, ``ABOVE``, ``NOT_DETECTED``; else ""), and a unit that stood beside it."""

    number: float
    censored: str = ""
    unit: str = ""


def folded(text: str) -> str:
    """Without variants of width, case, minus sign and space."""
    # Superscripts first: the compatibility form of 10⁴ is 104, another number.
    return " ".join(unicodedata.normalize("NFKC", text.translate(SUPERSCRIPTS)).translate(_MINUS).casefold().split())


def read_written(text: str, style: str = POINT) -> Optional[Written]:
    """What a cell means; None if it is no number, or can be read as two.

    Parameters
    ----------
    text : str
    style : {"point", "comma", ""}
        What the other numbers of the sheet show; decides about 1.200 only (with "" it is refused). A comma before three last digits,
        as in 1,200, is refused in every style.
    """
    cell = folded(text)
    if cell in _NOT_DETECTED:
        return Written(0.0, NOT_DETECTED)
    for pattern, kind in ((_BELOW_SIGN, BELOW), (_ABOVE_SIGN, ABOVE), (_BELOW_WORD, BELOW), (_ABOVE_WORD, ABOVE)):
        match = pattern.fullmatch(cell)
        if match:
            inner = _with_unit(match[1], style)
            return None if inner is None else Written(inner.number, kind, inner.unit)
    return _with_unit(cell, style)


def may_mean_not_done(text: str) -> bool:
    """True for "n.d.", which some laboratories write for not done."""
    return folded(text) in _AMBIGUOUS


def is_no_value(text: str) -> bool:
    """True if the cell says that there is no value."""
    return folded(text) in NO_VALUE


def style_in(texts: Iterable[str]) -> str:
    """Whether numbers have a decimal point or comma, as those show that can be read in one way only; "" if none does, or both."""
    shown = set()
    for text in texts:
        cell = folded(text)
        for sign, style in ((".", POINT), (",", COMMA)):
            before, found, after = cell.rpartition(sign)
            digits = after[: len(after) - len(after.lstrip("0123456789"))]
            if found and before[-1:].isdigit() and digits and len(digits) != 3:
                shown.add(style)
    return shown.pop() if len(shown) == 1 else ""


def _with_unit(cell: str, style: str) -> Optional[Written]:
    bare = _RANGE.sub("", cell).strip()
    number = _number(bare, style)
    if number is None:
        bare = certain(_FLAGS.fullmatch(bare))[1].strip()
        number = _number(bare, style)
    if number is not None:
        return Written(number)
    match = _NUMBER_AND_UNIT.fullmatch(bare)
    if match is None:
        return None
    number = _number(match[1].strip(), style)
    return None if number is None else Written(number, "", match[2])


def _number(text: str, style: str) -> Optional[float]:
    """A number with a decimal point or comma and groups of three digits, where only one reading is possible."""
    text = re.sub(r"(?<=\d)[ '\u2019\u2009\u202f](?=\d{3}(?!\d))", "", text)  # 148 000
    points, commas = text.count("."), text.count(",")
    if points and commas:
        last = max(".", ",", key=text.rfind)
        first = "," if last == "." else "."
        whole, _, part = text.rpartition(last)
        if not re.fullmatch(rf"[-+]?\d{{1,3}}(\{first}\d{{3}})+", whole):
            return None
        text = f"{whole.replace(first, '')}.{part}"
    elif commas > 1 or points > 1:
        sign = "," if commas else "."
        if not re.fullmatch(rf"[-+]?\d{{1,3}}(\{sign}\d{{3}})+", text):
            return None
        text = text.replace(sign, "")
    elif commas:
        if re.fullmatch(r"[-+]?[1-9]\d{0,2},\d{3}", text):
            return None  # 1,200 is twelve hundred or one and a fifth
        text = text.replace(",", ".")
    elif style != POINT and re.fullmatch(r"[-+]?[1-9]\d{0,2}\.\d{3}", text):
        return None  # 1.200, where points are not known to be decimal
    return float(text) if _PLAIN.fullmatch(text) else None
