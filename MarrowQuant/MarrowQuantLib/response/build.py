"""Make a response model from group means and standard deviations that a person typed into ``published_tables``.

The source file is a copy of the bundled reconstruction. What the reconstruction draws from a wide, assumed range (the spread of each
predictor and the mean of the group without response) is then drawn from the 95 % interval that the table's own numbers give. The AUCs, the
prevalence and the correlation stay as they are in the source file.
"""

from __future__ import annotations

import copy
import json
import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import chi2, norm, t

from ..io.atomic import unfinished_name
from ..io.jsonfiles import read_json
from ..model import MarrowQuantError
from .binormal import auc_interval
from .estimate import INTERVAL
from .model_file import load_model

LABEL = "built from group means and standard deviations that were typed in, not calibrated"
POINTS, RELATIVE = "percentage points", "% of baseline"
# Predictor of the reconstruction to its row in published_tables, and the units that the row may have.
_ROWS = {"ff_change": ("ff", (POINTS, RELATIVE)), "m_protein_change": ("m_protein", (RELATIVE,))}
_GROUPS = ("cr_vgpr", "pr_sd_pd")
_REACH_SD = 2.0  # our choice, as in the bundled file: the model answers up to two SD beyond the group means


def build_model(source: Path) -> dict[str, Any]:
    """The specification of the new model.

    Parameters
    ----------
    source : Path
        A ``binormal_reconstruction`` file in which ``published_tables.percent_change`` of ``ff`` and ``m_protein`` holds mean and SD of
        both groups, ``unit`` and ``provenance``.

    Returns
    -------
    dict
        Ready for :func:`write_model`.

    Raises
    ------
    MarrowQuantError
        If the source is no such file, or a field is empty or impossible.

    Notes
    -----
    Pooled SD with its χ² interval, and mean ± t s / √n for the group without response: textbook formulas for normal samples.
    """
    source = Path(source)
    load_model(source)
    spec = read_json(source)
    if spec["kind"] != "binormal_reconstruction" or [p["name"] for p in spec["predictors"]] != list(_ROWS):
        raise MarrowQuantError(
            "{file} is no reconstruction to build from; start from a copy of takasu2020_reconstruction.json.",
            file=source.name,
        )
    built = copy.deepcopy(spec)
    built.pop("translations", None)
    published, findings = [], []
    for predictor in built["predictors"]:
        row = _row(spec, predictor, source.name)
        findings += _narrow(predictor, row)
        published.append(f"{predictor['label']}: group means and SDs typed in from {row['provenance']}")
    built["id"], built["label"] = f"{spec['id'].removesuffix('_reconstruction')}_tables", LABEL
    built["card"] = _card(spec, published, findings)
    return built


def write_model(spec: Mapping[str, Any], path: Path) -> Path:
    """Write a model file in one step, after reading it back as the program will.

    Raises
    ------
    MarrowQuantError
        If the file cannot be written, or would not be accepted.
    """
    path = Path(path).resolve()
    unfinished = unfinished_name(path)
    try:
        unfinished.write_text(json.dumps(spec, ensure_ascii=False, indent=2, allow_nan=False) + "\n", encoding="utf-8")
        load_model(unfinished)
        os.replace(unfinished, path)
    except OSError:
        raise MarrowQuantError(
            "The model file '{file}' cannot be written; choose a folder in which you may create files.",
            file=path.name,
        ) from None
    finally:
        unfinished.unlink(missing_ok=True)
    return path


def _row(spec: Mapping[str, Any], predictor: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The row of a predictor, complete and possible."""
    key, units = _ROWS[predictor["name"]]
    where = f"published_tables.percent_change.{key}"
    try:
        row = spec["published_tables"]["percent_change"][key]
        numbers = {group: (row[group]["mean"], row[group]["sd"]) for group in _GROUPS}
    except (KeyError, TypeError):
        raise MarrowQuantError(
            "{name} has no complete '{where}'; start from a copy of takasu2020_reconstruction.json.",
            name=name, where=where,
        ) from None
    for group, (mean, sd) in numbers.items():
        for word, value in (("mean", mean), ("sd", sd)):
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value) or (word == "sd" and value <= 0):
                raise MarrowQuantError(
                    "'{where}.{group}.{word}' in {name} is empty or impossible; type in the number of the table.",
                    where=where, group=group, word=word, name=name,
                )
    if row.get("unit") not in units:
        raise MarrowQuantError(
            "'{where}.unit' in {name} must be {units}; the paper's table says which.",
            where=where, name=name, units=" or ".join(repr(u) for u in units),
        )
    if not isinstance(row.get("provenance"), str) or not row["provenance"].strip():
        raise MarrowQuantError(
            "'{where}.provenance' in {name} is empty; name the publication and the table that the numbers come from.",
            where=where, name=name,
        )
    return row


def _narrow(predictor: dict[str, Any], row: Mapping[str, Any]) -> list[str]:
    """Replace a predictor's assumed ranges by those of the table; returns what the card must say about it."""
    n1, n0 = predictor["auc"]["events"], predictor["auc"]["no_events"]
    (mean1, sd1), (mean0, sd0) = ((row[group]["mean"], row[group]["sd"]) for group in _GROUPS)
    tail, df = (1.0 - INTERVAL) / 2.0, n1 + n0 - 2
    pooled = math.sqrt(((n1 - 1) * sd1**2 + (n0 - 1) * sd0**2) / df)
    low, high = pooled * np.sqrt(df / chi2.ppf([1.0 - tail, tail], df))
    predictor["sd"] = {"low": float(low), "high": float(high), "assumption": f"95 % interval of the pooled SD; {row['provenance']}."}
    reach = float(t.ppf(1.0 - tail, n0 - 1)) * sd0 / math.sqrt(n0)
    predictor["mean_no_event"] = {"low": mean0 - reach, "high": mean0 + reach, "assumption": f"95 % interval; {row['provenance']}."}
    edges = [mean + side * _REACH_SD * sd for mean, sd in ((mean1, sd1), (mean0, sd0)) for side in (-1, 1)]
    predictor["range"] = {"low": min(edges), "high": max(edges), "reason": "Our choice: two SD beyond the group means of the table."}
    if row["unit"] == RELATIVE:
        predictor["range"]["low"] = max(predictor["range"]["low"], -100.0)
        if predictor["name"] == "ff_change":
            predictor.update(name="ff_change_percent", label="Relative change of mean lumbar fat fraction", unit="%")
    return _doubts(predictor, mean1, sd1, mean0, sd0)


def _doubts(predictor: Mapping[str, Any], mean1: float, sd1: float, mean0: float, sd0: float) -> list[str]:
    """A sentence if means and SDs imply another AUC than the published one: Φ(difference / √(s₁² + s₀²)) for two normal groups."""
    auc = predictor["auc"]
    implied = float(norm.cdf(predictor["direction"] * (mean1 - mean0) / math.hypot(sd1, sd0)))
    low, high = auc_interval(auc["value"], auc["events"], auc["no_events"])
    if low <= implied <= high:
        return []
    return [
        f"{predictor['label']}: means and SDs would give an AUC of {implied:.3f}, published is {auc['value']:.3f}; the distributions are "
        "probably not normal, and the model follows the AUC"
    ]


def _card(spec: Mapping[str, Any], published: list[str], findings: list[str]) -> dict[str, Any]:
    card = dict(spec["card"])
    kept = [limit for limit in card.get("limits", ()) if not limit.startswith("not calibrated")]
    return {
        **card,
        "name": f"{card.get('name', spec['id'])}, with typed-in group means and SDs",
        "supersedes": spec["id"],
        "published": [*card.get("published", ()), *published],
        "assumed": [
            "two normal groups of equal variance for each predictor",
            "spread and position of both predictors within the 95 % intervals of the typed-in numbers",
            "the within-group correlation, within the stated range",
        ],
        "limits": ["not calibrated on any patient", *findings, *kept],
    }
