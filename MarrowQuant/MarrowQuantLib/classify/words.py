"""The words of the classifier's page and figures in English and Japanese; what a cohort's page says too is looked up there."""

from __future__ import annotations

from ..cohort.words import Words

_JAPANESE = {
    "MDS or aplastic anaemia on spine MRI": "脊椎MRIによるMDSと再生不良性貧血の鑑別",
    "{event} or {other} on spine MRI": "脊椎MRIによる{event}と{other}の鑑別",
    "{n} patients: {events} {event}, {others} {other}": "{n}例：{event} {events}例、{other} {others}例",
    "{n} simulated patients: {events} {event}, {others} {other}": "シミュレーション患者{n}例：{event} {events}例、{other} {others}例",
    "mds": "MDS",
    "aplastic_anaemia": "再生不良性貧血",
    "myeloma": "骨髄腫",
    "other_anaemia": "その他の貧血",
    "control": "対照",
    "Arms": "方法の比較",
    "Against each other and against the readers (DeLong)": "方法間・読影者との比較（DeLong）",
    "Against the readers' average (bootstrap of patients and readers)": "読影者の平均との比較（患者と読影者のブートストラップ）",
    "Site left out": "施設を除いた検証",
    "Learning curve": "学習曲線",
    "Random labels": "ランダムラベルによる対照",
    "How much each index counts": "各指標の寄与",
    "TRIPOD+AI": "TRIPOD+AI",
    "CLAIM": "CLAIM",
    "Readers": "読影者",
    "Reporting checklists": "報告チェックリスト",
    "Can it be trusted?": "信頼できるか",
    "arm": "方法",
    "reader": "読影者",
    "sensitivity low": "感度下限",
    "sensitivity high": "感度上限",
    "specificity low": "特異度下限",
    "specificity high": "特異度上限",
    "Brier score": "Brierスコア",
    "calibration slope": "較正の傾き",
    "calibration intercept": "較正の切片",
    "AUC, site left out": "AUC（施設を除外）",
    "AUC, cross-validated": "AUC（交差検証）",
    "share of the training patients": "学習患者の割合",
    "times": "回数",
    "mean AUC": "平均AUC",
    "lowest": "最小",
    "highest": "最大",
    "item": "項目",
    "subject": "内容",
    "in this analysis": "本解析では",
    "index": "指標",
    "log odds per SD": "対数オッズ（1標準偏差あたり）",
    "Age alone": "年齢のみ",
    "Multiparametric, regression": "マルチパラメトリック（回帰）",
    "Multiparametric, age, platelets; regression": "マルチパラメトリック＋年齢・血小板（回帰）",
    "Multiparametric, SVM": "マルチパラメトリック（SVM）",
    "Multiparametric, age, platelets; SVM": "マルチパラメトリック＋年齢・血小板（SVM）",
    "Radiomic texture": "ラジオミクス（テクスチャ）",
    "CNN, LeNet": "CNN（LeNet）",
    "CNN, small": "CNN（小型）",
    "CNN, DenseNet of MONAI": "CNN（MONAIのDenseNet）",
    "Average of CNN and multiparametric": "CNNとマルチパラメトリックの平均",
    "predicted probability (out of fold)": "予測確率（交差検証）",
    "share learned from": "学習に用いた割合",
    # methods
    "Patches of {pixels} × {pixels} pixels of {mm} mm were taken in the sagittal plane of each vertebral body; {channels} "
    "entered, divided by the signal of the {reference} after the coil's brightness was removed.":
        "各椎体の矢状面で{pixels} × {pixels}画素（{mm} mm）のパッチを切り出し、{channels}を用いた。"
        "コイルの感度むらを除いた後、{reference}の信号で割った。",
    "All arms were judged on the same folds: nested {folds}-fold cross-validation by patient, repeated {repeats} times, in which "
    "penalties, kernels, training length and cut-offs were chosen inside the training folds.":
        "全ての方法を同じ分割で評価した：患者単位の{folds}分割の入れ子交差検証（{repeats}回反復）で、"
        "罰則・カーネル・学習の長さ・カットオフは学習側の中で選んだ。",
    "Logistic regressions had a ridge; support vector machines a radial kernel and Platt's recalibration; the networks weighed "
    "the bodies of a patient by attention, so that a patient is one case, and answered as an ensemble of {members}.":
        "ロジスティック回帰にはリッジ罰則、SVMには放射基底カーネルとPlattの再較正を用いた。"
        "ネットワークは1患者の椎体を注意機構で重み付けし（1患者＝1例）、{members}個のアンサンブルで答えた。",
    "AUCs are empirical with DeLong's intervals of the mean out-of-fold probability, which take the models as fixed; "
    "sensitivities and specificities have Wilson's intervals.":
        "AUCは交差検証の平均確率から経験的に求め、区間はDeLong法による（モデルは固定とみなす）。"
        "感度と特異度の区間はWilson法による。",
    "A second interval of the AUC is wider by Nadeau and Bengio's factor for what other training patients would change; "
    "out-of-fold log odds were moved to the event's share among all patients.":
        "AUCの第二の区間は、学習患者が変わることによる変動を考えてNadeauとBengioの係数で広げた。"
        "交差検証の対数オッズは全患者でのイベントの割合に合わせた。",
    "low, trained anew": "下限（再学習を考慮）",
    "high, trained anew": "上限（再学習を考慮）",
    "Sentences about the data are shown in English.": "",  # here they are not
    "Random numbers started at {seed}.": "乱数の初期値は{seed}とした。",
    "p values are not corrected for their number.": "p値は検定数について補正していない。",
    "disc": "椎間板",
    "muscle": "筋",
}  # fmt: skip


class ClassifyWords(Words):
    """As :class:`cohort.words.Words`, with the classifier's own."""

    def __call__(self, sentence: str, **values: object) -> str:
        own = _JAPANESE.get(sentence) if self.language == "ja" else None
        return own.format(**values) if own is not None else super().__call__(sentence, **values) if self.known(sentence) else sentence

    def known(self, sentence: str) -> bool:
        """Whether this or the cohort's page has the sentence in Japanese; English needs none."""
        return self.language == "en" or super().heading(sentence) != sentence

    def heading(self, name: str) -> str:
        return _JAPANESE.get(name) or super().heading(name) if self.language == "ja" else name

    def cell(self, text: str) -> str:
        return _JAPANESE.get(text) or super().cell(text) if self.language == "ja" else text


def kind_name(kind: str, words: ClassifyWords) -> str:
    """A kind of case as a reader sees it."""
    return words.cell(kind) if words.language == "ja" else {"mds": "MDS"}.get(kind, kind.replace("_", " "))
