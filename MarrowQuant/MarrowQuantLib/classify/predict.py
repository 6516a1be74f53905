"""A model's answer for one patient: probability with its interval, what it rests on, and a refusal where the model does not belong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Optional

import numpy as np
from scipy.special import expit

from ..model import Classification, Finding, MarrowQuantError, Volume, finding
from ..vertebrae.segment import Bodies
from .dataset import Patient
from .modelfolder import (
    NETWORK,
    REGRESSION,
    Model,
    contributions,
    mean_probability,
    network_log_odds,
    regression_log_odds,
)
from .occlusion import Occlusion, occlude, occlusion_picture
from .patches import Preparation
from .words import ClassifyWords, kind_name

DIFFER = 0.3
"""Range of the members' probabilities from which on the reader is told (our choice)."""
FAR = 6.0
"""Standard deviations of the training patients from which on an index is too far for the regression (our choice)."""


@dataclass(frozen=True)
class Prediction:
    """An answer.

    Attributes
    ----------
    arm : {"network", "multiparametric"}
    probability : float
        Of the event.
    interval : (float, float)
        Of the network the range of its members; of the regression 2.5 to 97.5 % of its bootstrap members.
    threshold : float
        The cut-off that training chose.
    event, other : str
    body_weights : dict of level to float
        The network's attention; empty for the regression.
    parts : dict of str to float
        What each index adds to the log odds of the regression; empty where it was not measured.
    occlusion : Occlusion or None
    findings : tuple of Finding
    """

    arm: str
    probability: float
    interval: tuple[float, float]
    threshold: float
    event: str
    other: str
    body_weights: Mapping[str, float]
    parts: Mapping[str, float]
    occlusion: Optional[Occlusion] = None
    findings: tuple[Finding, ...] = ()

    @property
    def lost_by_level(self) -> dict[str, float]:
        """Log odds lost without each body; empty where it was not tried."""
        return {} if self.occlusion is None else dict(zip(self.body_weights, self.occlusion.body.round(4).tolist()))

    @property
    def lost_by_square(self) -> dict[str, list[list[float]]]:
        """Log odds lost without each square of each body's picture, rows from head to foot; empty where it was not tried."""
        return {} if self.occlusion is None else dict(zip(self.body_weights, self.occlusion.region.round(4).tolist()))

    def picture(self, maps: Mapping[str, Volume], bodies: Bodies, settings: Preparation) -> bytes:
        """PNG of the image with the squares on it, see :func:`occlusion_picture`; empty where it was not tried."""
        if self.occlusion is None:
            return b""
        seen = [body for body in bodies.bodies if body.level in self.body_weights]
        return occlusion_picture(maps[settings.channels[0]], seen, self.occlusion, settings)

    def plain(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "arm": self.arm,
            "event": self.event,
            "other": self.other,
            "probability": self.probability,
            "interval": list(self.interval),
            "threshold": self.threshold,
            "attention": dict(self.body_weights),
            "log_odds_lost_without_body": self.lost_by_level,
            "log_odds_lost_without_square": self.lost_by_square,
            "log_odds_by_index": dict(self.parts),
            "findings": [str(found) for found in self.findings],
        }


def refuse_outside(model: Model, patient: Patient) -> None:
    """Refuse a patient for whom the model was not made.

    Raises
    ------
    MarrowQuantError
        A real patient for a model of simulated ones; another scanner; spacing, contrast or intensities outside of training.
    """
    if model.content["synthetic_only"] and not patient.synthetic:
        raise MarrowQuantError(
            "The model was trained on simulated patients and answers for such only; train one on patients of your own site for research."
        )
    scanners = model.content["domain"]["scanners"]
    if patient.scanner and scanners and patient.scanner not in scanners:
        raise MarrowQuantError("The model knows no images of this scanner; use it where it was trained, or train it with such images.")
    for name, (low, high) in model.content["domain"]["ranges"].items():
        value = patient.statistics.get(name, float("nan"))
        if not low <= value <= high:
            raise MarrowQuantError(
                "The images are unlike those of training: {name} is {value:.3g}, there it was {low:.3g} to {high:.3g}; the model does not "
                "answer.",
                name=_NAMES.get(name, name), value=value, low=low, high=high,
            )  # fmt: skip


def _refuse_far(model: Model, patient: Patient) -> None:
    """Refuse indices that no training patient came near, which the pictures' statistics do not show: a map in another unit, say."""
    told = model.content["arms"][REGRESSION]
    for name, mean, sd in zip(told["columns"], told["mean"], told["sd"]):
        value = patient.indices.get(name, float("nan"))
        if abs(value - mean) > FAR * sd:
            raise MarrowQuantError(
                "{name} is {value:.3g}, in training it was {mean:.3g} with a standard deviation of {sd:.2g}; so far outside the model does "
                "not answer.",
                name=name, value=value, mean=mean, sd=sd,
            )  # fmt: skip


_NAMES = {
    "in_plane_mm": "the pixel size in mm",
    "marrow": "the signal of marrow over the reference",
    "marrow_p5": "the lower end of the marrow's signal",
    "marrow_p95": "the upper end of the marrow's signal",
    "spread": "the spread of the marrow's signal",
    "around": "the signal around the bodies",
    "sharpness": "the sharpness in the marrow",
    "signal_to_noise": "the signal to noise",
}


def predict(model: Model, patient: Patient, arm: str = "", *, explain: bool = False) -> Prediction:
    """Ask a model about one patient.

    Parameters
    ----------
    model : Model
    patient : Patient
        Its pictures were made ready by the model's own settings, see :func:`cases.make_patient`.
    arm : {"", "network", "multiparametric"}
        "" takes the network where there is one.
    explain : bool
        Also take parts of the pictures away (the network only).

    Raises
    ------
    MarrowQuantError
        If the model refuses, see :func:`refuse_outside`, lacks the arm, or onnxruntime is not installed.
    """
    arm = arm or (NETWORK if NETWORK in model.arms else REGRESSION)
    if arm not in model.arms:
        raise MarrowQuantError("The model has no arm '{arm}'; it has {arms}.", arm=arm, arms=list(model.arms))
    refuse_outside(model, patient)
    told, words = model.content["trained_on"], ClassifyWords("en")
    event, other = (kind_name(model.content[name], words) for name in ("event", "other"))
    findings = [*patient.findings, finding(
        "classify.trained_on", n=told["patients"], what="simulated" if model.content["synthetic_only"] else "real",
        events=told["events"], event=event, others=told["others"], other=other,
    )]  # fmt: skip
    if not patient.scanner and model.content["domain"]["scanners"]:
        findings.append(finding("classify.scanner_unknown"))
    parts = dict(contributions(model, patient.indices)) if REGRESSION in model.arms and patient.indices else {}
    common = {"event": model.content["event"], "other": model.content["other"], "threshold": model.content["arms"][arm]["threshold"]}
    if arm == REGRESSION:
        missing = [name for name in model.content["arms"][arm]["columns"] if not np.isfinite(patient.indices.get(name, np.nan))]
        if missing:
            findings.append(finding("classify.index_filled", index=missing))
        _refuse_far(model, patient)
        log_odds = regression_log_odds(model, patient.indices)
        low, high = np.quantile(expit(log_odds[1:]), (0.025, 0.975))
        return Prediction(arm, float(expit(log_odds[0])), (float(low), float(high)), body_weights={}, parts=parts, findings=tuple(findings),
                          **common)  # fmt: skip
    sessions = model.sessions()
    log_odds, weights = network_log_odds(model, sessions, patient.patches)
    members = expit(log_odds)
    if np.ptp(members) > DIFFER:
        findings.append(finding("classify.members_differ", n=members.size, low=100 * float(members.min()), high=100 * float(members.max())))
    occlusion = None
    if explain:
        occlusion = occlude(
            patient.patches, patient.marrow, lambda patches: float(network_log_odds(model, sessions, patches)[0].mean())
        )
    return Prediction(
        arm, mean_probability(log_odds), (float(members.min()), float(members.max())),
        body_weights=dict(zip(patient.levels, map(float, weights))), parts=parts, occlusion=occlusion,
        findings=tuple(findings), **common,
    )  # fmt: skip


def classification(model: Model, answer: Prediction, exam: str, picture: bytes = b"") -> Classification:
    """The answer as a case's results hold it."""
    return Classification(
        exam, str(model.content["id"]), answer.arm, answer.event, answer.other, answer.probability, answer.interval, answer.lost_by_level,
        dict(model.card), answer.lost_by_square, dict(answer.parts), answer.findings, picture,
    )  # fmt: skip
