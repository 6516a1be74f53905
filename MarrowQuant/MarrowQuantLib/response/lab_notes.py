"""What a laboratory sheet may say without a number: findings, named covariates, and the events of a therapy."""

from __future__ import annotations

import datetime
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Optional

from ..model import LabHistory
from .lab_tests import fold_name

FINDING, COVARIATE, EVENT, OTHER = "finding", "covariate", "event", "other"
CYCLE = "therapy_cycle"
OTHER_TEST = "other_test"
"""Key of the kind that keeps a test which is not known: its name and what stood beside it; nothing is computed from it."""
MAX_TEXT = 60


@dataclass(frozen=True)
class NoteKind:
    """One kind of entry.

    Attributes
    ----------
    key, label_en, label_ja : str
    group : {"finding", "covariate", "event", "other"}
        A finding has one of ``values``; a covariate has a name of its own behind the kind ("cytogenetics t(4;14)") and any text; an event
        only marks its date, with any text or none.
    values : tuple of str
    aliases : tuple of str
    """

    key: str
    label_en: str
    label_ja: str
    group: str
    values: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()


_REACTION, _PRESENCE = ("positive", "negative"), ("present", "absent")
_MEANINGS = {
    "陽性": "positive", "陰性": "negative", "あり": "present", "なし": "absent", "pos": "positive", "neg": "negative",
    "yes": "present", "no": "absent", "(-)": "negative", "(+)": "positive", "-": "negative", "+": "positive", "not detected": "negative",
    "detected": "positive", "検出せず": "negative", "検出": "positive", "認めず": "absent", "認める": "present", "有": "present",
    "無": "absent",
}  # fmt: skip

NOTE_KINDS: tuple[NoteKind, ...] = (
    NoteKind("immunofixation_serum", "Immunofixation, serum", "免疫固定法（血清）", FINDING, _REACTION,
             ("serum immunofixation", "IFE serum", "血清免疫固定法", "免疫固定法血清", "血清免疫固定電気泳動",
             "immunofixation (serum)", "s-IFE")),
    NoteKind("immunofixation_urine", "Immunofixation, urine", "免疫固定法（尿）", FINDING, _REACTION,
             ("urine immunofixation", "IFE urine", "尿免疫固定法", "免疫固定法尿", "尿免疫固定電気泳動", "immunofixation (urine)",
             "u-IFE")),
    NoteKind("plasmacytoma", "Soft-tissue plasmacytoma", "形質細胞腫（軟部）", FINDING, _PRESENCE, ("plasmacytoma", "形質細胞腫")),
    NoteKind("clonal_plasma_cells", "Clonal plasma cells in marrow", "骨髄クローン性形質細胞", FINDING, _PRESENCE,
             ("clonal plasma cells",)),
    NoteKind("cytogenetics", "Cytogenetics", "染色体検査", COVARIATE, aliases=("FISH",)),
    NoteKind("sequencing", "Sequencing", "遺伝子検査", COVARIATE, aliases=("mutation",)),
    NoteKind("covariate", "Covariate", "共変量", COVARIATE),
    NoteKind(CYCLE, "Therapy cycle", "治療サイクル", EVENT, aliases=("cycle", "chemotherapy", "therapy", "治療")),
    NoteKind("g_csf", "G-CSF", "G-CSF", EVENT, aliases=("gcsf", "filgrastim", "pegfilgrastim")),
    NoteKind(OTHER_TEST, "Other test", "その他の検査", OTHER),
    NoteKind("transfusion", "Transfusion", "輸血", EVENT, aliases=("red cell transfusion",)),
)


def find_note(text: str) -> Optional[tuple[NoteKind, str]]:
    """The kind that a sheet's test column means, and the free name behind it ("cytogenetics t(4;14)" gives "t(4;14)"); None if none."""
    text = unicodedata.normalize("NFKC", text).strip()
    folded = fold_name(text)
    for kind in NOTE_KINDS:
        if kind.group == OTHER:
            continue
        names = [kind.key, kind.label_en, kind.label_ja, *kind.aliases]
        if kind.group != COVARIATE:
            if folded in {fold_name(name) for name in names}:
                return kind, ""
            continue
        for name in names:
            if text.casefold().startswith(name.casefold()):
                return kind, text[len(name):].strip(" :：-")
    return None


def cycles_between(history: LabHistory, dates: Sequence[Optional[datetime.date]]) -> int:
    """How many cycles of therapy a sheet names from the baseline until before the follow-up.

    Parameters
    ----------
    history : LabHistory
    dates : sequence of datetime.date or None
        Of the exams, baseline first.

    Returns
    -------
    int
        0 if that is not known.
    """
    if len(dates) < 2 or dates[0] is None or dates[1] is None:
        return 0
    given = {note.date for note in history.notes if note.kind == CYCLE}
    return sum(dates[0] <= date < dates[1] for date in given)


def is_present(text: str) -> Optional[bool]:
    """Whether a free text says that something was found ("present", "positive", "yes" …) or not; None for any other text."""
    word = unicodedata.normalize("NFKC", text).strip().casefold()
    word = _MEANINGS.get(word, word)
    return {"present": True, "positive": True, "absent": False, "negative": False}.get(word)


def read_value(kind: NoteKind, text: str) -> Optional[str]:
    """The value of an entry in the kind's own words; None if it is not one of them, or is too long."""
    text = unicodedata.normalize("NFKC", text).strip()
    if kind.group != FINDING:
        return text if len(text) <= MAX_TEXT and text.isprintable() and (text or kind.group == EVENT) else None
    word = _MEANINGS.get(text.casefold(), text.casefold())
    if word not in kind.values:  # "positive (IgG κ)", "陽性（IgG-κ型）"
        word = re.split(r"[\s(,;:]", word, maxsplit=1)[0]
        word = _MEANINGS.get(word, word)
    if set(kind.values) == set(_PRESENCE):
        word = {"positive": "present", "negative": "absent"}.get(word, word)
    return word if word in kind.values else None
