import { textOf } from '../check/options.ts';
import { show } from '../errors.ts';
import type { Address, WebWorker } from '../globals.ts';
import { OWN_ADDRESS, startWebWorker } from '../worker-script.ts';
import type { WorkerSetup } from './control.ts';
import { Lifeline } from './lifeline.ts';
import { mustImportNode, nodeWorkerThreads } from './node.ts';
import { addressOfProgram, pageAddress } from './runtime.ts';

/** What we use of Node's Worker, without its type, which a browser's user does not have. */
interface NodeWorker {
  on(event: string, listener: (value: unknown) => void): unknown;
  postMessage(message: unknown, transfer?: readonly object[]): void;
  unref(): void;
  terminate(): Promise<number>;
}

/**
 * Makes the worker that runs the package's worker script (`nnpack-ts/worker`): for bundles that cannot find it, and for hosts
 * with workers of their own. It is given where the script would be expected.
 */
export type WorkerFactory = (script: Address) => WebWorker | NodeWorker;

/** What a worker lets the pool know. */
export interface WorkerEvents {
  readonly message: (message: unknown) => void;
  /** It has failed or ended; may come more than once. */
  readonly end: (why: string) => void;
}

/** A worker as the pool sees it. Whatever its host or its maker does wrong becomes a text, and is not thrown. */
export interface WorkerHandle {
  /** Whether {@link isGone} can ever be true. */
  readonly tells: boolean;
  /** Whether its thread is known to have ended, even by a caller that may not return to its event loop. */
  isGone(): boolean;
  /** Lets the process end while it lives. */
  unref(): void;
  terminate(): void;
}

/**
 * The package's worker script: a real file, because policies forbid `blob:` URLs. It lies beside the library, or beside the
 * page or program where a bundle does not tell where it is itself. When run from source it is the build's script, because
 * a worker does not inherit its parent's loader of TypeScript. Wherever there are URLs, this gives one.
 */
export function workerScript(): Address {
  const own = ownAddress();
  const path = own?.endsWith('.ts') ? '../dist/nnpack-worker.js' : './nnpack-worker.js';
  for (const base of [own, ...pageAddress(), addressOfProgram()]) {
    try {
      if (base !== undefined) return new URL(path, base);
    } catch {
      // Nothing can be relative to it, as to a blob.
    }
  }
  return new URL('unknown:nnpack-worker.js');
}

/** Where the library is; undefined where it is told what cannot be true: webpack writes where it was as the bundle was made. */
function ownAddress(): string | undefined {
  if (typeof OWN_ADDRESS !== 'string') return undefined;
  const isElsewhere = OWN_ADDRESS.startsWith('file:') && pageAddress()[0]?.startsWith('http');
  return isElsewhere && nodeWorkerThreads() === undefined ? undefined : OWN_ADDRESS;
}

/**
 * Starts a worker, and tells it what to do.
 *
 * @throws whatever the factory or the worker throws
 */
export function spawnWorker(
  script: Address,
  setup: WorkerSetup,
  events: WorkerEvents,
  factory?: WorkerFactory,
): WorkerHandle {
  const worker = factory === undefined ? startWorker(script) : expectWorker(factory(script));
  const lifeline = 'on' in worker ? Lifeline.make() : null;
  try {
    listen(worker, events);
    if ('on' in worker) {
      worker.postMessage(
        lifeline === null ? setup : { ...setup, lifeline: lifeline.end },
        lifeline ? [lifeline.end] : [],
      );
    } else worker.postMessage(setup);
    // Node's ports have to be closed by hand.
    if ('on' in worker) worker.on('exit', () => lifeline?.isCut());
    return handleOf(worker, lifeline);
  } catch (error) {
    // Without a setup the worker would wait for ever, and keep the process alive.
    void terminate(worker);
    lifeline?.close();
    throw error;
  }
}

function expectWorker(made: unknown): WebWorker | NodeWorker {
  const { postMessage, terminate } = Object(made) as Partial<WebWorker>;
  if (typeof postMessage === 'function' && typeof terminate === 'function') return made as WebWorker | NodeWorker;
  throw new Error(`the factory gave ${made === undefined ? 'nothing' : show(made)}, expected a worker`);
}

function listen(worker: WebWorker | NodeWorker, { message, end }: WorkerEvents): void {
  const unread = (): void => end('a message of it could not be read');
  if ('on' in worker) {
    worker.on('message', message);
    worker.on('messageerror', unread);
    // A listener also keeps a failing worker from ending the process.
    worker.on('error', (error: unknown) => end(causeOf(error)));
    worker.on('exit', (code: unknown) => end(`it ended with code ${show(code)}`));
  } else {
    worker.onmessage = (event) => message(event.data);
    worker.onmessageerror = unread;
    worker.onerror = (event) => {
      // Keeps the page from hearing of the error once more.
      event?.preventDefault?.();
      // A script that cannot be loaded is an event without a text.
      end(event?.message || 'it could not be loaded, or failed without a word');
    };
  }
}

function handleOf(worker: WebWorker | NodeWorker, lifeline: Lifeline | null): WorkerHandle {
  let isTerminated = false;
  return {
    tells: lifeline !== null,
    isGone: () => lifeline?.isCut() ?? false,
    unref() {
      if (!('unref' in worker)) return;
      try {
        worker.unref();
      } catch {
        // Then the worker keeps the process alive, as its maker wishes.
      }
    },
    terminate() {
      if (isTerminated) return;
      isTerminated = true;
      void terminate(worker);
    },
  };
}

/** What a worker or its maker has thrown, which may be anything. */
export function causeOf(error: unknown): string {
  const text = error === undefined || error === null ? '' : textOf(error);
  return text === '' ? `${error === undefined ? 'nothing' : show(error)} was thrown` : text;
}

/** A worker that cannot be ended is left alone. */
async function terminate(worker: WebWorker | NodeWorker): Promise<void> {
  try {
    await worker.terminate();
  } catch {
    // Nobody could do anything about it.
  }
}

function startWorker(script: Address): WebWorker | NodeWorker {
  const node = nodeWorkerThreads();
  if (node === undefined && mustImportNode()) {
    throw new Error('Node before 20.16 gives its threads to createContext alone, which can wait for them');
  }
  if (node === undefined && typeof Worker === 'undefined') {
    throw new Error('neither worker_threads nor Worker is available');
  }
  try {
    if (node !== undefined) return new node.Worker(script);
    return typeof OWN_ADDRESS === 'string' ? startWebWorker() : new Worker(script, { type: 'module' });
  } catch (error) {
    throw new Error(`${script.href}: ${causeOf(error)}`, { cause: error });
  }
}
