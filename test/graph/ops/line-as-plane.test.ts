import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { evaluateGraph } from '../../../src/graph/evaluate.ts';
import type { Graph, Node } from '../../../src/graph/graph.ts';
import { parseGraph } from '../../../src/graph/parse-graph.ts';
import { decompose } from '../../../src/graph/passes/decompose.ts';
import { simplifyGraph } from '../../../src/graph/passes/simplify.ts';
import type { Parameter } from '../../../src/graph/values.ts';
import { randomArray, uniform } from '../../../src/tensor/random.ts';
import { runs } from '../../support/runs.ts';

const drawn = fc.record({
  op: fc.constantFrom('convolution-nd', 'max-pooling-nd', 'average-pooling-nd'),
  groups: fc.constantFrom(1, 2),
  taps: fc.integer({ min: 1, max: 3 }),
  width: fc.integer({ min: 7, max: 12 }),
  stride: fc.option(fc.tuple(fc.integer({ min: 1, max: 3 })), { nil: undefined }),
  dilation: fc.option(fc.tuple(fc.integer({ min: 1, max: 2 })), { nil: undefined }),
  padding: fc.option(
    fc.oneof(
      fc.record({ before: fc.tuple(fc.nat(1)), after: fc.tuple(fc.nat(1)) }),
      fc.constantFrom('same' as const, 'same-lower' as const),
    ),
    { nil: undefined },
  ),
  hasBias: fc.boolean(),
  seed: fc.nat(1 << 20),
});

function weights(shape: readonly number[], seed: number): Parameter {
  const size = shape.reduce((product, extent) => product * extent, 1);
  return { type: { dtype: 'float32', shape }, data: randomArray(size, uniform(seed)), role: 'weight' };
}

describe('windows along lines', () => {
  it('computes what lines do, of sizes that are known or not', () => {
    const property = fc.property(drawn, fc.boolean(), (given, isOpen) => {
      const { op, groups, taps, width, stride, dilation, padding, hasBias, seed } = given;
      const isConvolution = op === 'convolution-nd';
      const own = isConvolution ? { groups } : { size: [taps] };
      const node = {
        ...{ name: 'f', op, outputs: ['y'], inputs: ['x', ...(isConvolution ? ['w', ...(hasBias ? ['b'] : [])] : [])] },
        attributes: { ...own, stride, dilation, padding },
      } as unknown as Node;
      const parameters = new Map<string, Parameter>();
      if (isConvolution) parameters.set('w', weights([4, 4 / groups, taps], seed));
      if (isConvolution && hasBias) parameters.set('b', weights([4], seed + 1));
      const shape = isOpen ? ['N', 4, 'W'] : [2, 4, width];
      const inputs = new Map([['x', { dtype: 'float32' as const, shape }]]);
      const graph: Graph = parseGraph({ name: 'test', inputs, parameters, nodes: [node], outputs: ['y'] });
      const made = decompose(graph);
      expect(made.nodes.map((each) => each.op)).toEqual(['unsqueeze', op, 'squeeze']);
      const x = { shape: [2, 4, width], data: Float64Array.from(randomArray(8 * width, uniform(seed + 2))) };
      const [expected, got] = [graph, parseGraph(made)].map((each) => evaluateGraph(each, { x }).get('y'));
      expect(got?.shape).toEqual(expected?.shape);
      expected?.data.forEach((value, i) => {
        // A window of padding alone has a maximum of −∞.
        if (got?.data[i] === value) return;
        expect(Math.abs((got?.data[i] ?? Number.NaN) - value)).toBeLessThan(1e-12);
      });
      // What 'same' needs may wait for a size.
      const isTold = isConvolution && typeof padding !== 'string';
      if (isTold) expect(simplifyGraph(graph).nodes.some((each) => each.op === 'convolution')).toBe(true);
    });
    fc.assert(property, { numRuns: runs(150) });
  });

  it('leaves places of maxima, which are counted in lines, and kernels that are computed', () => {
    const x = { dtype: 'float32' as const, shape: [1, 2, 8] };
    const base = { name: 'test', parameters: new Map(), outputs: ['y'] };
    const maxima: Node = {
      ...{ name: 'f', op: 'max-pooling-nd', inputs: ['x'], outputs: ['y', 'i'], attributes: { size: [2] } },
    };
    const pooled = parseGraph({ ...base, inputs: new Map([['x', x]]), nodes: [maxima] });
    expect(decompose(pooled)).toBe(pooled);
    const node: Node = { name: 'f', op: 'convolution-nd', inputs: ['x', 'w'], outputs: ['y'], attributes: {} };
    const w = { dtype: 'float32' as const, shape: [3, 2, 2] };
    const inputs = new Map([
      ['x', x],
      ['w', w],
    ]);
    const computed = parseGraph({ ...base, inputs, nodes: [node] });
    expect(decompose(computed)).toBe(computed);
  });
});
