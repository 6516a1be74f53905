"""What is odd about a cohort's table, and what a reader must know of numbers about it."""

from __future__ import annotations

from .severity import CHECK, NOTE

FINDINGS = {
    "cohort.decimal_comma": (NOTE, "{name} writes decimal commas; '{cell}' was read as {number:g}."),
    "cohort.not_written": (CHECK, "{error}"),
    "cohort.uncertain_limits": (CHECK, "The limits are uncertain: they stand on {n} subjects, fewer than {fewest}."),
    "cohort.formulas": (CHECK, "Lines {lines} hold spreadsheet formulas; they are never run, and their columns cannot be used."),
    "cohort.no_id": (CHECK, "{name} has no ID column, so a patient entered twice cannot be noticed; every row counts as a patient."),
    "cohort.repeated": (CHECK, "Lines {lines} repeat an ID (column '{column}')."),
    "cohort.repeated_date": (CHECK, "Lines {lines} repeat an ID on the same date: keep the row that is right."),
    "cohort.empty_id": (CHECK, "{count} rows have no ID."),
    "cohort.no_result": (CHECK, "{file} is not a MarrowQuant result and was left out."),
    "cohort.unreadable": (CHECK, "{count} of {n} files named results.json cannot be used and were left out. The first: {why}"),
    "cohort.simulated": (NOTE, "{count} of {n} cases are simulated: these are no patients."),
    "cohort.without_row": (CHECK, "{count} cases have no row in {table}."),
    "cohort.without_case": (CHECK, "{count} rows of {table} belong to no case."),
    "cohort.joined": (NOTE, "{count} records are in several tables; their cells were joined."),
    "cohort.no_column": (NOTE, "{site} has no column {columns}."),
    "cohort.other_unit": (
        CHECK, "{column}: the medians of the sites differ more than {ratio:g}-fold ({values}); is it the same unit?",
    ),
    "cohort.subgroup_refused": (CHECK, "{column} = {value} ({n}): {why}"),
    "cohort.missing": (NOTE, "{column}: {count} of {n} values are missing."),
    "cohort.left_out": (NOTE, "{count} of {n} rows are left out because a value is missing; nothing is filled in."),
    "cohort.far": (
        CHECK,
        "{column}: {values} stands far from the other values ({low:g} to {high:g}); is it a code for a missing value, or a slip? It was "
        "used as it stands: leave the cell empty if it is no value.",
    ),
    "cohort.taken": (NOTE, "{count} of {n} rows were taken: those with {condition}."),
    "cohort.taken_unknown": (
        NOTE,
        "{count} of {n} rows were taken: those with {condition}. Of {unknown} it is not known, because a value is missing; they were not "
        "taken.",
    ),
    "cohort.subgroup": (NOTE, "Subgroup {column} = {value}: {count} of {n} rows."),
    "cohort.subgroup_missing": (
        NOTE, "Subgroup {column} = {value}: {count} of {n} rows. {missing} rows have no value there and are in no subgroup."
    ),
    "cohort.many_looks": (
        CHECK,
        "{count} subgroups by {column} were looked at: without any true effect, a p below {level:g} turns up in at least one of them in "
        "{chance:.0f} % of such analyses. A small p in one and a large one in another do not show that they differ; only a test of "
        "the interaction can. Name the subgroups before looking.",
    ),
    "cohort.no_interaction": (CHECK, "Whether {name} differs between the subgroups could not be tested: {why}"),
    "cohort.no_covariate": (CHECK, "{name} is not among the covariates: {why}"),
    "cohort.not_imputed": (NOTE, "Missing values were not filled in: {why}"),
    "cohort.separated": (
        CHECK, "{name} separates the groups completely in these patients: the AUC has no interval, and others will be lower."
    ),
    "cohort.direction": (CHECK, "Low values of {name} speak for the event; the direction was taken from these patients."),
    "cohort.few": (CHECK, "Only {count} patients in the smaller group: sensitivity or specificity moves in steps of {step:.0f} %."),
    "cohort.few_events": (
        CHECK,
        "{count} patients in the smaller group for {n} candidate predictors ({ratio:.1f} a predictor, fewer than {least:g}): the model is "
        "likely to promise more than it keeps.",
    ),
    "cohort.optimism": (CHECK, "The AUC is too optimistic by about {optimism:.2f}; quote the corrected one."),
    "cohort.model_separates": (
        CHECK, "The model separates the groups completely; odds ratios and calibration rest on the penalty as much as on the data."
    ),
    "cohort.redrawn": (NOTE, "{count} resamples could not be fitted and were drawn again (beside {n} used)."),
    "cohort.not_proportional": (
        CHECK, "The hazards of {names} do not look proportional (p < {level:g}): the hazard ratio is a mean over time."
    ),
    "cohort.few_survival_events": (CHECK, "{events} events for {n} predictors: fewer than {least:g} each."),
    "cohort.level_spread": (NOTE, "The patients' own levels hardly differ, so the mixed model is close to a plain one."),
}
