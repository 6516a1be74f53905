"""The laboratory tests that a sheet may hold: names, units and how to convert them.

Factors follow from the units alone, except the two that need a molar mass: creatinine C4H7N3O, 113.12 g/mol, so 1 mg/dL = 88.4 µmol/L;
calcium, 40.078 g/mol, so 1 mg/dL = 0.2495 mmol/L. Units that would need a molar mass nobody agrees on (β2-microglobulin and haemoglobin in
molar units) are not accepted. Two pairs of limits, both our choice: outside the wide ones a value is refused as impossible; outside the
narrow ones it is taken and asked back, because it is rare even in severe disease and more often a mistake of the unit.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Optional

from ..model import LabValue

_SUPERSCRIPTS = {ord(superscript): "^" + digit for superscript, digit in zip("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")}


@dataclass(frozen=True)
class LabTest:
    """One laboratory test.

    Attributes
    ----------
    key, label_en, label_ja, unit
        Name in the code, what a reader sees, canonical unit.
    factors : mapping
        Accepted unit to the factor that turns a value into the canonical unit; looked up by :meth:`factor`.
    low, high : float
        Limits of a possible value in the canonical unit.
    ask : (float, float)
        Limits in the canonical unit outside which the reader is asked whether the value is right.
    aliases : tuple of str
        Further accepted names; compared after :func:`fold_name`.
    """

    key: str
    label_en: str
    label_ja: str
    unit: str
    factors: Mapping[str, float]
    low: float
    high: float
    ask: tuple[float, float]
    aliases: tuple[str, ...] = ()

    @property
    def units(self) -> tuple[str, ...]:
        """Units to choose from; a ratio has none but 1."""
        return tuple(unit for unit in self.factors if unit)

    def factor(self, unit: str) -> Optional[float]:
        """Factor from ``unit``, however it is spelled, to the canonical unit; None for a unit that is not accepted."""
        return {fold_unit(known): factor for known, factor in self.factors.items()}.get(fold_unit(unit))


def fold_name(text: str) -> str:
    """A test name without case, width, Greek letter, space and punctuation variants: "β₂-Microglobulin" gives "beta2microglobulin"."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    for greek, word in (("α", "alpha"), ("β", "beta"), ("γ", "gamma"), ("κ", "kappa"), ("λ", "lambda")):
        folded = folded.replace(greek, word)
    return "".join(character for character in folded if character.isalnum())


def fold_unit(text: str) -> str:
    """A unit without case, width and micro-sign variants: "×10⁹/L", "10^9/L" and "10*9/l" all give "10*9/l"."""
    # Superscripts first: the compatibility form of 10⁹ is 109, another number.
    folded = unicodedata.normalize("NFKC", text.translate(_SUPERSCRIPTS)).casefold()
    folded = folded.replace("μ", "u").replace("mcg", "ug").replace("^", "*").replace(" ", "")
    return folded[1:] if folded[:3] in {"x10", "×10"} else folded


_GRAMS = {"g/L": 1.0, "g/dL": 10.0}
_MILLIGRAMS = {"mg/L": 1.0, "mg/dL": 10.0, "µg/mL": 1.0}
_PLATELETS = {"10*9/L": 1.0, "10*3/µL": 1.0, "10*4/µL": 10.0, "万/µL": 10.0}

_URINE = {"mg/24h": 1.0, "g/24h": 1000.0, "mg/d": 1.0, "g/d": 1000.0, "mg/day": 1.0, "g/day": 1000.0}

LAB_TESTS: tuple[LabTest, ...] = (
    LabTest("m_protein", "M protein", "M蛋白", "g/L", _GRAMS, 0, 150, (0, 100),
            ("M spike", "monoclonal protein", "paraprotein", "serum M protein", "Mタンパク", "Mたんぱく", "血清M蛋白")),
    LabTest("urine_m_protein", "Urine M protein", "尿中M蛋白", "mg/24h", _URINE, 0, 100000, (0, 20000),
            ("M protein urine", "urinary M protein", "24h urine M protein", "尿M蛋白")),
    LabTest("beta2_microglobulin", "β2-microglobulin", "β2ミクログロブリン", "mg/L", _MILLIGRAMS, 0.1, 200, (0.8, 60),
            ("b2-microglobulin", "b2mg", "β2MG", "b2m", "β2M", "β2マイクログロブリン")),
    LabTest("haemoglobin", "Haemoglobin", "ヘモグロビン", "g/L", _GRAMS, 20, 250, (45, 185),
            ("hemoglobin", "Hb", "Hgb", "血色素")),
    LabTest("albumin", "Albumin", "アルブミン", "g/L", _GRAMS, 5, 70, (15, 55),
            ("Alb",)),
    LabTest("creatinine", "Creatinine", "クレアチニン", "µmol/L", {"µmol/L": 1.0, "mg/dL": 88.4}, 10, 3000, (25, 1500),
            ("Cr", "Cre", "Crea")),
    LabTest("calcium", "Calcium", "カルシウム", "mmol/L", {"mmol/L": 1.0, "mg/dL": 10 / 40.078}, 0.5, 6, (1.5, 4.5),
            ("Ca",)),
    LabTest("ldh", "LDH", "LDH", "U/L", {"U/L": 1.0, "IU/L": 1.0}, 10, 20000, (60, 3000),
            ("LD", "lactate dehydrogenase", "乳酸脱水素酵素")),
    LabTest("ldh_upper_limit", "LDH, upper limit of normal", "LDH基準値上限", "U/L", {"U/L": 1.0, "IU/L": 1.0}, 100, 1000, (150, 500),
            ("LDH ULN", "LDH upper limit")),
    LabTest("platelets", "Platelets", "血小板", "10*9/L", _PLATELETS, 0, 3000, (5, 1000),
            ("platelet count", "Plt", "血小板数")),
    LabTest("flc_kappa", "Free light chain κ", "遊離軽鎖κ", "mg/L", _MILLIGRAMS, 0, 100000, (0.1, 30000),
            ("kappa flc", "κ free light chain", "free κ", "κ型遊離軽鎖")),
    LabTest("flc_lambda", "Free light chain λ", "遊離軽鎖λ", "mg/L", _MILLIGRAMS, 0, 100000, (0.1, 30000),
            ("lambda flc", "λ free light chain", "free λ", "λ型遊離軽鎖")),
    LabTest("flc_ratio", "Free light chain ratio κ/λ", "遊離軽鎖κ/λ比", "1", {"1": 1.0, "": 1.0}, 0, 100000, (0.0001, 10000),
            ("FLC ratio", "κ/λ ratio", "κ/λ比")),
    LabTest("bmpc", "Bone marrow plasma cells", "骨髄形質細胞比率", "%", {"%": 1.0}, 0, 100, (0, 100),
            ("BMPC", "marrow plasma cells", "骨髄形質細胞")),
)


def number_in(value: LabValue, unit: str) -> str:
    """The number of a value in one of its test's units; as it was given if that was the unit."""
    number, _, given_unit = value.given.partition(" ")
    return number if fold_unit(given_unit) == fold_unit(unit) else f"{value.value / find_test(value.test).factor(unit):.4g}"


def find_test(name: str) -> Optional[LabTest]:
    """The test that a sheet calls ``name``, or None."""
    folded = fold_name(name)
    for test in LAB_TESTS:
        if folded in {fold_name(known) for known in (test.key, test.label_en, test.label_ja, *test.aliases)}:
            return test
    return None
