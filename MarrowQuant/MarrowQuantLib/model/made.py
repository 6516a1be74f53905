"""How a number was made: its steps as findings, so that each reader gets them in the own language.

Examples
--------
>>> how = made(finding("made.roi_median"), finding("made.series", series=5), "a site's own words")
>>> print(how)
median; series 5; a site's own words
>>> [step.code for step in how.all_values["steps"]]
['made.roi_median', 'made.series', 'told']
"""

from __future__ import annotations

from .findings import Finding, as_finding, finding


def made(*steps: str) -> Finding:
    """The steps as one, in this order, without empty ones; what is itself made of steps is taken apart.

    Parameters
    ----------
    *steps : str or Finding
        Codes "made.…" of :mod:`words.findings`; a bare sentence is kept as it is.
    """
    flat: list[Finding] = []
    for step in filter(None, steps):
        told = as_finding(step)
        flat += told.all_values["steps"] if told.code == "made.steps" else [told]
    return finding("made.steps", steps=flat)
