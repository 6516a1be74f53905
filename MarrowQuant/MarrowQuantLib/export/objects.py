"""Segmentations and parametric maps of one exam."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Optional

import numpy as np

from .. import __version__
from ..model import RESEARCH_USE_ONLY, Burden, ExamResult, MapKey, MarrowQuantError, Role, VertebraROI, Volume
from ..quantities import DISPLAYS, map_title
from ..vertebrae import rasterise
from ..vertebrae.segment import BodySegmentation
from ..vertebrae.terminology import LEVEL_CODES
from . import codes
from .geometry import to_highdicom
from .prior import MANUFACTURER
from .sources import DEIDENTIFIED, Sources

if TYPE_CHECKING:
    from highdicom.sr import CodeContentItem
    from pydicom import Dataset

MODEL = "MarrowQuant (research use only)"
CONTENT_LABEL, CREATOR = "MARROWQUANT", "MarrowQuant^"
FIRST_SERIES_NUMBER = 9700
"""Ours, above what scanners count to; the exam's own numbers stay free."""


@dataclass(frozen=True)
class Series:
    """A series that we make: its place in the study's list, its description, and its UID."""

    number: int
    description: str
    uid: str


def new_uid() -> str:
    """A UID below pydicom's root, made of random bits."""
    from pydicom.uid import generate_uid

    return str(generate_uid())


def equipment(series: Series, instance: int = 1) -> dict[str, Any]:
    """What highdicom's objects take in common."""
    return {
        "series_instance_uid": series.uid,
        "series_number": series.number,
        "series_description": series.description,
        "sop_instance_uid": new_uid(),
        "instance_number": instance,
        "manufacturer": MANUFACTURER,
        "manufacturer_model_name": MODEL,
        "software_versions": __version__,
        "device_serial_number": "0",
    }


def finish(dataset: Dataset, source: Dataset) -> Dataset:
    """What every object of ours says besides: whether identity was removed, the body part, and research use only."""
    for keyword in DEIDENTIFIED:
        if keyword in source:
            dataset[keyword] = source[keyword]
    dataset.SpecificCharacterSet = "ISO_IR 192"
    if "StudyDescription" in source and "StudyDescription" not in dataset:
        dataset.StudyDescription = source.StudyDescription
    if "Rows" in dataset and not dataset.get("BodyPartExamined"):  # of no side: no laterality is asked for then
        dataset.BodyPartExamined = source.get("BodyPartExamined") or "SPINE"
    dataset.SeriesDate, dataset.SeriesTime = dataset.get("ContentDate", ""), dataset.get("ContentTime", "")
    return dataset


# -------------------------------------------------------------------------------------------------------------- maps
MAPS = ("ff", "r2star", "adc")
_SPREAD_SHOWN = 0.1  # of the window of the map itself; our choice
SIGNALS = ("in_phase", "water", "dwi_low", "dwi_high")
"""Images that a later exam is registered to, and the joined whole-body images, which no series of the scanner holds."""


def parametric_map(sources: Sources, key: str, series: Series, spread: Optional[Volume] = None) -> Dataset:
    """One map as a Parametric Map of float32: the values are ours, bit by bit; NaN where there is none.

    Parameters
    ----------
    sources : Sources
    key : str
        Of ``ExamResult.maps``.
    series : Series
    spread : Volume, optional
        Instead of the map: its standard deviation, on the same grid.

    Raises
    ------
    MarrowQuantError
        If the images behind it are gone, or its grid is sheared.
    """
    import highdicom as hd

    first, others = sources.images(key)
    volume = spread or sources.result.maps[key]
    display = DISPLAYS.get(volume.role)
    quantity = codes.concept(display.quantity_code if display else codes.SIGNAL)
    unit = codes.concept(display.unit_code if display else codes.NO_UNITS)
    array = np.ascontiguousarray(volume.array, dtype=np.float32)
    found = array[np.isfinite(array)]
    low, high = (float(found.min()), float(found.max())) if found.size else (0.0, 1.0)
    mapping = hd.pm.RealWorldValueMapping(
        lut_label=key.upper()[:16], lut_explanation=series.description[:64], unit=unit, value_range=(low, max(high, low + 1e-6)),
        intercept=0.0, slope=1.0, quantity_definition=quantity,
    )  # fmt: skip
    if volume.role is Role.ADC:
        mapping.QuantityDefinitionSequence.append(_says(codes.METHOD, codes.MONO_EXPONENTIAL))
    if spread is not None:
        mapping.QuantityDefinitionSequence.append(_says(codes.DERIVATION, codes.STANDARD_DEVIATION))
    window = display.window if display else (low, max(high, low + 1.0))
    if spread is not None and display:  # its largest values stand where there is next to no signal, and tell nothing
        window = (0.0, (window[1] - window[0]) * _SPREAD_SHOWN)
    dataset = hd.pm.ParametricMap(
        first, to_highdicom(volume.like(array), first[0].FrameOfReferenceUID), real_world_value_mappings=[mapping],
        voi_lut_transformations=[hd.VOILUTTransformation((window[0] + window[1]) / 2, window[1] - window[0])],
        contains_recognizable_visual_features=False,
        content_label=CONTENT_LABEL, content_description=RESEARCH_USE_ONLY[:64], content_creator_name=CREATOR,
        further_source_images=others or None,
        **equipment(series),
    )  # fmt: skip
    _along_normal(dataset)
    dataset.SharedFunctionalGroupsSequence[0].FrameAnatomySequence = [_frame_anatomy(sources.result, key)]
    dataset.DerivationDescription = plain_ascii("; ".join(map(str, volume.source)))[:1024]
    return finish(dataset, first[0])


def _along_normal(dataset: Dataset) -> None:
    """Order the frames of a map along the normal of rows × columns (PS3.3 C.7.6.2.1.1).

    highdicom orders them by their coordinates; dcmqi 1.5.7, and Slicer with it, takes their order for that of the normal and would mirror
    a map whose slices run the other way.
    """
    groups = list(dataset.PerFrameFunctionalGroupsSequence)
    orientation = np.array(dataset.SharedFunctionalGroupsSequence[0].PlaneOrientationSequence[0].ImageOrientationPatient, dtype=float)
    normal = np.cross(orientation[:3], orientation[3:])
    heights = [float(np.dot(normal, np.array(group.PlanePositionSequence[0].ImagePositionPatient, dtype=float))) for group in groups]
    order = np.argsort(heights)
    pixels = np.frombuffer(dataset.FloatPixelData, np.float32).reshape(len(groups), -1)
    dataset.FloatPixelData = pixels[order].tobytes()
    dataset.PerFrameFunctionalGroupsSequence = [groups[n] for n in order]
    for n, group in enumerate(dataset.PerFrameFunctionalGroupsSequence, start=1):
        group.FrameContentSequence[0].DimensionIndexValues = n


def _frame_anatomy(exam: ExamResult, key: str) -> Dataset:
    """What the frames show (PS3.3 C.7.6.16.2.8); dcmqi 1.5.7 crashes on a map without it."""
    from pydicom import Dataset

    item = Dataset()
    item.FrameLaterality = "U"
    is_body = MapKey.read(key).kind in {"adc", "dwi_high", "dwi_low"} and exam.burden is not None
    item.AnatomicRegionSequence = [codes.concept(codes.WHOLE_BODY if is_body else codes.LUMBAR_SPINE)]
    return item


def _says(name: codes.Code, value: codes.Code) -> CodeContentItem:
    from highdicom.sr import CodeContentItem

    return CodeContentItem(name=codes.concept(name), value=codes.concept(value))


def plain_ascii(text: str) -> str:
    """Text for attributes that old viewers show as they are: units in ASCII, anything else as a question mark."""
    return text.replace("µ", "u").replace("²", "2").replace("–", "-").encode("ascii", "replace").decode("ascii")


def has_map(exam: ExamResult, key: str) -> bool:
    """True for a map that is there and has voxels."""
    return key in exam.maps and exam.maps[key].array.size > 0


# ------------------------------------------------------------------------------------------------------ segmentations
@dataclass(frozen=True)
class Segment:
    """A segment to be written: ``key`` finds it again for the report; ``mask`` is on the map's grid, (k, j, i)."""

    key: str
    label: str
    category: codes.Code
    kind: codes.Code
    mask: np.ndarray
    tracking_uid: str
    region: Optional[codes.Code] = None
    state: Optional[codes.Code] = None
    colour: tuple[int, int, int] = (200, 200, 90)


def segmentation(sources: Sources, key: str, segments: Sequence[Segment], series: Series) -> Dataset:
    """Segments on the grid of a map as one Segmentation (binary); empty slices are left out, as the standard allows.

    Raises
    ------
    MarrowQuantError
        If the images behind the map are gone, or its grid is sheared.
    """
    import highdicom as hd

    first, others = sources.images(key)
    volume = sources.result.maps[key]
    labels = np.stack([segment.mask for segment in segments], axis=-1).astype(np.uint8)
    grid = to_highdicom(volume, first[0].FrameOfReferenceUID)
    masks = hd.Volume(
        labels, grid.affine, coordinate_system="PATIENT", frame_of_reference_uid=first[0].FrameOfReferenceUID,
        channels={"SegmentNumber": list(range(1, len(segments) + 1))},
    )  # fmt: skip
    family = codes.BY_HAND if segments[0].state == codes.ROI else codes.NEIGHBOURHOOD
    algorithm = hd.AlgorithmIdentificationSequence(name=MANUFACTURER, family=codes.concept(family), version=__version__)
    described = [_description(n, segment, algorithm) for n, segment in enumerate(segments, start=1)]
    dataset = hd.seg.Segmentation(
        first, masks, "BINARY", described, content_label=CONTENT_LABEL, content_description=RESEARCH_USE_ONLY[:64],
        further_source_images=others or None, **equipment(series),
    )  # fmt: skip
    return finish(dataset, first[0])


def _description(number: int, segment: Segment, algorithm: Any) -> Any:
    import highdicom as hd
    from highdicom.color import CIELabColor

    described = hd.seg.SegmentDescription(
        segment_number=number, segment_label=segment.label[:64], segmented_property_category=codes.concept(segment.category),
        segmented_property_type=codes.concept(segment.kind), algorithm_type="SEMIAUTOMATIC", algorithm_identification=algorithm,
        tracking_uid=segment.tracking_uid, tracking_id=segment.key,
        anatomic_regions=[codes.concept(segment.region)] if segment.region else None,
        display_color=CIELabColor.from_rgb(*segment.colour),
    )  # fmt: skip
    if segment.state:
        kind = described.SegmentedPropertyTypeCodeSequence[0]
        kind.SegmentedPropertyTypeModifierCodeSequence = [codes.concept(segment.state)]
    return described


def roi_segments(rois: Mapping[str, VertebraROI], volume: Volume) -> list[Segment]:
    """The measurement regions by level as they are rasterised on a map: the very voxels that were measured."""
    segments = []
    for n, (level, roi) in enumerate(rois.items()):
        try:
            mask = rasterise(roi, volume).mask()
        except MarrowQuantError:  # outside this map
            continue
        if mask.any():
            colour = ((230, 199, 115), (115, 178, 217), (158, 209, 133), (217, 143, 153))[n % 4]
            label = f"{level} ROI" + (" (excluded from the mean)" if roi.excluded else "")
            segments.append(Segment(f"{level} ROI", label, codes.ANATOMY, level_code(level), mask, new_uid(), None, codes.ROI, colour))
    return segments


def level_code(level: str) -> codes.Code:
    """SNOMED code of a level, with the meaning of DICOM's CID 7603 ("L1 vertebra")."""
    if level in LEVEL_CODES:
        return LEVEL_CODES[level], "SCT", f"{level} vertebra"
    return codes.VERTEBRA


def burden_segments(burden: Burden) -> list[Segment]:
    """The components of the total diffusion volume, each with its state, by volume."""
    colours = {"accepted": (213, 94, 0), "physiological": (0, 114, 178), "rejected": (150, 150, 150)}
    segments = []
    for component in burden.components:
        mask = burden.labels.array == component.label
        if not mask.any():
            continue
        name = component.lesion_id or f"component {component.label}"
        label = f"tDV {name}, {component.state}" + (f", {component.region}" if component.region else "")
        is_lesion = component.state == "accepted"
        category, kind = (codes.ABNORMAL, codes.LESION) if is_lesion else (codes.TISSUE_CATEGORY, codes.TISSUE)
        segments.append(
            Segment(f"tDV component {component.label}", plain_ascii(label), category, kind, mask, new_uid(), None,
                    codes.STATES[component.state], colours[component.state])
        )  # fmt: skip
    return segments


def rois_on(exam: ExamResult, key: str) -> dict[str, VertebraROI]:
    """The ROIs by level as they lay on a map, those that were measured in it first: moved ones where the map shows the column elsewhere."""
    return {v.roi.level: v.moved_rois.get(key, v.roi) for v in sorted(exam.vertebrae, key=lambda v: key not in v.measurements)}


def map_description(key: str, spread: bool = False) -> str:
    """Series description of a map, as a PACS lists it."""
    named = MapKey.read(key)
    title = map_title(named.kind) + (f" part {named.part}" if named.part > 1 else "")
    names = {"ff": "Fat fraction", "dwi_high": "DWI high b, joined", "dwi_low": "DWI low b, joined"}
    return f"MarrowQuant {names.get(key, title)}{' SD' if spread else ''} (research)"


def body_segments(found: BodySegmentation) -> list[Segment]:
    """Vertebral bodies that were segmented, by level."""
    segments = []
    for n, body in enumerate(found.bodies, start=1):
        mask = found.labels.array == n
        if mask.any():
            label = f"{body.level} vertebral body"
            segments.append(Segment(label, label, codes.ANATOMY, level_code(body.level), mask, new_uid(), colour=(220, 200, 150)))
    return segments
