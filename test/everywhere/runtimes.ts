/** Cells of runtimes that are started as a process. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Bench, Cell } from './cell.ts';

const NO_WASM = /^WebAssembly is not available$/;
const NO_MEMORY = /^WebAssembly is not available; SharedArrayBuffer refused \(.+\)$/;
const NO_CODE = /^emitted kernels could not be made \(.* disallowed .*\)$/;
const NO_WORKERS = /^a worker could not be started \(neither worker_threads nor Worker is available\)$/;
const NO_SHARING = /^the memory cannot be shared between threads$/;

const node = (name: string) => (bench: Bench) => join(bench.tools, 'node_modules', name, 'bin/node');
/** Newer ones are where the wide kernels are tested. */
const engine = (name: string) => (bench: Bench) => join(bench.tools, '../engines/node_modules', name, 'bin/node');
const own = () => process.execPath;

type Command = (bench: Bench) => string;
type Args = (bench: Bench) => readonly string[];

function runtime(
  name: string,
  command: Command,
  args: Args,
  expected: Partial<Pick<Cell, 'kernels' | 'threads' | 'reasons'>> = {},
): Cell {
  const run = (bench: Bench) => bench.run(command(bench), args(bench));
  return { name, kernels: 'simd', threads: 2, reasons: [], ...expected, run };
}

const program =
  (name: string, ...flags: string[]) =>
  (): readonly string[] => [...flags, name];
const bun: Command = ({ tools }) => join(tools, 'node_modules/@oven/bun-linux-x64-baseline/bin/bun');
const deno: Command = ({ tools }) => join(tools, 'node_modules/@deno/linux-x64-glibc/deno');

/** Without compiled code there is no WebAssembly, on any thread. */
const JITLESS = { kernels: 'scalar', reasons: [NO_WASM] } as const;

/** Jest's realm is in a file of its own, because Jest has standard output for itself. */
async function runInJest(bench: Bench): Promise<string> {
  const jest = join(bench.tools, 'node_modules/jest/bin/jest.js');
  const answer = join(bench.folder, 'answer.json');
  const config = JSON.stringify({ testMatch: ['**/*.jest.mjs'], transform: {}, testEnvironment: 'node' });
  const args = ['--experimental-vm-modules', jest, '--rootDir', bench.folder, '--config', config, '--no-cache'];
  await bench.run(process.execPath, args, { environment: { ANSWER: answer } });
  return readFileSync(answer, 'utf8');
}

async function runInQuickJs(bench: Bench): Promise<string> {
  await bench.bundle('embedded');
  return bench.run(process.execPath, [join(bench.tools, 'quickjs.mjs'), join(bench.folder, 'embedded/embedded.js')]);
}

async function runInWorkerd(bench: Bench): Promise<string> {
  await bench.bundle('workerd');
  const workerd = join(bench.tools, 'node_modules/@cloudflare/workerd-linux-64/bin/workerd');
  return bench.run(process.execPath, [join(bench.tools, 'workerd.mjs'), workerd, join(bench.folder, 'workerd')]);
}

async function runCommonJs(bench: Bench): Promise<string> {
  await bench.bundle('node-cjs');
  return bench.run(process.execPath, [join(bench.folder, 'node-cjs/run.js')]);
}

/** Kilobytes of addresses: a process of Node's takes more than one million, and memory that threads share ten. */
const FEW_ADDRESSES = 6_000_000;

export const RUNTIMES: readonly Cell[] = [
  runtime('node20.12', node('node20.12'), program('run.mjs')),
  runtime('node20', node('node20'), program('run.mjs')),
  runtime('node22', node('node22'), program('run.mjs')),
  runtime('node24', engine('node24'), program('run.mjs')),
  runtime('node26', engine('node26'), program('run.mjs')),
  runtime('node20-jitless', node('node20'), program('run.mjs', '--jitless'), JITLESS),
  runtime('node26-jitless', engine('node26'), program('run.mjs', '--jitless'), JITLESS),
  runtime('node-in-worker', own, program('in-worker.mjs')),
  { name: 'node-commonjs', kernels: 'simd', threads: 2, reasons: [], run: runCommonJs },
  runtime('vm-realm', own, program('realm.mjs')),
  runtime(
    'ulimit',
    () => 'bash',
    () => ['-c', `ulimit -v ${FEW_ADDRESSES} && exec "$0" run.mjs`, process.execPath],
    { kernels: 'scalar', reasons: [/^shared WebAssembly\.Memory refused \(.+\)/] },
  ),
  runtime('bun', bun, program('run.mjs')),
  runtime('deno', deno, program('run.mjs', 'run', '--no-prompt', '--allow-read', '--cached-only')),
  runtime('deno-without-rights', deno, program('run.mjs', 'run', '--no-prompt', '--cached-only')),
  { name: 'workerd', kernels: 'scalar', threads: 1, reasons: [NO_CODE, NO_WORKERS], run: runInWorkerd },
  { name: 'quickjs', kernels: 'scalar', threads: 1, reasons: [NO_MEMORY, NO_SHARING], run: runInQuickJs },
  { name: 'jest', kernels: 'simd', threads: 2, reasons: [], run: runInJest },
];
