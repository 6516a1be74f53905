"""``marrowquant pdff``: fat fraction, R2* and field maps of echo images or of a DICOM folder."""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Optional

import numpy as np

from .. import dicom, workflow
from ..fatwater import SPECTRA, FatWaterFit, fit_dual_echo, fit_fat_water, fit_fat_water_magnitude, scales, swap_back, tissue
from ..io import imagefiles
from ..io.atomic import refuse_existing, refuse_inside
from ..io.jsonfiles import read_json
from ..model import UNIT_FF, UNIT_R2STAR, MarrowQuantError, Numbers, Role, Volume
from .outputs import add_overwrite
from .overriding import add_overrides, scanned
from .progress import progress_bar

COMPLEX_PAIRS = (("real", "imaginary"), ("magnitude", "phase"))
NEGATIVE = 0.1  # of the largest value, below which no magnitude lies, even if it was resampled; our choice


@dataclass(frozen=True)
class _Echoes:
    """Images of one acquisition, echo last, complex or magnitude; ``grid`` carries the geometry."""

    signal: np.ndarray
    times_s: Numbers
    field_strength_t: float
    grid: Volume


def add(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``marrowquant pdff``."""
    parser.add_argument(
        "inputs", nargs="+", type=Path, metavar="IMAGE|FOLDER", help="real, magnitude or complex echoes: 4-D or a 3-D image each; or DICOM"
    )
    second = parser.add_mutually_exclusive_group()
    second.add_argument(
        "--phase", type=Path, nargs="+", metavar="IMAGE", help="phase images in the same order; without them a magnitude fit"
    )
    second.add_argument("--imaginary", type=Path, nargs="+", metavar="IMAGE", help="imaginary parts in the same order")
    parser.add_argument("--phase-unit", choices=tuple(scales.TURNS), help="of the phase images (default: told from their values)")
    parser.add_argument("--te-ms", type=float, nargs="+", metavar="MS", help="echo times in ms (default: EchoTime of the JSON sidecars)")
    parser.add_argument("--tesla", type=float, help="field strength (default: MagneticFieldStrength of the JSON sidecar)")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder for the maps")
    parser.add_argument("--spectrum", choices=tuple(SPECTRA), default="ren_marrow_9", help="fat spectrum (default: %(default)s)")
    turned = "the phase turns the other way than in the model (default: whichever fits)"
    parser.add_argument("--conjugate", action=argparse.BooleanOptionalAction, help=turned)
    parser.add_argument("--readout", choices=("auto", "unipolar", "bipolar"), default="auto", help="default: %(default)s")
    parser.add_argument("--swap-back", type=int, nargs="+", default=(), metavar="K", help="exchange water and fat in these slices, from 0")
    add_overrides(parser)
    add_overwrite(parser)
    parser.add_argument("--format", choices=("nii.gz", "nii", "nrrd"), default="nii.gz", help="of the maps (default: %(default)s)")
    parser.set_defaults(command=_pdff)


def _pdff(options: argparse.Namespace) -> int:
    refuse_inside(options.out, [path for path in options.inputs if path.is_dir()])
    out = workflow.prepare_output(options.out)
    if options.inputs[0].is_dir():
        if len(options.inputs) > 1 or options.phase or options.imaginary or options.te_ms or options.tesla:
            raise MarrowQuantError("A DICOM folder is given alone: phase, echo times and field strength are read from its headers.")
        echoes = _from_dicom(options.inputs[0], options)
    else:
        echoes = _from_images(options)
    refuse_existing([out / f"{name}.{options.format}" for name in ("pdff_percent", "water", "fat")], options.overwrite)
    fit = _swapped_back(_fitted(echoes, options), options.swap_back)
    progress_bar.end()
    out.mkdir(exist_ok=True)
    for path in _written(fit, echoes.grid, out, options.format):
        print(path)
    print(_told(fit, echoes.signal))
    for warning in fit.findings:
        print(f"To know: {warning}")
    return 0


def _fitted(echoes: _Echoes, options: argparse.Namespace) -> FatWaterFit:
    choices: dict[str, Any] = {"spectrum": options.spectrum, "progress": progress_bar}
    data = echoes.signal, echoes.times_s, echoes.field_strength_t
    if not np.iscomplexobj(echoes.signal):
        return fit_fat_water_magnitude(*data, **choices)
    if len(echoes.times_s) == 2:
        return fit_dual_echo(*data, **choices)
    return fit_fat_water(*data, readout=options.readout, conjugate=options.conjugate, **choices)


def _swapped_back(fit: FatWaterFit, slices: Sequence[int]) -> FatWaterFit:
    """The fit with water and fat exchanged in a slab that the reader found swapped; R2* and field stay those of the swapped fit."""
    water, fat = swap_back(fit.water, fit.fat, slices)
    pdff, _ = swap_back(fit.pdff_percent, 100 - fit.pdff_percent, slices)
    return replace(fit, water=water, fat=fat, pdff_percent=pdff)


# ----------------------------------------------------------------------------------------------------------------- images
def _from_images(options: argparse.Namespace) -> _Echoes:
    first = _volumes(options.inputs)
    headers = [_sidecar(path) for path in options.inputs]
    given = options.te_ms or [header.get("EchoTime") for header in headers]
    times = [time for time in given if time is not None]
    tesla = options.tesla or headers[0].get("MagneticFieldStrength")
    if len(given) != len(times) or len(times) != len(first):
        raise MarrowQuantError(
            "There are {n_first} echo images and {n_times} echo times; give --te-ms.",
            n_first=len(first), n_times=len(times),
        )
    if not tesla:
        raise MarrowQuantError("The field strength is not known; give it with --tesla, or lay the JSON sidecar beside the image.")
    signal = np.stack([volume.array for volume in first], axis=-1)
    others = options.phase or options.imaginary
    if others:
        if np.iscomplexobj(signal):
            raise MarrowQuantError("The images are complex already; give them without --phase and --imaginary.")
        second = _volumes(others)
        if len(second) != len(first) or not all(first[0].same_grid(volume) for volume in second):
            raise MarrowQuantError(
                "There are {n_first} and {n_second} images, or they lie on different grids; give pairs.",
                n_first=len(first), n_second=len(second),
            )
        parts = np.stack([volume.array for volume in second], axis=-1)
        _check_parts(signal, parts, bool(options.phase))
        signal = scales.from_polar(signal, scales.radians(parts, options.phase_unit)) if options.phase else signal + 1j * parts
    return _Echoes(signal, scales.echo_times_s(times), float(tesla), first[0])


def _check_parts(first: np.ndarray, second: np.ndarray, is_phase: bool) -> None:
    """That phase images hold a phase, and real and imaginary parts both signs."""
    if is_phase:
        magnitudes = first[np.isfinite(first)]
        is_signed = magnitudes.size > 0 and magnitudes.min() < -NEGATIVE * magnitudes.max()
        if is_signed or np.array_equal(first, second, equal_nan=True):
            raise MarrowQuantError(
                "The magnitude images hold negative values, or are the phase images once more; give the magnitudes first and the phases "
                "after --phase, or real and imaginary parts with --imaginary."
            )
        for n, image in enumerate(np.moveaxis(second, -1, 0), start=1):
            known = image[np.isfinite(image)]
            if not known.size or known.min() == known.max():
                raise MarrowQuantError(
                    "Phase image {n} of {n_images} holds one value alone, so it is no phase; check the series.",
                    n=n, n_images=second.shape[-1],
                )  # fmt: skip
    elif min(np.nanmax(-first), np.nanmax(-second)) <= 0:
        raise MarrowQuantError(
            "The real or the imaginary images hold no negative value: they are magnitudes, or were stored with an offset; give them as "
            "they were reconstructed."
        )


def _volumes(paths: Sequence[Path]) -> list[Volume]:
    volumes = [volume for path in paths for volume in imagefiles.read_volumes(path, complex_too=True)]
    if not all(volumes[0].same_grid(volume) for volume in volumes):
        raise MarrowQuantError("The echo images do not lie on one grid; give images of one acquisition.")
    return volumes


def _sidecar(path: Path) -> dict[str, Any]:
    """What dcm2niix wrote beside an image; empty without a sidecar."""
    sidecar = path.with_name(imagefiles.stem(path) + ".json")
    try:
        return read_json(sidecar) if sidecar.is_file() else {}
    except ValueError:
        raise MarrowQuantError("'{sidecar}' is not valid JSON; give --te-ms and --tesla instead.", sidecar=sidecar.name) from None


# ------------------------------------------------------------------------------------------------------------------ DICOM
def _from_dicom(folder: Path, options: argparse.Namespace) -> _Echoes:
    """The multi-echo acquisition with the most echoes, complex if the folder holds it so."""
    sets: dict[tuple[int, ...], dict[float, dict[str, dicom.SeriesVolume]]] = defaultdict(lambda: defaultdict(dict))
    for volume in scanned(folder, options):
        if volume.role == Role.MULTI_ECHO and volume.echo_time_s is not None and not volume.problem:
            sets[tuple(volume.shape)][round(volume.echo_time_s, 7)].setdefault(volume.component, volume)
    for pair in (*COMPLEX_PAIRS, ("magnitude",), ("",)):
        found = [[(t, parts) for t, parts in sorted(by_time.items()) if set(pair) <= set(parts)] for by_time in sets.values()]
        best = max(found, key=len, default=[])
        if len(best) >= (4 if len(pair) == 1 else 2):
            return _loaded(best, pair)
    raise MarrowQuantError("The folder holds no multi-echo images that can be fitted; 'marrowquant inspect' shows what it holds.")


def _loaded(echoes: Sequence[tuple[float, dict[str, dicom.SeriesVolume]]], pair: Sequence[str]) -> _Echoes:
    first = echoes[0][1][pair[0]]
    tesla: Optional[float] = first.acquisition.get("field_strength_t")
    if not tesla:
        raise MarrowQuantError(
            "Series {series_number} has no field strength in its header, so it cannot be fitted.",
            series_number=first.series_number,
        )
    parts = [np.stack([by_part[name].load().array for _, by_part in echoes], axis=-1) for name in pair]
    signal = parts[0]
    if len(pair) == 2:
        signal = parts[0] + 1j * parts[1] if pair[0] == "real" else scales.from_polar(*parts)
    return _Echoes(signal, [t for t, _ in echoes], float(tesla), Volume(parts[0][..., 0], np.asarray(first.ijk_to_ras)))


# ----------------------------------------------------------------------------------------------------------------- output
def _written(fit: FatWaterFit, grid: Volume, out: Path, suffix: str) -> list[Path]:
    """Write every map that the fit determined."""
    maps = {
        "pdff_percent": (fit.pdff_percent, "PDFF", UNIT_FF),
        "r2star_per_s": (fit.r2star_per_s, "R2*", UNIT_R2STAR),
        "field_map_hz": (fit.field_map_hz, "field map", "Hz"),
        "water": (np.abs(fit.water), "water", ""),
        "fat": (np.abs(fit.fat), "fat", ""),
        "residual": (fit.residual, "residual of the water-fat fit", ""),
        "swap_suspect": (fit.swap_suspect, "swap suspects", ""),
        "pdff_sd_percent": (fit.pdff_sd_percent, "standard deviation of PDFF", "percentage points"),
        "r2star_sd_per_s": (fit.r2star_sd_per_s, "standard deviation of R2*", UNIT_R2STAR),
    }
    paths = []
    for name, (array, title, unit) in maps.items():
        if array is None or not np.isfinite(array).any():
            continue
        paths.append(out / f"{name}.{suffix}")
        dtype = np.uint8 if array.dtype == bool else np.float32
        imagefiles.write_volume(grid.like(array.astype(dtype), name=title, quantity=title, unit=unit, role=Role.UNKNOWN), paths[-1])
    return paths


def _told(fit: FatWaterFit, signal: np.ndarray) -> str:
    how = f"{signal.shape[-1]} {'complex' if np.iscomplexobj(signal) else 'magnitude'} echoes, fat spectrum {fit.spectrum.name}"
    if fit.conjugated:
        how += ", phase turned round (conjugated)"
    if fit.readout == "bipolar":
        how += ", bipolar readout corrected"
    body = tissue(signal, fit)
    if not body.any():
        return f"PDFF, {how}: no voxel is brighter than the noise; {fit.n_excluded} voxels have no fit."
    r2star = fit.r2star_per_s[body]
    decay = f", R2* {np.median(r2star):.0f} {UNIT_R2STAR}" if np.isfinite(r2star).any() else ""
    spread = "" if fit.pdff_sd_percent is None else f", SD of a voxel {np.nanmedian(fit.pdff_sd_percent[body]):.1f} points"
    suspect, n_voxels = 100 * np.mean(fit.swap_suspect[body]), np.count_nonzero(body)
    return (
        f"PDFF, {how}: median {np.median(fit.pdff_percent[body]):.1f} {UNIT_FF}{decay} over {n_voxels} voxels of tissue{spread}; "
        f"{suspect:.1f} % of them are swap suspects, and {fit.n_excluded} voxels have no fit."
    )
