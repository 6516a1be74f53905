"""What a column of a cohort is called and which unit it has, where it was made from MarrowQuant's results."""

from __future__ import annotations

from ..followup.indices import INDICES, Index, index_of
from ..quantities import quantity
from ..results.record import REGION_INDICES
from ..vertebrae.places import REGIONS

UNKNOWN_UNIT = "unit of the table"
_OTHERS = {
    "kind": ("Kind of patient", "患者の種類", ""),
    "age_years": ("Age", "年齢", "years"),
    "sex": ("Sex", "性別", ""),
    "site": ("Site", "施設", ""),
    "exam_date": ("Date of the first exam", "初回検査日", ""),
    "bmpc_percent": ("Plasma cells in the marrow", "骨髄形質細胞", "%"),
    "platelets_e9_l": ("Platelets", "血小板", "10*9/L"),
    "cytogenetics": ("Cytogenetics", "細胞遺伝学", ""),
    "ras_mutation": ("RAS gene (KRAS or NRAS), sequencing", "RAS遺伝子（KRASまたはNRAS）、シーケンス", ""),
    "tp53_mutation": ("TP53 gene, sequencing", "TP53遺伝子、シーケンス", ""),
    "best_response": ("Best response at the completion of chemotherapy (IMWG)", "化学療法終了時の最良効果（IMWG）", ""),
    "progression_days": ("Time to progression or the last visit", "進行または最終受診までの時間", "days"),
    "progressed": ("Progressed: 1, not until the last visit: 0", "進行：1、最終受診まで進行なし：0", ""),
    "responder": ("CR or VGPR: 1, other: 0", "CRまたはVGPR：1、その他：0", ""),
    "high_risk": ("High-risk cytogenetics: 1, other: 0", "高リスク細胞遺伝学：1、その他：0", ""),
    "days": ("Days between the exams", "検査間の日数", "days"),
    "dominance": ("Dominant component of the marrow at the first exam (water: fat fraction < 50 %, fat: > 50 %)",
                  "初回検査で骨髄に優位な成分（water：脂肪分画50 %未満、fat：50 %超）", ""),
    "dominance_follow_up": ("Dominant component of the marrow at the follow-up (water: fat fraction < 50 %, fat: > 50 %)",
                            "経過観察で骨髄に優位な成分（water：脂肪分画50 %未満、fat：50 %超）", ""),
    "stir_pattern": ("Pattern on STIR at the first exam (Kusumoto, 1 to 4)", "初回検査のSTIRパターン（Kusumoto、1～4）", ""),
    "stir_pattern_follow_up": ("Pattern on STIR at the follow-up (Kusumoto, 1 to 4)", "経過観察のSTIRパターン（Kusumoto、1～4）", ""),
    "response_probability": ("Estimated probability of CR or VGPR", "CRまたはVGPRの推定確率", "1"),
    "response_low": ("Estimated probability: 95 % interval, low", "推定確率：95 %区間の下限", "1"),
    "response_high": ("Estimated probability: 95 % interval, high", "推定確率：95 %区間の上限", "1"),
    "response_model": ("Model that made the estimate", "推定に用いたモデル", ""),
    "case_kind": ("Kind of case", "症例の種類", ""),
    "synthetic": ("Simulated data: 1, a patient: 0", "シミュレーション：1、患者：0", ""),
    "warnings": ("Number of warnings", "注意の数", ""),
}
_UNITS_JA = {"percentage points": "ポイント", "days": "日", "years": "歳"}
_ENDINGS = {
    "change": ("change", "変化"),
    "change_percent": ("relative change", "変化率"),
    "baseline": ("baseline", "治療前"),
    "follow_up": ("follow-up", "治療後"),
}


def described(column: str, language: str = "en") -> dict[str, str]:
    """``label`` and ``unit`` of a column of a cohort that was read from results; of any other column its name."""
    for index in INDICES:
        if column == index.key:
            return {"label": index.label(language), "unit": index.unit}
        for ending, words in _ENDINGS.items():
            if column == f"{index.key}_{ending}":
                joined = f"{index.label_ja}：{words[1]}" if language == "ja" else f"{index.label_en}: {words[0]}"
                return {"label": joined, "unit": _unit(index, ending)}
    of_region = _of_region(column, language)
    if of_region:
        return of_region
    if column in _OTHERS:
        english, japanese, unit = _OTHERS[column]
        return {"label": japanese if language == "ja" else english, "unit": unit}
    return {"label": column, "unit": UNKNOWN_UNIT}


def _of_region(column: str, language: str) -> dict[str, str]:
    """Label and unit of a quantity of a region of the pelvis; empty for any other column."""
    for key, region in ((key, region) for key in REGION_INDICES for region in REGIONS):
        for ending, words in _ENDINGS.items():
            if column == f"{key}_{region.name.replace(' ', '_')}_{ending}":
                name = quantity(key).name
                joined = f"{name}（{region.japanese}）：{words[1]}" if language == "ja" else f"{name}, {region.name}: {words[0]}"
                return {"label": joined, "unit": _unit(index_of(key), ending)}
    return {}


def is_known(column: str) -> bool:
    """Whether a column has a label and a unit of ours."""
    return described(column)["unit"] != UNKNOWN_UNIT


def known_unit(column: str) -> str:
    """The unit of a column; "" where it is not known."""
    return described(column)["unit"] if is_known(column) else ""


def axis_title(column: str, language: str = "en") -> str:
    """Label with unit, as an axis of a figure has it; the bare name where the unit is not known."""
    known = described(column, language)
    unit = _UNITS_JA.get(known["unit"], known["unit"]) if language == "ja" else known["unit"]
    unit = unit.replace("10*9", "10⁹")
    return known["label"] if unit in {UNKNOWN_UNIT, ""} else f"{known['label']} ({unit})"


def _unit(index: Index, ending: str) -> str:
    if ending == "change":
        return index.change_unit if index.unit == "%" else "%"
    return "%" if ending == "change_percent" else index.unit
