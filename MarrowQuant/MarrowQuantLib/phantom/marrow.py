"""Simulated cohorts of MDS and aplastic anaemia: one small sagittal lumbar spine a patient, with the truth beside it. Nobody's data.

Published, and used as it is: fat fraction 42.8 ± 30.1 % in MDS and 79.5 ± 15.0 % in aplastic anaemia, R2* 171 ± 101 and 145 ± 53 1/s (Zeng
2021, J Magn Reson Imaging 54:1754, posterior iliac crest); the correlation of the diffusion coefficient with the fat fraction, −0.60 (Hou
2023, Front Oncol 13:1277978); how often the four patterns on STIR occur (Kusumoto 1997, Eur J Haematol, lower thoracic and lumbar spine):
all 13 patients with aplastic anaemia were homogeneously low, 25 of 35 with MDS heterogeneously high. All else here is our choice: ages and
platelets that overlap, the iron of transfusions, widths of the texture, geometry, sequences and scanners.

A knob says what tells the two diseases apart, so that an evaluation can be tried on a truth that is known:

- ``study``: fat fraction, pattern, texture, R2*, age and platelets, each overlapping;
- ``texture``: only the width of the marrow's texture; its histogram is the same in every body;
- ``age``: only the age, which moves the fat fraction in both diseases alike;
- ``site``: nothing but where the patient was scanned: eight in ten of one disease at each site;
- ``noise``: nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.ndimage import gaussian_filter
from scipy.special import expit
from scipy.stats import norm, rankdata

from ..model import MarrowQuantError, Progress, Role, Volume, finding, no_progress

MDS, AA = "mds", "aplastic_anaemia"
KNOBS = ("study", "texture", "age", "site", "noise")
LEVELS = ("L1", "L2", "L3", "L4", "L5")
PATTERNS = (1, 2, 3, 4)
"""Of Kusumoto: homogeneously low, marginally high, heterogeneously high, homogeneously high."""

_RADII = np.array([22.0, 17.0, 13.0])  # of a body in mm: left–right, front–back, head–foot
_STEP_MM = 35.0  # from body to body
_SHAPE, _THICK_MM = (7, 208, 88), 6.5  # slices, rows, columns: as wide as a body
_FIELD = {MDS: (42.8, 30.1), AA: (79.5, 15.0)}
_R2STAR = {MDS: (171.0, 101.0), AA: (145.0, 53.0)}
_PATTERN_SHARE = {MDS: (0.15, 0.07, 0.71, 0.07), AA: (0.85, 0.15, 0.0, 0.0)}
_TEXTURE_MM = {MDS: 2.4, AA: 1.35}
_TEXTURE_LOG_SD = 0.25
_TEXTURE_POINTS = 9.0  # SD of the fat fraction within a body, percentage points; in "study" it differs from patient to patient
_AGE = {MDS: (66.0, 12.0), AA: (56.0, 18.0)}
_PLATELETS = {MDS: (np.log(75.0), 0.7), AA: (np.log(40.0), 0.7)}  # of the logarithm, 10⁹/L
_READERS = {"reader_1": 1.0, "reader_2": 0.7, "reader_3": 0.5}  # distance of the groups in SD: AUC 0.76, 0.69, 0.64


@dataclass(frozen=True)
class Site:
    """One scanner and its protocol; times in ms, in-plane spacing in mm, noise as a share of the signal of muscle."""

    name: str
    manufacturer: str
    spacing_mm: float
    t1_tr_ms: float
    noise: float
    bias: float


SITES = (Site("A", "Simulated A", 1.0, 500.0, 0.05, 0.25), Site("B", "Simulated B", 1.12, 620.0, 0.065, 0.40))


@dataclass(frozen=True)
class SpineCase:
    """One simulated patient.

    Attributes
    ----------
    record_id : str
    row : dict
        What a site's table would hold: kind, site, scanner, age_years, platelets, …
    maps : dict of str to Volume
        t1, stir, ff, r2star, adc, in_phase, opposed_phase.
    labels : Volume
        The bodies, numbered from 1 as in ``LEVELS``.
    truth : dict
        What was drawn: fat fraction in %, pattern, width of the texture in mm …
    """

    record_id: str
    row: Mapping[str, Any]
    maps: Mapping[str, Volume]
    labels: Volume
    truth: Mapping[str, Any] = field(default_factory=dict)


def draw_cohort(knob: str, n_mds: int, n_aa: int, seed: int) -> list[dict[str, Any]]:
    """What every patient is like, before any image is made: one dictionary a patient, in random order.

    Parameters
    ----------
    knob : str
        One of ``KNOBS``.
    n_mds, n_aa : int
    seed : int

    Raises
    ------
    MarrowQuantError
        If the knob is not known or a group is empty.
    """
    if knob not in KNOBS:
        raise MarrowQuantError("There is no simulated cohort '{knob}'; choose one of: {knobs}.", knob=knob, knobs=list(KNOBS))
    if min(n_mds, n_aa) < 1:
        raise MarrowQuantError("A cohort needs patients of both diseases; give two numbers of 1 or more.")
    rng = np.random.default_rng([20, seed, KNOBS.index(knob)])
    kinds = rng.permutation([MDS] * n_mds + [AA] * n_aa)
    return [_draw(str(kind), n, knob, rng, seed) for n, kind in enumerate(kinds)]


def _draw(kind: str, n: int, knob: str, rng: np.random.Generator, seed: int) -> dict[str, Any]:
    like = {"study": kind}.get(knob, AA)  # whose fat fraction, pattern, age …
    mean, sd = _FIELD[like] if knob == "study" else (60.0, 12.0)
    age_of = _AGE[kind] if knob == "study" else ((71.0, 8.0) if kind == MDS else (48.0, 11.0)) if knob == "age" else (60.0, 14.0)
    age = float(np.clip(rng.normal(*age_of), 18.0, 92.0))
    width = _TEXTURE_MM[kind] if knob in ("study", "texture") else 1.8
    site = (kind == AA) ^ (rng.random() < 0.2) if knob == "site" else rng.random() < 0.5
    ff = rng.normal(mean, sd) + (0.6 * (age - 60.0) if knob == "age" else 0.0)
    platelets = _PLATELETS[kind] if knob == "study" else (np.log(55.0), 0.7)
    transfused = int(rng.poisson(18 if rng.random() < 0.4 else 2))
    r2star_mean, r2star_sd = _R2STAR[kind] if knob == "study" else (150.0, 60.0)
    event = kind == MDS
    return {
        "record_id": f"sim-{seed:04d}-{n + 1:03d}",
        "kind": kind,
        "site": SITES[int(site)].name,
        "scanner": SITES[int(site)].manufacturer,
        "age_years": round(age),
        "platelets": round(float(np.clip(np.exp(rng.normal(*platelets)), 3.0, 400.0)), 1),
        "red_cell_units": transfused,
        "truth_ff": float(np.clip(ff, 4.0, 94.0)),
        "truth_pattern": int(rng.choice(PATTERNS, p=_PATTERN_SHARE[like])) if knob == "study" else 1,
        "truth_texture_mm": float(np.exp(np.log(width) + rng.normal(0.0, _TEXTURE_LOG_SD))),
        "truth_texture_points": _TEXTURE_POINTS * (float(np.exp(0.3 * rng.standard_normal())) if knob == "study" else 1.0),
        "truth_r2star": float(np.clip(rng.normal(r2star_mean, r2star_sd), 40.0, 450.0)) + 2.0 * transfused,
        "seed": int(rng.integers(2**31)),
        **{
            name: round(100.0 * float(expit(rng.normal(distance / 2 if event else -distance / 2))), 1)
            for name, distance in ({name: d if knob == "study" else 0.0 for name, d in _READERS.items()}).items()
        },
    }


def simulate_cohort(knob: str, n_mds: int, n_aa: int, seed: int, progress: Progress = no_progress) -> list[SpineCase]:
    """The patients of :func:`draw_cohort` with their images; parameters and errors as there."""
    drawn = draw_cohort(knob, n_mds, n_aa, seed)
    cases = []
    for n, patient in enumerate(drawn):
        progress(n / len(drawn), f"Simulated patient {n + 1} of {len(drawn)}")
        cases.append(simulate_spine(patient))
    return cases


def simulate_spine(drawn: Mapping[str, Any]) -> SpineCase:
    """The images of one patient of :func:`draw_cohort`."""
    rng = np.random.default_rng(drawn["seed"])
    site = next(site for site in SITES if site.name == drawn["site"])
    matrix = _grid(site.spacing_mm)
    x, y, z = _positions(matrix)
    labels, soft, local = _bodies(x, y, z, rng)
    ff = _fat_fraction(drawn, labels, local, rng)
    tissue = _background(x, y, z, soft)
    signals = _signals(ff, soft, tissue, site, drawn, rng)
    maps = {key: _volume(array, matrix, key) for key, array in signals.items()}
    row = {key: value for key, value in drawn.items() if not key.startswith(("truth_", "seed"))}
    truth = {key[6:]: value for key, value in drawn.items() if key.startswith("truth_")}
    return SpineCase(drawn["record_id"], {**row, "synthetic": True}, maps, Volume(labels.astype(np.int16), matrix, name="bodies"), truth)


def _grid(spacing: float) -> np.ndarray:
    """Sagittal slices: i runs from front to back, j from head to foot, k from right to left."""
    k, j, i = _SHAPE
    matrix = np.zeros((4, 4))
    matrix[1, 0], matrix[2, 1], matrix[0, 2], matrix[3, 3] = -spacing, -spacing, -_THICK_MM, 1.0
    matrix[:3, 3] = _THICK_MM * (k - 1) / 2, 0.42 * spacing * (i - 1), spacing * (j - 1) / 2
    return matrix


def _positions(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    k, j, i = np.meshgrid(*(np.arange(n) for n in _SHAPE), indexing="ij")
    ras = np.stack([i, j, k, np.ones_like(i)], axis=-1) @ matrix.T
    return ras[..., 0], ras[..., 1], ras[..., 2]


def _bodies(x: np.ndarray, y: np.ndarray, z: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Label of each voxel, share of marrow in it, and the head–foot place in its body from −1 to 1."""
    bend, tilt, size = rng.uniform(0.0006, 0.0014), rng.uniform(-0.05, 0.05), rng.uniform(0.93, 1.05)
    labels, share, place = np.zeros(_SHAPE, int), np.zeros(_SHAPE), np.zeros(_SHAPE)
    for n in range(len(LEVELS)):
        along = size * _STEP_MM * ((len(LEVELS) - 1) / 2 - n)
        centre_y, slope = bend * (45.0**2 - (along + 20.0) ** 2) / 2 + tilt * along, -bend * (along + 20.0) + tilt
        angle = np.arctan(slope)
        dy, dz = y - centre_y, z - along
        depth, height = dy * np.cos(angle) - dz * np.sin(angle), dy * np.sin(angle) + dz * np.cos(angle)
        u = np.stack([x / _RADII[0], depth / _RADII[1], height / _RADII[2]]) / (size * rng.uniform(0.96, 1.04, 3))[:, None, None, None]
        u[2] *= 1.0 - 0.06 * (u[1] ** 2 - 0.5)  # endplates are hollow
        radius = (np.abs(u) ** 5).sum(axis=0) ** 0.2  # a box with rounded edges
        inside = expit((1.0 - radius) * 22.0)
        labels[radius < 1.0] = n + 1
        place[radius < 1.15] = u[2][radius < 1.15]
        share = np.maximum(share, inside)
    return labels, share, place


def _fat_fraction(drawn: Mapping[str, Any], labels: np.ndarray, place: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Fat fraction of the marrow in %, everywhere; in every body its texture has one and the same histogram, whatever its width."""
    spacing = np.array([_THICK_MM, 1.0, 1.0])
    noise = gaussian_filter(rng.standard_normal(_SHAPE), drawn["truth_texture_mm"] / spacing)
    result = np.full(_SHAPE, drawn["truth_ff"])
    patches = gaussian_filter(rng.standard_normal(_SHAPE), 3.5 / spacing)
    patches /= patches.std()
    for n in range(1, len(LEVELS) + 1):
        body = labels == n
        normal = norm.ppf((rankdata(noise[body]) - 0.5) / body.sum())
        local = drawn["truth_ff"] + rng.normal(0.0, 2.5) + drawn["truth_texture_points"] * normal
        pattern = drawn["truth_pattern"]
        if pattern == 2:  # a rim below the endplates
            local = local - 22.0 * expit((np.abs(place[body]) - 0.72) * 14.0)
        if pattern == 3:
            local = local + 9.0 * patches[body]
        if pattern == 4:
            local = local - 8.0
        result[body] = local
    return np.clip(result, 1.0, 97.0)


def _background(x: np.ndarray, y: np.ndarray, z: np.ndarray, marrow: np.ndarray) -> dict[str, np.ndarray]:
    """Shares of the tissues around the bodies."""
    behind = expit((-19.0 - y) / 0.8)
    canal = behind * expit((y + 33.0) / 0.8) * (np.abs(x) < 11.0)
    skin_fat = expit((-52.0 - y) / 1.5)
    column = expit((16.0 - y) / 0.8) * expit((y + 19.0) / 0.8)
    rest = 1.0 - marrow
    disc = column * rest
    muscle = np.clip(rest - disc - canal * rest - skin_fat * rest, 0.0, 1.0)
    return {"disc": disc, "csf": canal * rest, "fat": skin_fat * rest, "muscle": muscle}


_T1_MS = {"water": 950.0, "fat": 240.0, "disc": 1000.0, "csf": 3800.0, "muscle": 1000.0}
"""At 1.5 T, our choice within what is measured of such tissues; fat is short, all others are long."""
_STIR_TI_MS, _STIR_TR_MS = 160.0, 2000.0
"""Those of Kusumoto's images."""


def _signals(
    ff: np.ndarray, marrow: np.ndarray, tissue: Mapping[str, np.ndarray], site: Site, drawn: Mapping[str, Any], rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """The images and maps of one site's protocol, with its coil and noise."""
    shares = {**tissue, "fat": tissue["fat"] + marrow * ff / 100.0, "water": marrow * (1.0 - ff / 100.0)}
    density = {"disc": 0.85, "csf": 1.0, "muscle": 0.8, "fat": 1.0, "water": 0.85}
    t1 = sum(shares[k] * density[k] * (1.0 - np.exp(-site.t1_tr_ms / _T1_MS[k])) for k in shares)
    decay = {"disc": 0.8, "csf": 0.95, "muscle": 0.55, "fat": 0.7, "water": 0.75}
    recovered = {k: 1.0 - 2.0 * np.exp(-_STIR_TI_MS / _T1_MS[k]) + np.exp(-_STIR_TR_MS / _T1_MS[k]) for k in shares}
    stir = np.abs(sum(shares[k] * density[k] * decay[k] * recovered[k] for k in shares))
    fat = sum(shares[k] for k in ("fat",)) / np.maximum(sum(shares.values()), 1e-6)
    coil = _coil(site, rng)
    muscle_t1, muscle_stir = float(density["muscle"] * (1 - np.exp(-site.t1_tr_ms / _T1_MS["muscle"]))), 0.22
    out = {
        "t1": 600.0 * coil * np.hypot(t1 + site.noise * muscle_t1 * rng.standard_normal(_SHAPE), 0.01),
        "stir": 600.0 * coil * np.hypot(stir + site.noise * muscle_stir * rng.standard_normal(_SHAPE), 0.01),
        "ff": 100.0 * fat + 1.5 * rng.standard_normal(_SHAPE),
    }
    r2star = np.where(marrow > 0.5, drawn["truth_r2star"], 35.0)
    out["r2star"] = np.maximum(r2star + 8.0 * rng.standard_normal(_SHAPE), 0.0)
    adc = 422.0 - 2.6 * (drawn["truth_ff"] - 45.0) + 80.0 * rng.standard_normal()  # r = −0.60 where the fat fraction has an SD of 23 points
    out["adc"] = np.maximum(np.where(marrow > 0.5, max(adc, 120.0), 1500.0) + 40.0 * rng.standard_normal(_SHAPE), 0.0)
    in_phase, opposed = np.exp(-2.3e-3 * r2star), np.abs(1.0 - 2.0 * np.clip(fat, 0, 1)) * np.exp(-1.15e-3 * r2star)
    out["in_phase"] = 600.0 * in_phase + 6.0 * rng.standard_normal(_SHAPE)
    out["opposed_phase"] = np.hypot(600.0 * opposed + 6.0 * rng.standard_normal(_SHAPE), 4.0)
    return {key: array.astype(np.float32) for key, array in out.items()}


def _coil(site: Site, rng: np.random.Generator) -> np.ndarray:
    """Smooth brightness of a spine coil: it falls towards the front and the ends."""
    j, i = (np.linspace(-1.0, 1.0, n) for n in _SHAPE[1:])
    along = 1.0 - site.bias * rng.uniform(0.7, 1.3) * (j - rng.uniform(-0.3, 0.3)) ** 2
    across = 1.0 + site.bias * rng.uniform(0.7, 1.3) * i
    return (along[:, None] * across[None, :])[None] * rng.uniform(0.8, 1.25)


_ROLES = {
    "t1": Role.T1,
    "stir": Role.STIR,
    "ff": Role.PDFF,
    "r2star": Role.R2STAR,
    "adc": Role.ADC,
    "in_phase": Role.IN_PHASE,
    "opposed_phase": Role.OPPOSED_PHASE,
}
_UNITS = {"ff": "%", "r2star": "1/s", "adc": "µm²/s"}


def _volume(array: np.ndarray, matrix: np.ndarray, key: str) -> Volume:
    return Volume(array, matrix, _ROLES[key], _UNITS.get(key, ""), name=f"simulated {key}", source=(finding("made.simulated"),))
