"""Two readers on the same exams, against numbers made by hand."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
from MarrowQuantLib.burden import segment
from MarrowQuantLib.cli import main
from MarrowQuantLib.followup.readers import agreement, cohen_kappa, compare_readers
from MarrowQuantLib.model import MarrowQuantError, Volume

MATRIX = np.diag([5.0, 5.0, 5.0, 1.0])


def load(decisions=(), shift=0):
    """Three cubes of 4 x 4 x 4 voxels of 0.125 mL in muscle; decisions by the number of the cube."""
    signal, adc = np.full((12, 30, 30), 100.0, np.float32), np.full((12, 30, 30), 1500.0, np.float32)
    centers = [(4, 6, 6 + 8 * n) for n in range(3)]
    for n, (k, j, i) in enumerate(centers):
        box = (slice(k, k + 4), slice(j, j + 4), slice(i + shift, i + shift + 4))
        signal[box], adc[box] = 1000.0, 700.0 + 100 * n
    said = [([(i + 1.5) * 5.0, (j + 1.5) * 5.0, (k + 1.5) * 5.0], state) for n, state in decisions for k, j, i in [centers[n]]]
    return segment(Volume(signal, MATRIX), Volume(adc, MATRIX), muscle=100.0, decisions=said)


def test_the_same_reading_agrees_in_all():
    pair = compare_readers(load(), load())
    assert pair.dice == 1.0 and pair.decisions.tolist() == [[True, True]] * 3 and np.isnan(pair.kappa)


def test_one_decision_that_differs():
    pair = compare_readers(load([(2, "rejected")]), load([(1, "rejected"), (2, "rejected")]))
    assert pair.dice == pytest.approx(2 * 1 / (2 + 1))
    assert sorted(map(tuple, pair.decisions.tolist())) == [(False, False), (True, False), (True, True)]
    assert pair.kappa == pytest.approx((2 / 3 - 4 / 9) / (1 - 4 / 9))
    assert pair.tdv_ml[0] == pytest.approx(2 * pair.tdv_ml[1])


def test_kappa_is_that_of_the_textbook():
    """Twenty yes-yes, fifteen no-no, five and ten that differ: 0.4 (the worked example of Cohen's kappa in Wikipedia)."""
    table = [(True, True)] * 20 + [(False, False)] * 15 + [(True, False)] * 5 + [(False, True)] * 10
    assert cohen_kappa(np.array(table)) == pytest.approx(0.4)


def test_exams_together_and_what_cannot_be_compared():
    pairs = [compare_readers(load(), load([(n, "rejected")] if n else ())) for n in range(3)]
    found = agreement(pairs)
    assert found.icc is not None and found.bias_ml < 0 and len(found.pairs) == 3
    with pytest.raises(MarrowQuantError, match="grids differ"):
        elsewhere = replace(load(), labels=load().labels.like(load().labels.array, ijk_to_ras=2 * MATRIX))
        compare_readers(load(), elsewhere)
    with pytest.raises(MarrowQuantError, match="nothing to compare"):
        agreement([])


def test_the_command_says_what_is_missing(capsys, tmp_path):
    assert main(["readers", "--first", str(tmp_path), "--second", str(tmp_path), str(tmp_path)]) != 0
    assert "one of each for every case" in capsys.readouterr().err
    assert main(["readers", "--first", str(tmp_path), "--second", str(tmp_path), "--json"]) != 0


def test_numbers_without_a_value_are_null(monkeypatch, capsys):
    from MarrowQuantLib.commands import readers

    found = agreement([compare_readers(load(), load())])
    assert json.loads(json.dumps(readers._plain(found)))["exams"][0]["kappa"] is None
    assert "needs three exams" in readers._text(found)


# -------------------------------------------------------------------------------------------------- through files and in the panel
@pytest.fixture
def exported(filled_panel, slicer_host, tmp_path):
    """A panel whose case was exported by a first reader."""
    from helpers.panel_actions import measured, notice

    measured(filled_panel)
    notice(filled_panel, slicer_host, "export", tmp_path)
    (tmp_path / "out").rename(tmp_path / "first")
    return filled_panel


def reject_the_largest(panel):
    panel.ui.componentTable.selectRow(0)
    panel.ui.rejectButton.click()
    panel.panel.burden.onSliderRests()


def test_the_panel_compares_with_what_another_reader_exported(exported, slicer_host, tmp_path, capsys):
    from helpers.panel_actions import notice, type_path

    ui, case = exported.ui, exported.logic.case
    assert not ui.compareReadersButton.enabled
    type_path(ui.secondReaderPathLineEdit, str(tmp_path / "first"))
    ui.compareReadersButton.click()
    own = case.exams["baseline"].burden
    assert ui.readersLabel.text.startswith("baseline: Dice 1.00")
    assert f"{own.tdv.value:.1f} and {own.tdv.value:.1f} mL" in ui.readersLabel.text
    reject_the_largest(exported)
    assert not ui.readersLabel.visible, "the answer was of another load"
    ui.compareReadersButton.click()
    now = case.exams["baseline"].burden
    line = ui.readersLabel.text.splitlines()[0]
    assert f"{now.tdv.value:.1f} and {own.tdv.value:.1f} mL" in line and "Dice 1.00" not in line
    notice(exported, slicer_host, "export", tmp_path)
    assert main(["readers", "--first", str(tmp_path / "out"), "--second", str(tmp_path / "first"), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)["exams"][0]
    assert told["tdv_ml"] == [pytest.approx(now.tdv.value, abs=0.01), pytest.approx(own.tdv.value, abs=0.01)]
    assert f"Dice {told['dice']:.2f}" in line and ui.readersLabel.text.splitlines()[0] == line


def test_the_panel_says_why_it_does_not_compare_and_forgets_with_the_case(exported, tmp_path):
    import slicer
    from helpers.panel_actions import type_path

    ui = exported.ui
    (tmp_path / "empty").mkdir()
    damaged = tmp_path / "damaged"
    shutil.copytree(tmp_path / "first", damaged)
    (damaged / "loads.npz").write_bytes(b"no archive")
    other = tmp_path / "other"
    shutil.copytree(tmp_path / "first", other)
    with np.load(other / "loads.npz") as arrays:
        moved = {name: arrays[name] + (5.0 if name.endswith("matrix") else 0) for name in arrays}
    np.savez(other / "loads.npz", **moved)
    huge = tmp_path / "huge"
    shutil.copytree(other, huge)
    np.savez(huge / "loads.npz", **{name: value * (10**5 if name.endswith("shape") else 1) for name, value in moved.items()})
    for folder, says in (
        ("empty", "holds no"), ("damaged", "holds no tumour load"), ("huge", "holds no tumour load"), ("other", "grids differ"),
    ):  # fmt: skip
        type_path(ui.secondReaderPathLineEdit, str(tmp_path / folder))
        ui.compareReadersButton.click()
        assert says in ui.statusLabel.text and not ui.readersLabel.visible
    slicer.mrmlScene.Clear(0)
    assert ui.secondReaderPathLineEdit.currentPath == "" and ui.readersLabel.text == ""


def test_no_loads_of_an_older_case_stay_in_the_folder(tmp_path):
    from helpers.example_results import make_results
    from MarrowQuantLib.report.export import export

    results = make_results()
    export(results, tmp_path)
    assert (tmp_path / "loads.npz").is_file()
    export(replace(results, exams=tuple(replace(exam, burden=None) for exam in results.exams), lesions=()), tmp_path)
    assert not (tmp_path / "loads.npz").exists()
