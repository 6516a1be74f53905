"""The table of ``Docs/dicom-conformance.md`` on our DICOM objects: ``python Docs/scripts/dicom_objects.py``.

Writes the objects of the digital patient in three dialects, and of the public GE and ProstateX exams where they are at hand, has dciodvfy
validate them and highdicom, dcmqi and dcmtk read them, and compares every voxel of the maps with ours.
"""

from __future__ import annotations

import shutil
import subprocess
import sysconfig
import tempfile
import warnings
from pathlib import Path

import dcmqi
import highdicom
import numpy as np
from MarrowQuantLib import phantom, workflow
from MarrowQuantLib.io.imagefiles import read_volumes
from MarrowQuantLib.model import Results, Volume

ROOT = Path(__file__).resolve().parents[2]
STUDIES = ROOT.parent / "shared" / "data"
PUBLIC = {"GE dual echo (public)": STUDIES / "inopposed" / "ge_dual_echo", "ProstateX (public)": STUDIES / "dwi" / "prostatex_0000"}
START, END = "<!-- objects: made by Docs/scripts/dicom_objects.py -->", "<!-- objects: end -->"


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


def differing(ours: Volume, theirs: np.ndarray, to_ras: np.ndarray) -> int:
    """Voxels that another reader has otherwise or elsewhere (farther than 0.02 of a voxel)."""
    k, j, i = np.indices(ours.array.shape).reshape(3, -1)
    ras = ours.to_ras(np.stack([i, j, k], axis=1))
    index = np.linalg.solve(to_ras[:3, :3], (ras - to_ras[:3, 3]).T).T
    whole = np.rint(index).astype(int)
    if np.abs(index - whole).max() > 0.02:
        return ours.array.size
    found = theirs[whole[:, 2], whole[:, 1], whole[:, 0]].astype(np.float32)
    wanted = ours.array.reshape(-1).astype(np.float32)
    return int(np.sum(~((found == wanted) | (np.isnan(found) & np.isnan(wanted)))))


def row(name: str, folders: list[Path], work: Path) -> str:
    """One line of the table."""
    results: Results = workflow.analyze(folders)
    objects = workflow.export_dicom(results, workflow.read_exams(folders), work / "objects")
    bad, read, asked, unlike = sum(errors(path) for path in objects.values()), 0, 0, 0
    for n, (what, path) in enumerate(objects.items()):
        out = work / f"out{n}"
        out.mkdir()
        label, _, key = what.partition("-map-")
        if "-map-" in what:
            asked += 2
            read += ran(program("paramap2itkimage"), "--inputDICOM", path, "--outputDirectory", out, "--outputType", "nifti")
            exam = next(exam for exam in results.exams if exam.label == label)
            ours = exam.spreads[key[:-3]] if key.endswith("-sd") else exam.maps[key]
            for image in out.glob("*.nii.gz"):
                volume = read_volumes(image)[0]
                unlike += differing(ours, volume.array, volume.ijk_to_ras)
            volume = highdicom.imread(path).get_volume()
            read += 1
            unlike += differing(ours, volume.array, np.diag([-1.0, -1.0, 1.0, 1.0]) @ volume.affine[:, [2, 1, 0, 3]])
        elif "-seg-" in what:
            asked += 2
            read += ran(program("segimage2itkimage"), "--inputDICOM", path, "--outputDirectory", out, "--outputType", "nifti")
            read += highdicom.seg.segread(path).number_of_segments > 0
        elif what.endswith("-report"):
            asked += 3
            read += ran(program("tid1500reader"), "--inputDICOM", path, "--outputMetadata", out / "report.json")
            read += ran("dsr2html", path, out / "report.html")
            read += highdicom.sr.srread(path).content is not None
    return f"| {name} | {len(objects)} | {bad} | {read} of {asked} | {unlike} |"


def main() -> None:
    """Make the table and put it into the page."""
    warnings.simplefilter("ignore")
    heads = "| exam | objects | errors of dciodvfy | read by highdicom, dcmqi, dcmtk | voxels of maps unlike ours |"
    lines = [heads, "|---|--:|--:|--:|--:|"]
    with tempfile.TemporaryDirectory() as folder:
        for dialect in phantom.DIALECTS:
            patient = phantom.write_patient(Path(folder) / dialect, dialect=dialect, seed=1)
            work = Path(folder) / f"{dialect}-work"
            work.mkdir()
            lines.append(row(f"digital patient, {dialect}-like, both dates", [patient.baseline, patient.follow_up], work))
            print(lines[-1], flush=True)
        for name, place in PUBLIC.items():
            if place.is_dir():
                work = Path(folder) / name[:2]
                work.mkdir()
                lines.append(row(name, [place], work))
                print(lines[-1], flush=True)
    page = ROOT / "Docs" / "dicom-conformance.md"
    text = page.read_text(encoding="utf-8")
    before, after = text.split(START)[0], text.split(END)[1]
    page.write_text(f"{before}{START}\n{chr(10).join(lines)}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
