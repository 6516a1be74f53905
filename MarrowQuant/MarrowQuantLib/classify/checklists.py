"""TRIPOD+AI and CLAIM, filled as far as the data allow; what only the authors know is left to them.

Items after Collins 2024 (BMJ 385:e078378) and Mongan 2020 (Radiol Artif Intell 2:e200029), in our own short words.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..cohort.part import Table
from .evaluation import Evaluation
from .words import ClassifyWords

_AUTHORS = ("for the authors", "著者が記載")

_TRIPOD = (
    ("1", "title", "表題"),
    ("2", "abstract", "抄録"),
    ("3", "background", "背景"),
    ("4", "objectives", "目的"),
    ("5", "sources and dates of the data", "データの出所と期間"),
    ("6", "participants", "対象"),
    ("7", "data preparation", "データの準備"),
    ("8", "outcome", "アウトカム"),
    ("9", "predictors", "予測因子"),
    ("10", "sample size", "症例数"),
    ("11", "missing data", "欠測"),
    ("12", "analytical methods", "解析方法"),
    ("13", "class imbalance", "群の不均衡"),
    ("14", "fairness", "公平性"),
    ("15", "model output", "モデルの出力"),
    ("16", "training and evaluation data", "学習と評価のデータ"),
    ("17", "ethical approval", "倫理審査"),
    ("18", "open science", "オープンサイエンス"),
    ("19", "patients' involvement", "患者の参画"),
    ("20", "participants' flow and characteristics", "対象の流れと特性"),
    ("21", "numbers in each analysis", "各解析の例数"),
    ("22", "model specification", "モデルの仕様"),
    ("23", "performance", "性能"),
    ("24", "model updating", "モデルの更新"),
    ("25", "interpretation", "解釈"),
    ("26", "limitations", "限界"),
    ("27", "usability", "使用条件"),
)

_CLAIM = (
    ("1", "title names AI", "表題"),
    ("2", "abstract", "抄録"),
    ("3", "background", "背景"),
    ("4", "objectives", "目的"),
    ("5", "prospective or not", "前向きか"),
    ("6", "study goal", "研究の目標"),
    ("7", "data sources", "データの出所"),
    ("8", "eligibility", "適格基準"),
    ("9", "pre-processing", "前処理"),
    ("10", "parts of the data used", "用いた部分"),
    ("11", "data elements", "データ項目"),
    ("12", "de-identification", "匿名化"),
    ("13", "missing data", "欠測"),
    ("14", "reference standard", "参照基準"),
    ("15", "why this standard", "参照基準の理由"),
    ("16", "annotators", "注釈者"),
    ("17", "annotation tools", "注釈の道具"),
    ("18", "reader variability", "読影者間のばらつき"),
    ("19", "sample size", "症例数"),
    ("20", "partitions", "分割"),
    ("21", "level of the partitions", "分割の単位"),
    ("22", "model", "モデル"),
    ("23", "software", "ソフトウェア"),
    ("24", "initial parameters", "初期値"),
    ("25", "training", "学習"),
    ("26", "choice of the model", "モデルの選択"),
    ("27", "ensemble", "アンサンブル"),
    ("28", "metrics", "評価指標"),
    ("29", "uncertainty", "不確かさ"),
    ("30", "robustness", "頑健性"),
    ("31", "explanation", "説明"),
    ("32", "external data", "外部データ"),
    ("33", "flow of participants", "対象の流れ"),
    ("34", "characteristics", "特性"),
    ("35", "performance", "性能"),
    ("36", "estimates of accuracy", "精度の推定"),
    ("37", "failures", "誤り"),
    ("38", "limitations", "限界"),
    ("39", "implications", "意義"),
    ("40", "registration", "登録"),
    ("41", "protocol", "計画書"),
    ("42", "funding", "資金"),
)


_PLACES = {
    "tripod_ai": {
        "7": "prep",
        "10": "n",
        "11": "missing",
        "12": "methods",
        "13": "balance",
        "15": "output",
        "16": "split",
        "18": "code",
        "20": "subject",
        "21": "n",
        "22": "spec",
        "23": "perf",
        "26": "limits",
        "27": "use",
    },
    "claim": {
        "9": "prep",
        "13": "missing",
        "19": "n",
        "20": "split",
        "21": "split",
        "22": "spec",
        "23": "code",
        "24": "start",
        "25": "methods",
        "26": "methods",
        "27": "ensemble",
        "28": "perf",
        "29": "methods",
        "30": "random",
        "31": "explain",
        "32": "external",
        "34": "subject",
        "35": "perf",
        "36": "perf",
        "38": "limits",
    },
}
"""Which text answers which item."""


def checklist_tables(evaluation: Evaluation, words: ClassifyWords) -> dict[str, Table]:
    """Both tables: number, subject, and what this analysis says to it."""
    column = 1 if words.language == "ja" else 0
    answers = _answers(evaluation, column)
    header = ("item", "subject", "in this analysis")
    return {
        name: Table(
            heading, header, [(number, subject[column], answers.get(f"{name}{number}", _AUTHORS[column])) for number, *subject in items]
        )
        for name, heading, items in (("tripod_ai", "TRIPOD+AI", _TRIPOD), ("claim", "CLAIM", _CLAIM))
    }


def _answers(evaluation: Evaluation, column: int) -> Mapping[str, str]:
    """By table and number, in English (0) or Japanese (1)."""
    data, crossed = evaluation.dataset, evaluation.crossed
    n, events = len(data.patients), int(data.outcome.sum())
    sites = len({name for name in data.text("site") if name})
    age = data.column("age_years")
    median = f"{np.nanmedian(age):.0f}" if np.isfinite(age).any() else "–"
    bodies = sum(len(patient.patches) for patient in data.patients)
    missing = sum(int((~np.isfinite(data.column(name))).sum()) for name in ("age_years", "platelets", "ff", "adc"))
    folds, repeats = int(crossed.fold.max()) + 1, len(crossed.fold)
    said = {
        "prep": (
            f"straightened patches of {bodies} bodies, {data.preparation.pixels} × {data.preparation.pixels} pixels",
            f"{bodies}椎体の矢状断パッチ、{data.preparation.pixels} × {data.preparation.pixels}画素",
        ),
        "n": (f"{n} patients, {events} and {n - events}; see the learning curve", f"{n}例（{events}例と{n - events}例）、学習曲線を参照"),
        "missing": (
            f"{missing} values of age, platelets, FF and ADC missing; training median",
            f"年齢・血小板・FF・ADCの欠測{missing}個、学習側の中央値で補完",
        ),
        "methods": ("see Methods", "「方法」を参照"),
        "balance": (f"{events} : {n - events}; weighted loss", f"{events} : {n - events}、損失に重み付け"),
        "output": (
            "probability with the ensemble's range; cut-off chosen in the training folds",
            "確率とアンサンブルの幅、カットオフは学習側で選択",
        ),
        "split": (
            f"nested {folds}-fold by patient, {repeats} times; {sites} sites",
            f"患者単位の入れ子{folds}分割を{repeats}回、{sites}施設",
        ),
        "subject": (f"median age {median} years; {sites} sites", f"年齢中央値{median}歳、{sites}施設"),
        "spec": ("model folder with coefficients, ONNX, hashes and card", "係数・ONNX・ハッシュ・カードを含むモデルフォルダ"),
        "perf": ("see Arms, calibration and net benefit", "「方法の比較」、較正、純便益を参照"),
        "limits": ("see Please check", "「確認事項」を参照"),
        "use": ("research use only; the model refuses what is unlike its training data", "研究専用、学習データと異なる入力は拒否する"),
        "explain": ("occlusion by vertebra and region; slopes of the indices", "椎体・部位ごとの遮蔽、指標の係数"),
        "external": (
            "site left out" if evaluation.left_out is not None else "none",
            "施設を除いた検証" if evaluation.left_out is not None else "なし",
        ),
        "code": ("open source, version in Methods", "オープンソース、版は「方法」に記載"),
        "random": ("random labels, site left out", "ランダムラベル、施設の除外"),
        "start": ("random, no weights from elsewhere", "乱数、事前学習なし"),
        "ensemble": ("mean of the inner folds' networks", "内側分割のネットワークの平均"),
    }
    return {f"{table}{number}": said[key][column] for table, numbers in _PLACES.items() for number, key in numbers.items()}
