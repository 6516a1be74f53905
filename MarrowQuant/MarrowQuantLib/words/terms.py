"""The words that results hold as values (states, regions, what became of a lesion …), as a reader reads them, in English and Japanese."""

from __future__ import annotations

_TERMS: dict[str, tuple[str, str]] = {
    # state of a component
    "accepted": ("counted", "採用"),
    "rejected": ("rejected", "除外"),
    "physiological": ("physiological", "生理的"),
    # part of the skeleton
    "skull": ("skull", "頭蓋"),
    "cervical spine": ("cervical spine", "頸椎"),
    "thoracic spine": ("thoracic spine", "胸椎"),
    "lumbar spine": ("lumbar spine", "腰椎"),
    "pelvis and sacrum": ("pelvis and sacrum", "骨盤・仙骨"),
    "ribs, sternum and shoulder girdle": ("ribs, sternum, shoulder", "肋骨・胸骨・肩帯"),
    "long bones": ("long bones", "長管骨"),
    "not determined": ("not determined", "不明"),
    # pattern of infiltration
    "normal": ("normal", "正常"),
    "focal": ("focal", "局所性"),
    "diffuse": ("diffuse", "びまん性"),
    "combined": ("combined focal and diffuse", "局所性＋びまん性"),
    "micronodular": ("micronodular", "微小結節性"),
    # pattern of the marrow on STIR images
    "homogeneously low": ("homogeneously low", "均一な低信号"),
    "marginally high": ("marginally high", "辺縁の高信号"),
    "heterogeneously high": ("heterogeneously high", "不均一な高信号"),
    "homogeneously high": ("homogeneously high", "均一な高信号"),
    # what became of a lesion
    "persisting": ("persisting", "残存"),
    "new": ("new", "新規"),
    "resolved": ("resolved", "消失"),
    "uncertain": ("uncertain", "判定不能"),
    "merged": ("merged", "融合"),
    "split": ("split", "分裂"),
    # exams, and what is measured over several vertebrae
    "lumbar mean": ("Lumbar mean", "腰椎の平均"),
    "baseline": ("Baseline", "治療前"),
    "follow-up": ("Follow-up", "治療後"),
    # units that are words, and values without a number
    "percentage points": ("points", "ポイント"),
    "not detected": ("not detected", "検出せず"),
    # shape of a vertebral region
    "ellipsoid": ("ellipsoid", "楕円体"),
    "cylinder": ("cylinder", "円柱"),
    "box": ("box", "直方体"),
    # a finding about a change, in a word or two
    "change.inside_limit": ("within error", "測定誤差の範囲内"),
    "change.small_baseline": ("small baseline", "治療前値が小さい"),
    "change.undefined": ("no relative change", "変化率は定義されない"),
    "change.protocol": ("protocol differs", "撮像条件が異なる"),
    "change.levels": ("levels differ", "椎体レベルが異なる"),
    "told": ("note", "注"),
}


def term(value: str, language: str = "en") -> str:
    """What a reader reads for a value of the results, in "en" or "ja"; the value itself where it is none of ours."""
    return _TERMS[value][language == "ja"] if value in _TERMS else value


def is_term(value: str) -> bool:
    """True if :func:`term` knows the value."""
    return value in _TERMS
