"""A model as one folder that anybody can read and nobody can run code with: ONNX networks, a JSON with card, coefficients and hashes.

Reading the regression needs nothing beyond NumPy; the networks need onnxruntime, which is asked for when they are first used.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional

import numpy as np
from scipy.special import expit

from .. import __version__
from ..io.atomic import in_one_step
from ..io.jsonfiles import read_json
from ..io.packages import need
from ..model import KINDS, RESEARCH_USE_ONLY, MarrowQuantError, Progress, no_progress
from .arms import ARMS, fit_arm, usable_arms
from .dataset import Dataset, checked
from .evaluation import Evaluation
from .patches import STATISTICS, Preparation
from .regression import Ridge, Scaling, ridge
from .words import ClassifyWords, kind_name

FORMAT = "marrowquant classify model 1"
FILE, REFERENCE = "model.json", "reference.npz"
MEMBERS = 20
"""Regressions on bootstrap samples, whose spread is the interval of a regression's answer (our choice)."""
DOMAIN_MARGIN = 0.25
"""Of the range of the training patients, by which a new patient may lie outside of it (our choice)."""
REGRESSION, NETWORK = "multiparametric", "network"
REFERENCE_TOLERANCE = 1e-5
NETWORK_TOLERANCE = 1e-3
"""Of the log odds, for the processor's own rounding in single precision (our choice)."""
LARGEST_FILE = 200_000_000
"""Bytes of a file of a model, also when unpacked (our choice)."""
_ELSEWHERE = b"location"  # how an ONNX file names weights that lie in another file


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
        """The networks, ready to be asked.

        Raises
        ------
        MarrowQuantError
            If onnxruntime is missing, a network cannot be loaded, or does not give the reference numbers here.
        """
        need("onnxruntime", "the classifier's network")
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 4
        told, bad = self.content["arms"][NETWORK], []
        sessions = []
        with np.load(self.folder / REFERENCE, allow_pickle=False) as arrays:
            patches, expected = arrays["patches"], arrays["network"]
        scaled = _scaled(told, patches)
        for name, reference in zip(told["files"], expected):
            try:
                session = onnxruntime.InferenceSession(_network_bytes(self.folder / name), options, providers=["CPUExecutionProvider"])
                answer = float(session.run(None, {"patches": scaled})[0][0])
            except Exception:  # onnxruntime has errors of its own for each thing that a file can have wrong
                bad.append(name)
                continue
            sessions.append(session)
            if not abs(answer - float(reference)) <= NETWORK_TOLERANCE:
                bad.append(name)
        if bad:
            raise _damaged(self.folder, bad)
        return sessions


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
        bad += [] if bad or (_is_whole(model) and _gives_reference(model)) else [FILE]
    except Exception:  # whatever a file that was not ours leads to
        bad = [FILE]
    if bad:
        raise _damaged(folder, bad)
    return model


def _damaged(folder: Path, files: list[str]) -> MarrowQuantError:
    return MarrowQuantError("The model '{folder}' is damaged ({files}); copy it again from its source.", folder=folder.name, files=files)


def _is_whole(model: Model) -> bool:
    """Whether ``model.json`` holds all that an answer needs, in the form it needs; raises whatever a wrong form leads to."""
    content = model.content
    channels = len(model.preparation.channels)
    right = set(model.arms) and set(model.arms) <= {REGRESSION, NETWORK} and REFERENCE in content["files"]
    right = right and content["event"] in KINDS and content["other"] in KINDS and isinstance(content["synthetic_only"], bool)
    right = right and isinstance(content["card"], dict) and isinstance(content["id"], str)
    right = right and all(isinstance(content["trained_on"][name], int) for name in ("patients", "events", "others"))
    right = right and all(isinstance(name, str) for name in content["domain"]["scanners"])
    right = right and set(content["domain"]["ranges"]) == set(STATISTICS) and _finite(list(content["domain"]["ranges"].values()), (None, 2))
    for told in content["arms"].values():
        right = right and _finite([told["threshold"], told["intercept"]], (2,))
    if REGRESSION in model.arms:
        told, n = content["arms"][REGRESSION], len(content["arms"][REGRESSION]["columns"])
        right = right and all(_finite(told[name], (n,)) for name in ("median", "mean", "sd", "slopes"))
        right = right and bool(told["members"]) and all(_finite([a], (1,)) and _finite(b, (n,)) for a, b in told["members"])
    if NETWORK in model.arms:
        told = content["arms"][NETWORK]
        right = right and all(_finite(told[name], (channels,)) for name in ("mean", "sd")) and _finite([told["slope"]], (1,))
        right = right and bool(told["files"]) and set(told["files"]) <= set(content["files"])
    return bool(right)


def _finite(values: Any, shape: tuple[Optional[int], ...]) -> bool:
    """Whether these are finite numbers of this shape; None stands for any length."""
    array = np.array(values, dtype=float)
    return array.ndim == len(shape) and all(n in (None, m) for n, m in zip(shape, array.shape)) and bool(np.isfinite(array).all())


def regression_log_odds(model: Model, indices: Mapping[str, float]) -> np.ndarray:
    """Log odds of the regression, the first, and of its bootstrap members, shape (1 + members,)."""
    told = model.content["arms"][REGRESSION]
    x = np.array([[float(indices.get(name, np.nan)) for name in told["columns"]]])
    scaling = Scaling(*(np.array(told[name]) for name in ("median", "mean", "sd")))
    z = scaling(x)[0]
    return np.array([told["intercept"] + z @ told["slopes"], *(a + z @ np.array(b) for a, b in told["members"])])


def contributions(model: Model, indices: Mapping[str, float]) -> list[tuple[str, float]]:
    """What each index that was measured adds to the log odds of the regression, the largest first."""
    told = model.content["arms"][REGRESSION]
    scaling = Scaling(*(np.array(told[name]) for name in ("median", "mean", "sd")))
    z = scaling(np.array([[float(indices.get(name, np.nan)) for name in told["columns"]]]))[0]
    parts = z * np.array(told["slopes"])
    known = [name for name, value in indices.items() if np.isfinite(value)]
    return [(told["columns"][n], float(parts[n])) for n in np.argsort(-np.abs(parts)) if told["columns"][n] in known]


def network_log_odds(model: Model, sessions: list[Any], patches: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Recalibrated log odds of every member, shape (members,), and the mean attention of each body, shape (bodies,)."""
    told = model.content["arms"][NETWORK]
    scaled = _scaled(told, patches)
    answers = [session.run(None, {"patches": scaled}) for session in sessions]
    log_odds = np.array([float(answer[0][0]) for answer in answers])
    return told["intercept"] + told["slope"] * log_odds, np.mean([answer[1] for answer in answers], axis=0)


def _scaled(told: Mapping[str, Any], patches: np.ndarray) -> np.ndarray:
    mean, sd = (np.array(told[name], dtype=np.float32)[:, None, None] for name in ("mean", "sd"))
    return np.asarray((patches - mean) / sd, dtype=np.float32)


def _network_bytes(path: Path) -> bytes:
    """An ONNX file that holds all of its weights; ValueError where it would read other files."""
    found = path.read_bytes()
    if _ELSEWHERE in found:
        raise ValueError("weights in another file")
    return found


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


def _gives_reference(model: Model) -> bool:
    """Whether the regression's coefficients give the reference number."""
    with zipfile.ZipFile(model.folder / REFERENCE) as packed:
        if sum(each.file_size for each in packed.infolist()) > LARGEST_FILE:
            return False
    if REGRESSION not in model.arms:
        return True
    with np.load(model.folder / REFERENCE, allow_pickle=False) as arrays:
        indices = dict(zip(model.content["arms"][REGRESSION]["columns"], arrays["indices"]))
        expected = float(arrays["regression"][0])
    return bool(abs(regression_log_odds(model, indices)[0] - expected) <= REFERENCE_TOLERANCE)


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
    ranges = {}
    for name in STATISTICS:
        values = np.array([patient.statistics[name] for patient in dataset.patients])
        reach = DOMAIN_MARGIN * max(np.ptp(values), 0.05 * abs(values.mean()))
        ranges[name] = [float(values.min() - reach), float(values.max() + reach)]
    return {"ranges": ranges, "scanners": sorted({name for name in dataset.text("scanner") if name})}


def _card(dataset: Dataset, evaluation: Evaluation | None) -> dict[str, Any]:
    performance = {}
    if evaluation is not None:
        performance = {
            key: {"auc": result.roc.auc, "interval": list(result.roc.delong_interval)} for key, result in evaluation.arms.items()
        }
    english, japanese = (_card_words(dataset, evaluation, language) for language in ("en", "ja"))
    return {**english, "performance_out_of_fold": performance, "translations": {"ja": japanese}}


def _card_words(dataset: Dataset, evaluation: Evaluation | None, language: str) -> dict[str, Any]:
    """What a card says in a language."""
    n, events = len(dataset.patients), int(dataset.outcome.sum())
    event, other = (kind_name(kind, ClassifyWords(language)) for kind in (dataset.event, dataset.other))
    column = 1 if language == "ja" else 0
    said = {
        "intended_use": (RESEARCH_USE_ONLY, "研究専用。診断や治療方針の決定には使用しないこと。"),
        "answers": (
            f"Probability of {event} against {other}; of these two only.",
            f"{other}に対する{event}の確率（この二つの疾患のみ）。",
        ),
        "trained_on": (
            f"{n} {'simulated' if dataset.synthetic else 'real'} patients, {events} {event} and {n - events} {other}.",
            f"{'シミュレーション患者' if dataset.synthetic else '実患者'}{n}例（{event} {events}例、{other} {n - events}例）。",
        ),
    }
    limits = [
        ("Probabilities hold for the share of both diseases among the training patients.", "確率は学習患者での両疾患の割合を前提とする。"),
        (
            "Pictures unlike those of training are refused by their statistics; what these do not see is not noticed.",
            "学習画像と異なる画像は統計量により拒否するが、統計量に現れない違いは検出できない。",
        ),
        (
            "Made for trying the software; it refuses what is not marked synthetic.",
            "ソフトウェアの試用のためのもので、合成と明示されていない画像は拒否する。",
        ),
    ]
    return {
        **{key: texts[column] for key, texts in said.items()},
        "findings": [found.in_language(language) for found in (evaluation.findings if evaluation else dataset.findings)],
        "limits": [texts[column] for texts in limits[: 3 if dataset.synthetic else 2]],
    }


def _hash(path: Path) -> str:
    """SHA-256 of a file of the folder; "" for what is none: a link, a pipe, a folder, or too large."""
    if path.is_symlink() or not path.is_file() or path.stat().st_size > LARGEST_FILE:
        return ""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def mean_probability(log_odds: np.ndarray) -> float:
    """Probability of the mean log odds."""
    return float(expit(np.mean(log_odds)))
