"""What a statistician asks of a page before signing it: the flow of patients, the inputs with their hashes, versions, and the checklist.

Checklist: TRIPOD (Collins et al., Ann Intern Med 2015;162:55, doi 10.7326/M14-0697), its items named by our own short words.
"""

from __future__ import annotations

import datetime
import hashlib
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from .. import __version__
from ..report.charts import INK, line, svg, text
from .axes import wrapped
from .part import Part, Table
from .words import Words

_PACKAGES = ("numpy", "scipy", "scikit-learn", "statsmodels")
_AUTHOR, _NO = "to be written by the authors", "missing"
TRIPOD = (
    ("1", "title names the kind of study, the patients and the outcome", ()), ("2", "summary", ()), ("3a", "background", ()),
    ("3b", "aims: development, validation or both", ()), ("4a", "source of the data", ("provenance",)), ("4b", "dates of the study", ()),
    ("5a", "setting, number and place of sites", ()), ("5b", "who could take part", ()), ("5c", "treatments", ()),
    ("6a", "outcome, how and when it was assessed", ()), ("6b", "outcome assessed without knowledge of the predictors", ()),
    ("7a", "predictors, how and when they were measured", ()), ("7b", "predictors assessed without knowledge of the outcome", ()),
    ("8", "how the number of patients came about", ("sizes",)), ("9", "missing data and what was done about them", ("imputation", "model")),
    ("10a", "how predictors entered the analysis", ("model",)),
    ("10b", "kind of model, its building, internal validation", ("validation",)),
    ("10d", "measures of performance", ("validation",)), ("11", "groups of risk, if any were made", ("two_by_two",)),
    ("13a", "flow of patients", ("flow",)), ("13b", "characteristics, with missing counts", ("table1",)),
    ("14a", "patients and events of each analysis", ("groups",)), ("14b", "association of each predictor with the outcome", ("roc",)),
    ("15a", "the full model, with intercept", ("model",)), ("15b", "how to use the model", ()),
    ("16", "performance with intervals", ("roc",)),
    ("18", "limits", ()), ("19b", "what the results mean beside other evidence", ()), ("20", "use and further research", ()),
    ("12, 17, 19a", "validation on patients from elsewhere", None), ("21", "supplement: protocol, data, code", ()), ("22", "funding", ()),
)  # fmt: skip
"""Item, what it is about, and the tables of which the first that the document holds answers it: none where only the authors can, None where
this software cannot."""


@dataclass(frozen=True)
class Step:
    """One analysis in the flow of patients: who could enter it, who lacked a value, who was analysed."""

    name: str
    eligible: int
    missing: int

    @property
    def analysed(self) -> int:
        """Patients that the numbers belong to."""
        return self.eligible - self.missing


def flow_part(total: int, kinds: Sequence[tuple[str, int]], steps: Sequence[Step], words: Words) -> Part:
    """The flow of patients as a figure and a table."""
    rows = [(step.name, step.eligible, step.missing, step.analysed) for step in steps]
    header = ("analysis", "eligible", "without a needed value", "analysed")
    about = words("{n} patients", n=total)
    caption = words("From all patients to those of each analysis; a patient may be in several.")
    return Part(
        words("Flow of patients"), about, {"flow": Table("Patients of each analysis", header, rows)},
        {"flow": flow_figure(total, kinds, steps, words)}, (), captions={"flow": f"{caption} {about}"},
    )  # fmt: skip


def flow_figure(total: int, kinds: Sequence[tuple[str, int]], steps: Sequence[Step], words: Words) -> str:
    """Boxes from all patients by kind to each analysis, with those who were left out beside the way."""
    width, row, top = 640.0, 50.0, 126.0
    parts = [*_box(220, 6, 200, 28, words("{n} patients", n=total))]
    each = width / max(len(kinds), 1)
    for n, (kind, count) in enumerate(kinds):
        left = n * each
        parts += [line(320, 34, left + each / 2, 58, INK), *_box(left + 4, 58, each - 8, 36, f"{kind}: {count}", 13)]
    for n, step in enumerate(steps):
        y = top + row * n
        parts += [
            *_box(4, y, 262, 34, f"{step.name}: {step.eligible}", 42), line(266, y + 17, 470, y + 17, INK),
            line(462, y + 13, 470, y + 17, INK), line(462, y + 21, 470, y + 17, INK),
            text(368, y + 11, words("{n} without a value", n=step.missing), "middle", soft=True, size=10.5),
            *_box(470, y, 166, 34, words("{n} analysed", n=step.analysed)),
        ]  # fmt: skip
    return svg(width, top + row * len(steps), words("Flow of patients"), parts)


def _box(x: float, y: float, width: float, height: float, content: str, most: int = 40) -> list[str]:
    """A box with its words in one line or two of ``most`` characters."""
    corners = [(x, y), (x + width, y), (x + width, y + height), (x, y + height), (x, y)]
    edges = [line(*first, *second, INK) for first, second in zip(corners, corners[1:])]
    rows = wrapped(content, most)
    first = y + height / 2 + 4 - 6.5 * (len(rows) - 1)
    return [*edges, *(text(x + width / 2, first + 13 * n, row, "middle", size=11) for n, row in enumerate(rows))]


def provenance_part(inputs: Sequence[Path], seed: int, words: Words) -> Part:
    """The files that were read with their hashes, versions of what computed, date and seed."""
    rows: list[tuple[str, str]] = [(path.name, f"SHA-256 {hash_of(path)}") for path in inputs]
    rows += [("MarrowQuant", __version__), ("Python", platform.python_version())]
    rows += [(name, _version(name)) for name in _PACKAGES]
    rows += [("date", datetime.date.today().isoformat()), ("random numbers from", str(seed))]
    table = Table("Inputs and versions", ("what", "value"), rows)
    return Part(words("Inputs and versions"), "", {"provenance": table}, {}, ())


def hash_of(path: Path) -> str:
    """SHA-256 of a file, or of the names and hashes of all ``results.json`` below a folder, in the order of their names."""
    if path.is_dir():
        whole = hashlib.sha256()
        for file in sorted(path.rglob("results.json")):
            whole.update(f"{file.relative_to(path).as_posix()} {hashlib.sha256(file.read_bytes()).hexdigest()}\n".encode())
        return whole.hexdigest()
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "–"


def tripod_part(parts: Sequence[Part], words: Words) -> Part:
    """The checklist: in which part of the document an item stands, what the authors have to write, what is missing."""
    rows = [(item, about, _NO if tables is None else _where(tables, parts, words) or _AUTHOR) for item, about, tables in TRIPOD]
    caption = words("TRIPOD (Collins et al., Ann Intern Med 2015;162:55), items in short words.")
    table = Table("TRIPOD checklist", ("item", "about", "where"), rows, caption)
    return Part(words("TRIPOD checklist"), "", {"tripod": table}, {}, ())


def _where(tables: Sequence[str], parts: Sequence[Part], words: Words) -> str:
    """The part with the first of the tables that is there, "" for none; a table of a study bears the part's letter before its name."""
    for name in tables:
        titles = [part.title for part in parts if any(one == name or one.endswith(f"_{name}") for one in part.tables)]
        if titles:
            return words("in this document: {part}", part=titles[0])
    return ""
