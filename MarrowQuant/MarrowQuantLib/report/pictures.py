"""The report's pictures: key images of both exams side by side, with outlines, letters, scale and legend."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Optional

from ..model import ExamResult
from .charts import svg
from .images import (
    ACCEPTED_RGB,
    ADC_WHITE,
    FF_COLOURS,
    MIP_BLACK,
    PHYSIOLOGICAL_RGB,
    KeyImage,
    anatomy_image,
    body_image,
    slice_image,
    spine_image,
)
from .strings import Strings

_SCALE_MM = {True: 100, False: 50}  # length of the scale bar: whole body, spine


def images_section(exams: Sequence[ExamResult], words: Strings) -> str:
    """Spine and whole body of every exam; empty if no exam has a map to show."""
    spines, bodies = [spine_image(exam) for exam in exams], [body_image(exam) for exam in exams]
    if not any((*spines, *bodies)):
        return ""
    more = _row([anatomy_image(exam) for exam in exams], exams, words, "anatomy")
    more += _row([slice_image(exam, "adc", ADC_WHITE) for exam in exams], exams, words, "adc")
    figures = [_figure(image, exam, words, "spine") for image, exam in zip(spines, exams) if any(spines)]
    figures += [_scale(words)] if any(spines) and any("ff" in exam.maps for exam in exams) else []
    figures += [_figure(image, exam, words, "body") for image, exam in zip(bodies, exams) if any(bodies)]
    captions = [words("spine_caption")] * any(spines) + [f"{words('body_caption', black=MIP_BLACK)}: {_legend(words)}"] * any(bodies)
    return (
        f"<section><h2>{words('images')}</h2><div class=\"pictures\">{''.join(figures)}</div>"
        + "".join(f'<p class="soft">{caption}</p>' for caption in captions)
        + more
        + "</section>"
    )


def _row(images: Sequence[Optional[KeyImage]], exams: Sequence[ExamResult], words: Strings, kind: str) -> str:
    """The pictures of one kind side by side with their caption; nothing where no exam has one."""
    if not any(images):
        return ""
    figures = "".join(_figure(image, exam, words, kind) for image, exam in zip(images, exams))
    return f'<div class="pictures small">{figures}</div><p class="soft">{words(f"{kind}_caption")}</p>'


def _figure(image: Optional[KeyImage], exam: ExamResult, words: Strings, kind: str) -> str:
    caption = f"<figcaption>{words.exam(exam.label)}<br>{words.date(exam.date)}</figcaption>"
    if image is None:
        return f'<figure style="flex:0.4"><p class="soft">{words("no_image")}</p>{caption}</figure>'
    drawing = _drawing(image, words(f"{kind}_alt", exam=words.exam(exam.label)), dark=kind != "body")
    # Widths in proportion to the pictures' shapes make all of them equally high.
    return f'<figure style="flex:{image.width_mm / image.height_mm:.3f}">{drawing}{caption}</figure>'


def _drawing(image: KeyImage, label: str, dark: bool) -> str:
    """The picture in mm, so that every voxel has its true proportions."""
    width, height = image.width_mm, image.height_mm
    size = max(width, height) / 28.0
    ink = "#fff" if dark else "#1b2733"
    parts = [
        f'<image href="{image.data_uri}" width="{width:.2f}" height="{height:.2f}" preserveAspectRatio="none"/>',
        *(_outline(level, points, size) for level, points in image.outlines),
    ]
    left, right, top, bottom = image.sides
    places = ((left, size * 0.8, height / 2), (right, width - size * 0.8, height / 2), (top, width / 2, size * 1.1))
    parts += [_letter(letter, x, y, size, ink) for letter, x, y in (*places, (bottom, width / 2, height - size * 0.5))]
    bar = _SCALE_MM[not dark]
    y = height - size * 0.6
    for colour, stroke in (("#000" if dark else "#fff", size / 4), (ink, size / 7)):
        parts.append(f'<path d="M{size * 0.5:.1f} {y:.1f}h{bar}" stroke="{colour}" stroke-width="{stroke:.2f}"/>')
    parts.append(_letter(f"{bar} mm", size * 0.5 + bar / 2, y - size * 0.4, size * 0.8, ink))
    return svg(width, height, label, parts)


def _outline(level: str, points, size: float) -> str:
    path = " ".join(f"{x:.2f},{y:.2f}" for x, y in points)
    right, middle = points[:, 0].max() + size * 0.4, points[:, 1].mean() + size * 0.35
    return (
        f'<polygon points="{path}" fill="none" stroke="#000" stroke-width="{size / 5:.2f}" stroke-opacity="0.6"/>'
        f'<polygon points="{path}" fill="none" stroke="#fff" stroke-width="{size / 11:.2f}"/>'
        + _letter(level, right, middle, size, "#fff", anchor="start")
    )


def _letter(content: str, x: float, y: float, size: float, ink: str, anchor: str = "middle") -> str:
    # The contour keeps a letter readable on any background.
    contour = "#000" if ink == "#fff" else "#fff"
    style = f"font-size:{size:.2f}px;fill:{ink};stroke:{contour};stroke-width:{size / 7:.2f};paint-order:stroke;stroke-opacity:.7"
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" style="{style}">{escape(content)}</text>'


def _scale(words: Strings) -> str:
    """The colours of the fat fraction."""
    stops = "".join(f'<stop offset="{1 - stop / 100:g}" stop-color="rgb{colour}"/>' for stop, colour in reversed(FF_COLOURS))
    ticks = "".join(f'<text x="20" y="{14 + 1.6 * (100 - t):.0f}" style="font-size:11px">{t} %</text>' for t in (0, 25, 50, 75, 100))
    gradient = f'<defs><linearGradient id="ff" x1="0" y1="0" x2="0" y2="1">{stops}</linearGradient></defs>'
    bar = '<rect x="2" y="10" width="13" height="160" fill="url(#ff)" stroke="#52616f"/>'
    label = escape(words("ff_axis"))
    return f'<div class="scale"><svg viewBox="0 0 58 180" role="img" aria-label="{label}, 0–100">{gradient}{bar}{ticks}</svg>FF</div>'


def _legend(words: Strings) -> str:
    entries = ((ACCEPTED_RGB, "accepted_part"), (PHYSIOLOGICAL_RGB, "physiological_part"))
    return " &nbsp; ".join(
        f'<span class="legend"><span class="key" style="background:rgb{colour}"></span>{words(key)}</span>' for colour, key in entries
    )
