/** Reductions, products and tables: what MXNet means where one would expect something else, by hand. */
import { describe } from 'vitest';
import { expectCases, vector } from './cases.ts';
import { type Input, one } from './models.ts';

describe('reductions', () => {
  const numbers: Input = [
    [2, 2],
    [1, 2, 3, 4],
  ];
  expectCases([
    { what: 'all is (1,)', files: one('sum', {}), data: numbers, expected: [vector(10)] },
    { what: 'no axes are all axes', files: one('sum', { axis: '()' }), data: numbers, expected: [vector(10)] },
    {
      what: 'the others',
      files: one('max', { axis: '(0,)', exclude: 'True' }),
      data: numbers,
      expected: [vector(2, 4)],
    },
    {
      what: 'a mean of whole numbers is cut',
      files: one('mean', {}),
      data: [[3], [-1, -2, -4], 'int32'],
      expected: [vector(-2)],
    },
    {
      what: 'places are numbers of the data’s type',
      files: one('argmax', { axis: '1' }),
      data: numbers,
      expected: [vector(1, 1)],
    },
    { what: 'the place among all', files: one('argmin', {}), data: numbers, expected: [vector(0)] },
  ]);
});

describe('products', () => {
  const row = {
    w: [
      [2, 1],
      [1, 10],
    ],
  } as const;
  expectCases([
    {
      what: 'a vector is rows of one value',
      files: one('FullyConnected', { num_hidden: '2', no_bias: 'True' }, ['data'], row),
      data: vector(1, 2),
      expected: [
        [
          [2, 2],
          [1, 10, 2, 20],
        ],
      ],
    },
    {
      what: 'without flatten, of the last axis',
      files: one('FullyConnected', { num_hidden: '2', no_bias: 'True', flatten: 'False' }, ['data'], row),
      data: [
        [1, 2, 1],
        [1, 2],
      ],
      expected: [
        [
          [1, 2, 2],
          [1, 10, 2, 20],
        ],
      ],
    },
    {
      what: 'dot: the last axis with the first',
      files: one('dot', {}, ['data', 'other']),
      data: [
        [1, 2, 2],
        [1, 2, 3, 4],
      ],
      others: {
        other: [
          [2, 1, 2],
          [1, 10, 100, 1000],
        ],
      },
      expected: [
        [
          [1, 2, 1, 2],
          [201, 2010, 403, 4030],
        ],
      ],
    },
    {
      what: 'dot of vectors is (1,)',
      files: one('dot', {}, ['data', 'other']),
      data: vector(1, 2),
      others: { other: vector(3, 4) },
      expected: [vector(11)],
    },
    {
      what: 'places of a table are cut and held',
      files: one('Embedding', { input_dim: '2', output_dim: '1' }, ['data'], {
        w: [
          [2, 1],
          [5, 7],
        ],
      }),
      data: vector(-3, 0.9, 1.5, 9),
      expected: [
        [
          [4, 1],
          [5, 5, 7, 7],
        ],
      ],
    },
    {
      what: 'or go round',
      files: one('take', { mode: 'wrap' }, ['data', 'other']),
      data: vector(5, 6, 7),
      others: { other: vector(-1, 4) },
      expected: [vector(7, 6)],
    },
  ]);
});
