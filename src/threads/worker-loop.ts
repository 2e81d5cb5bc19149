import { textOf } from '../check/options.ts';
import type { SimdSetup } from '../kernels/simd/exports.ts';
import type { KernelTable } from '../kernels/table.ts';
import { type SharedBytes, viewsOf } from '../tensor/bytes.ts';
import type { Memory } from '../tensor/memory.ts';
import {
  CLOSING,
  Control,
  ENDED,
  GENERATION,
  IDLE,
  ITEMS,
  MEMORY_PAGES,
  NEXT,
  RANGE_I,
  RANGE_J,
  READY,
  REFUSED,
  SETUP,
  STARTED,
  STARTING,
  TILE_I,
  TILE_J,
  WORKING,
  type WorkerMessage,
  type WorkerSetup,
  wordOf,
} from './control.ts';
import { importNode, mustImportNode, nodeWorkerThreads } from './node.ts';
import { runItem, type Step, type Thread } from './step.ts';

/** Makes the kernel table of a name over a thread's memory. */
export type TableFor = (name: string, memory: Memory, simd: SimdSetup | null) => KernelTable;

/**
 * A worker's life: wait for the setup, say that it is ready, then take part in one job after another until the pool
 * closes.
 *
 * @param steps every step of the package, by name
 * @param tableFor makes the kernel table of a name over this thread's memory
 */
export function serveWorker(steps: ReadonlyMap<string, Step>, tableFor: TableFor): void {
  // A browser loses messages that come before somebody listens, so only a host that must wait does.
  if (mustImportNode()) void importNode().then(() => listen(steps, tableFor));
  else listen(steps, tableFor);
}

function listen(steps: ReadonlyMap<string, Step>, tableFor: TableFor): void {
  const port = nodeWorkerThreads()?.parentPort;
  const say = (message: WorkerMessage): void => (port ?? globalThis).postMessage(message);
  const hear = (message: unknown): void => {
    if (wordOf(message) !== SETUP) return;
    work(message as WorkerSetup, steps, tableFor, say);
    if (port) process.exit();
    else globalThis.close();
  };
  const unread = (): void => say({ word: REFUSED, why: 'the setup could not be read' });
  if (port) {
    port.on('message', hear);
    port.on('messageerror', unread);
  } else {
    globalThis.onmessage = (event: MessageEvent<unknown>) => hear(event.data);
    globalThis.onmessageerror = unread;
  }
}

/** From the setup to the end of the pool. */
function work(
  setup: WorkerSetup,
  steps: ReadonlyMap<string, Step>,
  tableFor: TableFor,
  say: (message: WorkerMessage) => void,
): void {
  let worker: WorkerLoop;
  try {
    worker = new WorkerLoop(setup, steps, tableFor);
  } catch (error) {
    // Other kernels would compute other bits.
    say({ word: REFUSED, why: textOf(error) });
    return;
  }
  if (nodeWorkerThreads()) process.once('exit', () => worker.leaveDead());
  if (!worker.begin()) return;
  say({ word: STARTED });
  worker.serve();
}

class WorkerLoop {
  readonly #control: Control;
  readonly #words: Int32Array;
  readonly #seat: number;
  readonly #memory: SharedMemory;
  readonly #kernels: KernelTable;
  readonly #steps: ReadonlyMap<string, Step>;
  #thread: Thread;
  #stepName = '';

  constructor(setup: WorkerSetup, steps: ReadonlyMap<string, Step>, tableFor: TableFor) {
    this.#control = new Control(setup.control);
    this.#words = this.#control.words;
    this.#seat = setup.seat;
    this.#memory = new SharedMemory(setup.memory);
    this.#kernels = tableFor(setup.kernels, this.#memory, setup.simd);
    this.#thread = { index: -1, memory: this.#memory, kernels: this.#kernels };
    this.#steps = steps;
  }

  /**
   * Becomes one of the pool's threads, unless the pool has given it up. A thread gets its number when it is ready, as
   * the last thing, so that a worker that fails to start leaves no gap: workspaces have a part for each thread that
   * there is.
   */
  begin(): boolean {
    if (!this.#change(STARTING, IDLE)) return false;
    const index = 1 + Atomics.add(this.#words, READY, 1);
    this.#words[this.#control.indexAt(this.#seat)] = index;
    this.#thread = { index, memory: this.#memory, kernels: this.#kernels };
    return true;
  }

  /** Takes part in jobs until the pool closes, or takes it for lost. */
  serve(): void {
    const words = this.#words;
    for (let seen = Atomics.load(words, GENERATION); Atomics.load(words, CLOSING) === 0; ) {
      if (!this.#takePart()) return;
      Atomics.wait(words, GENERATION, seen);
      seen = Atomics.load(words, GENERATION);
    }
  }

  /** The last word of a worker that ends, so that the caller neither waits for it nor counts on it. */
  leaveDead(): void {
    const state = Atomics.load(this.#words, this.#seat);
    if (Atomics.load(this.#words, CLOSING) !== 0 || (state !== WORKING && state !== IDLE)) return;
    if (state === WORKING) {
      this.#control.fail(`${this.#stepName}: worker ${this.#thread.index} ended in the middle of its work`);
    }
    if (this.#change(state, ENDED)) Atomics.notify(this.#words, this.#seat);
  }

  /** @returns whether it is still one of the pool's threads */
  #takePart(): boolean {
    // Nobody waits for a worker that dies while no job is open.
    if (Atomics.load(this.#words, NEXT) >= 0) return true;
    if (!this.#change(IDLE, WORKING)) return false;
    try {
      this.#work();
    } catch (error) {
      this.#control.fail(`${this.#stepName}: worker ${this.#thread.index} failed: ${textOf(error)}`);
    }
    const isThread = this.#change(WORKING, IDLE);
    // A worker that was given up as lost says that it writes nothing more.
    if (!isThread) Atomics.store(this.#words, this.#seat, ENDED);
    Atomics.notify(this.#words, this.#seat);
    return isThread;
  }

  #work(): void {
    const words = this.#words;
    let claim = Atomics.add(words, NEXT, 1);
    if (claim >= 0) return;
    const step = this.#beginJob();
    if (step === undefined) return;
    const parameters = this.#control.readParameters(step.fields);
    for (; claim < 0; claim = Atomics.add(words, NEXT, 1)) {
      const item = claim + words[ITEMS];
      try {
        runItem(this.#thread, step, parameters, item, words[RANGE_I], words[RANGE_J], words[TILE_I], words[TILE_J]);
      } catch (error) {
        const where = `item ${item} of ${words[ITEMS]} failed in worker ${this.#thread.index}`;
        this.#control.fail(`${step.name}: ${where}: ${textOf(error)}`);
      }
    }
  }

  #beginJob(): Step | undefined {
    this.#stepName = this.#control.readName();
    this.#memory.grow(this.#words[MEMORY_PAGES] * 65_536);
    const step = this.#steps.get(this.#stepName);
    if (step === undefined) {
      this.#control.fail(`${this.#stepName}: worker ${this.#thread.index} knows no step of this name`);
    }
    return step;
  }

  #change(from: number, to: number): boolean {
    return Atomics.compareExchange(this.#words, this.#seat, from, to) === from;
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
