"""How bad a body is to be expected: fitted on all labelled spines, measured with each spine left out.

``python Testing/Benchmarks/vertebrae_doubts.py [--draws 3]`` prints the constants for ``vertebrae/doubts.py`` and writes the tables
``probability`` and ``calibration`` of ``Docs/vertebrae.md``. So many draws of two clicks, one each of one, three and five; a Gaussian
error of 4 mm on each axis.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "Testing"), str(ROOT / "MarrowQuant")]

from bench import table  # noqa: E402
from helpers import labelled_spines, spines  # noqa: E402 (after the path)
from MarrowQuantLib.vertebrae import doubts, segment  # noqa: E402
from vertebrae import write_sections  # noqa: E402
from vertebrae_spines import PLACES, clicked  # noqa: E402

BAD_DICE, BAD_MM, FALSE_ALARMS = 0.75, 5.0, 20
_ASIDE = 3  # per cent of false alarms kept aside for new spines and for what is named on its own: our choice
PENALTY = 30.0  # of the ridge regression on features of unit spread (our choice)
BEST = 0.2  # badness below which bodies are alike (our choice)
KINDS = {"T1": ("lumbar_t1", "lumbar_t1_more"), "T2": ("lumbar_t2",), "pathological": ("lumbar_pathological",)}
NAMES = [name for name in doubts.COEFFICIENTS if name != "constant"]
HEAD = ["spines", "bodies", "bad", "bad ones found at 20 % false alarms", "bad ones doubted as shipped", "false alarms as shipped"]
BINS = (0.0, 0.02, 0.05, 0.1, 0.2, 1.0)


def collect(draws: int) -> dict[str, np.ndarray]:
    """Features, how bad, centre error (mm), whether bad and doubted, line of cortex, kind and spine of every body."""
    rows: list[tuple[Any, ...]] = []
    for kind, members in KINDS.items():
        for folder in members:
            for name in labelled_spines.names(folder):
                case = labelled_spines.spine(folder, name)
                for count in PLACES:
                    for draw in range(draws if count == 2 else 1):
                        found = _bodies(case, clicked(case, int(name), draw, count))
                        rows += [(*row, kind, f"{folder}/{name}") for row in found]
    keys = ("features", "badness", "off", "bad", "doubted", "line", "kind", "spine")
    return {key: np.array(values) for key, values in zip(keys, zip(*rows))}


def _bodies(case: Any, clicks: dict[str, np.ndarray]) -> list[tuple[Any, ...]]:
    kept: list[Any] = []
    original = segment.expected_badness
    segment.expected_badness = lambda *all_of: (kept.append(all_of), original(*all_of))[1]
    try:
        found = segment.segment_bodies(case.image, clicks)
    finally:
        segment.expected_badness = original
    features = doubts.doubt_features(*kept[0])
    rows = []
    for n, body in enumerate(found.bodies):
        true = case.levels.index(body.level)
        dice = spines.dice(found.labels.array == n + 1, case.truth == true + 1)
        off = float(np.linalg.norm(body.center_ras - case.centers[true]))
        own = [float(features[name][n]) for name in NAMES]
        rows.append((own, *how_bad(dice, off), bool(body.findings), kept[0][0][n].marrow_alone))
    return rows


def how_bad(dice: float, off: float) -> tuple[float, float, bool]:
    """The logarithm of how bad a body is, its centre error (mm), and whether it is bad."""
    return float(np.log(max(off / BAD_MM, (1 - dice) / (1 - BAD_DICE), BEST))), off, dice < BAD_DICE or off > BAD_MM


def fit(every: dict[str, np.ndarray], chosen: np.ndarray) -> dict[str, float]:
    """Coefficients for the features as they are: a ridge regression in which every spine weighs alike."""
    features, badness, spine = (every[key][chosen] for key in ("features", "badness", "spine"))
    _, place, counts = np.unique(spine, return_inverse=True, return_counts=True)
    weight = 1 / counts[place] / np.mean(1 / counts[place])
    mean, spread = features.mean(axis=0), features.std(axis=0)
    scaled = (features - mean) / spread
    usual, middle = np.average(badness, weights=weight), np.average(scaled, axis=0, weights=weight)
    apart = scaled - middle
    matrix = (apart * weight[:, None]).T @ apart + PENALTY * np.eye(len(mean))
    weights = np.linalg.solve(matrix, apart.T @ (weight * (badness - usual))) / spread
    constant = float(usual - weights @ (mean + middle * spread))
    return {"constant": constant, **{name: float(value) for name, value in zip(NAMES, weights)}}


def expected(features: np.ndarray, coefficients: dict[str, float]) -> np.ndarray:
    return coefficients["constant"] + features @ [coefficients[name] for name in NAMES]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=3)
    report(collect(parser.parse_args().draws))


def report(every: dict[str, np.ndarray]) -> None:
    """Print the constants, and write the tables."""
    left_out = np.empty(len(every["bad"]))
    for spine in np.unique(every["spine"]):
        mine = every["spine"] == spine
        left_out[mine] = expected(every["features"][mine], fit(every, ~mine))
    shipped = fit(every, np.full(len(left_out), True))
    odds = LogisticRegression(C=1e6).fit(left_out[:, None], every["bad"])
    slope, level = np.polyfit(left_out, np.log(every["off"]), 1)
    rest = np.log(every["off"]) - level - slope * left_out
    place = float(np.exp(level) * np.sqrt(np.mean(np.exp(2 * rest)) / 3))  # of three axes
    together = expected(every["features"], shipped)
    chance, above = (odds.predict_proba(values[:, None])[:, 1] for values in (left_out, together))
    folders = np.array([spine.split("/")[0] for spine in every["spine"]])
    limits = dict.fromkeys((False, True), 0.0)
    for folder in np.unique(folders):  # less than a fifth in each, its own spines left out or not
        own = (folders == folder) & ~every["bad"]
        seen = bool(np.median(every["line"][own]))
        each = (np.percentile(values[own], 100 - FALSE_ALARMS + _ASIDE) for values in (above, chance))
        limits[seen] = max(limits[seen], *map(float, each))
    sys.stdout.write(f"{ {name: round(value, 4) for name, value in shipped.items()} }\n")
    sys.stdout.write(f"{odds.intercept_[0]:.2f} {odds.coef_[0, 0]:.2f}\n{place:.2f} {slope:.2f}\n{limits}\n")
    rows = []
    for kind in KINDS:
        own = every["kind"] == kind
        bad, good = own & every["bad"], own & ~every["bad"]
        limit = np.percentile(left_out[good], 100 - FALSE_ALARMS)
        shares = [np.mean(left_out[bad] > limit), np.mean(every["doubted"][bad]), np.mean(every["doubted"][good])]
        rows.append([kind, own.sum(), bad.sum(), *(f"{100 * share:.0f} %" for share in shares)])
    write_sections({"probability": table(HEAD, rows), "calibration": _calibration(every, chance, left_out, place, slope)})


def _calibration(every: dict[str, np.ndarray], chance: np.ndarray, left_out: np.ndarray, place: float, slope: float) -> str:
    """Probability and place as told, spine left out, against what was seen."""
    rows = []
    for low, high in zip(BINS, BINS[1:]):
        own = (low <= chance) & (chance < high)
        told, seen = place * np.exp(slope * left_out[own]), every["off"][own]
        rows.append([
            f"{100 * low:.0f} to {100 * high:.0f} %", own.sum(),
            *(f"{100 * values[own].mean():.1f} %" for values in (chance, every["bad"])),
            f"{np.sqrt(np.mean(told**2)):.1f}", f"{np.sqrt(np.mean(seen**2) / 3):.1f}",
        ])  # fmt: skip
    return table(["probability told", "bodies", "mean", "bad", "place told, SD on an axis (mm)", "seen (mm)"], rows)


if __name__ == "__main__":
    main()
