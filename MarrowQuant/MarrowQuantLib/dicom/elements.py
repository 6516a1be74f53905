"""Look-up of DICOM attributes: public or private, classic or per frame, decoded or still raw bytes.

Attribute numbers are those of DICOM PS3.6. The private ones are the vendors' own, as their conformance statements and the free converters
name them: Siemens (0019,100C) b-value; GE (0043,1039) b-value and (0043,102F) complex component; Philips (2001,1003) b-value,
(2001,1004) diffusion direction, (2005,1011) image type, (2005,100E) scale slope; UIH (0065,1009) and (0065,100A) b-value as applied
and as prescribed, (0065,1037) gradient direction, (0065,1050) and (0065,1051) number and positions of tiled slices.
"""

from __future__ import annotations

import math
import re
import struct
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Optional, Union

from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue

MANUFACTURER = 0x00080070
IMAGE_TYPE, FRAME_TYPE = 0x00080008, 0x00089007
SHARED_GROUPS, PER_FRAME_GROUPS = 0x52009229, 0x52009230
PHILIPS_PRIVATE_GROUP = 0x2005140F  # Philips' sequence of per-frame private elements inside enhanced objects
REAL_WORLD_VALUES = 0x00409096
SCALES = (0x00281052, 0x00281053, 0x00281054, REAL_WORLD_VALUES)  # rescale intercept, slope and type; real-world mapping
CSA_IMAGE_HEADER = 0x00291010  # Siemens, see csa.py

SIEMENS, GE, PHILIPS, UIH = "SIEMENS", "GE", "PHILIPS", "UIH"

# private element: (vendor, format of its value if it arrives as raw bytes; "" is text)
PRIVATE = {
    0x0019100A: (SIEMENS, "<H"),  # number of images in mosaic
    0x0019100C: (SIEMENS, ""),  # b-value
    0x0019100D: (SIEMENS, ""),  # diffusion directionality
    0x0019100E: (SIEMENS, "<d"),  # diffusion gradient direction
    0x00211177: (SIEMENS, ""),  # sequence name, per frame
    CSA_IMAGE_HEADER: (SIEMENS, "raw"),
    0x001910BB: (GE, ""),  # diffusion gradient direction x, y, z
    0x001910BC: (GE, ""),
    0x001910BD: (GE, ""),
    0x0043102F: (GE, "<h"),  # complex component
    0x00431039: (GE, ""),  # b-value and flags
    0x20011003: (PHILIPS, "<f"),  # b-value
    0x20011004: (PHILIPS, ""),  # diffusion direction: I (isotropic) or an axis
    0x2005100E: (PHILIPS, "<f"),  # scale slope
    0x20051011: (PHILIPS, ""),  # image type
    0x200510B0: (PHILIPS, "<f"),  # diffusion gradient direction x, y, z
    0x200510B1: (PHILIPS, "<f"),
    0x200510B2: (PHILIPS, "<f"),
    0x00651009: (UIH, "<d"),  # b-value as applied
    0x0065100A: (UIH, "<d"),  # b-value as prescribed
    0x00651037: (UIH, "<d"),  # diffusion gradient direction
    0x00651050: (UIH, ""),  # number of slices in a grid of tiles
    0x00651051: (UIH, "raw"),  # sequence: position of each tile
}
CREATOR_PREFIXES = {SIEMENS: "SIEMENS", GE: "GEMS", PHILIPS: "PHILIPS", UIH: "IMAGE PRIVATE HEADER"}

# raw bytes of these types are read here, because pydicom's conversion of every element would take most of the time of a scan
NUMBER_FORMATS = {"US": "<H", "SS": "<h", "UL": "<I", "SL": "<i", "FL": "<f", "FD": "<d"}
TEXT_TYPES = frozenset(("AS", "CS", "DA", "DS", "IS", "LO", "LT", "SH", "ST", "TM", "UI"))


Held = tuple[Any, Dataset]
"""An element as it was read, decoded or not, and the data set that holds it."""


class Level(dict[int, Held]):
    """Where each attribute of one level lies. What was decoded is kept: the frames of a file share most of their levels."""

    def __init__(self, held: Union[Mapping[int, Held], Iterable[tuple[int, Held]]] = ()) -> None:
        super().__init__(held)
        self.decoded: dict[int, Any] = {}

    @classmethod
    def of(cls, dataset: Dataset) -> Level:
        """All attributes of a data set. The keys are plain numbers, as pydicom's own are slow to compare."""
        return cls((int(tag), (element, dataset)) for tag, element in dataset.items())

    def value(self, tag: int) -> Any:
        """The decoded value of an attribute that lies here."""
        if tag not in self.decoded:
            self.decoded[tag] = _value(*self[tag], tag)
        return self.decoded[tag]


class Elements:
    """The attributes of one image: its own frame's groups first, then the shared ones, then the data set's top level.

    Parameters
    ----------
    levels : iterable of Level
        The most specific level first.

    Attributes
    ----------
    manufacturer, vendor : str
        As the file says, and in the words of this module. It decides whose private elements are believed where the private creator is
        missing.
    unreadable : set of int
        Tags asked for as numbers that hold something else.
    """

    def __init__(self, levels: Iterable[Level]) -> None:
        self._levels = tuple(levels)
        self.unreadable: set[int] = set()
        self.manufacturer = self.text(MANUFACTURER)
        self.vendor = vendor_of(self.manufacturer)

    def with_levels(self, *levels: Level) -> Elements:
        """The same image with more specific levels in front."""
        return Elements((*levels, *self._levels))

    def without(self, tags: Collection[int]) -> Elements:
        """The same image as if these attributes stood nowhere."""
        if not tags:
            return self
        return Elements(Level({tag: held for tag, held in level.items() if tag not in tags}) for level in self._levels)

    def value(self, tag: int) -> Any:
        """The decoded value, raw bytes if the element came without its type, or None."""
        for level in self._levels:
            held = level.get(tag)
            if held is None or (tag in PRIVATE and not self._is_vendors(held[1], tag)):
                continue
            value = level.value(tag)
            if value is not None and value != "":
                return value
        return None

    def _is_vendors(self, dataset: Dataset, tag: int) -> bool:
        """Numbers of private elements are not unique: one counts only under its vendor's creator, or on its vendor's scanner."""
        vendor = PRIVATE[tag][0]
        creator_tag = (tag & 0xFFFF0000) | ((tag >> 8) & 0xFF)
        creator = _value(dataset.get_item(creator_tag), dataset, creator_tag) if creator_tag in dataset else None
        if creator:
            return as_text(creator).upper().startswith(CREATOR_PREFIXES[vendor])
        return self.vendor == vendor

    def number(self, tag: int, index: int = 0) -> Optional[float]:
        """One number of the element, or None if it is absent or not a number."""
        values = self.numbers(tag)
        return values[index] if len(values) > index else None

    def numbers(self, tag: int) -> tuple[float, ...]:
        """The numbers of the element, none if it is absent; what is there and cannot be read is noted in ``unreadable``."""
        value = self.value(tag)
        numbers = as_numbers(value, PRIVATE.get(tag, ("", ""))[1])
        if not numbers and value is not None and not _is_blank(value):
            numbers = plain_numbers(value, UNITS_OF.get(tag, ()))
            if not numbers:
                self.unreadable.add(tag)
        return numbers

    def only(self, tag: int) -> Optional[float]:
        """The number of an attribute that has one; several that differ cannot be read, and are noted in ``unreadable``."""
        numbers = self.numbers(tag)
        if len(set(numbers)) > 1:
            self.unreadable.add(tag)
            return None
        return numbers[0] if numbers else None

    def text(self, tag: int) -> str:
        """The value as text; "" where there is none."""
        value = self.value(tag)
        return "" if value is None else as_text(value)

    def texts(self, tag: int) -> tuple[str, ...]:
        """The parts of a multi-valued text, upper case."""
        value = self.value(tag)
        if value is None:
            return ()
        parts = value if isinstance(value, (MultiValue, list, tuple)) else as_text(value).split("\\")
        return tuple(as_text(part).upper() for part in parts if part not in (None, ""))


NUMBER_TEXTS = ("DS", "IS")
ESCAPE = b"\x1b"  # begins another character set in text that is ASCII otherwise, such as ISO 2022 IR 87 (PS3.5 6.1.2.5)


def _value(element: Any, dataset: Dataset, tag: int) -> Any:
    """Value of an element of a data set; plain types straight from the bytes, the rest through pydicom."""
    if isinstance(element, RawDataElement) and element.is_little_endian and element.value is not None:
        if element.VR in NUMBER_FORMATS:
            return as_numbers(element.value, NUMBER_FORMATS[element.VR])
        if element.VR in TEXT_TYPES and element.value.isascii() and ESCAPE not in element.value:
            return as_text(element.value)
        if element.VR in NUMBER_TEXTS:
            return as_text(element.value)  # what cannot be a number by the rules is looked at later
    return dataset[tag].value


def vendor_of(manufacturer: str) -> str:
    """Siemens, GE, Philips, UIH in the words of this module, or the manufacturer's name itself."""
    name = manufacturer.upper()
    if name.startswith("GE ") or name in ("GE", "GEHC") or "GENERAL ELECTRIC" in name:
        return GE
    return next((vendor for vendor in (SIEMENS, PHILIPS, UIH) if vendor in name), name)


def as_text(value: Any) -> str:
    """Text of a value that may be raw bytes, without padding."""
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    return text.strip(" \0")


def as_numbers(value: Any, binary_format: str = "") -> tuple[float, ...]:
    """Numbers of a value, none if one is not finite; raw bytes are unpacked as ``binary_format``, or read as text if that is empty."""
    if value is None or value == "":
        return ()
    parts: Iterable[Any]
    if isinstance(value, bytes) and binary_format:
        size = struct.calcsize(binary_format)
        parts = [n for (n,) in struct.iter_unpack(binary_format, value[: len(value) // size * size])]
    elif isinstance(value, (str, bytes)):
        text = as_text(value)
        parts = ["_"] if "_" in text else text.split("\\")  # it stands between digits in Python's source, in no header
    else:
        parts = value if isinstance(value, (MultiValue, list, tuple)) else [value]
        parts = ["_" if isinstance(part, str) and "_" in part else as_text(part) if isinstance(part, bytes) else part for part in parts]
    try:
        numbers = tuple(map(float, parts))
    except (TypeError, ValueError, OverflowError):
        return ()
    return numbers if all(map(math.isfinite, numbers)) else ()


# a unit may stand behind the number where it is the attribute's own
UNITS_OF = {
    **dict.fromkeys((0x00189087, 0x0019100C, 0x20011003, 0x00651009, 0x0065100A, 0x00431039), ("s/mm2", "s/mm^2", "s/mm²")),
    **dict.fromkeys((0x00180080, 0x00180081, 0x00189082, 0x00180082, 0x00189079), ("ms", "msec")),
    **dict.fromkeys((0x00200032, 0x00280030, 0x00180050, 0x00180088), ("mm",)),
    0x00180087: ("t", "tesla"),
    0x00181314: ("deg", "°"),
}
_NUMBER = re.compile(r"(?:[a-z]{1,8}\s*[=:]\s*)?([-+]?(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:e[-+]?\d+)?)\s*([^\d\s].*)?", re.IGNORECASE)


def plain_numbers(value: Any, units: tuple[str, ...] = ()) -> tuple[float, ...]:
    """Numbers of a text that is none by the rules of DICOM, but means one thing only: a decimal comma, full-width digits, quotes, a name in
    front (``b=50``), the attribute's own unit behind. None where anything can be read in two ways, such as ``1,000``.
    """
    parts = value if isinstance(value, (MultiValue, list, tuple)) else as_text(value).split("\\")
    numbers = []
    for part in parts:
        text = unicodedata.normalize("NFKC", as_text(part)).strip(" \t\r\n\"'").replace("−", "-")
        match = _NUMBER.fullmatch(text)
        if match is None or (match[2] and match[2].strip().lower() not in units):
            return ()
        if re.fullmatch(r"[-+]?[1-9]\d{0,2},\d{3}", match[1]):  # a decimal comma, or one between thousands
            return ()
        numbers.append(float(match[1].replace(",", ".")))
    return tuple(numbers) if numbers and all(map(math.isfinite, numbers)) else ()


def _is_blank(value: Any) -> bool:
    return not as_text(value).strip() if isinstance(value, (str, bytes)) else not isinstance(value, (int, float)) and not len(value)


def flatten_group(group: Optional[Dataset]) -> Level:
    """Where each wanted attribute of a functional group lies: in the macros' items."""
    found = Level()
    if group is None:
        return found
    for tag in group.keys():  # a data set itself gives its elements
        if tag == REAL_WORLD_VALUES:
            found[int(tag)] = group.get_item(tag), group
            continue
        element = group[tag]
        if element.VR != "SQ" or not element.value:
            continue
        item = element.value[0]
        only_private = tag == PHILIPS_PRIVATE_GROUP
        found.update((int(inner), (own, item)) for inner, own in item.items() if not only_private or inner in PRIVATE)
    return found
