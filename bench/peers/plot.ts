/**
 * The drawing of `bench/results`: for each piece of work how many times as fast as each peer we are, on a scale of equal
 * factors, in both engines side by side. A picture of its own, so that a README can show it.
 */
import type { Markish, PlotOptions } from '@observablehq/plot';
import { significant } from '../../src/cli/report/html.ts';
import { type Drawing, loadDrawing } from '../../src/cli/report/plots.ts';
import { paint, STYLE } from '../../src/cli/report/style.ts';
import { type Comparison, goalOf, nameOf } from './comparison.ts';
import type { PeerName } from './engine.ts';

const LOOKS = {
  'onnxruntime-node': { colour: 'vermillion', symbol: 'square' },
  'onnxruntime-web': { colour: 'blue', symbol: 'circle' },
  'tfjs-backend-wasm': { colour: 'green', symbol: 'triangle' },
  'tfjs-backend-cpu': { colour: 'grey', symbol: 'diamond' },
  'jax-js': { colour: 'purple', symbol: 'diamond' },
  nnpack: { colour: 'black', symbol: 'star' },
  'nnpack, one-off': { colour: 'black', symbol: 'cross' },
} as const;

const WIDTH = 980;
const LEFT = 330;
const ROW = 22;
const LEGEND = 34;

interface Point {
  readonly work: string;
  readonly engine: string;
  readonly peer: PeerName;
  readonly ratio: number;
  readonly goal: number | undefined;
}

/** The text of an SVG file. */
export async function drawComparisons(comparisons: readonly Comparison[]): Promise<string> {
  const drawing = await loadDrawing();
  const points = comparisons.flatMap(({ work, kernels, node, flagged, ours, peers }): Point[] =>
    peers.map(({ name, milliseconds }) => ({
      work,
      engine: `${nameOf(node, flagged)}, ${kernels}`,
      peer: name,
      ratio: milliseconds / ours,
      goal: goalOf(work, name, kernels),
    })),
  );
  const works = [...new Set(points.map(({ work }) => work))];
  const height = 40 + ROW * works.length + 50;
  const parts = [
    svgOf(drawing, legendPlot(drawing, points)),
    svgOf(drawing, ratioPlot(drawing, points, works, height)),
  ];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${LEGEND + height}" viewBox="0 0 ${WIDTH} ${LEGEND + height}" role="img">`,
    '<title>How many times as fast as each peer</title>',
    `<style>${STYLE}</style>`,
    '<rect width="100%" height="100%" fill="var(--page)"/>',
    `<g color="var(--ink)" font-family="system-ui, sans-serif">${parts[0]}<g transform="translate(0, ${LEGEND})">${parts[1]}</g></g>`,
    '</svg>',
    '',
  ].join('\n');
}

function svgOf({ Plot, document }: Drawing, plot: PlotOptions): string {
  const svg = Plot.plot({ ...plot, document, className: 'plot' });
  svg.querySelector('style')?.remove();
  return svg.outerHTML;
}

function peersOf(points: readonly Point[]): PeerName[] {
  return [...new Set(points.map(({ peer }) => peer))];
}

/** Names in a row, and what a tick means. */
function legendPlot({ Plot }: Drawing, points: readonly Point[]): PlotOptions {
  const all = peersOf(points);
  const wide = Math.min(160, (WIDTH - 40) / all.length);
  const entries = all.map((peer, i) => ({ peer, x: 20 + wide * i }));
  const dots = entries.map(({ peer, x }) => {
    const { colour, symbol } = LOOKS[peer];
    return Plot.dot([{ x }], { x: 'x', y: () => 0, symbol, fill: paint(colour), r: 5 });
  });
  const names = Plot.text(entries, { x: 'x', y: () => 0, text: 'peer', textAnchor: 'start', dx: 10, fontSize: 13 });
  const margins = { marginTop: 0, marginBottom: 0, marginLeft: 0, marginRight: 0 };
  return {
    ...margins,
    width: WIDTH,
    height: LEGEND,
    x: { type: 'identity', axis: null },
    y: { axis: null, domain: [-1, 1] },
    marks: [...dots, names],
  };
}

function ratioPlot({ Plot }: Drawing, points: readonly Point[], works: readonly string[], height: number): PlotOptions {
  const at = { x: 'ratio', y: 'work', fx: 'engine' };
  const title = ({ work, engine, peer, ratio, goal }: Point): string =>
    `${work}, ${engine}: ${significant(ratio)}× ${peer}${goal === undefined ? '' : `, goal ${goal}×`}`;
  const marks = peersOf(points).flatMap((peer): Markish[] => {
    const { colour, symbol } = LOOKS[peer];
    const own = points.filter((point) => point.peer === peer);
    const goals = own.filter(({ goal }) => goal !== undefined);
    return [
      Plot.tickX(goals, { ...at, x: 'goal', stroke: paint(colour), strokeWidth: 2, inset: 1 }),
      Plot.dot(own, { ...at, symbol, fill: paint(colour), r: 4.5, title }),
    ];
  });
  return {
    width: WIDTH,
    height,
    marginTop: 30,
    marginLeft: LEFT,
    marginRight: 20,
    marginBottom: 46,
    style: { fontSize: '12px' },
    x: {
      type: 'log',
      base: 2, // with 10, only some of the ticks would be named
      grid: true,
      nice: true,
      label: 'times as fast as the peer; a tick is a goal',
      labelAnchor: 'center',
      labelArrow: 'none',
      ticks: [0.25, 0.5, 1, 2, 5, 10, 20, 50, 100],
      tickFormat: (ratio: number) => `${{ 0.25: '¼', 0.5: '½' }[ratio] ?? ratio}×`,
    },
    y: { domain: [...works], label: null, tickSize: 0 },
    fx: { label: null, padding: 0.06 },
    marks: [Plot.ruleX([1], { stroke: paint('muted'), strokeWidth: 1.5 }), ...marks],
  };
}
