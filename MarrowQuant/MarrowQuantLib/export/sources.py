"""The exam's own files behind its results: whose patient, study and frame of reference our objects bear, and which images they rest on."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..dicom import ExamFiles, SeriesVolume
from ..dicom.files import open_file, quiet_pydicom
from ..model import ExamResult, MapKey, MarrowQuantError, Role

if TYPE_CHECKING:
    from pydicom import Dataset

_EMPTY = (
    "PatientID", "PatientName", "PatientBirthDate", "PatientSex", "AccessionNumber", "StudyID", "StudyDate", "StudyTime",
    "ReferringPhysicianName",
)  # fmt: skip
"""Attributes of type 2 that every object has, if only empty (PS3.3 C.7.1.1, C.7.2.1)."""
DEIDENTIFIED = (
    "PatientIdentityRemoved", "DeidentificationMethod", "DeidentificationMethodCodeSequence", "LongitudinalTemporalInformationModified",
)  # fmt: skip
"""What says that a study is without identity (PS3.3 C.7.1.1, C.12.1); it goes with every object that is made of it."""
_TEXTS, _SEXES = ("AS", "CS", "DA", "DT", "LO", "SH", "TM"), ("M", "F", "O", "", None)
_REFERENCE = (
    "SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID", "Rows", "Columns", "NumberOfFrames",
    "ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "SliceThickness", "SpacingBetweenSlices", "ImageType", "Modality",
    "SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence", "DimensionIndexSequence", "DimensionOrganizationType",
)  # fmt: skip
"""What is read of the images beside the first."""
_BEHIND: dict[str, tuple[Role, ...]] = {
    "ff_vendor": (Role.PDFF,),
    "ff_six_echo": (Role.MULTI_ECHO,),
    "ff_water_fat": (Role.WATER, Role.FAT),
    "water": (Role.WATER, Role.MULTI_ECHO),
    "fat": (Role.FAT, Role.MULTI_ECHO),
    "r2star": (Role.R2STAR, Role.MULTI_ECHO),
    "adc": (Role.DWI, Role.ADC),
    "dwi_high": (Role.DWI,),
    "dwi_low": (Role.DWI,),
    "in_phase": (Role.IN_PHASE, Role.MULTI_ECHO),
    "opposed_phase": (Role.OPPOSED_PHASE, Role.MULTI_ECHO),
    "third_echo": (Role.MULTI_ECHO,),
    "t1": (Role.T1,),
    "stir": (Role.STIR,),
}
"""By map the roles of the volumes that it is made of, those that the exam used first."""


_SAME_B = 25.0  # s/mm², our choice: stations of one protocol may differ by the imaging gradients' own weighting
_OF_B = {"dwi_high": max, "dwi_low": min}


@dataclass(frozen=True, eq=False)
class Sources:
    """The files of one exam, and what was measured in it."""

    exam: ExamFiles
    result: ExamResult

    def behind(self, key: str) -> list[SeriesVolume]:
        """The volumes that a map was made of, those of the map's own grid first.

        Raises
        ------
        MarrowQuantError
            If the exam's files hold none.
        """
        kind = MapKey.read(key).kind
        kind = str(self.result.protocol.get("ff_origin", "ff_vendor")) if kind == "ff" else kind
        used = self._used_roles()
        for role in sorted(_BEHIND.get(kind, ()), key=lambda role: role not in used):
            found = [v for v in self.exam.volumes if v.role is role and not v.problem and v.parts]
            if role is Role.MULTI_ECHO or kind != "ff_water_fat":
                found = self._used(found)
            if found and kind == "ff_water_fat":
                found += [v for v in self.exam.volumes if v.role is Role.FAT and not v.problem]
            if kind in _OF_B and found:
                chosen = _OF_B[kind](volume.b_value or 0.0 for volume in found)
                found = [volume for volume in found if abs((volume.b_value or 0.0) - chosen) <= _SAME_B]
            if found:
                grid = self.result.maps[key]
                return sorted(found, key=lambda v: (tuple(v.shape) != grid.array.shape[::-1], -_overlap(v, grid.ijk_to_ras)))
        raise MarrowQuantError("The exam's images do not hold what {map} was made of; give the folders of the exams.", map=key)

    def _used_roles(self) -> set[Role]:
        """Roles of the volumes that the measurement used, where the results say so."""
        rows = self.result.series
        return {v.role for v, row in zip(self.exam.volumes, rows) if row.get("used")} if len(rows) == len(self.exam.volumes) else set()

    def _used(self, volumes: Sequence[SeriesVolume]) -> list[SeriesVolume]:
        """Those that the measurement used, where the results say so."""
        rows = self.result.series
        if len(rows) != len(self.exam.volumes):
            return list(volumes)
        used = {id(volume) for volume, row in zip(self.exam.volumes, rows) if row.get("used")}
        return [volume for volume in volumes if id(volume) in used] or list(volumes)

    def images(self, key: str) -> tuple[list[Dataset], list[Dataset]]:
        """Headers of the images behind a map: those of the first series of one size, and the others.

        Returns
        -------
        first, others : list of Dataset
            Without pixels; a multi-frame file is one header, and then ``first`` is that one.
        """
        volumes = self.behind(key)
        every = list(dict.fromkeys(frame.pixels.path for volume in volumes for part in volume.parts for frame in part))
        headers = [read_header(path, whole=n == 0) for n, path in enumerate(every)]
        start = headers[0]
        same = [h for h in headers if _kind(h) == _kind(start)]
        if "NumberOfFrames" in start:
            same = [start]
        chosen = {id(h) for h in same}
        return same, [h for h in headers if id(h) not in chosen]

    def any_header(self) -> Dataset:
        """A header of the exam, for objects that rest on no single series: of the first map that is measured, else of any image."""
        for key in ("ff", "adc", *self.result.maps):
            if key in self.result.maps:
                try:
                    return self.images(key)[0][0]
                except MarrowQuantError:
                    continue
        volume = next(volume for volume in self.exam.volumes if volume.parts)
        return read_header(volume.parts[0][0].pixels.path)


def _kind(header: Dataset) -> tuple[Any, ...]:
    return header.StudyInstanceUID, header.SeriesInstanceUID, header.Rows, header.Columns, header.FrameOfReferenceUID


def _overlap(volume: SeriesVolume, ijk_to_ras: np.ndarray) -> float:
    """The nearer the first voxels, the larger."""
    first = np.array([0.0, 0.0, 0.0, 1.0])
    return -float(np.abs((np.asarray(volume.ijk_to_ras) - ijk_to_ras) @ first).sum())


@functools.lru_cache(maxsize=20_000)
def read_header(path: Path, whole: bool = True) -> Dataset:
    """A file's header, made complete: the attributes of type 2 are there, and a frame of reference.

    Parameters
    ----------
    path : Path
    whole : bool
        False: only what refers to an image and places it.

    Raises
    ------
    MarrowQuantError
        If the file cannot be read any more.
    """
    import pydicom
    from pydicom.uid import generate_uid

    try:
        with quiet_pydicom(), open_file(path) as file:
            header = pydicom.dcmread(file, stop_before_pixels=True, force=True, specific_tags=None if whole else list(_REFERENCE))
            if whole:
                header.decode()
    except (OSError, ValueError, pydicom.errors.InvalidDicomError):
        raise MarrowQuantError("An image of the exam cannot be read any more; give the folder with the exam's images.") from None
    for keyword in _EMPTY:
        if whole and keyword not in header:
            setattr(header, keyword, "")
    header.SOPClassUID = header.get("SOPClassUID", "1.2.840.10008.5.1.4.1.1.4")
    _refuse_odd_uids(header)
    if not header.get("FrameOfReferenceUID"):  # images without one share it within their series only
        header.FrameOfReferenceUID = generate_uid(entropy_srcs=[f"frame of {header.SeriesInstanceUID}"])
    if not whole:
        return header
    header.SpecificCharacterSet = "ISO_IR 192"  # pydicom holds text as Unicode; our objects are written in it
    _leave_out_errors(header)
    _share(header, ("PixelMeasuresSequence", "PlaneOrientationSequence"))
    return header


def _refuse_odd_uids(header: Dataset) -> None:
    """Refuse images that no valid object can refer to.

    Raises
    ------
    MarrowQuantError
    """
    from pydicom.uid import UID

    uids = (header.get(keyword) for keyword in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "FrameOfReferenceUID"))
    if not all(UID(uid).is_valid for uid in uids if uid):
        raise MarrowQuantError(
            "The images bear UIDs that DICOM does not allow, so no valid object can refer to them; a de-identified copy of them has others."
        )


def _leave_out_errors(header: Dataset) -> None:
    """Take out of a header what would be an error in every object that it is copied into: dates and words that are none, and sequences
    that lack what they are for. What every object has stays, but empty."""
    from pydicom.config import RAISE
    from pydicom.valuerep import validate_value

    for element in list(header):
        if element.VR == "PN" and element.VM == 1 and element.value:
            header[element.tag].value = str(element.value)
        elif element.VR == "SQ" and not element.value:  # an optional sequence holds an item or is not there
            del header[element.tag]
        elif element.VR in _TEXTS and element.VM == 1:
            try:
                validate_value(element.VR, str(element.value), RAISE)
            except ValueError:
                header[element.tag].value = ""
                if element.keyword not in _EMPTY:
                    del header[element.tag]
    if header.get("PatientSex") not in _SEXES:
        header.PatientSex = ""
    if any("PatientID" not in item or "TypeOfPatientID" not in item for item in header.get("OtherPatientIDsSequence", ())):
        del header.OtherPatientIDsSequence


def _share(header: Dataset, keywords: Sequence[str]) -> None:
    """What every frame repeats, as Siemens writes it, into the shared functional groups, where highdicom 0.28 looks for it."""
    shared, frames = (header.get(f"{place}FunctionalGroupsSequence") for place in ("Shared", "PerFrame"))
    for keyword in keywords:
        if shared and frames and keyword not in shared[0] and keyword in frames[0]:
            shared[0][keyword] = frames[0][keyword]
