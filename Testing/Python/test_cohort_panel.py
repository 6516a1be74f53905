"""The unmodified module MarrowQuant Cohort and its .ui on the Qt host, with the simulated cohort: buttons are pressed, labels are read."""

from __future__ import annotations

import json
import shutil
import sys
import types
from pathlib import Path

import numpy as np
import pytest
from helpers.cohort_panel import PREDICTORS, ask, choose_method, choose_outcome, read, tick

ROOT = Path(__file__).resolve().parents[2]
MODULE = ROOT / "MarrowQuantCohort" / "MarrowQuantCohort.py"


@pytest.fixture(scope="module")
def cases(tmp_path_factory):
    from MarrowQuantLib.cohort.example import write_example

    return write_example(tmp_path_factory.mktemp("cohort") / "cases")


@pytest.fixture
def widget(slicer_host, monkeypatch, tmp_path):
    monkeypatch.setenv("MARROWQUANT_MODELS", str(tmp_path / "models"))
    slicer_host.load_module(MODULE)
    widget = slicer_host.make_widget("MarrowQuantCohort")
    slicer_host.enter(widget)
    return widget


def cells(table) -> list[list[str]]:
    return [[table.item(row, column).text() for column in range(table.columnCount)] for row in range(table.rowCount)]


def label(column: str) -> str:
    from MarrowQuantLib.cohort.columns import axis_title

    return axis_title(column)


def node(class_name: str, **tags: str):
    from MarrowQuantLib.scene.nodes import find_node

    return find_node(class_name, tags)


# ------------------------------------------------------------------------------------------------------------------- input
def test_an_empty_panel_says_what_is_missing_and_offers_nothing_that_cannot_work(widget):
    ui = widget.ui
    assert "Choose the folder" in ui.dataMessage.text
    for button in (ui.readButton, ui.analyseButton, ui.reportButton, ui.openReportButton, ui.fitButton):
        assert not button.enabled, button.objectName
    assert not any("✓" in step.section.text for step in widget.panel.steps)
    assert "Research use only" in ui.researchLabel.text


def test_reading_says_how_many_rows_there_are_and_that_they_are_simulated(widget, cases):
    read(widget, cases, cases / "outcomes.csv")
    assert "50 rows" in widget.ui.dataMessage.text and "simulated" in widget.ui.dataMessage.text
    assert widget.ui.dataSection.text.startswith("✓")
    names = [widget.ui.outcomeComboBox.itemText(i) for i in range(widget.ui.outcomeComboBox.count)]
    assert "best_response" in names and "id" not in names
    choose_outcome(widget, "best_response")
    assert "CR" in widget.ui.eventLineEdit.toolTip and "VGPR" in widget.ui.eventLineEdit.toolTip


def test_missing_values_are_told_before_anything_is_computed(widget, tmp_path):
    rows = [f"{n},{n % 2},{n + 3 * (n % 2)}" for n in range(1, 21)]
    rows[4] = "5,1,"
    (tmp_path / "table.csv").write_text("id,outcome,marker\n" + "\n".join(rows) + "\n", encoding="utf-8")
    read(widget, tmp_path / "table.csv")
    choose_outcome(widget, "outcome")
    tick(widget, "marker")
    assert "marker: 1 of 20 values are missing." in widget.ui.questionMessage.text
    assert widget.logic.case.answer is None
    widget.ui.analyseButton.click()
    assert "19 patients" in widget.ui.questionMessage.text
    assert "1 of 20 rows are left out" in widget.ui.questionMessage.text


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ("id,outcome,marker\n1,1,2\n2,1,3\n3,1,4\n4,1,5\n", "same outcome"),
        ("id,outcome,marker\n1,1,=2\n2,0,3\n3,1,4\n4,0,5\n", "spreadsheet formula"),
        ("id,outcome,marker\n1,1,two\n2,0,3\n3,1,4\n4,0,5\n", "marker"),
        ("id,outcome,marker\n1,1,2\n1,0,3\n3,1,4\n4,0,5\n", "same patient"),
        ("id,outcome,marker\n1,1,2\n2,0,3\n3,1,4\n", "too few"),
        ("id,outcome,marker\n1,1,2\n2,0,2\n3,1,2\n4,0,2\n", "same value"),
    ],
    ids=["one class", "formula", "text", "duplicate", "three patients", "constant"],
)
def test_a_table_that_cannot_be_used_leaves_a_sentence_and_no_number(widget, tmp_path, table, sentence):
    (tmp_path / "table.csv").write_text(table, encoding="utf-8")
    read(widget, tmp_path / "table.csv")
    choose_outcome(widget, "outcome")
    tick(widget, "marker")
    widget.ui.analyseButton.click()
    assert sentence in widget.ui.statusLabel.text + widget.ui.questionMessage.text
    assert widget.logic.case.answer is None and not widget.ui.aucTable.visible
    assert widget.ui.stepsWidget.enabled
    assert node("vtkMRMLTableNode", table="cohort_auc") is None


def test_a_folder_without_results_is_refused_in_the_footer(widget, tmp_path):
    read(widget, tmp_path)
    assert "results.json" in widget.ui.statusLabel.text and str(tmp_path) not in widget.ui.statusLabel.text
    assert not widget.ui.analyseButton.enabled


# ------------------------------------------------------------------------------------------------------------------ answer
def test_the_answer_stands_in_the_panel_and_in_the_scene_as_the_command_line_gives_it(widget, cases, capsys):
    from MarrowQuantLib.cli import main

    ask(widget, cases)
    widget.ui.analyseButton.click()
    arguments = [str(cases), "--outcomes", str(cases / "outcomes.csv"), "--outcome", "best_response", "--event", "CR,VGPR", "--json"]
    assert main(["cohort", "roc", *arguments, "--predictor", "ff_change", "--compare", "m_protein_change"]) == 0
    expected = json.loads(capsys.readouterr().out)["predictors"]
    assert main(["cohort", "logistic", *arguments, "--predictors", ",".join(PREDICTORS), "--firth"]) == 0
    terms = json.loads(capsys.readouterr().out)["terms"]

    rows = cells(widget.ui.aucTable)
    assert [row[0] for row in rows] == list(PREDICTORS)
    assert [row[1] for row in rows] == [f"{expected[name]['auc']:.3f}" for name in PREDICTORS]
    assert "50 patients, 15 with the event" in widget.ui.questionMessage.text
    auc = node("vtkMRMLTableNode", table="cohort_auc")
    assert auc.GetTable().GetValueByName(0, "AUC").ToDouble() == expected["ff_change"]["auc"]
    assert "50 patients" in auc.GetAttribute("MarrowQuant.about")
    model = node("vtkMRMLTableNode", table="cohort_model").GetTable()
    found = {model.GetValueByName(row, "term").ToString(): model.GetValueByName(row, "coefficient").ToDouble() for row in range(3)}
    assert found == {name: pytest.approx(term["coefficient"], rel=1e-9) for name, term in terms.items()}


def test_the_chart_holds_a_curve_a_predictor_and_the_line_of_chance(widget, cases):
    from slicer.util import arrayFromTableColumn

    ask(widget, cases)
    widget.ui.analyseButton.click()
    chart = node("vtkMRMLPlotChartNode", chart="cohort_roc")
    assert chart.GetNumberOfPlotSeriesNodes() == 3
    table = node("vtkMRMLTableNode", table="cohort_roc", predictor="ff_change")
    x, y = (arrayFromTableColumn(table, name) for name in ("false_positive_rate", "sensitivity"))
    area = abs(float(np.sum(np.diff(x) * (y[1:] + y[:-1]) / 2)))
    assert area == pytest.approx(widget.logic.case.answer.curves["ff_change"].auc, abs=1e-12)
    widget.ui.analyseButton.click()
    import slicer

    assert slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLPlotChartNode") == 1
    assert slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLPlotSeriesNode") == 3


def test_another_question_takes_the_answer_away_from_panel_and_scene(widget, cases):
    ask(widget, cases)
    widget.ui.analyseButton.click()
    assert widget.ui.aucTable.visible
    tick(widget, "ff_change")
    assert not widget.ui.aucTable.visible and not widget.ui.modelTable.visible
    assert "Press Analyse" in widget.ui.questionMessage.text
    assert node("vtkMRMLTableNode", table="cohort_auc") is None and node("vtkMRMLPlotChartNode", chart="cohort_roc") is None


def test_the_tables_of_the_answer_fit_the_panel_at_its_real_size(widget, slicer_host, cases):
    ask(widget, cases)
    widget.ui.analyseButton.click()
    slicer_host.show_at_real_size(widget)
    for table in (widget.ui.aucTable, widget.ui.modelTable):
        assert table.rowCount > 0 and table.horizontalScrollBar().maximum == 0, "nothing is cut at the side"
        metrics = table.fontMetrics()
        for column in range(table.columnCount):
            words = " ".join(row[column] for row in cells(table)).split()
            assert max(map(metrics.horizontalAdvance, words)) < table.columnWidth(column), "no word is cut"
            assert table.horizontalHeader().sectionSizeHint(column) <= table.columnWidth(column), "no head is cut"


@pytest.mark.parametrize("method", ["ml", "ridge"])
def test_the_method_is_the_one_that_was_chosen(widget, cases, method):
    ask(widget, cases)
    choose_method(widget, method)
    widget.ui.analyseButton.click()
    assert widget.logic.case.answer.developed.fit.method == method
    intervals = [row[3] for row in cells(widget.ui.modelTable)[1:]]
    assert all((interval == "– – –") == (method == "ridge") for interval in intervals)


def test_few_events_and_a_direction_that_was_taken_from_the_data_are_told(widget, cases):
    ask(widget, cases)
    widget.ui.analyseButton.click()
    said = widget.ui.questionMessage.text
    assert "15 patients in the smaller group for 2 candidate predictors (7.5 a predictor" in said
    assert "Low values of m_protein_change speak for the event" in said


# ---------------------------------------------------------------------------------------------------------- report and model
def test_the_report_is_written_and_another_question_unticks_its_step(widget, cases, tmp_path):
    ask(widget, cases, ("ff_change",))
    widget.ui.bootstrapsSpinBox.value = 20
    widget.ui.outputPathLineEdit.currentPath = str(tmp_path / "out")
    widget.ui.reportButton.click()
    assert widget.ui.statusLabel.text == ""
    assert "Fat fraction, lumbar mean: change (percentage points)" in (tmp_path / "out" / "cohort.html").read_text(encoding="utf-8")
    assert "by 20 bootstrap samples" in (tmp_path / "out" / "methods.txt").read_text(encoding="utf-8")
    assert widget.ui.reportSection.text.startswith("✓") and widget.ui.openReportButton.enabled
    tick(widget, "adc_change")
    assert not widget.ui.reportSection.text.startswith("✓") and not widget.ui.openReportButton.enabled


def test_a_fitted_model_is_offered_by_marrowquant_at_once_and_its_name_is_given_only_once(widget, cases, slicer_host):
    from MarrowQuantLib.response import available_models, load_model

    slicer_host.load_module(ROOT / "MarrowQuant" / "MarrowQuant.py")
    reader = slicer_host.make_widget("MarrowQuant")
    ask(widget, cases, ("ff_change",))
    widget.ui.bootstrapsSpinBox.value = 20
    assert not widget.ui.fitButton.enabled
    widget.ui.modelNameLineEdit.text = "own_cohort"
    widget.ui.fitButton.click()
    assert "own_cohort is offered in step 6" in widget.ui.modelMessage.text
    assert load_model(available_models()["own_cohort"]).card["n"] == 50
    slicer_host.enter(reader)
    offered = [reader.ui.modelComboBox.itemText(i) for i in range(reader.ui.modelComboBox.count)]
    assert "own_cohort" in offered
    widget.panel.model._offered = ""
    widget.panel.model.onFit()
    assert "There is a model named own_cohort already" in widget.ui.statusLabel.text


def test_cancel_stops_the_validation_and_writes_nothing(widget, cases, tmp_path, monkeypatch):
    ask(widget, cases, ("ff_change",))
    widget.ui.outputPathLineEdit.currentPath = str(tmp_path / "out")
    monkeypatch.setattr(widget.panel, "_showProgress", widget.ui.cancelButton.setVisible)
    said = []

    def press_cancel(text):
        said.append(text)
        widget.panel.onCancel()

    monkeypatch.setattr(widget.panel, "_say", lambda text: press_cancel(text) if text else None)
    widget.ui.reportButton.click()
    assert said[-1].startswith("Cancelled")
    assert not (tmp_path / "out").exists()


# -------------------------------------------------------------------------------------------------------- three groups, packages
def three_groups(folder: Path) -> Path:
    rng = np.random.default_rng(5)
    rows = [f"{n},{'abc'[n % 3]},{3.0 * (n % 3) + rng.normal():.4f},{rng.normal():.4f}" for n in range(60)]
    (folder / "groups.csv").write_text("id,group,x,y\n" + "\n".join(rows) + "\n", encoding="utf-8")
    return folder / "groups.csv"


def packaging(monkeypatch, answer) -> list[str]:
    """Put a ``slicer.packaging`` in place as Slicer 5.11 has it, and note what was asked for."""
    asked = []

    def pip_ensure(requirements, requester=None):
        asked.append(requirements)
        answer()

    module = types.ModuleType("slicer.packaging")
    module.pip_ensure = pip_ensure
    monkeypatch.setitem(sys.modules, "slicer.packaging", module)
    return asked


def declined():
    raise RuntimeError("the reader declined")


def test_two_groups_ask_for_no_package(widget, cases, monkeypatch):
    asked = packaging(monkeypatch, declined)
    ask(widget, cases)
    widget.ui.analyseButton.click()
    assert asked == [] and widget.logic.case.answer is not None


def test_three_groups_ask_for_scikit_learn_at_first_use_and_show_the_assigned_groups(widget, tmp_path, monkeypatch):
    pytest.importorskip("sklearn", reason="scikit-learn is not installed; it is an option.")
    asked = packaging(monkeypatch, lambda: None)
    read(widget, three_groups(tmp_path))
    choose_outcome(widget, "group")
    tick(widget, "x", "y")
    choose_method(widget, "lda")
    assert asked == []
    widget.ui.analyseButton.click()
    assert asked == ["scikit-learn"]
    assert [row[0] for row in cells(widget.ui.modelTable)][:3] == ["a", "b", "c"]
    assert not widget.ui.aucTable.visible
    assert int(widget.logic.case.answer.part.remarks[0].split("accuracy ")[1].split(" %")[0]) > 80
    assert node("vtkMRMLTableNode", table="cohort_assigned").GetNumberOfRows() == 3
    widget.ui.modelNameLineEdit.text = "own"
    assert not widget.ui.fitButton.enabled and "step 2" in widget.ui.modelMessage.text


def test_a_package_that_was_declined_leaves_a_sentence(widget, tmp_path, monkeypatch):
    packaging(monkeypatch, declined)
    read(widget, three_groups(tmp_path))
    choose_outcome(widget, "group")
    tick(widget, "x", "y")
    choose_method(widget, "multinomial")
    widget.ui.analyseButton.click()
    assert "scikit-learn was not installed" in widget.ui.statusLabel.text
    assert widget.logic.case.answer is None


def test_before_slicer_5_11_the_reader_is_asked_and_then_pip_runs(widget, slicer_host, monkeypatch):
    import slicer.util
    from MarrowQuantLib.model import MarrowQuantError
    from MarrowQuantLib.panel import packages

    installed, answers = [], [False, True]
    monkeypatch.setitem(sys.modules, "slicer.packaging", None)
    monkeypatch.setattr(packages.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(slicer.util, "confirmOkCancelDisplay", lambda text, *args, **kwargs: answers.pop(0))
    monkeypatch.setattr(slicer.util, "pip_install", installed.append, raising=False)
    slicer_host.testing = False
    with pytest.raises(MarrowQuantError, match="statsmodels was not installed"):
        packages.ensurePackage("statsmodels")
    assert installed == []
    packages.ensurePackage("statsmodels")
    assert installed == ["statsmodels"]


# ------------------------------------------------------------------------------------------------------------ other analyses
def shown(widget) -> set[str]:
    """Which fields of the question can be seen."""
    ui = widget.ui
    names = ("eventLineEdit", "afterComboBox", "predictorList", "givenList", "selectCheckBox")
    return {name for name in names if getattr(ui, name).visible}


@pytest.mark.parametrize(
    ("method", "first", "fields"),
    [
        ("firth", "Outcome:", {"eventLineEdit", "predictorList", "selectCheckBox"}),
        ("lda", "Group:", {"predictorList"}),
        ("paired", "Before:", {"afterComboBox"}),
        ("correlation", "Column:", {"predictorList", "givenList"}),
        ("linear", "Response:", {"predictorList"}),
        ("mixed", "Response:", {"predictorList"}),
    ],
)
def test_each_analysis_shows_the_fields_it_needs_and_says_which_is_empty(widget, cases, method, first, fields):
    read(widget, cases, cases / "outcomes.csv")
    choose_method(widget, method)
    assert widget.ui.outcomeLabel.text == first
    assert shown(widget) == fields
    assert f"Choose a column for “{first[:-1]}”." in widget.ui.questionMessage.text
    assert not widget.ui.analyseButton.enabled


def test_a_paired_test_is_that_of_the_command_line(widget, cases, capsys):
    from MarrowQuantLib.cli import main
    from MarrowQuantLib.cohort.part import p_text

    read(widget, cases)
    choose_method(widget, "paired")
    choose_outcome(widget, "ff_baseline")
    assert "“After”" in widget.ui.questionMessage.text
    index = widget.ui.afterComboBox.findText("ff_follow_up")
    widget.panel.question.onAfterChosen(index)
    widget.ui.analyseButton.click()
    assert main(["cohort", "paired", str(cases), "--before", "ff_baseline", "--after", "ff_follow_up", "--json"]) == 0
    known = json.loads(capsys.readouterr().out)["pairs"][0]
    table = node("vtkMRMLTableNode", table="cohort_paired").GetTable()
    assert table.GetValueByName(0, "p").ToDouble() == known["p"]
    assert table.GetValueByName(0, "rank-biserial r").ToDouble() == known["effect"]
    upright = dict(cells(widget.ui.modelTable))
    assert (upright["before"], upright["after"], upright["n"]) == (label("ff_baseline"), label("ff_follow_up"), "50")
    assert upright["p"] == p_text(known["p"]) and widget.ui.predictorList.item(0).toolTip() == label(widget.ui.predictorList.item(0).text())
    assert not widget.ui.aucTable.visible and "50 patients" in widget.ui.questionMessage.text
    assert node("vtkMRMLPlotChartNode", chart="cohort_roc") is None


def test_a_partial_correlation_holds_what_is_ticked_constant(widget, cases, capsys):
    from MarrowQuantLib.cli import main

    read(widget, cases)
    choose_method(widget, "correlation")
    choose_outcome(widget, "ff_change")
    tick(widget, "m_protein_change", "adc_change")
    tick(widget, "ff_baseline", items=widget.ui.givenList)
    widget.ui.analyseButton.click()
    columns = ["ff_change", "adc_change", "m_protein_change"]
    assert main(["cohort", "correlate", str(cases), "--columns", *columns, "--given", "ff_baseline", "--json"]) == 0
    known = json.loads(capsys.readouterr().out)["pairs"]
    table = node("vtkMRMLTableNode", table="cohort_correlations").GetTable()
    assert [table.GetValueByName(row, "rho").ToDouble() for row in range(2)] == [pair["rho"] for pair in known]
    assert [row[2] for row in cells(widget.ui.modelTable)] == [label("ff_baseline")] * 2


def test_a_linear_model_needs_no_package_and_its_report_says_what_was_done(widget, cases, tmp_path, monkeypatch):
    asked = packaging(monkeypatch, declined)
    read(widget, cases)
    choose_method(widget, "linear")
    choose_outcome(widget, "ff_change")
    tick(widget, "ff_baseline", "m_protein_change")
    widget.ui.analyseButton.click()
    assert asked == [] and [row[0] for row in cells(widget.ui.modelTable)] == ["intercept", label("ff_baseline"), label("m_protein_change")]
    assert "Residual standard deviation" in widget.ui.questionMessage.text
    widget.ui.outputPathLineEdit.currentPath = str(tmp_path / "out")
    assert not widget.ui.bootstrapsSpinBox.enabled
    widget.ui.reportButton.click()
    assert "least squares" in (tmp_path / "out" / "methods.txt").read_text(encoding="utf-8")
    assert (tmp_path / "out" / "effects.svg").is_file() and "cohort.html" in widget.ui.reportMessage.text


def test_a_mixed_model_reads_one_row_an_exam_and_asks_for_its_package(widget, cases, monkeypatch):
    pytest.importorskip("statsmodels", reason="statsmodels is not installed; it is an option.")
    asked = packaging(monkeypatch, lambda: None)
    widget.ui.longTableCheckBox.checked = True
    read(widget, cases)
    assert "100 rows" in widget.ui.dataMessage.text
    choose_method(widget, "mixed")
    choose_outcome(widget, "ff")
    tick(widget, "days")
    assert asked == []
    widget.ui.analyseButton.click()
    assert asked == ["statsmodels"]
    assert "100 rows of 50 patients" in widget.ui.questionMessage.text and "of the patients' own levels" in widget.ui.questionMessage.text
    assert [row[0] for row in cells(widget.ui.modelTable)] == ["intercept", label("days")]


def test_the_panel_and_the_page_are_japanese_where_slicer_is(widget, cases, tmp_path, monkeypatch):
    from MarrowQuantLib.panel.cohort import question, steps

    for module in (question, steps):
        monkeypatch.setattr(module, "interfaceLanguage", lambda: "ja")
    read(widget, cases)
    choose_method(widget, "linear")
    choose_outcome(widget, "ff_change")
    tick(widget, "ff_baseline")
    widget.ui.analyseButton.click()
    table = widget.ui.modelTable
    assert table.horizontalHeaderItem(0).text() == "項" and "50例" in widget.ui.questionMessage.text
    widget.ui.outputPathLineEdit.currentPath = str(tmp_path / "out")
    widget.ui.reportButton.click()
    assert '<html lang="ja">' in (tmp_path / "out" / "cohort.html").read_text(encoding="utf-8")


GOOD = "id;outcome;marker;other\n" + "".join(f"{n};{n % 2};{n + 4 * (n % 2)},5;{(n * 7) % 11},25\n" for n in range(20))


@pytest.mark.parametrize(
    ("method", "table", "sentence"),
    [
        ("ml", GOOD.replace(";1;", ";1;9").replace(";0;", ";0;-9"), "separate the two groups completely"),
        ("paired", "id,outcome,marker\n1,1,2\n2,2,2\n3,3,4\n", "three patients who changed"),
        ("paired", "id,outcome,marker\n1,1,2\n1,2,3\n3,3,4\n4,4,5\n", "same patient in lines"),
        ("correlation", "id,outcome,marker\n1,1,2\n2,2,3\n3,3,5\n", "needs at least 4 patients"),
        ("correlation", "id,outcome,marker\n1,1,2\n2,2,2\n3,3,2\n4,4,2\n5,5,2\n", "does not vary"),
        ("linear", "id,outcome,marker\n1,1,=A1\n2,2,3\n3,3,5\n4,3,5\n5,4,4\n", "spreadsheet formula"),
        ("linear", "id,outcome,marker\n1,1,two\n2,2,3\n3,3,5\n4,3,5\n5,4,4\n", "'two' is not a number"),
        ("mixed", "id,outcome,marker\n1,1,2\n2,2,3\n3,3,5\n4,3,5\n5,4,4\n", "more than one date"),
        ("lda", "id,outcome,marker\n1,a,2\n2,b,3\n3,a,5\n4,b,5\n5,a,4\n", "needs three or more"),
    ],
    ids=["separation", "unchanged", "twice", "three patients", "constant", "formula", "text", "one date each", "two groups"],
)
def test_what_an_analysis_cannot_use_is_said_below_its_fields(widget, tmp_path, monkeypatch, method, table, sentence):
    packaging(monkeypatch, lambda: None)
    (tmp_path / "table.csv").write_text(table, encoding="utf-8")
    read(widget, tmp_path / "table.csv")
    choose_method(widget, method)
    choose_outcome(widget, "outcome")
    tick(widget, "marker")
    widget.panel.question.onAfterChosen(widget.ui.afterComboBox.findText("marker"))
    widget.ui.analyseButton.click()
    assert sentence in widget.ui.questionMessage.text
    assert widget.ui.questionMessage.text.startswith("⚠") and "--" not in widget.ui.questionMessage.text
    assert widget.logic.case.answer is None and not widget.ui.modelTable.visible
    tick(widget)
    assert sentence not in widget.ui.questionMessage.text or method == "paired"


def test_another_table_with_the_same_columns_keeps_neither_report_nor_refusal(widget, tmp_path):
    good = GOOD.replace(",", ".").replace(";", ",")
    (tmp_path / "table.csv").write_text(good, encoding="utf-8")
    read(widget, tmp_path / "table.csv")
    choose_method(widget, "correlation")
    choose_outcome(widget, "marker")
    tick(widget, "other")
    widget.ui.outputPathLineEdit.currentPath = str(tmp_path / "out")
    widget.ui.reportButton.click()
    assert widget.ui.reportSection.text.startswith("✓")
    lines = good.splitlines()
    (tmp_path / "table.csv").write_text("\n".join([lines[0], *(f"{n},0,7,{n}" for n in range(9))]), encoding="utf-8")
    widget.ui.readButton.click()
    assert not widget.ui.reportSection.text.startswith("✓")
    widget.ui.analyseButton.click()
    assert "does not vary" in widget.ui.questionMessage.text
    (tmp_path / "table.csv").write_text(good, encoding="utf-8")
    widget.ui.readButton.click()
    assert "does not vary" not in widget.ui.questionMessage.text and "Press Analyse" in widget.ui.questionMessage.text


def test_decimal_commas_give_the_same_answer_and_are_told(widget, tmp_path):
    found = []
    for name, text in (("comma.csv", GOOD), ("point.csv", GOOD.replace(",", ".").replace(";", ","))):
        (tmp_path / name).write_text(text, encoding="utf-8")
        read(widget, tmp_path / name)
        choose_method(widget, "correlation")
        choose_outcome(widget, "marker")
        tick(widget, "other")
        widget.ui.analyseButton.click()
        found.append(cells(widget.ui.modelTable))
        assert ("decimal commas" in widget.ui.questionMessage.text) == (name == "comma.csv")
    assert found[0] == found[1]


# ---------------------------------------------------------------------------------------------------------------- life cycle
def test_leaving_and_entering_keeps_question_and_answer(widget, cases, slicer_host):
    ask(widget, cases)
    widget.ui.analyseButton.click()
    slicer_host.exit(widget)
    slicer_host.enter(widget)
    assert widget.logic.case.answer is not None and widget.ui.aucTable.visible
    assert tuple(widget.logic.getParameterNode().predictors) == PREDICTORS


def test_a_saved_scene_brings_the_question_back(widget, cases, tmp_path):
    import slicer

    ask(widget, cases)
    widget.ui.bootstrapsSpinBox.value = 77
    assert slicer.util.saveScene(str(tmp_path / "scene.mrml"))
    slicer.mrmlScene.Clear()
    assert widget.ui.eventLineEdit.text == ""
    slicer.util.loadScene(str(tmp_path / "scene.mrml"))
    assert widget.panel.asked().predictors == PREDICTORS and widget.panel.asked().events == ("CR", "VGPR")
    assert widget.ui.eventLineEdit.text == "CR, VGPR" and widget.ui.bootstrapsSpinBox.value == 77


def test_closing_the_scene_empties_the_panel(widget, cases):
    import slicer

    ask(widget, cases)
    widget.ui.analyseButton.click()
    slicer.mrmlScene.Clear()
    assert widget.logic.case.cohort is None
    assert "Choose" in widget.ui.dataMessage.text or "Press Read" in widget.ui.dataMessage.text
    assert not widget.ui.aucTable.visible


def test_a_scene_that_is_added_asks_nothing_else(widget, cases, tmp_path):
    """It brings a parameter node of this module, in which another question was asked or none."""
    import slicer

    assert slicer.util.saveScene(str(tmp_path / "foreign.mrb"))
    ask(widget, cases)
    asked, shown = widget.panel.asked(), widget.ui.eventLineEdit.text
    slicer.util.loadScene(str(tmp_path / "foreign.mrb"))
    assert widget.panel.asked() == asked and widget.ui.eventLineEdit.text == shown != ""
    assert widget.logic.case.cohort is not None and widget.ui.outcomeComboBox.currentText == asked.outcome


def test_the_self_test_of_the_module_passes_and_leaves_its_chart(slicer_host):
    python = slicer_host.load_module(MODULE)
    python.MarrowQuantCohortTest().runTest()
    assert node("vtkMRMLPlotChartNode", chart="cohort_roc") is not None


# --------------------------------------------------------------------------------------------------------------- subgroups
def test_a_condition_takes_a_part_of_the_patients_and_says_how_many(widget, cases):
    ask(widget, cases)
    widget.ui.whereLineEdit.text = "ff_baseline < 30"
    assert "rows were taken: those with ff_baseline < 30" in widget.ui.questionMessage.text
    widget.ui.analyseButton.click()
    answer = widget.panel.case.answer
    assert answer is not None, widget.ui.questionMessage.text
    assert int(answer.about.split(" patients")[0].split(": ")[-1]) < 50
    widget.ui.whereLineEdit.text = "best_response == 'CR'"
    assert "is the outcome" in widget.ui.questionMessage.text and widget.panel.case.answer is None
    widget.ui.whereLineEdit.text = "best"
    assert "cannot be read" in widget.ui.questionMessage.text
    widget.ui.whereLineEdit.text = ""


def test_subgroups_are_analysed_one_by_one_with_the_warning(widget, cases, tmp_path):
    cases = Path(shutil.copytree(cases, tmp_path / "cases"))
    outcomes = cases / "outcomes.csv"
    lines = outcomes.read_text(encoding="utf-8-sig").splitlines()
    rows = [lines[0] + ",site", *(f"{line},{'AB'[n >= 25]}" for n, line in enumerate(lines[1:]))]
    outcomes.write_text("\n".join(rows) + "\n", encoding="utf-8")
    ask(widget, cases)
    combo = widget.ui.byComboBox
    combo.setCurrentIndex([combo.itemText(n) for n in range(combo.count)].index("site"))
    widget.panel.question.onByChosen(combo.currentIndex)
    widget.ui.analyseButton.click()
    answer = widget.panel.case.answer
    assert answer is not None, widget.ui.questionMessage.text
    assert {row[0] for row in answer.part.tables["roc"].rows} == {"A", "B"}
    assert "2 subgroups by site" in widget.ui.questionMessage.text
    assert cells(widget.ui.modelTable)[0][0] == "A"
    combo.setCurrentIndex(0)
    widget.panel.question.onByChosen(0)
    assert widget.panel.asked().by == ""


# ------------------------------------------------------------------------------------------- survival, Table 1, imputation, size, study
def choose(widget, name: str, column: str) -> None:
    """Choose a column in one of the boxes of the question."""
    box = getattr(widget.ui, f"{name}ComboBox")
    index = box.findText(column)
    box.setCurrentIndex(index)
    getattr(widget.panel.question, f"on{name.capitalize()}Chosen")(index)


@pytest.fixture
def patients(tmp_path):
    """Two kinds of patients with a time, its end, a marker with gaps and a sex."""
    rng = np.random.default_rng(2)
    lines = ["id,kind,days,progressed,event,marker,age,sex"]
    for n in range(80):
        kind, event = "ab"[n % 2], n // 2 % 2
        marker = "" if n % 11 == 3 else f"{rng.normal(event):.3f}"
        days = f"{rng.exponential(300 if n % 2 else 600):.0f}"
        age, sex = rng.normal(60, 9), ("female", "male")[n // 4 % 2]
        lines.append(f"{n},{kind},{days},{int(rng.random() < 0.7)},{event},{marker},{age:.1f},{sex}")
    (tmp_path / "patients.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return tmp_path / "patients.csv"


def test_times_to_an_event_are_those_of_the_command_line(widget, patients, capsys):
    from MarrowQuantLib.cli import main

    read(widget, patients)
    choose_method(widget, "survival")
    assert shown(widget) == {"eventLineEdit", "afterComboBox", "predictorList"} and widget.ui.groupComboBox.visible
    assert "Choose a column for “Event happened”." in widget.ui.questionMessage.text
    choose(widget, "outcome", "progressed")
    assert "“Time”" in widget.ui.questionMessage.text
    choose(widget, "after", "days")
    choose(widget, "group", "kind")
    tick(widget, "age")
    widget.ui.analyseButton.click()
    arguments = ["--time", "days", "--status", "progressed", "--group", "kind", "--predictors", "age", "--json"]
    assert main(["cohort", "survival", str(patients), *arguments]) == 0
    known = json.loads(capsys.readouterr().out)
    assert [row[0] for row in cells(widget.ui.modelTable)] == ["a", "b"]
    assert node("vtkMRMLTableNode", table="cohort_log_rank").GetTable().GetValueByName(0, "p").ToDouble() == known["log_rank"]["p"]
    cox = node("vtkMRMLTableNode", table="cohort_cox").GetTable()
    assert cox.GetValueByName(0, "coefficient").ToDouble() == known["cox"]["terms"]["age"]["coefficient"]
    widget.ui.whereLineEdit.text = "days > 100"
    assert "'days' is the outcome, or tells it" in widget.ui.questionMessage.text
    assert node("vtkMRMLTableNode", table="cohort_cox") is None  # another question takes all of its tables away


def test_characteristics_need_columns_only_and_stand_by_group(widget, patients):
    read(widget, patients)
    choose_method(widget, "table1")
    assert not widget.ui.outcomeComboBox.visible and "at least one column" in widget.ui.questionMessage.text
    tick(widget, "age", "sex", "marker")
    widget.ui.analyseButton.click()
    assert widget.logic.case.answer is not None, widget.ui.questionMessage.text
    choose(widget, "group", "kind")
    widget.ui.analyseButton.click()
    table = widget.ui.modelTable
    heads = [table.horizontalHeaderItem(n).text() for n in range(table.columnCount)]
    assert "a (n = 40)" in heads and "SMD a – b" in heads


def test_missing_values_are_filled_in_beside_the_complete_cases(widget, patients, monkeypatch):
    pytest.importorskip("sklearn", reason="scikit-learn is not installed; it is an option.")
    asked = packaging(monkeypatch, lambda: None)
    read(widget, patients)
    choose_method(widget, "impute")
    choose(widget, "outcome", "event")
    tick(widget, "marker", "age")
    widget.ui.analyseButton.click()
    assert asked == ["scikit-learn"] and [row[0] for row in cells(widget.ui.modelTable)] == ["marker", "age"]
    assert "Missing values: marker 7 of 80." in widget.ui.questionMessage.text


def test_subgroups_say_whether_they_differ(widget, patients):
    read(widget, patients)
    choose_method(widget, "correlation")
    choose(widget, "outcome", "age")
    tick(widget, "days")
    choose(widget, "by", "kind")
    widget.ui.analyseButton.click()
    assert node("vtkMRMLTableNode", table="cohort_interaction").GetTable().GetValueByName(0, "test").ToString() == "Cochran's Q"


def test_the_whole_document_is_the_one_of_the_command_line(widget, patients, tmp_path, monkeypatch):
    for package in ("sklearn", "fpdf", "openpyxl", "docx"):
        pytest.importorskip(package, reason=f"{package} is not installed; it is an option.")
    packaging(monkeypatch, lambda: None)
    read(widget, patients)
    choose(widget, "outcome", "event")
    tick(widget, "marker", "age")
    widget.ui.bootstrapsSpinBox.value = 5
    widget.ui.outputPathLineEdit.currentPath = str(tmp_path / "out")
    widget.ui.signedCheckBox.checked = True
    widget.ui.reportButton.click()
    assert widget.ui.statusLabel.text == "", widget.ui.statusLabel.text
    page = (tmp_path / "out" / "cohort.html").read_text(encoding="utf-8")
    for words in ("Flow of patients", "Table 1", "multiple imputation", "SHA-256", "TRIPOD checklist", "in this document: Patients"):
        assert words in page, words
    assert {"cohort.pdf", "cohort.xlsx", "cohort.docx"} <= {path.name for path in (tmp_path / "out").iterdir()}
    assert "cohort.pdf" in widget.ui.reportMessage.text
    widget.ui.signedCheckBox.checked = False
    assert "Press Write report" in widget.ui.reportMessage.text


def test_the_number_of_patients_is_that_of_the_command_line(widget, capsys):
    from MarrowQuantLib.cli import main
    from MarrowQuantLib.panel.cohort.size import KINDS

    for kind, second, arguments in (
        ("auc", 0.6, ["auc", "--auc", "0.8", "--null", "0.6", "--ratio", "3"]),
        ("interval", 0.15, ["auc", "--auc", "0.8", "--width", "0.15", "--ratio", "3"]),
        ("difference", 0.7, ["difference", "--first", "0.8", "--second", "0.7", "--ratio", "3"]),
        ("model", 6.0, ["model", "--parameters", "6", "--prevalence", "0.25", "--auc", "0.8"]),
    ):
        widget.panel.size.onKindChosen(KINDS.index(kind))
        widget.ui.sizeAucSpinBox.value, widget.ui.sizeShareSpinBox.value, widget.ui.sizeSecondSpinBox.value = 0.8, 0.25, second
        assert main(["cohort", "size", *arguments, "--json"]) == 0
        known = json.loads(capsys.readouterr().out)
        assert f"{known['n']} patients, {known['n_event']} of them" in widget.ui.sizeMessage.text
    widget.panel.size.onKindChosen(KINDS.index("auc"))
    widget.ui.sizeSecondSpinBox.value = 0.8
    assert widget.ui.sizeMessage.text.startswith("⚠")


def test_the_study_is_written_without_a_cohort_and_only_into_a_new_folder(widget, tmp_path, monkeypatch):
    from MarrowQuantLib.cohort.report import Written

    packaging(monkeypatch, lambda: None)
    ui, told = widget.ui, []

    def write(*words):
        told.append(words)
        return Written((Path("cohort.html"),))

    monkeypatch.setattr(type(widget.logic.case), "write_study", staticmethod(write))
    assert not ui.studyButton.enabled and "200 simulated patients" in ui.studyMessage.text
    ui.studyPathLineEdit.currentPath = str(tmp_path / "study")
    ui.studyButton.click()
    assert told[0][0] == tmp_path / "study" and told[0][2] == "en" and "cohort.html" in ui.studyMessage.text
    assert ui.openStudyButton.enabled and not ui.studyButton.enabled
    monkeypatch.undo()
    packaging(monkeypatch, lambda: None)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").touch()
    ui.studyPathLineEdit.currentPath = str(tmp_path / "full")
    ui.studyButton.click()
    assert "full" in ui.statusLabel.text and not ui.openStudyButton.enabled
