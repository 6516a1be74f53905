"""Total diffusion volume (tDV): the whole-body diffusion mask by its components, and what the accepted ones add up to.

A voxel is a candidate if its high-b signal is at least ``ratio`` times that of muscle and its ADC lies in a window; at an edge, half the
local height decides (:func:`~.edges.edge_level`). The defaults, in :class:`~..model.Settings`, come from other work than Takasu 2020, which
describes neither threshold in what was at hand:

* ratio 5.0: normal marrow has a muscle-normalised b 900 signal of 3.2 ± 0.9 (100 asymptomatic people, PMC8161193); mean + 2 SD, arithmetic
  ours.
* ADC from 550 µm²/s: Koutoulidis 2017 (Radiology 282:484) separates diffuse disease from normal marrow above 548; mean + 2 SD of the normal
  marrow of PMC8161193, 422 ± 67, gives 556. Rounded by us.
* ADC up to 1400 µm²/s: the MET-RADS-P response text counts a lesion above it as likely responding (Padhani 2017, Eur Urol 71:81).

The terms tDV and gADC are those of Blackledge 2014 (PLoS One 9(4):e91779): tDV is the number of voxels times the voxel volume, gADC the
statistics of the ADC over the same voxels.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple, Optional

import numpy as np

from ..features import first_order, histogram
from ..model import (
    ACCEPTED,
    PHYSIOLOGICAL,
    UNIT_ADC,
    UNIT_VOLUME,
    Burden,
    Component,
    Finding,
    MarrowQuantError,
    Measurement,
    Progress,
    Role,
    Settings,
    VertebraROI,
    Volume,
    as_finding,
    certain,
    finding,
    made,
    no_progress,
)
from .classes import check_edges, class_volumes
from .context import BurdenContext, Surroundings
from .curve import FRAGILE, doubts_of_pieces, interval, thresholds_of_curve, with_edges
from .decisions import Candidates, Decisions
from .edges import edge_level
from .edits import ORGAN, PAINTED, SPLIT, Edits, pieces_apart
from .labels import bone_of
from .landmarks import Landmarks
from .lookup import check_mask, values_at
from .muscle import Muscle, check_pair, muscle_reference, tissue_mask
from .pattern import propose_pattern
from .physiology import BRAIN, outline_of, propose_states
from .pieces import Pieces, find_pieces, longest_diameters
from .setaside import CONTINUED_ML, INSIDE_SMALL, LEAST_PELVIC_MARROW_ML, Evidence, beyond_ends, judge
from .skeleton import MARROW, NONE, ORGAN_ML, PLACE, STERNUM, BoneRegion, find_bone

DECIDED = finding("burden.decided")
_CUT_ML, _CUT_SHARE = 15.0, (0.15, 0.5)  # pieces from this volume on are cut if such a share of them lies within marrow
_TOUCHING = 0.05  # part of a piece that is an organ, from which on the organ is cut off
_LEAST_FRAGILE_ML = 5.0  # of the upper end, for the reader to be told that it hangs on the threshold
_LEAST_MARROW_ML = 30.0  # less tissue that looks like marrow does not show where bone is
LEAST_SNR = 3.0
"""High-b signal of muscle over the noise from which on the thresholds hold; our choice: the tDV of a digital patient is right within 2 %
down to 1.8, lesions of fewer voxels are lost earlier."""
MOST_UNEVEN = 1.85
"""Factor between parts of the body by which muscle may differ without a word; our choice: 1.0 to 1.8 in bodies that rules were made on,
whose coils differ by up to a fifth, 1.6 in the digital patient, and 2.0 if one of its sides is made four times as bright as the other."""
MARROW_CLOSE = 0.8
"""Signal of the patient's own marrow over the threshold from which on pieces of it pass by chance; our choice."""
_OWN_RATIO, _OWN_ADC = 1.25, 780.0  # of the patient's own marrow, and µm²/s: the noise of small pieces about both; our choice
_BELLY_DEPTH = 0.85  # between back and front: in front of the pubis, where fat that was not suppressed and its ghosts lie
_BRIGHT = 0.8  # of the usual threshold: what makes a piece large or small; the edges then do not move with the threshold; our choice
_LOWEST_RATIO = 2.0  # voxels are prepared down to this ratio; a lower one prepares again


class _Thresholds(NamedTuple):
    """Of the last update; see :meth:`BurdenSession.update`."""

    ratio: float
    adc_window: tuple[float, float]
    min_component_ml: float
    class_edges: Sequence[float]


class BurdenSession:
    """Prepares what no threshold changes, so that each :meth:`update` answers within a slider's patience.

    Parameters
    ----------
    high_b : Volume
        Signal at the highest b-value (measured or computed), shape (k, j, i), stitched.
    adc : Volume
        ADC in µm²/s on the same grid; NaN where there is none.
    muscle : float or sequence of points, optional
        Signal of muscle in ``high_b``, or points in muscle, RAS mm; found automatically if not given.
    min_component_ml : float
        Smaller components are left out unless :meth:`update` says otherwise.
    context : BurdenContext, optional
        Vertebral ROIs, fat fraction and seams, for the regions, the fat fraction of the lesions and the infiltration pattern.
    skeleton : Volume, optional
        Mask of bone on any grid, above 0 inside; only what lies in it becomes a component.
    bone_first : bool
        Propose a region of bone (:mod:`.skeleton`) where no mask is given, and count by default only what lies in it.

    Raises
    ------
    MarrowQuantError
        If the grids differ, no muscle is found or what was said of it is not usable, or the mask shows nothing of the image.
    """

    def __init__(
        self,
        high_b: Volume,
        adc: Volume,
        muscle: Optional[Muscle] = None,
        *,
        min_component_ml: float = Settings.min_component_ml,
        context: Optional[BurdenContext] = None,
        skeleton: Optional[Volume] = None,
        bone_first: bool = False,
    ) -> None:
        check_pair(high_b, adc)
        self._mask_told: list[Finding] = []
        if skeleton is not None:
            skeleton, self._mask_told = bone_of(skeleton)
            check_mask(skeleton, high_b)
        self.muscle = muscle_reference(high_b, adc, muscle)
        self._high_b, self._adc_map, self._skeleton = high_b, adc, skeleton
        self._min_component_ml = min_component_ml
        self._outline = outline_of(high_b.like(tissue_mask(high_b.array)))
        self._surroundings = Surroundings(context or BurdenContext(), high_b)
        self._decisions = Decisions()
        self._candidates: Optional[Candidates] = None
        self._thresholds = _Thresholds(Settings.tdv_signal_ratio, Settings.tdv_adc_window, min_component_ml, Settings.adc_class_edges)
        self._edits: Optional[Edits] = None
        self._bone: Optional[BoneRegion] = None
        self._head_outside_mask = skeleton is not None and self._shows_brain()
        self._prepare(_LOWEST_RATIO)
        if bone_first and skeleton is None:
            top = self._outline.top_mm if self._shows_brain() else None
            known = self._surroundings.context
            self._bone = find_bone(
                high_b,
                adc,
                self.muscle.signal,
                self._outline,
                self._surroundings.landmarks(top),
                bright=Settings.tdv_signal_ratio,
                ff=known.ff,
                centers_ras=[roi.center_ras for roi in known.rois],
            )

    @property
    def muscle_signal(self) -> float:
        """High-b signal of muscle, to which the threshold refers."""
        return self.muscle.signal

    def set_rois(self, rois: Sequence[VertebraROI]) -> None:
        """Other vertebral ROIs, for the regions and the pattern from the next update on."""
        self._surroundings.set_rois(rois)

    def _shows_brain(self) -> bool:
        """True if the image shows the brain, which a mask of bone leaves out of the candidates; it tells where the head is."""
        adc, (low, high) = self._adc_map.array, Settings.tdv_adc_window
        flat = np.flatnonzero((self._high_b.array >= Settings.tdv_signal_ratio * self.muscle.signal) & (adc >= low) & (adc <= high))
        pieces = find_pieces(flat, adc.shape, _positions(flat, self._high_b), self._high_b.voxel_volume_ml, self._min_component_ml)
        return any(reason == BRAIN for _, reason in propose_states(pieces, pieces.median(adc.ravel()[flat]), self._outline))

    def set_edits(self, codes: Optional[np.ndarray]) -> None:
        """What the reader painted and erased by hand, from the next update on; None for nothing.

        Parameters
        ----------
        codes : ndarray of uint8, shape (k, j, i), or None
            On the grid of the high-b image, see :func:`.edits.edited`.
        """
        self._edits = None if codes is None or not codes.any() else Edits(codes)
        self._prepare(self._lowest_ratio)

    def _prepare(self, lowest_ratio: float) -> None:
        """Collect the voxels that can become candidates at this ratio or above."""
        signal, adc = self._high_b.array, self._adc_map.array
        lowest = lowest_ratio * self.muscle.signal
        level = edge_level(np.nan_to_num(signal), lowest, _BRIGHT * Settings.tdv_signal_ratio * self.muscle.signal)
        above = level >= lowest
        flat = self._in_skeleton(np.flatnonzero(above & np.isfinite(adc) & np.isfinite(signal)))
        self._lowest_ratio = lowest_ratio
        self._ratio = signal.ravel()[flat].astype(np.float32) / np.float32(self.muscle.signal)
        self._level_ratio = level.ravel()[flat].astype(np.float32) / np.float32(self.muscle.signal)
        self._adc = adc.ravel()[flat].astype(np.float32)
        self._flat = flat
        self._surroundings.narrow_to(flat if self._edits is None else np.union1d(flat, self._edits.painted))
        self._ratio_without_adc = level[above & ~np.isfinite(adc)] / self.muscle.signal
        self._positions = _positions(flat, self._high_b).astype(np.float32)

    def _in_skeleton(self, flat: np.ndarray) -> np.ndarray:
        """Those of the voxels (flat indices) that lie in the skeleton mask; all of them without one."""
        if self._skeleton is None:
            return flat
        return flat[values_at(self._skeleton, _positions(flat, self._high_b)) > 0]

    def decide(self, point_ras: Sequence[float], state: str) -> None:
        """The reader's word on the component at a point (its centroid will do): accepted, rejected or physiological.

        It follows the brightest voxel of that component through all later thresholds.

        Raises
        ------
        MarrowQuantError
            If the state is none of the three, or the point is no position.
        """
        self._decisions.add(point_ras, state, self._candidates)

    def undo_decision(self) -> None:
        """Take the last decision back, if any; the next update no longer knows it."""
        self._decisions.drop_last()

    def update(
        self,
        *,
        ratio: float = Settings.tdv_signal_ratio,
        adc_window: tuple[float, float] = Settings.tdv_adc_window,
        min_component_ml: Optional[float] = None,
        class_edges: Sequence[float] = Settings.adc_class_edges,
    ) -> Burden:
        """The tumour load at these thresholds.

        Parameters
        ----------
        ratio : float
            Smallest high-b signal over muscle.
        adc_window : (float, float)
            Smallest and largest ADC in µm²/s, both included.
        min_component_ml : float, optional
            Smallest volume of a component; the session's own if not given.
        class_edges : sequence of float
            Edges of the ADC classes in µm²/s, ascending.

        Raises
        ------
        MarrowQuantError
            If a threshold makes no sense.
        """
        smallest = self._min_component_ml if min_component_ml is None else min_component_ml
        _check_thresholds(ratio, adc_window, smallest, class_edges)
        if ratio < self._lowest_ratio:
            self._prepare(ratio)
        self._thresholds = _Thresholds(ratio, adc_window, smallest, class_edges)
        kept = np.flatnonzero((self._level_ratio >= ratio) & (self._adc >= adc_window[0]) & (self._adc <= adc_window[1]))
        self._candidates, adc = self._collect(kept, smallest)
        pieces = self._candidates.pieces
        decided, findings = self._decisions.by_label(self._candidates)
        labels = np.zeros(self._high_b.array.shape, dtype=np.int32)
        labels.ravel()[self._candidates.flat[pieces.order]] = pieces.labels()
        return self._burden(self._components(labels, adc, decided), labels, adc, findings)

    def curve(self, burden: Burden) -> Burden:
        """The burden of the last update with the threshold curve and the interval of its tDV (:mod:`.curve`); takes as long as some ten
        updates."""
        limits, candidates = self._thresholds, self._candidates
        low, high = limits.adc_window
        lowest = self._lowest_ratio
        points = []
        for ratio in thresholds_of_curve(limits.ratio):
            if ratio == limits.ratio:
                points.append((ratio, float(burden.tdv.value)))
            elif ratio >= lowest:
                kept = np.flatnonzero((self._level_ratio >= ratio) & (self._adc >= low) & (self._adc <= high))
                points.append((ratio, self._accepted_ml(kept, limits.min_component_ml)))
        self._candidates = candidates
        found = with_edges(interval(points, limits.ratio, self.muscle.spread), burden.components, self._high_b.voxel_volume_ml)
        over = [f"{ratio:g}: {ml:.0f}" for ratio, ml in points]
        counted = any(ml > 0 for _, ml in points)
        findings = [finding("burden.interval", low=found[0], high=found[1], curve=over) if counted else finding("burden.none_at_any")]
        if found[1] - found[0] > FRAGILE * burden.tdv.value and found[1] >= _LEAST_FRAGILE_ML:
            findings.append(finding("burden.fragile", low=found[0], high=found[1], tdv=burden.tdv.value))
        findings += doubts_of_pieces(burden.components, self._high_b.voxel_volume_ml)
        return replace(burden, threshold_curve=tuple(points), tdv_interval=found, findings=(*burden.findings, *findings))

    def _accepted_ml(self, kept: np.ndarray, smallest: float) -> float:
        """Volume of what is accepted among the prepared voxels (indices), in mL."""
        self._candidates, adc = self._collect(kept, smallest)
        pieces = self._candidates.pieces
        if not len(pieces):
            return 0.0
        decided, _ = self._decisions.by_label(self._candidates)
        proposals, _ = self._judged(self._proposals(pieces.median(adc))[0], self._surroundings.near_seam(pieces))
        painted = [None] * len(pieces) if self._edits is None else self._edits.state_of(pieces, self._candidates.flat)
        states = [decided.get(n + 1, paint or state) for n, ((state, _), paint) in enumerate(zip(proposals, painted))]
        return float(pieces.volume_ml[[state == ACCEPTED for state in states]].sum())

    def _collect(self, kept: np.ndarray, smallest: float) -> tuple[Candidates, np.ndarray]:
        """The candidates among the prepared voxels (indices), with what the reader painted and without what was erased; and their ADC."""
        shape, voxel_ml = self._high_b.array.shape, self._high_b.voxel_volume_ml
        if self._edits is None:
            flat, positions = self._flat[kept], self._positions.take(kept, axis=0)
            pieces = find_pieces(flat, shape, positions, voxel_ml, smallest)
            found = Candidates(flat, positions, self._ratio[kept], pieces)
            return self._cut(found, self._adc[kept], smallest), self._adc[kept]
        flat = self._flat[kept]
        flat = np.union1d(flat[self._edits.untouched(flat)], self._edits.painted)
        positions = _positions(flat, self._high_b).astype(np.float32)
        ratio = np.nan_to_num(self._high_b.array.ravel()[flat].astype(np.float32) / np.float32(self.muscle.signal))
        pieces = self._edits.find_pieces(flat, positions, voxel_ml, smallest)
        adc = self._adc_map.array.ravel()[flat].astype(np.float32)
        return self._cut(Candidates(flat, positions, ratio, pieces), adc, smallest), adc

    def _cut(self, candidates: Candidates, adc: np.ndarray, smallest: float) -> Candidates:
        """Large pieces that lie mostly outside bone, cut where marrow lies around them: an organ that touches a bone is not the bone's
        disease, and does not hide it."""
        if self._bone is None or not len(candidates.pieces):
            return candidates
        pieces, code = candidates.pieces, self._bone.codes.ravel()[candidates.flat]
        share, organ = pieces.mean(code == MARROW), self._bone.organ.ravel()[candidates.flat]
        mixed = (pieces.volume_ml >= _CUT_ML) & (share > _CUT_SHARE[0]) & (share < _CUT_SHARE[1])
        touching = (pieces.volume_ml >= ORGAN_ML) & (pieces.mean(organ) > _TOUCHING)
        if not (mixed | touching).any():
            return candidates
        known = propose_states(pieces, pieces.median(adc), self._outline)
        mixed &= np.array([state == ACCEPTED for state, _ in known])
        none = np.zeros(candidates.flat.size, dtype=np.int8)
        classes = none if self._edits is None else self._edits.classes(candidates.flat).astype(np.int8)
        beside = np.isin(code, (NONE, PLACE))
        for whole, apart, name in ((touching, organ, ORGAN), (touching, beside, SPLIT), (mixed & ~touching, code != MARROW, SPLIT)):
            own = np.zeros(candidates.flat.size, dtype=bool)
            own[pieces.order] = whole[pieces.labels() - 1]
            classes[own & apart & (classes == 0)] = name
        cut = pieces_apart(
            candidates.flat, classes, self._high_b.array.shape, candidates.positions_ras, self._high_b.voxel_volume_ml, smallest
        )
        return replace(candidates, pieces=cut)

    def _components(self, labels: np.ndarray, adc: np.ndarray, decided: Mapping[int, str]) -> tuple[Component, ...]:
        candidates = certain(self._candidates)
        pieces, matrix, around = candidates.pieces, self._high_b.ijk_to_ras[:3, :3], self._surroundings
        median, mean, ratio = pieces.median(adc), pieces.mean(adc), pieces.mean(candidates.ratio)
        positions = candidates.positions_ras
        longest = longest_diameters([positions.take(pieces.row_ends(n + 1), axis=0) for n in range(len(pieces))], matrix)
        proposals, landmarks = self._proposals(median)
        near_seam = around.near_seam(pieces)
        proposals, shares = self._judged(proposals, near_seam)
        painted = [None] * len(pieces) if self._edits is None else self._edits.state_of(pieces, candidates.flat)
        proposals = [(state, as_finding(PAINTED)) if state else proposal for state, proposal in zip(painted, proposals)]
        regions = around.regions(pieces, landmarks, self._outline)
        fat = around.fat_fractions(labels, longest, pieces.volume_ml)
        return tuple(
            Component(
                label=n + 1,
                volume_ml=float(pieces.volume_ml[n]),
                centroid_ras=pieces.centroid_ras[n],
                longest_diameter_mm=longest[n],
                adc_median=float(median[n]),
                adc_mean=float(mean[n]),
                signal_ratio=float(ratio[n]),
                state=decided.get(n + 1, state),
                reason=as_finding(DECIDED) if n + 1 in decided else reason,
                region=regions[n],
                ff_median=fat[n][0],
                ff_voxels=fat[n][1],
                near_seam=bool(near_seam[n]),
                bone_share=shares[n],
            )
            for n, (state, reason) in enumerate(proposals)
        )

    def _proposals(self, adc_median: np.ndarray) -> tuple[list[tuple[str, Finding]], Optional[Landmarks]]:
        """State and reason of each piece, and the landmarks, for which the head is a guide if it is in view."""
        pieces = certain(self._candidates).pieces
        proposals = propose_states(pieces, adc_median, self._outline)
        head = self._head_outside_mask or any(reason == BRAIN for _, reason in proposals)
        landmarks = self._surroundings.landmarks(self._outline.top_mm if head else None)
        for n, reason in enumerate(self._surroundings.soft_tissue(pieces, landmarks, self._outline)):
            if reason and proposals[n][0] == ACCEPTED:
                proposals[n] = (PHYSIOLOGICAL, as_finding(reason))
        return proposals, landmarks

    def _judged(
        self, proposals: list[tuple[str, Finding]], near_seam: np.ndarray
    ) -> tuple[list[tuple[str, Finding]], Sequence[Optional[float]]]:
        """The proposals after what bone and artefacts say, and the share of each piece inside bone; None without a region of bone."""
        candidates = certain(self._candidates)
        pieces = candidates.pieces
        if self._bone is None or not len(pieces):
            return proposals, [None] * len(pieces)
        codes = self._bone.codes.ravel()[candidates.flat]
        shares = np.stack([pieces.mean(codes == code) for code in range(STERNUM + 1)], axis=1)
        at_void = pieces.mean(self._bone.near_void.ravel()[candidates.flat])
        slice_mm = float(np.abs(self._high_b.ijk_to_ras[2, :3]).max())
        canal = None if self._bone.canal is None else pieces.mean(self._bone.canal.ravel()[candidates.flat])
        evidence = Evidence(shares, near_seam, at_void, slice_mm, self._off_column(pieces), canal)
        usual = pieces.mean(self._bone.usual.ravel()[candidates.flat])
        evidence = replace(evidence, own_marrow=self._own_marrow(pieces), usual=usual, continued=self._continued(pieces, evidence))
        evidence = self._with_tissue(evidence)
        return judge(proposals, pieces, evidence, self._outline), [round(float(share), 3) for share in evidence.inside]

    def _with_tissue(self, evidence: Evidence) -> Evidence:
        """The evidence with what the pieces look like and which lie at the height of the pelvis, where that shows no marrow."""
        candidates, bone = certain(self._candidates), certain(self._bone)
        if bone.pelvic_marrow_ml >= LEAST_PELVIC_MARROW_ML or bone.pelvis_mm is None:
            return evidence
        pieces, (low, high) = candidates.pieces, bone.pelvis_mm
        adc = pieces.mean(np.nan_to_num(self._adc_map.array.ravel()[candidates.flat]))
        tissue = np.stack([pieces.mean(candidates.ratio), np.maximum(adc, 1.0)], axis=1)
        height = pieces.centroid_ras[:, 2]
        behind = self._outline.depth(pieces.centroid_ras.astype(float)) < _BELLY_DEPTH
        return replace(evidence, tissue=tissue, in_pelvis=(height > low) & (height < high) & behind)

    def _continued(self, pieces: Pieces, evidence: Evidence) -> np.ndarray:
        """True for small pieces outside the region of bone at both of whose ends marrow lies, shape (n,)."""
        bone, positions, image = certain(self._bone), certain(self._candidates).positions_ras, self._high_b
        found = np.zeros(len(pieces), dtype=bool)
        for n in np.flatnonzero((evidence.inside < INSIDE_SMALL) & (pieces.volume_ml <= CONTINUED_ML)):
            ends = beyond_ends(positions[pieces.members(n + 1)])
            at = np.rint(image.to_ijk(ends)).astype(int)[..., ::-1]
            seen = np.all((at >= 0) & (at < image.array.shape), axis=-1).all(axis=-1)
            found[n] = any(bone.near_marrow[tuple(step.T)].all() for step in at[seen])
        return found

    def _own_marrow(self, pieces: Pieces) -> Optional[np.ndarray]:
        """True for pieces that are no brighter than the patient's own marrow and diffuse hardly faster, shape (n,); None where that marrow
        lies well below the threshold."""
        own, candidates = certain(self._bone).marrow_ratio, certain(self._candidates)
        if not own >= MARROW_CLOSE * self._thresholds.ratio:
            return None
        adc = pieces.mean(np.nan_to_num(self._adc_map.array.ravel()[candidates.flat]))
        return (pieces.mean(candidates.ratio) < _OWN_RATIO * own) & (adc < _OWN_ADC)

    def _off_column(self, pieces: Pieces) -> np.ndarray:
        """How far each piece's centre lies from the middle of the column, to the right and to the front in mm, shape (n, 2); infinite where
        there is no column."""
        column, centers = certain(self._bone).column, pieces.centroid_ras
        if len(column) < 2:
            return np.full((len(pieces), 2), np.inf)
        middle = np.stack([np.interp(centers[:, 2], column[:, 2], column[:, axis]) for axis in (0, 1)], axis=1)
        beyond = (centers[:, 2] < column[0, 2]) | (centers[:, 2] > column[-1, 2])
        return np.where(beyond[:, None], np.inf, centers[:, :2] - middle)

    def _burden(self, components: tuple[Component, ...], label_array: np.ndarray, adc: np.ndarray, findings: list[Finding]) -> Burden:
        pieces, limits = certain(self._candidates).pieces, self._thresholds
        is_accepted = np.array([component.state == ACCEPTED for component in components], dtype=bool)
        accepted = adc[pieces.order[np.repeat(is_accepted, np.diff(pieces.starts))]]
        measured = accepted[np.isfinite(accepted)]  # the reader may paint where there is no ADC
        features = {} if measured.size == 0 else first_order(measured)
        low, high = limits.adc_window
        rule = made(
            finding("made.load_rule", ratio=limits.ratio, low=low, high=high, unit=UNIT_ADC, volume=limits.min_component_ml),
            finding("made.muscle_signal", signal=self.muscle.signal, how=self.muscle.how),
            "" if self._skeleton is None else finding("made.skeleton_mask"),
        )
        voxel_ml = self._high_b.voxel_volume_ml
        source, how_adc = (*self._high_b.source, rule), made(finding("made.load_adc"))
        name = "Tumour load components"
        labels = self._high_b.like(label_array, role=Role.UNKNOWN, quantity="component", unit="", name=name, source=source)
        infiltration = propose_pattern(components, labels, self._surroundings.roi_voxels)
        return Burden(
            labels=labels,
            components=components,
            muscle_signal=self.muscle.signal,
            signal_ratio_threshold=float(limits.ratio),
            adc_window=(float(low), float(high)),
            tdv=Measurement("tDV", accepted.size * voxel_ml, UNIT_VOLUME, int(accepted.size), how=made(finding("made.accepted"), rule)),
            gadc=Measurement("gADC", features.get("median", float("nan")), UNIT_ADC, int(measured.size), how=how_adc),
            features=features,
            histogram=histogram(measured, "ADC", UNIT_ADC) if measured.size else None,
            class_volumes_ml=class_volumes(measured, limits.class_edges, voxel_ml),
            class_edges=tuple(float(edge) for edge in limits.class_edges),
            findings=(*findings, *self._flags(accepted.size), *_findings_of_edits(self._edits, accepted.size - measured.size, voxel_ml)),
            infiltration=infiltration,
        )

    def _findings_of_bone(self) -> list[Finding]:
        """What the images as a whole say against the number."""
        bone, ratio, findings = self._bone, self._thresholds.ratio, []
        if self.muscle.noise and self.muscle.signal < LEAST_SNR * self.muscle.noise:
            findings.append(finding("burden.noisy", snr=self.muscle.signal / self.muscle.noise, least=LEAST_SNR))
        if self.muscle.uneven > MOST_UNEVEN:
            findings.append(finding("burden.shading", factor=self.muscle.uneven))
        if bone is None:
            return findings
        if bone.marrow_ml < _LEAST_MARROW_ML:
            findings.append(finding("burden.no_bone"))
        if bone.marrow_ratio >= MARROW_CLOSE * ratio:
            findings.append(finding("burden.bright_marrow", marrow=bone.marrow_ratio, ratio=ratio))
        if bone.void_ml > 0:
            findings.append(finding("burden.void", void_ml=bone.void_ml))
        return findings

    def _flags(self, n_accepted: int) -> list[Finding]:
        findings = [as_finding(self.muscle.doubt)] if self.muscle.doubt else []
        if n_accepted == 0:
            findings.append(finding("burden.none_accepted"))
        if self._skeleton is not None:
            findings.append(finding("burden.inside_mask"))
            findings += self._mask_told
        findings += self._findings_of_bone()
        without_adc = np.count_nonzero(self._ratio_without_adc >= self._thresholds.ratio) * self._high_b.voxel_volume_ml
        if without_adc >= self._thresholds.min_component_ml and without_adc > 0:
            findings.append(finding("burden.without_adc", without_adc=without_adc))
        return findings


def segment(
    high_b: Volume,
    adc: Volume,
    *,
    ratio: float = Settings.tdv_signal_ratio,
    adc_window: tuple[float, float] = Settings.tdv_adc_window,
    min_component_ml: float = Settings.min_component_ml,
    muscle: Optional[Muscle] = None,
    decisions: Iterable[tuple[Sequence[float], str]] = (),
    progress: Progress = no_progress,
) -> Burden:
    """The tumour load in one call; see :class:`BurdenSession` for a slider.

    Parameters
    ----------
    high_b, adc : Volume
        Stitched high-b image and ADC in µm²/s on the same grid, shape (k, j, i).
    ratio, adc_window, min_component_ml
        As in :meth:`BurdenSession.update`.
    muscle : float or sequence of points, optional
        As for :class:`BurdenSession`.
    decisions : iterable of (point in RAS mm, state)
        What a reader decided before, in that order.
    progress : callable

    Raises
    ------
    MarrowQuantError
        As :class:`BurdenSession`.
    """
    progress(0.0, "Finding muscle")
    session = BurdenSession(high_b, adc, muscle, min_component_ml=min_component_ml)
    for point, state in decisions:
        session.decide(point, state)
    progress(0.5, "Collecting the components")
    burden = session.update(ratio=ratio, adc_window=adc_window)
    progress(1.0, "Tumour load proposed")
    return burden


def _findings_of_edits(edits: Optional[Edits], n_without_adc: int, voxel_ml: float) -> list[Finding]:
    if edits is None:
        return []
    without = n_without_adc * voxel_ml
    told = [finding("hand.edited")]
    return told + ([finding("hand.painted_without_adc", volume=without)] if n_without_adc else [])


def _positions(flat: np.ndarray, volume: Volume) -> np.ndarray:
    """RAS position in mm of voxels given by their flat indices; shape (n, 3)."""
    index = np.stack(np.unravel_index(flat, volume.array.shape)[::-1], axis=1)
    return volume.to_ras(index)


def _check_thresholds(ratio: float, adc_window: Sequence[float], min_component_ml: float, class_edges: Sequence[float]) -> None:
    if not (np.isfinite(ratio) and ratio > 0):
        raise MarrowQuantError("A signal threshold of {ratio} × muscle makes no sense; give a number above 0.", ratio=ratio)
    if not (len(adc_window) == 2 and adc_window[0] < adc_window[1]):
        raise MarrowQuantError(
            "The ADC window {adc_window} is empty; give the lower limit first, in {unit_adc}.",
            adc_window=tuple(adc_window), unit_adc=UNIT_ADC,
        )
    if not (np.isfinite(min_component_ml) and min_component_ml >= 0):
        raise MarrowQuantError(
            "A smallest component of {min_component_ml} mL makes no sense; give 0 or more.",
            min_component_ml=min_component_ml,
        )
    check_edges(class_edges)
