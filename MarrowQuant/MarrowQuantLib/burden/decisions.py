"""The reader's decisions on components, kept while the thresholds move."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Optional

import numpy as np

from ..model import ACCEPTED, PHYSIOLOGICAL, REJECTED, Finding, MarrowQuantError, finding
from .pieces import Pieces

REACH_MM = 15.0
"""A point outside every component means the nearest one within this distance (our choice): the centroid of a curved rib lies beside it."""

GROWN = 2.0
"""From this growth on the reader is told that a decision now holds for more than was seen (our choice)."""

_SAME_POINT_MM = 0.01
_PAST = {ACCEPTED: "accepted", REJECTED: "rejected", PHYSIOLOGICAL: "called physiological"}


@dataclass
class _Decision:
    """``voxel`` is the flat index of the brightest voxel of the component decided on: the last one that a rising threshold drops.
    ``volume_ml`` is what the reader saw when deciding."""

    point_ras: np.ndarray
    state: str
    voxel: Optional[int] = None
    volume_ml: float = 0.0


@dataclass(frozen=True)
class Candidates:
    """The candidate voxels of one update: flat index in the volume (ascending), RAS position, signal ratio; and their pieces."""

    flat: np.ndarray
    positions_ras: np.ndarray
    ratio: np.ndarray
    pieces: Pieces


class Decisions:
    """Decisions in the order they were made; where two meet in one component, the later one holds."""

    def __init__(self) -> None:
        self._decisions: list[_Decision] = []

    def add(self, point_ras: Sequence[float], state: str, candidates: Optional[Candidates]) -> None:
        """Remember a decision; with candidates it is tied to its component now, otherwise at the next update.

        Raises
        ------
        MarrowQuantError
            If the state or the point is not usable.
        """
        point = np.asarray(point_ras, dtype=float)
        if state not in (ACCEPTED, REJECTED, PHYSIOLOGICAL):
            raise MarrowQuantError(
                "\"{state}\" is not a decision; use {accepted}, {rejected} or {physiological}.",
                state=state, accepted=ACCEPTED, rejected=REJECTED, physiological=PHYSIOLOGICAL,
            )
        if point.shape != (3,) or not np.all(np.isfinite(point)):
            raise MarrowQuantError("A decision needs a point of three RAS coordinates in mm; select a component again.")
        decision = _Decision(point, state)
        if candidates is not None:
            _tie(decision, candidates)
        self._decisions.append(decision)

    def drop_last(self) -> None:
        """Forget the decision that was made last, if any."""
        del self._decisions[-1:]

    def by_label(self, candidates: Candidates) -> tuple[dict[int, str], list[Finding]]:
        """State per label of the components decided on, and sentences on decisions that no longer fit: they meet no component, contradict
        each other, or their component has grown far beyond what the reader saw."""
        labels = np.zeros(candidates.flat.size, dtype=np.int32)
        labels[candidates.pieces.order] = candidates.pieces.labels()
        last: dict[int, _Decision] = {}
        n_lost, overruled = 0, set()
        for decision in self._decisions:
            if decision.voxel is None:
                _tie(decision, candidates)
            label = _label_at(decision.voxel, candidates.flat, labels)
            if label == 0:
                n_lost += 1
                continue
            before = last.get(label, decision)
            if before.state != decision.state and before.voxel != decision.voxel:  # the same voxel: a change of mind, no contradiction
                overruled.add(label)
            last[label] = decision
        findings = [finding("burden.decisions_lost", n=n_lost)] if n_lost else []
        findings += [finding("burden.joined", component=label) for label in sorted(overruled)]
        for label, decision in sorted(last.items()):
            now_ml = candidates.pieces.volume_ml[label - 1]
            if now_ml > GROWN * decision.volume_ml:
                was = decision.state
                findings.append(finding("burden.grown", component=label, before_ml=decision.volume_ml, now_ml=now_ml, was=_PAST[was]))
        return {label: decision.state for label, decision in last.items()}, findings


def _tie(decision: _Decision, candidates: Candidates) -> None:
    """Tie a decision to the component with its point as centroid, or else to the one nearest to the point."""
    pieces = candidates.pieces
    if not len(pieces):
        return
    to_centroids = np.linalg.norm(pieces.centroid_ras - decision.point_ras, axis=1)
    label = int(to_centroids.argmin()) + 1
    if to_centroids[label - 1] > _SAME_POINT_MM:
        distances = np.linalg.norm(candidates.positions_ras[pieces.order] - decision.point_ras, axis=1)
        nearest = int(distances.argmin())
        if distances[nearest] > REACH_MM:
            return
        label = int(np.searchsorted(pieces.starts, nearest, side="right"))
    members = pieces.members(label)
    decision.volume_ml = float(pieces.volume_ml[label - 1])
    decision.voxel = int(candidates.flat[members[candidates.ratio[members].argmax()]])


def _label_at(voxel: Optional[int], flat: np.ndarray, labels: np.ndarray) -> int:
    if voxel is None:
        return 0
    position = int(np.searchsorted(flat, voxel))
    return int(labels[position]) if position < flat.size and flat[position] == voxel else 0
