"""The words of the cohort's page and figures in English and Japanese. English stands where it is used; Japanese is looked up by it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..model import RESEARCH_USE_ONLY, Finding
from ..report.strings import Strings
from . import words_signed
from .columns import axis_title, is_known
from .said import said

_JAPANESE = {
    # page
    "Cohort: {title}": "コホート：{title}",
    "{n} patients, {events} with the event": "{n}例（うちイベント{events}例）",
    "{n} patients": "{n}例",
    "{n} patients in {groups} groups": "{n}例（{groups}群）",
    "{rows} rows of {n} patients": "{n}例の{rows}行",
    "Please check": "確認事項",
    "Figures": "図",
    "Methods": "方法",
    RESEARCH_USE_ONLY: "研究専用。医療機器ではありません。診断や治療方針の決定に使用しないでください。",
    # tables
    "Groups": "群間比較",
    "ROC": "ROC解析",
    "Paired comparisons (DeLong)": "AUCの対応のある比較（DeLong）",
    "Multivariable model": "多変量モデル",
    "Validation": "内的妥当性の検証",
    "Paired tests (Wilcoxon)": "対応のある検定（Wilcoxon）",
    "Correlations (Spearman)": "相関（Spearman）",
    "Assigned groups, cross-validated": "割り当てられた群（交差検証）",
    "Coefficients per standard deviation": "係数（1標準偏差あたり）",
    "Linear model": "線形モデル",
    "Linear mixed model": "線形混合モデル",
    "index": "指標", "n event": "n（イベントあり）", "n no event": "n（イベントなし）", "median event": "中央値（あり）",
    "quartile 1 event": "第1四分位（あり）", "quartile 3 event": "第3四分位（あり）", "median no event": "中央値（なし）",
    "quartile 1 no event": "第1四分位（なし）", "quartile 3 no event": "第3四分位（なし）",
    "Hodges-Lehmann shift": "Hodges–Lehmann推定量", "rank-biserial r": "順位双列相関", "p": "p", "adjusted p": "補正後p",
    "predictor": "予測因子", "AUC": "AUC", "95 % low": "95 %下限", "95 % high": "95 %上限", "interval on": "区間の尺度",
    "bootstrap low": "ブートストラップ下限", "bootstrap high": "ブートストラップ上限", "rule": "判定", "cut-off": "カットオフ",
    "cut-off low": "カットオフ下限", "cut-off high": "カットオフ上限", "sensitivity": "感度", "specificity": "特異度",
    "first": "1つ目", "second": "2つ目", "AUC difference": "AUCの差", "z": "z",
    "term": "項", "coefficient": "係数", "standard error": "標準誤差", "odds ratio": "オッズ比", "degrees of freedom": "自由度",
    "reference group": "基準の群", "Maximum likelihood, without the penalty (Wald tests)": "最尤法、罰則なし（Wald検定）",
    "measure": "指標", "apparent": "見かけ", "optimism": "楽観度", "corrected": "補正後", "cross-validated": "交差検証",
    "before": "前", "after": "後", "n": "n", "n unchanged": "n（変化なし）",
    "median before": "中央値（前）", "median after": "中央値（後）",
    "W": "W", "rho": "ρ", "held constant": "固定した変数", "true group": "真の群", "sensitivity of the group": "群の感度",
    "group": "群", "intercept": "切片",
    # figures
    "event": "イベントあり",
    "no event": "イベントなし",
    "1 − specificity": "1 − 特異度",
    "{name}: AUC {auc}": "{name}：AUC {auc}",
    "predicted probability (out of fold)": "予測確率（交差検証）",
    "observed share": "観察された割合",
    "threshold probability": "閾値確率",
    "net benefit": "純便益",
    "model (out of fold)": "モデル（交差検証）",
    "all": "全例",
    "none": "なし",
    "odds ratio per standard deviation": "1標準偏差あたりのオッズ比",
    "effect per standard deviation of the term": "項の1標準偏差あたりの効果",
    # methods: what is common
    "{n} patients with all values were analysed; missing values were not filled in.":
        "全ての値がそろった{n}例を解析し、欠測値は補完しなかった。",
    "Analyses were made with MarrowQuant {version}.": "解析にはMarrowQuant {version}を用いた。",
    "Random numbers started at {seed}.": "乱数の初期値は{seed}とした。",
    "p values were corrected for their number after Holm.": "p値は検定数についてHolm法で補正した。",
    # methods: two groups
    "{n} patients with all values were analysed, {events} of them with the event ({event}); missing values were not filled in.":
        "全ての値がそろった{n}例を解析した。イベント（{event}）は{events}例で、欠測値は補完しなかった。",
    "The groups were compared by two-sided Mann–Whitney tests (SciPy {scipy}: exact where a group has at most 8 patients and no values are "
    "tied, else the normal approximation), with the rank-biserial correlation and the Hodges–Lehmann shift as effect sizes.":
        "群間比較には両側Mann–Whitney検定（SciPy {scipy}：一方の群が8例以下で同順位がなければ正確法、それ以外は正規近似）を用い、効果量は"
        "順位双列相関とHodges–Lehmann推定量とした。",
    "Receiver operating characteristics were empirical, with DeLong's variance; intervals of an AUC of {near_one} or more, and those that "
    "would pass 0 or 1, were made on the logit scale. Youden's cut-offs and their intervals came from {bootstraps} bootstrap samples "
    "stratified by group; the direction of a marker was taken from the data.":
        "ROC曲線は経験的に求め、分散はDeLong法による。AUCが{near_one}以上の場合と、区間が0または1を超える場合は、区間をロジット尺度で求めた。"
        "Youdenのカットオフの区間は、群で層別した{bootstraps}回のブートストラップによる。指標の方向はデータから決めた。",
    "AUCs of the same patients were compared by DeLong's paired test, not corrected for the number of pairs.":
        "同一患者のAUCはDeLongの対応のある検定で比較し、組の数についての補正は行わなかった。",
    "The multivariable model, from {n} candidate predictors, was a {fit}.": "多変量モデルは、候補とした{n}個の予測因子による{fit}である。",
    "The multivariable model, from {n} candidate predictors after backward elimination (predictors with p < {stay} stayed), was a {fit}.":
        "多変量モデルは、候補とした{n}個の予測因子から変数減少法（p < {stay}を残す）で選んだ{fit}である。",
    "logistic regression with Firth's penalty, profile-penalised-likelihood intervals and penalised likelihood-ratio tests; the intercept "
    "was corrected so that the mean probability is the share of events (FLIC)":
        "Firthの罰則付きロジスティック回帰（区間はプロファイル罰則付き尤度、検定は罰則付き尤度比。切片は平均確率がイベントの割合となるように"
        "補正（FLIC））",
    "logistic regression by maximum likelihood with Wald intervals and tests": "最尤法によるロジスティック回帰（区間と検定はWald法）",
    "logistic regression with a ridge penalty, chosen by inner 5-fold cross-validation of the deviance":
        "リッジ罰則付きロジスティック回帰（罰則は内側の5分割交差検証の逸脱度で選択）",
    "It was validated internally by {bootstraps} bootstrap samples (optimism after Harrell) and by {repeats} times repeated {folds}-fold "
    "stratified cross-validation, both repeating {steps} and the choice of the cut-off; the calibration plot and the decision curve use "
    "out-of-fold probabilities.":
        "内的妥当性は、{bootstraps}回のブートストラップ（Harrellの楽観度）と{repeats}回反復した層別{folds}分割交差検証で検証し、いずれも{steps}と"
        "カットオフの選択を繰り返した。較正図と決定曲線は交差検証の確率による。",
    "the fit": "当てはめ",
    "the tuning, the fit": "罰則の選択、当てはめ",
    "the elimination, the fit": "変数選択、当てはめ",
    # methods: the other analyses
    "Values of the same patients ({pairs}) were compared by two-sided Wilcoxon signed-rank tests (SciPy {scipy}, exact for up to 50 "
    "changes of different size), changes of zero left out, with the matched-pairs rank-biserial correlation and the Hodges–Lehmann shift "
    "as effect sizes; each test used the patients with both values.":
        "同一患者の値（{pairs}）は両側Wilcoxon符号付順位検定（SciPy {scipy}、大きさの異なる50個以下の変化では正確法、変化0は除く）"
        "で比較し、効果量は対応のある順位双列相関とHodges–Lehmann推定量とした。各検定には両方の値がある患者を用いた。",
    "{first} was correlated with {others} by Spearman's rank correlation; p values are Student's t, 95 % intervals Fisher's z with the "
    "variance of Bonett and Wright; each correlation used the patients with all of its values.":
        "{first}と{others}の相関はSpearmanの順位相関で求めた。p値はt検定、95 %区間はFisherのz（分散はBonettとWright）による。"
        "各相関には必要な値がそろった患者を用いた。",
    "The ranks of {given} were held constant (partial correlation).": "{given}の順位を固定した（偏相関）。",
    "{label} was told apart from {predictors} by {method}.": "{label}は、{predictors}から{method}で判別した。",
    "multinomial logistic regression with a ridge penalty (scikit-learn {version}, C = 1 on predictors scaled to unit standard deviation)":
        "リッジ罰則付き多項ロジスティック回帰（scikit-learn {version}、標準偏差1に揃えた予測因子でC = 1）",
    "linear discriminant analysis (pooled covariance over n − g; cross-validated by scikit-learn {version})":
        "線形判別分析（群内共分散はn − gで割る。交差検証はscikit-learn {version}）",
    "The table of assigned groups is the mean of {repeats} times repeated {folds}-fold stratified cross-validation; balanced accuracy is "
    "the mean of the groups' sensitivities.":
        "割り当ての表は、{repeats}回反復した層別{folds}分割交差検証の平均である。均衡正解率は群ごとの感度の平均とする。",
    "{response} was explained by {terms} in a linear model fitted by least squares, with t intervals and tests.":
        "{response}を{terms}で説明する線形モデルを最小二乗法で当てはめた（区間と検定はt分布）。",
    "{response} was explained by {terms} in a linear mixed model with a random level for each patient, fitted by restricted maximum "
    "likelihood (statsmodels {version}), with t intervals and tests by Satterthwaite's degrees of freedom.":
        "{response}を{terms}で説明する、患者ごとの水準を変量効果とする線形混合モデルを、制限付き最尤法（statsmodels {version}）で"
        "当てはめた（区間と検定はSatterthwaiteの自由度によるt分布）。",
    "{rows} rows of {n} patients had all values; missing values were not filled in.":
        "{n}例の{rows}行で全ての値がそろっていた。欠測値は補完しなかった。",
    # sentences below a model
    "Standard deviation within a patient: {within}; of the patients' own levels: {between}.":
        "患者内の標準偏差：{within}、患者の水準の標準偏差：{between}。",
    "Residual standard deviation: {within}.": "残差の標準偏差：{within}。",
    "Balanced accuracy {balanced}, accuracy {accuracy} (cross-validated).": "均衡正解率 {balanced}、正解率 {accuracy}（交差検証）。",
    "Sentences about the data are shown in English.": "データについての文は英語のまま表示しています。",
}  # fmt: skip

_CELLS = {
    "intercept": "切片", "logit": "ロジット", "event if above the cut-off": "カットオフより大きければイベント",
    "event if below the cut-off": "カットオフより小さければイベント", "Brier score": "Brierスコア", "calibration slope": "較正の傾き",
    "calibration intercept": "較正の切片", "Youden index": "Youden指数",
}  # fmt: skip
"""Cells of tables that are our words; all other text in a table is the reader's and stays."""


_JAPANESE.update(words_signed.JAPANESE)
_CELLS.update(words_signed.CELLS)


class Words:
    """The words of one language: ``words("{n} patients", n=50)``.

    Raises
    ------
    MarrowQuantError
        If the language is not one of the report's.
    """

    def __init__(self, language: str = "en") -> None:
        self.language = Strings(language).language

    def __call__(self, sentence: str, **values: object) -> str:
        return (_JAPANESE[sentence] if self.language == "ja" else sentence).format(**values)

    def heading(self, name: str) -> str:
        """A heading that may be the reader's own word, such as the name of a group: that stays as it is."""
        if is_known(name):
            return axis_title(name, self.language)
        return _JAPANESE.get(name, _CELLS.get(name, name)) if self.language == "ja" else name

    def cell(self, text: str) -> str:
        """A word in a table's cell, in the reader's language; a column of MarrowQuant's as its label with the unit."""
        if is_known(text):
            return axis_title(text, self.language)
        column, equals, level = text.partition(" = ")
        if equals and is_known(column):  # a level of a factor, or an outcome with its event
            return f"{axis_title(column, self.language)} = {self.cell(level)}"
        if self.language == "ja":  # a code of REDCap's dictionary has underscores for spaces
            return _CELLS.get(text, _CELLS.get(text.replace("_", " "), text))
        return text

    def said(self, sentence: str) -> str:
        """A sentence about the data in the reader's language, columns by their labels; as it is where it has no template."""
        if isinstance(sentence, Finding):
            sentence = Finding(sentence.code, {name: self._labelled(value) for name, value in sentence.all_values.items()})
        return said(sentence, self.language)

    def _labelled(self, value: Any) -> Any:
        if isinstance(value, tuple):
            return tuple(self._labelled(one) for one in value)
        return self.cell(value) if type(value) is str and is_known(value.partition(" = ")[0]) else value

    def named(self, columns: Iterable[str]) -> str:
        """Columns as they stand in a sentence."""
        return ("、" if self.language == "ja" else ", ").join(self.cell(column) for column in columns)
