"""Kinds of case: what is asked of MDS and aplastic anaemia, and what is not."""

import datetime
import json
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from MarrowQuantLib import workflow
from MarrowQuantLib.model import (
    KINDS,
    STIR_PATTERNS,
    Classification,
    ExamResult,
    LabHistory,
    LabNote,
    LabValue,
    MarrowQuantError,
    Measurement,
    Results,
    Settings,
    finding,
)
from MarrowQuantLib.report import write_report
from MarrowQuantLib.response import assess, find_test
from MarrowQuantLib.response.anaemia import blood_response, is_severe
from MarrowQuantLib.results import results_from_dict, results_to_dict
from MarrowQuantLib.results.record import case_record
from MarrowQuantLib.scene import records

START, END = datetime.date(2025, 1, 10), datetime.date(2025, 6, 10)


def sheet(before, after, notes=()):
    rows = ((START, before), (END, after))
    values = [LabValue(test, value, find_test(test).unit, date) for date, row in rows for test, value in row.items()]
    return LabHistory(tuple(values), tuple(notes))


@pytest.mark.parametrize(
    ("before", "after", "improved"),
    [
        ({"platelets": 50}, {"platelets": 81}, ("platelets",)),
        ({"platelets": 50}, {"platelets": 79}, ()),
        ({"platelets": 9}, {"platelets": 21}, ("platelets",)),
        ({"platelets": 15}, {"platelets": 25}, ()),
        ({"neutrophils": 0.6}, {"neutrophils": 1.2}, ("neutrophils",)),
        ({"neutrophils": 0.4}, {"neutrophils": 0.85}, ()),
        ({"haemoglobin": 80}, {"haemoglobin": 96}, ("haemoglobin",)),
        ({"haemoglobin": 80, "platelets": 40}, {"haemoglobin": 84, "platelets": 90}, ("platelets",)),
    ],
)  # fmt: skip
def test_haematological_improvement_in_mds(before, after, improved):
    found = blood_response(sheet(before, after), "mds", START, END)
    assert found.improved == improved and found.category == ("improved" if improved else "not improved")


def test_a_rise_by_transfusion_is_no_improvement():
    notes = (LabNote("transfusion", "", "2 units", END - datetime.timedelta(days=5)),)
    found = blood_response(sheet({"haemoglobin": 70}, {"haemoglobin": 90}, notes), "mds", START, END)
    assert found.category == "not improved" and any(note.code == "blood.transfused" for note in found.findings)


def test_counts_that_were_not_low_show_nothing():
    assert blood_response(sheet({"platelets": 220}, {"platelets": 260}), "mds", START, END).category == ""


SEVERE = {"haemoglobin": 70.0, "neutrophils": 0.3, "platelets": 10.0, "reticulocytes": 8.0}


@pytest.mark.parametrize(
    ("after", "category"),
    [
        ({"haemoglobin": 125.0, "neutrophils": 2.0, "platelets": 180.0}, "complete"),
        ({"haemoglobin": 95.0, "neutrophils": 0.9, "platelets": 45.0, "reticulocytes": 40.0}, "partial"),
        ({"haemoglobin": 75.0, "neutrophils": 0.4, "platelets": 12.0, "reticulocytes": 9.0}, "none"),
        ({"haemoglobin": 125.0}, ""),
    ],
)  # fmt: skip
def test_response_of_aplastic_anaemia(after, category):
    assert blood_response(sheet(SEVERE, after), "aplastic_anaemia", START, END).category == category


def test_severe_needs_two_of_three():
    assert is_severe({"neutrophils": 0.4, "platelets": 15.0})
    assert not is_severe({"neutrophils": 0.4, "platelets": 60.0, "reticulocytes": 50.0})


def test_dates_that_are_too_near_and_iron_are_said():
    history = sheet({"platelets": 40}, {"platelets": 90})
    iron = LabValue("ferritin", 2400.0, "µg/L", START)
    near = START + datetime.timedelta(days=20)
    found = blood_response(LabHistory((*history.values, iron), ()), "mds", START, near)
    assert {note.code for note in found.findings} >= {"blood.too_soon", "blood.iron"}


def test_the_course_tells_every_date_against_the_first(tmp_path):
    from MarrowQuantLib.response.anaemia import blood_course

    months = [datetime.date(2025, month, 10) for month in (1, 4, 7, 10)]
    history = LabHistory(tuple(LabValue("platelets", n, "10*9/L", d) for n, d in zip((30.0, 45.0, 70.0, 35.0), months)), ())
    assert [r.category for _, r in blood_course(history, "mds")] == ["not improved", "improved", "not improved"]
    assert blood_course(history, "myeloma") == ()
    write_report(replace(results("mds"), history=history), tmp_path / "r.html")
    assert "2025-07-10" in (tmp_path / "r.html").read_text(encoding="utf-8")


def test_one_exam_with_a_sheet_of_two_dates_has_its_response_too(tmp_path):
    """No second exam stands above with a category of its own."""
    history = LabHistory(tuple(LabValue("platelets", n, "10*9/L", d) for n, d in ((30.0, START), (80.0, END))), ())
    whole = replace(workflow.conclude([exam("baseline", START, 40.0, {"platelets": 30.0})], Settings(kind="mds")), history=history)
    write_report(whole, tmp_path / "r.html")
    assert "haematological improvement" in (tmp_path / "r.html").read_text(encoding="utf-8")


def test_the_course_shows_the_blood_and_the_shell_its_response_at_every_date(tmp_path, capsys):
    from MarrowQuantLib import cli
    from MarrowQuantLib.report.timeline import timeline_of, timeline_svg
    from MarrowQuantLib.results.document import write_results

    folders = []
    months = [datetime.date(2025, month, 10) for month in (1, 4, 7, 10)]
    for n, (first, second) in enumerate(zip(months, months[1:])):
        counts = [{"neutrophils": 0.4 + 0.45 * m, "platelets": 12.0 + 25.0 * m, "haemoglobin": 75.0 + 15.0 * m} for m in (n, n + 1)]
        pair = (exam("baseline", first, 60.0 - n, counts[0]), exam("follow-up", second, 59.0 - n, counts[1]))
        folders.append(tmp_path / f"r{n}")
        folders[-1].mkdir()
        write_results(workflow.conclude(pair, Settings(kind="aplastic_anaemia")), folders[-1])
    out = tmp_path / "course.svg"
    assert cli.main(["timeline", *map(str, folders), "--out", str(out)]) == 0
    said = [line for line in capsys.readouterr().out.splitlines() if line.startswith("Response by the blood")]
    assert [line.split(": ")[1].split(" ")[0] for line in said] == ["partial"] * 3
    drawn = out.read_text(encoding="utf-8")
    assert "Neutrophils" in drawn and "1.75" in drawn and "M protein" not in drawn and "VGPR" not in drawn
    japanese = timeline_svg(timeline_of([results("mds")]), "ja")
    assert "血小板" in japanese and "M蛋白" not in japanese


def test_neutrophils_are_shown_as_finely_as_their_limits():
    """0.4 is very severe and 0.6 is not: a count without decimals cannot tell them apart."""
    from MarrowQuantLib.results import rows

    pair = exam("baseline", START, 40.0, {"neutrophils": 0.44}), exam("follow-up", END, 35.0, {"neutrophils": 1.26})
    row = rows.laboratory(pair).rows[0]
    assert [row[key].text() for key in ("value_0", "value_1", "change")] == ["0.44", "1.26", "+0.82"]


def test_the_response_of_myeloma_is_in_no_door_of_another_kind(tmp_path):
    """Page, PDF, workbook, measurements, JSON, course, shell, groups of the DICOM report, row of a cohort."""
    pdfium, openpyxl = pytest.importorskip("pypdfium2"), pytest.importorskip("openpyxl")
    pytest.importorskip("fpdf")
    from MarrowQuantLib.commands.summary import summary
    from MarrowQuantLib.export.groups import documents
    from MarrowQuantLib.report.paper import paper
    from MarrowQuantLib.report.timeline import timeline_of, timeline_svg
    from MarrowQuantLib.report.workbook import write_workbook
    from MarrowQuantLib.results import write_measurements

    def doors(whole, language):
        write_report(whole, tmp_path / "r.html", language=language)
        yield "page", (tmp_path / "r.html").read_text(encoding="utf-8")
        document = pdfium.PdfDocument(paper(whole, language))
        yield "paper", "".join(page.get_textpage().get_text_range() for page in document)
        document.close()
        book = openpyxl.load_workbook(write_workbook(whole, tmp_path / "r.xlsx", language))
        yield "workbook", " ".join(str(cell.value) for sheet in book for row in sheet for cell in row)
        yield "course", timeline_svg(timeline_of([whole]), language)
        yield "shell", summary(whole)
        yield "DICOM", repr(documents(whole.exams[-1], whole, {}))
        yield "measurements", write_measurements(whole, tmp_path / "m.csv").read_text(encoding="utf-8")
        yield "JSON", json.dumps(results_to_dict(whole)["response"])
        row = case_record(whole)
        yield "cohort", repr([row["response_probability"], row["response_model"]])

    marks = ("VGPR", "IMWG", "ISS ")
    told = {door for language in ("en", "ja") for door, text in doors(results("myeloma"), language) if any(m in text for m in marks)}
    assert told >= {"page", "paper", "workbook", "shell", "DICOM"}  # the marks are found where they belong
    for kind in KINDS[1:]:
        for language in ("en", "ja"):
            for door, text in doors(results(kind), language):
                assert not any(mark in text for mark in marks), (kind, language, door)
        row = case_record(results(kind))
        assert row["response_probability"] is None and row["response_model"] is None


def exam(label, date, ff, labs):
    values = {test: LabValue(test, value, find_test(test).unit, date) for test, value in labs.items()}
    return ExamResult(label, date, {}, (), {"ff": Measurement("FF", ff, "%", how="typed")}, None, values, synthetic=True)


def results(kind):
    exams = (exam("baseline", START, 40.0, {"platelets": 30.0}), exam("follow-up", END, 35.0, {"platelets": 95.0}))
    return workflow.conclude(exams, Settings(kind=kind))


def test_only_myeloma_is_asked_for_its_response():
    assert results("myeloma").response is not None and assess(results("myeloma")).blood is None
    for kind in KINDS[1:]:
        found = results(kind)
        assert found.response is None and assess(found).imwg is None and assess(found).stages == ()
        assert case_record(found)["case_kind"] == kind
    assert assess(results("mds")).blood.category == "improved"
    assert assess(results("control")).blood is None


def test_report_and_results_follow_the_kind(tmp_path):
    found = results("mds")
    plain = results_to_dict(found)
    assert plain["settings"]["kind"] == "mds" and plain["laboratory"]["blood"]["category"] == "improved"
    assert results_from_dict(plain).settings.kind == "mds"
    for language, words, not_there in (("en", "haematological improvement", "CR/VGPR"), ("ja", "血液学的改善", "VGPR")):
        path = write_report(found, tmp_path / f"{language}.html", language=language)
        text = (path or tmp_path / f"{language}.html").read_text(encoding="utf-8")
        assert words in text and not_there not in text


def test_old_results_are_of_myeloma():
    plain = results_to_dict(Results((), (), None, Settings()))
    del plain["settings"]["kind"]
    assert results_from_dict(plain).settings.kind == "myeloma"


# ------------------------------------------------------------------------------------------------------------------- in the panel
def spine_maps(kind="mds", seed=41):
    """One simulated spine as an exam, and its bodies."""
    from MarrowQuantLib.classify.cases import bodies_of
    from MarrowQuantLib.exam.maps import ExamMaps
    from MarrowQuantLib.phantom import marrow

    drawn = next(one for one in marrow.draw_cohort("study", 8, 8, seed) if one["kind"] == kind and one["site"] == "A")
    case = marrow.simulate_spine(drawn)
    maps = ExamMaps(
        "baseline", START, dict(case.maps), {"field_strength_t": 1.5}, synthetic=True, series=(series_row("Simulated A", case.maps["t1"]),)
    )  # fmt: skip
    return maps, bodies_of(case.labels, marrow.LEVELS)


def series_row(scanner, volume, synthetic=True):
    """A T1 series of an exam as its table has it."""
    from MarrowQuantLib.dicom import SeriesVolume

    said = {"acquisition": {"manufacturer": scanner}, "synthetic": synthetic}
    return SeriesVolume(1, "T1", "1.2", volume.role, volume.array.shape, volume.ijk_to_ras, ((),), **said).as_row(used=True)


@pytest.fixture
def spine_panel(panel_widget):
    maps, bodies = spine_maps()
    panel_widget.logic.case.replace_by([maps])
    panel_widget.logic.case.exams["baseline"].rois.replace(bodies.rois)
    panel_widget.panel.refresh()
    panel_widget.ui.measureButton.click()
    return panel_widget


def choose_kind(widget, kind):
    widget.ui.kindComboBox.setCurrentIndex(KINDS.index(kind))
    widget.panel.labs.onCaseKindChosen(KINDS.index(kind))


def hidden(widget, key):
    from MarrowQuantLib.response import LAB_TESTS

    return widget.ui.labsTable.isRowHidden([test.key for test in LAB_TESTS].index(key))


def test_the_panel_asks_what_the_kind_needs(spine_panel):
    assert hidden(spine_panel, "neutrophils") and not hidden(spine_panel, "m_protein")
    choose_kind(spine_panel, "aplastic_anaemia")
    assert not hidden(spine_panel, "neutrophils") and hidden(spine_panel, "m_protein")
    assert "M protein" not in spine_panel.ui.labsMessage.text
    assert spine_panel.logic.case.results().settings.kind == "aplastic_anaemia"


def test_the_classifier_answers_in_the_panel(spine_panel, slicer_host):
    pytest.importorskip("onnxruntime")
    from slicerhost.application import PANEL_SIZE

    ui, case = spine_panel.ui, spine_panel.logic.case
    assert not ui.classifyButton.visible
    choose_kind(spine_panel, "mds")
    ui.responseSection.collapsed = False
    ui.classifyButton.click()
    found = case.classifier.answer()
    assert found is not None, ui.statusLabel.text if hasattr(ui, "statusLabel") else "no answer"
    text = ui.classifierBrowser.toPlainText()
    assert "Probability of MDS against aplastic anaemia" in text and "simulated" in text
    assert found.picture.startswith(b"\x89PNG") and set(found.by_level) == {"L1", "L2", "L3", "L4", "L5"}
    assert case.results().classification is found
    choose_kind(spine_panel, "myeloma")
    assert case.results().classification is None and not ui.classifierBrowser.visible
    choose_kind(spine_panel, "mds")
    assert case.results().classification is found and ui.classifierBrowser.visible
    picture = slicer_host.show_at_real_size(spine_panel)
    assert (picture.width(), picture.height()) == PANEL_SIZE and ui.stepsScrollArea.horizontalScrollBar().maximum == 0
    case.exams["baseline"].rois.replace(case.exams["baseline"].rois.now()[:4])
    case.exams["baseline"].measure()
    assert case.classifier.answer() is None  # another exam than was asked about


def test_a_real_exam_and_a_folder_without_a_model_are_refused_in_words(spine_panel, tmp_path):
    choose_kind(spine_panel, "mds")
    exam = spine_panel.logic.case.exams["baseline"]
    with pytest.raises(MarrowQuantError, match="no model"):
        spine_panel.logic.case.classifier.ask("baseline", tmp_path)
    exam.maps = replace(exam.maps, synthetic=False)
    with pytest.raises(MarrowQuantError, match="simulated patients"):
        spine_panel.logic.case.classifier.ask("baseline", None)


def test_labels_taken_over_in_the_panel_give_the_pictures_of_the_file(spine_panel, tmp_path):
    """One spine by three doors: files in a folder, the panel, and the panel after its scene was opened again."""
    import numpy as np
    from MarrowQuantLib.classify import Preparation, manifest, prepare
    from MarrowQuantLib.phantom import marrow
    from MarrowQuantLib.scene.case.classifier import bodies_of_exam
    from MarrowQuantLib.scene.labelmaps import set_segment, start_segmentation
    from MarrowQuantLib.scene.nodes import find_or_add

    drawn = next(one for one in marrow.draw_cohort("study", 8, 8, 41) if one["kind"] == "mds" and one["site"] == "A")
    case = marrow.simulate_spine(drawn)
    manifest.write_cohort([case], tmp_path / "cohort")
    images, bodies = manifest.load_row(manifest.read_table(tmp_path / "cohort" / "patients.csv")[0])
    by_file = prepare(images.maps, bodies, Preparation(("t1", "ff")))
    exam = spine_panel.logic.case.exams["baseline"]
    node = find_or_add("vtkMRMLSegmentationNode", "bodies", {})
    start_segmentation(node)
    for n, level in enumerate(marrow.LEVELS, start=1):
        set_segment(node, level, f"vertebra {level}", case.labels.array == n, case.labels.ijk_to_ras, color=(1.0, 0.0, 0.0))
    exam.rois.take_over(node)
    exam.measure()
    for _ in range(2):
        found = bodies_of_exam(exam.measured_rois(), exam.rois.outlined, exam.maps.maps)
        by_panel = prepare(exam.maps.maps, found, Preparation(("t1", "ff")))
        assert by_panel.levels == by_file.levels
        np.testing.assert_allclose(by_panel.patches, by_file.patches, atol=1e-3)
        exam.rois.outlined = records.read_record("baseline")["bodies"]


def test_points_in_the_panel_give_the_pictures_of_the_same_clicks(spine_panel):
    import numpy as np
    from MarrowQuantLib.classify import manifest, prepare
    from MarrowQuantLib.scene.case.classifier import bodies_of_exam

    exam = spine_panel.logic.case.exams["baseline"]
    rois, maps = exam.measured_rois(), exam.maps.maps
    clicks = "; ".join(f"{roi.level}={','.join(repr(float(x)) for x in roi.center_ras)}" for roi in rois)
    by_clicks = prepare(maps, manifest.read_bodies(manifest.Row({"clicks": clicks}, manifest.Path()), maps))
    by_points = prepare(maps, bodies_of_exam(rois, (), maps))
    assert np.array_equal(by_points.patches, by_clicks.patches)
    excluded = [replace(roi, excluded="fracture") if roi.level == "L2" else roi for roi in rois]
    assert "L2" not in bodies_of_exam(excluded, (), maps).levels


def test_the_panel_refuses_what_the_shell_refuses(spine_panel, tmp_path):
    import shutil

    from MarrowQuantLib.classify.bundled import bundled_model

    pytest.importorskip("onnxruntime")
    choose_kind(spine_panel, "mds")
    case, ui = spine_panel.logic.case, spine_panel.ui
    exam = case.exams["baseline"]
    whole = exam.maps

    def told(**changes):
        exam.maps = replace(whole, **changes)
        spine_panel.ui.classifyButton.click()
        exam.maps = whole
        assert case.classifier.answer() is None
        return ui.statusLabel.text

    assert "scanner" in told(series=(series_row("Another 3T", whole.maps["t1"]),))
    assert "lack t1" in told(maps={key: volume for key, volume in whole.maps.items() if key != "t1"})
    assert "simulated patients" in told(series=(*whole.series, series_row("Simulated A", whole.maps["ff"], synthetic=False)))
    model = shutil.copytree(bundled_model(), tmp_path / "model")
    ui.classifierPathLineEdit.currentPath = str(model)
    (model / "network-1.onnx").write_bytes(b"")
    assert "damaged" in told()
    content = json.loads((model / "model.json").read_text())
    (model / "model.json").write_text(json.dumps({**content, "format": "marrowquant classify model 9"}))
    assert "another version" in told()


def of_voxels(change):
    """A T1 with its voxels changed."""
    return lambda t1: replace(t1, array=change(t1.array, np.random.default_rng(1)).astype(np.float32))


def of_grid(change):
    """A T1 on another grid."""
    return lambda t1: replace(t1, ijk_to_ras=change(t1.ijk_to_ras.copy()))


def leg(array, rng):
    """Two bones in a limb, as a knee has them."""
    _, j, i = np.indices(array.shape)
    n_j, n_i = array.shape[1:]

    def disc(at, radii):
        return ((j - at * n_j) / radii[0]) ** 2 + ((i - n_i / 2) / radii[1]) ** 2 < 1

    return 20 * disc(0.5, (160, 80)) + 80 * (disc(0.3, (60, 40)) | disc(0.75, (55, 35))) + 3 * rng.random(array.shape)


@pytest.mark.parametrize(
    "change, says",
    [
        (of_voxels(lambda a, rng: 0 * a), "shows nothing"),
        (of_voxels(lambda a, rng: np.nan * a), "shows nothing"),
        (of_voxels(lambda a, rng: np.where(rng.random(a.shape) < 0.3, np.nan, a)), "without values"),
        (of_voxels(lambda a, rng: a.max() - a), "unlike"),
        (of_voxels(lambda a, rng: -a), "cannot be normalised"),
        (of_voxels(lambda a, rng: a.max() * rng.random(a.shape)), "unlike"),
        (of_voxels(lambda a, rng: np.minimum(a, np.percentile(a, 60))), "black or without values"),
        (of_voxels(leg), "unlike"),
        (of_grid(lambda m: m @ np.diag([2.0, 2.0, 2.0, 1.0])), "unlike"),
        (of_grid(lambda m: m[[1, 0, 2, 3]]), "."),
        (of_grid(lambda m: np.array([[1, 0, 0, 0], [0, 1, 0, 60.0], [0, 0, 1, 0], [0, 0, 0, 1]]) @ m), "None of the vertebrae lies"),
    ],
)  # fmt: skip
def test_pictures_of_something_else_end_in_a_sentence_in_the_panel(spine_panel, change, says):
    pytest.importorskip("onnxruntime")
    choose_kind(spine_panel, "mds")
    case = spine_panel.logic.case
    exam = case.exams["baseline"]
    exam.maps = replace(exam.maps, maps={**exam.maps.maps, "t1": change(exam.maps.maps["t1"])})
    spine_panel.ui.classifyButton.click()
    assert case.classifier.answer() is None
    assert says in spine_panel.ui.statusLabel.text and spine_panel.ui.statusLabel.text.endswith(".")


@pytest.mark.parametrize("missing", [np.nan, np.inf, -np.inf])
def test_a_few_voxels_without_a_value_are_told_and_change_little(spine_panel, missing):
    pytest.importorskip("onnxruntime")
    choose_kind(spine_panel, "mds")
    case = spine_panel.logic.case
    exam = case.exams["baseline"]
    spine_panel.ui.classifyButton.click()
    whole = case.classifier.answer()
    t1 = of_voxels(lambda a, rng: np.where(rng.random(a.shape) < 0.01, missing, a))(exam.maps.maps["t1"])
    exam.maps = replace(exam.maps, maps={**exam.maps.maps, "t1": t1})
    spine_panel.ui.classifyButton.click()
    found = case.classifier.answer()
    assert found.probability == pytest.approx(whole.probability, abs=0.05)
    assert "classify.gaps" in [each.code for each in found.findings] and "classify.gaps" not in [each.code for each in whole.findings]


def test_the_pattern_on_stir_is_proposed_set_and_taken_back(spine_panel, tmp_path):
    ui, case = spine_panel.ui, spine_panel.logic.case
    ui.responseSection.collapsed = False
    assert not ui.stirComboBox.visible and case.results().exams[0].stir is None  # not asked of myeloma
    choose_kind(spine_panel, "mds")
    assert ui.stirComboBox.visible and ui.stirComboBox.itemText(0).startswith("As proposed: ") and not ui.undoStirButton.enabled
    proposed = case.results().exams[0].stir
    assert proposed.pattern == proposed.proposed in STIR_PATTERNS and f"{proposed.level:.2f}" in ui.stirComboBox.toolTip
    for n, pattern in enumerate((2, 4), start=1):
        ui.stirComboBox.setCurrentIndex(pattern)
        spine_panel.panel.stir.onChosen(pattern)
        found = case.results().exams[0].stir
        assert (found.pattern, found.proposed) == (pattern, proposed.proposed), n
    assert records.read_record("baseline")["stir"] == 4
    assert case_record(case.results())["stir_pattern"] == 4 and case_record(case.results())["stir_pattern_follow_up"] is None
    assert results_from_dict(json.loads(json.dumps(results_to_dict(case.results())))).exams[0].stir == found
    for language, word in (("en", "4, homogeneously high"), ("ja", "均一な高信号")):
        path = tmp_path / f"{language}.html"
        write_report(case.results(), path, language=language)
        assert word in path.read_text(encoding="utf-8")
    ui.undoStirButton.click()
    assert case.results().exams[0].stir.pattern == 2 and ui.stirComboBox.currentIndex == 2
    ui.undoStirButton.click()
    assert case.results().exams[0].stir == proposed and not ui.undoStirButton.enabled
    choose_kind(spine_panel, "control")
    assert not ui.stirComboBox.visible and case.results().exams[0].stir is None


def test_an_exam_of_t1_and_stir_alone_is_measured_and_told_in_the_shell(tmp_path):
    from MarrowQuantLib.commands.summary import summary
    from MarrowQuantLib.model import StirPattern
    from MarrowQuantLib.vertebrae.measure import measure_vertebrae

    maps, bodies = spine_maps()
    maps = replace(maps, maps={key: maps.maps[key] for key in ("t1", "stir")})
    vertebrae, lumbar = measure_vertebrae(maps.maps, bodies.rois)
    whole = workflow.assemble(maps, vertebrae, lumbar, None, {}, stir=StirPattern(3, None, 0.8, 1.0, 0.06))
    told = summary(workflow.conclude([whole], Settings(kind="mds")))
    assert "Neither fat fraction nor ADC" in told and "Pattern on STIR, baseline: 3, heterogeneously high (proposed)" in told


def test_the_pattern_that_a_reader_set_is_in_the_saved_scene(spine_panel):
    from MarrowQuantLib.scene.case.case import Case

    choose_kind(spine_panel, "aplastic_anaemia")
    case = spine_panel.logic.case
    case.exams["baseline"].stir.set(3)
    again = Case(case.parameters)
    again.restore()
    assert again.results().exams[0].stir == case.results().exams[0].stir
    node = records.find_node("vtkMRMLTextNode", {"text": "exam", "exam": "baseline"})
    node.SetText(node.GetText().replace('"stir": 3', '"stir": "three"'))
    with pytest.raises(MarrowQuantError, match="cannot be read"):
        records.read_record("baseline")


def test_a_model_with_stir_answers_in_the_panel_and_in_the_shell_alike(spine_panel, tmp_path, capsys, monkeypatch):
    torch = pytest.importorskip("torch")
    pytest.importorskip("onnxruntime")
    from MarrowQuantLib import cli
    from MarrowQuantLib.classify import Preparation, manifest, modelfolder, networks
    from MarrowQuantLib.classify.cases import simulated_dataset
    from MarrowQuantLib.phantom import marrow

    torch.set_num_threads(1)
    monkeypatch.setattr(networks, "train", partial(networks.train, epochs=2))
    drawn = marrow.draw_cohort("study", 8, 8, 41)
    asked = marrow.simulate_spine(next(one for one in drawn if one["kind"] == "mds" and one["site"] == "A"))
    others = [one for one in drawn if one["record_id"] != asked.record_id]
    data = simulated_dataset([asked, *map(marrow.simulate_spine, others[:11])], Preparation(("t1", "stir"), pixels=32))
    model = modelfolder.train_model(data, tmp_path / "model", model_id="two channels")
    choose_kind(spine_panel, "mds")
    ui, case = spine_panel.ui, spine_panel.logic.case
    ui.classifierPathLineEdit.currentPath = str(model)
    ui.classifyButton.click()
    found = case.classifier.answer()
    assert found is not None and found.arm == "network" and found.picture.startswith(b"\x89PNG"), ui.statusLabel.text
    manifest.write_cohort([asked], tmp_path / "cohort")
    clicks = "; ".join(
        f"{roi.level}={','.join(repr(float(x)) for x in roi.center_ras)}" for roi in case.exams["baseline"].measured_rois()
    )
    image = tmp_path / "cohort" / asked.record_id
    (image / "bodies.nii.gz").unlink()
    shell = ["classify", "predict", str(image), "--model", str(model), "--clicks", clicks, "--scanner", asked.row["scanner"]]
    assert cli.main([*shell, "--synthetic", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["probability"] == pytest.approx(found.probability, abs=1e-4)
    (image / "stir.nii.gz").unlink()
    assert cli.main([*shell, "--synthetic"]) == 1
    assert "lack stir" in capsys.readouterr().err


def test_the_scene_gives_the_same_pictures(slicer_scene):
    import numpy as np
    from MarrowQuantLib.classify import Preparation, prepare
    from MarrowQuantLib.scene.volumes import volume_from_node, volume_to_node

    maps, bodies = spine_maps()
    settings = Preparation(("t1", "ff"))
    nodes = {key: volume_to_node(maps.maps[key], key, "baseline", key) for key in settings.channels}
    again = prepare({key: volume_from_node(node) for key, node in nodes.items()}, bodies, settings)
    first = prepare(maps.maps, bodies, settings)
    assert again.image_hash == first.image_hash
    np.testing.assert_allclose(again.patches, first.patches, atol=1e-4)


def answer():
    """A classifier's answer with all that it can hold."""
    import numpy as np
    from MarrowQuantLib.report.images import png

    card = {"intended_use": "research", "performance_out_of_fold": {}, "translations": {"ja": {"intended_use": "研究のみ"}}}
    told, picture = (finding("classify.simulated"),), png(np.zeros((20, 30, 3)))
    return Classification(
        "baseline", "m", "network", "mds", "aplastic_anaemia", 0.73, (0.6, 0.9), {"L1": 0.4}, card, {"L1": [[0.1, -0.2], [0.0, 0.3]]},
        {"ff_p10": -0.7}, told, picture,
    )  # fmt: skip


def test_the_answer_stands_in_report_and_results(tmp_path):
    found = answer()
    whole = replace(results("mds"), classification=found)
    read = results_from_dict(json.loads(json.dumps(results_to_dict(whole)))).classification
    assert (read.probability, read.by_level, read.picture) == (0.73, {"L1": 0.4}, b"")
    assert [list(row) for row in read.by_square["L1"]] == [[0.1, -0.2], [0.0, 0.3]] and read.by_index == {"ff_p10": -0.7}
    for language, words in (("en", "Probability of MDS against aplastic anaemia"), ("ja", "MDSである確率")):
        path = tmp_path / f"{language}.html"
        write_report(whole, path, language=language)
        text = path.read_text(encoding="utf-8")
        assert words in text and ("−0.7" in text) and (("10th percentile" in text) is (language == "en"))
        assert ("研究のみ" in text) is (language == "ja") and "translations" not in text
