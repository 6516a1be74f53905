"""Lesions of the digital patient that appear, vanish, merge, split and persist between two simulated diffusion exams."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from MarrowQuantLib.burden import BurdenSession
from MarrowQuantLib.diffusion import fit_adc, stitch
from MarrowQuantLib.diffusion.align import align
from MarrowQuantLib.followup import follow
from MarrowQuantLib.followup.lesions import MERGED, NEW, PERSISTING, RESOLVED, SPLIT
from MarrowQuantLib.phantom import dwi
from MarrowQuantLib.phantom.patient import make_body
from MarrowQuantLib.phantom.stories import Lesion, find_story

SITES = {lesion.name: lesion for lesion in find_story("non-responder").lesions}


def site(name, suffix="", move=(0.0, 0.0, 0.0), diameters=None):
    """An active lesion at one of the patient's own sites, as a whole or as a part beside its middle; the same size at both exams."""
    own = SITES[name]
    offset = tuple(a + b for a, b in zip(own.offset_mm, move))
    size = diameters or own.diameters_mm[0]
    return Lesion(name + suffix, own.region, own.bone, offset, (size, size), ("lesion", "lesion"))


ILIUM = [site("F4", part, (0.0, y, 0.0), (17, 15, 30)) for part, y in (("a", -15.0), ("b", 15.0))]
ACETABULUM = [site("F1", part, (0.0, y, 0.0), (26, 16, 36)) for part, y in (("a", -15.0), ("b", 15.0))]
BEFORE = [site("F1"), site("F2"), site("F3"), *ILIUM, site("F5"), site("F8"), site("F9")]
AFTER = [
    *ACETABULUM,  # F1 splits
    site("F2", diameters=(36, 25, 34)),  # grows
    # F3 and F5 vanish
    site("F4", diameters=(18, 44, 34)),  # its parts merge
    site("F6"), site("F7"),  # appear
    site("F8"), site("F9"),
]  # fmt: skip


def simulate(lesions, exam, seed):
    """Body and tumour load of an exam with these lesions alone, by the stations' way: simulated, aligned, stitched, proposed."""
    body = make_body(replace(find_story("non-responder"), diffuse={}, lesions=tuple(lesions)), exam)
    stations = dwi.simulate_dwi(body, dwi.sample_whole_body(body), np.random.default_rng(seed))
    low, high = [volumes[0] for volumes in stations], [volumes[-1] for volumes in stations]
    fits = [fit_adc(np.stack([v.array for v in volumes], axis=-1), np.array(dwi.B_VALUES)) for volumes in stations]
    adc = [v.like(np.where(fit.valid, fit.adc_um2_per_s, np.nan).astype(np.float32)) for v, fit in zip(low, fits)]
    moves = align(low).moves
    stitched = stitch(high, moves=moves)
    adc_map = stitch(adc, gains=np.ones(len(adc)), moves=moves).volume
    low_b = stitch(low, gains=stitched.gains, moves=moves).volume
    return body, {"dwi_low": low_b}, BurdenSession(stitched.volume, adc_map).update()


@pytest.fixture(scope="module")
def followed():
    (first_body, first_maps, first), (second_body, second_maps, second) = simulate(BEFORE, 0, 1), simulate(AFTER, 1, 2)
    movement = follow.find_movement(first_maps, second_maps)
    before, after, changes = follow.name_lesions(first, second, movement)
    return names(first_body, before), names(second_body, after), changes


def names(body, burden):
    """The name that the follow-up gives to each lesion of the phantom; empty where its middle is in no component."""
    found = {}
    for lesion in body.lesions:
        ijk = np.linalg.inv(burden.labels.ijk_to_ras) @ [*body.to_ras(lesion.shape.center), 1.0]
        label = int(burden.labels.array[tuple(np.rint(ijk[2::-1]).astype(int))])
        found[lesion.name] = burden.components[label - 1].lesion_id if label else ""
    return found


def test_every_lesion_of_the_patient_is_told_for_what_became_of_it(followed):
    before, after, changes = followed
    told = {(change.kind, frozenset(change.names_before), frozenset(change.names_after)) for change in changes}
    assert told == {
        (SPLIT, frozenset([before["F1"]]), frozenset([after["F1a"], after["F1b"]])),
        (MERGED, frozenset([before["F4a"], before["F4b"]]), frozenset([after["F4"]])),
        *((PERSISTING, frozenset([before[name]]), frozenset([after[name]])) for name in ("F2", "F8", "F9")),
        *((RESOLVED, frozenset([before[name]]), frozenset()) for name in ("F3", "F5")),
        *((NEW, frozenset(), frozenset([after[name]])) for name in ("F6", "F7")),
    }


def test_nothing_else_is_told_and_every_lesion_has_a_name_of_its_own(followed):
    before, after, changes = followed
    assert Counter(change.kind for change in changes) == {PERSISTING: 3, RESOLVED: 2, NEW: 2, SPLIT: 1, MERGED: 1}
    assert len(set(before.values())) == len(BEFORE) and "" not in before.values()
    assert len(set(after.values())) == len(AFTER) and "" not in after.values()
