"""What therapy does to the marrow besides the disease, where it was given near an exam."""

from __future__ import annotations

import datetime
from collections.abc import Mapping

from ..model import Finding, LabHistory, finding

G_CSF_DAYS = 28  # our choice, one usual cycle of therapy: no published interval is at hand


def event_findings(history: LabHistory, exams: Mapping[str, datetime.date]) -> tuple[Finding, ...]:
    """A sentence for every exam that G-CSF or transfusions may have changed.

    Parameters
    ----------
    history : LabHistory
    exams : mapping of str to date
        Label of the exam to its date.

    Returns
    -------
    tuple of str
        Empty if nothing speaks against reading the exams.

    Notes
    -----
    G-CSF turns fatty into red marrow, symmetric and brighter at high b (PMC4141345, table 8). Transfused iron raises R2*, and with it the
    variance of the fat fraction (doi:10.1002/jmri.29775); that it biases a two-point fat fraction and that haemoglobin after a
    transfusion is not the marrow's own is general knowledge.
    """
    sentences = []
    for label, date in exams.items():
        g_csf = [days for days in _days_before(history, "g_csf", date) if days <= G_CSF_DAYS]
        if g_csf:
            sentences.append(finding("caution.g_csf", days=min(g_csf), exam=label))
        transfusions = _days_before(history, "transfusion", date)
        if transfusions:
            sentences.append(finding("caution.transfusion", days=min(transfusions), exam=label))
    return tuple(sentences)


def _days_before(history: LabHistory, kind: str, date: datetime.date) -> list[int]:
    return [(date - note.date).days for note in history.notes if note.kind == kind and note.date <= date]
