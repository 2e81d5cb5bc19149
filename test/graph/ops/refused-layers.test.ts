/** What layers over any number of axes cannot read, each with the code of its error. */
import { describe, expect, it } from 'vitest';
import type { OpName } from '../../../src/graph/ops/table.ts';
import { oneNode } from './one-node.ts';

const REFUSED: readonly (readonly [OpName, object, readonly (readonly number[])[], string])[] = [
  [
    'convolution-nd',
    { stride: [1] },
    [
      [1, 1, 4, 4],
      [1, 1, 3, 3],
    ],
    'invalid-rank',
  ],
  [
    'convolution-nd',
    { stride: [0, 1] },
    [
      [1, 1, 4, 4],
      [1, 1, 3, 3],
    ],
    'invalid-stride',
  ],
  [
    'convolution-nd',
    { padding: { before: [0] } },
    [
      [1, 1, 4],
      [1, 1, 3],
    ],
    'invalid-input-padding',
  ],
  [
    'convolution-nd',
    { padding: 'all' },
    [
      [1, 1, 4],
      [1, 1, 3],
    ],
    'invalid-input-padding',
  ],
  [
    'convolution-nd',
    {},
    [
      [1, 1, 4],
      [1, 1, 5],
    ],
    'invalid-kernel-size',
  ],
  [
    'convolution-nd',
    {},
    [
      [1, 2, 4],
      [1, 1, 3],
    ],
    'invalid-input-channels',
  ],
  [
    'convolution-nd',
    { groups: 2 },
    [
      [1, 2, 4],
      [3, 1, 3],
    ],
    'invalid-groups',
  ],
  ['convolution-nd', {}, [[1, 1, 4], [2, 1, 3], [3]], 'invalid-bias'],
  [
    'convolution-nd',
    {},
    [
      [1, 1, 4, 4],
      [1, 1, 3],
    ],
    'invalid-rank',
  ],
  [
    'transposed-convolution',
    {},
    [
      [1, 2, 4],
      [1, 1, 3],
    ],
    'invalid-input-channels',
  ],
  [
    'transposed-convolution',
    { groups: 2 },
    [
      [1, 3, 4],
      [3, 1, 3],
    ],
    'invalid-groups',
  ],
  [
    'transposed-convolution',
    { outputSize: [4] },
    [
      [1, 1, 4],
      [1, 1, 3],
    ],
    'invalid-input-padding',
  ],
  [
    'transposed-convolution',
    { padding: { before: [3], after: [0] } },
    [
      [1, 1, 1],
      [1, 1, 3],
    ],
    'invalid-input-padding',
  ],
  ['max-pooling-nd', {}, [[1, 1, 4]], 'invalid-pooling-size'],
  ['max-pooling-nd', { size: [5] }, [[1, 1, 4]], 'invalid-pooling-size'],
  ['norm-pooling', { size: [2], order: 0 }, [[1, 1, 4]], 'invalid-argument'],
  [
    'matrix-product',
    {},
    [
      [2, 3],
      [2, 3],
    ],
    'invalid-input-channels',
  ],
  [
    'matrix-product',
    {},
    [
      [2, 2, 3],
      [3, 3, 1],
    ],
    'invalid-input-size',
  ],
  [
    'matrix-product',
    {},
    [
      [2, 3],
      [3, 4],
      [3, 4],
    ],
    'invalid-input-size',
  ],
  ['matrix-product', {}, [[], [3, 4]], 'invalid-rank'],
  ['batch-normalisation-nd', { epsilon: -1 }, [[2, 3], [3], [3], [3], [3]], 'invalid-argument'],
  ['batch-normalisation-nd', { epsilon: 0 }, [[2, 3], [3], [3], [3], [2]], 'invalid-channels'],
  ['group-normalisation', { epsilon: 0, groups: 2 }, [[2, 3], [3], [3]], 'invalid-groups'],
  ['layer-normalisation', { epsilon: 0, axis: 2 }, [[2, 3], [3]], 'invalid-argument'],
  ['layer-normalisation', { epsilon: 0, axis: 1 }, [[2, 3], [2]], 'invalid-input-size'],
  ['softmax-along-axis', { axis: 0.5 }, [[2, 3]], 'invalid-argument'],
  ['hardmax', { axis: -3 }, [[2, 3]], 'invalid-argument'],
];

describe('what does not fit', () => {
  it.each(REFUSED)('%s with %j on %j is %s', (op, attributes, shapes, code) => {
    expect(() => oneNode(op, attributes, shapes)).toThrow(expect.objectContaining({ name: 'NnpackError', code }));
  });
});
