"""An earlier exam read back from the DICOM objects that were written of it: its report, its maps, its segmentation of the tumour load.

It needs pydicom only. The numbers are those of the report's content tree: the packed record in it, which holds what TID 1500 has no place
for, must agree with them.
"""

from __future__ import annotations

import json
import math
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Optional

import numpy as np

from ..dicom.files import open_file, quiet_pydicom
from ..dicom.segmentation import SEGMENTATION, read_segmentation
from ..exam.identity import identity_of_header
from ..model import RAS_TO_LPS, Burden, ExamResult, MapKey, MarrowQuantError, Volume
from ..quantities import MAPS
from ..results.document import results_from_dict
from . import codes

if TYPE_CHECKING:
    from pydicom import Dataset

REPORT, PARAMETRIC_MAP = "1.2.840.10008.5.1.4.1.1.88.22", "1.2.840.10008.5.1.4.1.1.30"
PRIVATE_GROUP, PRIVATE_CREATOR, RECORD = 0x0077, "MARROWQUANT RESULTS", 0x01
"""Where the report keeps the exam's part of results.json, packed by gzip: what a follow-up needs and TID 1500 has no place for."""
MANUFACTURER = "MarrowQuant"
LARGEST_RECORD = 1 << 26  # bytes, unpacked; our choice, far above the record of an exam with a thousand components
_AGREEMENT = 1e-9  # relative: the tree holds 16 digits
_SAME_PLACE_MM = 0.01  # a header's numbers have 16 characters


def has_objects(folder: Path) -> bool:
    """True if a folder holds no results.json but a report of ours among DICOM files."""
    folder = Path(folder)
    return folder.is_dir() and not (folder / "results.json").exists() and any(True for _ in _ours(folder, {REPORT}))


def read_prior(folder: Path) -> ExamResult:
    """The latest exam whose objects lie in a folder, as a baseline for a follow-up.

    Parameters
    ----------
    folder : Path
        With the objects that :func:`.write.export_dicom` wrote, as files of any name, in any subfolder; other files may lie there too.

    Returns
    -------
    ExamResult
        With the maps that were written, and the labels of its components.

    Raises
    ------
    MarrowQuantError
        If there is no report of ours, it was changed, or what it rests on is missing.
    """
    reports = [dataset for _, dataset in _ours(Path(folder), {REPORT})]
    found = [(_record(dataset), dataset) for dataset in reports if _has_record(dataset)]
    if not found:
        raise MarrowQuantError(
            "'{folder}' holds no report that MarrowQuant wrote; fetch the study with its results.", folder=Path(folder).name
        )
    record, report = max(found, key=_age)
    try:
        exam = results_from_dict(record).exams[0]
    except (AttributeError, KeyError, TypeError, ValueError, IndexError):
        raise _damaged() from None
    others = {str(other.SOPInstanceUID): other for other in reports if other.StudyInstanceUID == report.StudyInstanceUID}
    further = record.get("reports", ())  # an exam had one report before there were several
    if not others.keys() >= set(further):
        raise MarrowQuantError("The exam has several reports and not all of them are there; fetch the whole study.")
    _compare(exam, [report, *(others[uid] for uid in further)])
    grids = {key: np.array(matrix, dtype=float) for key, matrix in record.get("grids", {}).items()}
    written = set(record.get("objects", ()))
    maps = {}
    for path, header in _ours(Path(folder), {PARAMETRIC_MAP}):
        key = _key_of(header)
        if header.StudyInstanceUID == report.StudyInstanceUID and key and str(header.SOPInstanceUID) in written:
            maps[key] = _map(path, grids.get(key))
    burden = exam.burden and _with_labels(exam.burden, maps.get("dwi_high"), Path(folder), report, written)
    identity = identity_of_header(report)
    if exam.identity.patient.partition("-")[0] == identity.patient.partition("-")[0]:  # digests of this computer
        identity = replace(identity, frames=exam.identity.frames)
    return replace(exam, label="baseline", maps=maps, burden=burden, identity=identity)


def _age(found: tuple[dict[str, Any], Dataset]) -> tuple[str, ...]:
    """The date of the exam, and when the report was made."""
    record, report = found
    return (str(record["exams"][0].get("date") or ""), *(str(report.get(name, "")) for name in ("ContentDate", "ContentTime")))


def _damaged() -> MarrowQuantError:
    return MarrowQuantError("The report in the PACS lacks what a follow-up needs, or was changed; export the results again.")


def _ours(folder: Path, classes: Iterable[str]) -> Iterator[tuple[Path, Dataset]]:
    """Files of ours of these SOP classes, by path; pixels are not read."""
    import pydicom

    wanted = set(classes)
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        try:
            with quiet_pydicom(), open_file(path) as file:
                if file.read(132)[128:] != b"DICM":
                    continue
                file.seek(0)
                header = pydicom.dcmread(file, stop_before_pixels=True)
                if str(header.get("SOPClassUID")) in wanted and header.get("Manufacturer") == MANUFACTURER:
                    header.decode()
                    yield path, header
        except (OSError, ValueError, EOFError, AttributeError, KeyError, pydicom.errors.InvalidDicomError):
            continue


def _has_record(report: Dataset) -> bool:
    """True for the first report of an exam."""
    try:
        return RECORD in report.private_block(PRIVATE_GROUP, PRIVATE_CREATOR)
    except KeyError:
        return False


def _record(report: Dataset) -> dict[str, Any]:
    try:
        packed = bytes(report.private_block(PRIVATE_GROUP, PRIVATE_CREATOR)[RECORD].value)
        unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)
        text = unpacker.decompress(packed, LARGEST_RECORD)
        if unpacker.unconsumed_tail:
            raise ValueError("too large")
        record: dict[str, Any] = json.loads(text)
        if not isinstance(record.get("exams"), list) or not isinstance(record["exams"][0], dict):
            raise ValueError("no exam")
        return record
    except (KeyError, ValueError, AttributeError, TypeError, IndexError, zlib.error):
        raise _damaged() from None


# ---------------------------------------------------------------------------------------------------------- content tree
@dataclass(frozen=True)
class Reported:
    """One number of a report: tracking identifier of its group, quantity and derivation as (code value, meaning), value, unit."""

    tracking: str
    quantity: tuple[str, str]
    derivation: tuple[str, str]
    value: float
    unit: str


def reported_in(report: Dataset) -> list[Reported]:
    """Every number of a TID 1500 report, in its order."""
    found = []
    for group in _items(report, "125007"):  # Measurement Group
        tracking = next((str(item.TextValue) for item in group.ContentSequence if _name(item) == "112039"), "")
        for item in group.ContentSequence:
            if item.ValueType == "NUM" and item.MeasuredValueSequence:
                value = item.MeasuredValueSequence[0]
                exact = float(value.get("FloatingPointValue", value.NumericValue))
                derived = next((_code(i.ConceptCodeSequence) for i in item.get("ContentSequence", ()) if _name(i) == "121401"), ("", ""))
                unit = str(value.MeasurementUnitsCodeSequence[0].CodeValue)
                found.append(Reported(tracking, _code(item.ConceptNameCodeSequence), derived, exact, unit))
    return found


def numbers_in(report: Dataset) -> list[tuple[str, str, str, float]]:
    """As :func:`reported_in`: tracking identifier, quantity and derivation by code value, and value."""
    return [(row.tracking, row.quantity[0], row.derivation[0], row.value) for row in reported_in(report)]


def own_report(path: Path) -> Optional[Dataset]:
    """The report of ours that a file holds; None if it is another object, or cannot be read."""
    import pydicom

    try:
        with quiet_pydicom(), open_file(path) as file:
            found = pydicom.dcmread(file)
            found.decode()
    except (OSError, ValueError, EOFError, AttributeError, KeyError, pydicom.errors.InvalidDicomError):
        return None
    return found if str(found.get("SOPClassUID")) == REPORT and found.get("Manufacturer") == MANUFACTURER else None


def _code(sequence: Any) -> tuple[str, str]:
    return str(sequence[0].CodeValue), str(sequence[0].CodeMeaning)


def _name(item: Dataset) -> str:
    return str(item.ConceptNameCodeSequence[0].CodeValue) if item.get("ConceptNameCodeSequence") else ""


def _items(node: Dataset, code: str) -> Iterator[Dataset]:
    for item in node.get("ContentSequence", ()):
        if _name(item) == code:
            yield item
        yield from _items(item, code)


def _compare(exam: ExamResult, reports: Iterable[Dataset]) -> None:
    """Refuse reports whose trees tell other numbers than the record: one of them was changed.

    Raises
    ------
    MarrowQuantError
    """
    told = {(tracking, name, derived): value for report in reports for tracking, name, derived, value in numbers_in(report)}
    expected = {
        (f"Lumbar mean {measured.name}", codes.of_quantity(key, measured.name)[0], codes.MEAN[0]): measured.value
        for key, measured in exam.lumbar.items()
    }
    if exam.burden is not None:
        expected["Total diffusion volume", codes.VOLUME[0], ""] = exam.burden.tdv.value
        for component in exam.burden.components:
            name = component.lesion_id or f"tDV component {component.label}"
            expected[name, codes.VOLUME[0], ""] = component.volume_ml
    for key, value in expected.items():
        if math.isfinite(value) and not math.isclose(told.get(key, math.nan), value, rel_tol=_AGREEMENT, abs_tol=_AGREEMENT):
            raise _damaged()


# ------------------------------------------------------------------------------------------------------------------ maps
def _key_of(header: Dataset) -> Optional[str]:
    """The key of a map, from the label of its real-world values; None for a standard deviation, and for what is no map of ours."""
    try:
        mapping = header.SharedFunctionalGroupsSequence[0].RealWorldValueMappingSequence[0]
        if any(_name(item) == codes.DERIVATION[0] for item in mapping.QuantityDefinitionSequence):
            return None
        key = str(mapping.LUTLabel).lower()
    except (AttributeError, IndexError, KeyError):
        return None
    return key if MapKey.read(key).kind in {row.key for row in MAPS} else None


def _map(path: Path, recorded: Optional[np.ndarray]) -> Volume:
    """A parametric map of ours, in the order of slices and with the exact grid that the record tells."""
    import pydicom

    with quiet_pydicom(), open_file(path) as file:
        dataset = pydicom.dcmread(file)
        pixels = np.frombuffer(dataset.FloatPixelData, "<f4")
    shared = dataset.SharedFunctionalGroupsSequence[0]
    orientation = np.array(shared.PlaneOrientationSequence[0].ImageOrientationPatient, dtype=float)
    measures = shared.PixelMeasuresSequence[0]
    spacing = np.array(measures.PixelSpacing, dtype=float)
    frames = dataset.PerFrameFunctionalGroupsSequence
    positions = np.array([frame.PlanePositionSequence[0].ImagePositionPatient for frame in frames], dtype=float)
    array = pixels.reshape(len(frames), int(dataset.Rows), int(dataset.Columns)).astype(np.float32)
    if len(frames) > 1:
        step = (positions[-1] - positions[0]) / (len(frames) - 1)
    else:
        step = np.cross(orientation[:3], orientation[3:]) * float(measures.get("SliceThickness") or 1.0)
    matrix = np.eye(4)
    matrix[:3, :4] = np.column_stack([orientation[:3] * spacing[1], orientation[3:] * spacing[0], step, positions[0]])
    return as_recorded(Volume(array, RAS_TO_LPS @ matrix), recorded)


def as_recorded(volume: Volume, recorded: Optional[np.ndarray]) -> Volume:
    """The same voxels with the recorded matrix, slices turned round where that counts them from the other end.

    Raises
    ------
    MarrowQuantError
        If the matrix is of another grid.
    """
    if recorded is None:
        return volume
    other = volume.like(volume.array, ijk_to_ras=recorded)
    if volume.same_grid(other, _SAME_PLACE_MM):
        return other
    turned = volume.like(volume.array[::-1], ijk_to_ras=recorded)
    flipped = volume.ijk_to_ras.copy()
    flipped[:3, 3] = volume.to_ras((0, 0, volume.array.shape[0] - 1))
    flipped[:3, 2] *= -1
    if not turned.same_grid(volume.like(volume.array, ijk_to_ras=flipped), _SAME_PLACE_MM):
        raise _damaged()
    return turned


def _with_labels(burden: Burden, grid: Optional[Volume], folder: Path, report: Dataset, written: set[str]) -> Burden:
    """The tumour load with the labels of its components, on the grid of the high-b image."""
    for path, header in _ours(folder, {SEGMENTATION}):
        if str(header.SOPInstanceUID) not in written or header.StudyInstanceUID != report.StudyInstanceUID:
            continue
        segments = read_segmentation(path)
        if not segments or not segments[0].tracking.startswith("tDV component "):
            continue
        if grid is None:
            break
        labels = np.zeros(grid.array.shape, np.int32)
        for segment in segments:
            index = np.rint(grid.to_ijk(segment.mask.to_ras(np.argwhere(segment.mask.array)[:, ::-1]))).astype(int)
            labels[tuple(index[:, ::-1].T)] = int(segment.tracking.rpartition(" ")[2])
        return replace(burden, labels=grid.like(labels))
    raise MarrowQuantError("The maps or the segmentation of the tumour load are missing beside the report; fetch the whole study.")
