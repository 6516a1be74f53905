"""The other marrow-bearing bones: pelvis and sacrum, femora, ribs, sternum, shoulder girdle, skull. RAS mm, our choice throughout."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .shapes import Capsule, Ellipsoid, Part, ball
from .spine import Vertebra

SIDES = (("left", -1), ("right", 1))


@dataclass(frozen=True)
class BoneShell:
    """Thickness of the cortex in mm, by kind of bone."""

    flat: float = 1.2
    long: float = 3.5
    joint: float = 1.5


_SHELL = BoneShell()


def bone_parts(column: dict[str, Vertebra]) -> list[Part]:
    """All bones but the vertebrae, in painting order."""
    parts = _skull() + _sternum() + _ribs(column)
    for name, sign in SIDES:
        parts += _shoulder(name, sign) + _hip_bone(name, sign) + _femur(name, sign)
    return parts + _sacrum(column["S1"])


def _solid(outer: Sequence[Ellipsoid], material: str, shell: float) -> list[Part]:
    """Bones that touch each other: all cortices first, so that none cuts through the marrow of its neighbour."""
    inner = [Ellipsoid(e.center, np.maximum(e.radii - shell, 0.5), e.axes, e.exponent) for e in outer]
    return [Part(e, "cortex") for e in outer] + [Part(e, material) for e in inner]


def _rod(points: Sequence[Sequence[float]], radii: Sequence[float], material: str, shell: float) -> list[Part]:
    """A bent rod through ``points``."""
    ends = [np.asarray(p, dtype=float) for p in points]
    pieces = list(zip(ends[:-1], ends[1:], radii[:-1], radii[1:]))
    outer = [Part(Capsule(a, b, r, s), "cortex") for a, b, r, s in pieces]
    return outer + [Part(Capsule(a, b, r - shell, s - shell), material) for a, b, r, s in pieces]


def _hip_bone(name: str, sign: int) -> list[Part]:
    """Ilium, acetabulum, ischium and pubis."""
    pieces = [
        ball((sign * 58, -58, -98), (12, 32, 38), (12, 0, -sign * 40), 3.0),  # posterior ilium at the sacroiliac joint
        ball((sign * 94, -14, -90), (8, 54, 50), (8, -sign * 16, -sign * 42), 2.5),  # iliac wing
        ball((sign * 90, -4, -150), (17, 25, 30), (0, 0, -sign * 20), 2.5),  # roof of the acetabulum
        ball((sign * 88, 0, -186), (33, 33, 32)),  # acetabulum, the femoral head is painted into it
        ball((sign * 62, -32, -232), (14, 18, 34), (-12, 0, 0)),  # ischium
        ball((sign * 38, 42, -206), (32, 11, 11), (0, sign * 15, -sign * 28)),  # upper pubic ramus
        ball((sign * 36, 14, -236), (9, 30, 10), (-35, 0, sign * 15)),  # lower ramus
        ball((sign * 12, 52, -212), (9, 12, 18)),  # body of the pubis
    ]
    return _solid(pieces, f"{name} pelvis", _SHELL.flat)


def _femur(name: str, sign: int) -> list[Part]:
    """Joint space, head, neck, trochanters and the upper shaft; fatty marrow below the trochanters."""
    head = np.array([sign * 92.0, 2.0, -190.0])
    trochanter = np.array([sign * 140.0, -12.0, -218.0])
    lesser = np.array([sign * 118.0, -14.0, -246.0])
    parts = [Part(ball(head, 26.5), "disc")]  # cartilage
    shaft = [(sign * 128, -8, -228), (sign * 127, -4, -270), (sign * 120, 2, -380)]
    parts += _rod(shaft, [18, 16.5, 15], f"{name} femoral shaft", _SHELL.long)
    parts += _solid([ball(head, 24.5), ball(trochanter, (15, 19, 22)), ball(lesser, (13, 12, 16))], f"{name} femur", _SHELL.joint)
    neck = Capsule(head, np.array([sign * 128.0, -8.0, -222.0]), 17.5, 19.0)
    parts.append(Part(neck, "cortex"))
    parts.append(Part(Capsule(neck.start, neck.end, 15.5, 17.0), f"{name} femur"))
    parts += [Part(ball(head, 23.0), f"{name} femur"), Part(ball(trochanter, (13.5, 17.5, 20.5)), f"{name} femur")]
    return parts


def _sacrum(s1: Vertebra) -> list[Part]:
    """The wings beside S1 and the bodies S2 to S5, which curve backwards and then down."""
    pieces = []
    for _, sign in SIDES:
        pieces.append(Ellipsoid(s1.at(sign * 34, -9, -8), np.array([24.0, 15.0, 24.0]), s1.axes, 2.5))
    centers = [s1.at(0, -3, -25), s1.at(0, -11, -47), s1.at(0, -16, -66), s1.at(0, -15, -82)]
    for center, width, depth in zip(centers, (34, 27, 21, 15), (12, 10, 8, 7)):
        pieces.append(Ellipsoid(center, np.array([width, depth, 11.5]), s1.axes, 2.5))
    return _solid(pieces, "sacrum", _SHELL.flat)


def _ribs(column: dict[str, Vertebra]) -> list[Part]:
    """Twelve pairs, each a rod that follows the chest wall and falls forwards."""
    parts = []
    half_widths = (70, 96, 114, 126, 133, 137, 139, 139, 137, 134, 127, 114)
    lengths = (2.75, 2.7, 2.65, 2.6, 2.55, 2.5, 2.45, 2.35, 2.2, 2.05, 1.5, 1.0)  # radians round the chest
    for number, (width, length) in enumerate(zip(half_widths, lengths), start=1):
        vertebra = column[f"T{number}"]
        back = vertebra.center + vertebra.axes @ np.array([0, -vertebra.radii[1] - 16.0, vertebra.radii[2] * 0.7])
        depth = (44 + 8 * min(number - 1, 5) - back[1]) / 2
        angles = np.linspace(0.22, length, 15)
        for name, sign in SIDES:
            points = [
                (sign * width * np.sin(a), back[1] + depth * (1 - np.cos(a)), back[2] - (28 + 4 * number) * (a / np.pi) - 4) for a in angles
            ]
            parts += _rod(points, [5.5] * len(points), f"{name} ribs", _SHELL.flat)
    return parts


def _sternum() -> list[Part]:
    """Manubrium and body."""
    pieces = [ball((0, 48, 344), (26, 8, 25), (18, 0, 0), 3.0), ball((0, 70, 268), (18, 8, 52), (14, 0, 0), 3.0)]
    return _solid(pieces, "sternum", _SHELL.flat)


def _shoulder(name: str, sign: int) -> list[Part]:
    """Clavicle, scapula and the head and upper shaft of the humerus."""
    clavicle = [(sign * 24, 42, 366), (sign * 70, 34, 374), (sign * 112, 6, 378), (sign * 146, -20, 374)]
    parts = _rod(clavicle, [8, 7, 7, 7], f"{name} shoulder", _SHELL.flat)
    blades = [
        ball((sign * 104, -72, 316), (6.5, 44, 64), (6, 0, -sign * 64), 2.5),
        ball((sign * 126, -56, 352), (28, 8, 9), (0, -sign * 16, sign * 30)),  # spine of the scapula
        ball((sign * 140, -36, 346), (12, 12, 17)),  # glenoid
    ]
    parts += _solid(blades, f"{name} shoulder", _SHELL.flat)
    parts += _rod([(sign * 172, -34, 334), (sign * 182, -34, 280), (sign * 200, -28, 60)], [19, 12.5, 11.5], f"{name} humeral shaft", 3.0)
    return parts + _solid([ball((sign * 168, -34, 348), (23, 23, 24))], f"{name} humerus", _SHELL.joint)


def _skull() -> list[Part]:
    """The vault with its diploe, the base and the lower jaw; the brain is painted into it by the anatomy."""
    vault = ball((0, 8, 603), (76, 94, 80), exponent=2.5)
    parts = [
        Part(vault, "cortex"),
        Part(ball(vault.center, vault.radii - 2.2, exponent=2.5), "skull"),
        Part(ball(vault.center, vault.radii - 5.5, exponent=2.5), "cortex"),
        Part(ball(vault.center, vault.radii - 7.5, exponent=2.5), "csf"),
    ]
    jaw = []
    for sign in (-1, 1):
        jaw += [(sign * 44, 34, 524), (sign * 41, 48, 504), (sign * 24, 84, 492), (0, 92, 490)]
        parts += _rod(jaw[-4:], [7, 7, 7, 7], "skull", 1.8)
    return parts + _solid([ball((0, 16, 534), (26, 18, 9))], "skull", _SHELL.flat)  # clivus and skull base
