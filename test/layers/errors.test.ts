/** What layers refuse: each with its code, and with an output that is still as it was. Random junk gives nothing else. */
import fc from 'fast-check';
import ndarray from 'ndarray';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  additionOutput,
  averagePoolingOutput,
  batchNormalisationOutput,
  type Context,
  concatenationOutput,
  createContext,
  type ErrorCode,
  explainFullyConnected,
  explainPooling,
  fullyConnectedInference,
  fullyConnectedOutput,
  globalAveragePoolingOutput,
  localResponseNormalisationOutput,
  maxPoolingOutput,
  maxPoolingOutputWithIndices,
  NnpackError,
  padOutput,
  planFullyConnected,
  reluOutput,
  resizeOutput,
  softmaxOutput,
} from '../../src/index.ts';
import { runs, sizeOf } from './support.ts';

let context: Context;
let disposed: Context;
beforeAll(async () => {
  context = await createContext({ threads: 1, memoryLimit: 2 ** 24 });
  disposed = await createContext({ threads: 1 });
  disposed.dispose();
});
afterAll(() => context.dispose());

const tensor = (...shape: number[]) => ndarray(new Float32Array(sizeOf(shape)).fill(1), shape);

/** Every function with options that it accepts, and the shape of what it then returns. */
const LAYERS = {
  reluOutput: [reluOutput, () => ({ input: tensor(2, 3), negativeSlope: 0.5 }), [2, 3]],
  softmaxOutput: [softmaxOutput, () => ({ input: tensor(2, 3) }), [2, 3]],
  additionOutput: [additionOutput, () => ({ inputs: [tensor(2, 3), tensor(2, 3)], activation: 'relu' }), [2, 3]],
  concatenationOutput: [concatenationOutput, () => ({ inputs: [tensor(2, 3), tensor(2, 1)], axis: 1 }), [2, 4]],
  localResponseNormalisationOutput: [
    localResponseNormalisationOutput,
    () => ({ input: tensor(1, 2, 3, 3), size: 5, alpha: 1, beta: 0.75, bias: 1 }),
    [1, 2, 3, 3],
  ],
  batchNormalisationOutput: [
    batchNormalisationOutput,
    () => ({
      input: tensor(2, 3),
      gamma: tensor(3),
      beta: tensor(3),
      mean: tensor(3),
      variance: tensor(3),
      epsilon: 1e-5,
    }),
    [2, 3],
  ],
  padOutput: [padOutput, () => ({ input: tensor(1, 1, 2, 3), padding: 1, mode: 'constant', value: 2 }), [1, 1, 4, 5]],
  resizeOutput: [
    resizeOutput,
    () => ({ input: tensor(1, 1, 2, 3), mode: 'bilinear', scale: 2, alignCorners: true }),
    [1, 1, 4, 6],
  ],
  maxPoolingOutput: [
    maxPoolingOutput,
    () => ({ input: tensor(1, 2, 4, 4), poolingSize: 2, stride: 2, padding: 0, convention: 'full' }),
    [1, 2, 2, 2],
  ],
  maxPoolingOutputWithIndices: [
    maxPoolingOutputWithIndices,
    () => ({ input: tensor(1, 2, 4, 4), poolingSize: 2, stride: 2, padding: 0, convention: 'full' }),
    [1, 2, 2, 2],
  ],
  averagePoolingOutput: [
    averagePoolingOutput,
    () => ({
      input: tensor(1, 2, 4, 4),
      poolingSize: 2,
      stride: 2,
      padding: 0,
      convention: 'full',
      countPadding: true,
    }),
    [1, 2, 2, 2],
  ],
  globalAveragePoolingOutput: [globalAveragePoolingOutput, () => ({ input: tensor(1, 2, 4, 4) }), [1, 2]],
  fullyConnectedInference: [
    fullyConnectedInference,
    () => ({ input: tensor(2, 3), kernel: tensor(4, 3), bias: tensor(4), activation: 'relu' }),
    [2, 4],
  ],
  fullyConnectedOutput: [
    fullyConnectedOutput,
    () => ({ input: tensor(7, 3), kernel: halves('binary16', 4, 3), bias: tensor(4), activation: 'relu' }),
    [7, 4],
  ],
  planFullyConnected: [
    planFullyConnected,
    () => ({ input: tensor(2, 3), kernel: tensor(4, 3), bias: tensor(4), activation: 'relu' }),
    null,
  ],
  explainFullyConnected: [explainFullyConnected, () => ({ input: tensor(2, 3), kernel: tensor(4, 3) }), null],
  explainPooling: [explainPooling, () => ({ input: tensor(1, 2, 4, 4), poolingSize: 2, type: 'max' }), null],
} as const;

type LayerName = keyof typeof LAYERS;
type Options = Record<string, unknown>;

function halves(format: string, ...shape: number[]) {
  return { data: new Uint16Array(sizeOf(shape)).fill(0x3c00), shape, format };
}

/** Calls a layer with its usual options and the given ones in place of some. */
function call(name: LayerName, options: Options): unknown {
  const [layer, usual] = LAYERS[name];
  // What only explains shapes knows of no context.
  const where = name.startsWith('explain') ? {} : { context };
  return (layer as (options: unknown) => unknown)({ ...usual(), ...where, ...options });
}

/** Refusals: what is given in place of the usual options, the code, and a part of the text. */
const REFUSALS: readonly (readonly [LayerName, Options, ErrorCode, string?])[] = [
  ['reluOutput', { input: undefined }, 'invalid-tensor'],
  ['reluOutput', { input: { shape: [2, 3], data: new Float64Array(6) } }, 'invalid-tensor-type'],
  ['reluOutput', { input: { shape: [2, 4], data: new Float32Array(6) } }, 'invalid-tensor'],
  ['reluOutput', { input: tensor(1, 1, 1, 1, 1, 1) }, 'invalid-rank'],
  ['reluOutput', { input: tensor(0, 3) }, 'invalid-batch-size', "input's batch size is 0"],
  ['reluOutput', { input: tensor(2, 0) }, 'invalid-channels'],
  ['reluOutput', { input: tensor(2, 3, 0, 1) }, 'invalid-input-size'],
  [
    'reluOutput',
    { negativeSlope: -1 },
    'invalid-activation-parameters',
    'negativeSlope is -1, expected a finite number',
  ],
  ['reluOutput', { negativeSlope: Infinity }, 'invalid-activation-parameters'],
  ['reluOutput', { negativeSlope: '0.1' }, 'invalid-activation-parameters'],
  ['reluOutput', { context: {} }, 'invalid-context'],
  ['softmaxOutput', { input: tensor(1, 1, 1, 1, 1) }, 'invalid-rank'],
  ['additionOutput', { inputs: tensor(2, 3) }, 'invalid-argument', 'expected an array of two tensors'],
  ['additionOutput', { inputs: [tensor(2, 3)] }, 'invalid-argument'],
  [
    'additionOutput',
    { inputs: [tensor(2, 3), tensor(3, 2)] },
    'invalid-input-size',
    'expected [2, 3] (that of inputs[0])',
  ],
  ['additionOutput', { inputs: [tensor(2, 3), null] }, 'invalid-tensor', 'inputs[1] is null'],
  ['additionOutput', { activation: 'rely' }, 'invalid-activation', "did you mean 'relu'?"],
  ['additionOutput', { activation: { type: 'leaky', slope: NaN } }, 'invalid-activation-parameters'],
  ['concatenationOutput', { inputs: [] }, 'invalid-argument'],
  ['concatenationOutput', { axis: 2 }, 'invalid-argument', 'axis is 2, expected a whole number from 0 to 1'],
  ['concatenationOutput', { axis: 0.5 }, 'invalid-argument'],
  ['concatenationOutput', { axis: 0 }, 'invalid-input-size', 'inputs[1] has shape [2, 1], expected [2, 3]'],
  ['concatenationOutput', { inputs: [tensor(2, 3), tensor(2, 3, 1)] }, 'invalid-rank'],
  ['localResponseNormalisationOutput', { input: tensor(2, 3) }, 'invalid-rank'],
  ['localResponseNormalisationOutput', { size: 0 }, 'invalid-argument', 'size is 0'],
  ['localResponseNormalisationOutput', { alpha: NaN }, 'invalid-argument', 'alpha is NaN'],
  ['localResponseNormalisationOutput', { beta: undefined }, 'invalid-argument', 'beta is undefined'],
  ['localResponseNormalisationOutput', { bias: Infinity }, 'invalid-argument'],
  ['batchNormalisationOutput', { mean: tensor(2) }, 'invalid-channels', 'mean has 2 elements, expected 3'],
  ['batchNormalisationOutput', { gamma: tensor(4) }, 'invalid-channels'],
  ['batchNormalisationOutput', { variance: tensor(3, 1) }, 'invalid-rank'],
  ['batchNormalisationOutput', { mean: undefined }, 'invalid-tensor'],
  ['batchNormalisationOutput', { epsilon: -1 }, 'invalid-argument', 'epsilon is -1'],
  ['batchNormalisationOutput', { epsilon: undefined }, 'invalid-argument'],
  ['padOutput', { mode: 'reflekt' }, 'invalid-argument', "did you mean 'reflect'?"],
  ['padOutput', { mode: 'edge' }, 'invalid-argument', "value is 2, expected it with mode 'constant' only"],
  ['padOutput', { value: '2' }, 'invalid-argument', "value is '2', expected a number"],
  ['padOutput', { value: Number.NaN }, 'invalid-argument', 'value is NaN, expected a number'],
  ['padOutput', { padding: undefined }, 'invalid-input-padding', 'padding is not given'],
  ['padOutput', { padding: -1 }, 'invalid-input-padding', 'padding is -1, expected a whole number of at least 0'],
  ['padOutput', { padding: { above: 1 } }, 'invalid-input-padding', "unknown field 'above'"],
  [
    'padOutput',
    { padding: { bottom: 2 }, mode: 'reflect', value: undefined },
    'invalid-input-padding',
    "padding is 2, expected less than 2 (the input's height) with mode 'reflect'",
  ],
  ['resizeOutput', { mode: undefined }, 'invalid-argument', 'mode is not given'],
  ['resizeOutput', { mode: 'bilinaer' }, 'invalid-argument', "did you mean 'bilinear'?"],
  ['resizeOutput', { scale: undefined }, 'invalid-argument', 'neither scale nor size'],
  ['resizeOutput', { size: 3 }, 'invalid-argument', 'both scale and size'],
  ['resizeOutput', { scale: { height: 2 } }, 'invalid-argument', 'scale width is undefined'],
  ['resizeOutput', { scale: 0.1 }, 'invalid-argument', 'which makes 0 of 2'],
  ['resizeOutput', { scale: 2 ** 32 }, 'invalid-argument', 'which makes 8589934592 of 2, expected 1 to 1073741824'],
  ['resizeOutput', { scale: undefined, size: 1.5 }, 'invalid-argument', 'size is 1.5'],
  ['resizeOutput', { mode: 'nearest' }, 'invalid-argument', 'alignCorners is true'],
  ['resizeOutput', { alignCorners: 1 }, 'invalid-argument', 'alignCorners is 1'],
  ['resizeOutput', { scale: undefined, size: 2 ** 20 }, 'out-of-memory'],
  ['resizeOutput', { scale: undefined, size: 4000, output: undefined }, 'out-of-memory', 'MB'],
  ['maxPoolingOutput', { input: tensor(4, 4) }, 'invalid-rank'],
  ['maxPoolingOutput', { input: tensor(1, 2, 0, 4) }, 'invalid-input-size'],
  ['maxPoolingOutput', { poolingSize: undefined }, 'invalid-pooling-size', 'poolingSize is not given'],
  ['maxPoolingOutput', { poolingSize: 0 }, 'invalid-pooling-size', 'poolingSize is 0'],
  ['maxPoolingOutput', { poolingSize: { height: 2, width: 0 } }, 'invalid-pooling-size', 'poolingSize width is 0'],
  ['maxPoolingOutput', { poolingSize: 5, convention: 'valid' }, 'invalid-pooling-size', 'expected at most 4'],
  ['maxPoolingOutput', { stride: 0 }, 'invalid-pooling-stride'],
  ['maxPoolingOutput', { stride: 1.5 }, 'invalid-pooling-stride'],
  ['maxPoolingOutput', { padding: -1 }, 'invalid-input-padding'],
  ['maxPoolingOutput', { padding: 1, convention: 'same' }, 'invalid-input-padding', "'same' computes its own"],
  ['maxPoolingOutput', { convention: 'fulll' }, 'invalid-argument', "did you mean 'full'?"],
  ['maxPoolingOutput', { padding: 2 ** 20 }, 'out-of-memory'],
  ['averagePoolingOutput', { countPadding: 1 }, 'invalid-argument', 'countPadding is 1'],
  ['explainPooling', { type: 'mean' }, 'invalid-argument'],
  ['fullyConnectedInference', { input: tensor(1, 2, 3) }, 'invalid-rank'],
  ['fullyConnectedInference', { input: tensor(0, 3) }, 'invalid-batch-size'],
  ['fullyConnectedInference', { input: tensor(2, 0), kernel: tensor(4, 0) }, 'invalid-input-channels'],
  ['fullyConnectedInference', { kernel: tensor(0, 3) }, 'invalid-output-channels'],
  [
    'fullyConnectedInference',
    { kernel: tensor(4, 2) },
    'invalid-input-channels',
    'kernel has 2 input channels, expected 3',
  ],
  ['fullyConnectedInference', { bias: tensor(3) }, 'invalid-bias', 'bias has 3 elements, expected 4'],
  ['fullyConnectedInference', { bias: null }, 'invalid-tensor'],
  ['fullyConnectedInference', { kernel: halves('float16', 4, 3) }, 'invalid-argument', "format is 'float16'"],
  [
    'fullyConnectedInference',
    { kernel: { ...halves('', 4, 3), format: undefined } },
    'invalid-tensor-type',
    'without a format',
  ],
  [
    'fullyConnectedInference',
    { kernel: { ...halves('binary16', 4, 3), data: new Float32Array(12) } },
    'invalid-tensor-type',
  ],
  ['fullyConnectedInference', { kernel: { ...halves('binary16', 4, 3), stride: [1, 4] } }, 'invalid-tensor', 'dense'],
  ['fullyConnectedInference', { kernel: { ...halves('binary16', 4, 3), offset: 1 } }, 'invalid-tensor'],
  [
    'fullyConnectedInference',
    { kernel: { ...halves('binary16', 4, 3), data: new Uint16Array(11) } },
    'invalid-tensor',
    '11 elements',
  ],
  ['planFullyConnected', { input: { shape: [3, 2] } }, 'invalid-input-channels'],
  ['explainFullyConnected', { kernel: { shape: [4] } }, 'invalid-rank'],
];

describe('a refusal', () => {
  const titled = REFUSALS.map((row) => [row[0], Object.keys(row[1]).join(', '), row[2], row] as const);

  it.each(titled)('of %s for its %s has the code %s, and leaves the output alone', (name, _keys, code, row) => {
    const [, options, , text] = row;
    const poison = new Float32Array(10_000).fill(NaN);
    const bits = new Int32Array(poison.buffer);
    bits.forEach((_, i) => {
      bits[i] = 0x7fc00000 + i;
    });
    const before = bits.slice();
    const shape = LAYERS[name][2];
    const output = shape === null ? {} : { output: ndarray(poison, [...shape]) };
    const refused = () => call(name, { ...output, ...options });
    expect(refused).toThrow(NnpackError);
    expect(refused).toThrow(expect.objectContaining({ code }));
    expect(refused).toThrow(new RegExp(`^${name}: `));
    if (text !== undefined) expect(refused).toThrow(text);
    expect(Buffer.compare(new Uint8Array(bits.buffer), new Uint8Array(before.buffer))).toBe(0);
    expect(context.describe().usedBytes).toBe(0);
  });

  const names = Object.keys(LAYERS) as LayerName[];

  it.each(names)('of %s without options, or in a context that is gone', (name) => {
    const layer = LAYERS[name][0] as (options?: unknown) => unknown;
    for (const options of [undefined, null, 1, 'x']) {
      expect(() => layer(options)).toThrow(`${name}: options are`);
    }
    if (name.startsWith('explain')) return;
    expect(() => call(name, { context: disposed })).toThrow(expect.objectContaining({ code: 'disposed' }));
  });

  const withOutput = names.filter((name) => LAYERS[name][2] !== null);

  it.each(withOutput)('of an output that does not suit %s', (name) => {
    const shape: number[] = [...LAYERS[name][2]!];
    const data = new Float32Array(2 * sizeOf(shape));
    const strideless = { data, shape, stride: shape.map(() => 0) };
    expect(() => call(name, { output: null })).toThrow(expect.objectContaining({ code: 'invalid-tensor' }));
    expect(() => call(name, { output: tensor(...shape, 1) })).toThrow(
      expect.objectContaining({ code: 'invalid-rank' }),
    );
    const refusals = [tensor(...shape.map((size, axis) => (axis === 0 ? size + 1 : size))), strideless];
    for (const output of refusals) {
      expect(() => call(name, { output })).toThrow(expect.objectContaining({ code: 'invalid-output' }));
    }
    const short = { data: new Float32Array(1), shape };
    expect(() => call(name, { output: short })).toThrow(expect.objectContaining({ code: 'invalid-tensor' }));
  });

  it.each(withOutput)('of an output of %s that overlaps what it reads', (name) => {
    const shape: number[] = [...LAYERS[name][2]!];
    const usual = LAYERS[name][1]() as Options;
    const isTensor = (value: unknown) => (value as { data?: unknown } | null)?.data instanceof Float32Array;
    const onEach = Object.entries(usual).flatMap(([key, value]): Options[] => {
      if (isTensor(value)) return [{ [key]: value }];
      return Array.isArray(value) ? value.map((_, i) => ({ [key]: value.with(0, value[i]).with(i, value[0]) })) : [];
    });
    // What the statistics of a batch normalisation are folded into is memory of its own.
    const read = onEach.filter((options) => name !== 'batchNormalisationOutput' || 'input' in options);
    expect(read.length).toBeGreaterThan(0);
    for (const options of read) {
      const [[key, value]] = Object.entries(options);
      const source = (Array.isArray(value) ? value[0] : value) as { data: Float32Array; shape: number[] };
      const data = new Float32Array(sizeOf(source.shape) + sizeOf(shape) + 1).fill(2);
      const moved = { data, shape: source.shape, offset: 1 };
      const given = Array.isArray(value) ? [moved, ...value.slice(1)] : moved;
      const last = { data, shape, offset: sizeOf(source.shape) };
      const before = data.slice();
      expect(() => call(name, { [key]: given, output: last })).toThrow(
        /: output overlaps (the )?\w+(\[0\])?, expected/,
      );
      expect(data).toEqual(before);
    }
  });
});

describe('junk', () => {
  const junkNumber = fc.oneof(
    fc.constantFrom(NaN, Infinity, -Infinity, -1, 0, 1.5, 2, 3, 7, 2 ** 31, 2 ** 53, -0, 1e300, 1000),
    fc.double(),
    fc.integer(),
  );
  const junkTensor = fc.record(
    {
      data: fc.oneof(
        fc.constantFrom(
          new Float32Array(0),
          new Float32Array(24),
          new Float64Array(24),
          new Uint16Array(24),
          [1, 2],
          'data',
        ),
        fc.anything(),
      ),
      shape: fc.oneof(
        fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 5 }),
        fc.array(junkNumber, { maxLength: 5 }),
        fc.anything(),
      ),
      stride: fc.oneof(
        fc.array(fc.integer({ min: -9, max: 9 }), { maxLength: 5 }),
        fc.array(junkNumber, { maxLength: 5 }),
      ),
      offset: junkNumber,
      format: fc.oneof(fc.constantFrom('binary16', 'alternative', undefined), fc.anything()),
    },
    { requiredKeys: [] },
  );
  const junk: fc.Arbitrary<unknown> = fc.oneof(
    junkNumber,
    junkTensor,
    fc.record({ height: junkNumber, width: junkNumber }, { requiredKeys: [] }),
    fc.record({ top: junkNumber, left: fc.anything() }, { requiredKeys: [] }),
    fc.record({ type: fc.constantFrom('leaky', 'clamp', 'relu'), slope: junkNumber, min: junkNumber, max: junkNumber }),
    fc.array(junkTensor, { maxLength: 3 }),
    fc.constantFrom('relu', 'full', 'same', 'nearest', 'binary16', '', '2'),
    fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withNullPrototype: true,
      withTypedArray: true,
      withSparseArray: true,
      withBoxedValues: true,
    }),
  );

  it.each(Object.keys(LAYERS) as LayerName[])('in any options of %s is served or refused, and nothing else', (name) => {
    const keys = [...Object.keys(LAYERS[name][1]()), 'size', 'padding', 'stride', 'activation', 'output'];
    const some = fc.subarray(keys, { minLength: 1, maxLength: 3 });
    const options = some.chain((chosen) => fc.record(Object.fromEntries(chosen.map((key) => [key, junk]))));
    let served = 0;
    let refused = 0;
    fc.assert(
      fc.property(options, (replaced) => {
        try {
          const result = call(name, replaced);
          if (result !== null && typeof result === 'object' && 'dispose' in result)
            (result as { dispose(): void }).dispose();
          served++;
        } catch (error) {
          if (!(error instanceof NnpackError)) throw error;
          refused++;
        }
        expect(context.describe().usedBytes).toBe(0);
      }),
      { numRuns: runs(300) },
    );
    expect(refused).toBeGreaterThan(served / 20);
  });

  it.each(Object.keys(LAYERS) as LayerName[])('for all options of %s is refused', (name) => {
    const layer = LAYERS[name][0] as (options: unknown) => unknown;
    fc.assert(
      fc.property(junk, (options) => {
        // Without a context a call may make the default one, with its threads.
        const given = typeof options === 'object' && options !== null ? { ...options, context } : options;
        expect(() => layer(given)).toThrow(NnpackError);
      }),
      { numRuns: runs(60) },
    );
  });
});
