"""From the recognised volumes of one exam to the maps that are measured.

Every map keeps its native grid. Which volume became which map, and why, is told in ``Volume.source`` and in the exam's warnings.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Optional

import numpy as np

from . import fatwater
from .dicom import ExamFiles, SeriesVolume, diffusion_sets
from .diffusion import fit_adc, stitch
from .diffusion.align import align, group_stations
from .model import (
    UNIT_ADC,
    UNIT_FF,
    UNIT_R2STAR,
    MarrowQuantError,
    Progress,
    Role,
    Settings,
    Volume,
    no_progress,
)

SINGLE_MAPS = {Role.WATER: "water", Role.FAT: "fat", Role.IN_PHASE: "in_phase", Role.OPPOSED_PHASE: "opposed_phase", Role.R2STAR: "r2star"}
MIN_ECHOES = 3
FAT_FRACTION_ROLES = (Role.PDFF, Role.WATER, Role.FAT, Role.MULTI_ECHO)
T1_BIAS_AT = 30.0  # % of fat, usual in lumbar marrow
LARGEST_T1_BIAS_POINTS = 3.0  # our choice: the repeatability of a fat fraction; a smaller bias is told in the protocol only
FF_AGREEMENT_POINTS = 3.0  # the PDFF repeatability coefficient of facts on liver, 2.99 points (Yokoo 2018); used to name a disagreement
WHOLE_BODY_MM = 800.0  # our choice: a shorter cranio-caudal coverage is not called whole-body


@dataclass(frozen=True)
class ExamMaps:
    """The measurable maps of one exam.

    Attributes
    ----------
    maps : dict
        Keys: ff (the map that FF is read from), ff_vendor, ff_six_echo, ff_water_fat, water, fat, in_phase, opposed_phase, r2star,
        dwi_high, dwi_low, adc; each present only if the exam has it.
    protocol : dict
        What a follow-up is compared with: manufacturer, field strength, b-values, echo times, origin of the FF.
    seams_ras : tuple of (float, float, float)
        Centre of the overlap of each two neighbouring stations, RAS mm.
    """

    label: str
    date: datetime.date
    maps: Mapping[str, Volume]
    protocol: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    synthetic: bool = False
    series: tuple[Mapping[str, Any], ...] = ()
    seams_ras: tuple[tuple[float, ...], ...] = ()


class _Builder:
    """Collects maps, used volumes, protocol and warnings while one exam is worked through."""

    def __init__(self, exam: ExamFiles, settings: Settings, progress: Progress) -> None:
        self.settings, self.progress = settings, progress
        self.volumes = [v for v in exam.volumes if not v.problem]
        self.maps: dict[str, Volume] = {}
        self.used: set[int] = set()
        self.protocol: dict[str, Any] = {}
        self.seams_ras: tuple[tuple[float, ...], ...] = ()
        self.warnings = [f"Series {v.series_number} was not used: {v.problem}" for v in exam.volumes if v.problem]
        self.warnings += [
            f"{v.name} of series {v.series_number}: {', '.join(o.changes)} set by the reader."
            for v in exam.volumes
            for o in v.overrides
        ]

    def load(self, volume: SeriesVolume) -> Volume:
        self.used.add(id(volume))
        for key in ("manufacturer", "field_strength_t"):
            if volume.acquisition.get(key) is not None:
                self.protocol.setdefault(key, volume.acquisition[key])
        return volume.load()

    def of_role(self, role: Role) -> list[SeriesVolume]:
        return [v for v in self.volumes if v.role == role]


def make_exam_maps(exam: ExamFiles, label: str, settings: Settings, progress: Progress = no_progress) -> ExamMaps:
    """Load and compute every map that one exam allows.

    Parameters
    ----------
    exam : ExamFiles
        Recognised volumes of one patient on one date.
    label : {"baseline", "follow-up"}
    settings : Settings
    progress : callable

    Raises
    ------
    MarrowQuantError
        If nothing in the exam can be measured.
    """
    build = _Builder(exam, settings, progress)
    progress(0.0, "Reading the Dixon images")
    _add_dixon(build)
    progress(0.3, "Fitting water and fat")
    _add_six_echo_fit(build)
    _choose_fat_fraction(build)
    _add_fat_water_doubts(build)
    progress(0.6, "Fitting ADC")
    _add_diffusion(build)
    if not build.maps:
        raise MarrowQuantError(_nothing_to_measure(exam.volumes))
    progress(1.0, "Maps ready")
    return ExamMaps(
        label=label,
        date=exam.date,
        maps=build.maps,
        protocol=build.protocol,
        warnings=tuple(build.warnings),
        synthetic=any(v.synthetic for v in exam.volumes),
        series=tuple(v.as_row(used=id(v) in build.used) for v in exam.volumes),
        seams_ras=build.seams_ras,
    )


def _nothing_to_measure(volumes: Iterable[SeriesVolume]) -> str:
    found = sorted({v.role.value for v in volumes})
    return (
        f"Nothing to measure: the exam holds only {', '.join(found)}. A Dixon series (fat fraction, water and fat, or echoes) "
        "or diffusion with two or more b-values is needed."
    )


# ---------------------------------------------------------------------------------------------------------------- Dixon
def _add_dixon(build: _Builder) -> None:
    pdff = _largest(build.of_role(Role.PDFF))
    if pdff is not None:
        build.maps["ff_vendor"] = build.load(pdff)
    for role, key in SINGLE_MAPS.items():
        volume = _largest(build.of_role(role))
        if volume is not None:
            build.maps[key] = build.load(volume)
    water, fat = build.maps.get("water"), build.maps.get("fat")
    if water is not None and fat is not None and water.same_grid(fat):
        build.maps["ff_water_fat"] = water.like(
            fatwater.fat_fraction(water.array, fat.array),
            role=Role.PDFF,
            unit=UNIT_FF,
            quantity="sFF",
            name="sFF from water and fat",
            source=(*water.source, "signal fat fraction 100 F / (W + F) of the scanner's water and fat images"),
        )


def _largest(volumes: Sequence[SeriesVolume]) -> Optional[SeriesVolume]:
    """The volume with the most voxels; the first in series order among equals."""
    return max(volumes, key=lambda v: (v.confidence >= 0.5, int(np.prod(v.shape))), default=None)


def _add_six_echo_fit(build: _Builder) -> None:
    signal, times, first = _complex_echoes(build)
    if signal is None:
        return
    field_strength = first.acquisition.get("field_strength_t")
    if not field_strength:
        build.warnings.append(f"Series {first.series_number}: the echoes were not fitted because the field strength is not in the header.")
        return
    fit = fatwater.fit_fat_water(
        signal,
        times,
        field_strength,
        spectrum=build.settings.fat_spectrum,
        progress=lambda f, text: build.progress(0.3 + 0.3 * f, text),
    )
    build.warnings += fit.warnings
    grid = Volume(array=signal[..., 0].real, ijk_to_ras=np.asarray(first.ijk_to_ras))
    how = f"{len(times)} complex echoes, fat spectrum {build.settings.fat_spectrum}, one R2*"
    build.protocol["echo_times_s"] = [round(float(t), 6) for t in times]
    build.maps["ff_six_echo"] = grid.like(
        fit.pdff_percent, role=Role.PDFF, unit=UNIT_FF, quantity="PDFF", name="PDFF from the echoes", source=(how,)
    )
    if "r2star" not in build.maps:
        build.maps["r2star"] = grid.like(fit.r2star_per_s, role=Role.R2STAR, unit=UNIT_R2STAR, quantity="R2*", name="R2*", source=(how,))
    for key, array in (("water", fit.water), ("fat", fit.fat)):
        if key not in build.maps:
            build.maps[key] = grid.like(np.abs(array).astype(np.float32), role=Role(key), quantity="signal", name=key, source=(how,))


def _complex_echoes(build: _Builder) -> tuple[Optional[np.ndarray], np.ndarray, Optional[SeriesVolume]]:
    """Complex echoes, shape (k, j, i, echo), from magnitude and phase or real and imaginary volumes on one grid."""
    parts: dict[tuple[int, ...], dict[float, dict[str, SeriesVolume]]] = defaultdict(lambda: defaultdict(dict))
    for volume in build.of_role(Role.MULTI_ECHO):
        if volume.echo_time_s is not None:
            parts[tuple(volume.shape)][round(volume.echo_time_s, 7)].setdefault(volume.component, volume)
    for by_time in parts.values():
        for pair in (("real", "imaginary"), ("magnitude", "phase")):
            times = sorted(t for t, c in by_time.items() if set(pair) <= set(c))
            if len(times) >= MIN_ECHOES:
                echoes = [_combine(build, by_time[t], pair) for t in times]
                return np.stack(echoes, axis=-1), np.array(times), by_time[times[0]][pair[0]]
    return None, np.empty(0), None


def _combine(build: _Builder, components: Mapping[str, SeriesVolume], pair: tuple[str, str]) -> np.ndarray:
    first, second = (build.load(components[name]).array for name in pair)
    return (first + 1j * second if pair[0] == "real" else first * np.exp(1j * second)).astype(np.complex64)


def _choose_fat_fraction(build: _Builder) -> None:
    """FF is read from the scanner's map if there is one, else from the echoes, else from water and fat; disagreement is said."""
    available = [key for key in ("ff_vendor", "ff_six_echo", "ff_water_fat") if key in build.maps]
    if not available:
        return
    chosen = build.maps[available[0]]
    build.maps["ff"] = chosen
    build.protocol["ff_origin"] = available[0]
    if available[:2] == ["ff_vendor", "ff_six_echo"] and chosen.same_grid(build.maps["ff_six_echo"]):
        fitted, water, fat = build.maps["ff_six_echo"].array, build.maps["water"].array, build.maps["fat"].array
        tissue = (water + fat) > 0.2 * np.nanpercentile(water + fat, 99)
        difference = float(np.nanmedian(chosen.array[tissue] - fitted[tissue])) if tissue.any() else 0.0
        if abs(difference) > FF_AGREEMENT_POINTS:
            build.warnings.append(
                f"The scanner's fat fraction and the one fitted to the echoes differ by {difference:+.1f} percentage points (median in "
                "tissue); check the scaling and the fat model before trusting either."
            )


def _add_fat_water_doubts(build: _Builder) -> None:
    """Slices in which water and fat look swapped, and how far T1 may have pulled the fat fraction up."""
    water, fat = build.maps.get("water"), build.maps.get("fat")
    if water is not None and fat is not None and water.same_grid(fat):
        build.warnings += fatwater.find_swapped_slices(water.array, fat.array, water.spacing_mm).sentences
    source = _largest([v for v in build.volumes if id(v) in build.used and v.role in FAT_FRACTION_ROLES])
    angle, time = (source.acquisition.get(key) if source else None for key in ("flip_angle_deg", "repetition_time_s"))
    if not angle or not time or not 0 < angle < 180 or not time <= fatwater.LONGEST_TR_S:
        return
    bias = float(fatwater.apparent_fat_fraction(T1_BIAS_AT, angle, time)) - T1_BIAS_AT
    build.protocol["ff_t1_bias_points"] = round(bias, 1)
    if bias > LARGEST_T1_BIAS_POINTS:
        build.warnings.append(
            f"Flip angle {angle:g}° and TR {1e3 * time:.3g} ms may raise a fat fraction of {T1_BIAS_AT:.0f} % by about {bias:.1f} points "
            f"(T1 of water {fatwater.T1_WATER_S:g} s and of fat {fatwater.T1_FAT_S:g} s assumed); it was not corrected."
        )


# ------------------------------------------------------------------------------------------------------------ diffusion
def _add_diffusion(build: _Builder) -> None:
    stations = _diffusion_stations(build)
    if not stations:
        return
    b_values = _common_b_values(build, stations)
    if len(b_values) < 2:
        build.warnings.append(
            "ADC and tDV were not computed: fewer than two b-values were found at every station; load the missing b-value of each station."
        )
        return
    high, low, adc = [], [], []
    for n, by_b in enumerate(stations):
        build.progress(0.6 + 0.35 * n / len(stations), f"Fitting ADC, station {n + 1} of {len(stations)}")
        images = [build.load(by_b[b]) for b in b_values]
        fit = fit_adc(np.stack([v.array for v in images], axis=-1), np.array(b_values))
        how = f"weighted least squares over b {', '.join(f'{b:g}' for b in b_values)} s/mm²"
        adc_map = np.where(fit.valid, fit.adc_um2_per_s, np.nan).astype(np.float32)
        adc.append(images[0].like(adc_map, role=Role.ADC, unit=UNIT_ADC, quantity="ADC", name="ADC", b_value=None, source=(how,)))
        high.append(images[-1])
        low.append(images[0])
    groups, reasons = group_stations(low)
    for n, reason in sorted(reasons.items()):
        build.warnings.append(f"{reason} Station {n + 1} is measured by itself and is not in the tDV.")
    for number, group in enumerate(groups, start=1):
        why = "" if number == 1 else f"kept apart, station {', '.join(str(n + 1) for n in group)}: {reasons[group[0]]}"
        _add_stitched(build, *([images[n] for n in group] for images in (high, low, adc)), "" if number == 1 else f"_part{number}", why)
    build.protocol.update(b_values=[float(b) for b in b_values], stations=len(stations))
    extent = _cranio_caudal_extent_mm(build.maps["dwi_high"])
    if extent < WHOLE_BODY_MM:
        build.warnings.append(f"The diffusion images cover {extent:.0f} mm from head to feet: the tDV is that of this part of the body.")


def _add_stitched(
    build: _Builder, high: Sequence[Volume], low: Sequence[Volume], adc: Sequence[Volume], suffix: str, why: str
) -> None:
    """Stitch stations that fit together; the shifts are found on the lowest and the gains on the highest b-value.

    ``why`` tells why these stations are a part of their own; it becomes the last step of their provenance.
    """
    aligned = align(low)
    stitched = stitch(high, moves=aligned.moves)
    build.warnings += [*aligned.warnings, *stitched.warnings]
    source = (*stitched.volume.source, why) if why else stitched.volume.source
    build.maps["dwi_high" + suffix] = replace(stitched.volume, name=f"b{high[0].b_value:g}", source=source)
    build.maps["dwi_low" + suffix] = _named(stitch(low, gains=stitched.gains, moves=aligned.moves).volume, f"b{low[0].b_value:g}")
    build.maps["adc" + suffix] = _named(stitch(adc, gains=np.ones(len(adc)), moves=aligned.moves).volume, "ADC")
    if not suffix:
        build.seams_ras = tuple(tuple(float(n) for n in seam.position_ras) for seam in stitched.seams)


def _diffusion_stations(build: _Builder) -> list[dict[float, SeriesVolume]]:
    """One {b: volume} per station, most cranial first; of repeated acquisitions the first complete one is used."""
    by_station: dict[int, list[list[SeriesVolume]]] = defaultdict(list)
    for volumes in diffusion_sets(build.volumes):
        by_station[volumes[0].station or 1].append(volumes)
    stations = []
    for station in sorted(by_station):
        sets = by_station[station]
        best = max(sets, key=lambda s: len({v.b_value for v in s}))
        if len(sets) > 1:
            build.warnings.append(
                f"Station {station} was acquired {len(sets)} times; the acquisition from series {best[0].series_number} on is used."
            )
        stations.append({float(v.b_value): v for v in reversed(best)})
    return stations


def _common_b_values(build: _Builder, stations: Sequence[Mapping[float, SeriesVolume]]) -> list[float]:
    common = set(stations[0]).intersection(*stations)
    left_out = sorted(set().union(*stations) - common)
    if left_out:
        build.warnings.append(f"b {', '.join(f'{b:g}' for b in left_out)} s/mm² is missing at some stations and was not used.")
    return sorted(common)


def _named(volume: Volume, name: str) -> Volume:
    return replace(volume, name=name)


def _cranio_caudal_extent_mm(volume: Volume) -> float:
    shape_ijk = np.array(volume.array.shape[2::-1])
    return float(np.abs(volume.ijk_to_ras[2, :3] * shape_ijk).sum())
