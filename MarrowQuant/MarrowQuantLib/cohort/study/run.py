"""The study in one call: patients are simulated, read back, analysed, and written as one document in one or both languages."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Optional

import numpy as np

from ...model import Finding, Progress, no_progress, part
from ..columns import axis_title
from ..part import Part, Table
from ..reading import read_cohort
from ..report import Written, write_parts
from ..signing import Step, flow_part, provenance_part, tripod_part
from ..table import Cohort, complete_rows
from ..words import Words
from .analyses import CHANGES, Answers, analyse_study
from .effects import GROUPS, OTHERS
from .simulate import write_study

BOOTSTRAPS = 200


def run_study(
    folder: Path,
    *,
    seed: int = 1,
    languages: Sequence[str] = ("en",),
    bootstraps: int = BOOTSTRAPS,
    scores: Optional[Path] = None,
    progress: Progress = no_progress,
) -> Written:
    """Simulate, analyse, write.

    Parameters
    ----------
    folder : Path
        New or empty; ``cases``, ``patients.csv`` and ``readers.csv`` go into it, and the document into ``en`` or ``ja``.
    seed : int
        The same seed gives the same patients and numbers.
    languages : sequence of {"en", "ja"}
    bootstraps : int
        Of the validation of the models.
    scores : Path, optional
        Scores of a network for MDS against AA, by ``record_id``.
    progress : callable

    Returns
    -------
    Written
        The pages first.

    Raises
    ------
    MarrowQuantError
        If the folder is not empty, or a table cannot be used.
    """
    folder = Path(folder)
    write_study(folder, seed=seed, progress=part(progress, 0.0, 0.1))
    inputs = [folder / "cases", folder / "patients.csv", folder / "readers.csv", *([scores] if scores else [])]
    cohort = read_cohort(inputs[0], outcomes=inputs[1])
    written: list[Path] = []
    findings: list[Finding] = []
    for n, language in enumerate(languages):
        words, reach = Words(language), 0.9 / len(languages)
        told = part(progress, 0.1 + n * reach, 0.1 + (n + 1) * reach)
        answers = analyse_study(cohort, inputs[2], words, scores=scores, bootstraps=bootstraps, seed=seed, progress=told)
        parts = _document(cohort, answers, inputs, seed, words)
        title = words("Bone-marrow MRI: the study re-enacted on simulated patients")
        notice = words("Simulated numbers: these are no patients. What was put in comes out again; it is no evidence.")
        page = write_parts(parts, folder / language, words, title=title, notice=notice, documents=True)
        written += page.paths
        findings += page.findings
    return Written(tuple(written), tuple(dict.fromkeys(findings)))


def _document(cohort: Cohort, answers: Answers, inputs: Sequence[Path], seed: int, words: Words) -> list[Part]:
    parts = [
        _beside_part(answers, words), _flow(cohort, words), *answers.parts, _effects_part(words), provenance_part(inputs, seed, words)
    ]  # fmt: skip
    return [*parts, tripod_part(parts, words)]


def _beside_part(answers: Answers, words: Words) -> Part:
    """The first part: published results and ours beside them."""
    header = ("statement", "published", "source", "re-enacted", "how")
    rows = [(line.statement, line.published, line.source, line.ours, line.how) for line in answers.beside]
    caption = words(
        "“By construction” says that the effect was put into the simulation, so that finding it again tests the software, not medicine."
    )
    table = Table("Published and re-enacted", header, rows, caption)
    return Part(words("Published and re-enacted"), "", {"beside": table}, {}, ())


def _flow(cohort: Cohort, words: Words) -> Part:
    kinds, water = cohort.text("kind"), np.array(cohort.text("dominance")) == "water"
    steps = []
    for name, wanted, columns in (
        (
            "A: infiltration, ineffective haematopoiesis, red marrow",
            ("myeloma", "MDS", "red marrow"),
            ("ff_baseline", "adc_baseline", "age_years"),
        ),
        ("B: MDS against AA", ("MDS", "AA"), ("ff_baseline", "platelets_e9_l", "age_years")),
        ("C: response", ("myeloma",), CHANGES),
        ("chemical shift: water-dominant myeloma", ("myeloma",), ("dropout_ratio_baseline", "bmpc_percent", "m_protein_baseline")),
        ("chemical shift: controls", ("control",), ("dropout_ratio_baseline", "age_years")),
        ("time to progression", ("myeloma",), ("progression_days", "progressed")),
    ):
        rows = np.isin(kinds, wanted) & (water | ("water-dominant" not in name))
        known = complete_rows(*(cohort.numbers(column) for column in columns))
        steps.append(Step(words.cell(name), int(rows.sum()), int((rows & ~known).sum())))
    return flow_part(len(cohort), [(words.cell(group.kind), kinds.count(group.kind)) for group in GROUPS], steps, words)


def _effects_part(words: Words) -> Part:
    """What was put in, each with its source or called assumed."""
    rows = []
    for group in GROUPS:
        values = {"n": str(group.n), "age": _spread(group.age), "male": f"{100 * group.male:.0f} %", "ff": _spread(group.ff),
                  "adc": _spread(group.adc), "platelets": _spread(group.platelets)}  # fmt: skip
        named = {"n": "n", "age": axis_title("age_years", words.language), "male": words.cell("male"),
                 "ff": axis_title("ff", words.language), "adc": axis_title("adc", words.language),
                 "platelets": axis_title("platelets_e9_l", words.language)}  # fmt: skip
        rows += [(group.kind, named[key], values[key], *group.sources[key]) for key in values]
    rows += [("", name, value, how, source) for name, value, how, source in OTHERS]
    caption = words("Published: the number stands in the source; computed: it follows from it by a formula; assumed: it is ours.")
    table = Table("What was put in", ("group", "what", "value", "standing", "source"), rows, caption)
    return Part(words("What was put in"), "", {"effects": table}, {}, ())


def _spread(values: tuple[float, float]) -> str:
    return f"{values[0]:g} ± {values[1]:g}"
