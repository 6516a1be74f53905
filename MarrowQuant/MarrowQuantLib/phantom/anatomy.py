"""The body: skin, fat, muscle and organs, with the skeleton in it and the disease in the skeleton. RAS mm, origin at the centre of L3.

Shapes and sizes are our choice: an adult of about 1.70 m, arms beside the body and outside the field of view below the shoulder.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .bones import bone_parts
from .shapes import Part, Stack, ball
from .spine import Vertebra, spine_parts

# z, centre x, centre y, half-width, half-depth
_TRUNK = [
    (-262, 0, -14, 176, 102), (-205, 0, -12, 184, 112), (-120, 0, -2, 174, 114), (-40, 0, 12, 158, 110), (40, 0, 12, 152, 106),
    (120, 0, 4, 156, 108), (220, 0, -8, 164, 110), (300, 0, -14, 174, 104), (350, 0, -20, 190, 90), (380, 0, -20, 168, 76),
    (402, 0, -12, 100, 66), (428, 0, 4, 66, 60), (470, 0, 12, 58, 58), (520, 0, 14, 56, 60),
]  # fmt: skip
_THIGH = [(-420, 96, 0, 78, 84), (-330, 96, -2, 84, 94), (-240, 94, -8, 88, 100), (-200, 92, -8, 80, 96)]
_ARM = [(-330, 214, -4, 24, 30), (-160, 212, -14, 28, 32), (20, 206, -24, 33, 36), (200, 196, -32, 38, 44), (320, 182, -34, 36, 48),
        (390, 168, -32, 22, 26)]  # fmt: skip
_ABDOMEN = [(-232, 0, 6, 50, 46), (-180, 0, 12, 64, 62), (-120, 0, 26, 84, 66), (-50, 0, 46, 118, 60), (50, 0, 44, 122, 62),
            (130, 0, 26, 130, 74), (190, 0, 6, 112, 70)]  # fmt: skip
_LUNG = [(140, 84, -30, 20, 30), (165, 82, -20, 42, 62), (230, 78, -18, 46, 70), (300, 66, -26, 42, 60), (350, 46, -34, 30, 42),
         (384, 36, -36, 12, 16)]  # fmt: skip


def body_parts(column: dict[str, Vertebra]) -> list[Part]:
    """Everything healthy, in painting order."""
    return _soft_tissue() + _trunk_organs(column) + bone_parts(column) + _brain_and_face() + spine_parts(column)


def marrow_regions(parts: Sequence[Part]) -> list[str]:
    """Names of all materials that are marrow, in painting order."""
    names = dict.fromkeys(part.material for part in parts)
    endings = (" marrow", "pelvis", "femur", "shaft", "ribs", "sternum", "shoulder", "humerus", "skull", "sacrum")
    return [name for name in names if name.endswith(endings)]


def _mirrored(knots: Sequence[Sequence[float]], sign: int) -> list[tuple[float, ...]]:
    return [(z, sign * x, *rest) for z, x, *rest in knots]


def _soft_tissue() -> list[Part]:
    """Skin with subcutaneous fat first, then the muscle under it."""
    thighs = [_mirrored(_THIGH, sign) for sign in (-1, 1)]
    arms = [_mirrored(_ARM, sign) for sign in (-1, 1)]
    parts = [Part(Stack(_TRUNK, 2.5), "fat")]
    parts += [Part(Stack(limb, 2.5), "fat") for limb in thighs + arms]
    parts += [Part(ball((sign * 64, -98, -192), (64, 36, 66), (14, 0, 0)), "fat") for sign in (-1, 1)]  # buttocks
    parts += [Part(ball((0, 8, 603), (83, 101, 87), exponent=2.5), "fat"), Part(ball((0, 50, 534), (56, 60, 60), exponent=2.5), "fat")]
    parts += [Part(Stack(_TRUNK, 2.5, grow_mm=-15), "muscle")]
    parts += [Part(Stack(limb, 2.5, grow_mm=-10), "muscle") for limb in thighs + arms]
    parts += [Part(ball((sign * 66, -92, -186), (52, 24, 52), (14, 0, 0)), "muscle") for sign in (-1, 1)]
    parts += [Part(ball((0, 8, 603), (79, 97, 83), exponent=2.5), "muscle"), Part(ball((0, 46, 534), (49, 55, 55), exponent=2.5), "muscle")]
    parts.append(Part(ball((0, -134, -196), (5, 26, 56)), "air"))  # natal cleft
    return parts


def _trunk_organs(column: dict[str, Vertebra]) -> list[Part]:
    """Cavities, organs, vessels and the muscles beside the spine."""
    parts = [
        Part(Stack(_ABDOMEN, 2.5), "fat"),
        Part(ball((0, -6, 285), (46, 62, 104)), "fat"),  # mediastinum
        Part(Stack(_mirrored(_LUNG, -1)), "lung"),
        Part(Stack(_mirrored(_LUNG, 1)), "lung"),
        Part(ball((-22, 36, 218), (46, 36, 44), (20, 20, -30)), "muscle"),  # heart wall
        Part(ball((-20, 34, 220), (32, 25, 31), (20, 20, -30)), "blood"),
        Part(Stack([(-60, -12, 28, 8, 8), (0, -10, 30, 9, 9), (150, -12, 14, 10, 10), (300, -18, -12, 11, 11)]), "blood"),  # aorta
        Part(Stack([(-60, 16, 26, 9, 7), (0, 18, 28, 11, 8), (160, 22, 14, 11, 9)]), "blood"),  # inferior vena cava
        Part(Stack([(300, 0, 4, 8, 8), (400, 0, 36, 8, 8), (500, 0, 46, 8, 9)]), "air"),  # trachea
        Part(ball((62, 26, 138), (62, 62, 60), (0, 12, 0), 2.5), "liver"),
        Part(ball((-10, 56, 150), (62, 30, 26), (0, 10, 0)), "liver"),
        Part(ball((-88, -26, 134), (23, 38, 50), (-12, -10, 14)), "spleen"),
        Part(ball((-52, 44, 118), (34, 30, 40)), "bowel"),  # stomach
    ]
    for sign, z in ((-1, 52), (1, 40)):
        parts.append(Part(ball((sign * 68, -16, z), (29, 26, 56), (8, sign * 12, 0)), "kidney"))
        parts.append(Part(ball((sign * 54, -10, z), (13, 12, 26)), "fat"))  # renal sinus
    parts += _bowel_loops()
    parts += [Part(ball((0, 26, -176), (40, 34, 32)), "muscle"), Part(ball((0, 26, -176), (37, 31, 29)), "bladder")]
    parts.append(Part(ball((0, -44, -182), (18, 18, 44)), "bowel"))  # rectum
    for sign in (-1, 1):
        parts += _muscles_beside_the_spine(column, sign)
    return parts


def _bowel_loops() -> list[Part]:
    """Small bowel as irregular loops in the fat of the abdomen, ascending and descending colon beside it."""
    shuffle = np.random.default_rng(2025)  # the same anatomy for every patient, whatever the seed of the exam
    parts = []
    for z in (-115, -84, -52, -20, 12, 44):
        for x in (-78, -46, -15, 15, 46, 78):
            center = np.array([x, 60 - 0.0022 * x * x, z]) + shuffle.uniform(-9, 9, size=3)
            parts.append(Part(ball(center, shuffle.uniform(11, 21, size=3), shuffle.uniform(-60, 60, size=3)), "bowel"))
    return parts + [Part(ball((sign * 98, 28, z), (18, 22, 24)), "bowel") for sign in (-1, 1) for z in (-80, -38, 4)]


def _muscles_beside_the_spine(column: dict[str, Vertebra], sign: int) -> list[Part]:
    """Psoas from L1 to the hip, and the erector spinae between two layers of fat."""
    psoas = [(-200, sign * 84, 30, 15, 15), (-120, sign * 58, 18, 20, 18)]
    for level, radius in (("L5", 22), ("L4", 22), ("L3", 19), ("L2", 15), ("L1", 9)):
        vertebra = column[level]
        psoas.append((vertebra.center[2], sign * (vertebra.radii[0] + radius), vertebra.center[1] - 6, radius, radius + 2))
    erector = []
    for level in ("S1", "L5", "L4", "L3", "L2", "L1", "T12", "T10", "T7"):
        back = column[level].at(0, -column[level].radii[1] - 34, 0)
        erector.append((back[2], sign * 32, back[1] - 2, 27 if level[0] == "L" else 23, 21 if level[0] == "L" else 17))
    return [
        Part(Stack(psoas), "muscle"),
        Part(Stack(erector, 2.5, grow_mm=2.0), "fat"),
        Part(Stack(erector, 2.5), "muscle"),
    ]


def _brain_and_face() -> list[Part]:
    """Brain with ventricles, eyes and the airway."""
    parts = [
        Part(ball((0, 8, 605), (66, 84, 68), exponent=2.5), "brain"),
        Part(ball((0, -36, 553), (46, 32, 22)), "brain"),  # cerebellum
        Part(ball((0, -2, 548), (14, 13, 30), (-12, 0, 0)), "brain"),  # brain stem
        Part(ball((0, 74, 540), (12, 26, 20)), "air"),  # nose
        Part(ball((0, 44, 512), (10, 9, 28)), "air"),  # pharynx
    ]
    for sign in (-1, 1):
        parts.append(Part(ball((sign * 12, 8, 614), (7, 32, 11), (0, sign * 15, -sign * 6)), "csf"))  # lateral ventricle
        parts.append(Part(ball((sign * 32, 88, 560), 14), "fat"))
        parts.append(Part(ball((sign * 32, 90, 560), 11.5), "csf"))  # eye
    return parts
