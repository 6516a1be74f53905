"""ROIs and lesions carried to a follow-up, against the truth: the tables of Docs/follow-up.md.

Run with PYTHONPATH=MarrowQuant; about three minutes.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from MarrowQuantLib.burden import BurdenSession
from MarrowQuantLib.followup import follow
from MarrowQuantLib.followup.propagate import propagate_rois
from MarrowQuantLib.model import LesionChange
from MarrowQuantLib.phantom.exam import SimulatedExam, simulate_exam
from whole_body import whole_body

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Testing"))
from helpers.moving_spine import SHAPE, bent, picture  # noqa: E402  (the tests' own helper)

DOC = ROOT / "Docs" / "follow-up.md"
START, STOP = "<!-- {} by Testing/Benchmarks/follow_up.py -->", "<!-- end of {} -->"
DRAWS = 16
FOCAL_MM = 5.0


def roi_rows() -> list[str]:
    """ROIs carried between two pictures of a spine; the error is the distance of the centres."""
    image, rois = picture(0)
    later, truth = picture(1)
    true_follow_up = errors(image, rois, later, [roi.center_ras for roi in truth])
    rows = [roi_row("true follow-up: fat has returned, the patient lies elsewhere", [true_follow_up])]
    draws = [errors(image, rois, *bent(image, rois, seed)) for seed in range(1, DRAWS + 1)]
    rows.append(roi_row(f"every vertebra turned by up to 10° and moved by up to 15 mm, {DRAWS} draws", draws))
    noise = image.like(np.random.default_rng(0).uniform(0, 900, SHAPE).astype(np.float32))
    carried, _ = propagate_rois(rois, image, noise)
    told = sum(bool(c.findings) for c in carried)
    highest = max(c.confidence for c in carried)
    return [*rows, f"| the follow-up shows noise | {len(rois)} | – | – | at most {100 * highest:.0f} % | {told} of {len(rois)} |"]


def errors(image, rois, later, centers) -> list[tuple[float, float, bool]]:
    """Error in mm, confidence and whether there is a doubt, for each ROI."""
    carried, _ = propagate_rois(rois, image, later)
    return [(float(np.linalg.norm(c.roi.center_ras - to)), c.confidence, bool(c.findings)) for c, to in zip(carried, centers)]


def roi_row(name: str, draws: list[list[tuple[float, float, bool]]]) -> str:
    distance, confidence, doubt = zip(*(entry for draw in draws for entry in draw))
    span = f"{100 * min(confidence):.0f} to {100 * max(confidence):.0f} %"
    return f"| {name} | {len(distance)} | {np.median(distance):.1f} | {max(distance):.1f} | {span} | {sum(doubt)} of {len(doubt)} |"


def lesion_row(story: str, seed: int) -> str:
    """Lesions of the digital patient: how far the carried centre of each lies from the true one, and what was told about each."""
    first, second = (simulate_exam(story, number, seed) for number in (0, 1))
    bodies = [whole_body(exam) for exam in (first, second)]
    burdens = [BurdenSession(body.high, body.adc, context=body.context).update() for body in bodies]
    movement = follow.find_movement(*({"dwi_low": body.low} for body in bodies))
    before, _, changes = follow.name_lesions(*burdens, movement)
    here, there = (centers(exam) for exam in (first, second))
    both = [name for name in here if name in there]
    distance = np.linalg.norm(movement(np.array([here[name] for name in both])) - np.array([there[name] for name in both]), axis=1)
    states = [{lesion["name"]: lesion["state"] == "active" for lesion in exam.truth["lesions"]} for exam in (first, second)]
    wanted = {name: "persisting" if states[1].get(name) else "resolved" for name in here if states[0][name]}
    told = {name: kind_of(changes, name_at(before, here[name])) for name in wanted}
    right = sum(told[name] == kind for name, kind in wanted.items())
    summary = ", ".join(f"{list(wanted.values()).count(kind)} {kind}" for kind in sorted(set(wanted.values())))
    return f"| {story}, seed {seed} | {np.median(distance):.1f} | {distance.max():.1f} | {summary} | {right} of {len(wanted)} |"


def centers(exam: SimulatedExam) -> dict[str, np.ndarray]:
    long = [lesion for lesion in exam.truth["lesions"] if lesion["longest_diameter_mm"] > FOCAL_MM]
    return {lesion["name"]: np.array(lesion["center_ras"]) for lesion in long}


def name_at(burden, point: np.ndarray) -> str:
    index = np.rint((np.linalg.inv(burden.labels.ijk_to_ras) @ [*point, 1])[2::-1]).astype(int)
    label = int(burden.labels.array[tuple(index)])
    return burden.components[label - 1].lesion_id if label else ""


def kind_of(changes: tuple[LesionChange, ...], name: str) -> str:
    return next((change.kind for change in changes if name and name in change.names_before), "not found")


def write(name: str, lines: list[str]) -> None:
    before, _, rest = DOC.read_text(encoding="utf-8").partition(START.format(name))
    after = rest.partition(STOP.format(name))[2]
    DOC.write_text("\n".join([before + START.format(name), "", *lines, "", STOP.format(name) + after]), encoding="utf-8")


def main() -> None:
    head = "| test | ROIs | error, median (mm) | worst (mm) | confidence | with a doubt |"
    write("rois", [head, "|---|---:|---:|---:|---|---:|", *roi_rows()])
    head = "| digital patient | error of a lesion's centre, median (mm) | worst (mm) | what became of the lesions | told right |"
    rows = [lesion_row(story, seed) for seed in (1, 2) for story in ("responder", "non-responder")]
    write("lesions", [head, "|---|---:|---:|---|---:|", *rows])


if __name__ == "__main__":
    main()
