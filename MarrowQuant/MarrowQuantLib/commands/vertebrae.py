"""``marrowquant vertebrae``: the bodies between two clicks as a segmentation."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from .. import dicom, imagefiles
from ..model import MarrowQuantError, Volume
from ..vertebrae import Body, BodySegmentation, segment_bodies
from ..vertebrae.segfile import write_segmentation
from .analyze import level_point


def add(commands: argparse._SubParsersAction) -> None:
    parser = commands.add_parser("vertebrae", help="segment the vertebral bodies between two clicks")
    parser.add_argument("image", type=Path, metavar="IMAGE", help="NIfTI or NRRD file, or a folder with one DICOM series")
    parser.add_argument(
        "--click", type=level_point, action="append", required=True, metavar="LEVEL=R,A,S", help="a point inside a body, RAS in mm; twice"
    )
    parser.add_argument("--out", type=Path, metavar="FILE", help="segmentation to write, .seg.nrrd")
    parser.add_argument("--json", action="store_true", help="print centre, axes and radii of each body as JSON")
    parser.set_defaults(command=_vertebrae)


def _vertebrae(options: argparse.Namespace) -> int:
    levels = [level for level, _ in options.click]
    if len(set(levels)) < len(levels):
        raise MarrowQuantError("A level was clicked twice; give each level one click.")
    if options.out is not None and not options.out.name.endswith(".nrrd"):
        raise MarrowQuantError(f"'{options.out.name}' is not a segmentation file; name it with the ending .seg.nrrd.")
    found = segment_bodies(_read(options.image), dict(options.click))
    if options.out is not None:
        write_segmentation(options.out, found.labels, found.levels)
    print(json.dumps(as_dict(found), indent=1, ensure_ascii=False) if options.json else _table(found))
    return 0


def _read(path: Path) -> Volume:
    """The one volume of an image file or of a DICOM folder."""
    if path.is_dir():
        series = [volume for volume in dicom.scan(path) if not volume.problem]
        volumes = [series[0].load()] if len(series) == 1 else series
    else:
        volumes = imagefiles.read_volumes(path)
    if len(volumes) != 1:
        raise MarrowQuantError(f"'{path.name}' holds {len(volumes)} volumes where one is needed; give one of them alone.")
    return volumes[0]


def as_dict(found: BodySegmentation) -> dict[str, Any]:
    """What ``--json`` prints: positions and lengths in mm, RAS."""
    return {
        "bodies": [_body_dict(n + 1, body) for n, body in enumerate(found.bodies)],
        "roi_margin_mm": found.margin_mm,
        "warnings": list(found.warnings),
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
        "doubts": list(body.doubts),
    }


def _table(found: BodySegmentation) -> str:
    lines = ["level  centre R, A, S (mm)      width x depth x height (mm)  volume (mL)"]
    for body in found.bodies:
        center = ", ".join(f"{value:6.1f}" for value in body.center_ras)
        size = " x ".join(f"{2 * radius:4.1f}" for radius in body.radii_mm)
        lines.append(f"{body.level:<5}  {center}   {size}           {body.volume_ml:5.1f}")
    return "\n".join([*lines, *found.doubts])
