import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { evaluateGraph } from '../../../src/graph/evaluate.ts';
import type { Graph, Node } from '../../../src/graph/graph.ts';
import { parseGraph } from '../../../src/graph/parse-graph.ts';
import { decompose } from '../../../src/graph/passes/decompose.ts';
import { runGraph } from '../../../src/graph/run-graph.ts';
import type { Parameter } from '../../../src/graph/values.ts';
import { makeArray, sizeOf } from '../../../src/tensor/ndarray.ts';
import { randomArray, uniform } from '../../../src/tensor/random.ts';
import { runs } from '../../support/runs.ts';

interface Drawn {
  readonly stride: number;
  readonly groups: number;
  readonly groupInputs: number;
  readonly groupOutputs: number;
  readonly taps: readonly [number, number];
  readonly size: readonly [number, number];
  readonly padding: readonly [number, number, number, number] | 'same' | 'same-lower';
  readonly outputPadding: readonly [number, number];
  readonly hasBias: boolean;
  readonly seed: number;
}

const drawn: fc.Arbitrary<Drawn> = fc.record({
  stride: fc.integer({ min: 2, max: 4 }),
  groups: fc.integer({ min: 1, max: 2 }),
  groupInputs: fc.integer({ min: 1, max: 3 }),
  groupOutputs: fc.integer({ min: 1, max: 3 }),
  taps: fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 })),
  size: fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 })),
  padding: fc.oneof(
    fc.tuple(fc.nat(2), fc.nat(2), fc.nat(2), fc.nat(2)),
    fc.constantFrom('same' as const, 'same-lower' as const),
  ),
  outputPadding: fc.tuple(fc.nat(1), fc.nat(1)),
  hasBias: fc.boolean(),
  seed: fc.nat(1 << 20),
});

function parameter(shape: readonly number[], seed: number): Parameter {
  return { type: { dtype: 'float32', shape }, data: randomArray(sizeOf(shape), uniform(seed)), role: 'weight' };
}

/** The graph of one transposed convolution; null where padding takes all of it away. */
function graphOf(given: Drawn): Graph | null {
  const { stride, groups, groupInputs, groupOutputs, taps, padding, outputPadding, hasBias, seed } = given;
  const channels = groups * groupInputs;
  const [top, bottom, left, right] = typeof padding === 'string' ? [0, 0, 0, 0] : padding;
  const isEmpty = [0, 1].some((axis) => {
    const whole = (given.size[axis] - 1) * stride + taps[axis] + outputPadding[axis];
    return whole <= (axis === 0 ? top + bottom : left + right);
  });
  if (isEmpty) return null;
  const node: Node = {
    ...{ name: 'up', op: 'transposed-convolution', outputs: ['y'], inputs: ['x', 'w', ...(hasBias ? ['b'] : [])] },
    attributes: {
      groups,
      outputPadding,
      stride: [stride, stride],
      padding: typeof padding === 'string' ? padding : { before: [top, left], after: [bottom, right] },
    },
  };
  const parameters = new Map([['w', parameter([channels, groupOutputs, ...taps], seed)]]);
  if (hasBias) parameters.set('b', parameter([groups * groupOutputs], seed + 1));
  const inputs = new Map([['x', { dtype: 'float32' as const, shape: [2, channels, ...given.size] }]]);
  return parseGraph({ name: 'test', inputs, parameters, nodes: [node], outputs: ['y'] });
}

describe('a transposed convolution', () => {
  it('computes what the transposed convolution does, by its definition and as it runs', () => {
    let split = 0;
    const property = fc.property(drawn, (given) => {
      const graph = graphOf(given);
      if (graph === null) return;
      const made = decompose(graph, graph.inputs);
      expect(made.nodes.map(({ op }) => op)).toEqual(['convolution', 'depth-to-space', 'slice']);
      split++;
      const shape = graph.inputs.get('x')?.shape as readonly number[];
      const x = randomArray(sizeOf(shape), uniform(given.seed + 2));
      const input = { x: { shape, data: Float64Array.from(x) } };
      const [expected, got] = [graph, parseGraph(made)].map((each) => evaluateGraph(each, input).get('y'));
      const { y } = runGraph(graph, { x: makeArray(x, shape) });
      expect(got?.shape).toEqual(expected?.shape);
      expect([...y.shape]).toEqual(expected?.shape);
      // The same sums in another order; terms are at most 1, of which there are at most 3 · 5 · 5 and a bias.
      expected?.data.forEach((value, i) => {
        expect(Math.abs((got?.data[i] ?? Number.NaN) - value)).toBeLessThan(1e-12);
        expect(Math.abs(Number(y.data[i]) - value)).toBeLessThan(76 * 76 * 2 ** -24);
      });
    });
    fc.assert(property, { numRuns: runs(150) });
    expect(split).toBeGreaterThan(50);
  });

  it('leaves strides that differ, dilations and kernels that are computed', () => {
    const whole = graphOf({
      ...{ stride: 2, groups: 1, groupInputs: 2, groupOutputs: 3, taps: [2, 2], size: [3, 3], padding: 'same' },
      ...{ outputPadding: [0, 0], hasBias: false, seed: 1 },
    }) as Graph;
    const [node] = whole.nodes;
    for (const attributes of [{ stride: [2, 3] }, { stride: [2, 2], dilation: [2, 1] }, {}]) {
      const graph = parseGraph({ ...whole, nodes: [{ ...node, attributes } as Node] });
      expect(decompose(graph, graph.inputs)).toBe(graph);
    }
    const w = { dtype: 'float32' as const, shape: [2, 3, 2, 2] };
    const graph = parseGraph({ ...whole, inputs: new Map([...whole.inputs, ['w', w]]), parameters: new Map() });
    expect(decompose(graph, graph.inputs)).toBe(graph);
  });
});
