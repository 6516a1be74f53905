"""The table of ``Docs/dicom-conformance.md`` on our DICOM objects: ``python Docs/scripts/dicom_objects.py``.

Writes the objects of the digital patient in three dialects, and of public exams where they are at hand, has dciodvfy validate them, has
highdicom, dcmqi and dcmtk read them, and compares every voxel of maps and segments, and every number of the report, with ours.
"""

from __future__ import annotations

import json
import math
import shutil
import subprocess
import sysconfig
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

import dcmqi
import highdicom
import numpy as np
import pydicom
from MarrowQuantLib import phantom, workflow
from MarrowQuantLib.burden.exam_load import measure_burden
from MarrowQuantLib.dicom import ExamFiles
from MarrowQuantLib.export import codes
from MarrowQuantLib.export.prior import numbers_in
from MarrowQuantLib.export.write import GRIDS, export_dicom, segments_of
from MarrowQuantLib.io.imagefiles import read_volumes
from MarrowQuantLib.model import RAS_TO_LPS, ExamResult, Results, Settings, VertebraROI, Volume
from MarrowQuantLib.quantities import of_vertebrae
from MarrowQuantLib.vertebrae.measure import measure_vertebrae

ROOT = Path(__file__).resolve().parents[2]
STUDIES = ROOT.parent / "shared" / "data"
PUBLIC = {
    "GE dual echo": "inopposed/ge_dual_echo", "ProstateX (Siemens)": "dwi/prostatex_0000",
    "Siemens mosaic": "vendor_dwi/siemens_e11_mosaic_hfdl", "Siemens enhanced": "vendor_dwi/siemens_xa60_enhanced_directions",
    "Philips": "vendor_dwi/philips_5_3_classic", "Canon": "vendor_dwi/canon_6_1_classic",
    "CMB-CRC, ADC map of Toshiba": "dwi/cmb_crc_adc/date_1",
}  # fmt: skip
START, END = "<!-- objects: made by Docs/scripts/dicom_objects.py -->", "<!-- objects: end -->"
HEADS = ("exam", "planes of the maps", "objects", "errors of dciodvfy", "read by highdicom, dcmqi, dcmtk", "voxels of maps unlike ours",
         "voxels of segments unlike ours", "numbers of reports unlike ours")  # fmt: skip
NEAR = 0.02  # of a voxel: headers hold 16 characters a number


def program(name: str) -> str:
    """Path of a program, also where pip puts it."""
    places = [Path(sysconfig.get_path("scripts")) / name, Path(dcmqi.__file__).parent / "bin" / name]
    return next((str(place) for place in places if place.exists()), shutil.which(name) or name)


def ran(*arguments: object) -> bool:
    """True if a program ended well."""
    return subprocess.run([str(a) for a in arguments], capture_output=True, check=False).returncode == 0


def errors(path: Path) -> int:
    """Errors that dciodvfy finds."""
    told = subprocess.run(["dciodvfy", path], capture_output=True, text=True, check=False).stderr
    return sum(line.startswith("Error") for line in told.splitlines())


def ras(affine: np.ndarray) -> np.ndarray:
    """highdicom's matrix, (frame, row, column) to LPS, as ours."""
    return RAS_TO_LPS @ affine[:, [2, 1, 0, 3]]


def plane(volume: Volume) -> str:
    """Axial, sagittal or coronal, and oblique where the normal is more than 5° from that axis."""
    normal = np.abs(volume.ijk_to_ras[:3, 2]) / np.linalg.norm(volume.ijk_to_ras[:3, 2])
    name = ("sagittal", "coronal", "axial")[int(np.argmax(normal))]
    return f"oblique ({name})" if normal.max() < np.cos(np.radians(5.0)) else name


# ----------------------------------------------------------------------------------------------------------- comparisons
def unlike_voxels(ours: Volume, theirs: np.ndarray, to_ras: np.ndarray) -> int:
    """Voxels that another reader has otherwise; all of them if one lies elsewhere."""
    matrix = np.linalg.inv(to_ras) @ ours.ijk_to_ras
    size = np.array(ours.array.shape[::-1])
    corners = matrix[:3, :3] @ np.diag(size - 1.0) + matrix[:3, 3:]
    if max(np.abs(found - np.rint(found)).max() for found in (corners, matrix[:3, 3])) > NEAR:
        return int(ours.array.size)
    steps = np.where(size > 1, np.rint(matrix[:3, :3]), 0).astype(int)
    axes = [np.arange(n).reshape([-1 if a == b else 1 for a in (2, 1, 0)]) for b, n in enumerate(size)]  # i, j, k along (k, j, i)
    index = [int(np.rint(matrix[a, 3])) + sum(steps[a, b] * axes[b] for b in range(3) if steps[a, b]) for a in range(3)]
    seen = np.broadcast_to(theirs[index[2], index[1], index[0]], ours.array.shape).astype(np.float32)
    wanted = ours.array.astype(np.float32)
    return int(np.sum(~((seen == wanted) | (np.isnan(seen) & np.isnan(wanted)))))


def unlike_mask(ours: Volume, theirs: np.ndarray, to_ras: np.ndarray) -> int:
    """Voxels that only one of the two masks holds."""
    places = np.argwhere(theirs)[:, ::-1] @ to_ras[:3, :3].T + to_ras[:3, 3]
    index = ours.to_ijk(places)
    whole = np.rint(index).astype(int)
    if len(index) and np.abs(index - whole).max() > NEAR:
        return len(index)
    mine, yours = {tuple(row) for row in np.argwhere(ours.array)[:, ::-1].tolist()}, {tuple(row) for row in whole.tolist()}
    return len(mine ^ yours)


def expected_numbers(results: Results, exam: ExamResult) -> Iterator[tuple[str, str, str, float]]:
    """What the report must hold: tracking identifier, code of the quantity, code of the derivation, value."""
    for vertebra in exam.vertebrae:
        for row in of_vertebrae():
            measured = vertebra.measurements.get(row.key)
            if measured is not None and np.isfinite(measured.value):
                derived = codes.STATISTICS.get(row.statistic, ("", "", ""))
                yield f"{vertebra.roi.level} ROI", codes.of_quantity(row.key, measured.name)[0], derived[0], measured.value
    for key, measured in exam.lumbar.items():
        if np.isfinite(measured.value):
            yield f"Lumbar mean {measured.name}", codes.of_quantity(key, measured.name)[0], codes.MEAN[0], measured.value
    if exam.burden is not None:
        yield "Total diffusion volume", codes.VOLUME[0], "", exam.burden.tdv.value
        for part in exam.burden.components:
            yield part.lesion_id or f"tDV component {part.label}", codes.VOLUME[0], "", part.volume_ml
    if results.response is not None and len(results.exams) > 1 and exam is results.exams[-1]:
        yield "Response estimate", codes.PROBABILITY[0], "", 100.0 * (results.response.probability or 0.0)


def unlike_numbers(results: Results, exam: ExamResult, found: set[tuple[str, str, str, float]]) -> int:
    """Expected numbers that the exam's reports do not hold."""
    seen: dict[tuple[str, str, str], list[float]] = {}
    for tracking, name, derived, value in found:
        seen.setdefault((tracking, name, derived), []).append(value)
    return sum(
        not any(math.isclose(value, other, rel_tol=1e-12) for other in seen.get((tracking, name, derived), ()))
        for tracking, name, derived, value in expected_numbers(results, exam)
    )


def by_dcmqi(path: Path) -> list[tuple[str, str, str, float]]:
    """Numbers of a report's imaging measurements as tid1500reader read them; what stands beside these it does not look at."""
    groups = json.loads(path.read_text(encoding="utf-8"))["Measurements"]
    return [
        (group["TrackingIdentifier"], item["quantity"]["CodeValue"], item.get("derivationModifier", {}).get("CodeValue", ""),
         float(item["value"])) for group in groups for item in group["measurementItems"]
    ]  # fmt: skip


def unlike_imaging_measurements(report: pydicom.Dataset, read: list[tuple[str, str, str, float]]) -> int:
    """Numbers of a report's imaging measurements that another reader has otherwise; decimal strings have 16 characters."""
    part = pydicom.Dataset()
    part.ContentSequence = [item for item in report.ContentSequence if item.ConceptNameCodeSequence[0].CodeValue == "126010"]
    ours = numbers_in(part)
    alike = sum(one[:3] == other[:3] and math.isclose(one[3], other[3], rel_tol=1e-9) for one, other in zip(ours, read))
    return max(len(ours), len(read)) - alike


# ------------------------------------------------------------------------------------------------------------------ rows
class Tally:
    """What one row of the table counts."""

    def __init__(self) -> None:
        self.errors = self.asked = self.read = self.maps = self.segments = self.numbers = 0

    def of_map(self, path: Path, ours: Volume, out: Path) -> None:
        """Read one map by two readers."""
        self.asked += 2
        self.read += ran(program("paramap2itkimage"), "--inputDICOM", path, "--outputDirectory", out, "--outputType", "nifti")
        seen = [read_volumes(image)[0] for image in out.glob("*.nii.gz")]
        self.maps += sum(unlike_voxels(ours, volume.array, volume.ijk_to_ras) for volume in seen) if seen else ours.array.size
        volume = highdicom.imread(path).get_volume()
        self.read += 1
        self.maps += unlike_voxels(ours, volume.array, ras(volume.affine))

    def of_segmentation(self, path: Path, masks: list[Volume], out: Path) -> None:
        """Read one segmentation by two readers."""
        self.asked += 2
        self.read += ran(program("segimage2itkimage"), "--inputDICOM", path, "--outputDirectory", out, "--outputType", "nifti")
        found = highdicom.seg.segread(path)
        self.read += found.number_of_segments == len(masks)
        read = found.get_volume(combine_segments=False, rescale_fractional=False, allow_missing_positions=True)
        for n, mask in enumerate(masks, start=1):
            image = next(iter([*out.glob(f"{n}.nii.gz"), *out.glob(f"*-{n}.nii.gz")]), None)
            seen = read_volumes(image)[0] if image else None
            self.segments += unlike_mask(mask, seen.array, seen.ijk_to_ras) if seen else int(mask.array.sum())
            self.segments += unlike_mask(mask, read.array[..., n - 1], ras(read.affine))

    def of_report(self, path: Path, out: Path) -> list[tuple[str, str, str, float]]:
        """Read one report by three readers; gives its numbers."""
        self.asked += 3
        report, told = pydicom.dcmread(path), out / "report.json"
        self.read += ran(program("tid1500reader"), "--inputDICOM", path, "--outputMetadata", told)
        self.numbers += unlike_imaging_measurements(report, by_dcmqi(told))
        self.read += ran("dsr2html", path, out / "report.html")
        self.read += highdicom.sr.srread(path).content is not None
        return numbers_in(report)


def row(name: str, results: Results, files: list[ExamFiles], work: Path) -> str:
    """One line of the table."""
    objects, tally, planes = export_dicom(results, files, work / "objects"), Tally(), {}
    segments = {(exam.label, key): (GRIDS.get(key, key), made) for exam in results.exams for key, _, made in segments_of(exam)}
    found: dict[str, set[tuple[str, str, str, float]]] = {exam.label: set() for exam in results.exams}
    for n, (what, path) in enumerate(objects.items()):
        tally.errors += errors(path)
        out = work / f"out{n}"
        out.mkdir()
        exam = next(exam for exam in results.exams if what.startswith(exam.label))
        kind, _, key = what[len(exam.label) + 1 :].partition("-")
        if kind == "map":
            ours = exam.spreads[key[:-3]] if key.endswith("-sd") else exam.maps[key]
            planes[plane(ours)] = None
            tally.of_map(path, ours, out)
        elif kind == "seg":
            grid, made = segments[exam.label, key]
            tally.of_segmentation(path, [exam.maps[grid].like(segment.mask) for segment in made], out)
        elif kind == "report" and key not in ("pdf", "page"):
            found[exam.label].update(tally.of_report(path, out))
    tally.numbers += sum(unlike_numbers(results, exam, found[exam.label]) for exam in results.exams)
    read, unlike = f"{tally.read} of {tally.asked}", (tally.maps, tally.segments, tally.numbers)
    return f"| {' | '.join(map(str, (name, ', '.join(planes), len(objects), tally.errors, read, *unlike)))} |"


def with_regions(files: list[ExamFiles]) -> Results:
    """A public exam measured in two made-up regions in the middle of the image, and with what a wide ADC window gives as components."""
    settings = Settings(tdv_signal_ratio=2.0, tdv_adc_window=(100.0, 3000.0))
    maps = workflow.make_maps(files[0], "baseline", settings)
    grid = next(maps.maps[key] for key in ("ff", "adc", "in_phase") if key in maps.maps)
    middle = grid.to_ras((np.array(grid.array.shape[::-1]) - 1) / 2)
    places = (("L2", 9.0), ("L3", -9.0))
    rois = [VertebraROI(level, middle + np.array([s, 0.0, 0.0]), np.eye(3), np.array([8.0, 8.0, 8.0])) for level, s in places]
    vertebrae, lumbar = measure_vertebrae(maps.maps, rois)
    burden = None
    if "dwi_high" in maps.maps:
        high = maps.maps["dwi_high"].array
        burden, _ = measure_burden(maps.maps, settings, float(np.nanmedian(high[high > 0])))
    return workflow.conclude([workflow.assemble(maps, vertebrae, lumbar, burden, {})], settings)


def rows(folder: Path) -> Iterator[str]:
    """Every line, the digital patients first."""
    for dialect in phantom.DIALECTS:
        patient = phantom.write_patient(folder / dialect, dialect=dialect, seed=1)
        exams = [patient.baseline, patient.follow_up]
        results = workflow.analyze(exams, labs=patient.labs, rois=[workflow.find_markups(exam, folder / dialect) for exam in exams])
        work = folder / f"{dialect}-work"
        work.mkdir()
        yield row(f"digital patient, {dialect}-like, both dates", results, workflow.read_exams(exams), work)
        shutil.rmtree(work)
    for name, place in PUBLIC.items():
        if (STUDIES / place).is_dir():
            files = workflow.read_exams([STUDIES / place])[:1]
            work = folder / Path(place).name
            work.mkdir()
            yield row(f"{name} (public)", with_regions(files), files, work)


def main() -> None:
    """Make the table and put it into the page."""
    warnings.simplefilter("ignore")
    lines = [f"| {' | '.join(HEADS)} |", "|---|---|" + "--:|" * (len(HEADS) - 2)]
    with tempfile.TemporaryDirectory() as folder:
        for line in rows(Path(folder)):
            lines.append(line)
            print(line, flush=True)
    page = ROOT / "Docs" / "dicom-conformance.md"
    text = page.read_text(encoding="utf-8")
    before, after = text.split(START)[0], text.split(END)[1]
    page.write_text(f"{before}{START}\n{chr(10).join(lines)}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
