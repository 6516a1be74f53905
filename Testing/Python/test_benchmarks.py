"""The benchmarks' own frame, and short versions of what they run at full length."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import numpy as np
import pytest

BENCHMARKS = Path(__file__).resolve().parents[1] / "Benchmarks"
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the benchmarks measure memory with wait4, which Windows lacks")


@pytest.fixture
def load(monkeypatch):
    """Import a module of Testing/Benchmarks."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module


def contender(bench, name, code):
    return bench.Contender(name, [sys.executable, "-c", code])


def test_contenders_take_turns_and_are_judged_by_medians(load, tmp_path):
    bench = load("bench")
    log = tmp_path / "log"
    one, two = (
        contender(bench, n, f"import sys; open({str(log)!r}, 'a').write({n!r}); print('loading'); print('{{\"seconds\": {s}, \"x\": 1}}')")
        for n, s in (("a", 0.25), ("b", 4))
    )
    first, second = bench.compare([one, two], rounds=3)
    assert log.read_text() == "ababab"
    assert (first.seconds, second.seconds, first.numbers["x"]) == (0.25, 4, 1)
    assert first.wall_s > 0 and 1 < first.peak_mb < 1000


def test_memory_is_that_of_the_contender_alone(load):
    bench = load("bench")
    ballast = np.ones(50_000_000)  # 400 MB here must not count there
    small, large = bench.compare([contender(bench, "small", "pass"), contender(bench, "large", "b'1' * 200_000_000")], rounds=1)
    assert small.peak_mb < 100 < ballast.nbytes / 1e6
    assert large.peak_mb - small.peak_mb == pytest.approx(200, rel=0.1)


def test_a_program_that_is_missing_or_fails_has_a_sentence_instead_of_numbers(load):
    bench = load("bench")
    absent = bench.Contender("absent", missing="is not installed here")
    outcomes = bench.compare([absent, contender(bench, "failing", "raise SystemExit('no memory')")], rounds=2)
    assert [outcome.missing for outcome in outcomes] == ["is not installed here", "failed: no memory"]
    assert np.isnan(outcomes[1].seconds) and bench.number(outcomes[1].seconds) == "–"


def test_a_section_of_the_page_is_replaced_and_nothing_else(load, tmp_path, monkeypatch):
    bench = load("bench")
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- begin a -->\nold\n<!-- end a -->\nafter\n", encoding="utf-8")
    monkeypatch.setattr(bench, "PAGE", page)
    bench.write_section("a", bench.table(["x", "y"], [[1, "2"]]))
    assert page.read_text(encoding="utf-8") == "before\n<!-- begin a -->\n| x | y |\n|---|---|\n| 1 | 2 |\n<!-- end a -->\nafter\n"
    with pytest.raises(ValueError, match="no section"):
        bench.write_section("b", "text")


def test_every_section_has_its_module_and_its_place_on_the_page(load):
    run, bench = load("run"), load("bench")
    page = bench.PAGE.read_text(encoding="utf-8")
    for name, module in run.SECTIONS.items():
        source = (BENCHMARKS / f"{module}.py").read_text(encoding="utf-8")
        assert "\ndef section(" in source, name
        assert page.count(f"<!-- begin {name} -->") == page.count(f"<!-- end {name} -->") == 1, name



def test_the_adc_is_unbiased_where_the_signal_is_well_above_the_noise(load):
    sweeps = load("adc_sweeps")
    for method, options in sweeps.METHODS:
        bias, spread, missing = sweeps.sweep((0, 50, 400, 800), options, voxels=500)
        assert bias.shape == (len(sweeps.SNR), len(sweeps.ADC)) and missing.max() < 5
        assert np.abs(bias[0, :5]).max() < 5, method  # µm²/s at SNR 80, ADC up to 1000: a fifth of the spread
        assert np.all(np.diff(spread, axis=0) > 0), method  # less signal, more spread


def test_the_adc_workload_is_what_the_page_says(load, tmp_path, monkeypatch):
    adc = load("adc")
    monkeypatch.setattr(adc, "SHAPE", (2, 64, 64))
    adc.make_workload(tmp_path / "adc")
    signal, truth = np.load(tmp_path / "adc" / "signal.npy"), np.load(tmp_path / "adc" / "truth.npy")
    assert signal.shape == (4, 2, 64, 64)
    assert 300 <= truth.min() < 320 and 2480 < truth.max() <= 2500
    far = signal[3][truth > 2400] ** 2  # at b 800 the mean of S² is the signal's, below 160², plus 2 σ²
    assert 2 * 10**2 < far.mean() < 160**2 + 2 * 10**2
