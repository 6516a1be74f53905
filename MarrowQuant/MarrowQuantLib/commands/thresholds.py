"""Options that the commands which measure share: every setting, presets, muscle, the response model, and a site's limits of change."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Callable, Optional

from ..burden import PRESETS, Muscle, find_preset, read_muscle
from ..followup.repeatability import Repeatability, read_limits
from ..model import MarrowQuantError, Settings
from ..model.settings import CHOICE, NUMBERS, SETTINGS, SWITCH, Setting, setting
from ..response import ResponseModel, load_model
from ..workflow import LABELS
from .roi_options import add_roi_options, with_rois

_OF_ROIS = ("roi_shape", "roi_radii_mm")  # "disc" is a shape and a size


def add_settings(parser: argparse.ArgumentParser) -> None:
    """An option for each of ``model.settings.SETTINGS``, and the presets; :func:`settings_of` reads them."""
    names = ", ".join(f"'{preset.name}'" for preset in PRESETS)
    parser.add_argument("--preset", metavar="NAME", help=f"tDV thresholds with their sources, see Docs/tumour-load.md: {names}")
    for row in SETTINGS:
        if row.kind == SWITCH:
            parser.add_argument(row.flag, dest=row.name, action="store_const", const="no", help=f"not: {row.label_en.lower()}")
        elif row.name not in _OF_ROIS:
            told = f"{row.label()} (default: {row.text(row.default)})"
            metavar = ",".join("N" * (row.count or 1)) + ("" if row.count or row.kind != NUMBERS else ",…")
            shown = {"choices": row.choices} if row.kind == CHOICE else {"metavar": metavar}
            parser.add_argument(row.flag, dest=row.name, type=_reader(row), help=told, **shown)
    add_roi_options(parser)


def _reader(row: Setting) -> Callable[[str], Any]:
    def read(text: str) -> Any:
        try:
            return row.read(text)
        except MarrowQuantError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return read


def muscle(text: str) -> Muscle:
    """``1.5,-20,33`` as a point in muscle (RAS mm), ``140`` as its high-b signal."""
    try:
        return read_muscle(text)
    except MarrowQuantError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


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
    given = {row.name: getattr(options, row.name) for row in SETTINGS if row.name not in _OF_ROIS}
    given = {name: value == "yes" if setting(name).kind == SWITCH else value for name, value in given.items() if value is not None}
    return with_rois(options, replace(settings, **given))


def add_model(parser: argparse.ArgumentParser) -> None:
    """Add ``--model``."""
    parser.add_argument("--model", type=Path, metavar="FILE", help="response model (default: the bundled reconstruction)")


def model_of(options: argparse.Namespace) -> Optional[ResponseModel]:
    """The response model that was chosen, or None."""
    return load_model(options.model) if options.model else None


def limits_of(options: argparse.Namespace) -> Optional[Mapping[str, Repeatability]]:
    """The site's limits, or None."""
    return read_limits(options.limits) if options.limits else None
