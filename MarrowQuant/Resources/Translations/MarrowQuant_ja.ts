<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="ja_JP" sourcelanguage="en_US">
<context>
    <name>MarrowQuant</name>
    <message>
        <source>1 Exams</source>
        <translation>1 検査</translation>
    </message>
    <message>
        <source>2 Vertebrae</source>
        <translation>2 椎体</translation>
    </message>
    <message>
        <source>3 Fat fraction and ADC</source>
        <translation>3 脂肪分画とADC</translation>
    </message>
    <message>
        <source>4 Tumour burden</source>
        <translation>4 腫瘍量</translation>
    </message>
    <message>
        <source>5 Laboratory</source>
        <translation>5 検査値</translation>
    </message>
    <message>
        <source>6 Change and response</source>
        <translation>6 変化と治療効果</translation>
    </message>
    <message>
        <source>7 Export</source>
        <translation>7 書き出し</translation>
    </message>
    <message>
        <source>8 De-identify</source>
        <translation>8 匿名化</translation>
    </message>
    <message>
        <source>A labelmap or segmentation that marks the skeleton of the exam shown: only what lies in it counts.</source>
        <translation>表示中の検査の骨格を示すラベルマップまたはセグメンテーション。その内側のみを数えます。</translation>
    </message>
    <message>
        <source>A level that is excluded is measured but does not enter the mean.</source>
        <translation>除外した椎体は計測されますが、平均には入りません。</translation>
    </message>
    <message>
        <source>A new or empty folder, beside the one that is read.</source>
        <translation>新しい、または空のフォルダー。読み込み元の中には置けません。</translation>
    </message>
    <message>
        <source>ADC (µm²/s):</source>
        <translation>ADC (µm²/s):</translation>
    </message>
    <message>
        <source>ADC classes:</source>
        <translation>ADC区分:</translation>
    </message>
    <message>
        <source>ADC histogram</source>
        <translation>ADCヒストグラム</translation>
    </message>
    <message>
        <source>ADC that a candidate voxel must have.</source>
        <translation>候補となるボクセルが持つべきADC。</translation>
    </message>
    <message>
        <source>Add</source>
        <translation>追加</translation>
    </message>
    <message>
        <source>Add the entry to the laboratory values.</source>
        <translation>項目を検査値に追加します。</translation>
    </message>
    <message>
        <source>Age (years):</source>
        <translation>年齢（歳）：</translation>
    </message>
    <message>
        <source>Age in years at the baseline, only to show a published normal fat fraction; never read from the images.</source>
        <translation>治療前の年齢（歳）。公表された正常脂肪分画の表示にのみ使い、画像からは読み取りません。</translation>
    </message>
    <message>
        <source>Ages above 89 years are written as 90.</source>
        <translation>89歳を超える年齢は90と記録されます。</translation>
    </message>
    <message>
        <source>All ROIs of the exam shown get this shape and the sizes below. A disc is a cylinder 5 mm high across the body.</source>
        <translation>表示中の検査のすべてのROIを、この形と下の大きさにします。円板は椎体を横切る高さ5 mmの円柱です。</translation>
    </message>
    <message>
        <source>All columns</source>
        <translation>すべての列</translation>
    </message>
    <message>
        <source>Anterior–posterior half-length of the ROIs.</source>
        <translation>ROIの前後方向の半径。</translation>
    </message>
    <message>
        <source>Baseline and follow-up in two linked sagittal views.</source>
        <translation>治療前と治療後を、連動する2つの矢状断で並べて表示する。</translation>
    </message>
    <message>
        <source>Baseline folder:</source>
        <translation>治療前のフォルダー:</translation>
    </message>
    <message>
        <source>Bone</source>
        <translation>骨条件</translation>
    </message>
    <message>
        <source>Both exams are of one patient</source>
        <translation>2つの検査は同じ患者のものである</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>中止</translation>
    </message>
    <message>
        <source>Carry over from baseline</source>
        <translation>治療前から引き継ぐ</translation>
    </message>
    <message>
        <source>Case label:</source>
        <translation>症例ラベル：</translation>
    </message>
    <message>
        <source>Case:</source>
        <translation>症例：</translation>
    </message>
    <message>
        <source>Change nothing.</source>
        <translation>何も変えません。</translation>
    </message>
    <message>
        <source>Classifier:</source>
        <translation>分類器：</translation>
    </message>
    <message>
        <source>Classify</source>
        <translation>分類</translation>
    </message>
    <message>
        <source>Click into muscle on the diffusion image of the exam shown: its signal there is used to normalise. Points can be dragged; several are pooled.</source>
        <translation>表示中の検査の拡散強調像で筋をクリックすると、その位置の信号で正規化します。点はドラッグで動かせ、複数の点はまとめて用います。</translation>
    </message>
    <message>
        <source>Click into the centre of each vertebral body in any order, or only of the first and the last. Escape ends placing.</source>
        <translation>各椎体の中心を順不同で、または最初と最後の椎体だけをクリックします。Escapeで配置を終えます。</translation>
    </message>
    <message>
        <source>Compare</source>
        <translation>比較</translation>
    </message>
    <message>
        <source>Count the selected component as tumour (key A).</source>
        <translation>選択した成分を腫瘍に数えます（Aキー）。</translation>
    </message>
    <message>
        <source>Course</source>
        <translation>経過図</translation>
    </message>
    <message>
        <source>Cranio-caudal half-length of the ROIs.</source>
        <translation>ROIの頭尾方向の半径。</translation>
    </message>
    <message>
        <source>DICOM objects</source>
        <translation>DICOMオブジェクト</translation>
    </message>
    <message>
        <source>Date as YYYY-MM-DD.</source>
        <translation>日付（YYYY-MM-DD）。</translation>
    </message>
    <message>
        <source>Date of the baseline:</source>
        <translation>治療前の検査の日付：</translation>
    </message>
    <message>
        <source>Date of the follow-up:</source>
        <translation>治療後の検査の日付：</translation>
    </message>
    <message>
        <source>De-identify</source>
        <translation>匿名化する</translation>
    </message>
    <message>
        <source>Drag a point in the slice view to correct it. Double-click a level to rename it.</source>
        <translation>点はスライスビューでドラッグして直します。椎体名はダブルクリックで変更できます。</translation>
    </message>
    <message>
        <source>Edges of the ADC classes of the accepted volume in µm²/s, ascending, separated by commas.</source>
        <translation>採用した体積のADC区分の境界（µm²/s、昇順、コンマ区切り）。</translation>
    </message>
    <message>
        <source>Exam shown:</source>
        <translation>表示中の検査:</translation>
    </message>
    <message>
        <source>Export</source>
        <translation>書き出す</translation>
    </message>
    <message>
        <source>FF histogram</source>
        <translation>FFヒストグラム</translation>
    </message>
    <message>
        <source>Fat spectrum of the echoes:</source>
        <translation>エコーの脂肪スペクトル：</translation>
    </message>
    <message>
        <source>Find</source>
        <translation>自動検出</translation>
    </message>
    <message>
        <source>Find all vertebral bodies in view without a click. Their levels are counted from the sacrum, or from one point that you placed; First level shifts all of them.</source>
        <translation>視野内のすべての椎体をクリックなしで検出します。椎体名は仙骨から、または置かれた 1 点から数えます。「最初の椎体」で全体をずらせます。</translation>
    </message>
    <message>
        <source>Find bodies between</source>
        <translation>間の椎体を検出</translation>
    </message>
    <message>
        <source>Find the vertebrae</source>
        <translation>椎体を検出</translation>
    </message>
    <message>
        <source>Find the vertebral bodies from the highest to the lowest point, and place an ROI in each.</source>
        <translation>最も上の点から最も下の点までの椎体を検出し、それぞれにROIを配置します。</translation>
    </message>
    <message>
        <source>Findings, covariates, therapy, and values of other dates than the exams.</source>
        <translation>所見、共変量、治療、および検査日以外の値。</translation>
    </message>
    <message>
        <source>First level:</source>
        <translation>最初の椎体:</translation>
    </message>
    <message>
        <source>Folder of a classifier's model; empty: the bundled one, which answers for simulated exams only.</source>
        <translation>分類器のモデルのフォルダ。空欄なら付属のモデル（シミュレーションの検査にのみ答える）。</translation>
    </message>
    <message>
        <source>Folder with DICOM files. They are only read.</source>
        <translation>DICOMファイルのあるフォルダー。読み込むだけで変更しません。</translation>
    </message>
    <message>
        <source>Folder with the DICOM files of the exam before treatment.</source>
        <translation>治療前の検査のDICOMファイルがあるフォルダー。</translation>
    </message>
    <message>
        <source>Folder with the DICOM files of the later exam. Leave empty to measure one exam.</source>
        <translation>治療後の検査のDICOMファイルがあるフォルダー。1回の検査だけを計測する場合は空のままにします。</translation>
    </message>
    <message>
        <source>Folder with the results that another reader exported of the same exams; nothing of it comes into the case.</source>
        <translation>他の読影者が同じ検査について書き出した結果のフォルダ。その内容は症例には取り込まれません。</translation>
    </message>
    <message>
        <source>Folder with the results.json of other dates of this patient; they are drawn together with this case.</source>
        <translation>この患者の他の日付のresults.jsonがあるフォルダー。この症例と一緒に描画します。</translation>
    </message>
    <message>
        <source>Folder:</source>
        <translation>フォルダー:</translation>
    </message>
    <message>
        <source>Follow a displacement of the diffusion images</source>
        <translation>拡散画像の位置ずれに追従</translation>
    </message>
    <message>
        <source>Follow-up folder:</source>
        <translation>治療後のフォルダー:</translation>
    </message>
    <message>
        <source>Follow-up minus baseline. Hover over a row for its warnings.</source>
        <translation>治療後から治療前を引いた値。行にマウスを重ねると注意が表示されます。</translation>
    </message>
    <message>
        <source>From:</source>
        <translation>入力:</translation>
    </message>
    <message>
        <source>Give dates or the patient by hand</source>
        <translation>日付や患者を手で指定する</translation>
    </message>
    <message>
        <source>Half size front–back:</source>
        <translation>半径（前後）:</translation>
    </message>
    <message>
        <source>Half size left–right:</source>
        <translation>半径（左右）:</translation>
    </message>
    <message>
        <source>Half size up–down:</source>
        <translation>半径（頭尾）:</translation>
    </message>
    <message>
        <source>High-b signal, as a multiple of the median muscle signal, above which a voxel is a candidate.</source>
        <translation>高b値画像の信号の下限。筋の信号の中央値に対する倍数で指定し、これを超えるボクセルが候補になります。</translation>
    </message>
    <message>
        <source>It lies in:</source>
        <translation>部位:</translation>
    </message>
    <message>
        <source>Keep (A)</source>
        <translation>採用 (A)</translation>
    </message>
    <message>
        <source>Keep:</source>
        <translation>残す情報:</translation>
    </message>
    <message>
        <source>Key file:</source>
        <translation>鍵ファイル:</translation>
    </message>
    <message>
        <source>Keys: Alt+1 to Alt+7 open a step, Alt+Enter presses its main button (read and measure, place points, measure, propose, add a value, course, export); Escape ends placing points; in the list of the tumour burden A keeps, R rejects, P calls physiological, U takes the last decision back and Shift+U brings it again.</source>
        <translation>キー：Alt+1〜Alt+7でステップを開き、Alt+Enterでその主なボタン（読み込んで計測、点を配置、計測、候補を表示、値を追加、経過、書き出し）を押します。Escapeで点の配置を終えます。腫瘍量の一覧では、Aで採用、Rで除外、Pで生理的、Uで直前の判定の取り消し、Shift+Uでやり直しです。</translation>
    </message>
    <message>
        <source>Kind of case: what is asked for and concluded follows it.</source>
        <translation>症例の種類：尋ねる項目と結論がこれに従う。</translation>
    </message>
    <message>
        <source>Laboratory sheets (*.csv *.txt *.tsv *.xlsx *.xlsm)</source>
        <translation>検査値の表 (*.csv *.txt *.tsv *.xlsx *.xlsm)</translation>
    </message>
    <message>
        <source>Language of what is written: report, PDF and DICOM objects.</source>
        <translation>書き出すもの（レポート、PDF、DICOMオブジェクト）の言語。</translation>
    </message>
    <message>
        <source>Last level:</source>
        <translation>最後の椎体：</translation>
    </message>
    <message>
        <source>Leave the selected component out (key R).</source>
        <translation>選択した成分を除きます（Rキー）。</translation>
    </message>
    <message>
        <source>Left–right half-length of the ROIs.</source>
        <translation>ROIの左右方向の半径。</translation>
    </message>
    <message>
        <source>Level of the highest point; the next ones get the levels below it. Choosing another one renames the whole column.</source>
        <translation>最も上の点の椎体レベル。続く点には順に下のレベルが付きます。別のレベルを選ぶと脊柱全体の名前が変わります。</translation>
    </message>
    <message>
        <source>Level of the lowest point: placing ends there, and two points far apart are the first and this one.</source>
        <translation>最も下の点の椎体です。ここで配置が終わり、離れた2点は最初の椎体とこの椎体になります。</translation>
    </message>
    <message>
        <source>Limits (*.json)</source>
        <translation>限界値 (*.json)</translation>
    </message>
    <message>
        <source>Make the change again that was taken back.</source>
        <translation>取り消した変更をもう一度行う。</translation>
    </message>
    <message>
        <source>Make the decision again that was taken back (key Shift+U).</source>
        <translation>取り消した判定をもう一度行う（Shift+Uキー）。</translation>
    </message>
    <message>
        <source>Manufacturer's model, station name and serial number stay.</source>
        <translation>装置の型名、ステーション名、製造番号を残します。</translation>
    </message>
    <message>
        <source>MarrowQuant</source>
        <translation>MarrowQuant</translation>
    </message>
    <message>
        <source>Mask of bone:</source>
        <translation>骨マスク:</translation>
    </message>
    <message>
        <source>Measure</source>
        <translation>計測</translation>
    </message>
    <message>
        <source>Measure fat fraction, ADC and signal dropout in every vertebral ROI of both exams.</source>
        <translation>両方の検査のすべての椎体ROIで、脂肪分画、ADC、信号低下率を計測します。</translation>
    </message>
    <message>
        <source>Model:</source>
        <translation>モデル:</translation>
    </message>
    <message>
        <source>Move the ROIs on images that show the column clearly elsewhere than the Dixon images. The shift is told below.</source>
        <translation>脊柱の位置がDixon画像と明らかに異なる画像ではROIを移動します。移動量は下に表示されます。</translation>
    </message>
    <message>
        <source>Muscle:</source>
        <translation>筋：</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>名前</translation>
    </message>
    <message>
        <source>Name of the covariate, such as t(4;14).</source>
        <translation>共変量の名前（例：t(4;14)）。</translation>
    </message>
    <message>
        <source>Name of the reader, for report, PDF and the measurement report in DICOM.</source>
        <translation>読影者の氏名。レポート、PDF、DICOM計測レポートに入ります。</translation>
    </message>
    <message>
        <source>Open folder</source>
        <translation>フォルダーを開く</translation>
    </message>
    <message>
        <source>Options of DICOM PS3.15 Annex E. Measuring change needs the longitudinal one.</source>
        <translation>DICOM PS3.15 Annex Eのオプション。変化の計測には縦断用が必要です。</translation>
    </message>
    <message>
        <source>Other dates:</source>
        <translation>他の日付：</translation>
    </message>
    <message>
        <source>Other reader:</source>
        <translation>他の読影者：</translation>
    </message>
    <message>
        <source>Pattern on STIR:</source>
        <translation>STIRのパターン：</translation>
    </message>
    <message>
        <source>Peaks of fat that the fit of water and fat to the echoes assumes. Another choice holds from the next reading on.</source>
        <translation>エコーからの水・脂肪の計算で仮定する脂肪のピークです。変更は次の読み込みから有効です。</translation>
    </message>
    <message>
        <source>Physiological (P)</source>
        <translation>生理的 (P)</translation>
    </message>
    <message>
        <source>Place an ROI inside every vertebra of the segmentation, clear of its endplates, walls and arch.</source>
        <translation>セグメンテーションの各椎体の内部に、終板・皮質・椎弓を避けてROIを配置します。</translation>
    </message>
    <message>
        <source>Place point</source>
        <translation>点を置く</translation>
    </message>
    <message>
        <source>Place points</source>
        <translation>点を配置</translation>
    </message>
    <message>
        <source>Preset, ADC classes, mask of bone</source>
        <translation>プリセット、ADC区分、骨マスク</translation>
    </message>
    <message>
        <source>Preset:</source>
        <translation>プリセット:</translation>
    </message>
    <message>
        <source>Profile:</source>
        <translation>プロファイル:</translation>
    </message>
    <message>
        <source>Propose</source>
        <translation>候補を表示</translation>
    </message>
    <message>
        <source>Quantitative bone-marrow MRI in myeloma: fat fraction and ADC of the lumbar vertebrae, tumour burden on whole-body diffusion, their change under treatment, and an estimated probability of response. Work through the steps from top to bottom; each says what it still needs. Research use only. Not a medical device; not for diagnosis or treatment decisions.</source>
        <translation>骨髄腫の定量的骨髄MRI: 腰椎の脂肪分画とADC、全身拡散強調画像での腫瘍量、治療によるそれらの変化、治療効果の推定確率。手順は上から順に進めてください。足りないものは各手順に表示されます。研究専用です。医療機器ではありません。診断や治療の決定には使用できません。</translation>
    </message>
    <message>
        <source>Read and measure</source>
        <translation>読み込んで計測</translation>
    </message>
    <message>
        <source>Reader:</source>
        <translation>読影者：</translation>
    </message>
    <message>
        <source>Recognise the series of both exams, compute the maps (fat fraction, ADC), and go on as far as no decision is needed.</source>
        <translation>両検査のシリーズを認識してマップ（脂肪分画、ADC）を計算し、判断のいらないところまで進めます。</translation>
    </message>
    <message>
        <source>Redo</source>
        <translation>やり直す</translation>
    </message>
    <message>
        <source>Reject (R)</source>
        <translation>除外 (R)</translation>
    </message>
    <message>
        <source>Remove</source>
        <translation>削除</translation>
    </message>
    <message>
        <source>Remove the entry selected in the table.</source>
        <translation>表で選択した項目を削除します。</translation>
    </message>
    <message>
        <source>Remove the points in muscle and find it automatically again.</source>
        <translation>筋の点を消して、再び自動で検出します。</translation>
    </message>
    <message>
        <source>Report language:</source>
        <translation>レポートの言語:</translation>
    </message>
    <message>
        <source>Research use only. Not a medical device; not for diagnosis or treatment decisions.</source>
        <translation>研究専用。医療機器ではありません。診断や治療の決定には使用できません。</translation>
    </message>
    <message>
        <source>Response model. The text below is its model card.</source>
        <translation>治療効果のモデル。下の文章はそのモデルカードです。</translation>
    </message>
    <message>
        <source>Results are written here: results.json, measurements.csv, report.html, scene.mrb.</source>
        <translation>結果はここに書き出されます: results.json、measurements.csv、report.html、scene.mrb。</translation>
    </message>
    <message>
        <source>Save share-safe scene</source>
        <translation>共有用シーンを保存</translation>
    </message>
    <message>
        <source>Secret of the project, outside the folder to write; made if it does not exist. The same key gives the same pseudonyms and shifts of dates.</source>
        <translation>プロジェクトの秘密鍵。出力フォルダーの外に置き、なければ作成されます。同じ鍵からは同じ仮名と日付のずれが得られます。</translation>
    </message>
    <message>
        <source>Segment the whole-body diffusion signal of both exams with these thresholds.</source>
        <translation>両方の検査の全身拡散強調画像を、これらの閾値で領域分割します。</translation>
    </message>
    <message>
        <source>Segmentation of another tool whose segments are vertebrae, by name (L1, vertebrae_L1) or by SNOMED CT code.</source>
        <translation>他のツールで作成した椎体のセグメンテーション。名前（L1、vertebrae_L1）またはSNOMED CTコードで識別します。</translation>
    </message>
    <message>
        <source>Select a component to jump to it.</source>
        <translation>成分を選ぶと、その位置が表示されます。</translation>
    </message>
    <message>
        <source>Selected level:</source>
        <translation>選択したレベル:</translation>
    </message>
    <message>
        <source>Sex, only to show a published normal fat fraction; never read from the images.</source>
        <translation>性別。公表された正常脂肪分画の表示にのみ使い、画像からは読み取りません。</translation>
    </message>
    <message>
        <source>Sex:</source>
        <translation>性別：</translation>
    </message>
    <message>
        <source>Shape of the ROIs:</source>
        <translation>ROIの形：</translation>
    </message>
    <message>
        <source>Sheet:</source>
        <translation>シート:</translation>
    </message>
    <message>
        <source>Show the ADC of the lumbar voxels of both exams in a plot.</source>
        <translation>両検査の腰椎ボクセルのADCをグラフに表示します。</translation>
    </message>
    <message>
        <source>Show the columns that the panel has no room for; the table is then moved sideways.</source>
        <translation>パネルに収まらない列も表示します。表は横に動かして見ます。</translation>
    </message>
    <message>
        <source>Show the fat fraction of the lumbar voxels of both exams in a plot.</source>
        <translation>両検査の腰椎ボクセルの脂肪分画をグラフに表示します。</translation>
    </message>
    <message>
        <source>Show the written files in the file manager.</source>
        <translation>書き出したファイルをファイルマネージャーで表示します。</translation>
    </message>
    <message>
        <source>Side by side</source>
        <translation>並べて表示</translation>
    </message>
    <message>
        <source>Signal / muscle:</source>
        <translation>信号／筋:</translation>
    </message>
    <message>
        <source>Signal and ADC thresholds that belong together; where they come from is told here once one is chosen.</source>
        <translation>対になった信号とADCの閾値。選択すると出典がここに表示されます。</translation>
    </message>
    <message>
        <source>Site limits:</source>
        <translation>施設の限界値:</translation>
    </message>
    <message>
        <source>Size and shape of the ROIs</source>
        <translation>ROIの大きさと形</translation>
    </message>
    <message>
        <source>Smaller components are taken for noise.</source>
        <translation>これより小さい成分はノイズとみなします。</translation>
    </message>
    <message>
        <source>Smallest (mL):</source>
        <translation>最小 (mL):</translation>
    </message>
    <message>
        <source>Stands in the header of report and PDF. Nothing of the patient's identity is taken from the images; write only what may stand there.</source>
        <translation>レポートとPDFの見出しに入ります。画像の個人情報は使用しません。記載してよい内容だけを入力してください。</translation>
    </message>
    <message>
        <source>Stop what is running. Nothing is left half-written.</source>
        <translation>実行中の処理を中止します。途中までのファイルは残りません。</translation>
    </message>
    <message>
        <source>Table with the columns date, test, value, unit.</source>
        <translation>date, test, value, unit の列を持つ表。</translation>
    </message>
    <message>
        <source>Take back every role, b-value and scale that was changed in the table, in both exams.</source>
        <translation>表で変更した種類・b値・係数を、両方の検査ですべて元に戻します。</translation>
    </message>
    <message>
        <source>Take back the last change of the ROIs: placing, dragging, finding, taking over, renaming, excluding, resizing.</source>
        <translation>ROIの直前の変更（配置、移動、検出、取り込み、名前の変更、除外、大きさの変更）を元に戻します。</translation>
    </message>
    <message>
        <source>Take back the last pattern that was set.</source>
        <translation>直前に設定したパターンを元に戻します。</translation>
    </message>
    <message>
        <source>Take over its vertebrae</source>
        <translation>椎体を取り込む</translation>
    </message>
    <message>
        <source>Take the ROIs, levels and exclusions of the baseline over to the follow-up, and match the lesions of both exams.</source>
        <translation>治療前のROI・レベル・除外を治療後に引き継ぎ、両検査の病変を対応付けます。</translation>
    </message>
    <message>
        <source>Take the last decision back (key U).</source>
        <translation>最後の判定を取り消します（Uキー）。</translation>
    </message>
    <message>
        <source>The date of this exam, such as 2025-01-14, where the files bear none or a wrong one. The course, the laboratory values and the order of the exams go by it.</source>
        <translation>この検査の日付（例：2025-01-14）。ファイルに日付がない、または誤っている場合に指定します。経過、検査値、検査の順序はこの日付に従います。</translation>
    </message>
    <message>
        <source>The exam that steps 2 to 4 work on and that the slice views show.</source>
        <translation>手順2～4の対象で、断面画像に表示される検査。</translation>
    </message>
    <message>
        <source>The follow-up as it was before carrying.</source>
        <translation>引き継ぐ前の治療後検査に戻します。</translation>
    </message>
    <message>
        <source>The response model is reconstructed from what this paper reports, and is not calibrated: Takasu M, et al. PLoS One. 2020;15(2):e0229607, doi:10.1371/journal.pone.0229607. Please cite it with MarrowQuant.</source>
        <translation>治療効果のモデルは次の論文の報告値から再構成したもので、較正されていません: Takasu M, et al. PLoS One. 2020;15(2):e0229607, doi:10.1371/journal.pone.0229607. MarrowQuantとともに引用してください。</translation>
    </message>
    <message>
        <source>The selected component is normal tissue: brain, spleen, bowel (key P).</source>
        <translation>選択した成分は正常組織です: 脳、脾臓、腸管（Pキー）。</translation>
    </message>
    <message>
        <source>The site's own limits of change, a file of the repeatability tool. Leave empty for the published ones.</source>
        <translation>施設独自の変化の限界値（再現性ツールのファイル）。空欄なら公表値を使います。</translation>
    </message>
    <message>
        <source>The value; therapy, G-CSF and transfusion may stay empty.</source>
        <translation>値。治療、G-CSF、輸血は空欄でもかまいません。</translation>
    </message>
    <message>
        <source>To:</source>
        <translation>出力:</translation>
    </message>
    <message>
        <source>Total diffusion volume of the accepted components, and the ADC over them.</source>
        <translation>採用した成分の全拡散体積と、そのADC。</translation>
    </message>
    <message>
        <source>Type a value, with its unit if it is not the usual one: 3.8 g/dL. Values of a CSV file appear here.</source>
        <translation>値を入力してください。通常と異なる単位は「3.8 g/dL」のように添えます。CSVファイルの値もここに表示されます。</translation>
    </message>
    <message>
        <source>Undo</source>
        <translation>取り消し</translation>
    </message>
    <message>
        <source>Undo (U)</source>
        <translation>取り消し (U)</translation>
    </message>
    <message>
        <source>Undo carrying</source>
        <translation>引き継ぎを取り消す</translation>
    </message>
    <message>
        <source>Undo my changes</source>
        <translation>変更を取り消す</translation>
    </message>
    <message>
        <source>Unit of the value.</source>
        <translation>値の単位。</translation>
    </message>
    <message>
        <source>What became of each lesion. Select one to jump to it in the exam shown; hover over a row for the reason of its category.</source>
        <translation>各病変の転帰。選択すると表示中の検査のその位置に移動します。行にカーソルを置くと区分の理由が表示されます。</translation>
    </message>
    <message>
        <source>What each predictor adds to the logit of the estimate.</source>
        <translation>各予測因子が推定のロジットに加える値。</translation>
    </message>
    <message>
        <source>What is entered: a finding, a covariate, therapy, or a laboratory value of any date.</source>
        <translation>入力する項目：所見、共変量、治療、または任意の日付の検査値。</translation>
    </message>
    <message>
        <source>What the selected point lies in. The ROI of a region of the pelvis gets the shape of its bone, is measured and carried, and never enters the lumbar mean.</source>
        <translation>選択した点がある部位。骨盤の部位のROIは骨の形に合わせられ、測定され、フォローアップにも引き継がれますが、腰椎平均には入りません。</translation>
    </message>
    <message>
        <source>What the software thinks each series is. Hover over a row for the reasons. Double-click role, b or scale to correct it.</source>
        <translation>ソフトウェアが認識した各シリーズの内容です。行にカーソルを合わせると理由が表示されます。種類・b値・係数はダブルクリックで修正できます。</translation>
    </message>
    <message>
        <source>Whatever the files say. Results and report will say that the files differ and that you said so.</source>
        <translation>ファイルの記載にかかわらず。結果とレポートには、ファイルの記載が異なることと、あなたがそう指定したことが記されます。</translation>
    </message>
    <message>
        <source>Where the files bear no date or a wrong one, or name the patient differently in both exams.</source>
        <translation>ファイルに日付がない、または誤っている場合や、2つの検査で患者の表記が異なる場合に使います。</translation>
    </message>
    <message>
        <source>Write scene-share-safe.mrb: the open scene without the patient's name, ID, birth date and UIDs, whoever added its nodes.</source>
        <translation>scene-share-safe.mrbを書き出します。開いているシーンから、どのノードについても患者の氏名、ID、生年月日、UIDを除いたものです。</translation>
    </message>
    <message>
        <source>Write segmentations, maps, measurements and the report as DICOM objects for a PACS, and enter them in the DICOM database.</source>
        <translation>セグメンテーション、マップ、計測値、レポートをPACS用のDICOMオブジェクトとして書き出し、DICOMデータベースに登録します。</translation>
    </message>
    <message>
        <source>Write the results, the table, the report and the scene.</source>
        <translation>結果、表、レポート、シーンを書き出します。</translation>
    </message>
    <message>
        <source>YYYY-MM-DD</source>
        <translation>YYYY-MM-DD</translation>
    </message>
    <message>
        <source>as in the files</source>
        <translation>ファイルのとおり</translation>
    </message>
    <message>
        <source>not given</source>
        <translation>未入力</translation>
    </message>
    <message>
        <source>optional</source>
        <translation>任意</translation>
    </message>
    <message>
        <source>scanner</source>
        <translation>撮像装置</translation>
    </message>
    <message>
        <source>sex, age, size and weight</source>
        <translation>性別、年齢、身長、体重</translation>
    </message>
</context>
<context>
    <name>cohort.answer</name>
    <message>
        <source>95 % interval</source>
        <translation>95 %信頼区間</translation>
    </message>
    <message>
        <source>AUC</source>
        <translation>AUC</translation>
    </message>
    <message>
        <source>Coefficient</source>
        <translation>係数</translation>
    </message>
    <message>
        <source>Cut-off</source>
        <translation>カットオフ値</translation>
    </message>
    <message>
        <source>Odds ratio</source>
        <translation>オッズ比</translation>
    </message>
    <message>
        <source>Predictor</source>
        <translation>予測因子</translation>
    </message>
    <message>
        <source>Result</source>
        <translation>結果</translation>
    </message>
    <message>
        <source>Sensitivity</source>
        <translation>感度</translation>
    </message>
    <message>
        <source>Specificity</source>
        <translation>特異度</translation>
    </message>
    <message>
        <source>Term</source>
        <translation>項</translation>
    </message>
    <message>
        <source>event above {value}</source>
        <translation>{value}より上でイベント</translation>
    </message>
    <message>
        <source>event below {value}</source>
        <translation>{value}より下でイベント</translation>
    </message>
    <message>
        <source>none: the groups do not overlap</source>
        <translation>なし: 両群が重ならない</translation>
    </message>
    <message>
        <source>p</source>
        <translation>p</translation>
    </message>
</context>
<context>
    <name>cohort.panel</name>
    <message>
        <source>Read a cohort first.</source>
        <translation>先にコホートを読み込んでください。</translation>
    </message>
</context>
<context>
    <name>cohort.question</name>
    <message>
        <source>After:</source>
        <translation>後：</translation>
    </message>
    <message>
        <source>All together</source>
        <translation>全例まとめて</translation>
    </message>
    <message>
        <source>Before:</source>
        <translation>前:</translation>
    </message>
    <message>
        <source>Characteristics of the patients (Table 1)</source>
        <translation>患者の特性（表1）</translation>
    </message>
    <message>
        <source>Choose a column for “{field}”.</source>
        <translation>「{field}」の列を選んでください。</translation>
    </message>
    <message>
        <source>Column:</source>
        <translation>列:</translation>
    </message>
    <message>
        <source>Columns:</source>
        <translation>列：</translation>
    </message>
    <message>
        <source>Correlated with:</source>
        <translation>相関の相手:</translation>
    </message>
    <message>
        <source>Correlation (Spearman)</source>
        <translation>相関（Spearman）</translation>
    </message>
    <message>
        <source>Event happened:</source>
        <translation>イベント発生：</translation>
    </message>
    <message>
        <source>Group:</source>
        <translation>群:</translation>
    </message>
    <message>
        <source>Linear model of a change</source>
        <translation>変化の線形モデル</translation>
    </message>
    <message>
        <source>Missing values filled in (multiple imputation)</source>
        <translation>欠測値の補完（多重補完）</translation>
    </message>
    <message>
        <source>Mixed model for repeated dates</source>
        <translation>反復測定の混合モデル</translation>
    </message>
    <message>
        <source>Outcome:</source>
        <translation>アウトカム:</translation>
    </message>
    <message>
        <source>Paired test (Wilcoxon)</source>
        <translation>対応のある検定（Wilcoxon）</translation>
    </message>
    <message>
        <source>Predictors (Cox):</source>
        <translation>予測因子（Cox）：</translation>
    </message>
    <message>
        <source>Predictors:</source>
        <translation>予測因子:</translation>
    </message>
    <message>
        <source>Press Analyse.</source>
        <translation>「解析」を押してください。</translation>
    </message>
    <message>
        <source>Response:</source>
        <translation>応答:</translation>
    </message>
    <message>
        <source>Terms:</source>
        <translation>項:</translation>
    </message>
    <message>
        <source>The answer without validation, here and in the scene.</source>
        <translation>結果（検証なし）をここに表示し、シーンに加えます。</translation>
    </message>
    <message>
        <source>Three groups and more: linear discriminant</source>
        <translation>3群以上: 線形判別</translation>
    </message>
    <message>
        <source>Three groups and more: multinomial regression</source>
        <translation>3群以上: 多項回帰</translation>
    </message>
    <message>
        <source>Tick at least one column under “{field}”.</source>
        <translation>「{field}」の列を1つ以上チェックしてください。</translation>
    </message>
    <message>
        <source>Time to an event (Kaplan–Meier, Cox)</source>
        <translation>イベントまでの時間（Kaplan–Meier、Cox）</translation>
    </message>
    <message>
        <source>Time:</source>
        <translation>時間：</translation>
    </message>
    <message>
        <source>Two groups: logistic regression, Firth</source>
        <translation>2群: ロジスティック回帰（Firth）</translation>
    </message>
    <message>
        <source>Two groups: logistic regression, maximum likelihood</source>
        <translation>2群: ロジスティック回帰（最尤法）</translation>
    </message>
    <message>
        <source>Two groups: logistic regression, ridge</source>
        <translation>2群: ロジスティック回帰（リッジ）</translation>
    </message>
    <message>
        <source>Values of the outcome that count as the event, separated by commas.</source>
        <translation>イベントとみなすアウトカムの値（カンマ区切り）。</translation>
    </message>
    <message>
        <source>{name} holds: {values}</source>
        <translation>{name}の値: {values}</translation>
    </message>
    <message>
        <source>{text}.</source>
        <translation>{text}。</translation>
    </message>
</context>
<context>
    <name>cohort.size</name>
    <message>
        <source>A model of two groups</source>
        <translation>2群のモデル</translation>
    </message>
    <message>
        <source>AUC of no worth:</source>
        <translation>無価値とするAUC：</translation>
    </message>
    <message>
        <source>An AUC against a fixed one</source>
        <translation>AUCと固定値の比較</translation>
    </message>
    <message>
        <source>Coefficients:</source>
        <translation>係数の数：</translation>
    </message>
    <message>
        <source>Second AUC:</source>
        <translation>2つ目のAUC：</translation>
    </message>
    <message>
        <source>The 95 % interval of an AUC</source>
        <translation>AUCの95 %区間</translation>
    </message>
    <message>
        <source>Two AUCs of the same patients</source>
        <translation>同一患者の2つのAUC</translation>
    </message>
    <message>
        <source>Width, end to end:</source>
        <translation>全幅：</translation>
    </message>
    <message>
        <source>{n} patients, {events} of them with the event (Hanley and McNeil).</source>
        <translation>{n}例、うちイベントあり{events}例（HanleyとMcNeil）。</translation>
    </message>
    <message>
        <source>{n} patients, {events} of them with the event (Hanley and McNeil; two-sided 5 %, power 80 %).</source>
        <translation>{n}例、うちイベントあり{events}例（HanleyとMcNeil、両側5 %、検出力80 %）。</translation>
    </message>
    <message>
        <source>{n} patients, {events} of them with the event (Hanley and McNeil; two-sided 5 %, power 80 %, uncorrelated areas).</source>
        <translation>{n}例、うちイベントあり{events}例（HanleyとMcNeil、両側5 %、検出力80 %、面積間の相関なし）。</translation>
    </message>
    <message>
        <source>{n} patients, {events} of them with the event (Riley et al. 2020).</source>
        <translation>{n}例、うちイベントあり{events}例（Riley et al. 2020）。</translation>
    </message>
</context>
<context>
    <name>cohort.steps</name>
    <message>
        <source>Choose a new or empty folder: 200 simulated patients and the whole study on them are written into it.</source>
        <translation>新しいフォルダか空のフォルダを選んでください。200例のシミュレーション患者と、その研究全体が書き込まれます。</translation>
    </message>
    <message>
        <source>Choose another folder to write it again.</source>
        <translation>もう一度書くには別のフォルダを選んでください。</translation>
    </message>
    <message>
        <source>Choose the folder to write to.</source>
        <translation>書き出し先のフォルダーを選んでください。</translation>
    </message>
    <message>
        <source>Choose the folder with the results of the cases, or a table (CSV).</source>
        <translation>各症例の結果があるフォルダ、または表（CSV）を選んでください。</translation>
    </message>
    <message>
        <source>For this, choose a logistic regression in step 2.</source>
        <translation>これには手順2でロジスティック回帰を選んでください。</translation>
    </message>
    <message>
        <source>Give another name to fit another model.</source>
        <translation>別のモデルを作るには別の名前を付けてください。</translation>
    </message>
    <message>
        <source>Give the model a name.</source>
        <translation>モデルに名前を付けてください。</translation>
    </message>
    <message>
        <source>Press Fit and offer.</source>
        <translation>「モデルを作成して登録」を押してください。</translation>
    </message>
    <message>
        <source>Press Read.</source>
        <translation>「読み込む」を押してください。</translation>
    </message>
    <message>
        <source>Press Write report.</source>
        <translation>「レポートを書き出す」を押してください。</translation>
    </message>
    <message>
        <source>Press Write the study.</source>
        <translation>「研究を書く」を押してください。</translation>
    </message>
    <message>
        <source>Read again.</source>
        <translation>もう一度読み込みます。</translation>
    </message>
    <message>
        <source>Write again; files of the same names are replaced.</source>
        <translation>もう一度書き出します。同名のファイルは置き換えられます。</translation>
    </message>
    <message>
        <source>Written: {files}</source>
        <translation>書き出し済み: {files}</translation>
    </message>
    <message>
        <source>{name} is offered in step 6 of MarrowQuant. AUC {apparent}, corrected {corrected}; calibration slope {slope}.</source>
        <translation>{name}はMarrowQuantの手順6で選べます。AUC {apparent}、補正後 {corrected}、較正の傾き {slope}。</translation>
    </message>
    <message>
        <source>{rows} rows and {columns} columns were read from {name}.</source>
        <translation>{name}から{rows}行{columns}列を読み込みました。</translation>
    </message>
</context>
<context>
    <name>panel.fields</name>
    <message>
        <source>"{typed}" can be read as two numbers; write it without a separator. {value} holds.</source>
        <translation>「{typed}」は二通りの数に読めます。区切りなしで入力してください。{value} のままです。</translation>
    </message>
    <message>
        <source>"{typed}" is not a number; {value} holds.</source>
        <translation>「{typed}」は数ではありません。{value} のままです。</translation>
    </message>
    <message>
        <source>{typed} is finer than this field can hold; {value} holds.</source>
        <translation>{typed} はこの欄の桁数を超えています。{value} のままです。</translation>
    </message>
    <message>
        <source>{typed} is not between {low} and {high}; {value} holds.</source>
        <translation>{typed} は {low} から {high} の範囲にありません。{value} のままです。</translation>
    </message>
</context>
<context>
    <name>panel.packages</name>
    <message>
        <source>{module} needs the Python package {name} for this method. Download and install it now?</source>
        <translation>この方法には{module}がPythonパッケージ{name}を必要とします。今ダウンロードしてインストールしますか？</translation>
    </message>
</context>
<context>
    <name>panel.running</name>
    <message>
        <source>A file or folder cannot be read or written: {reason}. Choose another place.</source>
        <translation>ファイルまたはフォルダの読み書きができません：{reason}。別の場所を選んでください。</translation>
    </message>
    <message>
        <source>Cancelled. Nothing was left half-done.</source>
        <translation>中止しました。途中までの結果は残っていません。</translation>
    </message>
    <message>
        <source>MarrowQuant met an unexpected error.</source>
        <translation>MarrowQuantで予期しないエラーが起きました。</translation>
    </message>
</context>
<context>
    <name>panel.sample_data</name>
    <message>
        <source>MarrowQuant</source>
        <translation>MarrowQuant</translation>
    </message>
</context>
<context>
    <name>patient.answer</name>
    <message>
        <source>CR/VGPR {value} ({low} to {high})</source>
        <translation>CR/VGPR {value}（{low}～{high}）</translation>
    </message>
    <message>
        <source>CR/VGPR: no probability</source>
        <translation>CR/VGPR：確率なし</translation>
    </message>
    <message>
        <source>FF</source>
        <translation>FF</translation>
    </message>
    <message>
        <source>Nothing is measured yet.</source>
        <translation>まだ計測されていません。</translation>
    </message>
    <message>
        <source>nothing to check</source>
        <translation>要確認なし</translation>
    </message>
    <message>
        <source>tDV</source>
        <translation>tDV</translation>
    </message>
    <message>
        <source>{n} to check</source>
        <translation>要確認 {n} 件</translation>
    </message>
</context>
<context>
    <name>patient.burden_options</name>
    <message>
        <source>This mask was refused, see the end of the panel; what is shown here holds.</source>
        <translation>このマスクは使えません（パネル下端を参照）。ここに表示のとおりのままです。</translation>
    </message>
    <message>
        <source>{reason} {edges} hold.</source>
        <translation>{reason} {edges} のままです。</translation>
    </message>
</context>
<context>
    <name>patient.burden_step</name>
    <message>
        <source>No exam has diffusion images with two or more b-values: the tumour burden is skipped.</source>
        <translation>2つ以上のb値の拡散強調画像を持つ検査がないため、腫瘍量は省略されます。</translation>
    </message>
    <message>
        <source>Part</source>
        <translation>部分</translation>
    </message>
    <message>
        <source>Press Propose.</source>
        <translation>「候補を表示」を押してください。</translation>
    </message>
    <message>
        <source>Propose again; decisions are kept.</source>
        <translation>候補を作り直します。判定は保たれます。</translation>
    </message>
    <message>
        <source>Read the exams first.</source>
        <translation>先に検査を読み込んでください。</translation>
    </message>
    <message>
        <source>by ADC in µm²/s: {classes} mL</source>
        <translation>ADC（µm²/s）別：{classes} mL</translation>
    </message>
    <message>
        <source>muscle where you placed it</source>
        <translation>筋は指定した位置</translation>
    </message>
    <message>
        <source>part {number}: {volume} mL</source>
        <translation>第{number}部分：{volume} mL</translation>
    </message>
    <message>
        <source>tDV {volume} mL · gADC {adc} µm²/s · muscle signal {muscle}</source>
        <translation>tDV {volume} mL · gADC {adc} µm²/s · 筋の信号 {muscle}</translation>
    </message>
    <message>
        <source>{n} stations; largest step at a seam {before} % as acquired, {after} % after matching.</source>
        <translation>{n}ステーション。継ぎ目の最大の段差は、撮像時{before} %、補正後{after} %。</translation>
    </message>
</context>
<context>
    <name>patient.classifier_part</name>
    <message>
        <source>Ask the model about the exam shown; without a folder the bundled one, which answers for simulated exams only.</source>
        <translation>表示中の検査についてモデルに尋ねる。フォルダがなければ付属のモデル（シミュレーションの検査にのみ答える）。</translation>
    </message>
    <message>
        <source>Measure the vertebrae of this exam first.</source>
        <translation>先にこの検査の椎体を測定してください。</translation>
    </message>
    <message>
        <source>There is no such folder.</source>
        <translation>そのフォルダはありません。</translation>
    </message>
</context>
<context>
    <name>patient.deidentify_step</name>
    <message>
        <source>Audit report:</source>
        <translation>監査報告:</translation>
    </message>
    <message>
        <source>Basic: no dates, no private elements</source>
        <translation>基本: 日付とプライベート要素なし</translation>
    </message>
    <message>
        <source>Choose the folder to read, a new folder to write, and the key file.</source>
        <translation>読み込むフォルダー、書き出す新しいフォルダー、鍵ファイルを選んでください。</translation>
    </message>
    <message>
        <source>Keep the key apart from the data.</source>
        <translation>鍵はデータとは別に保管してください。</translation>
    </message>
    <message>
        <source>Left out: {n} × {reason}</source>
        <translation>除外: {n} × {reason}</translation>
    </message>
    <message>
        <source>Longitudinal: dates are shifted</source>
        <translation>縦断: 日付をずらす</translation>
    </message>
    <message>
        <source>Quantification: no dates</source>
        <translation>定量: 日付なし</translation>
    </message>
    <message>
        <source>Write the copy and its audit report.</source>
        <translation>複製と監査報告を書き出します。</translation>
    </message>
    <message>
        <source>{n} of {total} files written; patients: {patients}.</source>
        <translation>{total}ファイル中{n}ファイルを書き出しました(患者{patients}名)。</translation>
    </message>
</context>
<context>
    <name>patient.exams_step</name>
    <message>
        <source>Choose the folder of the baseline exam.</source>
        <translation>治療前の検査のフォルダーを選んでください。</translation>
    </message>
    <message>
        <source>Close the scene, then read</source>
        <translation>シーンを閉じてから読み込む</translation>
    </message>
    <message>
        <source>Confidence</source>
        <translation>確信度</translation>
    </message>
    <message>
        <source>Discard, then read</source>
        <translation>破棄して読み込む</translation>
    </message>
    <message>
        <source>Enter the b-value of series {number} too.</source>
        <translation>シリーズ{number}のb値も入力してください。</translation>
    </message>
    <message>
        <source>It cannot be told whether these folders are of the same patient as the open case.</source>
        <translation>これらのフォルダーが、開いている症例と同じ患者のものかどうか判断できません。</translation>
    </message>
    <message>
        <source>Press Read and measure to take the volumes that the DICOM browser loaded, or choose folders.</source>
        <translation>「読み込んで計測」を押すと、DICOMブラウザで読み込んだボリュームを使います。フォルダを選ぶこともできます。</translation>
    </message>
    <message>
        <source>Press Read and measure.</source>
        <translation>「読み込んで計測」を押してください。</translation>
    </message>
    <message>
        <source>Read both folders again.</source>
        <translation>両方のフォルダーを読み直します。</translation>
    </message>
    <message>
        <source>Reading them closes the open case with the whole scene.</source>
        <translation>読み込むと、開いている症例はシーン全体とともに閉じられます。</translation>
    </message>
    <message>
        <source>Reading them takes that exam out of the case, with its points and decisions.</source>
        <translation>読み込むと、その検査は点と判断とともに症例から外れます。</translation>
    </message>
    <message>
        <source>Role</source>
        <translation>種類</translation>
    </message>
    <message>
        <source>Save, then read</source>
        <translation>保存して読み込む</translation>
    </message>
    <message>
        <source>Scale</source>
        <translation>係数</translation>
    </message>
    <message>
        <source>Series</source>
        <translation>シリーズ</translation>
    </message>
    <message>
        <source>Station</source>
        <translation>ステーション</translation>
    </message>
    <message>
        <source>TE ms</source>
        <translation>TE ms</translation>
    </message>
    <message>
        <source>The scene holds volumes of another patient than these folders. Reading them closes the whole scene.</source>
        <translation>シーンに、これらのフォルダとは別の患者のボリュームがあります。読み込むとシーン全体を閉じます。</translation>
    </message>
    <message>
        <source>The scene holds volumes of another patient. Remove them: nothing can be exported with them.</source>
        <translation>シーンに別の患者のボリュームがあります。除いてください。残っている間は書き出せません。</translation>
    </message>
    <message>
        <source>There is no such folder.</source>
        <translation>そのフォルダはありません。</translation>
    </message>
    <message>
        <source>These folders are of another patient than the open case.</source>
        <translation>これらのフォルダーは、開いている症例とは別の患者のものです。</translation>
    </message>
    <message>
        <source>These folders are of the same patient, and leave out an exam that you worked on.</source>
        <translation>これらのフォルダは同じ患者のものですが、作業済みの検査が含まれていません。</translation>
    </message>
    <message>
        <source>To save the open case, export it into a folder of its own in step 7 first.</source>
        <translation>開いている症例を保存するには、先に手順7で専用のフォルダーに書き出してください。</translation>
    </message>
    <message>
        <source>Unit</source>
        <translation>単位</translation>
    </message>
    <message>
        <source>Used</source>
        <translation>使用</translation>
    </message>
    <message>
        <source>Why</source>
        <translation>理由</translation>
    </message>
    <message>
        <source>You changed the table. Press Read and measure to apply it.</source>
        <translation>表を変更しました。「読み込んで計測」を押すと反映されます。</translation>
    </message>
    <message>
        <source>You chose another fat spectrum. Press Read and measure to fit the echoes with it.</source>
        <translation>別の脂肪スペクトルが選ばれました。「読み込んで計測」を押すと、それで計算し直します。</translation>
    </message>
    <message>
        <source>You chose other folders. Press Read and measure to read them; until then the exams that were read before are shown.</source>
        <translation>別のフォルダーが選ばれました。読み込むには「読み込んで計測」を押してください。それまでは前に読み込んだ検査が表示されます。</translation>
    </message>
    <message>
        <source>You gave dates or the patient by hand. Press Read and measure to apply it.</source>
        <translation>日付または患者を手で指定しました。「読み込んで計測」を押すと反映されます。</translation>
    </message>
    <message>
        <source>b s/mm²</source>
        <translation>b s/mm²</translation>
    </message>
    <message>
        <source>changed by you, not read yet</source>
        <translation>あなたが変更（まだ読み込んでいません）</translation>
    </message>
    <message>
        <source>yes</source>
        <translation>はい</translation>
    </message>
</context>
<context>
    <name>patient.export_step</name>
    <message>
        <source>Choose the folder to write to.</source>
        <translation>書き出し先のフォルダーを選んでください。</translation>
    </message>
    <message>
        <source>Nothing was measured yet.</source>
        <translation>まだ何も計測されていません。</translation>
    </message>
    <message>
        <source>Press Export.</source>
        <translation>「書き出す」を押してください。</translation>
    </message>
    <message>
        <source>Replace them</source>
        <translation>置き換える</translation>
    </message>
    <message>
        <source>The folder holds earlier results of this patient.</source>
        <translation>フォルダーには、この患者の以前の結果があります。</translation>
    </message>
    <message>
        <source>The folder holds earlier results. The open case does not tell whose it is, so they may be of another patient.</source>
        <translation>フォルダに以前の結果があります。開いている症例はどの患者のものかを示していないため、別の患者の結果かもしれません。</translation>
    </message>
    <message>
        <source>The folder holds results that do not tell whose they are.</source>
        <translation>フォルダーには、誰のものか分からない結果があります。</translation>
    </message>
    <message>
        <source>This folder was chosen together with exams that are not read yet. The case that is open is another one.</source>
        <translation>このフォルダーは、まだ読み込んでいない検査と一緒に選ばれたものです。開いているのは別の症例です。</translation>
    </message>
    <message>
        <source>Write again; files of the same names are replaced.</source>
        <translation>もう一度書き出します。同名のファイルは置き換えられます。</translation>
    </message>
    <message>
        <source>Write the open case here</source>
        <translation>開いている症例をここに書き出す</translation>
    </message>
    <message>
        <source>Written without identity: {file}</source>
        <translation>患者情報を除いて書き出し済み: {file}</translation>
    </message>
    <message>
        <source>Written: {files}</source>
        <translation>書き出し済み: {files}</translation>
    </message>
    <message>
        <source>that of Slicer</source>
        <translation>Slicerと同じ</translation>
    </message>
</context>
<context>
    <name>patient.follow_up</name>
    <message>
        <source>Carry over again; what the follow-up holds is replaced.</source>
        <translation>もう一度引き継ぎます。治療後検査の内容は置き換えられます。</translation>
    </message>
    <message>
        <source>Carrying needs two exams.</source>
        <translation>引き継ぎには2回の検査が必要です。</translation>
    </message>
    <message>
        <source>Mark the vertebrae of the baseline or propose its tumour burden first.</source>
        <translation>先に治療前検査の椎体を指定するか、腫瘍量を提案してください。</translation>
    </message>
    <message>
        <source>Take the ROIs, levels and exclusions of the baseline over to the follow-up, and match the lesions of both exams.</source>
        <translation>治療前のROI・レベル・除外を治療後に引き継ぎ、両検査の病変を対応付けます。</translation>
    </message>
</context>
<context>
    <name>patient.keys</name>
    <message>
        <source>No step is open: open one with Alt and its number.</source>
        <translation>開いているステップがありません。Altと番号で開いてください。</translation>
    </message>
</context>
<context>
    <name>patient.labs_step</name>
    <message>
        <source>Accepted units: {units}</source>
        <translation>使用できる単位: {units}</translation>
    </message>
    <message>
        <source>Date</source>
        <translation>日付</translation>
    </message>
    <message>
        <source>Entry</source>
        <translation>項目</translation>
    </message>
    <message>
        <source>No sheet is chosen; the values below hold until they are removed.</source>
        <translation>検査値表は選ばれていません。下の値は削除するまで有効です。</translation>
    </message>
    <message>
        <source>Read the exams first: laboratory values belong to their dates.</source>
        <translation>先に検査を読み込んでください。検査値は検査日に対応付けられます。</translation>
    </message>
    <message>
        <source>Select the entry to remove in the table first.</source>
        <translation>先に表で削除する項目を選んでください。</translation>
    </message>
    <message>
        <source>Test</source>
        <translation>項目</translation>
    </message>
    <message>
        <source>The response model needs the M protein of both dates. Without it the change table is still made.</source>
        <translation>治療効果のモデルには両日のM蛋白が必要です。なくても変化の表は作られます。</translation>
    </message>
    <message>
        <source>The sheet is read together with the exams: press Read and measure.</source>
        <translation>検査値の表は検査と一緒に読み込まれます。「読み込んで計測」を押してください。</translation>
    </message>
    <message>
        <source>The sheet was chosen together with another folder of the baseline; choose the sheet of this patient.</source>
        <translation>この検査値シートは、別のベースラインフォルダーと一緒に選ばれたものです。この患者のシートを選んでください。</translation>
    </message>
    <message>
        <source>There is no such file; the values below hold.</source>
        <translation>そのファイルはありません。下の値のままです。</translation>
    </message>
    <message>
        <source>This sheet was refused, see the end of the panel; the values below hold.</source>
        <translation>この検査値表は読み込めませんでした（パネル下端を参照）。下の値のままです。</translation>
    </message>
    <message>
        <source>Unit</source>
        <translation>単位</translation>
    </message>
    <message>
        <source>Value</source>
        <translation>値</translation>
    </message>
    <message>
        <source>female</source>
        <translation>女性</translation>
    </message>
    <message>
        <source>male</source>
        <translation>男性</translation>
    </message>
    <message>
        <source>not given</source>
        <translation>未入力</translation>
    </message>
</context>
<context>
    <name>patient.panel</name>
    <message>
        <source>After cycle {n}</source>
        <translation>{n}コース後</translation>
    </message>
    <message>
        <source>Baseline</source>
        <translation>治療前</translation>
    </message>
    <message>
        <source>Follow-up</source>
        <translation>治療後</translation>
    </message>
</context>
<context>
    <name>patient.quantify_step</name>
    <message>
        <source>Excluded from the mean: {reason}</source>
        <translation>平均から除外: {reason}</translation>
    </message>
    <message>
        <source>Measure again.</source>
        <translation>もう一度計測します。</translation>
    </message>
    <message>
        <source>Place at least one vertebral point in step 2.</source>
        <translation>手順2で椎体に点を1つ以上置いてください。</translation>
    </message>
    <message>
        <source>Press Measure.</source>
        <translation>「計測」を押してください。</translation>
    </message>
    <message>
        <source>± {error} {unit} from the ROI's place</source>
        <translation>関心領域の位置により± {error} {unit}</translation>
    </message>
</context>
<context>
    <name>patient.readers_part</name>
    <message>
        <source>Choose the folder of the other reader first.</source>
        <translation>先に他の読影者のフォルダを選んでください。</translation>
    </message>
    <message>
        <source>Compare your tumour load with that of the other reader: Dice, kappa, tDV and ADC.</source>
        <translation>自分の腫瘍量を他の読影者のものと比較します（Dice、κ、tDV、ADC）。</translation>
    </message>
    <message>
        <source>Press Propose first.</source>
        <translation>先に「候補を表示」を押してください。</translation>
    </message>
    <message>
        <source>There is no such folder.</source>
        <translation>そのフォルダはありません。</translation>
    </message>
    <message>
        <source>baseline</source>
        <translation>治療前</translation>
    </message>
    <message>
        <source>follow-up</source>
        <translation>治療後</translation>
    </message>
    <message>
        <source>{exam}: Dice {dice}, kappa {kappa} over {n} components; yours and theirs: tDV {volumes}, ADC {adc}.</source>
        <translation>{exam}：Dice {dice}、κ {kappa}（{n}領域）。自分／相手：tDV {volumes}、ADC {adc}。</translation>
    </message>
    <message>
        <source>{first} and {second} {unit}</source>
        <translation>{first}／{second} {unit}</translation>
    </message>
</context>
<context>
    <name>patient.reasons</name>
    <message>
        <source>Choose the folder to write to.</source>
        <translation>書き出し先のフォルダを選んでください。</translation>
    </message>
    <message>
        <source>Mark the first and the last body first.</source>
        <translation>先に最初と最後の椎体を指定してください。</translation>
    </message>
    <message>
        <source>Measure first, and choose the folder to write to.</source>
        <translation>先に計測し、書き出し先のフォルダを選んでください。</translation>
    </message>
    <message>
        <source>No change was taken back.</source>
        <translation>取り消した変更はありません。</translation>
    </message>
    <message>
        <source>No decision was made.</source>
        <translation>まだ判定されていません。</translation>
    </message>
    <message>
        <source>No decision was taken back.</source>
        <translation>取り消した判定はありません。</translation>
    </message>
    <message>
        <source>No pattern was set.</source>
        <translation>パターンは設定されていません。</translation>
    </message>
    <message>
        <source>No point was changed.</source>
        <translation>変更された点はありません。</translation>
    </message>
    <message>
        <source>No point was placed in muscle.</source>
        <translation>筋肉に点が置かれていません。</translation>
    </message>
    <message>
        <source>No series was changed.</source>
        <translation>変更されたシリーズはありません。</translation>
    </message>
    <message>
        <source>No value was entered.</source>
        <translation>入力された値はありません。</translation>
    </message>
    <message>
        <source>Nothing was carried over.</source>
        <translation>引き継いだものはありません。</translation>
    </message>
    <message>
        <source>Nothing was written yet.</source>
        <translation>まだ何も書き出されていません。</translation>
    </message>
    <message>
        <source>Read the exams and choose a segmentation first.</source>
        <translation>先に検査を読み込み、セグメンテーションを選んでください。</translation>
    </message>
    <message>
        <source>Read the exams first.</source>
        <translation>先に検査を読み込んでください。</translation>
    </message>
    <message>
        <source>Read the exams first; delete points that are there, or press Find bodies between.</source>
        <translation>先に検査を読み込んでください。点がすでにある場合は削除するか、「間の椎体を検出」を押してください。</translation>
    </message>
    <message>
        <source>Select a component in the list first.</source>
        <translation>先に一覧で成分を選んでください。</translation>
    </message>
    <message>
        <source>The ADC of no vertebra was measured yet.</source>
        <translation>ADCを計測した椎体がまだありません。</translation>
    </message>
    <message>
        <source>The exam shown has no diffusion images.</source>
        <translation>表示中の検査に拡散強調画像がありません。</translation>
    </message>
    <message>
        <source>The fat fraction of no vertebra was measured yet.</source>
        <translation>脂肪分画を計測した椎体がまだありません。</translation>
    </message>
</context>
<context>
    <name>patient.response_step</name>
    <message>
        <source>A change needs two exams: give the follow-up folder in step 1.</source>
        <translation>変化の計算には2回の検査が必要です。手順1で治療後のフォルダーを指定してください。</translation>
    </message>
    <message>
        <source>Adds to the logit</source>
        <translation>ロジットへの寄与</translation>
    </message>
    <message>
        <source>Change of M protein</source>
        <translation>M蛋白の変化</translation>
    </message>
    <message>
        <source>Change of fat fraction</source>
        <translation>脂肪分画の変化</translation>
    </message>
    <message>
        <source>Choose the output folder in step 7 first.</source>
        <translation>先に手順7で出力フォルダーを選択してください。</translation>
    </message>
    <message>
        <source>Draw all dates and open the picture.</source>
        <translation>全日付を描画し、図を開きます。</translation>
    </message>
    <message>
        <source>IMWG response category: {category} ({rule})</source>
        <translation>IMWG効果判定：{category}（{rule}）</translation>
    </message>
    <message>
        <source>Limits saved with this case hold. Press Enter in the empty field to go back to the published ones.</source>
        <translation>この症例とともに保存された限界値が有効です。空欄のままEnterを押すと文献の限界値に戻ります。</translation>
    </message>
    <message>
        <source>Missing: {what}</source>
        <translation>不足：{what}</translation>
    </message>
    <message>
        <source>No probability of CR/VGPR is given. See the reason below.</source>
        <translation>CR/VGPRの確率は示されません。理由は下をご覧ください。</translation>
    </message>
    <message>
        <source>No warning.</source>
        <translation>注意事項はありません。</translation>
    </message>
    <message>
        <source>Nothing was measured in both exams yet.</source>
        <translation>両方の検査で計測されたものがまだありません。</translation>
    </message>
    <message>
        <source>Predictor</source>
        <translation>予測因子</translation>
    </message>
    <message>
        <source>Probability of CR/VGPR: {value} (95 % interval {low} to {high})</source>
        <translation>CR/VGPRの確率：{value}（95 %区間 {low}～{high}）</translation>
    </message>
    <message>
        <source>Share of responders in the cohort</source>
        <translation>コホート中の奏効例の割合</translation>
    </message>
    <message>
        <source>The model "{model}" is not on this computer or cannot be read; "{used}" holds.</source>
        <translation>モデル「{model}」はこのコンピュータにないか、読めません。「{used}」が有効です。</translation>
    </message>
    <message>
        <source>There is no such folder.</source>
        <translation>そのフォルダはありません。</translation>
    </message>
    <message>
        <source>This file was refused, see the end of the panel; {held}.</source>
        <translation>このファイルは読み込めませんでした（パネル下端を参照）。{held}。</translation>
    </message>
    <message>
        <source>Value</source>
        <translation>値</translation>
    </message>
    <message>
        <source>not graded</source>
        <translation>判定なし</translation>
    </message>
    <message>
        <source>the limits that were read before hold</source>
        <translation>前に読み込んだ限界値のままです</translation>
    </message>
    <message>
        <source>the published limits hold</source>
        <translation>文献の限界値のままです</translation>
    </message>
</context>
<context>
    <name>patient.said_part</name>
    <message>
        <source>The date of the files holds.</source>
        <translation>ファイルの日付が有効です。</translation>
    </message>
    <message>
        <source>{date} holds.</source>
        <translation>{date}が有効です。</translation>
    </message>
</context>
<context>
    <name>patient.selector</name>
    <message>
        <source>None</source>
        <translation>なし</translation>
    </message>
</context>
<context>
    <name>patient.stir_part</name>
    <message>
        <source>A pattern is proposed once the vertebrae were measured and discs are seen.</source>
        <translation>椎体を計測し椎間板が描出されていれば、パターンを提案します。</translation>
    </message>
    <message>
        <source>As proposed: {pattern}</source>
        <translation>提案どおり：{pattern}</translation>
    </message>
    <message>
        <source>No proposal</source>
        <translation>提案なし</translation>
    </message>
</context>
<context>
    <name>patient.vertebrae_step</name>
    <message>
        <source>Carried</source>
        <translation>引き継ぎ</translation>
    </message>
    <message>
        <source>Excluded</source>
        <translation>除外</translation>
    </message>
    <message>
        <source>FF %</source>
        <translation>FF %</translation>
    </message>
    <message>
        <source>Level</source>
        <translation>レベル</translation>
    </message>
    <message>
        <source>No vertebra is marked yet in: {exams}. Place points in the vertebral bodies, or take over a segmentation.</source>
        <translation>椎体がまだ指定されていません：{exams}。椎体に点を配置するか、セグメンテーションを取り込んでください。</translation>
    </message>
    <message>
        <source>No warning.</source>
        <translation>警告なし。</translation>
    </message>
    <message>
        <source>RAS mm</source>
        <translation>RAS mm</translation>
    </message>
    <message>
        <source>Read the exams first.</source>
        <translation>先に検査を読み込んでください。</translation>
    </message>
    <message>
        <source>Warnings</source>
        <translation>警告</translation>
    </message>
    <message>
        <source>baseline</source>
        <translation>治療前</translation>
    </message>
    <message>
        <source>box</source>
        <translation>直方体</translation>
    </message>
    <message>
        <source>cylinder</source>
        <translation>円柱</translation>
    </message>
    <message>
        <source>disc</source>
        <translation>円板</translation>
    </message>
    <message>
        <source>ellipsoid</source>
        <translation>楕円体</translation>
    </message>
    <message>
        <source>excluded: artefact</source>
        <translation>除外: アーチファクト</translation>
    </message>
    <message>
        <source>excluded: degenerative endplate</source>
        <translation>除外: 終板の変性</translation>
    </message>
    <message>
        <source>excluded: focal lesion</source>
        <translation>除外: 限局性病変</translation>
    </message>
    <message>
        <source>excluded: fracture</source>
        <translation>除外: 骨折</translation>
    </message>
    <message>
        <source>excluded: haemangioma</source>
        <translation>除外: 血管腫</translation>
    </message>
    <message>
        <source>excluded: hardware</source>
        <translation>除外：金属・インプラント</translation>
    </message>
    <message>
        <source>excluded: vertebroplasty</source>
        <translation>除外: 椎体形成術後</translation>
    </message>
    <message>
        <source>follow-up</source>
        <translation>治療後</translation>
    </message>
    <message>
        <source>in the mean</source>
        <translation>平均に含める</translation>
    </message>
    <message>
        <source>left acetabulum</source>
        <translation>左寛骨臼</translation>
    </message>
    <message>
        <source>left iliac wing</source>
        <translation>左腸骨翼</translation>
    </message>
    <message>
        <source>left posterior iliac crest</source>
        <translation>左後腸骨稜</translation>
    </message>
    <message>
        <source>left proximal femur</source>
        <translation>左大腿骨近位部</translation>
    </message>
    <message>
        <source>left sacral ala</source>
        <translation>左仙骨翼</translation>
    </message>
    <message>
        <source>right acetabulum</source>
        <translation>右寛骨臼</translation>
    </message>
    <message>
        <source>right iliac wing</source>
        <translation>右腸骨翼</translation>
    </message>
    <message>
        <source>right posterior iliac crest</source>
        <translation>右後腸骨稜</translation>
    </message>
    <message>
        <source>right proximal femur</source>
        <translation>右大腿骨近位部</translation>
    </message>
    <message>
        <source>right sacral ala</source>
        <translation>右仙骨翼</translation>
    </message>
    <message>
        <source>vertebra</source>
        <translation>椎体</translation>
    </message>
    <message>
        <source>{levels}: press Find bodies between for the levels that are missing. A level is renamed in the table.</source>
        <translation>{levels}：間の椎体は「間の椎体を検出」で見つけます。椎体名は表で変更できます。</translation>
    </message>
</context>
<context>
    <name>patient.viewing</name>
    <message>
        <source>Baseline and follow-up in two linked sagittal views.</source>
        <translation>治療前と治療後を、連動する2つの矢状断で並べて表示する。</translation>
    </message>
    <message>
        <source>Comparing needs two exams.</source>
        <translation>比較には2つの検査が必要です。</translation>
    </message>
    <message>
        <source>Mark a vertebra of the exam shown first.</source>
        <translation>表示中の検査の椎体を先に指定してください。</translation>
    </message>
    <message>
        <source>T1 or in-phase image, with the marrow of the marked vertebrae in the middle of the greys.</source>
        <translation>T1強調または同位相画像を、指定した椎体の骨髄が中間の灰色になる階調で表示します。</translation>
    </message>
</context>
</TS>
