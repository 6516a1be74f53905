"""Digital patients that are not always the same: anatomy, organs, marrow, artefacts and protocol drawn from a seed; with the truth.

The skeleton is that of ``MarrowQuantLib.phantom``, sampled once and then deformed: size, kyphosis, a flexed neck, a smooth random field,
arms in or out of view. Into it come normal marrow, organs, nodes, glands and nerves, whose signals are drawn anew for every patient,
disease of five kinds, and what echo-planar images suffer. Spreads with a source: normal marrow nSI 3.2 ± 0.9 and ADC 422 ± 67 µm²/s
(PMC8161193), diffuse disease ADC 770 ± 135 and focal 1046 ± 232 (Koutoulidis 2017, Radiology 282:484). All others are our choice.

``TUNING`` seeds may be looked at while rules are made; ``JUDGING`` seeds are only counted. Seeds 1 to 30, 31 to 60 and 61 to 90 were judged
once each, and served for making rules from then on.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Optional

import numpy as np
from MarrowQuantLib.exam.maps import ExamBuilder, add_stations
from MarrowQuantLib.model import Role, Settings, Volume, no_progress
from MarrowQuantLib.phantom.patient import make_body
from MarrowQuantLib.phantom.sampling import sample
from MarrowQuantLib.phantom.shapes import rotation
from MarrowQuantLib.phantom.stories import Story
from scipy import ndimage

TUNING, JUDGING = (*range(1, 91), *range(1001, 1013)), range(91, 121)
FINE_MM = 3.0  # of the sampled skeleton
VOXEL_MM = (4.0, 4.0, 6.0)
MUSCLE_B50, MUSCLE_ADC = 400.0, 1500.0
ORGANS = {  # material: high-b signal over muscle (mean, SD), ADC (mean, SD)
    "liver": ((2.8, 1.0), (1100, 120)), "spleen": ((7.5, 1.5), (820, 80)), "kidney": ((3.6, 1.2), (1850, 180)),
    "bowel": ((1.7, 0.5), (1600, 150)), "brain": ((8.5, 1.0), (760, 40)), "cord": ((4.5, 0.8), (950, 80)),
    "disc": ((1.2, 0.2), (1700, 150)),
}  # fmt: skip
NODES = [
    (62, 46, -228), (72, 40, -215), (150, -10, 300), (46, 20, 430), (40, 30, 100), (18, 40, -40), (50, 24, 400), (44, 28, -130),
    (140, -4, 290),
]  # fmt: skip
MARROW = (" marrow", "pelvis", "femur", "ribs", "sternum", "shoulder", "humerus", "skull", "sacrum", "shaft")
FOCI = ("pelvis", "femur", "sacrum", "sternum", "humerus", "T5", "T8", "T11", "L2", "L4", "C6", "shoulder", "ribs")
KINDS = ("none", "focal", "diffuse", "combined", "everywhere")


@dataclass
class Patient:
    """What was drawn for one patient. ``disease`` is one of ``KINDS``; ``draws`` are the numbers behind the body."""

    seed: int
    disease: str
    draws: dict[str, Any]
    lesions: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class Exam:
    """Maps of one exam with its truth: ``active`` is the part of each voxel that is disease, ``lesion`` the number of the lesion in it (0
    for none, 255 for diffuse disease)."""

    maps: dict[str, Volume]
    findings: list[Any]
    seams: list[np.ndarray]
    active: Volume
    lesion: np.ndarray
    tdv_ml: float
    lesions: list[dict[str, Any]]


@lru_cache(maxsize=1)
def skeleton() -> tuple[np.ndarray, np.ndarray, dict[str, int]]:
    """Material numbers on a fine grid in the body's own mm, its matrix, and the numbers by name."""
    body = make_body(Story("plain", {}, (), {}), 0)
    size = np.array([460.0, 290.0, 1130.0])
    shape = np.ceil(size / FINE_MM / 2).astype(int)
    matrix = np.diag([-2 * FINE_MM, -2 * FINE_MM, 2 * FINE_MM, 1.0])
    matrix[:3, 3] = [228.0, 145.0, -400.0]
    samples = sample(body, matrix, (shape[2], shape[1], shape[0]))
    fine = matrix @ np.diag([0.5, 0.5, 0.5, 1.0])
    fine[:3, 3] = (matrix @ [-0.25, -0.25, -0.25, 1.0])[:3]
    return samples.labels, fine, body.values


def draw(seed: int) -> Patient:
    """The patient of a seed."""
    rng = np.random.default_rng([17, seed])
    disease = KINDS[rng.choice(5, p=[0.15, 0.35, 0.2, 0.2, 0.1])]
    draws: dict[str, Any] = {
        "size": np.clip(rng.normal(1.0, 0.05, 3), 0.88, 1.12), "kyphosis": rng.uniform(-6, 26), "neck": rng.uniform(-4, 12),
        "wave": rng.normal(0, 1, (3, 6)), "arms": bool(rng.random() < 0.7), "marrow": float(np.clip(rng.normal(3.2, 0.9), 1.3, 5.2)),
        "marrow_adc": float(np.clip(rng.normal(422, 67), 270, 600)), "fatty": rng.uniform(0.5, 0.8),
        "organs": {n: (max(0.3, rng.normal(*r)), max(200, rng.normal(*a))) for n, (r, a) in ORGANS.items()},
        "nodes": [
            (p, s, rng.uniform(5, 10), rng.uniform(5.5, 9), rng.normal(900, 80)) for p in NODES for s in (-1, 1) if rng.random() < 0.45
        ],
        "female": bool(rng.random() < 0.5), "bowel": [rng.uniform(3, 6.5) for _ in range(rng.integers(0, 5))],
        "glands": rng.uniform(3, 6.5), "nerves": rng.uniform(2, 6), "gonads": rng.uniform(3, 7.5), "pelvic": rng.uniform(2.5, 6),
        "ghost": rng.random() < 0.4,
        "ghost_ratio": rng.uniform(4, 9), "ghost_adc": rng.uniform(600, 950), "eddy": rng.uniform(-4, 4) if rng.random() < 0.4 else 0.0,
        "break": rng.uniform(-5, 5) if rng.random() < 0.3 else 0.0, "shading": rng.uniform(0, 0.2), "metal": bool(rng.random() < 0.08),
        "dropout": bool(rng.random() < 0.3), "noise": float(rng.uniform(0.08, 0.14)),
        "overlap": int(rng.choice([0, 3, 4], p=[0.25, 0.3, 0.45])),
        "missing": bool(rng.random() < 0.08), "b": [(50, 900), (50, 400, 900), (0, 100, 800)][rng.integers(3)],
        "disease_ratio": float(np.clip(rng.normal(8.5, 1.2), 6.2, 11)), "diffuse_adc": float(np.clip(rng.normal(770, 90), 620, 1000)),
        "focal_adc": float(np.clip(rng.normal(1046, 130), 700, 1150)),
    }  # fmt: skip
    if rng.random() < 0.05:
        draws["organs"]["liver"] = (5.8, 1000.0)
    return Patient(seed, disease, draws)


class Body:
    """A patient's body on the fine grid at one exam: signal over muscle at b 900, ADC, and which lesion is where."""

    def __init__(self, patient: Patient) -> None:
        labels, self.matrix, self.values = skeleton()
        self.patient, self.labels = patient, labels
        self.names = {number: name for name, number in self.values.items()}
        k, j, i = (np.arange(n, dtype=np.float32) for n in labels.shape)
        m = self.matrix
        self.r, self.a, self.s = m[0, 3] + m[0, 0] * i, m[1, 3] + m[1, 1] * j, m[2, 3] + m[2, 2] * k
        self.marrow = self._is(lambda n: n.endswith(MARROW))
        self.lesion = np.zeros(labels.shape, dtype=np.uint8)

    def _is(self, test: Any) -> np.ndarray:
        return np.array([test(self.names[n]) for n in range(len(self.names))])[self.labels]

    def region(self, center: Any, radii: Any) -> tuple[tuple[slice, ...], np.ndarray]:
        """The box and the mask in it of an ellipsoid in body mm."""
        radii = np.broadcast_to(np.asarray(radii, float), 3)
        axes = []
        for c, r, x in zip(center, radii, (self.r, self.a, self.s)):
            at = np.flatnonzero(np.abs(x - c) <= r)
            axes.append(slice(at.min(), at.max() + 1) if at.size else slice(0, 0))
        box = (axes[2], axes[1], axes[0])
        grid = ((self.s[box[0]] - center[2]) / radii[2])[:, None, None] ** 2 + ((self.a[box[1]] - center[1]) / radii[1])[None, :, None] ** 2
        return box, grid + ((self.r[box[2]] - center[0]) / radii[0])[None, None, :] ** 2 <= 1


def _paint(body: Body, ratio: np.ndarray, adc: np.ndarray, center: Any, radii: Any, value: tuple[float, float]) -> None:
    box, inside = body.region(center, radii)
    inside = inside & ~body.marrow[box]
    ratio[box][inside], adc[box][inside] = value


def tissue(body: Body, rng: np.random.Generator, exam: int) -> tuple[np.ndarray, np.ndarray]:
    """Signal over muscle at b 900 and ADC of every fine voxel, with organs, nodes and disease."""
    d, values = body.patient.draws, body.values
    n = len(values)
    ratio, adc = np.zeros(n, np.float32), np.full(n, 1000.0, np.float32)
    basic = {"fat": (0.3, 100), "lung": (0.1, 1500), "muscle": (1.0, MUSCLE_ADC), "blood": (0.25, 2500), "bladder": (1.0, 3000),
             "csf": (1.0, 3000), "cortex": (0.15, 1000), "air": (0.0, 1000)}  # fmt: skip
    for name, number in values.items():
        red = (d["marrow"], d["marrow_adc"])
        if name.endswith("shaft"):
            ratio[number], adc[number] = 0.8, 250
        elif name.endswith(("skull", "femur", "humerus")):
            ratio[number], adc[number] = red[0] * d["fatty"], red[1] * 0.85
        else:
            ratio[number], adc[number] = d["organs"].get(name) or basic.get(name) or red
    ratio, adc = ratio[body.labels], adc[body.labels]
    _soft_tissue(body, ratio, adc)
    _disease(body, ratio, adc, rng, exam)
    return ratio, adc


def _soft_tissue(body: Body, ratio: np.ndarray, adc: np.ndarray) -> None:
    d = body.patient.draws
    for (x, y, z), side, radius, signal, value in d["nodes"]:
        _paint(body, ratio, adc, (side * x, y, z), (radius, radius, 1.5 * radius), (signal, value))
    for number, signal in enumerate(d["bowel"]):
        place = [(98, 28, -60), (-98, 28, -40), (15, 55, -60), (-46, 55, -30), (0, -44, -182)][number]
        _paint(body, ratio, adc, place, (18, 16, 24), (signal, 1250.0))
    for side in (-1, 1):
        _paint(body, ratio, adc, (side * 46, 20, 500), (10, 12, 16), (d["glands"], 1050.0))  # salivary glands
        _paint(body, ratio, adc, (side * 14, 40, 505), (6, 6, 10), (d["glands"] + 1, 850.0))  # tonsils
        for step in range(5):  # sacral and brachial plexus
            _paint(body, ratio, adc, (side * (26 + 7 * step), -22 + 3 * step, -120 - 10 * step), (3.5, 3.5, 7), (d["nerves"], 1100.0))
            _paint(body, ratio, adc, (side * (34 + 10 * step), -8 + 2 * step, 392 - 6 * step), (6, 3.5, 3.5), (d["nerves"], 1100.0))
        if d["female"]:
            _paint(body, ratio, adc, (side * 34, 12, -148), (13, 10, 12), (d["gonads"] * 0.7, 1200.0))
        else:
            _paint(body, ratio, adc, (side * 16, 78, -290), (14, 16, 20), (d["gonads"], 1000.0))
    if d["female"]:
        _paint(body, ratio, adc, (0, -4, -158), (22, 12, 24), (d["pelvic"], 1200.0))
    else:
        _paint(body, ratio, adc, (0, 12, -214), (20, 15, 16), (d["pelvic"], 1300.0))
    if d["ghost"]:  # unsuppressed fat of the belly, moved along the phase direction
        for x in np.arange(-90, 91, 6.0):
            _paint(body, ratio, adc, (x, 108 - 0.004 * x * x, -60), (4, 3.5, 14), (d["ghost_ratio"], d["ghost_adc"]))


def _disease(body: Body, ratio: np.ndarray, adc: np.ndarray, rng: np.random.Generator, exam: int) -> None:
    patient, d = body.patient, body.patient.draws
    if patient.disease in ("diffuse", "combined", "everywhere"):
        levels = [f"T{n}" for n in range(9, 13)] + [f"L{n}" for n in range(1, 6)] + ["S1"]
        start = patient.seed % 4
        chosen = [f"{level} marrow" for level in levels[start : start + 6]]
        where = np.isin(body.labels, [body.values[name] for name in chosen if name in body.values])
        if patient.disease == "everywhere":
            where = body._is(lambda n: n.endswith((" marrow", "pelvis", "sacrum", "sternum", "femur")))
        ratio[where], adc[where] = d["disease_ratio"], d["diffuse_adc"]
        body.lesion[where] = 255
    if patient.disease in ("focal", "combined") and not patient.lesions:
        _draw_lesions(body, np.random.default_rng([18, patient.seed]))
    for number, lesion in enumerate(patient.lesions, start=1):
        size = lesion["size"][exam]
        if size:
            box, inside = body.region(lesion["center"], np.asarray(lesion["radii"]) * size)
            inside = inside & (body.labels[box] == lesion["label"]) & (body.lesion[box] == 0)
            ratio[box][inside], adc[box][inside] = lesion["ratio"], lesion["adc"]
            body.lesion[box][inside] = number


def _draw_lesions(body: Body, rng: np.random.Generator) -> None:
    """Lesions in the marrow of different bones, with what becomes of them: the same, larger, smaller, gone, or new at the second exam."""
    d = body.patient.draws
    kinds = [n for n in body.values if any(n == f"{f} marrow" or n.endswith(f) for f in FOCI)]
    for name in rng.permutation(kinds)[: rng.integers(3, 9)]:
        label = body.values[name]
        box = ndimage.find_objects((body.labels == label).astype(np.uint8))[0]
        deep = ndimage.distance_transform_edt(body.labels[box] == label) * FINE_MM
        own = np.argwhere((body.labels[box] == label) & (body.lesion[box] == 0) & (deep >= min(6.0, 0.6 * deep.max())))
        if not len(own):
            continue
        k, j, i = own[rng.integers(len(own))] + [axis.start for axis in box]
        radii = np.full(3, rng.uniform(4.5, 17.0)) * rng.uniform(0.8, 1.25, 3)
        fate = rng.choice(["same", "grown", "less", "gone", "new"], p=[0.35, 0.2, 0.15, 0.15, 0.15])
        size = {"same": (1, 1), "grown": (1, 1.2), "less": (1, 0.85), "gone": (1, 0), "new": (0, 1)}[str(fate)]
        body.patient.lesions.append({
            "center": (float(body.r[i]), float(body.a[j]), float(body.s[k])), "radii": radii.tolist(), "label": label, "bone": str(name),
            "fate": str(fate), "size": size, "ratio": d["disease_ratio"] * rng.uniform(0.9, 1.1),
            "adc": d["focal_adc"] * rng.uniform(0.9, 1.1),
        })  # fmt: skip


def body_places(points: np.ndarray, patient: Patient, pose: dict[str, Any]) -> np.ndarray:
    """Where in the drawn body scanner points (RAS mm, shape (n, 3)) lie: the pose, size, kyphosis, neck and random field undone."""
    d = patient.draws
    p = ((points - pose["shift"]) @ rotation(pose["turn"])).astype(np.float32)  # the inverse of a rotation is its transpose
    neck = d["neck"] + pose["neck"]
    high = p[:, 2] > 360.0
    bend = np.radians(neck) * np.clip((p[high, 2] - 360.0) / 120.0, 0.0, 1.0)
    y, z = p[high, 1] + 10.0, p[high, 2] - 400.0
    p[high, 1], p[high, 2] = y * np.cos(bend) + z * np.sin(bend) - 10.0, -y * np.sin(bend) + z * np.cos(bend) + 400.0
    p /= d["size"].astype(np.float32)
    p[:, 1] += d["kyphosis"] * np.exp(-(((p[:, 2] - 230.0) / 110.0) ** 2))
    w = d["wave"]
    for axis in range(3):
        p[:, axis] += 3.0 * np.sin(p[:, 2] / 90.0 + w[axis, 0]) + 2.0 * np.sin(p[:, (axis + 1) % 3] / 60.0 + w[axis, 1])
    return p


def simulate(patient: Patient, exam: int = 0, pose: Optional[dict[str, Any]] = None) -> Exam:
    """Stations, maps and truth of one exam; ``pose`` has ``turn`` (degrees about x, y, z), ``shift`` (mm) and ``neck`` (degrees)."""
    pose = pose or {"turn": (0.0, 0.0, 0.0), "shift": np.zeros(3), "neck": 0.0}
    rng = np.random.default_rng([19, patient.seed, exam])
    body, d = Body(patient), patient.draws
    ratio, adc = tissue(body, rng, exam)
    shape = (184, 78, 110)
    matrix = np.diag([-VOXEL_MM[0], -VOXEL_MM[1], VOXEL_MM[2], 1.0])
    matrix[:3, 3] = [VOXEL_MM[0] * (shape[2] - 1) / 2, VOXEL_MM[1] * (shape[1] - 1) / 2, -395.0]
    b_values = d["b"]
    clean, active, lesion = _sampled(body, ratio, adc, b_values, matrix, shape, pose)
    stations = _stations(clean, matrix, patient, rng)
    build = ExamBuilder(SimpleNamespace(volumes=[], findings=()), Settings(), no_progress)
    build.load = lambda held: held.volume  # type: ignore[method-assign]
    add_stations(build, stations)
    grid = build.maps["dwi_high"]
    offset = np.rint(np.linalg.inv(matrix) @ grid.ijk_to_ras[:, 3])[2].astype(int)
    keep = slice(offset, offset + grid.array.shape[0])
    active, lesion = active[keep], lesion[keep]
    shown = np.isfinite(grid.array)
    truth = float((active * shown).sum() * grid.voxel_volume_ml)
    volumes = [float(((lesion == n) * active * shown).sum() * grid.voxel_volume_ml) for n in range(1, len(patient.lesions) + 1)]
    told = [{**found, "volume_ml": ml} for found, ml in zip(patient.lesions, volumes)]
    seams = [seam.position_ras for seam in build.stitching.seams] if build.stitching else []
    return Exam(build.maps, build.findings, seams, grid.like(active), lesion, truth, told)


def _sampled(body: Body, ratio: np.ndarray, adc: np.ndarray, b_values: Any, matrix: np.ndarray, shape: Any, pose: dict[str, Any]) -> Any:
    """Voxel means of the signal at every b-value over muscle at b 900, of active disease, and the lesion of most of the voxel."""
    to_fine = np.linalg.inv(body.matrix)
    clean = [np.zeros(shape, np.float32) for _ in b_values]
    active, lesion = np.zeros(shape, np.float32), np.zeros(shape, np.uint8)
    base = np.indices(shape).reshape(3, -1)[::-1].T.astype(np.float32)
    arms = body.patient.draws["arms"]
    offsets = [(-0.25, -0.25, -0.25), (0.25, 0.25, -0.25), (0.25, -0.25, 0.25), (-0.25, 0.25, 0.25)]
    for offset in offsets:
        points = ((base + np.asarray(offset, np.float32)) @ matrix[:3, :3].T.astype(np.float32) + matrix[:3, 3]).astype(np.float32)
        own = body_places(points, body.patient, pose)
        at = np.rint(own @ to_fine[:3, :3].T + to_fine[:3, 3]).astype(np.int32)[:, ::-1]
        inside = np.all((at >= 0) & (at < ratio.shape), axis=1)
        if not arms:
            inside &= ~((np.abs(own[:, 0]) > 176) & (own[:, 2] < 330))
        flat = np.ravel_multi_index(at[inside].T, ratio.shape)
        r, a, n = ratio.ravel()[flat], adc.ravel()[flat], body.lesion.ravel()[flat]
        for image, b in zip(clean, b_values):
            image.reshape(-1)[inside] += r * np.exp(-(b - 900.0) * 1e-6 * a) / len(offsets)
        active.reshape(-1)[inside] += (n > 0) / np.float32(len(offsets))
        lesion.reshape(-1)[inside] = np.where(n > 0, n, lesion.reshape(-1)[inside])
    return clean, active, lesion


def _stations(clean: Any, matrix: np.ndarray, patient: Patient, rng: np.random.Generator) -> list[dict[float, Any]]:
    d = patient.draws
    muscle = MUSCLE_B50 * np.exp(-850e-6 * MUSCLE_ADC)
    count, overlap, n_all = 5, d["overlap"], clean[0].shape[0]
    slices = (n_all + (count - 1) * overlap) // count
    stations = []
    for number in range(count):
        first = (count - 1 - number) * (slices - overlap)
        if d["missing"] and number == count - 1:
            continue
        place = matrix.copy()
        place[:3, 3] += first * matrix[:3, 2]
        gain, shade = rng.uniform(0.75, 1.3), _shading(clean[0].shape[1:], d["shading"], rng)
        by_b = {}
        for image, b in zip(clean, d["b"]):
            part = image[first : first + slices].astype(float)
            if d["dropout"] and b > 300 and number in (1, 2):
                right, front, _ = _mm(place, part.shape)
                part = part * (1 - 0.4 * np.exp(-((right + 42) ** 2 + (front - 32) ** 2) / 1500))
            if d["metal"] and number == 2:
                right, front, up = _mm(place, part.shape)
                part = np.where(right**2 + (front + 12) ** 2 + (up - up.mean()) ** 2 < 38**2, 0.0, part)
            shift = (d["eddy"] * (b > 300) + (d["break"] if number == 3 else 0.0)) / VOXEL_MM[1]
            part = ndimage.shift(part, (0, shift, 0), order=1, mode="nearest") if abs(shift) > 0.02 else part
            noise = d["noise"] * rng.standard_normal((2, *part.shape))
            signal = (muscle * gain * shade * np.hypot(part + noise[0], noise[1])).astype(np.float32)
            volume = Volume(signal, place, Role.DWI, "", "signal", f"b {b}", b_value=float(b), station=number + 1)
            by_b[float(b)] = SimpleNamespace(volume=volume, b_value=float(b))
        stations.append(by_b)
    return stations


def _mm(place: np.ndarray, shape: Any) -> list[np.ndarray]:
    """R, A and S in mm of the voxels of a station."""
    k, j, i = np.indices(shape, dtype=np.float32)
    return [place[axis, 3] + place[axis, axis] * index for axis, index in enumerate((i, j, k))]


def _shading(shape: Any, amplitude: float, rng: np.random.Generator) -> np.ndarray:
    j, i = np.mgrid[-1 : 1 : shape[0] * 1j, -1 : 1 : shape[1] * 1j]
    return 1 + amplitude * (rng.uniform(-1, 1) * i + rng.uniform(-1, 1) * j + rng.uniform(-0.6, 0.6) * (i * i + j * j))


def pose_of(seed: int) -> dict[str, Any]:
    """How the patient of a seed lies at the second exam: turned by up to 15° about the left-right axis, less about the others."""
    rng = np.random.default_rng([20, seed])
    return {"turn": tuple(rng.uniform(-1, 1, 3) * (12, 5, 8)), "shift": rng.uniform(-1, 1, 3) * (15, 15, 25), "neck": rng.uniform(-8, 8)}


# ------------------------------------------------------------------------------------------------------------- judging
def measured(exam: Exam) -> Any:
    """The tumour load of a simulated exam at all defaults."""
    from MarrowQuantLib.burden.exam_load import measure_burden

    return measure_burden(exam.maps, Settings(), seams_ras=exam.seams)


DOUBTS = (
    "burden.bright_marrow", "burden.void", "burden.noisy", "burden.no_bone", "burden.unmeasured", "diffusion.b_shift_left",
    "burden.fragile", "burden.uncertain",
)  # fmt: skip


def judge_exam(exam: Exam) -> tuple[dict[str, Any], Any]:
    """What was found against the truth."""
    burden, notes = measured(exam)
    if burden is None:
        nothing: dict[str, Any] = {"false": 0, "false_ml": 0.0, "found": [], "doubts": ["burden.unmeasured"], "pieces": []}
        return {"true_ml": exam.tdv_ml, "ml": float("nan"), **nothing}, None
    labels, active = burden.labels.array, exam.active.array
    accepted = [c for c in burden.components if c.state == "accepted"]
    false = [c for c in accepted if (active[labels == c.label] > 0.05).mean() < 0.1]
    kept = np.isin(labels, [c.label for c in accepted])
    voxel_ml = burden.labels.voxel_volume_ml
    found = []
    for number, lesion in enumerate(exam.lesions, start=1):
        own = (exam.lesion == number) & (active > 0.3)
        if lesion["volume_ml"] >= SEEN_ML:
            found.append((lesion["bone"], lesion["volume_ml"], bool((own & kept).any())))
    missed = [
        (c.region, round(c.volume_ml, 1), str(c.reason)) for c in burden.components
        if c.state != "accepted" and (active[labels == c.label] > 0.3).mean() > 0.5
    ]  # fmt: skip
    told = [getattr(f, "code", "") for f in (*burden.findings, *notes, *exam.findings)]
    row = {
        "true_ml": exam.tdv_ml, "ml": burden.tdv.value, "false": len(false), "false_ml": sum(c.volume_ml for c in false), "found": found,
        "doubts": sorted({code for code in told if code in DOUBTS}), "set_aside": missed, "voxel_ml": voxel_ml,
        "interval": burden.tdv_interval,
        "pieces": [(c.region, round(c.volume_ml, 1), np.round(c.centroid_ras).tolist(), str(c.reason)) for c in false],
    }  # fmt: skip
    return row, burden


SEEN_ML = 0.35
"""Lesions from this volume on are counted, 8.7 mm for a ball: four voxels of the benchmark's grid."""


LEAST_FATE_ML = 1.0
"""Smaller lesions that came or went may be called uncertain: nothing of that size is new or resolved by itself."""


def judge_fates(exams: tuple[Exam, Exam], burdens: tuple[Any, Any]) -> dict[str, Any]:
    """What became of the lesions, against the truth: how many were told right, and what was falsely called new or resolved."""
    from MarrowQuantLib.followup import follow

    movement = follow.find_movement(exams[0].maps, exams[1].maps)
    before, after, changes = follow.name_lesions(burdens[0], burdens[1], movement)
    owner = [
        {c.label: _owner(exam, burden.labels.array == c.label) for c in burden.components} for exam, burden in zip(exams, (before, after))
    ]
    named = [{c.lesion_id: c.label for c in burden.components if c.lesion_id} for burden in (before, after)]
    told: dict[int, tuple[str, float]] = {}
    false = []
    for change in changes:
        own = {owner[0].get(named[0].get(n, 0), 0) for n in change.names_before}
        own |= {owner[1].get(named[1].get(n, 0), 0) for n in change.names_after}
        for number in own - {0, 255}:
            told[number] = (change.kind, change.confidence)
        if change.kind in ("new", "resolved"):
            expected = {"new": "new", "resolved": "gone"}[change.kind]
            if not any(0 < n < 255 and exams[0].lesions[n - 1]["fate"] == expected for n in own):
                volume = round(max(change.volume_before_ml, change.volume_after_ml), 1)
                false.append((change.kind, change.region, volume, change.confidence))
    sure: list[tuple[float, bool]] = []
    unsure = 0
    for number, (first, second) in enumerate(zip(exams[0].lesions, exams[1].lesions), start=1):
        largest, least = (pick(first["volume_ml"], second["volume_ml"]) for pick in (max, min))
        if number in told and largest >= SEEN_ML:
            expected = {"gone": ("resolved",), "new": ("new",)}.get(first["fate"], ("persisting", "merged", "split"))
            if largest < LEAST_FATE_ML or (least == 0 and "persisting" in expected):
                expected = (*expected, "uncertain")  # too small to be new or resolved by itself, or one exam does not show its place
            kind, confidence = told[number]
            sure.append((confidence, kind in expected))
            unsure += kind == "uncertain"
    return {"right": sum(right for _, right in sure), "of": len(sure), "uncertain": unsure, "false": false, "sure": sure}


def _owner(exam: Exam, voxels: np.ndarray) -> int:
    """The lesion that most diseased voxels of a piece belong to; 0 for none, 255 for diffuse disease."""
    numbers = exam.lesion[voxels & (exam.active.array > 0.3)]
    return int(np.bincount(numbers).argmax()) if numbers.size else 0


def main(argv: Optional[list[str]] = None) -> int:
    """Print one row a patient, and what the gate asks for over all of them; with ``--write`` into Docs/tumour-load.md, too."""
    import argparse

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tuning", action="store_true", help="the seeds that rules may be made on (default: those that are judged)")
    parser.add_argument("--patients", type=int, default=30)
    parser.add_argument("--follow-up", type=int, default=12, metavar="N", help="so many of those with focal lesions lie down a second time")
    parser.add_argument("--write", action="store_true", help="write the table into Docs/tumour-load.md")
    options = parser.parse_args(argv)
    rows, fates, left, lines = [], [], options.follow_up, list(HEAD)
    print("\n".join(HEAD))
    for seed in (TUNING if options.tuning else JUDGING)[: options.patients]:
        patient = draw(seed)
        exam = simulate(patient)
        row, burden = judge_exam(exam)
        rows.append(row)
        lines.append(line(patient, row))
        print(lines[-1], flush=True)
        if left and patient.lesions and burden is not None:
            left -= 1
            second = simulate(patient, 1, pose_of(seed))
            _, later = judge_exam(second)
            fates.append(judge_fates((exam, second), (burden, later)))
    print(summary(rows, fates))
    if options.write:
        write(lines, summary(rows, fates))
    return 0


DOC = Path(__file__).resolve().parents[2] / "Docs" / "tumour-load.md"
START, STOP = "<!-- bodies by Testing/Benchmarks/bodies.py -->", "<!-- end of bodies -->"
HEAD = (
    "| seed | disease | true tDV (mL) | measured (mL) | error | lesions found | false pieces | false (mL) | doubts |",
    "|---:|---|---:|---:|---:|---|---:|---:|---|",
)


def line(patient: Patient, row: dict[str, Any]) -> str:
    """One patient's row of the table."""
    off = f"{100 * (row['ml'] / row['true_ml'] - 1):+.0f} %" if row["true_ml"] > 0 else "–"
    seen = f"{sum(found for *_, found in row['found'])} of {len(row['found'])}" if row["found"] else "–"
    doubts = ", ".join(code.partition(".")[2].replace("_", " ") for code in row["doubts"]) or "–"
    return (
        f"| {patient.seed} | {patient.disease} | {row['true_ml']:.1f} | {row['ml']:.1f} | {off} | {seen} | {row['false']} | "
        f"{row['false_ml']:.1f} | {doubts} |"
    )


def write(lines: list[str], told: str) -> None:
    """Put the table and the summary into the page."""
    before, _, rest = DOC.read_text(encoding="utf-8").partition(START)
    points = "\n".join(f"- {point}" for point in told.splitlines())
    DOC.write_text("\n".join([before + START, "", points, "", *lines, "", STOP + rest.partition(STOP)[2]]), encoding="utf-8")


def summary(rows: list[dict[str, Any]], fates: list[dict[str, Any]]) -> str:
    """The gate's figures in words."""
    ill = [r for r in rows if r["true_ml"] > 0]
    off = [abs(r["ml"] / r["true_ml"] - 1) for r in ill]
    lesions = [found for r in rows for *_, found in r["found"]]
    told = sum(o > 0.2 and not r["doubts"] for o, r in zip(off, ill))
    false = [finding for fate in fates for finding in fate["false"]]
    sure = [item for fate in fates for item in fate["sure"]]
    by_confidence = [[right for c, right in sure if low <= c < high] for low, high in ((0.0, 0.5), (0.5, 0.8), (0.8, 1.01))]
    near, fair = (sum(o <= limit for o in off) for limit in (0.1, 0.2))
    held = sum(r["interval"][0] <= r["true_ml"] <= r["interval"][1] for r in ill if "interval" in r)
    return "\n".join([
        f"tDV within 10 %: {near} of {len(ill)}; within 20 %: {fair}; farther without a doubt: {told}",
        f"the tDV's interval holds the truth: {held} of {len(ill)}",
        f"lesions found: {sum(lesions)} of {len(lesions)}",
        f"false pieces: median {np.median([r['false'] for r in rows]):.0f}, at most 1 in {sum(r['false'] <= 1 for r in rows)} of "
        f"{len(rows)} patients; at most 3 mL in {sum(r['false_ml'] <= 3 for r in rows)}",
        f"fates right: {sum(f['right'] for f in fates)} of {sum(f['of'] for f in fates)}, uncertain {sum(f['uncertain'] for f in fates)}; "
        f"falsely new or resolved: {len(false)}, with confidence above 0.8: {sum(item[3] > 0.8 for item in false)}",
        "fates right by confidence (below 0.5, 0.5 to 0.8, from 0.8 on): "
        + ", ".join(f"{sum(own)} of {len(own)}" for own in by_confidence),
    ])  # fmt: skip


if __name__ == "__main__":
    raise SystemExit(main())
