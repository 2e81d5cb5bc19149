/**
 * NNPACK itself, in a process of Python (nnpack.py): two peers, one whose kernels are transformed once, as our plans pack them, and
 * one that transforms them in each call, as our one-off calls do. Optional: where it is not there, the reason is told.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { type LayerProblem, outputSize } from '../layers.ts';
import type { PeerEngine, PeerRun } from './engine.ts';

const SCRIPT = resolve('bench/peers/nnpack.py');
const FILES = ['input', 'kernel', 'bias', 'output'] as const;

interface Answer {
  readonly version?: string;
  readonly id?: number;
  readonly milliseconds?: number;
  readonly error?: string;
}

/** NNPACK by plans and by one-off calls, or why there is none. */
export async function loadNnpack(): Promise<{ readonly plans: PeerEngine; readonly calls: PeerEngine } | string> {
  if (process.platform !== 'linux' || process.arch !== 'x64')
    return 'it is compiled into torch for Linux on x86-64 alone';
  const python = new Python();
  try {
    const { version = 'unknown' } = await python.answer();
    const engine = (name: PeerEngine['name'], isOnce: boolean): PeerEngine => ({
      name,
      version: `torch ${version}`,
      convolution: (problem) => load(python, problem, isOnce),
    });
    return { plans: engine('nnpack', true), calls: engine('nnpack, one-off', false) };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** A process that answers line by line; it ends with this one, whose pipe it reads. */
class Python {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  #errors = '';

  constructor() {
    this.#child = spawn('python3', [SCRIPT], { stdio: ['pipe', 'pipe', 'pipe'] });
    this.#child.on('error', (error) => {
      this.#errors = error.message;
    });
    this.#child.stdin?.on('error', () => {}); // its end is seen where its answer is waited for
    this.#child.stderr?.on('data', (text) => {
      this.#errors = `${this.#errors}${text}`.slice(-2000);
    });
    const stdout = this.#child.stdout as NonNullable<ChildProcess['stdout']>;
    this.#lines = createInterface({ input: stdout })[Symbol.asyncIterator]();
  }

  async answer(): Promise<Answer> {
    const { value, done } = await this.#lines.next();
    if (!done) return JSON.parse(value);
    if (this.#child.pid !== undefined && this.#child.exitCode === null) await once(this.#child, 'exit');
    const last = this.#errors.trim().split('\n').at(-1);
    throw new Error(last === undefined || last === '' ? 'its process ended' : last);
  }

  ask(request: object): Promise<Answer> {
    this.#child.stdin?.write(`${JSON.stringify(request)}\n`);
    return this.answer();
  }
}

/** null for a layer that NNPACK does not have. */
async function load(python: Python, problem: LayerProblem, isOnce: boolean): Promise<PeerRun | null> {
  const { layer } = problem;
  if (layer.groups !== 1 || layer.dilation !== 1 || problem.inputShape[0] !== 1) return null;
  const folder = await mkdtemp(join(tmpdir(), 'nnpack-ts-peer-'));
  const files = Object.fromEntries(FILES.map((name) => [name, join(folder, name)]));
  for (const name of ['input', 'kernel', 'bias'] as const) await writeFile(files[name], problem[name]);
  const told = { ...layer, outputSize: outputSize(layer) };
  const { id, error } = await python.ask({ op: 'load', layer: told, files, once: isOnce });
  if (id === undefined) {
    await rm(folder, { recursive: true });
    // Strided layers are read by implicit GEMM; what it refuses is no layer of its own.
    if (error?.startsWith('status')) return null;
    throw new Error(`nnpack, ${layer.name}: ${error}`);
  }
  return {
    async time() {
      const { milliseconds, error: failed } = await python.ask({ op: 'run', id });
      if (milliseconds === undefined) throw new Error(`nnpack, ${layer.name}: ${failed}`);
      return milliseconds;
    },
    async result() {
      await python.ask({ op: 'result', id });
      const { buffer, byteOffset, byteLength } = await readFile(files.output);
      return new Float32Array(buffer.slice(byteOffset, byteOffset + byteLength));
    },
    async dispose() {
      await python.ask({ op: 'drop', id });
      await rm(folder, { recursive: true });
    },
  };
}
