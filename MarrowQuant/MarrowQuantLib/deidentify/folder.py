"""De-identify a folder of DICOM files: read, screen, clean, check, write; all of it or nothing."""

from __future__ import annotations

import gzip
import io
import os
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, Optional, Union

import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, UID_dictionary

from .. import __version__
from ..dicom.files import BoundedReader, is_dicom, open_file, quiet_pydicom
from ..dicom.headers import DAMAGE
from ..dicom.syntaxes import BIG_ENDIAN, UNCOMPRESSED
from ..io.atomic import in_one_step
from ..io.dicomfiles import write_dicom
from ..model import Finding, MarrowQuantError, Progress, finding, no_progress
from . import audit
from .check import identity_left, words_in_pixels, words_of
from .clean import PIXELS, Cleaner
from .identity import identity_of
from .keyed import Key, KeyAppeared, new_secret, read_secret, write_secret
from .labs import shifted_labs
from .marks import mark
from .patients import Patients
from .pixels import UnsafePixels, clean_pixels
from .rules import PROFILES, RETAINABLE, Policy, table
from .screen import reason_to_leave_out

PathLike = Union[str, Path]
IMPLEMENTATION_UID = "2.25.213498461957823461973462519873465198237"  # our own, drawn at random
NO_DICOM, DAMAGED, UNREADABLE = finding("left_out.no_dicom"), finding("left_out.damaged"), finding("left_out.unreadable")


class LeftOut(NamedTuple):
    """A file that was not passed on: its place in the sorted list of input files (from 1), and why."""

    number: int
    reason: Finding


class Passed(NamedTuple):
    """A file that was passed on, for the crosswalk."""

    source: str
    target: str
    patient_id: str
    pseudonym: str
    shift_days: Optional[int]


@dataclass
class Summary:
    """What a run did. Nothing in it but ``passed`` tells who anybody is, and ``passed`` goes into the crosswalk only.

    Attributes
    ----------
    policy : Policy
    profile : str
    n_files : int
        Files found in the input.
    left_out : list of LeftOut
    counts : Counter
        (tag, what was done) to how often; see :class:`.clean.Cleaner`.
    patients : set of str
        Pseudonyms.
    passed : list of Passed
    """

    policy: Policy
    profile: str
    n_files: int
    left_out: list[LeftOut] = field(default_factory=list)
    counts: Counter[tuple[int, str]] = field(default_factory=Counter)
    patients: set[str] = field(default_factory=set)
    passed: list[Passed] = field(default_factory=list)

    @property
    def edition(self) -> str:
        """Of the standard whose table was used."""
        return table().edition


def deidentify(
    source: PathLike,
    out: PathLike,
    key_file: PathLike,
    *,
    profile: str = "longitudinal",
    retain: Iterable[str] = (),
    crosswalk: Optional[PathLike] = None,
    labs: Optional[PathLike] = None,
    progress: Progress = no_progress,
) -> Summary:
    """Write a de-identified copy of the MR images in a folder, with an audit report beside it.

    Parameters
    ----------
    source, out : path
        ``out`` must not exist, or be empty; neither may lie in the other. Nothing is left behind by an error or a cancel.
    key_file : path
        Secret of the project, outside ``out``; written if it does not exist. The same key gives the same pseudonyms, UIDs and shifts.
    profile : {"longitudinal", "quantification", "basic"}
        See ``rules.PROFILES``.
    retain : iterable of {"device", "characteristics"}
        Further options: scanner, station and serial number; sex, age, size and weight.
    crosswalk : path, optional
        CSV that says which pseudonym and file is which, outside ``out``. Whoever has it knows the patients.
    labs : path, optional
        Laboratory sheet of the one patient in ``source``; written as ``labs.csv`` with its dates shifted likewise.
    progress : callable

    Returns
    -------
    Summary

    Raises
    ------
    MarrowQuantError
        For paths that do not fit together, a file that is no key, an input without a file that may be passed on, or a full disk.

    Notes
    -----
    Source: DICOM PS3.15 Annex E; see ``Docs/deidentification.md``.
    """
    source, out, key_file = (Path(path).resolve() for path in (source, out, key_file))
    crosswalk = None if crosswalk is None else Path(crosswalk).resolve()
    _check_options(profile, retain)
    _check_paths(source, out, key_file, crosswalk)
    files = sorted(path for path in source.rglob("*") if path.is_file())
    patients = Patients(files, source)

    def run() -> Summary:
        summary = Summary(Policy.of(profile, retain), profile, len(files))
        is_new = not key_file.exists()
        secret = new_secret() if is_new else read_secret(key_file)
        with audit.crosswalk_file(crosswalk) as who, in_one_step(out) as unfinished:
            _write_all(files, source, unfinished, Key(secret), patients, summary, progress)
            if labs is not None:
                shifted_labs(Path(labs), unfinished / "labs.csv", summary)
            audit.write(summary, unfinished)
            if who is not None:
                audit.write_crosswalk(summary, who)
            if is_new:
                write_secret(key_file, secret)
        return summary

    try:
        summary = run()
    except KeyAppeared:  # another run that began beside this one made the project's key: theirs counts
        summary = run()
    progress(1.0, "De-identified")
    return summary


def _check_options(profile: str, retain: Iterable[str]) -> None:
    if profile not in PROFILES:
        raise MarrowQuantError(
            "There is no profile called '{profile}'; choose one of: {profiles}.",
            profile=profile, profiles=list(PROFILES),
        )
    unknown = sorted(set(retain) - set(RETAINABLE))
    if unknown:
        raise MarrowQuantError(
            "'{unknown}' cannot be retained; choose from: {retainable}.",
            unknown=unknown[0], retainable=list(RETAINABLE),
        )


def _check_paths(source: Path, out: Path, key_file: Path, crosswalk: Optional[Path]) -> None:
    if not source.is_dir():
        raise MarrowQuantError("The input folder does not exist; give a folder with DICOM files.")
    if source == out or source in out.parents or out in source.parents:
        raise MarrowQuantError("The output lies in the input, or the input in the output; choose a folder beside it.")
    for path, what in ((key_file, "key"), (crosswalk, "crosswalk")):
        if path is not None and (out == path or out in path.parents):
            raise MarrowQuantError(
                "The {what} would lie in the output folder, where it identifies the patients; put it elsewhere.",
                what=what,
            )
    if crosswalk is not None and crosswalk == key_file:
        raise MarrowQuantError("The crosswalk would replace the key; give them different names.")
    if crosswalk is not None and crosswalk.exists():
        raise MarrowQuantError("The crosswalk file exists already and is not replaced; choose a new name.")


def _write_all(
    files: list[Path], source: Path, out: Path, key: Key, patients: Patients, summary: Summary, progress: Progress
) -> None:
    with quiet_pydicom():  # its remarks quote values, and values are identity
        for n, path in enumerate(files):
            progress(n / len(files), f"De-identifying, {n} of {len(files)} files")
            reason = _pass_on(path, path.relative_to(source).as_posix(), out, key, patients, summary)
            if reason:
                summary.left_out.append(LeftOut(n + 1, reason))
    if not summary.passed:
        reasons = Counter(file.reason for file in summary.left_out).most_common(1)
        why = finding("left_out.most_often", reason=reasons[0][0]) if reasons else ""
        raise MarrowQuantError("No file of the input could be passed on{why}; give a folder with the MR images of an exam.", why=why)


def _pass_on(path: Path, relative: str, out: Path, key: Key, patients: Patients, summary: Summary) -> Optional[Finding]:
    """Write one file cleaned; returns why it was left out, None if it was not."""
    try:
        try:
            dataset = _read(path)
        except OSError as error:  # a packed file that is damaged is one, too
            return DAMAGED if isinstance(error, gzip.BadGzipFile) else UNREADABLE
        if dataset is None:
            return NO_DICOM
        sop_class = str(dataset.file_meta.get("MediaStorageSOPClassUID") or dataset.get("SOPClassUID") or "")
        if not sop_class:
            return DAMAGED
        return reason_to_leave_out(dataset, sop_class) or _clean_and_write(dataset, sop_class, relative, out, key, patients, summary)
    except UnsafePixels as error:
        return finding("left_out.pixels", why=error)
    except DAMAGE:
        return DAMAGED


def _read(path: Path) -> Optional[Dataset]:
    """The data set of a DICOM file, with or without the preamble of PS3.10, packed or not; None for anything else."""
    with open_file(path) as file:
        if not is_dicom(file.read(132), path):
            return None
        size = file.seek(0, os.SEEK_END)
        file.seek(0)
        dataset = pydicom.dcmread(BoundedReader(file, 2 * size), force=True)  # some bytes are read twice
    return _without_byte_order(dataset) if dataset.file_meta.get("TransferSyntaxUID") == BIG_ENDIAN else dataset


def _without_byte_order(dataset: Dataset) -> Dataset:
    """A data set of values instead of bytes in big endian, so that it can be written in little endian."""
    for _element in dataset.iterall():  # looking at an element reads its value
        pass
    plain = Dataset({element.tag: element for element in dataset})
    plain.file_meta = dataset.file_meta
    return plain


def _clean_and_write(
    dataset: Dataset, sop_class: str, relative: str, out: Path, key: Key, patients: Patients, summary: Summary
) -> Optional[Finding]:
    words, patient_id = words_of(dataset), str(dataset.get("PatientID") or dataset.get("PatientName") or "").strip()
    cleaner = Cleaner(summary.policy, key, patients.key_of(dataset), identity_of(dataset))
    syntax = clean_pixels(dataset, str(dataset.file_meta.get("TransferSyntaxUID") or UNCOMPRESSED[0]))
    cleaner.clean(dataset)
    mark(dataset, summary.policy)
    target = _target(dataset, cleaner, key)
    if (out / target).exists():
        return finding("left_out.twice")
    if identity_left(_encode(_without_pixels(dataset), sop_class, syntax), words):
        return finding("left_out.identity_left")
    if any(words_in_pixels(dataset[tag].value, words) for tag in PIXELS if tag in dataset):
        return finding("left_out.identity_in_pixels")
    data = _encode(dataset, sop_class, syntax)
    (out / target).parent.mkdir(parents=True, exist_ok=True)
    (out / target).write_bytes(data)
    summary.counts += cleaner.counts
    summary.patients.add(cleaner.pseudonym)
    shift = cleaner.shift if "dates" in summary.policy.options else None
    summary.passed.append(Passed(relative, target, patient_id, cleaner.pseudonym, shift))
    return None


def _without_pixels(dataset: Dataset) -> Dataset:
    """The data set, sharing its elements, without the pixels, in which words stand by chance only."""
    header = Dataset({tag: dataset.get_item(tag) for tag in dataset.keys() if tag not in PIXELS})
    header.SOPInstanceUID = dataset.SOPInstanceUID
    return header


def _target(dataset: Dataset, cleaner: Cleaner, key: Key) -> str:
    """Patient, study, series and file, named by keyed hashes: neutral, the same in every run, and short enough for Windows."""
    study, series, image = (str(dataset.get(name) or "") for name in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"))
    folder = f"{cleaner.pseudonym}/study-{key.name('study', study)}/series-{key.name('series', series)}"
    return f"{folder}/{key.name('image', image, 16)}.dcm"


def _encode(dataset: Dataset, sop_class: str, syntax: str) -> bytes:
    """The bytes of the file, with a preamble of zeros and meta information of our own."""
    if syntax not in UID_dictionary or not dataset.get("SOPInstanceUID"):
        raise ValueError("no storage object")
    meta = FileMetaDataset()
    meta.FileMetaInformationGroupLength = 0  # pydicom puts in the length, but only where the element is there
    meta.FileMetaInformationVersion = b"\x00\x01"
    meta.MediaStorageSOPClassUID = UID(sop_class)
    meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    meta.TransferSyntaxUID = UID(syntax)
    meta.ImplementationClassUID = UID(IMPLEMENTATION_UID)
    meta.ImplementationVersionName = f"MARROWQUANT {__version__}"[:16]
    dataset.file_meta = meta
    dataset.preamble = b"\0" * 128
    file = io.BytesIO()
    write_dicom(dataset, file)
    return file.getvalue()
