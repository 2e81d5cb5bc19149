/**
 * What the host offers beside the language. Each thing may be missing, or refuse to be asked; it is found out here, in one
 * place, and nothing here throws.
 */
interface NodeModules {
  readonly workerThreads: typeof import('node:worker_threads');
  readonly os: typeof import('node:os');
}

/** Node's own modules, without an import that a browser's bundler would trip over. */
let node: NodeModules | null = builtinModules();

function builtinModules(): NodeModules | null {
  try {
    if (typeof process.getBuiltinModule !== 'function') return null;
    const workerThreads = process.getBuiltinModule('node:worker_threads');
    const os = process.getBuiltinModule('node:os');
    return workerThreads && os ? { workerThreads, os } : null;
  } catch {
    // There is no process.
    return null;
  }
}

/** Whether this is a Node that gives its modules to imports alone: one before 20.16. */
export function mustImportNode(): boolean {
  try {
    return node === null && typeof process.versions.node === 'string';
  } catch {
    return false;
  }
}

/** Makes an older Node's modules known, which it gives only to those who can wait; elsewhere there is nothing to do. */
export async function importNode(): Promise<void> {
  if (!mustImportNode()) return;
  try {
    const workerThreads = await import(/* webpackIgnore: true */ /* @vite-ignore */ 'node:worker_threads');
    const os = await import(/* webpackIgnore: true */ /* @vite-ignore */ 'node:os');
    node = { workerThreads, os };
  } catch {
    // What calls itself Node is none.
  }
}

export function nodeWorkerThreads(): NodeModules['workerThreads'] | undefined {
  return node?.workerThreads;
}

/** A variable of the environment; undefined where there is none, or none may be read (Deno asks for a permission). */
export function environmentVariable(name: string): string | undefined {
  try {
    const value: unknown = process.env[name];
    return typeof value === 'string' ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Cores of this machine; undefined where the host does not tell. */
export function coresCount(): number | undefined {
  return cores(() => node?.os.availableParallelism()) ?? cores(() => globalThis.navigator?.hardwareConcurrency);
}

function cores(ask: () => unknown): number | undefined {
  try {
    const count = ask();
    return typeof count === 'number' && count >= 1 ? Math.floor(count) : undefined;
  } catch {
    return undefined;
  }
}

/** Milliseconds, by the steadiest clock there is. */
export function now(): number {
  return (globalThis.performance ?? Date).now();
}

/** A line on stderr, or where the host's console shows errors. */
export function printError(line: string): void {
  try {
    console.error(line);
  } catch {
    // Nobody is there to read it.
  }
}
