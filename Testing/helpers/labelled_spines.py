"""All labelled spines beside the clone, whatever their kind: labels sorted from head to foot and named from the lowest up."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from MarrowQuantLib.model import Volume
from MarrowQuantLib.vertebrae.levels import LEVELS
from scipy import io, ndimage

from . import spines

KINDS = ("lumbar_t1", "lumbar_t1_more", "lumbar_t2", "lumbar_pathological")
_LOWEST = {"lumbar_pathological": "S1"}  # of the labelled bodies; L5 elsewhere


@dataclass(frozen=True)
class LabelledSpine:
    """``truth`` is 1 … n for ``levels``, cranial first; ``centers`` in RAS mm, shape (n, 3)."""

    image: Volume
    truth: np.ndarray
    levels: tuple[str, ...]
    centers: np.ndarray


def names(kind: str) -> list[str]:
    """The spines of one kind."""
    return [path.stem for path in sorted((spines.SPINE_LABELS / kind).glob("*.mat"))]


def spine(kind: str, name: str) -> LabelledSpine:
    """One spine; indices grow towards the feet, to the back and to the right."""
    case = io.loadmat(spines.SPINE_LABELS / kind / f"{name}.mat")
    shape = tuple(slice(min(pair)) for pair in zip(case["I"].shape, case["GT"].shape))
    image, labels = case["I"][shape].astype(np.float32), case["GT"][shape]
    numbers = [int(n) for n in np.unique(labels) if n]
    centers = np.array(ndimage.center_of_mass(np.ones_like(labels), labels, numbers))
    order = np.argsort(centers[:, 0])
    truth = np.zeros(labels.shape, dtype=np.uint8)
    for place, n in enumerate(order):
        truth[labels == numbers[n]] = place + 1
    last = LEVELS.index(_LOWEST.get(kind, "L5")) + 1
    levels = LEVELS[last - len(numbers) : last]
    return LabelledSpine(Volume(image, np.diag([1.0, -1.0, -1.0, 1.0])), truth, levels, centers[order][:, ::-1] * [1, -1, -1])
