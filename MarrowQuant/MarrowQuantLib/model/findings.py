"""A finding: something that a reader should know about a number, as a code with values; its sentence is made in the reader's language.

Examples
--------
>>> found = finding("roi.few_voxels", level="L3", map="fat fraction", n=12)
>>> print(found)
L3: only 12 voxels on the fat fraction map; the number is uncertain.
>>> found.code, found.severity, dict(found.about), dict(found.values)
('roi.few_voxels', 'check', {'level': 'L3', 'map': 'fat fraction'}, {'n': 12})
>>> print(found.in_language("ja"))
L3：脂肪分画マップ上のボクセルが12個しかなく、値は不確かである。
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from .. import MarrowQuantError
from ..words.catalogue import filled
from ..words.findings import CHECK, FINDINGS, NOTE, SERIOUS, TOLD

SEVERITIES = (NOTE, CHECK, SERIOUS)

ABOUT = ("exam", "series", "map", "station", "part", "level", "region", "component", "lesion", "index", "test", "patient")
"""The names of values that say what a finding is about; all others are its values."""

_MERGED = ("level", "component", "lesion", "station", "series", "region", "map")


class Finding(str):
    """The English sentence of a finding, which knows what it was made of.

    It is a text, so that it can be joined, sorted and compared as one wherever English is read (the shell, ``results.json``, a table);
    :meth:`in_language` says it in another language. Make one with :func:`finding`.

    Attributes
    ----------
    code : str
        A key of ``words.findings.FINDINGS``.
    all_values : dict
        What stands in the sentence: text, numbers, dates, None, tuples of these, other findings, errors.
    """

    code: str
    all_values: dict[str, Any]

    def __new__(cls, code: str, all_values: Mapping[str, Any]) -> Finding:
        values = {name: _plain(value) for name, value in all_values.items()}
        self = super().__new__(cls, filled(FINDINGS[code][1], values))
        self.code, self.all_values = code, values
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return Finding, (self.code, self.all_values)

    @property
    def codes(self) -> frozenset[str]:
        """Its code, and those of the findings among its values."""
        inner = (each.codes for value in self.all_values.values() for each in _as_tuple(value) if isinstance(each, Finding))
        return frozenset((self.code,)).union(*inner)

    @property
    def severity(self) -> str:
        """"note", "check" or "serious"."""
        return FINDINGS[self.code][0]

    @property
    def about(self) -> dict[str, Any]:
        """What it is about: the exam, series, level, component, laboratory test …"""
        return {name: value for name, value in self.all_values.items() if name in ABOUT}

    @property
    def values(self) -> dict[str, Any]:
        """The values in its sentence, without what it is about."""
        return {name: value for name, value in self.all_values.items() if name not in ABOUT}

    def in_language(self, language: str) -> str:
        """The sentence in "en" or "ja"."""
        return filled(FINDINGS[self.code][1], self.all_values, language)


def finding(code: str, **values: Any) -> Finding:
    """A finding of this code.

    Parameters
    ----------
    code : str
        A row of ``words.findings``.
    **values
        For the placeholders of its sentence; further ones may be given for who reads ``results.json``. NumPy numbers become Python's.

    Raises
    ------
    KeyError
        If there is no such code, or the sentence needs a value that was not given.
    """
    return Finding(code, values)


def as_finding(sentence: str) -> Finding:
    """A finding as it is; a bare sentence as a note that knows no more than its text."""
    return sentence if isinstance(sentence, Finding) else Finding(TOLD, {"sentence": sentence})


def sentence(found: Any, language: str = "en") -> str:
    """What a reader sees of a finding, an error or a bare text, in "en" or "ja"."""
    return found.in_language(language) if hasattr(found, "in_language") else str(found)


def grouped(findings: Iterable[str]) -> tuple[Finding, ...]:
    """The findings, each once; those that differ only in the level (component, lesion, station …) that they are about become one.

    The order is that of the first of each group.
    """
    groups: list[Finding] = []
    for found in dict.fromkeys(as_finding(each) for each in findings):
        for n, known in enumerate(groups):
            name = _only_difference(known, found)
            if name:
                both = (*_as_tuple(known.all_values[name]), *_as_tuple(found.all_values[name]))
                groups[n] = Finding(known.code, {**known.all_values, name: tuple(dict.fromkeys(both))})
                break
        else:
            groups.append(found)
    return tuple(groups)


def _only_difference(first: Finding, second: Finding) -> str:
    """The name of the one mergeable value in which two findings of one code differ, else ""."""
    if first.code != second.code or first.all_values.keys() != second.all_values.keys():
        return ""
    names = [name for name, value in first.all_values.items() if value != second.all_values[name]]
    return names[0] if len(names) == 1 and names[0] in _MERGED else ""


def _as_tuple(value: Any) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else (value,)


def _plain(value: Any) -> Any:
    """Without NumPy types; sequences as tuples."""
    if isinstance(value, (list, tuple, np.ndarray)):
        return tuple(_plain(each) for each in value)
    return value.item() if isinstance(value, np.generic) else value


def finding_to_plain(found: Finding) -> dict[str, Any]:
    """A finding in JSON's own types: code, severity, what it is about, values, English sentence."""
    about, values = ({name: _written(value) for name, value in named.items()} for named in (found.about, found.values))
    return {"code": found.code, "severity": found.severity, "about": about, "values": values, "sentence": str(found)}


def finding_from_plain(written: Any) -> Finding:
    """What :func:`finding_to_plain` wrote; a bare sentence, and a code that this version does not know, as a sentence only."""
    if isinstance(written, str):
        return as_finding(written)
    values = {name: _read(value) for name, value in {**written["about"], **written["values"]}.items()}
    try:
        return Finding(written["code"], values)
    except (KeyError, TypeError, ValueError):  # of another version: its sentence had other values
        return as_finding(written["sentence"])


def _written(value: Any) -> Any:
    if isinstance(value, Finding):
        return finding_to_plain(value)
    if isinstance(value, MarrowQuantError):
        return {"error": value.template, "values": {name: _written(_plain(item)) for name, item in value.values.items()}}
    if isinstance(value, tuple):
        return [_written(each) for each in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if value is None or isinstance(value, (bool, int, float)) else str(value)


def _read(value: Any) -> Any:
    if isinstance(value, Mapping):
        if "error" in value:
            return MarrowQuantError(value["error"], **{name: _read(item) for name, item in value["values"].items()})
        return finding_from_plain(value)
    return tuple(_read(each) for each in value) if isinstance(value, list) else value


NO_FINDING = Finding(TOLD, {"sentence": ""})
"""Stands where there is nothing to be told: it is empty, and false."""
