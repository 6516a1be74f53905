"""Per lesion: region, fat fraction, seam, what lies where no bone is; the proposed pattern; presets."""

from __future__ import annotations

import numpy as np
import pytest
from helpers.coarse_body import decided
from MarrowQuantLib.burden import PRESETS, BurdenContext, BurdenSession, find_preset
from MarrowQuantLib.burden.landmarks import LONG_BONES, LUMBAR, UNKNOWN, find_landmarks, regions_of
from MarrowQuantLib.burden.physiology import BodyOutline
from MarrowQuantLib.burden.softtissue import BOWEL, GONAD, NECK, PELVIC_ORGAN, propose_soft_tissue
from MarrowQuantLib.model import ACCEPTED, MarrowQuantError, Settings, VertebraROI, Volume
from MarrowQuantLib.phantom.spine import vertebrae
from MarrowQuantLib.phantom.stories import STORIES

COLUMN = vertebrae()
ROIS = [VertebraROI(n, COLUMN[n].center, COLUMN[n].axes, np.array([12.0, 9.0, 7.0])) for n in ("L1", "L2", "L3", "L4", "L5")]
Z = np.array([-420.0, 690.0])
OUTLINE = BodyOutline(Z, np.zeros(2), np.full(2, -110.0), np.full(2, 115.0), 690.0)
WHERE = {
    "right acetabular roof": "pelvis", "sacrum, left wing": "pelvis", "left femoral neck": "long", "right posterior ilium": "pelvis",
    "T8 vertebral body": "thoracic", "sternum": "ribs", "right humeral head": "long", "T5 vertebral body": "thoracic",
    "C6 vertebral body": "cervical",
}  # fmt: skip


def site(lesion):
    offset = np.array(lesion.offset_mm, float)
    return COLUMN[lesion.bone].at(*offset) if lesion.bone else offset


@pytest.mark.parametrize("lesion", STORIES["responder"].lesions, ids=lambda lesion: lesion.region)
def test_the_region_of_every_lesion_of_the_digital_patient(lesion):
    region = regions_of(site(lesion)[None], find_landmarks(ROIS, None), OUTLINE)[0]
    assert region.startswith(WHERE[lesion.region])


def test_every_vertebra_lies_in_its_part_of_the_column():
    landmarks = find_landmarks(ROIS[:1] + ROIS[-1:], None)
    for level, vertebra in COLUMN.items():
        part = {"C": "cervical", "T": "thoracic", "L": "lumbar", "S": "pelvis"}[level[0]]
        region = regions_of(vertebra.center[None], landmarks, OUTLINE)[0]
        assert region.startswith(part) or level in ("C7", "T1", "T12"), level  # a border may lie a vertebra off


def test_without_landmarks_no_region_is_claimed():
    assert find_landmarks([], None) is None
    assert regions_of(np.zeros((2, 3)), None, OUTLINE) == [UNKNOWN, UNKNOWN]
    from_vertex = find_landmarks([], 690.0)
    assert regions_of(np.array([[0.0, 0.0, 0.0], [110.0, 0.0, -380.0]]), from_vertex, OUTLINE) == [LUMBAR, LONG_BONES]


@pytest.mark.parametrize(
    ("point", "reason"),
    [((20, 75, 0), BOWEL), ((0, 20, -180), PELVIC_ORGAN), ((12, 80, -300), GONAD), ((-48, 0, 450), NECK)],
)
def test_what_lies_where_no_bone_is_is_proposed_as_normal(point, reason):
    assert propose_soft_tissue(np.array([point], float), find_landmarks(ROIS, None), OUTLINE) == [reason]


def test_no_bone_of_the_digital_patient_is_taken_for_soft_tissue():
    landmarks = find_landmarks(ROIS, None)
    bones = [site(lesion) for lesion in STORIES["responder"].lesions] + [v.center for v in COLUMN.values()]
    pelvis_and_scapula = [(94, -14, -90), (62, -32, -232), (38, 42, -206), (12, 52, -212), (104, -72, 316)]
    bones += [(side * x, y, z) for side in (-1, 1) for x, y, z in pelvis_and_scapula]
    assert not any(propose_soft_tissue(np.array(bones, float), landmarks, OUTLINE))


SPACING = np.array([4.0, 4.0, 5.0])


def session(balls, *, ff_value=20.0, seams=()):
    shape = (60, 60, 60)
    matrix = np.diag([-SPACING[0], -SPACING[1], SPACING[2], 1.0])
    matrix[:3, 3] = [118.0, 118.0, -160.0]
    k, j, i = np.indices(shape)
    points = (np.stack([i, j, k, np.ones_like(i)], axis=-1) @ matrix.T)[..., :3]
    signal = np.full(shape, 100.0, np.float32)
    for center, radius in balls:
        signal[np.linalg.norm(points - center, axis=-1) < radius] = 900.0
    fat = np.full((48, 48, 30), ff_value, np.float32)
    ff = Volume(fat, np.array([[0, 0, 5.0, -75], [-5.0, 0, 0, 115], [0, 5.0, 0, -115], [0, 0, 0, 1]]))
    context = BurdenContext(ROIS, ff, seams)
    return BurdenSession(Volume(signal, matrix), Volume(np.full(shape, 900.0, np.float32), matrix), 100.0, context=context)


def test_fat_fraction_is_given_for_lesions_above_10_mm_in_the_map_only():
    burden = session([((0, 0, 0), 14), ((-40, 6, 60), 3), ((-105, 0, 0), 12)], ff_value=31.0).update(min_component_ml=0.0)
    large, far, small = sorted(burden.components, key=lambda c: -c.volume_ml)
    assert large.ff_median == pytest.approx(31.0)
    assert large.ff_voxels * 0.125 == pytest.approx(large.volume_ml, rel=0.15)
    assert far.ff_median is None and far.ff_voxels == 0
    assert small.longest_diameter_mm <= 10 and small.ff_median is None


def test_lesions_at_a_seam_are_marked():
    burden = session([((0, 0, 0), 14), ((60, 0, 90), 12)], seams=[(0.0, 0.0, 95.0)]).update()
    assert [c.near_seam for c in sorted(burden.components, key=lambda c: c.centroid_ras[2])] == [False, True]


BODIES = [(v.center, 14) for v in (COLUMN[n] for n in ("L1", "L2", "L3", "L4", "L5"))]
FOCAL = [((80, 0, -100), 14), ((-80, 0, -100), 12)]


@pytest.mark.parametrize(
    ("balls", "pattern", "focal"),
    [([], "normal", 0), (FOCAL, "focal", 2), (BODIES, "diffuse", 0), (BODIES + FOCAL, "combined", 2), (BODIES[:2], "focal", 2)],
    ids=["nothing", "two lesions", "five bodies", "both", "two bodies"],
)
def test_the_pattern_follows_its_rule(balls, pattern, focal):
    proposed = session(balls)
    burden = proposed.update()
    found = burden.infiltration
    assert (found.pattern, found.focal_lesions) == (pattern, focal)
    assert found.remark is None  # nothing is called myeloma-defining that no reader accepted
    for component in burden.components:
        proposed.decide(component.centroid_ras, ACCEPTED)
    assert ("myeloma-defining" in (proposed.update().infiltration.remark or "")) == (focal > 1)
    assert "Diffuse:" in found.rule


def test_only_accepted_lesions_count_for_the_pattern():
    these = session(FOCAL)
    without_first = decided(these, these.update(), 1, "rejected")
    assert decided(these, without_first, 2, "physiological").infiltration.pattern == "normal"


def test_presets_name_their_source_and_the_default_is_the_settings():
    assert (PRESETS[0].ratio, PRESETS[0].adc_window) == (Settings().tdv_signal_ratio, Settings().tdv_adc_window)
    for preset in PRESETS:
        assert len(preset.source) > 40 and "Takasu" not in preset.source
        assert find_preset(preset.name) is preset
    with pytest.raises(MarrowQuantError, match="choose one of"):
        find_preset("of a paper")
