"""The classifier: simulated patients with a known truth, pictures, arms, guards, evaluation, model folder and answers."""

import dataclasses
import json
import shutil

import numpy as np
import pytest
from MarrowQuantLib import cli
from MarrowQuantLib.classify import (
    Dataset,
    Preparation,
    crossing,
    evaluation,
    manifest,
    modelfolder,
    occlusion,
    page,
    patches,
    predict,
    prepare,
    read_dataset,
    regression,
    stir,
    write_dataset,
)
from MarrowQuantLib.classify.bundled import bundled_model
from MarrowQuantLib.classify.cases import bodies_of, make_patient, simulated_dataset
from MarrowQuantLib.classify.checklists import _CLAIM, _TRIPOD
from MarrowQuantLib.cohort.roc import compare_rocs
from MarrowQuantLib.features.texture import cooccurrence
from MarrowQuantLib.io import imagefiles, nifti
from MarrowQuantLib.model import MarrowQuantError
from MarrowQuantLib.phantom import marrow
from scipy.special import logit

QUICK = ("age", "multiparametric", "texture")


@pytest.fixture(scope="module")
def cases():
    """Twelve patients of the study's knob."""
    return marrow.simulate_cohort("study", 6, 6, 5)


@pytest.fixture(scope="module")
def data(cases):
    return simulated_dataset(cases)


def numbers_only(n=60, seed=0, **shift):
    """A data set without pictures to speak of: indices that differ by ``shift`` standard deviations."""
    rng = np.random.default_rng(seed)
    blank = np.zeros((2, 1, 16, 16), np.float32)
    patients = []
    for m in range(n):
        event = m % 2 == 0
        values = {name: rng.normal(shift.get(name, 0.0) * event) for name in ("ff", "adc", "r2star")}
        patients.append(_patient(m, event, values, blank, rng, shift.get("age", 0.0)))
    return Dataset(tuple(patients), Preparation(), marrow.MDS, marrow.AA)


def _patient(m, event, values, blank, rng, age):
    from MarrowQuantLib.classify import Patient

    kind = marrow.MDS if event else marrow.AA
    return Patient(f"p{m}", kind, blank, np.ones((2, 16, 16), bool), site="AB"[m % 3 == 0], age_years=60 + 10 * rng.normal(age * event),
                   platelets=rng.normal(60, 10), synthetic=True, indices=values, image_hash=str(m))  # fmt: skip


# ------------------------------------------------------------------------------------------------------------- simulated patients
def test_the_same_seed_gives_the_same_patients_and_another_others():
    first, again, other = (marrow.simulate_cohort("texture", 1, 1, seed) for seed in (3, 3, 4))
    assert np.array_equal(first[0].maps["t1"].array, again[0].maps["t1"].array)
    assert not np.array_equal(first[0].maps["t1"].array, other[0].maps["t1"].array)


def test_the_study_draws_what_was_published():
    drawn = marrow.draw_cohort("study", 2000, 2000, 1)
    by_kind = {kind: [d for d in drawn if d["kind"] == kind] for kind in (marrow.MDS, marrow.AA)}
    assert np.median([d["truth_ff"] for d in by_kind[marrow.AA]]) == pytest.approx(79.5, abs=1.5)
    assert np.median([d["truth_ff"] for d in by_kind[marrow.MDS]]) == pytest.approx(42.8, abs=2.5)
    share = np.mean([d["truth_pattern"] == 3 for d in by_kind[marrow.MDS]])
    assert share == pytest.approx(25 / 35, abs=0.04)
    assert not any(d["truth_pattern"] in (3, 4) for d in by_kind[marrow.AA])


def test_the_texture_knob_changes_no_histogram(cases):
    """Per body the fat fraction has one and the same distribution, whatever the width of its texture."""
    spread = []
    for patient in marrow.draw_cohort("texture", 4, 4, 2):
        case = marrow.simulate_spine(patient)
        values = case.maps["ff"].array[case.labels.array == 3]
        spread.append(float(np.diff(np.percentile(values, (25, 75)))[0]))
    assert np.std(spread) / np.mean(spread) < 0.08


def test_an_unknown_knob_and_an_empty_group_are_refused():
    with pytest.raises(MarrowQuantError, match="choose one of: study, texture"):
        marrow.draw_cohort("magic", 3, 3, 1)
    with pytest.raises(MarrowQuantError, match="both diseases"):
        marrow.draw_cohort("study", 0, 3, 1)


# --------------------------------------------------------------------------------------------------------------------- texture
def test_cooccurrence_gives_the_values_of_the_ibsi_phantom():
    """Benchmark values of the IBSI reference manual (theibsi/ibsi-doc, section 3.6): "2D, slice-merged" and "2.5D, merged"."""
    from pathlib import Path

    folder = Path(__file__).parent / "data" / "ibsi_digital_phantom"
    image, mask = (np.rint(np.asarray(nifti.read_nifti(folder / f"{name}.nii.gz").volumes[0])).astype(int) for name in ("phantom", "mask"))
    slices = [cooccurrence(image[k], mask[k] > 0) for k in range(len(image)) if (mask[k] > 0).any()]
    merged = cooccurrence(image, mask > 0)
    averaged = {name: np.mean([one[name] for one in slices]) for name in slices[0]}
    for name, expected in IBSI_BY_SLICE.items():
        assert averaged[name] == pytest.approx(expected, rel=0.005), name
    for name, expected in IBSI_MERGED.items():
        assert merged[name] == pytest.approx(expected, rel=0.005), name


IBSI_BY_SLICE = {"angular_second_moment": 0.352, "contrast": 5.19, "difference_average": 1.4, "inverse_difference": 0.683}
IBSI_MERGED = {"angular_second_moment": 0.277, "contrast": 5.29, "difference_average": 1.44, "inverse_difference": 0.673}


# -------------------------------------------------------------------------------------------------------------------- pictures
def test_patches_are_straightened_and_normalised(cases):
    case = cases[0]
    spine = prepare(case.maps, bodies_of(case.labels, marrow.LEVELS), Preparation(("t1", "ff")))
    assert spine.levels == marrow.LEVELS and spine.patches.shape == (5, 2, 48, 48)
    ff = 100 * spine.patches[:, 1]
    assert float(np.mean(ff[spine.marrow])) == pytest.approx(case.truth["ff"], abs=6)
    assert float(np.median(ff[:, :6, 14:34])) < 25  # above the endplate lies the disc
    assert spine.findings == ()


def test_the_coils_brightness_leaves_the_patches(cases):
    """The same patient under another coil gives nearly the same picture: the brightness is taken out."""
    case = cases[1]
    bodies = bodies_of(case.labels, marrow.LEVELS)
    j = np.linspace(-1, 1, case.maps["t1"].array.shape[1])
    darker = case.maps["t1"].like(case.maps["t1"].array * (3.0 * np.exp(-0.5 * (j - 0.2) ** 2))[None, :, None].astype(np.float32))
    plain, other = (prepare({"t1": volume}, bodies).patches for volume in (case.maps["t1"], darker))
    assert np.abs(other - plain).mean() / plain.mean() < 0.02
    uncorrected = prepare({"t1": darker}, bodies, Preparation(remove_bias=False)).patches
    assert np.abs(uncorrected - plain).mean() / plain.mean() > 0.06


def test_nifti_and_memory_give_the_same_patches(cases, tmp_path):
    manifest.write_cohort(cases[:1], tmp_path / "cohort")
    row = manifest.read_table(tmp_path / "cohort" / "patients.csv")[0]
    images, bodies = manifest.load_row(row)
    assert images.synthetic and images.scanner == cases[0].row["scanner"]
    from_file = prepare(images.maps, bodies)
    in_memory = prepare(cases[0].maps, bodies_of(cases[0].labels, marrow.LEVELS))
    assert from_file.image_hash == in_memory.image_hash
    np.testing.assert_allclose(from_file.patches, in_memory.patches, atol=2e-5)


def write_series(folder, volume, **attributes):
    """A sagittal series as DICOM, T1 if nothing else is said, and what it holds: whole numbers."""
    from helpers.dicom_files import write_image

    whole = volume.like(np.rint(volume.array).astype(np.float32))
    lps = np.diag([-1.0, -1.0, 1.0, 1.0]) @ volume.ijk_to_ras
    folder.mkdir(exist_ok=True)
    for k, stored in enumerate(whole.array.astype(np.uint16)):
        write_image(
            folder, k, **{
                "stored": stored, "SeriesDescription": "T1 TSE sag", "ScanningSequence": "SE", "RepetitionTime": 500, "EchoTime": 12,
                "ImagePositionPatient": [float(x) for x in (lps @ [0, 0, k, 1])[:3]], "ImageOrientationPatient": [0, 1, 0, 0, 0, -1],
                "PixelSpacing": [float(x) for x in volume.spacing_mm[[1, 0]]], "SliceThickness": float(volume.spacing_mm[2]),
                "SOPInstanceUID": f"{attributes.get('SeriesInstanceUID', '1.2.3')}.{attributes.get('StudyDate', 0)}.{k + 1}",
                **attributes,
            },
        )  # fmt: skip
    return whole


def test_dicom_gives_the_same_patches_and_the_scanner(cases, tmp_path):
    whole = write_series(tmp_path / "t1", cases[0].maps["t1"], Manufacturer="SIEMENS", ManufacturerModelName="Avanto")
    images = manifest.read_images(tmp_path / "t1")
    assert list(images.maps) == ["t1"] and not images.synthetic and images.scanner == "SIEMENS Avanto"
    bodies = bodies_of(cases[0].labels, marrow.LEVELS)
    np.testing.assert_allclose(prepare(images.maps, bodies).patches, prepare({"t1": whole}, bodies).patches, atol=2e-4)


def test_stir_gives_the_same_patches_from_dicom_files_and_the_scene(cases, tmp_path, slicer_scene):
    from MarrowQuantLib.scene.volumes import volume_from_node, volume_to_node

    case, settings = cases[1], Preparation(("t1", "stir"))
    said = {
        "t1": {"SeriesInstanceUID": "1.2.1", "SeriesNumber": 1},
        "stir": {"SeriesInstanceUID": "1.2.2", "SeriesNumber": 2, "SeriesDescription": "sag", "ScanningSequence": ["SE", "IR"],
                 "RepetitionTime": 2000, "EchoTime": 40, "InversionTime": 160},
    }  # fmt: skip
    whole = {key: write_series(tmp_path / key, case.maps[key], **told) for key, told in said.items()}
    bodies = bodies_of(case.labels, marrow.LEVELS)
    first = prepare(whole, bodies, settings)
    assert first.patches.shape[1] == 2 and not np.allclose(first.patches[:, 0], first.patches[:, 1])
    (tmp_path / "dicom").mkdir()
    for key in whole:
        (tmp_path / key).rename(tmp_path / "dicom" / key)
    read = manifest.read_images(tmp_path / "dicom").maps
    assert list(read) == ["t1", "stir"]
    (tmp_path / "nifti").mkdir()
    for key, volume in whole.items():
        imagefiles.write_volume(volume, tmp_path / "nifti" / f"{key}.nii.gz")
    proposed = stir.propose_pattern(whole["stir"], bodies)
    shown = {key: volume_from_node(volume_to_node(volume, key, "baseline", key)) for key, volume in whole.items()}
    for maps in (read, manifest.read_images(tmp_path / "nifti").maps, shown):
        np.testing.assert_allclose(prepare(maps, bodies, settings).patches, first.patches, atol=2e-4)
        assert stir.propose_pattern(maps["stir"], bodies).level == pytest.approx(proposed.level, abs=1e-4)


def test_a_folder_of_two_exams_is_refused(cases, tmp_path):
    for n, date in enumerate(("20240101", "20240901")):
        uids = {"SeriesInstanceUID": f"1.2.{n + 1}", "StudyInstanceUID": f"1.3.{n + 1}"}
        write_series(tmp_path / date, cases[0].maps["t1"], StudyDate=date, **uids)
    with pytest.raises(MarrowQuantError, match="holds 2 exams"):
        manifest.read_images(tmp_path)


def test_the_cache_is_used_and_follows_the_settings(cases, tmp_path, monkeypatch):
    bodies, settings = bodies_of(cases[0].labels, marrow.LEVELS), Preparation()
    first = make_patient("a", {"kind": marrow.MDS}, cases[0].maps, bodies, settings, tmp_path)
    assert len(list(tmp_path.glob("*.npz"))) == 1
    monkeypatch.setattr(patches, "_patch", None)  # whoever computes now, fails
    from MarrowQuantLib.classify import cases as module

    monkeypatch.setattr(module, "propose_pattern", lambda *_: None)
    again = make_patient("a", {"kind": marrow.MDS}, cases[0].maps, bodies, settings, tmp_path)
    assert np.array_equal(first.patches, again.patches)
    with pytest.raises(TypeError):
        make_patient("a", {"kind": marrow.MDS}, cases[0].maps, bodies, Preparation(pixels=32), tmp_path)


def test_bad_pictures_end_in_a_sentence(cases):
    case = cases[0]
    bodies = bodies_of(case.labels, marrow.LEVELS)
    with pytest.raises(MarrowQuantError, match="lack adc"):
        prepare({"t1": case.maps["t1"]}, bodies, Preparation(("t1", "adc")))
    with pytest.raises(MarrowQuantError, match="another part of the body"):
        prepare(case.maps, bodies_of(case.labels, ("C3", "C4", "C5", "C6", "C7")))
    far = case.maps["t1"].ijk_to_ras.copy()
    far[2, 3] += 900
    with pytest.raises(MarrowQuantError, match="No vertebral body lies in the image"):
        prepare({"t1": dataclasses.replace(case.maps["t1"], ijk_to_ras=far)}, bodies)
    with pytest.raises(MarrowQuantError, match="cannot hold pet"):
        Preparation(("pet",))


def test_the_proposed_stir_pattern_is_mostly_the_true_one():
    found = []
    for pattern, ff in ((1, 85.0), (2, 78.0), (3, 45.0), (4, 12.0)):
        for seed in (1, 2):
            drawn = {**marrow.draw_cohort("noise", 1, 1, seed)[0], "truth_pattern": pattern, "truth_ff": ff, "truth_texture_mm": 1.4,
                     "truth_texture_points": 7.0}  # fmt: skip
            case = marrow.simulate_spine(drawn)
            found.append(stir.propose_pattern(case.maps["stir"], bodies_of(case.labels, marrow.LEVELS)).pattern == pattern)
    assert np.mean(found) >= 0.75


def test_no_pattern_is_proposed_where_no_disc_is_seen(cases):
    """Signals over those of muscle are no ground for limits that hold for signals over discs."""
    case = cases[0]
    bodies = bodies_of(case.labels, marrow.LEVELS)
    alone = dataclasses.replace(bodies, bodies=bodies.bodies[::2])
    assert stir.propose_pattern(case.maps["stir"], bodies) is not None and stir.propose_pattern(case.maps["stir"], alone) is None
    assert stir.stir_of_exam({"t1": case.maps["t1"]}, bodies.rois) is None and stir.stir_of_exam(case.maps, ()) is None
    assert stir.stir_of_exam(case.maps, bodies.rois).proposed == stir.propose_pattern(case.maps["stir"], bodies).proposed


# ------------------------------------------------------------------------------------------------------------- data sets and guards
def test_a_data_set_is_written_and_read_back(data, tmp_path):
    write_dataset(data, tmp_path / "data")
    again = read_dataset(tmp_path / "data")
    assert again.digest() == data.digest() and again.readers == data.readers
    for one, other in zip(again.patients, data.patients):
        assert one.indices == pytest.approx(other.indices, nan_ok=True) and one.levels == other.levels
    content = json.loads((tmp_path / "data" / "dataset.json").read_text())
    content["patients"][0]["kind"] = "aplastic_anaemia" if content["patients"][0]["kind"] == "mds" else "mds"
    (tmp_path / "data" / "dataset.json").write_text(json.dumps(content))
    with pytest.raises(MarrowQuantError, match="was changed"):
        read_dataset(tmp_path / "data")
    with pytest.raises(MarrowQuantError, match="no data set"):
        read_dataset(tmp_path)


def test_what_cannot_be_evaluated_is_refused(data):
    from MarrowQuantLib.classify.dataset import checked

    with pytest.raises(MarrowQuantError, match="of one kind"):
        checked(data.take(np.flatnonzero(data.outcome)))
    with pytest.raises(MarrowQuantError, match="at least 5"):
        checked(data.take([*np.flatnonzero(data.outcome)[:2], *np.flatnonzero(~data.outcome)[:1]]))
    with pytest.raises(MarrowQuantError, match="occur twice"):
        checked(data.take([*range(12), 0]))
    twin = dataclasses.replace(data.patients[0], record_id="other")
    with pytest.raises(MarrowQuantError, match="share an image"):
        checked(dataclasses.replace(data, patients=(*data.patients, twin)))
    real = dataclasses.replace(data.patients[0], synthetic=False)
    with pytest.raises(MarrowQuantError, match="are mixed"):
        checked(dataclasses.replace(data, patients=(*data.patients[1:], real)))


def test_one_patient_in_two_folds_is_refused():
    some = numbers_only(20)
    twin = dataclasses.replace(some.patients[1], record_id=some.patients[0].record_id)
    leaking = dataclasses.replace(some, patients=(some.patients[0], twin, *some.patients[2:]))
    with pytest.raises(MarrowQuantError, match="two folds"):
        crossing.check_folds(leaking, np.array([[0, 1, *[0] * 18]]))


def test_folds_are_the_same_for_the_same_seed_and_spread_both_kinds():
    outcome = np.arange(50) % 3 == 0
    first, again, other = (crossing.make_folds(outcome, 5, 2, seed) for seed in (1, 1, 2))
    assert np.array_equal(first, again) and not np.array_equal(first, other)
    assert all(3 <= (first[0] == n)[outcome].sum() <= 4 for n in range(5))


# ---------------------------------------------------------------------------------------------------------------- regression arms
def test_the_ridge_is_scikit_learns():
    linear_model = pytest.importorskip("sklearn.linear_model")
    rng = np.random.default_rng(1)
    z, outcome = rng.normal(size=(60, 4)), rng.random(60) < 0.4
    intercept, slopes = regression.ridge(outcome, z, 3.0)
    theirs = linear_model.LogisticRegression(C=1 / 3.0, tol=1e-10, max_iter=2000).fit(z, outcome)
    assert intercept == pytest.approx(theirs.intercept_[0], abs=1e-6)
    np.testing.assert_allclose(slopes, theirs.coef_[0], atol=1e-6)


def test_an_index_that_tells_is_found_and_noise_is_not():
    told = evaluation.evaluate(numbers_only(80, ff=1.8), evaluation.Plan(arms=("age", "multiparametric"), curve=False, quick_times=0))
    assert told.arms["multiparametric"].roc.auc > 0.8
    assert told.arms["age"].roc.delong_interval[0] < 0.5
    assert told.pairs["age", "multiparametric"].p < 0.01


def test_an_interval_for_other_training_patients_is_wider_than_delongs():
    """Nadeau and Bengio's factor for five folds is 1 + 5/4 of the variance."""
    told = evaluation.evaluate(numbers_only(60, ff=0.8), evaluation.Plan(arms=("multiparametric",), curve=False, quick_times=0))
    result = told.arms["multiparametric"]
    low, high = result.roc.delong_interval
    assert result.retrained == pytest.approx((result.roc.auc - 0.75 * (high - low), min(result.roc.auc + 0.75 * (high - low), 1.0)))


def test_a_model_that_knows_nothing_does_not_order_patients_by_their_fold(monkeypatch):
    """It answers with the event's share in its training folds, which is low where that of the fold is high."""
    from MarrowQuantLib.classify.arms import Fitted

    some = numbers_only(33)
    monkeypatch.setattr(crossing, "fit_arm", lambda arm, known, *_: Fitted(np.zeros(0), 0.5, known.outcome.mean()))
    monkeypatch.setattr(crossing, "ask", lambda arm, fitted, unknown: np.full(len(unknown.patients), fitted.model))
    crossed = crossing.cross_validate(some, ("age",), repeats=1)
    assert np.ptp(crossed.mean("age")) < 1e-12 and crossed.mean("age")[0] == pytest.approx(some.outcome.mean())


def test_random_labels_give_one_half():
    values = crossing.random_labels(numbers_only(60, ff=3.0), ("multiparametric",), times=8)["multiparametric"]
    assert values.mean() == pytest.approx(0.5, abs=0.1)


def test_age_that_does_as_well_is_said():
    plan = evaluation.Plan(arms=("age", "multiparametric"), curve=False, quick_times=0)
    told = evaluation.evaluate(numbers_only(80, age=2.5, ff=0.5), plan)
    assert any(found.code == "classify.age_tells" for found in told.findings)


def test_a_site_that_tells_is_named_and_its_fall_is_shown():
    some = numbers_only(240, seed=3)
    rng = np.random.default_rng(9)
    patients = []
    for patient in some.patients:
        site = "A" if (patient.kind == marrow.MDS) ^ (rng.random() < 0.12) else "B"
        patients.append(dataclasses.replace(patient, site=site, indices={**patient.indices, "ff": rng.normal(3.0 * (site == "A"))}))
    told = evaluation.evaluate(
        dataclasses.replace(some, patients=tuple(patients)), evaluation.Plan(arms=("multiparametric",), curve=False, quick_times=0)
    )
    codes = {found.code for found in told.findings}
    assert {"classify.site_tells", "classify.site_falls"} <= codes
    assert told.left_out_auc["multiparametric"] < 0.7 < told.arms["multiparametric"].roc.auc


def test_numbers_are_those_of_scikit_learn_and_statsmodels(tmp_path):
    metrics = pytest.importorskip("sklearn.metrics")
    sm = pytest.importorskip("statsmodels.api")
    told = evaluation.evaluate(numbers_only(70, ff=1.0), evaluation.Plan(arms=("age", "multiparametric"), curve=False, quick_times=0))
    page.write_evaluation(told, tmp_path)
    rows = np.genfromtxt(tmp_path / page.PREDICTIONS, delimiter=",", names=True, dtype=None, encoding="utf-8-sig")
    event, p = rows["event"].astype(bool), rows["multiparametric"]
    result = told.arms["multiparametric"]
    assert result.roc.auc == pytest.approx(metrics.roc_auc_score(event, p), abs=1e-6)
    assert result.performance.brier == pytest.approx(metrics.brier_score_loss(event, p), abs=1e-6)
    fit = sm.Logit(event.astype(float), sm.add_constant(logit(p))).fit(disp=False)
    assert result.performance.slope == pytest.approx(fit.params[1], abs=1e-6)
    held = sm.GLM(event.astype(float), np.ones(event.size), family=sm.families.Binomial(), offset=logit(p)).fit(tol=1e-12)
    assert result.performance.intercept == pytest.approx(held.params[0], abs=1e-6)


def test_delong_of_the_predictions_is_that_of_proc():
    """Committed values of R 4 with pROC (roc.test, paired, method "delong") on these numbers."""
    rng = np.random.default_rng(42)
    event = np.arange(40) < 18
    first, second = rng.normal(1.0 * event).round(3), rng.normal(0.4 * event).round(3)
    pair = compare_rocs(event, first, second, direction="higher")
    assert (pair.difference, pair.z, pair.p) == pytest.approx(PROC, abs=1e-6)


PROC = (0.042929292929, 0.350807854891, 0.725732503920)  # pROC 1.18.0, R 4.2.2


# ------------------------------------------------------------------------------------------------------------------------- the page
def test_the_page_is_whole_in_both_languages(tmp_path):
    told = evaluation.evaluate(
        dataclasses.replace(numbers_only(60, ff=1.5), readers={"reader_1": {f"p{n}": float(n % 7) for n in range(60)},
                                                              "reader_2": {f"p{n}": float(n % 5) for n in range(60)}}),
        evaluation.Plan(arms=("age", "multiparametric"), quick_times=2),
    )  # fmt: skip
    for language, words in (("en", "Random labels"), ("ja", "ランダムラベル")):
        written = page.write_evaluation(told, tmp_path / language, language)
        text = written.paths[0].read_text(encoding="utf-8")
        assert words in text and "TRIPOD+AI" in text and "CLAIM" in text
        assert (tmp_path / language / page.PREDICTIONS).is_file()
    assert "for the authors" not in (tmp_path / "ja" / "classify.html").read_text(encoding="utf-8")
    assert len(_TRIPOD) == 27 and len(_CLAIM) == 42
    assert {one.arm for one in told.against_readers} == {"age", "multiparametric"}


# ------------------------------------------------------------------------------------------------------------- model and answers
def test_the_regression_needs_no_more_than_numpy(data, cases, tmp_path):
    folder = modelfolder.train_model(data, tmp_path / "model", model_id="m", network=False)
    model = modelfolder.read_model(folder)
    answer = predict.predict(model, data.patients[0])
    assert answer.arm == "multiparametric" and answer.interval[0] <= answer.probability <= answer.interval[1]
    assert "MDS" in answer.findings[-1] and sum(answer.parts.values()) != 0
    refused = dataclasses.replace(data.patients[0], synthetic=False)
    with pytest.raises(MarrowQuantError, match="simulated patients and answers for such only"):
        predict.predict(model, refused)
    with pytest.raises(MarrowQuantError, match="scanner"):
        predict.predict(model, dataclasses.replace(data.patients[0], scanner="Another"))
    bright = {**data.patients[0].statistics, "marrow": 9.0}
    with pytest.raises(MarrowQuantError, match="unlike those of training"):
        predict.predict(model, dataclasses.replace(data.patients[0], statistics=bright))


def test_a_model_that_was_touched_or_is_of_another_version_is_refused(data, tmp_path):
    folder = modelfolder.train_model(data, tmp_path / "model", model_id="m", network=False)
    other = shutil.copytree(folder, tmp_path / "other")
    content = json.loads((other / "model.json").read_text())
    (other / "model.json").write_text(json.dumps({**content, "format": "marrowquant classify model 0"}))
    with pytest.raises(MarrowQuantError, match="another version"):
        modelfolder.read_model(other)
    content["arms"]["multiparametric"]["slopes"][0] += 1.0
    (other / "model.json").write_text(json.dumps(content))
    with pytest.raises(MarrowQuantError, match="damaged"):
        modelfolder.read_model(other)
    (folder / "reference.npz").write_bytes(b"no")
    with pytest.raises(MarrowQuantError, match="damaged"):
        modelfolder.read_model(folder)
    with pytest.raises(MarrowQuantError, match="no model"):
        modelfolder.read_model(tmp_path)


def test_a_network_learns_texture_and_its_onnx_answers_alike(tmp_path):
    """Trained for real, on few patients and in few steps."""
    torch = pytest.importorskip("torch")
    runtime = pytest.importorskip("onnxruntime")
    from MarrowQuantLib.classify import networks

    torch.set_num_threads(1)
    some = simulated_dataset(marrow.simulate_cohort("texture", 6, 6, 31))
    pictures, outcome = [patient.patches for patient in some.patients], some.outcome
    every = np.concatenate(pictures)
    scale = every.mean(axis=(0, 2, 3)), every.std(axis=(0, 2, 3))
    stack = networks.Stack.of(pictures, outcome, *scale)
    first, again = (networks.train("small", stack, stack, seed=4, epochs=8) for _ in range(2))
    told = networks.log_odds(first, stack)
    assert np.array_equal(told, networks.log_odds(again, stack))  # the same seed, the same network
    assert told[outcome].mean() > told[~outcome].mean()
    networks.write_onnx(first, tmp_path / "net.onnx", 1, 48)
    session = runtime.InferenceSession(str(tmp_path / "net.onnx"), providers=["CPUExecutionProvider"])
    for n, patient in enumerate(some.patients[:4]):
        scaled = ((patient.patches - scale[0][:, None, None]) / scale[1][:, None, None]).astype(np.float32)
        answer, attention = session.run(None, {"patches": scaled[: 5 - n]})
        assert attention.sum() == pytest.approx(1.0, abs=1e-5)
        with torch.no_grad():
            theirs = first(torch.from_numpy(scaled[: 5 - n]))[0].numpy()
        assert answer == pytest.approx(theirs, abs=1e-5)
    assert networks.build("lenet", 2, 48)(torch.zeros(3, 2, 48, 48))[0].shape == (1,)


def test_monais_network_learns_texture_and_its_onnx_answers_alike(tmp_path):
    torch = pytest.importorskip("torch")
    runtime = pytest.importorskip("onnxruntime")
    pytest.importorskip("monai")
    from MarrowQuantLib.classify import networks
    from MarrowQuantLib.classify.arms import USUAL

    torch.set_num_threads(1)
    rng = np.random.default_rng(3)
    outcome = np.arange(12) % 2 == 0
    grain = [4 if event else 1 for event in outcome]
    coarse = [np.kron(rng.normal(size=(3, 1, 48 // size, 48 // size)), np.ones((1, 1, size, size))) for size in grain]
    stack = networks.Stack.of([each.astype(np.float32) for each in coarse], outcome, np.zeros(1), np.ones(1))
    first, again = (networks.train("densenet", stack, stack, seed=4, epochs=6) for _ in range(2))
    told = networks.log_odds(first, stack)
    assert np.array_equal(told, networks.log_odds(again, stack))
    assert told[outcome].min() > told[~outcome].max()
    networks.write_onnx(first, tmp_path / "net.onnx", 1, 48)
    session = runtime.InferenceSession(str(tmp_path / "net.onnx"), providers=["CPUExecutionProvider"])
    for patient, expected in zip(coarse[:3], told):
        assert session.run(None, {"patches": patient.astype(np.float32)})[0] == pytest.approx(expected, abs=1e-5)
    assert "densenet" not in USUAL and "densenet" not in evaluation.Plan().arms


def test_the_bundled_model_answers_and_explains_for_a_simulated_patient(cases):
    pytest.importorskip("onnxruntime")
    model = modelfolder.read_model(bundled_model())
    answers = []
    for case in cases:
        patient = make_patient(case.record_id, case.row, case.maps, bodies_of(case.labels, marrow.LEVELS), model.preparation)
        try:
            answers.append((case.row["kind"] == marrow.MDS, predict.predict(model, patient)))
            kept = patient
        except MarrowQuantError as error:
            assert "unlike those of training" in str(error)
    assert len(answers) >= 9
    assert np.mean([(answer.probability > answer.threshold) == event for event, answer in answers]) >= 0.7
    explained = predict.predict(model, kept, explain=True)
    case = next(case for case in cases if case.record_id == kept.record_id)
    picture = explained.picture(case.maps, bodies_of(case.labels, marrow.LEVELS), model.preparation)
    assert picture.startswith(b"\x89PNG") and explained.occlusion.region.shape == (5, 6, 6)
    assert set(explained.plain()["log_odds_lost_without_square"]) == set(marrow.LEVELS)
    assert sum(explained.body_weights.values()) == pytest.approx(1.0, abs=1e-4)


def test_the_bundled_networks_answer_as_torch_did(tmp_path):
    """The reference numbers were torch's when the model was trained."""
    pytest.importorskip("onnxruntime")
    model = modelfolder.read_model(bundled_model())
    with np.load(model.folder / modelfolder.REFERENCE) as arrays:
        patches, expected = arrays["patches"], arrays["network"]
    told = model.content["arms"]["network"]
    found, _ = modelfolder.network_log_odds(model, model.sessions(), patches)
    np.testing.assert_allclose(found, told["intercept"] + told["slope"] * expected, atol=1e-5)
    other = shutil.copytree(model.folder, tmp_path / "other")
    (other / "network-0.onnx").write_bytes((other / "network-1.onnx").read_bytes())  # another network, and its right hash
    content = json.loads((other / "model.json").read_text())
    content["files"]["network-0.onnx"] = content["files"]["network-1.onnx"]
    (other / "model.json").write_text(json.dumps(content))
    with pytest.raises(MarrowQuantError, match=r"damaged.*network-0"):
        modelfolder.read_model(other).sessions()


HOSTILE = {  # where in model.json, and what is put there; None takes it away
    "outside": (("arms", "network", "files"), ["../../secret.onnx"]),
    "absolute": (("files", "/etc/passwd"), "0"),
    "unlisted": (("files", "network-2.onnx"), None),
    "no domain": (("domain",), None),
    "no number": (("arms", "network", "mean"), [float("nan")]),
    "a word": (("arms", "network", "slope"), "steep"),
    "range": (("domain", "ranges", "marrow"), [0.0]),
    "unchecked": (("domain", "ranges", "marrow"), None),
    "no arms": (("arms",), {}),
    "other arms": (("arms", "oracle"), {"threshold": 0.5, "intercept": 0.0}),
    "kinds": (("event",), "<script>"),
    "flag": (("synthetic_only",), "no"),
    "pixels": (("preparation", "pixels"), 10**9),
    "list": (("arms", "multiparametric", "slopes"), {"a": 1}),
    "files": (("files",), ["model.json"]),
}


@pytest.mark.parametrize("how", HOSTILE)
def test_a_hostile_model_json_ends_in_a_sentence(how, tmp_path):
    other = shutil.copytree(bundled_model(), tmp_path / "other")
    content = json.loads((other / "model.json").read_text())
    (*path, last), value = HOSTILE[how]
    place = content
    for name in path:
        place = place[name]
    if value is None:
        place.pop(last)
    else:
        place[last] = value
    (other / "model.json").write_text(json.dumps(content))
    with pytest.raises(MarrowQuantError, match="damaged"):
        modelfolder.read_model(other)


def rehash(folder, name):
    content = json.loads((folder / "model.json").read_text())
    content["files"][name] = modelfolder._hash(folder / name)
    (folder / "model.json").write_text(json.dumps(content))


def test_hostile_files_of_a_model_end_in_a_sentence(tmp_path):
    pytest.importorskip("onnxruntime")
    import os
    import zipfile

    other = shutil.copytree(bundled_model(), tmp_path / "linked")
    (other / "network-0.onnx").unlink()
    (other / "network-0.onnx").symlink_to(other / "network-1.onnx")
    with pytest.raises(MarrowQuantError, match=r"damaged.*network-0"):
        modelfolder.read_model(other)
    if hasattr(os, "mkfifo"):
        (other / "network-0.onnx").unlink()
        os.mkfifo(other / "network-0.onnx")  # whoever reads it waits for ever
        with pytest.raises(MarrowQuantError, match=r"damaged.*network-0"):
            modelfolder.read_model(other)
    for n, content in enumerate((b"no network", b"\x08\x07location", b"")):
        other = shutil.copytree(bundled_model(), tmp_path / f"bytes{n}")
        (other / "network-0.onnx").write_bytes(content)
        rehash(other, "network-0.onnx")
        with pytest.raises(MarrowQuantError, match=r"damaged.*network-0"):
            modelfolder.read_model(other).sessions()
    other = shutil.copytree(bundled_model(), tmp_path / "bomb")
    with zipfile.ZipFile(other / "reference.npz", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("indices.npy", b"\0" * (modelfolder.LARGEST_FILE + 1))
    rehash(other, "reference.npz")
    with pytest.raises(MarrowQuantError, match="damaged"):
        modelfolder.read_model(other)


def test_a_gpu_is_used_if_there_is_one(monkeypatch):
    """Everything is sent to the device that torch names; here the sending is recorded and ends on the processor."""
    torch = pytest.importorskip("torch")
    from MarrowQuantLib.classify import networks

    sent = []
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    for kind in (torch.Tensor, torch.nn.Module):
        plain = kind.to

        def to(self, where, *rest, plain=plain, kind=kind):
            if isinstance(where, torch.device):
                sent.append((kind.__name__, where.type))
                where = torch.device("cpu")
            return plain(self, where, *rest)

        monkeypatch.setattr(kind, "to", to)
    pictures = [np.random.default_rng(n).normal(size=(2, 1, 16, 16)).astype(np.float32) for n in range(4)]
    assert networks.device().type == "cuda"
    stack = networks.Stack.of(pictures, np.array([True, False] * 2), np.zeros(1), np.ones(1))
    assert sent == [("Tensor", "cuda")] * 3
    network = networks.train("small", stack, stack, seed=1, epochs=1)
    assert np.isfinite(networks.log_odds(network, stack)).all()
    assert not torch.are_deterministic_algorithms_enabled() or ("Tensor", "cuda") in sent


def test_occlusion_finds_the_square_that_counts():
    pictures = np.random.default_rng(0).normal(size=(2, 1, 48, 48)).astype(np.float32)
    pictures[1, 0, 16:24, 24:32] += 5.0
    found = occlusion.occlude(pictures, np.ones((2, 48, 48), bool), lambda x: float(np.sum([each[0, 16:24, 24:32].mean() for each in x])))
    assert np.unravel_index(np.argmax(found.region), found.region.shape) == (1, 2, 3)
    assert found.body[1] > found.body[0]


# --------------------------------------------------------------------------------------------------------------------------- shell
def test_the_shell_goes_from_images_to_an_answer(cases, tmp_path, capsys):
    manifest.write_cohort(cases[:10], tmp_path / "cohort")
    table = tmp_path / "cohort" / "patients.csv"
    readers = str(tmp_path / "cohort" / "readers.csv")
    assert cli.main(["classify", "prepare", str(table), "--readers", readers, "--out", str(tmp_path / "d")]) == 0
    assert "10 patients, 50 bodies" in capsys.readouterr().out
    assert cli.main(["classify", "train", str(tmp_path / "d"), "--no-network", "--out", str(tmp_path / "m")]) in (0, 1)
    capsys.readouterr()
    image = tmp_path / "cohort" / cases[0].record_id
    assert cli.main(["classify", "predict", str(image), "--synthetic", "--arm", "multiparametric", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert 0 <= answer["probability"] <= 1 and answer["event"] == "mds"
    assert cli.main(["classify", "predict", str(image)]) == 1
    assert "simulated patients and answers for such only" in capsys.readouterr().err


def test_too_few_and_one_kind_end_in_a_sentence_in_the_shell(data, tmp_path, capsys):
    rows = np.flatnonzero(data.outcome)
    for name, chosen, words in (("three", [*rows[:2], np.flatnonzero(~data.outcome)[0]], "at least 5"), ("one", rows, "of one kind")):
        write_dataset(dataclasses.replace(data.take(chosen), readers={}), tmp_path / name)
        for action in (["evaluate", "--quick"], ["train", "--no-network"]):
            assert cli.main(["classify", action[0], str(tmp_path / name), *action[1:], "--out", str(tmp_path / f"{name}{action[0]}")]) == 1
            told = capsys.readouterr().err
            assert words in told and "Traceback" not in told


def test_images_of_another_part_of_the_body_end_in_a_sentence_in_the_shell(cases, tmp_path, capsys):
    manifest.write_cohort(cases[:1], tmp_path / "cohort")
    image = tmp_path / "cohort" / cases[0].record_id
    (image / "bodies.json").write_text(json.dumps({f"C{n + 2}": n for n in range(1, 6)}))
    assert cli.main(["classify", "predict", str(image), "--synthetic"]) == 1
    assert "another part of the body" in capsys.readouterr().err
    (image / "bodies.json").unlink()
    (image / "bodies.nii.gz").unlink()
    assert cli.main(["classify", "predict", str(image), "--synthetic", "--clicks", "L1=500,0,0; L2=500,0,-30"]) == 1
    assert "Traceback" not in capsys.readouterr().err
    assert cli.main(["classify", "predict", str(image), "--synthetic"]) == 1
    assert "No bodies are given" in capsys.readouterr().err
    (image / "t1.nii.gz").unlink()
    assert cli.main(["classify", "predict", str(image), "--synthetic", "--clicks", "L1=0,0,70; L5=0,0,-70"]) == 1
    assert "lack t1" in capsys.readouterr().err


def test_a_table_with_a_patient_that_cannot_be_used_names_it(cases, tmp_path):
    manifest.write_cohort(cases[:2], tmp_path / "cohort")
    (tmp_path / "cohort" / cases[0].record_id / "t1.nii.gz").unlink()
    table = tmp_path / "cohort" / "patients.csv"
    found = manifest.prepare_table(table, Preparation(), event=marrow.MDS, other=marrow.AA)
    assert len(found.patients) == 1
    assert any(each.code == "classify.not_prepared" and "t1" in each for each in found.findings)
    table.write_text("record_id,kind\na,cold\n")
    with pytest.raises(MarrowQuantError, match="kind cold is not known"):
        manifest.read_table(table)


CELLS = {"age_years": ("2020-01-01", "inf", "not known"), "platelets": ("-5", "9e9"), "stir_pattern": ("9", "three", "0")}


def test_a_cell_that_cannot_be_is_named_and_not_taken_for_unknown(cases, tmp_path):
    """A date for an age, an impossible count, a pattern that there is not."""
    manifest.write_cohort(cases[:1], tmp_path / "cohort")
    table, name = tmp_path / "cohort" / "patients.csv", cases[0].record_id

    def prepared(**cells):
        row = {"record_id": name, "images": name, "kind": marrow.MDS, "synthetic": "1", **cells}
        table.write_text(",".join(row) + "\n" + ",".join(f'"{text}"' for text in row.values()) + "\n")
        return manifest.prepare_table(table, Preparation(), event=marrow.MDS, other=marrow.AA).patients[0]

    for column, texts in CELLS.items():
        for text in texts:
            with pytest.raises(MarrowQuantError, match=f"column {column} is no number from"):
                prepared(**{column: text})
    found = prepared(age_years="NA", platelets="４5", stir_pattern="2.0")
    assert np.isnan(found.age_years) and found.platelets == 45 and found.stir_pattern == 2
    assert prepared(clicks="L1=0,0,72; L3=0,0,0").levels != found.levels  # what the reader says counts before a file that lies there
    with pytest.raises(MarrowQuantError, match="clicked twice"):
        prepared(clicks="L1=0,0,72; L1=0,0,0")
    with pytest.raises(MarrowQuantError, match="is no click"):
        prepared(clicks="L1=0,0,nan; L3=0,0,0")
    with pytest.raises(MarrowQuantError, match="Both kinds are mds"):
        manifest.prepare_table(table, Preparation(), event=marrow.MDS, other=marrow.MDS)
    with pytest.raises(MarrowQuantError, match="cannot hold t1"):
        Preparation(("t1", "t1"))


HOLES = {
    "black": lambda array, inside: array * 0, "no number": lambda array, inside: array * np.nan, "negative": lambda array, inside: -array,
    "constant": lambda array, inside: array * 0 + 1, "black marrow": lambda array, inside: np.where(inside, 0, array),
    "infinite marrow": lambda array, inside: np.where(inside, np.inf, array),
}  # fmt: skip


@pytest.mark.parametrize("how", HOLES)
def test_images_with_nothing_in_them_end_in_a_sentence(cases, how):
    """Not in an answer, and in no warning of NumPy's, which are errors here; the model's own domain is the last guard."""
    case = cases[0]
    maps = {key: volume.like(HOLES[how](volume.array, case.labels.array > 0).astype(np.float32)) for key, volume in case.maps.items()}
    model = modelfolder.read_model(bundled_model())
    with pytest.raises(MarrowQuantError, match=r"black or without values|cannot be normalised|unlike those of training"):
        patient = make_patient("", case.row, maps, bodies_of(case.labels, marrow.LEVELS), model.preparation)
        predict.predict(model, patient, "multiparametric")


def test_a_body_without_values_is_named_and_a_missing_index_is_said(cases):
    case, bodies = cases[0], bodies_of(cases[0].labels, marrow.LEVELS)
    holed = case.maps["t1"].like(np.where(case.labels.array == 3, np.nan, case.maps["t1"].array))
    spine = prepare({"t1": holed}, bodies)
    assert "L3" not in spine.levels and len(spine.levels) == 4
    assert next(each for each in spine.findings if each.code == "classify.empty").about["level"] == ("L3",)
    model = modelfolder.read_model(bundled_model())
    patient = make_patient("", case.row, {"t1": case.maps["t1"]}, bodies, model.preparation)
    told = next(each for each in predict.predict(model, patient, "multiparametric").findings if each.code == "classify.index_filled")
    assert {"ff", "adc", "r2star"} <= set(told.about["index"]) and "t1_to_discs" not in told.about["index"]


def test_an_index_in_another_unit_is_refused_by_the_regression(cases):
    """The pictures' statistics are those of T1 and do not show it."""
    case, bodies = cases[0], bodies_of(cases[0].labels, marrow.LEVELS)
    model = modelfolder.read_model(bundled_model())
    for key, factor in (("adc", 1000.0), ("r2star", 100.0), ("ff", 100.0)):
        maps = {**case.maps, key: case.maps[key].like(case.maps[key].array * factor)}
        patient = make_patient("", case.row, maps, bodies, model.preparation)
        with pytest.raises(MarrowQuantError, match="so far outside the model does not answer"):
            predict.predict(model, patient, "multiparametric")


def test_readers_that_cannot_be_compared_are_refused(tmp_path):
    table, some = tmp_path / "readers.csv", numbers_only(20)
    for text, told in (
        ("record_id,a\np0,inf\n", "a number in each other cell"), ("record_id,a\np0,high\n", "a number in each other cell"),
        ("record_id,a\np0,1\np0,2\n", "two lines of scores"), ("record_id,age\np0,1\n", "as an arm is"),
    ):  # fmt: skip
        table.write_text(text)
        with pytest.raises(MarrowQuantError, match=told):
            manifest.read_scores(table)
    table.write_text("record_id,a\n" + "".join(f"p{n},{'nan' if n == 3 else n}\n" for n in range(20)))
    plan = evaluation.Plan(arms=("age",), curve=False, quick_times=0)
    with pytest.raises(MarrowQuantError, match="a has no score for 1 patients"):
        evaluation.evaluate(dataclasses.replace(some, readers=manifest.read_scores(table)), plan)


@pytest.mark.parametrize("options", [("--seed", "-1"), ("--repeats", "0"), ("--seed", "x")])
def test_a_number_that_cannot_be_ends_in_a_sentence_in_the_shell(options, tmp_path, capsys):
    with pytest.raises(SystemExit):
        cli.main(["classify", "evaluate", str(tmp_path), "--out", str(tmp_path / "e"), *options])
    assert "is no whole number of" in capsys.readouterr().err


def test_an_average_brings_the_arms_that_it_is_made_of(data):
    from MarrowQuantLib.classify.arms import usable_arms

    assert set(usable_arms(data, ("average",))[0]) == {"average", "network", "multiparametric"}
