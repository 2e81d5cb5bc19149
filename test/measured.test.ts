/** `rule: 'measured'`: what is tried, what decides, what is remembered and saved. No test depends on how long anything takes. */
import fc from 'fast-check';
import ndarray from 'ndarray';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AlgorithmName } from '../src/algorithms/algorithm.ts';
import { NEAR } from '../src/dispatch/measure.ts';
import {
  type Context,
  type ContextOptions,
  type ConvolutionExplanation,
  convolutionInference,
  createContext,
  explainConvolution,
  Measurements,
  NnpackError,
  planConvolution,
  type SelectionOptions,
} from '../src/index.ts';
import {
  type ConvolutionNode,
  explainNetwork,
  type Network,
  planNetwork,
  prepareNetwork,
} from '../src/networks/index.ts';
import { networkBytes } from '../src/networks/plan.ts';
import { sizeOf, type Tensor } from '../src/tensor/ndarray.ts';
import { randomArray, uniform } from '../src/tensor/random.ts';
import {
  convolutionData,
  convolutionProblem,
  convolutionReference,
  errorBound,
  expectWithin,
  outputShapeOf,
  type Problem,
  shapeOf,
} from '../src/testing/index.ts';
import { command } from './support/process.ts';
import { runs } from './support/runs.ts';

const contexts: Context[] = [];
let context: Context;

async function open(options: ContextOptions): Promise<Context> {
  const made = await createContext(options);
  contexts.push(made);
  return made;
}

beforeAll(async () => {
  context = await open({ threads: 2 });
});

afterAll(() => {
  for (const made of contexts) made.dispose();
});

function tensor(shape: readonly number[], seed: number): Tensor {
  return ndarray(randomArray(sizeOf(shape), uniform(seed)), [...shape]);
}

interface Saved {
  version: number;
  entries: {
    kernels: string;
    threads: number;
    sizes: Record<string, number>;
    times: Record<string, { run: number; pack: number }>;
  }[];
}

const savedOf = (measurements: Measurements): Saved => JSON.parse(measurements.save());

/** The same entries with other times: what decides is what is remembered, if that is so. */
function madeUp(measurements: Measurements, time: (algorithm: string) => { run: number; pack: number }): Measurements {
  const saved = savedOf(measurements);
  for (const entry of saved.entries) for (const name of Object.keys(entry.times)) entry.times[name] = time(name);
  return Measurements.load(JSON.stringify(saved));
}

const SIZES = { input: { shape: [1, 24, 20, 20] }, kernel: { shape: [24, 24, 3, 3] }, padding: 1 } as const;
const measuredOf = (explanation: ConvolutionExplanation): AlgorithmName[] =>
  explanation.candidates.flatMap(({ algorithm, measured }) => (measured === undefined ? [] : [algorithm]));

/** The whole arena becomes NaN: what reads a workspace or tensor before it is written shows, and what is not given back. */
function poison({ arena }: Context): void {
  expect(arena.usedBytes).toBe(0);
  arena.f32.fill(Number.NaN, 16, Math.min(arena.f32.length, 1_000_000));
}

/** Channels enough that more than one algorithm is near the fastest for about half of them. */
const problems = convolutionProblem({
  channels: 24,
  groups: 2,
  imageSize: 24,
  kernelSize: [1, 7],
  stride: 2,
  dilation: 1,
});
const selections: fc.Arbitrary<SelectionOptions> = fc.record(
  {
    eligibility: fc.constantFrom('all', 'documented'),
    accuracy: fc.constantFrom('default', 'relaxed'),
    maxError: fc.constantFrom(1e-6, 1e-4, 1e-2),
  },
  { requiredKeys: [] },
);

describe('what is tried', () => {
  it('is eligible and near the least estimate; the least time among it is chosen, and all memory is given back', () => {
    fc.assert(
      fc.property(
        problems,
        selections,
        ({ inputShape, kernelShape, hasBias, activation: _, seed: __, ...geometry }, selection) => {
          poison(context);
          const options = {
            ...geometry,
            ...selection,
            input: { shape: inputShape },
            kernel: { shape: kernelShape },
            ...(hasBias ? { bias: { shape: [kernelShape[0]] } } : {}),
            context,
          };
          const found = explainConvolution({ ...options, rule: 'measured' });
          expect(context.arena.usedBytes).toBe(0);
          const estimated = explainConvolution(options);
          // All else is as without measurements, refusals by the rules and by accuracy among it.
          expect(found.rules).toEqual(estimated.rules);
          expect(found.candidates.map((candidate) => ({ ...candidate, measured: undefined }))).toEqual(
            estimated.candidates,
          );
          const tried = found.candidates.filter(({ measured }) => measured !== undefined);
          if (tried.length === 0) {
            expect(found.algorithm).toBe(estimated.algorithm);
            return;
          }
          const eligible = found.candidates.filter((one) => one.refusal === null && one.algorithm !== 'reference');
          const least = Math.min(...eligible.map(({ cost }) => cost!.run));
          expect(tried).toEqual(eligible.filter(({ cost }) => cost!.run <= NEAR * least));
          expect(tried.length).toBeGreaterThan(1);
          const best = Math.min(...tried.map(({ measured }) => measured!.run));
          expect(tried.find(({ algorithm }) => algorithm === found.algorithm)?.measured?.run).toBe(best);
          expect(found.why).toBe(`least measured time of ${tried.length} tried (${best.toFixed(2)} ms)`);
          // The second time nothing is measured: the same numbers.
          const text = context.measurements.save();
          expect(explainConvolution({ ...options, rule: 'measured' })).toEqual(found);
          expect(context.measurements.save()).toBe(text);
        },
      ),
      { numRuns: runs(15) },
    );
  });

  it('computes what it should, and touches no tensor of the caller', () => {
    fc.assert(
      fc.property(problems, (problem: Problem) => {
        const { inputShape, kernelShape, hasBias: _, seed: __, ...options } = problem;
        const data = convolutionData(problem);
        const [input, kernel] = [
          ndarray(data.input.slice(), [...inputShape]),
          ndarray(data.kernel.slice(), [...kernelShape]),
        ];
        const bias = data.bias === null ? {} : { bias: ndarray(data.bias, [kernelShape[0]]) };
        poison(context);
        const plan = planConvolution({ ...options, ...bias, input, kernel, rule: 'measured', context });
        const output = ndarray(
          new Float32Array(sizeOf(outputShapeOf(problem))).fill(Number.NaN),
          outputShapeOf(problem),
        );
        plan.run(input, output);
        const bound = errorBound(problem, data, plan.algorithm);
        plan.dispose();
        expectWithin(output.data, convolutionReference(problem, data), bound, output.shape);
        poison(context);
        const called = convolutionInference({ ...options, ...bias, input, kernel, rule: 'measured', context });
        expect(called.shape).toEqual(output.shape);
        expect([...called.data].every(Number.isFinite)).toBe(true);
        expect(input.data).toEqual(data.input);
        expect(kernel.data).toEqual(data.kernel);
      }),
      { numRuns: runs(10) },
    );
  });

  it('is only what fits the memory that is left', async () => {
    const small = await open({ threads: 1, kernels: 'scalar', memoryLimit: 2 ** 23 });
    const options = { ...SIZES, context: small } as const;
    const { shape, candidates } = explainConvolution(options);
    const tensors = 4 * (24 * 20 * 20 * 2 + sizeOf(SIZES.kernel.shape));
    const least = Math.min(...candidates.map(({ cost }) => cost?.run ?? Infinity));
    const needs = candidates
      .filter((one) => one.refusal === null && one.algorithm !== 'reference' && one.cost!.run <= NEAR * least)
      .map(({ algorithm, work }) => ({ algorithm, bytes: work!.workspaceBytes + work!.packedBytes }))
      .sort((a, b) => a.bytes - b.bytes);
    expect(needs.length).toBeGreaterThan(2);
    const leave = (bytes: number): number =>
      small.arena.allocate((small.arena.availableBytes - bytes) / 4 - 64, 'test');

    // Room for the second of them, not for the greatest.
    const most = tensors + needs[1].bytes + 4096;
    expect(most).toBeLessThan(tensors + needs[needs.length - 1].bytes);
    const filler = leave(most);
    const used = small.arena.usedBytes;
    const some = explainConvolution({ ...options, rule: 'measured' });
    const fitting = needs.filter(({ bytes }) => bytes <= needs[1].bytes).map(({ algorithm }) => algorithm);
    expect(measuredOf(some).sort()).toEqual(fitting.sort());
    expect(measuredOf(some)).toContain(some.algorithm);
    expect(small.arena.usedBytes).toBe(used);
    small.arena.release(filler);

    // Not even the tensors have room: the estimate stands, and says why.
    const whole = leave(tensors / 2);
    const none = explainConvolution({ ...options, padding: 0, rule: 'measured' });
    expect(measuredOf(none)).toEqual([]);
    expect(none.why).toMatch(/^least estimated time of \d+ eligible \(.* ms\); no memory is left to measure in$/);
    small.arena.release(whole);
    expect(small.arena.usedBytes).toBe(0);

    // What did not fit is not remembered as such.
    const all = explainConvolution({ ...options, rule: 'measured' });
    expect(measuredOf(all).sort()).toEqual(needs.map(({ algorithm }) => algorithm).sort());
    expect(shape).toEqual(all.shape);
  });

  it('is nothing where there is no choice', () => {
    const before = context.measurements.save();
    const named = explainConvolution({ ...SIZES, rule: 'measured', algorithm: 'wt6x6', context });
    expect([named.algorithm, named.why]).toEqual(['wt6x6', 'asked for by name']);
    const documented = explainConvolution({ ...SIZES, rule: 'measured', eligibility: 'documented', context });
    expect(documented.why).toBe('default implementation: no-bias = false does not hold (no bias)');
    const alone = { input: { shape: [2, 9, 9] }, kernel: { shape: [2, 2, 3, 3] }, dilation: 2, context } as const;
    expect(explainConvolution({ ...alone, rule: 'measured' }).why).toMatch(
      new RegExp(`^the only one eligible \\(.* ms\\); no other is within ${NEAR} times of it$`),
    );
    expect(context.measurements.save()).toBe(before);
  });

  it('needs a context that is open', async () => {
    const closed = await createContext({ threads: 1 });
    closed.dispose();
    expect(() => explainConvolution({ ...SIZES, rule: 'measured', context: closed })).toThrow(
      'explainConvolution: the context has been disposed of',
    );
  });
});

describe('what is remembered', () => {
  it('decides: made-up times make each of the tried the choice, and nothing is measured again', async () => {
    const measured = explainConvolution({ ...SIZES, rule: 'measured', context });
    const names = measuredOf(measured);
    expect(names.length).toBeGreaterThan(2);
    const kernel = tensor(SIZES.kernel.shape, 2);
    for (const winner of names) {
      const measurements = madeUp(context.measurements, (name) => ({ run: name === winner ? 0.25 : 0.5, pack: 0 }));
      const text = measurements.save();
      const next = await open({ threads: 2, measurements });
      expect(next.measurements).toBe(measurements);
      const options = { ...SIZES, kernel, context: next } as const;
      const { algorithm, why, candidates } = explainConvolution({ ...options, rule: 'measured' });
      expect([algorithm, why]).toEqual([winner, `least measured time of ${names.length} tried (0.25 ms)`]);
      expect(candidates.find((one) => one.algorithm === winner)?.measured).toEqual({ run: 0.25, pack: 0 });
      const plan = planConvolution({ ...options, rule: 'measured' });
      expect(plan.algorithm).toBe(winner);
      plan.dispose();
      expect(measurements.save()).toBe(text);
      // Without the rule they say nothing.
      expect(explainConvolution(options).algorithm).toBe(explainConvolution({ ...SIZES, context }).algorithm);
    }
  });

  it('counts packing for a call, which packs each time, and not for a plan', async () => {
    const [input, kernel] = [tensor(SIZES.input.shape, 1), tensor(SIZES.kernel.shape, 2)];
    convolutionInference({ ...SIZES, input, kernel, rule: 'measured', context });
    explainConvolution({ ...SIZES, rule: 'measured', context });
    const times: Record<string, { run: number; pack: number }> = {
      wt8x8: { run: 1, pack: 10 },
      'implicit-gemm': { run: 2, pack: 0 },
    };
    const measurements = madeUp(context.measurements, (name) => times[name] ?? { run: 50, pack: 0 });
    const next = await open({ threads: 2, measurements });
    const options = { ...SIZES, input, kernel, context: next } as const;
    expect(explainConvolution({ ...options, rule: 'measured' }).algorithm).toBe('wt8x8');
    const called = convolutionInference({ ...options, rule: 'measured' });
    expect(called.data).toEqual(convolutionInference({ ...options, algorithm: 'implicit-gemm' }).data);
    expect(called.data).not.toEqual(convolutionInference({ ...options, algorithm: 'wt8x8' }).data);
  });

  it('serves any demand on accuracy, and none is met by what it refuses', async () => {
    const own = await open({ threads: 1 });
    const relaxed = explainConvolution({ ...SIZES, rule: 'measured', accuracy: 'relaxed', context: own });
    const [{ times }] = savedOf(own.measurements).entries;
    // What is refused is made the fastest.
    const refused = explainConvolution({ ...SIZES, maxError: 1e-4, context: own })
      .candidates.filter(({ refusal }) => refusal !== null)
      .map(({ algorithm }) => algorithm);
    expect(measuredOf(relaxed).some((name) => refused.includes(name))).toBe(true);
    const measurements = madeUp(own.measurements, (name) => ({
      run: refused.some((one) => one === name) ? 0.001 : 0.5,
      pack: 0,
    }));
    const next = await open({ threads: 1, measurements });
    expect(refused).toContain(
      explainConvolution({ ...SIZES, rule: 'measured', accuracy: 'relaxed', context: next }).algorithm,
    );
    const strict = explainConvolution({ ...SIZES, rule: 'measured', maxError: 1e-4, context: next });
    expect(refused).not.toContain(strict.algorithm);
    expect(measuredOf(strict).some((name) => refused.includes(name))).toBe(false);
    // All in one entry, and nothing that was known was measured again.
    const entries = savedOf(measurements).entries;
    expect(entries).toHaveLength(1);
    for (const name of Object.keys(times)) expect([0.001, 0.5]).toContain(entries[0].times[name].run);
  });

  it('of another kernel table or number of threads, or of an unknown algorithm, is kept and not used', async () => {
    const { shape } = explainConvolution({ ...SIZES, context });
    const never = { run: 0, pack: 0 };
    const measurements = new Measurements();
    for (const setting of [
      { kernels: 'scalar', threads: 1 },
      { kernels: 'of-tomorrow', threads: 2 },
      { kernels: context.kernels.name, threads: 3 },
    ]) {
      measurements.record(setting, shape, 'ft256x256', never);
      measurements.record(setting, shape, 'wt6x6', never);
    }
    measurements.record({ kernels: context.kernels.name, threads: 2 }, shape, 'of-tomorrow', never);
    const next = await open({ threads: 2, measurements: Measurements.load(measurements.save()) });
    const found = explainConvolution({ ...SIZES, rule: 'measured', context: next });
    expect(measuredOf(found)).toContain(found.algorithm);
    for (const { measured } of found.candidates) if (measured !== undefined) expect(measured).not.toEqual(never);
    const { entries } = savedOf(next.measurements);
    expect(entries).toHaveLength(4);
    for (const { times } of entries.slice(0, 3)) expect(times).toEqual({ ft256x256: never, wt6x6: never });
    expect(entries[3].times['of-tomorrow']).toEqual(never);
    expect(Object.keys(entries[3].times).sort()).toEqual([...measuredOf(found), 'of-tomorrow'].sort());
  });

  it('tells every size apart', () => {
    const sizes = Object.keys(savedOf(context.measurements).entries[0].sizes);
    const base = { ...explainConvolution({ ...SIZES, context }).shape };
    expect(sizes).toHaveLength(16);
    const setting = { kernels: 'simd', threads: 1 };
    const measurements = new Measurements();
    measurements.record(setting, base, 'wt8x8', { run: 1, pack: 1 });
    for (const size of sizes) {
      const other = { ...base, [size]: base[size as keyof typeof base] + 1 };
      expect(measurements.timesOf(setting, other).size, size).toBe(0);
      measurements.record(setting, other, 'wt8x8', { run: 2, pack: 1 });
    }
    expect(savedOf(measurements).entries).toHaveLength(17);
    expect(measurements.timesOf(setting, base).get('wt8x8')).toEqual({ run: 1, pack: 1 });
  });
});

describe('saved text', () => {
  it('gives the same text and the same choices when loaded', () => {
    const setting = fc.record({
      kernels: fc.constantFrom('simd', 'scalar', '__proto__'),
      threads: fc.integer({ min: 1, max: 9 }),
    });
    const name = fc.constantFrom('wt8x8', 'direct', '__proto__', 'constructor', 'of tomorrow');
    const milliseconds = fc.double({ min: 0, max: 1e6, noNaN: true });
    const time = fc.record({ run: milliseconds, pack: milliseconds });
    fc.assert(
      fc.property(fc.array(fc.tuple(setting, problems, name, time), { maxLength: 12 }), (records) => {
        const measurements = new Measurements();
        for (const [on, problem, algorithm, took] of records)
          measurements.record(on, shapeOf(problem), algorithm, took);
        const loaded = Measurements.load(measurements.save());
        expect(loaded.save()).toBe(measurements.save());
        for (const [on, problem, algorithm] of records) {
          const times = measurements.timesOf(on, shapeOf(problem));
          expect(times.has(algorithm)).toBe(true);
          expect([...loaded.timesOf(on, shapeOf(problem))]).toEqual([...times]);
        }
      }),
      { numRuns: runs(50) },
    );
  });

  const entry = () => ({
    kernels: 'simd',
    threads: 1,
    sizes: { ...explainConvolution({ ...SIZES, context }).shape },
    times: { wt8x8: { run: 1, pack: 1 } },
  });
  type Given = ReturnType<typeof entry>;
  const text = (change: (given: Given) => object): string =>
    JSON.stringify({ version: 1, entries: [entry(), change(entry())] });

  it.each<[string, () => unknown, RegExp]>([
    ['no text', () => undefined, /the text is undefined, expected a string$/],
    ['an object', () => ({}), /the text is an object of Object, expected a string$/],
    ['nothing', () => '', /the text is not JSON \(.+\), expected what save gave$/],
    ['half of it', () => text((given) => given).slice(0, 99), /the text is not JSON/],
    ['null', () => 'null', /the text is null, expected an object$/],
    ['an array', () => '[]', /the text is \[\], expected an object$/],
    ['no version', () => '{"entries": []}', /version is undefined, expected 1$/],
    ['another version', () => '{"version": 2, "entries": []}', /version is 2, expected 1$/],
    ['no entries', () => '{"version": 1}', /entries is undefined, expected an array$/],
    ['an entry that is none', () => text(() => []), /entries\[1\] is \[\], expected an object$/],
    ['no table', () => text((given) => ({ ...given, kernels: 7 })), /entries\[1\]\.kernels is 7, expected the name of/],
    [
      'no threads',
      () => text((given) => ({ ...given, threads: 0 })),
      /entries\[1\]\.threads is 0, expected a whole number of at least 1$/,
    ],
    [
      'no sizes',
      () => text((given) => ({ ...given, sizes: null })),
      /entries\[1\]\.sizes is null, expected an object$/,
    ],
    [
      'a size that is missing',
      () => text((given) => ({ ...given, sizes: { ...given.sizes, strideWidth: undefined } })),
      /entries\[1\]\.sizes\.strideWidth is undefined, expected a whole number of at least 1$/,
    ],
    [
      'a size that is none',
      () => text((given) => ({ ...given, sizes: { ...given.sizes, paddingTop: -1 } })),
      /sizes\.paddingTop is -1, expected a whole number of at least 0$/,
    ],
    [
      'half a pixel',
      () => text((given) => ({ ...given, sizes: { ...given.sizes, inputWidth: 1.5 } })),
      /sizes\.inputWidth is 1\.5, expected/,
    ],
    ['no times', () => text((given) => ({ ...given, times: [] })), /entries\[1\]\.times is \[\], expected an object$/],
    [
      'a time that is none',
      () => text((given) => ({ ...given, times: { wt8x8: 1 } })),
      /entries\[1\]\.times\.wt8x8 is 1, expected an object$/,
    ],
    [
      'a time before now',
      () => text((given) => ({ ...given, times: { a: { run: -1, pack: 0 } } })),
      /times\.a\.run is -1, expected milliseconds, at least 0$/,
    ],
    [
      'no packing',
      () => text((given) => ({ ...given, times: { a: { run: 1 } } })),
      /times\.a\.pack is undefined, expected milliseconds/,
    ],
  ])('is refused where it is %s', (_name, given, message) => {
    let error: unknown;
    try {
      Measurements.load(given() as string);
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(NnpackError);
    expect((error as NnpackError).code).toBe('invalid-argument');
    expect((error as NnpackError).message).toMatch(/^Measurements\.load: /);
    expect((error as NnpackError).message).toMatch(message);
  });

  it('is not what a context takes, which is what it was loaded to', async () => {
    const given = context.measurements.save() as unknown as Measurements;
    await expect(createContext({ threads: 1, measurements: given })).rejects.toThrow(
      /^createContext: measurements is '.*', expected what Measurements\.load gives$/s,
    );
  });
});

describe('an explanation', () => {
  it('has a column of what was measured, where something was', () => {
    const found = explainConvolution({ ...SIZES, rule: 'measured', context });
    const lines = String(found).split('\n');
    const head = lines.find((line) => line.startsWith('algorithm'));
    expect(head).toMatch(/ run ms +pack ms +measured ms +workspace kB /);
    for (const { algorithm, measured } of found.candidates) {
      const row = lines.find((line) => line.slice(2).startsWith(`${algorithm} `)) as string;
      if (measured !== undefined) expect(row).toContain(` ${measured.run.toFixed(3)} `);
    }
    expect(lines.at(-1)).toBe(`${found.algorithm}: ${found.why}`);
    expect(String(explainConvolution({ ...SIZES, context }))).not.toContain('measured');
  });
});

describe('a network', () => {
  const convolution = (name: string, from: string, size: number): ConvolutionNode => ({
    name,
    op: 'convolution',
    inputs: [from],
    kernel: { data: randomArray(16 * 16 * size * size, uniform(size)), shape: [16, 16, size, size] },
    bias: randomArray(16, uniform(1)),
    padding: (size - 1) / 2,
  });
  const network: Network = {
    name: 'three convolutions',
    inputs: [{ name: 'x', shape: [16, 18, 18] }],
    nodes: [convolution('a', 'x', 3), convolution('b', 'a', 3), convolution('c', 'b', 5)],
    outputs: ['c'],
  };
  const input = tensor([16, 18, 18], 5);

  it('measures each shape once, and runs what it explains', async () => {
    const own = await open({ threads: 2 });
    const explained = explainNetwork(network, { rule: 'measured', context: own });
    expect(own.arena.usedBytes).toBe(0);
    const text = own.measurements.save();
    expect(savedOf(own.measurements).entries).toHaveLength(2);
    for (const { why } of explained.nodes) expect(why).toMatch(/^least measured time of \d+ tried/);
    const plan = planNetwork(network, { rule: 'measured', context: own });
    expect(plan.report().map(({ algorithm, why }) => [algorithm, why])).toEqual(
      explained.nodes.map(({ algorithm, why }) => [algorithm, why]),
    );
    expect(own.measurements.save()).toBe(text);
    plan.dispose();

    // The times decide here as well: the least likely of each is made the fastest.
    const slowest = savedOf(own.measurements).entries.map(
      ({ times }) => Object.entries(times).sort(([, a], [, b]) => b.run - a.run)[0][0],
    );
    const saved = savedOf(own.measurements);
    for (const [i, { times }] of saved.entries.entries()) times[slowest[i]] = { run: 0, pack: 0 };
    const next = await open({ threads: 2, measurements: Measurements.load(JSON.stringify(saved)) });
    const { nodes } = explainNetwork(network, { rule: 'measured', context: next });
    expect(nodes.map(({ algorithm }) => algorithm)).toEqual([slowest[0], slowest[0], slowest[1]]);
    const turned = planNetwork(network, { rule: 'measured', context: next });
    expect(turned.run({ x: input }).c.data.every(Number.isFinite)).toBe(true);
    turned.dispose();
  });

  it('is sized without measuring, by the most that it may take', async () => {
    const own = await open({ threads: 1 });
    const bytes = networkBytes(network, { rule: 'measured', context: own });
    expect(savedOf(own.measurements).entries).toEqual([]);
    expect(bytes).toBeGreaterThanOrEqual(networkBytes(network, { context: own }));
    explainNetwork(network, { rule: 'measured', context: own });
    // Whatever is the fastest, the plan takes no more.
    const names = savedOf(own.measurements).entries.flatMap(({ times }) => Object.keys(times));
    for (const winner of new Set(names)) {
      const measurements = madeUp(own.measurements, (name) => ({ run: name === winner ? 0.25 : 0.5, pack: 0 }));
      const next = await open({ threads: 1, measurements });
      const plan = planNetwork(network, { rule: 'measured', context: next });
      expect(plan.bytes, winner).toBeLessThanOrEqual(bytes);
      plan.dispose();
      const prepared = prepareNetwork(network, { rule: 'measured', context: next, memoryBytes: bytes });
      expect([prepared.parts, prepared.bytes <= bytes]).toEqual([1, true]);
      prepared.dispose();
      expect(next.arena.usedBytes).toBe(0);
    }
    // A name leaves nothing open.
    const named = { algorithm: 'wt8x8', context: own } as const;
    expect(networkBytes(network, { ...named, rule: 'measured' })).toBe(networkBytes(network, named));
  });

  it('within less memory runs in slices, measured as such, to what one convolution of the whole may give', async () => {
    const problem: Problem = {
      inputShape: [1, 16, 30, 30],
      kernelShape: [16, 16, 5, 5],
      hasBias: true,
      padding: { top: 2, right: 2, bottom: 2, left: 2 },
      stride: { height: 1, width: 1 },
      dilation: { height: 1, width: 1 },
      groups: 1,
      activation: 'identity',
      seed: 7,
    };
    const data = convolutionData(problem);
    const node: ConvolutionNode = {
      name: 'c',
      op: 'convolution',
      inputs: ['x'],
      kernel: { data: data.kernel, shape: problem.kernelShape },
      bias: data.bias as Float32Array,
      padding: 2,
    };
    const wide: Network = {
      name: 'wide',
      inputs: [{ name: 'x', shape: [16, null, null] }],
      nodes: [node],
      outputs: ['c'],
    };
    const own = await open({ threads: 1 });
    const memoryBytes = networkBytes(wide, { rule: 'measured', context: own, inputs: { x: [16, 20, 20] } });
    const prepared = prepareNetwork(wide, { rule: 'measured', context: own, inputs: { x: [16, 30, 30] }, memoryBytes });
    expect(prepared.parts).toBeGreaterThan(1);
    expect(prepared.bytes).toBeLessThanOrEqual(memoryBytes);
    // One shape, that of the slices: sizes that were only considered are not measured.
    const { entries } = savedOf(own.measurements);
    const [, height, width] = prepared.plan.shapes.values.get('x') as readonly number[];
    expect(entries.map(({ sizes }) => [sizes.inputHeight, sizes.inputWidth])).toEqual([[height, width]]);
    const { c } = prepared.run({ x: ndarray(data.input, [...problem.inputShape]) });
    const [{ algorithm }] = prepared.report();
    prepared.dispose();
    expectWithin(
      c.data,
      convolutionReference(problem, data),
      errorBound(problem, data, algorithm as AlgorithmName),
      c.shape,
    );
  });
});

describe('the command line', () => {
  it('tries what it explains', () => {
    const line = '--input 24x20x20 --kernel 24x3x3 --padding 1 --rule measured --threads 1';
    const { status, stdout, stderr } = command('explain', ...line.split(' '));
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toContain('measured ms');
    expect(stdout).toMatch(/: least measured time of \d+ tried \(\d+\.\d\d ms\)\n$/);
    const refused = command('explain', '--input', '24x20x20', '--kernel', '24x3x3', '--rule', 'mesured');
    expect([refused.status, refused.stdout]).toEqual([2, '']);
    expect(refused.stderr).toContain('--rule expected one of fastest, nnpack, measured');
    for (const name of ['run', 'score'])
      expect(command(name, '--rule', 'mesured').stderr).toBe(refused.stderr.replace('explain', name));
  });
});
