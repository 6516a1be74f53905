"""Write the tables and the plot of ``Docs/vertebrae.md``: the ten labelled lumbar spines in all pictures, the doubts, the cropped spine.

``python Testing/Benchmarks/vertebrae.py [--first 0] [--draws 5]``; other draws are printed and written nowhere. The
plot shows numbers and no image, because the spines may not be published.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "Testing"), str(ROOT / "MarrowQuant")]

from bench import table  # noqa: E402
from helpers import spines  # noqa: E402 (after the path)

PAGE = ROOT / "Docs" / "vertebrae.md"
PLOT = ROOT / "Docs" / "vertebrae-errors.svg"
BAD_DICE, BAD_ERROR_MM, FAR_ANTERIOR_MM = 0.82, 3.0, 2.0
FALSE_ALARMS_FROM = 75  # percentile of the other nine spines above which a body of the tenth is doubted
CROP_DRAWS = 30
HEAD = [
    "picture",
    "Dice median / 5th / worst",
    "near the midline",
    "centre error median / 95th / worst (mm)",
    "ROI inside 5th / worst",
    "smallest ROI (mL)",
    "levels right",
    "doubted",
    "lowest Dice / largest error doubted",
    "CPU (s)",
]


def measure(name: str, draws: range) -> dict[str, np.ndarray]:
    """All spines, all draws: every measure of ``spines.measure`` per body, and the spine, level and processor time."""
    rows = []
    for number in range(1, 11):
        case = spines.VARIANTS[name](spines.spine(number))
        for draw in draws:
            start = time.process_time()
            found = spines.segment_bodies(case.image, spines.clicks(case, number, draw))
            seconds = time.process_time() - start
            row = spines.measure(case, found)
            rows.append({**row, "spine": np.full(5, number), "seconds": np.full(5, seconds), "at": np.arange(5)})
    return {key: np.concatenate([row[key] for row in rows]) for key in rows[0]}


def picture_row(name: str, value: dict[str, np.ndarray]) -> list[str]:
    """One line of the first table."""
    worst = [value["doubted"][index] for index in (np.argmin(value["dice"]), np.argmax(value["error"]))]
    return [
        name,
        _percentiles(value["dice"], (50, 5, 0), 3),
        _percentiles(value["central"], (50, 5, 0), 3),
        _percentiles(value["error"], (50, 95, 100), 2),
        _percentiles(value["inside"], (5, 0), 3),
        f"{value['roi_ml'].min():.1f}",
        _percent(value["level"]),
        _percent(value["doubted"]),
        " / ".join("yes" if doubted else "no" for doubted in worst),
        f"{np.median(value['seconds']):.2f}",
    ]


def doubts_table(every: dict[str, np.ndarray]) -> str:
    """How many of the bad bodies are doubted, with the limit as it is and with one taken from the other nine spines."""
    tenth = np.zeros(len(every["dice"]), dtype=bool)
    for number in range(1, 11):
        mine = every["spine"] == number
        tenth[mine] = every["uncertainty"][mine] > np.percentile(every["uncertainty"][~mine], FALSE_ALARMS_FROM)
    bad_dice, bad_error = every["dice"] < BAD_DICE, every["error"] > BAD_ERROR_MM
    groups = {
        f"Dice below {BAD_DICE}": bad_dice,
        f"centre more than {BAD_ERROR_MM:.0f} mm off": bad_error,
        f"centre more than {FAR_ANTERIOR_MM:.0f} mm off towards anterior or posterior": np.abs(every["anterior"]) > FAR_ANTERIOR_MM,
        "neither of the first two (false alarms)": ~(bad_dice | bad_error),
    }
    rows = [
        [name, group.sum(), _bodies(every, group), _percent(every["doubted"][group]), _percent(tenth[group])]
        for name, group in groups.items()
    ]
    return table(["bodies", "segmentations", "different bodies", "doubted", "with the limit of the other nine spines"], rows)


def _bodies(every: dict[str, np.ndarray], group: np.ndarray) -> int:
    return len(set(zip(every["spine"][group].tolist(), every["at"][group].tolist())))


def crop_table() -> str:
    """The cropped T2 spine: one click, and two clicks on neighbours."""
    case = spines.cropped_spine()
    rows = []
    for levels in (spines.CROP_LEVELS[:1], spines.CROP_LEVELS):
        found = [spines.segment_bodies(case.image, spines.clicks_on_crop(case, draw, levels)) for draw in range(CROP_DRAWS)]
        each = [spines.measure(case, one) for one in found]
        for n, level in enumerate(levels):
            dice, error = (np.array([row[name][n] for row in each]) for name in ("dice", "error"))
            told = np.array([bool(one.bodies[n].findings or one.findings) for one in found])
            missed = error > BAD_ERROR_MM * 2
            rows.append(
                [
                    f"{' and '.join(levels)} clicked",
                    level,
                    _percentiles(dice, (50, 5, 0), 2),
                    _percentiles(error, (50, 95, 100), 1),
                    f"{missed.sum()} of {CROP_DRAWS}",
                    f"{(missed & told).sum()} of {missed.sum()}",
                    _percent(told),
                ]
            )
    head = ["clicks", "body", "Dice median / 5th / worst", "centre error median / 95th / worst (mm)", "over 6 mm", "of these told", "told"]
    return table(head, rows)


def plot(values: dict[str, dict[str, np.ndarray]]) -> str:
    """Centre errors by level, a dot for every segmentation, red where it is doubted; one panel a picture."""
    width, height, top, left = 150, 150, 24, 34
    parts = []
    for n, (name, value) in enumerate(values.items()):
        x0 = left + n * (width + 12)
        parts.append(f'<text x="{x0 + width / 2}" y="14" text-anchor="middle">{name}</text>')
        parts.append(f'<rect x="{x0}" y="{top}" width="{width}" height="{height}" fill="none" stroke="#999"/>')
        for mm in (0, 2, 4, 6):
            y = top + height * (1 - mm / 6)
            parts.append(f'<line x1="{x0}" x2="{x0 + width}" y1="{y:.0f}" y2="{y:.0f}" stroke="#ddd"/>')
            parts.append(f'<text x="{left - 6}" y="{y + 4:.0f}" text-anchor="end">{mm}</text>' if n == 0 else "")
        for level, label in enumerate(spines.LUMBAR):
            parts.append(f'<text x="{x0 + (level + 0.5) * width / 5:.0f}" y="{top + height + 14}" text-anchor="middle">{label}</text>')
        for at, spine, error, doubted in zip(value["at"], value["spine"], value["error"], value["doubted"]):
            x, y = x0 + (at + 0.12 + 0.075 * spine) * width / 5, top + height * (1 - min(error, 6.0) / 6)
            parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="1.6" fill="{"#d62728" if doubted else "#7f7f7f"}"/>')
    whole = left + len(values) * (width + 12)
    label = (
        f'<text x="10" y="{top + height / 2}" text-anchor="middle" transform="rotate(-90 10 {top + height / 2})">centre error (mm)</text>'
    )
    size = f'viewBox="0 0 {whole} {top + height + 22}" width="{whole}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" font-family="sans-serif" font-size="11" {size}>{label}{"".join(parts)}</svg>\n'


def _percentiles(values: np.ndarray, percentiles: tuple[int, ...], digits: int) -> str:
    return " / ".join(f"{np.percentile(values, p):.{digits}f}" for p in percentiles)


def _percent(share: np.ndarray) -> str:
    return f"{100 * np.mean(share):.0f} %"


def write_sections(sections: dict[str, str]) -> None:
    """Put each text between ``<!-- NAME: begin -->`` and ``<!-- NAME: end -->`` of the page."""
    text = PAGE.read_text(encoding="utf-8")
    for name, section in sections.items():
        before, rest = text.split(f"<!-- {name}: begin -->")
        after = rest.split(f"<!-- {name}: end -->")[1]
        text = f"{before}<!-- {name}: begin -->\n{section}\n<!-- {name}: end -->{after}"
    PAGE.write_text(text, encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--draws", type=int, default=5)
    options = parser.parse_args()
    values = {name: measure(name, range(options.first, options.first + options.draws)) for name in spines.VARIANTS}
    different = [value for name, value in values.items() if name != "inverted"]  # the same bodies as the first picture
    every = {key: np.concatenate([value[key] for value in different]) for key in different[0]}
    first = table(HEAD, [picture_row(name, value) for name, value in values.items()])
    if options.first:
        print(first, doubts_table(every), sep="\n\n")
        return
    write_sections({"table": first, "doubts": doubts_table(every), "crop": crop_table()})
    PLOT.write_text(plot({name: value for name, value in values.items() if name != "inverted"}), encoding="utf-8")


if __name__ == "__main__":
    main()
