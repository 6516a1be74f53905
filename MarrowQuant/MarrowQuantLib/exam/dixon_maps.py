"""The Dixon maps of one exam: fat fraction, water and fat, from ready images or from echoes, joined where several stations were taken.

Stations are joined by placing them (``diffusion.stitch``), never by resampling, and with gains of one: a fat fraction is a ratio, so what
differs between the stations cancels in each of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Optional

import numpy as np

from .. import fatwater
from ..dicom import SeriesVolume
from ..dicom.classify import PHASE_TOLERANCE, phase_of_echo
from ..diffusion import stitch
from ..fatwater.scales import from_polar
from ..model import UNIT_FF, UNIT_R2STAR, MarrowQuantError, Progress, Role, Volume, as_finding, finding, part
from ..quantities import ready_maps

if TYPE_CHECKING:
    from .maps import ExamBuilder

MIN_ECHOES = 3
COMPLEX_PAIRS = (("real", "imaginary"), ("magnitude", "phase"))
FAT_FRACTION_ROLES = (Role.PDFF, Role.WATER, Role.FAT, Role.MULTI_ECHO)
T1_BIAS_AT = 30.0  # % of fat, usual in lumbar marrow
SPINE_SERIES = (Role.T1, Role.STIR)  # measured against discs and looked at body by body, which sagittal slices show
LARGEST_T1_BIAS_POINTS = 3.0  # our choice: the repeatability of a fat fraction; a smaller bias is told in the protocol only
# Names a disagreement: the repeatability coefficient of PDFF in liver, 2.99 points (Yokoo 2018, doi:10.1148/radiol.2017170550).
FF_AGREEMENT_POINTS = 3.0


# ---------------------------------------------------------------------------------------------------------- ready images
def add_ready_maps(build: ExamBuilder) -> None:
    """The scanner's own maps and Dixon images, and the fat fraction of its water and fat."""
    slabs: dict[str, list[Volume]] = {}
    for key, role in ready_maps().items():
        slabs[key] = [build.load(volume) for volume in build.chosen(role)]
        if slabs[key]:
            build.maps[key] = joined(build, slabs[key])
    pairs = [(water, fat) for water in slabs["water"] for fat in slabs["fat"] if water.station == fat.station and water.same_grid(fat)]
    if pairs:
        build.maps["ff_water_fat"] = joined(build, [_fraction_of(water, fat) for water, fat in pairs])
    if 0 < len(pairs) < max(len(slabs["water"]), len(slabs["fat"])):
        build.warn([finding("dixon.other_stations", station=[water.station for water, _ in pairs])])


def stations_of(volumes: Sequence[SeriesVolume]) -> list[SeriesVolume]:
    """The stations of the acquisition that the fittest volume belongs to, one volume each, the most cranial first; none without volumes."""
    fittest = _fittest(volumes)
    if fittest is None:
        return []
    found: dict[Optional[int], SeriesVolume] = {fittest.station: fittest}
    for volume in volumes if fittest.station is not None else ():
        if volume.acquisition_group == fittest.acquisition_group:
            found.setdefault(volume.station, volume)
    return [found[station] for station in sorted(found, key=lambda station: station or 0)]


def _fittest(volumes: Sequence[SeriesVolume]) -> Optional[SeriesVolume]:
    """The volume that is sure of its role, shows the spine where that matters, is untouched, and has most voxels; the first of equals."""

    def merits(volume: SeriesVolume) -> tuple[bool, bool, bool, int]:
        fits_spine = volume.role not in SPINE_SERIES or _is_sagittal(volume)
        return volume.confidence >= 0.5, fits_spine, not volume.findings, int(np.prod(volume.shape))

    return max(volumes, key=merits, default=None)


def _is_sagittal(volume: SeriesVolume) -> bool:
    """True if its slices are nearer to the sagittal plane than to the others."""
    return int(np.argmax(np.abs(volume.ijk_to_ras[:3, 2]))) == 0


def joined(build: ExamBuilder, slabs: Sequence[Volume]) -> Volume:
    """One volume of the stations; where they do not fit together the largest one, which is said."""
    if len(slabs) == 1:
        return slabs[0]
    try:
        stitched = stitch(slabs, gains=np.ones(len(slabs)), measured=False)
    except MarrowQuantError as error:
        largest = max(slabs, key=lambda slab: slab.array.size)
        build.warn([finding("dixon.not_joined", station=largest.station, why=error)])
        return largest
    build.warn(stitched.findings)
    sources = dict.fromkeys([*(sentence for slab in slabs for sentence in slab.source), stitched.volume.source[-1]])
    return replace(stitched.volume, name=slabs[0].name.split(", station", maxsplit=1)[0], source=tuple(sources))


def _fraction_of(water: Volume, fat: Volume) -> Volume:
    return water.like(
        fatwater.fat_fraction(water.array, fat.array),
        role=Role.PDFF,
        unit=UNIT_FF,
        quantity="sFF",
        name="sFF from water and fat",
        source=(*water.source, finding("made.water_fat")),
    )


# ---------------------------------------------------------------------------------------------------------------- echoes
@dataclass(frozen=True)
class EchoSet:
    """The complex echoes of one station: echo times in s, and for each the two volumes of ``pair``."""

    pair: tuple[str, str]
    times_s: tuple[float, ...]
    volumes: tuple[tuple[SeriesVolume, SeriesVolume], ...]

    @property
    def first(self) -> SeriesVolume:
        """The first volume, whose header stands for the set."""
        return self.volumes[0][0]


def add_echo_fit(build: ExamBuilder, progress: Progress) -> None:
    """Fit water, fat and R2* to complex echoes, station by station."""
    sets = _echo_sets(build.of_role(Role.MULTI_ECHO))
    if not sets:
        return
    first = sets[0].first
    field_strength = first.acquisition.get("field_strength_t")
    if not field_strength:
        build.warn([finding("dixon.no_field_strength", series=first.series_number)])
        return
    fitted: dict[str, list[Volume]] = defaultdict(list)
    spreads: dict[str, list[Volume]] = defaultdict(list)
    for n, echoes in enumerate(sets):
        maps, told = _fit(build, echoes, field_strength, part(progress, n / len(sets), (n + 1) / len(sets)))
        for collected, found in ((fitted, maps), (spreads, told)):
            for key, volume in found.items():
                collected[key].append(volume)
    build.protocol["echo_times_s"] = [round(time, 6) for time in sets[0].times_s]
    for key, slabs in fitted.items():
        if key not in build.maps:
            build.maps[key] = joined(build, slabs)
            if len(spreads[key]) == len(slabs):
                build.spreads[key] = joined(build, spreads[key])


def add_magnitude_echoes(build: ExamBuilder) -> None:
    """Of three magnitude echoes or more without phase: the first opposed-phase one, the first in-phase one, and the next one behind both.

    They give the dropout ratio, and the third tells on which side of 50 % the fat fraction lies, where it can (``fatwater.fold``).
    """
    if any(key in build.maps for key in ("ff_six_echo", "in_phase", "opposed_phase")):
        return
    groups: dict[tuple[Any, ...], dict[float, SeriesVolume]] = defaultdict(dict)
    for volume in build.of_role(Role.MULTI_ECHO):
        if volume.echo_time_s is not None and volume.component in {"", "magnitude"} and volume.acquisition.get("field_strength_t"):
            grid = (volume.acquisition_group, volume.station or 0, tuple(volume.shape), tuple(np.round(volume.ijk_to_ras[:3, 3], 1) + 0.0))
            groups[grid].setdefault(volume.echo_time_s, volume)
    for echoes in (groups[key] for key in sorted(groups)):
        times = sorted(echoes)
        turns = {time: phase_of_echo(1e3 * time, float(echoes[time].acquisition["field_strength_t"])) for time in times}
        opposed = next((time for time in times if abs(turns[time] - 0.5) <= PHASE_TOLERANCE), None)
        in_phase = next((time for time in times if min(turns[time], 1.0 - turns[time]) <= PHASE_TOLERANCE), None)
        if len(times) < MIN_ECHOES or opposed is None or in_phase is None:
            continue
        behind = [time for time in times if time > max(opposed, in_phase)] or [time for time in times if time not in {opposed, in_phase}]
        for key, time in (("opposed_phase", opposed), ("in_phase", in_phase), ("third_echo", behind[0])):
            build.maps[key] = build.load(echoes[time])
        build.protocol["echo_times_s"] = [round(time, 6) for time in times]
        return


def _echo_sets(volumes: Iterable[SeriesVolume]) -> list[EchoSet]:
    """Complete sets of the first acquisition that has one, the most cranial station first. Sets never mix stations, repeats or grids."""
    groups: dict[tuple[Any, ...], dict[float, dict[str, SeriesVolume]]] = defaultdict(lambda: defaultdict(dict))
    for volume in volumes:
        if volume.echo_time_s is not None:
            grid = (tuple(volume.shape), tuple(np.round(volume.ijk_to_ras[:3, 3], 1) + 0.0))
            key = (volume.acquisition_group, volume.station or 0, grid)
            groups[key][round(volume.echo_time_s, 7)].setdefault(volume.component, volume)
    found = {key: echoes for key in sorted(groups) if (echoes := _complete_set(groups[key])) is not None}
    acquisition = next(iter(found), (None,))[0]
    by_station: dict[int, EchoSet] = {}
    for (number, station, _), echoes in found.items():
        if number == acquisition:
            by_station.setdefault(station, echoes)
    return list(by_station.values())


def fitted_spectrum(maps: Mapping[str, Volume]) -> Optional[str]:
    """The fat spectrum that an exam's maps were fitted with; None where no echoes were fitted."""
    steps = (step for volume in maps.values() for step in map(as_finding, volume.source))
    return next((str(step.values["spectrum"]) for step in steps if step.code == "made.echoes"), None)


def _complete_set(by_time: dict[float, dict[str, SeriesVolume]]) -> Optional[EchoSet]:
    for pair in COMPLEX_PAIRS:
        times = sorted(time for time, components in by_time.items() if set(pair) <= set(components))
        if len(times) >= MIN_ECHOES:
            return EchoSet(pair, tuple(times), tuple((by_time[time][pair[0]], by_time[time][pair[1]]) for time in times))
    return None


def _fit(build: ExamBuilder, echoes: EchoSet, field_strength_t: float, progress: Progress) -> tuple[dict[str, Volume], dict[str, Volume]]:
    """The maps of one station, and the standard deviations of those that have one."""
    loaded = [(build.load(first).array, build.load(second).array) for first, second in echoes.volumes]
    signal = np.stack([_complex(first, second, echoes.pair) for first, second in loaded], axis=-1)
    spectrum = build.settings.fat_spectrum
    fit = fatwater.fit_fat_water(signal, np.array(echoes.times_s), field_strength_t, spectrum=spectrum, progress=progress)
    build.warn(fit.findings)
    grid = Volume(signal[..., 0].real, np.asarray(echoes.first.ijk_to_ras), station=echoes.first.station)
    source = (finding("made.echoes", n=len(echoes.times_s), spectrum=spectrum),)
    pdff = grid.like(fit.pdff_percent, role=Role.PDFF, unit=UNIT_FF, quantity="PDFF", name="PDFF from the echoes", source=source)
    r2star = grid.like(fit.r2star_per_s, role=Role.R2STAR, unit=UNIT_R2STAR, quantity="R2*", name="R2*", source=source)
    water, fat = (
        grid.like(np.abs(array).astype(np.float32), role=Role(key), quantity="signal", name=key, source=source)
        for key, array in (("water", fit.water), ("fat", fit.fat))
    )
    found = {"ff_six_echo": pdff, "r2star": r2star, "water": water, "fat": fat}
    told = {"ff_six_echo": fit.pdff_sd_percent, "r2star": fit.r2star_sd_per_s}
    return found, {key: found[key].like(sd, name=f"{found[key].name}, standard deviation") for key, sd in told.items() if sd is not None}


def _complex(first: np.ndarray, second: np.ndarray, pair: tuple[str, str]) -> np.ndarray:
    return (first + 1j * second).astype(np.complex64) if pair[0] == "real" else from_polar(first, second)


# ---------------------------------------------------------------------------------------------------------------- choice
def choose_fat_fraction(build: ExamBuilder) -> None:
    """FF is read from the scanner's map if there is one, else from the echoes, else from water and fat; disagreement is said."""
    available = [key for key in ("ff_vendor", "ff_six_echo", "ff_water_fat") if key in build.maps]
    if not available:
        return
    chosen = build.maps[available[0]]
    build.maps["ff"] = chosen
    build.protocol["ff_origin"] = available[0]
    if available[0] in build.spreads:
        build.spreads["ff"] = build.spreads[available[0]]
    others = [build.maps[key] for key in ("ff_six_echo", "water", "fat") if key in build.maps]
    if available[:2] == ["ff_vendor", "ff_six_echo"] and all(chosen.same_grid(other) for other in others):
        fitted, water, fat = (other.array for other in others)
        tissue = (water + fat) > 0.2 * np.nanpercentile(water + fat, 99)
        difference = float(np.nanmedian(chosen.array[tissue] - fitted[tissue])) if tissue.any() else 0.0
        if abs(difference) > FF_AGREEMENT_POINTS:
            build.warn([finding("dixon.disagree", points=difference)])


def add_findings(build: ExamBuilder) -> None:
    """Slices in which water and fat look swapped, and how far T1 may have pulled the fat fraction up."""
    water, fat = build.maps.get("water"), build.maps.get("fat")
    if water is not None and fat is not None and water.same_grid(fat):
        build.warn(fatwater.find_swapped_slices(water.array, fat.array, water.spacing_mm).findings)
    source = _fittest([v for v in build.volumes if id(v) in build.used and v.role in FAT_FRACTION_ROLES])
    angle, time = (source.acquisition.get(key) if source else None for key in ("flip_angle_deg", "repetition_time_s"))
    if not angle or not time or not 0 < angle < 180 or not time <= fatwater.LONGEST_TR_S:
        return
    bias = float(fatwater.apparent_fat_fraction(np.array(T1_BIAS_AT), angle, time)) - T1_BIAS_AT
    build.protocol["ff_t1_bias_points"] = round(bias, 1)
    if bias > LARGEST_T1_BIAS_POINTS:
        build.warn([
            finding(
                "dixon.t1_bias",
                angle_deg=angle, tr_ms=1e3 * time, at_percent=T1_BIAS_AT, points=bias, water_s=fatwater.T1_WATER_S, fat_s=fatwater.T1_FAT_S,
            )
        ])
