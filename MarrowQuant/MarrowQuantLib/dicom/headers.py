"""Files to frames: each file's header is read once, and every image in it becomes one :class:`Frame`, whatever the object's form."""

from __future__ import annotations

import datetime
import hashlib
import os
import re
import struct
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Optional

import numpy as np
import pydicom
from pydicom.errors import InvalidDicomError

from ..model import MarrowQuantError, Progress
from . import elements as el
from .mosaic import mosaic_tiles

MR_IMAGE = "1.2.840.10008.5.1.4.1.1.4"
SECONDARY_CAPTURES = "1.2.840.10008.5.1.4.1.1.7"
PARAMETRIC_MAP = "1.2.840.10008.5.1.4.1.1.30"
DEFLATED = "1.2.840.10008.1.2.1.99"
BIG_ENDIAN = "1.2.840.10008.1.2.2"
UNCOMPRESSED = ("1.2.840.10008.1.2", "1.2.840.10008.1.2.1", BIG_ENDIAN)
PIXEL_TAGS = {(0x7FE0, 0x0010): "int", (0x7FE0, 0x0008): "float32", (0x7FE0, 0x0009): "float64"}
REMOVED = "[removed]"
MIN_NAME_LENGTH = 3  # shorter parts of a name are too common in series descriptions to be identifying (our choice)
# what pydicom raises, at once or when a value is decoded, on bytes that are not what they claim to be
DAMAGE = (InvalidDicomError, EOFError, struct.error, ValueError, KeyError, TypeError, AttributeError, NotImplementedError, IndexError)


@dataclass(frozen=True)
class PixelStore:
    """Where a file's pixels lie, and how they are stored. ``offset`` is None where they must be decoded (compressed, deflated)."""

    path: Path
    relative: str
    offset: Optional[int]
    dtype: str
    rows: int
    columns: int
    n_frames: int
    samples: int
    transfer_syntax: str


@dataclass(frozen=True)
class Frame:
    """One image's header.

    Positions and directions are DICOM's: LPS, mm. Times are in the units of the attribute names. What the file does not say is None
    or empty. Identity is not kept: ``patient_key`` is a hash, and the description is free of name and ID.
    """

    pixels: PixelStore
    index: int  # of the frame in its file
    rows: int
    columns: int
    position: Optional[np.ndarray]
    orientation: Optional[np.ndarray]
    pixel_spacing_mm: Optional[np.ndarray]  # between rows, between columns
    slice_step_mm: Optional[float]  # as the header claims; only used for a single slice
    tile: Optional[tuple[int, int]] = None  # row and column of the slice inside a mosaic, in pixels
    sop_class: str = ""
    series_uid: str = ""
    series_number: Optional[int] = None
    series_description: str = ""
    acquisition_number: Optional[int] = None
    instance_number: Optional[int] = None
    frame_of_reference: str = ""
    exam_date: Optional[datetime.date] = None
    patient_key: str = ""
    synthetic: bool = False
    modality: str = ""
    manufacturer: str = ""
    vendor: str = ""
    model: str = ""
    image_type: tuple[str, ...] = ()
    philips_type: str = ""
    component: str = ""
    contrast: str = ""
    scanning_sequence: tuple[str, ...] = ()
    sequence_name: str = ""
    echo_planar: bool = False
    is_3d: bool = False
    photometric: str = "MONOCHROME2"
    echo_time_ms: Optional[float] = None
    repetition_time_ms: Optional[float] = None
    inversion_time_ms: Optional[float] = None
    flip_angle_deg: Optional[float] = None
    field_strength_t: Optional[float] = None
    b_value: Optional[float] = None
    b_source: str = ""
    directionality: str = ""
    gradient: Optional[tuple[float, float, float]] = None
    temporal_position: Optional[int] = None
    stack_id: str = ""
    slope: Optional[float] = None
    intercept: float = 0.0
    rescale_type: str = ""
    scale_slope: Optional[float] = None  # Philips (2005,100E)
    real_world: Mapping[str, tuple[float, float]] = field(default_factory=dict)  # unit code: slope, intercept
    padding: Optional[float] = None


def read_folder(folder: Path, progress: Progress) -> list[Frame]:
    """Every MR image below ``folder`` as frames; files that are not DICOM are skipped.

    Raises
    ------
    MarrowQuantError
        If the folder is missing, empty or without MR images, or a DICOM file is damaged or cut short.
    """
    if not folder.is_dir():
        raise MarrowQuantError(f"The folder {folder.name} does not exist; give a folder with the DICOM files of an exam.")
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    if not files:
        raise MarrowQuantError(f"The folder {folder.name} is empty; give a folder with the DICOM files of an exam.")
    frames: list[Frame] = []
    with warnings.catch_warnings(), pydicom.config.disable_value_validation():
        warnings.simplefilter("ignore")  # pydicom's remarks on odd but readable values are of no use to the reader
        for n, path in enumerate(files):
            if n % 50 == 0:
                progress(n / len(files), f"Reading headers, {n} of {len(files)} files")
            frames.extend(_read_file(path, path.relative_to(folder).as_posix()))
    if not frames:
        raise MarrowQuantError(f"There is no MR image in the folder {folder.name}; give a folder with the DICOM files of an exam.")
    progress(1.0, f"{len(files)} files read")
    return frames


def _read_file(path: Path, relative: str) -> list[Frame]:
    try:
        with path.open("rb") as file:
            if not _is_dicom(file, path):
                return []
            dataset = pydicom.dcmread(file, stop_before_pixels=True, force=True)
            top = el.Elements((dict.fromkeys(map(int, dataset.keys()), dataset),))
            sop_class = str(dataset.file_meta.get("MediaStorageSOPClassUID", "")) or top.text(0x00080016)
            if not sop_class:
                raise EOFError
            if not sop_class.startswith((MR_IMAGE, SECONDARY_CAPTURES, PARAMETRIC_MAP)):
                return []
            store = _locate_pixels(file, top, str(dataset.file_meta.get("TransferSyntaxUID", "")) or UNCOMPRESSED[0], path, relative)
        return list(_frames(top, store, sop_class))
    except MarrowQuantError:
        raise
    except OSError as error:
        raise MarrowQuantError(f"The file {relative} cannot be read ({error.strerror}); check the file and its permissions.") from error
    except DAMAGE as error:
        raise MarrowQuantError(f"The DICOM file {relative} is damaged or cut short; export or copy it again.") from error


def _is_dicom(file: BinaryIO, path: Path) -> bool:
    """True for a file with DICOM's magic, for one that begins with a data set of group 0008, and for a short stub named .dcm."""
    head = file.read(132)
    file.seek(0)
    if head[128:] == b"DICM":
        return True
    if len(head) < 132:
        return path.suffix.lower() == ".dcm"
    group, element = struct.unpack_from("<HH", head)
    return group == 0x0008 and element in (0x0000, 0x0005, 0x0008, 0x0012, 0x0016)


def _locate_pixels(file: BinaryIO, top: el.Elements, syntax: str, path: Path, relative: str) -> PixelStore:
    """Where the pixels are; a file that holds fewer bytes than its header promises is refused here, without reading any."""
    store = PixelStore(
        path=path,
        relative=relative,
        offset=None,
        dtype="",
        rows=int(top.number(0x00280010) or 0),
        columns=int(top.number(0x00280011) or 0),
        n_frames=int(top.number(0x00280008) or 1),
        samples=int(top.number(0x00280002) or 1),
        transfer_syntax=syntax,
    )
    if syntax == DEFLATED:
        return store
    order = ">" if syntax == BIG_ENDIAN else "<"
    header = file.read(12)
    kind = PIXEL_TAGS.get(struct.unpack_from(order + "HH", header)) if len(header) == 12 else None
    if kind is None or not store.rows or not store.columns:
        raise MarrowQuantError(f"The DICOM file {relative} is cut short before its pixels; export or copy it again.")
    if syntax not in UNCOMPRESSED:
        return store
    explicit = header[4:6].isalpha()
    dtype = np.dtype(order + _type_code(top, kind))
    offset = file.tell() if explicit else file.tell() - 4
    expected = store.rows * store.columns * store.samples * store.n_frames * dtype.itemsize
    if os.fstat(file.fileno()).st_size - offset < expected:
        raise MarrowQuantError(f"The DICOM file {relative} is cut short: fewer pixels than its header says; export or copy it again.")
    return PixelStore(**{**vars(store), "offset": offset, "dtype": dtype.str})


def _type_code(top: el.Elements, kind: str) -> str:
    if kind != "int":
        return {"float32": "f4", "float64": "f8"}[kind]
    bits = int(top.number(0x00280100) or 16)
    if bits not in (8, 16, 32):
        raise ValueError("unusual number of bits")
    return ("i" if top.number(0x00280103) == 1 else "u") + str(bits // 8)


def _frames(top: el.Elements, store: PixelStore, sop_class: str) -> Iterator[Frame]:
    """The frames of one file: one of a classic image, several of a multi-frame object or a mosaic."""
    about_file = {"pixels": store, "sop_class": sop_class, **_identity(top)}
    per_frame = top.value(el.PER_FRAME_GROUPS) or ()
    if not per_frame:
        described = {**about_file, **_describe(top)}
        for index, place in enumerate(mosaic_tiles(top, store.rows, store.columns) or [{}] * store.n_frames):
            yield Frame(**{"index": 0 if place else index, "rows": store.rows, "columns": store.columns, **described, **place})
        return
    if len(per_frame) != store.n_frames:
        raise ValueError("as many frame headers as frames are needed")
    shared = el.flatten_group(next(iter(top.value(el.SHARED_GROUPS) or ()), None))
    for index, group in enumerate(per_frame):
        source = top.with_levels(el.flatten_group(group), shared)
        yield Frame(index=index, rows=store.rows, columns=store.columns, **about_file, **_describe(source))


def _identity(top: el.Elements) -> dict[str, Any]:
    """What is kept of who and when: a hash, a date, and a description without name or ID.

    The hash lets two exams be compared. It is a pseudonym and no anonymisation: who knows the identity can compute it.
    """
    name, patient_id = top.text(0x00100010), top.text(0x00100020)
    parts = [" ".join(part.upper().split()) for part in (patient_id, name, top.text(0x00100030))]
    key = hashlib.sha256("\0".join(("MarrowQuant", *parts)).encode()).hexdigest()[:16] if any(parts) else ""
    description = top.text(0x0008103E)
    for secret in sorted({patient_id, name, *re.split(r"[\^= ]+", name)}, key=len, reverse=True):
        if len(secret) >= MIN_NAME_LENGTH:
            description = re.sub(rf"(?<![^\W_]){re.escape(secret)}(?![^\W_])", REMOVED, description, flags=re.IGNORECASE)
    return {
        "patient_key": key,
        "series_description": description,
        "exam_date": _date(top),
        # Synthetic Data, or the comment that our digital patient writes
        "synthetic": top.text(0x0008001C).upper() == "YES" or top.text(0x00204000).upper().startswith("SYNTHETIC"),
    }


def _date(top: el.Elements) -> Optional[datetime.date]:
    """Date of the study, else of the series, acquisition or content."""
    for tag in (0x00080020, 0x00080021, 0x00080022, 0x00080023):
        try:
            return datetime.datetime.strptime(re.sub(r"\D", "", top.text(tag))[:8], "%Y%m%d").date()
        except ValueError:
            continue
    return None


def _describe(source: el.Elements) -> dict[str, Any]:
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
        "position": np.array(position) if len(position) == 3 else None,
        "orientation": np.array(orientation) if len(orientation) == 6 else None,
        "pixel_spacing_mm": np.array(spacing) if len(spacing) == 2 and min(spacing) > 0 else None,
        "slice_step_mm": abs(step) if step else None,  # some write it negative
        "frame_of_reference": source.text(0x00200052),
    }


def _b_value(source: el.Elements) -> tuple[Optional[float], str]:
    """b-value in s/mm² and the attribute that told it; the public one first, then the vendors' own (``elements`` names them)."""
    public = source.number(0x00189087)
    if public is not None:
        return public, "(0018,9087)"
    for tag, name in ((0x0019100C, "Siemens (0019,100C)"), (0x20011003, "Philips (2001,1003)"), (0x00651009, "UIH (0065,1009)")):
        value = source.number(tag)
        if value is not None:
            return value, name
    value = source.number(0x00431039)
    # GE adds 10⁹ to the b-value as a flag (1000000750 is b 750), as the free converters found
    return (None, "") if value is None else (float(int(value) % 1_000_000_000), "GE (0043,1039)")


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
    for tags in ((0x001910BB, 0x001910BC, 0x001910BD), (0x200510B0, 0x200510B1, 0x200510B2)):
        if len(values) != 3:
            values = tuple(n for n in map(source.number, tags) if n is not None)
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
        if units and slope is not None and intercept is not None:
            found[str(units[0].get("CodeValue", "")).strip()] = (float(slope), float(intercept))
    return found


def _first(*values: Optional[float]) -> Optional[float]:
    return next((value for value in values if value is not None), None)


def _whole(value: Optional[float]) -> Optional[int]:
    return None if value is None else int(value)
