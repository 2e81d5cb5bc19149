/** Whatever a network or its options hold, what comes of it is right, or an error of ours. */
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Context, createContext, NnpackError } from '../../src/index.ts';
import {
  explainNetwork,
  inferShapes,
  type Network,
  optimize,
  planNetwork,
  prepareNetwork,
} from '../../src/networks/index.ts';
import { parseNetwork } from '../../src/networks/parse.ts';
import { makeTensor, type Tensor } from '../../src/tensor/ndarray.ts';
import { RUNS, randomNumbers } from './arbitrary.ts';
import { magnitudesOf, runNaive, tensor } from './naive.ts';

let context: Context;

beforeAll(async () => {
  context = await createContext({ threads: 1, memoryLimit: 2 ** 28 });
});

afterAll(() => context.dispose());

function refusalOf(work: () => unknown): NnpackError {
  try {
    work();
  } catch (error) {
    expect(error).toBeInstanceOf(NnpackError);
    return error as NnpackError;
  }
  return expect.unreachable('expected an error');
}

const SIZE = 7;

/** Every operation but softmax and local response, whose errors no sum of magnitudes bounds; made anew each time. */
function goodNetwork(): Network {
  const vector = (seed: number) => randomNumbers(seed, 4);
  return {
    name: 'good',
    inputs: [{ name: 'x', shape: [2, null, null] }],
    nodes: [
      {
        op: 'convolution',
        name: 'conv',
        inputs: ['x'],
        kernel: { data: randomNumbers(1, 4 * 2 * 9), shape: [4, 2, 3, 3] },
        bias: vector(2),
        stride: 1,
        dilation: { height: 1, width: 1 },
        groups: 1,
        padding: 'same',
        activation: { type: 'leaky', slope: 0.5 },
      },
      {
        op: 'batch-normalisation',
        name: 'bn',
        inputs: ['conv'],
        gamma: vector(3),
        beta: vector(4),
        mean: vector(5),
        variance: vector(6).map((v) => Math.abs(v) + 0.5),
        epsilon: 0.01,
      },
      { op: 'scale-shift', name: 'scaled', inputs: ['bn'], scale: vector(7), shift: vector(8) },
      {
        op: 'max-pooling',
        name: 'max',
        inputs: ['scaled'],
        poolingSize: 2,
        stride: 1,
        padding: 0,
        convention: 'valid',
      },
      {
        op: 'average-pooling',
        name: 'mean',
        inputs: ['max'],
        poolingSize: 2,
        stride: 1,
        padding: 1,
        countPadding: true,
      },
      { op: 'relu', name: 'relu', inputs: ['mean'], negativeSlope: 0.25 },
      { op: 'clamp', name: 'clamp', inputs: ['relu'], min: -1, max: 6 },
      { op: 'addition', name: 'sum', inputs: ['clamp', 'relu', 'clamp'], activation: 'relu' },
      { op: 'concatenation', name: 'both', inputs: ['sum', 'relu'] },
      { op: 'resize', name: 'up', inputs: ['both'], mode: 'nearest', scale: { height: 1, width: 2 } },
      { op: 'dropout', name: 'drop', inputs: ['up'] },
      { op: 'global-average-pooling', name: 'pool', inputs: ['drop'] },
      {
        op: 'fully-connected',
        name: 'fc',
        inputs: ['pool'],
        kernel: { data: randomNumbers(9, 3 * 8), shape: [3, 8] },
        bias: randomNumbers(10, 3),
      },
      { op: 'flatten', name: 'flat', inputs: ['drop'] },
      // Nothing needs it.
      { op: 'relu', name: 'lost', inputs: ['conv'] },
    ],
    outputs: ['fc', 'sum', 'flat'],
  };
}

const foreign = runInNewContext('Float32Array.from({ length: 4 }, (_, i) => i - 1.5)') as Float32Array;

/** Values of every type; several of them are right somewhere. */
const VALUES: readonly unknown[] = [
  undefined,
  null,
  true,
  false,
  0,
  -0,
  1,
  2,
  3,
  -1,
  0.5,
  Number.NaN,
  Infinity,
  -Infinity,
  2 ** 30,
  2 ** 31,
  2 ** 32 + 3,
  2 ** 53,
  1e300,
  5n,
  '',
  '1',
  'same',
  'valid',
  'full',
  'relu',
  'identity',
  'x',
  'conv',
  '__proto__',
  'toString',
  'bilinear',
  'addition',
  'convolutoin',
  Symbol('s'),
  () => 1,
  [],
  ['x'],
  ['conv', 'conv'],
  [1],
  [2, 7, 7],
  [2, null, null],
  [null],
  new Array(3),
  {},
  { name: 'y' },
  { height: 1, width: 2 },
  { height: 2 },
  { top: 1 },
  { top: -1 },
  { type: 'leaky', slope: 0.25 },
  { type: 'clamp', min: -1, max: 1 },
  { type: 'clamp', min: 1, max: -1 },
  { type: 'leaky' },
  new Float32Array(0),
  new Float32Array(3),
  Float32Array.of(1, 2, 3, 4),
  Float32Array.of(1, -2, 3, Number.NaN),
  foreign,
  new Float64Array(4),
  [1, 2, 3, 4],
  new Uint8Array(4),
  { data: new Float32Array(3), shape: [3] },
  { data: randomNumbers(1, 72), shape: [4, 2, 3, 3] },
  { data: randomNumbers(1, 8), shape: [4, 2, 1, 1] },
  makeTensor(randomNumbers(1, 72), [4, 2, 3, 3]),
  makeTensor(randomNumbers(1, 72), [3, 3, 2, 4]).transpose(3, 2, 0, 1),
  { data: '1'.repeat(72), shape: [4, 2, 3, 3] },
  { data: [...randomNumbers(1, 72)], shape: [4, 2, 3, 3] },
  new Map(),
  new Date(0),
  Object.defineProperty({}, 'height', {
    enumerable: true,
    get: () => {
      throw new Error('no height');
    },
  }),
  Object.defineProperty([], '0', {
    enumerable: true,
    get: () => {
      throw 'no item';
    },
  }),
];

type Path = readonly (string | number)[];

/** The places of an object's fields and of those within them; of numbers only the first. */
function pathsOf(value: unknown, path: Path = []): Path[] {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return [path];
  return [path, ...Object.entries(value).flatMap(([key, field]) => pathsOf(field, [...path, key]))];
}

function replaced<T>(value: T, [key, ...rest]: Path, by: unknown): T {
  if (key === undefined) return by as T;
  const copy = (Array.isArray(value) ? [...value] : { ...value }) as Record<string | number, unknown>;
  copy[key] = replaced(copy[key], rest, by);
  return copy as T;
}

/** What the naive loops allow: errors of the algorithms, grown by the magnitudes of the terms. */
function expectRight(network: Network, input: Tensor, outputs: Record<string, Tensor>): void {
  const expected = runNaive(network, { x: tensor([1, ...input.shape], input.data) });
  const scale = runNaive(magnitudesOf(network), {
    x: tensor(
      [1, ...input.shape],
      input.data.map(() => 1),
    ),
  });
  expect(new Set(Object.keys(outputs))).toEqual(new Set(network.outputs));
  const values = [...expected.values(), ...scale.values()];
  const greatest = values.reduce((most, { data }) => data.reduce((m, value) => Math.max(m, Math.abs(value)), most), 0);
  for (const name of network.outputs) {
    const right = expected.get(name)!;
    expect([...outputs[name].shape]).toEqual([...right.shape]);
    // What float32 does not hold, and a NaN among the numbers, spread as far as an algorithm mixes values.
    if (!Number.isFinite(Math.fround(greatest))) continue;
    right.data.forEach((value, i) => {
      const got = outputs[name].data[i];
      if (Math.abs(value - got) <= 1e5 * 2 ** -24 * greatest) return;
      expect.fail(`${name}[${i}] is ${got}, expected ${value}`);
    });
  }
}

describe('a network with any field replaced by a value of any type', () => {
  const input = makeTensor(randomNumbers(11, 2 * SIZE * SIZE), [2, SIZE, SIZE]);

  it('runs right or gives an error of ours, from every function alike', () => {
    const seen = { refused: 0, ran: 0 };
    fc.assert(
      fc.property(fc.constantFrom(...pathsOf(goodNetwork())), fc.constantFrom(...VALUES), (path, value) => {
        const network = replaced(goodNetwork(), path, value);
        const options = { context, inputs: { x: [2, SIZE, SIZE] } };
        let plan: ReturnType<typeof planNetwork>;
        try {
          plan = planNetwork(network, options);
        } catch (error) {
          expect(error, `${error}`).toBeInstanceOf(NnpackError);
          const { code, message } = error as NnpackError;
          for (const work of [explainNetwork, prepareNetwork]) {
            // What only this context is too small for can still be explained.
            if (code !== 'out-of-memory')
              expect(refusalOf(() => work(network, options))).toMatchObject({ code, message });
          }
          seen.refused++;
          return;
        }
        const given: Record<string, Tensor> = { [plan.network.inputs[0].name]: input };
        try {
          expectRight(network, input, plan.run(given));
        } finally {
          plan.dispose();
        }
        seen.ran++;
      }),
      { numRuns: 1500 * RUNS },
    );
    expect(Math.min(seen.refused, seen.ran)).toBeGreaterThan(10);
    expect(context.arena.usedBytes).toBe(0);
  });

  it('and so with its options, and what a run is given', () => {
    const plan = planNetwork(goodNetwork(), { context, inputs: { x: [2, SIZE, SIZE] } });
    const good = {
      context,
      batch: 1,
      inputs: { x: [2, SIZE, SIZE] },
      algorithm: 'auto',
      rule: 'fastest',
      eligibility: 'all',
    };
    const onlyOurs = (work: () => unknown): void => {
      try {
        work();
      } catch (error) {
        expect(error, `${error}`).toBeInstanceOf(NnpackError);
      }
    };
    for (const value of VALUES) {
      for (const key of Object.keys(good)) {
        onlyOurs(() => planNetwork(goodNetwork(), { ...good, [key]: value } as never).dispose());
        onlyOurs(() => explainNetwork(goodNetwork(), { ...good, [key]: value } as never));
        onlyOurs(() => prepareNetwork(goodNetwork(), { ...good, [key]: value } as never).dispose());
      }
      onlyOurs(() => prepareNetwork(goodNetwork(), { ...good, memoryBytes: value } as never).dispose());
      onlyOurs(() => planNetwork(goodNetwork(), value as never).dispose());
      onlyOurs(() => inferShapes(goodNetwork(), value as never));
      onlyOurs(() => inferShapes(goodNetwork(), { x: value } as never));
      onlyOurs(() => optimize(value as never));
      onlyOurs(() => plan.run(value as never));
      onlyOurs(() => plan.run({ x: value } as never));
      onlyOurs(() => plan.run({ x: input }, value as never));
    }
    plan.dispose();
  });
});

describe('what is refused', () => {
  const base = goodNetwork();
  const at = (name: string): number => base.nodes.findIndex((node) => node.name === name);
  it.each<[string, Path, unknown, string]>([
    [
      'an unknown op',
      ['nodes', at('sum'), 'op'],
      'additoin',
      "network 'good': node 'sum': op is 'additoin', expected one of ",
    ],
    [
      'a missing kernel',
      ['nodes', at('conv'), 'kernel'],
      undefined,
      "node 'conv' (convolution): kernel is undefined, expected an object",
    ],
    [
      'a bias of null',
      ['nodes', at('fc'), 'bias'],
      null,
      "node 'fc' (fully-connected): bias is null, expected a Float32Array",
    ],
    [
      'a padding of null',
      ['nodes', at('conv'), 'padding'],
      null,
      "node 'conv' (convolution): padding is null, expected a whole number",
    ],
    [
      "a padding 'valid'",
      ['nodes', at('conv'), 'padding'],
      'valid',
      "node 'conv' (convolution): padding is 'valid', expected 'same', a whole number of at least 0, or one for each side",
    ],
    [
      'inputs of null',
      ['nodes', at('sum'), 'inputs'],
      null,
      "node 'sum' (addition): inputs is null, expected an array",
    ],
    [
      'kernel numbers in a string',
      ['nodes', at('conv'), 'kernel', 'data'],
      '123',
      "node 'conv' (convolution): kernel: data is '123', expected a Float32Array",
    ],
    [
      'statistics of another length',
      ['nodes', at('bn'), 'variance'],
      new Float32Array(3),
      "node 'bn' (batch-normalisation): variance has 3 numbers, expected 4",
    ],
    [
      'statistics for other channels',
      ['nodes', at('scaled')],
      { op: 'scale-shift', name: 'scaled', inputs: ['bn'], scale: new Float32Array(5), shift: new Float32Array(5) },
      "node 'scaled' (scale-shift): input has 4 channels, expected 5",
    ],
    [
      'epsilon NaN',
      ['nodes', at('bn'), 'epsilon'],
      Number.NaN,
      "node 'bn' (batch-normalisation): epsilon is NaN, expected a finite number of at least 0",
    ],
    ['epsilon below 0', ['nodes', at('bn'), 'epsilon'], -1, "node 'bn' (batch-normalisation): epsilon is -1, expected"],
    [
      'variance without deviation',
      ['nodes', at('bn'), 'variance'],
      new Float32Array(4).fill(-0.02),
      "node 'bn' (batch-normalisation): variance + epsilon of channel 0 is ",
    ],
    ['two nodes of one name', ['nodes', at('lost'), 'name'], 'conv', "network 'good': two values are named 'conv'"],
    [
      'a broken node that nothing needs',
      ['nodes', at('lost'), 'negativeSlope'],
      -1,
      "node 'lost' (relu): activation slope is -1",
    ],
    [
      'a value named __proto__',
      ['nodes', at('lost'), 'name'],
      '__proto__',
      "network 'good': a value is named '__proto__'",
    ],
    [
      'a mistyped field',
      ['nodes', at('conv')],
      { ...base.nodes[at('conv')], paddng: 1 },
      "network 'good': nodes[0] has an unknown field 'paddng', did you mean 'padding'?",
    ],
    [
      "another op's field",
      ['nodes', at('drop')],
      { ...base.nodes[at('drop')], negativeSlope: 1 },
      "node 'drop' (dropout): it has an unknown field 'negativeSlope'",
    ],
    ['a scale that is null', ['nodes', '9', 'scale'], null, 'scale expected a positive number, got null'],
  ])('%s', (_, path, value, text) => {
    const network = replaced(base, path, value);
    const options = { context, inputs: { x: [2, SIZE, SIZE] } };
    for (const work of [
      () => planNetwork(network, options),
      () => prepareNetwork(network, options),
      () => explainNetwork(network, options),
      () => inferShapes(network, options.inputs),
      () => optimize(network),
    ]) {
      expect(refusalOf(work).message).toContain(text);
    }
  });

  it('an input that a network does not have', () => {
    const options = { context, inputs: { y: [2, SIZE, SIZE] } };
    expect(refusalOf(() => planNetwork(base, options)).message).toContain(
      "inputs have 'y', which is no input of the network",
    );
  });
});

describe('what is taken', () => {
  it('names like what every object inherits', () => {
    const names = ['toString', 'constructor', 'hasOwnProperty', 'valueOf'];
    const network: Network = {
      name: 'names',
      inputs: [{ name: names[0], shape: [2] }],
      nodes: names.slice(1).map((name, i) => ({ op: 'relu', name, inputs: [names[i]], negativeSlope: 2 })),
      outputs: names,
    };
    const plan = planNetwork(network, { context });
    const outputs = plan.run({ toString: makeTensor(Float32Array.of(-1, 1), [2]) } as never);
    expect(Object.entries(outputs).map(([name, { data }]) => [name, ...data])).toEqual(
      names.map((name, i) => [name, -(2 ** i), 1]),
    );
    expect(refusalOf(() => plan.run({})).message).toContain("input 'toString' is undefined");
    plan.dispose();
  });

  it('numbers of another realm', () => {
    const network = replaced(goodNetwork(), ['nodes', 1, 'gamma'], foreign);
    expect(foreign).not.toBeInstanceOf(Float32Array);
    expect(optimize(network).nodes.length).toBeGreaterThan(0);
  });

  it('a frozen copy, read once: what was checked is what runs', () => {
    const network = goodNetwork();
    let reads = 0;
    const node = {
      ...network.nodes[0],
      get name() {
        return reads++ === 0 ? 'conv' : 'other';
      },
    };
    const parsed = parseNetwork(replaced(network, ['nodes'], [node, ...network.nodes.slice(1)]));
    expect([reads, parsed.nodes[0].name]).toEqual([1, 'conv']);
    expect(parseNetwork(parsed)).toBe(parsed);
    expect(
      [parsed, parsed.nodes, parsed.nodes[0], parsed.nodes[0].inputs, parsed.inputs[0].shape].every(Object.isFrozen),
    ).toBe(true);
  });
});
