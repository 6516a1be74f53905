"""What a measurement report tells, before it is a content tree: groups of numbers, and the documents that they are written in.

One document holds the measurements of one segmentation: a group for each of its segments, in their order, each with the same numbers in the
same order. That is more than TID 1500 asks for, and what 3D Slicer's reader takes for granted: its table has the columns of the first
group, and it counts groups and segments side by side (``addMeasurementsToTable`` and ``assignTrackingUniqueIdentifier`` in
Modules/Scripted/DICOMPlugins/DICOMTID1500Plugin.py of Slicer 5.13). What rests on no segment stands in a container of its own.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Optional

from ..followup import label_of
from ..followup.indices import index_of
from ..model import Burden, Change, Component, ExamResult, Measurement, ResponseEstimate, Results, StirPattern, VertebraResult
from ..quantities import of_vertebrae, quantity
from . import codes
from .objects import level_code


@dataclass(frozen=True)
class Number:
    """One number of a group; ``column`` is the same in every group that tells the same of another place."""

    column: str
    name: codes.Code
    value: float
    unit: codes.Code
    derivation: Optional[codes.Code] = None
    method: Optional[codes.Code] = None


@dataclass(frozen=True)
class Group:
    """Numbers of one place. ``segmentation`` and ``segment`` are keys of what they rest on, "" for none."""

    tracking: str
    numbers: tuple[Number, ...]
    sites: tuple[codes.Code, ...]
    finding: Optional[codes.Code] = None
    segmentation: str = ""
    segment: str = ""
    evaluations: tuple[tuple[codes.Code, codes.Code], ...] = ()


@dataclass(frozen=True)
class Document:
    """A report: the groups of one segmentation, and those besides. Of an exam's documents the first has the rest of the exam."""

    segmentation: str
    groups: tuple[Group, ...]
    others: tuple[Group, ...]


def documents(exam: ExamResult, results: Results, segments: Mapping[str, Sequence[str]]) -> list[Document]:
    """The documents of one exam; those of the last exam tell the changes and the response estimate as well.

    Parameters
    ----------
    exam : ExamResult
    results : Results
    segments : mapping
        By the key of a segmentation the keys of its segments, in their order.

    Returns
    -------
    list of Document
        One for each segmentation that something was measured in, at least one. None is without groups.
    """
    load = _burden(exam.burden, segments.get("burden", ()))
    groups = [*_vertebrae(exam, segments), *_lumbar(exam), *load, *_stir(exam.stir), *_laboratory(exam)]
    if len(results.exams) > 1 and is_last(exam, results):
        groups += [_change(change) for change in results.changes]
        groups += [_response(results.response)] if results.response else []
    loose = [group for group in groups if not group.segment]
    found = []
    for key, order in segments.items():
        held = {group.segment: group for group in groups if group.segmentation == key and group.segment}
        if held:
            aligned, rest = _aligned([held[segment] for segment in order if segment in held])
            found.append(Document(key, aligned, rest))
    if not found:
        first = loose or [Group("MarrowQuant", (), (codes.BONE_MARROW,))]
        return [Document("", (first[0],), tuple(first[1:]))]
    return [replace(found[0], others=(*found[0].others, *loose)), *found[1:]]


def is_last(exam: ExamResult, results: Results) -> bool:
    """True for the exam whose report tells of the whole case."""
    return exam.label == results.exams[-1].label


def _aligned(groups: Sequence[Group]) -> tuple[tuple[Group, ...], tuple[Group, ...]]:
    """The groups with the numbers that all have which have any, in one order, and the other numbers, in groups of their own."""
    by_column = [{number.column: number for number in group.numbers} for group in groups]
    shared = [column for column in by_column[0] if all(column in columns for columns in by_column if columns)]
    aligned = tuple(replace(group, numbers=tuple(columns[c] for c in shared if columns)) for group, columns in zip(groups, by_column))
    rest = [(group, tuple(number for number in group.numbers if number.column not in shared)) for group in groups]
    return aligned, tuple(replace(group, numbers=numbers, evaluations=()) for group, numbers in rest if numbers)


# --------------------------------------------------------------------------------------------------------------- numbers
def _number(column: str, name: codes.Code, value: Optional[float], unit: codes.Code, **more: Any) -> list[Number]:
    """One number; none for a value that is not a number."""
    return [] if value is None or not math.isfinite(value) else [Number(column, name, float(value), unit, **more)]


def _measured(key: str, measurement: Measurement, derivation: Optional[codes.Code]) -> list[Number]:
    """A measurement with its standard error and its number of voxels."""
    name, unit = codes.of_quantity(key, measurement.name), codes.of_unit(measurement.unit)
    numbers = _number(key, name, measurement.value, unit, derivation=derivation)
    numbers += _number(f"{key} error", name, measurement.standard_error, unit, derivation=codes.STANDARD_ERROR)
    count = measurement.n_voxels
    return numbers + _number(f"{key} voxels", codes.VOXEL_COUNT, None if count is None else float(count), codes.NO_UNITS)


def _statistics(key: str, name: codes.Code, unit: codes.Code, features: Any, besides: str) -> list[Number]:
    """First-order features but the one that was reported already."""
    numbers: list[Number] = []
    for feature, code in codes.FEATURES.items():
        if feature != besides:
            numbers += _number(f"{key} {feature}", name, features.get(feature), unit, derivation=code)
    for feature, code in codes.SHAPES.items():
        numbers += _number(f"{key} {feature}", code, features.get(feature), codes.NO_UNITS)
    return numbers


# ---------------------------------------------------------------------------------------------------------------- groups
def _vertebrae(exam: ExamResult, segments: Mapping[str, Sequence[str]]) -> Iterable[Group]:
    """For each level one group for each segmentation that its numbers rest on, and for each of its segments that nothing rests on."""
    for vertebra in exam.vertebrae:
        name = f"{vertebra.roi.level} ROI"
        by_place: dict[str, list[Number]] = {key: [] for key, keys in segments.items() if name in keys}
        for row in of_vertebrae():
            if row.key in vertebra.measurements:
                place = next((key for key in (row.key, "ff", "in_phase") if name in segments.get(key, ())), "")
                by_place.setdefault(place, []).extend(_of_level(vertebra, row.key))
        for place, numbers in by_place.items():
            yield Group(name, tuple(numbers), (level_code(vertebra.roi.level),), codes.ROI, place, name if place else "")


def _of_level(vertebra: VertebraResult, key: str) -> list[Number]:
    measurement, row = vertebra.measurements[key], quantity(key)
    numbers = _measured(key, measurement, codes.STATISTICS.get(row.statistic))
    if key in vertebra.features:
        name, unit = codes.of_quantity(key, measurement.name), codes.of_unit(measurement.unit)
        numbers += _statistics(key, name, unit, vertebra.features[key], row.statistic)
    return numbers


def _lumbar(exam: ExamResult) -> Iterable[Group]:
    """The means over the lumbar levels, each with the levels that it really holds as finding sites."""
    for key, measurement in exam.lumbar.items():
        levels = [v.roi.level for v in exam.vertebrae if v.roi.level.startswith("L") and not v.roi.excluded and key in v.measurements]
        sites = (codes.LUMBAR_SPINE, *(level_code(level) for level in levels))
        yield Group(f"Lumbar mean {measurement.name}", tuple(_measured(key, measurement, codes.MEAN)), sites, codes.BONE_MARROW)


def _burden(burden: Optional[Burden], segments: Sequence[str]) -> Iterable[Group]:
    if burden is None:
        return
    total = _number("volume", codes.VOLUME, burden.tdv.value, codes.of_unit(burden.tdv.unit), method=codes.FROM_VOXELS)
    name, unit = codes.of_quantity("gadc", "ADC"), codes.of_unit(burden.gadc.unit)
    total += _number("gadc", name, burden.gadc.value, unit, derivation=codes.MEDIAN)
    total += _statistics("gadc", name, unit, burden.features, "median")
    yield Group("Total diffusion volume", tuple(total), (codes.WHOLE_BODY,), codes.TDV)
    for component in burden.components:
        key = f"tDV component {component.label}"
        place = ("burden", key) if key in segments else ("", "")
        yield Group(component.lesion_id or key, tuple(_of_component(component)), (codes.BONE_MARROW,), codes.LESION, *place,
                    _evaluations(component))  # fmt: skip


def _of_component(component: Component) -> list[Number]:
    adc, unit = codes.of_quantity("adc", "ADC"), codes.of_unit("µm²/s")
    return [
        *_number("volume", codes.VOLUME, component.volume_ml, codes.of_unit("mL"), method=codes.FROM_VOXELS),
        *_number("diameter", codes.DIAMETER, component.longest_diameter_mm, codes.of_unit("mm")),
        *_number("adc median", adc, component.adc_median, unit, derivation=codes.MEDIAN),
        *_number("adc mean", adc, component.adc_mean, unit, derivation=codes.MEAN),
        *_number("ratio", codes.SIGNAL_RATIO, component.signal_ratio, codes.NO_UNITS),
        *_number("ff median", codes.of_quantity("ff", "FF"), component.ff_median, codes.of_unit("%"), derivation=codes.MEDIAN),
    ]


def _evaluations(component: Component) -> tuple[tuple[codes.Code, codes.Code], ...]:
    said = [(codes.STATE, codes.STATES[component.state])]
    if component.region:
        short = component.region.upper().replace(" ", "")[:16]
        said.append((codes.REGION_OF_BODY, codes.own(short, component.region[:64])))
    return tuple(said)


def _stir(stir: Optional[StirPattern]) -> Iterable[Group]:
    """The pattern that holds and whose word it is, with the numbers of the proposal; nothing of an exam without a pattern."""
    if stir is None or stir.pattern is None:
        return
    named = (("level", codes.STIR_LEVEL), ("rim", codes.STIR_RIM), ("spread", codes.STIR_SPREAD))
    numbers = [number for key, code in named for number in _number(key, code, getattr(stir, key), codes.NO_UNITS)]
    said = [(codes.STIR_PATTERN, codes.STIR_PATTERNS[stir.pattern])]
    said.append((codes.STIR_ORIGIN, codes.BY_READER if stir.by_reader else codes.PROPOSED))
    yield Group("Pattern on STIR", tuple(numbers), (codes.BONE_MARROW,), codes.STIR_PATTERN, evaluations=tuple(said))


def _laboratory(exam: ExamResult) -> Iterable[Group]:
    numbers: list[Number] = []
    for key, value in exam.labs.items():
        numbers += _number(key, codes.own(key.upper()[:16], key.replace("_", " ")), value.value, codes.of_unit(value.unit))
    if numbers:
        yield Group("Laboratory", tuple(numbers), (codes.BONE_MARROW,), codes.LABORATORY)


def _change(change: Change) -> Group:
    """Both values, their difference, and the difference in % of the baseline."""
    index = index_of(change.name)
    label = label_of(change.name, "en", change.level)
    name = codes.of_quantity(index.key, index.name or label)
    unit = codes.of_unit(change.unit)
    numbers = [
        *_number("absolute", name, change.absolute, codes.of_unit(change.absolute_unit), derivation=codes.CHANGE),
        *_number("relative", name, change.relative_percent, codes.of_unit("%"), derivation=codes.RELATIVE_CHANGE),
        *_number("baseline", name, change.baseline, unit, derivation=codes.BASELINE),
        *_number("follow-up", name, change.follow_up, unit, derivation=codes.FOLLOW_UP),
    ]
    site = codes.LUMBAR_SPINE if index.origin == "lumbar" else codes.BONE_MARROW
    return Group(f"Change: {label}", tuple(numbers), (site,), codes.CHANGE)


def _response(response: ResponseEstimate) -> Group:
    numbers: list[Number] = []
    percent = codes.of_unit("%")
    if response.probability is not None:
        numbers += _number("probability", codes.PROBABILITY, 100 * response.probability, percent)
    if response.interval is not None:
        numbers += _number("low", codes.PROBABILITY, 100 * response.interval[0], percent, derivation=codes.LOWER_LIMIT)
        numbers += _number("high", codes.PROBABILITY, 100 * response.interval[1], percent, derivation=codes.UPPER_LIMIT)
    model = codes.own("MODELID", f"{response.model_id}: {response.label}"[:64])
    return Group("Response estimate", tuple(numbers), (codes.BONE_MARROW,), codes.RESPONSE, evaluations=((codes.RESPONSE_MODEL, model),))
