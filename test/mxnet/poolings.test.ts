/** Poolings: what MXNet means where one would expect something else, by hand. */
import { describe, expect, it } from 'vitest';
import { failure } from '../support/failure.ts';
import { expectCases, INF, LOWEST, NAN, picture } from './cases.ts';
import { graphOf, one } from './models.ts';

describe('Pooling', () => {
  const pooling = (attrs: Record<string, string>, op = 'Pooling') => one(op, attrs);
  const FULL = { kernel: '(1, 2)', stride: '(1, 3)', pooling_convention: 'full' };
  const EDGE = { kernel: '(1, 3)', stride: '(1, 2)', pad: '(0, 1)', pooling_convention: 'full', pool_type: 'avg' };
  const six = picture([1, 2, 3, 4, 5, 6]);
  expectCases([
    { what: 'keeps windows outside: maxima', files: pooling(FULL), data: six, expected: [picture([2, 5, LOWEST])] },
    {
      what: 'keeps windows outside: averages',
      files: pooling({ ...FULL, pool_type: 'avg' }),
      data: six,
      expected: [picture([1.5, 4.5, 0])],
    },
    {
      what: 'keeps windows outside: sums',
      files: pooling({ ...FULL, pool_type: 'sum' }),
      data: six,
      expected: [picture([3, 9, 0])],
    },
    {
      what: 'keeps windows outside: the first version, −∞',
      files: pooling(FULL, 'Pooling_v1'),
      data: six,
      expected: [picture([2, 5, -INF])],
    },
    {
      what: 'divides by what lies inside data and padding',
      files: pooling(EDGE),
      data: picture([1, 2, 3, 4]),
      expected: [picture([1, 3, 2])],
    },
    {
      what: 'divides by what lies inside the data, where padding does not count',
      files: pooling({ ...EDGE, count_include_pad: 'False' }),
      data: picture([1, 2, 3, 4]),
      expected: [picture([1.5, 3, 4])],
    },
    {
      what: 'divides by the whole kernel in the first version',
      files: pooling(EDGE, 'Pooling_v1'),
      data: picture([1, 2, 3, 4]),
      expected: [picture([1, 3, 4 / 3])],
    },
    {
      what: 'has zeros around negative numbers in the first version',
      files: pooling({ kernel: '(2, 2)', pad: '(1, 1)', stride: '(2, 2)' }, 'Pooling_v1'),
      data: picture([-1, -2], [-3, -4]),
      expected: [picture([0, 0], [0, 0])],
    },
    {
      what: 'passes over NaN, and starts from the lowest number',
      files: pooling({ kernel: '(1, 2)', stride: '(1, 2)' }),
      data: picture([NAN, 1, -INF, -INF, NAN, NAN]),
      expected: [picture([1, LOWEST, LOWEST])],
    },
    {
      what: 'does so over whole pictures',
      files: pooling({ global_pool: 'True', kernel: '(9, 9)' }),
      data: picture([NAN, 1, -INF]),
      expected: [picture([1])],
    },
    {
      what: 'lets NaN win in the first version',
      files: pooling({ kernel: '(1, 2)', stride: '(1, 2)' }, 'Pooling_v1'),
      data: picture([NAN, 1, 2, 3]),
      expected: [picture([NAN, 3])],
    },
    {
      what: 'lp of 1 is a sum',
      files: pooling({ kernel: '(1, 2)', pool_type: 'lp', p_value: '1' }),
      data: picture([1, -3]),
      expected: [picture([-2])],
    },
    {
      what: 'lp of 2 is a norm',
      files: pooling({ kernel: '(1, 2)', pool_type: 'lp', p_value: '2' }),
      data: picture([3, -4]),
      expected: [picture([5])],
    },
    {
      what: 'lp of 3 has no absolute values',
      files: pooling({ kernel: '(1, 2)', pool_type: 'lp', p_value: '3' }),
      data: picture([-2, 0]),
      expected: [picture([-2])],
    },
    {
      what: 'may have as much padding as its kernel is large',
      files: pooling({ kernel: '(1, 2)', pad: '(0, 2)' }),
      data: picture([1, 2]),
      expected: [picture([LOWEST, 1, 2, 2, LOWEST])],
    },
    {
      what: 'moves by 1 where no stride is written',
      files: pooling({ kernel: '(1, 2)' }),
      data: picture([3, 1, 2]),
      expected: [picture([3, 2])],
    },
    {
      what: 'has channels last where the layout says so',
      files: pooling({ kernel: '(1, 2)', layout: 'NHWC', pool_type: 'sum' }),
      data: [
        [1, 1, 2, 2],
        [1, 2, 30, 40],
      ],
      expected: [
        [
          [1, 1, 1, 2],
          [31, 42],
        ],
      ],
    },
  ]);

  it.each([
    [{ kernel: '(2,)', pooling_convention: 'same' }, [1, 1, 5], 'unsupported-layer'],
    [{ kernel: '(5, 5)' }, [1, 1, 4, 4], 'invalid-pooling-size'],
    [{ kernel: '(5, 5)', pooling_convention: 'full' }, [1, 1, 4, 4], 'invalid-pooling-size'],
    [{ kernel: '(2, 2)', pool_type: 'lp' }, [1, 1, 4, 4], 'invalid-model'],
    [{ kernel: '(2, 2)' }, [1, 4, 4], 'invalid-rank'],
    [{ kernel: '(2, 2)', layout: 'CHWN' }, [1, 1, 4, 4], 'unsupported-layer'],
  ])('refuses %o of data %o', (attrs, data, code) => {
    expect(failure(() => graphOf(pooling(attrs as never), { data })).code).toBe(code);
  });

  it('takes no whole numbers', () => {
    const type = { dtype: 'int32', shape: [1, 1, 4, 4] } as const;
    expect(failure(() => graphOf(pooling({ kernel: '(2, 2)' }), { data: type })).code).toBe('invalid-tensor-type');
  });
});
