"""Vertebral ROIs: levels, markups files, proposal from two clicks, voxels on a map's grid."""

from __future__ import annotations

from .levels import LEVELS, levels_between, parse_level, relabel
from .markups import read_markups, read_points, write_markups
from .place import place_between
from .propose import Proposal, propose, rois_between, rois_from_markups
from .roi import RoiVoxels, default_axes, follow_column, rasterise
from .segment import Body, BodySegmentation, segment_bodies

__all__ = [
    "LEVELS",
    "Body",
    "BodySegmentation",
    "Proposal",
    "RoiVoxels",
    "default_axes",
    "follow_column",
    "levels_between",
    "parse_level",
    "place_between",
    "propose",
    "rasterise",
    "read_markups",
    "read_points",
    "relabel",
    "rois_between",
    "rois_from_markups",
    "segment_bodies",
    "write_markups",
]
