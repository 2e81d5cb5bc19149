/** Convolutions, transposed ones and fully-connected layers: what MXNet means where one would expect something else, by hand. */
import { describe, expect, it } from 'vitest';
import { failure } from '../support/failure.ts';
import { expectCases, line, picture } from './cases.ts';
import { graphOf, type Array as Numbers, one, type Written, written } from './models.ts';

const convolution = (name: string, weight: string): Written => ({
  ...{ op: 'Convolution', name, attrs: { kernel: '(1, 1)', num_filter: '1', no_bias: 'True' } },
  inputs: ['data', weight],
});
const kernel = (x: number): Numbers => [[1, 1, 1, 1], [x]];

describe('a convolution that is read twice, which MXNet 1.9.1 fuses wrongly', () => {
  const norm = { op: 'BatchNorm', name: 'bn', attrs: { eps: '0' }, inputs: ['a', 'g', 'b', 'm', 'v'] };
  const arrays = { w: kernel(2), g: [[1], [7]], b: [[1], [0]], m: [[1], [4]], v: [[1], [4]] } as const;
  expectCases([
    {
      what: 'by a batch normalisation and an addition',
      files: written([convolution('a', 'w'), norm, { op: 'elemwise_add', name: 's', inputs: ['a', 'bn'] }], arrays),
      data: picture([1, 3]),
      // 2 and 6, and these normalised: −1 and 1
      expected: [picture([1, 7])],
    },
    {
      what: 'by a relu, both of them outputs',
      files: written(
        [convolution('a', 'w'), { op: 'Activation', name: 'r', attrs: { act_type: 'relu' }, inputs: ['a'] }],
        { w: kernel(1) },
        ['a', 'r'],
      ),
      data: picture([-1, 2]),
      expected: [picture([-1, 2]), picture([0, 2])],
    },
    {
      what: 'by a sum and behind the relu of that',
      files: written(
        [
          ...[convolution('a', 'w'), convolution('b', 'u')],
          { op: 'elemwise_add', name: 's', inputs: ['a', 'b'] },
          { op: 'Activation', name: 'r', attrs: { act_type: 'relu' }, inputs: ['s'] },
          { op: 'elemwise_add', name: 't', inputs: ['r', 'a'] },
        ],
        { w: kernel(1), u: kernel(-2) },
      ),
      data: picture([1, -1]),
      expected: [picture([1, 0])],
    },
  ]);
});

describe('Convolution and FullyConnected', () => {
  it('take no float16, as on the processors of MXNet', () => {
    const data = { dtype: 'float16', shape: [1, 1, 1, 1] } as const;
    const files = [
      written([convolution('a', 'w')], { w: kernel(2) }),
      one('FullyConnected', { num_hidden: '1', no_bias: 'True' }, ['data'], { w: [[1, 1], [2]] }),
    ];
    for (const each of files) expect(failure(() => graphOf(each, { data })).code).toBe('unsupported-layer');
  });
});

describe('Deconvolution', () => {
  const deconvolution = (attrs: Record<string, string>, weight: readonly number[]) =>
    one('Deconvolution', { num_filter: '1', ...attrs }, ['data'], { w: [[1, 1, weight.length], weight] });
  expectCases([
    {
      what: 'with stride and dilation both above 1',
      files: deconvolution({ kernel: '(2,)', stride: '(2,)', dilate: '(2,)' }, [1, 10]),
      data: line(1, 2),
      expected: [line(1, 0, 12, 0, 20)],
    },
    {
      what: 'to a target shape cuts what is too much, the odd element before the output, and reads neither pad nor adj',
      files: deconvolution(
        { kernel: '(3,)', stride: '(2,)', target_shape: '(4,)', pad: '(2,)', adj: '(1,)' },
        [1, 2, 3],
      ),
      data: line(1, 10),
      // all of it is 1 2 13 20 30
      expected: [line(2, 13, 20, 30)],
    },
    {
      what: 'adds adj behind the output',
      files: deconvolution({ kernel: '(3,)', stride: '(2,)', pad: '(1,)', adj: '(1,)' }, [1, 2, 3]),
      data: line(1, 10),
      expected: [line(2, 13, 20, 30)],
    },
  ]);

  it('refuses a target shape that is too large, and adj as large as the stride', () => {
    const large = deconvolution({ kernel: '(3,)', target_shape: '(9,)' }, [1, 2, 3]);
    expect(failure(() => graphOf(large, { data: [1, 1, 2] })).code).toBe('invalid-input-size');
    const adjusted = deconvolution({ kernel: '(3,)', stride: '(2,)', adj: '(2,)' }, [1, 2, 3]);
    expect(failure(() => graphOf(adjusted, { data: [1, 1, 2] })).message).toMatch(/adj is \(2\), expected less than/);
  });
});
