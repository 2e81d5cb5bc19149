/**
 * Arrays that are not this realm's plain Float32Array on a buffer of its own: of another realm (a page's frames, Jest, vm),
 * of a subclass, on shared or resizable memory. Every layer reads and writes them as it does its own, bit for bit.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as core from '../../src/index.ts';
import { randomArray, uniform } from '../../src/tensor/random.ts';
import { failure } from '../support/failure.ts';
import { foreignFloats, ofAnotherRealm } from '../support/values.ts';
import { sizeOf } from './support.ts';

let context: core.Context;
beforeAll(async () => {
  context = await core.createContext({ threads: 1 });
});
afterAll(() => context.dispose());

type Floats = (values: Float32Array) => Float32Array;

/** A constructor that takes no length, as those of vectors in graphics: `subarray` of it is an array of zeros. */
class Vector extends Float32Array {
  constructor(values: Float32Array) {
    super(values instanceof Float32Array ? values : new Float32Array(values as unknown as number));
  }
}

function filled(array: Float32Array, values: Float32Array): Float32Array {
  array.set(values);
  return array;
}

const KINDS: Readonly<Record<string, Floats>> = {
  'another realm': (values) => foreignFloats(values),
  'a subclass': (values) => new Vector(values),
  'shared memory': (values) => filled(new Float32Array(new SharedArrayBuffer(4 * values.length)), values),
  'shared memory of another realm': (values) =>
    filled(
      ofAnotherRealm<(n: number) => Float32Array>('(n) => new Float32Array(new SharedArrayBuffer(4 * n))')(
        values.length,
      ),
      values,
    ),
  'a buffer that may grow': (values) =>
    filled(new Float32Array(new ArrayBuffer(4 * values.length, { maxByteLength: 8 * values.length + 8 })), values),
};

const foreignShape = (shape: readonly number[]): number[] =>
  ofAnotherRealm<(extents: readonly number[]) => number[]>('(extents) => [...extents]')(shape);

interface Given {
  readonly data: Float32Array;
  readonly shape: readonly number[];
}

type Call = (tensors: Record<string, Given>, rest: object) => unknown;

/** A layer that takes its tensors by their names. */
function named(layer: (options: never) => unknown): Call {
  return (tensors, rest) => layer({ ...tensors, ...rest } as never);
}

/** Every layer: its tensors by their names and shapes, the shape of its output, and its call. */
const LAYERS: readonly (readonly [
  name: string,
  inputs: Readonly<Record<string, readonly number[]>>,
  output: readonly number[],
  call: Call,
])[] = [
  ['reluOutput', { input: [2, 3, 4] }, [2, 3, 4], named(core.reluOutput)],
  ['softmaxOutput', { input: [2, 3] }, [2, 3], named(core.softmaxOutput)],
  [
    'additionOutput',
    { a: [2, 3], b: [2, 3] },
    [2, 3],
    ({ a, b }, rest) => core.additionOutput({ inputs: [a, b], ...rest }),
  ],
  [
    'concatenationOutput',
    { a: [2, 3], b: [2, 1] },
    [2, 4],
    ({ a, b }, rest) => core.concatenationOutput({ inputs: [a, b], ...rest }),
  ],
  [
    'localResponseNormalisationOutput',
    { input: [1, 5, 3, 3] },
    [1, 5, 3, 3],
    ({ input }, rest) =>
      core.localResponseNormalisationOutput({ input, size: 3, alpha: 1, beta: 0.75, bias: 1, ...rest }),
  ],
  [
    'batchNormalisationOutput',
    { input: [2, 3], gamma: [3], beta: [3], mean: [3], variance: [3] },
    [2, 3],
    // A variance may not be negative.
    (tensors, rest) => core.batchNormalisationOutput({ ...(tensors as never as Statistics), epsilon: 1, ...rest }),
  ],
  [
    'resizeOutput',
    { input: [1, 2, 3, 4] },
    [1, 2, 6, 8],
    ({ input }, rest) => core.resizeOutput({ input, mode: 'bilinear', scale: 2, ...rest }),
  ],
  [
    'maxPoolingOutput',
    { input: [1, 2, 4, 4] },
    [1, 2, 2, 2],
    ({ input }, rest) => core.maxPoolingOutput({ input, poolingSize: 2, ...rest }),
  ],
  [
    'averagePoolingOutput',
    { input: [1, 2, 4, 4] },
    [1, 2, 2, 2],
    ({ input }, rest) => core.averagePoolingOutput({ input, poolingSize: 2, ...rest }),
  ],
  ['globalAveragePoolingOutput', { input: [1, 2, 4, 4] }, [1, 2], named(core.globalAveragePoolingOutput)],
  [
    'fullyConnectedInference',
    { input: [2, 5], kernel: [4, 5], bias: [4] },
    [2, 4],
    named(core.fullyConnectedInference),
  ],
  [
    'convolutionInference',
    { input: [1, 2, 9, 8], kernel: [3, 2, 3, 3], bias: [3] },
    [1, 3, 7, 6],
    named(core.convolutionInference),
  ],
  [
    'a planned convolution',
    { input: [1, 2, 9, 8], kernel: [3, 2, 3, 3], bias: [3] },
    [1, 3, 7, 6],
    (tensors, { output, ...rest }: { output?: Given }) => {
      const plan = core.planConvolution({ ...(tensors as never as Convolution), ...rest });
      const result = plan.run(tensors.input, output);
      plan.dispose();
      return result;
    },
  ],
];

type Statistics = Record<'input' | 'mean' | 'variance', Given>;
type Convolution = Record<'input' | 'kernel', Given>;

describe.each(Object.entries(KINDS))('arrays of %s', (_kind, make) => {
  it.each(LAYERS)('are read and written by %s as its own are', (_name, inputs, outputShape, call) => {
    const next = uniform(7);
    const values = Object.entries(inputs).map(
      ([name, shape]) => [name, shape, randomArray(sizeOf(shape), next)] as const,
    );
    const tensors = (floats: Floats, shapes = (shape: readonly number[]): readonly number[] => shape) =>
      Object.fromEntries(
        values.map(([name, shape, data]) => [name, { data: floats(data.slice()), shape: shapes(shape) }]),
      );
    const poison = new Float32Array(sizeOf(outputShape)).fill(Number.NaN);
    const own = { data: poison.slice(), shape: outputShape };
    expect(
      call(
        tensors((data) => data),
        { context, output: own },
      ),
    ).toBe(own);
    expect(own.data.every(Number.isFinite)).toBe(true);
    const output = { data: make(poison), shape: foreignShape(outputShape) };
    expect(call(tensors(make, foreignShape), { context, output })).toBe(output);
    expect([...output.data]).toEqual([...own.data]);
    // Strides of theirs: the same places by another path of the code.
    const strided = { ...output, data: make(poison), stride: foreignShape(denseOf(outputShape)), offset: 0 };
    call(tensors(make), { context, output: strided });
    expect([...strided.data]).toEqual([...own.data]);
  });

  it('share bytes with their input where they do', () => {
    const data = make(new Float32Array(12).fill(-1));
    const overlapping = new Float32Array(data.buffer, data.byteOffset + 4, 6);
    const error = failure(() =>
      core.reluOutput({ input: { data, shape: [2, 3] }, output: { data: overlapping, shape: [2, 3] }, context }),
    );
    expect([error.code, data[1]]).toEqual(['invalid-output', -1]);
    core.reluOutput({ input: { data, shape: [2, 3] }, output: { data, shape: [2, 3] }, context });
    expect([...data].slice(0, 7)).toEqual([0, 0, 0, 0, 0, 0, -1]);
  });
});

function denseOf(shape: readonly number[]): number[] {
  return shape.map((_, axis) => sizeOf(shape.slice(axis + 1)));
}

describe('half-precision weights of another realm', () => {
  it('are those of ours', () => {
    const codes = core.encodeHalves(randomArray(20, uniform(3)), 'binary16');
    const theirs = ofAnotherRealm<(numbers: number[]) => Uint16Array>('(numbers) => new Uint16Array(numbers)')([
      ...codes,
    ]);
    const input = { data: randomArray(10, uniform(4)), shape: [2, 5] };
    const run = (data: Uint16Array) =>
      core.fullyConnectedInference({
        input,
        kernel: { data, shape: foreignShape([4, 5]), format: 'binary16' },
        context,
      });
    expect(run(theirs).data).toEqual(run(codes).data);
    const plan = core.planFullyConnected({
      input,
      kernel: { data: theirs, shape: [4, 5], format: 'binary16' },
      context,
    });
    expect(plan.run(input).data).toEqual(run(codes).data);
    plan.dispose();
  });
});

describe('a resizable buffer', () => {
  const shrunken = (length?: number) => {
    const buffer = new ArrayBuffer(96, { maxByteLength: 96 });
    const data = new Float32Array(buffer, 0, length).fill(-1);
    buffer.resize(16);
    return data;
  };

  it('that has shrunk below its array is refused, and so is an array that has become shorter with it', () => {
    const relu = (data: Float32Array) => failure(() => core.reluOutput({ input: { data, shape: [2, 3] }, context }));
    expect([relu(shrunken(24)).code, relu(shrunken(24)).message]).toEqual([
      'invalid-tensor',
      'reluOutput: input of shape [2, 3] reaches elements 0 to 5, but its data has an empty or detached buffer',
    ]);
    expect([relu(shrunken()).code, relu(shrunken()).message]).toEqual([
      'invalid-tensor',
      'reluOutput: input of shape [2, 3] reaches elements 0 to 5, but its data has 4 elements',
    ]);
    const plan = core.planFullyConnected({
      input: { shape: [1, 6] },
      kernel: { data: new Float32Array(6), shape: [1, 6] },
      context,
    });
    expect(failure(() => plan.run({ data: shrunken(), shape: [1, 6] })).code).toBe('invalid-tensor');
    plan.dispose();
  });

  it('is read and written as far as the array tracks it', () => {
    const data = shrunken();
    core.reluOutput({ input: { data, shape: [2, 2] }, output: { data, shape: [2, 2] }, context });
    expect([...data]).toEqual([0, 0, 0, 0]);
  });
});
