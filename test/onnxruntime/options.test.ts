/** Every option of a session and a run: what it does, or that it is ignored or refused, as docs/onnxruntime.md says. */
import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { NnpackError } from '../../src/errors.ts';
import { leaseContext } from '../../src/onnxruntime/contexts.ts';
import { env, InferenceSession, Tensor } from '../../src/onnxruntime/index.ts';
import { RUN_OPTIONS } from '../../src/onnxruntime/run-options.ts';
import { parseSessionOptions, SESSION_OPTIONS } from '../../src/onnxruntime/session-options.ts';
import { classifier } from './models.ts';

type Options = InferenceSession.SessionOptions;

const image = (height = 4, width = 5) =>
  new Tensor(new Float32Array(3 * height * width).fill(0.5), [1, 3, height, width]);

async function scoresWith(options: Options): Promise<readonly number[]> {
  const session = await InferenceSession.create(classifier(), { intraOpNumThreads: 1, ...options });
  const { scores } = await session.run({ image: image() });
  await session.release();
  return [...(scores.data as Float32Array)];
}

async function failure(options: unknown): Promise<NnpackError> {
  const error = await InferenceSession.create(classifier(), options as Options).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(NnpackError);
  return error as NnpackError;
}

afterEach(() => {
  env.wasm.numThreads = undefined;
});

/** Values that mean nothing here. */
const IGNORED: readonly Options[] = [
  { executionProviders: [] },
  { executionProviders: ['wasm', 'cpu', 'webgpu', { name: 'cuda', deviceId: 1 }, { name: 'cpu', useArena: false }] },
  { interOpNumThreads: 4, executionMode: 'parallel' },
  ...(['disabled', 'basic', 'extended', 'layout', 'all'] as const).map((graphOptimizationLevel) => ({
    graphOptimizationLevel,
  })),
  { enableCpuMemArena: false, enableMemPattern: true, enableGraphCapture: true },
  { logId: 'a', logSeverityLevel: 3, logVerbosityLevel: 1, profileFilePrefix: 'b' },
  { preferredOutputLocation: 'cpu' },
  { preferredOutputLocation: { scores: 'cpu-pinned' } },
  { extra: { session: { disable_prepacking: '1' } } },
  { optimizedModelFilePath: '', externalData: [], freeDimensionOverrides: { none: 3 } },
  { enableProfiling: undefined },
];

/** Values that make no sense, and what is said of them. */
const REFUSED: readonly (readonly [unknown, RegExp])[] = [
  [{ intraOpNumThread: 1 }, /unknown field 'intraOpNumThread', did you mean 'intraOpNumThreads'/],
  [{ graphOptimisationLevel: 'all' }, /did you mean 'graphOptimizationLevel'/],
  ['all', /options are 'all', expected an object/],
  [{ executionProviders: 'cpu' }, /executionProviders is 'cpu', expected an array/],
  [{ executionProviders: ['wsam'] }, /executionProviders have 'wsam', .*did you mean 'wasm'/],
  [{ executionProviders: [{ device: 1 }] }, /executionProviders have undefined/],
  [{ executionProviders: [{ name: 'nnpack', contxt: 1 }] }, /did you mean 'context'/],
  [{ executionProviders: [{ name: 'nnpack', context: 1 }] }, /context is 1, expected one made by createContext/],
  [{ intraOpNumThreads: -1 }, /intraOpNumThreads is -1, expected a whole number from 0 to 256/],
  [{ intraOpNumThreads: '2' }, /intraOpNumThreads is '2'/],
  [{ interOpNumThreads: 0.5 }, /interOpNumThreads is 0.5/],
  [{ freeDimensionOverrides: { batch: 0 } }, /freeDimensionOverrides.batch is 0, expected a positive whole number/],
  [{ freeDimensionOverrides: 3 }, /freeDimensionOverrides is 3, expected an object/],
  [{ graphOptimizationLevel: 'alll' }, /did you mean 'all'/],
  [{ enableCpuMemArena: 1 }, /enableCpuMemArena is 1, expected true or false/],
  [{ enableMemPattern: 'yes' }, /enableMemPattern is 'yes'/],
  [{ executionMode: 'paralel' }, /did you mean 'parallel'/],
  [{ optimizedModelFilePath: 'o.onnx' }, /optimizedModelFilePath is 'o.onnx', expected none: no file is written/],
  [{ enableProfiling: 'yes' }, /enableProfiling/],
  [{ profileFilePrefix: 1 }, /profileFilePrefix is 1, expected a string/],
  [{ logId: 1 }, /logId is 1/],
  [{ logSeverityLevel: 5 }, /logSeverityLevel is 5, expected a whole number from 0 to 4/],
  [{ logVerbosityLevel: 'a' }, /logVerbosityLevel/],
  [{ preferredOutputLocation: 'gpu-buffer' }, /preferredOutputLocation is 'gpu-buffer', expected 'cpu'/],
  [{ preferredOutputLocation: { scores: 'gpu-bufer' } }, /preferredOutputLocation.scores .*did you mean 'gpu-buffer'/],
  [{ preferredOutputLocation: { score: 'cpu' } }, /'score', which is no output, did you mean 'scores'/],
  [{ enableGraphCapture: 1 }, /enableGraphCapture/],
  [{ extra: 1 }, /extra is 1, expected an object/],
  [{ externalData: 'w.bin' }, /externalData is 'w.bin', expected an array/],
  [{ externalData: [{ data: 1 }] }, /externalData\[0\] is .*expected a path/],
  [{ externalData: [{ path: 'w', data: 1 }] }, /externalData 'w' is 1, expected a path, a URL, a Blob or bytes/],
];

describe('the options of a session', () => {
  it('are those of onnxruntime-common, each with its row in the documentation', () => {
    const text = readFileSync('docs/onnxruntime.md', 'utf8');
    const rows = (title: string) => {
      const part = text.slice(text.indexOf(`## ${title}`)).split('\n## ')[0];
      return [...part.matchAll(/^\| `(\w+)` +\| (.+?) +\|$/gm)];
    };
    for (const [title, options] of [
      ['Session options', SESSION_OPTIONS],
      ['Run options', RUN_OPTIONS],
    ] as const) {
      expect(rows(title).map(([, name]) => name)).toEqual(Object.keys(options));
    }
  });

  it('change nothing where they are ignored', async () => {
    const expected = await scoresWith({});
    for (const options of IGNORED) expect(await scoresWith(options)).toEqual(expected);
  });

  it.each(REFUSED)('%j is refused', async (options, message) => {
    expect((await failure(options)).message).toMatch(message);
  });

  it('are each tried with a wrong value', () => {
    const tried = REFUSED.flatMap(([options]) => (typeof options === 'object' ? Object.keys(options as object) : []));
    expect(Object.keys(SESSION_OPTIONS).filter((name) => !tried.includes(name))).toEqual([]);
  });

  it('bind sizes: metadata tells them, and other feeds are refused', async () => {
    const freeDimensionOverrides = { batch: 1, height: 4 };
    const session = await InferenceSession.create(classifier(), { intraOpNumThreads: 1, freeDimensionOverrides });
    expect(session.inputMetadata).toMatchObject([{ shape: [1, 3, 4, 'width'] }]);
    expect(session.outputMetadata).toMatchObject([{ shape: [1, 4] }, { shape: [1] }]);
    await session.run({ image: image(4, 9) });
    await expect(session.run({ image: image(5, 9) })).rejects.toThrow(
      /expected \[1, 3, 4, width\].* got \[1, 3, 5, 9\]/,
    );
    await session.release();
  });

  it('profile: times are added up from the beginning, or from startProfiling on, and printed at the end', async () => {
    const printed: string[] = [];
    const spy = vi.spyOn(console, 'error').mockImplementation((text: string) => void printed.push(text));
    const session = await InferenceSession.create(classifier(), { intraOpNumThreads: 1, enableProfiling: true });
    await session.run({ image: image() });
    await Promise.all([session.run({ image: image() }), session.run({ image: image(7, 9) })]);
    session.endProfiling();
    session.endProfiling();
    await session.run({ image: image() });
    session.startProfiling();
    session.endProfiling();
    await session.release();
    spy.mockRestore();
    expect(printed).toHaveLength(2);
    expect(printed[0]).toMatch(/^model '\(bytes\)':\nnode +operation +algorithm +runs +ms +%/);
    const runs = printed[0].match(/convolution +\S+ +(\d+) /g)?.map((row) => Number(row.trim().split(/\s+/).at(-1)));
    expect(runs?.reduce((sum, count) => sum + count, 0)).toBe(3);
    expect(printed[1]).not.toMatch(/convolution/);
  });
});

describe('threads', () => {
  const threadsOf = (options: Options) => parseSessionOptions('who', options).threads;

  it('are those of the session, else those of env.wasm, else the library’s', () => {
    expect([threadsOf({}), threadsOf({ intraOpNumThreads: 0 })]).toEqual([undefined, undefined]);
    env.wasm.numThreads = 3;
    expect([threadsOf({}), threadsOf({ intraOpNumThreads: 2 })]).toEqual([3, 2]);
    env.wasm.numThreads = 0;
    expect(threadsOf({})).toBeUndefined();
    env.wasm.numThreads = 2.5;
    expect(() => threadsOf({})).toThrow(/env.wasm: numThreads is 2.5/);
  });

  it('share one context where they are as many, which ends with the last session', async () => {
    const [one, same, two] = await Promise.all([leaseContext(1), leaseContext(1), leaseContext(2)]);
    expect(same.context).toBe(one.context);
    expect(two.context).not.toBe(one.context);
    one.giveBack();
    expect(one.context.disposed).toBe(false);
    const third = await leaseContext(1);
    expect(third.context).toBe(one.context);
    same.giveBack();
    third.giveBack();
    two.giveBack();
    expect([one.context.disposed, two.context.disposed]).toEqual([true, true]);
    const next = await leaseContext(1);
    expect(next.context.disposed).toBe(false);
    next.giveBack();
  });
});
