"""``results.json`` read back: one reader for every comparison, course, cohort and follow-up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..io.jsonfiles import read_json
from ..model import ExamIdentity, ExamResult, MarrowQuantError, Relation, Results, Volume, relation
from .codec import decode
from .document import READ_VERSIONS, SCHEMA_VERSION, results_from_dict


def read_results(path: Path) -> Results:
    """The results of one case; images are not in the file, see :func:`.document.results_from_dict`.

    Parameters
    ----------
    path : Path
        A results.json of any version so far, or the folder that holds one.

    Raises
    ------
    MarrowQuantError
        If there is none, or it is not a results file that this program can read.
    """
    path = Path(path)
    path = path / "results.json" if path.is_dir() else path
    written = _parsed(path)
    version = str(written.get("schema_version"))
    if version.split(".", maxsplit=1)[0] not in {known.split(".", maxsplit=1)[0] for known in READ_VERSIONS}:
        raise MarrowQuantError(
            "{file} has the schema version {version}, this program reads {schema_version}; analyse it again.",
            file=path.name, version=version, schema_version=SCHEMA_VERSION,
        )
    try:
        return results_from_dict(written)
    except MarrowQuantError:
        raise
    except (AttributeError, KeyError, TypeError, ValueError):
        raise MarrowQuantError("{file} lacks parts of a MarrowQuant result; analyse the case again.", file=path.name) from None


def _parsed(path: Path) -> dict[str, Any]:
    try:
        written = read_json(path)
    except OSError:
        raise MarrowQuantError(
            "There is no {file} to read there; run 'marrowquant analyze' first, or correct the path.",
            file=path.name,
        ) from None
    except ValueError:
        raise MarrowQuantError("{file} is not valid JSON; use a results.json that MarrowQuant wrote.", file=path.name) from None
    if not isinstance(written, dict) or not isinstance(written.get("exams"), list) or not written["exams"]:
        raise MarrowQuantError("{file} holds no exams; use a results.json that MarrowQuant wrote.", file=path.name)
    return written


def with_volumes(written: Mapping[str, Any], volumes: Mapping[str, Volume]) -> ExamResult:
    """An entry of ``exams`` in results.json with the images that were kept beside it; ``labels`` are those of its tumour load."""
    exam: ExamResult = decode(ExamResult, written)
    burden = replace(exam.burden, labels=volumes["labels"]) if exam.burden else None
    return replace(exam, maps={name: volume for name, volume in volumes.items() if name != "labels"}, burden=burden)


def refuse_several_patients(cases: Sequence[Results]) -> None:
    """Refuse to put results of several patients together as those of one.

    Raises
    ------
    MarrowQuantError
        If two of them are certainly of different patients.
    """
    known: list[ExamIdentity] = []
    for case in cases:
        exams = [exam.identity for exam in case.exams]
        if relation(known, exams) is Relation.OTHER:
            raise MarrowQuantError("The results are of different patients (name, ID or birth date differ); give those of one patient.")
        known += exams
