"""From the recognised volumes of one exam to the maps that are measured.

Every map keeps its native grid. Which volume became which map, and why, is told in ``Volume.source`` and in the exam's warnings.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Optional

import numpy as np

from ..dicom import ExamFiles, SeriesVolume, diffusion_sets
from ..dicom.grouping import STATION_SHIFT
from ..diffusion import fit_adc, rising, stitch
from ..diffusion.align import align, group_stations
from ..diffusion.bmatch import BShift, agreed, find_shifts, moved_back
from ..model import (
    UNIT_ADC,
    ExamIdentity,
    Finding,
    MapKey,
    MarrowQuantError,
    Numbers,
    Progress,
    Role,
    Settings,
    Stitching,
    Volume,
    as_finding,
    certain,
    finding,
    no_progress,
    part,
)
from .diffusion_models import model_maps
from .dixon_maps import (
    add_echo_fit,
    add_findings,
    add_magnitude_echoes,
    add_ready_maps,
    choose_fat_fraction,
    joined,
    stations_of,
)
from .identity import identity_of

STATION_SCATTER = 0.1  # our choice: b-values as applied that differ by less from station to station are one nominal b-value
WHOLE_BODY_MM = 800.0  # our choice: a shorter cranio-caudal coverage is not called whole-body


@dataclass(frozen=True)
class ExamMaps:
    """The measurable maps of one exam.

    Attributes
    ----------
    maps : dict
        Keys: ff (the map that FF is read from), ff_vendor, ff_six_echo, ff_water_fat, water, fat, in_phase, opposed_phase, third_echo,
        r2star, dwi_high, dwi_low, adc; each present only if the exam has it.
    protocol : dict
        What a follow-up is compared with: manufacturer, field strength, b-values, echo times, origin of the FF.
    stitching : Stitching or None
        How the stations of ``dwi_high`` were joined; None for a single one.
    identity : ExamIdentity
        Whose exam it is.
    spreads : dict
        By key of a fitted map its standard deviation in every voxel, on the same grid and in the same unit (percentage points for FF);
        of stations that overlap, as the map itself joins them.
    """

    label: str
    date: Optional[datetime.date]
    maps: Mapping[str, Volume]
    protocol: Mapping[str, Any] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    synthetic: bool = False
    series: tuple[Mapping[str, Any], ...] = ()
    stitching: Optional[Stitching] = None
    identity: ExamIdentity = field(default_factory=ExamIdentity)
    spreads: Mapping[str, Volume] = field(default_factory=dict)

    @property
    def seams_ras(self) -> list[np.ndarray]:
        """Centre of the overlap of each two neighbouring stations, RAS mm."""
        return [seam.position_ras for seam in self.stitching.seams] if self.stitching else []


class ExamBuilder:
    """Collects maps, used volumes, protocol and warnings while one exam is worked through."""

    def __init__(self, exam: ExamFiles, settings: Settings, progress: Progress) -> None:
        self.settings, self.progress = settings, progress
        self.volumes = [v for v in exam.volumes if not v.problem]
        self.maps: dict[str, Volume] = {}
        self.spreads: dict[str, Volume] = {}
        self.used: set[int] = set()
        self.protocol: dict[str, Any] = {}
        self.stitching: Optional[Stitching] = None
        self.findings: list[Finding] = [*exam.findings]
        self.findings += [finding("exam.series_unused", series=v.series_number, why=v.problem) for v in exam.volumes if v.problem]
        self.findings += [
            finding("exam.set_by_reader", volume=v.name, series=v.series_number, changes=list(o.changes))
            for v in exam.volumes
            for o in v.overrides
        ]

    def load(self, volume: SeriesVolume) -> Volume:
        """Load a volume, and keep in the protocol what it was acquired with."""
        self.used.add(id(volume))
        for key in ("manufacturer", "field_strength_t"):
            if volume.acquisition.get(key) is not None:
                self.protocol.setdefault(key, volume.acquisition[key])
        return volume.load()

    def of_role(self, role: Role) -> list[SeriesVolume]:
        """The exam's volumes of one role."""
        return [v for v in self.volumes if v.role == role]

    def chosen(self, role: Role) -> list[SeriesVolume]:
        """The volumes of one role that are measured, the most cranial first; that there are others is told."""
        volumes = self.of_role(role)
        taken = stations_of(volumes)
        others = sorted({v.series_number or 0 for v in volumes} - {v.series_number or 0 for v in taken})
        if others:
            self.warn([finding("exam.other_series", series=taken[0].series_number or 0, others=others)])
        return taken

    def warn(self, sentences: Iterable[str]) -> None:
        """Tell the reader, once."""
        self.findings += [as_finding(told) for told in dict.fromkeys(sentences) if told not in self.findings]


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
    build = ExamBuilder(exam, settings, progress)
    progress(0.0, "Reading the Dixon images")
    add_ready_maps(build)
    progress(0.3, "Fitting water and fat")
    add_echo_fit(build, part(progress, 0.3, 0.6))
    add_magnitude_echoes(build)
    choose_fat_fraction(build)
    add_findings(build)
    progress(0.6, "Fitting ADC")
    _add_diffusion(build)
    if not build.maps:
        raise _nothing_to_measure(exam.volumes)
    progress(1.0, "Maps ready")
    return ExamMaps(
        label=label,
        date=exam.date,
        maps=build.maps,
        protocol=build.protocol,
        findings=tuple(build.findings),
        synthetic=any(v.synthetic for v in exam.volumes),
        series=tuple(v.as_row(used=id(v) in build.used) for v in exam.volumes),
        stitching=build.stitching,
        identity=identity_of(exam),
        spreads=build.spreads,
    )


def _nothing_to_measure(volumes: Iterable[SeriesVolume]) -> MarrowQuantError:
    found = sorted({v.role.value for v in volumes})
    return MarrowQuantError(
        "Nothing to measure: the exam holds only {found}. A Dixon series (fat fraction, water and fat, or echoes), diffusion with two or "
        "more b-values or an ADC map is needed.",
        found=found,
    )


# ------------------------------------------------------------------------------------------------------------ diffusion
def _add_diffusion(build: ExamBuilder) -> None:
    stations = _diffusion_stations(build)
    if stations:
        add_stations(build, stations)
    slabs = [] if "adc" in build.maps else [build.load(volume) for volume in build.chosen(Role.ADC)]
    if slabs:  # the scanner's own map, where there are no images at several b-values to fit one to
        build.maps["adc"] = joined(build, slabs)
        build.findings.append(finding("diffusion.ready_adc"))
    elif stations and "adc" not in build.maps:
        build.findings.append(finding("diffusion.few_b_values"))


def add_stations(build: ExamBuilder, stations: Sequence[Mapping[float, SeriesVolume]]) -> None:
    """The maps of stations, most cranial first, each with one volume per b-value; none if they have fewer than two b-values in common."""
    shells = _common_b_values(build, stations)
    if len(shells) < 2:
        return
    nominal = [round(float(np.mean(shell)), 1) for shell in shells]
    high, low, adc, spread = [], [], [], []
    more: list[dict[str, Volume]] = []
    for n, (b_values, images) in enumerate(_matched_b_values(build, stations, shells)):
        build.progress(0.7 + 0.25 * n / len(stations), f"Fitting ADC, station {n + 1} of {len(stations)}")
        signal = np.stack([v.array for v in images], axis=-1)
        build.findings += rising(signal, b_values, n + 1)
        fit = fit_adc(signal, np.array(b_values))
        more.append(model_maps(images[0], signal, b_values, fit.valid))
        how = finding("made.adc", b_values=b_values)
        adc_map = np.where(fit.valid, fit.adc_um2_per_s, np.nan).astype(np.float32)
        adc.append(images[0].like(adc_map, role=Role.ADC, unit=UNIT_ADC, quantity="ADC", name="ADC", b_value=None, source=(how,)))
        spread.append(adc[-1].like(np.where(fit.valid, fit.adc_sd_um2_per_s, np.nan).astype(np.float32), name="ADC, standard deviation"))
        high.append(replace(images[-1], b_value=nominal[-1]))
        low.append(replace(images[0], b_value=nominal[0]))
    groups, reasons = group_stations(low)
    for n, reason in sorted(reasons.items()):
        build.findings.append(finding("diffusion.station_apart", why=reason, station=n + 1))
    for number, group in enumerate(groups, start=1):
        apart = finding("diffusion.kept_apart", station=[n + 1 for n in group], why=reasons[group[0]]) if number > 1 else ""
        parts = [[images[n] for n in group] for images in (high, low, adc, spread)]
        moves = _add_stitched(build, parts[0], parts[1], parts[2], parts[3], number, apart)
        for key in more[group[0]]:
            own = [more[n][key] for n in group if key in more[n]]
            if len(own) == len(group):
                build.maps[MapKey(key, number)] = _named(_joined(own, np.ones(len(own)), moves), own[0].name)
    build.protocol.update(b_values=nominal, stations=len(stations))
    extent = _cranio_caudal_extent_mm(build.maps["dwi_high"])
    if extent < WHOLE_BODY_MM:
        build.findings.append(finding("diffusion.part_of_body", extent_mm=extent))


def _matched_b_values(
    build: ExamBuilder, stations: Sequence[Mapping[float, SeriesVolume]], shells: Sequence[Sequence[float]]
) -> Iterator[tuple[list[float], list[Volume]]]:
    """The b-values of each station and its images, each brought to the place of those of the lowest b-value."""
    every, found = [], []
    for n, by_b in enumerate(stations):
        build.progress(0.6 + 0.1 * n / len(stations), f"Comparing b-values, station {n + 1} of {len(stations)}")
        b_values = [shell[n] for shell in shells]
        images = [build.load(by_b[b]) for b in b_values]
        every.append((b_values, images))
        found.append(find_shifts([v.array for v in images], b_values, images[0].spacing_mm))
    spacing = every[0][1][0].spacing_mm
    if all(np.allclose(images[0].spacing_mm, spacing, rtol=1e-3) for _, images in every):
        found = agreed(found, spacing)
    for n, shifts in enumerate(found):
        b_values, images = every[n]
        every[n] = ([], [])  # what was fitted is not kept
        arrays = moved_back([v.array for v in images], shifts, images[0].spacing_mm)
        build.warn(_told_shifts(n + 1, shifts))
        yield b_values, [v if array is v.array else v.like(array) for v, array in zip(images, arrays)]


def _add_stitched(
    build: ExamBuilder,
    high: Sequence[Volume],
    low: Sequence[Volume],
    adc: Sequence[Volume],
    spread: Sequence[Volume],
    number: int,
    why: str,
) -> tuple[tuple[int, int, int], ...]:
    """Stitch stations that fit together; the shifts are found on the lowest and the gains on the highest b-value.

    Returns how far each station was moved, in voxels. ``why`` tells why these stations are a part of their own; it becomes the last step of
    their provenance.
    """
    aligned = align(low)
    stitched = stitch(high, moves=aligned.moves)
    build.findings += map(as_finding, (*aligned.findings, *stitched.findings))
    source = (*stitched.volume.source, why) if why else stitched.volume.source
    build.maps[MapKey("dwi_high", number)] = replace(stitched.volume, name=f"b{high[0].b_value:g}", source=source)
    build.maps[MapKey("dwi_low", number)] = _named(_joined(low, stitched.gains, aligned.moves), f"b{low[0].b_value:g}")
    build.maps[MapKey("adc", number)] = _named(_joined(adc, np.ones(len(adc)), aligned.moves), "ADC")
    build.spreads[MapKey("adc", number)] = _joined(spread, np.ones(len(spread)), aligned.moves)
    if number == 1:
        build.stitching = stitched.stitching
    return aligned.moves


def _joined(stations: Sequence[Volume], gains: Numbers, moves: Sequence[Sequence[int]]) -> Volume:
    """A further image of stations that were stitched before."""
    return stitch(stations, gains=gains, moves=moves, measured=False).volume


def _diffusion_stations(build: ExamBuilder) -> list[dict[float, SeriesVolume]]:
    """One {b: volume} per station, most cranial first; of repeated acquisitions the first complete one is used."""
    places: list[list[list[SeriesVolume]]] = []
    for volumes in diffusion_sets(build.volumes):
        place = next((sets for sets in places if _at_one_place(sets[0][0], volumes[0])), None)
        if place is None:
            places.append([volumes])
        else:
            place.append(volumes)
    stations = []
    for station, sets in enumerate(sorted(places, key=lambda sets: -sum(_height_mm(sets[0][0]))), start=1):
        best = max(sets, key=lambda s: len({v.b_value for v in s}))
        whole = [s for s in sets if _same_b_values(s, best)]
        if len(whole) > 1:
            build.findings.append(finding("diffusion.repeated", station=station, n=len(whole), series=best[0].series_number))
        for other in (s for s in sets if s not in whole):
            b_values = [v.b_value for v in other]
            build.findings.append(finding("diffusion.unused", station=station, b_values=b_values, series=other[0].series_number))
        stations.append({float(certain(v.b_value)): v for v in reversed(best)})
    return stations


def _same_b_values(first: Sequence[SeriesVolume], second: Sequence[SeriesVolume]) -> bool:
    pairs = [(certain(a.b_value), certain(b.b_value)) for a, b in zip(first, second)]
    return len(first) == len(second) and all(abs(a - b) <= STATION_SCATTER * max(a, b) for a, b in pairs)


def _at_one_place(first: SeriesVolume, second: SeriesVolume) -> bool:
    """True for repeats of one station. Their numbers do not tell: a station with another matrix is numbered by itself."""
    (low, high), (other_low, other_high) = _height_mm(first), _height_mm(second)
    return abs(low + high - other_low - other_high) / 2 <= STATION_SHIFT * min(high - low, other_high - other_low)


def _height_mm(volume: SeriesVolume) -> tuple[float, float]:
    """Lowest and highest S of the volume, outer faces, RAS mm."""
    steps = np.asarray(volume.ijk_to_ras)[2, :3]
    ends = np.stack([np.full(3, -0.5), np.asarray(volume.shape) - 0.5]) * steps
    origin = float(np.asarray(volume.ijk_to_ras)[2, 3])
    return origin + float(ends.min(axis=0).sum()), origin + float(ends.max(axis=0).sum())


def _told_shifts(station: int, shifts: Sequence[BShift]) -> list[Finding]:
    """What the reader should know about the images of one station at different b-values."""
    told = []
    for shift in shifts:
        if (shift.undone and np.any(shift.voxels)) or shift.left:
            code = "diffusion.b_shifted" if shift.undone else "diffusion.b_shift_left"
            about = {"station": station, "b_value": shift.b_value, "mm": float(np.linalg.norm(shift.mm))}
            told.append(finding(code, **about, voxels=[f"{v:+.1f}" for v in shift.voxels]))
        if shift.turned:
            code = "diffusion.b_turned" if shift.undone else "diffusion.b_turn_left"
            told.append(finding(code, station=station, b_value=shift.b_value, degrees=[f"{turn:+.1f}" for turn in shift.turn_deg]))
    return told


def _common_b_values(build: ExamBuilder, stations: Sequence[Mapping[float, SeriesVolume]]) -> list[list[float]]:
    """The b-values of every station, for each nominal one that all have; applied ones may differ from station to station."""
    clusters: list[list[tuple[float, int]]] = []
    for b, station in sorted((b, station) for station, by_b in enumerate(stations) for b in by_b):
        last = clusters[-1] if clusters else []
        if last and b - last[0][0] <= STATION_SCATTER * last[0][0] and station not in {other for _, other in last}:
            last.append((b, station))
        else:
            clusters.append([(b, station)])
    common = [cluster for cluster in clusters if len(cluster) == len(stations)]
    left_out = sorted({b for cluster in clusters if cluster not in common for b, _ in cluster})
    if left_out:
        build.findings.append(finding("diffusion.b_missing", b_values=left_out))
    for cluster in common:
        applied = sorted({b for b, _ in cluster})
        if len(applied) > 1:
            build.findings.append(finding("diffusion.b_by_station", b_values=applied))
    return [[b for b, _ in sorted(cluster, key=lambda pair: pair[1])] for cluster in common]


def _named(volume: Volume, name: str) -> Volume:
    return replace(volume, name=name)


def _cranio_caudal_extent_mm(volume: Volume) -> float:
    shape_ijk = np.array(volume.array.shape[2::-1])
    return float(np.abs(volume.ijk_to_ras[2, :3] * shape_ijk).sum())
