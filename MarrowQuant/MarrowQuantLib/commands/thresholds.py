"""Options that the commands with a tumour load share: preset, thresholds, ADC classes, muscle, and a site's limits of change."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Optional

from ..burden import PRESETS, Muscle, find_preset
from ..followup.repeatability import Repeatability, read_limits
from ..model import Settings
from ..workflow import LABELS


def add_thresholds(parser: argparse.ArgumentParser) -> None:
    """Add the options; :func:`settings_of` and :func:`limits_of` read them."""
    names = ", ".join(f"'{preset.name}'" for preset in PRESETS)
    parser.add_argument("--preset", metavar="NAME", help=f"tDV thresholds with their sources, see Docs/tumour-load.md: {names}")
    ratio = f"tDV threshold, high-b signal over muscle (default: {Settings.tdv_signal_ratio:g})"
    parser.add_argument("--tdv-ratio", type=float, metavar="RATIO", help=ratio)
    window = f"tDV ADC window in µm²/s (default: {','.join(f'{limit:g}' for limit in Settings.tdv_adc_window)})"
    parser.add_argument("--adc-window", type=_two_numbers, metavar="LOW,HIGH", help=window)
    edges = f"edges of the ADC classes in µm²/s (default: {','.join(f'{edge:g}' for edge in Settings.adc_class_edges)})"
    parser.add_argument("--adc-classes", type=_numbers, metavar="EDGE,…", help=edges)


def muscle(text: str) -> Muscle:
    """``1.5,-20,33`` as a point in muscle (RAS mm), ``140`` as its high-b signal."""
    numbers = _numbers(text)
    if len(numbers) not in (1, 3):
        raise argparse.ArgumentTypeError(f"'{text}' is neither a point R,A,S in mm nor a signal")
    return numbers[0] if len(numbers) == 1 else [numbers]


def muscle_by_exam(text: str) -> tuple[str, Muscle]:
    """``baseline=1.5,-20,33`` as (exam, what is said of its muscle)."""
    exam, _, said = text.partition("=")
    if exam not in LABELS:
        raise argparse.ArgumentTypeError(f"'{text}' must begin with {' or '.join(f'{label}=' for label in LABELS)}")
    return exam, muscle(said)


def add_limits(parser: argparse.ArgumentParser) -> None:
    """Add ``--limits``."""
    parser.add_argument("--limits", type=Path, metavar="FILE", help="the site's own limits of change, see Docs/follow-up.md")


def settings_of(options: argparse.Namespace) -> Settings:
    """The settings that the options ask for: the preset first, then what was given by itself.

    Raises
    ------
    MarrowQuantError
        If there is no such preset.
    """
    settings = Settings()
    if options.preset:
        preset = find_preset(options.preset)
        settings = replace(settings, tdv_signal_ratio=preset.ratio, tdv_adc_window=preset.adc_window)
    given = {"tdv_signal_ratio": options.tdv_ratio, "tdv_adc_window": options.adc_window, "adc_class_edges": options.adc_classes}
    return replace(settings, **{name: value for name, value in given.items() if value is not None})


def limits_of(options: argparse.Namespace) -> Optional[Mapping[str, Repeatability]]:
    """The site's limits, or None."""
    return read_limits(options.limits) if options.limits else None


def _numbers(text: str) -> tuple[float, ...]:
    try:
        return tuple(float(number) for number in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is not a list of numbers, such as 900,1400") from None


def _two_numbers(text: str) -> tuple[float, ...]:
    numbers = _numbers(text)
    if len(numbers) != 2:
        raise argparse.ArgumentTypeError(f"'{text}' is not a window, such as 550,1400")
    return numbers
