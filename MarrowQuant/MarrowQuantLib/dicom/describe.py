"""The attributes of an image that identify, sort, classify and scale it."""

from __future__ import annotations

import datetime
import hashlib
import re
from functools import lru_cache
from typing import Any, Optional

import numpy as np

from ..io.identity import IdentityWords, tells_who
from . import elements as el
from .csa import csa_numbers

REMOVED = "[removed]"
ANONYMOUS = "anonymous-"  # how a patient_key begins where name and ID tell nobody apart
# our choice, far outside of what an MR scanner writes; what lies beyond is a damaged header
MAX_PLACE_MM, MIN_STEP_MM, MAX_STEP_MM = 1e5, 1e-3, 1e3
MAX_B_VALUE = 100_000.0  # s/mm², our choice: far above what whole-body scanners reach; more is no b-value


def identify(top: el.Elements) -> dict[str, Any]:
    """What is kept of who and when: a hash, a date, and a description without name or ID.

    The hash lets two exams be compared. It is a pseudonym and no anonymisation: who knows the identity can compute it.
    """
    name, patient_id = top.text(0x00100010), top.text(0x00100020)
    parts = [" ".join(part.upper().split()) for part in (patient_id, name, top.text(0x00100030))]
    key = hashlib.sha256("\0".join(("MarrowQuant", *parts)).encode()).hexdigest()[:16] if any(parts) else ""
    if key and not tells_who((patient_id, name)):
        key = ANONYMOUS + key
    return {
        "patient_key": key,
        "series_description": _words_of(patient_id, name).removed_from(top.text(0x0008103E)),
        "exam_date": _date(top),
        # Synthetic Data, or the comment that our digital patient writes
        "synthetic": top.text(0x0008001C).upper() == "YES" or top.text(0x00204000).upper().startswith("SYNTHETIC"),
    }


@lru_cache(maxsize=64)
def _words_of(patient_id: str, name: str) -> IdentityWords:
    """The same for all files of a patient."""
    return IdentityWords((patient_id, name), REMOVED)


def _date(top: el.Elements) -> Optional[datetime.date]:
    """Date of the study, else of the series, acquisition or content."""
    for tag in (0x00080020, 0x00080021, 0x00080022, 0x00080023):
        try:
            return datetime.datetime.strptime(re.sub(r"\D", "", top.text(tag))[:8], "%Y%m%d").date()
        except ValueError:
            continue
    return None


def describe(source: el.Elements) -> dict[str, Any]:
    """The attributes that sort, classify and scale an image."""
    image_type = source.texts(el.FRAME_TYPE) or source.texts(el.IMAGE_TYPE)
    philips_type = source.text(0x20051011).upper()
    scanning_sequence = source.texts(0x00180020) or _enhanced_sequence(source)
    b_value, b_source = _b_value(source)
    field_strength = source.number(0x00180087)
    return {
        **_place(source),
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
        "component": _component(source, image_type, philips_type),
        "contrast": source.text(0x00089209).upper(),
        "scanning_sequence": scanning_sequence,
        "sequence_name": source.text(0x00180024) or source.text(0x00211177) or source.text(0x00189005),
        "echo_planar": "EP" in scanning_sequence or source.text(0x00189018).upper() == "YES",
        "is_3d": source.text(0x00180023).upper() == "3D",
        "photometric": source.text(0x00280004).upper() or "MONOCHROME2",
        "echo_time_ms": _first(source.number(0x00189082), source.number(0x00180081)),
        "repetition_time_ms": source.number(0x00180080),
        "inversion_time_ms": _first(source.number(0x00189079), source.number(0x00180082)),
        "flip_angle_deg": source.number(0x00181314),
        "field_strength_t": field_strength / 1e4 if field_strength and field_strength > 100 else field_strength,  # some write gauss
        "b_value": b_value,
        "b_source": b_source,
        "directionality": _directionality(source),
        "gradient": _gradient(source),
        "temporal_position": _whole(_first(source.number(0x00209128), source.number(0x00200100))),
        "stack_id": source.text(0x00209056),
        "slope": source.number(0x00281053),
        "intercept": source.number(0x00281052) or 0.0,
        "rescale_type": source.text(0x00281054),
        "scale_slope": source.number(0x2005100E),
        "real_world": _real_world(source),
        "padding": source.number(0x00280120),
    }


def _place(source: el.Elements) -> dict[str, Any]:
    position, orientation, spacing = source.numbers(0x00200032), source.numbers(0x00200037), source.numbers(0x00280030)
    step = source.number(0x00180088) or source.number(0x00180050)
    return {
        "position": np.array(position) if len(position) == 3 and max(map(abs, position)) <= MAX_PLACE_MM else None,
        "orientation": np.array(orientation) if len(orientation) == 6 and max(map(abs, orientation)) <= 1.01 else None,
        "pixel_spacing_mm": np.array(spacing) if len(spacing) == 2 and all(map(_is_length, spacing)) else None,
        "slice_step_mm": abs(step) if step and _is_length(abs(step)) else None,  # some write it negative
        "frame_of_reference": source.text(0x00200052),
    }


def _is_length(mm: float) -> bool:
    return MIN_STEP_MM <= mm <= MAX_STEP_MM


def _b_value(source: el.Elements) -> tuple[Optional[float], str]:
    """b-value in s/mm² and the attribute that told it; the public one first, then the vendors' own (``elements`` names them)."""
    public = source.number(0x00189087)
    if public is not None:
        return _sensible(public, "(0018,9087)")
    for tag, name in ((0x0019100C, "Siemens (0019,100C)"), (0x20011003, "Philips (2001,1003)")):
        value = source.number(tag)
        if value is not None:
            return _sensible(value, name)
    # UIH: the prescribed b-value is the same for all images of one b-value, the applied one may differ a little between them
    prescribed, applied = source.number(0x0065100A), source.number(0x00651009)
    if prescribed is not None:
        differs = applied is not None and abs(applied - prescribed) >= 0.5
        return _sensible(prescribed, f"UIH (0065,100A), {applied:g} applied by (0065,1009)" if differs else "UIH (0065,100A)")
    if applied is not None:
        return _sensible(applied, "UIH (0065,1009)")
    value = source.number(0x00431039)
    if value is not None:
        # GE adds 10⁹ to the b-value as a flag (1000000750 is b 750), as the free converters found
        return _sensible(float(int(value) % 1_000_000_000), "GE (0043,1039)")
    csa = csa_numbers(source.value(el.CSA_IMAGE_HEADER), "B_value")
    return _sensible(csa[0], "Siemens CSA header, B_value") if csa else (None, "")


def _sensible(value: float, name: str) -> tuple[Optional[float], str]:
    return (value, name) if 0 <= value <= MAX_B_VALUE else (None, "")


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
    """Unit vector of the diffusion gradient as the vendor gives it; only used to tell directions apart. None if zero or absent."""
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
    x, y, z = (round(value, 3) + 0.0 for value in values)
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


def _real_world(source: el.Elements) -> dict[str, tuple[float, float]]:
    """Real World Value Mapping: unit code to slope and intercept. Tables instead of a slope are left out."""
    found = {}
    for item in source.value(el.REAL_WORLD_VALUES) or ():
        units = item.get("MeasurementUnitsCodeSequence")
        slope, intercept = item.get("RealWorldValueSlope"), item.get("RealWorldValueIntercept")
        numbers = el.as_numbers([slope, intercept])
        if units and len(numbers) == 2:
            found[str(units[0].get("CodeValue", "")).strip()] = numbers
    return found


def _first(*values: Optional[float]) -> Optional[float]:
    return next((value for value in values if value is not None), None)


def _whole(value: Optional[float]) -> Optional[int]:
    """A whole number of DICOM, which has 32 bits (PS3.5, IS), or None."""
    return int(value) if value is not None and abs(value) < 2**31 else None
