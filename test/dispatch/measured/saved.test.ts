/** What `rule: 'measured'` remembers decides; what of it is kept apart, saved and loaded, and what is refused. */
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { ALGORITHMS } from '../../../src/algorithms/list.ts';
import {
  type Context,
  convolutionInference,
  createContext,
  explainConvolution,
  Measurements,
  NnpackError,
  planConvolution,
} from '../../../src/index.ts';
import { shapeOf } from '../../../src/testing/index.ts';
import { runs } from '../../support/runs.ts';
import { tensor } from '../../support/tensors.ts';
import { madeUp, measuredOf, open, problems, SIZES, savedOf } from './support.ts';

let context: Context;

beforeAll(async () => {
  context = await open({ threads: 2 });
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

  it('is the estimate where all take equally long, as by a coarse clock', async () => {
    const shapes = [3, 5, 7].flatMap((size) => [8, 24, 48].map((channels) => ({ size, channels })));
    const order = ALGORITHMS.map(({ name }) => name);
    const own = await open({ threads: 1 });
    const optionsOf = ({ size, channels }: (typeof shapes)[number]) => ({
      input: { shape: [1, channels, 20, 20] },
      kernel: { shape: [channels, channels, size, size] },
      padding: (size - 1) / 2,
    });
    for (const shape of shapes) explainConvolution({ ...optionsOf(shape), rule: 'measured', context: own });
    const measurements = madeUp(own.measurements, () => ({ run: 0, pack: 0 }));
    const next = await open({ threads: 1, measurements });
    let isOutOfOrder = false;
    for (const shape of shapes) {
      const estimated = explainConvolution({ ...optionsOf(shape), context: next }).algorithm;
      const found = explainConvolution({ ...optionsOf(shape), rule: 'measured', context: next });
      expect(found.algorithm, JSON.stringify(shape)).toBe(estimated);
      const first = order.find((name) => measuredOf(found).includes(name));
      isOutOfOrder ||= first !== undefined && first !== estimated;
    }
    expect(isOutOfOrder).toBe(true);
  });
});

describe('times', () => {
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

  it('are refused where load would refuse them, and nothing is kept', () => {
    const { shape } = explainConvolution({ ...SIZES, context });
    const setting = { kernels: 'simd', threads: 1 };
    const time = { run: 1, pack: 1 };
    const measurements = new Measurements();
    const nothing = measurements.save();
    const who = /^Measurements\.record: the entry\./.source;
    for (const [record, message] of [
      [() => measurements.record(setting, shape, 'wt8x8', { ...time, run: Number.NaN }), 'times\\.wt8x8\\.run is NaN'],
      [() => measurements.record(setting, shape, '__proto__', { ...time, pack: -1 }), 'times\\.__proto__\\.pack is -1'],
      [() => measurements.record({ ...setting, threads: 0 }, shape, 'wt8x8', time), 'threads is 0'],
      [() => measurements.record({ ...setting, kernels: '' }, shape, 'wt8x8', time), "kernels is ''"],
      [() => measurements.record(setting, { ...shape, batch: 0.5 }, 'wt8x8', time), 'sizes\\.batch is 0\\.5'],
    ] as const) {
      expect(record).toThrow(NnpackError);
      expect(record).toThrow(new RegExp(`${who}${message}, expected`));
      expect(measurements.save()).toBe(nothing);
    }
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

describe('measurements that are asked for nothing', () => {
  const measurements = new Measurements();
  const ask = measurements.timesOf.bind(measurements) as (...given: unknown[]) => unknown;
  const tell = measurements.record.bind(measurements) as (...given: unknown[]) => unknown;

  it.each([
    [() => ask(), 'timesOf: setting is undefined'],
    [() => ask({ kernels: 'a', threads: 1 }), 'timesOf: sizes is undefined'],
    [() => ask(null, {}), 'timesOf: setting is null'],
    [() => tell(), 'record: setting is undefined'],
    [() => tell({ kernels: 'a', threads: 1 }), 'record: the entry.sizes is undefined'],
  ])('refuse it: %s', (call, text) => {
    expect(call).toThrow(
      expect.objectContaining({ code: 'invalid-argument', message: `Measurements.${text}, expected an object` }),
    );
  });
});
