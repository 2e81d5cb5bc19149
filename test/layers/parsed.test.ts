/**
 * Options are parsed once: what comes out is frozen, and nothing that their owner does later can change it. Nothing on the way
 * looks at them again, so that each field of the options and of each tensor is read once.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseSelection } from '../../src/dispatch/select.ts';
import * as core from '../../src/index.ts';
import { parseConvolution } from '../../src/layers/convolution-options.ts';
import { parseFullyConnected } from '../../src/layers/fully-connected-options.ts';
import { checkShape, checkTensor } from '../../src/tensor/tensor.ts';

let context: core.Context;
beforeAll(() => {
  context = new core.Context({ threads: 1, kernels: 'scalar' });
});
afterAll(() => context.dispose());

it('a parsed convolution is frozen, apart from its options, and holds no option unparsed', () => {
  const shape = [1, 4, 6, 6];
  const kernel = { data: new Float32Array(72), shape: [2, 4, 3, 3] };
  const options = { input: { shape }, kernel, padding: 1, activation: 'relu', rule: 'nnpack', context } as const;
  const parsed = parseConvolution('test', options, checkShape);
  shape[1] = 5;
  kernel.shape[0] = 3;
  for (const part of [parsed, parsed.problem, parsed.problem.shape, parsed.problem.outputShape, parsed.selection]) {
    expect(Object.isFrozen(part)).toBe(true);
  }
  expect(parsed.problem).toMatchObject({ inputShape: [1, 4, 6, 6], outputShape: [1, 2, 6, 6], hasBias: false });
  expect(parsed.kernel.shape).toEqual([2, 4, 3, 3]);
  expect(parsed.activation).toEqual({ slope: 1, low: 0, high: Infinity });
  expect(parsed.selection).toEqual({ algorithm: 'auto', eligibility: 'all', rule: 'nnpack', accuracy: 'default' });
  expect(parsed.bias).toBeNull();
});

it('a parsed fully-connected layer is frozen, apart from its options, and holds no option unparsed', () => {
  const kernel = { data: new Uint16Array(8), shape: [2, 4], format: 'binary16' as const };
  const input = { data: new Float32Array(12), shape: [3, 4] };
  const activation = { type: 'clamp', min: -1, max: 1 } as const;
  const parsed = parseFullyConnected('test', { input, kernel, activation, context }, checkTensor);
  kernel.shape[0] = 3;
  input.shape[0] = 1;
  const { problem } = parsed;
  for (const part of [parsed, problem, problem.shape, problem.inputShape, problem.outputShape, parsed.activation]) {
    expect(Object.isFrozen(part)).toBe(true);
  }
  expect(problem.shape).toEqual({ batch: 3, inputChannels: 4, outputChannels: 2, format: 'binary16' });
  expect(problem).toMatchObject({ inputShape: [3, 4], outputShape: [3, 2] });
  expect(parsed.activation).toEqual({ slope: 1, low: -1, high: 1 });
  expect(parsed.kernel.shape).toEqual([2, 4]);
  expect(parsed.bias).toBeNull();
});

it('a parsed selection is frozen, and what was left open is decided', () => {
  const parsed = parseSelection('test', { maxError: 1e-3 });
  expect(parsed).toEqual({
    algorithm: 'auto',
    eligibility: 'all',
    rule: 'fastest',
    accuracy: 'default',
    maxError: 1e-3,
  });
  expect(Object.isFrozen(parsed)).toBe(true);
});

/** How often each field was read, by its path. */
type Reads = Map<string, number>;

/** An object that counts how often each of its fields is read. */
function counted<T extends object>(name: string, object: T, reads: Reads): T {
  return new Proxy(object, {
    get(target, key, receiver) {
      const path = `${name}.${String(key)}`;
      reads.set(path, (reads.get(path) ?? 0) + 1);
      return Reflect.get(target, key, receiver);
    },
  });
}

/** Data that lies as no copy would be made of it, and strides that are said: all that a tensor may have. */
function tensor(...shape: number[]) {
  const stride = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, extent) => product * extent, 1));
  const data = new Float32Array(shape.reduce((product, extent) => product * extent, 1)).fill(0.5);
  return { data, shape, stride, offset: 0 };
}

const convolution = () => ({
  input: tensor(1, 4, 6, 6),
  kernel: tensor(2, 4, 3, 3),
  bias: tensor(2),
  padding: { top: 1, left: 1 },
  stride: { height: 1, width: 1 },
  activation: { type: 'leaky', slope: 0.5 },
});
const window = () => ({
  input: tensor(1, 2, 4, 4),
  output: tensor(1, 2, 2, 2),
  poolingSize: { height: 2, width: 2 },
  stride: { height: 2, width: 2 },
  padding: { top: 0 },
});
const connected = () => ({ input: tensor(3, 4), kernel: tensor(2, 4), bias: tensor(2), activation: { type: 'relu' } });

/** The functions of layers, each with all that it may be given as objects. */
const CALLS: readonly (readonly [name: string, options: () => object])[] = [
  ['additionOutput', () => ({ inputs: [tensor(2, 3), tensor(2, 3)], output: tensor(2, 3) })],
  ['averagePoolingOutput', window],
  [
    'batchNormalisationOutput',
    () => ({
      ...{ input: tensor(2, 3), output: tensor(2, 3), epsilon: 1e-5 },
      ...{ gamma: tensor(3), beta: tensor(3), mean: tensor(3), variance: tensor(3) },
    }),
  ],
  ['concatenationOutput', () => ({ inputs: [tensor(2, 3), tensor(2, 1)], output: tensor(2, 4) })],
  ['convolutionInference', () => ({ ...convolution(), output: tensor(1, 2, 5, 5) })],
  ['convolutionOutput', () => ({ ...convolution(), algorithm: 'wt8x8', output: tensor(1, 2, 5, 5) })],
  ['explainConvolution', () => ({ ...convolution(), of: 'call', activation: 'relu' })],
  ['explainFullyConnected', () => ({ ...connected(), activation: undefined })],
  ['explainPooling', () => ({ ...window(), output: undefined })],
  ['fullyConnectedInference', () => ({ ...connected(), activation: 'relu', output: tensor(3, 2) })],
  [
    'fullyConnectedOutput',
    () => ({
      ...connected(),
      ...{ kernel: { data: new Uint16Array(8), shape: [2, 4], format: 'binary16' }, activation: 'relu' },
    }),
  ],
  ['globalAveragePoolingOutput', () => ({ input: tensor(1, 2, 4, 4), output: tensor(1, 2) })],
  [
    'localResponseNormalisationOutput',
    () => ({ input: tensor(1, 2, 4, 4), output: tensor(1, 2, 4, 4), size: 3, alpha: 1, beta: 0.75, bias: 1 }),
  ],
  ['maxPoolingOutput', window],
  ['maxPoolingOutputWithIndices', window],
  ['padOutput', () => ({ input: tensor(1, 2, 4, 4), output: tensor(1, 2, 5, 4), padding: { top: 1 } })],
  ['planConvolution', convolution],
  ['planFullyConnected', () => ({ ...connected(), activation: 'relu' })],
  ['reluOutput', () => ({ input: tensor(2, 3), output: tensor(2, 3), negativeSlope: 0.5 })],
  [
    'resizeOutput',
    () => ({
      ...{ input: tensor(1, 2, 4, 4), output: tensor(1, 2, 8, 8) },
      ...{ mode: 'bilinear', scale: { height: 2, width: 2 } },
    }),
  ],
  ['softmaxOutput', () => ({ input: tensor(2, 3), output: tensor(2, 3) })],
];

describe('each field is read once', () => {
  it.each(CALLS)('by %s, of the options and of all that is in them', (name, optionsOf) => {
    const reads: Reads = new Map();
    const fields = Object.entries(optionsOf()).map(([field, value]) => {
      const wrap = (path: string, one: unknown) =>
        typeof one === 'object' && one !== null ? counted(path, one, reads) : one;
      if (!Array.isArray(value)) return [field, wrap(field, value)];
      return [field, value.map((one, i) => wrap(`${field}[${i}]`, one))];
    });
    // What explains rules alone knows of no context.
    const where = /^explain[FP]/.test(name) ? {} : { context };
    const options = counted('options', { ...Object.fromEntries(fields), ...where }, reads);
    const call = new Map<string, unknown>(Object.entries(core)).get(name) as (options: object) => unknown;
    const result = call(options);
    expect([...reads.keys()]).toEqual(expect.arrayContaining(Object.keys(optionsOf()).map((key) => `options.${key}`)));
    expect([...reads].filter(([, count]) => count !== 1)).toEqual([]);
    if (result instanceof core.ConvolutionPlan || result instanceof core.FullyConnectedPlan) result.dispose();
  });

  it('and every function of a layer is among them', () => {
    const layers = Object.keys(core).filter((name) => /^(plan|explain)[A-Z]|(Output|Indices|Inference)$/.test(name));
    expect(CALLS.map(([name]) => name)).toEqual(layers.sort());
  });
});
