"""The report on the voxels of the lumbar marrow: histograms of both exams, their shift and overlap, and voxels up and down."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Optional

from ..followup import index_of
from ..followup.regions import LUMBAR_REGION, lumbar_levels, pooled_histogram
from ..model import RegionChange, Results
from ..results.formats import NONE, number, signed
from . import charts
from .sections import any_counts, cell, legend, table
from .strings import Strings

_KEYS = ("ff", "adc")
_TITLES = {"ff": "ff_histogram", "adc": "adc_lumbar_histogram"}


def distributions_section(results: Results, words: Strings) -> str:
    """Histograms of the lumbar voxels and, with two exams, how they changed; empty if no vertebra was measured."""
    drawn = "".join(_chart(results, key, words) for key in _KEYS)
    if not drawn:
        return ""
    body = f'<div class="charts">{drawn}</div>{legend(results.exams, words)}{_change_table(results, words)}'
    return f"<section><h2>{words('distributions')}</h2>{body}</section>"


def _chart(results: Results, key: str, words: Strings) -> str:
    levels = lumbar_levels(results.exams)
    histograms = [pooled_histogram(exam, key, levels) for exam in results.exams]
    if not any_counts(histograms):
        return ""
    title, told = f"{words(_TITLES[key])} ({', '.join(levels)})", _told(_change_of(results, LUMBAR_REGION, key), words)
    chart = charts.paired_histogram(histograms, words(f"{key}_axis"), words("share"), f"{title}. {told}")
    return f"<div><h3>{escape(title)}</h3>{chart}<p>{escape(told)}</p></div>"


def _change_of(results: Results, region: str, key: str) -> Optional[RegionChange]:
    return next((c for c in results.distributions if c.region == region and c.key == key), None)


def _told(change: Optional[RegionChange], words: Strings) -> str:
    """The numbers under a chart."""
    if change is None:
        return ""
    found, unit = change.distribution, index_of(change.key).change_unit
    return words(
        "distribution_told",
        median=signed(found.median_shift, unit),
        mean=signed(found.mean_shift, unit),
        distance=number(found.earth_mover, unit),
        unit=words.or_key(unit),
        overlap=number(100 * found.overlap, digits=0),
    )


def _change_table(results: Results, words: Strings) -> str:
    if not results.distributions:
        return ""
    keys = [key for key in _KEYS if any(c.key == key for c in results.distributions)]
    heads, rows = [words("level")], []
    for key in keys:
        unit = words.or_key(index_of(key).change_unit)
        heads += [f"{words(key + '_short')}: {words('median_shift')} ({unit})", f"{words('overlap')} (%)"]
        heads += [f"{words('earth_mover')} ({unit})", words("voxels_moved")]
    for region in sorted({c.region: None for c in results.distributions}, key=lambda name: name == LUMBAR_REGION):
        cells = [c for key in keys for c in _cells(_change_of(results, region, key))]
        rows.append(f'<tr><th scope="row">{escape(words.or_key(region))}</th>{"".join(map(cell, cells))}</tr>')
    notes = [words("distribution_notes"), words("voxelwise_notes", limits=_limits(results, keys, words)), *_warnings(results, words)]
    items = "".join(f"<li>{escape(note)}</li>" for note in notes)
    return f'{table(heads, rows)}<ul class="notes">{items}</ul>'


def _cells(change: Optional[RegionChange]) -> list[str]:
    if change is None:
        return [NONE] * 4
    found, moved, unit = change.distribution, change.voxelwise, index_of(change.key).change_unit
    shares = (moved.percent_down, moved.percent_unchanged, moved.percent_up) if moved else ()
    return [
        signed(found.median_shift, unit),
        number(100 * found.overlap, digits=0),
        number(found.earth_mover, unit),
        " / ".join(number(share, digits=0) for share in shares) or NONE,
    ]


def _limits(results: Results, keys: Sequence[str], words: Strings) -> str:
    """What counts as unchanged in the lumbar voxels."""
    told = []
    for key in keys:
        change = _change_of(results, LUMBAR_REGION, key)
        if change is not None and change.voxelwise is not None:
            unit = index_of(key).change_unit
            told.append(f"{words(key + '_short')} ±{number(change.voxelwise.limit, unit)} {words.or_key(unit)}")
    return ", ".join(told) or NONE


def _warnings(results: Results, words: Strings) -> list[str]:
    """Regions with few voxels, told once for each quantity."""
    told: dict[str, list[str]] = {}
    for change in results.distributions:
        if change.distribution.findings:
            told.setdefault(change.distribution.quantity, []).append(change.region)
    return [words("few_voxels", quantity=name, regions=", ".join(map(words.or_key, regions))) for name, regions in told.items()]
