/** Black on white, for paper: the page itself is the only colour but that of posture. */
export const style = `
@page { size: A4; margin: 16mm 14mm 18mm; }
* { box-sizing: border-box; }
html { font: 13px/1.45 system-ui, -apple-system, 'Segoe UI', 'Noto Sans', sans-serif; color: #16181c; background: #fff; }
body { max-width: 68rem; margin: 0 auto; padding: 32px 24px; }
h1 { font-size: 24px; line-height: 1.2; margin: 0 0 4px; }
h2 { font-size: 16px; margin: 32px 0 8px; padding-top: 12px; border-top: 1px solid #c9ccd2; break-after: avoid; }
h3 { font-size: 13px; margin: 20px 0 4px; break-after: avoid; }
p { margin: 4px 0 8px; max-width: 46rem; }
.lead { color: #4a4f58; }
.note { border-left: 3px solid #5b5bd6; padding: 4px 12px; margin: 8px 0; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 4px 16px; margin: 8px 0; }
dt { color: #4a4f58; }
dd { margin: 0; overflow-wrap: anywhere; }
.figures { display: flex; flex-wrap: wrap; gap: 8px 32px; margin: 16px 0; padding: 0; list-style: none; }
.figures b { display: block; font-size: 24px; line-height: 1.2; font-weight: 600; font-variant-numeric: tabular-nums; }
table { border-collapse: collapse; width: 100%; margin: 8px 0 16px; font-size: 12px; }
thead { display: table-header-group; }
tr { break-inside: avoid; }
th, td { text-align: left; vertical-align: top; padding: 4px 8px 4px 0; padding-right: 12px; border-bottom: 1px solid #e3e5e9; overflow-wrap: break-word; }
.what, td:first-child { overflow-wrap: anywhere; }
.what code { font-size: 11px; color: #4a4f58; }
th { color: #4a4f58; font-weight: 600; border-bottom-color: #9aa0aa; }
.number { padding-right: 24px; text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.time { font-variant-numeric: tabular-nums; white-space: nowrap; }
code { font: 12px/1.45 ui-monospace, 'Cascadia Mono', 'DejaVu Sans Mono', monospace; overflow-wrap: anywhere; }
svg { display: block; width: 100%; height: 96px; margin: 8px 0; }
.bar { fill: #5b5bd6; }
.axis { stroke: #9aa0aa; }
footer { margin-top: 32px; padding-top: 12px; border-top: 1px solid #c9ccd2; color: #4a4f58; font-size: 12px; }
`
