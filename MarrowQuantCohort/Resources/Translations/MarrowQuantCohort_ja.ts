<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="ja_JP" sourcelanguage="en_US">
<context>
    <name>MarrowQuantCohort</name>
    <message>
        <source>1 Cohort</source>
        <translation>1 コホート</translation>
    </message>
    <message>
        <source>2 Question and answer</source>
        <translation>2 問いと答え</translation>
    </message>
    <message>
        <source>3 Report</source>
        <translation>3 レポート</translation>
    </message>
    <message>
        <source>4 Model of one's own</source>
        <translation>4 独自のモデル</translation>
    </message>
    <message>
        <source>5 Number of patients</source>
        <translation>5 症例数</translation>
    </message>
    <message>
        <source>6 The study on simulated patients</source>
        <translation>6 シミュレーション患者での研究</translation>
    </message>
    <message>
        <source>A condition on columns: == != &lt; &lt;= &gt; &gt;=, in ('a', 'b'), is missing, and, or, not; words in quotes. Empty for all patients.</source>
        <translation>列についての条件：== != &lt; &lt;= &gt; &gt;=、in ('a', 'b')、is missing、and、or、not。語は引用符で囲みます。空なら全患者です。</translation>
    </message>
    <message>
        <source>AUC of no worth:</source>
        <translation>無価値とするAUC：</translation>
    </message>
    <message>
        <source>After:</source>
        <translation>後:</translation>
    </message>
    <message>
        <source>Also PDF, Excel and Word</source>
        <translation>PDF、Excel、Wordも作成</translation>
    </message>
    <message>
        <source>An empty folder for 200 patients that never lived, and the document that answers the study's questions on them.</source>
        <translation>実在しない200例の患者と、その患者で研究の問いに答える文書を書く空のフォルダ。</translation>
    </message>
    <message>
        <source>Analyse</source>
        <translation>解析</translation>
    </message>
    <message>
        <source>Analyse the patients of each value of this column by themselves; many subgroups find something by chance.</source>
        <translation>この列の値ごとに患者を分けて解析します。部分集団が多いと偶然の結果が出ます。</translation>
    </message>
    <message>
        <source>Analysis:</source>
        <translation>解析:</translation>
    </message>
    <message>
        <source>Backward elimination</source>
        <translation>変数減少法</translation>
    </message>
    <message>
        <source>Bootstrap samples:</source>
        <translation>ブートストラップ回数:</translation>
    </message>
    <message>
        <source>CSV file with what the results do not hold, such as the best response; joined by its ID column to the names of the cases.</source>
        <translation>結果に含まれない情報（最良効果など）のCSVファイル。ID列で症例名と結合します。</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>中止</translation>
    </message>
    <message>
        <source>Event:</source>
        <translation>イベント:</translation>
    </message>
    <message>
        <source>Expected AUC:</source>
        <translation>予想されるAUC：</translation>
    </message>
    <message>
        <source>Firth's penalty suits few patients and separated groups. Three groups and more need scikit-learn, the mixed model statsmodels: they are asked for then.</source>
        <translation>Firthの罰則は少数例や分離した群に適しています。3群以上にはscikit-learn、混合モデルにはstatsmodelsが必要で、その時に確認されます。</translation>
    </message>
    <message>
        <source>Fit and offer</source>
        <translation>モデルを作成して登録</translation>
    </message>
    <message>
        <source>Folder for the page, the tables, the figures and the methods paragraph.</source>
        <translation>ページ、表、図、「方法」の段落の出力先フォルダ。</translation>
    </message>
    <message>
        <source>Folder with the results of the cases (results.json at any depth), or a CSV file with one row a patient.</source>
        <translation>各症例の結果のフォルダ（results.jsonの階層は任意）、または1患者1行のCSVファイル。</translation>
    </message>
    <message>
        <source>For two groups: also the flow of patients, Table 1, missing data, the inputs with their hashes and the TRIPOD checklist; and the page as PDF, Excel and Word.</source>
        <translation>2群の解析：患者の流れ、表1、欠測データ、入力とハッシュ値、TRIPODチェックリストも加え、PDF、Excel、Wordでも書き出します。</translation>
    </message>
    <message>
        <source>For:</source>
        <translation>目的：</translation>
    </message>
    <message>
        <source>Groups:</source>
        <translation>群：</translation>
    </message>
    <message>
        <source>Held constant:</source>
        <translation>固定する列:</translation>
    </message>
    <message>
        <source>Leave out predictors that add little; the validation repeats it in every resample. Not with ridge.</source>
        <translation>寄与の小さい予測因子を除きます。検証では再標本ごとに繰り返します。リッジでは行いません。</translation>
    </message>
    <message>
        <source>Letters, digits, _ and -. Results name their model by it, so a name is given once only.</source>
        <translation>英数字、_、-。結果はこの名前でモデルを示すため、同じ名前は一度しか使えません。</translation>
    </message>
    <message>
        <source>MarrowQuant Cohort</source>
        <translation>MarrowQuant Cohort</translation>
    </message>
    <message>
        <source>Name:</source>
        <translation>名前:</translation>
    </message>
    <message>
        <source>New folder:</source>
        <translation>新しいフォルダ：</translation>
    </message>
    <message>
        <source>One curve, or one column of Table 1, for each value of this column.</source>
        <translation>この列の値ごとに1本の曲線、または表1の1列を示します。</translation>
    </message>
    <message>
        <source>One row an exam</source>
        <translation>検査ごとに1行</translation>
    </message>
    <message>
        <source>Only patients with:</source>
        <translation>患者の条件：</translation>
    </message>
    <message>
        <source>Open report</source>
        <translation>レポートを開く</translation>
    </message>
    <message>
        <source>Open the study</source>
        <translation>研究を開く</translation>
    </message>
    <message>
        <source>Outcome:</source>
        <translation>アウトカム:</translation>
    </message>
    <message>
        <source>Outcomes (optional):</source>
        <translation>アウトカム表（任意）:</translation>
    </message>
    <message>
        <source>Output folder:</source>
        <translation>出力フォルダ:</translation>
    </message>
    <message>
        <source>Predictors:</source>
        <translation>予測因子:</translation>
    </message>
    <message>
        <source>Read</source>
        <translation>読み込む</translation>
    </message>
    <message>
        <source>Read one row for every exam instead of one for every case: for the mixed model. A table (CSV) is read as it is.</source>
        <translation>症例ごとではなく検査ごとに1行を読み込みます（混合モデル用）。表（CSV）はそのまま読み込みます。</translation>
    </message>
    <message>
        <source>Repeated dates:</source>
        <translation>反復測定:</translation>
    </message>
    <message>
        <source>Resamples of the validation of two groups, here and in step 4; 500 for a paper.</source>
        <translation>2群の検証の反復回数（手順4でも使用）。論文には500回。</translation>
    </message>
    <message>
        <source>Research use only. Not a medical device; not for diagnosis or treatment decisions.</source>
        <translation>研究専用。医療機器ではありません。診断や治療の決定には使用できません。</translation>
    </message>
    <message>
        <source>Results or table:</source>
        <translation>結果または表:</translation>
    </message>
    <message>
        <source>Selection:</source>
        <translation>変数選択:</translation>
    </message>
    <message>
        <source>Share of the patients that will have the event, from 0 to 1.</source>
        <translation>イベントが起こる患者の割合（0～1）。</translation>
    </message>
    <message>
        <source>Share with the event:</source>
        <translation>イベントの割合：</translation>
    </message>
    <message>
        <source>Show the written document in the browser.</source>
        <translation>書かれた文書をブラウザで表示します。</translation>
    </message>
    <message>
        <source>Show the written page in the browser.</source>
        <translation>書き出したページをブラウザで表示します。</translation>
    </message>
    <message>
        <source>Statistics of many patients that were measured with MarrowQuant, or of a table: group comparisons, paired tests, correlations, ROC curves, logistic regression with validation, linear and mixed models, times to an event, characteristics, missing values, a document, the number of patients of the next study, and a response model of one's own that MarrowQuant then offers. Research use only. Not a medical device; not for diagnosis or treatment decisions.</source>
        <translation>MarrowQuantで測定した多数の患者、または表の統計：群間比較、対応のある検定、相関、ROC曲線、検証付きロジスティック回帰、線形・混合モデル、イベントまでの時間、患者の特性、欠測値、文書、次の研究の症例数、およびMarrowQuantが提示する自施設の効果予測モデル。研究専用。医療機器ではありません。診断や治療方針の決定に使用しないでください。</translation>
    </message>
    <message>
        <source>Stop what is running. Nothing is left half-written.</source>
        <translation>実行中の処理を中止します。途中までのファイルは残りません。</translation>
    </message>
    <message>
        <source>Subgroups:</source>
        <translation>部分集団：</translation>
    </message>
    <message>
        <source>The AUC that is expected, of the first marker or of the model.</source>
        <translation>1つ目の指標またはモデルに予想されるAUC。</translation>
    </message>
    <message>
        <source>The column that the analysis is about.</source>
        <translation>解析の対象とする列。</translation>
    </message>
    <message>
        <source>The methods and their sources are named in the methods paragraph of every report.</source>
        <translation>方法とその出典は、各レポートの「方法」の段落に記されます。</translation>
    </message>
    <message>
        <source>The second value of the same patients.</source>
        <translation>同じ患者の2つ目の値。</translation>
    </message>
    <message>
        <source>Tick the columns that the analysis uses; a group as 0 and 1.</source>
        <translation>解析に使う列をチェックしてください。群は0と1で表します。</translation>
    </message>
    <message>
        <source>Tick what the correlation shall not be due to (partial correlation); none for the plain one.</source>
        <translation>相関から除きたい影響をチェックしてください（偏相関）。通常の相関では何もチェックしません。</translation>
    </message>
    <message>
        <source>Values of the outcome that count as the event, separated by commas.</source>
        <translation>イベントとみなすアウトカムの値（カンマ区切り）。</translation>
    </message>
    <message>
        <source>What the expected AUC is compared with, how wide its interval may be, or how many coefficients the model may choose from.</source>
        <translation>予想されるAUCと比べる値、区間の幅、またはモデルの候補となる係数の数。</translation>
    </message>
    <message>
        <source>What the next study shall show.</source>
        <translation>次の研究で示したいこと。</translation>
    </message>
    <message>
        <source>Whole document:</source>
        <translation>文書全体：</translation>
    </message>
    <message>
        <source>Write report</source>
        <translation>レポートを書き出す</translation>
    </message>
    <message>
        <source>Write the study</source>
        <translation>研究を書く</translation>
    </message>
    <message>
        <source>such as CR, VGPR; not needed for yes/no and 1/0</source>
        <translation>例: CR, VGPR（yes/noや1/0では不要）</translation>
    </message>
    <message>
        <source>such as kind == 'myeloma' and dominance == 'water'</source>
        <translation>例：kind == 'myeloma' and dominance == 'water'</translation>
    </message>
    <message>
        <source>such as own_cohort_2026</source>
        <translation>例: own_cohort_2026</translation>
    </message>
</context>
</TS>
