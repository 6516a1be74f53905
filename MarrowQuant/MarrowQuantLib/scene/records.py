"""What the scene must hold beside maps, points and segmentations so that a saved case reopens as it was: one JSON text node an exam.

It holds the exam's date, protocol, warnings and recognised series, the reader's decisions on the tumour load, the muscle signal that was
given for it, and the laboratory values. The whole laboratory sheet has a node of its own. No path and no patient identity.
"""

from __future__ import annotations

import datetime
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple, Optional

import numpy as np

from ..exam.maps import ExamMaps
from ..model import (
    STIR_PATTERNS,
    ExamIdentity,
    Finding,
    LabHistory,
    LabValue,
    MarrowQuantError,
    Stitching,
    VertebraROI,
    as_finding,
    identity_from_plain,
    iso_date,
)
from ..model.findings import finding_from_plain
from ..results.codec import decode, encode, plain, with_findings
from ..vertebrae.segment import Body
from .nodes import find_node, find_or_add, remove_nodes

EXAM_LABELS = ("baseline", "follow-up")
_CLASS, _TEXT = "vtkMRMLTextNode", "exam"
_LABORATORY = {"text": "laboratory"}
_FOLLOW_UP = {"text": "follow-up"}


class Decision(NamedTuple):
    """The reader's word on the component at a point, RAS mm: accepted, rejected or physiological.

    ``part`` is 1 for the stitched stations, else the number of stations that could not be stitched to them.
    """

    ras: tuple[float, ...]
    state: str
    part: int = 1


def write_record(
    maps: ExamMaps,
    *,
    labs: Mapping[str, LabValue],
    decisions: Sequence[Decision],
    proposed: bool,
    muscle_signal: Optional[float] = None,
    placement_findings: Sequence[Finding] = (),
    lost_maps: Iterable[str] = (),
    outlined: Sequence[Body] = (),
    stir: Optional[int] = None,
    scene: Optional[Any] = None,
) -> str:
    """Write the record of one exam; a second call replaces it. Returns its text.

    ``proposed`` tells that there is a tumour load, ``muscle_signal`` what was given for it; points in muscle have a node of their own.
    ``lost_maps`` are keys of maps that the exam had and whose volumes were deleted, ``outlined`` the bodies that ROIs were taken from,
    ``stir`` the pattern that the reader set.
    """
    record = {
        "maps": {
            "date": iso_date(maps.date),
            "protocol": maps.protocol,
            "findings": plain([as_finding(found) for found in maps.findings]),
            "synthetic": maps.synthetic,
            "series": plain(maps.series),
            "stitching": None if maps.stitching is None else encode(maps.stitching),
            "identity": maps.identity.plain(),
        },
        "labs": [[lab.test, lab.value, lab.unit, lab.date.isoformat(), lab.given, lab.censored, lab.reference] for lab in labs.values()],
        "decisions": decisions,
        "proposed": proposed,
        "muscle_signal": muscle_signal,
        "placement_findings": plain([as_finding(found) for found in placement_findings]),
        "keys": sorted({*maps.maps, *lost_maps}),
        "bodies": [[b.level, *(plain(array) for array in (b.center_ras, b.axes, b.radii_mm)), encode(b.roi)] for b in outlined],
        "stir": stir,
    }
    return _write(record, f"MarrowQuant {maps.label}", {"text": _TEXT, "exam": maps.label}, scene)


def record_text(label: str, scene: Optional[Any] = None) -> str:
    """The record as it stands in the scene; empty if there is none."""
    node = find_node(_CLASS, {"text": _TEXT, "exam": label}, scene)
    return "" if node is None else node.GetText() or ""


def read_record(label: str, scene: Optional[Any] = None) -> Optional[dict[str, Any]]:
    """The record of an exam, or None: ``maps`` holds the arguments of :class:`ExamMaps` beside label and maps, ``labs`` is by test.

    Raises
    ------
    MarrowQuantError
        If it is not what :func:`write_record` writes.
    """
    text = record_text(label, scene)
    if not text:
        return None
    with _understood(f"record of the {label}"):
        return _record_of(json.loads(text))


def _record_of(record: dict[str, Any]) -> dict[str, Any]:
    maps = record["maps"]
    maps["date"] = datetime.date.fromisoformat(maps["date"]) if maps["date"] else None
    findings = maps.pop("warnings", ())  # their name in an older scene
    maps["findings"], maps["series"] = tuple(map(finding_from_plain, maps.get("findings", findings))), tuple(with_findings(maps["series"]))
    maps.pop("seams_ras", None)  # of an older scene, which kept nothing else of the stations
    stitching = maps.get("stitching")
    maps["stitching"] = None if stitching is None else decode(Stitching, stitching)
    maps["identity"] = identity_from_plain(maps.get("identity"))
    labs = [LabValue(test, value, unit, datetime.date.fromisoformat(date), *given) for test, value, unit, date, *given in record["labs"]]
    placement = record.pop("placement_notes", ())  # their name in an older scene
    record["placement_findings"] = tuple(map(finding_from_plain, record.get("placement_findings", placement)))
    record["labs"] = {lab.test: lab for lab in labs}
    record.setdefault("proposed", record["muscle_signal"] is not None)  # an older scene kept the signal of every tumour load
    record["decisions"] = [Decision(tuple(ras), *rest) for ras, *rest in record["decisions"]]
    record["bodies"] = tuple(
        Body(level, np.array(center), np.array(axes), np.array(radii), math.nan, decode(VertebraROI, roi), ())
        for level, center, axes, radii, roi in record.get("bodies", ())
    )
    if record.setdefault("stir", None) not in (None, *STIR_PATTERNS):
        raise ValueError("no pattern")
    record.setdefault("keys", [])  # an older scene did not keep which maps there were
    ExamMaps(label="", maps={}, **maps)
    return record


def stored_exams(scene: Optional[Any] = None) -> dict[str, tuple[Optional[datetime.date], ExamIdentity]]:
    """Date and identity of every exam that the scene has a record of, by label."""
    stored = {label: read_record(label, scene) for label in EXAM_LABELS}
    return {label: (record["maps"]["date"], record["maps"]["identity"]) for label, record in stored.items() if record is not None}


def findings_of(label: str, scene: Optional[Any] = None) -> tuple[Finding, ...]:
    """What the stored exam says about how it was read."""
    record = read_record(label, scene)
    return () if record is None else tuple(record["maps"]["findings"])


def says_proposed(label: str, scene: Optional[Any] = None) -> bool:
    """True if the scene holds that a tumour load was proposed for the exam, whether or not it could be shown again."""
    record = read_record(label, scene)
    return record is not None and bool(record["proposed"])


@contextmanager
def _understood(what: str) -> Iterator[None]:
    """Whatever is wrong with a text of the scene becomes one sentence; the text itself, which may hold identity, is not repeated."""
    try:
        yield
    except (ValueError, TypeError, KeyError, AttributeError, IndexError) as error:
        raise MarrowQuantError(
            "The {what} of this scene cannot be read: it was changed by hand or written by a newer version. The case was left as it is; "
            "open it with that version, or close the scene to begin another case.",
            what=what,
        ) from error




def write_history(history: LabHistory, scene: Optional[Any] = None) -> None:
    """Keep the whole laboratory sheet in the scene."""
    _write(encode(history), "MarrowQuant laboratory", _LABORATORY, scene)


def read_history(scene: Optional[Any] = None) -> Optional[LabHistory]:
    """The laboratory sheet that the scene holds, or None.

    Raises
    ------
    MarrowQuantError
        If it is not what :func:`write_history` writes.
    """
    node = find_node(_CLASS, _LABORATORY, scene)
    if node is None or not node.GetText():
        return None
    with _understood("laboratory sheet"):
        history: LabHistory = decode(LabHistory, json.loads(node.GetText()))
        return history


def write_follow_up(record: Mapping[str, Any], scene: Optional[Any] = None) -> None:
    """Keep what the follow-up took over from the baseline; see :class:`~.case_follow_up.FollowUp`."""
    _write(record, "MarrowQuant follow-up", _FOLLOW_UP, scene)


def read_follow_up(scene: Optional[Any] = None) -> dict[str, Any]:
    """What the scene holds of it; empty if nothing.

    Raises
    ------
    MarrowQuantError
        If it is not what :func:`write_follow_up` writes.
    """
    node = find_node(_CLASS, _FOLLOW_UP, scene)
    if node is None or not node.GetText():
        return {}
    with _understood("record of what was carried over"):
        return dict(json.loads(node.GetText()))


def remove_follow_up(scene: Optional[Any] = None) -> None:
    """Forget what was taken over."""
    remove_nodes(_CLASS, _FOLLOW_UP, scene)


def _write(record: Mapping[str, Any], name: str, tags: Mapping[str, str], scene: Optional[Any]) -> str:
    """Write a record as JSON; its text."""
    node = find_or_add(_CLASS, name, tags, scene)
    node.SetText(json.dumps(record, ensure_ascii=False, default=_plain))
    node.SetForceCreateStorageNode(True)  # a file of its own in the bundle, instead of an attribute of the scene's XML
    return node.GetText()


def _plain(value: Any) -> Any:
    """numpy numbers as Python numbers."""
    return value.item() if hasattr(value, "item") else str(value)
