/** The operations that only move elements, and that networks do not have: split and transpose, to the bit. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseSelection } from '../../../src/dispatch/select.ts';
import type { Graph, Node } from '../../../src/graph/graph.ts';
import { inferTypes, shapeOf } from '../../../src/graph/infer.ts';
import { lowerNode } from '../../../src/graph/lower.ts';
import { operationOf } from '../../../src/graph/ops/table.ts';
import { parseGraph } from '../../../src/graph/parse-graph.ts';
import { type Context, createContext } from '../../../src/index.ts';
import { sizeOf } from '../../../src/tensor/ndarray.ts';
import { runs } from '../../support/runs.ts';
import { randomNumbers } from '../arbitrary.ts';
import { runNode } from './run-node.ts';

let contexts: Context[];
beforeAll(async () => {
  const kinds = (['scalar', 'auto'] as const).flatMap((kernels) => [1, 2].map((threads) => ({ kernels, threads })));
  contexts = await Promise.all(kinds.map((options) => createContext(options)));
});
afterAll(() => {
  for (const context of contexts) context.dispose();
});

/** Runs the one node of a graph on x, and holds what its reference and the compiled node give to what is expected. */
function expectMoves(given: Node, shape: readonly number[], seed: number, expected: readonly (readonly number[])[][]) {
  const [shapes, numbers] = expected;
  const graph: Graph = parseGraph({
    name: 'one',
    inputs: new Map([['x', { dtype: 'float32', shape }]]),
    parameters: new Map(),
    nodes: [given],
    outputs: given.outputs,
  });
  const [node] = graph.nodes;
  const types = inferTypes(graph);
  expect(node.outputs.map((name) => shapeOf(types, name))).toEqual(shapes);
  const x = { shape, data: Float64Array.from(randomNumbers(seed, sizeOf(shape))) };
  const references = operationOf(node).reference(node, [x]);
  expect(references.map((value) => value.shape)).toEqual(shapes);
  expect(references.map((value) => [...value.data])).toEqual(numbers);
  for (const context of contexts) {
    const results = runNode(
      context,
      lowerNode(graph, node, types, parseSelection('test', {}), context),
      [x],
      shapes.map(sizeOf),
    );
    expect(results.map((data) => [...data])).toEqual(numbers);
  }
}

const extent = fc.integer({ min: 1, max: 5 });

describe('split', () => {
  it('gives groups of channels, wherever these begin', () => {
    const sizes = fc.array(extent, { minLength: 1, maxLength: 5 });
    const pixels = fc.array(extent, { maxLength: 3 });
    const property = fc.property(extent, sizes, pixels, fc.nat(1 << 20), (batch, channels, plane, seed) => {
      const total = channels.reduce((a, b) => a + b);
      const image = total * sizeOf(plane);
      const x = [...randomNumbers(seed, batch * image)];
      let from = 0;
      const numbers = channels.map((count) => {
        const first = from;
        from += count * sizeOf(plane);
        const parts = Array.from({ length: batch }, (_, n) => x.slice(n * image + first, n * image + from));
        return parts.flat();
      });
      const node: Node<'split'> = {
        name: 'cut',
        op: 'split',
        inputs: ['x'],
        outputs: channels.map((_, i) => `y${i}`),
        attributes: { sizes: channels },
      };
      const shapes = channels.map((count) => [batch, count, ...plane]);
      expectMoves(node, [batch, total, ...plane], seed, [shapes, numbers]);
    });
    fc.assert(property, { numRuns: runs(40) });
  });
});

describe('transpose', () => {
  it('puts axis p[a] at axis a, of as many as there are', () => {
    const axes = fc.integer({ min: 1, max: 6 }).chain((rank) =>
      fc.record({
        shape: fc.array(fc.integer({ min: 1, max: rank > 4 ? 3 : 6 }), { minLength: rank, maxLength: rank }),
        order: fc.shuffledSubarray([...Array(rank).keys()], { minLength: rank, maxLength: rank }),
      }),
    );
    const property = fc.property(axes, fc.nat(1 << 20), ({ shape, order }, seed) => {
      const made = order.map((axis) => shape[axis]);
      const x = randomNumbers(seed, sizeOf(shape));
      // Each element of the input goes where its index, in the new order, says.
      const y = new Array<number>(x.length).fill(Number.NaN);
      x.forEach((value, place) => {
        const index: number[] = [];
        let rest = place;
        for (let axis = shape.length - 1; axis >= 0; axis--) {
          index[axis] = rest % shape[axis];
          rest = Math.floor(rest / shape[axis]);
        }
        y[order.reduce((at, axis, a) => at * made[a] + index[axis], 0)] = value;
      });
      const node: Node<'transpose'> = {
        name: 'turn',
        op: 'transpose',
        inputs: ['x'],
        outputs: ['y'],
        attributes: { permutation: order },
      };
      expectMoves(node, shape, seed, [[made], [y]]);
    });
    fc.assert(property, { numRuns: runs(60) });
  });
});
