"""Units of maps as scanners, archives and converters spell them, turned into the units of ``model.py``.

The spelling aimed at is UCUM (https://ucum.org/ucum: ``10*-6.mm2/s``, ``um2/s``, ``%``, ``[ppth]``); around it lie many others, which are
read where they mean one thing only: powers of ten with ``*``, ``^``, ``E`` or superscripts, ``mm^2``, ``s-1`` for ``/s``, words. What is
ambiguous (``10e-6``, which is 10⁻⁵ by the rules of numbers and 10⁻⁶ by intention) is not understood.
"""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple, Optional

# as stated by a header that says nothing: DICOM PS3.3 C.11.1.1.2 (US is unspecified), Philips ("normalized"), and what others write
NO_UNIT = frozenset(("", "US", "NORMALIZED", "UNSPECIFIED", "NONE", "NO UNITS", "NOUNITS", "UNKNOWN", "ARBITRARY", "A.U.", "AU", "[ARB'U]"))
DIFFUSIVITY, FRACTION, RATE, TIME, FREQUENCY, ANGULAR = "diffusivity", "fraction", "rate", "time", "frequency", "angular frequency"

_FRACTIONS = {
    "%": 1.0, "PERCENT": 1.0, "PERCENTAGE": 1.0, "PCT": 1.0, "PER CENT": 1.0, "[PPTH]": 0.1, "PPTH": 0.1, "‰": 0.1, "PERMILLE": 0.1,
    "PER MILLE": 0.1, "PERMIL": 0.1, "PERMILL": 0.1, "PROMILLE": 0.1, "PRO MILLE": 0.1, "1": 100.0, "{FRACTION}": 100.0,
    "FRACTION": 100.0, "{RATIO}": 100.0, "RATIO": 100.0,
}  # fmt: skip
_LENGTHS_UM = {"um": 1.0, "mm": 1e3, "cm": 1e4, "m": 1e6, "nm": 1e-3}
_TIMES_S = {"s": 1.0, "sec": 1.0, "second": 1.0, "seconds": 1.0, "ms": 1e-3, "msec": 1e-3, "us": 1e-6, "usec": 1e-6}
_HERTZ = {"hz": 1.0, "khz": 1e3, "mhz": 1e6}  # MHz, not millihertz: no map is in that
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "0123456789-+")
_LENGTH, _TIME = "|".join(sorted(_LENGTHS_UM, key=len, reverse=True)), "|".join(sorted(_TIMES_S, key=len, reverse=True))
_POWER = re.compile(r"10(?:(?:\*\*|\*|\^)\(?([-+]?\d{1,2})\)?|([-+]\d{1,2}))[.*x]?")
_POWER_BEHIND = re.compile(r"([a-z].*?)[x*](10(?:\*\*|\*|\^)?\(?-\d{1,2}\)?|1e-\d{1,2})")  # mm2/s x 10^-6
_NUMBER = re.compile(r"\d+(?:\.\d+)?(?:e[-+]?\d{1,2})?[.*x]?")
_BODY = {
    DIFFUSIVITY: re.compile(rf"(?P<length>{_LENGTH})\^?2(?:/(?P<per>{_TIME})|[.*]?(?P<inverse>{_TIME})\^?-1)"),
    RATE: re.compile(rf"1?/(?P<per>{_TIME})|(?P<inverse>{_TIME})\^?-1"),
    TIME: re.compile(rf"(?P<time>{_TIME})"),
    FREQUENCY: re.compile(r"(?P<hertz>[kM]?hz)", re.IGNORECASE),
    ANGULAR: re.compile(rf"rad(?:ians?)?(?:/(?P<per>{_TIME})|[.*]?(?P<inverse>{_TIME})\^?-1)"),
}


class Unit(NamedTuple):
    """What a unit measures, and by what a value in it is multiplied: to µm²/s, %, 1/s, s, Hz or rad/s."""

    dimension: str
    factor: float


def says_nothing(text: str) -> bool:
    """True for an empty unit, and for the words that stand where there is none."""
    return " ".join(text.upper().split()) in NO_UNIT


def unit_of(text: str) -> Optional[Unit]:
    """The unit that a text means; None if it is not understood, or says nothing.

    >>> unit_of("10*-6.mm2/s")
    Unit(dimension='diffusivity', factor=1.0)
    >>> unit_of("[ppth]")
    Unit(dimension='fraction', factor=0.1)
    """
    word = " ".join(text.upper().split())
    if word in _FRACTIONS:
        return Unit(FRACTION, _FRACTIONS[word])
    plain = _plain(text)
    factor, rest = _leading_factor(plain)
    if factor is None:
        return None
    if rest == "%" or (not rest and 0 < factor < 1):  # 0.1 %, 10*-3
        return Unit(FRACTION, factor * (1.0 if rest else 100.0))
    for dimension, pattern in _BODY.items():
        match = pattern.fullmatch(rest)
        if match:
            return Unit(dimension, factor * _size(match.groupdict()))
    return None


def _plain(text: str) -> str:
    """Without blanks, typographic signs and brackets; lower case, but for the M of mega."""
    text = unicodedata.normalize("NFKC", text.translate(_SUPERSCRIPTS)).replace("μ", "u").replace("µ", "u").replace("−", "-")
    text = re.sub(r"\s*(per|/)\s*", "/", re.sub(r"[\[\]{}]", "", text.strip()), flags=re.IGNORECASE).replace("\\", "/")
    text = re.sub(r"(?<=\d)\s+(?=\d)", "x", text)  # 0.1 1/s is no 0.11/s
    text = re.sub(r"[\s_]+", "", text).replace("×", "x").replace("·", ".").lower().lstrip("x*.").replace("m**2", "m2")
    behind = _POWER_BEHIND.fullmatch(text)
    return behind[2] + behind[1] if behind else text


def _leading_factor(text: str) -> tuple[Optional[float], str]:
    """The number before the unit, 1 if there is none, None if it can be read in two ways; and what follows it."""
    if re.match(r"(\d+(\.\d+)?[x*.])?10e", text):
        return None, text
    factor = 1.0
    power = _POWER.match(text)
    number = None if power else _NUMBER.match(text)
    if number:
        factor, text = float(number[0].rstrip(".*x")), text[number.end() :]
        power = _POWER.match(text)
    if power:
        factor, text = factor * 10.0 ** int(power[1] or power[2]), text[power.end() :]
    part = re.fullmatch(r"/(\d+)", text)  # 1/1000
    return (factor / float(part[1]), "") if part and float(part[1]) else (factor, text)


def _size(found: dict[str, Optional[str]]) -> float:
    length = found.get("length")
    size = _LENGTHS_UM[length] ** 2 if length else 1.0
    if time := found.get("time"):
        return _TIMES_S[time]
    if hertz := found.get("hertz"):
        return _HERTZ[hertz.lower()]
    per = found.get("per") or found.get("inverse")
    return size / _TIMES_S[per] if per else size


def is_plain(text: str) -> bool:
    """True for a unit that is understood and too short to hold anything else, such as a date or a number of a patient."""
    if " ".join(text.upper().split()) in _FRACTIONS:
        return True
    short = len(text) <= 24 and not re.search(r"\d{3}", text.translate(_SUPERSCRIPTS)) and any(c.isalpha() or c == "%" for c in text)
    return short and unit_of(text) is not None
