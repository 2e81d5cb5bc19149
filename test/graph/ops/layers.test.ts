/** Layers over any number of axes: as compiled against their definitions, and against the operations that they become. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseSelection } from '../../../src/dispatch/select.ts';
import type { Node } from '../../../src/graph/graph.ts';
import { shapeOf, typesOf } from '../../../src/graph/infer.ts';
import { lowerNode } from '../../../src/graph/lower.ts';
import { operationOf } from '../../../src/graph/ops/table.ts';
import type { DoubleTensor, Size } from '../../../src/graph/values.ts';
import { type Context, createContext } from '../../../src/index.ts';
import { sizeOf } from '../../../src/tensor/ndarray.ts';
import { runs } from '../../support/runs.ts';
import { randomNumbers } from '../arbitrary.ts';
import { type Draw, LAYER_DRAWS, type Pick } from './drawn-layers.ts';
import { oneNode } from './one-node.ts';
import { runNode } from './run-node.ts';

let contexts: Context[];
beforeAll(async () => {
  contexts = await Promise.all(
    (['scalar', 'auto'] as const).flatMap((kernels) => [1, 2].map((threads) => createContext({ kernels, threads }))),
  );
});
afterAll(() => {
  for (const context of contexts) context.dispose();
});

type Op = keyof typeof LAYER_DRAWS;
const LAYERS = Object.keys(LAYER_DRAWS) as Op[];

function pickFrom(seed: number): Pick {
  const numbers = randomNumbers(seed, 200);
  let i = 0;
  return (below) => Math.floor(((numbers[i++ % 200] + 1) / 2) * below) % below;
}

function drawn(op: Op, seed: number): Draw & { readonly inputs: readonly DoubleTensor[] } {
  const draw = LAYER_DRAWS[op](pickFrom(seed));
  const inputs = draw.shapes.map((shape, i): DoubleTensor => {
    const numbers = randomNumbers(seed + 1 + i, sizeOf(shape));
    return { shape, data: Float64Array.from(numbers, draw.isPositive ? Math.abs : (undefined as never)) };
  });
  return { ...draw, inputs };
}

const absolute = ({ shape, data }: DoubleTensor): DoubleTensor => ({ shape, data: data.map(Math.abs) });

/** How far the numbers are beyond what they may be; 0 where they are not. */
function excess(draw: Draw, inputs: readonly DoubleTensor[], node: Node, y: DoubleTensor, got: ArrayLike<number>) {
  const [most] = operationOf(node).reference(node, inputs.map(absolute));
  return y.data.reduce((worst, expected, i) => {
    const allowed = draw.bound({ inputs, y, absolute: most }, i);
    const off = got[i] === expected ? 0 : Math.abs(got[i] - expected);
    return off <= allowed ? worst : Math.max(worst, Number.isNaN(off) ? Infinity : off / allowed);
  }, 0);
}

describe.each(LAYERS)('%s', (op) => {
  it('computes what its definition says', () => {
    const property = fc.property(fc.nat(1 << 24), (seed) => {
      const draw = drawn(op, seed);
      const { graph, node, types } = oneNode(op, draw.attributes, draw.shapes, { outputs: draw.outputs });
      const expected = operationOf(node).reference(node, draw.inputs);
      expect(node.outputs.map((name) => shapeOf(types, name))).toEqual(expected.map(({ shape }) => shape));
      for (const context of contexts) {
        const compiled = lowerNode(graph, node, types, parseSelection('test', {}), context);
        expect(compiled.isReference).toBe(false);
        const got = runNode(
          context,
          compiled,
          draw.inputs,
          expected.map(({ data }) => data.length),
        );
        expected.forEach((y, i) => {
          expect(excess(draw, draw.inputs, node, y, got[i])).toBe(0);
        });
      }
    });
    fc.assert(property, { numRuns: runs(60) });
  });
});

/** Sizes of the first input that are known by name only, but for its channels. */
function named(shapes: readonly (readonly number[])[]): readonly (readonly Size[])[] {
  return shapes.map((shape, i) => (i > 0 ? shape : shape.map((size, axis) => (axis === 1 ? size : `S${axis}`))));
}

describe.each(LAYERS.filter((op) => 'specialise' in operationOf({ op })))('%s', (op) => {
  it.each([
    ['known', (shapes: readonly (readonly number[])[]) => shapes],
    ['named', named],
  ] as const)('is another operation for sizes that are %s, and computes the same', (_kind, typesFor) => {
    let special = 0;
    const property = fc.property(fc.nat(1 << 24), (seed) => {
      const { attributes, shapes, inputs } = drawn(op, seed);
      const told = oneNode(op, attributes, typesFor(shapes));
      const other = operationOf(told.node).specialise?.(told.node, typesOf(told.types, told.node.inputs)) ?? null;
      if (other === null) return;
      special++;
      // What it becomes is checked like any other.
      const { node } = oneNode(other.op as Op, other.attributes, shapes);
      const [expected] = operationOf(told.node).reference(told.node, inputs);
      const [got] = operationOf(node).reference(node, inputs);
      expect(got.shape).toEqual(expected.shape);
      const off = got.data.map((value, i) => (value === expected.data[i] ? 0 : Math.abs(value - expected.data[i])));
      expect(off.every((difference) => difference < 1e-12)).toBe(true);
    });
    // Where few are special, luck may miss them: draws go on until there are some.
    for (let round = 0; round === 0 || (special <= 5 && round < 20); round++) {
      fc.assert(property, { numRuns: runs(200) });
    }
    expect(special).toBeGreaterThan(5);
  });
});
