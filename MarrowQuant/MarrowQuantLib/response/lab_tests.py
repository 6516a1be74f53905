"""The laboratory tests that a sheet may hold: names, units and how to convert them.

Factors follow from the units alone, except the two that need a molar mass: creatinine C4H7N3O, 113.12 g/mol, so 1 mg/dL = 88.4 µmol/L;
calcium, 40.078 g/mol, so 1 mg/dL = 0.2495 mmol/L. Units that would need a molar mass nobody agrees on (β2-microglobulin and haemoglobin in
molar units) are not accepted. Two pairs of limits, both our choice: outside the wide ones a value is refused as impossible; outside the
narrow ones it is taken and asked back, because it is rare even in severe disease and more often a mistake of the unit.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Optional

from ..model import LabValue, certain
from .lab_numbers import NOT_DETECTED, SUPERSCRIPTS


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
    digits : int or None
        After the point; None: those of its unit.
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
    digits: Optional[int] = None

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
    """A unit without variants of case, width, micro sign and powers: "×10⁹/L", "10^9/L" and "10E9/l" all give "10*9/l"."""
    # Superscripts first: the compatibility form of 10⁹ is 109, another number.
    folded = unicodedata.normalize("NFKC", text.translate(SUPERSCRIPTS)).casefold().strip("[]() \u3000")
    folded = re.sub(r"\s+per\s+", "/", folded)
    for written, meant in _SPELLINGS:
        folded = folded.replace(written, meant)
    folded = _POWER.sub(r"10*\1", folded)
    return _COUNT_WORDS.sub("10*3/ul", folded)


# In this order, after case, width and superscripts are gone. A cubic millimetre is a microlitre.
_SPELLINGS = (
    ("μ", "u"), ("mcg", "ug"), ("mcl", "ul"), (" ", ""), ("^", "*"), ("**", "*"), ("mm*3", "ul"), ("mm3", "ul"), ("cumm", "ul"),
    ("cmm", "ul"),
    ("gm/", "g/"), ("100ml", "dl"), ("liter", "l"), ("litre", "l"), ("hours", "h"), ("hour", "h"), ("hrs", "h"), ("hr", "h"),
    ("時間", "h"),
    ("/24時", "/24h"), ("/日", "/d"), ("/day", "/d"), ("/24h", "/d"), ("cells/", "/"), ("個/", "/"), ("kat/l", "kat/l"), ("units/", "u/"),
    ("単位/", "u/"), ("パーセント", "%"), ("percent", "%"),
)  # fmt: skip
_POWER = re.compile(r"^[x×*]?10(?:\*|e|\()(\d+)\)?")
_COUNT_WORDS = re.compile(r"^(?:k|千|thou|thousand|tsd|tsd\.|[x×]?1000|[x×]?10\*3)/ul$")


_GRAMS = {"g/L": 1.0, "g/dL": 10.0, "mg/dL": 0.01, "mg/mL": 1.0, "mg/L": 0.001}
_MILLIGRAMS = {"mg/L": 1.0, "mg/dL": 10.0, "µg/mL": 1.0, "µg/L": 0.001, "ng/mL": 0.001, "µg/dL": 0.01, "g/L": 1000.0}
_PLATELETS = {
    "10*9/L": 1.0, "10*3/µL": 1.0, "10*4/µL": 10.0, "万/µL": 10.0, "/µL": 0.001, "/nL": 1.0, "G/L": 1.0, "Gpt/L": 1.0, "10*6/mL": 1.0,
    "10*11/L": 100.0,
}  # fmt: skip
_URINE = {"mg/24h": 1.0, "g/24h": 1000.0, "µg/24h": 0.001}
_ENZYME = {"U/L": 1.0, "IU/L": 1.0, "µkat/L": 60.0, "nkat/L": 0.06, "U/mL": 1000.0}  # 1 katal is 60 million units, both by definition
_CREATININE = {"µmol/L": 1.0, "mg/dL": 88.4, "mmol/L": 1000.0, "mg/L": 8.84, "µmol/dL": 10.0}
_CALCIUM = {"mmol/L": 1.0, "mg/dL": 10 / 40.078, "mEq/L": 0.5, "mg/L": 1 / 40.078}  # a calcium ion has two charges

LAB_TESTS: tuple[LabTest, ...] = (
    LabTest("m_protein", "M protein", "M蛋白", "g/L", _GRAMS, 0, 150, (0, 100),
            ("M spike", "monoclonal protein", "paraprotein", "serum M protein", "Mタンパク", "Mたんぱく", "血清M蛋白", "M-Spike",
             "monoclonal component", "monoclonal spike", "M component", "paraprotéine", "M-Protein",
             "Paraprotein", "M蛋白量", "M蛋白定量", "単クローン性蛋白", "serum monoclonal protein")),
    LabTest("urine_m_protein", "Urine M protein", "尿中M蛋白", "mg/24h", _URINE, 0, 100000, (0, 20000),
            ("M protein urine", "urinary M protein", "24h urine M protein", "尿M蛋白", "urine monoclonal protein", "尿中M蛋白量",
             "尿BJP", "Bence Jones protein", "BJP", "ベンスジョーンズ蛋白",
             "尿中ベンスジョーンズ蛋白", "24h尿M蛋白")),
    LabTest("beta2_microglobulin", "β2-microglobulin", "β2ミクログロブリン", "mg/L", _MILLIGRAMS, 0.1, 200, (0.8, 60),
            ("b2-microglobulin", "b2mg", "β2MG", "b2m", "β2M", "β2マイクログロブリン", "β2ミクログロブリン定量",
             "beta-2 microglobulin", "beta 2 microglobulin", "ｂ2-MG", "B2M",
             "血清β2ミクログロブリン", "microglobulin beta 2")),
    LabTest("haemoglobin", "Haemoglobin", "ヘモグロビン", "g/L", _GRAMS, 20, 250, (45, 185),
            ("hemoglobin", "Hb", "Hgb", "血色素", "HGB", "Haemoglobin", "hémoglobine", "Hämoglobin", "血色素量", "ヘモグロビン量",
             "ヘモグロビン濃度")),
    LabTest("albumin", "Albumin", "アルブミン", "g/L", _GRAMS, 5, 70, (15, 55),
            ("Alb", "血清アルブミン", "serum albumin", "albumine")),
    LabTest("creatinine", "Creatinine", "クレアチニン", "µmol/L", _CREATININE, 10, 3000, (25, 1500),
            ("Cr", "Cre", "Crea", "クレアチニン（血清）", "血清クレアチニン", "serum creatinine", "Kreatinin", "créatinine", "CRE",
             "S-Cr", "sCr")),
    LabTest("calcium", "Calcium", "カルシウム", "mmol/L", _CALCIUM, 0.5, 6, (1.5, 4.5),
            ("Ca", "血清カルシウム", "serum calcium", "total calcium", "Kalzium", "Calcium, total", "カルシウム(Ca)")),
    LabTest("ldh", "LDH", "LDH", "U/L", _ENZYME, 10, 20000, (60, 3000),
            ("LD", "lactate dehydrogenase", "乳酸脱水素酵素", "LDH(IFCC)", "LD(IFCC)", "乳酸脱水素酵素(LD)", "LDH/LD", "LD/IFCC")),
    LabTest("ldh_upper_limit", "LDH, upper limit of normal", "LDH基準値上限", "U/L", _ENZYME, 100, 1000, (150, 500),
            ("LDH ULN", "LDH upper limit", "LDH upper limit of normal", "LDH基準上限", "LDH upper reference limit")),
    LabTest("platelets", "Platelets", "血小板", "10*9/L", _PLATELETS, 0, 3000, (5, 1000),
            ("platelet count", "Plt", "血小板数", "thrombocytes", "Thrombozyten", "plaquettes", "PLT", "platelet",
             "platelets count", "Thrombos")),
    LabTest("flc_kappa", "Free light chain κ", "遊離軽鎖κ", "mg/L", _MILLIGRAMS, 0, 100000, (0.1, 30000),
            ("kappa flc", "κ free light chain", "free κ", "κ型遊離軽鎖", "FLC kappa", "FLC κ", "FLC-κ", "遊離L鎖κ", "遊離κ鎖",
             "κFLC", "血清遊離軽鎖κ", "sFLC kappa", "free light chain kappa",
             "free kappa light chain", "kappa free light chain", "遊離L鎖κ型", "遊離軽鎖κ鎖", "kappa light chain, free",
             "serum free kappa")),
    LabTest("flc_lambda", "Free light chain λ", "遊離軽鎖λ", "mg/L", _MILLIGRAMS, 0, 100000, (0.1, 30000),
            ("lambda flc", "λ free light chain", "free λ", "λ型遊離軽鎖", "FLC lambda", "FLC λ", "FLC-λ", "遊離L鎖λ", "遊離λ鎖",
             "λFLC", "血清遊離軽鎖λ", "sFLC lambda", "free light chain lambda",
             "free lambda light chain", "lambda free light chain", "遊離L鎖λ型", "遊離軽鎖λ鎖", "lambda light chain, free",
             "serum free lambda")),
    LabTest("flc_ratio", "Free light chain ratio κ/λ", "遊離軽鎖κ/λ比",
    "1", {"1": 1.0, "": 1.0, "ratio": 1.0, "比": 1.0, "-": 1.0}, 0, 100000, (0.0001, 10000),
            ("FLC ratio", "κ/λ ratio", "κ/λ比", "FLC κ/λ", "FLC κ/λ比", "遊離L鎖κ/λ比", "遊離軽鎖比", "kappa/lambda ratio",
             "free kappa/lambda ratio", "rFLC", "sFLC ratio",
             "free light chain ratio")),
    LabTest("neutrophils", "Neutrophils", "好中球", "10*9/L", _PLATELETS, 0, 200, (0.05, 50),
            ("ANC", "neutrophil count", "absolute neutrophil count", "Neut", "好中球数", "Neutrophile"), digits=2),
    LabTest("reticulocytes", "Reticulocytes", "網状赤血球", "10*9/L", _PLATELETS, 0, 1000, (0.5, 400),
            ("Ret", "Retic", "reticulocyte count", "網赤血球", "網状赤血球数", "Retikulozyten"), digits=1),
    LabTest("blasts", "Blasts, bone marrow", "骨髄芽球", "%", {"%": 1.0}, 0, 100, (0, 100),
            ("marrow blasts", "bone marrow blasts", "骨髄芽球比率", "BM blasts")),
    LabTest("ferritin", "Ferritin", "フェリチン", "µg/L", {"µg/L": 1.0, "ng/mL": 1.0, "mg/L": 1000.0}, 0, 100000, (3, 20000),
            ("serum ferritin", "血清フェリチン", "Ferritin (S)")),
    LabTest("bmpc", "Bone marrow plasma cells", "骨髄形質細胞比率", "%", {"%": 1.0}, 0, 100, (0, 100),
            ("BMPC", "marrow plasma cells", "骨髄形質細胞", "plasma cells, bone marrow", "骨髄形質細胞割合", "骨髄中形質細胞",
             "bone marrow plasma cell percentage")),
)


_MYELOMA = ("m_protein", "urine_m_protein", "beta2_microglobulin", "flc_kappa", "flc_lambda", "flc_ratio", "bmpc", "calcium")
_ANAEMIA = ("neutrophils", "reticulocytes", "blasts", "ferritin")


def is_asked(test: str, kind: str) -> bool:
    """Whether a test is asked for in a kind of case: M protein and what goes with it in myeloma, counts and iron in the others."""
    return test not in (_ANAEMIA if kind == "myeloma" else _MYELOMA)


def number_in(value: LabValue, unit: str) -> str:
    """The number of a value in one of its test's units, with its sign if it is a limit; as it was given if that was the unit."""
    if value.censored == NOT_DETECTED:
        return NOT_DETECTED
    number, _, given_unit = value.given.rpartition(" ")
    if number and fold_unit(given_unit) == fold_unit(unit):
        return number
    return f"{value.sign}{value.value / certain(certain(find_test(value.test)).factor(unit)):.4g}"


def find_test(name: str) -> Optional[LabTest]:
    """The test that a sheet calls ``name``, or None; words in brackets behind it, such as a unit or a method, may stand there or not."""
    by_name = _tests_by_name()
    return by_name.get(fold_name(name)) or by_name.get(fold_name(without_brackets(name)))


def without_brackets(name: str) -> str:
    """A name without what stands in brackets at its end."""
    return re.sub(r"\s*[(\[][^()\[\]]*[)\]]\s*$", "", unicodedata.normalize("NFKC", name))


def nearest_test(name: str) -> Optional[LabTest]:
    """A test whose name differs from an unknown one by a slip of the keyboard, or None."""
    close = difflib.get_close_matches(fold_name(name), _tests_by_name(), n=1, cutoff=0.85)  # our choice: one or two letters
    return _tests_by_name()[close[0]] if close else None


@cache
def _tests_by_name() -> Mapping[str, LabTest]:
    return {fold_name(known): test for test in LAB_TESTS for known in (test.key, test.label_en, test.label_ja, *test.aliases)}
