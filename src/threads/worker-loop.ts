import type { SimdSetup } from '../kernels/simd/exports.ts';
import type { KernelTable } from '../kernels/table.ts';
import { type SharedBytes, viewsOf } from '../tensor/bytes.ts';
import type { Memory } from '../tensor/memory.ts';
import {
  ACTIVE,
  CLOSING,
  Control,
  GENERATION,
  ITEMS,
  MEMORY_PAGES,
  NEXT,
  PROGRESS,
  RANGE_I,
  RANGE_J,
  READY,
  TILE_I,
  TILE_J,
} from './control.ts';
import { runItem, type WorkerSetup } from './pool.ts';
import { nodeWorkerThreads } from './spawn.ts';
import type { Step, Thread } from './step.ts';

/**
 * A worker's life: wait for the setup, say that it is ready, then take part in one job after another until the pool
 * closes.
 *
 * @param steps every step of the package, by name
 * @param tableFor makes the kernel table of a name over this thread's memory
 */
export function serveWorker(steps: ReadonlyMap<string, Step>, tableFor: TableFor): void {
  const port = nodeWorkerThreads()?.parentPort;
  const start = (setup: WorkerSetup): void => {
    const worker = new WorkerLoop(setup, steps, tableFor);
    if (port) process.once('exit', () => worker.leaveDead());
    (port ?? (globalThis as unknown as { postMessage(value: unknown): void })).postMessage('ready');
    worker.serve();
    if (port) process.exit();
    else globalThis.close();
  };
  if (port) port.once('message', start);
  else globalThis.onmessage = (event: MessageEvent<WorkerSetup>) => start(event.data);
}

/** Makes the kernel table of a name over a thread's memory. */
export type TableFor = (name: string, memory: Memory, simd: SimdSetup | null) => KernelTable;

class WorkerLoop {
  readonly #control: Control;
  readonly #words: Int32Array;
  readonly #memory: SharedMemory;
  readonly #thread: Thread;
  readonly #steps: ReadonlyMap<string, Step>;
  #registered = false;
  #stepName = '';

  constructor(setup: WorkerSetup, steps: ReadonlyMap<string, Step>, tableFor: TableFor) {
    this.#control = new Control(setup.control);
    this.#words = this.#control.words;
    this.#memory = new SharedMemory(setup.memory);
    const kernels = tableFor(setup.kernels, this.#memory, setup.simd);
    // Numbered as they become ready, and last of all, so that a worker that fails to start leaves no gap: workspaces
    // have a part for each thread that there is.
    this.#thread = { index: 1 + Atomics.add(this.#words, READY, 1), memory: this.#memory, kernels };
    this.#steps = steps;
  }

  /** Takes part in jobs until the pool closes. */
  serve(): void {
    const words = this.#words;
    for (let seen = Atomics.load(words, GENERATION); Atomics.load(words, CLOSING) === 0; ) {
      this.#takePart();
      Atomics.wait(words, GENERATION, seen);
      seen = Atomics.load(words, GENERATION);
    }
  }

  /** What a worker that ends in the middle of a job still says, so that the caller does not wait for it. */
  leaveDead(): void {
    if (!this.#registered) return;
    this.#control.fail(`${this.#stepName}: worker ${this.#thread.index} ended in the middle of its work`);
    this.#deregister();
  }

  #takePart(): void {
    const words = this.#words;
    // Nobody waits for a worker that dies while no job is open.
    if (Atomics.load(words, NEXT) >= 0) return;
    this.#registered = true;
    Atomics.add(words, ACTIVE, 1);
    let claim = Atomics.add(words, NEXT, 1);
    if (claim < 0) {
      const step = this.#beginJob();
      const parameters = step === undefined ? {} : this.#control.readParameters(step.fields);
      for (; claim < 0 && step !== undefined; claim = Atomics.add(words, NEXT, 1)) {
        try {
          const item = claim + words[ITEMS];
          runItem(this.#thread, step, parameters, item, words[RANGE_I], words[RANGE_J], words[TILE_I], words[TILE_J]);
        } catch (error) {
          const text = error instanceof Error ? error.message : String(error);
          this.#control.fail(
            `${step.name}: item ${claim + words[ITEMS]} of ${words[ITEMS]} failed in worker ${this.#thread.index}: ${text}`,
          );
        }
        Atomics.add(words, PROGRESS, 1);
      }
    }
    this.#deregister();
  }

  #beginJob(): Step | undefined {
    this.#stepName = this.#control.readName();
    this.#memory.grow(this.#words[MEMORY_PAGES] * 65_536);
    const step = this.#steps.get(this.#stepName);
    if (step === undefined)
      this.#control.fail(`${this.#stepName}: worker ${this.#thread.index} knows no step of this name`);
    return step;
  }

  #deregister(): void {
    this.#registered = false;
    if (Atomics.sub(this.#words, ACTIVE, 1) === 1) Atomics.notify(this.#words, ACTIVE);
  }
}

/** A worker's views of the shared bytes, renewed when the caller has grown them. */
class SharedMemory implements Memory {
  f32: Float32Array;
  i32: Int32Array;
  u16: Uint16Array;
  readonly wasm: WebAssembly.Memory | null;
  readonly #bytes: SharedBytes;

  constructor(bytes: SharedBytes) {
    this.#bytes = bytes;
    this.wasm = 'grow' in bytes && !('byteLength' in bytes) ? bytes : null;
    ({ f32: this.f32, i32: this.i32, u16: this.u16 } = viewsOf(bytes));
  }

  grow(bytes: number): void {
    // An engine may tell this thread of growth a moment after the thread that grew.
    while (this.f32.byteLength < bytes) ({ f32: this.f32, i32: this.i32, u16: this.u16 } = viewsOf(this.#bytes));
  }
}
