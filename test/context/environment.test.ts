/** What a process is told by its environment, and tells on stderr: each environment in a process of its own. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { refuseSimd } from '../../src/kernels/simd/engine.ts';
import { KERNEL_TABLES } from '../../src/kernels/table.ts';
import { EMITTED } from '../support/tables.ts';

const run = promisify(execFile);
const PROCESS = new URL('../fixtures/trace-process.mjs', import.meta.url).pathname;

interface Told {
  /** What each job gave. */
  readonly results: readonly unknown[];
  /** The lines on stderr. */
  readonly lines: readonly string[];
}

/** What jobs of one process give, one after the other. */
async function jobsOf(
  names: readonly string[],
  environment: Record<string, string>,
  options: object = {},
): Promise<Told> {
  const clean = { ...process.env, NNPACK_KERNELS: '', NNPACK_TRACE: '', NNPACK_NTHREADS: '1' };
  const { stdout, stderr } = await run(process.execPath, [PROCESS, names.join(), JSON.stringify(options)], {
    env: { ...clean, ...environment },
  });
  const results = stdout
    .trimEnd()
    .split('\n')
    .map((text): unknown => JSON.parse(text));
  expect(results).toHaveLength(names.length);
  return { results, lines: stderr.split('\n').filter((line) => line !== '') };
}

async function job(name: string, environment: Record<string, string>, options: object = {}) {
  const { results, lines } = await jobsOf([name], environment, options);
  return { result: results[0], lines };
}

const trace = (name: string, topics: string) => job(name, { NNPACK_TRACE: topics });

/** What a context is without a word of the environment: one process tells it to all that ask. */
let known: ReturnType<typeof job> | undefined;
function usual(): ReturnType<typeof job> {
  known ??= job('create', {}, { kernels: 'auto' });
  return known;
}

const refusal = (message: string, code = 'invalid-argument') => ({ error: { name: 'NnpackError', code, message } });

const RUNNABLE = KERNEL_TABLES.filter((name) => name === 'reference' || name === 'scalar' || EMITTED.includes(name));

describe('NNPACK_KERNELS', () => {
  it.each(RUNNABLE)('%s is the table of contexts that name none', async (kernels) => {
    const environment = { NNPACK_KERNELS: kernels };
    const { results } = await jobsOf(['describe', 'create'], environment);
    for (const result of results) expect(result).toMatchObject({ kernels, reasons: [] });
  });

  it.each(['auto', ''])('%j is the fastest table', async (value) => {
    const { result } = await usual();
    expect((await job('describe', { NNPACK_KERNELS: value })).result).toEqual(result);
  });

  it('counts less than what the caller names', async () => {
    const environment = { NNPACK_KERNELS: 'scalar' };
    expect((await job('create', environment, { kernels: 'reference' })).result).toMatchObject({ kernels: 'reference' });
    const named = await job('create', environment, { kernels: 'auto' });
    expect(named.result).toEqual((await usual()).result);
  });

  it('counts less than `deterministic`, which simd-relaxed is not', async () => {
    const { result } = await job('create', { NNPACK_KERNELS: 'simd-relaxed' }, { deterministic: true });
    expect(result).toMatchObject({
      kernels: refuseSimd('simd') === null ? 'simd' : 'scalar',
      reasons: ['NNPACK_KERNELS is simd-relaxed, which is not deterministic as was asked for'],
    });
    const scalar = await job('create', { NNPACK_KERNELS: 'scalar' }, { deterministic: true });
    expect(scalar.result).toMatchObject({ kernels: 'scalar', reasons: [] });
  });

  it('is refused where it cannot run', async () => {
    const { result } = await job('create', { NNPACK_KERNELS: 'simd' }, { memoryLimit: 65_536 });
    const why = 'memoryLimit leaves no room for the scratch of emitted kernels';
    expect(result).toEqual(refusal(`NNPACK_KERNELS: kernels 'simd' cannot run: ${why}`, 'unsupported-hardware'));
  });

  it.each([
    ['simdd', "'simdd'", ", did you mean 'simd'?"],
    ['SCALAR', "'SCALAR'", ", did you mean 'scalar'?"],
    ['simd,scalar', "'simd,scalar'", ", did you mean 'scalar'?"],
    ['0', "'0'", ''],
  ])('that is %j is refused by name', async (value, shown, hint) => {
    const names = 'auto, reference, scalar, simd, simd-relaxed, simd-wide, simd-relaxed-wide';
    const expected = refusal(`environment: NNPACK_KERNELS is ${shown}, expected one of ${names}${hint}`);
    const { results } = await jobsOf(['create', 'call'], { NNPACK_KERNELS: value });
    expect(results).toEqual([expected, expected]);
  });
});

const PLAN = 'planConvolution 1×8×12×12 * 16×8×3×3 → 1×16×12×12, padding 1';
const CALL = 'convolutionInference 1×4×6×6 * 8×4×1×1 → 1×8×6×6';
const DENSE = '1×32 · 4×32 → 1×4';
const MS = String.raw`\d+\.\d{3}`;
const PHASES = `input transform ${MS}, block multiplication ${MS}, output transform ${MS}, other -?${MS}; kernel transform before ${MS}`;

/** A line that is this text, in which `ms` stands for any time, and `phases` for all of them. */
function line(text: string): unknown {
  const quoted = text.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
  return expect.stringMatching(`^${quoted.replace('phases', PHASES).replace(/\bms\b/, `${MS} ms`)}$`);
}

describe('NNPACK_TRACE', () => {
  it('tells nothing unless it is asked to', async () => {
    const { lines } = await jobsOf(['plan', 'call', 'fullyConnected', 'others', 'network'], { NNPACK_TRACE: '' });
    expect(lines).toEqual([]);
  });

  it('dispatch tells of each plan what it is, and why', async () => {
    const { result, lines } = await trace('plan', 'dispatch');
    const { algorithm, why, bytes } = result as { algorithm: string; why: string; bytes: number[] };
    const memory = `workspace ${bytes[0]} bytes, packed ${bytes[1]} bytes`;
    expect(lines).toEqual([`nnpack-ts dispatch: ${PLAN}: ${algorithm}, ${why}; ${memory}`]);
  });

  it('profile tells of each run what it took', async () => {
    const { result, lines } = await trace('plan', 'profile');
    const { algorithm } = result as { algorithm: string };
    const expected = line(`nnpack-ts profile: ${PLAN}: ${algorithm}, ms: phases`);
    expect(lines).toEqual([expected, expected]);
  });

  it.each(['dispatch,profile', 'profile, dispatch', ' dispatch,profile,dispatch '])('%j tells both', async (topics) => {
    const { lines } = await trace('call', topics);
    expect(lines).toEqual([
      expect.stringMatching(
        `^nnpack-ts dispatch: ${CALL.replace('*', String.raw`\*`)}: direct, asked for by name; workspace \\d+ bytes, packed \\d+ bytes$`,
      ),
      line(`nnpack-ts profile: ${CALL}: direct, ms: phases`),
    ]);
  });

  it('tells of fully-connected layers, called and planned', async () => {
    const { result, lines } = await trace('fullyConnected', 'dispatch,profile');
    const why = /dots: (.*)$/.exec(result as string)?.[1];
    expect(lines).toEqual([
      expect.stringMatching(
        `^nnpack-ts dispatch: fullyConnectedInference ${DENSE}: dots, ${why}; workspace \\d+ bytes, packed 0 bytes$`,
      ),
      expect.stringMatching(`^nnpack-ts profile: fullyConnectedInference 1×32 → 1×4: ${MS} ms`),
      expect.stringMatching(
        `^nnpack-ts dispatch: planFullyConnected ${DENSE}: dots, ${why}; workspace \\d+ bytes, packed 512 bytes$`,
      ),
      expect.stringMatching(`^nnpack-ts profile: planFullyConnected ${DENSE}: dots, ${MS} ms`),
    ]);
  });

  it('tells of layers that have no choice what they took', async () => {
    expect((await trace('others', 'dispatch,profile')).lines).toEqual([
      line('nnpack-ts profile: maxPoolingOutput 1×2×4×4 → 1×2×2×2: ms'),
      line('nnpack-ts profile: additionOutput 1×2×4×4, 1×2×4×4 → 1×2×4×4: ms'),
    ]);
  });

  it('tells of each node of a network, and of all together', async () => {
    const { result, lines } = await trace('network', 'dispatch,profile');
    const [{ algorithm, why }] = result as { algorithm: string; why: string }[];
    const node = "network 'small' node 'a' (convolution) 1×2×6×6 * 4×2×3×3 → 1×4×4×4";
    expect(lines).toHaveLength(4);
    expect(lines[0]).toContain(`nnpack-ts dispatch: ${node}: ${algorithm}, ${why}; workspace `);
    expect(lines.slice(1)).toEqual([
      line(`nnpack-ts profile: ${node}: ${algorithm}, ms: phases`),
      line("nnpack-ts profile: network 'small' node 'b' (softmax) 1×4×4×4 → 1×4×4×4: ms"),
      line("nnpack-ts profile: network 'small': 2 nodes, ms"),
    ]);
  });

  it('tells from threads too', async () => {
    expect((await trace('thread', 'profile')).lines).toEqual([line('nnpack-ts profile: reluOutput 4 → 4: ms')]);
  });

  it('is off where there is no process', async () => {
    const { result, lines } = await job('withoutProcess', { NNPACK_TRACE: 'profile', NNPACK_KERNELS: 'reference' });
    expect(lines).toEqual([]);
    expect(result).not.toBe('reference');
  });

  it.each([
    ['dispach', "'dispach'", ", did you mean 'dispatch'?"],
    ['dispatch,profiles', "'profiles'", ", did you mean 'profile'?"],
    ['dispatch,', "''", ''],
    ['1', "'1'", ''],
  ])('that is %j is refused by name', async (topics, shown, hint) => {
    const expected = `environment: NNPACK_TRACE is ${shown}, expected one of dispatch, profile${hint}`;
    const { result, lines } = await trace('call', topics);
    expect([result, lines]).toEqual([refusal(expected), []]);
  });
});
