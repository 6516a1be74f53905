"""The audit report, which anyone may read, and the crosswalk, which nobody may have but who holds the key."""

from __future__ import annotations

import csv
import json
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Optional

from pydicom.datadict import dictionary_description, dictionary_has_tag

from .. import __version__
from ..io.atomic import unfinished_name
from ..io.textfiles import without_formula
from ..model import MarrowQuantError, finding
from .private import SAFE

if TYPE_CHECKING:
    from .folder import Summary

JSON_NAME, TEXT_NAME = "deidentification.json", "deidentification.txt"
NOT_DONE = (finding("left_out.faces"), finding("left_out.burned_text"), finding("left_out.link"))


def write(summary: Summary, folder: Path) -> None:
    """Write ``deidentification.json`` and ``deidentification.txt``. They name files by number and values not at all."""
    content = as_dict(summary)
    (folder / JSON_NAME).write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    (folder / TEXT_NAME).write_text(_as_text(content), encoding="utf-8")


def as_dict(summary: Summary) -> dict[str, Any]:
    """What was done, as plain data without identity."""
    return {
        "software": f"MarrowQuant {__version__}",
        "standard": f"DICOM PS3.15 {summary.edition} Annex E",
        "profile": summary.profile,
        "codes": [{"value": code.value, "scheme": "DCM", "meaning": code.meaning} for code in summary.policy.codes],
        "files": {"found": summary.n_files, "written": len(summary.passed), "left_out": len(summary.left_out)},
        "patients": sorted(summary.patients),
        "left_out": [{"number": file.number, "reason": file.reason} for file in summary.left_out],
        "attributes": [
            {"attribute": _tag_text(tag), "name": _name(tag), "done": done, "times": times}
            for (tag, done), times in sorted(summary.counts.items())
        ],
        "not_done": list(NOT_DONE),
    }


def _tag_text(tag: int) -> str:
    group, element = tag >> 16, tag & 0xFFFF
    return f"({group:04X},xx{element:02X})" if group % 2 else f"({group:04X},{element:04X})"


def _name(tag: int) -> str:
    if (tag >> 16) % 2:
        return next((safe.meaning for (_, group, element), safe in SAFE.items() if (group << 16) | element == tag), "private")
    return dictionary_description(tag) if dictionary_has_tag(tag) else "not in the standard"


def _as_text(content: dict[str, Any]) -> str:
    files = content["files"]
    reasons = Counter(file["reason"] for file in content["left_out"])
    lines = [
        f"De-identified by {content['software']} after {content['standard']}, profile '{content['profile']}':",
        *(f"  {code['value']} {code['meaning']}" for code in content["codes"]),
        "",
        f"{files['found']} files found, {files['written']} written, {files['left_out']} left out; {len(content['patients'])} patients.",
        *(f"  {times} left out: {reason}" for reason, times in reasons.most_common()),
        *(f"    file {file['number']} of the sorted list: {file['reason']}" for file in content["left_out"]),
        "",
        "What is not done, and has to be judged by who passes the data on:",
        *(f"  {sentence}" for sentence in content["not_done"]),
        "",
        "Attributes (what was done, how often):",
        *(f"  {row['attribute']} {row['name']}: {row['done']}, {row['times']}" for row in content["attributes"]),
    ]
    return "\n".join([*lines, ""])


@contextmanager
def crosswalk_file(path: Optional[Path]) -> Iterator[Optional[Path]]:
    """A file that only its owner may read, which gets the name ``path`` at the end of the block; after an error nothing of it is left.

    Raises
    ------
    MarrowQuantError
        If it cannot be written.
    """
    if path is None:
        yield None
        return
    unfinished = unfinished_name(path)
    try:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        except OSError as error:
            raise _not_written(path, error) from error
        yield unfinished
        try:
            os.replace(unfinished, path)
        except OSError as error:
            raise _not_written(path, error) from error
    finally:
        unfinished.unlink(missing_ok=True)


def write_crosswalk(summary: Summary, path: Path) -> None:
    """Write who is who as CSV; bytes of a file name that are no text are shown as their hexadecimal digits.

    Raises
    ------
    MarrowQuantError
        If it cannot be written.
    """
    try:
        with path.open("w", encoding="utf-8-sig", errors="backslashreplace", newline="") as file:  # with a mark, as Excel needs it
            rows = csv.writer(file)
            rows.writerow(["original_id", "pseudonym", "shift_days", "original_file", "file"])
            for passed in summary.passed:
                shift = "" if passed.shift_days is None else passed.shift_days
                rows.writerow([without_formula(passed.patient_id), passed.pseudonym, shift, without_formula(passed.source), passed.target])
    except OSError as error:
        raise _not_written(path, error) from error


def _not_written(path: Path, error: OSError) -> MarrowQuantError:
    return MarrowQuantError(
        "The crosswalk {file} cannot be written ({strerror}); choose another place.", file=path.name, strerror=error.strerror
    )
