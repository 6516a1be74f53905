"""The parts of a report that are no model of two groups: pairs, correlations, several groups, linear and mixed models."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import scipy

from ..io.packages import need
from ..model import Finding
from .analysis import Explained, Pair, Several
from .columns import axis_title
from .comparisons import Correlation, PairedTest
from .groups import FOLDS, REPEATS, Likelihood
from .linear import LinearFit
from .logistic import INTERCEPT
from .part import Part, Table
from .plots import box_figure, effects_figure, pairs_figure, scatter_figure
from .words import Words

PAIRED_HEADER = ("before", "after", "n", "n unchanged", "median before", "median after", "Hodges-Lehmann shift", "rank-biserial r", "W",
                 "p", "adjusted p")  # fmt: skip
CORRELATION_HEADER = ("first", "second", "held constant", "n", "rho", "95 % low", "95 % high", "p", "adjusted p")
LIKELIHOOD = "Maximum likelihood, without the penalty (Wald tests)"
LIKELIHOOD_HEADER = ("group", "reference group", "term", "coefficient", "standard error", "odds ratio", "p")
LINEAR_HEADER = ("term", "coefficient", "standard error", "degrees of freedom", "95 % low", "95 % high", "p")
_GROUP_METHODS = {
    "multinomial": "multinomial logistic regression with a ridge penalty (scikit-learn {version}, C = 1 on predictors scaled to unit "
    "standard deviation)",
    "lda": "linear discriminant analysis (pooled covariance over n − g; cross-validated by scikit-learn {version})",
}


def paired_part(pairs: Sequence[Pair[PairedTest]], words: Words) -> Part:
    """Signed-rank tests of columns before and after; ``pairs`` as :func:`analysis.compare_pairs` gives them."""
    rows = [
        (pair.first, pair.second, pair.test.n, pair.test.n_zero, *(float(value) for value in np.median(pair.values, axis=0)),
         pair.test.shift, pair.test.effect, pair.test.w, pair.test.p, pair.adjusted_p)
        for pair in pairs
    ]  # fmt: skip
    named = ", ".join(f"{words.cell(pair.first)} → {words.cell(pair.second)}" for pair in pairs)
    methods = words(
        "Values of the same patients ({pairs}) were compared by two-sided Wilcoxon signed-rank tests (SciPy {scipy}, exact for up to 50 "
        "changes of different size), changes of zero left out, with the matched-pairs rank-biserial correlation and the Hodges–Lehmann "
        "shift as effect sizes; each test used the patients with both values.",
        pairs=named, scipy=scipy.__version__,
    )  # fmt: skip
    drawn = {f"paired_{n + 1}": pairs_figure((pair.first, pair.second), pair.values, words) for n, pair in enumerate(pairs)}
    captions = {f"paired_{n + 1}": _caption("Every patient a line from before to after, the medians as the thick one.", pair.test.n, words)
                for n, pair in enumerate(pairs)}  # fmt: skip
    table = Table("Paired tests (Wilcoxon)", PAIRED_HEADER, rows)
    about = _patients(max(pair.test.n for pair in pairs), words)
    return Part(named, about, {"paired": table}, drawn, (methods, *_corrected(pairs, words)), _found(pairs), captions=captions)


def correlation_part(pairs: Sequence[Pair[Correlation]], words: Words) -> Part:
    """Spearman's correlations; ``pairs`` as :func:`analysis.correlate` gives them."""
    first, others, given = words.cell(pairs[0].first), words.named(pair.second for pair in pairs), words.named(pairs[0].test.covariates)
    rows = [
        (pair.first, pair.second, given, pair.test.n, pair.test.rho, *pair.test.interval, pair.test.p, pair.adjusted_p) for pair in pairs
    ]
    methods = [
        words(
            "{first} was correlated with {others} by Spearman's rank correlation; p values are Student's t, 95 % intervals Fisher's z with "
            "the variance of Bonett and Wright; each correlation used the patients with all of its values.",
            first=first, others=others,
        ),
        *([words("The ranks of {given} were held constant (partial correlation).", given=given)] if given else []),
        *_corrected(pairs, words),
    ]  # fmt: skip
    drawn = {}
    for n, pair in enumerate(pairs):
        titles = axis_title(pair.second, words.language), axis_title(pair.first, words.language)
        drawn[f"correlation_{n + 1}"] = scatter_figure(titles, pair.values[:, ::-1])
    table = Table("Correlations (Spearman)", CORRELATION_HEADER, rows)
    about = _patients(max(pair.test.n for pair in pairs), words)
    captions = {f"correlation_{n + 1}": _caption("One point a patient.", pair.test.n, words) for n, pair in enumerate(pairs)}
    return Part(f"{first} – {others}", about, {"correlations": table}, drawn, tuple(methods), _found(pairs), captions=captions)


def groups_part(several: Several, label: str, words: Words) -> Part:
    """Several groups told apart; ``several`` as :func:`analysis.analyse_groups` gives it."""
    model, sizes = several.model, several.model.confusion.sum(axis=1)
    assigned = [
        (group, *(float(count) for count in counts), float(counts[n] / sizes[n]))
        for n, (group, counts) in enumerate(zip(model.groups, model.confusion))
    ]
    coefficients = [(group, *(float(value) for value in values)) for group, values in zip(model.groups, model.coefficients)]
    method = words(_GROUP_METHODS[model.method], version=need("sklearn", "this analysis").__version__)
    count = several.labels.size
    methods = (
        words("{n} patients with all values were analysed; missing values were not filled in.", n=count),
        words(
            "{label} was told apart from {predictors} by {method}.",
            label=words.cell(label), predictors=words.named(model.names), method=method,
        ),
        words(
            "The table of assigned groups is the mean of {repeats} times repeated {folds}-fold stratified cross-validation; balanced "
            "accuracy is the mean of the groups' sensitivities.",
            repeats=REPEATS, folds=FOLDS,
        ),
    )  # fmt: skip
    drawn = {}
    for n, (name, column) in enumerate(zip(model.names, several.predictors.T)):
        values = {words.cell(group): column[several.labels == group] for group in model.groups}
        drawn[f"groups_box_{n + 1}"] = box_figure(axis_title(name, words.language), values)
    tables = {
        "assigned": Table("Assigned groups, cross-validated", ("true group", *model.groups, "sensitivity of the group"), assigned),
        "group_model": Table("Coefficients per standard deviation", ("group", "intercept", *model.names), coefficients),
    }
    if model.likelihood:
        tables["group_likelihood"] = Table(LIKELIHOOD, LIKELIHOOD_HEADER, likelihood_rows(model.likelihood, model.names))
    about = words("{n} patients in {groups} groups", n=count, groups=len(model.groups))
    percent = {"balanced": f"{100 * model.balanced_accuracy:.0f} %", "accuracy": f"{100 * model.accuracy:.0f} %"}
    remark = words("Balanced accuracy {balanced}, accuracy {accuracy} (cross-validated).", **percent)
    captions = dict.fromkeys(drawn, _caption("Quartiles, whiskers to 1.5 interquartile ranges, every patient a point.", count, words))
    return Part(label, about, tables, drawn, methods, several.findings, remarks=(remark,), captions=captions)


def likelihood_rows(fit: Likelihood, names: Sequence[str]) -> list[tuple]:
    """One row a group and term: log odds against the reference group, standard error, odds ratio, p."""
    return [
        (group, fit.reference, term, float(fit.coefficients[g, t]), float(fit.standard_errors[g, t]),
         float(np.exp(fit.coefficients[g, t])) if t else None, float(fit.p[g, t]))
        for g, group in enumerate(fit.groups)
        for t, term in enumerate((INTERCEPT, *names))
    ]  # fmt: skip


def linear_part(explained: Explained, words: Words) -> Part:
    """A linear or mixed model; ``explained`` as :func:`analysis.explain` gives it."""
    fit, mixed = explained.fit, explained.fit.patient_sd is not None
    named = {"response": words.cell(explained.response), "terms": words.named(fit.names[1:])}
    if mixed:
        count = words("{rows} rows of {n} patients had all values; missing values were not filled in.", rows=fit.n, n=fit.n_patients)
        how = words(
            "{response} was explained by {terms} in a linear mixed model with a random level for each patient, fitted by restricted "
            "maximum likelihood (statsmodels {version}), with t intervals and tests by Satterthwaite's degrees of freedom.",
            **named, version=need("statsmodels", "this analysis").__version__,
        )  # fmt: skip
        about = words("{rows} rows of {n} patients", rows=fit.n, n=fit.n_patients)
    else:
        count = words("{n} patients with all values were analysed; missing values were not filled in.", n=fit.n)
        how = words(
            "{response} was explained by {terms} in a linear model fitted by least squares, with t intervals and tests.", **named
        )
        about = _patients(fit.n, words)
    table = Table("Linear mixed model" if mixed else "Linear model", LINEAR_HEADER, _linear_rows(fit))
    drawn = {"effects": effects_figure(fit, explained.terms.std(axis=0, ddof=1), words)}
    caption = f"{words('Effect of one standard deviation of each term on the response, with 95 % intervals.')} {about}"
    return Part(
        words.cell(explained.response), about, {"linear": table}, drawn, (count, how), (*explained.findings, *fit.findings),
        (_spread(fit, words),), {"effects": caption},
    )  # fmt: skip


def _linear_rows(fit: LinearFit) -> list[tuple]:
    columns = (fit.coefficients, fit.standard_errors, fit.freedom, *fit.intervals.T, fit.p)
    return [(name, *(float(value) for value in values)) for name, *values in zip(fit.names, *columns)]


def _spread(fit: LinearFit, words: Words) -> str:
    within = f"{fit.residual_sd:.3g}"
    if fit.patient_sd is None:
        return words("Residual standard deviation: {within}.", within=within)
    between = f"{fit.patient_sd:.3g}"
    return words("Standard deviation within a patient: {within}; of the patients' own levels: {between}.", within=within, between=between)


def _caption(sentence: str, n: int, words: Words) -> str:
    return f"{words(sentence)} {_patients(n, words)}"


def _patients(n: int, words: Words) -> str:
    return words("{n} patients", n=n)


def _corrected(pairs: Sequence[Pair], words: Words) -> tuple[str, ...]:
    return (words("p values were corrected for their number after Holm."),) if len(pairs) > 1 else ()


def _found(pairs: Sequence[Pair]) -> tuple[Finding, ...]:
    """What was found for every pair, each sentence once."""
    return tuple(dict.fromkeys(sentence for pair in pairs for sentence in pair.findings))
