"""The attributes of an image that identify, sort, classify and scale it."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Optional

import numpy as np

from ..diffusion.shells import DUMMY_B
from ..io.identity import IdentityWords, without_long_numbers
from ..model import NO_FINDING, finding
from . import elements as el
from .bvalues import B_TAGS, CONFIDENCE, claims_of, named_in, says_weighted
from .csa import csa_numbers
from .dates import date_of
from .patients import patient_of
from .units import unit_of

REMOVED = "[removed]"
# PS3.6: patient's ID, name, other IDs and names, birth date, telephone; accession number, study ID; physicians, operators
IDENTIFYING = (
    0x00100020, 0x00100010, 0x00101000, 0x00101001, 0x00101005, 0x00100030, 0x00102154, 0x00080050, 0x00200010, 0x00080090, 0x00081048,
    0x00081050, 0x00081060, 0x00081070, 0x00321032,
)  # fmt: skip
PLACES = (0x00101040, 0x00080080, 0x00081040)  # patient's address, institution, department
MIN_PLACE = 4  # letters; our choice
# our choice, far outside of what an MR scanner writes; what lies beyond is a damaged header
MAX_PLACE_MM, MIN_STEP_MM, MAX_STEP_MM = 1e5, 1e-3, 1e3
# attributes that decide what a number is; one that is there and cannot be read is not the same as one that is absent
DECISIVE = {
    0x00281053: "Rescale Slope (0028,1053)", 0x00281052: "Rescale Intercept (0028,1052)", 0x2005100E: "Philips' scale slope (2005,100E)",
    0x00180081: "Echo Time (0018,0081)", 0x00189082: "Effective Echo Time (0018,9082)", 0x00200032: "Image Position (0020,0032)",
    0x00200037: "Image Orientation (0020,0037)", 0x00280030: "Pixel Spacing (0028,0030)",
    **{tag: f"the b-value {name}" for tag, name in B_TAGS.items()},
}  # fmt: skip
REAL_WORLD_MAPPING = "Real World Value Mapping (0040,9096)"


def identify(top: el.Elements) -> dict[str, Any]:
    """What is kept of who and when: hashes, a date, and a description without name or ID."""
    date, is_study_date = date_of(top)
    return {
        "patient": patient_of(top),
        "study_uid": top.text(0x0020000D),
        "series_description": screened(top.text(0x0008103E), top),
        "exam_date": date,
        "dated_by_study": is_study_date,
        # Synthetic Data, or the comment that our digital patient writes
        "synthetic": top.text(0x0008001C).upper() == "YES" or top.text(0x00204000).upper().startswith("SYNTHETIC"),
    }


def screened(text: str, top: el.Elements) -> str:
    """A free text of the source without what its own attributes tell about patient and staff, and without long numbers and dates."""
    said = tuple(value for tag in IDENTIFYING for value in top.texts(tag))
    places = tuple(value for tag in PLACES for value in top.texts(tag) if len(value) >= MIN_PLACE)
    return _without(text, said, places)


@lru_cache(maxsize=256)
def _without(text: str, said: tuple[str, ...], places: tuple[str, ...]) -> str:
    """The same for all files of a series."""
    for place in places:  # as a whole: their single words are often technical ones
        text = re.sub(re.escape(place), REMOVED, text, flags=re.IGNORECASE)
    return without_long_numbers(_words_of(said).removed_from(text), REMOVED)


@lru_cache(maxsize=64)
def _words_of(said: tuple[str, ...]) -> IdentityWords:
    """The same for all files of a patient."""
    return IdentityWords(said, REMOVED)


def describe(source: el.Elements) -> dict[str, Any]:
    """The attributes that sort, classify and scale an image."""
    image_type = source.texts(el.FRAME_TYPE) or source.texts(el.IMAGE_TYPE)
    philips_type = source.text(0x20051011).upper()
    scanning_sequence = source.texts(0x00180020) or _enhanced_sequence(source)
    field_strength = source.number(0x00180087)
    sequence_name = source.text(0x00180024) or source.text(0x00211177) or source.text(0x00189005)
    echo_planar = "EP" in scanning_sequence or source.text(0x00189018).upper() == "YES"
    contrast = source.text(0x00089209).upper()
    real_world, ranges, unread_mapping = _real_world(source)
    described = {
        **_place(source),
        **_diffusion(source, image_type, sequence_name, echo_planar, contrast),
        "manufacturer": source.manufacturer,
        "vendor": source.vendor,
        "series_uid": source.text(0x0020000E),
        "series_number": _whole(source.number(0x00200011)),
        "acquisition_number": _whole(source.number(0x00200012)),
        "instance_number": _whole(source.number(0x00200013)),
        "modality": source.text(0x00080060),
        "model": source.text(0x00081090),
        "image_type": image_type,
        "philips_type": philips_type,
        "metabolite": source.text(0x00189080).upper(),
        "component": _component(source, image_type, philips_type),
        "contrast": contrast,
        "scanning_sequence": scanning_sequence,
        "sequence_name": sequence_name,
        "echo_planar": echo_planar,
        "photometric": source.text(0x00280004).upper() or "MONOCHROME2",
        "echo_time_ms": _first(source.only(0x00189082), source.only(0x00180081)),
        "repetition_time_ms": source.number(0x00180080),
        "inversion_time_ms": _first(source.number(0x00189079), source.number(0x00180082)),
        "flip_angle_deg": source.number(0x00181314),
        "field_strength_t": field_strength / 1e4 if field_strength and field_strength > 100 else field_strength,  # some write gauss
        "temporal_position": _whole(_first(source.number(0x00209128), source.number(0x00200100))),
        "stack_id": source.text(0x00209056),
        "slope": source.only(0x00281053),
        "intercept": source.only(0x00281052),
        "rescale_type": source.text(0x00281054) or source.text(0x00541001),
        "scale_slope": source.only(0x2005100E),
        "real_world": real_world,
        "real_world_ranges": ranges,
        "padding": _padding(source),
        "sop_uid": source.text(0x00080018),
        "acquisition_time": source.text(0x0008002A) or source.text(0x00189074) or source.text(0x00080032),
        "problem": finding("unusable.table") if source.value(0x00283000) else NO_FINDING,
    }
    if described["b_claims"]:  # another statement could be read
        source.unreadable -= B_TAGS.keys()
    unread = tuple(name for tag, name in DECISIVE.items() if tag in source.unreadable)
    return {**described, "unreadable": (*unread, *([REAL_WORLD_MAPPING] if unread_mapping else ()))}


def _place(source: el.Elements) -> dict[str, Any]:
    step = source.number(0x00180088) or source.number(0x00180050)
    position, orientation = _exactly(source, 0x00200032, 3), _exactly(source, 0x00200037, 6)
    spacing = _exactly(source, 0x00280030, 2)
    thickness = source.number(0x00180050)
    return {
        "position": np.array(position) if position and max(map(abs, position)) <= MAX_PLACE_MM else None,
        "orientation": np.array(orientation) if orientation and max(map(abs, orientation)) <= 1.01 else None,
        "pixel_spacing_mm": np.array(spacing) if spacing and all(map(_is_length, spacing)) else None,
        "slice_step_mm": abs(step) if step and _is_length(abs(step)) else None,  # some write it negative
        "thickness_mm": thickness if thickness and _is_length(thickness) else None,
        "frame_of_reference": source.text(0x00200052),
    }


def _exactly(source: el.Elements, tag: int, count: int) -> tuple[float, ...]:
    """So many numbers, or none."""
    numbers = source.numbers(tag)
    if numbers and len(numbers) != count:
        source.unreadable.add(tag)
    return numbers if len(numbers) == count else ()


def _is_length(mm: float) -> bool:
    return MIN_STEP_MM <= mm <= MAX_STEP_MM


def _padding(source: el.Elements) -> Optional[tuple[float, float]]:
    """The range of stored values that are no measurements (PS3.3 C.7.5.1.1.2), as the pixels are: signed or not, of the stored bits."""
    ends = [source.number(0x00280120), source.number(0x00280121)]
    if ends[0] is None:
        return None
    bits = int(source.number(0x00280101) or source.number(0x00280100) or 16)
    if source.number(0x00280103) == 1:
        ends = [None if end is None else end - (1 << bits) if end >= 1 << (bits - 1) else end for end in ends]
    known = [end for end in ends if end is not None]
    return min(known), max(known)


def _diffusion(
    source: el.Elements, image_type: Sequence[str], sequence_name: str, echo_planar: bool, contrast: str
) -> dict[str, Any]:
    """b-value and direction: by their elements, else by a text that names them."""
    claims = claims_of(source)
    found: dict[str, Any] = {"b_claims": claims, "directionality": _directionality(source), "gradient": _gradient(source)}
    if claims:
        first = claims[0]
        found.update(b_value=0.0 if first.value < DUMMY_B else first.value, b_source=first.source)
    elif not source.unreadable & B_TAGS.keys():
        description, protocol = source.text(0x0008103E), source.text(0x00181030)
        texts = f"{description} {protocol}"
        is_diffusion = "DIFFUSION" in (*image_type, contrast) or (echo_planar and _names_diffusion(texts)) or says_weighted(texts)
        named = named_in(sequence_name, source.text(0x00204000), description, protocol, is_diffusion)
        if named is not None:
            claim, direction = named
            found.update(b_value=claim.value, b_source=claim.source, b_confidence=CONFIDENCE[claim.kind])
            found["direction_number"] = direction or None
            if direction is not None and claim.value and not found["directionality"]:
                found["directionality"] = "DIRECTIONAL" if direction else "ISOTROPIC"
    return found


def _names_diffusion(text: str) -> bool:
    return re.search(r"dwi|diff|trace|(?<![a-z])b[ =_-]?\d", text, re.IGNORECASE) is not None


def _directionality(source: el.Elements) -> str:
    """"ISOTROPIC" for a trace-weighted image, "DIRECTIONAL" for one gradient direction, "" if the header does not say."""
    stated = (source.text(0x00189075) or source.text(0x0019100D)).upper()
    if stated in ("ISOTROPIC", "NONE"):
        return "ISOTROPIC"
    if stated:
        return "DIRECTIONAL"
    philips = source.text(0x20011004).upper()
    return {"": "", "I": "ISOTROPIC"}.get(philips, "DIRECTIONAL")


def _gradient(source: el.Elements) -> Optional[tuple[float, float, float]]:
    """The diffusion gradient as the vendor gives it, mostly a unit vector, to tell directions apart. None if zero or absent."""
    nested = source.value(0x00189076)
    values = el.as_numbers(nested[0].get("DiffusionGradientOrientation")) if nested else source.numbers(0x00189089)
    if len(values) != 3:
        values = source.numbers(0x0019100E)
    if len(values) != 3:
        values = source.numbers(0x00651037)
    for tags in ((0x001910BB, 0x001910BC, 0x001910BD), (0x200510B0, 0x200510B1, 0x200510B2)):
        if len(values) != 3:
            values = tuple(n for n in map(source.number, tags) if n is not None)
    if len(values) != 3 and source.vendor == el.SIEMENS:
        values = csa_numbers(source.value(el.CSA_IMAGE_HEADER), "DiffusionGradientDirection")
    if len(values) != 3 or not any(values):
        return None
    x, y, z = (round(value, 4) + 0.0 for value in values)
    return x, y, z


def _component(source: el.Elements, image_type: tuple[str, ...], philips_type: str) -> str:
    """"magnitude", "phase", "real", "imaginary", or "" if the header does not say."""
    stated = source.text(0x00089208).lower()
    if stated in ("magnitude", "phase", "real", "imaginary"):
        return stated
    code = source.number(0x0043102F)
    if code in (0, 1, 2, 3):
        return ("magnitude", "phase", "real", "imaginary")[int(code)]
    if source.vendor not in (el.SIEMENS, el.PHILIPS):
        return ""
    words = {philips_type, *image_type[2:]}
    for name, short in (("phase", "P"), ("real", "R"), ("imaginary", "I"), ("magnitude", "M")):
        if any(word == short or word.startswith((f"{short}_", name.upper())) for word in words):
            return name
    return ""


def _enhanced_sequence(source: el.Elements) -> tuple[str, ...]:
    """The classic words of Scanning Sequence for the attributes that replace it in enhanced objects."""
    echo = {"SPIN": ("SE",), "GRADIENT": ("GR",), "BOTH": ("SE", "GR")}.get(source.text(0x00189008).upper(), ())
    return (*echo, *(("IR",) if source.text(0x00189009).upper() == "YES" else ()))


Ranges = tuple[tuple[float, float], ...]


def _real_world(source: el.Elements) -> tuple[dict[str, tuple[float, float]], dict[str, Ranges], bool]:
    """Real World Value Mapping: unit to slope and intercept, and to the stored values it holds for (nothing: for all); and whether one
    cannot be used: a table, no number, an upside-down range, two for one unit."""
    found: dict[str, tuple[float, float]] = {}
    ranges: dict[str, list[tuple[float, float]]] = {}
    unread = False
    for item in source.value(el.REAL_WORLD_VALUES) or ():
        units = item.get("MeasurementUnitsCodeSequence")
        numbers = tuple(el.as_numbers([value]) or el.plain_numbers([value] if value is not None else "")
                        for value in (item.get("RealWorldValueSlope"), item.get("RealWorldValueIntercept")))  # fmt: skip
        if not units:
            continue
        code = _unit_code(units[0])
        mapping = (numbers[0][0], numbers[1][0]) if all(numbers) else None
        unread = unread or mapping is None or found.get(code, mapping) != mapping
        if mapping is not None:
            found[code] = mapping
            limits = _mapped_range(item, source)
            unread = unread or (limits is not None and not limits[0] <= limits[1])
            ranges.setdefault(code, []).append(limits or (-math.inf, math.inf))
    narrow = {code: tuple(limits) for code, limits in ranges.items() if (-math.inf, math.inf) not in limits}
    return found, narrow, unread


def _mapped_range(item: Any, source: el.Elements) -> Optional[tuple[float, float]]:
    """The first and the last stored value that a mapping holds for (PS3.3 C.7.6.16.2.11); None if it does not say."""
    for names in (("RealWorldValueFirstValueMapped", "RealWorldValueLastValueMapped"),
                  ("DoubleFloatRealWorldValueFirstValueMapped", "DoubleFloatRealWorldValueLastValueMapped")):  # fmt: skip
        signed = source.number(0x00280103) == 1
        ends = [el.as_numbers(item.get(name), "<h" if signed else "<H") for name in names]
        if all(ends):
            first, last = (end[0] - (1 << 16) if signed and end[0] >= 1 << 15 else end[0] for end in ends)  # some write them unsigned
            return first, last
    return None


def _unit_code(item: Any) -> str:
    """The code of a unit, or its meaning where the code is no unit that is understood and the meaning is."""
    texts = [el.as_text(item.get(name) or "") for name in ("CodeValue", "LongCodeValue", "CodeMeaning")]
    return next((text for text in texts if unit_of(text)), texts[0])


def _first(*values: Optional[float]) -> Optional[float]:
    return next((value for value in values if value is not None), None)


def _whole(value: Optional[float]) -> Optional[int]:
    """A whole number of DICOM, which has 32 bits (PS3.5, IS), or None."""
    return int(value) if value is not None and abs(value) < 2**31 else None
