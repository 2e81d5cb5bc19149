/** What MXNet's operators mean where one would expect something else, by numbers that were worked out by hand. */
import { describe, expect, it } from 'vitest';
import type { MxnetFileContents } from '../../src/mxnet/files.ts';
import { failure } from '../support/failure.ts';
import {
  graphOf,
  type Input,
  type Array as Numbers,
  type Output,
  one,
  outputsOf,
  type Written,
  written,
} from './models.ts';

const LOWEST = -(2 ** 127 * (2 - 2 ** -23));
const [NAN, INF] = [Number.NaN, Number.POSITIVE_INFINITY];

const picture = (...rows: number[][]): Output => [[1, 1, rows.length, rows[0].length], rows.flat()];
const line = (...numbers: number[]): Output => [[1, 1, numbers.length], numbers];
const vector = (...numbers: number[]): Output => [[numbers.length], numbers];
const filled = (shape: readonly number[], x = 0): Output => [
  shape,
  new Array<number>(shape.reduce((a, b) => a * b)).fill(x),
];
const counted = (shape: readonly number[]): Output => [shape, [...Array(shape.reduce((a, b) => a * b)).keys()]];

function expectOutputs(files: MxnetFileContents, inputs: Readonly<Record<string, Input>>, expected: readonly Output[]) {
  for (const outputs of Object.values(outputsOf(files, inputs))) {
    expect(outputs.map(([shape]) => shape)).toEqual(expected.map(([shape]) => shape));
    for (const [i, [, numbers]] of outputs.entries()) {
      for (const [k, number] of numbers.entries()) {
        const wanted = expected[i][1][k];
        const isNear =
          Object.is(number, wanted) || number === wanted || Math.abs(number - wanted) <= 1e-6 * Math.abs(wanted);
        expect(isNear ? wanted : number, `element ${k} of output ${i}`).toBe(wanted);
      }
    }
  }
}

interface Case {
  readonly what: string;
  readonly files: MxnetFileContents;
  readonly data: Input;
  readonly others?: Readonly<Record<string, Input>>;
  readonly expected: readonly Output[];
}

const expectCases = (cases: readonly Case[]) =>
  it.each(cases)('$what', ({ files, data, others, expected }) => expectOutputs(files, { data, ...others }, expected));

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
