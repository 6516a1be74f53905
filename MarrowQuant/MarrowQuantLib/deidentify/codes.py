"""Coded entries (PS3.3 section 8): a code of a public dictionary stays with the dictionary's meaning, any other is replaced."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from pydicom.dataset import Dataset

from ..dicom.units import is_plain

REMOVED_CODE = ("REMOVED", "99MARROWQUANT", "removed")  # designators that begin with 99 are private (PS3.3 section 8.2)


def is_code_item(dataset: Dataset) -> bool:
    """True for a coded entry; some scanners write code attributes into images too, which have UIDs."""
    return bool(dataset.get("CodeValue") or dataset.get("CodeMeaning")) and "SOPClassUID" not in dataset and "Rows" not in dataset


def clean_code_item(item: Dataset) -> None:
    """Reduce an item of a code sequence to value, scheme and meaning, or to a placeholder if no public dictionary has the code.

    A code is not free of identity by being a code: sites code their departments, procedures and physicians.
    """
    value, scheme = str(item.get("CodeValue") or ""), str(item.get("CodingSchemeDesignator") or "")
    meaning = _meanings().get((scheme, value)) or (value if scheme == "UCUM" and is_plain(value) else None)
    for tag in list(item.keys()):
        del item[tag]
    known = (value, scheme, meaning) if meaning else REMOVED_CODE
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = known


@lru_cache(maxsize=1)
def _meanings() -> dict[tuple[str, str], str]:
    """(Scheme, code) to meaning, from pydicom's copy of PS3.16; SNOMED codes in their older form (SRT) too."""
    from pydicom.sr._concepts_dict import concepts
    from pydicom.sr._snomed_dict import mapping

    found: dict[tuple[str, str], str] = {}
    by_scheme: Any = concepts  # scheme: name: code: (meaning, …); pydicom gives it no type of its own
    for scheme, names in by_scheme.items():
        for codes in names.values():
            found.update({(scheme, code): entry[0] for code, entry in codes.items()})
    found.update({("SRT", old): found[("SCT", new)] for old, new in mapping["SRT"].items() if ("SCT", new) in found})
    return found
