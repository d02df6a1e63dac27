const light = `
  --page: #ffffff; --panel: #f6f7f9; --ink: #1b2127; --soft: #57616c; --rule: #dde2e7; --grid: #e9ecef;
  --accent: #2c5f8f; --accent-soft: #c9dbeb; --pass: #1b7a4b; --pass-soft: #e4f3ea; --fail: #b3261e; --fail-soft: #fbe9e7; --open: #8a5a00; --open-soft: #fdf1d8;
`;
const dark = `
  --page: #14181d; --panel: #1b2128; --ink: #e3e8ed; --soft: #98a4b0; --rule: #303943; --grid: #262e37;
  --accent: #6ea8dc; --accent-soft: #29435b; --pass: #5cc48d; --pass-soft: #173226; --fail: #f2857c; --fail-soft: #40201f; --open: #e6b455; --open-soft: #3b2e14;
`;

/**
 * The one style sheet of a report. System fonts, no images; dark only on a screen that asks for it, paper is
 * white.
 */
export const style = `
:root { color-scheme: light; ${light} }
@media screen and (prefers-color-scheme: dark) { :root { color-scheme: dark; ${dark} } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 14px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Liberation Sans", Arial, sans-serif; font-variant-numeric: tabular-nums; -webkit-print-color-adjust: exact; print-color-adjust: exact; }
main { max-width: 1120px; margin: 0 auto; padding: 28px 24px 64px; }
h1 { font-size: 22px; line-height: 1.25; font-weight: 650; margin: 0; letter-spacing: -0.01em; }
h2 { font-size: 15px; font-weight: 650; margin: 36px 0 10px; padding-bottom: 5px; border-bottom: 1px solid var(--rule); }
h2 small { font-weight: 400; color: var(--soft); font-size: 13px; margin-left: 8px; }
p { margin: 0 0 8px; max-width: 78ch; }
h1, p, li, dd, .objective { overflow-wrap: anywhere; } td { overflow-wrap: break-word; }
code, .mono { font: 12.5px/1.45 ui-monospace, "SF Mono", "Cascadia Mono", "DejaVu Sans Mono", Menlo, Consolas, monospace; overflow-wrap: anywhere; }
.soft { color: var(--soft); } .small { font-size: 12.5px; }
.verdict { display: grid; grid-template-columns: auto 1fr; gap: 4px 18px; padding: 18px 20px; border-left: 6px solid; background: var(--panel); }
.verdict .word { grid-row: span 2; font-size: 22px; line-height: 1.25; font-weight: 750; letter-spacing: 0.02em; white-space: nowrap; }
.verdict .reason { font-size: 15px; margin: 0; }
.verdict.pass { border-color: var(--pass); background: var(--pass-soft); } .verdict.fail { border-color: var(--fail); background: var(--fail-soft); } .verdict.inconclusive { border-color: var(--open); background: var(--open-soft); }
.pass > .word, .chip.pass { color: var(--pass); } .fail > .word, .chip.fail { color: var(--fail); } .inconclusive > .word, .chip.inconclusive { color: var(--open); }
.headline { display: grid; grid-template-columns: repeat(4, 1fr); gap: 12px 24px; margin: 20px 0; padding: 0 0 18px; border-bottom: 1px solid var(--rule); } .headline dt { font-size: 12px; color: var(--soft); } .headline dd { margin: 0; font-size: 17px; font-weight: 650; line-height: 1.3; } .headline dd.note { font-size: 11.5px; font-weight: 400; color: var(--soft); }
.identity { display: flex; flex-wrap: wrap; gap: 6px 26px; margin: 14px 0 0; padding: 0; }
.identity div { min-width: 0; } .identity dt { font-size: 11.5px; color: var(--soft); } .identity dd { margin: 0; }
.chip { display: inline-block; font-size: 12px; font-weight: 650; white-space: nowrap; } .chip.gate { color: var(--soft); font-weight: 400; border: 1px solid var(--rule); border-radius: 3px; padding: 0 4px; margin-left: 6px; }
.objective { display: grid; grid-template-columns: 150px 1fr 120px; gap: 2px 18px; align-items: center; padding: 12px 0; border-bottom: 1px solid var(--rule); break-inside: avoid; }
.objective:last-of-type { border-bottom: 0; }
.objective .name { font-weight: 650; } .objective .figures { grid-column: 2 / -1; color: var(--soft); font-size: 12.5px; display: flex; flex-wrap: wrap; gap: 2px 18px; } .objective .figures b { color: var(--ink); font-weight: 600; }
.swatch { display: inline-block; width: 18px; height: 10px; margin-right: 6px; vertical-align: -0.5px; }
svg { display: block; width: 100%; overflow: visible; } svg text { font: 11.5px/1 system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", Arial, sans-serif; fill: var(--ink); } svg text.halo { paint-order: stroke; stroke: var(--page); stroke-width: 4px; stroke-linejoin: round; } svg text.soft { fill: var(--soft); }
.track { fill: var(--grid); } .unknown { fill: none; stroke: var(--soft); stroke-dasharray: 3 3; } .measured { fill: var(--accent); } .missed .measured { fill: var(--fail); }
.ground { fill: var(--accent-soft); } .line { stroke: var(--accent); stroke-width: 2; } .dot { fill: var(--accent); } .kind-missed .ground { fill: var(--fail-soft); } .kind-missed .line { stroke: var(--fail); } .kind-missed .dot { fill: var(--fail); }
.mark { stroke: var(--ink); stroke-width: 2; }
.table { overflow-x: auto; } .table + .table { margin-top: 16px; } table { border-collapse: collapse; width: 100%; font-size: 13px; } th.num { white-space: normal; } th { text-align: left; font-weight: 600; font-size: 12px; color: var(--soft); vertical-align: bottom; } th, td { padding: 6px 14px 6px 0; border-bottom: 1px solid var(--rule); } td { vertical-align: top; } tr { break-inside: avoid; } th:last-child, td:last-child { padding-right: 0; } tr.sum td { font-weight: 650; border-bottom: 0; }
.num { text-align: right; } td.num { white-space: nowrap; } .nowrap { white-space: nowrap; } .bad { color: var(--fail); font-weight: 650; } td.title { min-width: 13em; } td.title b { font-weight: 600; }
.timeline { overflow-x: auto; } .lanes { position: relative; min-width: 820px; padding: 0 26px 0 132px; } .lanes .lane { position: absolute; left: 0; width: 124px; font-size: 12px; line-height: 1.25; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; } .lanes .lane span { display: block; color: var(--soft); font-size: 11px; white-space: normal; }
.phase { fill: var(--panel); stroke: var(--rule); } .phase.bad { fill: var(--fail-soft); stroke: var(--fail); } .grid { stroke: var(--grid); } .outage { fill: var(--fail); opacity: 0.07; } .moment { stroke: var(--soft); stroke-dasharray: 2 3; } .moment.fault { stroke: var(--fail); stroke-dasharray: none; stroke-width: 1.5; } .moment.correct { stroke: var(--pass); stroke-dasharray: none; stroke-width: 1.5; }
.right { fill: var(--accent-soft); stroke: var(--accent); stroke-width: 1; } .failed { fill: var(--fail); fill-opacity: 0.4; stroke: var(--fail); stroke-width: 1; } .base { stroke: var(--rule); } .point { fill: var(--accent); } .point.bad { fill: none; stroke: var(--fail); stroke-width: 2; } .span { fill: var(--accent-soft); } .span.bad { fill: var(--fail-soft); stroke: var(--fail); } .step { fill: var(--accent-soft); stroke: var(--accent); } .step.bad { fill: var(--fail-soft); stroke: var(--fail); } .witness { fill: var(--page); stroke: var(--fail); stroke-width: 2; } .injected { fill: var(--fail); } .p50 { fill: none; stroke: var(--accent); stroke-width: 1.5; } .p99 { fill: none; stroke: var(--open); stroke-width: 1.5; } .alert { fill: var(--open); } .alert.critical { fill: var(--fail); }
.legend { display: flex; flex-wrap: wrap; gap: 2px 20px; margin: 8px 0 0; font-size: 12px; color: var(--soft); }
.limits { border: 1px solid var(--rule); background: var(--panel); padding: 12px 16px; } .limits ul, ul.plain { margin: 0; padding-left: 18px; }
@media (max-width: 720px) { main { padding: 16px 14px 48px; } .objective { grid-template-columns: 1fr auto; } .objective .bar, .objective .figures { grid-column: 1 / -1; } .objective .chip { grid-row: 1; grid-column: 2; } .headline { grid-template-columns: 1fr 1fr; } .verdict { grid-template-columns: 1fr; } .table table { min-width: 640px; } }
@media print { @page { margin: 14mm; } td { overflow-wrap: anywhere; } body { font-size: 11px; } main { max-width: none; padding: 0; } h2 { break-after: avoid; margin-top: 22px; } .table, .timeline { overflow: visible; } .lanes { min-width: 0; } section { break-inside: auto; } .limits { break-inside: avoid; } }
`.trim();
