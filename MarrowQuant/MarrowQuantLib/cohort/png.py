"""The cohort's figures as PNG, for papers and slides: the SVG pieces that the figures are made of, drawn with Pillow.

Slicer bundles Pillow; elsewhere it comes with ``marrowquant[cohort]``. No complete SVG renderer: an element that the figures do not use is
refused rather than left out.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any
from xml.etree import ElementTree

import numpy as np

from ..io.packages import need
from ..model import MarrowQuantError
from ..report.charts import INK
from ..report.fonts import font_path

SCALE = 4
"""Pixels per SVG unit (1/96 inch): 384 dpi, more than the 300 that journals ask for."""
_SMOOTH = 2  # drawn so many times larger, then averaged: Pillow's lines have hard edges
_SOFT = "#52616f"  # what the style of a page gives to the class "soft"
_FONTS = (
    "DejaVuSans.ttf", "arial.ttf", "Arial.ttf", "LiberationSans-Regular.ttf",
    "YuGothM.ttc", "meiryo.ttc", "msgothic.ttc", "ヒラギノ角ゴシック W3.ttc", "Hiragino Sans GB.ttc", "NotoSansCJK-Regular.ttc",
)  # fmt: skip
"""Tried in this order until one has all characters of a text: Linux, Windows and macOS, the last ones for Japanese."""


def figure_png(figure: str) -> bytes:
    """A figure as PNG.

    Parameters
    ----------
    figure : str
        SVG as ``figures`` makes it.

    Raises
    ------
    MarrowQuantError
        If Pillow is not installed, or no font of this machine has the characters of a text.
    """
    need("PIL", "figures as PNG")
    from PIL import Image, ImageDraw

    root = ElementTree.fromstring(figure)
    width, height = (float(value) for value in root.attrib["viewBox"].split()[2:])
    unit = SCALE * _SMOOTH
    image = Image.new("RGB", (round(width * unit), round(height * unit)), "white")
    _draw(root, image, ImageDraw.Draw(image, "RGBA"))
    packed = io.BytesIO()
    dpi = 96 * SCALE
    image.resize((round(width * SCALE), round(height * SCALE)), Image.Resampling.BOX).save(packed, "PNG", optimize=True, dpi=(dpi, dpi))
    return packed.getvalue()


def _draw(parent: ElementTree.Element, image: Any, pen: Any, turn: Sequence[float] = ()) -> None:
    """Draw the children; ``turn`` is (angle, x, y) of the group's rotation."""
    for element in parent:
        kind = element.tag
        if kind == "g":
            _draw(element, image, pen, [float(value) for value in re.findall(r"-?[\d.]+", element.attrib["transform"])])
        elif kind == "text":
            _text(element, image, pen, turn)
        elif kind in _SHAPES:
            _SHAPES[kind](element.attrib, pen)
        else:
            raise ValueError(f"no figure should hold <{kind}>")


def _line(at: Mapping[str, str], pen: Any) -> None:
    _stroke([(float(at["x1"]), float(at["y1"])), (float(at["x2"]), float(at["y2"]))], at, pen)


def _polyline(at: Mapping[str, str], pen: Any) -> None:
    pairs = [pair.split(",") for pair in at["points"].split()]
    _stroke([(float(x), float(y)) for x, y in pairs], at, pen)


def _polygon(at: Mapping[str, str], pen: Any) -> None:
    unit = SCALE * _SMOOTH
    pairs = [pair.split(",") for pair in at["points"].split()]
    pen.polygon([(float(x) * unit, float(y) * unit) for x, y in pairs], fill=_rgba(at["fill"], at.get("fill-opacity")))


def _rect(at: Mapping[str, str], pen: Any) -> None:
    left, top = float(at["x"]), float(at["y"])
    box = np.array([left, top, left + float(at["width"]), top + float(at["height"])]) * SCALE * _SMOOTH
    pen.rectangle(list(box), fill=_rgba(at["fill"], at.get("fill-opacity")))


def _circle(at: Mapping[str, str], pen: Any) -> None:
    (x, y), radius, unit = (float(at["cx"]), float(at["cy"])), float(at["r"]), SCALE * _SMOOTH
    edge = float(at.get("stroke-width", 0)) / 2.0
    for size, colour in ((radius + edge, at.get("stroke")), (radius - edge, at["fill"])):
        if colour is not None:
            box = [(x - size) * unit, (y - size) * unit, (x + size) * unit, (y + size) * unit]
            pen.ellipse(box, fill=_rgba(colour, at.get("fill-opacity")))


_SHAPES = {"line": _line, "polyline": _polyline, "polygon": _polygon, "rect": _rect, "circle": _circle}


def _stroke(points: Sequence[tuple[float, float]], at: Mapping[str, str], pen: Any) -> None:
    unit = SCALE * _SMOOTH
    colour, width = _rgba(at["stroke"], at.get("stroke-opacity")), max(1, round(float(at.get("stroke-width", 1)) * unit))
    pattern = [float(value) for value in at.get("stroke-dasharray", "").split()]
    for piece in _dashed(np.array(points), pattern) if pattern else [np.array(points)]:
        pen.line([tuple(point) for point in piece * unit], fill=colour, width=width, joint="curve")


def _dashed(points: np.ndarray, pattern: Sequence[float]) -> list[np.ndarray]:
    """The drawn pieces of a broken line; ``pattern`` is (drawn, left out) in SVG units."""
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
    pieces = []
    for start in np.arange(0.0, along[-1], sum(pattern)):
        stop = min(start + pattern[0], along[-1])
        places = np.concatenate([[start], along[(along > start) & (along < stop)], [stop]])
        pieces.append(np.column_stack([np.interp(places, along, points[:, axis]) for axis in (0, 1)]))
    return pieces


def _text(element: ElementTree.Element, image: Any, pen: Any, turn: Sequence[float]) -> None:
    from PIL import Image, ImageDraw

    unit = SCALE * _SMOOTH
    content = element.text or ""
    at = element.attrib
    size = float(re.findall(r"font-size:([\d.]+)px", at["style"])[0])
    place = (float(at["x"]) * unit, float(at["y"]) * unit)
    runs = _runs(content, round(size * unit))
    length = sum(font.getlength(run) for run, font in runs)
    before = {"start": 0.0, "middle": length / 2.0, "end": length}[at["text-anchor"]]
    colour = _SOFT if element.get("class") == "soft" else INK
    if not turn:
        _write(pen, (place[0] - before, place[1]), runs, colour)
        return
    # Drawn in the middle of a square that it fits in at any angle, turned, and put where the rotation takes its place.
    side = 2 * round(length + 2 * size * unit)
    mask = Image.new("L", (side, side))
    _write(ImageDraw.Draw(mask), (side / 2 - before, side / 2), runs, 255)
    angle, x, y = turn
    across, down = np.array(place) - np.array([x, y]) * unit
    cosine, sine = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    corner = (x * unit + cosine * across - sine * down - side / 2, y * unit + sine * across + cosine * down - side / 2)
    turned = mask.rotate(-angle, Image.Resampling.BICUBIC)  # SVG turns clockwise
    image.paste(colour, (round(corner[0]), round(corner[1])), turned)


def _write(pen: Any, place: tuple[float, float], runs: Sequence[tuple[str, Any]], colour: Any) -> None:
    across = place[0]
    for run, font in runs:
        pen.text((across, place[1]), run, fill=colour, font=font, anchor="ls")
        across += font.getlength(run)


@lru_cache(maxsize=256)
def _runs(content: str, size: int) -> list[tuple[str, Any]]:
    """The text in pieces, each with a font that has its characters; one piece where one font has all.

    Raises
    ------
    MarrowQuantError
        If no font has a character.
    """
    try:
        return [(content, _font(content, size))]
    except MarrowQuantError:
        runs: list[tuple[str, Any]] = []
        for char in content:
            font = runs[-1][1] if runs and _has(runs[-1][1], char) else _font(char, size)
            if runs and font is runs[-1][1]:
                runs[-1] = (runs[-1][0] + char, font)
            else:
                runs.append((char, font))
        return runs


@lru_cache(maxsize=256)
def _font(content: str, size: int) -> Any:
    from PIL import ImageFont

    font: Any
    for name in (*_FONTS, *_shipped_fonts()):
        try:
            font = ImageFont.truetype(name, size)
        except OSError:  # not on this machine
            continue
        if _has(font, content):
            return font
    try:
        font = ImageFont.load_default(size)
    except TypeError:  # before Pillow 10.1 its own font cannot be scaled
        font = None
    if font is None or not _has(font, content):
        raise MarrowQuantError(
            "No font on this machine has all characters of '{content}', so figures cannot be PNG; use the SVG files.",
            content=content,
        )
    return font


def _shipped_fonts() -> list[str]:
    """The Japanese font of matplotlib-fontja, where that package is installed."""
    found = font_path("ja")
    return [str(found)] if found is not None else []


def _has(font: Any, content: str) -> bool:
    """True if the font has a glyph for every character: one that it lacks is drawn as its sign for a missing one."""
    missing = bytes(font.getmask("\U0010fffd"))
    return all(char.isspace() or bytes(font.getmask(char)) != missing for char in content)


def _rgba(colour: str, opacity: Any = None) -> tuple[int, int, int, int]:
    digits = colour.lstrip("#")
    digits = digits if len(digits) == 6 else "".join(2 * digit for digit in digits)
    red, green, blue = (int(digits[n : n + 2], 16) for n in (0, 2, 4))
    return red, green, blue, round(255 * float(opacity or 1.0))
