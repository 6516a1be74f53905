"""``marrowquant vertebrae``: the bodies between two clicks, or in another tool's labels, as a segmentation."""

from __future__ import annotations

import argparse
import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any, Optional, Union

from ..io import imagefiles
from ..model import MarrowQuantError, Settings, Volume, as_finding, certain
from ..results.codec import plain
from ..vertebrae import Body, BodySegmentation, TakenOver, find_bodies, level_findings, paint_bodies, read_labels, segment_bodies, take_over
from ..vertebrae.segfile import write_segmentation
from .analyze import level_point
from .outputs import add_overwrite, output_file
from .overriding import add_overrides, scanned
from .roi_options import add_roi_options, shape_of, size_of


def add(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``marrowquant vertebrae``."""
    parser.add_argument("image", type=Path, nargs="?", metavar="IMAGE", help="NIfTI or NRRD file, or a folder with one DICOM series")
    parser.add_argument(
        "--click", type=level_point, action="append", default=[], metavar="LEVEL=R,A,S", help="a point inside a body, RAS in mm; twice"
    )
    parser.add_argument(
        "--auto", action="store_true",
        help="find all bodies in view without a click; with one --click, count the levels from it",
    )
    parser.add_argument("--shift", type=int, default=0, metavar="N", help="with --auto: move all levels, 1 turns L1 into L2, -1 into T12")
    parser.add_argument(
        "--labels", type=Path, metavar="FILE", help="instead of IMAGE: another tool's .seg.nrrd, label image, or folder of masks"
    )
    add_roi_options(parser)
    parser.add_argument("--out", type=Path, metavar="FILE", help="segmentation to write, .seg.nrrd")
    add_overrides(parser)
    add_overwrite(parser)
    parser.add_argument("--json", action="store_true", help="print centre, axes and radii of each body as JSON")
    parser.set_defaults(command=_vertebrae)


def _vertebrae(options: argparse.Namespace) -> int:
    if options.out is not None and not options.out.name.endswith(".nrrd"):
        raise MarrowQuantError("'{out}' is not a segmentation file; name it with the ending .seg.nrrd.", out=options.out.name)
    if options.out is not None:
        output_file(options, [options.image, options.labels])
    found, labels = _from_labels(options) if options.labels else _auto(options) if options.auto else _from_clicks(options)
    if options.out is not None:
        write_segmentation(options.out, labels, [body.level for body in found.bodies])
    print(json.dumps(as_dict(found), indent=1, ensure_ascii=False) if options.json else _table(found))
    return 0


def _auto(options: argparse.Namespace) -> tuple[BodySegmentation, Volume]:
    if options.image is None or len(options.click) > 1:
        raise MarrowQuantError("With --auto give IMAGE and at most one --click, or leave --auto out where two levels are clicked.")
    click = options.click[0] if options.click else None
    found, _ = find_bodies(_read(options.image, options), click, shift=options.shift, shape=shape_of(options), radii_mm=_size(options))
    return found, found.labels


def _from_clicks(options: argparse.Namespace) -> tuple[BodySegmentation, Volume]:
    if options.image is None or not options.click:
        raise MarrowQuantError(
            "Give IMAGE and a --click for the first and the last level, or --auto, or --labels with another tool's labels."
        )
    if options.shift:
        raise MarrowQuantError("--shift belongs to --auto; without it, name the levels of the clicks as they are.")
    levels = [level for level, _ in options.click]
    if len(set(levels)) < len(levels):
        raise MarrowQuantError("A level was clicked twice; give each level one click.")
    image = _read(options.image, options)
    found = segment_bodies(image, dict(options.click), shape=shape_of(options), radii_mm=_size(options))
    return replace(found, column_findings=(*found.column_findings, *level_findings(image, found))), found.labels


def _from_labels(options: argparse.Namespace) -> tuple[TakenOver, Volume]:
    if options.image is not None or options.click or options.auto or options.shift:
        raise MarrowQuantError("--labels takes the place of IMAGE, --click, --auto and --shift; leave these out.")
    labelled = read_labels(options.labels)
    found = take_over(labelled, shape=shape_of(options), radii_mm=_size(options))
    return found, paint_bodies(found, certain(labelled.grid))


def _size(options: argparse.Namespace) -> Optional[tuple[float, ...]]:
    """The size asked for; None for the largest that keeps the margins."""
    return size_of(options, Settings.roi_radii_mm if options.roi_shape == "disc" else None)


def _read(path: Path, options: argparse.Namespace) -> Volume:
    """The one volume of an image file or of a DICOM folder."""
    if path.is_dir():
        series = [volume for volume in scanned(path, options) if not volume.problem]
        found, volumes = len(series), [series[0].load()] if len(series) == 1 else []
    else:
        volumes = imagefiles.read_volumes(path)
        found = len(volumes)
    if found != 1:
        raise MarrowQuantError(
            "'{file}' holds {n_volumes} volumes where one is needed; give one of them alone.",
            file=path.name, n_volumes=found,
        )
    return volumes[0]


def as_dict(found: Union[BodySegmentation, TakenOver]) -> dict[str, Any]:
    """What ``--json`` prints: positions and lengths in mm, RAS; the uncertainty is null where a body was not searched for.

    ``warnings`` and ``doubts`` are the sentences of the findings, for scripts that read them before there were codes.
    """
    return {
        "bodies": [_body_dict(n + 1, body) for n, body in enumerate(found.bodies)],
        "roi_margin_mm": found.margin_mm,
        "findings": plain([as_finding(each) for each in found.column_findings]),
        "warnings": [str(told) for told in found.column_findings],
    }


def _body_dict(label: int, body: Body) -> dict[str, Any]:
    return {
        "level": body.level,
        "label": label,
        "center_ras_mm": body.center_ras.round(2).tolist(),
        "axes_ras": body.axes.T.round(5).tolist(),
        "radii_mm": body.radii_mm.round(2).tolist(),
        "volume_ml": round(body.volume_ml, 2),
        "roi": {
            "shape": body.roi.shape,
            "center_ras_mm": body.roi.center_ras.round(2).tolist(),
            "radii_mm": body.roi.radii_mm.round(2).tolist(),
        },
        "findings": plain([as_finding(found) for found in body.findings]),
        "doubts": [str(told) for told in body.findings],
        "uncertainty": round(body.uncertainty, 2) if math.isfinite(body.uncertainty) else None,  # JSON knows no NaN
    }


def _table(found: Union[BodySegmentation, TakenOver]) -> str:
    lines = ["level  centre R, A, S (mm)      width x depth x height (mm)  volume (mL)"]
    for body in found.bodies:
        center = ", ".join(f"{value:6.1f}" for value in body.center_ras)
        size = " x ".join(f"{2 * radius:4.1f}" for radius in body.radii_mm)
        lines.append(f"{body.level:<5}  {center}   {size}           {body.volume_ml:5.1f}")
    return "\n".join([*lines, *found.findings])
