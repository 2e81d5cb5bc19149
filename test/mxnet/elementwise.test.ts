/** Operators that work element by element: what MXNet means where one would expect something else, by hand. */
import { describe, expect, it } from 'vitest';
import { failure } from '../support/failure.ts';
import { expectCases, filled, INF, NAN, vector } from './cases.ts';
import { graphOf, one } from './models.ts';

describe('element by element', () => {
  const halves = vector(-1.5, 2.5, -0.5, 1.5, 0.49999997, NAN, INF, 8388609);
  expectCases([
    {
      what: 'rint: halves go down',
      files: one('rint', {}),
      data: halves,
      expected: [vector(-2, 2, -1, 1, 0, NAN, INF, 8388609)],
    },
    {
      what: 'round: halves go away',
      files: one('round', {}),
      data: halves,
      expected: [vector(-2, 3, -1, 2, 0, NAN, INF, 8388609)],
    },
    {
      what: 'fix: towards 0',
      files: one('fix', {}),
      data: halves,
      expected: [vector(-1, 2, -0, 1, 0, NAN, INF, 8388609)],
    },
    { what: 'relu keeps NaN', files: one('relu', {}), data: vector(NAN, -1), expected: [vector(NAN, 0)] },
    {
      what: 'relu keeps NaN as an Activation too',
      files: one('Activation', { act_type: 'relu' }),
      data: vector(NAN, -1),
      expected: [vector(NAN, 0)],
    },
    {
      what: 'the sign of NaN is 0',
      files: one('sign', {}),
      data: vector(-2, 0, NAN, 3),
      expected: [vector(-1, 0, 0, 1)],
    },
    {
      what: 'elu has 0.25 as its alpha',
      files: one('LeakyReLU', { act_type: 'elu' }),
      data: vector(-INF, 2),
      expected: [vector(-0.25, 2)],
    },
    {
      what: 'gelu of −∞ is NaN',
      files: one('LeakyReLU', { act_type: 'gelu' }),
      data: vector(-INF, 0),
      expected: [vector(NAN, 0)],
    },
    {
      what: 'softsign of ±∞ is NaN',
      files: one('softsign', {}),
      data: vector(-INF, INF, 1),
      expected: [vector(NAN, NAN, 0.5)],
    },
    {
      what: 'a slope above 1 is chosen by the sign',
      files: one('LeakyReLU', { slope: '2' }),
      data: vector(-3, 3),
      expected: [vector(-6, 3)],
    },
    {
      what: 'rrelu has the mean of its bounds',
      files: one('LeakyReLU', { act_type: 'rrelu', lower_bound: '0.25', upper_bound: '0.75' }),
      data: vector(-2, 2),
      expected: [vector(-1, 2)],
    },
    {
      what: 'prelu has a slope for each channel, where all axes are as long',
      files: one('LeakyReLU', { act_type: 'prelu' }, ['data'], { g: [[2], [10, 100]] }),
      data: filled([1, 2, 2, 2], -1),
      expected: [
        [
          [1, 2, 2, 2],
          [-10, -10, -10, -10, -100, -100, -100, -100],
        ],
      ],
    },
    {
      what: 'a number beside whole numbers is cut first',
      files: one('_mul_scalar', { scalar: '1.5' }),
      data: [[2], [3, -3], 'int32'],
      expected: [vector(3, -3)],
    },
    {
      what: 'x mod 0 is 0, and the sign is the divisor’s',
      files: one('broadcast_mod', {}, ['data', 'other']),
      data: vector(5, -5, 5),
      others: { other: vector(0, 3, -3) },
      expected: [vector(0, 1, -1)],
    },
    {
      what: 'NaN is true',
      files: one('broadcast_logical_and', {}, ['data', 'other']),
      data: vector(NAN, 0, 2),
      others: { other: vector(1, 1, 1) },
      expected: [vector(1, 0, 1)],
    },
    {
      what: 'names before 0.9: 3 − x',
      files: one('_RMinusScalar', { scalar: '3' }),
      data: vector(1),
      expected: [vector(2)],
    },
    {
      what: 'names before 1.0: x − y',
      files: one('_sub', {}, ['data', 'other']),
      data: vector(1),
      others: { other: vector(3) },
      expected: [vector(-2)],
    },
    {
      what: 'a vector chooses rows',
      files: one('where', {}, ['data', 'a', 'b']),
      data: vector(0, 1),
      others: { a: filled([2, 2], 1), b: filled([2, 2], 2) },
      expected: [
        [
          [2, 2],
          [2, 2, 1, 1],
        ],
      ],
    },
  ]);

  it('values of two shapes are not stretched', () => {
    const files = one('elemwise_add', {}, ['data', 'other']);
    expect(failure(() => graphOf(files, { data: [2, 3], other: [1, 3] })).code).toBe('invalid-input-size');
  });
});
