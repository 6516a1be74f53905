"""The batch: what a manifest may say, and that a fault, a killed process or an interruption costs no other case anything."""

from __future__ import annotations

import csv
import importlib.util
import json
import os
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from helpers.batch_cases import write_cases
from helpers.report_case import fake_results
from MarrowQuantLib import batch, cli
from MarrowQuantLib.batch import engines
from MarrowQuantLib.batch.job import BatchOptions, Outcome, _write, is_finished, run_case, without_identity
from MarrowQuantLib.batch.manifest import read_manifest
from MarrowQuantLib.model import Cancelled, MarrowQuantError, Settings, no_progress

HEADER = "case,baseline,follow_up,labs,rois\n"


@pytest.fixture(scope="module")
def cases(digital_patient, tmp_path_factory) -> Path:
    """Folder of four small cases; p003 has a laboratory sheet that cannot be read, p004 leads out of the folder."""
    folder = tmp_path_factory.mktemp("study") / "cases"
    manifest = write_cases(digital_patient("responder", "philips"), folder, 4)
    (folder / "p003" / "labs.csv").write_text("date,test,value,unit\n2025-01-14,M protein,38 or so,g/L\n")
    manifest.write_text(manifest.read_text().replace("p004,exams/baseline", "p004,../elsewhere"))
    return folder


@pytest.fixture(scope="module")
def finished(cases, tmp_path_factory):
    """The batch over these cases in this process."""
    out = tmp_path_factory.mktemp("batch") / "out"
    return out, batch.run(cases / "manifest.csv", out)


def table(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines()))


def same_files(a: Path, b: Path) -> bool:
    return all((a / name).read_bytes() == (b / name).read_bytes() for name in ("cases.csv", "cohort.csv"))


# --------------------------------------------------------------------------------------------------------------- manifest
def manifest_of(folder: Path, rows: str, header: str = HEADER) -> Path:
    path = folder / "manifest.csv"
    path.write_text(header + rows, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "is empty"),
        (HEADER, "header but no case"),
        ("name,baseline\na,b\n", "no column 'case'"),
        ("label;baseline\na;b\n", "no column 'case'"),
        ("case,baseline,case\na,b,c\n", "repeated"),
        ("case,baseline,id\na,b,c\n", "'id' or no plain word"),
        (HEADER + "a,b\n", "2 cells instead of 5"),
        (HEADER + "../a,b,,,\n", "cannot be a case label"),
        (HEADER + "Jane Doe,b,,,\n", "cannot be a case label"),
        (HEADER + "NUL,b,,,\n", "cannot be a case label"),
        (HEADER + "a,b,,,\nA,c,,,\n", "repeats the case 'A' of line 2"),
        (HEADER + "a,=HYPERLINK(1),,,\n", "formula"),
        (HEADER + 'a,"b,,,\n', "not valid CSV"),
    ],
)
def test_a_manifest_that_cannot_be_trusted_is_refused_as_a_whole(tmp_path, text, sentence):
    with pytest.raises(MarrowQuantError, match=sentence):
        batch.run(manifest_of(tmp_path, text, ""), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_path_may_leave_the_manifests_folder_only_if_it_is_absolute(tmp_path):
    (tmp_path / "study" / "exam").mkdir(parents=True)
    (tmp_path / "elsewhere").mkdir()
    os.symlink(tmp_path / "elsewhere", tmp_path / "study" / "link")
    rows = f"a,exam,,,\nb,../elsewhere,,,\nc,link,,,\nd,{tmp_path / 'elsewhere'},,,\ne,nowhere,,,\nf,,,,\n"
    problems = {case.label: case.problem for case in batch.read_manifest(manifest_of(tmp_path / "study", rows))}
    assert problems["a"] == problems["d"] == ""
    assert "leads out" in problems["b"] and "leads out" in problems["c"]
    assert "does not exist" in problems["e"]
    assert "No baseline" in problems["f"]


def test_further_columns_are_kept_for_the_cohort(tmp_path):
    (case,) = batch.read_manifest(manifest_of(tmp_path, "a,,2,x\n", "case,baseline,Age,Outcome\n"))
    assert case.covariates == {"age": "2", "outcome": "x"}


# ------------------------------------------------------------------------------------------------------------------- runs
def test_a_dry_run_lists_every_case_with_its_reason_and_writes_nothing(cases, tmp_path, capsys):
    assert cli.main(["batch", str(cases / "manifest.csv"), "--out", str(tmp_path / "out"), "--dry-run"]) == 0
    p1, p2, p3, p4 = capsys.readouterr().out.splitlines()
    assert (p1, p2) == ("p001: ready.", "p002: ready.")
    assert p3.startswith("p003: skipped. Line 2 of labs.csv")
    assert p4.startswith("p004: skipped. The baseline path leads out")
    assert not (tmp_path / "out").exists()


def test_a_failing_case_does_not_stop_the_others(finished):
    out, report = finished
    assert report.counts == {"done": 2, "failed": 1, "skipped": 1}
    assert [row["status"] for row in table(out / "cases.csv")] == ["done", "done", "failed", "skipped"]
    assert sorted(p.name for p in (out / "cases").iterdir()) == ["p001", "p002"]
    assert not (out / ".work").exists()


def test_the_cohort_table_holds_what_the_cases_results_hold(finished):
    out, _ = finished
    for row in table(out / "cohort.csv"):
        results = json.loads((out / "cases" / row["id"] / "results.json").read_text(encoding="utf-8"))
        changes = {change["name"]: change for change in results["changes"] if not change["level"]}
        assert float(row["ff_change"]) == pytest.approx(changes["ff"]["absolute"], rel=1e-5)
        assert float(row["m_protein_change"]) == pytest.approx(changes["m_protein"]["relative_percent"], rel=1e-5)
        assert float(row["response_probability"]) == pytest.approx(results["response"]["probability"], rel=1e-5)
        assert (row["days"], row["synthetic"]) == ("63", "1")
        assert row["responder"] in {"0", "1"}


def test_the_log_is_one_object_a_line_without_paths_dates_or_file_names(finished, cases):
    out, _ = finished
    lines = [json.loads(line) for line in (out / "log.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [line["event"] for line in lines] == ["start", *["case"] * 4, "end"]
    assert "not a number" in next(line["sentence"] for line in lines if line.get("case") == "p003")
    text = (out / "log.jsonl").read_text(encoding="utf-8")
    assert "2025-" not in text
    assert not any(part in text for part in (str(cases), cases.parent.name, "exams", ".mrk", "IM0"))


def test_names_and_dates_are_taken_out_of_a_sentence(tmp_path):
    (tmp_path / "Doe_Jane").mkdir()
    (tmp_path / "Doe_Jane" / "DOE.dcm").write_text("")
    case = batch.Case("a", {"baseline": tmp_path / "Doe_Jane"})
    text = without_identity("The file DOE.dcm of Doe_Jane (2025-01-14) is truncated.", case)
    assert text == "The file … of … (<date>) is truncated."


def test_a_case_gets_its_pdf_and_workbook_too_under_its_label(cases, tmp_path):
    for package in ("fpdf", "openpyxl", "matplotlib_fontja"):
        pytest.importorskip(package, reason=f"{package} is not installed; the PDF and the workbook of a batch need it.")
    case = read_manifest(cases / "manifest.csv")[0]
    options, plain = (BatchOptions(tmp_path, also=also) for also in (("pdf", "xlsx"), ()))
    _write(case, fake_results(), options, no_progress)
    folder = tmp_path / "cases" / case.label
    assert (folder / "report.pdf").read_bytes().startswith(b"%PDF") and (folder / "tables.xlsx").stat().st_size > 5000
    assert f"<b>{case.label}</b>" in (folder / "report.html").read_text(encoding="utf-8")
    assert is_finished(case, options) and not is_finished(case, plain)


def test_two_processes_and_one_write_the_same_files(finished, cases, tmp_path):
    out, _ = finished
    threads = os.environ.get("OMP_NUM_THREADS")
    report = batch.run(cases / "manifest.csv", tmp_path / "out", jobs=2)
    assert report.counts == {"done": 2, "failed": 1, "skipped": 1}
    assert same_files(out, tmp_path / "out")
    assert os.environ.get("OMP_NUM_THREADS") == threads


def test_resuming_measures_only_what_is_missing_or_was_made_otherwise(cases, finished, tmp_path, monkeypatch):
    out = tmp_path / "out"
    shutil.copytree(finished[0], out)
    (out / "cases" / "p002" / "results.json").write_text("{")  # as if the disk had been full
    ran = []

    def recorded(case, options, progress):
        ran.append(case.label)
        return run_case(case, options, progress)

    monkeypatch.setattr(engines, "run_case", recorded)
    with pytest.raises(MarrowQuantError, match="already holds a batch"):
        batch.run(cases / "manifest.csv", out)
    batch.run(cases / "manifest.csv", out, resume=True)
    assert ran == ["p002", "p003", "p004"]
    assert same_files(finished[0], out)
    ran.clear()
    batch.run(cases / "manifest.csv", out, resume=True, settings=Settings(tdv_signal_ratio=6.0))
    assert ran == ["p001", "p002", "p003", "p004"]
    assert not same_files(finished[0], out)


def test_overwriting_measures_all_again_and_replaces_what_is_there(cases, finished, tmp_path):
    out = tmp_path / "out"
    shutil.copytree(finished[0], out)
    old = out / "cases" / "p001" / "results.json"
    old.write_text(old.read_text().replace('"software_version": "', '"software_version": "0.'))  # of an earlier version
    report = batch.run(cases / "manifest.csv", out, overwrite=True)
    assert report.counts == {**finished[1].counts}
    assert old.read_bytes() == (finished[0] / "cases" / "p001" / "results.json").read_bytes()
    assert batch.run(cases / "manifest.csv", out, resume=True).counts["kept"] == 2


def test_cancelling_leaves_finished_cases_and_no_half_ones(cases, tmp_path):
    def cancel(fraction, text):
        if fraction > 0.3:  # in the middle of the second of four cases
            raise Cancelled

    with pytest.raises(Cancelled):
        batch.run(cases / "manifest.csv", tmp_path / "out", progress=cancel)
    assert [p.name for p in (tmp_path / "out" / "cases").iterdir()] == ["p001"]
    assert not any((tmp_path / "out" / ".work").iterdir())


def fake_scene(results, path, progress):
    """Stands in for ``scene.results_scene.write_scene``, which needs the embedded Slicer."""
    path.write_bytes(b"scene")


def test_scenes_are_written_if_wanted_and_change_no_number(finished, cases, tmp_path):
    out = tmp_path / "out"
    shutil.copytree(finished[0], out)
    report = batch.run(cases / "manifest.csv", out, resume=True, scene_writer=fake_scene)
    assert report.counts["done"] == 2  # nothing was kept, because the scenes were missing
    for label in ("p001", "p002"):
        assert (out / "cases" / label / "scene.mrb").read_bytes() == b"scene"
        assert (out / "cases" / label / "results.json").read_bytes() == (finished[0] / "cases" / label / "results.json").read_bytes()
    assert same_files(finished[0], out)
    assert batch.run(cases / "manifest.csv", out, resume=True, scene_writer=fake_scene).counts["kept"] == 2


def test_without_the_embedded_slicer_scenes_are_refused_with_the_remedy(cases, tmp_path, monkeypatch, capsys):
    from MarrowQuantLib.scene import headless

    monkeypatch.setattr(headless, "available", lambda: False)
    assert cli.main(["batch", str(cases / "manifest.csv"), "--out", str(tmp_path / "out"), "--scene"]) == 1
    assert "marrowquant[scene]" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_an_interrupted_batch_keeps_what_is_complete_and_says_so(cases, tmp_path, monkeypatch, capsys):
    def run_first_only(case, options, progress):
        if case.label != "p001":
            raise KeyboardInterrupt
        return run_case(case, options, progress)

    monkeypatch.setattr(engines, "run_case", run_first_only)
    assert cli.main(["batch", str(cases / "manifest.csv"), "--out", str(tmp_path / "out")]) == 130
    assert "what was complete stays" in capsys.readouterr().err
    assert [p.name for p in (tmp_path / "out" / "cases").iterdir()] == ["p001"]


# -------------------------------------------------------------------------------------------------------- workers that die
def die_if_first(case, options, progress=None):
    """Stands in for ``run_case``: the first case kills its process every time, the second one only the first time, while both run."""
    mark = options.out / "b-died"
    if case.label == "b" and not mark.exists():
        mark.touch()
        os._exit(1)
    if case.label == "a":
        end = time.monotonic() + 60
        while not mark.exists() and time.monotonic() < end:
            time.sleep(0.05)
        os._exit(1)
    return Outcome(case.label, batch.DONE)


def test_only_the_case_that_kills_its_process_fails(tmp_path, monkeypatch):
    monkeypatch.setattr(engines, "run_case", die_if_first)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(Path(__file__).parent), str(Path(__file__).parents[1])]))
    cases = [batch.Case(label, {}) for label in "abcd"]
    outcomes = {o.label: o for o in engines.in_processes(cases, BatchOptions(tmp_path), jobs=2)}
    assert {label: o.status for label, o in outcomes.items()} == {"a": "failed", "b": "done", "c": "done", "d": "done"}
    assert "ended from outside or crashed" in outcomes["a"].sentence


def test_without_dask_a_scheduler_is_refused_with_the_remedy(cases, tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "distributed", None)
    with pytest.raises(MarrowQuantError, match=r"marrowquant\[dask\]"):
        batch.run(cases / "manifest.csv", tmp_path / "out", scheduler="tcp://127.0.0.1:1")


def test_dask_workers_of_which_one_is_killed_write_the_same_files(finished, cases, tmp_path):
    if importlib.util.find_spec("distributed") is None:
        pytest.skip("distributed is not installed (pip install 'marrowquant[dask]').")
    from helpers.loopback import dask_cluster, kill_a_busy_worker

    # beside the batch, so that the killer is connected before the first case runs, however slow the machine
    with dask_cluster(2, tmp_path / "cluster") as address, ThreadPoolExecutor(1) as beside:
        killed = beside.submit(kill_a_busy_worker, address)
        report = batch.run(cases / "manifest.csv", tmp_path / "out", scheduler=address)
    assert killed.result() > 0
    assert report.counts == {"done": 2, "failed": 1, "skipped": 1}
    assert same_files(finished[0], tmp_path / "out")
    labels = [row["id"] for row in table(tmp_path / "out" / "cohort.csv")]
    assert labels == ["p001", "p002"]
