"""Which files are passed on at all: images of a kind that has no text in its pixels. Everything else is left out and listed.

Structured reports, encapsulated documents, presentation states, raw data and private objects are text or hold it in forms that no table
describes; secondary captures and screen saves are pictures of text.
"""

from __future__ import annotations

from typing import Any, NamedTuple, Optional

from pydicom.dataset import Dataset

from ..dicom.headers import DAMAGE, MR_IMAGES, PARAMETRIC_MAP, SECONDARY_CAPTURES, STORAGE
from ..model import Finding, finding


class PrivateElement(NamedTuple):
    """A private element: its creator, group and last byte."""

    creator: str
    group: int
    element: int


DICOMDIR = "1.2.840.10008.1.3.10"
PASSED_ON = MR_IMAGES | {PARAMETRIC_MAP}
CAPTURE_WORDS = ("SCREEN SAVE", "SCREENSHOT", "SCREEN_SAVE", "SECONDARY CAPTURE")
TILES = PrivateElement("Image Private Header", 0x0065, 0x51)
# PS3.6 Annex A: storage classes by the beginning of their UID, and the finding that says why none is passed on
KINDS = (
    (STORAGE + "88.", "left_out.report"),
    (STORAGE + "104.", "left_out.document"),
    (STORAGE + "11.", "left_out.presentation"),
    (STORAGE + "66", "left_out.raw"),
    (STORAGE + "9.", "left_out.waveform"),
    (STORAGE + "77.", "left_out.photograph"),
)


def reason_to_leave_out(dataset: Dataset, sop_class: str) -> Optional[Finding]:
    """Why a file must not be passed on, as a finding "left_out.…" that carries no identity; None if it may be.

    Parameters
    ----------
    dataset : Dataset
        As it was read, before cleaning.
    sop_class : str
        UID of its SOP class.
    """
    stated = str(dataset.get("SOPClassUID") or sop_class).strip(" \0")
    code = _wrong_object(sop_class) or _wrong_object(stated) or _picture_of_text(dataset)
    return finding(code) if code else None


def _wrong_object(sop_class: str) -> str:
    if sop_class in PASSED_ON:
        return ""
    if sop_class == DICOMDIR:
        return "left_out.index"
    if sop_class in SECONDARY_CAPTURES:
        return "left_out.capture"
    return next((code for start, code in KINDS if sop_class.startswith(start)), "left_out.other")


def _picture_of_text(dataset: Dataset) -> str:
    image_type = " ".join(str(part).upper() for part in _parts(dataset.get("ImageType")))
    is_placed = "ImagePositionPatient" in dataset or "PerFrameFunctionalGroupsSequence" in dataset or _has_tile_positions(dataset)
    codes = {
        "left_out.burned_in": str(dataset.get("BurnedInAnnotation") or "").upper() == "YES",
        "left_out.screen_save": any(word in image_type for word in CAPTURE_WORDS) or bool(dataset.get("ConversionType")),
        "left_out.colour": not str(dataset.get("PhotometricInterpretation") or "MONOCHROME2").startswith("MONOCHROME"),
        "left_out.no_position": not is_placed,
        "left_out.no_pixels": not any(name in dataset for name in ("PixelData", "FloatPixelData", "DoubleFloatPixelData")),
    }
    return next((code for code, applies in codes.items() if applies), "")


def _has_tile_positions(dataset: Dataset) -> bool:
    """United Imaging's grid of tiles, whose positions are in a private sequence only."""
    try:
        tiles = dataset.private_block(TILES.group, TILES.creator)[TILES.element].value
        return bool(tiles) and all("ImagePositionPatient" in tile for tile in tiles)
    except DAMAGE:
        return False


def _parts(value: Any) -> list[Any]:
    return [] if value is None else [value] if isinstance(value, str) else list(value)
