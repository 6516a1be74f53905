"""The probability that a body is bad: fitted on all labelled spines, measured with each spine left out.

``python Testing/Benchmarks/vertebrae_doubts.py [--draws 2]`` prints the coefficients and limits for ``vertebrae/doubts.py`` and writes the
table ``probability`` of ``Docs/vertebrae.md``. Two clicks on the outermost bodies, each with a Gaussian error of 4 mm on each axis.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "Testing"), str(ROOT / "MarrowQuant")]

from bench import table  # noqa: E402
from helpers import labelled_spines, spines  # noqa: E402 (after the path)
from MarrowQuantLib.vertebrae import doubts, segment  # noqa: E402
from vertebrae import write_sections  # noqa: E402

BAD_DICE, BAD_MM, FALSE_ALARMS = 0.75, 5.0, 20
PENALTY = 0.1  # scikit-learn's C, on features of unit spread: few bodies are bad
KINDS = {"T1": ("lumbar_t1", "lumbar_t1_more"), "T2": ("lumbar_t2",), "pathological": ("lumbar_pathological",)}
NAMES = [name for name in doubts.COEFFICIENTS if name != "constant"]
HEAD = ["spines", "bodies", "bad", "bad ones found at 20 % false alarms", "bad ones doubted as shipped", "false alarms as shipped"]


def collect(draws: int) -> dict[str, np.ndarray]:
    """Features, whether bad, whether doubted, kind and spine of every body."""
    rows: list[tuple[Any, ...]] = []
    for kind, members in KINDS.items():
        for folder in members:
            for name in labelled_spines.names(folder):
                case = labelled_spines.spine(folder, name)
                for draw in range(draws):
                    rows += [(*row, kind, f"{folder}/{name}") for row in _bodies(case, int(name), draw)]
    keys = ("features", "bad", "doubted", "kind", "spine")
    return {key: np.array(values) for key, values in zip(keys, zip(*rows))}


def _bodies(case: Any, number: int, draw: int) -> list[tuple[Any, ...]]:
    levels = [level for level in case.levels if level != "S1"]
    rng = np.random.default_rng([draw, number])
    ends = (levels[0], levels[-1])
    clicks = {level: case.centers[case.levels.index(level)] + rng.normal(0, spines.CLICK_ERROR_MM, 3) for level in ends}
    kept: list[Any] = []
    original = segment.uncertainty
    segment.uncertainty = lambda surfaces: (kept.append(doubts.doubt_features(surfaces)), original(surfaces))[1]
    try:
        found = segment.segment_bodies(case.image, clicks)
    finally:
        segment.uncertainty = original
    rows = []
    for n, body in enumerate(found.bodies):
        true = case.levels.index(body.level)
        dice = spines.dice(found.labels.array == n + 1, case.truth == true + 1)
        off = float(np.linalg.norm(body.center_ras - case.centers[true]))
        rows.append(([float(kept[0][name][n]) for name in NAMES], dice < BAD_DICE or off > BAD_MM, bool(body.findings)))
    return rows


def fit(features: np.ndarray, bad: np.ndarray) -> dict[str, float]:
    """Coefficients for the features as they are."""
    scaler = StandardScaler().fit(features)
    model = LogisticRegression(C=PENALTY).fit(scaler.transform(features), bad)
    weights = model.coef_[0] / scaler.scale_
    return {"constant": float(model.intercept_[0] - weights @ scaler.mean_), **{n: float(w) for n, w in zip(NAMES, weights)}}


def probability(features: np.ndarray, coefficients: dict[str, float]) -> np.ndarray:
    return 1 / (1 + np.exp(-(coefficients["constant"] + features @ [coefficients[name] for name in NAMES])))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=2)
    report(collect(parser.parse_args().draws))


def report(every: dict[str, np.ndarray]) -> None:
    """Print coefficients and limits, and write the table."""
    left_out = np.empty(len(every["bad"]))
    for spine in np.unique(every["spine"]):
        mine = every["spine"] == spine
        left_out[mine] = probability(every["features"][mine], fit(every["features"][~mine], every["bad"][~mine]))
    shipped = fit(every["features"], every["bad"])
    line = every["features"][:, NAMES.index("line")] > 0
    above = probability(every["features"], shipped)
    folders = np.array([spine.split("/")[0] for spine in every["spine"]])
    limits = dict.fromkeys((False, True), 0.0)
    for folder in np.unique(folders):  # a fifth at most in each
        own = (folders == folder) & ~every["bad"]
        seen = bool(np.median(line[own]))
        limits[seen] = max(limits[seen], float(np.percentile(above[own], 100 - FALSE_ALARMS)))
    sys.stdout.write(f"{ {name: round(value, 3) for name, value in shipped.items()} }\n{limits}\n")
    rows = []
    for kind in KINDS:
        own = every["kind"] == kind
        bad, good = own & every["bad"], own & ~every["bad"]
        limit = np.percentile(left_out[good], 100 - FALSE_ALARMS)
        shares = [np.mean(left_out[bad] > limit), np.mean(every["doubted"][bad]), np.mean(every["doubted"][good])]
        rows.append([kind, own.sum(), bad.sum(), *(f"{100 * share:.0f} %" for share in shares)])
    write_sections({"probability": table(HEAD, rows)})


if __name__ == "__main__":
    main()
