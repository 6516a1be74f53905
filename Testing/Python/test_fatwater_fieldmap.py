"""The field search: messages against brute force, chains against exhaustive search, the Gram-matrix residual against least squares."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from MarrowQuantLib.fatwater import fat_phasor, fieldmap, varpro


@pytest.mark.parametrize("circular", [True, False])
def test_message_of_the_truncated_quadratic_equals_brute_force(circular):
    rng = np.random.default_rng(1)
    n_labels, reach = 24, 5
    belief = rng.uniform(0, 3, (n_labels, 7)).astype(np.float32)
    weight = rng.uniform(0.1, 2, 7).astype(np.float32)
    distance = np.abs(np.arange(n_labels)[:, None] - np.arange(n_labels))
    if circular:
        distance = np.minimum(distance, n_labels - distance)
    pairwise = np.minimum((distance / reach) ** 2, 1)
    expected = (belief[None] + pairwise[..., None] * weight).min(axis=1) - belief.min(axis=0)
    message, quadratic = np.empty_like(belief), fieldmap._TruncatedQuadratic(n_labels, 7, reach, circular)
    quadratic.message(belief[::-1].copy(), weight, message)  # what is left of it in the working memory must not matter
    quadratic.message(belief, weight, message)
    np.testing.assert_allclose(message, expected, atol=1e-5)


def test_a_single_row_is_solved_exactly():
    rng = np.random.default_rng(2)
    n_labels, length = 6, 5
    cost = rng.uniform(0, 1, (n_labels, 1, 1, length)).astype(np.float32)
    energy = np.ones((1, 1, length))
    coupling = fieldmap.Coupling(strength=0.7, truncation_ppm=2.0, floor=0.0)
    labels, margin = fieldmap.block_labels(cost, energy, 1.0, False, coupling)

    def total(candidate):
        data = sum(cost[label, 0, 0, n] for n, label in enumerate(candidate))
        return data + sum(0.7 * min(((a - b) / 2) ** 2, 1) for a, b in zip(candidate, candidate[1:]))

    best = min(product(range(n_labels), repeat=length), key=total)
    assert labels.ravel().tolist() == list(best)
    others = min(total(c) for c in product(range(n_labels), repeat=length) if abs(c[2] - best[2]) >= 2)
    assert margin.ravel()[2] == pytest.approx(others - total(best), abs=1e-5)


def two_minima(n_slices, doubtful, right=20, wrong=45, n_labels=64):
    """Blocks that prefer the right label clearly, except in one slice, where the wrong one fits a little better."""
    label = np.arange(n_labels)[:, None, None, None] + np.zeros((n_labels, n_slices, 4, 4))
    cost = np.minimum(0.2, ((label - right) / 10) ** 2)
    cost[:, doubtful] = np.minimum(0.01 + ((label - right) / 10) ** 2, ((label - wrong) / 10) ** 2)[:, doubtful]
    return np.minimum(cost, 0.2).astype(np.float32)


def test_neighbouring_slices_decide_where_one_slice_is_ambiguous():
    cost = two_minima(5, doubtful=2)
    together, margin = fieldmap.block_labels(cost, np.ones((5, 4, 4)), 0.1, True)
    alone, _ = fieldmap.block_labels(cost[:, 2:3].copy(), np.ones((1, 4, 4)), 0.1, True)
    assert np.all(alone == 45)
    assert np.all(together == 20)
    assert margin[2].max() < margin[0].min()


@pytest.mark.parametrize("circular", [True, False])
def test_slabs_of_chains_give_the_same_field_as_all_chains_at_once(circular, monkeypatch):
    rng = np.random.default_rng(5)
    cost, energy = rng.uniform(0, 1, (16, 5, 7, 6)).astype(np.float32), rng.uniform(0.5, 2, (5, 7, 6))
    labels, margin = fieldmap.block_labels(cost, energy, 0.3, circular)
    monkeypatch.setattr(fieldmap, "CHAINS", 1)
    in_slabs = fieldmap.block_labels(cost, energy, 0.3, circular)
    np.testing.assert_array_equal(in_slabs[0], labels)
    np.testing.assert_array_equal(in_slabs[1], margin)


def test_labels_across_the_seam_of_the_circle_are_neighbours():
    cost = np.ones((64, 1, 1, 3), np.float32)
    cost[63, ..., 0] = cost[1, ..., 2] = 0
    cost[0, ..., 1], cost[32, ..., 1] = 0.001, 0
    labels, _ = fieldmap.block_labels(cost, np.ones((1, 1, 3)), 0.1, True)
    assert labels.ravel().tolist() == [63, 0, 1]


def test_upsampling_goes_the_short_way_round_the_circle():
    fine = fieldmap.upsample_labels(np.array([[[63, 1]]]), 64, True, 3, (1, 3, 6))
    assert np.all((fine > 62.5) | (fine < 1.5))
    plain = fieldmap.upsample_labels(np.array([[[10, 13]]]), 64, False, 3, (1, 3, 6))
    np.testing.assert_allclose(plain[0, 1], [10, 10, 11, 12, 13, 13], atol=1e-5)


def test_residual_from_the_gram_matrix_equals_least_squares():
    rng = np.random.default_rng(3)
    times = 1.15e-3 + 0.98e-3 * np.arange(6)
    phasor = fat_phasor(times, 3.0, "ren_marrow_9")
    table = varpro.field_table(times, 3.0, phasor)
    signal = (rng.normal(size=(6, 9)) + 1j * rng.normal(size=(6, 9))).astype(np.complex64)
    cost = table.cost(varpro.gram_features(signal))
    for label in (0, 17, 40):
        residuals = []
        for r2star in varpro.R2STAR_PER_S:
            decay = np.exp((2j * np.pi * table.field_hz[label] - r2star) * times)
            model = np.stack([decay, phasor * decay], axis=1)
            fitted = model @ np.linalg.lstsq(model, signal, rcond=None)[0]
            residuals.append(np.sum(np.abs(signal - fitted) ** 2, axis=0))
        np.testing.assert_allclose(cost[label], np.min(residuals, axis=0), rtol=1e-3, atol=1e-4)


def test_one_period_of_evenly_spaced_echoes_has_the_same_residual():
    times = 1.15e-3 + 0.98e-3 * np.arange(6)
    phasor = fat_phasor(times, 3.0)
    table = varpro.field_table(times, 3.0, phasor)
    assert table.circular and table.step_hz * varpro.N_FIELDS == pytest.approx(1 / 0.98e-3)
    signal = ((0.7 + 0.3 * phasor) * np.exp(2j * np.pi * 90 * times - 60 * times))[:, None]
    turned = signal * np.exp(2j * np.pi * times[:, None] / 0.98e-3)
    np.testing.assert_allclose(table.cost(varpro.gram_features(turned)), table.cost(varpro.gram_features(signal)), atol=1e-4)


def test_conjugated_features_are_those_of_the_conjugated_signal():
    rng = np.random.default_rng(4)
    signal = (rng.normal(size=(4, 5)) + 1j * rng.normal(size=(4, 5))).astype(np.complex64)
    np.testing.assert_allclose(varpro.conjugated(varpro.gram_features(signal), 4), varpro.gram_features(np.conj(signal)))
