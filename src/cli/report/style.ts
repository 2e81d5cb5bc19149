/**
 * How a page looks. Colours are CSS variables, so that one drawing serves a light screen, a dark one and paper; those of
 * figures are Okabe and Ito's, which stay apart for colour-blind readers, made lighter or darker where the page needs it.
 */

/** Each with its shade on a light page and on a dark one. */
const COLOURS = {
  page: ['#ffffff', '#14171c'],
  raised: ['#f4f6f8', '#1e2329'],
  ink: ['#1b1f24', '#e4e8ed'],
  muted: ['#5b6470', '#9aa4b0'],
  rule: ['#d9dee4', '#333a43'],
  warning: ['#b3401a', '#ff9466'],
  black: ['#1b1f24', '#f0f3f6'],
  grey: ['#a3abb5', '#7a8490'],
  blue: ['#0072b2', '#2f86cc'],
  sky: ['#56b4e9', '#9bd6ff'],
  green: ['#009e73', '#35c79a'],
  orange: ['#e69f00', '#f0b429'],
  vermillion: ['#d55e00', '#e8672c'],
  purple: ['#cc79a7', '#e2a3c7'],
  wine: ['#882255', '#b8487f'],
} as const;

export type Colour = keyof typeof COLOURS;

/** The colour as an attribute of a drawing. */
export function paint(colour: Colour): string {
  return `var(--${colour})`;
}

function variables(shade: 0 | 1): string {
  return Object.entries(COLOURS)
    .map(([name, shades]) => `--${name}: ${shades[shade]};`)
    .join(' ');
}

export const STYLE = `
:root { color-scheme: light dark; ${variables(0)} }
@media screen and (prefers-color-scheme: dark) { :root { ${variables(1)} } }
body { margin: 0 auto; max-width: 1120px; padding: 32px 24px 64px; background: var(--page); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
h1 { margin: 0; font-size: 28px; line-height: 1.2; }
h2 { margin: 48px 0 8px; padding-top: 16px; border-top: 1px solid var(--rule); font-size: 21px; line-height: 1.3; }
h3 { margin: 0; font-size: 14px; line-height: 1.4; }
p { margin: 8px 0; max-width: 90ch; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 2px 16px; margin: 16px 0; font-size: 14px; }
dt { color: var(--muted); }
dd { margin: 0; }
.stopped { max-width: none; padding: 8px 12px; border-left: 4px solid var(--warning); background: var(--raised); }
.figures { display: grid; gap: 24px 28px; margin: 20px 0; align-items: start; }
.thirds { grid-template-columns: repeat(auto-fill, minmax(min(100%, 330px), 1fr)); }
.halves { grid-template-columns: repeat(auto-fill, minmax(min(100%, 500px), 1fr)); }
figure { margin: 0; min-width: 0; break-inside: avoid; }
figcaption { margin-top: 4px; max-width: 90ch; color: var(--muted); font-size: 13px; line-height: 1.4; }
.plot { display: block; max-width: 100%; height: auto; font-family: inherit; font-size: 12px; overflow: visible; }
.plot text { white-space: pre; }
.plot-swatches { display: flex; flex-wrap: wrap; gap: 2px 16px; margin: 4px 0 8px; font-size: 13px; }
.plot-swatch { display: inline-flex; align-items: center; gap: 6px; }
.table { margin: 16px 0; overflow-x: auto; }
table { border-collapse: collapse; font-size: 14px; font-variant-numeric: tabular-nums; }
caption { padding-bottom: 6px; text-align: left; font-weight: 600; }
th, td { padding: 3px 12px; border-bottom: 1px solid var(--rule); white-space: nowrap; }
th:first-child, td:first-child { padding-left: 0; }
th { color: var(--muted); font-weight: 600; vertical-align: bottom; }
tbody tr:hover { background: var(--raised); }
.left { text-align: left; }
td.left { white-space: normal; }
.right { text-align: right; }
.missed { color: var(--warning); font-weight: 600; }
summary { margin: 12px 0; color: var(--muted); font-size: 14px; cursor: pointer; }
@media print {
  body { max-width: none; padding: 0; font-size: 12px; }
  h2, h3, caption { break-after: avoid; }
  tr { break-inside: avoid; }
  .table { overflow: visible; }
  th, td { white-space: normal; }
}
`.trim();
