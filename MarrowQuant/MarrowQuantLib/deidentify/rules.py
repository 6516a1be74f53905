"""What happens to an attribute: PS3.15 Table E.1-1 and the options that were chosen.

The table itself is ``annex_e.json``; ``Docs/deidentification.md`` says where it comes from.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

TABLE_FILE = Path(__file__).with_name("annex_e.json")

REMOVE, EMPTY, DUMMY, CLEAN, SHIFT, KEEP = "removed", "emptied", "replaced", "cleaned", "shifted", "kept"
ACQUISITION_CONTEXT = 0x00400555
DATE_TYPES = frozenset(("DA", "DT", "TM"))
# Dates and times of the acquisition that came into the table after the release from which its columns of options are taken: creation of the
# instance, contrast, acquisition and reference of a frame, and a time in general. All others follow their own row.
NEWER_DATES = frozenset((
    0x00080012, 0x00080013, 0x00181012, 0x00181014, 0x00181042, 0x00181043, 0x00189074, 0x00189151, 0x00189804,
))  # fmt: skip


class Code(NamedTuple):
    """A code of PS3.16 CID 7050, De-identification Method; the scheme is DCM."""

    value: str
    meaning: str


BASIC = Code("113100", "Basic Application Confidentiality Profile")
OPTION_CODES = {
    "graphics": Code("113103", "Clean Graphics Option"),
    "structured": Code("113104", "Clean Structured Content Option"),
    "descriptors": Code("113105", "Clean Descriptors Option"),
    "dates": Code("113107", "Retain Longitudinal Temporal Information Modified Dates Option"),
    "characteristics": Code("113108", "Retain Patient Characteristics Option"),
    "device": Code("113109", "Retain Device Identity Option"),
    "private": Code("113111", "Retain Safe Private Option"),
}
CLEANING = ("graphics", "structured", "descriptors")
PROFILES: Mapping[str, tuple[str, ...]] = {
    "basic": (),
    "quantification": (*CLEANING, "private"),
    "longitudinal": (*CLEANING, "dates", "private"),
}
"""Name of a profile to its options. ``basic`` is the Basic Profile alone: most b-values of GE and Siemens are lost with it."""
RETAINABLE = ("device", "characteristics")
CLEANED = ("characteristics", "descriptors", "structured")  # options whose attributes stay, cleaned by their type


@dataclass(frozen=True)
class Policy:
    """The Basic Profile with a set of options.

    Attributes
    ----------
    options : frozenset of str
        Keys of ``OPTION_CODES``.
    """

    options: frozenset[str] = field(default_factory=frozenset)

    @classmethod
    def of(cls, profile: str, retain: Iterable[str] = ()) -> Policy:
        """The policy of a profile; ``retain`` may add "device" and "characteristics"."""
        return cls(frozenset((*PROFILES[profile], *retain)))

    @property
    def codes(self) -> tuple[Code, ...]:
        """What is written to (0012,0064), the Basic Profile first."""
        return (BASIC, *(code for name, code in OPTION_CODES.items() if name in self.options))

    def action(self, tag: int, vr: str) -> str:
        """What to do with a public attribute; one that the table does not name is cleaned by its type.

        Where the table offers a choice (X/Z, X/D, X/Z/D, Z/D) the one is taken that breaks no object, whichever type the attribute has in
        it: a dummy value if one is offered, else an empty one. A sequence is then cleaned item by item.
        """
        code = table().actions.get(tag)
        if vr in DATE_TYPES and "dates" in self.options and (tag in table().options["dates"] or tag in NEWER_DATES):
            return SHIFT
        if code is None:
            return REMOVE if vr in DATE_TYPES else CLEAN
        if self._chosen("device", tag) and vr not in DATE_TYPES:
            return KEEP
        if "U" in code or (vr == "SQ" and "D" in code) or any(self._chosen(option, tag) for option in CLEANED):
            return CLEAN
        if vr == "SQ" and code == "X/Z":
            return EMPTY if tag == ACQUISITION_CONTEXT else REMOVE  # the only one of them that an MR object must have, and may have empty
        return DUMMY if "D" in code else EMPTY if "Z" in code else REMOVE

    def _chosen(self, option: str, tag: int) -> bool:
        return option in self.options and tag in table().options[option]

    def may_remove(self, tag: int) -> bool:
        """True if the table says that the attribute may be absent."""
        return table().actions.get(tag, "").startswith("X")


class Table(NamedTuple):
    """Table E.1-1: tag to action code; option to the tags it changes; the edition of the standard."""

    actions: Mapping[int, str]
    options: Mapping[str, frozenset[int]]
    edition: str


@lru_cache(maxsize=1)
def table() -> Table:
    """Table E.1-1, read once."""
    content = json.loads(TABLE_FILE.read_text(encoding="utf-8"))
    return Table(
        {int(tag, 16): code for tag, code in content["actions"].items()},
        {option: frozenset(int(tag, 16) for tag in tags) for option, tags in content["options"].items()},
        content["edition"],
    )
