"""Vertebrae labelled by other tools, read from files: .seg.nrrd, label images with or without names, and folders with one mask a vertebra.

What tells the level of a label, in this order: the SNOMED CT code of a segment, its name, a JSON file beside the image that names its
numbers, the label table in a NIfTI header, and the numbering of the tool (:mod:`.numbering`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Optional, Union

import numpy as np
from scipy import ndimage

from ..dicom.segmentation import is_segmentation_object, read_segmentation
from ..io import imagefiles
from ..io.jsonfiles import read_json
from ..model import Finding, MarrowQuantError, Volume, finding
from .levels import ORDER, parse_level, place_index
from .numbering import find_numbering
from .segfile import cut_to_box, is_segmentation, read_segments
from .terminology import level_of_terminology, segment_terminology

PathLike = Union[str, Path]
ROUNDING = 0.01
"""How far a label may lie from a whole number (our choice): single precision and slopes such as 1/255 leave less than a thousandth, while
interpolation between labels gives every fraction."""
CORPUS = (49, 50)  # Vertebra_Corpus_border and Vertebra_Corpus of TPTBox's enum Location, which SPINEPS writes


@dataclass(frozen=True)
class LabelledVertebrae:
    """Vertebrae as another tool labelled them.

    Attributes
    ----------
    masks : dict of level to Volume
        Boolean arrays, shape (k, j, i), cut to the label's box; from cranial to caudal.
    findings : tuple of Finding
        How the levels were told, and what was left out.
    grid : Volume or None
        The image whose grid all masks lie on; None for segments of a scene.
    """

    masks: Mapping[str, Volume]
    findings: tuple[Finding, ...] = ()
    grid: Optional[Volume] = None


def is_label_file(path: PathLike) -> bool:
    """True for what :func:`read_labels` reads: a folder, or an image file."""
    path = Path(path)
    return path.is_dir() or path.name.lower().endswith(imagefiles.SUFFIXES) or is_segmentation_object(path)


def read_labels(path: PathLike) -> LabelledVertebrae:
    """Read labelled vertebrae.

    Parameters
    ----------
    path : str or Path
        A segmentation (.seg.nrrd, or a DICOM Segmentation of any tool), a label image (NIfTI, NRRD …), or a folder with one mask a
        vertebra, as TotalSegmentator writes it
        (vertebrae_L1.nii.gz). Beside SPINEPS's …seg-vert… its …seg-subreg… or …seg-spine… is read too, for the bodies alone.

    Raises
    ------
    MarrowQuantError
        If it cannot be read, holds no vertebra, names a level twice, or its numbers tell no level.
    """
    path = Path(path)
    if path.is_dir():
        return _read_folder(path)
    if is_segmentation_object(path):
        found = read_segmentation(path)
        coded = [(segment.label, segment_terminology(segment.kind), segment.mask) for segment in found]
        return from_segments([(name, code, cut_to_box(mask, mask.array)) for name, code, mask in coded], path.name, found[0].mask)
    if is_segmentation(path):
        grid, segments = read_segments(path)
        return from_segments([(segment.name, segment.terminology, segment.mask) for segment in segments], path.name, grid)
    return _read_label_image(path)


def from_segments(segments: Iterable[tuple[str, str, Volume]], source: str, grid: Optional[Volume] = None) -> LabelledVertebrae:
    """Vertebrae among named segments: (name, Slicer's terminology entry or "", mask).

    Raises
    ------
    MarrowQuantError
        If a segment's code and name contradict each other, a level occurs twice, or no segment is a vertebra.
    """
    masks: dict[str, Volume] = {}
    left_out = 0  # counted and not named: a name is free text and may be a patient's
    for name, terminology, mask in segments:
        level = _level_of_segment(name, terminology, source)
        if level is None or not mask.array.any():
            left_out += 1
            continue
        if level in masks:
            raise MarrowQuantError("{source} holds {level} twice; keep one segment for each vertebra.", source=source, level=level)
        masks[level] = mask
    findings = (finding("labels.left_out", n=left_out),) if left_out else ()
    return _ordered(masks, findings, grid, source)


def _level_of_segment(name: str, terminology: str, source: str) -> Optional[str]:
    coded, named = level_of_terminology(terminology), parse_level(name)
    if coded and named and coded != named:
        raise MarrowQuantError(
            "The segment \"{name}\" of {source} has the code of {coded}; correct its name or its terminology.",
            name=name, source=source, coded=coded,
        )
    level = coded or named
    return level if level in ORDER else None


def _ordered(masks: Mapping[str, Volume], findings: Iterable[Finding], grid: Optional[Volume], source: str) -> LabelledVertebrae:
    if not masks:
        raise MarrowQuantError(
            "{source} holds no labelled vertebra; the labels must name levels, such as L1 or vertebrae_L1.",
            source=source,
        )
    return LabelledVertebrae({level: masks[level] for level in sorted(masks, key=place_index)}, tuple(findings), grid)


def _read_folder(folder: Path) -> LabelledVertebrae:
    segments, grid = [], None
    for path in sorted(folder.iterdir()):
        name = imagefiles.stem(path)
        if path.name.lower().endswith(imagefiles.SUFFIXES) and parse_level(name):
            volume = _single(path)
            mask = _whole_numbers(volume.array)
            if mask is None or len(np.unique(mask)) > 2:  # a picture: t1.nii.gz is no mask of the first thoracic vertebra
                continue
            if grid is not None and not volume.same_grid(grid):
                raise MarrowQuantError("The masks in {folder} do not lie on one grid; give the masks of one image.", folder=folder.name)
            grid = volume
            segments.append((name, "", cut_to_box(volume, mask > 0)))
    return from_segments([segment for segment in segments if segment[2].array.any()], folder.name, grid)


def _single(path: Path) -> Volume:
    volumes = imagefiles.read_volumes(path)
    if len(volumes) != 1:
        raise MarrowQuantError("{file} holds {n_volumes} images where one label image is needed.", file=path.name, n_volumes=len(volumes))
    return volumes[0]


def _read_label_image(path: Path) -> LabelledVertebrae:
    volume = _single(path)
    whole_numbers = _whole_numbers(volume.array)
    if whole_numbers is None:
        raise MarrowQuantError("{file} is no label image: it holds fractions; give the segmentation, not the picture.", file=path.name)
    labels = volume.like(whole_numbers)
    numbers = [int(n) for n in np.unique(labels.array) if n > 0]
    beside, inside = _names_beside(path), _names_inside(path)
    named = beside or inside
    if named:
        levels = {n: named[n] for n in numbers if n in named}
        findings = [finding("labels.by_names", where="beside them" if beside else "in the file")]
    else:
        numbering = find_numbering(_centers(labels, numbers), path.name)
        levels = {n: numbering.levels[n] for n in numbers if n in numbering.levels}
        findings = [finding("labels.by_numbers", numbering=numbering.name)]
        extra = [numbering.unnamed[n] for n in numbers if n in numbering.unnamed]
        if extra:
            findings.append(finding("labels.no_level", labels=extra))
    whole, note = _bodies_beside(path, labels)
    masks = {level: cut_to_box(whole, whole.array == n) for n, level in levels.items()}
    masks = {level: mask for level, mask in masks.items() if mask.array.any()}
    return _ordered(masks, [*findings, *note], labels, path.name)


def _whole_numbers(values: np.ndarray) -> Optional[np.ndarray]:
    """Labels as int32; None where a value is farther from a whole number than the rounding of other programs leaves it."""
    rounded = np.rint(values)
    if not np.isfinite(values).all() or np.abs(values - rounded).max(initial=0.0) > ROUNDING:
        return None
    return rounded.astype(np.int32)


def _centers(labels: Volume, numbers: list[int]) -> dict[int, np.ndarray]:
    index = np.array(ndimage.center_of_mass(labels.array > 0, labels.array, numbers)).reshape(-1, 3)
    return dict(zip(numbers, labels.to_ras(index[:, ::-1])))


def _bodies_beside(path: Path, labels: Volume) -> tuple[Volume, list[Finding]]:
    """The labels cut to the bodies that SPINEPS marks in a second file; unchanged where there is none."""
    for part in ("seg-subreg", "seg-spine"):
        beside = path.with_name(path.name.replace("seg-vert", part))
        if beside == path or not beside.is_file():
            continue
        parts = _single(beside)
        if parts.same_grid(labels):
            bodies = labels.like(np.where(np.isin(np.rint(parts.array), CORPUS), labels.array, 0))
            return bodies, [finding("labels.second_file", part=part)]
    return labels, []


def _names_beside(path: Path) -> dict[int, str]:
    """Levels by number from NAME.json: {"41": "L1"}, {"L1": 41}, or either under "labels" as in nnU-Net's dataset.json."""
    file = path.with_name(imagefiles.stem(path) + ".json")
    if not file.is_file():
        return {}
    try:
        content = read_json(file)
    except (OSError, ValueError):
        raise MarrowQuantError("{file} is no readable JSON; correct it, or remove it to go by the label numbers.", file=file.name) from None
    names = content.get("labels", content) if isinstance(content, dict) else {}
    pairs = names.items() if isinstance(names, dict) else ()
    numbered = [(first, second) if re.fullmatch(r"\d+", str(first)) else (second, first) for first, second in pairs]
    return _levels_by_number(((str(number), str(name)) for number, name in numbered), file.name)


def _names_inside(path: Path) -> dict[int, str]:
    """Levels by number from the label table that TotalSegmentator writes into the NIfTI header of its multi-label files, as Caret's XML
    (totalsegmentator/nifti_ext_header.py)."""
    entry = r'<Label\s[^>]*?Key="(\d+)"[^>]*>\s*(?:<!\[CDATA\[)?([^<\]]+)'
    tables = [text.decode("utf-8", errors="replace") for text in imagefiles.nifti_extensions(path) if b"<LabelTable" in text]
    return _levels_by_number((pair for table in tables for pair in re.findall(entry, table)), path.name)


def _levels_by_number(names: Iterable[tuple[str, str]], source: str) -> dict[int, str]:
    """Levels by number from pairs of a number and a name; whatever names no level is left out."""
    found: dict[int, str] = {}
    for number, name in names:
        level = parse_level(name)
        if level is None or not re.fullmatch(r"\d+", number):
            continue
        if level in found.values():
            raise MarrowQuantError("{source} names {level} twice; give each vertebra one number.", source=source, level=level)
        found[int(number)] = level
    return found
