"""The Siemens-like dialect: every contrast, every station and every b-value is a series of its own.

The b-value is in the private (0019,100C) only. Fat fraction is stored in steps of 0.1 % and R2* in steps of 0.1 1/s: general knowledge that
could not be checked against a source, so the images carry a rescale slope that says so. Phase is 0 … 4095 for −π … π.
"""

from __future__ import annotations

import numpy as np

from ..model import Role, Volume, certain
from .dwi import B_VALUES
from .exam import SimulatedExam
from .stacks import DIFFUSION_TAGS, DIXON_TAGS, LOCALIZER_TAGS, TWELVE_BITS, PrivateTag, Rescale, Series, Stack, full_scale, millis, stored

MANUFACTURER = "SIEMENS (simulated by MarrowQuant)"
HEADER = "SIEMENS MR HEADER"
ADC_STATION = 3  # the scanner's own ADC map is written for one station only, a decoy

_PRODUCTS = (
    (Role.IN_PHASE, "IN_PHASE", "in"),
    (Role.OPPOSED_PHASE, "OPP_PHASE", "opp"),
    (Role.FAT, "FAT", "F"),
    (Role.WATER, "WATER", "W"),
    (Role.PDFF, "FAT_FRACTION", "FatFraction"),
    (Role.R2STAR, "R2_STAR_MAP", "R2star"),
)
_FF_SCALE = Rescale(0.1, 0.0, "PERCENT")
_R2STAR_SCALE = Rescale(0.1, 0.0, "1/s")


def series(exam: SimulatedExam) -> list[Series]:
    """All series of one exam."""
    signal_slope = Rescale(full_scale(np.concatenate([v.array.ravel() for volumes in exam.stations for v in volumes])), 0.0)
    found = [_localizer(exam), *_dixon_products(exam), *_dixon_echoes(exam)]
    for volumes in exam.stations:
        found += [_trace(volume, n, signal_slope) for n, volume in enumerate(volumes)]
    return [*found, _scanner_adc(exam)]


def _localizer(exam: SimulatedExam) -> Series:
    scale = Rescale(1.0, 0.0)
    stacks = [Stack(stored(v.array, scale), v.ijk_to_ras, ("ORIGINAL", "PRIMARY", "LOCALIZER", "M", "NORM")) for v in exam.localizer]
    return Series(1, "SYNTHETIC localizer", tuple(stacks), tags=LOCALIZER_TAGS)


def _dixon_products(exam: SimulatedExam) -> list[Series]:
    found = []
    for number, (role, kind, suffix) in enumerate(_PRODUCTS, start=2):
        volume = exam.dixon.products[role]
        tags = {**DIXON_TAGS, "EchoTime": millis(volume.echo_time_s or exam.dixon.echo_times_s[0])}
        if role in (Role.PDFF, Role.R2STAR):
            scale = _FF_SCALE if role is Role.PDFF else _R2STAR_SCALE
            stack = Stack(stored(volume.array, scale), volume.ijk_to_ras, ("DERIVED", "PRIMARY", "M", "NORM", kind), scale)
        else:
            stack = Stack(stored(1000 * volume.array, Rescale(1.0, 0.0)), volume.ijk_to_ras, ("DERIVED", "PRIMARY", "M", "NORM", kind))
        found.append(Series(number, f"SYNTHETIC qdixon_lspine_{suffix}", (stack,), tags=tags))
    return found


def _dixon_echoes(exam: SimulatedExam) -> list[Series]:
    """Two series, magnitude and phase, each with all six echoes."""
    dixon = exam.dixon
    phase_scale = Rescale(2 * np.pi / TWELVE_BITS, -np.pi)
    magnitude_scale = Rescale(full_scale(np.abs(dixon.echoes)), 0.0)
    magnitude, phase = [], []
    for n, time_s in enumerate(dixon.echo_times_s):
        echo, tags = dixon.echoes[..., n], {"EchoTime": millis(time_s), "EchoNumbers": n + 1}
        magnitude.append(Stack(stored(np.abs(echo), magnitude_scale), dixon.ijk_to_ras, ("ORIGINAL", "PRIMARY", "M", "ND"), tags=tags))
        phase.append(Stack(stored(np.angle(echo), phase_scale), dixon.ijk_to_ras, ("ORIGINAL", "PRIMARY", "P", "ND", "PHASE"), tags=tags))
    return [
        Series(11, "SYNTHETIC vibe_6echo_lspine", tuple(magnitude), tags=DIXON_TAGS),
        Series(12, "SYNTHETIC vibe_6echo_lspine", tuple(phase), tags=DIXON_TAGS),
    ]


def _trace(volume: Volume, index: int, scale: Rescale) -> Series:
    b_value, station = int(certain(volume.b_value)), certain(volume.station)
    private = (PrivateTag(0x0019, HEADER, 0x0C, "IS", b_value),)
    stack = Stack(stored(volume.array, scale), volume.ijk_to_ras, ("ORIGINAL", "PRIMARY", "DIFFUSION", "TRACEW", "NORM"), private=private)
    tags = {**DIFFUSION_TAGS, "SequenceName": f"*ep_b{b_value}t"}
    number = 20 + 4 * station + index
    return Series(number, f"SYNTHETIC ep2d_diff_wb_{station}_TRACEW", (stack,), tags=tags)


def _scanner_adc(exam: SimulatedExam) -> Series:
    """ADC in µm²/s from the lowest and the highest b-value; this is the scanner's own map and not to be measured instead of a fit."""
    low, *_, high = exam.stations[ADC_STATION - 1]
    adc = 1e6 * np.log(np.maximum(low.array, 1) / np.maximum(high.array, 1)) / (B_VALUES[-1] - B_VALUES[0])
    private = (PrivateTag(0x0019, HEADER, 0x0C, "IS", int(B_VALUES[-1])),)
    stack = Stack(stored(adc, Rescale(1.0, 0.0)), low.ijk_to_ras, ("DERIVED", "PRIMARY", "DIFFUSION", "ADC", "NORM"), private=private)
    return Series(23 + 4 * ADC_STATION, f"SYNTHETIC ep2d_diff_wb_{ADC_STATION}_ADC", (stack,), tags=DIFFUSION_TAGS)
