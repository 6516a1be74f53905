"""Sentences about a table and its numbers in Japanese: made in English where they arise, and told by the template that they fit."""

from __future__ import annotations

import re
from functools import cache
from string import Formatter

_TEMPLATES = {
    "{column}: {count} of {n} values are missing.": "{column}：{n}個中{count}個の値が欠測。",
    "{count} of {n} rows are left out because a value is missing; nothing is filled in.":
        "{n}行中{count}行は値の欠測のため除いた。補完はしていない。",
    "{name} separates the groups completely in these patients: the AUC has no interval, and others will be lower.":
        "{name}はこれらの患者で群を完全に分けるため、AUCの区間はなく、他の患者では低くなる。",
    "Low values of {name} speak for the event; the direction was taken from these patients.":
        "{name}は低い値がイベントを示す。方向はこれらの患者から決めた。",
    "Only {count} patients in the smaller group: sensitivity or specificity moves in steps of {step} %.":
        "小さい方の群は{count}例のみで、感度または特異度は{step} %刻みで動く。",
    "{count} patients in the smaller group for {n} candidate predictors ({ratio} a predictor, fewer than {least}): the model is "
    "likely to promise more than it keeps.":
        "小さい方の群は{count}例、候補の予測因子は{n}個（1個あたり{ratio}例で{least}例未満）。モデルは実際より良く見えるおそれがある"
        "。",
    "The AUC is too optimistic by about {optimism}; quote the corrected one.":
        "AUCは約{optimism}楽観的である。補正後の値を引用すること。",
    "The model separates the groups completely; odds ratios and calibration rest on the penalty as much as on the data.":
        "モデルは群を完全に分ける。オッズ比と較正はデータと同じくらい罰則による。",
    "{count} resamples could not be fitted and were drawn again (beside {n} used).":
        "{count}回の再標本は当てはめられず引き直した（使用は{n}回）。",
    "{count} of {n} cases are simulated: these are no patients.": "{n}例中{count}例はシミュレーションで、患者ではない。",
    "{count} of {n} rows were taken: those with {condition}.": "{n}行中{count}行を選んだ（条件：{condition}）。",
    "{count} of {n} rows were taken: those with {condition}. Of {unknown} it is not known, because a value is missing; they were not "
    "taken.":
        "{n}行中{count}行を選んだ（条件：{condition}）。{unknown}行は値の欠測のため判断できず、選ばなかった。",
    "Subgroup {column} = {value}: {count} of {n} rows.": "部分集団 {column} = {value}：{n}行中{count}行。",
    "Subgroup {column} = {value}: {count} of {n} rows. {missing} rows have no value there and are in no subgroup.":
        "部分集団 {column} = {value}：{n}行中{count}行。{missing}行は値がなく、どの部分集団にも入らない。",
    "{count} subgroups by {column} were looked at: without any true effect, a p below {level} turns up in at least one of them in "
    "{chance} % of such analyses. A small p in one and a large one in another do not show that they differ; name the subgroups "
    "before looking, and test the interaction.":
        "{column}による{count}個の部分集団を見た。真の効果がなくても、少なくとも1つで{level}未満のpがこのような解析の{chance} "
        "%に現れる。一方のpが小さく他方が大きいことは差を示さない。部分集団は見る前に決め、交互作用を検定すること。",
    "The hazards of {names} do not look proportional (p < {level}): the hazard ratio is a mean over time.":
        "{names}のハザードは比例していないように見える（p < {level}）。ハザード比は時間の平均である。",
    "{events} events for {n} predictors: fewer than {least} each.":
        "予測因子{n}個に対しイベント{events}件で、1個あたり{least}件に満たない。",
    "Lines {lines} repeat an ID (column '{column}').": "{lines}行目でIDが繰り返されている（列「{column}」）。",
    "{count} rows have no ID.": "{count}行にIDがない。",
    "{count} cases have no row in {table}.": "{count}例は{table}に行がない。",
    "{count} rows of {table} belong to no case.": "{table}の{count}行はどの症例にも属さない。",
}  # fmt: skip


def said(sentence: str, language: str) -> str:
    """The sentence in "en" or "ja"; as it is where no template fits."""
    if language != "ja":
        return sentence
    for pattern, japanese in _patterns():
        fits = pattern.fullmatch(sentence)
        if fits:
            return japanese.format(**fits.groupdict())
    return sentence


@cache
def _patterns() -> list[tuple[re.Pattern[str], str]]:
    """The longest template first."""
    return [(_pattern(text), _TEMPLATES[text]) for text in sorted(_TEMPLATES, key=len, reverse=True)]


def _pattern(template: str) -> re.Pattern[str]:
    return re.compile("".join(re.escape(text) + (f"(?P<{name}>.+?)" if name else "") for text, name, _, _ in Formatter().parse(template)))
