"""The results of one exam as TID 1500 Measurement Reports (DICOM PS3.16): what was measured where, how, and what to know about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Optional

from .. import __version__
from ..followup import label_of
from ..model import RESEARCH_USE_ONLY, ExamResult, Results, as_finding, grouped
from . import codes
from .groups import Document, Group, Number, is_last
from .objects import MODEL, Series, equipment, finish, new_uid
from .prior import MANUFACTURER, PRIVATE_CREATOR, PRIVATE_GROUP, RECORD
from .sources import Sources

if TYPE_CHECKING:
    from pydicom import Dataset

DEVICE_UID = "1.2.826.0.1.3680043.8.498.34213811912453816529842283180021843218"
"""UID of this program as an observer: one below pydicom's root, drawn once."""


@dataclass(frozen=True)
class Written:
    """A segmentation that was written: where the report finds the segments that its numbers rest on, and the UIDs that they bear."""

    dataset: Dataset
    source_series: str
    numbers: dict[str, int]
    tracking: dict[str, str]


def measurement_report(
    sources: Sources, results: Results, document: Document, written: Optional[Written], series: Series, record: bytes = b"",
    reader: str = "",
) -> Dataset:  # fmt: skip
    """One document of an exam.

    Parameters
    ----------
    sources : Sources
        Of this exam.
    results : Results
    document : Document
    written : Written or None
        The segmentation that its groups rest on.
    series : Series
    record : bytes
        For the first document of the exam: the exam as it stands in results.json, packed; see :data:`RECORD`.
    reader : str
        Name of the reader, "" if it was not given.
    """
    import highdicom as hd
    from highdicom.sr import MeasurementReport, ObservationContext, ObserverContext
    from pydicom.sr.codedict import codes as known

    exam = sources.result
    header = sources.any_header()
    device = hd.sr.DeviceObserverIdentifyingAttributes(
        uid=DEVICE_UID, name=MANUFACTURER, manufacturer_name=MANUFACTURER, model_name=MODEL, serial_number=__version__
    )
    person = None
    if reader:
        person = ObserverContext(known.DCM.Person, hd.sr.PersonObserverIdentifyingAttributes(name=reader))
    context = ObservationContext(
        observer_person_context=person, observer_device_context=ObserverContext(known.DCM.Device, device)
    )
    tree = MeasurementReport(
        context, codes.concept(codes.WHOLE_BODY_MRI if exam.burden is not None else codes.MRI),
        [_group(group, written) for group in document.groups], title=known.DCM.ImagingMeasurementReport,
    )  # fmt: skip
    if document.others:
        tree[0].ContentSequence.append(_box(codes.FURTHER, [_group(group, written)[0] for group in document.others]))
    tree[0].ContentSequence.append(_remarks(exam, results, is_first=bool(record)))
    evidence = [header, *([written.dataset] if written else [])]
    dataset = hd.sr.EnhancedSR(
        evidence=evidence, content=tree[0], is_complete=True, is_final=False, is_verified=False, **equipment(series)
    )
    if record:
        block = dataset.private_block(PRIVATE_GROUP, PRIVATE_CREATOR, create=True)
        block.add_new(RECORD, "OB", record + b"\0" * (len(record) % 2))
    return finish(dataset, header)


def _measurement(number: Number) -> Any:
    from highdicom.sr import Measurement

    derivation, method = (codes.concept(code) if code else None for code in (number.derivation, number.method))
    return Measurement(codes.concept(number.name), number.value, codes.concept(number.unit), derivation=derivation, method=method)


def _group(group: Group, written: Optional[Written]) -> Any:
    """A measurement group; with a segment it is one of a volume of interest (TID 1411), else of no place (TID 1501)."""
    from highdicom import sr

    uid = written.tracking[group.segment] if written and group.segment else new_uid()
    said = [sr.QualitativeEvaluation(name=codes.concept(name), value=codes.concept(value)) for name, value in group.evaluations]
    more: dict[str, Any] = {
        "tracking_identifier": sr.TrackingIdentifier(uid=uid, identifier=group.tracking),
        "finding_type": codes.concept(group.finding) if group.finding else None,
        "finding_sites": [sr.FindingSite(codes.concept(site)) for site in group.sites],
        "measurements": [_measurement(number) for number in group.numbers],
        "qualitative_evaluations": said or None,
        "algorithm_id": sr.AlgorithmIdentification(MANUFACTURER, __version__),
    }
    if written is None or not group.segment:
        return sr.MeasurementsAndQualitativeEvaluations(**more)
    reference = sr.ReferencedSegment(
        written.dataset.SOPClassUID, written.dataset.SOPInstanceUID, written.numbers[group.segment],
        source_series=sr.SourceSeriesForSegmentation(written.source_series),
    )  # fmt: skip
    return sr.VolumetricROIMeasurementsAndQualitativeEvaluations(referenced_segment=reference, **more)


def _box(name: codes.Code, items: list[Any]) -> Any:
    """A container of the report, beside its imaging measurements."""
    from highdicom.sr import ContainerContentItem, ContentSequence, RelationshipTypeValues

    box = ContainerContentItem(name=codes.concept(name), relationship_type=RelationshipTypeValues.CONTAINS)
    box.ContentSequence = ContentSequence(items)
    return box


def _remarks(exam: ExamResult, results: Results, is_first: bool) -> Any:
    """What a reader must know, as text: research use only, then every finding of the exam and of the case; in a further document of an exam
    where these stand."""
    from highdicom.sr import RelationshipTypeValues, TextContentItem

    sentences = [RESEARCH_USE_ONLY]
    if not is_first:
        sentences.append("What else was measured in this exam, and what to know about it, stands in its first report.")
    else:
        sentences += map(str, grouped(exam.findings))
    if is_first and is_last(exam, results):
        sentences += map(str, grouped(results.findings))
        for change in results.changes:
            sentences += [f"{label_of(change.name, 'en', change.level)}: {as_finding(flag)}" for flag in change.findings]
        sentences += map(str, results.response.findings if results.response else ())
    contains = RelationshipTypeValues.CONTAINS
    texts = [TextContentItem(name=codes.concept(codes.REMARK), value=text, relationship_type=contains) for text in dict.fromkeys(sentences)]
    return _box(codes.QUALITATIVE, texts)
