"""Exams: the volumes of one patient on one date, and whether two exams may be compared."""

from __future__ import annotations

import datetime
import os
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Optional

from ..model import Finding, MarrowQuantError, finding
from .patients import Patient, relation, united
from .series_volume import SeriesVolume

_Key = tuple[str, Optional[datetime.date], str]  # patient, date, study of what bears no date


class ReaderMustSay(MarrowQuantError):
    """The files do not tell, or tell wrongly, what only the reader can say: the date of an exam, or that two are of one patient."""


@dataclass(frozen=True)
class ExamFiles:
    """All volumes of one patient on one date.

    Attributes
    ----------
    date : datetime.date or None
        None if the files bear none.
    patient_key : str
        A hash that tells patients apart.
    folder : Path
        The deepest folder that holds all volumes.
    patient : Patient
        What the files say about the patient, hashed.
    findings : tuple of Finding
        What the reader must know about how they were read.
    """

    date: Optional[datetime.date]
    patient_key: str
    volumes: tuple[SeriesVolume, ...]
    folder: Path
    patient: Patient = field(default_factory=Patient)
    findings: tuple[Finding, ...] = ()

    @property
    def studies(self) -> frozenset[str]:
        """The Study Instance UIDs."""
        return frozenset(volume.study_uid for volume in self.volumes if volume.study_uid)


def group_exams(volumes: Iterable[SeriesVolume]) -> list[ExamFiles]:
    """Volumes by patient and date; what bears no date belongs to its study, or to the only exam there is.

    Returns
    -------
    list of ExamFiles
        Oldest first, those without a date at the end.
    """
    volumes = list(volumes)
    lost = [volume for volume in volumes if volume.is_lost_file]
    volumes = [volume for volume in volumes if not volume.is_lost_file]
    one = united([volume.patient for volume in volumes])
    exams: dict[_Key, list[SeriesVolume]] = defaultdict(list)
    for volume in volumes:
        exams[(one[volume.patient].key, _given_date(volumes, volume) or volume.exam_date, "")].append(volume)
    for key in [key for key in exams if key[1] is None]:
        dated = [other for other in exams if other[0] == key[0] and other[1] is not None]
        studies = {volume.study_uid for volume in exams[key]}
        if len(dated) == 1 and (len(studies) == 1 or not studies.isdisjoint(v.study_uid for v in exams[dated[0]])):
            exams[dated[0]] += exams.pop(key)
        elif 1 < len(studies) < len({volume.series_uid for volume in exams[key]}):
            for volume in exams.pop(key):
                exams[(key[0], None, volume.study_uid)].append(volume)
    found = [_exam(key[1], members, lost) for key, members in exams.items()]
    return sorted(found, key=lambda exam: (exam.date is None, exam.date or datetime.date.min, exam.patient_key))


def _given_date(volumes: Sequence[SeriesVolume], volume: SeriesVolume) -> Optional[datetime.date]:
    """The date that an override of any volume of the same study gives."""
    given = [o.date for other in volumes for o in other.overrides if o.date and other.study_uid == volume.study_uid]
    return given[-1] if given else None


def _exam(date: Optional[datetime.date], members: Sequence[SeriesVolume], lost: Sequence[SeriesVolume]) -> ExamFiles:
    patient, *others = dict.fromkeys(volume.patient for volume in members)
    differing = dict.fromkeys(what for other in others for what in relation(patient, other).differing)
    findings = [finding("reading.identity_differs", what=tuple(differing))] if differing else []
    findings += [finding("reading.file_left_out", problem=volume.problem) for volume in lost]
    for remarks in sorted({volume.findings for volume in members if volume.findings}):
        numbers = sorted({volume.series_number or 0 for volume in members if volume.findings == remarks})
        findings.append(finding("reading.remarked", series=tuple(numbers), how=remarks))
    for volume in members:
        if volume.acquisition.get("few_directions") and not volume.problem:
            n = volume.acquisition["n_directions"]
            findings.append(finding("reading.few_directions", series=volume.series_number, b=volume.b_value, n=n))
    folder = Path(os.path.commonpath([str(volume.folder) for volume in members]))
    return ExamFiles(date, patient.key, tuple(members), folder, patient, tuple(findings))


def with_date(exam: ExamFiles, date: datetime.date) -> ExamFiles:
    """The exam with the date that the reader gives."""
    return replace(exam, date=date, findings=(*exam.findings, finding("reading.date_given", date=date)))


def one_patient(exams: Sequence[ExamFiles], said_by_reader: bool = False) -> list[ExamFiles]:
    """Exams that are of one patient, with one key, and with what must be told about that.

    Parameters
    ----------
    exams : sequence of ExamFiles
    said_by_reader : bool
        The reader knows that they are, whatever the files say.

    Raises
    ------
    MarrowQuantError
        If they are of different patients, naming what differs.
    """
    found = list(exams[:1])
    for exam in exams[1:]:
        related = relation(exams[0].patient, exam.patient)
        if not related.same and not said_by_reader:
            raise ReaderMustSay(
                "The exams may be of different patients (they differ in {what}); give exams of one patient, or say that they are "
                "(--same-patient).",
                what=tuple(related.differing),
            )
        findings = exam.findings
        if related.differing:
            code = "reading.identity_differs" if related.same else "reading.identity_said"
            findings = (*findings, finding(code, what=tuple(related.differing)))
        elif related.unchecked:
            findings = (*findings, finding("reading.identity_unknown"))
        found.append(replace(exam, patient_key=exams[0].patient_key, findings=findings))
    return found


def in_order(baseline: ExamFiles, follow_up: ExamFiles) -> list[ExamFiles]:
    """Two exams in the order given, which the dates must not contradict.

    Raises
    ------
    MarrowQuantError
        If the follow-up is earlier, or is the same exam.
    """
    if baseline.date and follow_up.date and follow_up.date < baseline.date:
        raise ReaderMustSay(
            "The follow-up ({date}) is not later than the baseline ({other_date}); give the baseline first.",
            date=follow_up.date, other_date=baseline.date,
        )  # fmt: skip
    if baseline.date and follow_up.date and follow_up.date != baseline.date:
        return [baseline, follow_up]
    if _files_of(baseline) & _files_of(follow_up):
        raise MarrowQuantError("Baseline and follow-up are the same images; give two exams.")
    if baseline.date and follow_up.date:
        told = finding("reading.same_date", date=baseline.date)
    else:
        told = finding("reading.no_interval")
    return [baseline, replace(follow_up, findings=(*follow_up.findings, told))]


def _files_of(exam: ExamFiles) -> set[str]:
    """The SOP Instance UIDs of one slice of every volume."""
    return {part[0].sop_uid for volume in exam.volumes for part in volume.parts if part and part[0].sop_uid}
