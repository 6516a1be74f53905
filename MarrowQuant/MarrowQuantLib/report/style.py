"""The style sheet of the report: dark text on white, A4 in print, no font or file from elsewhere."""

STYLE = """
:root { --ink: #1b2733; --soft: #52616f; --line: #d5dce3; --wash: #f4f6f8; --paper: #fff;
  --before: #6b7785; --after: #0072b2; --mark: #d55e00;
  --doubt: #fff4d6; --doubt-ink: #5c4000; --doubt-line: #e2c063; --sure: #e3f0f8; --sure-ink: #00476f; --sure-line: #9cc5df;
  color-scheme: light dark; }
* { box-sizing: border-box; }
html { -webkit-print-color-adjust: exact; print-color-adjust: exact; }
body { margin: 0 auto; padding: 24px 28px 40px; max-width: 980px; color: var(--ink); background: var(--paper);
  font: 14px/1.5 system-ui, -apple-system, "Segoe UI", "Helvetica Neue", Arial, "Hiragino Sans", "Noto Sans CJK JP", "Yu Gothic UI",
  Meiryo, sans-serif; font-variant-numeric: tabular-nums; }
header { display: flex; justify-content: space-between; align-items: flex-end; gap: 24px; border-bottom: 2px solid var(--ink);
  padding-bottom: 10px; }
h1 { font-size: 23px; line-height: 1.25; margin: 0; font-weight: 650; }
h2 { font-size: 17px; margin: 30px 0 10px; padding-bottom: 4px; border-bottom: 1px solid var(--line); font-weight: 650;
  break-after: avoid; }
h3 { font-size: 13.5px; margin: 16px 0 6px; font-weight: 650; break-after: avoid; }
p { margin: 6px 0; }
.brand { color: var(--soft); font-size: 12px; letter-spacing: .04em; margin: 0 0 2px; }
.dates { text-align: right; white-space: nowrap; font-size: 13.5px; }
.dates b { font-weight: 650; }
.soft, figcaption, caption { color: var(--soft); }
.notice { margin: 10px 0 0; padding: 5px 12px; border: 1px solid var(--ink); border-radius: 4px; font-size: 12.5px; font-weight: 600; }
.synthetic { background: var(--doubt); border-color: var(--doubt-line); color: var(--doubt-ink); }
.top { display: grid; grid-template-columns: minmax(0, 5fr) minmax(0, 4fr); gap: 18px; }
.card { border: 1px solid var(--line); border-radius: 8px; padding: 14px 16px; break-inside: avoid; }
.card h3 { margin-top: 0; }
.big { font-size: 38px; line-height: 1.1; font-weight: 650; margin: 2px 0 2px; }
.label { display: inline-block; background: var(--doubt); color: var(--doubt-ink); border-radius: 4px; padding: 2px 8px; font-size: 12.5px;
  margin: 4px 0; }
.tiles { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 12px; }
.tile { border: 1px solid var(--line); border-radius: 8px; padding: 9px 12px 10px; break-inside: avoid; }
.tile h3 { margin: 0; font-size: 12.5px; color: var(--soft); font-weight: 600; }
.tile .values { font-size: 20px; font-weight: 650; white-space: nowrap; }
.tile .values span { color: var(--before); font-weight: 500; }
.tile .unit { font-size: 12px; font-weight: 500; color: var(--soft); }
.tile p { margin: 1px 0 0; font-size: 12.5px; }
.badge { display: inline-block; border: 1px solid var(--line); border-radius: 9px; padding: 0 8px; font-size: 11.5px; line-height: 1.5;
  white-space: nowrap; background: var(--wash); color: var(--soft); }
.badge.sure { background: var(--sure); border-color: var(--sure-line); color: var(--sure-ink); }
.badge.doubt { background: var(--doubt); border-color: var(--doubt-line); color: var(--doubt-ink); }
sup { font-size: 10px; line-height: 0; }
table { border-collapse: collapse; width: 100%; font-size: 12.5px; margin: 6px 0 4px; }
caption { text-align: left; font-size: 12.5px; padding: 4px 0; }
th, td { padding: 4px 7px; border-bottom: 1px solid var(--line); text-align: right; vertical-align: baseline; white-space: nowrap; }
td.text, td.pair, th, tbody th { white-space: normal; }
:lang(ja) thead th, :lang(ja) td.pair, :lang(ja) td.text { word-break: keep-all; }
.charts th, .charts td { padding: 4px 5px; }
.date { white-space: nowrap; }
th { font-weight: 600; }
thead th { border-bottom: 1.5px solid var(--ink); vertical-align: bottom; line-height: 1.3; }
th:first-child, td.text, th.text { text-align: left; }
th:first-child { min-width: 3.5em; }
tbody th { font-weight: 500; }
thead { display: table-header-group; }
tr { break-inside: avoid; }
tr.out td, tr.out th { color: var(--soft); }
.notes { font-size: 12px; color: var(--soft); padding-left: 20px; margin: 6px 0; }
.warn { border-left: 4px solid var(--mark); padding: 2px 0 2px 12px; }
.warn ul { margin: 2px 0; padding-left: 18px; }
.pictures { display: flex; gap: 10px; align-items: flex-start; }
.pictures .scale { flex: 0 0 54px; font-size: 12px; color: var(--soft); text-align: left; }
figure { margin: 0; min-width: 0; break-inside: avoid; }
figure svg { display: block; width: 100%; height: auto; }
figcaption { font-size: 12px; margin-top: 4px; }
.charts { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 20px; }
.legend { white-space: nowrap; }
.key { display: inline-block; width: 11px; height: 11px; border-radius: 2px; margin-right: 5px; vertical-align: -1px; }
details { border: 1px solid var(--line); border-radius: 6px; padding: 6px 12px; margin: 8px 0; }
summary { cursor: pointer; font-weight: 600; }
dl { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: 3px 16px; font-size: 12.5px; margin: 6px 0; }
dt { font-weight: 600; } dd { margin: 0; } dd ul { margin: 0; padding-left: 16px; }
footer { margin-top: 30px; font-size: 12px; color: var(--soft); }
svg text { font: 12px system-ui, -apple-system, "Segoe UI", Arial, "Hiragino Sans", "Noto Sans CJK JP", "Yu Gothic UI", Meiryo, sans-serif;
  fill: var(--ink); }
svg .soft { fill: var(--soft); }
.sign { display: grid; grid-template-columns: 2fr 2fr 1fr; gap: 24px; break-inside: avoid; padding-top: 22px; }
.sign div { border-bottom: 1px solid var(--ink); padding-bottom: 3px; }
a.badge { text-decoration: none; }
.scroll { overflow-x: auto; }
.scroll:focus-visible { outline: 2px solid var(--after); }
.pictures.small { max-width: 620px; margin-top: 12px; }
@media screen and (prefers-color-scheme: dark) {
  :root { --ink: #e6ebf0; --soft: #a9b5c1; --line: #3b4754; --wash: #232d37; --before: #a9b5c1; --after: #56b4e9; --mark: #ff9e57;
    --paper: #161d24; --doubt: #3d3110; --doubt-ink: #ffe2a0; --doubt-line: #8a6d1f; --sure: #10344b; --sure-ink: #bfe3fb;
    --sure-line: #2f6c92; }
  figure svg, .scale svg { background: #fff; border-radius: 4px; }
  figure svg text, .scale svg text { fill: #1b2733; }
}
@page { size: A4; margin: 20mm 12mm 15mm; }
@media print {
  .scroll { overflow: visible; }
  body { padding: 0; max-width: none; font-size: 10.5pt; }
  details { border: 0; padding: 0; }
  details::details-content { content-visibility: visible; display: block; height: auto; }
  details.screen { display: none; }
  .tile .values { font-size: 16px; }
  .pictures figure { flex: 0 1 auto !important; } .pictures figure svg { width: auto; max-width: 100%; height: 88mm; }
  thead, caption, .big, figcaption { break-after: avoid; } tbody tr:first-child { break-before: avoid; }
  h2 { margin-top: 18px; }
}
@media screen and (max-width: 720px) {
  body { padding: 14px 12px 30px; }
  .top, .charts, .tiles, .sign, dl { grid-template-columns: minmax(0, 1fr); }
  .pictures { flex-wrap: wrap; }
  .tile .values { white-space: normal; }
  header { display: block; }
  .dates { text-align: left; }
}
"""
