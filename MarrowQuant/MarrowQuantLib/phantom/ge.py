"""The GE-like dialect.

Diffusion: one series per station, b-value only as the first of the four values of (0043,1039), as 10⁹ + b (dcm2niix, GE/README). IDEAL-IQ:
one series whose contrasts are told apart by Temporal Position Identifier, in the order in-phase, opposed-phase, water, fat, PDFF, R2*
(seg_buildDixonVolume.m). Echoes: real and imaginary in one series, told apart by (0043,102F): 0 magnitude, 1 phase, 2 real, 3 imaginary.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..model import Role, Volume, certain
from .exam import SimulatedExam
from .stacks import DIFFUSION_TAGS, DIXON_TAGS, LOCALIZER_TAGS, PrivateTag, Rescale, Series, Stack, full_scale, millis, stored

MANUFACTURER = "GE MEDICAL SYSTEMS (simulated by MarrowQuant)"
PARAMETERS = "GEMS_PARM_01"
B_VALUE_OFFSET = 1_000_000_000
REAL, IMAGINARY = 2, 3

_PRODUCTS = (Role.IN_PHASE, Role.OPPOSED_PHASE, Role.WATER, Role.FAT, Role.PDFF, Role.R2STAR)
_FF_SCALE = Rescale(0.1, 0.0, "US")
_R2STAR_SCALE = Rescale(0.25, 0.0, "US")  # our choice
_SIGNED_TOP = 16000  # real and imaginary parts are signed sixteen-bit integers


def series(exam: SimulatedExam) -> list[Series]:
    """All series of one exam."""
    scale = Rescale(full_scale(np.concatenate([v.array.ravel() for volumes in exam.stations for v in volumes])), 0.0)
    return [_localizer(exam), _ideal_iq(exam), _echoes(exam), *(_station(volumes, scale) for volumes in exam.stations)]


def _component(code: int) -> PrivateTag:
    return PrivateTag(0x0043, PARAMETERS, 0x2F, "SS", code)


def _localizer(exam: SimulatedExam) -> Series:
    scale = Rescale(1.0, 0.0)
    stacks = [Stack(stored(v.array, scale), v.ijk_to_ras, ("ORIGINAL", "PRIMARY", "LOCALIZER")) for v in exam.localizer]
    return Series(1, "SYNTHETIC 3-plane localizer", tuple(stacks), tags=LOCALIZER_TAGS)


def _ideal_iq(exam: SimulatedExam) -> Series:
    stacks = []
    for position, role in enumerate(_PRODUCTS, start=1):
        volume = exam.dixon.products[role]
        tags = {
            "TemporalPositionIdentifier": position,
            "NumberOfTemporalPositions": len(_PRODUCTS),
            "EchoTime": millis(volume.echo_time_s or exam.dixon.echo_times_s[0]),
        }
        if role in (Role.PDFF, Role.R2STAR):
            scale = _FF_SCALE if role is Role.PDFF else _R2STAR_SCALE
            window = {"WindowCenter": 50, "WindowWidth": 100} if role is Role.PDFF else {"WindowCenter": 100, "WindowWidth": 200}
            image_type = ("DERIVED", "PRIMARY", "OTHER")
            stack = Stack(stored(volume.array, scale), volume.ijk_to_ras, image_type, scale, {**tags, **window}, (_component(0),))
        else:
            values = stored(1000 * volume.array, Rescale(1.0, 0.0))
            stack = Stack(values, volume.ijk_to_ras, ("DERIVED", "PRIMARY", "OTHER"), None, tags, (_component(0),))
        stacks.append(stack)
    return Series(2, "SYNTHETIC SAG IDEAL IQ", tuple(stacks), tags=DIXON_TAGS)


def _echoes(exam: SimulatedExam) -> Series:
    dixon = exam.dixon
    scale = _SIGNED_TOP / float(np.abs(dixon.echoes).max())
    stacks = []
    for n, time_s in enumerate(dixon.echo_times_s):
        tags = {"EchoTime": millis(time_s), "EchoNumbers": n + 1}
        for code, part in ((REAL, dixon.echoes[..., n].real), (IMAGINARY, dixon.echoes[..., n].imag)):
            values = np.rint(scale * part).astype(np.int16)
            stacks.append(Stack(values, dixon.ijk_to_ras, ("ORIGINAL", "PRIMARY", "OTHER"), None, tags, (_component(code),)))
    return Series(3, "SYNTHETIC SAG IDEAL IQ echoes", tuple(stacks), tags=DIXON_TAGS)


def _station(volumes: Sequence[Volume], scale: Rescale) -> Series:
    stacks = []
    for volume in volumes:
        b_value = int(certain(volume.b_value))
        private = (PrivateTag(0x0043, PARAMETERS, 0x39, "IS", [B_VALUE_OFFSET + b_value, 8, 0, 0]), _component(0))
        stacks.append(Stack(stored(volume.array, scale), volume.ijk_to_ras, ("ORIGINAL", "PRIMARY", "OTHER"), private=private))
    station = certain(volumes[0].station)
    return Series(10 + station, f"SYNTHETIC AX WB DWI {station}", tuple(stacks), tags=DIFFUSION_TAGS)
