"""The response model: what follows from the published AUCs, calibration on its own assumptions, and refusal to guess."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
from helpers.studies import REFERENCES
from MarrowQuantLib.model import MarrowQuantError
from MarrowQuantLib.response import available_models, load_model, translation
from MarrowQuantLib.response.binormal import auc_interval, auc_of, combined_auc, discriminant, effect_size, hanley_mcneil_se
from MarrowQuantLib.response.estimate import PREVALENCE
from MarrowQuantLib.response.model_file import DEFAULT_MODEL
from scipy.special import expit, logit
from scipy.stats import rankdata

RESPONDER = {"ff_change": 20.0, "m_protein_change": -90.0}


@pytest.fixture(scope="module")
def model():
    return load_model()


@pytest.fixture(scope="module")
def reference():
    return json.loads((REFERENCES / "references.json").read_text(encoding="utf-8"))["binormal_from_the_published_auc"]


def empirical_auc(score, event):
    ranks = rankdata(score)
    n_event = event.sum()
    return (ranks[event].sum() - n_event * (n_event + 1) / 2) / (n_event * (~event).sum())


# ------------------------------------------------------------------------------------------------- arithmetic on the AUCs
def test_effect_sizes_and_logit_intervals_equal_the_reference(reference):
    n = reference["n_event"], reference["n_no_event"]
    for name in ("ff", "m_protein"):
        auc = reference[f"auc_{name}"]
        assert effect_size(auc) == pytest.approx(reference[f"d_{name}"], abs=5e-4)
        assert auc_interval(auc, *n) == pytest.approx(reference[f"logit_ci95_{name}"], abs=5e-4)


def test_the_combined_auc_follows_the_correlation_as_in_the_reference(reference):
    d = effect_size(reference["auc_ff"]), effect_size(reference["auc_m_protein"])
    for rho, auc in reference["combined_auc_by_within_group_correlation"].items():
        assert combined_auc(*d, float(rho)) == pytest.approx(auc, abs=5e-4)


def test_standard_errors_are_those_of_hanley_and_mcneil():
    assert hanley_mcneil_se(0.964, 15, 35) == pytest.approx(0.0347, abs=5e-5)
    assert hanley_mcneil_se(0.847, 15, 35) == pytest.approx(0.0675, abs=5e-5)


def test_the_bundled_model_uses_the_published_numbers():
    spec = json.loads(DEFAULT_MODEL.read_text(encoding="utf-8"))
    assert [p["auc"]["value"] for p in spec["predictors"]] == [0.964, 0.847]
    assert (spec["prevalence"]["events"], spec["prevalence"]["no_events"]) == (15, 35)
    assert effect_size([0.964, 0.847]) == pytest.approx([2.544, 1.448], abs=5e-4)
    for predictor in spec["predictors"]:
        for key in ("sd", "mean_no_event"):
            assert len(predictor[key]["assumption"]) > 40


def test_tables_of_the_paper_that_are_not_at_hand_are_empty():
    tables = json.loads(DEFAULT_MODEL.read_text(encoding="utf-8"))["published_tables"]
    for index in tables["percent_change"].values():
        assert index["cr_vgpr"] == {"mean": None, "sd": None} == index["pr_sd_pd"]
    for row in tables["roc"].values():
        assert row["ci95"] is row["cut_off"] is row["sensitivity"] is row["specificity"] is None


# ------------------------------------------------------------------------------ cohorts drawn from the model's own assumptions
def simulate(rng, n, d, rho, prevalence):
    """Event and both response axes (in within-group SD) of ``n`` patients."""
    event = rng.random(n) < prevalence
    noise = rng.multivariate_normal([0, 0], [[1, rho], [rho, 1]], n)
    return event, noise + np.outer(event, d)


@pytest.mark.parametrize("rho", [-0.2, 0.0, 0.4])
def test_simulated_cohorts_have_the_published_aucs_and_the_combined_one(rho):
    rng = np.random.default_rng(1)
    d = effect_size([0.964, 0.847])
    event, x = simulate(rng, 40_000, d, rho, 0.3)
    b = discriminant(*d, rho)
    # The standard error of an AUC from 12 000 and 28 000 patients is below 0.003; four of them is the tolerance.
    tolerance = 4 * hanley_mcneil_se(0.847, int(event.sum()), int((~event).sum()))
    assert empirical_auc(x[:, 0], event) == pytest.approx(0.964, abs=tolerance)
    assert empirical_auc(x[:, 1], event) == pytest.approx(0.847, abs=tolerance)
    assert empirical_auc(x @ b, event) == pytest.approx(float(combined_auc(*d, rho)), abs=tolerance)


def test_with_fixed_parameters_the_discriminant_is_calibrated():
    rng = np.random.default_rng(2)
    d, rho = effect_size([0.964, 0.847]), 0.2
    event, x = simulate(rng, 60_000, d, rho, 0.3)
    probability = expit(logit(0.3) + (x - d / 2) @ np.array(discriminant(*d, rho)))
    assert_calibrated(probability, event)


def assert_calibrated(probability, event):
    """Observed and predicted frequency agree in every tenth of the patients, within four binomial standard errors."""
    for group in np.array_split(np.argsort(probability), 10):
        predicted = probability[group].mean()
        error = np.sqrt(np.mean(probability[group] * (1 - probability[group])) / group.size)
        assert event[group].mean() == pytest.approx(predicted, abs=4 * error)


def test_the_mean_over_the_draws_is_calibrated_on_patients_drawn_from_the_assumptions(model):
    rng = np.random.default_rng(3)
    draws, n = model.formula.draws, 3000
    pick = rng.integers(draws.rho.size, size=n)
    event = rng.random(n) < expit(draws.logit_prevalence[pick])
    first = rng.standard_normal(n)
    second = draws.rho[pick] * first + np.sqrt(1 - draws.rho[pick] ** 2) * rng.standard_normal(n)
    z = np.array([first, second]) + event * draws.d[:, pick]
    values = draws.mean_no_event[:, pick] + draws.direction[:, None] * z * draws.sd[:, pick]
    predicted = np.array([expit(draws.logit_prevalence + sum(draws.contributions(dict(enumerate(v))).values())).mean() for v in values.T])
    assert_calibrated(predicted, event)


# ------------------------------------------------------------------------------------------------------------- the answers
def test_probability_rises_with_the_fat_fraction_and_falls_with_m_protein(model):
    by_ff = [model.predict({"ff_change": ff, "m_protein_change": -40.0}) for ff in np.arange(-20, 41, 5.0)]
    by_m = [model.predict({"ff_change": 8.0, "m_protein_change": m}) for m in np.arange(150, -101, -25.0)]
    for estimates in (by_ff, by_m):
        for part in (lambda e: e.probability, lambda e: e.interval[0], lambda e: e.interval[1]):
            assert np.all(np.diff([part(estimate) for estimate in estimates]) > 0)


def test_the_interval_encloses_the_probability_over_the_whole_range(model):
    for ff in np.linspace(-20, 40, 7):
        for m in np.linspace(-100, 150, 6):
            estimate = model.predict({"ff_change": ff, "m_protein_change": m})
            assert 0 < estimate.interval[0] <= estimate.probability <= estimate.interval[1] < 1


def test_a_clear_responder_and_a_clear_non_responder_are_told_apart(model):
    assert model.predict(RESPONDER).interval[0] > 0.5
    assert model.predict({"ff_change": -3.0, "m_protein_change": 20.0}).interval[1] < 0.3


def test_the_contributions_add_up_to_the_mean_logit(model):
    estimate = model.predict(RESPONDER)
    values = dict(enumerate(RESPONDER.values()))
    total = model.formula.draws.logit_prevalence + sum(model.formula.draws.contributions(values).values())
    assert [c.predictor for c in estimate.contributions] == ["ff_change", "m_protein_change", PREVALENCE]
    assert sum(c.logit for c in estimate.contributions) == pytest.approx(total.mean())
    assert estimate.contributions[-1].logit == pytest.approx(logit(0.3), abs=0.05)


def test_the_same_question_always_gets_the_same_answer(model):
    assert load_model().predict(RESPONDER) == model.predict(RESPONDER)


def test_the_draws_stay_inside_every_stated_range(model):
    spec = json.loads(DEFAULT_MODEL.read_text(encoding="utf-8"))
    for n, predictor in enumerate(spec["predictors"]):
        for key, values in (("sd", model.formula.draws.sd[n]), ("mean_no_event", model.formula.draws.mean_no_event[n])):
            assert predictor[key]["low"] <= values.min() <= values.max() <= predictor[key]["high"]
    assert model.formula.draws.rho.shape == (spec["sampling"]["draws"],)
    assert (model.formula.draws.mean_no_event - model.formula.draws.d * model.formula.draws.sd)[1].min() >= -100


def test_the_number_of_draws_is_enough_for_one_percentage_point(model):
    estimates = []
    for values in ({"ff_change": 9.0, "m_protein_change": -50.0}, {"ff_change": 9.0}):
        indexed = {n: values[p.name] for n, p in enumerate(model.predictors) if p.name in values}
        p = expit(model.formula.draws.logit_prevalence + sum(model.formula.draws.contributions(indexed).values()))
        estimates.append(p.std() / np.sqrt(p.size))
    assert max(estimates) < 0.01


@pytest.mark.parametrize("missing", ["ff_change", "m_protein_change"])
def test_with_one_predictor_the_estimate_is_wider_and_says_so(model, missing):
    both = model.predict(RESPONDER)
    for absent in ({}, {missing: None}, {missing: float("nan")}):
        estimate = model.predict({**{k: v for k, v in RESPONDER.items() if k != missing}, **absent})
        assert estimate.interval[1] - estimate.interval[0] > both.interval[1] - both.interval[0]
        assert "rests on the other predictor alone" in estimate.findings[0]
        assert len(estimate.contributions) == 2


def test_without_any_predictor_there_is_no_number_but_a_reason(model):
    estimate = model.predict({})
    assert estimate.probability is None
    assert estimate.interval is None
    assert "neither predictor is known" in estimate.findings[0]


@pytest.mark.parametrize("values", [{"ff_change": 41.0}, {"ff_change": -21.0, "m_protein_change": 0.0}, {"m_protein_change": 300.0}])
def test_outside_the_stated_range_there_is_no_number_but_a_reason(model, values):
    estimate = model.predict(values)
    assert estimate.probability is None
    assert estimate.contributions == ()
    assert "outside the range" in estimate.findings[0]


def test_an_unknown_predictor_is_refused(model):
    with pytest.raises(MarrowQuantError, match="no predictor 'ff'"):
        model.predict({"ff": 3.0})


def test_label_and_card_say_what_the_model_is(model):
    estimate = model.predict(RESPONDER)
    assert estimate.label == "reconstructed from published AUCs, not calibrated"
    assert (estimate.card["n"], estimate.card["events"]) == (50, 15)
    assert "Research use only" in estimate.card["research_use_only"]
    assert estimate.model_id in available_models()


def test_the_japanese_card_belongs_to_the_bundled_model_only(model):
    estimate = model.predict(RESPONDER)
    japanese = translation(estimate, "ja")
    assert "較正されていない" in japanese["label"]
    assert set(japanese["card"]) <= set(estimate.card)
    for key, value in japanese["card"].items():
        assert isinstance(value, str) or len(value) == len(estimate.card[key])
    assert translation(estimate, "fr") == {}
    assert translation(dataclasses.replace(estimate, label="fitted by a site"), "ja") == {}
    assert translation(dataclasses.replace(estimate, card={**estimate.card, "n": 80}), "ja") == {}


# --------------------------------------------------------------------------------------------------------- other model files
def logistic_spec():
    ranges = [{"low": -20, "high": 40}, {"low": -100, "high": 150}]
    names = [("ff_change", "Change of FF", "percentage points"), ("m_protein_change", "Change of M protein", "%")]
    return {
        "schema_version": "1.0", "id": "site", "kind": "logistic", "label": "fitted on 80 patients", "outcome": "CR/VGPR",
        "card": {"n": 80}, "intercept": -2.0, "covariance": [[0.25, 0, 0], [0, 0.0025, 0], [0, 0, 0.0001]],
        "predictors": [
            {"name": n, "label": label, "unit": unit, "coefficient": c, "range": r}
            for (n, label, unit), c, r in zip(names, (0.2, -0.02), ranges)
        ],
    }  # fmt: skip


def written(tmp_path, spec):
    path = tmp_path / "model.json"
    path.write_text(spec if isinstance(spec, str) else json.dumps(spec), encoding="utf-8")
    return path


def test_a_sites_logistic_model_gives_its_own_probability_and_interval(tmp_path):
    estimate = load_model(written(tmp_path, logistic_spec())).predict({"ff_change": 10.0, "m_protein_change": -50.0})
    assert estimate.probability == pytest.approx(expit(-2 + 2 + 1))
    reach = 1.959964 * np.sqrt(0.25 + 100 * 0.0025 + 2500 * 0.0001)
    assert estimate.interval == pytest.approx((expit(1 - reach), expit(1 + reach)), rel=1e-6)
    assert [c.logit for c in estimate.contributions] == pytest.approx([2.0, 1.0])


def test_a_logistic_model_does_not_answer_without_all_its_predictors(tmp_path):
    estimate = load_model(written(tmp_path, logistic_spec())).predict({"ff_change": 10.0})
    assert estimate.probability is None
    assert "needs Change of M protein" in estimate.findings[0]


def bundled_with(where, value):
    spec = json.loads(DEFAULT_MODEL.read_text(encoding="utf-8"))
    holder = spec
    *path, last = where.split(".")
    for key in path:
        holder = holder[int(key)] if isinstance(holder, list) else holder[key]
    if value is KeyError:
        del holder[last]
    else:
        holder[last] = value
    return spec


@pytest.mark.parametrize(
    ("where", "value", "sentence"),
    [
        ("schema_version", "9.0", "'schema_version' is 9.0"),
        ("kind", "neural", "'kind' must be one of"),
        ("label", "", "'label' must be text"),
        ("card", KeyError, "'card' is missing"),
        ("predictors", [], "'predictors' must hold exactly two"),
        ("sampling.draws", 10**9, "'sampling.draws' must be a number between"),
        ("sampling.seed", "x", "'sampling.seed' must be a whole number"),
        ("prevalence.events", 0, "'prevalence.events'"),
        ("correlation.high", 1.0, "'correlation.high' must be a number between"),
        ("predictors.0.auc.value", 1.2, "'predictors.0.auc.value' must be a number between"),
        ("predictors.0.auc.value", float("nan"), "'predictors.0.auc.value' must be a number"),
        ("predictors.1.sd.low", 0, "'predictors.1.sd.low'"),
        ("predictors.1.sd.high", 1.0, "lower limit above the upper"),
        ("predictors.1.direction", 2, "must be 1 or -1"),
        ("predictors.1.name", "ff_change", "different names"),
        ("predictors.0.range.low", True, "'predictors.0.range.low' must be a number"),
        ("predictors.1.mean_event_at_least.value", 5000.0, "contradict each other"),
    ],
)
def test_a_tampered_model_is_refused_with_one_sentence(tmp_path, where, value, sentence):
    with pytest.raises(MarrowQuantError, match=sentence):
        load_model(written(tmp_path, bundled_with(where, value)))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"covariance": [[1.0]]}, "must be a 3 × 3 matrix"),
        ({"covariance": [[1, 2, 0], [2, 1, 0], [0, 0, 1]]}, "positive semidefinite"),
        ({"intercept": None}, "'intercept' must be a number"),
        ({"predictors": 5}, "'predictors' must be a list"),
        ({"predictors": []}, "'predictors' must have different names, at least one"),
    ],
)
def test_a_tampered_logistic_model_is_refused(tmp_path, change, sentence):
    with pytest.raises(MarrowQuantError, match=sentence):
        load_model(written(tmp_path, {**logistic_spec(), **change}))


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '"text"'])
def test_a_file_that_is_no_model_is_refused(tmp_path, text):
    with pytest.raises(MarrowQuantError, match=r"The response model .* (is not valid JSON|'schema_version' is missing)"):
        load_model(written(tmp_path, text))


def test_a_model_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(MarrowQuantError, match="cannot be read"):
        load_model(tmp_path / "none.json")


def test_auc_and_effect_size_are_inverse():
    auc = np.linspace(0.5, 0.99, 8)
    assert auc_of(effect_size(auc)) == pytest.approx(auc)
