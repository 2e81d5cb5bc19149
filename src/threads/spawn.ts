import type { Worker as NodeWorker } from 'node:worker_threads';
import type { WorkerSetup } from './pool.ts';

/** Makes the worker that runs the package's worker script; for places where neither Node nor a browser is meant. */
export type WorkerFactory = (script: URL) => Worker | NodeWorker;

/** A worker as the pool sees it. */
export interface WorkerHandle {
  /** Resolves when the worker is ready (null), or has failed or ended before that (why). */
  readonly started: Promise<string | null>;
  terminate(): void;
}

/**
 * The package's worker script: a real file, because policies forbid `blob:` URLs. Run from source, it is that of the
 * build, because a worker does not inherit its parent's loader of TypeScript.
 */
function workerScript(): URL {
  return new URL(import.meta.url.endsWith('.ts') ? '../../dist/worker.js' : '../worker.js', import.meta.url);
}

/** Starts a worker that, once it is ready, no longer keeps the process alive. */
export function spawnWorker(setup: WorkerSetup, factory: WorkerFactory = defaultFactory): WorkerHandle {
  const worker = factory(workerScript());
  let started: (failure: string | null) => void = () => {};
  const startedPromise = new Promise<string | null>((resolve) => {
    started = resolve;
  });
  if ('unref' in worker) {
    worker.once('message', () => {
      started(null);
      worker.unref();
    });
    // A listener also keeps a failing worker from ending the process; jobs hear of failures through the pool's words.
    worker.on('error', (error: unknown) => started(error instanceof Error ? error.message : String(error)));
    worker.once('exit', () => started('it ended'));
  } else {
    worker.onmessage = () => started(null);
    worker.onerror = (event) => started(event.message);
  }
  try {
    worker.postMessage(setup);
  } catch (error) {
    // Without a setup it would wait for ever, and keep the process alive.
    void worker.terminate();
    throw error;
  }
  return { started: startedPromise, terminate: () => void worker.terminate() };
}

function defaultFactory(script: URL): Worker | NodeWorker {
  const node = nodeWorkerThreads();
  if (node !== undefined) return new node.Worker(script);
  if (typeof Worker === 'undefined') throw new Error('neither worker_threads nor Worker is available');
  return new Worker(script, { type: 'module' });
}

/** `node:worker_threads` without an import that a browser's bundler would trip over. */
export function nodeWorkerThreads(): typeof import('node:worker_threads') | undefined {
  if (typeof process === 'undefined' || typeof process.getBuiltinModule !== 'function') return undefined;
  return process.getBuiltinModule('node:worker_threads');
}
