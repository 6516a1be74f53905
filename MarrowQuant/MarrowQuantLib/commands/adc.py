"""``marrowquant adc``: ADC maps of image files or of a DICOM folder."""

from __future__ import annotations

import argparse
import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Optional, Union

import numpy as np

from ..diffusion import IvimFit, KurtosisFit, computed_b, fit_adc, fit_ivim, fit_kurtosis, rising
from ..diffusion.adc import METHODS
from ..diffusion.shells import DUMMY_B, one_image_a_shell
from ..io import imagefiles
from ..io.atomic import prepare_output, refuse_existing, refuse_inside
from ..io.textfiles import decoded
from ..io.threads import in_threads
from ..model import UNIT_ADC, MarrowQuantError, Role, Volume, certain
from .outputs import add_overwrite
from .overriding import add_overrides, scanned
from .progress import progress_bar

if TYPE_CHECKING:
    from ..dicom import SeriesVolume

FORMATS = ("nii.gz", "nii", "nrrd")
NO_VOXEL = "no voxel could be fitted"
MEDIAN_SAMPLE, MEDIAN_WITHIN = 1 << 16, 0.02  # numbers, and part of them on either side: ten standard deviations of its rank
FILES = {"adc": "adc_um2_per_s", "s0": "s0", "residual": "residual", "sd": "adc_sd_um2_per_s"}
MAPS = tuple(FILES)
MODEL_MAPS = {  # attribute of the fit, title, unit; the attribute is the file's name
    "ivim": (
        ("f_percent", "perfusion fraction", "%"), ("d_um2_per_s", "diffusivity", UNIT_ADC),
        ("d_star_um2_per_s", "pseudo-diffusivity", UNIT_ADC), ("s0", "S0", ""), ("residual", "IVIM fit residual", ""),
    ),
    "kurtosis": (
        ("d_um2_per_s", "diffusivity", UNIT_ADC), ("kurtosis", "kurtosis", "1"),
        ("s0", "S0", ""), ("residual", "kurtosis fit residual", ""),
    ),
}  # fmt: skip
METHOD_NAMES = {"wls": "weighted least squares", "ols": "log-linear least squares", "nlls": "non-linear least squares"}


def add(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``marrowquant adc``."""
    parser.add_argument("inputs", nargs="+", type=Path, metavar="IMAGE|FOLDER", help="one 4-D image, one 3-D image a b-value, or DICOM")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder for the maps")
    parser.add_argument("--b", type=float, nargs="+", metavar="B", help="b-values of the images in s/mm² (default: .bval beside the image)")
    parser.add_argument("--use-b", type=float, nargs="+", metavar="B", help="fit only these b-values")
    parser.add_argument("--method", choices=METHODS, default="wls", help="weighted, log-linear or non-linear (default: %(default)s)")
    models = "mono-exponential, intravoxel incoherent motion, or kurtosis (default: %(default)s)"
    parser.add_argument("--model", choices=("adc", "ivim", "kurtosis"), default="adc", help=models)
    parser.add_argument("--noise-floor", type=float, metavar="S", help="leave out samples at or below this signal")
    parser.add_argument("--computed-b", type=float, nargs="+", default=(), metavar="B", help="write the images at these b-values, too")
    add_overrides(parser)
    add_overwrite(parser)
    which = f"which to write: {', '.join(MAPS)} (default: all)"
    parser.add_argument("--maps", nargs="+", choices=MAPS, default=MAPS, metavar="MAP", help=which)
    parser.add_argument("--format", choices=FORMATS, default=FORMATS[0], help="of the maps; nii is the fastest (default: %(default)s)")
    parser.set_defaults(command=_adc)


def _adc(options: argparse.Namespace) -> int:
    refuse_inside(options.out, [path for path in options.inputs if path.is_dir()])
    out = prepare_output(options.out)
    sets = _from_dicom(options.inputs[0], options) if options.inputs[0].is_dir() else {"": _from_images(options.inputs, options.b)}
    if options.inputs[0].is_dir() and (len(options.inputs) > 1 or options.b):
        raise MarrowQuantError("A DICOM folder is given alone, and without --b: the b-values are read from its headers.")
    out.mkdir(exist_ok=True)
    if len(sets) > 1:
        _tell_which(sets)
    write = _fit_and_write if options.model == "adc" else _model_and_write
    for suffix in list(sets):
        write(sets.pop(suffix), suffix, out, options)
    return 0


def _tell_which(sets: Mapping[str, list[Volume]]) -> None:
    """Of several sets of one place, the one with the most b-values is what an analysis uses; of equal ones the first."""
    most = max(len(images) for images in sets.values())
    best = [suffix for suffix, images in sets.items() if len(images) == most]
    b_values = {suffix: ", ".join(f"{certain(image.b_value):g}" for image in images) for suffix, images in sets.items()}
    listed = "; ".join(f"{suffix.strip('_')} (b {b})" for suffix, b in b_values.items())
    used = best[0].strip("_")
    print(f"There are {len(sets)} sets of diffusion images: {listed}. Of sets at one place an analysis uses the longest: {used}.")


def _from_images(paths: Sequence[Path], b_values: Optional[Sequence[float]]) -> list[Volume]:
    """All volumes of the files, in order, with their b-values."""
    files = [(path, imagefiles.read_volumes(path)) for path in paths]
    images = [image for _, own in files for image in own]
    given = list(b_values) if b_values else [b for path, own in files for b in _own_b_values(path, own)]
    if len(given) != len(images):
        raise MarrowQuantError(
            "There are {n_images} images but {n_given} b-values; give one b-value for each image (--b).",
            n_images=len(images), n_given=len(given),
        )
    images = [image.like(image.array, b_value=b) for image, b in zip(images, given)]
    if len({image.array.shape for image in images}) > 1:
        return images  # refused later, with a sentence
    directions = _own_directions(paths, len(images))
    _tell_single_direction([certain(image.b_value) for image in images], directions)
    shells = one_image_a_shell(images, directions)
    if len(shells) < len(images):
        kept = ", ".join(f"b {certain(shell.b_value):g}" for shell in shells)
        print(f"{len(images)} images are {len(shells)} b-values as applied ({kept} s/mm²): those of one were put together by their "
              "geometric mean.")  # fmt: skip
    return shells


def _tell_single_direction(b_values: Sequence[float], directions: Optional[Sequence[tuple[float, ...]]]) -> None:
    """One direction of the gradient is no trace: where tissue is not isotropic, its ADC is that of the direction only."""
    axes = {tuple(np.abs(way)) for b, way in zip(b_values, directions or ()) if b >= DUMMY_B and any(way)}
    traces = any(b >= DUMMY_B and not any(way) for b, way in zip(b_values, directions or ()))
    if len(axes) == 1 and not traces:
        print("The images have a single gradient direction: the ADC is that along it, not the mean of directions.")


def _plain_number(word: str) -> float:
    if "_" in word:  # which Python would skip
        raise ValueError
    return float(word)


def _own_directions(paths: Sequence[Path], n_images: int) -> Optional[list[tuple[float, ...]]]:
    """The gradient directions in the .bvec files beside the images (FSL's format: x, y and z in three lines); None if one has none."""
    found: list[tuple[float, ...]] = []
    for path in paths:
        stem = imagefiles.stem(path)
        names = (f"{stem}.bvec", f"{stem}.bvecs", "bvecs", "bvec")
        sidecar = next((path.with_name(name) for name in names if path.with_name(name).is_file()), None)
        text = decoded(sidecar.read_bytes()) if sidecar else None
        if sidecar is None or text is None:
            return None
        try:
            lines = [line.strip() for line in text.text.splitlines() if line.strip()]
            table = np.array([[_plain_number(word) for word in re.split(r"[\s,;]+", line)] for line in lines])
        except ValueError:
            table = np.zeros(0)
        if table.ndim != 2 or 3 not in table.shape:
            raise MarrowQuantError(
                "'{file}' does not hold three lines of as many numbers as images; correct it or remove it.", file=sidecar.name
            )
        found += [tuple(np.round(row, 4) + 0.0) for row in (table.T if table.shape[0] == 3 else table)]
    if len(found) != n_images:
        raise MarrowQuantError("There are {n_images} images but {n} gradient directions; correct or remove the .bvec file.",
                               n_images=n_images, n=len(found))  # fmt: skip
    return found


def _own_b_values(path: Path, images: Sequence[Volume]) -> list[float]:
    """The b-values in the .bval file beside an image (FSL's format: numbers apart by blanks), else those in the image file itself."""
    stem = imagefiles.stem(path)
    names = (f"{stem}.bval", f"{stem}.bvals", "bvals", "bval")  # the last two as FSL names them in a folder of their own
    sidecar = next((path.with_name(name) for name in names if path.with_name(name).is_file()), None)
    if sidecar is None:
        inside = [image.b_value for image in images if image.b_value is not None]
        if len(inside) == len(images):
            return inside
        raise MarrowQuantError(
            "There are no b-values for '{file}': give them with --b, or lay '{sidecar}' beside it.", file=path.name, sidecar=names[0]
        )
    found = decoded(sidecar.read_bytes())
    try:
        numbers = [_plain_number(word) for word in re.split(r"[\s,;]+", found.text.strip("\ufeff \r\n\t,;"))] if found else []
    except ValueError:
        numbers = []
    if not numbers or not all(0 <= b < math.inf for b in numbers):
        raise MarrowQuantError("'{file}' does not hold numbers apart by blanks; give the b-values with --b.", file=sidecar.name)
    return numbers


def _from_dicom(folder: Path, options: argparse.Namespace) -> dict[str, list[Volume]]:
    """The diffusion sets of a folder that have two b-values or more; the keys end their maps' file names."""
    from .. import dicom  # here, as image files do without it

    volumes = scanned(folder, options)
    sets = [volumes for volumes in dicom.diffusion_sets(volumes) if len(volumes) > 1]
    if not sets:
        raise MarrowQuantError(
            "The folder holds no sound diffusion images of two or more b-values{problems}; 'marrowquant inspect' shows what it holds.",
            problems=_problems_of(volumes),
        )
    _tell_how(volumes, sets)
    found: dict[str, list[Volume]] = {}
    for volumes in sets:
        first = volumes[0]
        parts = [f"series-{first.series_number}"] if len(sets) > 1 else []
        parts += [f"station-{first.station}"] if first.station else []
        suffix = "".join(f"_{part}" for part in parts)
        if suffix in found:  # one series may hold several acquisitions, one folder several exams
            suffix += f"_{len(found) + 1}"
        found[suffix] = [volume.load() for volume in volumes]
    return found


WORTH_TELLING = frozenset((
    "recognised.directions", "recognised.few_directions", "recognised.repeats", "recognised.one_shell", "recognised.b_applied",
    "recognised.b_of_slices", "recognised.b_of_shell", "recognised.b_dummy", "recognised.taken_as_b0",
))  # fmt: skip


def _tell_how(scanned: Sequence[SeriesVolume], sets: Sequence[Sequence[SeriesVolume]]) -> None:
    """How the images that are fitted came about, where the header alone does not say it, and which were left out."""
    used = {id(volume) for volumes in sets for volume in volumes}
    for volume in scanned:
        if id(volume) in used:
            told = [reason for reason in volume.evidence if reason in volume.findings or WORTH_TELLING & reason.codes]
            print(*(f"Series {volume.series_number}, {volume.name}: {sentence}." for sentence in told), sep="\n", end="\n" * bool(told))
        elif volume.role == Role.DWI:
            why = volume.problem or "it was acquired again, or alone"
            print(f"Series {volume.series_number}, {volume.name} is not used: {why}.")


def _problems_of(scanned: Sequence[SeriesVolume]) -> str:
    """Why the first volumes cannot be used, in brackets."""
    problems = dict.fromkeys(f"series {v.series_number}: {v.problem}" for v in scanned if v.problem and v.role in (Role.DWI, Role.UNKNOWN))
    return f" ({'; '.join(list(problems)[:3])})" if problems else ""


def _together(arrays: Sequence[np.ndarray]) -> np.ndarray:
    """The images with b last; without a copy where they lie one after the other in memory, as those of a 4-D file do."""
    first = arrays[0]
    starts = [array.__array_interface__["data"][0] for array in arrays]
    if all(array.flags.c_contiguous and array.dtype == first.dtype for array in arrays) and set(np.diff(starts)) == {first.nbytes}:
        return np.moveaxis(np.lib.stride_tricks.as_strided(first, (len(arrays), *first.shape), (first.nbytes, *first.strides)), 0, -1)
    return np.moveaxis(np.stack(arrays), 0, -1)


def _tell_rising(signal: np.ndarray, b_values: Sequence[float], image: Volume) -> None:
    for found in rising(signal, b_values, image.station or 1):
        print(found)


def _fit_and_write(images: list[Volume], suffix: str, out: Path, options: argparse.Namespace) -> None:
    first = images[0]
    if not all(first.same_grid(image) for image in images[1:]):
        raise MarrowQuantError("The images do not lie on one grid; give images of one acquisition, or resample them first.")
    names = [*(FILES[key] for key in options.maps), *(f"computed_b{b:g}" for b in options.computed_b)]
    refuse_existing([out / f"{name}{suffix}.{options.format}" for name in names], options.overwrite)
    signal = _together([image.array for image in images])
    b_values = [certain(image.b_value) for image in images]
    _tell_rising(signal, b_values, first)
    grid = first.like(np.empty(0))
    del first, images  # the images are in ``signal`` only, and go as soon as they are fitted
    fit = fit_adc(signal, b_values, method=options.method, b_used=options.use_b, noise_floor=options.noise_floor, progress=progress_bar)
    del signal
    progress_bar.end()
    wanted = {
        "adc": (lambda: fit.adc_um2_per_s, "ADC", UNIT_ADC),
        "s0": (lambda: fit.s0, "S0", ""),
        "residual": (lambda: fit.residual, "ADC fit residual", ""),
        "sd": (lambda: fit.adc_sd_um2_per_s, "standard deviation of the ADC", UNIT_ADC),
    }
    maps = {FILES[key]: (make(), title, unit) for key, (make, title, unit) in wanted.items() if key in options.maps}
    maps.update({f"computed_b{b:g}": (computed_b(fit.s0, fit.adc_um2_per_s, b), f"computed b {b:g}", "") for b in options.computed_b})

    def write(name: str) -> Path:
        array, title, unit = maps[name]
        role = Role.ADC if title == "ADC" else Role.UNKNOWN
        path = out / f"{name}{suffix}.{options.format}"
        imagefiles.write_volume(grid.like(array, role=role, name=title, quantity=title, unit=unit, b_value=None), path)
        return path

    print(*in_threads(write, list(maps)), sep="\n")
    how = f"{METHOD_NAMES[fit.method]} over b {', '.join(f'{b:g}' for b in fit.b_values)} s/mm²"
    values = fit.adc_um2_per_s[fit.valid] if fit.n_excluded else fit.adc_um2_per_s.ravel(order="K")
    median = f"median {_median(values):.0f} {UNIT_ADC} over {values.size} voxels" if values.size else NO_VOXEL
    print(f"ADC, {how}: {median}; {fit.n_excluded} voxels have no valid fit.")


def _median(values: np.ndarray) -> float:
    """The median of many numbers, shape (n,): a sample tells roughly where it lies, and only those near it are sorted."""
    some = np.sort(values[:: max(1, values.size // MEDIAN_SAMPLE)])
    low, high = some[int((0.5 - MEDIAN_WITHIN) * len(some))], some[int((0.5 + MEDIAN_WITHIN) * len(some))]

    def ranked(start: int) -> tuple[int, np.ndarray]:
        part = values[start : start + MEDIAN_SAMPLE]  # small enough for the processor's cache
        return int(np.count_nonzero(part < low)), part[(part >= low) & (part <= high)]

    counts, parts = zip(*in_threads(ranked, range(0, values.size, MEDIAN_SAMPLE)))
    below, near = sum(counts), np.sort(np.concatenate(parts))
    first, second = (values.size - 1) // 2 - below, values.size // 2 - below
    return float(np.mean(near[[first, second]]) if first >= 0 and second < near.size else np.median(values))


def _model_and_write(images: list[Volume], suffix: str, out: Path, options: argparse.Namespace) -> None:
    """The maps of IVIM (the full fit) or kurtosis."""
    if options.noise_floor is not None or options.computed_b or options.method != "wls" or options.maps is not MAPS:
        raise MarrowQuantError("--method, --noise-floor, --computed-b and --maps belong to the mono-exponential model; leave them out.")
    first = images[0]
    if not all(first.same_grid(image) for image in images[1:]):
        raise MarrowQuantError("The images do not lie on one grid; give images of one acquisition, or resample them first.")
    paths = {name: out / f"{options.model}_{name}{suffix}.{options.format}" for name, _, _ in MODEL_MAPS[options.model]}
    refuse_existing(list(paths.values()), options.overwrite)
    data = _together([image.array for image in images]), [certain(image.b_value) for image in images]
    _tell_rising(*data, first)
    fit: Union[IvimFit, KurtosisFit]
    if options.model == "ivim":
        fit = fit_ivim(*data, method="full", b_used=options.use_b, progress=progress_bar)
    else:
        fit = fit_kurtosis(*data, b_used=options.use_b, progress=progress_bar)
    progress_bar.end()
    for name, title, unit in MODEL_MAPS[options.model]:
        array = getattr(fit, name)
        imagefiles.write_volume(first.like(array, role=Role.UNKNOWN, name=title, quantity=title, unit=unit, b_value=None), paths[name])
        print(paths[name])
    shown = MODEL_MAPS[options.model][:-2] if fit.valid.any() else ()
    told = [f"{title} {np.nanmedian(getattr(fit, name)):.4g} {unit}" for name, title, unit in shown]
    b_values = ", ".join(f"{b:g}" for b in fit.b_values)
    print(f"{options.model}, b {b_values} s/mm²: medians {', '.join(told)}; {fit.n_excluded} voxels have no valid fit.")
