"""The cohort's page and figures in both languages, as SVG and as PNG."""

import ast
import csv
import io
import re
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from MarrowQuantLib import cli
from MarrowQuantLib.cohort import analysis, axes, figures, parts, plots, png, report, roc, words
from MarrowQuantLib.cohort.axes import standalone
from MarrowQuantLib.cohort.columns import axis_title
from MarrowQuantLib.cohort.reading import read_cohort
from MarrowQuantLib.cohort.words import Words
from MarrowQuantLib.io import packages
from MarrowQuantLib.model import MarrowQuantError
from MarrowQuantLib.report import charts
from scipy import stats

COHORT = Path(words.__file__).parent
EN, JA = Words("en"), Words("ja")


def picture(figure):
    image = pytest.importorskip("PIL.Image", reason="Pillow is not installed; it is an option.")
    return np.asarray(image.open(io.BytesIO(png.figure_png(figure))))


def near(pixels, colour):
    """Where a picture has a colour, shape of the picture."""
    return np.all(np.abs(pixels.astype(int) - colour) < 12, axis=-1)


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """40 patients: marrow before and after, a covariate, three groups."""
    rng = np.random.default_rng(11)
    before, age = rng.normal(25.0, 6.0, 40), rng.normal(65.0, 8.0, 40)
    after = before + 4.0 + rng.normal(0.0, 3.0, 40)
    rows = [f"p{n},{b:.3f},{a:.3f},{old:.2f},{'abc'[n % 3]},{n % 2}" for n, (b, a, old) in enumerate(zip(before, after, age))]
    path = tmp_path_factory.mktemp("pages") / "table.csv"
    path.write_text("id,before,after,age,kind,group\n" + "\n".join(rows) + "\n", encoding="utf-8")
    return path


# ---------------------------------------------------------------------------------------------------------------- pictures
def test_a_png_has_what_the_svg_has_at_its_place():
    outcome, values = np.arange(20) < 8, np.arange(20.0)
    curve = roc.roc(outcome, values, bootstraps=10)
    pixels = picture(figures.roc_figure({"marker": curve}, EN))
    assert pixels.shape[:2] == (327 * png.SCALE, 324 * png.SCALE)
    blue = near(pixels, (0, 114, 178))
    assert blue[12 * png.SCALE :, 60 * png.SCALE + 2].mean() > 0.75  # a perfect marker: the curve runs up the left edge
    assert not blue[262 * png.SCALE - 40, 310 * png.SCALE - 40]  # and never through the lower right corner


def test_a_title_that_is_turned_is_drawn_in_the_left_margin():
    pixels = picture(figures.calibration_figure(np.arange(40) < 15, np.linspace(0.1, 0.9, 40), EN))
    ink = near(pixels, (82, 97, 111))[:, : 17 * png.SCALE]
    rows = np.flatnonzero(ink.any(axis=1))
    assert 110 * png.SCALE < rows.mean() < 164 * png.SCALE  # around the middle of the axis, 137
    assert 60 * png.SCALE < np.ptp(rows) < 100 * png.SCALE  # all of "observed share", upright it would be 8 high


def test_a_broken_line_is_broken_and_as_long_as_it_should_be():
    pieces = png._dashed(np.array([[0.0, 0.0], [0.0, 10.0], [20.0, 10.0]]), [6, 3])
    lengths = [np.hypot(*np.diff(piece, axis=0).T).sum() for piece in pieces]
    assert lengths == pytest.approx([6, 6, 6, 3])
    assert pieces[1].tolist() == [[0, 9], [0, 10], [5, 10]]


def test_an_element_that_the_writer_cannot_draw_is_refused_and_not_left_out():
    pytest.importorskip("PIL", reason="Pillow is not installed; it is an option.")
    with pytest.raises(ValueError, match="ellipse"):
        png.figure_png('<svg viewBox="0 0 9 9"><ellipse/></svg>')


def test_without_pillow_the_report_is_written_and_says_why_it_has_no_png(table, tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(packages._ENTRY, "PIL", "no_such_package")
    arguments = ["cohort", "paired", str(table), "--before", "before", "--after", "after", "--out", str(tmp_path), "--json"]
    assert cli.main(arguments) == 0
    assert "Pillow is needed for figures as PNG" in capsys.readouterr().err
    assert (tmp_path / "cohort.html").is_file()
    assert not list(tmp_path.glob("*.png"))


def test_a_figure_that_pillow_refuses_stops_no_report(table, tmp_path, monkeypatch, capsys):
    def refuse(figure):
        raise ValueError("Image size (539144460 pixels) exceeds limit of 178956970 pixels, could be decompression bomb DOS attack.")

    monkeypatch.setattr(report, "figure_png", refuse)
    arguments = ["cohort", "paired", str(table), "--before", "before", "--after", "after", "--out", str(tmp_path), "--json"]
    assert cli.main(arguments) == 0
    assert "was not drawn as PNG" in capsys.readouterr().err
    assert (tmp_path / "cohort.html").is_file() and list(tmp_path.glob("*.svg")) and not list(tmp_path.glob("*.png"))


def test_every_figure_is_valid_svg_alone_and_reads_its_label_aloud():
    outcome = np.arange(30) < 12
    values = np.random.default_rng(2).normal(outcome * 1.0)
    drawn = [
        figures.decision_figure(outcome, stats.norm.cdf(values - 0.5), EN), plots.box_figure("x", {"a": values[:9], "b": values[9:]}),
        plots.pairs_figure(("before", "after"), np.column_stack([values, values + 1]), EN),
        plots.scatter_figure(("a < b", "c"), np.column_stack([values, values**2])),
    ]  # fmt: skip
    for figure in drawn:
        root = ElementTree.fromstring(standalone(figure))
        assert root.get("aria-label")
        assert root.tag == "{http://www.w3.org/2000/svg}svg"
        assert not re.search(r">−?0\.0+<|>−0<", figure)


# ------------------------------------------------------------------------------------------------------------------- pages
def test_the_page_of_every_analysis_holds_its_table_its_figure_and_what_was_done(table, tmp_path):
    cohort = read_cohort(table)
    pairs = analysis.compare_pairs(cohort, [("before", "after"), ("before", "age")])
    linear = analysis.explain(cohort, "after", ("before", "group"))
    made = (
        parts.paired_part(pairs, EN), parts.correlation_part(analysis.correlate(cohort, "after", ("before",), ("age",)), EN),
        parts.linear_part(linear, EN),
    )  # fmt: skip
    written = report.write_parts(made, tmp_path, EN)
    page = (tmp_path / "cohort.html").read_text(encoding="utf-8")
    assert page.count("<svg") == 4
    assert {"paired.csv", "correlations.csv", "linear.csv", "effects.svg", "methods.txt"} <= {path.name for path in written.paths}
    methods = (tmp_path / "methods.txt").read_text(encoding="utf-8").split("\n\n")
    assert "Wilcoxon signed-rank" in methods[0]
    assert "Holm" in methods[0]
    assert "The ranks of age were held constant (partial correlation)." in methods[1]
    assert "Holm" not in methods[1]  # one correlation: nothing was corrected
    assert "least squares" in methods[2]
    rows = list(csv.reader((tmp_path / "paired.csv").read_text(encoding="utf-8-sig").splitlines()))
    values = np.column_stack([cohort.numbers("before"), cohort.numbers("after")])
    known = stats.wilcoxon(values[:, 1] - values[:, 0])
    assert float(rows[1][rows[0].index("p")]) == pytest.approx(known.pvalue, rel=1e-5)
    assert float(rows[1][rows[0].index("adjusted p")]) >= float(rows[1][rows[0].index("p")])


def test_three_groups_have_a_page_with_a_box_plot_of_each_group(table, tmp_path):
    pytest.importorskip("sklearn", reason="scikit-learn is not installed.")
    arguments = ["cohort", "groups", str(table), "--outcome", "kind", "--predictors", "before,age", "--method", "lda"]
    assert cli.main([*arguments, "--out", str(tmp_path), "--json"]) == 0
    page = (tmp_path / "cohort.html").read_text(encoding="utf-8")
    assert "linear discriminant analysis (pooled covariance over n" in page
    assert all(f">{group} (" in page for group in "abc")
    assert page.count("<svg") == 2


def test_a_mixed_model_says_that_it_is_one(tmp_path):
    pytest.importorskip("statsmodels", reason="statsmodels is not installed.")
    rng = np.random.default_rng(4)
    levels = rng.normal(0.0, 4.0, 12)
    rows = [f"p{n},{month},{20 + month + levels[n] + rng.normal():.3f}" for n in range(12) for month in (0, 2, 4)]
    (tmp_path / "long.csv").write_text("id,month,ff\n" + "\n".join(rows) + "\n", encoding="utf-8")
    explained = analysis.explain(read_cohort(tmp_path / "long.csv"), "ff", ("month",), mixed=True)
    part = parts.linear_part(explained, JA)
    assert part.about == "12例の36行"
    assert "制限付き最尤法（statsmodels" in part.methods[1]
    assert part.remarks[0].startswith("患者内の標準偏差")


def test_the_japanese_page_leaves_no_english_but_the_readers_own_words(table, tmp_path):
    pytest.importorskip("sklearn", reason="scikit-learn is not installed.")
    arguments = ["cohort", "report", str(table), "--outcome", "group", "--predictors", "before,after", "--bootstraps", "5"]
    arguments += ["--paired", "before,after", "--linear", "after,before", "--groups", "kind", "--language", "ja"]
    assert cli.main([*arguments, "--out", str(tmp_path)]) == 0
    page = (tmp_path / "cohort.html").read_text(encoding="utf-8")
    assert '<html lang="ja">' in page
    page = re.sub(r"<style>.*?</style>|<[^>]*>", "\n", re.sub(r"<li>.*?</li>", "", page, flags=re.S), flags=re.S)
    foreign = set(re.findall(r"[A-Za-z][A-Za-z-]{2,}", page))
    names = {"MarrowQuant", "ROC", "AUC", "DeLong", "Mann", "Whitney", "SciPy", "Hodges", "Lehmann", "Holm", "Youden", "Firth",
             "FLIC", "Harrell", "Wilcoxon", "Brier", "Wald", "Wilson", "lowess",
             "scikit-learn"}  # fmt: skip
    assert foreign <= names | {"before", "after", "kind", "group"}
    table_en = (tmp_path / "validation.csv").read_text(encoding="utf-8-sig")
    assert table_en.startswith("measure,apparent,optimism")


def test_every_sentence_of_the_pages_has_its_japanese():
    used = set()
    for path in COHORT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "words":
                used |= {node.args[0].value} if isinstance(node.args[0], ast.Constant) else set()
    assert len(used) > 40
    assert used <= set(words._JAPANESE)
    for english, japanese in words._JAPANESE.items():
        assert set(re.findall(r"{(\w+)}", english)) == set(re.findall(r"{(\w+)}", japanese)), english


def test_an_axis_names_index_and_unit_in_both_languages():
    assert axis_title("ff_change") == "Fat fraction, lumbar mean: change (percentage points)"
    assert axis_title("ff_change", "ja").endswith("：変化 (ポイント)")
    assert axis_title("marker") == "marker"


@pytest.mark.parametrize(
    ("name", "most", "shown"),
    [("ff_change", 20, "ff_change"), ("beta2_microglobulin_change", 20, "beta2_mic…lin_change"), ("骨髄腫の赤色髄", 11, "骨髄…赤色髄")],
)
def test_a_name_that_is_too_wide_loses_its_middle(name, most, shown):
    assert axes.shortened(name, most) == shown


def test_characters_that_no_figure_can_hold_are_taken_out_of_a_table(tmp_path):
    rows = "".join(f"p{n},{n},{(n * 7) % 11}\n" for n in range(9))
    (tmp_path / "t.csv").write_text("id,a\x0bx,b\n" + rows, encoding="utf-8")
    cohort = read_cohort(tmp_path / "t.csv")
    assert cohort.header == ("id", "a x", "b")
    part = parts.correlation_part(analysis.correlate(cohort, "a x", ("b",)), EN)
    ElementTree.fromstring(part.figures["correlation_1"])


def test_two_analyses_that_would_write_the_same_files_are_refused(table, tmp_path):
    part = parts.paired_part(analysis.compare_pairs(read_cohort(table), [("before", "after")]), EN)
    with pytest.raises(MarrowQuantError, match="the same files"):
        report.write_parts((part, part), tmp_path / "out", EN)
    assert not (tmp_path / "out").exists()


def test_a_page_in_an_unknown_language_is_refused():
    with pytest.raises(MarrowQuantError, match="no language 'fr'"):
        Words("fr")


@pytest.mark.parametrize(
    ("low", "high", "shown"), [(-4.0, 14.0, [0, 5, 10]), (0.0, 1.0, [0, 0.2, 0.4, 0.6, 0.8, 1]), (-0.05, 0.35, [0, 0.1, 0.2, 0.3])]
)
def test_an_axis_has_its_ticks_at_round_numbers_wherever_it_begins(low, high, shown):
    assert charts.ticks(low, high) == pytest.approx(shown)
