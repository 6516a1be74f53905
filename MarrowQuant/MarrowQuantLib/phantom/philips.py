"""The Philips-like dialect.

Diffusion: single-frame images, all b-values of a station in one series, stored values that need slope, intercept and the private scale
slope: FP = DV / (RS × SS) (dcm2niix, Philips/README). Dixon: one enhanced object with water, fat, in-phase, opposed-phase, fat fraction
(slope 300/4095, intercept −100) and T2*, frames told apart by type and by the private (2005,1011) (dcm2nii_mDIXON.m). Phase in milliradians
as in the public Philips field-map series of UKRIN-MAPS: slope 2000π/4095, intercept −1000π, scale slope such that FP is in radians.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..model import Role, Volume, certain
from .dwi import B_VALUES
from .exam import SimulatedExam
from .stacks import DIFFUSION_TAGS, DIXON_TAGS, LOCALIZER_TAGS, TWELVE_BITS, PrivateTag, Rescale, Series, Stack, full_scale, millis, stored

MANUFACTURER = "Philips (simulated by MarrowQuant)"
IMAGING, MR_IMAGING = "Philips Imaging DD 001", "Philips MR Imaging DD 001"
CALCULATED_B = 1500.0

_PRODUCTS = (
    (Role.WATER, "W"),
    (Role.FAT, "F"),
    (Role.IN_PHASE, "IP"),
    (Role.OPPOSED_PHASE, "OP"),
    (Role.PDFF, "FF"),
    (Role.R2STAR, "T2_STAR"),
)
_FF_SCALE = Rescale(300 / TWELVE_BITS, -100.0)
_T2STAR_SCALE = Rescale(200 / TWELVE_BITS, 0.0)  # 0 … 200 ms, our choice
_PHASE_SCALE = Rescale(2000 * np.pi / TWELVE_BITS, -1000 * np.pi)


def series(exam: SimulatedExam) -> list[Series]:
    """All series of one exam."""
    found = [_localizer(exam), _dixon_products(exam), _dixon_echoes(exam)]
    found += [_station(volumes) for volumes in exam.stations]
    return [*found, _calculated(exam)]


def _scale_slope(value: float) -> PrivateTag:
    return PrivateTag(0x2005, MR_IMAGING, 0x0E, "FL", value)


def _signal_stack(values: np.ndarray, display_slope: float, image_type: tuple[str, ...], ijk_to_ras: np.ndarray, **extra: Any) -> Stack:
    """Arbitrary-unit signal: stored × display slope is what a viewer shows, and only DV / (RS × SS) compares between volumes."""
    per_step = full_scale(values)
    private = (_scale_slope(1 / per_step), *extra.pop("private", ()))
    scale = Rescale(display_slope, 0.0, "normalized")
    return Stack(stored(values, Rescale(per_step, 0.0)), ijk_to_ras, image_type, scale, private=private, **extra)


def _localizer(exam: SimulatedExam) -> Series:
    stacks = [_signal_stack(v.array, 1.0, ("ORIGINAL", "PRIMARY", "LOCALIZER", "M_FFE", "M"), v.ijk_to_ras) for v in exam.localizer]
    return Series(101, "SYNTHETIC localizer", tuple(stacks), tags=LOCALIZER_TAGS)


def _dixon_products(exam: SimulatedExam) -> Series:
    stacks = []
    for role, kind in _PRODUCTS:
        volume = exam.dixon.products[role]
        frame_type = ("DERIVED" if kind in ("FF", "T2_STAR") else "ORIGINAL", "PRIMARY", kind, kind)
        kind_tag = PrivateTag(0x2005, MR_IMAGING, 0x11, "CS", kind)
        tags = {"EchoTime": millis(volume.echo_time_s or exam.dixon.echo_times_s[0])}
        if kind == "FF":
            stack = Stack(stored(volume.array, _FF_SCALE), volume.ijk_to_ras, frame_type, _FF_SCALE, tags, (kind_tag,))
        elif kind == "T2_STAR":
            r2star = volume.array
            t2star_ms = np.divide(1000.0, r2star, out=np.zeros_like(r2star), where=r2star > 0)
            stack = Stack(stored(t2star_ms, _T2STAR_SCALE), volume.ijk_to_ras, frame_type, _T2STAR_SCALE, tags, (kind_tag,))
        else:
            stack = _signal_stack(1000 * volume.array, 1.9, frame_type, volume.ijk_to_ras, tags=tags, private=(kind_tag,))
        stacks.append(stack)
    return Series(201, "SYNTHETIC mDixon Quant lumbar", tuple(stacks), enhanced=True, tags=DIXON_TAGS)


def _dixon_echoes(exam: SimulatedExam) -> Series:
    """Magnitude and phase of the six echoes; the slope is common to all, so that magnitudes compare along the echo train."""
    dixon = exam.dixon
    scale = full_scale(1000 * np.abs(dixon.echoes))
    stacks = []
    for n, time_s in enumerate(dixon.echo_times_s):
        echo = dixon.echoes[..., n]
        tags = {"EchoTime": millis(time_s), "EchoNumbers": n + 1}
        magnitude = Stack(
            stored(1000 * np.abs(echo), Rescale(scale, 0.0)),
            dixon.ijk_to_ras,
            ("ORIGINAL", "PRIMARY", "M_FFE", "M"),
            Rescale(2.1, 0.0, "normalized"),
            tags,
            (PrivateTag(0x2005, MR_IMAGING, 0x11, "CS", "M"), _scale_slope(1 / scale)),
        )
        phase = Stack(
            stored(1000 * np.angle(echo), _PHASE_SCALE),
            dixon.ijk_to_ras,
            ("ORIGINAL", "PRIMARY", "PHASE MAP", "P"),
            _PHASE_SCALE,
            tags,
            (PrivateTag(0x2005, MR_IMAGING, 0x11, "CS", "P"), _scale_slope(1000 / _PHASE_SCALE.slope)),
            "PHASE",
        )
        stacks += [magnitude, phase]
    return Series(202, "SYNTHETIC mDixon Quant lumbar, echoes", tuple(stacks), enhanced=True, tags=DIXON_TAGS)


def _station(volumes: Sequence[Volume]) -> Series:
    station = certain(volumes[0].station)
    stacks = []
    for n, volume in enumerate(volumes):
        private = (
            PrivateTag(0x2001, IMAGING, 0x03, "FL", volume.b_value),
            PrivateTag(0x2001, IMAGING, 0x04, "CS", "I"),
            PrivateTag(0x2005, MR_IMAGING, 0x11, "CS", "M"),
        )
        display_slope = 0.9 + 0.37 * n + 0.11 * station  # differs from volume to volume, as a real scanner's does
        tags = {"DiffusionBValue": volume.b_value, "AcquisitionNumber": n + 1}
        image_type = ("ORIGINAL", "PRIMARY", "M_SE", "M", "SE")
        stacks.append(_signal_stack(volume.array, display_slope, image_type, volume.ijk_to_ras, tags=tags, private=private))
    return Series(300 + station, f"SYNTHETIC WB DWI station {station}", tuple(stacks), tags=DIFFUSION_TAGS)


def _calculated(exam: SimulatedExam) -> Series:
    """A b-value that was never acquired, extrapolated by the scanner from its lowest and highest; one station, a decoy."""
    low, *_, high = exam.stations[2]
    log_ratio = np.log(np.maximum(low.array, 1) / np.maximum(high.array, 1)) / (B_VALUES[-1] - B_VALUES[0])
    values = high.array * np.exp(-(CALCULATED_B - B_VALUES[-1]) * np.maximum(log_ratio, 0))
    private = (PrivateTag(0x2001, IMAGING, 0x03, "FL", CALCULATED_B), PrivateTag(0x2001, IMAGING, 0x04, "CS", "I"))
    tags = {"DiffusionBValue": CALCULATED_B, "DerivationDescription": "Calculated from b 50 and b 900, never acquired"}
    image_type = ("DERIVED", "PRIMARY", "DIFFUSION", "CALC_BVALUE")
    stack = _signal_stack(values, 1.4, image_type, high.ijk_to_ras, tags=tags, private=private)
    return Series(351, "SYNTHETIC cDWI b1500 station 3", (stack,), tags=DIFFUSION_TAGS)
