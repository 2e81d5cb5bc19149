/** Plans: the same bits each time, nothing allocated by a run, all of it given back. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import fc from 'fast-check';
import ndarray from 'ndarray';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { ALGORITHM_NAMES } from '../../src/algorithms/algorithm.ts';
import { algorithmNamed } from '../../src/algorithms/list.ts';
import {
  type Context,
  convolutionInference,
  createContext,
  type PlanConvolutionOptions,
  planConvolution,
  type Tensor,
} from '../../src/index.ts';
import { convolutionProblem, type Problem, shapeOf } from '../../src/testing/index.ts';
import { runs } from '../support/runs.ts';
import { tensor } from '../support/tensors.ts';

const run = promisify(execFile);
const contexts: Context[] = [];

beforeAll(async () => {
  for (const threads of [1, 3]) contexts.push(await createContext({ threads }));
});

afterAll(() => {
  for (const context of contexts) context.dispose();
});

afterEach(() => {
  vi.restoreAllMocks();
});

beforeEach(() => {
  for (const context of contexts) expect(context.arena.usedBytes).toBe(0);
});

function bits(of: Tensor): number[] {
  const { data, offset } = of;
  return [...new Int32Array(Float32Array.from(data.subarray(offset, offset + of.size)).buffer)];
}

/** A problem as the options of a plan, and its input. */
function call({ inputShape, kernelShape, hasBias, activation, seed, ...geometry }: Problem, context: Context) {
  const input = tensor(inputShape, seed);
  const options: PlanConvolutionOptions = {
    ...geometry,
    context,
    input: { shape: inputShape },
    kernel: tensor(kernelShape, seed + 1),
    ...(hasBias ? { bias: tensor([kernelShape[0]], seed + 2) } : {}),
    activation,
  };
  return { input, options };
}

const NAMES = ALGORITHM_NAMES.filter((name) => name !== 'ft128x128' && name !== 'ft256x256');

describe.each(NAMES)('a plan with %s', (name) => {
  const served = convolutionProblem({ algorithm: name }).filter(
    (problem) => algorithmNamed(name).supports(shapeOf(problem), 'forward') === null,
  );
  const usual = name === 'ft64x64' || name === 'ft32x32' ? 3 : 12;

  it('gives the bits of the call, each time, wherever its tensors are', () => {
    fc.assert(
      fc.property(served, fc.constantFrom(0, 1), (problem, which) => {
        const context = contexts[which];
        const { input, options } = call(problem, context);
        const expected = bits(convolutionInference({ ...options, input, algorithm: name }));
        const plan = planConvolution({ ...options, algorithm: name });
        expect(plan.algorithm).toBe(name);
        // New arrays, the caller's own, tensors of the arena; and what the workspace held before does not matter.
        expect(bits(plan.run(input))).toEqual(expected);
        const own = ndarray(new Float32Array(expected.length).fill(Number.NaN), plan.run(input).shape);
        expect(plan.run(input, own)).toBe(own);
        expect(bits(own)).toEqual(expected);
        const x = context.allocate(problem.inputShape);
        const y = context.allocate(own.shape);
        x.data.set(input.data, x.offset);
        y.data.fill(Number.NaN, y.offset, y.offset + y.size);
        for (let i = 0; i < 2; i++) expect(bits(plan.run(x, y))).toEqual(expected);
        expect(bits(plan.run(input, y))).toEqual(expected);
        expect(bits(plan.run(x, own))).toEqual(expected);
        expect([...x.data.subarray(x.offset, x.offset + x.size)]).toEqual([...input.data]);
        for (const made of [x, y]) context.free(made);
        plan.dispose();
        expect(context.arena.usedBytes).toBe(0);
      }),
      { numRuns: runs(usual) },
    );
  });

  it('takes the memory that it says, once, and gives it back', () => {
    fc.assert(
      fc.property(served, (problem) => {
        const [context] = contexts;
        const { arena } = context;
        const { input, options } = call(problem, context);
        const plan = planConvolution({ ...options, algorithm: name });
        const candidate = plan.explain().candidates.find(({ algorithm }) => algorithm === name)!;
        expect(plan.workspaceBytes).toBe(candidate.work!.workspaceBytes);
        expect(plan.packedBytes).toBe(candidate.work!.packedBytes);
        const line = (bytes: number) => (bytes === 0 ? 0 : Math.ceil(bytes / 64) * 64);
        const bias = problem.hasBias ? 4 * problem.kernelShape[0] : 0;
        expect(arena.usedBytes).toBe(line(plan.workspaceBytes) + line(plan.packedBytes) + line(bias));
        const planned = arena.usedBytes;
        const output = plan.run(input);
        // The first run outside the arena makes room for its copies; no later one takes more.
        expect(arena.usedBytes).toBe(planned + line(4 * input.size) + line(4 * output.size));
        for (let i = 0; i < 3; i++) plan.run(input, output);
        expect(arena.usedBytes).toBe(planned + line(4 * input.size) + line(4 * output.size));
        plan.dispose();
        plan.dispose();
        expect(arena.usedBytes).toBe(0);
      }),
      { numRuns: runs(usual) },
    );
  });

  it('writes to its own memory and its output, and nowhere else', () => {
    fc.assert(
      fc.property(served, (problem) => {
        for (const context of contexts) {
          const { arena } = context;
          const { input, options } = call(problem, context);
          const guards: Tensor[] = [];
          const guard = () => {
            const made = context.allocate([64]);
            made.data.fill(77, made.offset, made.offset + 64);
            guards.push(made);
          };
          guard();
          const plan = planConvolution({ ...options, algorithm: name });
          guard();
          const x = context.allocate(problem.inputShape);
          guard();
          const y = context.allocate(plan.run(input).shape);
          guard();
          x.data.set(input.data, x.offset);
          plan.run(x, y);
          for (const { data } of guards) expect([...data]).toEqual(new Array(64).fill(77));
          for (const made of [...guards, x, y]) context.free(made);
          plan.dispose();
          expect(arena.usedBytes).toBe(0);
        }
      }),
      { numRuns: runs(usual) },
    );
  });
});

describe('a run', () => {
  it.each([1, 2])('on tensors of the arena allocates nothing (%i threads)', async (threads) => {
    const script = new URL('../fixtures/plan-allocations.mjs', import.meta.url).pathname;
    const { stdout } = await run(process.execPath, ['--expose-gc', script, String(threads)], { timeout: 60_000 });
    const { found, control } = JSON.parse(stdout);
    expect(control, 'what is made is counted').toBeGreaterThan(2);
    for (const [algorithm, { heap, buffers, ...counts }] of Object.entries<Record<string, number>>(found)) {
      expect(counts, algorithm).toEqual({ made: 0, used: 0, peak: 0, length: 0 });
      expect(buffers, algorithm).toBeLessThanOrEqual(0);
      // The smallest object that each of a thousand runs could leave behind has 16 bytes.
      expect(heap, algorithm).toBeLessThan(16_000);
    }
  });

  it('takes an input of any strides for what it shows', () => {
    const [context] = contexts;
    const dense = tensor([2, 5, 9, 7]);
    const kernel = tensor([4, 5, 3, 3], 2);
    for (const name of ['wt8x8', 'ft16x16', 'implicit-gemm', 'reference'] as const) {
      const plan = planConvolution({ input: dense, kernel, padding: 1, algorithm: name, context });
      const expected = bits(plan.run(dense));
      for (const [what, view] of Object.entries(viewsOf(dense)))
        expect(bits(plan.run(view)), `${name}, ${what}`).toEqual(expected);
      plan.dispose();
    }
  });

  it('takes a kernel and a bias of any strides for what they show', () => {
    const [context] = contexts;
    const input = tensor([1, 5, 9, 7]);
    const kernel = tensor([4, 5, 3, 3], 2);
    const bias = tensor([4], 3);
    const expected = bits(convolutionInference({ input, kernel, bias, context }));
    for (const [what, view] of Object.entries(viewsOf(kernel))) {
      expect(bits(convolutionInference({ input, kernel: view, bias, context })), what).toEqual(expected);
    }
    const spread = ndarray(
      Float32Array.from({ length: 12 }, (_, i) => (i % 3 === 2 ? bias.data[3 - (i - 2) / 3] : Number.NaN)),
      [4],
      [-3],
      11,
    );
    expect(bits(convolutionInference({ input, kernel, bias: spread, context }))).toEqual(expected);
  });

  it('writes an output of any strides, and nothing beside it', () => {
    const [context] = contexts;
    const plan = planConvolution({ input: { shape: [2, 5, 9, 7] }, kernel: tensor([4, 5, 3, 3], 2), context });
    const input = tensor([2, 5, 9, 7]);
    const expected = plan.run(input);
    for (const [what, view] of Object.entries(viewsOf(ndarray(new Float32Array(280), [2, 4, 7, 5])))) {
      const { data } = view;
      data.fill(55);
      expect(plan.run(input, view)).toBe(view);
      const compact = ndarray(new Float32Array(280), [2, 4, 7, 5]);
      everyPlace(view.shape, (place) => {
        compact.set(...place, view.get(...place));
        data[view.index(...place)] = 55;
      });
      expect(bits(compact), what).toEqual(bits(expected));
      expect(
        data.every((value) => value === 55),
        what,
      ).toBe(true);
    }
    plan.dispose();
  });

  it('takes [C, H, W] for a batch of one, and answers in kind', () => {
    const [context] = contexts;
    const batch = tensor([1, 5, 9, 7]);
    const image = ndarray(batch.data, [5, 9, 7]);
    const kernel = tensor([4, 5, 3, 3], 2);
    const expected = convolutionInference({ input: batch, kernel, context });
    expect(expected.shape).toEqual([1, 4, 7, 5]);
    const plan = planConvolution({ input: image, kernel, context });
    const output = plan.run(image);
    expect([output.shape, bits(output)]).toEqual([[4, 7, 5], bits(expected)]);
    const own = ndarray(new Float32Array(140), [4, 7, 5]);
    expect(bits(plan.run(image, own))).toEqual(bits(expected));
    expect(bits(convolutionInference({ input: image, kernel, context }))).toEqual(bits(expected));
    plan.dispose();
  });

  it('takes tensors without strides and offset for dense ones', () => {
    const [context] = contexts;
    const [input, kernel] = [tensor([1, 5, 9, 7]), tensor([4, 5, 3, 3], 2)];
    const bare = ({ data, shape }: Tensor) => ({ data, shape: [...shape] });
    const output = { data: new Float32Array(140), shape: [1, 4, 7, 5] };
    expect(convolutionInference({ input: bare(input), kernel: bare(kernel), output, context })).toBe(output);
    expect([...output.data]).toEqual([...convolutionInference({ input, kernel, context }).data]);
  });

  it('takes tensors over a part of the arena, and over the arena of another context', () => {
    const [context, other] = contexts;
    const [input, kernel] = [tensor([1, 5, 9, 7]), tensor([4, 5, 3, 3], 2)];
    const expected = bits(convolutionInference({ input, kernel, context }));
    for (const owner of [context, other]) {
      const x = owner.allocate([400]);
      const y = owner.allocate([200]);
      const inner = ndarray(x.data.subarray(x.offset + 7, x.offset + 7 + 315), [1, 5, 9, 7]);
      inner.data.set(input.data);
      const output = ndarray(y.data.subarray(y.offset, y.offset + 200), [1, 4, 7, 5], undefined, 9);
      convolutionInference({ input: inner, kernel, output, context });
      expect(bits(output)).toEqual(expected);
      expect([output.data[8], output.data[149]]).toEqual([0, 0]);
      owner.free(x);
      owner.free(y);
    }
  });

  it('finds tensors of the arena where they are after it has grown', async () => {
    const context = await createContext({ threads: 2 });
    const plan = planConvolution({ input: { shape: [1, 5, 9, 7] }, kernel: tensor([4, 5, 3, 3], 2), context });
    const [x, y] = [context.allocate([1, 5, 9, 7]), context.allocate([1, 4, 7, 5])];
    x.data.set(tensor([1, 5, 9, 7]).data, x.offset);
    const expected = bits(plan.run(x, y));
    const used = context.arena.usedBytes;
    context.free(context.allocate([context.arena.f32.length]));
    y.data.fill(Number.NaN, y.offset, y.offset + y.size);
    expect(bits(plan.run(x, y))).toEqual(expected);
    // In place, not by way of a copy: nothing more is in use.
    expect(context.arena.usedBytes).toBe(used);
    context.dispose();
  });

  it('counts its time by phase', () => {
    const [context] = contexts;
    let ticks = 0;
    const cases = [
      ['wt8x8', 3, ['inputTransform', 'blockMultiplication', 'outputTransform']],
      ['ft8x8', 3, ['inputTransform', 'blockMultiplication', 'outputTransform']],
      ['implicit-gemm', 3, ['blockMultiplication']],
      ['direct', 1, ['blockMultiplication']],
    ] as const;
    for (const [algorithm, size, phases] of cases) {
      const input = tensor([1, 16, 40, 40]);
      const plan = planConvolution({ input, kernel: tensor([16, 16, size, size], 2), algorithm, context });
      expect(plan.profile).toMatchObject({
        total: 0,
        inputTransform: 0,
        blockMultiplication: 0,
        outputTransform: 0,
        other: 0,
      });
      const packing = plan.profile.kernelTransform;
      expect(packing).toBeGreaterThan(0);
      // A clock that goes on by one each time that it is read: what a phase takes is then a whole number above 0.
      const clock = vi.spyOn(performance, 'now').mockImplementation(() => ++ticks);
      for (let i = 0; i < 3; i++) {
        const start = ticks;
        plan.run(input);
        const elapsed = ticks - start;
        const { total, inputTransform, blockMultiplication, outputTransform, other, kernelTransform } = plan.profile;
        expect(inputTransform + blockMultiplication + outputTransform + other).toBeCloseTo(total, 9);
        expect(total).toBeLessThanOrEqual(elapsed);
        for (const phase of phases) expect(plan.profile[phase], `${algorithm} ${phase}`).toBeGreaterThan(0);
        expect(other).toBeGreaterThanOrEqual(0);
        // What planning took is no part of a run.
        expect(kernelTransform).toBe(packing);
      }
      clock.mockRestore();
      plan.dispose();
    }
  });
});

describe('plans', () => {
  it('share a context without getting in each other’s way', () => {
    for (const context of contexts) {
      const inputs = [tensor([1, 6, 20, 20]), tensor([3, 6, 9, 9]), tensor([1, 6, 20, 20], 5)];
      const kernels = [tensor([8, 6, 3, 3], 2), tensor([4, 6, 5, 5], 3), tensor([8, 6, 3, 3], 4)];
      const plans = inputs.map((input, i) => planConvolution({ input, kernel: kernels[i], context }));
      const alone = inputs.map((input, i) =>
        bits(convolutionInference({ input, kernel: kernels[i], algorithm: plans[i].algorithm, context })),
      );
      const order = [0, 1, 2, 1, 0, 2, 2, 0];
      for (const i of order) expect(bits(plans[i].run(inputs[i]))).toEqual(alone[i]);
      // The end of one is nothing to the others.
      plans[1].dispose();
      for (const i of [0, 2]) expect(bits(plans[i].run(inputs[i]))).toEqual(alone[i]);
      for (const plan of plans) plan.dispose();
      expect(context.arena.usedBytes).toBe(0);
    }
  });

  it('own what they were made of: changes to the kernel and the bias come too late', () => {
    const [context] = contexts;
    const input = tensor([1, 6, 12, 12]);
    for (const algorithm of ['wt8x8', 'ft8x8', 'implicit-gemm', 'reference'] as const) {
      const [kernel, bias] = [tensor([8, 6, 3, 3], 2), tensor([8], 3)];
      const inArena = context.allocate([8, 6, 3, 3]);
      inArena.data.set(kernel.data, inArena.offset);
      const plans = [kernel, inArena].map((given) =>
        planConvolution({ input, kernel: given, bias, algorithm, context }),
      );
      const expected = bits(plans[0].run(input));
      kernel.data.fill(9);
      bias.data.fill(9);
      inArena.data.fill(9, inArena.offset, inArena.offset + inArena.size);
      for (const plan of plans) {
        expect(bits(plan.run(input)), algorithm).toEqual(expected);
        plan.dispose();
      }
      context.free(inArena);
    }
  });

  it('read only the shape of the input that they are planned for', () => {
    const [context] = contexts;
    const kernel = tensor([8, 6, 3, 3], 2);
    const plan = planConvolution({ input: { shape: [1, 6, 12, 12] }, kernel, context });
    const input = tensor([1, 6, 12, 12]);
    expect(bits(plan.run(input))).toEqual(
      bits(convolutionInference({ input, kernel, algorithm: plan.algorithm, context })),
    );
    expect(plan.shape).toMatchObject({
      batch: 1,
      inputChannels: 6,
      outputChannels: 8,
      outputHeight: 10,
      outputWidth: 10,
    });
    expect(Object.isFrozen(plan.shape)).toBe(true);
    plan.dispose();
  });
});

/** A tensor of rank 4 as others may hold it: each shows the same elements in the same places. */
function viewsOf(dense: Tensor): Record<string, Tensor> {
  const [n, c, h, w] = dense.shape;
  const nhwc = ndarray(new Float32Array(dense.size), [n, h, w, c]).transpose(0, 3, 1, 2);
  const backwards = ndarray(new Float32Array(dense.size), [n, c, h, w]).step(-1, -1, -1, -1);
  const padded = ndarray(new Float32Array((n + 1) * (c + 2) * (h + 3) * (w + 4)), [n + 1, c + 2, h + 3, w + 4])
    .lo(1, 1, 2, 3)
    .hi(n, c, h, w);
  const everyOther = ndarray(new Float32Array(8 * dense.size), [n, 2 * c, 2 * h, 2 * w]).step(1, 2, 2, 2);
  const turned = ndarray(new Float32Array(dense.size), [w, h, c, n]).transpose(3, 2, 1, 0);
  const views = { nhwc, backwards, padded, everyOther, turned };
  for (const view of Object.values(views)) {
    view.data.fill(Number.NaN);
    everyPlace(dense.shape, (place) => view.set(...place, dense.get(...place)));
  }
  return views;
}

function everyPlace(shape: readonly number[], work: (place: number[]) => void): void {
  for (let n = 0; n < shape[0]; n++) {
    for (let c = 0; c < shape[1]; c++) {
      for (let h = 0; h < shape[2]; h++) for (let w = 0; w < shape[3]; w++) work([n, c, h, w]);
    }
  }
}
