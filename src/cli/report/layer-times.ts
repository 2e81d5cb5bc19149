/** Where the time of a network goes: its layers by phase, by both implementations, at the least and the largest batch. */
import type { Phases, Score, ScoredNode, ScoreRow } from '../score/result.ts';
import { PHASES, type PhaseBar, phasesPlot } from './bars.ts';
import { folded, type Html, left, right, significant, table } from './html.ts';
import { type Drawing, figure, grid, legend, WIDTHS } from './plots.ts';

/** A layer that takes less than this part of every run is summed up with the others. */
const SMALL = 0.01;

/** The figures, with the same layers on the same scale, and all layers as tables. */
export function layerContent(drawing: Drawing, rows: readonly ScoreRow[]): (Html | null)[] {
  const ends = [...new Set([rows[0], rows[rows.length - 1]])].filter(({ accelerated }) => accelerated.nodes.length > 0);
  const large = new Set(ends.flatMap((row) => [...largeNodes(row.default), ...largeNodes(row.accelerated)]));
  const bars = ends.map((row) => layerBars(row, large));
  const among = bars.flat();
  const figures = ends.map(({ network, batch }, i) =>
    figure(drawing, {
      subject: network,
      title: `Time by layer, batch ${batch}`,
      caption:
        'Each layer by the default implementation (above, pale) and by the accelerated one (below, with its algorithm). ' +
        'Layers that take less than 1 % of every run are summed up.',
      legend: legend(drawing, PHASES),
      plot: phasesPlot(drawing, bars[i], among, { width: WIDTHS.halves, x: 'milliseconds an image' }),
    }),
  );
  return [grid('halves', figures), ...ends.map(layerTable)];
}

function layerBars({ batch, default: plain, accelerated }: ScoreRow, large: ReadonlySet<string>): PhaseBar[] {
  const bars = (score: Score, bar: string, pale: boolean): PhaseBar[] => {
    const shown = score.nodes.filter(({ name }) => large.has(name));
    const small = score.nodes.filter(({ name }) => !large.has(name));
    const note = ({ algorithm }: ScoredNode): string => (pale || algorithm === null ? bar : algorithm);
    const others = { layer: othersName(small.length), bar, note: bar, pale, phases: phasesAnImage(small, batch) };
    return [
      ...shown.map((node) => ({ layer: node.name, bar, note: note(node), pale, phases: phasesAnImage([node], batch) })),
      ...(small.length === 0 ? [] : [others]),
    ];
  };
  return [...bars(plain, 'default', true), ...bars(accelerated, 'accelerated', false)];
}

function othersName(count: number): string {
  return count === 1 ? '1 other layer' : `${count} other layers`;
}

function largeNodes({ nodes }: Score): string[] {
  const whole = nodes.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
  return nodes.filter(({ milliseconds }) => milliseconds >= SMALL * whole).map(({ name }) => name);
}

/** The phases of some nodes together, for one image. */
function phasesAnImage(nodes: readonly ScoredNode[], batch: number): Phases {
  const of = (phase: keyof Phases): number => nodes.reduce((sum, { phases }) => sum + phases[phase], 0) / batch;
  const [inputTransform, blockMultiplication, outputTransform, other] = PHASES.map(({ phase }) => of(phase));
  return { inputTransform, blockMultiplication, outputTransform, other };
}

/** Every layer of both runs. */
function layerTable({ batch, default: plain, accelerated }: ScoreRow): Html {
  const byName = new Map(plain.nodes.map((node) => [node.name, node]));
  const milliseconds = (node: ScoredNode | undefined): string =>
    node === undefined ? '' : significant(node.milliseconds / batch);
  const columns = [
    left<ScoredNode>('layer', ({ name }) => name),
    left<ScoredNode>('operation', ({ op }) => op),
    left<ScoredNode>('shapes', ({ description }) => description),
    left<ScoredNode>('algorithm', ({ algorithm }) => algorithm),
    right<ScoredNode>('default, ms', ({ name }) => milliseconds(byName.get(name))),
    right<ScoredNode>('accelerated, ms', milliseconds),
    right<ScoredNode>('GFLOP/s', ({ multiplyAdds, gflops }) => (multiplyAdds === 0 ? '' : significant(gflops))),
  ];
  const caption = 'Milliseconds an image; GFLOP/s of the direct computation in the accelerated time.';
  return folded(`All layers at batch ${batch}`, table(caption, columns, accelerated.nodes));
}
