"""Vertebral ROIs: levels, markups files, other tools' labels, proposal from two clicks, voxels on a map's grid."""

from __future__ import annotations

from .find import FoundColumn, find_bodies, find_column, level_findings
from .image_shift import ImageShift, find_shift, find_shifts, shift_findings
from .labelfiles import LabelledVertebrae, from_segments, is_label_file, read_labels
from .levels import LEVELS, levels_between, parse_level, relabel
from .markups import read_markups, read_points, write_markups
from .place import fit_places, place_between, read_rois
from .propose import Proposal, propose, rois_between
from .roi import RoiVoxels, default_axes, follow_column, rasterise
from .segment import Body, BodySegmentation, segment_bodies
from .takeover import TakenOver, paint_bodies, take_over

__all__ = [
    "LEVELS",
    "Body",
    "BodySegmentation",
    "FoundColumn",
    "ImageShift",
    "LabelledVertebrae",
    "Proposal",
    "RoiVoxels",
    "TakenOver",
    "default_axes",
    "find_bodies",
    "find_column",
    "find_shift",
    "find_shifts",
    "fit_places",
    "follow_column",
    "from_segments",
    "is_label_file",
    "level_findings",
    "levels_between",
    "paint_bodies",
    "parse_level",
    "place_between",
    "propose",
    "rasterise",
    "read_labels",
    "read_markups",
    "read_points",
    "read_rois",
    "relabel",
    "rois_between",
    "segment_bodies",
    "shift_findings",
    "take_over",
    "write_markups",
]
