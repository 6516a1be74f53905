"""How runs end: full disks, killed runs, earlier results, hostile files. One sentence, nothing lost, nothing overwritten unasked."""

from __future__ import annotations

import argparse
import copy
import errno
import json
import os
import random
import subprocess
import sys

import pytest
from helpers.dicom_files import write_image
from helpers.report_case import fake_results
from MarrowQuantLib import cli
from MarrowQuantLib.commands import outputs
from MarrowQuantLib.deidentify import deidentify
from MarrowQuantLib.io import atomic
from MarrowQuantLib.io.jsonfiles import parse_json, read_json
from MarrowQuantLib.model import MarrowQuantError
from MarrowQuantLib.report import write_report
from MarrowQuantLib.response import load_model
from MarrowQuantLib.response.model_file import MODELS_FOLDER
from MarrowQuantLib.results import read_results, write_results


def ended_process():
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def remnant(folder, process, host=atomic._HOST):
    return folder / f".marrowquant-{host}-{process}-0123abcd"


def test_what_a_killed_run_left_is_swept_by_the_next_one(tmp_path):
    ended = ended_process()
    (remnant(tmp_path, ended) / "deep").mkdir(parents=True)
    crosswalk = tmp_path / f".marrowquant-{atomic._HOST}-{ended}-deadbeef"
    crosswalk.write_text("who is who", encoding="utf-8")
    running, other, foreign = remnant(tmp_path, os.getpid()), remnant(tmp_path, ended, "ffffff"), tmp_path / ".marrowquant-notes"
    for folder in (running, other, foreign):
        folder.mkdir()
    with atomic.in_one_step(tmp_path / "out") as unfinished:
        (unfinished / "a").write_text("a", encoding="utf-8")
    assert not remnant(tmp_path, ended).exists()
    assert not crosswalk.exists()
    assert running.exists()
    assert other.exists()
    assert foreign.exists()
    assert (tmp_path / "out" / "a").is_file()


def test_a_run_that_is_killed_leaves_only_what_is_swept(tmp_path):
    code = (
        "import os, pathlib, sys\nfrom MarrowQuantLib.io.atomic import in_one_step\n"
        "with in_one_step(pathlib.Path(sys.argv[1])) as folder:\n    (folder / 'a').write_text('a')\n    os._exit(9)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path / "out")], check=False)
    assert done.returncode == 9
    assert len(list(tmp_path.iterdir())) == 1
    atomic.sweep(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_ends_a_command_with_one_sentence(tmp_path, capsys, monkeypatch):
    def full(*_arguments, **_options):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(tmp_path / "Doe^Jane"))

    from MarrowQuantLib import commands

    monkeypatch.setattr(commands, "add_all", lambda _parser: _parser.set_defaults(command=full))
    assert cli.main([]) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "No space left" in said
    assert "Doe" not in said


def folder_with_results(tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "results.json").write_text("{}", encoding="utf-8")
    return out


@pytest.mark.parametrize("command", ["analyze", "burden", "follow"])
def test_earlier_results_are_not_replaced_unless_told_and_it_is_said_before_measuring(tmp_path, capsys, command):
    out = folder_with_results(tmp_path)
    (tmp_path / "in").mkdir()
    exams = {"analyze": [tmp_path / "in"], "burden": [tmp_path / "in"], "follow": [tmp_path / "base", tmp_path / "in"]}[command]
    assert cli.main([command, *map(str, exams), "--out", str(out)]) == 1
    assert "--overwrite" in capsys.readouterr().err
    assert (out / "results.json").read_text(encoding="utf-8") == "{}"


@pytest.mark.parametrize("command", ["analyze", "burden", "adc", "pdff"])
@pytest.mark.parametrize("inside", ["", "deep/results"])
def test_nothing_is_written_into_the_input(tmp_path, capsys, command, inside):
    write_image(tmp_path, 0)
    before = sorted(tmp_path.rglob("*"))
    assert cli.main([command, str(tmp_path), "--out", str(tmp_path / inside)]) == 1
    assert "lies in the input" in capsys.readouterr().err
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    ("options", "name"), [(["--labs", "none.csv"], "none.csv"), (["--rois", "none.mrk.json"], "none.mrk.json"), (["--skeletons",
    "none.nii"], "none.nii")]
)
def test_files_are_looked_for_before_anything_is_measured(tmp_path, capsys, monkeypatch, options, name):
    (tmp_path / "in").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("MarrowQuantLib.workflow.analyze", lambda *_a, **_o: pytest.fail("measured"))
    assert cli.main(["analyze", "in", "--out", "out", *options]) == 1
    assert f"'{name}' does not exist" in capsys.readouterr().err


def test_a_file_is_replaced_only_when_told(tmp_path):
    path = tmp_path / "timeline.svg"
    path.write_text("old", encoding="utf-8")
    with pytest.raises(MarrowQuantError, match="exists already"):
        outputs.output_file(argparse.Namespace(out=path, overwrite=False))
    assert outputs.output_file(argparse.Namespace(out=path, overwrite=True)) == path
    with pytest.raises(MarrowQuantError, match="lies in the input"):
        outputs.output_file(argparse.Namespace(out=path, overwrite=True), [path])
    with pytest.raises(MarrowQuantError, match="no folder"):
        outputs.output_file(argparse.Namespace(out=tmp_path / "none" / "x.svg", overwrite=False))


@pytest.mark.parametrize("content", ["[" * 100_000, '{"a":' * 50_000, "{", "\x00", "[1,]", ""])
def test_hostile_json_is_a_value_error(tmp_path, content):
    with pytest.raises(ValueError):
        parse_json(content)
    path = tmp_path / "results.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ValueError):
        read_json(path)
    with pytest.raises(MarrowQuantError):
        read_results(path)


@pytest.mark.parametrize("content", ["[]",
"3", '{"exams": []}', '{"exams": [3], "software": {"name": "MarrowQuant"}}', json.dumps({"schema_version": "9.9"})])
def test_json_that_is_no_result_is_refused_with_a_sentence(tmp_path, content):
    path = tmp_path / "results.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(MarrowQuantError):
        read_results(path)


ODD_VALUES = (None, True, -1, 1e308, float("nan"), float("inf"), 10**400, "", "\ud800", [], {}, [[[]]], [None], {"a": 1}, "2025-13-45",
              [1] * 5)  # fmt: skip


def _places(item, above=()):
    if above:
        yield above
    inner = item.items() if isinstance(item, dict) else enumerate(item[:3]) if isinstance(item, list) else ()
    for key, value in inner:
        yield from _places(value, (*above, key))


def _damaged(sound, count, seed):
    """The sound content with one odd value, or one entry less, at places drawn by the seed."""
    places, draw = list(_places(sound)), random.Random(seed)
    for _ in range(count):
        damaged = copy.deepcopy(sound)
        *way, last = draw.choice(places)
        holder = damaged
        for key in way:
            holder = holder[key]
        if draw.random() < 0.2:
            del holder[last]
        else:
            holder[last] = draw.choice(ODD_VALUES)
        yield json.dumps(damaged)


def test_results_with_an_odd_value_anywhere_are_read_or_refused_with_a_sentence(tmp_path):
    path = write_results(fake_results(), tmp_path)
    answers = []
    for text in _damaged(json.loads(path.read_text(encoding="utf-8")), 400, 1):
        path.write_text(text, encoding="utf-8")
        try:
            answers.append(read_results(path))
        except MarrowQuantError as error:
            assert "\n" not in str(error)
            answers.append(None)
    assert answers.count(None) > 100
    for results in [found for found in answers if found is not None][::10]:
        write_report(results, tmp_path / "report.html")  # what was read can be shown


def test_response_models_with_an_odd_value_anywhere_are_read_or_refused_with_a_sentence(tmp_path):
    path = tmp_path / "model.json"
    refused = 0
    for text in _damaged(json.loads(next(MODELS_FOLDER.glob("*.json")).read_text(encoding="utf-8")), 300, 1):
        path.write_text(text, encoding="utf-8")
        try:
            load_model(path)
        except MarrowQuantError:
            refused += 1
    assert refused > 50


def test_files_that_vanish_while_a_folder_is_deidentified_are_left_out(tmp_path, monkeypatch):
    (tmp_path / "in").mkdir()
    paths = [write_image(tmp_path / "in", n, name=f"{n}.dcm") for n in range(3)]
    from MarrowQuantLib.deidentify import folder

    original = folder._read

    def vanish(path):
        paths[1].unlink(missing_ok=True)
        return original(path)

    monkeypatch.setattr(folder, "_read", vanish)
    summary = deidentify(tmp_path / "in", tmp_path / "out", tmp_path / "key")
    assert len(summary.passed) == 2
    assert [file.number for file in summary.left_out] == [2]


def test_a_full_disk_ends_a_case_of_a_batch_and_not_the_batch(tmp_path, monkeypatch):
    from MarrowQuantLib.batch import job
    from MarrowQuantLib.batch.log import BatchLog
    from MarrowQuantLib.batch.manifest import Case

    def full(*_arguments, **_options):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(tmp_path / "Doe^Jane"))

    monkeypatch.setattr(job.workflow, "analyze", full)
    outcome = job.run_case(Case("p1", {}), job.BatchOptions(tmp_path / "out"))
    assert outcome.status == job.FAILED
    assert "No space left" in outcome.sentence
    assert "Doe" not in outcome.sentence
    log = BatchLog(tmp_path / "gone")  # a folder that is not there any more
    log.write("case", case="p1")
