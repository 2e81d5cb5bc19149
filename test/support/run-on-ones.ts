/** Runs of graphs of which only little is known. */
import { NnpackError } from '../../src/errors.ts';
import type { Graph } from '../../src/graph/graph.ts';
import { runGraph } from '../../src/graph/run-graph.ts';
import { parameterOf } from '../../src/graph/values.ts';
import { sizeOf } from '../../src/tensor/ndarray.ts';

/** More elements are no run of a test. */
const MOST = 2 ** 16;

/** Outputs for ones, two of them where a size may be any. */
export function runOnOnes(graph: Graph) {
  const inputs = [...graph.inputs].map(([name, { dtype, shape }]) => {
    const sizes = shape.map((size) => (typeof size === 'number' ? size : 2));
    const { data } = parameterOf({ shape: sizes, data: new Float64Array(sizeOf(sizes)).fill(1) }, dtype, 'constant');
    return [name, { data, shape: sizes }] as const;
  });
  return runGraph(graph, Object.fromEntries(inputs));
}

/** Shapes may still not fit, which is found when they are known: as an NnpackError too. */
export function expectRunOrRefused(graph: Graph): void {
  const sizes = [...graph.inputs.values()].map(({ shape }) => sizeOf(shape.map((size) => Number(size) || 2)));
  if (sizes.some((size) => size > MOST)) return;
  try {
    runOnOnes(graph);
  } catch (error) {
    if (!(error instanceof NnpackError)) throw error;
  }
}
