"""Which files are passed on at all: images of a kind that has no text in its pixels. Everything else is left out and listed.

Structured reports, encapsulated documents, presentation states, raw data and private objects are text or hold it in forms that no table
describes; secondary captures and screen saves are pictures of text.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from pydicom.dataset import Dataset

from ..dicom.headers import DAMAGE, MR_IMAGES, PARAMETRIC_MAP, SECONDARY_CAPTURES, STORAGE


class PrivateElement(NamedTuple):
    """A private element: its creator, group and last byte."""

    creator: str
    group: int
    element: int


DICOMDIR = "1.2.840.10008.1.3.10"
BURNED_IN = "text may be burned into its pixels"
PASSED_ON = MR_IMAGES | {PARAMETRIC_MAP}
CAPTURE_WORDS = ("SCREEN SAVE", "SCREENSHOT", "SCREEN_SAVE", "SECONDARY CAPTURE")
# PS3.6 Annex A: storage classes by the beginning of their UID
TILES = PrivateElement("Image Private Header", 0x0065, 0x51)
KINDS = (
    (STORAGE + "88.", "a structured report or key object selection"),
    (STORAGE + "104.", "an encapsulated document"),
    (STORAGE + "11.", "a presentation state"),
    (STORAGE + "66", "raw data, a registration or a segmentation"),
    (STORAGE + "9.", "a waveform"),
    (STORAGE + "77.", "a photograph, video or other visible-light image"),
)


def reason_to_leave_out(dataset: Dataset, sop_class: str) -> str:
    """Why a file must not be passed on, in words that carry no identity; empty if it may be.

    Parameters
    ----------
    dataset : Dataset
        As it was read, before cleaning.
    sop_class : str
        UID of its SOP class.
    """
    stated = str(dataset.get("SOPClassUID") or sop_class).strip(" \0")
    return _wrong_object(sop_class) or _wrong_object(stated) or _picture_of_text(dataset)


def _wrong_object(sop_class: str) -> str:
    if sop_class in PASSED_ON:
        return ""
    if sop_class == DICOMDIR:
        return "a DICOMDIR, an index of the original files"
    if sop_class in SECONDARY_CAPTURES:
        return f"a secondary capture: {BURNED_IN}"
    kind = next((kind for start, kind in KINDS if sop_class.startswith(start)), "an object that is no MR image")
    return f"{kind}: its content cannot be cleaned safely"


def _picture_of_text(dataset: Dataset) -> str:
    image_type = " ".join(str(part).upper() for part in _parts(dataset.get("ImageType")))
    is_placed = "ImagePositionPatient" in dataset or "PerFrameFunctionalGroupsSequence" in dataset or _has_tile_positions(dataset)
    reasons = {
        "Burned In Annotation says YES": str(dataset.get("BurnedInAnnotation") or "").upper() == "YES",
        f"a screen save: {BURNED_IN}": any(word in image_type for word in CAPTURE_WORDS) or bool(dataset.get("ConversionType")),
        f"a colour picture: {BURNED_IN}": not str(dataset.get("PhotometricInterpretation") or "MONOCHROME2").startswith("MONOCHROME"),
        f"an image without a position, such as a chart: {BURNED_IN}": not is_placed,
        "no pixels": not any(name in dataset for name in ("PixelData", "FloatPixelData", "DoubleFloatPixelData")),
    }
    return next((reason for reason, applies in reasons.items() if applies), "")


def _has_tile_positions(dataset: Dataset) -> bool:
    """United Imaging's grid of tiles, whose positions are in a private sequence only."""
    try:
        tiles = dataset.private_block(TILES.group, TILES.creator)[TILES.element].value
        return bool(tiles) and all("ImagePositionPatient" in tile for tile in tiles)
    except DAMAGE:
        return False


def _parts(value: Any) -> list[Any]:
    return [] if value is None else [value] if isinstance(value, str) else list(value)
