"""The results of one exam as a TID 1500 Measurement Report (DICOM PS3.16): what was measured where, how, and what to know about it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Optional

from .. import __version__
from ..followup import label_of
from ..followup.indices import index_of
from ..model import (
    RESEARCH_USE_ONLY,
    Burden,
    Change,
    Component,
    ExamResult,
    Measurement,
    ResponseEstimate,
    Results,
    VertebraResult,
    as_finding,
    grouped,
)
from ..quantities import of_vertebrae, quantity
from . import codes
from .objects import MODEL, Series, equipment, finish, level_code, new_uid
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
    numbers: dict[str, int] = field(default_factory=dict)
    tracking: dict[str, str] = field(default_factory=dict)


def measurement_report(
    sources: Sources, results: Results, segmentations: dict[str, Written], series: Series, record: bytes, reader: str = ""
) -> Dataset:
    """The report of one exam; that of the last exam tells the changes and the response estimate as well.

    Parameters
    ----------
    sources : Sources
        Of this exam.
    results : Results
    segmentations : dict
        By the key of the map that the segments lie on; "burden" for the components.
    series : Series
    record : bytes
        The exam as it stands in results.json, packed; see :data:`RECORD`.
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
    is_last = exam is results.exams[-1] or exam.label == results.exams[-1].label
    groups = [*_vertebrae(exam, segmentations), *_lumbar(exam), *_burden(exam.burden, segmentations.get("burden")), *_laboratory(exam)]
    if is_last and len(results.exams) > 1:
        groups += [_change(change) for change in results.changes]
        groups += [_response(results.response)] if results.response else []
    if not groups:
        groups = [_group("MarrowQuant", [], [codes.BONE_MARROW])]
    whole = exam.burden is not None
    tree = MeasurementReport(
        context, codes.concept(codes.WHOLE_BODY_MRI if whole else codes.MRI), groups,
        title=known.DCM.ImagingMeasurementReport,
    )  # fmt: skip
    tree[0].ContentSequence.append(_remarks(exam, results if is_last else None))
    evidence = [header, *(written.dataset for written in segmentations.values())]
    dataset = hd.sr.EnhancedSR(
        evidence=evidence, content=tree[0], is_complete=True, is_final=False, is_verified=False, **equipment(series)
    )
    block = dataset.private_block(PRIVATE_GROUP, PRIVATE_CREATOR, create=True)
    block.add_new(RECORD, "OB", record + b"\0" * (len(record) % 2))
    return finish(dataset, header)


# ---------------------------------------------------------------------------------------------------------- measurements
def _number(name: codes.Code, value: Optional[float], unit: codes.Code, **more: Any) -> list[Any]:
    """One measurement; none for a value that is not a number."""
    from highdicom.sr import Measurement as Item

    if value is None or not math.isfinite(value):
        return []
    coded: dict[str, Any] = {key: codes.concept(code) for key, code in more.items() if code}
    return [Item(codes.concept(name), float(value), codes.concept(unit), **coded)]


def _measured(key: str, measurement: Measurement, derivation: Optional[codes.Code]) -> list[Any]:
    """A measurement with its standard error and its number of voxels."""
    name, unit = codes.of_quantity(key, measurement.name), codes.of_unit(measurement.unit)
    items = _number(name, measurement.value, unit, derivation=derivation)
    items += _number(name, measurement.standard_error, unit, derivation=codes.STANDARD_ERROR)
    count = measurement.n_voxels
    return items + _number(codes.VOXEL_COUNT, None if count is None else float(count), codes.NO_UNITS)


def _statistics(name: codes.Code, unit: codes.Code, features: Any, besides: str) -> list[Any]:
    """First-order features but the one that was reported already."""
    items: list[Any] = []
    for key, code in codes.FEATURES.items():
        if key != besides:
            items += _number(name, features.get(key), unit, derivation=code)
    for key, code in codes.SHAPES.items():
        items += _number(code, features.get(key), codes.NO_UNITS)
    return items


def _group(
    tracking: str, measurements: Sequence[Any], sites: Sequence[codes.Code], finding: Optional[codes.Code] = None,
    segment: Optional[tuple[Written, str]] = None, evaluations: Sequence[Any] = (),
) -> Any:  # fmt: skip
    """A measurement group; with a segment it is one of a volume of interest (TID 1411), else of no place (TID 1501)."""
    from highdicom import sr

    uid = segment[0].tracking[segment[1]] if segment else new_uid()
    more: dict[str, Any] = {
        "tracking_identifier": sr.TrackingIdentifier(uid=uid, identifier=tracking),
        "finding_type": codes.concept(finding) if finding else None,
        "finding_sites": [sr.FindingSite(codes.concept(site)) for site in sites],
        "measurements": list(measurements),
        "qualitative_evaluations": list(evaluations) or None,
        "algorithm_id": sr.AlgorithmIdentification(MANUFACTURER, __version__),
    }
    if segment is None:
        return sr.MeasurementsAndQualitativeEvaluations(**more)
    written, key = segment
    reference = sr.ReferencedSegment(
        written.dataset.SOPClassUID, written.dataset.SOPInstanceUID, written.numbers[key],
        source_series=sr.SourceSeriesForSegmentation(written.source_series),
    )  # fmt: skip
    return sr.VolumetricROIMeasurementsAndQualitativeEvaluations(referenced_segment=reference, **more)


def _says(name: codes.Code, value: codes.Code) -> Any:
    from highdicom.sr import QualitativeEvaluation

    return QualitativeEvaluation(name=codes.concept(name), value=codes.concept(value))


def _vertebrae(exam: ExamResult, segmentations: dict[str, Written]) -> Iterable[Any]:
    """For each level one group for each segmentation that its numbers rest on."""
    for vertebra in exam.vertebrae:
        level = vertebra.roi.level
        by_place: dict[str, list[Any]] = {}
        for row in of_vertebrae():
            if row.key in vertebra.measurements:
                place = next((key for key in (row.key, "ff", "in_phase") if key in segmentations), "")
                by_place.setdefault(place, []).extend(_of_level(vertebra, row.key))
        for place, items in by_place.items():
            name = f"{level} ROI"
            written = segmentations.get(place)
            segment = (written, name) if written and name in written.numbers else None
            yield _group(name, items, [level_code(level)], codes.ROI, segment)


def _of_level(vertebra: VertebraResult, key: str) -> list[Any]:
    measurement, row = vertebra.measurements[key], quantity(key)
    items = _measured(key, measurement, codes.STATISTICS.get(row.statistic))
    if key in vertebra.features:
        name, unit = codes.of_quantity(key, measurement.name), codes.of_unit(measurement.unit)
        items += _statistics(name, unit, vertebra.features[key], row.statistic)
    return items


def _lumbar(exam: ExamResult) -> Iterable[Any]:
    """The means over the lumbar levels, each with the levels that it really holds as finding sites."""
    for key, measurement in exam.lumbar.items():
        levels = [v.roi.level for v in exam.vertebrae if v.roi.level.startswith("L") and not v.roi.excluded and key in v.measurements]
        sites = [codes.LUMBAR_SPINE, *(level_code(level) for level in levels)]
        yield _group(f"Lumbar mean {measurement.name}", _measured(key, measurement, codes.MEAN), sites, codes.BONE_MARROW)


def _burden(burden: Optional[Burden], written: Optional[Written]) -> Iterable[Any]:
    if burden is None:
        return
    total = _number(codes.VOLUME, burden.tdv.value, codes.of_unit(burden.tdv.unit), method=codes.FROM_VOXELS)
    name, unit = codes.of_quantity("gadc", "ADC"), codes.of_unit(burden.gadc.unit)
    total += _number(name, burden.gadc.value, unit, derivation=codes.MEDIAN)
    total += _statistics(name, unit, burden.features, "median")
    yield _group("Total diffusion volume", total, [codes.WHOLE_BODY], codes.TDV)
    for component in burden.components:
        key = f"tDV component {component.label}"
        segment = (written, key) if written and key in written.numbers else None
        yield _group(component.lesion_id or key, _of_component(component), [codes.BONE_MARROW], codes.LESION, segment,
                     _evaluations(component))  # fmt: skip


def _of_component(component: Component) -> list[Any]:
    adc, unit = codes.of_quantity("adc", "ADC"), codes.of_unit("µm²/s")
    return [
        *_number(codes.VOLUME, component.volume_ml, codes.of_unit("mL"), method=codes.FROM_VOXELS),
        *_number(codes.DIAMETER, component.longest_diameter_mm, codes.of_unit("mm")),
        *_number(adc, component.adc_median, unit, derivation=codes.MEDIAN),
        *_number(adc, component.adc_mean, unit, derivation=codes.MEAN),
        *_number(codes.SIGNAL_RATIO, component.signal_ratio, codes.NO_UNITS),
        *_number(codes.of_quantity("ff", "FF"), component.ff_median, codes.of_unit("%"), derivation=codes.MEDIAN),
    ]


def _evaluations(component: Component) -> list[Any]:
    said = [_says(codes.STATE, codes.STATES[component.state])]
    if component.region:
        short = component.region.upper().replace(" ", "")[:16]
        said.append(_says(codes.REGION_OF_BODY, codes.own(short, component.region[:64])))
    return said


def _laboratory(exam: ExamResult) -> Iterable[Any]:
    items: list[Any] = []
    for key, value in exam.labs.items():
        items += _number(codes.own(key.upper()[:16], key.replace("_", " ")), value.value, codes.of_unit(value.unit))
    if items:
        yield _group("Laboratory", items, [codes.BONE_MARROW], codes.LABORATORY)


def _change(change: Change) -> Any:
    """Both values, their difference, and the difference in % of the baseline."""
    index = index_of(change.name)
    label = label_of(change.name, "en", change.level)
    name = codes.of_quantity(index.key, index.name or label)
    unit = codes.of_unit(change.unit)
    items = [
        *_number(name, change.absolute, codes.of_unit(change.absolute_unit), derivation=codes.CHANGE),
        *_number(name, change.relative_percent, codes.of_unit("%"), derivation=codes.RELATIVE_CHANGE),
        *_number(name, change.baseline, unit, derivation=codes.BASELINE),
        *_number(name, change.follow_up, unit, derivation=codes.FOLLOW_UP),
    ]
    site = codes.LUMBAR_SPINE if index.origin == "lumbar" else codes.BONE_MARROW
    return _group(f"Change: {label}", items, [site], codes.CHANGE)


def _response(response: ResponseEstimate) -> Any:
    items: list[Any] = []
    percent = codes.of_unit("%")
    if response.probability is not None:
        items += _number(codes.PROBABILITY, 100 * response.probability, percent)
    if response.interval is not None:
        items += _number(codes.PROBABILITY, 100 * response.interval[0], percent, derivation=codes.LOWER_LIMIT)
        items += _number(codes.PROBABILITY, 100 * response.interval[1], percent, derivation=codes.UPPER_LIMIT)
    model = codes.own("MODELID", f"{response.model_id}: {response.label}"[:64])
    return _group("Response estimate", items, [codes.BONE_MARROW], codes.RESPONSE, evaluations=[_says(codes.RESPONSE_MODEL, model)])


def _remarks(exam: ExamResult, results: Optional[Results]) -> Any:
    """What a reader must know, as text: research use only, then every finding of the exam and of the case."""
    from highdicom.sr import ContainerContentItem, ContentSequence, RelationshipTypeValues, TextContentItem

    contains = RelationshipTypeValues.CONTAINS
    box = ContainerContentItem(name=codes.concept(codes.QUALITATIVE), relationship_type=contains)
    sentences = [RESEARCH_USE_ONLY, *map(str, grouped(exam.findings))]
    if results is not None:
        sentences += map(str, grouped(results.findings))
        for change in results.changes:
            sentences += [f"{label_of(change.name, 'en', change.level)}: {as_finding(flag)}" for flag in change.findings]
        sentences += map(str, results.response.findings if results.response else ())
    box.ContentSequence = ContentSequence([
        TextContentItem(name=codes.concept(codes.REMARK), value=text, relationship_type=contains) for text in dict.fromkeys(sentences)
    ])
    return box
