"""The command line: what it prints, and that bad input ends in one sentence, a non-zero exit code and nothing half-written."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pydicom
import pytest
from MarrowQuantLib import cli, commands
from MarrowQuantLib.vertebrae import read_markups, write_markups


def run(capsys, *arguments):
    """Exit code, standard output and the error sentence of one command."""
    code = cli.main([str(a) for a in arguments])
    captured = capsys.readouterr()
    errors = [line for line in captured.err.splitlines() if line.startswith("marrowquant: ")]
    return code, captured.out, errors


def refused(capsys, *arguments):
    """The one sentence with which a command ends that must not succeed."""
    code, _, errors = run(capsys, *arguments)
    assert code == 1
    assert len(errors) == 1, errors
    sentence = errors[0].removeprefix("marrowquant: ")
    assert sentence.endswith((".", "?")), "not a sentence"
    return sentence


@pytest.fixture
def patient(digital_patient):
    return digital_patient("responder", "philips")


@pytest.fixture
def out(tmp_path):
    """An output folder that must not exist afterwards."""
    folder = tmp_path / "results"
    yield folder
    assert not folder.exists(), "results of refused input were written"
    assert not list(tmp_path.glob(".marrowquant-*")), "a stage folder was left behind"


def copy_of(exam: Path, target: Path) -> Path:
    """A copy to damage; hard links where the file system allows, so that it costs nothing."""
    shutil.copytree(exam, target)
    return target


def dicom_files(folder: Path) -> list[Path]:
    return sorted(p for p in (folder / "DICOM").rglob("*") if p.is_file())


def change_tag(folder: Path, **tags):
    for path in dicom_files(folder):
        dataset = pydicom.dcmread(path)
        for name, value in tags.items():
            setattr(dataset, name, value)
        dataset.save_as(path)


def test_inspect_prints_one_object_a_volume(capsys, patient):
    code, printed, _ = run(capsys, "inspect", patient.baseline, "--json")
    assert code == 0
    rows = json.loads(printed)
    expected = {
        "series_number", "series_description", "role", "b_value", "echo_time_s", "station", "shape", "ijk_to_ras", "unit", "confidence",
        "evidence", "used",
    }  # fmt: skip
    assert all(expected <= set(row) for row in rows)
    dwi = [row for row in rows if row["role"] == "dwi"]
    assert sorted((row["station"], row["b_value"]) for row in dwi) == [(s, b) for s in range(1, 6) for b in (50.0, 400.0, 900.0)]
    assert all(len(row["shape"]) == 3 and len(row["ijk_to_ras"]) == 4 for row in rows)


def test_inspect_prints_a_table_a_reader_can_read(capsys, patient):
    code, printed, _ = run(capsys, "inspect", patient.baseline)
    assert code == 0
    assert "pdff" in printed
    assert "station 5" in printed


def test_analyze_prints_the_summary_and_where_the_report_is(capsys, patient, tmp_path):
    target = tmp_path / "out"
    code, printed, errors = run(
        capsys, "analyze", patient.baseline, patient.follow_up, "--labs", patient.labs, "--out", target, "--no-scene"
    )
    assert (code, errors) == (0, [])
    for words in ("Mean  ", "tDV", "ADC median", "Probability of CR/VGPR", "not calibrated", "Research use only", "Synthetic data"):
        assert words in printed, words
    assert str(target / "report.html") in printed
    assert (target / "report.html").is_file()


def test_an_empty_folder_is_refused(capsys, tmp_path, out):
    (tmp_path / "empty").mkdir()
    assert "empty" in refused(capsys, "analyze", tmp_path / "empty", "--out", out)


def test_a_folder_that_does_not_exist_is_refused(capsys, tmp_path, out):
    refused(capsys, "analyze", tmp_path / "nowhere", "--out", out)
    refused(capsys, "inspect", tmp_path / "nowhere")


def test_a_folder_with_only_a_localizer_is_refused(capsys, patient, tmp_path, out):
    localizers = [p for p in dicom_files(patient.baseline) if "localizer" in pydicom.dcmread(p, stop_before_pixels=True).SeriesDescription]
    (tmp_path / "exam").mkdir()
    for path in localizers:
        shutil.copy(path, tmp_path / "exam")
    assert "localizer" in refused(capsys, "analyze", tmp_path / "exam", "--out", out)


def test_a_truncated_file_is_named_and_what_is_whole_is_measured(capsys, patient, tmp_path):
    exam = copy_of(patient.baseline, tmp_path / "exam")
    victim = next(p for p in dicom_files(exam) if "DWI" in pydicom.dcmread(p, stop_before_pixels=True).SeriesDescription)
    victim.write_bytes(victim.read_bytes()[:-2000])
    out = tmp_path / "out"
    code, _, _ = run(capsys, "analyze", exam, "--out", out, "--no-scene")
    told = (out / "results.json").read_text(encoding="utf-8")
    assert code == 0
    assert f"{victim.name} is cut short" in told


def test_a_follow_up_older_than_the_baseline_is_refused(capsys, patient, out):
    assert "baseline first" in refused(capsys, "analyze", patient.follow_up, patient.baseline, "--out", out)


def test_exams_of_two_patients_are_refused(capsys, patient, tmp_path, out):
    other = copy_of(patient.follow_up, tmp_path / "other")
    change_tag(other, PatientID="SOMEBODY-ELSE", PatientName="ELSE^SOMEBODY")
    sentence = refused(capsys, "analyze", patient.baseline, other, "--out", out)
    assert "different patients" in sentence
    assert "ELSE" not in sentence.replace("else", "")


def test_points_outside_the_image_are_refused(capsys, patient, out):
    sentence = refused(capsys, "analyze", patient.baseline, "--first", "L1=0,0,900", "--last", "L5=0,0,760", "--out", out)
    assert "outside the image" in sentence


def test_an_roi_outside_the_field_of_view_is_refused_by_its_level(capsys, patient, tmp_path, out):
    rois = read_markups(next(patient.baseline.glob("*.mrk.json")))
    markups = tmp_path / "moved.mrk.json"
    write_markups(markups, [*rois[:2], replace(rois[2], center_ras=rois[2].center_ras + 900), *rois[3:]])
    sentence = refused(capsys, "analyze", patient.baseline, "--rois", markups, "--out", out)
    assert "field of view" in sentence
    assert rois[2].level in sentence


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('2025-01-14,M protein,"32,500",g/L', "decimal point"),
        ("2025-01-14,M protein,32.5,furlongs", "furlongs"),
        ("2025-01-14,M protein,-3,g/L", "not possible"),
        ("2025-01-14,haemoglobin,11200,g/L", "not possible"),
        ("2025-01-14,,3,g/L", "names no test"),
    ],
)
def test_a_bad_laboratory_line_is_refused_with_its_number(capsys, patient, tmp_path, out, line, words):
    sheet = tmp_path / "labs.csv"
    sheet.write_text(f"date,test,value,unit\n{line}\n", encoding="utf-8")
    sentence = refused(capsys, "analyze", patient.baseline, "--labs", sheet, "--out", out)
    assert "Line 2 of labs.csv" in sentence
    assert words in sentence


def test_a_markups_file_that_is_none_is_refused(capsys, patient, tmp_path, out):
    markups = tmp_path / "rois.mrk.json"
    markups.write_text("{}", encoding="utf-8")
    assert "rois.mrk.json" in refused(capsys, "analyze", patient.baseline, "--rois", markups, "--out", out)


def test_an_output_that_is_a_file_is_refused_before_anything_is_read(capsys, patient, tmp_path):
    target = tmp_path / "file"
    target.write_text("mine", encoding="utf-8")
    assert "is a file" in refused(capsys, "analyze", patient.baseline, "--out", target)
    assert target.read_text(encoding="utf-8") == "mine"


def test_a_mistyped_point_is_a_usage_error():
    with pytest.raises(SystemExit) as stopped:
        cli.main(["analyze", "x", "--out", "y", "--first", "L1=a,b,c"])
    assert stopped.value.code == 2


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["no-such-command"]])
def test_the_shell_answers_without_loading_the_numerics(arguments):
    """The libraries take more than a second to load; whoever asks for the help or mistypes a command does not wait for them."""
    code = (
        "import sys\nfrom MarrowQuantLib import cli\n"
        f"try:\n    cli.main({arguments!r})\nexcept SystemExit:\n    pass\n"
        "own = [name for name in sys.modules if name.startswith('MarrowQuantLib.')]\n"
        "print('LOADED', sorted(own), sorted({'numpy', 'scipy', 'SimpleITK', 'pydicom'} & set(sys.modules)))"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(cli.__file__).resolve().parents[1])}
    told = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    own = [f"MarrowQuantLib.{name}" for name in ("cli", "commands", "commands.progress", "words", "words.catalogue")]
    assert told.stdout.splitlines()[-1] == f"LOADED {own} []"


@pytest.mark.parametrize("asked, told", [({}, "1 None"), ({"OMP_NUM_THREADS": "3"}, "None 3"), ({"OPENBLAS_NUM_THREADS": "2"}, "2 None")])
def test_the_matrix_library_gets_one_thread_unless_the_user_asks_for_more(asked, told):
    names = ["OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"]
    code = (
        "import os\nfrom MarrowQuantLib import cli\n"
        "try:\n    cli.main(['--version'])\nexcept SystemExit:\n    pass\n"
        f"print(*map(os.environ.get, {names!r}))"
    )
    environment = {name: value for name, value in os.environ.items() if name not in names}
    environment.update(asked, PYTHONPATH=str(Path(cli.__file__).resolve().parents[1]))
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == told


@pytest.mark.parametrize("name", commands.COMMANDS)
def test_every_command_of_the_help_has_options(name, capsys):
    with pytest.raises(SystemExit) as stopped:
        cli.main([name, "--help"])
    assert stopped.value.code == 0
    assert f"marrowquant {name}" in capsys.readouterr().out


def test_a_file_in_place_of_an_exam_folder_is_called_a_file(capsys, tmp_path):
    (tmp_path / "notes.txt").write_text("no exam", encoding="utf-8")
    assert "notes.txt is a file; give the folder" in refused(capsys, "inspect", tmp_path / "notes.txt")


def test_the_demo_into_a_file_is_refused(capsys, tmp_path):
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    assert "'file' is a file; name a folder" in refused(capsys, "demo", "--out", tmp_path / "file")


def test_one_case_is_no_cohort(capsys, tmp_path):
    (tmp_path / "results.json").write_text("{}", encoding="utf-8")
    sentence = refused(capsys, "cohort", "roc", tmp_path / "results.json", "--outcome", "y", "--predictor", "x")
    assert "results.json is one case's file; give the folder" in sentence


def test_a_folder_for_dicom_objects_that_is_not_new_is_refused_before_anything_is_read(capsys, tmp_path, out):
    pytest.importorskip("highdicom", reason="highdicom is not installed; DICOM objects need it (pip install highdicom).")
    (tmp_path / "no-images").mkdir()
    (tmp_path / "objects").mkdir()
    (tmp_path / "objects" / "older").write_text("", encoding="utf-8")
    results = Path(__file__).parent / "data" / "results" / "2.0.0.json"
    for command in (("export", results, tmp_path / "no-images"), ("analyze", tmp_path / "no-images", "--out", out)):
        assert "'objects' is not empty" in refused(capsys, *command, "--dicom", tmp_path / "objects")
