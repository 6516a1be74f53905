"""Read a response model from its JSON file and refuse a file that cannot be trusted."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Optional

import numpy as np

from ..io.jsonfiles import read_json
from ..model import MarrowQuantError, ResponseEstimate
from .estimate import Predictor, Reconstruction, Regression, ResponseModel, sample_draws

MODELS_FOLDER = Path(__file__).with_name("models")
DEFAULT_MODEL = MODELS_FOLDER / "takasu2020_reconstruction.json"
MODELS_VARIABLE = "MARROWQUANT_MODELS"
SCHEMA_VERSION = "1.0"
_MAX_DRAWS = 100_000


def load_model(path: Optional[Path] = None) -> ResponseModel:
    """Load a response model.

    Parameters
    ----------
    path : Path, optional
        A model file; the bundled reconstruction if left out.

    Returns
    -------
    ResponseModel

    Raises
    ------
    MarrowQuantError
        If the file is not there, is not JSON, misses an entry, or holds an impossible value.
    """
    path = Path(path) if path is not None else DEFAULT_MODEL
    return _ModelFile(path).model()


def available_models() -> dict[str, Path]:
    """The bundled models, then those in the reader's own folder: model id (the file's name without .json) to file.

    The reader's folder is ``MARROWQUANT_MODELS`` if that is set, else ``.marrowquant/models`` in the home folder. A file there that has the
    name of a bundled model is not offered, because a number could then come from another model than its name says.
    """
    own = own_models_folder()
    bundled = {path.stem: path for path in sorted(MODELS_FOLDER.glob("*.json"))}
    added = {path.stem: path for path in sorted(own.glob("*.json"))} if own.is_dir() else {}
    return {**bundled, **{stem: path for stem, path in added.items() if stem not in bundled}}


def own_models_folder() -> Path:
    """The reader's own folder of models; it need not exist."""
    return Path(os.environ.get(MODELS_VARIABLE) or Path.home() / ".marrowquant" / "models")


def translation(estimate: ResponseEstimate, language: str) -> Mapping[str, Any]:
    """What the bundled file of the estimate's model says in another language: "label" and "card" entries.

    Empty if the file holds no such language, or is not the very model (same label, same card) that made the estimate.
    """
    path = available_models().get(estimate.model_id)
    spec = read_json(path) if path else {}
    same = spec.get("label") == estimate.label and {"outcome": spec.get("outcome"), **spec.get("card", {})} == estimate.card
    return spec.get("translations", {}).get(language, {}) if same else {}


class _ModelFile:
    """A parsed model file; every look-up says which entry is wrong."""

    def __init__(self, path: Path) -> None:
        self.name = path.name
        try:
            self.spec = read_json(path)
        except OSError:
            raise MarrowQuantError("The response model {name} cannot be read; check that the file exists.", name=self.name) from None
        except ValueError:
            raise MarrowQuantError(
                "The response model {name} is not valid JSON; use a file written by MarrowQuant.",
                name=self.name,
            ) from None

    def model(self) -> ResponseModel:
        version = self.text("schema_version")
        if version != SCHEMA_VERSION:
            raise self.wrong("schema_version", f"is {version}, this program reads {SCHEMA_VERSION}")
        kinds = {"binormal_reconstruction": self.binormal, "logistic": self.logistic}
        kind = self.text("kind")
        if kind not in kinds:
            raise self.wrong("kind", f"must be one of {', '.join(kinds)}")
        if not isinstance(self.entry("card"), dict):
            raise self.wrong("card", "must be an object")
        return kinds[kind]()

    def binormal(self) -> ResponseModel:
        if self.length("predictors") != 2:
            raise self.wrong("predictors", "must hold exactly two")
        self.whole("sampling.seed", 0, 2**63)
        self.whole("sampling.draws", 100, _MAX_DRAWS)
        self.whole("prevalence.events", 1, 10**6)
        self.whole("prevalence.no_events", 1, 10**6)
        self.range("correlation", -0.95, 0.95)
        for n in range(2):
            start = f"predictors.{n}."
            if self.entry(start + "direction") not in (-1, 1):
                raise self.wrong(start + "direction", "must be 1 or -1")
            self.number(start + "auc.value", 0.5, 0.9999)
            self.whole(start + "auc.events", 1, 10**6)
            self.whole(start + "auc.no_events", 1, 10**6)
            self.range(start + "sd", 1e-6, 1e6)
            self.range(start + "mean_no_event", -1e6, 1e6)
            if "mean_event_at_least" in self.entry(start[:-1]):
                self.number(start + "mean_event_at_least.value", -1e6, 1e6)
        return ResponseModel(*self.head(), Reconstruction(sample_draws(self.spec)))

    def logistic(self) -> ResponseModel:
        head = self.head()
        predictors = range(len(head[2]))
        coefficients = [self.number("intercept"), *(self.number(f"predictors.{n}.coefficient") for n in predictors)]
        return ResponseModel(*head, Regression(np.array(coefficients), self.covariance(len(coefficients))))

    def head(self) -> tuple[str, str, tuple[Predictor, ...], Mapping[str, Any]]:
        predictors = []
        for n in range(self.length("predictors")):
            start = f"predictors.{n}."
            low, high = self.range(start + "range", -1e9, 1e9)
            predictors.append(Predictor(self.text(start + "name"), self.text(start + "label"), self.text(start + "unit"), low, high))
        if len({predictor.name for predictor in predictors}) != len(predictors) or not predictors:
            raise self.wrong("predictors", "must have different names, at least one")
        return self.text("id"), self.text("label"), tuple(predictors), {"outcome": self.text("outcome"), **self.entry("card")}

    def covariance(self, size: int) -> np.ndarray:
        rows = self.entry("covariance")
        good_shape = isinstance(rows, list) and all(isinstance(row, list) and len(row) == size for row in rows) and len(rows) == size
        if not good_shape:
            raise self.wrong("covariance", f"must be a {size} × {size} matrix, intercept first")
        matrix = np.array([[self.number(f"covariance.{i}.{j}") for j in range(size)] for i in range(size)])
        if not np.allclose(matrix, matrix.T) or np.linalg.eigvalsh(matrix).min() < -1e-9 * np.abs(matrix).max():
            raise self.wrong("covariance", "is not symmetric and positive semidefinite")
        return matrix

    def entry(self, where: str) -> Any:
        value = self.spec
        for key in where.split("."):
            try:
                value = value[int(key)] if isinstance(value, list) else value[key]
            except (KeyError, IndexError, TypeError, ValueError):
                raise self.wrong(where, "is missing") from None
        return value

    def length(self, where: str) -> int:
        value = self.entry(where)
        if not isinstance(value, list):
            raise self.wrong(where, "must be a list")
        return len(value)

    def text(self, where: str) -> str:
        value = self.entry(where)
        if not isinstance(value, str) or not value.strip():
            raise self.wrong(where, "must be text")
        return value

    def number(self, where: str, low: float = -math.inf, high: float = math.inf) -> float:
        value = self.entry(where)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value) or not low <= value <= high:
            limits = "" if math.isinf(low) else f" between {low:g} and {high:g}"
            raise self.wrong(where, f"must be a number{limits}")
        return float(value)

    def whole(self, where: str, low: int, high: int) -> int:
        if not isinstance(self.entry(where), int):
            raise self.wrong(where, "must be a whole number")
        return int(self.number(where, low, high))

    def range(self, where: str, low: float, high: float) -> tuple[float, float]:
        first, second = self.number(where + ".low", low, high), self.number(where + ".high", low, high)
        if first > second:
            raise self.wrong(where, "has a lower limit above the upper one")
        return first, second

    def wrong(self, where: str, what: str) -> MarrowQuantError:
        return MarrowQuantError(
            "The response model {name} cannot be used: '{where}' {what}; correct it or choose another model.",
            name=self.name, where=where, what=what,
        )
