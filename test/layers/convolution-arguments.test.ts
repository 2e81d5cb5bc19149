/** Every way in which the arguments of a convolution can be wrong: the code, the words, and nothing touched. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import fc from 'fast-check';
import ndarray from 'ndarray';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  type Context,
  convolutionInference,
  convolutionOutput,
  createContext,
  explainConvolution,
  NnpackError,
  planConvolution,
} from '../../src/index.ts';
import { arenaOffset } from '../../src/layers/staging.ts';
import { sizeOf, type Tensor } from '../../src/tensor/ndarray.ts';
import { DATA, floats, of, SHAPES } from '../fixtures/bad-arguments.ts';
import { failure } from '../support/failure.ts';
import { runs } from '../support/runs.ts';
import { tensor } from '../support/tensors.ts';

const run = promisify(execFile);
const POISON = 12345;
let context: Context;
let disposed: Context;

beforeAll(async () => {
  context = await createContext({ threads: 1, memoryLimit: 2 ** 26 });
  disposed = await createContext({ threads: 1 });
  disposed.dispose();
});

afterAll(() => context.dispose());

let used = 0;

beforeEach(() => {
  used = context.arena.usedBytes;
});

afterEach(() => {
  vi.unstubAllGlobals();
  expect(context.arena.usedBytes).toBe(used);
});

const base = () => ({
  input: tensor([2, 4, 9, 8], 1),
  kernel: tensor([6, 4, 3, 3], 2),
  bias: tensor([6], 3),
  padding: 1,
  context,
});

const OUTPUT = [2, 6, 9, 8];
const poisoned = (shape: readonly number[] = OUTPUT): Tensor =>
  ndarray(new Float32Array(sizeOf(shape)).fill(POISON), [...shape]);

const CALLS = { convolutionInference, convolutionOutput } as const;

describe.each([...SHAPES, ...DATA])('%s', (name, options, code, text) => {
  it.each(['convolutionInference', 'convolutionOutput'] as const)('is refused by %s, and nothing is written', (who) => {
    const output = poisoned();
    const error = failure(() => CALLS[who]({ ...base(), output, ...options } as never));
    expect(error.code).toBe(code);
    expect(error.message).toMatch(text);
    expect(error.message.startsWith(`${who}: `), error.message).toBe(true);
    expect(output.data.every((value) => value === POISON)).toBe(true);
  });

  // A plan reads its input's shape alone.
  const isOfInputData = DATA.some((row) => row[0] === name) && 'input' in options;
  if (isOfInputData) return;
  it('is refused by planConvolution', () => {
    const error = failure(() => planConvolution({ ...base(), ...options } as never));
    expect(error.code).toBe(code);
    expect(error.message).toMatch(text);
    expect(error.message.startsWith('planConvolution: '), error.message).toBe(true);
  });
});

describe.each(SHAPES)('%s', (_name, options, code, text) => {
  it('is refused by explainConvolution', () => {
    const error = failure(() => explainConvolution({ ...base(), ...options } as never));
    expect(error.code).toBe(code);
    expect(error.message).toMatch(text);
    expect(error.message.startsWith('explainConvolution: '), error.message).toBe(true);
  });
});

describe('options', () => {
  it.each([undefined, null, 5, 'options', true])('that are %j are refused', (options) => {
    for (const work of [convolutionInference, convolutionOutput, planConvolution, explainConvolution]) {
      const error = failure(() => work(options as never));
      expect(error.code).toBe('invalid-argument');
      const shown = typeof options === 'string' ? `'${options}'` : `${options}`;
      expect(error.message).toBe(`${work.name}: options are ${shown}, expected an object`);
    }
  });

  it('that are right are not: everything above is one change away from this', () => {
    expect(convolutionInference(base()).shape).toEqual(OUTPUT);
    const plan = planConvolution(base());
    expect(plan.run(base().input).shape).toEqual(OUTPUT);
    plan.dispose();
    expect(explainConvolution(base()).shape.outputHeight).toBe(9);
  });
});

describe('an output', () => {
  const shared = new Float32Array(4000).fill(POISON);
  const part = (from: number, shape: readonly number[]) =>
    ndarray(shared.subarray(from, from + sizeOf(shape)), [...shape]);
  const strided = (stride: number[]) => of(new Float32Array(4000).fill(POISON), OUTPUT, { stride });

  const BAD: readonly (readonly [string, object, object, string, RegExp])[] = [
    [
      'of another shape',
      {},
      poisoned([2, 6, 8, 9]),
      'invalid-output',
      /: output has shape \[2, 6, 8, 9\], expected \[2, 6, 9, 8\]$/,
    ],
    ['of another batch', {}, poisoned([1, 6, 9, 8]), 'invalid-output', /\[1, 6, 9, 8\], expected \[2, 6, 9, 8\]$/],
    [
      'of rank 3 for an input of rank 4',
      {},
      poisoned([6, 9, 8]),
      'invalid-rank',
      /: output has rank 3 \(shape \[6, 9, 8\]\), expected 4$/,
    ],
    [
      'of rank 4 for an input of rank 3',
      { input: tensor([4, 9, 8]) },
      poisoned([1, 6, 9, 8]),
      'invalid-rank',
      /: output has rank 4 .*, expected 3$/,
    ],
    [
      'of doubles',
      {},
      of(new Float64Array(864), OUTPUT),
      'invalid-tensor-type',
      /: output holds an object of Float64Array/,
    ],
    ['of bytes', {}, of(new Uint8Array(864), OUTPUT), 'invalid-tensor-type', /: output holds an object of Uint8Array/],
    ['of a plain array', {}, of([1, 2], OUTPUT), 'invalid-tensor-type', /: output holds \[1, 2\]/],
    [
      'that is too small',
      {},
      of(floats(863), OUTPUT),
      'invalid-tensor',
      /: output of shape .* reaches elements 0 to 863, but its data has 863 elements$/,
    ],
    ['that is null', {}, null as unknown as object, 'invalid-tensor', /: output is null, expected/],
    [
      'of stride 0 along rows',
      {},
      strided([432, 72, 8, 0]),
      'invalid-output',
      /: output has stride 0, expected a place of its own for each element$/,
    ],
    ['of stride 0 along the batch', {}, strided([0, 72, 8, 1]), 'invalid-output', /: output has stride 0/],
    [
      'over the input',
      { input: part(0, [2, 4, 9, 8]) },
      part(0, OUTPUT),
      'invalid-output',
      /: output overlaps the input, expected them apart$/,
    ],
    [
      'over the end of the input',
      { input: part(0, [2, 4, 9, 8]) },
      part(575, OUTPUT),
      'invalid-output',
      /overlaps the input/,
    ],
    [
      'over the beginning of the input',
      { input: part(863, [2, 4, 9, 8]) },
      part(0, OUTPUT),
      'invalid-output',
      /overlaps the input/,
    ],
    [
      'over the input, by another view of its buffer',
      { input: of(new Float32Array(shared.buffer, 400, 576), [2, 4, 9, 8]) },
      part(0, OUTPUT),
      'invalid-output',
      /overlaps the input/,
    ],
    [
      'over an input that runs backwards',
      { input: of(shared, [2, 4, 9, 8], { stride: [-288, -72, -8, -1], offset: 575 }) },
      part(0, OUTPUT),
      'invalid-output',
      /overlaps the input/,
    ],
    [
      'over the kernel',
      { kernel: part(800, [6, 4, 3, 3]) },
      part(0, OUTPUT),
      'invalid-output',
      /: output overlaps the kernel, expected them apart$/,
    ],
    // Elements that share a place, though no stride is 0: the last to be written would win.
    ['whose elements share places', {}, strided([432, 72, 8, 8]), 'invalid-output', /: output /],
    ['whose planes share places', {}, strided([432, 1, 8, 1]), 'invalid-output', /: output /],
  ];

  it.each(BAD)('%s is refused, and nothing is written', (_name, options, output, code, text) => {
    for (const [who, work] of Object.entries(CALLS)) {
      const error = failure(() => work({ ...base(), ...options, output } as never));
      expect(error.code).toBe(code);
      expect(error.message).toMatch(text);
      expect(error.message.startsWith(`${who}: `), error.message).toBe(true);
    }
    const { data } = (output ?? {}) as { data?: unknown };
    if (data instanceof Float32Array) expect(data.every((value) => value === POISON || value === 0)).toBe(true);
  });

  it('beside the input and the kernel in one buffer is served', () => {
    const [input, kernel, output] = [part(0, [2, 4, 9, 8]), part(576, [6, 4, 3, 3]), part(792, OUTPUT)];
    input.data.set(base().input.data);
    kernel.data.set(base().kernel.data);
    expect(convolutionInference({ ...base(), input, kernel, output })).toBe(output);
    expect([...output.data]).toEqual([...convolutionInference(base()).data]);
    expect(shared.subarray(1656).every((value) => value === POISON)).toBe(true);
    shared.fill(POISON);
  });

  it('with strides of its own is served, and only its elements are written', () => {
    const data = new Float32Array(2000).fill(POISON);
    // N, H, W, K in memory, with a gap after each pixel, from element 3 on.
    const output = ndarray(data, OUTPUT, [9 * 8 * 7, 1, 8 * 7, 7], 3);
    convolutionInference({ ...base(), output });
    const expected = convolutionInference(base());
    let written = 0;
    for (let n = 0; n < 2; n++) {
      for (let k = 0; k < 6; k++) {
        for (let i = 0; i < 9; i++) {
          for (let j = 0; j < 8; j++, written++) {
            expect(output.get(n, k, i, j)).toBe(expected.get(n, k, i, j));
            data[output.index(n, k, i, j)] = POISON;
          }
        }
      }
    }
    expect(written).toBe(864);
    expect(data.every((value) => value === POISON)).toBe(true);
  });

  it('of stride 0 where there is but one element along the axis is served', () => {
    const output = of(new Float32Array(432), [1, 6, 9, 8], { stride: [0, 72, 8, 1] }) as unknown as Tensor;
    const input = tensor([1, 4, 9, 8]);
    expect([...convolutionInference({ ...base(), input, output }).data]).toEqual([
      ...convolutionInference({ ...base(), input }).data,
    ]);
  });

  it('over the input in the arena is refused even when the memory has grown between the two', async () => {
    const grown = await createContext({ threads: 1 });
    const input = grown.allocate([2, 4, 9, 8]);
    const length = grown.arena.f32.length;
    grown.allocate([length]);
    expect(grown.arena.f32.length).toBeGreaterThan(length);
    const output = ndarray(grown.arena.f32, OUTPUT, undefined, arenaOffset(input));
    const error = failure(() => convolutionInference({ ...base(), context: grown, input, output }));
    expect(error.message).toBe('convolutionInference: output overlaps the input, expected them apart');
    grown.dispose();
  });
});

describe('a detached buffer', () => {
  it('is refused wherever it is given', async () => {
    const script = new URL('../fixtures/detached.mjs', import.meta.url).pathname;
    const { stdout } = await run(process.execPath, [script], { timeout: 30_000 });
    const found = JSON.parse(stdout);
    const refusal = (who: string, what: string, shape: string, last: number) => [
      'NnpackError',
      'invalid-tensor',
      `${who}: ${what} of shape ${shape} reaches elements 0 to ${last}, but its data has an empty or detached buffer`,
      0,
    ];
    expect(found).toEqual({
      input: refusal('convolutionInference', 'input', '[1, 2, 6, 6]', 71),
      'input wrote': false,
      kernel: refusal('convolutionInference', 'kernel', '[3, 2, 3, 3]', 53),
      'kernel wrote': false,
      bias: refusal('convolutionInference', 'bias', '[3]', 2),
      'bias wrote': false,
      output: refusal('convolutionInference', 'output', '[1, 3, 4, 4]', 47),
      'run input': refusal('planConvolution', 'input', '[1, 2, 6, 6]', 71),
      'run output': refusal('planConvolution', 'output', '[1, 3, 4, 4]', 47),
      owner: true,
    });
  });
});

describe('a plan', () => {
  const plan = () => planConvolution(base());
  const BAD: readonly (readonly [string, unknown, unknown, string, RegExp])[] = [
    [
      'an input of another size',
      tensor([2, 4, 8, 9]),
      undefined,
      'invalid-input-size',
      /^planConvolution: input has shape \[2, 4, 8, 9\], expected \[2, 4, 9, 8\] \(what was planned\)$/,
    ],
    [
      'an input of another batch',
      tensor([1, 4, 9, 8]),
      undefined,
      'invalid-input-size',
      /\[1, 4, 9, 8\], expected \[2, 4, 9, 8\]/,
    ],
    ['an input of another rank', tensor([4, 9, 8]), undefined, 'invalid-rank', /: input has rank 3 .*, expected 4$/],
    ['no input', undefined, undefined, 'invalid-tensor', /: input is undefined/],
    [
      'doubles',
      of(new Float64Array(576), [2, 4, 9, 8]),
      undefined,
      'invalid-tensor-type',
      /: input holds an object of Float64Array/,
    ],
    [
      'an output of another shape',
      tensor([2, 4, 9, 8]),
      poisoned([2, 6, 8, 9]),
      'invalid-output',
      /: output has shape \[2, 6, 8, 9\]/,
    ],
    ['null for the output', tensor([2, 4, 9, 8]), null, 'invalid-tensor', /: output is null/],
  ];

  it.each(BAD)('refuses %s, and works after that', (_name, input, output, code, text) => {
    const made = plan();
    const error = failure(() => made.run(input as Tensor, output as Tensor));
    expect(error.code).toBe(code);
    expect(error.message).toMatch(text);
    if (output instanceof Object) expect((output as Tensor).data.every((value) => value === POISON)).toBe(true);
    expect([...made.run(base().input).data]).toEqual([...plannedResult()]);
    made.dispose();
  });

  function plannedResult(): Float32Array {
    const made = plan();
    const { data } = made.run(base().input);
    made.dispose();
    return data;
  }

  it('refuses an output over its input', () => {
    const made = plan();
    const data = new Float32Array(900).fill(POISON);
    const error = failure(() => made.run(of(data, [2, 4, 9, 8]) as Tensor, of(data, OUTPUT) as Tensor));
    expect([error.code, error.message]).toEqual([
      'invalid-output',
      'planConvolution: output overlaps the input, expected them apart',
    ]);
    made.dispose();
  });

  it('that has been disposed of, or whose context has, refuses to run', async () => {
    const made = plan();
    made.dispose();
    made.dispose();
    const output = poisoned();
    const error = failure(() => made.run(base().input, output));
    expect([error.code, error.message]).toEqual(['disposed', 'planConvolution: the plan has been disposed of']);
    const short = await createContext({ threads: 1 });
    const other = planConvolution({ ...base(), context: short });
    short.dispose();
    expect(failure(() => other.run(base().input, output)).code).toBe('disposed');
    expect(output.data.every((value) => value === POISON)).toBe(true);
  });

  it('cannot be made in a context that has been disposed of', () => {
    for (const work of [convolutionInference, convolutionOutput, planConvolution, explainConvolution]) {
      const error = failure(() => work({ ...base(), context: disposed } as never));
      expect([error.code, error.message]).toEqual(['disposed', `${work.name}: the context has been disposed of`]);
    }
  });
});

describe('padding beyond the largest', () => {
  it.each([2147483653, { left: 2147483653 }])('%j is told the limit', (padding) => {
    const error = failure(() => convolutionInference({ ...base(), padding }));
    expect([error.code, error.message]).toEqual([
      'invalid-input-padding',
      expect.stringMatching(/is 2147483653, expected a whole number of at least 0 and at most 1073741824$/),
    ]);
  });
});

describe('memory', () => {
  it('that a context does not have is refused in words, before a result is made', () => {
    // Twelve planes of 2009 × 2008 are 194 MB.
    const error = failure(() => convolutionInference({ ...base(), padding: 1001 }));
    expect(error.code).toBe('out-of-memory');
    expect(error.message).toMatch(
      /^convolutionInference: [\d.]+ MB needed beside [\d.]+ MB in use, expected at most 67.1 MB in all/,
    );
  });

  it('that the engine refuses for a result is such an error as well', () => {
    const Original = Float32Array;
    const refusing = new Proxy(Original, {
      construct(target, values, self) {
        if (values[0] === sizeOf(OUTPUT)) throw new RangeError('Array buffer allocation failed');
        return Reflect.construct(target, values, self);
      },
    });
    const call = base();
    vi.stubGlobal('Float32Array', refusing);
    const error = failure(() => convolutionInference(call));
    expect(error.code).toBe('out-of-memory');
  });
});

describe('random junk', () => {
  const junk = fc.oneof(
    fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withSet: true,
      withNullPrototype: true,
      withObjectString: true,
      withSparseArray: true,
      withTypedArray: true,
    }),
    fc.constantFrom<unknown>(
      0,
      -0,
      -1,
      0.5,
      1,
      2,
      3,
      Number.NaN,
      Infinity,
      2 ** 31,
      2 ** 53,
      1e300,
      '',
      '3',
      'auto',
      null,
      undefined,
      true,
      [],
      {},
      () => {},
      Symbol('junk'),
      7n,
    ),
  );
  const extent = fc.oneof(fc.integer({ min: 0, max: 5 }), junk);
  const shape = fc.oneof({ weight: 4, arbitrary: fc.array(extent, { maxLength: 5 }) }, { weight: 1, arbitrary: junk });
  const data = fc.oneof(
    fc.integer({ min: 0, max: 700 }).map((size) => new Float32Array(size)),
    junk,
  );
  const anyTensor = fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({
        data,
        shape,
        stride: fc.oneof(fc.constant(undefined), fc.array(extent, { maxLength: 5 }), junk),
        offset: fc.oneof(fc.constant(undefined), extent),
      }),
    },
    { weight: 1, arbitrary: junk },
  );
  const small = fc.integer({ min: 1, max: 3 });
  const perAxis = fc.oneof(small, fc.record({ height: small, width: fc.oneof(small, junk) }), junk);
  const side = fc.oneof(fc.integer({ min: 0, max: 3 }), junk);

  /** A call that is right but for one to three of its options. */
  const options = fc
    .tuple(
      fc.uniqueArray(
        fc.constantFrom(
          'input',
          'kernel',
          'bias',
          'output',
          'padding',
          'stride',
          'dilation',
          'groups',
          'activation',
          'algorithm',
          'eligibility',
          'rule',
          'accuracy',
          'maxError',
          'context',
        ),
        { minLength: 1, maxLength: 3 },
      ),
      fc.record({
        input: anyTensor,
        kernel: anyTensor,
        bias: anyTensor,
        output: anyTensor,
        padding: fc.oneof(side, fc.record({ top: side, left: side })),
        stride: perAxis,
        dilation: perAxis,
        groups: fc.oneof(small, junk),
        activation: fc.oneof(
          junk,
          fc.record({ type: fc.oneof(fc.constantFrom('leaky', 'clamp'), junk), slope: junk, min: junk, max: junk }),
        ),
        algorithm: junk,
        eligibility: junk,
        rule: junk,
        accuracy: junk,
        maxError: junk,
        context: junk.filter((value) => value !== undefined),
      }),
    )
    .map(([names, drawn]) => Object.fromEntries(names.map((name) => [name, drawn[name]])));

  it.each(['convolutionInference', 'convolutionOutput', 'planConvolution', 'explainConvolution'] as const)(
    'in any option of %s ends in a result or an NnpackError, and leaves nothing behind',
    (who) => {
      const seen = { served: 0, refused: 0 };
      fc.assert(
        fc.property(options, (changed) => {
          const call = { ...base(), ...changed, context: 'context' in changed ? changed.context : context } as never;
          try {
            if (who === 'planConvolution') planConvolution(call).dispose();
            else if (who === 'explainConvolution') String(explainConvolution(call));
            else CALLS[who](call);
            seen.served++;
          } catch (error) {
            if (!(error instanceof NnpackError)) throw error;
            seen.refused++;
            expect(error.message.startsWith(`${who}: `), error.message).toBe(true);
          }
          expect(context.arena.usedBytes).toBe(used);
        }),
        { numRuns: runs(700) },
      );
      expect(seen.refused).toBeGreaterThan(300);
      expect(seen.served).toBeGreaterThan(10);
    },
  );
});
