"""A small language that says which patients: ``kind == 'myeloma' and ff_baseline < 50``.

It is read by the parser below and never run as a program. There are columns (a name, or any text between backquotes), numbers, words in
quotes, the comparisons ``==``, ``!=``, ``<``, ``<=``, ``>``, ``>=``, ``in ('a', 'b')``, ``is missing``, ``is not missing``, and ``and``,
``or``, ``not`` with parentheses. Words are compared without case and width. What is compared with a missing value is neither true nor
false (the three-valued logic of Kleene, Introduction to Metamathematics, 1952, §64, as in SQL): such a patient is not taken, and counted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Union

import numpy as np

from ..model import MarrowQuantError
from .table import Cohort, plain

LONGEST, DEEPEST = 2000, 50  # characters and parentheses; our choice
EXAMPLE = "kind == 'myeloma' and ff_baseline < 50"
_TOKEN = re.compile(
    r"""\s*(?:(?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)(?![\w.])|(?P<word>'[^']*'|"[^"]*"|‘[^’]*’|“[^”]*”)|`(?P<quoted>[^`]+)`|"""
    r"""(?P<name>[^\W\d][\w.%]*)|(?P<sign>==|!=|<=|>=|<|>|=|\(|\)|,))"""
)
_ORDERS: dict[str, Callable[[np.ndarray, float], np.ndarray]] = {
    "<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal, "==": np.equal, "!=": np.not_equal,
}  # fmt: skip
_NARROW = {0xFF01 + n: 0x21 + n for n in range(94) if chr(0x21 + n) not in "'\"`"}
"""Full-width signs and digits, as a Japanese keyboard writes them, and the plain ones (Unicode, Halfwidth and Fullwidth Forms); not
quotes, which may stand within others."""
_WORDS = {"and", "or", "not", "in", "is", "missing"}
Value = Union[float, str]
Token = tuple[str, str]  # kind and text


@dataclass(frozen=True)
class Condition:
    """A condition that was read.

    Attributes
    ----------
    text : str
        As it was written.
    columns : tuple of str
        Those it names, each once.
    """

    text: str
    columns: tuple[str, ...]
    _root: Any

    def decide(self, cohort: Cohort) -> np.ndarray:
        """1 for rows it is true of, 0 where it is false, NaN where a missing value leaves it open; shape (rows,).

        Raises
        ------
        MarrowQuantError
            If a column is not there, or is compared by size and holds words.
        """
        for column in self.columns:
            cohort.text(column)
        return self._root(cohort)


def read_condition(text: str) -> Condition:
    """Read a condition.

    Raises
    ------
    MarrowQuantError
        If it is empty, too long, not in the language above, or names no column.
    """
    if len(text) > LONGEST:
        raise MarrowQuantError("The condition is longer than {most} characters; write a shorter one.", most=LONGEST)
    parser = _Parser(text, _tokens(text))
    root = parser.whole()
    return Condition(text.strip(), tuple(dict.fromkeys(parser.columns)), root)


def _tokens(text: str) -> list[Token]:
    found, place, narrow = [], 0, text.translate(_NARROW)
    while place < len(text.rstrip()):
        match = _TOKEN.match(narrow, place)
        if match is None:
            raise _unreadable(text[place:])
        kind = str(match.lastgroup)
        written = narrow if kind in {"number", "sign"} else text  # names and words stay as they are in the table
        found.append((kind, written[match.start(kind) : match.end(kind)]))
        place = match.end()
    return found


def _unreadable(rest: str) -> MarrowQuantError:
    shown = rest.strip()[:30]
    return MarrowQuantError(
        "The condition cannot be read from '{shown}' on; write it like {example}, with column names as they are (odd ones in "
        "`backquotes`) and words in 'quotes' or \"quotes\".",
        shown=shown or "…",
        example=EXAMPLE,
    )


class _Parser:
    """Recursive descent: or, and, not, comparison."""

    def __init__(self, text: str, tokens: Sequence[Token]) -> None:
        self.text, self.tokens, self.place, self.depth, self.columns = text, tokens, 0, 0, []  # type: ignore[var-annotated]

    def whole(self) -> Callable[[Cohort], np.ndarray]:
        if not self.tokens:
            raise _unreadable("")
        found = self._either()
        if self.place < len(self.tokens):
            raise self._stuck()
        return found

    def _peek(self) -> Token:
        return self.tokens[self.place] if self.place < len(self.tokens) else ("end", "")

    def _take(self, *texts: str) -> str:
        """The next token's text if it is one of ``texts``, without case; "" otherwise."""
        kind, text = self._peek()
        if kind in {"name", "sign"} and text.casefold() in texts:
            self.place += 1
            return text.casefold()
        return ""

    def _stuck(self) -> MarrowQuantError:
        return _unreadable(" ".join(text for _, text in self.tokens[self.place :]))

    def _either(self) -> Callable[[Cohort], np.ndarray]:
        parts = [self._both()]
        while self._take("or"):
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else lambda cohort: _or([part(cohort) for part in parts])

    def _both(self) -> Callable[[Cohort], np.ndarray]:
        parts = [self._not()]
        while self._take("and"):
            parts.append(self._not())
        return parts[0] if len(parts) == 1 else lambda cohort: 1.0 - _or([1.0 - part(cohort) for part in parts])

    def _not(self) -> Callable[[Cohort], np.ndarray]:
        self.depth += 1
        if self.depth > DEEPEST:
            raise MarrowQuantError("The condition has too many parentheses in each other; write a simpler one.")
        try:
            if self._take("not"):
                part = self._not()
                return lambda cohort: 1.0 - part(cohort)
            if self._take("("):
                part = self._either()
                if not self._take(")"):
                    raise self._stuck()
                return part
            return self._comparison()
        finally:
            self.depth -= 1

    def _comparison(self) -> Callable[[Cohort], np.ndarray]:
        column = self._column()
        if self._take("is"):
            wanted = 0.0 if self._take("not") else 1.0
            if not self._take("missing"):
                raise self._stuck()
            return lambda cohort: np.array([float((not cell) == bool(wanted)) for cell in cohort.text(column)])
        negated = bool(self._take("not"))
        if self._take("in"):
            values = self._values()
            return lambda cohort: _negated(_or([_compared(cohort, column, "==", value) for value in values]), negated)
        sign = "" if negated else self._take(*_ORDERS, "=")
        if not sign:
            raise self._stuck()
        order, value = "==" if sign == "=" else sign, self._value()
        if isinstance(value, str) and order not in {"==", "!="}:
            raise MarrowQuantError(
                "'{value}' is a word, and words are compared by == or != only; compare the column {column} with a number.",
                value=value,
                column=column,
            )
        return lambda cohort: _compared(cohort, column, order, value)

    def _column(self) -> str:
        kind, text = self._peek()
        if kind in {"number", "word"}:
            raise MarrowQuantError(
                "The condition compares {text} where a column is needed; begin with the name of a column, as in {example}.",
                text=text,
                example=EXAMPLE,
            )
        if kind not in {"name", "quoted"} or (kind == "name" and text.casefold() in _WORDS):
            raise self._stuck()
        self.place += 1
        self.columns.append(text)
        return text

    def _value(self) -> Value:
        kind, text = self._peek()
        if kind == "number":
            self.place += 1
            return float(text)
        if kind == "word":
            self.place += 1
            return text[1:-1]
        raise self._stuck()

    def _values(self) -> list[Value]:
        if not self._take("("):
            raise self._stuck()
        values = [self._value()]
        while self._take(","):
            values.append(self._value())
        if not self._take(")"):
            raise self._stuck()
        return values


def _compared(cohort: Cohort, column: str, order: str, value: Value) -> np.ndarray:
    if isinstance(value, str):
        same = np.array([float(plain(cell) == plain(value)) if cell else np.nan for cell in cohort.text(column)])
        return same if order == "==" else 1.0 - same
    numbers = cohort.numbers(column)
    return np.where(np.isfinite(numbers), _ORDERS[order](numbers, value).astype(float), np.nan)


def _negated(decided: np.ndarray, negated: bool) -> np.ndarray:
    return 1.0 - decided if negated else decided


def _or(parts: Sequence[np.ndarray]) -> np.ndarray:
    """True where one is true, open where none is and one is open; each of shape (rows,)."""
    stacked = np.stack(parts)
    known = np.where(np.isnan(stacked), -1.0, stacked)
    return np.where((known == 1).any(axis=0), 1.0, np.where((known < 0).any(axis=0), np.nan, 0.0))
