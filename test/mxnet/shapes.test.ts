/** Operators that move elements or change sizes: what MXNet means where one would expect something else, by hand. */
import { describe, expect, it } from 'vitest';
import { failure } from '../support/failure.ts';
import { counted, expectCases, expectOutputs, filled, picture, vector } from './cases.ts';
import { graphOf, type Array as Numbers, one } from './models.ts';

describe('shapes', () => {
  const reshaped = (shape: string, reverse = 'False') => one('Reshape', { shape, reverse });
  const data = counted([2, 3, 4, 5]);
  it.each([
    ['(0, -1)', [2, 60]],
    ['(-1, 0)', [40, 3]],
    ['(-2, 1)', [2, 3, 4, 5, 1]],
    ['(-3, -2)', [6, 4, 5]],
    ['(0, -4, -1, 3, -2)', [2, 1, 3, 4, 5]],
    ['(0, 0, -4, -1, 2, 0)', [2, 3, 2, 2, 5]],
  ])('Reshape to %s', (shape, expected) => {
    expectOutputs(reshaped(shape), { data }, [[expected, data[1]]]);
  });
  it.each([
    ['(0, -1)', [4, 30]],
    ['(-1, 0)', [24, 5]],
    ['(0, 0, -1)', [3, 4, 10]],
  ])('Reshape to %s is read from the right with reverse', (shape, expected) => {
    expectOutputs(reshaped(shape, 'True'), { data }, [[expected, data[1]]]);
  });
  it('Reshape refuses what does not come out even', () => {
    for (const shape of ['(-4, 3, -1, -2)', '(7, -1)', '(0, 0, 0, 0, 0)', '(-1, -1)', '(-3, -3, -3)']) {
      expect(failure(() => graphOf(reshaped(shape), { data: data[0] })).code).toMatch(/invalid-(model|input-size)/);
    }
  });

  expectCases([
    { what: 'one axis is left of ones', files: one('squeeze', {}), data: [[1, 1], [5]], expected: [vector(5)] },
    {
      what: 'Flatten of a vector',
      files: one('Flatten', {}),
      data: vector(1, 2),
      expected: [
        [
          [2, 1],
          [1, 2],
        ],
      ],
    },
    {
      what: 'more repetitions than axes',
      files: one('tile', { reps: '(2, 1, 2)' }),
      data: vector(1, 2),
      expected: [
        [
          [2, 1, 4],
          [1, 2, 1, 2, 1, 2, 1, 2],
        ],
      ],
    },
    {
      what: 'repeated along an axis',
      files: one('repeat', { repeats: '2', axis: '0' }),
      data: [
        [2, 1],
        [1, 2],
      ],
      expected: [
        [
          [4, 1],
          [1, 1, 2, 2],
        ],
      ],
    },
    {
      what: 'a slice backwards',
      files: one('slice', { begin: '(-1,)', end: '(0,)', step: '(-1,)' }),
      data: vector(1, 2, 3),
      expected: [vector(3, 2)],
    },
    {
      what: 'parts without their axis',
      files: one('SliceChannel', { num_outputs: '2', squeeze_axis: 'True' }, ['data'], {}, 2),
      data: [
        [1, 2],
        [1, 2],
      ],
      expected: [vector(1), vector(2)],
    },
    {
      what: 'parts at places, which begin with 0',
      files: one('_split_v2', { indices: '[0, 2]', axis: '0' }, ['data'], {}, 2),
      data: vector(1, 2, 3),
      expected: [vector(1, 2), vector(3)],
    },
    {
      what: 'the middle, whatever the offset',
      files: one('Crop', { num_args: '1', h_w: '(1, 2)', center_crop: 'True', offset: '(9, 9)' }),
      data: picture([1, 2, 3, 4, 5]),
      expected: [picture([2, 3])],
    },
  ]);

  it('Crop refuses an offset beyond the rest, and Pad what is neither picture nor volume', () => {
    const crop = one('Crop', { num_args: '1', h_w: '(4, 4)', offset: '(3, 3)' });
    expect(failure(() => graphOf(crop, { data: [1, 1, 5, 6] })).code).toBe('invalid-input-size');
    const line = one('Pad', { mode: 'constant', pad_width: '(0, 0, 0, 0, 1, 1)' });
    expect(failure(() => graphOf(line, { data: [1, 2, 2] })).code).toBe('invalid-rank');
    const channels = one('Pad', { mode: 'constant', pad_width: '(0, 0, 1, 1, 0, 0, 0, 0)' });
    expect(failure(() => graphOf(channels, { data: [1, 1, 2, 2] })).message).toMatch(/none of batch and channels/);
  });
});

describe('sizes', () => {
  const tent = [0.25, 0.75, 0.75, 0.25];
  const tents: Numbers = [[1, 1, 4, 4], tent.flatMap((a) => tent.map((b) => a * b))];
  expectCases([
    {
      what: 'corners are aligned unless it is said',
      files: one('_contrib_BilinearResize2D', { height: '1', width: '4' }),
      data: picture([0, 9]),
      expected: [picture([0, 3, 6, 9])],
    },
    {
      what: 'and half pixels otherwise',
      files: one('_contrib_BilinearResize2D', { height: '1', width: '4', align_corners: 'False' }),
      data: picture([0, 8]),
      expected: [picture([0, 2, 6, 8])],
    },
    {
      what: 'bilinear upsampling darkens the border',
      files: one('UpSampling', { scale: '2', sample_type: 'bilinear', num_filter: '1', num_args: '2' }, ['data'], {
        w: tents,
      }),
      data: picture([1, 1], [1, 1]),
      expected: [
        picture([0.5625, 0.75, 0.75, 0.5625], [0.75, 1, 1, 0.75], [0.75, 1, 1, 0.75], [0.5625, 0.75, 0.75, 0.5625]),
      ],
    },
    {
      what: 'each input has its own factor',
      files: one('UpSampling', { scale: '2', sample_type: 'nearest', num_args: '2' }, ['data', 'other']),
      data: filled([1, 1, 2, 2], 1),
      others: { other: filled([1, 1, 1, 1], 2) },
      expected: [
        [
          [1, 2, 4, 4],
          [...new Array(16).fill(1), ...new Array(16).fill(2)],
        ],
      ],
    },
    {
      what: 'adaptive windows overlap',
      files: one('_contrib_AdaptiveAvgPooling2D', { output_size: '(1, 2)' }),
      data: picture([1, 2, 3]),
      expected: [picture([1.5, 2.5])],
    },
  ]);
});
