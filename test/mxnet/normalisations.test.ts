/** Normalisations, and softmax: what MXNet means where one would expect something else, by hand. */
import { describe } from 'vitest';
import { expectCases, filled } from './cases.ts';
import { one } from './models.ts';

describe('normalisations', () => {
  const STATISTICS = { g: [[1], [3]], b: [[1], [1]], m: [[1], [2]], v: [[1], [4]] } as const;
  const bn = (attrs: Record<string, string>, outputs = 1) =>
    one('BatchNorm', { eps: '0', ...attrs }, ['data'], STATISTICS, outputs);
  expectCases([
    { what: 'gamma is not used unless it is said', files: bn({}), data: [[1, 1], [6]], expected: [[[1, 1], [3]]] },
    { what: 'gamma is used', files: bn({ fix_gamma: 'False' }), data: [[1, 1], [6]], expected: [[[1, 1], [7]]] },
    {
      what: 'the third output of BatchNorm is 1 / √(variance + eps)',
      files: bn({ output_mean_var: 'True', eps: '5' }, 3),
      data: [[1, 1], [2]],
      expected: [
        [[1, 1], [1]],
        [[1], [2]],
        [[1], [1 / 3]],
      ],
    },
    {
      what: 'the third output of LayerNorm is √(variance + eps)',
      files: one(
        'LayerNorm',
        { eps: '3', output_mean_var: 'True' },
        ['data'],
        { g: [[2], [1, 1]], b: [[2], [0, 0]] },
        3,
      ),
      data: [
        [1, 2],
        [1, 3],
      ],
      expected: [
        [
          [1, 2],
          [-0.5, 0.5],
        ],
        [[1, 1], [2]],
        [[1, 1], [2]],
      ],
    },
    {
      what: 'LayerNorm is over one axis, wherever it is',
      files: one('LayerNorm', { axis: '0', eps: '0' }, ['data'], { g: [[2], [1, 2]], b: [[2], [0, 0]] }),
      data: [
        [2, 2],
        [1, 10, 3, 14],
      ],
      expected: [
        [
          [2, 2],
          [-1, -1, 2, 2],
        ],
      ],
    },
    {
      what: 'GroupNorm has a gamma for each group',
      files: one('GroupNorm', { num_groups: '1', eps: '0' }, ['data'], { g: [[1], [5]], b: [[1], [1]] }),
      data: [
        [1, 2, 1],
        [1, 3],
      ],
      expected: [
        [
          [1, 2, 1],
          [-4, 6],
        ],
      ],
    },
    {
      what: 'an even LRN is as wide as that of one less, and divides alpha by what is written',
      files: one('LRN', { nsize: '2', alpha: '4', beta: '1', knorm: '1' }),
      data: [
        [1, 2, 1, 1],
        [1, 2],
      ],
      // 1 / (1 + 2 · 1), 2 / (1 + 2 · 4)
      expected: [
        [
          [1, 2, 1, 1],
          [1 / 3, 2 / 9],
        ],
      ],
    },
    {
      what: 'an LRN may be wider than the channels',
      files: one('LRN', { nsize: '5', alpha: '5', beta: '1', knorm: '0' }),
      data: [
        [1, 2, 1, 1],
        [1, 2],
      ],
      expected: [
        [
          [1, 2, 1, 1],
          [0.2, 0.4],
        ],
      ],
    },
    {
      what: 'the eps of L2Normalization stands under the root',
      files: one('L2Normalization', { eps: '11', mode: 'channel' }),
      data: [
        [1, 2, 1],
        [3, 4],
      ],
      expected: [
        [
          [1, 2, 1],
          [0.5, 4 / 6],
        ],
      ],
    },
  ]);
});

describe('softmax', () => {
  const data = filled([1, 2, 2, 2]);
  const volume = (x: number) => [filled([1, 2, 2, 2], x)];
  expectCases([
    {
      what: 'SoftmaxOutput is over all of an instance',
      files: one('SoftmaxOutput', {}),
      data,
      expected: volume(1 / 8),
    },
    { what: '… of its channels', files: one('SoftmaxOutput', { multi_output: '1' }), data, expected: volume(1 / 2) },
    {
      what: 'SoftmaxOutput of three axes is over all of an instance',
      files: one('SoftmaxOutput', {}),
      data: filled([2, 2, 2]),
      expected: [filled([2, 2, 2], 1 / 4)],
    },
    {
      what: '… over the last axis where that is said',
      files: one('SoftmaxOutput', { preserve_shape: 'True' }),
      data: filled([1, 2, 4]),
      expected: [filled([1, 2, 4], 1 / 4)],
    },
    {
      what: 'SoftmaxActivation is over the last axis',
      files: one('SoftmaxActivation', {}),
      data: filled([1, 2, 1, 4]),
      expected: [filled([1, 2, 1, 4], 1 / 4)],
    },
    {
      what: 'lengths leave zeros behind, and a line of length 0 is zeros',
      files: one('softmax', { use_length: 'True' }, ['data', 'length']),
      data: filled([2, 3]),
      others: { length: [[2], [2, 0], 'int32'] },
      expected: [
        [
          [2, 3],
          [0.5, 0.5, 0, 0, 0, 0],
        ],
      ],
    },
    {
      what: 'the temperature divides',
      files: one('softmax', { temperature: '2' }),
      data: [
        [1, 2],
        [0, 2 * Math.log(3)],
      ],
      expected: [
        [
          [1, 2],
          [0.25, 0.75],
        ],
      ],
    },
  ]);
});
