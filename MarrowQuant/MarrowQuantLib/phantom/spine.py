"""The vertebral column: sizes and tilts by level, stacked into a curve, and the parts of each vertebra.

Sizes and angles are our choice within the textbook range of an adult; the origin is the centre of L3, RAS mm.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .shapes import Capsule, Drum, Ellipsoid, Part, Stack, rotation

CORTEX_MM = 1.2

# level: body height, half-width, half-depth, disc below, tilt of the body's cranial axis towards anterior (degrees)
_SIZES = {
    "S1": (27.0, 24.0, 15.0, 0.0, 36.0),
    "L5": (27.0, 25.5, 17.5, 10.0, 19.0),
    "L4": (27.0, 24.5, 17.5, 11.0, 7.0),
    "L3": (27.0, 23.5, 17.2, 10.5, -2.0),
    "L2": (26.5, 22.5, 17.0, 9.5, -9.0),
    "L1": (26.0, 21.5, 16.5, 8.5, -12.0),
    "T12": (25.0, 20.5, 16.0, 7.0, -12.0),
    "T11": (23.5, 19.0, 15.5, 6.0, -10.0),
    "T10": (22.5, 18.0, 15.0, 5.5, -7.0),
    "T9": (21.5, 17.0, 14.5, 5.0, -3.0),
    "T8": (21.0, 16.0, 14.0, 4.5, 1.0),
    "T7": (20.5, 15.5, 13.5, 4.5, 5.0),
    "T6": (20.0, 15.0, 13.0, 4.5, 9.0),
    "T5": (19.5, 14.5, 12.5, 4.5, 13.0),
    "T4": (19.0, 14.5, 11.5, 4.5, 17.0),
    "T3": (18.5, 14.5, 11.0, 4.5, 20.0),
    "T2": (18.0, 15.0, 10.0, 4.5, 22.0),
    "T1": (17.0, 15.5, 9.5, 5.0, 23.0),
    "C7": (15.0, 14.0, 8.5, 5.5, 20.0),
    "C6": (14.0, 13.0, 8.5, 5.5, 14.0),
    "C5": (14.0, 12.5, 8.2, 5.5, 7.0),
    "C4": (14.0, 12.0, 8.0, 5.5, 1.0),
    "C3": (14.0, 11.5, 8.0, 5.5, -3.0),
    "C2": (20.0, 11.0, 8.0, 5.5, -4.0),
    "C1": (13.0, 11.0, 6.0, 2.0, -4.0),
}
LEVELS = tuple(_SIZES)
LUMBAR = ("L1", "L2", "L3", "L4", "L5")


@dataclass(frozen=True)
class Vertebra:
    """Where a vertebral body lies.

    Attributes
    ----------
    level : str
    center : ndarray, shape (3,)
        RAS mm.
    axes : ndarray, shape (3, 3)
        Columns: left to right, posterior to anterior, caudal to cranial, of the body itself.
    radii : ndarray, shape (3,)
        Half-lengths along them, cortex included, mm.
    disc_below_mm : float
    """

    level: str
    center: np.ndarray
    axes: np.ndarray
    radii: np.ndarray
    disc_below_mm: float

    @property
    def marrow(self) -> Drum:
        """The body inside its cortex."""
        return Drum(self.center, self.radii - CORTEX_MM, self.axes)

    def at(self, right: float, anterior: float, cranial: float) -> np.ndarray:
        """The RAS position (mm) that lies this far from the body's centre along its own axes."""
        return self.center + self.axes @ np.array([right, anterior, cranial])


def vertebrae() -> dict[str, Vertebra]:
    """All vertebrae S1 to C1, by level, caudal first; the centre of L3 is the origin."""
    found: dict[str, Vertebra] = {}
    center = np.zeros(3)
    below = None
    for level, (height, half_width, half_depth, disc, tilt) in _SIZES.items():
        axes = rotation((-tilt, 0, 0))
        if below is not None:
            center = below.center + below.axes[:, 2] * below.radii[2] + axes[:, 2] * height / 2
            direction = below.axes[:, 2] + axes[:, 2]
            center = center + disc * direction / np.linalg.norm(direction)
        below = Vertebra(level, center, axes, np.array([half_width, half_depth, height / 2]), disc)
        found[level] = below
    origin = found["L3"].center
    return {v.level: Vertebra(v.level, v.center - origin, v.axes, v.radii, v.disc_below_mm) for v in found.values()}


def marrow_material(level: str) -> str:
    """Name of the material that fills the marrow of ``level``."""
    return f"{level} marrow"


def spine_parts(column: dict[str, Vertebra]) -> list[Part]:
    """Discs, canal, bodies and posterior elements of the whole column, in painting order."""
    parts = [part for vertebra in column.values() for part in _posterior_elements(vertebra)]
    parts += _canal(column)
    ordered = list(column.values())
    for below, above in zip(ordered[:-1], ordered[1:]):
        parts.append(Part(_disc(below, above), "disc"))
    for vertebra in ordered:
        parts.append(Part(Drum(vertebra.center, vertebra.radii, vertebra.axes), "cortex"))
        parts.append(Part(vertebra.marrow, marrow_material(vertebra.level)))
    return parts


def _disc(below: Vertebra, above: Vertebra) -> Ellipsoid:
    """A disc fills the gap between two endplates and bulges a little; the bodies are painted over it."""
    lower = below.center + below.axes[:, 2] * below.radii[2]
    upper = above.center - above.axes[:, 2] * above.radii[2]
    half_gap = max(np.linalg.norm(upper - lower) / 2, 1.0)
    radii = np.array([below.radii[0], below.radii[1], half_gap + 2.0])
    return Ellipsoid((lower + upper) / 2, radii, above.axes, exponent=4.0)


def _posterior_elements(vertebra: Vertebra) -> list[Part]:
    """Pedicles, laminae, transverse and spinous processes, as rods with a thin cortex."""
    width, depth, half_height = vertebra.radii
    if vertebra.level == "S1":
        return []
    scale = half_height / 13.5
    thoracic = vertebra.level.startswith("T")
    wall, back = -depth, -depth - 20 * scale - 4
    side = width * 0.62 + 2
    rods = []
    for sign in (-1, 1):
        pedicle_end = vertebra.at(sign * side, wall - 14 * scale, 2 * scale)
        rods.append((vertebra.at(sign * side, wall + 5, 4 * scale), pedicle_end, 5.5 * scale))
        rods.append((pedicle_end, vertebra.at(sign * 3, back, -4 * scale), 4.5 * scale))
        rods.append((pedicle_end, vertebra.at(sign * (width + 15 * scale), wall - 20 * scale, 2 * scale), 4.0 * scale))
    drop = -22 * scale if thoracic else -9 * scale
    tip = vertebra.at(0, back - 24 * scale, drop)
    rods.append((vertebra.at(0, back - 2, -3 * scale), tip, 5.5 * scale))
    outer = [Part(Capsule(start, end, radius, radius), "cortex") for start, end, radius in rods]
    marrow = marrow_material(vertebra.level)
    inner = [Part(Capsule(start, end, radius - 1.0, radius - 1.0), marrow) for start, end, radius in rods]
    return outer + inner


def _canal(column: dict[str, Vertebra]) -> list[Part]:
    """Epidural fat, thecal sac with CSF, and the cord from the skull base to L1."""
    knots = []
    for vertebra in column.values():
        back = vertebra.at(0, -vertebra.radii[1] - 7.5, 0)
        width = 11.5 if vertebra.level[0] in "LSC" else 9.5
        knots.append((back[2], back[0], back[1], width, 7.5))
    low, high = np.array(knots[0]), np.array(knots[-1])
    knots.insert(0, tuple(low + np.array([-45, 0, -25, -5, -3])))
    knots.append(tuple(high + np.array([35, 0, 4, 2, 2])))
    cord_end = column["L1"].center[2]
    cord = [(z, x, y, 6.5 if z > column["T1"].center[2] else 5.0, 4.2) for z, x, y, *_ in knots if z > cord_end]
    cord.insert(0, (cord_end - 15, cord[0][1], cord[0][2], 0.8, 0.8))
    return [
        Part(Stack(knots, grow_mm=1.5), "fat"),
        Part(Stack(knots), "csf"),
        Part(Stack(cord), "cord"),
    ]
