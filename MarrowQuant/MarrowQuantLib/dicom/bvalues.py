"""Which b-value an image has: what its header claims, in order of trust, and what the other images of its series say about the claims.

Sources: the vendors' elements as ``elements`` names them. UIH writes the b-value as applied beside the prescribed one; the signal follows
the applied one. GE keeps the largest b-value in the header of every image of a tensor scan with several shells and scales the gradient,
so that the b-value applied is that times the square of the gradient's length (vendor notes of dcm2niix on GE). Philips numbers repeats of
b 0 as 0.001, 0.002 … . Siemens names the sequence after the b-value: ``ep_b800t`` for a trace image, ``ep_b800#2`` for a direction, and
``ep_b50_800`` for an image computed from several. Toshiba and Canon write ``b=800(x,y,z)`` into Image Comments. Tolerances are our choice.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple, Optional

import numpy as np

from ..diffusion.shells import DUMMY_B, WIDE_SCATTER, shells
from ..model import certain, finding
from . import elements as el
from .csa import csa_numbers
from .frame import Frame
from .geometry import has_place

MAX_B_VALUE = 100_000.0  # s/mm², our choice: far above what whole-body scanners reach; more is no b-value
SAME_CLAIM = (20.0, 0.1)  # s/mm² and share: statements further apart contradict each other
SLICE_SCATTER = 10.0  # s/mm²: by so much, or by WIDE_SCATTER, the slices of one volume may differ
FEW_SLICES = 2
UNEQUAL_LENGTHS = 0.02  # squares of GE's gradient lengths that differ by more are meant
TENSOR_DIRECTIONS = 6
PUBLIC, PRIVATE, NAMED, DESCRIBED = "public", "private", "named", "described"
CONFIDENCE = {PUBLIC: 1.0, PRIVATE: 1.0, NAMED: 0.8, DESCRIBED: 0.5}
B_TAGS = {0x00189087: "(0018,9087)", 0x0019100C: "Siemens (0019,100C)", 0x20011003: "Philips (2001,1003)", 0x00431039: "GE (0043,1039)",
          0x00651009: "UIH (0065,1009)", 0x0065100A: "UIH (0065,100A)"}  # fmt: skip


class Claim(NamedTuple):
    """One statement of the header about the b-value, s/mm²."""

    kind: str
    value: float
    source: str


def claims_of(source: el.Elements) -> tuple[Claim, ...]:
    """What the elements made for it say, the most trusted first; UIH's applied value is all that counts there."""
    applied, prescribed = source.only(0x00651009), source.only(0x0065100A)
    if applied is not None:
        differs = prescribed is not None and abs(applied - prescribed) >= 0.5
        name = finding("recognised.b_applied", prescribed=prescribed) if differs else "UIH (0065,1009)"
        return tuple(_sensible(PRIVATE, applied, name))
    found = [*_sensible(PUBLIC, source.only(0x00189087), B_TAGS[0x00189087])]
    for tag in (0x0019100C, 0x20011003, 0x0065100A):
        found += _sensible(PRIVATE, source.only(tag), B_TAGS[tag])
    ge = source.number(0x00431039)  # the first of its numbers; the others are flags
    if ge is not None:
        # GE adds a power of ten to the b-value as a flag (1000000750 is b 750), as the free converters found
        found += _sensible(PRIVATE, float(int(ge) % int(MAX_B_VALUE)), B_TAGS[0x00431039])
    csa = csa_numbers(source.value(el.CSA_IMAGE_HEADER), "B_value")
    if csa and not any(claim.kind == PRIVATE for claim in found):
        found += _sensible(PRIVATE, csa[0], "Siemens CSA header, B_value")
    return tuple(found)


def _sensible(kind: str, value: Optional[float], name: str) -> Iterable[Claim]:
    return [Claim(kind, value, name)] if value is not None and 0 <= value <= MAX_B_VALUE else []


class Named(NamedTuple):
    """What a text says about diffusion: the b-value, and which direction of several, 0 for a trace image, None for no word on it."""

    claim: Claim
    direction: Optional[int] = None


def named_in(sequence_name: str, comments: str, description: str, protocol: str, is_diffusion: bool) -> Optional[Named]:
    """A b-value that only a text tells; None where none or several stand there.

    Parameters
    ----------
    sequence_name, comments, description, protocol : str
        Texts of the header, the most trusted first.
    is_diffusion : bool
        The image is diffusion-weighted for other reasons: only then a description is believed.
    """
    match = re.search(r"(?:^|[_*])b(\d+)(t|#(\d+))?$", sequence_name.strip(), re.IGNORECASE)
    if match:
        direction = int(match[3]) if match[3] else 0 if match[2] else None
        return Named(Claim(NAMED, float(match[1]), "the sequence name"), direction)
    match = re.match(r"\s*b\s*=\s*(\d+(?:\.\d+)?)\s*(\(|$)", comments, re.IGNORECASE)
    if match:
        return Named(Claim(NAMED, float(match[1]), "Image Comments (0020,4000)"))
    for text in (description, protocol) if is_diffusion else ():
        values = {float(value) for value in re.findall(r"(?<![a-z0-9])b[ =_-]?(\d{1,5})(?![0-9k])", text, re.IGNORECASE)}
        several = re.search(r"b[ =_-]?\d+[ _,/+-]+\d{2,5}(?!\d)", text, re.IGNORECASE)  # b50_400_800
        if len(values) == 1 and not several:
            return Named(Claim(DESCRIBED, values.pop(), "the series description"))
    return None


def says_weighted(text: str) -> bool:
    """A description that says diffusion-weighted, and nothing of a map: believed where the header does not say the kind of image."""
    weighted = re.search(r"(?<![a-z])(d?dwi|dw[ _-]|diff(?![a-z])|diffusion)|^\s*b[ =_-]?\d{1,4}( ?s/mm.?2?)?\s*$", text, re.IGNORECASE)
    return bool(weighted) and not re.search(r"adc|exponential|(?<![a-z])(fa|ivim|dki)(?![a-z])|aniso|kurt", text, re.IGNORECASE)


# ----------------------------------------------------------------------------------------------------------- a whole series
def settle(frames: Sequence[Frame]) -> list[Frame]:
    """The images of one acquisition with one b-value each: contradictions resolved, lengths of GE's gradients applied, scatter united."""
    if not any(frame.b_claims for frame in frames):
        return list(frames)
    dummies = _dummies(frames)
    settled = _scaled_by_gradient([_decided(frame, *dummies) for frame in frames])
    return _united(_united_over_slices(settled))


def _dummies(frames: Sequence[Frame]) -> tuple[bool, bool]:
    """Whether the public, and the private statement, is the same in all images while the other one varies."""
    values = {kind: {claim.value for frame in frames for claim in frame.b_claims if claim.kind == kind} for kind in (PUBLIC, PRIVATE)}
    return (
        len(values[PUBLIC]) == 1 and len(values[PRIVATE]) > 1,
        len(values[PRIVATE]) == 1 and len(values[PUBLIC]) > 1,
    )


def _decided(frame: Frame, public_is_dummy: bool, private_is_dummy: bool) -> Frame:
    if not frame.b_claims:
        return frame
    first = frame.b_claims[0]
    other = next((claim for claim in frame.b_claims[1:] if claim.kind != first.kind and _contradict(first, claim)), None)
    if other is None:
        return _with(frame, first, first.source)
    dummy = first if public_is_dummy or (not private_is_dummy and first.value < DUMMY_B) else None
    dummy = dummy or (other if private_is_dummy or other.value < DUMMY_B else None)
    if dummy is None:
        values = {"b": first.value, "source": first.source, "other": other.value, "another": other.source}
        return replace(_with(frame, first, first.source), problem=frame.problem or finding("unusable.b_contradicts", **values))
    taken = other if dummy is first else first
    return _with(frame, taken, finding("recognised.b_dummy", source=taken.source, other=dummy.source, b=dummy.value))


def _contradict(a: Claim, b: Claim) -> bool:
    return abs(a.value - b.value) > max(SAME_CLAIM[0], SAME_CLAIM[1] * max(a.value, b.value))


def _with(frame: Frame, claim: Claim, source: str) -> Frame:
    value = 0.0 if claim.value < DUMMY_B else claim.value
    return replace(frame, b_value=value, b_source=source, b_confidence=CONFIDENCE[claim.kind])


def _scaled_by_gradient(frames: list[Frame]) -> list[Frame]:
    """b-values of a GE tensor scan, whose header has one b-value for all images and gradients of different lengths."""
    weighted = [frame for frame in frames if frame.vendor == el.GE and frame.b_value and "DERIVED" not in frame.image_type[:1]]
    lengths = {frame.gradient: _square(frame.gradient) for frame in weighted if frame.gradient}
    if len({frame.b_value for frame in weighted}) != 1 or len(lengths) < TENSOR_DIRECTIONS:
        return frames
    longest = max(lengths.values())
    if longest - min(lengths.values()) <= UNEQUAL_LENGTHS and all(frame.gradient for frame in weighted):
        return frames
    chosen = set(map(id, weighted))
    return [_shortened(frame) if id(frame) in chosen else frame for frame in frames]


def _shortened(frame: Frame) -> Frame:
    square = _square(frame.gradient) if frame.gradient else 0.0
    if abs(square - 1.0) <= UNEQUAL_LENGTHS:
        return frame
    b = round(certain(frame.b_value) * square, 1)
    why = finding("recognised.b_shortened", source=frame.b_source, b=frame.b_value, length=square**0.5)
    return replace(frame, b_value=0.0 if b < DUMMY_B else b, b_source=why)


def _square(gradient: Sequence[float]) -> float:
    return sum(component * component for component in gradient)


def _united_over_slices(frames: list[Frame]) -> list[Frame]:
    """b-values as applied that scatter from slice to slice of one volume, as one with their mean.

    They lie close to each other, share no position (so that none of them is a volume of its own), and change along the stack more often
    than table positions would.
    """
    kinds: dict[Hashable, list[Frame]] = defaultdict(list)
    for frame in frames:
        if frame.b_value and has_place(frame):
            kinds[(frame.image_type, frame.component, frame.echo_time_ms, frame.gradient, frame.direction_number)].append(frame)
    united: dict[int, Frame] = {}
    for members in kinds.values():
        places: dict[float, set[Hashable]] = defaultdict(set)
        for frame in members:
            places[certain(frame.b_value)].add(tuple(np.round(certain(frame.position), 1)))
        for group in _sharing_no_place(places):
            if len(group) > 1 and _alternate(members, group):
                chosen = [frame for frame in members if frame.b_value in group]
                mean = round(float(np.mean([certain(frame.b_value) for frame in chosen])), 1)
                ends = {"low": group[0], "high": group[-1]}
                told = {source: finding("recognised.b_of_slices", source=source, **ends) for source in {f.b_source for f in chosen}}
                united.update({id(f): replace(f, b_value=mean, b_source=told[f.b_source]) for f in chosen})
    return [united.get(id(frame), frame) for frame in frames]


def _sharing_no_place(places: Mapping[float, set[Hashable]]) -> list[list[float]]:
    """Sorted b-values that lie close and have no position in common, together."""
    found: list[list[float]] = []
    taken: set[Hashable] = set()
    for value in sorted(places):
        last = found[-1] if found else []
        if last and value - last[0] <= max(SLICE_SCATTER, WIDE_SCATTER * last[0]) and not taken & places[value]:
            last.append(value)
            taken |= places[value]
        else:
            found.append([value])
            taken = set(places[value])
    return found


def _alternate(frames: Sequence[Frame], group: Sequence[float]) -> bool:
    """True if each b-value has a slice or two, or the b-values change along the stack more often than stations would."""
    chosen = [frame for frame in frames if frame.b_value in group and has_place(frame)]
    positions = np.array([certain(frame.position) for frame in chosen])
    order = np.argsort(positions[:, int(np.ptp(positions, axis=0).argmax())], kind="stable")
    b_values = np.array([frame.b_value for frame in chosen], float)[order]
    changes = int(np.count_nonzero(np.diff(b_values)))
    return len({tuple(row) for row in np.round(positions, 1)}) <= FEW_SLICES * len(group) or changes > len(group)


def _united(frames: list[Frame]) -> list[Frame]:
    """b-values as applied that scatter about a nominal one, as one shell with their mean."""
    directions: dict[float, set] = {}
    for frame in frames:
        if frame.b_value:
            key = frame.gradient or frame.direction_number
            directions.setdefault(frame.b_value, set()).update([key] if key else [])
    united: dict[float, tuple[float, float, float]] = {}
    for shell in shells(sorted(directions), directions):
        if len(shell) > 1:
            mean = float(np.mean([frame.b_value for frame in frames if frame.b_value in shell]))
            united.update(dict.fromkeys(shell, (round(mean, 1), shell[0], shell[-1])))
    return [_as_shell(frame, *united[frame.b_value]) if frame.b_value in united else frame for frame in frames]


def _as_shell(frame: Frame, mean: float, low: float, high: float) -> Frame:
    return replace(frame, b_value=mean, b_source=finding("recognised.b_of_shell", source=frame.b_source, low=low, high=high))
