/** What repeats, joins, parts, pads and picks elements, by hand and by its kernels. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Node } from '../../../src/graph/graph.ts';
import { inferTypes } from '../../../src/graph/infer.ts';
import { parseGraph } from '../../../src/graph/parse-graph.ts';
import { runGraph } from '../../../src/graph/run-graph.ts';
import { type Context, createContext } from '../../../src/index.ts';
import { sizeOf } from '../../../src/tensor/ndarray.ts';
import { runs } from '../../support/runs.ts';
import { counting, expectKernels, graphOf, type Lists, made } from './moved-node.ts';

let contexts: Context[];
beforeAll(async () => {
  contexts = await Promise.all((['scalar', 'auto'] as const).map((kernels) => createContext({ kernels })));
});
afterAll(() => {
  for (const context of contexts) context.dispose();
});

const shapes = (least: number, most: number) =>
  fc.array(fc.integer({ min: 1, max: 5 }), { minLength: least, maxLength: most });
const seeds = fc.nat(1 << 20);

describe('by hand', () => {
  it.each<[string, readonly number[], Lists, object, readonly number[]]>([
    ['expand', [3], [[2, 1]], {}, [0, 1, 2, 0, 1, 2]],
    ['expand', [2, 1], [[3]], {}, [0, 0, 0, 1, 1, 1]],
    ['expand', [2, 3], [[1]], {}, [0, 1, 2, 3, 4, 5]],
    ['tile', [2, 2], [[1, 2]], {}, [0, 1, 0, 1, 2, 3, 2, 3]],
    ['tile', [2], [[0]], {}, []],
    ['gather', [2, 3], [[2, -3]], { axis: 1 }, [2, 0, 5, 3]],
    ['gather', [2, 3], [[-1]], { axis: -2 }, [3, 4, 5]],
    ['depth-to-space', [1, 4, 1, 2], [], { blockSize: 2, order: 'block-first' }, [0, 2, 1, 3, 4, 6, 5, 7]],
    ['depth-to-space', [1, 8, 1, 1], [], { blockSize: 2, order: 'block-first' }, [0, 2, 4, 6, 1, 3, 5, 7]],
    ['depth-to-space', [1, 8, 1, 1], [], { blockSize: 2, order: 'channel-first' }, [0, 1, 2, 3, 4, 5, 6, 7]],
    ['space-to-depth', [1, 1, 2, 4], [], { blockSize: 2, order: 'block-first' }, [0, 2, 1, 3, 4, 6, 5, 7]],
    ['space-to-depth', [1, 2, 2, 2], [], { blockSize: 2, order: 'block-first' }, [0, 4, 1, 5, 2, 6, 3, 7]],
    ['space-to-depth', [1, 2, 2, 2], [], { blockSize: 2, order: 'channel-first' }, [0, 1, 2, 3, 4, 5, 6, 7]],
    ['general-pad', [3], [[1, 2]], { mode: 'constant' }, [0, 0, 1, 2, 0, 0]],
    ['general-pad', [3], [[2, 2]], { mode: 'reflect' }, [2, 1, 0, 1, 2, 1, 0]],
    ['general-pad', [3], [[5, 0]], { mode: 'reflect' }, [1, 0, 1, 2, 1, 0, 1, 2]],
    ['general-pad', [1], [[1, 1]], { mode: 'reflect' }, [0, 0, 0]],
    ['general-pad', [3], [[1, 2]], { mode: 'edge' }, [0, 0, 1, 2, 2, 2]],
    ['general-pad', [3], [[4, 1]], { mode: 'wrap' }, [2, 0, 1, 2, 0, 1, 2, 0]],
    ['general-pad', [4], [[-1, 2]], { mode: 'wrap' }, [1, 2, 3, 1, 2]],
    ['general-pad', [4], [[-1, -2]], { mode: 'edge' }, [1]],
    ['general-pad', [2, 2], [[1, 0], null, [-1]], { mode: 'edge' }, [0, 0, 1, 2, 2, 3]],
  ])('%s of %j by %j with %j', (op, shape, lists, attributes, expected) => {
    expect(made(op, shape, lists, attributes).data).toEqual(expected);
  });

  it('general-pad of very many repeats the same again and again', () => {
    const many = 3 * 2 ** 15;
    const repeated = (period: readonly number[]) =>
      Array.from({ length: 2 * many + 3 }, (_, i) => period[i % period.length]);
    expect(made('general-pad', [3], [[many, many]], { mode: 'wrap' }).data).toEqual(repeated([0, 1, 2]));
    expect(made('general-pad', [3], [[many, many]], { mode: 'reflect' }).data).toEqual(repeated([0, 1, 2, 1]));
  });

  it.each<[string, readonly number[], Lists, object, RegExp]>([
    ['gather', [2, 3], [[3]], { axis: 1 }, /an index is 3, expected one of 3 elements/],
    ['gather', [2, 3], [[-4]], { axis: 1 }, /an index is -4/],
    ['tile', [2, 3], [[2]], {}, /counts are \[2\], expected a whole number for each of 2 axes/],
    ['expand', [2, 3], [[2]], {}, /^node 'node' \(expand\): inputs are \[2, 3\] and \[2\]/],
    ['general-split', [5], [[2, 2]], { axis: 0 }, /expected 1 \(its outputs\) that make up 5 elements/],
    ['general-pad', [2], [[-1, -2]], { mode: 'constant' }, /expected to leave some of them/],
    ['general-pad', [2], [[1]], { mode: 'constant' }, /expected two numbers for each of 1 axes/],
    ['depth-to-space', [1, 6, 1, 1], [], { blockSize: 2, order: 'block-first' }, /expected a multiple of 4/],
    ['space-to-depth', [1, 1, 2, 3], [], { blockSize: 2, order: 'block-first' }, /expected planes of a multiple of 2/],
  ])('%s of %j by %j with %j is refused', (op, shape, lists, attributes, text) => {
    expect(() => graphOf(op, shape, lists, attributes)).toThrow(text);
  });
});

describe('kernels', () => {
  it('of expand copy what its definition says', () => {
    const property = fc.property(shapes(0, 4), shapes(0, 5), seeds, (drawn, to, seed) => {
      const shape = drawn.map((size, axis) => {
        const at = axis - drawn.length + to.length;
        return at < 0 || size % 2 === 0 ? 1 : to[at];
      });
      expectKernels(contexts, 'expand', shape, [to], {}, seed);
    });
    fc.assert(property, { numRuns: runs(60) });
  });

  it('of tile copy what its definition says', () => {
    const counts = fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 4, maxLength: 4 });
    const property = fc.property(shapes(1, 4), counts, seeds, (shape, times, seed) => {
      expectKernels(contexts, 'tile', shape, [times.slice(0, shape.length)], {}, seed);
    });
    fc.assert(property, { numRuns: runs(40) });
  });

  it('of gather copy what its definition says', () => {
    const indices = fc.array(fc.nat(9), { minLength: 1, maxLength: 9 });
    const property = fc.property(shapes(1, 4), fc.nat(3), indices, seeds, (shape, nth, drawn, seed) => {
      const axis = nth % shape.length;
      const places = drawn.map((place) => (place % (2 * shape[axis])) - shape[axis]);
      expectKernels(contexts, 'gather', shape, [places], { axis: axis - (nth > 1 ? shape.length : 0) }, seed);
    });
    fc.assert(property, { numRuns: runs(40) });
  });

  it('of split, along any axis, copy what its definition says', () => {
    const sizes = fc.array(fc.nat(4), { minLength: 1, maxLength: 4 });
    const property = fc.property(shapes(1, 4), fc.nat(3), sizes, seeds, (drawn, nth, parts, seed) => {
      const axis = nth % drawn.length;
      const total = parts.reduce((a, b) => a + b);
      const shape = drawn.map((size, a) => (a === axis ? Math.max(total, 1) : size));
      const list = total === 0 ? [...parts.slice(1), 1] : parts;
      expectKernels(contexts, 'general-split', shape, [list], { axis }, seed, list.length);
    });
    fc.assert(property, { numRuns: runs(40) });
  });

  it('of blocks copy what their definition says', () => {
    const order = fc.constantFrom('block-first', 'channel-first');
    const property = fc.property(shapes(4, 4), fc.integer({ min: 1, max: 3 }), order, seeds, (drawn, b, by, seed) => {
      const [n, c, h, w] = drawn;
      const attributes = { blockSize: b, order: by };
      expectKernels(contexts, 'depth-to-space', [n, c * b * b, h, w], [], attributes, seed);
      expectKernels(contexts, 'space-to-depth', [n, c, h * b, w * b], [], attributes, seed);
    });
    fc.assert(property, { numRuns: runs(40) });
  });
});

describe('a concatenation along any axis', () => {
  it('joins its inputs there', () => {
    const property = fc.property(shapes(1, 4), fc.nat(3), shapes(2, 4), (drawn, nth, sizes) => {
      const axis = nth % drawn.length;
      const parts = sizes.map((size) => drawn.map((other, a) => (a === axis ? size : other)));
      const names = parts.map((_, i) => `x${i}`);
      const graph = parseGraph({
        name: 'one',
        inputs: new Map(parts.map((shape, i) => [names[i], { dtype: 'float32', shape }])),
        parameters: new Map(),
        nodes: [
          { name: 'y', op: 'general-concatenation', inputs: names, outputs: ['y'], attributes: { axis } } as Node,
        ],
        outputs: ['y'],
      });
      const inputs = parts.map((shape, i) => {
        return { shape, data: Float32Array.from(counting(shape).data, (v) => v + 1000 * i) };
      });
      const { y } = runGraph(graph, Object.fromEntries(inputs.map((input, i) => [names[i], input])));
      const rows = sizeOf(drawn.slice(0, axis));
      const expected = Array.from({ length: rows }, (_, row) => {
        return inputs.flatMap(({ data }) => [
          ...data.slice((row * data.length) / rows, ((row + 1) * data.length) / rows),
        ]);
      });
      expect([...y.data]).toEqual(expected.flat());
      expect(y.shape[axis]).toBe(sizes.reduce((a, b) => a + b));
    });
    fc.assert(property, { numRuns: runs(40) });
  });
});

describe('a split into equal parts', () => {
  it('has a smaller last one where they do not come out even', () => {
    const outputs = ['a', 'b', 'c'];
    const types = inferTypes(graphOf('general-split', [7, 2], [], { axis: 0 }, outputs));
    expect(outputs.map((name) => types.get(name)?.shape)).toEqual([
      [3, 2],
      [3, 2],
      [1, 2],
    ]);
  });
});
