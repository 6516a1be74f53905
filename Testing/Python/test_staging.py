"""Output is written in one step: all of it, or nothing; and no cell of a spreadsheet is run."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from helpers.report_case import fake_results
from MarrowQuantLib.deidentify import audit
from MarrowQuantLib.deidentify.folder import Passed, Summary
from MarrowQuantLib.deidentify.rules import Policy
from MarrowQuantLib.io.atomic import in_one_step
from MarrowQuantLib.model import MarrowQuantError
from MarrowQuantLib.report.export import export
from MarrowQuantLib.results.measurements import cell


@pytest.fixture(scope="module")
def results():
    return fake_results()


def test_a_finished_folder_takes_its_name(tmp_path):
    with in_one_step(tmp_path / "new" / "out") as unfinished:
        (unfinished / "a.txt").write_text("a", encoding="utf-8")
        assert not (tmp_path / "new" / "out").exists()
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["out"]
    assert (tmp_path / "new" / "out" / "a.txt").read_text(encoding="utf-8") == "a"


@pytest.mark.parametrize("fault", [KeyboardInterrupt, ValueError, MarrowQuantError])
def test_an_interrupted_folder_leaves_nothing(tmp_path, fault):
    with pytest.raises(fault), in_one_step(tmp_path / "out") as unfinished:
        (unfinished / "a.txt").write_text("a", encoding="utf-8")
        raise fault("stop")
    assert not list(tmp_path.iterdir())


def test_a_full_disk_is_told_in_a_sentence(tmp_path):
    with pytest.raises(MarrowQuantError, match="No space left on device; check the free space"), in_one_step(tmp_path / "out"):
        raise OSError(28, "No space left on device")
    assert not list(tmp_path.iterdir())


def test_a_file_or_a_folder_with_files_is_not_replaced(tmp_path):
    file = tmp_path / "notes.txt"
    file.write_text("mine", encoding="utf-8")
    for place, why in ((file, "is a file"), (tmp_path, "is not empty")):
        with pytest.raises(MarrowQuantError, match=why), in_one_step(place):
            pass
    assert file.read_text(encoding="utf-8") == "mine"


def test_results_without_a_scene_remove_the_scene_of_older_results(results, tmp_path):
    out = tmp_path / "out"
    export(results, out, scene_writer=lambda results, path, progress: path.write_bytes(b"scene"))
    assert (out / "scene.mrb").is_file()
    (out / "notes.txt").write_text("mine", encoding="utf-8")
    export(results, out)
    assert sorted(path.name for path in out.iterdir()) == ["loads.npz", "measurements.csv", "notes.txt", "report.html", "results.json"]


def test_a_file_that_another_program_locks_is_told_in_a_sentence(results, tmp_path, monkeypatch):
    def locked(path: Path, missing_ok: bool = False) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "unlink", locked)
    with pytest.raises(MarrowQuantError, match="Permission denied; close its files in other programs"):
        export(results, tmp_path / "out")
    assert not list(tmp_path.glob(".marrowquant-*"))


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@a", "＝1+1", "＠SUM(A1)", "  =1", "\t=1", "\r=1"])
def test_no_spreadsheet_runs_a_cell_that_we_write(text, tmp_path):
    assert cell(text).startswith("'")
    summary = Summary(Policy.of("longitudinal", ()), "longitudinal", 1)
    summary.passed.append(Passed(text, "a/b.dcm", text, "P1", None))
    audit.write_crosswalk(summary, tmp_path / "who.csv")
    with (tmp_path / "who.csv").open(encoding="utf-8-sig", newline="") as file:
        row = next(csv.DictReader(file))
    assert row["original_id"] == row["original_file"] == "'" + text


def test_a_crosswalk_keeps_names_to_the_letter(tmp_path):
    summary = Summary(Policy.of("longitudinal", ()), "longitudinal", 1)
    summary.passed.append(Passed("two  spaces/a.dcm", "a/b.dcm", "ID  1", "P1", None))
    audit.write_crosswalk(summary, tmp_path / "who.csv")
    assert "ID  1,P1,,two  spaces/a.dcm" in (tmp_path / "who.csv").read_text(encoding="utf-8-sig")
