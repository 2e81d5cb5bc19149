/** The page of `bench --html`: algorithms over the size of the image, algorithms and phases by layer, and the goals. */
import type { SymbolType } from '@observablehq/plot';
import { ALGORITHM_NAMES, type AlgorithmName } from '../../src/algorithms/algorithm.ts';
import { counted } from '../../src/cli/machine.ts';
import { PHASES, phasesPlot, speedsPlot } from '../../src/cli/report/bars.ts';
import { curvesPlot } from '../../src/cli/report/curves.ts';
import { folded, type Html, html, left, type Piece, right, significant, table } from '../../src/cli/report/html.ts';
import { section, writePage } from '../../src/cli/report/page.ts';
import { type Drawing, figure, grid, legend, loadDrawing, WIDTHS } from '../../src/cli/report/plots.ts';
import type { Colour } from '../../src/cli/report/style.ts';
import { FOURIER_TILES, STRIDED_TILES, WINOGRAD_TILES } from '../../src/maths/tiles.ts';
import { isMet } from '../goal.ts';
import type { BenchResult, Goal, LayerTimes, Row, SizeTimes } from '../result.ts';

interface Look {
  readonly colour: Colour;
  readonly symbol: SymbolType;
}

/** Five, which no number of colours below divides: the first algorithms of a family differ in both, and all of them in one. */
const SYMBOLS = ['square', 'diamond', 'star', 'triangle', 'wye'] as const;

function looksOf(family: readonly AlgorithmName[], colours: readonly Colour[]): [AlgorithmName, Look][] {
  return family.map((name, i) => [name, { colour: colours[i % colours.length], symbol: SYMBOLS[i % SYMBOLS.length] }]);
}

/** Related algorithms have related colours: Winograd blue, Fourier from orange to red, the default black. */
const LOOKS: ReadonlyMap<AlgorithmName, Look> = new Map<AlgorithmName, Look>([
  ['direct', { colour: 'green', symbol: 'cross' }],
  ['depthwise', { colour: 'green', symbol: 'circle' }],
  ...looksOf(
    [...WINOGRAD_TILES.map(({ name }) => name), ...STRIDED_TILES.map(({ name }) => `${name}-strided` as const)],
    ['blue', 'sky'],
  ),
  ...looksOf(
    FOURIER_TILES.map(({ name }) => name),
    ['orange', 'vermillion', 'purple', 'wine'],
  ),
  ['implicit-gemm', { colour: 'black', symbol: 'circle' }],
  ['reference', { colour: 'grey', symbol: 'circle' }],
]);

/** How an algorithm is drawn. */
export function lookOf(algorithm: AlgorithmName): Look {
  return LOOKS.get(algorithm)!;
}

/**
 * One self-contained page of plots and tables; the same result gives the same bytes.
 *
 * @throws NnpackError when the packages that draw are not installed
 */
export async function benchPage(result: BenchResult): Promise<string> {
  const { machine, kernels, reasons, rows, layers, sizes, stopped } = result;
  const drawing = await loadDrawing();
  const measuredSizes = sizes.filter(({ points }) => points.length > 0);
  const measuredLayers = layers.filter(({ candidates }) => candidates.length > 0);
  const ofConfiguration = (name: string): Html =>
    layersSection(
      drawing,
      name,
      measuredLayers.filter((layer) => configuration(layer) === name),
    );
  return writePage({
    title: 'nnpack-ts bench',
    lead:
      'Convolution layers by one algorithm beside the other. GFLOP/s count the operations of the direct computation, ' +
      'whatever an algorithm really does, so that they compare as times do. What was measured on a layer is the default ' +
      'implementation and every algorithm that was estimated to take at most five times as long as the fastest.',
    machine,
    settings: [`${kernels} kernels`, ...reasons].join('; '),
    stopped,
    sections: [
      ...(measuredSizes.length === 0 ? [] : [sizesSection(drawing, measuredSizes)]),
      ...[...new Set(measuredLayers.map(configuration))].map(ofConfiguration),
      ...(rows.length === 0 ? [] : [rowsSection(rows)]),
    ],
  });
}

/** One kind of layer over the sizes, and the algorithms that were measured on it. */
interface Family {
  readonly name: string;
  readonly sizes: readonly SizeTimes[];
  readonly algorithms: readonly AlgorithmName[];
}

function sizesSection(drawing: Drawing, sizes: readonly SizeTimes[]): Html {
  const families = [...new Set(sizes.map(({ family }) => family))].map((name): Family => {
    const own = sizes.filter(({ family }) => family === name).sort((a, b) => a.size - b.size);
    const measured = new Set(own.flatMap(({ points }) => points.map(({ algorithm }) => algorithm)));
    return { name, sizes: own, algorithms: ALGORITHM_NAMES.filter((algorithm) => measured.has(algorithm)) };
  });
  return section({
    heading: 'Algorithms over the size of the image',
    lead: 'Each kind of layer (input channels → output channels, kernel) by every algorithm that was measured on it.',
    content: [
      grid(
        'halves',
        families.map((family) => familyFigure(drawing, family)),
      ),
      folded('The figures of these curves', families.map(familyTable)),
    ],
  });
}

function speedsOf({ points }: SizeTimes, name: AlgorithmName): number[] {
  return points.filter(({ algorithm }) => algorithm === name).map(({ gflops }) => gflops);
}

function familyFigure(drawing: Drawing, { name, sizes, algorithms }: Family): Html {
  const curves = algorithms.map((algorithm) => ({
    name: algorithm,
    ...lookOf(algorithm),
    points: sizes.flatMap((times) => speedsOf(times, algorithm).map((y) => ({ x: times.size, y }))),
  }));
  const axes = { width: WIDTHS.halves, height: 320, x: 'image size, pixels on a side', y: 'GFLOP/s' };
  return figure(drawing, {
    subject: 'GFLOP/s by algorithm over image size',
    title: name,
    caption: null,
    legend: legend(drawing, curves),
    plot: curvesPlot(drawing, curves, axes),
  });
}

function familyTable({ name, sizes, algorithms }: Family): Html {
  const columns = algorithms.map((algorithm) =>
    right<SizeTimes>(algorithm, (times) => speedsOf(times, algorithm).map(significant)),
  );
  return table(`${name}, GFLOP/s`, [right<SizeTimes>('size', ({ size }) => size), ...columns], sizes);
}

/** All layers of one configuration: every algorithm on each, and the phases of the chosen ones. */
function layersSection(drawing: Drawing, name: string, layers: readonly LayerTimes[]): Html {
  const most = Math.max(...layers.flatMap(({ candidates }) => candidates.map(({ gflops }) => gflops)));
  const figures = layers.map(({ layer, candidates }) => {
    const bars = candidates.map(({ algorithm, gflops, chosen }) => ({
      name: algorithm,
      speed: gflops,
      marked: chosen,
    }));
    const plot = speedsPlot(drawing, bars, 'chosen', most, { width: WIDTHS.thirds, x: 'GFLOP/s' });
    return figure(drawing, { subject: 'GFLOP/s by algorithm', title: layer, caption: null, legend: null, plot });
  });
  return section({
    heading: `Layers, ${name}`,
    lead:
      'Each layer (input channels → output channels @ image size) by every algorithm that was measured on it. ' +
      'The one that the dispatcher takes is blue and named chosen.',
    content: [
      grid('thirds', figures),
      grid('whole', [phasesFigure(drawing, name, layers)]),
      folded(`All figures of these layers, ${name}`, layersTable(layers)),
    ],
  });
}

function phasesFigure(drawing: Drawing, name: string, layers: readonly LayerTimes[]): Html | null {
  const bars = layers.flatMap(({ layer, candidates }) =>
    candidates
      .filter(({ chosen }) => chosen)
      .map(({ algorithm, phases }) => ({ layer, bar: 'chosen', note: algorithm, phases })),
  );
  if (bars.length === 0) return null;
  return figure(drawing, {
    subject: name,
    title: 'Time by layer and phase, chosen algorithms',
    caption: 'At the end of each bar its length and the algorithm.',
    legend: legend(drawing, PHASES),
    plot: phasesPlot(drawing, bars, bars, { width: WIDTHS.whole, x: 'milliseconds' }),
  });
}

type CandidateRow = LayerTimes['candidates'][number] & { readonly layer: string };

function layersTable(layers: readonly LayerTimes[]): Html {
  const items = layers.flatMap(({ layer, candidates }) => candidates.map((candidate) => ({ layer, ...candidate })));
  return table(
    'Milliseconds, whole and by phase',
    [
      left<CandidateRow>('layer', ({ layer }) => layer),
      left<CandidateRow>('algorithm', ({ algorithm }) => algorithm),
      left<CandidateRow>('', ({ chosen }) => (chosen ? 'chosen' : '')),
      right<CandidateRow>('GFLOP/s', ({ gflops }) => significant(gflops)),
      right<CandidateRow>('ms', ({ milliseconds }) => significant(milliseconds)),
      ...PHASES.map(({ phase, name }) => right<CandidateRow>(name, ({ phases }) => significant(phases[phase]))),
    ],
    items,
  );
}

function rowsSection(rows: readonly Row[]): Html {
  const goals = rows.filter(({ goal }) => goal !== undefined);
  const met = `${goals.filter(isMet).length} of ${goals.length} goals are met.`;
  const columns = [
    left<Row>('what', ({ what }) => what),
    right<Row>('value', ({ value, unit }) => `${significant(value)} ${unit}`),
    left<Row>('against', ({ against }) => against ?? ''),
    right<Row>('ratio', ({ ratio }) => (ratio === undefined ? '' : `${significant(ratio)}×`)),
    right<Row>('goal', ({ goal }) => (goal === undefined ? '' : formatGoal(goal))),
    left<Row>('met', (row) => formatMet(isMet(row))),
  ];
  return section({
    heading: goals.length === 0 ? 'Further figures' : 'Goals',
    lead: `${goals.length === 0 ? '' : `${met} `}A row without a goal only informs.`,
    content: [table('Figures of one run, each beside what it is compared with', columns, rows)],
  });
}

function formatMet(met: boolean | undefined): Piece {
  if (met === undefined) return '';
  return met ? 'yes' : html`<span class="missed">no</span>`;
}

function formatGoal(goal: Goal): string {
  return 'atLeast' in goal ? `≥ ${goal.atLeast}×` : `≤ ${goal.atMost}×`;
}

function configuration({ kernels, threads }: LayerTimes): string {
  return `${kernels} kernels, ${counted(threads, 'thread')}`;
}
