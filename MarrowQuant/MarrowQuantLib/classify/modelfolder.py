"""A model as one folder that anybody can read and nobody can run code with: ONNX networks, a JSON with card, coefficients and hashes.

Reading the regression needs nothing beyond NumPy; the networks need onnxruntime, which is asked for when they are first used.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import expit

from .. import __version__
from ..io.atomic import in_one_step
from ..io.jsonfiles import read_json
from ..io.packages import need
from ..model import RESEARCH_USE_ONLY, MarrowQuantError, Progress, no_progress
from .arms import ARMS, fit_arm, usable_arms
from .dataset import Dataset, checked
from .evaluation import Evaluation
from .patches import Preparation
from .regression import Ridge, Scaling, ridge

FORMAT = "marrowquant classify model 1"
FILE, REFERENCE = "model.json", "reference.npz"
MEMBERS = 20
"""Regressions on bootstrap samples, whose spread is the interval of a regression's answer (our choice)."""
DOMAIN_MARGIN = 0.25
"""Of the range of the training patients, by which a new patient may lie outside of it (our choice)."""
REGRESSION, NETWORK = "multiparametric", "network"
REFERENCE_TOLERANCE = 1e-5


@dataclass(frozen=True)
class Model:
    """A model folder that was read.

    Attributes
    ----------
    folder : Path
    content : dict
        ``model.json``.
    """

    folder: Path
    content: Mapping[str, Any]

    @property
    def preparation(self) -> Preparation:
        """How its pictures were made ready."""
        return Preparation.from_plain(self.content["preparation"])

    @property
    def card(self) -> Mapping[str, Any]:
        """What it is for, what it was trained on, how well it does, and where it ends."""
        return self.content["card"]  # type: ignore[no-any-return]

    @property
    def arms(self) -> tuple[str, ...]:
        """What it can answer by: multiparametric, network."""
        return tuple(self.content["arms"])

    def sessions(self) -> list[Any]:
        """The networks, ready to be asked."""
        need("onnxruntime", "the classifier's network")
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 3
        names = self.content["arms"][NETWORK]["files"]
        return [onnxruntime.InferenceSession(str(self.folder / name), options, providers=["CPUExecutionProvider"]) for name in names]


def train_model(
    dataset: Dataset, folder: Path, *, model_id: str, seed: int = 1, evaluation: Evaluation | None = None, network: bool = True,
    progress: Progress = no_progress,
) -> Path:  # fmt: skip
    """Fit the regression and the ensemble of networks to all patients, and write them as a model folder.

    Parameters
    ----------
    dataset : Dataset
    folder : Path
        New or empty.
    model_id : str
    seed : int
    evaluation : Evaluation, optional
        Of the same patients: its AUCs go into the card.
    network : bool
        False writes the regression alone, which needs no torch.

    Raises
    ------
    MarrowQuantError
        If the data cannot be used, a package is missing, or the folder holds files.
    """
    checked(dataset)
    wanted = [REGRESSION, *([NETWORK] if network else [])]
    arms = usable_arms(dataset, wanted)[0]
    with in_one_step(Path(folder)) as unfinished:
        content: dict[str, Any] = {}
        references: dict[str, Any] = {"patches": dataset.patients[0].patches.astype(np.float32)}
        if REGRESSION in arms:
            progress(0.0, "Regression")
            content[REGRESSION] = _regression(dataset, seed, references)
        if NETWORK in arms:
            progress(0.1, "Networks")
            content[NETWORK] = _networks(dataset, seed, unfinished, references)
        np.savez(unfinished / REFERENCE, **references)
        hashes = {path.name: _hash(path) for path in sorted(unfinished.iterdir())}
        written = {
            "format": FORMAT,
            "version": __version__,
            "id": model_id,
            "event": dataset.event,
            "other": dataset.other,
            "synthetic_only": dataset.synthetic,
            "trained_on": _trained_on(dataset),
            "preparation": dataset.preparation.plain(),
            "arms": content,
            "domain": _domain(dataset),
            "files": hashes,
            "card": _card(dataset, evaluation),
        }
        (unfinished / FILE).write_text(json.dumps(written, indent=1, ensure_ascii=False), encoding="utf-8")
    return Path(folder)


def read_model(folder: Path) -> Model:
    """Read a model folder and check it.

    Raises
    ------
    MarrowQuantError
        If there is none, it is of another version, a file is missing or was changed, or the coefficients do not give the reference
        numbers.
    """
    folder = Path(folder)
    try:
        content = read_json(folder / FILE)
        its_format = content["format"]
    except (OSError, ValueError, KeyError, TypeError):
        raise MarrowQuantError("'{folder}' holds no model of this kind; choose the folder with model.json.", folder=folder.name) from None
    if its_format != FORMAT:
        raise MarrowQuantError("'{folder}' holds a model of another version; train it again with this one.", folder=folder.name)
    try:
        bad = [name for name, digest in content["files"].items() if Path(name).name != name or _hash(folder / name) != digest]
        model = Model(folder, content)
        bad += [] if bad else _wrong_numbers(model)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        bad = [FILE]
    if bad:
        raise MarrowQuantError("The model '{folder}' is damaged ({files}); copy it again from its source.", folder=folder.name, files=bad)
    return model


def regression_log_odds(model: Model, indices: Mapping[str, float]) -> np.ndarray:
    """Log odds of the regression, the first, and of its bootstrap members, shape (1 + members,)."""
    told = model.content["arms"][REGRESSION]
    x = np.array([[float(indices.get(name, np.nan)) for name in told["columns"]]])
    scaling = Scaling(*(np.array(told[name]) for name in ("median", "mean", "sd")))
    z = scaling(x)[0]
    return np.array([told["intercept"] + z @ told["slopes"], *(a + z @ np.array(b) for a, b in told["members"])])


def contributions(model: Model, indices: Mapping[str, float]) -> list[tuple[str, float]]:
    """What each index adds to the log odds of the regression, the largest first."""
    told = model.content["arms"][REGRESSION]
    scaling = Scaling(*(np.array(told[name]) for name in ("median", "mean", "sd")))
    z = scaling(np.array([[float(indices.get(name, np.nan)) for name in told["columns"]]]))[0]
    parts = z * np.array(told["slopes"])
    return [(told["columns"][n], float(parts[n])) for n in np.argsort(-np.abs(parts))]


def network_log_odds(model: Model, sessions: list[Any], patches: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Recalibrated log odds of every member, shape (members,), and the mean attention of each body, shape (bodies,)."""
    told = model.content["arms"][NETWORK]
    mean, sd = (np.array(told[name], dtype=np.float32)[:, None, None] for name in ("mean", "sd"))
    scaled = ((patches - mean) / sd).astype(np.float32)
    answers = [session.run(None, {"patches": scaled}) for session in sessions]
    log_odds = np.array([float(answer[0][0]) for answer in answers])
    return told["intercept"] + told["slope"] * log_odds, np.mean([answer[1] for answer in answers], axis=0)


def _regression(dataset: Dataset, seed: int, references: dict[str, np.ndarray]) -> dict[str, Any]:
    fitted = fit_arm(ARMS[REGRESSION], dataset, seed, {})
    model: Ridge = fitted.model.model
    names, outcome = fitted.model.names, dataset.outcome
    z = model.scaling(np.column_stack([dataset.column(name) for name in names]))
    members: list[Any] = []
    rng = np.random.default_rng([seed, 3])
    while len(members) < MEMBERS:
        rows = rng.integers(outcome.size, size=outcome.size)
        if 2 <= outcome[rows].sum() <= outcome.size - 2:
            intercept, slopes = ridge(outcome[rows], z[rows], model.penalty)
            members.append([intercept, slopes.tolist()])
    row = np.array([dataset.column(name)[0] for name in names])
    references["indices"] = np.where(np.isfinite(row), row, model.scaling.median)
    references["regression"] = model.log_odds(references["indices"][None])
    return {
        "columns": list(names),
        **{name: getattr(model.scaling, name).tolist() for name in ("median", "mean", "sd")},
        "intercept": model.intercept,
        "slopes": model.slopes.tolist(),
        "members": members,
        "threshold": fitted.threshold,
    }


def _networks(dataset: Dataset, seed: int, folder: Path, references: dict[str, np.ndarray]) -> dict[str, Any]:
    from . import networks

    fitted = fit_arm(ARMS[NETWORK], dataset, seed, {})
    model, names = fitted.model, []
    stack = networks.Stack.of([dataset.patients[0].patches], dataset.outcome[:1], model.mean, model.sd)
    references["network"] = np.array([networks.log_odds(member, stack)[0] for member in model.members])
    for n, member in enumerate(model.members):
        names.append(f"network-{n}.onnx")
        networks.write_onnx(member, folder / names[-1], dataset.patients[0].patches.shape[1], dataset.preparation.pixels)
    return {
        "kind": model.kind,
        "files": names,
        "mean": model.mean.tolist(),
        "sd": model.sd.tolist(),
        "intercept": model.intercept,
        "slope": model.slope,
        "threshold": fitted.threshold,
    }


def _wrong_numbers(model: Model) -> list[str]:
    """model.json, where the regression's coefficients do not give the reference number."""
    if REGRESSION not in model.arms:
        return []
    with np.load(model.folder / REFERENCE, allow_pickle=False) as arrays:
        indices = dict(zip(model.content["arms"][REGRESSION]["columns"], arrays["indices"]))
        expected = float(arrays["regression"][0])
    return [FILE] if abs(regression_log_odds(model, indices)[0] - expected) > REFERENCE_TOLERANCE else []


def _trained_on(dataset: Dataset) -> dict[str, Any]:
    events = int(dataset.outcome.sum())
    return {
        "patients": len(dataset.patients),
        "events": events,
        "others": len(dataset.patients) - events,
        "sites": len({name for name in dataset.text("site") if name}),
        "digest": dataset.digest(),
    }


def _domain(dataset: Dataset) -> dict[str, Any]:
    """Ranges of the pictures' statistics, and the scanners, of the training patients."""
    names = sorted(set.intersection(*(set(patient.statistics) for patient in dataset.patients)))
    ranges = {}
    for name in names:
        values = np.array([patient.statistics[name] for patient in dataset.patients])
        reach = DOMAIN_MARGIN * max(np.ptp(values), 0.05 * abs(values.mean()))
        ranges[name] = [float(values.min() - reach), float(values.max() + reach)]
    return {"ranges": ranges, "scanners": sorted({name for name in dataset.text("scanner") if name})}


def _card(dataset: Dataset, evaluation: Evaluation | None) -> dict[str, Any]:
    n, events = len(dataset.patients), int(dataset.outcome.sum())
    what = "simulated" if dataset.synthetic else "real"
    performance = {}
    if evaluation is not None:
        performance = {
            key: {"auc": result.roc.auc, "interval": list(result.roc.delong_interval)} for key, result in evaluation.arms.items()
        }
    return {
        "intended_use": RESEARCH_USE_ONLY,
        "answers": f"Probability of {dataset.event} against {dataset.other}; of these two only.",
        "trained_on": f"{n} {what} patients, {events} {dataset.event} and {n - events} {dataset.other}.",
        "performance_out_of_fold": performance,
        "findings": [str(found) for found in (evaluation.findings if evaluation else dataset.findings)],
        "limits": [
            "Probabilities hold for the share of both diseases among the training patients.",
            "Pictures unlike those of training are refused by their statistics; what these do not see is not noticed.",
            *(["Made for trying the software; it refuses what is not marked synthetic."] if dataset.synthetic else []),
        ],
    }


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def mean_probability(log_odds: np.ndarray) -> float:
    """Probability of the mean log odds."""
    return float(expit(np.mean(log_odds)))
