"""Dates as laboratories, spreadsheets and Japanese forms write them.

Read are forms that can mean one day only: the year first with any sign between, eight digits, a month in words, the Japanese eras
(R7.1.14, R070114, 令和7年1月14日), a day, a month in words and two digits of the year as spreadsheets show a date (14-Jan-25), and day and
month before the year where one of them is above 12, or another line of the sheet shows the order. A time behind the date is left out.
Other two-digit years of our era, and serial numbers of spreadsheets (whose zero differs between systems), are refused.
"""

from __future__ import annotations

import datetime
import re
import unicodedata
from collections.abc import Iterable
from typing import Optional

FIRST_DATE = datetime.date(1980, 1, 1)  # our choice: before MRI of the marrow, so a typing error
DAY_FIRST, MONTH_FIRST = "day first", "month first"

# Year before the first of each era: the first year of Reiwa is 2019, of Heisei 1989, of Showa 1926 (general knowledge).
_ERAS = {
    **dict.fromkeys(("reiwa", "r", "令和", "令"), 2018), **dict.fromkeys(("heisei", "h", "平成", "平"), 1988),
    **dict.fromkeys(("showa", "s", "昭和", "昭"), 1925),
}  # fmt: skip
_MONTHS = {
    name: n + 1 for n, name in enumerate(("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"))
}  # fmt: skip
_TIME = r"(?:[\sT]+\d{1,2}(?::|時)\d{2}(?:(?::|分)\d{0,2}(?:\.\d+)?秒?)?\s*(?:[ap]m)?\s*(?:z|[+-]\d{2}:?\d{2})?)?"
_WEEKDAY = r"(?:\s*\([^()\d]{1,9}\))?"
_BEHIND = _WEEKDAY + _TIME
_SIGN = r"\s*[-/.\s]\s*"
_DIGITS = re.compile(rf"(\d{{4}})(\d{{2}})(\d{{2}})(?:\d{{4}}|\d{{6}})?{_BEHIND}", re.IGNORECASE)
_MONTH_AND_DAY = rf"(?:{_SIGN}|\s*年\s*)(\d{{1,2}})(?:{_SIGN}|\s*月\s*)(\d{{1,2}})\s*日?{_BEHIND}"
_YEAR_FIRST = re.compile(rf"(\d{{4}}){_MONTH_AND_DAY}", re.IGNORECASE)
_ERA = re.compile(rf"({'|'.join(_ERAS)})\s*\.?\s*(0?[1-9]|[1-9]\d|元){_MONTH_AND_DAY}", re.IGNORECASE)
_ERA_DIGITS = re.compile(rf"({'|'.join(_ERAS)})\s*(0?[1-9]|[1-9]\d)(\d{{2}})(\d{{2}}){_BEHIND}", re.IGNORECASE)
_NAMED_MIDDLE = re.compile(rf"(\d{{1,2}})[-\s./]*([a-z]{{3,9}})[-\s./,]*(\d{{4}}){_BEHIND}", re.IGNORECASE)
_NAMED_SHORT = re.compile(rf"(\d{{1,2}})[-\s./]([a-z]{{3,9}})[-\s./](\d{{2}}){_BEHIND}", re.IGNORECASE)
_NAMED_FIRST = re.compile(rf"([a-z]{{3,9}})[-\s./]*(\d{{1,2}})(?:st|nd|rd|th)?[-\s,]+(\d{{4}}){_BEHIND}", re.IGNORECASE)
_NAMED_LAST = re.compile(rf"(\d{{4}})[-\s./]*([a-z]{{3,9}})[-\s./,]*(\d{{1,2}}){_BEHIND}", re.IGNORECASE)
_YEAR_LAST = re.compile(rf"(\d{{1,2}})[-/.](\d{{1,2}})[-/.](\d{{4}}){_BEHIND}", re.IGNORECASE)


def parse_date(text: str, order: str = "") -> Optional[datetime.date]:
    """The day that a text means; None if it is no date, or can mean two.

    Parameters
    ----------
    text : str
    order : {"", "day first", "month first"}
        Known from elsewhere, for dates such as 03/04/2025.
    """
    text = " ".join(unicodedata.normalize("NFKC", text).strip().casefold().split())
    for pattern, parts in (
        (_YEAR_FIRST, lambda m: (int(m[1]), int(m[2]), int(m[3]))),
        (_DIGITS, lambda m: (int(m[1]), int(m[2]), int(m[3]))),
        (_ERA, lambda m: (_ERAS[m[1]] + (1 if m[2] == "元" else int(m[2])), int(m[3]), int(m[4]))),
        (_ERA_DIGITS, lambda m: (_ERAS[m[1]] + int(m[2]), int(m[3]), int(m[4]))),
        (_NAMED_MIDDLE, lambda m: (int(m[3]), _month(m[2]), int(m[1]))),
        (_NAMED_SHORT, lambda m: (_century(int(m[3])), _month(m[2]), int(m[1]))),
        (_NAMED_FIRST, lambda m: (int(m[3]), _month(m[1]), int(m[2]))),
        (_NAMED_LAST, lambda m: (int(m[1]), _month(m[2]), int(m[3]))),
        (_YEAR_LAST, lambda m: _year_last(int(m[1]), int(m[2]), int(m[3]), order)),
    ):
        match = pattern.fullmatch(text)
        if match:
            try:
                numbers = parts(match)
                return datetime.date(*numbers) if numbers else None
            except (ValueError, TypeError):
                return None
    return None


def _century(year: int) -> int:
    """The year that is not in the future, of two digits."""
    return 2000 + year if 2000 + year <= datetime.date.today().year else 1900 + year


def is_serial_number(text: str) -> bool:
    """True for what may be a spreadsheet's count of days, such as 45671."""
    return bool(re.fullmatch(r"[2-6]\d{4}(\.\d+)?", unicodedata.normalize("NFKC", text).strip()))


def order_in(texts: Iterable[str]) -> str:
    """Whether the day or the month stands first in dates such as 14/01/2025, if the dates of a sheet show one order and not the other."""
    shown = set()
    for text in texts:
        match = _YEAR_LAST.fullmatch(" ".join(unicodedata.normalize("NFKC", text).strip().casefold().split()))
        if match and int(match[1]) > 12 >= int(match[2]):
            shown.add(DAY_FIRST)
        if match and int(match[2]) > 12 >= int(match[1]):
            shown.add(MONTH_FIRST)
    return shown.pop() if len(shown) == 1 else ""


def _year_last(first: int, second: int, year: int, order: str) -> Optional[tuple[int, int, int]]:
    if first == second or second > 12 or (order == MONTH_FIRST and first <= 12):
        return year, first, second
    if first > 12 or order == DAY_FIRST:
        return year, second, first
    return None


def _month(word: str) -> int:
    """1 to 12 for the English name or its beginning; 0, which is no month, for another word."""
    names = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december")
    return _MONTHS.get(word[:3], 0) if any(name.startswith(word.rstrip(".")) for name in names) or word == "sept" else 0
