/** `rule: 'measured'`: what is tried, in which memory, and on which threads. No test depends on how long anything takes. */
import fc from 'fast-check';
import ndarray from 'ndarray';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { NEAR } from '../../../src/dispatch/measure.ts';
import {
  Context,
  convolutionInference,
  createContext,
  explainConvolution,
  planConvolution,
  type SelectionOptions,
} from '../../../src/index.ts';
import { sizeOf } from '../../../src/tensor/ndarray.ts';
import {
  convolutionData,
  convolutionReference,
  errorBound,
  expectWithin,
  outputShapeOf,
  type Problem,
} from '../../../src/testing/index.ts';
import { command } from '../../support/process.ts';
import { runs } from '../../support/runs.ts';
import { keep, measuredOf, open, problems, SIZES, savedOf } from './support.ts';

let context: Context;

beforeAll(async () => {
  context = await open({ threads: 2 });
});

/** The whole arena becomes NaN: what reads a workspace or tensor before it is written shows, and what is not given back. */
function poison({ arena }: Context): void {
  expect(arena.usedBytes).toBe(0);
  arena.f32.fill(Number.NaN, 16, Math.min(arena.f32.length, 1_000_000));
}

const selections: fc.Arbitrary<SelectionOptions> = fc.record(
  {
    eligibility: fc.constantFrom('all', 'documented'),
    accuracy: fc.constantFrom('default', 'relaxed'),
    maxError: fc.constantFrom(1e-6, 1e-4, 1e-2),
  },
  { requiredKeys: [] },
);

/** The choice by the estimate, and those that are tried with the bytes of their plans, the least first. */
function needsOf(options: Parameters<typeof explainConvolution>[0]) {
  const { shape, algorithm, why, candidates } = explainConvolution(options);
  const least = Math.min(...candidates.map(({ cost }) => cost?.run ?? Infinity));
  const needs = candidates
    .filter((one) => one.refusal === null && one.algorithm !== 'reference' && one.cost!.run <= NEAR * least)
    .map(({ algorithm, work }) => ({ algorithm, bytes: work!.workspaceBytes + work!.packedBytes }))
    .sort((a, b) => a.bytes - b.bytes);
  return { shape, algorithm, why, needs };
}

/** Takes all memory but so many bytes. */
function leave({ arena }: Context, bytes: number): number {
  return arena.allocate(Math.floor((arena.availableBytes - bytes) / 4) - 64, 'test');
}

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

  it('is only what fits the memory that is left, and decides nothing where the least estimate does not', async () => {
    const small = await open({ threads: 1, kernels: 'scalar', memoryLimit: 2 ** 23 });
    const options = { ...SIZES, context: small } as const;
    const { shape, algorithm: estimated, why, needs } = needsOf(options);
    const tensors = 4 * (24 * 20 * 20 * 2 + sizeOf(SIZES.kernel.shape));
    expect(needs.length).toBeGreaterThan(2);

    // Room for the least of them, then for one more at a time: what fitted before is remembered.
    const decided = needs.map(({ bytes: most }) => {
      const filler = leave(small, tensors + most + 4096);
      const used = small.arena.usedBytes;
      const some = explainConvolution({ ...options, rule: 'measured' });
      const fitting = needs.filter(({ bytes }) => bytes <= most).map(({ algorithm }) => algorithm);
      const remembered = savedOf(small.measurements).entries.flatMap(({ times }) => Object.keys(times));
      expect(remembered.sort()).toEqual([...fitting].sort());
      const isDecided = fitting.includes(estimated);
      if (isDecided) {
        expect(measuredOf(some).sort()).toEqual(fitting.sort());
        expect(measuredOf(some)).toContain(some.algorithm);
        expect(some.why).toMatch(`least measured time of ${fitting.length} tried`);
      } else {
        expect(measuredOf(some)).toEqual([]);
        expect([some.algorithm, some.why]).toEqual([estimated, `${why}; no memory is left to measure it in`]);
      }
      expect(small.arena.usedBytes).toBe(used);
      // What does not fit is not tried again at every call.
      const allocate = vi.spyOn(small.arena, 'allocate');
      expect(explainConvolution({ ...options, rule: 'measured' })).toEqual(some);
      expect(allocate).not.toHaveBeenCalled();
      allocate.mockRestore();
      small.arena.release(filler);
      return isDecided;
    });
    expect(decided).toContain(true);
    expect(decided).toContain(false);

    // Not even the tensors have room: the estimate stands, and says why.
    const whole = leave(small, tensors / 2);
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

  it('is no reason for a worse choice where a plan fits beside its tensors, and a trial does not', async () => {
    const own = await open({ threads: 1, memoryLimit: 2 ** 25 });
    const [input, kernel] = [own.allocate([1, 64, 64, 64]), own.allocate([64, 64, 3, 3])];
    const options = { input, kernel, padding: 1, context: own } as const;
    const { algorithm: estimated, why, needs } = needsOf(options);
    const { bytes } = needs.find(({ algorithm }) => algorithm === estimated)!;
    // The trial of the least estimate lacks a little, that of another fits.
    const filler = leave(own, bytes + 4 * (2 * input.size + kernel.size) - 8192);
    expect(own.arena.availableBytes).toBeGreaterThan(bytes);
    expect(needs[0].bytes).toBeLessThan(bytes - 8192);
    for (const rule of ['fastest', 'measured'] as const) {
      const plan = planConvolution({ ...options, rule });
      expect(plan.algorithm, rule).toBe(estimated);
      expect(plan.explain().why).toBe(rule === 'fastest' ? why : `${why}; no memory is left to measure it in`);
      expect(savedOf(own.measurements).entries).toHaveLength(rule === 'fastest' ? 0 : 1);
      plan.dispose();
    }
    own.arena.release(filler);
  });

  it('is nothing where there is no choice', () => {
    const before = context.measurements.save();
    const named = explainConvolution({ ...SIZES, rule: 'measured', algorithm: 'wt6x6', context });
    expect([named.algorithm, named.why]).toEqual(['wt6x6', 'asked for by name']);
    const documented = explainConvolution({ ...SIZES, rule: 'measured', eligibility: 'documented', context });
    expect(documented.why).toBe('default implementation: no-bias = false does not hold (no bias)');
    // A kernel beyond all tiles.
    const alone = { input: { shape: [2, 300, 9] }, kernel: { shape: [2, 2, 257, 1] }, context } as const;
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

describe('threads', () => {
  const threadsOf = ({ measurements }: Context) => savedOf(measurements).entries.map(({ threads }) => threads);

  it('are those that took part: a worker that is still starting does not count', async () => {
    const starting = keep(new Context({ threads: 2 }));
    const threads = 1 + starting.pool.readyWorkers;
    explainConvolution({ ...SIZES, rule: 'measured', context: starting });
    const atOnce = threadsOf(starting);
    expect([[], [threads]]).toContainEqual(atOnce);
    await starting.pool.ready();
    explainConvolution({ ...SIZES, rule: 'measured', context: starting });
    expect(threadsOf(starting)).toEqual(threads === 2 ? [2] : [...atOnce, 2]);
  });

  it('that become ready meanwhile leave times that serve once', async () => {
    const own = await open({ threads: 1 });
    const ready = vi.spyOn(own.pool, 'readyWorkers', 'get').mockReturnValueOnce(0).mockReturnValue(1);
    const found = explainConvolution({ ...SIZES, rule: 'measured', context: own });
    expect(ready).toHaveBeenCalled();
    ready.mockRestore();
    expect(found.why).toMatch(/^least measured time of \d+ tried/);
    expect(threadsOf(own)).toEqual([]);
    explainConvolution({ ...SIZES, rule: 'measured', context: own });
    expect(threadsOf(own)).toEqual([1]);
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
