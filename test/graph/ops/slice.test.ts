/** Slices, by hand and by their kernels. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inferTypes } from '../../../src/graph/infer.ts';
import { type Context, createContext } from '../../../src/index.ts';
import { runs } from '../../support/runs.ts';
import { expectKernels, graphOf, type Lists, made } from './moved-node.ts';

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
const END = 2 ** 63;

describe('slices', () => {
  it.each<[string, readonly number[], Lists, readonly number[]]>([
    ['from the start', [5], [[0], [2]], [0, 1]],
    ['to an end beyond the last', [5], [[3], [END]], [3, 4]],
    ['of negative places', [5], [[-3], [-1]], [2, 3]],
    ['backwards, past the first', [5], [[-1], [-END], null, [-1]], [4, 3, 2, 1, 0]],
    ['backwards, to an end counted from behind', [5], [[4], [-4], null, [-2]], [4, 2]],
    ['backwards from beyond the last', [5], [[9], [1], null, [-1]], [4, 3, 2]],
    ['backwards from before the first, which is the first', [5], [[-9], [-END], null, [-1]], [0]],
    ['of nothing', [5], [[3], [2]], []],
    ['of another axis', [2, 3], [[1], [END], [-1]], [1, 2, 4, 5]],
    [
      'of two axes, in the order of the lists',
      [2, 3],
      [
        [0, 1],
        [END, 2],
        [1, 0],
        [2, 1],
      ],
      [3, 5],
    ],
  ])('%s', (_what, shape, lists, expected) => {
    expect(made('slice', shape, lists).data).toEqual(expected);
  });

  it('are what their kernels copy', () => {
    const place = fc.integer({ min: -7, max: 7 });
    const cut = fc.record({
      start: place,
      end: fc.oneof(place, fc.constantFrom(END, -END)),
      step: fc.constantFrom(1, 1, 2, -1, -2, 3),
    });
    const property = fc.property(
      shapes(1, 5),
      fc.array(cut, { minLength: 5, maxLength: 5 }),
      seeds,
      (shape, cuts, seed) => {
        const axes = shape.map((_, axis) => axis).reverse();
        const lists = [
          axes.map((a) => cuts[a].start),
          axes.map((a) => cuts[a].end),
          axes,
          axes.map((a) => cuts[a].step),
        ];
        expectKernels(contexts, 'slice', shape, lists, {}, seed);
      },
    );
    fc.assert(property, { numRuns: runs(100) });
  });

  it('tell sizes where these are known, and keep the names of whole axes', () => {
    const graph = graphOf(
      'slice',
      ['N', 8, 'H'],
      [
        [0, 1, 1],
        [END, 3, END],
        [0, 1, 2],
      ],
      {},
    );
    expect(inferTypes(graph).get('y')?.shape).toEqual(['N', 2, 'y.2']);
  });

  it.each<[string, Lists, RegExp]>([
    ['a step of 0', [[0], [1], [0], [0]], /^node 'node' \(slice\): slices .* expected .* no step of 0$/],
    ['lists of other lengths', [[0, 0], [1]], /expected as many of each/],
    [
      'an axis twice',
      [
        [0, 0],
        [1, 1],
        [0, -2],
      ],
      /^node 'node' \(slice\): axes are .*, expected each once$/,
    ],
    ['an axis that there is not', [[0], [1], [2]], /axis is 2, expected one of 2 axes/],
  ])('refuse %s', (_what, lists, text) => {
    expect(() => graphOf('slice', [2, 3], lists, {})).toThrow(text);
  });
});
