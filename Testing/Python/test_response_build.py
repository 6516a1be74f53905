"""Building a model from typed-in tables. All numbers here are invented for the test; none is of a publication."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
from helpers.invented_tables import INVENTED, filled
from MarrowQuantLib import cli
from MarrowQuantLib.model import MarrowQuantError
from MarrowQuantLib.response import available_models, load_model
from MarrowQuantLib.response.build import LABEL, build_model
from MarrowQuantLib.response.model_file import DEFAULT_MODEL
from scipy.stats import norm

RESPONDER = {"ff_change": 15.0, "m_protein_change": -80.0}


def test_one_command_makes_a_model_that_answers_more_narrowly(tmp_path, capsys):
    out = tmp_path / "model.json"
    assert cli.main(["response-model", "build", str(filled(tmp_path)), "--out", str(out)]) == 0
    assert LABEL in capsys.readouterr().out
    old, new = load_model().predict(RESPONDER), load_model(out).predict(RESPONDER)
    assert new.interval[1] - new.interval[0] < old.interval[1] - old.interval[0]
    assert (new.label, new.card["supersedes"]) == (LABEL, "takasu2020_reconstruction")
    assert INVENTED in " ".join(new.card["published"])


def test_the_draws_come_from_the_intervals_of_the_tables_numbers(tmp_path):
    spec = build_model(filled(tmp_path))
    ff = spec["predictors"][0]
    pooled = np.sqrt((14 * 5.0**2 + 34 * 5.5**2) / 48)
    # χ² of 48 degrees of freedom: 30.755 and 69.023 are its 2.5 and 97.5 % points (printed tables).
    assert (ff["sd"]["low"], ff["sd"]["high"]) == pytest.approx((pooled * np.sqrt(48 / 69.023), pooled * np.sqrt(48 / 30.755)), rel=1e-4)
    # t of 34 degrees of freedom: 2.0322 (printed tables).
    reach = 2.0322 * 5.5 / np.sqrt(35)
    assert (ff["mean_no_event"]["low"], ff["mean_no_event"]["high"]) == pytest.approx((1 - reach, 1 + reach), rel=1e-4)
    assert (ff["range"]["low"], ff["range"]["high"]) == (1 - 11.0, 14 + 10.0)
    assert spec["predictors"][1]["range"]["low"] == -100.0


def test_numbers_that_contradict_the_published_auc_are_told_on_the_card(tmp_path):
    change = {"ff.cr_vgpr.mean": 4.0}  # this distance would give an AUC of Φ(3 / √(5² + 5.5²)) = 0.66
    implied = norm.cdf(3 / np.hypot(5, 5.5))
    limits = " ".join(build_model(filled(tmp_path, change))["card"]["limits"])
    assert f"would give an AUC of {implied:.3f}, published is 0.964" in limits
    assert "would give an AUC" not in " ".join(build_model(filled(tmp_path))["card"]["limits"])


def test_a_relative_fat_fraction_becomes_a_predictor_of_its_own(tmp_path):
    spec = build_model(filled(tmp_path, {"ff.unit": "% of baseline"}))
    assert (spec["predictors"][0]["name"], spec["predictors"][0]["unit"]) == ("ff_change_percent", "%")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"ff.cr_vgpr.mean": None}, "ff.cr_vgpr.mean' in source.json is empty"),
        ({"m_protein.pr_sd_pd.sd": 0}, "m_protein.pr_sd_pd.sd' in source.json is empty or impossible"),
        ({"ff.unit": None}, "must be 'percentage points' or '% of baseline'"),
        ({"m_protein.unit": "percentage points"}, "must be '% of baseline'"),
        ({"ff.provenance": " "}, "provenance' in source.json is empty"),
        ({"ff": None}, "has no complete"),
    ],
)
def test_a_table_that_is_not_complete_is_refused_by_its_field(tmp_path, change, sentence):
    with pytest.raises(MarrowQuantError, match=sentence):
        build_model(filled(tmp_path, change))


def test_the_bundled_file_itself_cannot_be_built_from_because_its_tables_are_empty():
    with pytest.raises(MarrowQuantError, match="is empty"):
        build_model(DEFAULT_MODEL)


def test_models_in_the_readers_folder_are_offered_but_never_in_place_of_a_bundled_one(tmp_path, monkeypatch):
    monkeypatch.setenv("MARROWQUANT_MODELS", str(tmp_path))
    shutil.copy(DEFAULT_MODEL, tmp_path / "site.json")
    shutil.copy(DEFAULT_MODEL, tmp_path / DEFAULT_MODEL.name)
    models = available_models()
    assert models["site"] == tmp_path / "site.json"
    assert models[DEFAULT_MODEL.stem] == DEFAULT_MODEL
    assert list(models)[-1] == "site"
