/** The page of `score --html`: each network's images a second and speed-up over the batch, and where its time goes. */
import { counted } from '../machine.ts';
import type { Score, ScoreResult, ScoreRow, ScoreSettings } from '../score/result.ts';
import { type Axes, type Curve, curvesPlot, type Point } from './curves.ts';
import { type Html, right, significant, table } from './html.ts';
import { layerContent } from './layer-times.ts';
import { section, writePage } from './page.ts';
import { type Drawing, figure, grid, legend, loadDrawing, WIDTHS } from './plots.ts';

/** The machine of the published figures. */
const PUBLISHED = 'Xeon E5-2670 v3, 4 threads';

/**
 * One self-contained page of plots and tables; the same result gives the same bytes.
 *
 * @throws NnpackError when the packages that draw are not installed
 */
export async function scorePage(result: ScoreResult): Promise<string> {
  const drawing = await loadDrawing();
  const networks = [...new Set(result.rows.map(({ network }) => network))];
  return writePage({
    title: 'nnpack-ts score',
    lead:
      "Images a second of whole networks, as MXNet's benchmark_score.py measures them: by the default implementation, " +
      'which is implicit GEMM, and by the accelerated one, on the same kernels and in one run.',
    machine: result.machine,
    settings: describeSettings(result.settings),
    stopped: result.stopped,
    sections: networks.map((network) => {
      const rows = result.rows.filter((row) => row.network === network).sort((a, b) => a.batch - b.batch);
      return section({
        heading: network,
        lead: summary(rows),
        content: [grid('thirds', rateFigures(drawing, rows)), rateTable(rows), ...layerContent(drawing, rows)],
      });
    }),
  });
}

function describeSettings({ threads, kernels, eligibility, rule, budgetSeconds }: ScoreSettings): string {
  return [
    counted(threads, 'thread'),
    `${kernels} kernels`,
    `eligibility ${eligibility}`,
    `rule ${rule}`,
    `at most ${budgetSeconds} s for each figure`,
  ].join(', ');
}

/** `2.81 to 3.40 times the default implementation at batches 1 to 16; published: 1.81 to 4.52 times.` */
function summary(rows: readonly ScoreRow[]): string {
  const batches = rows.map(({ batch }) => batch);
  const range = (values: readonly number[]): string =>
    [...new Set([Math.min(...values), Math.max(...values)].map(significant))].join(' to ');
  const published = rows.flatMap((row) => row.published?.ratio ?? []);
  const at = rows.length === 1 ? `batch ${batches[0]}` : `batches ${batches[0]} to ${batches[batches.length - 1]}`;
  const ours = `${range(rows.map(({ ratio }) => ratio))} times the default implementation at ${at}`;
  return published.length === 0 ? `${ours}; none published.` : `${ours}; published: ${range(published)} times.`;
}

const ACCELERATED = { name: 'accelerated', colour: 'blue', symbol: 'circle' } as const;
const DEFAULT = { name: 'default', colour: 'vermillion', symbol: 'square' } as const;
const OURS = { name: 'this machine', colour: 'blue', symbol: 'circle' } as const;
const THEIRS = { name: 'published', colour: 'purple', symbol: 'diamond', dashed: true } as const;

/** A value over the batch, wherever there is one. */
function overBatch(rows: readonly ScoreRow[], pick: (row: ScoreRow) => number | undefined): Point[] {
  return rows.flatMap((row) => {
    const y = pick(row);
    return y === undefined ? [] : [{ x: row.batch, y }];
  });
}

/** Images a second here and as published, each on its own axis because the machines differ, and both speed-ups on one. */
function rateFigures(drawing: Drawing, rows: readonly ScoreRow[]): (Html | null)[] {
  const subject = rows[0].network;
  const axes = { width: WIDTHS.thirds, height: 250, x: 'batch' };
  const curves = (title: string, caption: string, all: readonly Curve[], y: Pick<Axes, 'y' | 'unit' | 'level'>) => {
    const drawn = all.filter(({ points }) => points.length > 0);
    if (drawn.length === 0) return null;
    const plot = curvesPlot(drawing, drawn, { ...axes, ...y });
    return figure(drawing, { subject, title, caption, legend: legend(drawing, drawn), plot });
  };
  return [
    curves(
      'Images a second, this machine',
      'Higher is faster.',
      [
        { ...ACCELERATED, points: overBatch(rows, ({ accelerated }) => accelerated.imagesPerSecond) },
        { ...DEFAULT, points: overBatch(rows, (row) => row.default.imagesPerSecond) },
      ],
      { y: 'images a second' },
    ),
    curves(
      'Images a second, published',
      `What MXNet's document printed (${PUBLISHED}). Another machine: compare the shape of the curves, not their height.`,
      [
        { ...ACCELERATED, dashed: true, points: overBatch(rows, ({ published }) => published?.accelerated) },
        { ...DEFAULT, dashed: true, points: overBatch(rows, ({ published }) => published?.default) },
      ],
      { y: 'images a second' },
    ),
    curves(
      'Speed-up',
      'Images a second, accelerated ÷ default. At 1× both are equally fast.',
      [
        { ...OURS, points: overBatch(rows, ({ ratio }) => ratio) },
        { ...THEIRS, points: overBatch(rows, ({ published }) => published?.ratio) },
      ],
      { y: 'times the default', unit: '×', level: 1 },
    ),
  ];
}

/** The figures of the curves; published values and parts appear only where there are any. */
function rateTable(rows: readonly ScoreRow[]): Html {
  const both = (row: ScoreRow, text: (score: Score) => string): string =>
    [...new Set([text(row.default), text(row.accelerated)])].join(' / ');
  const columns = [
    right<ScoreRow>('batch', ({ batch }) => batch),
    right<ScoreRow>('default', (row) => significant(row.default.imagesPerSecond)),
    right<ScoreRow>('accelerated', ({ accelerated }) => significant(accelerated.imagesPerSecond)),
    right<ScoreRow>('ratio', ({ ratio }) => `${significant(ratio)}×`),
  ];
  if (rows.some(({ published }) => published !== null)) {
    columns.push(
      right('published default', ({ published }) => published && significant(published.default)),
      right('published accelerated', ({ published }) => published && significant(published.accelerated)),
      right('published ratio', ({ published }) => published && `${significant(published.ratio)}×`),
    );
  }
  columns.push(right('passes', (row) => both(row, ({ dryRuns, passes }) => `${dryRuns} + ${passes}`)));
  let caption = 'Images a second. Passes: unmeasured + measured ones, default / accelerated where they differ.';
  if (rows.some((row) => row.default.parts > 1 || row.accelerated.parts > 1)) {
    columns.push(right('parts', (row) => both(row, ({ parts }) => String(parts))));
    caption += ' Parts: what the batch was divided into, to fit in memory.';
  }
  return table(caption, columns, rows);
}
