"""De-identified studies measure the same: every volume of the dialects and of real scanners, bit by bit, and as valid as before."""

import shutil
import subprocess
import zipfile
from pathlib import Path

import numpy as np
import pydicom
import pytest
from helpers.dicom_files import write_image
from helpers.small_exams import write_small
from MarrowQuantLib import dicom, workflow
from MarrowQuantLib.deidentify import deidentify
from MarrowQuantLib.model import MarrowQuantError
from MarrowQuantLib.phantom import DIALECTS
from MarrowQuantLib.results import results_to_dict

REAL = (
    "vendor_dwi/philips_5_3_classic", "vendor_dwi/siemens_e11_mosaic_hfdl", "vendor_dwi/siemens_xa61_enhanced_trace", "vendor_dwi/ge_mr28",
    "vendor_dwi/canon_6_1_classic", "dwi/prostatex_0000",
)  # fmt: skip
VERIFIED = (
    "philips", "siemens", "ge", "vendor_dwi/siemens_xa61_enhanced_trace", "vendor_dwi/siemens_e11_mosaic_hfdl",
    "vendor_dwi/philips_5_3_classic", "vendor_dwi/ge_mr28",
)  # fmt: skip


def volumes_of(folder: Path) -> list[tuple]:
    """What the reader says of every volume of a folder, with its values as bytes."""
    found = []
    for volume in dicom.scan(folder):
        try:
            values = volume.load().array.tobytes()
        except MarrowQuantError as error:
            values = str(error).encode()
        geometry = None if volume.ijk_to_ras is None else np.round(volume.ijk_to_ras, 9).tolist()
        about = (volume.role.value, volume.b_value, volume.echo_time_s, volume.component, volume.unit, volume.evidence)
        found.append((volume.series_number, *about, volume.station, geometry, values))
    return sorted(found, key=repr)


@pytest.mark.parametrize("dialect", tuple(DIALECTS))
def test_every_volume_of_a_dialect_is_read_the_same(tmp_path, dialect):
    write_small(tmp_path / "in", dialect)
    summary = deidentify(tmp_path / "in", tmp_path / "out", tmp_path / "key")
    assert not summary.left_out
    before, after = volumes_of(tmp_path / "in"), volumes_of(tmp_path / "out")
    assert len({row[2] for row in before}) >= 3  # b-values were read at all
    assert before == after


@pytest.mark.parametrize("name", REAL)
def test_every_volume_of_a_real_scanner_is_read_the_same(shared_data, tmp_path, name):
    summary = deidentify(shared_data / name, tmp_path / "out", tmp_path / "key")
    assert not summary.left_out
    before = volumes_of(shared_data / name)
    assert any(row[2] for row in before)  # b-values were read at all
    assert before == volumes_of(tmp_path / "out")


def test_philips_scale_slopes_are_kept_to_the_last_bit(tmp_path):
    write_small(tmp_path / "in", "philips")
    deidentify(tmp_path / "in", tmp_path / "out", tmp_path / "key")
    slopes = [
        sorted(float(image[0x2005, 0x100E].value) for path in folder.rglob("*.dcm") if (0x2005, 0x100E) in (image := pydicom.dcmread(path)))
        for folder in (tmp_path / "in", tmp_path / "out")
    ]
    assert len(set(slopes[0])) > 3
    assert slopes[0] == slopes[1]


def test_the_results_of_a_deidentified_exam_are_equal_but_for_its_date_and_identity(tmp_path):
    files = write_small(tmp_path / "in" / "DICOM", "siemens")
    (tmp_path / "labs.csv").write_text("date,test,value,unit\n2025-01-14,M protein,3.2,g/dL\n", encoding="utf-8")
    summary = deidentify(tmp_path / "in", tmp_path / "out", tmp_path / "key", labs=tmp_path / "labs.csv")
    assert len(summary.passed) == len(files)
    before = results_to_dict(workflow.analyze([tmp_path / "in"], labs=tmp_path / "labs.csv"))
    after = results_to_dict(workflow.analyze([tmp_path / "out"], labs=tmp_path / "out" / "labs.csv"))
    assert before["exams"][0]["labs"]["m_protein"]["value"] == after["exams"][0]["labs"]["m_protein"]["value"]
    assert before["exams"][0]["date"] != after["exams"][0]["date"]
    assert without(before, {"date", "given", "identity"}) == without(after, {"date", "given", "identity"})


def without(content, names):
    """Plain data without the entries of these names."""
    if isinstance(content, dict):
        return {key: without(value, names) for key, value in content.items() if key not in names}
    return [without(value, names) for value in content] if isinstance(content, list) else content


def test_the_labs_of_several_patients_are_refused(tmp_path):
    (tmp_path / "in").mkdir()
    for n in (1, 2):
        write_image(tmp_path / "in", n, PatientID=f"MQ-{n}")
    (tmp_path / "labs.csv").write_text("date,test,value,unit\n2025-01-14,M protein,3.2,g/dL\n", encoding="utf-8")
    with pytest.raises(MarrowQuantError, match="2 patients and the sheet is of one"):
        deidentify(tmp_path / "in", tmp_path / "out", tmp_path / "key", labs=tmp_path / "labs.csv")
    assert not (tmp_path / "out").exists()
    assert not (tmp_path / "key").exists()


@pytest.mark.parametrize("source", VERIFIED)
def test_dciodvfy_finds_no_error_that_the_original_did_not_have(request, tmp_path, source):
    if shutil.which("dciodvfy") is None:
        pytest.skip("dciodvfy is not installed (apt install dicom3tools).")
    folder = request.getfixturevalue("shared_data") / source if "/" in source else tmp_path / "in"
    if "/" not in source:
        write_small(folder, source)
    deidentify(folder, tmp_path / "out", tmp_path / "key", crosswalk=tmp_path / "who.csv")
    rows = [line.split(",")[-2:] for line in (tmp_path / "who.csv").read_text(encoding="utf-8-sig").splitlines()[1:]]
    compared = 0
    for original, cleaned in rows[:: max(len(rows) // 3, 1)]:
        assert errors(tmp_path / "out" / cleaned) <= errors(folder / original)
        compared += 1
    assert compared >= min(len(rows), 2)


def errors(path: Path) -> set[str]:
    """The errors that dciodvfy reports."""
    said = subprocess.run(["dciodvfy", str(path)], capture_output=True, text=True, errors="replace", check=False).stderr
    assert "Image" in said or "IOD" in said, "dciodvfy recognised no object"
    return {line for line in said.splitlines() if line.startswith("Error")}


def test_nothing_that_an_analysis_writes_or_says_carries_the_identity_of_the_images(slicer_scene, tmp_path, caplog, capfd):
    from MarrowQuantLib.scene.results_scene import write_scene

    secrets = ("Geheimrat", "GH-471187", "19500317", "Mariahilf")
    identity = {"PatientName": "Geheimrat^Anna", "PatientID": "GH-471187", "PatientBirthDate": "19500317", "InstitutionName": "Mariahilf"}
    for path in write_small(tmp_path / "Geheimrat" / "DICOM", "siemens"):
        image = pydicom.dcmread(path)
        image.update(identity)
        image.SeriesDescription = f"{image.SeriesDescription} Geheimrat"
        image.save_as(path)
    results = workflow.analyze([tmp_path / "Geheimrat"])
    written = workflow.export(results, tmp_path / "results", scene_writer=write_scene)
    contents = {path.name: path.read_bytes() for path in written.values()}
    with zipfile.ZipFile(written["scene"]) as bundle:
        contents.update({name: name.encode() + bundle.read(name) for name in bundle.namelist()})
    contents["said"] = (caplog.text + "".join(capfd.readouterr())).encode()
    assert len(contents) > 6
    for name, content in contents.items():
        for secret in secrets:
            assert secret.lower().encode() not in content.lower(), (name, secret)
