"""Every word of the report, in English and Japanese. Findings bring their own sentences."""

from __future__ import annotations

import datetime
from html import escape
from typing import Optional

from ..model import RESEARCH_USE_ONLY, MarrowQuantError, sentence
from ..words.catalogue import WORD, translated
from ..words.terms import is_term, term

LANGUAGES = ("en", "ja")

_TEXT: dict[str, tuple[str, str]] = {
    "title": ("Quantitative marrow MRI in myeloma", "骨髄腫の定量的骨髄MRI"),
    "research": (RESEARCH_USE_ONLY, "研究専用。医療機器ではありません。診断や治療方針の決定に使用しないでください。"),
    "synthetic": ("Synthetic data: simulated exams, not a patient.", "合成データ：シミュレーションによる検査であり、患者ではありません。"),
    "no_identity": ("This page holds no patient identity.", "このページに患者を特定する情報は含まれません。"),
    "as_given": (
        "Case and reader are as the user gave them; nothing on this page is taken from the identity in the images.",
        "症例と読影者は利用者が入力したものです。画像に含まれる個人情報は使用していません。",
    ),
    "title_other": ("Quantitative marrow MRI", "定量的骨髄MRI"),
    "sign_off": ("Sign-off", "署名欄"),
    "of_exam": ("{what}, {exam} ({date})", "{what}（{exam}、{date}）"),
    "to_be_checked": ("⚠ to be checked", "⚠ 要確認"),
    "doubt_told": ("⚠: a doubt about the value stands under “To be checked”.", "⚠：値に疑いがある。「確認事項」を参照。"),
    "ff_scale": ("dark blue 0\u00a0%, yellow 100\u00a0%", "濃青0\u00a0%、黄100\u00a0%"),
    "spectrum_ren_marrow_9": ("bone marrow, 9 peaks (Ren)", "骨髄、9ピーク（Ren）"),
    "spectrum_hamilton_9": ("liver, 9 peaks (Hamilton)", "肝臓、9ピーク（Hamilton）"),
    "spectrum_ismrm_6": ("6 peaks (ISMRM challenge)", "6ピーク（ISMRM challenge）"),
    "after_cycles": ("After cycle {n}", "{n}コース後"),
    "days": ("{days} days", "{days}日間"),
    "no_date": ("date not known", "日付不明"),
    # summary
    "summary": ("Summary", "要約"),
    "probability": ("Probability of CR or VGPR", "CRまたはVGPRとなる確率"),
    "interval": ("95 % interval {low} to {high}", "95 %区間：{low}～{high}"),
    "no_probability": ("No number is given", "数値は示しません"),
    "contributions": ("What moves the estimate (log-odds)", "推定値への寄与（対数オッズ）"),
    "towards": ("towards response", "反応の方向"),
    "away": ("away from response", "反応と逆の方向"),
    "prevalence": ("How common CR or VGPR was", "CR/VGPRの頻度"),
    "ff_change": ("Change of fat fraction", "脂肪分画の変化"),
    "m_protein_change": ("Change of M protein", "M蛋白の変化"),
    "one_exam": ("One exam only: there is no change and no estimate yet.", "検査が1回のみのため、変化と推定値はありません。"),
    "not_measured": ("not measured", "測定なし"),
    "all_indices": ("All indices", "全指標"),
    "index": ("Index", "指標"),
    "change": ("Change", "変化量"),
    "relative": ("Relative", "変化率"),
    "meaning": ("Comment", "判定"),
    "outside": ("larger than error", "測定誤差を超える"),
    "adc_caution": (
        "Marrow ADC is not monotonic: it may rise when tumour cells die and falls when fat returns. Read it with the fat fraction.",
        "骨髄のADCは単調ではない。腫瘍細胞が減ると上昇し、脂肪が回復すると低下する。脂肪分画と併せて判断すること。",
    ),
    "anaemia_caution": (
        "Haemoglobin is below {limit:g} g/L in an exam: in anaemic patients (25 of 56, Huang, AJR) fat fraction and ADC did not tell deep "
        "responders from others.",
        "ヘモグロビンが{limit:g} g/L未満の検査がある。貧血例（56例中25例、Huang、AJR）では、脂肪分画とADCで深い奏効を区別できなかった。",
    ),
    "error_unknown": ("error not known", "測定誤差は不明"),
    "mean_of": ("{index} ({levels})", "{index}（{levels}）"),
    "limits_of_probability": ("95 % interval", "95 %区間"),
    "case": ("Case", "症例"),
    "reader": ("Reader", "読影者"),
    "signature": ("Signature", "署名"),
    "date_of_report": ("Report made on", "作成日"),
    "page": ("page {n} of {m}", "{n}／{m}ページ"),
    "pdf_notes": ("What the marks mean", "印の説明"),
    "anatomy_caption": ("Sagittal water or in-phase image with the regions measured", "水またはin-phase画像（矢状断）と測定領域"),
    "adc_caption": ("ADC, sagittal, 0 to 2000 µm²/s, with the regions measured", "ADC（矢状断、0～2000 µm²/s）と測定領域"),
    "anatomy_alt": ("Sagittal anatomical image of the lumbar spine, {exam}", "腰椎の解剖画像（矢状断）、{exam}"),
    "adc_alt": ("Sagittal ADC image of the lumbar spine, {exam}", "腰椎のADC画像（矢状断）、{exam}"),
    "acquisition": ("Acquisition", "撮像"),
    "repetition_time": ("TR (ms)", "TR（ms）"),
    "echo_time": ("TE (ms)", "TE（ms）"),
    "flip_angle": ("Flip angle (°)", "フリップ角（°）"),
    "voxel": ("Voxel (mm)", "ボクセル（mm）"),
    "slices": ("Slices", "スライス数"),
    "scanner": ("Scanner", "装置"),
    "no_reference": (
        "The laboratory sheet gives no reference ranges; those of the laboratory apply.",
        "検査値の表に基準範囲の記載がない。検査室の基準範囲による。",
    ),
    "notes": ("Notes", "注"),
    "warnings": ("To be checked", "確認事項"),
    "to_know": ("For information", "参考"),
    "no_warnings": ("No automatic check raised a doubt.", "自動チェックで指摘された事項はありません。"),
    # pictures
    "images": ("Key images", "キー画像"),
    "spine_caption": ("Fat fraction, mid-sagittal, with the regions measured", "脂肪分画（正中矢状断）と測定領域"),
    "body_caption": (
        "High-b diffusion, coronal projection, inverted; black from {black:g} times the muscle signal on",
        "高b値拡散強調像（冠状断MIP、白黒反転、筋信号の{black:g}倍以上を黒で表示）",
    ),
    "accepted_part": ("counted in the tDV", "tDVに含む"),
    "physiological_part": ("physiological", "生理的"),
    "no_image": ("No image", "画像なし"),
    "spine_alt": ("Sagittal fat-fraction image of the lumbar spine, {exam}", "腰椎の脂肪分画矢状断像、{exam}"),
    "body_alt": ("Coronal projection of the whole-body diffusion image, {exam}", "全身拡散強調像の冠状断MIP、{exam}"),
    # vertebrae
    "vertebrae": ("Lumbar marrow", "腰椎骨髄"),
    "level": ("Level", "レベル"),
    "ff_points": ("ΔFF (points)", "ΔFF（ポイント）"),
    "standard_error": (
        "± is the standard error from the noise in the voxels; repeated exams differ by more.",
        "±はボクセルの雑音による標準誤差である。繰り返した検査の差はこれより大きい。",
    ),
    "placement_error": (
        "What the ROI's place brings to the fat fraction, {exam} (standard deviation, by how exactly each was found): {levels} {unit}.",
        "関心領域の位置の不確かさ（椎体ごとに推定）により脂肪分画に生じる標準偏差（{exam}）：{levels} {unit}。",
    ),
    "excluded": ("not in the mean: {reason}", "平均から除外：{reason}"),
    "ff_axis": ("Fat fraction (%)", "脂肪分画（%）"),
    "adc_axis": ("ADC (µm²/s)", "ADC（µm²/s）"),
    "ff_per_level": ("Fat fraction per vertebra", "椎体ごとの脂肪分画"),
    "share": ("share of voxels", "ボクセルの割合"),
    "dominance": ("Marrow of the patient", "患者の骨髄"),
    "dominance_water": ("{exam}: water-dominant (fat fraction below 50 %)", "{exam}：水優位（脂肪分画50 %未満）"),
    "dominance_fat": ("{exam}: fat-dominant (fat fraction above 50 %)", "{exam}：脂肪優位（脂肪分画50 %超）"),
    "dominance_": ("{exam}: not known whether water or fat dominates", "{exam}：水と脂肪のどちらが優位かは不明"),
    "normal_band": ("Grey band: published normal fat fraction, mean ± SD", "灰色の帯：公表された正常脂肪分画（平均±SD）"),
    "no_normal_band": ("Published normal fat fraction", "公表された正常脂肪分画"),
    # distributions
    "distributions": ("Distribution in the lumbar voxels", "腰椎ボクセルの分布"),
    "ff_histogram": ("Fat fraction of the lumbar voxels", "腰椎ボクセルの脂肪分画"),
    "adc_lumbar_histogram": ("ADC of the lumbar voxels", "腰椎ボクセルのADC"),
    "ff_short": ("FF", "FF"),
    "adc_short": ("ADC", "ADC"),
    "lumbar": ("Together", "全体"),
    "distribution_told": (
        "Change of the median {median}, of the mean {mean}, earth mover's distance {distance} {unit}; overlap {overlap} %.",
        "中央値の変化 {median}、平均の変化 {mean}、Earth Mover距離 {distance} {unit}、重なり {overlap} %。",
    ),
    "median_shift": ("Δ median", "Δ中央値"),
    "overlap": ("overlap", "重なり"),
    "earth_mover": ("distance", "距離"),
    "voxels_moved": ("↓ / = / ↑, % of voxels", "↓ / = / ↑（ボクセル %）"),
    "distribution_notes": (
        "Overlap: the area that both histograms share (100 %: the same distribution). Distance: how far a voxel has to move on average to "
        "turn one distribution into the other (earth mover's distance). Each exam is measured on its own grid.",
        "重なり：両ヒストグラムの共通面積（100 %で同一の分布）。"
        "距離：一方の分布を他方に変えるためにボクセルが平均して移動する量（Earth Mover距離）。各検査はそれぞれの格子上で測定。",
    ),
    "voxelwise_notes": (
        "↓ / = / ↑: voxels that fell, stayed and rose, paired by the rigid movement of each vertebra's region and interpolated in the "
        "follow-up. Unchanged: {limits} and less, the limit of a region's mean; single voxels are noisier and pass it without a change. "
        "This is for looking, not for measuring.",
        "↓ / = / ↑：減少・不変・増加したボクセルの割合。椎体領域ごとの剛体移動で対応付け、治療後の値は補間による。"
        "不変の範囲：{limits}（領域平均の限界値。単一ボクセルは雑音が大きく、変化がなくても超えうる）。観察用であり、測定値ではない。",
    ),
    "few_voxels": (
        "{quantity}, {regions}: fewer than 50 voxels in an exam, so the overlap is too low even without a change.",
        "{quantity}、{regions}：一方の検査のボクセル数が50未満のため、変化がなくても重なりは低くなる。",
    ),
    # tumour load
    "burden": ("Tumour load", "腫瘍量"),
    "adc_histogram": ("ADC over the tDV", "tDV内のADC"),
    "tdv_classes": ("tDV by ADC class", "ADC区分別のtDV"),
    "components": ("Components, {exam}", "構成成分（{exam}）"),
    "number": ("No.", "番号"),
    "more_components": (
        "{n} smaller components, {volume} mL together, are listed in results.json.",
        "その他の小さな成分{n}個（計{volume} mL）はresults.jsonに記載。",
    ),
    "pattern": (
        "Proposed infiltration pattern: {pattern}; {n} focal lesions longer than 5 mm.",
        "浸潤パターン（案）：{pattern}。5 mm超の局所病変{n}個。",
    ),
    "imwg_focal": (
        "IMWG criterion: more than one focal lesion",
        "IMWG規準：局所病変が2個以上",
    ),
    "stations_joined": ("Stations, {exam}", "ステーション（{exam}）"),
    "stations_axis": ("median signal of the tissue, head to feet", "組織の信号中央値（頭から足へ）"),
    "stations_told": (
        "{n} stations. Largest step at a seam: {before} % as acquired (grey, broken), {after} % after matching (blue).",
        "{n}ステーション。継ぎ目の最大の段差は、撮像時{before} %（灰色の破線）、補正後{after} %（青）。",
    ),
    "burden_part": (
        "{exam}: part {number} of the diffusion images could not be stitched and has {tdv} mL by itself, which are not in the tDV.",
        "{exam}：拡散強調像の第{number}部分は結合できず、単独で{tdv} mLである（tDVには含まれない）。",
    ),
    "part_components": ("Components, part {number}", "構成成分（第{number}部分）"),
    # lesions of both exams
    "lesions": ("Lesions from exam to exam", "病変の経過"),
    "lesions_caption": (
        "Baseline → follow-up. Volumes are sums of a lesion's pieces; diameter, ADC and fat fraction are those of the largest piece.",
        "治療前 → 治療後。体積は病変の全成分の合計、径・ADC・脂肪分画は最大成分の値。",
    ),
    "kind_separator": (", ", "、"),
    "regions": ("Load by region", "部位別の腫瘍量"),
    "regions_caption": (
        "Accepted pieces. RAC of a region: that of most of its volume, and the second where it is mixed.",
        "承認された成分。部位のRACは体積の大半が示す区分で、混在する場合は次の区分も示す。",
    ),
    "rac_note": (
        "RAC: response assessment category proposed from signal and ADC by the rules of MET-RADS-P; category 5 is never proposed. Overlap: "
        "part of the smaller one that lies in the other after rigid registration; 0 % were matched as neighbours. The reader decides.",
        "RAC：MET-RADS-Pの規則に基づき信号とADCから提案した効果判定区分（区分5は提案しない）。重なり：剛体位置合わせ後、小さい方の病変が他方に含まれる"
        "割合（0 %は近傍として対応付けたもの）。判断は読影者による。",
    ),
    "more_lesions": ("{n} more lesions are listed in results.json.", "その他の病変{n}個はresults.jsonに記載。"),
    # laboratory
    "labs": ("Laboratory", "検査値"),
    "kind_mds": ("Kind of case: MDS. Response probabilities and criteria of myeloma do not apply.",
                 "症例の種類：MDS。骨髄腫の奏効確率と判定規準は適用しません。"),
    "kind_aplastic_anaemia": ("Kind of case: aplastic anaemia. Response probabilities and criteria of myeloma do not apply.",
                              "症例の種類：再生不良性貧血。骨髄腫の奏効確率と判定規準は適用しません。"),
    "kind_other_anaemia": ("Kind of case: other anaemia. Response probabilities and criteria of myeloma do not apply.",
                           "症例の種類：その他の貧血。骨髄腫の奏効確率と判定規準は適用しません。"),
    "kind_control": ("Kind of case: control. Response probabilities and criteria of myeloma do not apply.",
                     "症例の種類：対照。骨髄腫の奏効確率と判定規準は適用しません。"),
    "classifier": ("Classifier", "分類器"),
    "classified": ("Probability of {event} against {other}", "{event}である確率（対 {other}）"),
    "exam": ("Exam", "検査"), "stir": ("Pattern on STIR", "STIRのパターン"), "stir_by": ("Set by", "判定"),
    "stir_numbers": ("Numbers behind the proposal", "提案の根拠となる数値"),
    "stir_level": ("marrow over disc", "骨髄／椎間板"), "stir_rim": ("endplates over centre", "終板側／中心"),
    "stir_spread": ("spread over disc", "ばらつき／椎間板"),
    "stir_proposed": ("proposed: {pattern}", "提案：{pattern}"), "stir_set": ("reader ({proposed})", "読影者（{proposed}）"),
    "stir_not_set": ("proposed, not confirmed by a reader", "提案（読影者は未確認）"),
    "stir_told": ("Patterns of Kusumoto 1997; the limits of the proposal are our choice.",
                  "Kusumoto 1997のパターン。提案の閾値は本ソフトウェア独自。"),
    "ensemble_range": ("range of the model's members {low} to {high}", "モデルの各要素の範囲 {low}～{high}"),
    "occlusion": ("What the answer rests on, by covering small squares of the image: orange speaks for it, blue against it.",
                  "画像の小区画を隠して調べた答えの根拠：橙は支持、青は反対を示す。"),
    "log_odds_lost": ("log odds lost without it", "除いたときに失われる対数オッズ"),
    "log_odds_added": ("log odds that it adds (regression of the same model)", "加える対数オッズ（同じモデルの回帰）"),
    "index_ff": ("fat fraction", "脂肪分画"), "index_adc": ("ADC", "ADC"), "index_r2star": ("R2*", "R2*"),
    "index_t1_to_discs": ("T1 signal over that of the discs", "T1信号（椎間板比）"),
    "index_dropout_ratio": ("signal dropout ratio", "信号低下率"),
    "index_ff_sd": ("fat fraction, SD", "脂肪分画の標準偏差"), "index_ff_skewness": ("fat fraction, skewness", "脂肪分画の歪度"),
    "index_ff_p10": ("fat fraction, 10th percentile", "脂肪分画の10パーセンタイル"),
    "index_ff_p90": ("fat fraction, 90th percentile", "脂肪分画の90パーセンタイル"),
    "index_t1_sd": ("T1 signal, SD", "T1信号の標準偏差"), "index_t1_skewness": ("T1 signal, skewness", "T1信号の歪度"),
    "index_t1_p10": ("T1 signal, 10th percentile", "T1信号の10パーセンタイル"),
    "index_t1_p90": ("T1 signal, 90th percentile", "T1信号の90パーセンタイル"),
    "name_mds": ("MDS", "MDS"), "name_aplastic_anaemia": ("aplastic anaemia", "再生不良性貧血"), "name_myeloma": ("myeloma", "骨髄腫"),
    "name_other_anaemia": ("other anaemia", "その他の貧血"), "name_control": ("control", "対照"),
    "answers": ("Answers", "答える問い"), "trained_on": ("Trained on", "学習データ"),
    "performance_out_of_fold": ("Performance (out of fold)", "性能（交差検証）"), "findings": ("What to know", "注意"),
    "blood": ("Response by the blood", "血液による効果判定"),
    "blood_improved": ("haematological improvement", "血液学的改善"), "blood_not_improved": ("no improvement", "改善なし"),
    "blood_complete": ("complete response", "完全奏効"), "blood_partial": ("partial response", "部分奏効"),
    "blood_none": ("no response", "奏効なし"), "blood_unknown": ("not graded", "判定不能"),
    "imwg": ("Response by IMWG criteria", "IMWG規準による効果判定"),
    "imwg_none": ("not graded", "判定不能"),
    "missing": ("missing", "不足"),
    "stage": ("Stage before therapy", "治療前の病期"),
    "date": ("Date", "日付"),
    "course": ("Course over time", "経過"),
    "positive": ("positive", "陽性"),
    "negative": ("negative", "陰性"),
    "present": ("present", "あり"),
    "absent": ("absent", "なし"),
    "see_labs": ("see Laboratory", "検査値の項を参照"),
    "unit": ("Unit", "単位"),
    # model
    "model_card": ("Model card", "モデルカード"),
    "name": ("Model", "モデル"),
    "outcome": ("Outcome", "アウトカム"),
    "intended_use": ("Intended use", "使用目的"),
    "not_intended_for": ("Not intended for", "対象外"),
    "source": ("Source", "出典"),
    "n": ("Patients", "症例数"),
    "events": ("Of these CR or VGPR", "うちCR/VGPR"),
    "setting": ("Setting", "条件"),
    "published": ("Published", "公表されている事項"),
    "assumed": ("Assumed", "仮定"),
    "limits": ("Limits", "限界"),
    "research_use_only": ("Research use only", "研究専用"),
    # methods
    "methods": ("Methods and provenance", "方法と来歴"),
    "software": ("Software", "ソフトウェア"),
    "settings": ("Settings", "設定"),
    "setting_name": ("Setting", "項目"),
    "value": ("Value", "値"),
    "protocol": ("Protocol", "撮像条件"),
    "manufacturer": ("Manufacturer", "装置メーカー"),
    "field_strength_t": ("Field strength (T)", "磁場強度（T）"),
    "b_values": ("b-values (s/mm²)", "b値（s/mm²）"),
    "echo_times_s": ("Echo times (ms)", "エコー時間（ms）"),
    "adc_shift_ras_mm": ("Shift of the diffusion images: right, anterior, superior (mm)", "拡散画像の位置ずれ：右、前、上（mm）"),
    "in_phase_shift_ras_mm": ("Shift of the in-phase images: right, anterior, superior (mm)", "in-phase画像の位置ずれ：右、前、上（mm）"),
    "ff_origin": ("Map that the fat fraction is read from", "脂肪分画の由来"),
    "ff_vendor": ("the scanner's own", "装置の脂肪分画マップ"),
    "ff_six_echo": ("fitted to the echoes", "エコーからの計算"),
    "ff_water_fat": ("signal fraction of water and fat images", "水・脂肪画像の信号比"),
    "ff_t1_bias_points": ("T1 bias expected at a fat fraction of {at:g} % (points)", "脂肪分画{at:g} %で予想されるT1バイアス（ポイント）"),
    "stations": ("Diffusion stations", "拡散強調像のステーション数"),
    "limits_heading": ("Limits that a change is compared with", "変化の判定に用いる限界値"),
    "limit": ("Measurement error", "測定誤差"),
    "floor": ("Baseline too small for a relative change", "変化率には小さすぎる治療前値"),
    "provenance": ("How the numbers were made", "数値の算出方法"),
    "series": ("Series, {exam}", "シリーズ（{exam}）"),
    "series_number": ("Series", "シリーズ"),
    "description": ("Description", "説明"),
    "role": ("Recognised as", "認識結果"),
    "station": ("Station", "ステーション"),
    "shape": ("Voxels i × j × k", "ボクセル数 i × j × k"),
    "used": ("Used", "使用"),
    "why": ("Why", "根拠"),
    "yes": ("yes", "○"),
    "no": ("no", "－"),
}


class Strings:
    """The words of one language: ``strings("title")``, ``strings("days", days=63)``.

    Parameters
    ----------
    language : {"en", "ja"}
    cycles : int
        After how many cycles of therapy the follow-up was; 0 if that is not known.

    Raises
    ------
    MarrowQuantError
        If the language is not one of ``LANGUAGES``.
    """

    def __init__(self, language: str, cycles: int = 0) -> None:
        if language not in LANGUAGES:
            raise MarrowQuantError(
                "The report has no language '{language}'; choose one of {languages}.",
                language=language, languages=list(LANGUAGES),
            )
        self.language, self._cycles = language, cycles
        self._column = LANGUAGES.index(language)

    def __call__(self, key: str, **values: object) -> str:
        return _TEXT[key][self._column].format(**values) if key in _TEXT or not is_term(key) else term(key, self.language)

    def say(self, found: str) -> str:
        """The sentence of a finding, safe to stand in a page."""
        return escape(sentence(found, self.language))

    def word(self, text: str) -> str:
        """A word of the results, such as the name of a measurement; what the catalogue does not know stays as it is."""
        return translated(text, self.language, WORD)

    def date(self, date: Optional[datetime.date]) -> str:
        """An exam's date, or that it is not known."""
        return date.isoformat() if date else self("no_date")

    def exam(self, label: str) -> str:
        """The name of an exam, safe to stand in a page: ours for "baseline" and "follow-up", else the label as it is."""
        if label == "follow-up" and self._cycles:
            return self("after_cycles", n=self._cycles)
        return self(label) if label in {"baseline", "follow-up"} else escape(label)

    def plain_exam(self, label: str) -> str:
        """The name of an exam, for what is no page."""
        return self(label) if label in {"baseline", "follow-up"} else label

    def has(self, key: str) -> bool:
        """True if this language has a word of its own for ``key``."""
        return is_term(key) or bool(_TEXT.get(key, ("", ""))[self._column])

    def or_key(self, key: str) -> str:
        """The word for a key, or the key itself where it is none of ours (a site's own model card, for example)."""
        return self(key) if self.has(key) else key
