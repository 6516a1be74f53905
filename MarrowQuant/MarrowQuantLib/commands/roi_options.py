"""Options for the size and shape of vertebral ROIs."""

from __future__ import annotations

import argparse
from dataclasses import replace
from typing import Optional

from ..model import MarrowQuantError, Settings, certain
from ..model.settings import setting
from ..vertebrae.roi import DISC_RADIUS_MM, SHAPES

_Size = tuple[float, float, float]


def add_roi_options(parser: argparse.ArgumentParser) -> None:
    """Add the options; :func:`with_rois` and :func:`size_of` read them."""
    disc = f"a disc is a cylinder {2 * DISC_RADIUS_MM:g} mm high"
    told = f"shape of vertebral ROIs without one; {disc}"
    parser.add_argument(setting("roi_shape").flag, choices=(*SHAPES, "disc"), default=SHAPES[0], help=told)
    size = "half-lengths of vertebral ROIs without a size of their own: left-right, front-back, up-down"
    parser.add_argument(setting("roi_radii_mm").flag, dest="roi_size", type=_size, metavar="LR,AP,CC", help=f"{size}, in mm")


def with_rois(options: argparse.Namespace, settings: Settings) -> Settings:
    """The settings with the size and shape asked for."""
    return replace(settings, roi_shape=shape_of(options), roi_radii_mm=certain(size_of(options, settings.roi_radii_mm)))


def shape_of(options: argparse.Namespace) -> str:
    """The shape as an ROI knows it."""
    return "cylinder" if options.roi_shape == "disc" else options.roi_shape


def size_of(options: argparse.Namespace, otherwise: Optional[_Size]) -> Optional[_Size]:
    """The half-lengths that were given, else these; a disc is flat unless its size was given."""
    if options.roi_size:
        return options.roi_size
    if otherwise is not None and options.roi_shape == "disc":
        return (otherwise[0], otherwise[1], DISC_RADIUS_MM)
    return otherwise


def _size(text: str) -> tuple[float, ...]:
    try:
        return setting("roi_radii_mm").read(text)
    except MarrowQuantError:
        raise argparse.ArgumentTypeError(f"'{text}' is not a size of three half-lengths in mm, such as 12,9,7") from None
